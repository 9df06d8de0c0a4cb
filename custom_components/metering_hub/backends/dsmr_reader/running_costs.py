"""The cost of the month and of the year so far, from the server's days.

Their sums are those that DSMR-reader itself shows, also without imported statistics.
They take one request for a hundred days once a day, and the amounts of today.
Source: docs/wire/dsmr_reader.md, Statistics and Today.
"""

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from ...metering.model import Reading
from .client import DAYS_AT_ONCE, DsmrReaderClient
from .models import Today
from .readings import Readings, start_of_day

MONTH_KEY = "month_total_cost"
YEAR_KEY = "year_total_cost"

DAY = timedelta(days=1)
PATIENCE = timedelta(hours=6)
"""The server makes the statistics of a day within so many hours after it."""


class RunningCosts:
    """Adds the cost of today to that of the days before."""

    def __init__(self, client: DsmrReaderClient) -> None:
        """Initialize without the cost of any day."""
        self._client = client
        self._fetched_on: date | None = None
        self._days: dict[date, Decimal] = {}
        self._seen: dict[date, Decimal] = {}

    async def readings(
        self, today: Today | None, latest: datetime | None, now: datetime, zone: tzinfo
    ) -> Readings:
        """Return the costs in EUR up to the `latest` telegram.

        `today` is missing just after midnight. Until there are statistics of the day
        before, its last amount seen stands in for them; after a restart at night, there
        is no cost until then.
        """
        day = today.day if today else now.astimezone(zone).date()
        cost = today.numbers.get("total_cost") if today else Decimal()
        if cost is None:
            return {}
        await self._fetch_days(day)
        yesterday = day - DAY
        if today is not None:
            kept = {each: c for each, c in self._seen.items() if each >= yesterday}
            self._seen = kept | {day: cost}
        days = dict(self._days)
        if yesterday not in days and yesterday.year == day.year:
            if yesterday in self._seen:
                days[yesterday] = self._seen[yesterday]
            elif days and now - start_of_day(day, zone) < PATIENCE:
                return {}
        found: Readings = {}
        for key, first in ((MONTH_KEY, day.replace(day=1)), (YEAR_KEY, _new_year(day))):
            since = start_of_day(first, zone)
            past = sum((c for each, c in days.items() if each >= first), Decimal())
            found[key] = Reading(
                time=max(latest or since, since), value=float(past + cost), since=since
            )
        return found

    async def _fetch_days(self, today: date) -> None:
        """Fetch the days of this year, all of them once a day, later what is new."""
        first = _new_year(today)
        if self._fetched_on == today:
            first = max(self._days, default=first - DAY) + DAY
        else:
            self._days = {}
        while first < today:
            last = min(first + (DAYS_AT_ONCE - 1) * DAY, today - DAY)
            for row in await self._client.days(first, last):
                if row.cost is not None and first <= row.day <= last:
                    self._days[row.day] = row.cost
            first = last + DAY
        self._fetched_on = today


def _new_year(day: date) -> date:
    """Return the first day of a day's year."""
    return day.replace(month=1, day=1)
