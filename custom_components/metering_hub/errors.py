"""The errors of the history, and the mapping of all errors to Home Assistant's."""

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
    IncompatibleUnitError,
    InvalidUrlError,
    ManyTargetsError,
    NoBreakdownError,
    NoTargetError,
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


class HistoryError(Exception):
    """An import failed in Home Assistant, not on the server."""


class RecorderError(HistoryError):
    """The recorder does not run, does not answer, or did not store what was written.

    The message is the reason, which users see.
    """


class IncompleteError(HistoryError):
    """A part of an import failed, and the next import tries it again.

    The message names the part and the reason, which users see.
    """


class StoppingError(HistoryError):
    """Home Assistant is stopping, which ends all imports."""


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
    # Unlike a poll, an action is not retried automatically.
    UnreachableError: "action_cannot_connect",
    RateLimitedError: "action_rate_limited",
    RejectedError: "rejected",
    NoBreakdownError: "no_energy_breakdown",
    IncompatibleUnitError: "incompatible_unit",
    NoTargetError: "no_such_series",
    ManyTargetsError: "several_series",
}
_HISTORY_UPDATE_KEYS: Mapping[type[HistoryError], str] = {
    RecorderError: "not_stored",
    IncompleteError: "incomplete",
    StoppingError: "stopping",
}
_HISTORY_ACTION_KEYS: Mapping[type[HistoryError], str] = {
    **_HISTORY_UPDATE_KEYS,
    RecorderError: "action_not_stored",
}
_IMPORT_KEYS: Mapping[type[BackendError], str] = {
    **_UPDATE_KEYS,
    AuthenticationError: "invalid_auth",
}
FALLBACK_KEY = "unknown"


def _lookup(keys: Mapping[type[BackendError], str], error: BackendError) -> str:
    """Return the translation key of an error, or of its nearest base class."""
    if isinstance(error, UnsupportedError):
        return error.reason
    for error_type in type(error).__mro__:
        if issubclass(error_type, BackendError) and error_type in keys:
            return keys[error_type]
    return FALLBACK_KEY


def flow_error_key(error: BackendError) -> str:
    """Return the translation key of the error that a config flow shows."""
    if isinstance(error, AuthenticationError):
        return error.reason
    return _lookup(_FLOW_KEYS, error)


def as_action_error(error: BackendError | HistoryError) -> HomeAssistantError:
    """Return the error that an action raises.

    It is a ServiceValidationError if the server rejected the value.
    """
    if isinstance(error, HistoryError):
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=_HISTORY_ACTION_KEYS.get(type(error), FALLBACK_KEY),
            translation_placeholders={"reason": str(error)},
        )
    is_rejected = isinstance(error, RejectedError)
    return (ServiceValidationError if is_rejected else HomeAssistantError)(
        translation_domain=DOMAIN,
        translation_key=_lookup(_ACTION_KEYS, error),
        translation_placeholders={"reason": str(error)},
    )


def as_import_error(error: BackendError | HistoryError) -> HomeAssistantError:
    """Return the error of an action that the next import finishes."""
    if isinstance(error, HistoryError):
        key = _HISTORY_UPDATE_KEYS.get(type(error), FALLBACK_KEY)
    else:
        key = _lookup(_IMPORT_KEYS, error)
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"reason": str(error)},
    )


def as_update_error(
    error: BackendError | HistoryError,
) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return the error that a coordinator raises.

    ConfigEntryAuthFailed starts a reauthentication.
    """
    if isinstance(error, HistoryError):
        return UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=_HISTORY_UPDATE_KEYS.get(type(error), FALLBACK_KEY),
            translation_placeholders={"reason": str(error)},
        )
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
