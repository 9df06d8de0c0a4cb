"""What the simulated meters really counted, by the simulators' own arithmetic."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulators.house import Channel, House

ZONE = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Period:
    """A span of local days, [start, end)."""

    start: datetime
    end: datetime

    @classmethod
    def yesterday(cls) -> Period:
        """Return the last whole day."""
        end = _midnight(datetime.now(ZONE))
        return cls(_midnight(end - timedelta(hours=12)), end)

    @classmethod
    def last_month(cls) -> Period:
        """Return the last whole month."""
        end = _midnight(datetime.now(ZONE)).replace(day=1)
        return cls(_midnight(end - timedelta(days=1)).replace(day=1), end)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def dsmr_totals(period: Period) -> dict[Channel, float]:
    """Return kWh and m³ of a period, of the DSMR-reader with one year of history."""
    start = datetime.now(ZONE) - timedelta(days=365.25)
    house = House(1, _midnight(start), "Europe/Amsterdam")
    return {
        channel: house.true_energy(channel, period.start, period.end) / 1000
        for channel in (
            Channel.DELIVERED_1,
            Channel.RETURNED_1,
            Channel.DELIVERED_2,
            Channel.RETURNED_2,
            Channel.GAS,
        )
    }
