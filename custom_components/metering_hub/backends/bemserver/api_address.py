"""Where a server has its API: at the address that was entered, or below it."""

from aiohttp import ClientSession

from ..common.auth import Authenticator
from ..common.http import Classifier, HttpClient
from ..common.parse import as_object, as_text
from ..errors import (
    AuthenticationError,
    BackendError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
)

API_PREFIX = "/api/v0"
"""Path of the API in the documented deployment.

Source: docs/wire/bemserver.md, Conventions.
"""

_NOT_BEMSERVER = (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
)
"""Errors that GET /about/ raises if another web server answers it."""


class ApiAddress:
    """Finds the API at an address, and completes the paths of its endpoints."""

    def __init__(self, session: ClientSession, url: str) -> None:
        """Initialize with the address that the user entered."""
        self._session = session
        self._url = url
        self._prefix = ""

    def http_client(
        self, *, auth: Authenticator | None = None, classify: Classifier | None = None
    ) -> HttpClient:
        """Return a client that sends requests to the address."""
        return HttpClient(self._session, self._url, auth=auth, classify=classify)

    def path(self, endpoint: str) -> str:
        """Return the path of an endpoint, such as "/sites/", for a `Request`."""
        return f"{self._prefix}{endpoint}"

    def url(self, endpoint: str) -> str:
        """Return the full URL of an endpoint."""
        return f"{self._url}{self.path(endpoint)}"

    async def find(self) -> str:
        """Find the API and return its version, such as "0.27.0".

        Raises BackendError if there is no API: the error of the address itself, which
        explains more than the one of the path below it.
        """
        self._prefix = ""
        try:
            return await self._version()
        except _NOT_BEMSERVER as err:
            if self._url.endswith(API_PREFIX):
                raise
            first = err
        self._prefix = API_PREFIX
        try:
            return await self._version()
        except BackendError:
            raise first from None

    async def _version(self) -> str:
        """GET /about/: return the API's version; needs no login.

        {"versions": {"bemserver_core", "bemserver_api"}}.
        Source: docs/wire/bemserver.md, Conventions.
        """
        body = as_object(await self.http_client().get(self.path("/about/")))
        versions = as_object(body.get("versions"))
        if (version := as_text(versions.get("bemserver_api"))) is None:
            raise ProtocolError("GET /about/: not a BEMServer")
        return version
