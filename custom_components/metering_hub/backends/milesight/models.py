"""What Beaver IoT's endpoints answer, typed; units are the server's.

Source of every wire fact: ../shared/wire/milesight.md, read from the server's sources,
releases 1.0.0 to 1.3.1. Any field may be missing, because the server leaves out nulls.
Ids are snowflake numbers beyond 2**53, so they are texts everywhere here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from ..common.http import Json
from ..common.parse import as_decimal, as_integer, as_object, as_objects, as_text


class EntityType(StrEnum):
    """What an entity is; only a PROPERTY has a latest value."""

    PROPERTY = "PROPERTY"
    SERVICE = "SERVICE"


class ValueType(StrEnum):
    """The types of values that the integration can show."""

    STRING = "STRING"
    LONG = "LONG"
    DOUBLE = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    OBJECT = "OBJECT"


NUMERIC = frozenset({ValueType.LONG, ValueType.DOUBLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who is logged in.

    `is_super_admin` is `None` where the server does not say. Nothing that names the
    person is kept.
    """

    user_id: str | None = field(repr=False)
    tenant_id: str | None = field(repr=False)
    is_super_admin: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device.

    `key` is "<integration>.device.<identifier>". `model` and `eui` are the only parts
    of `additional_data` that are kept: it also holds the LoRaWAN key of the device.
    """

    id: str
    key: str = field(repr=False)
    name: str | None = field(repr=False)
    integration: str | None
    model: str | None
    eui: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRow:
    """An entity of a device or of an integration.

    Its key is that of what it belongs to, and behind a dot its own identifier; a
    child's has one more part. `labels` are the words of an enum by the value's text.
    """

    id: str
    key: str = field(repr=False)
    name: str | None
    type: EntityType
    value_type: ValueType
    writable: bool
    integration_name: str | None
    unit: str | None
    labels: Mapping[str, str]
    lowest: float | None
    highest: float | None
    fraction_digits: int | None
    format: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationRow:
    """What brings devices and entities into the server, by its id and name."""

    id: str
    name: str | None


class Aggregate(StrEnum):
    """What is made of the values of a span; see `MilesightClient.aggregate`."""

    LAST = "LAST"
    LOWEST = "MIN"
    HIGHEST = "MAX"
    AVERAGE = "AVG"
    SUM = "SUM"


class Status(NamedTuple):
    """The latest value of an entity; `time` is aware UTC, `None` where not told.

    A tuple, because thousands are made at every poll.
    """

    value: Json
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored value of an entity; `time` is aware UTC."""

    entity_id: str
    time: datetime
    value: Json


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """A page of a list: its usable rows, how many came, and the whole list's length."""

    rows: Sequence[Row]
    size: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerInfo:
    """Where the MQTT broker is; what is absent is the same as for the web page."""

    host: str | None
    mqtt_port: int | None
    mqtts_port: int | None
    ws_path: str
    ws_port: int | None
    wss_port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLogin:
    """The name and password that all web clients of a tenant share."""

    client_id: str | None = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)


type Object = dict[str, Json]

NOTHING: Mapping[str, Status] = {}

_WRITABLE = frozenset({"W", "RW"})
_LATEST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC).timestamp() * 1000
_DIGITS = 20
"""More digits than any moment has; Python refuses to read thousands of them."""


