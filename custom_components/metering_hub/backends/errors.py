"""The errors that backends raise."""

from enum import StrEnum
from traceback import clear_frames


class Reason(StrEnum):
    """Why something failed; the value is the translation key of what the user reads."""

    # Nothing useful answered.
    CANNOT_CONNECT = "cannot_connect"
    UNKNOWN_HOST = "unknown_host"
    CONNECTION_REFUSED = "connection_refused"
    UNTRUSTED_CERTIFICATE = "untrusted_certificate"
    NO_HTTPS = "no_https"
    HTTPS_REQUIRED = "https_required"
    NO_ANSWER = "no_answer"
    INVALID_URL = "invalid_url"

    # The server answered with a failure.
    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    STILL_BUSY = "still_busy"
    NOT_FOUND = "not_found"
    UNEXPECTED_ANSWER = "unexpected_answer"
    ANSWER_TOO_LARGE = "answer_too_large"
    TOO_MANY_ROWS = "too_many_rows"
    NO_END = "no_end"
    TOO_SLOW = "too_slow"
    UNKNOWN = "unknown"

    # The account, or what its user can change on the server.
    INVALID_AUTH = "invalid_auth"
    INVALID_LOGIN = "invalid_login"
    WORKSPACE_KEY = "workspace_key"
    PERMISSION_DENIED = "permission_denied"
    API_DISABLED = "api_disabled"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_INITIALISED = "not_initialised"
    NO_DATA_PERMISSION = "no_data_permission"

    # What was asked for cannot be done.
    REJECTED = "rejected"
    NOTHING_ACCEPTED = "nothing_accepted"
    IMPOSSIBLE_VALUE = "impossible_value"
    INCOMPLETE_GROUP = "incomplete_group"
    INCOMPATIBLE_UNIT = "incompatible_unit"
    NO_LONGER_THERE = "no_longer_there"
    NO_ENERGY_BREAKDOWN = "no_energy_breakdown"
    NO_SUCH_SERIES = "no_such_series"
    SEVERAL_SERIES = "several_series"
    NO_SUCH_DATA = "no_such_data"


class BackendError(Exception):
    """Base class of all errors of a backend.

    `reason` says to the user why it failed, in their language. The message is for
    developers and for the log: it names the endpoint at most, never an address, a
    credential or the content of an answer. Only that of a RejectedError may be shown.
    `retry_after` is the number of seconds that the server asked to wait, if it did, and
    `status` that of its HTTP answer, if there was one. `limit` is what was exceeded: a
    number of rows or answers, or of seconds; 0 for other errors.
    """

    reason = Reason.UNKNOWN

    def __init__(
        self,
        message: str = "",
        *,
        reason: Reason | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        limit: int = 0,
    ) -> None:
        """Initialize the error; each class has its usual reason."""
        super().__init__(message)
        if reason is not None:
            self.reason = reason
        self.status = status
        self.retry_after = retry_after
        self.limit = limit


class AuthenticationError(BackendError):
    """The credentials are wrong or have expired."""

    reason = Reason.INVALID_AUTH


class PermissionDeniedError(BackendError):
    """The credentials are valid, but do not allow the request."""

    reason = Reason.PERMISSION_DENIED


class UnreachableError(BackendError):
    """The server did not answer: DNS, refused connection, TLS, timeout or HTTP 5xx."""

    reason = Reason.CANNOT_CONNECT


class TlsError(UnreachableError):
    """The server does not support https at the address."""

    reason = Reason.NO_HTTPS


class ServerFaultError(UnreachableError):
    """The server answers, but this request failed (HTTP 500)."""

    reason = Reason.SERVER_ERROR


class DeviceOfflineError(BackendError):
    """A device sends nothing, which the server shows; nothing is wrong with either."""


class RateLimitedError(BackendError):
    """The server asked for fewer requests."""

    reason = Reason.RATE_LIMITED


class NotFoundError(BackendError):
    """The requested resource does not exist."""

    reason = Reason.NOT_FOUND


class UnsupportedError(BackendError):
    """The server cannot be used until its user changes or updates it.

    Its `reason` tells the user what to do, also as a repair issue.
    """

    def __init__(self, message: str = "", *, reason: Reason) -> None:
        """Initialize the error."""
        super().__init__(message, reason=reason)


class RejectedError(BackendError):
    """The server rejected a value; the message is the server's own.

    With another reason, what rejects it is known, and the message is not shown.
    """

    reason = Reason.REJECTED


class IncompleteGroupError(RejectedError):
    """The server takes a value only with others; the message names the missing ones."""

    reason = Reason.INCOMPLETE_GROUP


class NoBreakdownError(RejectedError):
    """The device is none whose energy is broken down by its use."""

    reason = Reason.NO_ENERGY_BREAKDOWN


class IncompatibleUnitError(RejectedError):
    """Values cannot be converted between units; the message is the wanted one."""

    reason = Reason.INCOMPATIBLE_UNIT


class NoTargetError(RejectedError):
    """The server has no series with this id or name that the user may see."""

    reason = Reason.NO_SUCH_SERIES


class ManyTargetsError(RejectedError):
    """The server has several series of this name, in different campaigns."""

    reason = Reason.SEVERAL_SERIES


class ProtocolError(BackendError):
    """The answer is invalid or does not come from this server's API."""

    reason = Reason.UNEXPECTED_ANSWER


class AnswerTooLargeError(ProtocolError):
    """The answer is larger than the request allows."""

    reason = Reason.ANSWER_TOO_LARGE


class TooManyRowsError(ProtocolError):
    """A list has more rows than any real server, or says so; see `limit`."""

    reason = Reason.TOO_MANY_ROWS


class EndlessError(ProtocolError):
    """Answers go on and on, more than those of any real server; see `limit`."""

    reason = Reason.NO_END


class TooSlowError(UnreachableError):
    """The server answers, but is not done within a `limit` in seconds."""

    reason = Reason.TOO_SLOW


class HttpsRequiredError(ProtocolError):
    """The server redirects from http to https; no credentials were sent there."""

    reason = Reason.HTTPS_REQUIRED


class InvalidUrlError(BackendError):
    """The address that the user entered is invalid."""

    reason = Reason.INVALID_URL


def forget_frames(error: BaseException) -> None:
    """Forget where an error was raised, and what led to it.

    The frames of the functions would keep all that was read until then, and answers of
    the server, for as long as the error is kept.
    """
    # Whoever handles the error at present may keep the traceback itself.
    clear_frames(error.__traceback__)
    error.__traceback__ = error.__cause__ = error.__context__ = None


LIMIT_REASONS = frozenset({Reason.TOO_MANY_ROWS, Reason.NO_END, Reason.TOO_SLOW})
"""Reasons of errors that have a `limit`, which their texts name."""


SHOWN_MESSAGES = frozenset(
    {Reason.REJECTED, Reason.INCOMPLETE_GROUP, Reason.INCOMPATIBLE_UNIT}
)
"""Reasons whose message is the server's own, names or a unit, and no one's English."""


ONE_ENDPOINT_ERRORS = (
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ServerFaultError,
)
"""Errors that concern a single endpoint, while others may still answer."""
