"""A request to a server and its answer, as backends see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

JSON_TYPE = "application/json"

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
type QueryValue = str | int | Sequence[str | int]

TOTAL_TIMEOUT = 15.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `path` starts with a slash and is used exactly as it stands.

    `timeout` is in seconds for the whole exchange. `idempotent` says that sending it
    twice does no harm; GET and HEAD always are. `accept` asks for another format than
    JSON, whose text the answer then has. With the `etag` of an answer that is kept, the
    server may say that it still stands (304, without a body).
    """

    method: str = "GET"
    path: str
    params: Mapping[str, QueryValue] | None = field(default=None, repr=False)
    json: Json = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    timeout: float = TOTAL_TIMEOUT
    max_bytes: int = MAX_ANSWER_BYTES
    idempotent: bool = False
    accept: str = JSON_TYPE
    etag: str | None = None

    def __str__(self) -> str:
        """Name the endpoint, without the query, which may say too much for a log."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer; `body` is its JSON, or `None` where it is none.

    `text` is the body where another format was asked for and came.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Json = field(repr=False)
    is_json: bool
    text: str | None = field(default=None, repr=False)
