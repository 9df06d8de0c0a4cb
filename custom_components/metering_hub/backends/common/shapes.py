"""Require the shape of an answer: "there is nothing" is only what a server says.

An answer of another shape must not be taken for an empty one, because nobody would ask
again. The functions of `parse` are for the values inside an answer.
"""

from ..errors import ProtocolError
from .http import Json
from .messages import Request


def require_object(value: Json, source: Request | str) -> dict[str, Json]:
    """Return a JSON object; raises ProtocolError for anything else.

    `source` is the request that the value answers, which the error names.
    """
    if not isinstance(value, dict):
        raise ProtocolError(f"{source}: no object")
    return value


def require_objects(value: Json, source: Request | str) -> list[dict[str, Json]]:
    """Return the objects of a JSON list; a single invalid item is ignored.

    Raises ProtocolError unless it is a list that is empty or has at least one object.
    """
    if not isinstance(value, list):
        raise ProtocolError(f"{source}: no list")
    objects = [item for item in value if isinstance(item, dict)]
    if value and not objects:
        raise ProtocolError(f"{source}: a list without a single object")
    return objects


def require_some[T](
    parsed: list[T], rows: list[dict[str, Json]], source: Request | str
) -> list[T]:
    """Return what was parsed of rows, of which single ones may be unreadable.

    Raises ProtocolError if none could be read: that is not an empty list.
    """
    if rows and not parsed:
        raise ProtocolError(f"{source}: a list without a single readable row")
    return parsed
