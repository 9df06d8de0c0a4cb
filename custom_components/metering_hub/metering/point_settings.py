"""What the user said about single points, as the options of a config entry store it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from .data_quality import CONF_DATA_QUALITY
from .model import Kind, Point, Quantity, Role
from .own_currency import CONF_OWN_CURRENCY

CONF_POINTS = "points"
"""The option that holds a mapping of settings per point key."""

CONF_TRUSTED = "trusted"
"""The setting of points whose readings are taken as they are."""

CONF_FACTOR = "factor"
CONF_HAS_SENSOR = "has_sensor"
CONF_KIND = "kind"
CONF_QUANTITY = "quantity"
CONF_ROLE = "role"
CONF_UNIT = "unit"

NO_ROLE = "none"
"""The stored role of a point that has none, whatever the backend says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSettings:
    """The settings of one point.

    The readings of a register that `is_trusted` are taken as they are: the rules that
    hold back what its meter could not have measured are off. The others replace what
    the backend says or finds out, unless they are `None`. A point that `is_roleless`
    has no role, whatever the backend says. `factor` is what one of the server's units,
    such as a pulse, is worth in `unit`. A setting that `has_sensor` is shown by a
    sensor, too.
    """

    is_trusted: bool = False
    kind: Kind | None = None
    quantity: Quantity | None = None
    role: Role | None = None
    unit: str | None = None
    is_roleless: bool = False
    factor: float | None = None
    has_sensor: bool = False

    @classmethod
    def of(cls, options: Mapping[str, object], key: str) -> PointSettings:
        """Return the settings that the options of a config entry have under a key."""
        stored = _stored(options).get(key)
        if not isinstance(stored, Mapping):
            return NOTHING_SAID
        unit = stored.get(CONF_UNIT)
        return cls(
            is_trusted=stored.get(CONF_TRUSTED) is True,
            kind=_member(Kind, stored.get(CONF_KIND)),
            quantity=_member(Quantity, stored.get(CONF_QUANTITY)),
            role=_member(Role, stored.get(CONF_ROLE)),
            unit=unit if isinstance(unit, str) and unit else None,
            is_roleless=stored.get(CONF_ROLE) == NO_ROLE,
            factor=_factor(stored.get(CONF_FACTOR)),
            has_sensor=stored.get(CONF_HAS_SENSOR) is True,
        )

    @classmethod
    def of_point(cls, options: Mapping[str, object], point: Point) -> PointSettings:
        """Return the settings of a point, which may be under one of its former keys."""
        return cls.of(options, _settings_key(options, point))

    @property
    def stored(self) -> dict[str, object]:
        """Return the settings as the options store them, without those not made."""
        role = NO_ROLE if self.is_roleless else self.role and self.role.value
        values = {
            CONF_TRUSTED: self.is_trusted or None,
            CONF_KIND: self.kind and self.kind.value,
            CONF_QUANTITY: self.quantity and self.quantity.value,
            CONF_ROLE: role,
            CONF_UNIT: self.unit,
            CONF_FACTOR: self.factor,
            CONF_HAS_SENSOR: self.has_sensor or None,
        }
        return {name: value for name, value in values.items() if value is not None}


NOTHING_SAID = PointSettings()
"""The settings of a point that the user said nothing about."""

_NAMES = (
    *(CONF_TRUSTED, CONF_KIND, CONF_QUANTITY, CONF_ROLE, CONF_UNIT),
    *(CONF_FACTOR, CONF_HAS_SENSOR),
)


def _settings_key(options: Mapping[str, object], point: Point) -> str:
    """Return the key that a point's settings are under, or else its present key."""
    stored = _stored(options)
    return next((k for k in (point.key, *point.former_keys) if k in stored), point.key)


def _factor(value: object) -> float | None:
    """Return a stored factor, or `None` if it is missing or not above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if value > 0 else None


def _member[Choice: StrEnum](choices: type[Choice], value: object) -> Choice | None:
    """Return a stored choice, or `None` if it is missing or no longer exists."""
    return choices(value) if isinstance(value, str) and value in choices else None


def settings_by_key(options: Mapping[str, object]) -> dict[str, PointSettings]:
    """Return all settings by point key, including those of points that are gone."""
    return {key: PointSettings.of(options, key) for key in _stored(options)}


def trusted_keys(options: Mapping[str, object]) -> frozenset[str]:
    """Return the keys of all trusted points, including those that are gone."""
    return frozenset(
        key for key in _stored(options) if PointSettings.of(options, key).is_trusted
    )


def with_present_keys(
    options: Mapping[str, object], points: Iterable[Point]
) -> dict[str, object]:
    """Return options in which the settings of points are under their present keys."""
    settings = dict(_stored(options))
    for point in points:
        found = [settings.pop(k) for k in point.former_keys if k in settings]
        if found:
            settings.setdefault(point.key, found[0])
    return _with_stored(options, settings)


def with_settings(
    options: Mapping[str, object], point: Point, settings: PointSettings
) -> dict[str, object]:
    """Return options with the settings of a point, under its present key.

    What a later version has stored of the point stays.
    """
    present = with_present_keys(options, [point])
    points = _stored(present)
    stored = points.get(point.key)
    before = stored if isinstance(stored, Mapping) else {}
    kept = {name: value for name, value in before.items() if name not in _NAMES}
    return _with_stored(present, {**points, point.key: {**kept, **settings.stored}})


def with_kind(
    options: Mapping[str, object], point: Point, kind: Kind
) -> dict[str, object]:
    """Return options in which the user has said the kind of a point."""
    settings = PointSettings.of_point(options, point)
    return with_settings(options, point, replace(settings, kind=kind))


def with_trusted(
    options: Mapping[str, object], offered: Iterable[str], trusted: Collection[str]
) -> dict[str, object]:
    """Return options in which only `trusted` of the `offered` points are trusted.

    All other settings stay, also those of points that were not offered.
    """
    points = dict(_stored(options))
    for key in offered:
        stored = points.get(key)
        settings = dict(stored) if isinstance(stored, Mapping) else {}
        settings.pop(CONF_TRUSTED, None)
        if key in trusted:
            settings[CONF_TRUSTED] = True
        points[key] = settings
    return _with_stored(options, points)


def with_settings_of(
    options: Mapping[str, object], changed: Mapping[str, object]
) -> dict[str, object]:
    """Return changed options with what `options` have of the other forms.

    They are the settings of points, and the choices about data quality and prices.
    """
    others = (CONF_POINTS, CONF_DATA_QUALITY, CONF_OWN_CURRENCY)
    kept = {name: options[name] for name in others if name in options}
    return {**changed, **kept}


def _stored(options: Mapping[str, object]) -> Mapping[str, object]:
    """Return the stored settings by point key, or nothing if there are none."""
    stored = options.get(CONF_POINTS)
    return stored if isinstance(stored, Mapping) else {}


def _with_stored(
    options: Mapping[str, object], points: Mapping[str, object]
) -> dict[str, object]:
    """Return options with the settings by point key, without empty ones."""
    kept = {key: settings for key, settings in points.items() if settings}
    rest = {name: value for name, value in options.items() if name != CONF_POINTS}
    return {**rest, CONF_POINTS: kept} if kept else rest
