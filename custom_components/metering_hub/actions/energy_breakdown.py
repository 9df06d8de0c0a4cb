"""The action that returns what the energy of a site or building was used for."""

import voluptuous as vol

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from ..backends.base import Capability
from ..data import MeteringHubConfigEntry
from ..errors import errors_translated
from ..metering.energy_breakdown import BreakdownQuery, Bucket
from .call import (
    ATTR_END,
    ATTR_START,
    device_of,
    entry_of,
    invalid,
    is_capable,
    period_of,
)

ATTR_DEVICE = "device"
ATTR_RESOLUTION = "resolution"
ATTR_UNIT = "unit"

MAX_BUCKETS = 800
"""More than the hours of a month, or the days of two years."""

DECIMALS = 9

UNITS = ("Wh", "kWh", "MWh", "GWh", "MJ", "GJ")

BREAKDOWN_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_DEVICE): cv.string,
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_RESOLUTION, default=Bucket.DAY.value): vol.In(
            [bucket.value for bucket in Bucket]
        ),
        vol.Optional(ATTR_UNIT, default="kWh"): vol.In(list(UNITS)),
    }
)


async def get_energy_breakdown(call: ServiceCall) -> ServiceResponse:
    """Return the energy of a site or building by end use."""
    entry, device_key = _device_of(call)
    start, end = period_of(call)
    bucket = Bucket(call.data[ATTR_RESOLUTION])
    if (end - start) / bucket.shortest > MAX_BUCKETS:
        raise invalid("too_many_buckets", limit=str(MAX_BUCKETS))
    unit = call.data[ATTR_UNIT]
    query = BreakdownQuery(start=start, end=end, bucket=bucket, unit=unit)
    with errors_translated():
        found = await entry.runtime_data.backend.energy_breakdown(device_key, query)
    return {
        "unit": unit,
        "resolution": bucket.value,
        "time_zone": found.time_zone,
        "starts": [start.isoformat() for start in found.starts],
        "rows": [
            {
                "energy": use.energy,
                "end_use": use.end_use,
                # Sums of decimal numbers are otherwise shown as 162.75799999999998.
                "total": round(
                    sum(value for value in use.values if value is not None), DECIMALS
                ),
                "missing": use.values.count(None),
                "values": [*use.values],
            }
            for use in found.uses
        ],
    }


def _device_of(call: ServiceCall) -> tuple[MeteringHubConfigEntry, str]:
    """Return the entry of a device and its key; raises ServiceValidationError."""
    found = device_of(call, call.data[ATTR_DEVICE])
    if found is None or not is_capable(found[0], Capability.ENERGY_BREAKDOWN):
        raise invalid("no_energy_breakdown")
    entry, key = found
    return entry_of(call, entry.entry_id), key
