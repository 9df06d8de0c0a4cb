"""Find the points of a device that are one thing, such as a thermostat.

They are found by the identifiers and the words of the entities, because the models that
have them differ in little else. Source: docs/wire/milesight.md, Composites.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
import re

from ...metering.inventory import Composite, CompositePlatform, Part
from ...metering.model import Category, Kind, Point
from ..common.concurrency import LoopYielder
from .points import slug
from .sources import DeviceEntity, Source

_DEVICES_AT_ONCE = 20
"""How many devices are searched before other tasks get the event loop."""

_TEMPERATURE_UNITS = frozenset({"°C", "°F"})

type _Entities = Mapping[str, Source]
"""The sources of a device, by the identifiers of their entities."""


@dataclass(frozen=True, slots=True)
class _Search:
    """The identifiers that a part can have, in order of preference.

    Of a part with `words`, these are the platform's by the server's, in snake case; one
    that has none of them is another thing of the same name.
    """

    part: Part
    identifiers: tuple[str, ...]
    words: Mapping[str, str] | None = None


_TARGETS = (
    Part.TARGET_TEMPERATURE,
    Part.HEATING_TARGET,
    Part.COOLING_TARGET,
    Part.AUTO_TARGET,
)
_SWITCHED = {"off": "off", "on": "on"}
_MODES = {
    "heat": "heat",
    "em_heat": "heat",
    "cool": "cool",
    # The thermostat changes over by itself; it follows no schedule in this mode.
    "auto": "heat_cool",
    "auto_heat": "heat_cool",
    "auto_cool": "heat_cool",
    "fan": "fan_only",
    "ventilation": "fan_only",
    "off": "off",
}
_FAN_MODES = {
    "auto": "auto",
    "on": "on",
    "off": "off",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "circulate": "circulate",
    "disable": "disabled",
    # The same label, as a key of its translation.
    "disabled": "disabled",
}
_ACTIONS = {
    "standby": "idle",
    "heat": "heating",
    "em_heat": "heating",
    "cool": "cooling",
    **{f"stage_{stage}_heat": "heating" for stage in range(1, 5)},
    **{f"stage_{stage}_cool": "cooling" for stage in range(1, 3)},
}

_THERMOSTAT = (
    _Search(Part.CURRENT_TEMPERATURE, ("temperature",)),
    _Search(Part.CURRENT_HUMIDITY, ("humidity",)),
    _Search(
        Part.TARGET_TEMPERATURE,
        (
            "target_temperature.target_temperature",
            "target_temperature",
            "target_temperature_1",
            "target_temperature1",
        ),
    ),
    _Search(
        Part.HEATING_TARGET,
        ("heating_target_temperature", "target_temperature_settings.heat"),
    ),
    _Search(
        Part.COOLING_TARGET,
        ("cooling_target_temperature", "target_temperature_settings.cool"),
    ),
    _Search(Part.AUTO_TARGET, ("target_temperature_settings.auto",)),
    _Search(Part.LOWEST, ("target_temperature_range.min",)),
    _Search(Part.HIGHEST, ("target_temperature_range.max",)),
    _Search(
        Part.MODE,
        (
            "target_temperature.temperature_control_mode",
            "temperature_control_mode",
            "mode",
        ),
        _MODES,
    ),
    _Search(Part.POWER, ("system_status", "thermostat_status"), _SWITCHED),
    _Search(Part.FAN_MODE, ("fan_mode", "fan_control_mode", "fan_speed"), _FAN_MODES),
    _Search(
        Part.ACTION,
        ("temperature_control_info.status", "temperature_control_status"),
        _ACTIONS,
    ),
)

_OPENED = {"close": "off", "closed": "off", "open": "on"}
_VALVE = (
    _Search(Part.IS_OPEN, ("valve_{number}",), _OPENED),
    _Search(Part.COMMAND, ("valve_{number}_task.valve_status",), _OPENED),
    _Search(Part.POSITION, ("valve_{number}_opening",)),
    _Search(Part.TARGET_POSITION, ("valve_{number}_task.valve_opening",)),
)
_VALVE_NUMBER = re.compile(r"valve_(\d+)(?:_opening)?")

_LOCATION = "@location"


async def make_composites(
    entities: Sequence[DeviceEntity], sources: Mapping[str, Source]
) -> tuple[dict[str, Source], dict[str, Composite]]:
    """Return the sources, some of which are only parts, and the composites by key."""
    keys: dict[str, str] = {}
    for key, source in sources.items():
        # A setting comes before the sensor beside it.
        keys.setdefault(source.entity.id, key)
    devices = defaultdict[str, dict[str, Source]](dict)
    for each in entities:
        if (found_key := keys.get(each.entity.id)) is not None:
            devices[each.device.key][each.identifier] = sources[found_key]
    yielder = LoopYielder(_DEVICES_AT_ONCE)
    changed, composites = dict(sources), dict[str, Composite]()
    for device_key, found in devices.items():
        await yielder.spend(1)
        for composite in _composites(device_key, found):
            key = slug(composite.key, sources)
            composites[key] = replace(composite, key=key)
            for point_key in _shown_only_there(composite):
                source = changed[point_key]
                point = replace(source.point, is_part=True, has_history=False)
                changed[point_key] = replace(source, point=point)
    return changed, composites


def _shown_only_there(composite: Composite) -> Iterator[str]:
    """Yield the keys of the points that would say nothing more by themselves.

    The settings of a thermostat and the opening of a valve stay: they have history, or
    can be set where the composite cannot.
    """
    for part in (Part.LATITUDE, Part.LONGITUDE, Part.IS_OPEN):
        if part in composite.parts:
            yield composite.parts[part]


def _composites(device_key: str, entities: _Entities) -> Iterator[Composite]:
    """Yield the composites of a device."""
    if (thermostat := _thermostat(device_key, entities)) is not None:
        yield thermostat
    yield from _valves(device_key, entities)
    yield from _trackers(device_key, entities)


def _thermostat(device_key: str, entities: _Entities) -> Composite | None:
    """Return the thermostat of a device, if it measures and controls a temperature."""
    found = _find(_THERMOSTAT, entities)
    current = found.get(Part.CURRENT_TEMPERATURE)
    if current is None or current.unit not in _TEMPERATURE_UNITS:
        return None
    temperatures = (Part.LOWEST, Part.HIGHEST, *_TARGETS)
    parts = {
        part: point
        for part, point in found.items()
        if part not in temperatures or _is_alike(point, current)
    }
    if not any(part in parts and parts[part].writable for part in _TARGETS):
        return None
    return _composite(
        f"{device_key}_thermostat", CompositePlatform.CLIMATE, _THERMOSTAT, parts
    )


def _is_alike(point: Point, current: Point) -> bool:
    """Return True if a point is a number in the unit of the current temperature."""
    return point.kind is Kind.INSTANT and point.unit == current.unit


def _valves(device_key: str, entities: _Entities) -> Iterator[Composite]:
    """Yield the numbered valves of a valve controller."""
    numbers = {
        match[1]
        for identifier in entities
        if (match := _VALVE_NUMBER.fullmatch(identifier)) is not None
    }
    for number in sorted(numbers):
        search = [
            replace(
                each,
                identifiers=tuple(
                    text.format(number=number) for text in each.identifiers
                ),
            )
            for each in _VALVE
        ]
        parts = _find(search, entities)
        orders = {Part.COMMAND: Part.IS_OPEN, Part.TARGET_POSITION: Part.POSITION}
        can_be_set = any(
            parts[order].writable and shown in parts
            for order, shown in orders.items()
            if order in parts
        )
        if can_be_set:
            composite = _composite(
                f"{device_key}_numbered_valve_{number}",
                CompositePlatform.VALVE,
                search,
                parts,
            )
            yield replace(
                composite, translation_key="valve", placeholders={"number": number}
            )


def _trackers(device_key: str, entities: _Entities) -> Iterator[Composite]:
    """Yield a tracker for a measured position, and one for that on the server's map."""
    measured = _find(
        (
            _Search(Part.LATITUDE, ("latitude",)),
            _Search(Part.LONGITUDE, ("longitude",)),
        ),
        entities,
    )
    if _is_position(measured):
        yield _composite(
            f"{device_key}_tracker", CompositePlatform.DEVICE_TRACKER, (), measured
        )
    given = _find(
        (
            _Search(Part.LATITUDE, (f"{_LOCATION}.@latitude",)),
            _Search(Part.LONGITUDE, (f"{_LOCATION}.@longitude",)),
        ),
        entities,
    )
    if _is_position(given):
        tracker = _composite(
            f"{device_key}_map_tracker", CompositePlatform.DEVICE_TRACKER, (), given
        )
        yield replace(
            tracker,
            translation_key="map_position",
            category=Category.DIAGNOSTIC,
            enabled_default=False,
        )


