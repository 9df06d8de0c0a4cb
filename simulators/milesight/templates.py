"""Entities of device models: the building blocks of the catalogue.

Source of the value_attribute keys: docs/wire/milesight.md, Entities.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from simulators.faults import Json

from .releases import ALWAYS, V130, V131, Since
from .sources import Climate, Fixed, Site, Source, Value, rounded

type EntityType = Literal["PROPERTY", "SERVICE", "EVENT"]
type ValueType = Literal["STRING", "LONG", "DOUBLE", "BOOLEAN", "BINARY", "OBJECT"]
type Access = Literal["R", "W", "RW"]
type Schedule = Literal["reports", "joining"]
"""New values come with each report of the device, or only when it joins."""


@dataclass(frozen=True, slots=True)
class Template:
    """An entity of a model; children have dotted keys, and some have no `source`."""

    key: str
    name: str
    value_type: ValueType
    source: Source | None = None
    access: Access | None = "R"
    kind: EntityType = "PROPERTY"
    attribute: Mapping[str, Json] = field(default_factory=dict)
    schedule: Schedule = "reports"
    since: Since = ALWAYS
    hidden: bool = False
    customized: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of device: its entities, loads and interval between reports (seconds).

    `gate` is the entity that switches the first load on and off.
    """

    name: str
    title: str
    entities: tuple[Template, ...]
    kinds: tuple[str, ...] = ()
    interval: int = 600
    gate: str = ""
    integration: str = "milesight-gateway"


def _attribute(unit: str | None, **more: Json) -> dict[str, Json]:
    """Return a value_attribute, with the unit if there is one."""
    named: dict[str, Json] = {} if unit is None else {"unit": unit}
    return named | more


def double(
    key: str, name: str, unit: str | None, source: Source, digits: int = 1
) -> Template:
    """Return a measured DOUBLE with its number of digits."""
    attribute = _attribute(unit, fraction_digits=digits)
    return Template(key, name, "DOUBLE", source, attribute=attribute)


def long(key: str, name: str, unit: str | None, source: Source) -> Template:
    """Return a measured LONG."""
    return Template(key, name, "LONG", source, attribute=_attribute(unit))


def climate(key: str, name: str, unit: str | None, source: Climate) -> Template:
    """Return a quantity as a LONG or a DOUBLE, depending on its digits."""
    if source.digits is None:
        return long(key, name, unit, source)
    return double(key, name, unit, source, source.digits)


def choice(key: str, name: str, labels: Mapping[str, str], source: Source) -> Template:
    """Return a LONG whose numbers have labels."""
    return Template(key, name, "LONG", source, attribute={"enum": {**labels}})


def flag(key: str, name: str, off: str, on: str, source: Source | None) -> Template:
    """Return a read-only BOOLEAN."""
    attribute: dict[str, Json] = {"enum": {"false": off, "true": on}}
    return Template(key, name, "BOOLEAN", source, attribute=attribute)


def text(key: str, name: str, value: str, **attribute: Json) -> Template:
    """Return a STRING that the device reports when it joins."""
    return Template(
        key, name, "STRING", Fixed(value), attribute=attribute, schedule="joining"
    )


def switch(key: str, name: str, value: bool = True) -> Template:
    """Return a writable BOOLEAN, which is also part of each report."""
    attribute: dict[str, Json] = {"enum": {"false": "Off", "true": "On"}}
    return Template(key, name, "BOOLEAN", Fixed(value), "RW", attribute=attribute)


def toggle(key: str, name: str, value: bool = False) -> Template:
    """Return a BOOLEAN setting."""
    attribute: dict[str, Json] = {"enum": {"false": "Disable", "true": "Enable"}}
    return setting(Template(key, name, "BOOLEAN", Fixed(value), attribute=attribute))


def number(
    key: str, name: str, unit: str | None, value: float, low: float, high: float
) -> Template:
    """Return a LONG or DOUBLE setting (like its value) within limits."""
    value_type: ValueType = "LONG" if isinstance(value, int) else "DOUBLE"
    attribute = _attribute(unit, min=low, max=high, optional=True)
    if value_type == "DOUBLE":
        attribute["fraction_digits"] = 1
    return setting(Template(key, name, value_type, Fixed(value), attribute=attribute))


def select(key: str, name: str, labels: Mapping[str, str], value: int) -> Template:
    """Return a LONG setting whose numbers have labels."""
    attribute: dict[str, Json] = {"enum": {**labels}}
    return setting(Template(key, name, "LONG", Fixed(value), attribute=attribute))


def setting(template: Template) -> Template:
    """Return the template as a writable one, reported when the device joins."""
    return replace(template, access="RW", schedule="joining")


def parent(key: str, name: str, *children: Template) -> tuple[Template, ...]:
    """Return an OBJECT, which has no value itself, and its children."""
    access: Access = "RW" if any(child.access == "RW" for child in children) else "R"
    whole = Template(key, name, "OBJECT", None, access)
    return (
        whole,
        *(replace(child, key=f"{key}.{child.key}") for child in children),
    )


def service(
    key: str, name: str, *parameters: Template, value_type: ValueType = "OBJECT"
) -> tuple[Template, ...]:
    """Return a SERVICE and its parameters."""
    return (
        Template(key, name, value_type, None, "W", "SERVICE"),
        *(
            replace(
                item, key=f"{key}.{item.key}", kind="SERVICE", access="W", source=None
            )
            for item in parameters
        ),
    )


def command(key: str, name: str) -> Template:
    """Return a SERVICE that is called with True, as most of the library's are."""
    attribute: dict[str, Json] = {"enum": {"false": "no", "true": "yes"}}
    return Template(key, name, "BOOLEAN", None, "W", "SERVICE", attribute)


def event(key: str, name: str, *parts: Template) -> tuple[Template, ...]:
    """Return an EVENT and its data."""
    whole = Template(key, name, "OBJECT", None, None, "EVENT")
    return (
        whole,
        *(
            replace(
                item, key=f"{key}.{item.key}", kind="EVENT", access=None, source=None
            )
            for item in parts
        ),
    )


@dataclass(frozen=True, slots=True)
class Current:
    """The current in mA of a channel's watts at a voltage."""

    channel: int
    voltage: Climate
    unit_per_ampere: int = 1000
    digits: int | None = None

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the current at a second."""
        volts = float(self.voltage.at(site, "voltage", when))
        amperes = site.level(self.channel, when) / volts
        return rounded(amperes * self.unit_per_ampere, self.digits)


_ONLINE = {"ONLINE": "Online", "OFFLINE": "Offline"}

COMMON = (
    text("sn", "Serial Number", "6621D{seed}0012"),
    text("hardware_version", "Hardware Version", "v1.1"),
    text("firmware_version", "Firmware Version", "v1.4"),
    text("tsl_version", "TSL Version", "v1.0"),
    replace(text("ipso_version", "IPSO Version", "v0.1"), hidden=True),
    Template(
        "@status", "Device Status", "STRING",
        attribute={"enum": {**_ONLINE}}, since=V130,
    ),
    replace(
        number("ms-offline-timeout", "Offline Timeout", "min", 1500, 1, 2880),
        since=V130,
    ),
    *(
        replace(template, since=V131)
        for template in parent(
            "@location",
            "Location",
            setting(Template("@latitude", "Latitude", "DOUBLE")),
            setting(Template("@longitude", "Longitude", "DOUBLE")),
            setting(Template("@address", "Address", "STRING")),
        )
    ),
)  # fmt: skip
"""The entities that the platform and the LoRaWAN stack add to each device."""
