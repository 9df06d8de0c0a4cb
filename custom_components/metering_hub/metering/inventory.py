"""The inventory of a server: its devices and points, and what belongs to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .model import Category, Device, Kind, Limits, Point, TextLimits


class CompositePlatform(StrEnum):
    """The platforms that show several points as one entity."""

    CLIMATE = "climate"
    DEVICE_TRACKER = "device_tracker"
    VALVE = "valve"


class Part(StrEnum):
    """The parts of composites; no platform needs all of its own."""

    # Of a thermostat.
    ACTION = "action"
    AUTO_TARGET = "auto_target"
    COOLING_TARGET = "cooling_target"
    CURRENT_HUMIDITY = "current_humidity"
    CURRENT_TEMPERATURE = "current_temperature"
    FAN_MODE = "fan_mode"
    HEATING_TARGET = "heating_target"
    HIGHEST = "highest"
    LOWEST = "lowest"
    MODE = "mode"
    POWER = "power"
    TARGET_TEMPERATURE = "target_temperature"
    # Of a tracker.
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    # Of a valve.
    COMMAND = "command"
    IS_OPEN = "is_open"
    POSITION = "position"
    TARGET_POSITION = "target_position"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One value of a group that is written together.

    `key` is that of the point which has the value, or a key of its own, unique within
    the group, if only the group can set it. `kind` is INSTANT, STATE or FLAG. The
    server refuses the whole group without a field that `is_required`.
    """

    key: str
    name: str
    kind: Kind
    unit: str | None = None
    limits: Limits | None = None
    options: tuple[str, ...] | None = None
    text: TextLimits | None = None
    is_required: bool = True

    @property
    def is_secret(self) -> bool:
        """Return True if the value is never shown, kept or written to a log."""
        return self.text is not None and self.text.is_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingGroup:
    """The values of a device that are written together, such as those of a command."""

    key: str
    device_key: str
    name: str
    fields: tuple[SettingField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """Several points that are one thing for the user, such as a thermostat.

    `parts` are point keys by part. `words` are the words that the platform has for the
    options of a part, such as "heat" for a mode; several options may have the same one,
    and those without a word are unknown. The name is that of the device, unless there
    is a `name` or `translation_key`.
    """

    key: str
    device_key: str
    platform: CompositePlatform
    parts: Mapping[Part, str] = field(hash=False)
    words: Mapping[Part, Mapping[str, str]] = field(default_factory=dict, hash=False)
    name: str | None = None
    translation_key: str | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict, hash=False)
    category: Category | None = None
    enabled_default: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KindQuestion:
    """A point of which the data do not tell the kind, or contradict the known one.

    `kind` is the present one: UNDECIDED, or the one that was believed until now.
    `suggested` is what the data suggest, if they suggest one. `week` are the lowest
    values of the last week's hours that have values, oldest first. A question that
    `is_about_rows` is asked because recorded rows are of `kind`, and the point is now
    what is `suggested`.
    """

    kind: Kind
    suggested: Kind | None
    week: Sequence[tuple[datetime, float]] = field(repr=False)
    is_about_rows: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """The devices and points of a server.

    `undecided` names the set-up fields that the server does not answer, so the user has
    to. `choices` maps the names of set-up fields to the options that were found: labels
    by value. `questions` are about the kinds of points, by point key. `grid_candidates`
    and `solar_candidates` are the keys of the devices whose points have the role of a
    grid meter or of a solar one, if that is a guess which the user has to confirm. If
    `meters_are_consumers`, they count single consumers unless the user says otherwise.
    `groups` and `composites` are by their own keys.
    """

    devices: Mapping[str, Device]
    points: Mapping[str, Point]
    undecided: frozenset[str] = frozenset()
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    questions: Mapping[str, KindQuestion] = field(default_factory=dict)
    grid_candidates: frozenset[str] = frozenset()
    solar_candidates: frozenset[str] = frozenset()
    meters_are_consumers: bool = False
    groups: Mapping[str, SettingGroup] = field(default_factory=dict)
    composites: Mapping[str, Composite] = field(default_factory=dict)

    def select(self, device_keys: frozenset[str]) -> Inventory:
        """Return the part of this inventory that belongs to these devices."""
        points = _of_devices(self.points, device_keys)
        return Inventory(
            {key: device for key, device in self.devices.items() if key in device_keys},
            points,
            self.undecided,
            self.choices,
            {key: each for key, each in self.questions.items() if key in points},
            self.grid_candidates & device_keys,
            self.solar_candidates & device_keys,
            self.meters_are_consumers,
            _of_devices(self.groups, device_keys),
            _of_devices(self.composites, device_keys),
        )


def _of_devices[Item: (Point, SettingGroup, Composite)](
    items: Mapping[str, Item], device_keys: frozenset[str]
) -> dict[str, Item]:
    """Return the items that belong to these devices, by key."""
    return {key: item for key, item in items.items() if item.device_key in device_keys}
