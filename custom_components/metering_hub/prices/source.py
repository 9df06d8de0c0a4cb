"""What all sources of prices have in common, and how they read the recorder."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from .maths.series import PriceSeries
from .stored import CONF_PRICE_TYPE, CONF_SOURCE, SUBENTRY_TYPE, PriceType

_SOURCE_TYPES = frozenset({PriceType.SENSOR, PriceType.ACTION})


class RecordedHour(Protocol):
    """One hour of a statistic of measured values."""

    @property
    def start(self) -> datetime:
        """Return the start of the hour, in UTC."""

    @property
    def mean(self) -> float | None:
        """Return the mean of the hour."""


@dataclass(frozen=True, slots=True)
class MeasuredHours:
    """Hours of a statistic, and the unit that all of its hours are recorded in."""

    unit: str | None
    hours: Sequence[RecordedHour]


type ReadHours = Callable[
    [HomeAssistant, str, datetime, datetime], Awaitable[MeasuredHours | None]
]
"""Read the hours of a statistic that start in [start, end) from the recorder.

A statistic that is not recorded is `None`.
"""


class PriceSource(Protocol):
    """The prices of one sensor or action, in a currency per kWh or m³."""

    async def load(self, start: datetime, end: datetime) -> PriceSeries:
        """Return the prices that are known in [start, end), of the running hour, too.

        Raises RecorderError and StoppingError.
        """


def tariffs_by_source(hass: HomeAssistant) -> Mapping[str, Sequence[str]]:
    """Return the names of the tariffs of all entries that use each source."""
    found: dict[str, list[str]] = {}
    for entry in hass.config_entries.async_entries(DOMAIN):
        for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE):
            if (source := _source_of(subentry)) is not None:
                name = f"{entry.title}: {subentry.title}"
                found.setdefault(source, []).append(name)
    return found


def _source_of(subentry: ConfigSubentry) -> str | None:
    """Return the source of a tariff's prices, if it has one."""
    if subentry.data.get(CONF_PRICE_TYPE) not in _SOURCE_TYPES:
        return None
    return str(subentry.data.get(CONF_SOURCE))
