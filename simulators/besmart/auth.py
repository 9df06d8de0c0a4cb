"""Logins and tokens, as ../shared/wire/besmart.md ("Auth") tells of them."""

from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from secrets import token_hex

from simulators.faults import Json

from .knobs import Knobs
from .wire import BAD_LOGIN, BAD_TOKEN, NO_TOKEN, RefusedError, invalid

USER_ID = 1


@dataclass(eq=False)
class Tokens:
    """The tokens in force; `logins` counts how many were ever handed out."""

    logins: int = 0
    _expirations: dict[str, datetime] = field(default_factory=dict, repr=False)
    _uses_left: int | None = None

    def expire(self, after: int = 0) -> None:
        """Let all tokens die after so many more authorised requests, once."""
        self._uses_left = after

    def issue(self, knobs: Knobs) -> str:
        """Hand out a new token; those that are over are forgotten."""
        now = knobs.clock()
        self._expirations = {
            token: end for token, end in self._expirations.items() if end > now
        }
        token = token_hex(16)
        self._expirations[token] = now + knobs.token_life
        self.logins += 1
        return token

    def check(self, knobs: Knobs, authorization: str | None) -> str:
        """Return the valid token of the header, else raise RefusedError (401)."""
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
        """Return the answer of users/token for a token in force."""
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
    """Raise RefusedError unless login and password, and the workspace key, are right.

    A key that is not required may be missing, but not wrong.
    """
    if not isinstance(body, dict):
        raise invalid(("body",), "Request body is not valid JSON", "type_error.dict")
    for name in ("login", "password"):
        if not isinstance(body.get(name), str):
            msg = f"'{name}' is a required property"
            raise invalid(("body", name), msg, "value_error.missing")
    if workspace_key is None:
        if knobs.key_required:
            raise RefusedError(401, NO_TOKEN)
    elif not _equal(workspace_key, knobs.workspace_key or ""):
        raise RefusedError(401, BAD_TOKEN)
    right_login = _equal(str(body["login"]), knobs.login)
    if not (_equal(str(body["password"]), knobs.password) and right_login):
        raise RefusedError(knobs.bad_login_status, BAD_LOGIN)


def _equal(given: str, right: str) -> bool:
    return bool(right) and compare_digest(given.encode(), right.encode())
