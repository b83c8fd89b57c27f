"""What a certificate says. Pure; reads a stranger's bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography import x509

MAX_NAMES: Final = 5
"""Names of a certificate that are kept; some have a hundred."""
MAX_NAME: Final = 100
"""Characters of each."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What of it helps an operator."""

    begins: float
    """Unix seconds."""
    ends: float
    """Unix seconds."""
    names: tuple[str, ...]
    """Hosts that it is for."""
    issued_by: str
    trusted: bool
    """Whether it was verified. Else all of this is what somebody says of himself."""


def certificate_of(der: bytes, *, trusted: bool) -> Certificate | None:
    """Read a certificate; None for what is none."""
    try:
        read = x509.load_der_x509_certificate(der)
        return Certificate(
            read.not_valid_before_utc.timestamp(),
            read.not_valid_after_utc.timestamp(),
            _names(read),
            read.issuer.rfc4514_string()[:MAX_NAME],
            trusted,
        )
    except Exception:  # noqa: BLE001  # a stranger's bytes, and as many kinds of error as there are fields
        return None


def _names(read: x509.Certificate) -> tuple[str, ...]:
    try:
        listed = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = [str(address) for address in listed.get_values_for_type(x509.IPAddress)]
    return tuple(name[:MAX_NAME] for name in [*listed.get_values_for_type(x509.DNSName), *addresses][:MAX_NAMES])
