"""Constants that several BEMServer modules share."""

from datetime import timedelta

POLL_INTERVAL = timedelta(minutes=1)
HISTORY_INTERVAL = timedelta(minutes=15)