def as_id(value: Json) -> str | None:
    """Return an id as text, never by way of a float, which would round it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if text.isascii() and text.isdigit() else None


def as_millis(value: Json) -> datetime | None:
    """Return a moment given in epoch milliseconds, as a number or as text.

    Made for many rows, so that it takes whole numbers only.
    """
    if isinstance(value, str):
        if not value.isdecimal() or len(value) >= _DIGITS:
            return None
        value = int(value)
    elif isinstance(value, bool) or not isinstance(value, int):
        return None
    if not 0 <= value < _LATEST_MOMENT:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)


def read_page[Row](data: Json, read: Callable[[Object], Row | None]) -> Page[Row]:
    """Return a page object; rows that cannot be read are not in it, but counted."""
    page = as_object(data)
    content = page.get("content")
    rows = [row for item in as_objects(content) if (row := read(item)) is not None]
    size = len(content) if isinstance(content, list) else 0
    total = as_integer(page.get("total"))
    return Page(rows, size, size if total is None else total)


def read_user(data: Json) -> User:
    """Return who is logged in."""
    user = as_object(data)
    is_admin = user.get("is_super_admin")
    return User(
        user_id=_word(user.get("user_id")),
        tenant_id=_word(user.get("tenant_id")),
        is_super_admin=is_admin if isinstance(is_admin, bool) else None,
    )


def _word(value: Json) -> str | None:
    """Return an id of any spelling as text."""
    return as_text(value) or as_id(value)


def read_device(row: Object) -> DeviceRow | None:
    """Return a row of device/search."""
    device_id, key = as_id(row.get("id")), as_text(row.get("key"))
    if device_id is None or key is None:
        return None
    more = as_object(row.get("additional_data"))
    return DeviceRow(
        id=device_id,
        key=key,
        name=as_text(row.get("name")),
        integration=as_text(row.get("integration")),
        model=as_text(more.get("deviceModel")),
        eui=as_text(more.get("eui")) or as_text(row.get("identifier")),
    )


def read_entity(row: Object) -> EntityRow | None:
    """Return a row of entity/search or entity/advanced-search.

    Rows of types that have no place in Home Assistant are left out: EVENT, BINARY and
    whatever a later release brings.
    """
    entity_id, key = as_id(row.get("entity_id")), as_text(row.get("entity_key"))
    try:
        entity_type = EntityType(as_text(row.get("entity_type")) or "")
        value_type = ValueType(as_text(row.get("entity_value_type")) or "")
    except ValueError:
        return None
    if entity_id is None or key is None:
        return None
    access = as_text(row.get("entity_access_mod")) or ""
    attribute = as_object(row.get("entity_value_attribute"))
    return EntityRow(
        id=entity_id,
        key=key,
        name=as_text(row.get("entity_name")),
        type=entity_type,
        value_type=value_type,
        writable=access in _WRITABLE,
        integration_name=as_text(row.get("integration_name")),
        unit=as_text(attribute.get("unit")),
        labels=dict(_labels(attribute.get("enum"))),
        lowest=as_float(attribute.get("min")),
        highest=as_float(attribute.get("max")),
        fraction_digits=as_integer(attribute.get("fraction_digits")),
        format=as_text(attribute.get("format")),
    )


def read_integration(row: Object) -> IntegrationRow | None:
    """Return a row of integration/search, or integration/{id}."""
    if (integration_id := _word(row.get("id"))) is None:
        return None
    return IntegrationRow(id=integration_id, name=as_text(row.get("name")))


def read_meta(data: Json, entity_id: str) -> EntityRow | None:
    """Return what entity/{id}/meta says, whose names are shorter; 1.0 gives no id."""
    meta = as_object(data)
    return read_entity(
        {
            **{f"entity_{name}": value for name, value in meta.items()},
            "entity_id": entity_id,
        }
    )


def _labels(enum: Json) -> Iterator[tuple[str, str]]:
    """Yield the values of an enum with their words, each word only once."""
    taken = set[str]()
    for value, label in as_object(enum).items():
        word = as_text(label) or value
        if word in taken:
            word = f"{word} ({value})"
        taken.add(word)
        yield value, word


def as_float(value: Json) -> float | None:
    """Return a finite number as a float."""
    number = as_decimal(value)
    return None if number is None else float(number)


def read_status(data: Json) -> Status | None:
    """Return a latest value; an empty object means that there is none yet.

    The time is `timestamp` since 1.3.0, and was `updated_at` before.
    """
    row = as_object(data)
    if row.get("value") is None:
        return None
    return Status(row["value"], as_millis(row.get("timestamp", row.get("updated_at"))))


def read_statuses(
    rows: Object, before: Object | None = None, known: Mapping[str, Status] = NOTHING
) -> dict[str, Status]:
    """Return the latest values of rows by entity id.

    A row that is as it was `before` is not read again: what is `known` of it counts,
    and is the same object, so that who asked sees at once what has changed.
    """
    old = before or {}
    found: dict[str, Status] = {}
    for key, row in rows.items():
        status = known.get(key) if old.get(key) == row else read_status(row)
        if status is not None:
            found[key] = status
    return found


def read_entity_value(row: Object) -> tuple[str, Status] | None:
    """Return id and latest value of a row of advanced-search, which has no time."""
    entity_id = as_id(row.get("entity_id"))
    value = row.get("entity_latest_value")
    if entity_id is None or value is None:
        return None
    return entity_id, Status(value, None)


def read_stored(row: Object, asked: str | None) -> Stored | None:
    """Return a row of history/search.

    Where one entity was `asked` for, a row need not say whose value it is.
    """
    entity_id = as_id(row.get("entity_id")) or asked
    time = as_millis(row.get("timestamp"))
    if entity_id is None or time is None:
        return None
    return Stored(entity_id, time, row.get("value"))


def read_broker(data: Json) -> BrokerInfo:
    """Return where the broker is."""
    row = as_object(data)
    return BrokerInfo(
        host=as_text(row.get("host")),
        mqtt_port=as_integer(row.get("mqtt_port")),
        mqtts_port=as_integer(row.get("mqtts_port")),
        ws_path=as_text(row.get("ws_path")) or "/mqtt",
        ws_port=as_integer(row.get("ws_port")),
        wss_port=as_integer(row.get("wss_port")),
    )


def read_broker_login(data: Json) -> BrokerLogin | None:
    """Return how to log in to the broker."""
    row = as_object(data)
    username, password = as_text(row.get("username")), as_text(row.get("password"))
    if username is None or password is None:
        return None
    return BrokerLogin(
        client_id=as_text(row.get("client_id")), username=username, password=password
    )
