"""Tokens: OAuth 2 with the password and refresh grants.

Source: docs/wire/milesight.md, Login.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from orjson import dumps

from simulators.credentials import is_same_secret
from simulators.faults import Json

from .knobs import Knobs, User
from .releases import OLD_REFUSALS, REFRESH_COOL_DOWN
from .wire import unauthorized

_COOL_DOWN = timedelta(minutes=1)
_MALFORMED = (
    "invalid_token:An error occurred while attempting to decode the Jwt: "
    "Malformed token"
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The access and refresh token of a login, which expire together."""

    user: User
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    issued: datetime
    expires: datetime

    def json(self) -> dict[str, Json]:
        """Return the tokens as an answer."""
        lifetime = self.expires - self.issued
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "token_type": "Bearer",
            "expires_in": int(lifetime.total_seconds()) - 1,
        }


class Sessions:
    """The logins of a server; a user may have several at the same time."""

    def __init__(self, knobs: Knobs) -> None:
        """Initialize without logins."""
        self._knobs = knobs
        self._tokens: list[Tokens] = []
        self._issued = 0
        self._grants: dict[str, Callable[[Mapping[str, str]], Tokens]] = {
            "password": self._login,
            "refresh_token": self._refresh,
        }

    def grant(self, form: Mapping[str, str], tenant: str) -> dict[str, Json]:
        """Return new tokens for the form fields; raise ApiError 401 for any reason."""
        knobs = self._knobs
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        right_client = is_same_secret(client, knobs.client_id)
        if not (right_client and is_same_secret(secret, knobs.client_secret)):
            raise unauthorized("invalid_client")
        if tenant != knobs.tenant:
            raise unauthorized("invalid_request:tenant not found.")
        grant = self._grants.get(form.get("grant_type", ""))
        if grant is None:
            raise unauthorized("unsupported_grant_type")
        return grant(form).json()

    def user(self, authorization: str) -> User:
        """Return the user of an Authorization header; raise ApiError 401."""
        scheme, _, token = authorization.partition(" ")
        is_old = OLD_REFUSALS.has(self._knobs.release)
        if scheme == "Bearer" and token.count(".") != 2 and not is_old:
            raise unauthorized(_MALFORMED)
        found = next(
            (tokens for tokens in self._tokens if is_same_secret(tokens.access, token)),
            None,
        )
        # A user who is deleted, or changes the password, keeps the tokens.
        if scheme != "Bearer" or found is None:
            raise unauthorized("invalid_request:Invalid access token")
        if found.expires <= self._knobs.clock():
            raise unauthorized("invalid_token:Jwt expired")
        return found.user

    def revoke(self) -> None:
        """Remove all tokens: all clients have to log in again."""
        self._tokens.clear()

    def revoke_access(self) -> None:
        """Remove all access tokens, but keep the refresh tokens."""
        self._tokens = [replace(tokens, access="") for tokens in self._tokens]

    def _login(self, form: Mapping[str, str]) -> Tokens:
        """Return tokens for a user name and password."""
        name, password = form.get("username", ""), form.get("password", "")
        user = next((user for user in self._knobs.users if user.email == name), None)
        is_old = OLD_REFUSALS.has(self._knobs.release)
        if user is None:
            who = "user" if is_old else "username"
            raise unauthorized(f"invalid_request:{who} not found.")
        if not is_same_secret(password, user.password):
            cause = "password not match." if is_old else "Bad credentials"
            raise unauthorized(f"invalid_request:{cause}")
        return self._issue(user)

    def _refresh(self, form: Mapping[str, str]) -> Tokens:
        """Return tokens for a refresh token; within a minute, the same ones."""
        token, now = form.get("refresh_token", ""), self._knobs.clock()
        found = next(
            (
                tokens
                for tokens in self._tokens
                if is_same_secret(tokens.refresh, token)
            ),
            None,
        )
        if found is None or found.expires <= now:
            raise unauthorized("invalid_grant")
        cooling = REFRESH_COOL_DOWN.has(self._knobs.release)
        if cooling and found.access and now - found.issued < _COOL_DOWN:
            return found
        # The new pair replaces the old one in the server's database.
        self._tokens.remove(found)
        return self._issue(found.user)

    def _issue(self, user: User) -> Tokens:
        """Issue new tokens and remove expired ones."""
        now = self._knobs.clock()
        self._tokens = [tokens for tokens in self._tokens if tokens.expires > now]
        self._issued += 1
        expires = now + self._knobs.token_ttl
        tokens = Tokens(
            user,
            self._jwt(user, expires),
            sha256(f"refresh {self._issued}".encode()).hexdigest(),
            now,
            expires,
        )
        self._tokens.append(tokens)
        return tokens

    def _jwt(self, user: User, expires: datetime) -> str:
        """Return a token of the real shape, which clients must not parse."""
        payload: Json = {
            "sub": user.email,
            "tenantId": self._knobs.tenant,
            "userId": user.user_id,
            "exp": int(expires.timestamp()),
            "jti": str(self._issued),
        }
        parts = [dumps({"kid": "simulated", "alg": "RS256"}), dumps(payload)]
        signature = sha256(parts[1]).digest()
        return ".".join(
            urlsafe_b64encode(part).rstrip(b"=").decode()
            for part in (*parts, signature)
        )
