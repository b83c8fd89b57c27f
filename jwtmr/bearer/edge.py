"""What all adapters share: the settings of one protected application, and the validator behind them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Final, Literal, TypeAlias

from jwtmr._fork import renewed_in_child
from jwtmr.bearer.answers import Refusal, answer_for, check_quotable
from jwtmr.bearer.documents import Document
from jwtmr.bearer.health import HealthView
from jwtmr.bearer.metadata import ResourceMetadata
from jwtmr.bearer.sources import FromHeader, RequestHead, TokenSource, one_source
from jwtmr.errors import AuthError, ConfigurationError
from jwtmr.settings import one_of
from jwtmr.validator import TokenValidator

ValidatorOrMaker: TypeAlias = TokenValidator | Callable[[], TokenValidator]
"""A validator, or what makes one when it is first needed: called once."""

Startup: TypeAlias = Literal["warn", "require", "lazy"]
"""What happens when an application starts. ``warn``: keys are fetched, and problems logged. ``require``: it does not
start unless some authority has usable keys. ``lazy``: nothing, until the first request."""

DEFAULT_SOURCES: Final[tuple[TokenSource, ...]] = (FromHeader(),)


class Edge:
    """The keywords that every adapter takes. Raises :class:`ConfigurationError`.

    ``validator``
        A ``TokenValidator``, or a function that makes one, called once when it is first needed. It stays its maker's:
        no adapter closes it.
    ``realm``
        Names the protected space in challenges; printable ASCII.
    ``token_sources``
        The one place where tokens are looked for.
    ``resource_metadata``
        What is said of this API at its well-known address (RFC 9728), or nothing.
    ``startup``
        ``"warn"``, ``"require"`` or ``"lazy"``.
    """

    def __init__(
        self,
        validator: ValidatorOrMaker,
        *,
        realm: str = "api",
        token_sources: tuple[TokenSource, ...] | list[TokenSource] = DEFAULT_SOURCES,
        resource_metadata: ResourceMetadata | None = None,
        startup: Startup = "warn",
    ) -> None:
        if not isinstance(validator, TokenValidator) and (not callable(validator) or iscoroutinefunction(validator)):
            raise ConfigurationError("validator", "must be a TokenValidator, or a function (not async) that makes one")
        check_quotable("realm", realm)
        if resource_metadata is not None and not isinstance(resource_metadata, ResourceMetadata):
            raise ConfigurationError("resource_metadata", "must be a ResourceMetadata, or None")
        one_of("startup", startup, ("warn", "require", "lazy"))
        self.realm: Final = realm
        self.source: Final = one_source(token_sources)
        self.resource_metadata: Final = resource_metadata
        self.startup: Final = startup
        self._given: Final = validator
        self._made = validator if isinstance(validator, TokenValidator) else None
        self._making = threading.Lock()
        renewed_in_child(self)

    def in_child(self) -> None:
        """After a fork: whoever holds the lock of the parent is not here to let go of it."""
        self._making = threading.Lock()

    @property
    def validator(self) -> TokenValidator:
        """The validator; made now if need be."""
        return self._make() if self._made is None else self._made

    @property
    def made(self) -> TokenValidator | None:
        """The validator, if it has been made: what a request that must not wait looks at first."""
        return self._made

    async def validator_async(self) -> TokenValidator:
        """:attr:`validator` for asyncio: making one may take its time, and the loop serves others meanwhile."""
        return await asyncio.to_thread(self._make) if self._made is None else self._made

    def _make(self) -> TokenValidator:
        with self._making:
            if self._made is not None:
                return self._made
            made: object = None if isinstance(self._given, TokenValidator) else self._given()
            if not isinstance(made, TokenValidator):
                raise ConfigurationError("validator", "must make a TokenValidator")
            self._made = made
            return made

    def token(self, head: RequestHead) -> str:
        """The token of a request. Raises ``MissingToken``, ``InvalidRequest`` or ``BoundToken``."""
        return self.source.token(head)

    def refusal(self, error: AuthError) -> Refusal:
        """The answer to a request that was refused with ``error``."""
        url = None if self.resource_metadata is None else self.resource_metadata.url
        return answer_for(error, realm=self.realm, resource_metadata=url)

    def metadata_document(self) -> Document:
        """The RFC 9728 document; only where ``resource_metadata`` is configured."""
        if self.resource_metadata is None:
            raise ConfigurationError("resource_metadata", "must be given for there to be a document")
        in_header = self.source == FromHeader()
        document = self.resource_metadata.document(self.validator.current_issuers, in_header=in_header)
        return Document(200, {"Access-Control-Allow-Origin": "*"}, document)

    def check_health(self, view: HealthView) -> None:
        """Raise :class:`ConfigurationError` where ``view`` requires an unknown id. A validator to come is not asked."""
        if self._made is not None:
            # Its status would know the ids too, but whoever asks for that has keys fetched.
            view.check_known(self._made.authority_ids)

    def health_document(self, view: HealthView) -> Document:
        """What a probe is told now. It counts as traffic: it starts a fetch that is due, and does not wait for it."""
        return view.answer(self.validator.status())

    def start(self) -> None:
        """Do what ``startup`` says. Raises :class:`KeysUnavailable` under ``"require"``."""
        if self.startup != "lazy":
            self.validator.warm_up("any" if self.startup == "require" else None)

    async def start_async(self) -> None:
        """:meth:`start` for asyncio."""
        if self.startup != "lazy":
            await (await self.validator_async()).warm_up_async("any" if self.startup == "require" else None)
