"""The meters of a config entry, and the statistics that count them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from homeassistant.components.recorder import is_entity_recorded
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import DATA_INSTANCE

from ..const import DOMAIN
from ..descriptions import sensor_device_class, statistics_unit_class
from ..history.recorder.recorder import recorded_ids
from ..history.statistic import cost_suffix
from ..identifiers import platform_of, point_unique_id
from ..metering.model import Kind, Point
from ..metering.tariff_sums import tariff_sums
from .energy_sources import SENSOR_QUANTITIES, StatisticIds

_COUNTING_KINDS = frozenset({Kind.REGISTER, Kind.INTERVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMeters:
    """The meters of a config entry.

    `points` are the selected points by key. `statistic_prefix` is the prefix of the
    imported statistics, or `None` if history is not imported. `is_settled` returns True
    while that history is up to date. `forecast` returns the expected solar production,
    which is empty if there is none.
    """

    entry: ConfigEntry
    forecast: Callable[[], Awaitable[Mapping[datetime, float]]]
    is_settled: Callable[[], bool]
    points: Mapping[str, Point]
    statistic_prefix: str | None


async def statistic_ids(hass: HomeAssistant, meters: EntryMeters) -> StatisticIds:
    """Return the ids of the statistics that count the points of an entry.

    These are the imported statistics or, without import, those of the entities. Raises
    RecorderError and StoppingError.
    """
    prefix = meters.statistic_prefix
    points = {
        key: point
        for key, point in meters.points.items()
        # The dashboard refuses statistics whose unit it cannot convert, such as BTU.
        if point.kind not in _COUNTING_KINDS or statistics_unit_class(point) is not None
    }
    # Home Assistant reports entities without a history as errors there.
    entities = {
        key: entity_id
        for key, entity_id in _enabled_entities(
            hass, meters.entry, points.values()
        ).items()
        if DATA_INSTANCE in hass.data and is_entity_recorded(hass, entity_id)
    }
    sensors = {k: v for k, v in entities.items() if _is_shown_beside(points[k])}
    if prefix is None:
        amounts = {
            k: v for k, v in entities.items() if points[k].kind in _COUNTING_KINDS
        }
        return StatisticIds(
            amounts=amounts, money={}, sensors=sensors, sums=_sums(points, amounts)
        )
    recorded = frozenset(await recorded_ids(hass, prefix))
    amounts = _recorded(recorded, prefix, dict.fromkeys(points, ""))
    totals = {each.key: each.parts for each in tariff_sums([*points.values()])}
    summed = _recorded(recorded, prefix, dict.fromkeys(totals, ""))
    money_suffixes = {key: f"_{cost_suffix(each)}" for key, each in points.items()}
    return StatisticIds(
        amounts=amounts,
        money=_recorded(recorded, prefix, money_suffixes),
        sensors=sensors,
        sums=_sums(points, {**amounts, **summed}, totals),
    )


def _is_shown_beside(point: Point) -> bool:
    """Return True if a source of the dashboard can show a point's momentary values.

    Home Assistant reports sensors without a device class as errors there.
    """
    return (
        point.quantity in SENSOR_QUANTITIES
        and point.kind is Kind.INSTANT
        and sensor_device_class(point) is not None
    )


def _sums(
    points: Mapping[str, Point],
    amounts: Mapping[str, str],
    totals: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Mapping[str, frozenset[str]]:
    """Return the ids of the sums that each point is a part of, by point key.

    A sum is a point of the backend, or one of the `totals`, whose parts are by key.
    """
    parts = {**{key: each.sum_of for key, each in points.items()}, **totals}
    found = defaultdict[str, set[str]](set)
    for key, statistic_id in amounts.items():
        for part in parts[key]:
            found[part].add(statistic_id)
    return {key: frozenset(ids) for key, ids in found.items()}


def _recorded(
    recorded: Collection[str], prefix: str, suffixes: Mapping[str, str]
) -> dict[str, str]:
    """Return the statistic ids that are recorded, by point key."""
    ids = {key: f"{prefix}{key}{suffix}" for key, suffix in suffixes.items()}
    return {key: each for key, each in ids.items() if each in recorded}


def _enabled_entities(
    hass: HomeAssistant, entry: ConfigEntry, points: Iterable[Point]
) -> dict[str, str]:
    """Return the entity ids of the points whose entities are enabled, by point key."""
    registry = er.async_get(hass)
    found = {}
    for point in points:
        entity_id = registry.async_get_entity_id(
            platform_of(point), DOMAIN, point_unique_id(entry, point.key)
        )
        entity = registry.async_get(entity_id) if entity_id else None
        if entity is not None and entity.disabled_by is None:
            found[point.key] = entity.entity_id
    return found