def _is_position(parts: Mapping[Part, Point]) -> bool:
    """Return True if both coordinates are there, as numbers that nobody sets here."""
    return len(parts) == 2 and all(
        point.kind is Kind.INSTANT for point in parts.values()
    )


def _find(search: Iterable[_Search], entities: _Entities) -> dict[Part, Point]:
    """Return the points that were found, by part; of several, one that can be set."""
    found: dict[Part, Point] = {}
    for each in search:
        points = [
            entities[identifier].point
            for identifier in each.identifiers
            if identifier in entities and _is_meant(each, entities[identifier])
        ]
        if points:
            found[each.part] = next((p for p in points if p.writable), points[0])
    return found


def _is_meant(search: _Search, source: Source) -> bool:
    """Return True if an entity has the kind and the words of a part."""
    point = source.point
    if search.words is None:
        return point.kind is Kind.INSTANT
    if point.kind is Kind.FLAG:
        return _means_on(search.words, source)
    return bool(_words(search.words, point))


def _means_on(words: Mapping[str, str], source: Source) -> bool:
    """Return True if the labels of a flag say that true is on, or open."""
    labels = source.entity.labels
    label = labels.get("true") or labels.get("1") or ""
    return words.get(_snake_case(label)) == "on"


def _words(words: Mapping[str, str], point: Point) -> dict[str, str]:
    """Return the words of a point's options that have one."""
    return {
        option: word
        for option in point.options or ()
        if (word := words.get(_snake_case(option))) is not None
    }


def _snake_case(text: str) -> str:
    """Return a label in lower case, with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _composite(
    key: str,
    platform: CompositePlatform,
    search: Iterable[_Search],
    parts: Mapping[Part, Point],
) -> Composite:
    """Return a composite of these points, which are of one device."""
    words = {
        each.part: _words(each.words, parts[each.part])
        for each in search
        if each.words is not None and each.part in parts
    }
    return Composite(
        key=key,
        device_key=next(iter(parts.values())).device_key,
        platform=platform,
        parts={part: point.key for part, point in parts.items()},
        words={part: found for part, found in words.items() if found},
    )
