"""The answers of Beaver IoT's endpoints as dataclasses, and their parsers.

Values keep the server's units. Any field may be missing, because the server omits
nulls. Ids are snowflake numbers beyond 2**53, so they are handled as text. Source:
docs/wire/milesight.md, JSON, Devices and Entities.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from ..common.http import Json
from ..common.parse import as_integer, as_number, as_object, as_text, as_whole_text
from ..common.shapes import require_object, require_objects
from ..common.times import LATEST_SECONDS
from ..errors import ProtocolError

type Object = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The user that is logged in, without name or email address.

    `is_super_admin` is `None` if the server does not report it.
    """

    user_id: str | None = field(repr=False)
    tenant_id: str | None = field(repr=False)
    is_super_admin: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device.

    `key` is "<integration>.device.<identifier>". `model` and `eui` are the only parts
    of `additional_data` that are kept, because that also holds the device's LoRaWAN
    key. `gateway` is the identifier of the gateway that the device reports through.
    """

    id: str
    key: str = field(repr=False)
    name: str | None = field(repr=False)
    integration: str | None
    model: str | None
    gateway: str | None = field(default=None, repr=False)
    group: str | None = field(default=None, repr=False)


class Status(NamedTuple):
    """The latest value of an entity; `time` is aware UTC, `None` if not reported.

    This is a tuple because thousands are created by every poll.
    """

    value: Json
    time: datetime | None


class StoredValue(NamedTuple):
    """One stored value of an entity; `millis` is its time in epoch milliseconds.

    `id` grows in the order of arrival; 1.0.0 does not report it. This is a tuple
    because a history has millions of them.
    """

    entity_id: str
    millis: int
    value: Json
    id: int | None = None

    @property
    def time(self) -> datetime:
        """Return the time as a moment in UTC."""
        return _moment(self.millis)


@dataclass(frozen=True, slots=True)
class Aggregated:
    """An aggregate of stored values, or how often one of them occurs."""

    value: Json
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """A page of a list.

    `rows` are the rows that could be parsed, `size` is the number of rows on the page,
    and `total` the length of the whole list. `answer_bytes` is the size of the answer,
    where it is known.
    """

    rows: Sequence[Row]
    size: int
    total: int
    answer_bytes: int = 0


_LATEST_MILLIS = LATEST_SECONDS * 1000
_MAX_DIGITS = 20
"""More digits than any timestamp has; Python refuses to convert thousands of them."""
_MOST = 10 ** (_MAX_DIGITS - 1)


def as_id(value: Json) -> str | None:
    """Return an id as text, without the rounding that a float would cause."""
    # `str | int` would be put together again for each of millions of rows.
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return text if is_number else None


def as_whole_number(value: Json) -> int | None:
    """Return a number of less than 20 digits without a sign, which may be text."""
    if isinstance(value, str):
        is_number = value.isascii() and value.isdecimal() and len(value) < _MAX_DIGITS
        return int(value) if is_number else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MOST else None


def as_millis(value: Json) -> int | None:
    """Return epoch milliseconds, a whole number or text, of a possible time."""
    millis = as_whole_number(value)
    return None if millis is None or millis >= _LATEST_MILLIS else millis


def from_millis(value: Json) -> datetime | None:
    """Return epoch milliseconds, a whole number or text, as a moment in UTC.

    This does not use `from_epoch`, because it runs for every row of every poll.
    """
    millis = as_millis(value)
    return None if millis is None else _moment(millis)


def _moment(millis: int) -> datetime:
    """Return epoch milliseconds as a moment in UTC."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def parse_page[Row](
    data: Json, parse: Callable[[Object], Row | None], skipped: int
) -> Page[Row]:
    """Parse a page; rows that `parse` rejects are only counted.

    Raises ProtocolError without `total`, which alone says that there is nothing, and
    for a page without rows although `total` is more than the rows `skipped` before it.
    The server omits null fields, so an empty page may have no content at all.
    """
    page = require_object(data, "a page")
    content, total = page.get("content"), as_integer(page.get("total"))
    items = require_objects([] if content is None else content, "a page")
    rows = [row for item in items if (row := parse(item)) is not None]
    size = len(content) if isinstance(content, list) else 0
    if total is None or (size == 0 and total > skipped):
        raise ProtocolError("a page without the rows of its total")
    return Page(rows, size, total)


