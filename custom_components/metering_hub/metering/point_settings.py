"""What the user said about single points, as the options of a config entry store it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .data_quality import CONF_DATA_QUALITY

CONF_POINTS = "points"
"""The option that holds a mapping of settings per point key."""

CONF_TRUSTED = "trusted"
"""The setting of points whose readings are taken as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSettings:
    """The settings of one point.

    The readings of a register that `is_trusted` are taken as they are: the rules that
    hold back what its meter could not have measured are off.
    """

    is_trusted: bool = False

    @classmethod
    def of(cls, options: Mapping[str, object], key: str) -> PointSettings:
        """Return the settings of a point from the options of its config entry."""
        stored = _stored(options).get(key)
        return cls(
            is_trusted=isinstance(stored, Mapping) and stored.get(CONF_TRUSTED) is True
        )


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
