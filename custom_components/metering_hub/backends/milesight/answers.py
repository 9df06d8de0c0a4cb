"""What Beaver IoT's endpoints answer, typed; units are the server's.

Source of every wire fact: ../shared/wire/milesight.md, read from the server's sources,
releases 1.0.0 to 1.3.1. Any field may be missing, because the server leaves out nulls.
Ids are snowflake numbers beyond 2**53, so they are texts everywhere here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ..http import Json


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
