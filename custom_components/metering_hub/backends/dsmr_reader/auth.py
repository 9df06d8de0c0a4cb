"""Authenticate requests to DSMR-reader by its API key.

Source: docs/wire/dsmr_reader.md, Keys.
"""

from ..common.auth import StaticAuth
from ..common.messages import Answer
from ..common.parse import as_object, as_text
from ..errors import (
    AuthenticationError,
    BackendError,
    PermissionDeniedError,
    Reason,
    UnsupportedError,
)

API_IS_OFF = "API is disabled"
WRONG_KEY = "Invalid auth key"


def make_auth(api_key: str) -> StaticAuth:
    """Return an authenticator that sends the API key with every request."""
    return StaticAuth({"X-AUTHKEY": api_key})


def classify_login(answer: Answer) -> BackendError | None:
    """Return the error for a refused key, `None` for every other answer.

    A wrong key and a switched-off API are both HTTP 403. They differ in their detail,
    which is always in English. The server checks the switch before the key.
    """
    if answer.status != 403 or not answer.is_json:
        return None
    detail = as_text(as_object(answer.body).get("detail")) or ""
    if detail == API_IS_OFF:
        return UnsupportedError("the API is switched off", reason=Reason.API_DISABLED)
    if detail == WRONG_KEY:
        return AuthenticationError("the API key is not accepted")
    return PermissionDeniedError("the server refuses the request")
