"""Logins and tokens.

Source: docs/wire/besmart.md, Authentication.
"""

from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex

from simulators.credentials import is_same_secret
from simulators.faults import Json, Row

from .knobs import Knobs
from .wire import BAD_LOGIN, BAD_TOKEN, NO_TOKEN, RefusedError, invalid

USER_ID = 1


@dataclass(eq=False)
class Tokens:
    """The valid tokens; `logins` counts all tokens that were ever issued."""

    logins: int = 0
    _expirations: dict[str, datetime] = field(default_factory=dict, repr=False)
    _uses_left: int | None = None

    def expire(self, after: int = 0) -> None:
        """Invalidate all tokens after a number of further authorised requests."""
        self._uses_left = after

    def issue(self, knobs: Knobs) -> str:
        """Issue a new token and remove expired ones."""
        now = knobs.clock()
        self._expirations = {
            token: end for token, end in self._expirations.items() if end > now
        }
        token = token_hex(16)
        self._expirations[token] = now + knobs.token_life
        self.logins += 1
        return token

    def check(self, knobs: Knobs, authorization: str | None) -> str:
        """Return the valid token of the header; raise RefusedError (401) otherwise."""
        if not authorization:
            raise RefusedError(401, NO_TOKEN)
        token = authorization.removeprefix("Bearer ")
        if self._uses_left == 0:
            self._uses_left = None
            self._expirations.clear()
        end = self._expirations.get(token)
        if token == authorization or end is None or end <= knobs.clock():
            raise RefusedError(401, BAD_TOKEN)
        if self._uses_left is not None:
            self._uses_left -= 1
        return token

    def info(self, knobs: Knobs, token: str, *, refresh: bool = False) -> Json:
        """Return the answer of users/token for a valid token."""
        if refresh:
            self._expirations[token] = knobs.clock() + knobs.token_life
        seconds = self._expirations[token].timestamp()
        expiration = int(seconds * 1000) if knobs.expires_in == "ms" else seconds
        if knobs.edition == "2021":
            return {"expiration": expiration, "id": USER_ID, "token": token}
        return {
            "account_status": "active",
            "expiration": expiration,
            "token": token,
            "user_id": USER_ID,
        }


def check_login(knobs: Knobs, body: Json, workspace_key: str | None) -> None:
    """Raise RefusedError unless login, password and workspace key are correct.

    A key that is not required may be missing, but not wrong.
    """
    if not isinstance(body, dict):
        raise invalid(("body",), "Request body is not valid JSON", "type_error.dict")
    for name in ("login", "password"):
        if not isinstance(body.get(name), str):
            msg = f"'{name}' is a required property"
            raise invalid(("body", name), msg, "value_error.missing")
    if workspace_key is None:
        if knobs.key_required and knobs.key_missing_status == 422:
            raise invalid(("header", "X-Auth"), "field required", "value_error.missing")
        if knobs.key_required:
            raise RefusedError(401, NO_TOKEN)
    elif not is_same_secret(workspace_key, knobs.workspace_key or ""):
        raise RefusedError(401, BAD_TOKEN)
    right_login = is_same_secret(str(body["login"]), knobs.login)
    right_password = is_same_secret(str(body["password"]), knobs.password)
    if not (right_password and right_login):
        if knobs.bad_login_status == 422:
            raise invalid(("body", "login"), BAD_LOGIN, "value_error.email")
        raise RefusedError(knobs.bad_login_status, BAD_LOGIN)


def parse_text_login(text: str) -> Row:
    """Return the fields of the body in the description of 2021: a line for each."""
    lines = (line.partition(": ") for line in text.splitlines())
    return {name: value for name, colon, value in lines if colon}