def parse_user(data: Json) -> User:
    """Parse the answer of user."""
    user = as_object(data)
    is_admin = user.get("is_super_admin")
    return User(
        user_id=_text_or_id(user.get("user_id")),
        tenant_id=_text_or_id(user.get("tenant_id")),
        is_super_admin=is_admin if isinstance(is_admin, bool) else None,
    )


def _text_or_id(value: Json) -> str | None:
    """Return an id that may be any text, such as a tenant's, or a number."""
    return as_text(value) or as_id(value)


def parse_device(row: Object) -> DeviceRow | None:
    """Parse a row of device/search; `None` without an id or a key."""
    device_id, key = as_id(row.get("id")), as_whole_text(row.get("key"))
    if device_id is None or key is None:
        return None
    additional = as_object(row.get("additional_data"))
    return DeviceRow(
        id=device_id,
        key=key,
        name=as_text(row.get("name")),
        integration=as_text(row.get("integration")),
        model=as_text(additional.get("deviceModel")),
        gateway=as_text(additional.get("gatewayEUI")),
        group=as_text(row.get("group_name")),
    )


def parse_status(data: Json) -> Status | None:
    """Parse a latest value; `None` for an empty object, which means no value yet.

    The time is `timestamp` since 1.3.0 and `updated_at` in older releases.
    """
    if not isinstance(data, dict) or (value := data.get("value")) is None:
        return None
    millis = data["timestamp"] if "timestamp" in data else data.get("updated_at")
    return Status(
        value, _shared_time(millis) if isinstance(millis, str) else from_millis(millis)
    )


@lru_cache(maxsize=2048)
def _shared_time(millis: str) -> datetime | None:
    """Return epoch milliseconds as a moment: the same one for all values of an uplink.

    Thousands of values are read at once, and few of their times differ.
    """
    return from_millis(millis)


def parse_statuses(
    rows: Object,
    last_rows: Mapping[str, Json] | None = None,
    last_statuses: Mapping[str, Status] | None = None,
) -> dict[str, Status]:
    """Parse the latest values in rows by entity id.

    A row that equals its `last_rows` counterpart keeps the `Status` object that it has
    in `last_statuses`, so that it is not parsed again and seen at once to be unchanged.
    """
    old_rows, old_statuses = last_rows or {}, last_statuses or {}
    statuses: dict[str, Status] = {}
    for key, row in rows.items():
        is_unchanged = old_rows.get(key) == row
        status = old_statuses.get(key) if is_unchanged else parse_status(row)
        if status is not None:
            statuses[key] = status
    return statuses


def parse_entity_value(row: Object) -> tuple[str, Status] | None:
    """Parse id and latest value of a row of advanced-search, which has no time."""
    entity_id = as_id(row.get("entity_id"))
    value = row.get("entity_latest_value")
    if entity_id is None or value is None:
        return None
    return entity_id, Status(value, None)


def parse_aggregate(data: Json) -> Sequence[Aggregated]:
    """Parse the answer of history/aggregate; it is empty if nothing is stored."""
    row = as_object(data)
    counts = row.get("count_result")
    if isinstance(counts, list):
        rows = require_objects(counts, "an aggregate")
        return [
            Aggregated(_typed(each), as_integer(each.get("count"))) for each in rows
        ]
    return [] if row.get("value") is None else [Aggregated(_typed(row))]


def _typed(row: Object) -> Json:
    """Return the value of a row; LONG values, and their mean, are text."""
    is_text = row.get("value_type") == "STRING"
    number = None if is_text else as_number(row.get("value"))
    return row.get("value") if number is None else number


def parse_stored_value(row: Object, requested_id: str | None) -> StoredValue | None:
    """Parse a row of history/search.

    `requested_id` is the entity of a request for a single one: 1.0.0 omits it in rows.
    """
    entity_id = as_id(row.get("entity_id")) or requested_id
    millis = as_millis(row.get("timestamp"))
    if entity_id is None or millis is None:
        return None
    row_id = as_whole_number(row.get("id"))
    return StoredValue(entity_id, millis, row.get("value"), row_id)
