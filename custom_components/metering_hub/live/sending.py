"""What the actions accept that hand the readings of a P1 port to a server."""

from collections.abc import Mapping
from datetime import datetime
import re
from typing import Any

import voluptuous as vol

from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..metering.p1_readings import LARGEST, P1_FIELDS, P1Readings

ATTR_EXTRA_POSITION = "extra_position"
ATTR_EXTRA_TIME = "extra_time"
ATTR_TELEGRAM = "telegram"
ATTR_TIME = "time"

_NUMBER = vol.All(vol.Coerce(float), vol.Range(0, LARGEST))
_TELEGRAM = re.compile(r"\s*/[^!\ud800-\udfff]+![0-9A-Fa-f]{0,4}\s*")
"""Half a surrogate pair cannot be sent as text, and no meter says it."""

_LONGEST_TELEGRAM = 16 * 1024

TELEGRAM_FIELDS: Mapping[vol.Marker, object] = {vol.Required(ATTR_TELEGRAM): cv.string}
READINGS_FIELDS: Mapping[vol.Marker, object] = {
    vol.Optional(ATTR_TIME): cv.datetime,
    **{
        (vol.Required if field.is_required else vol.Optional)(field.name): _NUMBER
        for field in P1_FIELDS
    },
    vol.Inclusive(ATTR_EXTRA_POSITION, "extra"): _NUMBER,
    vol.Inclusive(ATTR_EXTRA_TIME, "extra"): cv.datetime,
}


def is_complete(telegram: str) -> bool:
    """Return True if a text is one telegram from its first character to its last.

    Only the server checks the checksum, because it alone knows whether there is one.
    """
    return len(telegram) <= _LONGEST_TELEGRAM and bool(_TELEGRAM.fullmatch(telegram))


def read_readings(
    data: Mapping[str, Any], time: datetime | None, extra_time: datetime | None
) -> P1Readings:
    """Return the readings in the data of an action; `time` is now if it is `None`.

    The moments are those of the data, in UTC.
    """
    extra = None
    if extra_time is not None:
        extra = extra_time, float(data[ATTR_EXTRA_POSITION])
    return P1Readings(
        time=time or dt_util.utcnow(),
        values={
            field.name: data[field.name] for field in P1_FIELDS if field.name in data
        },
        extra=extra,
    )
