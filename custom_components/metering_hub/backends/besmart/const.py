"""Constants that several besmart modules share."""

from datetime import timedelta, tzinfo
from zoneinfo import ZoneInfo

SENSORS_FIELD = "sensors"
"""The set-up field in which the user enters sensor ids."""

POLL_INTERVAL = timedelta(minutes=5)
HISTORY_INTERVAL = timedelta(minutes=15)

ZONE: tzinfo = ZoneInfo("Europe/Warsaw")
"""Where the vendor's meters are: the API does not report a time zone.

Loaded at import time because loading a time zone blocks.
"""

INVENTORY_LIMIT = timedelta(minutes=10)
"""Editions that list no sensors get one or two requests for each of hundreds of them,
one after the other, and are probed for signals."""

QUARTER = timedelta(minutes=15)
"""The meter profile: the length of an interval, and how long a value holds."""

MILLISECOND = timedelta(milliseconds=1)
"""The finest time resolution of the server."""
