"""The contents of the Energy dashboard, read through Home Assistant's API."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.home_assistant import HomeAssistant

from .truth import Recorded, backend_of

TABS = {"solar": "Electricity", "grid": "Electricity", "gas": "Gas", "water": "Water"}
"""The tab that shows each type of source, in the order in which it shows them."""

_COUNTED = ("stat_energy_from", "stat_energy_to", "stat_consumption")
_DIRECTIONS = {"stat_energy_from": "imported", "stat_energy_to": "exported"}
_NEWEST = timedelta(hours=6)
_ABOUT = timedelta(days=3)

type Rows = Mapping[str, Sequence[Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Counted:
    """A statistic that the dashboard shows with a name, its unit and recorded hours."""

    statistic_id: str
    name: str
    unit: str
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The contents of the dashboard: sources by tab, and devices."""

    sources: Mapping[str, Sequence[Counted]]
    devices: Sequence[Counted]

    def backends(self) -> set[str]:
        """Return the backends of all sources and devices."""
        every = [
            *self.devices,
            *(each for tab in self.sources.values() for each in tab),
        ]
        return {backend_of(each.statistic_id) for each in every}


def statistics_of(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the ids of the statistics of sources or devices."""
    yield from (statistic_id for statistic_id, _ in _named(items))


def _named(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the ids of the statistics of sources or devices, each with its name.

    A connection to the grid shows its name twice if it goes both ways.
    """
    for item in items:
        counted = [name for name in _COUNTED if item.get(name)]
        for name in counted:
            way = f" {_DIRECTIONS[name]}" if len(counted) > 1 else ""
            yield item[name], f"{item.get('name')}{way}"


async def read_dashboard(
    api: HomeAssistant, history_days: Mapping[str, int]
) -> Dashboard:
    """Return the contents of the dashboard.

    It fails if the history of a statistic is shorter than `history_days`, which are by
    backend.
    """
    preferences = await api.command("energy/get_prefs")
    listed = await api.command("recorder/list_statistic_ids")
    known = {item["statistic_id"]: item for item in listed}
    now = datetime.now(UTC)
    last = await _hours(api, [*known], now - _NEWEST, now)
    first: dict[str, Sequence[Mapping[str, float]]] = {}
    for backend, days in history_days.items():
        begin = now - timedelta(days=days)
        ids = [each for each in known if backend_of(each) == backend]
        first |= await _hours(api, ids, begin - _ABOUT, begin + _ABOUT)

    def counted(items: Sequence[Mapping[str, Any]]) -> list[Counted]:
        """Return the statistics of sources or devices."""
        return [
            Counted(
                statistic_id=each,
                name=name,
                unit=known[each]["statistics_unit_of_measurement"],
                recorded=Recorded(_start(first[each][0]), _start(last[each][-1])),
            )
            for each, name in _named(items)
        ]

    sources: dict[str, list[Counted]] = {}
    order = [*TABS]
    for source in sorted(
        preferences["energy_sources"], key=lambda each: order.index(each["type"])
    ):
        sources.setdefault(TABS[source["type"]], []).extend(counted([source]))
    return Dashboard(sources, counted(preferences["device_consumption"]))


async def _hours(
    api: HomeAssistant, ids: Sequence[str], start: datetime, end: datetime
) -> Rows:
    """Return the hourly rows of a span, by statistic id."""
    rows: Rows = await api.command(
        "recorder/statistics_during_period",
        start_time=start.isoformat(),
        end_time=end.isoformat(),
        statistic_ids=[*ids],
        period="hour",
        types=["sum"],
    )
    return rows


def _start(row: Mapping[str, float]) -> datetime:
    """Return the start of a row."""
    return datetime.fromtimestamp(row["start"] / 1000, UTC)
