"""What the user said about single points, as the options of a config entry store it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .data_quality import CONF_DATA_QUALITY
from .model import Kind, Quantity, Role

CONF_POINTS = "points"
"""The option that holds a mapping of settings per point key."""

CONF_TRUSTED = "trusted"
"""The setting of points whose readings are taken as they are."""

CONF_KIND = "kind"
CONF_QUANTITY = "quantity"
CONF_ROLE = "role"
CONF_UNIT = "unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSettings:
    """The settings of one point.

    The readings of a register that `is_trusted` are taken as they are: the rules that
    hold back what its meter could not have measured are off. The others replace what
    the backend says or finds out, unless they are `None`.
    """

    is_trusted: bool = False
    kind: Kind | None = None
    quantity: Quantity | None = None
    role: Role | None = None
    unit: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, object], key: str) -> PointSettings:
        """Return the settings of a point from the options of its config entry."""
        stored = _stored(options).get(key)
        if not isinstance(stored, Mapping):
            return cls()
        unit = stored.get(CONF_UNIT)
        return cls(
            is_trusted=stored.get(CONF_TRUSTED) is True,
            kind=_member(Kind, stored.get(CONF_KIND)),
            quantity=_member(Quantity, stored.get(CONF_QUANTITY)),
            role=_member(Role, stored.get(CONF_ROLE)),
            unit=unit if isinstance(unit, str) and unit else None,
        )


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


def with_trusted(
    options: Mapping[str, object], offered: Iterable[str], trusted: Collection[str]
) -> dict[str, object]:
    """Return options in which only `trusted` of the `offered` points are trusted.

    All other settings stay, also those of points that were not offered.
    """
    points = _stored(options)
    for key in offered:
        stored = points.get(key)
        settings = dict(stored) if isinstance(stored, Mapping) else {}
        settings.pop(CONF_TRUSTED, None)
        if key in trusted:
            settings[CONF_TRUSTED] = True
        points[key] = settings
    kept = {key: settings for key, settings in points.items() if settings}
    rest = {name: value for name, value in options.items() if name != CONF_POINTS}
    return {**rest, CONF_POINTS: kept} if kept else rest


def with_settings_of(
    options: Mapping[str, object], changed: Mapping[str, object]
) -> dict[str, object]:
    """Return changed options with what `options` have of the other forms.

    They are the settings of points, and the choices about the quality of data.
    """
    others = (CONF_POINTS, CONF_DATA_QUALITY)
    kept = {name: options[name] for name in others if name in options}
    return {**changed, **kept}


def _stored(options: Mapping[str, object]) -> dict[str, object]:
    """Return the stored settings by point key, or nothing if there are none."""
    stored = options.get(CONF_POINTS)
    return dict(stored) if isinstance(stored, Mapping) else {}
