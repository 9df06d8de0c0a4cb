"""Another integration's P1 meter, whose statistics are known to the last hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo.check import HOUR
from demo.home_assistant import HomeAssistant

YEAR = timedelta(days=365)
FIRST_POSITION = 4000.0


@dataclass(frozen=True, slots=True)
class OldStatistic:
    """A statistic of the other integration, which counts `factor` times the others.

    Each hour has an amount of its own, so that a row in a wrong place is found.
    """

    statistic_id: str
    name: str
    factor: float = 1.0
    unit: str = "kWh"

    def hour(self, start: datetime) -> float:
        """Return what was counted in an hour."""
        return self.factor * (int(start.timestamp() // 3600) * 7 % 11 + 1) / 8

    def amount(self, start: datetime, end: datetime) -> float:
        """Return what was counted in [start, end), which are whole hours."""
        hours = int((end - start) / HOUR)
        return sum(self.hour(start + number * HOUR) for number in range(hours))

    async def record(self, api: HomeAssistant, begin: datetime, end: datetime) -> None:
        """Record the hours in [begin, end), as if a sensor had counted them."""
        rows, total = [], 0.0
        for number in range(int((end - begin) / HOUR)):
            start = begin + number * HOUR
            total += self.hour(start)
            state = FIRST_POSITION + total
            rows.append({"start": start.isoformat(), "state": state, "sum": total})
        await api.command(
            "recorder/import_statistics",
            metadata={
                "source": "recorder",
                "statistic_id": self.statistic_id,
                "name": self.name,
                "unit_of_measurement": self.unit,
                "unit_class": "energy" if self.unit == "kWh" else None,
                "has_sum": True,
                "mean_type": 0,
            },
            stats=rows,
        )


IMPORT = OldStatistic("sensor.p1_meter_import_1", "P1 import low")
COST = OldStatistic("sensor.p1_meter_paid_1", "P1 cost low", 0.25, "EUR")
IMPORT_HIGH = OldStatistic("sensor.p1_meter_import_2", "P1 import high", 2.0)
EXPORT = OldStatistic("sensor.p1_meter_export_1", "P1 export low", 0.5)
EVERY = (IMPORT, COST, IMPORT_HIGH, EXPORT)

_NOTHING = {
    "type": "grid",
    "stat_energy_from": None,
    "stat_energy_to": None,
    "stat_cost": None,
    "entity_energy_price": None,
    "number_energy_price": None,
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "cost_adjustment_day": 0,
}

SOURCES: Sequence[Mapping[str, object]] = (
    {
        **_NOTHING,
        "stat_energy_from": IMPORT.statistic_id,
        "stat_cost": COST.statistic_id,
        "stat_energy_to": EXPORT.statistic_id,
        "name": "Old meter, low",
    },
    {
        **_NOTHING,
        "stat_energy_from": IMPORT_HIGH.statistic_id,
        "cost_adjustment_day": 2,
    },
)
"""The other integration's grid connection on the Energy dashboard."""


async def set_up_old_meter(api: HomeAssistant) -> None:
    """Record more than a year until today, and show it on the Energy dashboard."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
    for each in EVERY:
        await each.record(api, old_begin(), end)
    await api.command("energy/save_prefs", energy_sources=[*SOURCES])


def old_begin() -> datetime:
    """Return the first hour of the old meter: about 13 months ago, at midnight UTC."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - YEAR - timedelta(days=40)
