"""The errors of the history, and the mapping of all errors to Home Assistant's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.update_coordinator import UpdateFailed

from ..backends.errors import (
    LIMIT_REASONS,
    SHOWN_MESSAGES,
    AuthenticationError,
    BackendError,
    Reason,
    RejectedError,
)
from ..const import DOMAIN

EXCEPTIONS = "exceptions"
"""The category of the translations that hold the texts of errors."""

WAIT_KEY = "rate_limited_for"
"""The translation key where the server says how long to wait."""

_SAME_TEXTS: Mapping[Reason, Reason] = {
    Reason.INVALID_LOGIN: Reason.INVALID_AUTH,
    Reason.WORKSPACE_KEY: Reason.INVALID_AUTH,
    Reason.INVALID_URL: Reason.UNEXPECTED_ANSWER,
}
"""Reasons that only a form has more to say about."""

_USUAL_FAULT = 500
"""The status of a server that failed, where none is known."""


class HistoryError(Exception):
    """An import failed in Home Assistant, not on the server.

    `key` is the translation key of what users see. The message is for the log.
    """

    key = Reason.UNKNOWN.value


class RecorderError(HistoryError):
    """The recorder did not store, delete or find what it should have."""

    key = "not_stored"


class NoDatabaseError(RecorderError):
    """There is no database, and none comes before Home Assistant is restarted."""


class RecorderStoppedError(NoDatabaseError):
    """The recorder has ended, because it could not connect to its database."""

    key = "recorder_stopped"


class NoRecorderError(NoDatabaseError):
    """Home Assistant is set up without a recorder."""

    key = "no_recorder"


class RecorderMigratingError(RecorderError):
    """The recorder connects to its database, or converts it."""

    key = "recorder_migrating"


class IncompleteError(HistoryError):
    """A part of an import failed, and the next import tries it again.

    `points` names the parts.
    """

    key = "incomplete"

    def __init__(self, message: str, points: str) -> None:
        """Initialize the error."""
        super().__init__(message)
        self.points = points


class UnloadedError(HistoryError):
    """An import of an action ended because the entry was unloaded."""

    key = "unloaded"


class NotUnloadedError(HistoryError):
    """The entry could not be unloaded, so its history was not changed."""

    key = "not_unloaded"


class StoppingError(HistoryError):
    """Home Assistant is stopping, which ends all imports."""

    key = "stopping"


def error_key(error: BackendError | HistoryError) -> str:
    """Return the translation key of an error."""
    if isinstance(error, HistoryError):
        return error.key
    if error.reason is Reason.RATE_LIMITED and error.retry_after is not None:
        return WAIT_KEY
    return _SAME_TEXTS.get(error.reason, error.reason).value


def error_placeholders(error: BackendError | HistoryError) -> dict[str, str]:
    """Return what fills the placeholders of the text of an error.

    That is numbers, names, and at most the words in which a server rejects a value.
    """
    if isinstance(error, IncompleteError):
        return {"points": error.points}
    if isinstance(error, HistoryError):
        return {}
    if error.reason in SHOWN_MESSAGES:
        return {"reason": str(error)}
    if error.reason is Reason.SERVER_ERROR:
        return {"status": str(error.status or _USUAL_FAULT)}
    if error.reason is Reason.RATE_LIMITED and error.retry_after is not None:
        return {"seconds": f"{error.retry_after:.0f}"}
    if error.reason in LIMIT_REASONS:
        return {"limit": str(error.limit)}
    return {}


def error_text(texts: Mapping[str, str], error: BackendError | HistoryError) -> str:
    """Return what users read about an error, from the texts of a language."""
    key = error_key(error)
    text = texts.get(f"component.{DOMAIN}.{EXCEPTIONS}.{key}.message", key)
    return text.format(**error_placeholders(error))


async def async_error_texts(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the texts of errors in Home Assistant's language, by their whole key."""
    language = hass.config.language
    return await async_get_translations(hass, language, EXCEPTIONS, {DOMAIN})


async def async_error_text(
    hass: HomeAssistant, error: BackendError | HistoryError
) -> str:
    """Return what users read about an error, in Home Assistant's language."""
    return error_text(await async_error_texts(hass), error)


def as_action_error(error: BackendError | HistoryError) -> HomeAssistantError:
    """Return the error that an action raises.

    It is a ServiceValidationError if the server rejected the value.
    """
    is_rejected = isinstance(error, RejectedError)
    return (ServiceValidationError if is_rejected else HomeAssistantError)(
        translation_domain=DOMAIN,
        translation_key=error_key(error),
        translation_placeholders=error_placeholders(error),
    )


@contextmanager
def errors_translated() -> Iterator[None]:
    """Raise the errors of an action instead of BackendError and HistoryError."""
    try:
        yield
    except (BackendError, HistoryError) as err:
        raise as_action_error(err) from err


@contextmanager
def refusal_noticed[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data]
) -> Iterator[None]:
    """Start a reauthentication if the server refuses the credentials."""
    try:
        yield
    except AuthenticationError:
        entry.async_start_reauth(hass)
        raise


def as_update_error(
    error: BackendError | HistoryError,
) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return the error that a coordinator raises.

    ConfigEntryAuthFailed starts a reauthentication.
    """
    if isinstance(error, AuthenticationError):
        return ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key=error_key(error)
        )
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=error_key(error),
        translation_placeholders=error_placeholders(error),
        retry_after=error.retry_after if isinstance(error, BackendError) else None,
    )
