"""The action that uploads values of Home Assistant into a series of a server."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched

import voluptuous as vol

from homeassistant.components.recorder.statistics import (
    STATISTIC_UNIT_TO_UNIT_CONVERTER,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.util.json import JsonObjectType

from ..backends import BACKENDS
from ..backends.base import Capability, DataState, UploadTarget
from ..backends.errors import IncompatibleUnitError
from ..const import CONF_BACKEND
from ..data import MeteringHubConfigEntry
from ..errors import errors_translated
from ..history.recorder.recorded_values import (
    RecordedValue,
    RowValue,
    recorded_rows,
    recorded_states,
)
from ..history.recorder.recorder import recorded_metadata
from ..history.statistic import statistic_prefix
from .call import (
    ATTR_END,
    ATTR_ENTRY,
    ATTR_START,
    ENTRY,
    entry_of,
    invalid,
    is_capable,
    period_of,
)

ATTR_CAMPAIGN = "campaign"
ATTR_DATA_STATE = "data_state"
ATTR_SERIES = "series"
ATTR_SOURCE = "source"
ATTR_WHAT = "what"

STATES = "states"
"""The choice of what a sensor has reported, instead of a statistic's hours."""

LONGEST = timedelta(days=366)
VALUES_AT_ONCE = 500
"""Values in one request: about 25 kB."""

MAX_SHOWN = 50
"""The number of rejected values that a response shows."""

UPLOAD_SCHEMA = vol.Schema(
    {
        **ENTRY,
        vol.Required(ATTR_SOURCE): cv.string,
        vol.Required(ATTR_WHAT): vol.In([STATES, *(value.value for value in RowValue)]),
        vol.Required(ATTR_SERIES): cv.string,
        vol.Optional(ATTR_CAMPAIGN): cv.string,
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_DATA_STATE, default=DataState.RAW.value): vol.In(
            [state.value for state in DataState]
        ),
    }
)

type Parts = AsyncIterator[Sequence[RecordedValue]]
type Conversion = Callable[[float], float]


@dataclass(slots=True)
class _Sorted:
    """The recorded values of a source, sorted by what becomes of them."""

    sent: int = 0
    left_out: int = 0
    rejected: int = 0
    shown: list[JsonObjectType] = field(default_factory=list)

    def convert(
        self, values: Sequence[RecordedValue], unit: str | None
    ) -> dict[datetime, float]:
        """Return values in a unit by whole second; count and note all others."""
        found: dict[datetime, float] = {}
        for each in values:
            if not each.text:
                self.left_out += 1
            elif (number := each.number) is None:
                self._reject(each, "not_a_number")
            elif (conversion := find_conversion(each.unit, unit)) is None:
                self._reject(each, "incompatible_unit")
            else:
                found[each.time.replace(microsecond=0)] = conversion(number)
        return found

    def _reject(self, value: RecordedValue, reason: str) -> None:
        """Count a value, and note it if it is one of the first."""
        self.rejected += 1
        if len(self.shown) < MAX_SHOWN:
            self.shown.append(
                {
                    "time": value.time.isoformat(),
                    "value": value.text,
                    "reason": reason,
                }
            )


async def upload_timeseries(call: ServiceCall) -> ServiceResponse:
    """Upload the recorded values of a sensor or statistic; return what became of them.

    Values that the server has already stay, so the same call may be repeated.
    """
    entry = _storing_entry(call)
    start, end = _period(call)
    source: str = call.data[ATTR_SOURCE]
    _refuse_own(call.hass, entry, source)
    backend = entry.runtime_data.backend
    state = DataState(call.data[ATTR_DATA_STATE])
    counts = _Sorted()
    with errors_translated():
        unit, parts = await _source(call, source, start, end)
        target = await backend.upload_target(
            call.data[ATTR_SERIES], call.data.get(ATTR_CAMPAIGN)
        )
        if find_conversion(unit, target.unit) is None:
            raise IncompatibleUnitError(target.unit or "-")
        async for part in parts:
            values = counts.convert(part, target.unit)
            for batch in batched(values.items(), VALUES_AT_ONCE, strict=False):
                await backend.upload(target, dict(batch), state)
                counts.sent += len(batch)
    return _response(target, counts)


def _response(target: UploadTarget, counts: _Sorted) -> ServiceResponse:
    """Return what became of the values."""
    return {
        "series": target.name,
        "unit": target.unit,
        "sent": counts.sent,
        "left_out": counts.left_out,
        "rejected": counts.rejected,
        "rejected_values": [*counts.shown],
    }


def find_conversion(source: str | None, target: str | None) -> Conversion | None:
    """Return what converts values from one unit to another, if anything does.

    A value without a unit may be of any, so it is only converted to none.
    """
    if source == target:
        return float
    converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(source)
    if None in (source, target) or converter is None:
        return None
    if target not in converter.VALID_UNITS:
        return None
    return converter.converter_factory(source, target)


def _storing_entry(call: ServiceCall) -> MeteringHubConfigEntry:
    """Return a loaded entry whose server stores values of others.

    Raises ServiceValidationError.
    """
    entry = entry_of(call, call.data[ATTR_ENTRY])
    if not is_capable(entry, Capability.UPLOAD):
        raise invalid("stores_no_values", title=entry.title)
    return entry


def _period(call: ServiceCall) -> tuple[datetime, datetime]:
    """Return the start and end; raises ServiceValidationError if they make no sense."""
    start, end = period_of(call)
    if end - start > LONGEST:
        raise invalid("too_long", limit=str(LONGEST.days))
    return start, end


def _refuse_own(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, source: str
) -> None:
    """Raise ServiceValidationError if a source comes from the server itself."""
    registered = er.async_get(hass).async_get(source)
    prefix = statistic_prefix(entry, BACKENDS[entry.data[CONF_BACKEND]])
    is_own = registered is not None and registered.config_entry_id == entry.entry_id
    if is_own or source.startswith(prefix):
        raise invalid("own_source", title=entry.title)


async def _source(
    call: ServiceCall, source: str, start: datetime, end: datetime
) -> tuple[str | None, Parts]:
    """Return the unit of a source and its values, of which none is read yet.

    Raises ServiceValidationError if there is no such source.
    """
    hass = call.hass
    if call.data[ATTR_WHAT] == STATES:
        if (state := hass.states.get(source)) is None:
            raise invalid("no_such_source", source=source)
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        return unit, recorded_states(hass, source, start, end)
    metadata = (await recorded_metadata(hass, [source])).get(source)
    if metadata is None:
        raise invalid("no_such_source", source=source)
    rows = recorded_rows(hass, metadata, RowValue(call.data[ATTR_WHAT]), start, end)
    return metadata["unit_of_measurement"], rows
