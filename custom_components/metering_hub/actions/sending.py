"""Actions that hand readings of a P1 port to a server."""

import voluptuous as vol

from homeassistant.core import ServiceCall, ServiceResponse

from ..backends.base import Capability
from ..data import MeteringHubConfigEntry
from ..errors import errors_translated, refusal_noticed
from ..live.sending import (
    ATTR_EXTRA_TIME,
    ATTR_TELEGRAM,
    ATTR_TIME,
    READINGS_FIELDS,
    TELEGRAM_FIELDS,
    is_complete,
    read_readings,
)
from .call import ATTR_ENTRY, ENTRY, entry_of, invalid, is_capable, moment_of

TELEGRAM_SCHEMA = vol.Schema({**ENTRY, **TELEGRAM_FIELDS})
READINGS_SCHEMA = vol.Schema({**ENTRY, **READINGS_FIELDS})


async def send_telegram(call: ServiceCall) -> ServiceResponse:
    """Hand a raw telegram to a server; return whether it was new to it.

    No error contains the telegram, because it has serial numbers.
    """
    entry = _receiving_entry(call)
    telegram: str = call.data[ATTR_TELEGRAM]
    if not is_complete(telegram):
        raise invalid("incomplete_telegram")
    with errors_translated(), refusal_noticed(call.hass, entry):
        return {"sent": await entry.runtime_data.backend.send_telegram(telegram)}


async def send_readings(call: ServiceCall) -> ServiceResponse:
    """Hand readings of a P1 port to a server; return whether they were new to it."""
    entry = _receiving_entry(call)
    readings = read_readings(
        call.data, moment_of(call, ATTR_TIME), moment_of(call, ATTR_EXTRA_TIME)
    )
    with errors_translated(), refusal_noticed(call.hass, entry):
        return {"sent": await entry.runtime_data.backend.send_readings(readings)}


def _receiving_entry(call: ServiceCall) -> MeteringHubConfigEntry:
    """Return a loaded entry whose server takes readings.

    Raises ServiceValidationError.
    """
    entry = entry_of(call, call.data[ATTR_ENTRY])
    if not is_capable(entry, Capability.RECEIVE):
        raise invalid("takes_no_readings", title=entry.title)
    return entry
