"""JWT validation for Python web services whose issuer moves house.

Start with ``TokenValidator`` and ``CognitoUserPool`` or ``OidcProvider``. Every refusal is an ``AuthError`` with a
stable ``code``.
"""

from jwtmr.background import BackgroundObserver
from jwtmr.cache import TokenCache
from jwtmr.cognito import CognitoUserPool
from jwtmr.drain import DrainReport
from jwtmr.errors import CODES, AuthError, ConfigurationError, KeysUnavailable, ValidatorClosed
from jwtmr.events import Event, Observer
from jwtmr.http import HttpAnswer, HttpGet
from jwtmr.issuers import Authority, ClaimRules, Issuer, JwksEndpoint
from jwtmr.oidc import LegacyIssuer, OidcProvider
from jwtmr.principal import Principal
from jwtmr.reports import AuthorityStatus, EndpointStatus, IssuerStatus, ValidatorStatus
from jwtmr.settings import UNCHECKED, Clock, IssuerKind, KeyPolicy, Names, SystemClock, TokenUse, Unchecked
from jwtmr.validator import TokenValidator

__all__ = [
    "CODES",
    "UNCHECKED",
    "AuthError",
    "Authority",
    "AuthorityStatus",
    "BackgroundObserver",
    "ClaimRules",
    "Clock",
    "CognitoUserPool",
    "ConfigurationError",
    "DrainReport",
    "EndpointStatus",
    "Event",
    "HttpAnswer",
    "HttpGet",
    "Issuer",
    "IssuerKind",
    "IssuerStatus",
    "JwksEndpoint",
    "KeyPolicy",
    "KeysUnavailable",
    "LegacyIssuer",
    "Names",
    "Observer",
    "OidcProvider",
    "Principal",
    "SystemClock",
    "TokenCache",
    "TokenUse",
    "TokenValidator",
    "Unchecked",
    "ValidatorClosed",
    "ValidatorStatus",
]

__version__ = "0.1.0"
