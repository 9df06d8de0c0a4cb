"""The local time of moments, as tariffs see it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from .tariff import When

_SUNDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The time zone of the meters, and the public holidays there."""

    zone: tzinfo = UTC
    holidays: frozenset[date] = field(default=frozenset(), repr=False)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the time zone of the meters."""
        return moment.astimezone(self.zone)

    def applies(
        self, when: When, local: datetime, *, are_holidays_sundays: bool
    ) -> bool:
        """Return True if a moment, in local time, is in the hours of a rule."""
        if when.months and local.month not in when.months:
            return False
        if when.weekdays:
            is_sunday = are_holidays_sundays and local.date() in self.holidays
            if (_SUNDAY if is_sunday else local.weekday()) not in when.weekdays:
                return False
        if when.start < when.end:
            return when.start <= local.hour < when.end
        return local.hour >= when.start or local.hour < when.end
