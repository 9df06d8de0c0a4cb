"""Take prices from a sensor of Home Assistant.

The means of its hourly statistic are the prices of the past, and its state is that of
the running hour. A sensor is stored by the id of its registry entry, so that a renamed
one is followed, or else by its entity id.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from homeassistant.components.recorder import is_entity_recorded
from homeassistant.components.sensor import ATTR_STATE_CLASS
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.util import dt as dt_util

from ..backends.common.parse import as_number
from ..backends.common.times import whole_hour
from .maths.series import PriceSeries
from .maths.tariff import Base
from .source import ReadHours
from .source_issues import SourceProblem, report_source
from .units import read_price_unit

SENSOR_PREFIX = "sensor:"

_SPAN = timedelta(days=60)
"""How much is read at once, so that the event loop is not held for long."""


def sensor_source(hass: HomeAssistant, entity_id: str) -> str:
    """Return the text that a sensor is stored as."""
    entry = er.async_get(hass).async_get(entity_id)
    return f"{SENSOR_PREFIX}{entity_id if entry is None else entry.id}"


def entity_of(hass: HomeAssistant, source: str) -> str | None:
    """Return the entity id of a stored sensor, unless it is deleted or no sensor."""
    if not source.startswith(SENSOR_PREFIX):
        return None
    stored = source.removeprefix(SENSOR_PREFIX)
    return er.async_resolve_entity_id(er.async_get(hass), stored)


def is_recorded(hass: HomeAssistant, state: State) -> bool:
    """Return True if Home Assistant records an hourly statistic of a sensor."""
    return (
        ATTR_STATE_CLASS in state.attributes
        and DATA_INSTANCE in hass.data
        and is_entity_recorded(hass, state.entity_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSource:
    """The prices of a sensor, in a currency per kWh or m³."""

    hass: HomeAssistant
    source: str
    base: Base
    currency: str
    read_hours: ReadHours

    async def load(self, start: datetime, end: datetime) -> PriceSeries:
        """Return the means of the hours in [start, end), and the running hour's state.

        Raises RecorderError and StoppingError.
        """
        series = PriceSeries()
        entity_id = entity_of(self.hass, self.source)
        if entity_id is None:
            self._report(SourceProblem.SENSOR_MISSING, self.source)
            return series
        state = self.hass.states.get(entity_id)
        has_statistic, unit = False, None
        for first, last in _spans(start, end):
            hours = await self.read_hours(self.hass, entity_id, first, last)
            if hours is None:
                break
            has_statistic, unit = True, hours.unit
            if (factor := self._factor(unit)) is None:
                break
            series.prices |= {
                each.start.timestamp(): each.mean * factor
                for each in hours.hours
                if each.mean is not None and isfinite(each.mean)
            }
        self._add_state(series, state, start, end)
        self._report_found(entity_id, state, unit, has_statistic=has_statistic)
        return series

    def _factor(self, unit: str | None) -> float | None:
        """Return what one of a unit is in the currency per kWh or m³, if known."""
        found = read_price_unit(unit, self.currency)
        return found.factor if found and found.base is self.base else None

    def _add_state(
        self, series: PriceSeries, state: State | None, start: datetime, end: datetime
    ) -> None:
        """Add the state as the price of the running hour, unless it has one.

        That of a sensor without statistics does not count: the hour would lose its
        price when it is over.
        """
        hour = whole_hour(dt_util.utcnow())
        if (
            state is None
            or not start <= hour < end
            or not is_recorded(self.hass, state)
        ):
            return
        factor = self._factor(unit_of(state))
        price = as_number(state.state)
        if factor is not None and price is not None:
            series.prices.setdefault(hour.timestamp(), price * factor)

    def _report_found(
        self,
        entity_id: str,
        state: State | None,
        unit: str | None,
        *,
        has_statistic: bool,
    ) -> None:
        """Create or delete the issue about a sensor that is not known to be deleted."""
        is_registered = er.async_get(self.hass).async_get(entity_id) is not None
        shown = unit if state is None else unit_of(state)
        # The unit of a sensor without a state is not known before its first one.
        units = {unit} if has_statistic else set()
        if state is not None:
            units |= {unit_of(state)}
        wrong = [each for each in units if self._factor(each) is None]
        problem = None
        if state is None and not is_registered:
            problem = SourceProblem.SENSOR_MISSING
        elif wrong:
            problem, shown = SourceProblem.SENSOR_UNIT, wrong[0]
        elif not has_statistic if state is None else not is_recorded(self.hass, state):
            problem = SourceProblem.SENSOR_NOT_RECORDED
        self._report(problem, entity_id, shown)

    def _report(
        self, problem: SourceProblem | None, name: str, unit: str | None = None
    ) -> None:
        """Create or delete the issue about this sensor."""
        report_source(
            self.hass,
            self.source,
            self.base,
            problem,
            name=name,
            unit=unit,
            expected=f"{self.currency}/{self.base}",
        )


def unit_of(state: State) -> str | None:
    """Return the unit of a sensor's state."""
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    return None if unit is None else str(unit)


def _spans(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield [start, end) in parts."""
    while start < end:
        last = min(start + _SPAN, end)
        yield start, last
        start = last
