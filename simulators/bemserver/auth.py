"""Logins with e-mail and password, JSON web tokens, and the user of a request.

A failed login is HTTP 200; tokens are stateless, so an old refresh token stays valid; a
deactivated user gets 403, one whose e-mail changed 401.

Source: docs/wire/bemserver.md, Authentication.
"""

from collections.abc import Mapping
from datetime import timedelta
import json
import re
from typing import Literal

from aiohttp import hdrs, web
import jwt

from simulators.credentials import is_same_secret
from simulators.faults import Json

from .knobs import Knobs
from .model import User
from .wire import MISSING, ApiError, answer, encode, forbidden, invalid

type TokenType = Literal["access", "refresh"]

_ALGORITHM = "HS256"
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


async def log_in(knobs: Knobs, request: web.Request) -> web.Response:
    """Answer POST /auth/token."""
    email, password = _credentials(await read_json(request))
    require_database(knobs)
    user = next((user for user in knobs.users if user.email == email), None)
    right = user is not None and is_same_secret(password, user.password)
    if user is None or not right or not user.is_active:
        knobs.counters.failed_logins += 1
        return answer(encode({"status": "failure"}))
    knobs.counters.logins += 1
    return _pair(knobs, user)


def refresh(knobs: Knobs, request: web.Request) -> web.Response:
    """Answer POST /auth/token/refresh."""
    user = authenticate(knobs, request, "refresh")
    knobs.counters.refreshes += 1
    return _pair(knobs, user)


def authenticate(
    knobs: Knobs, request: web.Request, wanted: TokenType = "access"
) -> User:
    """Return the user of the request's token; raise ApiError 400, 401, 403."""
    claims = _claims(knobs, _bearer(request), wanted)
    require_database(knobs)
    for user in knobs.users:
        if user.email == claims.get("email"):
            if not user.is_active:
                raise forbidden()
            return user
    raise unauthorized("invalid_token")


def require_database(knobs: Knobs) -> None:
    """Raise the 500 of a database that is down, or of a stale connection."""
    if knobs.database_down:
        raise ApiError(500)
    if knobs.stale_connections:
        knobs.stale_connections -= 1
        raise ApiError(500)


def unauthorized(code: str) -> ApiError:
    """Return a 401; the published texts show the code without `errors` around it."""
    headers: dict[str, str] = {hdrs.WWW_AUTHENTICATE: "Bearer"}
    return ApiError(401, errors={"authentication": code}, headers=headers)


def token(knobs: Knobs, user: User, kind: TokenType, lifetime: timedelta) -> str:
    """Return a signed token that expires after `lifetime` by the simulator's clock."""
    expires = int((knobs.clock() + lifetime).timestamp())
    claims = {"email": user.email, "exp": expires, "type": kind}
    return jwt.encode(claims, knobs.secret_key, _ALGORITHM)


async def read_json(request: web.Request) -> dict[str, Json]:
    """Return the JSON object of a request; other content types are empty.

    Raise ApiError 400 for broken JSON, 422 for anything but an object.
    """
    if request.content_type != "application/json":
        return {}
    try:
        body: Json = json.loads(await request.read())
    except ValueError as error:
        raise ApiError(400, errors={"json": ["Invalid JSON body."]}) from error
    if not isinstance(body, dict):
        raise invalid(json={"_schema": ["Invalid input type."]})
    return body


def _pair(knobs: Knobs, user: User) -> web.Response:
    """Return the answer with a new access and refresh token."""
    access = token(knobs, user, "access", knobs.access_lifetime)
    renewal = token(knobs, user, "refresh", knobs.refresh_lifetime)
    return answer(
        encode({"status": "success", "access_token": access, "refresh_token": renewal})
    )


def _credentials(body: Mapping[str, Json]) -> tuple[str, str]:
    """Return e-mail and password; raise ApiError 422 for invalid fields."""
    errors: dict[str, Json] = {}
    for name in ("email", "password"):
        value = body.get(name, MISSING)
        if name not in body:
            errors[name] = [MISSING]
        elif value is None:
            errors[name] = ["Field may not be null."]
        elif not isinstance(value, str):
            errors[name] = ["Not a valid string."]
        elif name == "email" and not _EMAIL.fullmatch(value):
            errors[name] = ["Not a valid email address."]
        elif name == "password" and not 1 <= len(value) <= 80:
            errors[name] = ["Length must be between 1 and 80."]
    errors |= {
        name: ["Unknown field."] for name in body if name not in ("email", "password")
    }
    if errors:
        raise invalid(json=errors)
    return str(body["email"]), str(body["password"])


def _bearer(request: web.Request) -> str:
    """Return the token of the Authorization header; raise ApiError 400 or 401."""
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is None:
        raise unauthorized("missing_authentication")
    scheme, space, value = header.partition(" ")
    if not space:
        raise ApiError(400)
    if scheme != "Bearer":
        raise unauthorized("invalid_scheme")
    return value


def _claims(knobs: Knobs, text: str, wanted: TokenType) -> dict[str, Json]:
    """Return the claims of a token; it expires by the simulator's clock."""
    try:
        claims: dict[str, Json] = jwt.decode(
            text, knobs.secret_key, [_ALGORITHM], options={"verify_exp": False}
        )
    except jwt.InvalidTokenError as error:
        raise unauthorized("invalid_token") from error
    expires = claims.get("exp")
    if not isinstance(expires, int) or claims.get("type") != wanted:
        raise unauthorized("invalid_token")
    if expires <= knobs.clock().timestamp():
        raise unauthorized("expired_token")
    return claims
