"""The errors that backends raise."""


class BackendError(Exception):
    """Base class of all errors of a backend.

    The message names the endpoint at most: never an address, a credential or the
    content of an answer. `retry_after` is the number of seconds that the server asked
    to wait, if it did.
    """

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        """Initialize the error."""
        super().__init__(message)
        self.retry_after = retry_after


class AuthenticationError(BackendError):
    """The credentials are wrong or have expired.

    `reason` is the translation key of the message that a form shows.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "invalid_auth",
        retry_after: float | None = None,
    ) -> None:
        """Initialize the error."""
        super().__init__(message, retry_after=retry_after)
        self.reason = reason


class PermissionDeniedError(BackendError):
    """The credentials are valid, but do not allow the request."""


class UnreachableError(BackendError):
    """The server did not answer: DNS, refused connection, TLS, timeout or HTTP 5xx."""


class TlsError(UnreachableError):
    """The server does not support https at the address."""


class ServerFaultError(UnreachableError):
    """The server answers, but this request failed (HTTP 500)."""


class RateLimitedError(BackendError):
    """The server asked for fewer requests."""


class NotFoundError(BackendError):
    """The requested resource does not exist."""


class UnsupportedError(BackendError):
    """The server cannot be used until its user changes or updates it.

    `reason` is the translation key of the message that tells the user what to do.
    """

    def __init__(self, message: str = "", *, reason: str) -> None:
        """Initialize the error."""
        super().__init__(message)
        self.reason = reason


class RejectedError(BackendError):
    """The server rejected a value; the message is the server's own."""


class NoBreakdownError(RejectedError):
    """The device is none whose energy is broken down by its use."""


class IncompatibleUnitError(RejectedError):
    """Values cannot be converted between units; the message is the wanted one."""


class NoTargetError(RejectedError):
    """The server has no series with this id or name that the user may see."""


class ManyTargetsError(RejectedError):
    """The server has several series of this name, in different campaigns."""


class ProtocolError(BackendError):
    """The answer is invalid or does not come from this server's API."""


class HttpsRequiredError(ProtocolError):
    """The server redirects from http to https; no credentials were sent there."""


class InvalidUrlError(BackendError):
    """The address that the user entered is invalid."""


ONE_ENDPOINT_ERRORS = (
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ServerFaultError,
)
"""Errors that concern a single endpoint, while others may still answer."""
