"""The one hierarchy of errors that every backend raises."""


class BackendError(Exception):
    """Something between us and a server went wrong.

    The text names the endpoint at most: never an address, a credential or an answer.
    `retry_after` is the wait in seconds that the server asked for, if it did.
    """

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        """Keep what the server said about when to come back."""
        super().__init__(message)
        self.retry_after = retry_after


class AuthenticationError(BackendError):
    """The credentials are wrong or no longer valid.

    `reason` is the translation key of what a form says about it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "invalid_auth",
        retry_after: float | None = None,
    ) -> None:
        """Keep the reason, which tells a person what to look at again."""
        super().__init__(message, retry_after=retry_after)
        self.reason = reason


class PermissionDeniedError(BackendError):
    """The credentials are right, but do not allow this."""


class UnreachableError(BackendError):
    """No usable answer: DNS, refused, TLS, timeout, or a server that is down."""


class TlsError(UnreachableError):
    """The server does not speak https there."""


class ServerFaultError(UnreachableError):
    """The server answers, but fails on this one request (HTTP 500)."""


class RateLimitedError(BackendError):
    """The server asks us to slow down."""


class NotFoundError(BackendError):
    """The server does not have what was asked for."""


class UnsupportedError(BackendError):
    """The server cannot serve us as it is set up; `reason` is a translation key."""

    def __init__(self, message: str = "", *, reason: str) -> None:
        """Keep the reason, which tells a person what to change."""
        super().__init__(message)
        self.reason = reason


class RejectedError(BackendError):
    """The server refuses a value that it was given; the text is what it says."""


class ProtocolError(BackendError):
    """An answer that makes no sense: not this server's API, or a broken answer."""


class HttpsRequiredError(ProtocolError):
    """The server sends us from http to https, where no credentials went yet."""


class InvalidUrlError(BackendError):
    """What a person typed cannot be an address."""


ONE_ENDPOINT_ERRORS = (
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ServerFaultError,
)
"""Errors that say something about one endpoint only: the others may well answer."""
