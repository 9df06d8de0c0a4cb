"""Moments as the simulators count them: whole seconds since 1970-01-01 UTC."""

from datetime import UTC, datetime, timedelta

type Instant = datetime | int
"""An aware datetime, or seconds since 1970-01-01 UTC."""

MINUTE, QUARTER, HOUR, DAY = 60, 900, 3600, 86400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utcnow() -> datetime:
    """Return the current time as aware UTC."""
    return datetime.now(UTC)


def epoch(at: Instant) -> int:
    """Return an instant in whole seconds since 1970-01-01 UTC, rounded down."""
    return at if isinstance(at, int) else (at - _EPOCH) // timedelta(seconds=1)
