"""The one place where the backends' errors become Home Assistant's."""

from collections.abc import Mapping

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .backends.errors import (
    AuthenticationError,
    BackendError,
    HttpsRequiredError,
    InvalidUrlError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    TlsError,
    UnreachableError,
    UnsupportedError,
)
from .const import DOMAIN

_FLOW_KEYS: Mapping[type[BackendError], str] = {
    PermissionDeniedError: "permission_denied",
    UnreachableError: "cannot_connect",
    TlsError: "no_https",
    HttpsRequiredError: "https_required",
    RateLimitedError: "cannot_connect",
    NotFoundError: "invalid_url",
    ProtocolError: "invalid_url",
    InvalidUrlError: "invalid_url",
}
_UPDATE_KEYS: Mapping[type[BackendError], str] = {
    PermissionDeniedError: "permission_denied",
    UnreachableError: "cannot_connect",
    RateLimitedError: "rate_limited",
    NotFoundError: "unexpected_answer",
    ProtocolError: "unexpected_answer",
}
_ACTION_KEYS: Mapping[type[BackendError], str] = {
    **_UPDATE_KEYS,
    AuthenticationError: "invalid_auth",
    # Unlike a poll, what a person asked for is not tried again by itself.
    UnreachableError: "action_cannot_connect",
    RateLimitedError: "action_rate_limited",
    RejectedError: "rejected",
}
FALLBACK_KEY = "unknown"


def _lookup(keys: Mapping[type[BackendError], str], error: BackendError) -> str:
    if isinstance(error, UnsupportedError):
        return error.reason
    for error_type in type(error).__mro__:
        if issubclass(error_type, BackendError) and error_type in keys:
            return keys[error_type]
    return FALLBACK_KEY


def flow_error_key(error: BackendError) -> str:
    """Return the translation key of the message that a config flow shows."""
    if isinstance(error, AuthenticationError):
        return error.reason
    return _lookup(_FLOW_KEYS, error)


def as_action_error(error: BackendError) -> HomeAssistantError:
    """Return what an action raises where the server does not play along.

    A value that the server refuses is a mistake in the action's arguments.
    """
    refused = isinstance(error, RejectedError)
    return (ServiceValidationError if refused else HomeAssistantError)(
        translation_domain=DOMAIN,
        translation_key=_lookup(_ACTION_KEYS, error),
        translation_placeholders={"reason": str(error)},
    )


def as_update_error(error: BackendError) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return what a coordinator raises: refused credentials start a new login."""
    if isinstance(error, AuthenticationError):
        return ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="invalid_auth"
        )
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=_lookup(_UPDATE_KEYS, error),
        translation_placeholders={"reason": str(error)},
        retry_after=error.retry_after,
    )
