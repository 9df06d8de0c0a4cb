"""Counts of rows show on which day rows were added or removed."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.common.counts import (
    Counts,
    counts_from_json,
    find_count_changes,
)

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = 30


class Rows:
    """A server that has rows on some days, ten on each at first."""

    def __init__(self) -> None:
        self.by_day = [10] * DAYS
        self.requests = 0

    async def count(self, begin: datetime, moment: datetime) -> int:
        """Count the rows of whole days."""
        self.requests += 1
        return sum(self.by_day[(begin - BEGIN) // DAY : (moment - BEGIN) // DAY])

    def seen(self) -> Counts:
        """Return the counts up to each day."""
        upto = [(BEGIN + n * DAY, sum(self.by_day[:n])) for n in range(1, DAYS + 1)]
        return Counts(BEGIN, upto)


async def test_one_request_shows_that_nothing_has_changed() -> None:
    rows = Rows()
    seen = rows.seen()
    changes = await find_count_changes(seen, rows.count)
    assert (changes.added, changes.removed) == (None, None)
    assert changes.counts == seen
    assert rows.requests == 1


@pytest.mark.parametrize("day", [0, 1, 13, DAYS - 1])
async def test_the_first_day_with_more_rows_is_found(day: int) -> None:
    rows = Rows()
    seen = rows.seen()
    rows.by_day[day] += 3
    changes = await find_count_changes(seen, rows.count)
    assert changes.added == BEGIN + day * DAY
    assert changes.removed is None
    assert rows.requests <= 7
    assert changes.counts == rows.seen()


async def test_fewer_rows_do_not_hide_more() -> None:
    """A day is thinned, and as many rows are added to a later one."""
    rows = Rows()
    seen = rows.seen()
    rows.by_day[3] -= 5
    rows.by_day[4] -= 5
    rows.by_day[20] += 11
    changes = await find_count_changes(seen, rows.count)
    assert changes.added == BEGIN + 20 * DAY
    assert changes.removed == BEGIN + 5 * DAY
    assert changes.counts == rows.seen()


async def test_counts_go_on_from_a_later_day() -> None:
    """What was counted before is subtracted, without a request."""
    rows = Rows()
    later = rows.seen().since(BEGIN + timedelta(hours=30))
    assert later.begin == BEGIN + 2 * DAY
    assert later.upto[0] == (BEGIN + 3 * DAY, 10)
    rows.by_day[0] = 0
    assert (await find_count_changes(later, rows.count)).added is None
    assert rows.seen().since(BEGIN + 99 * DAY) == Counts(BEGIN + 99 * DAY)


def test_counts_are_stored_as_json() -> None:
    seen = Rows().seen()
    assert counts_from_json(seen.as_json()) == seen


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"begin": "2026-11-01T00:00:00Z"},
        {"begin": "2026-11-01T00:00:00Z", "upto": [["2026-11-02T00:00:00Z"]]},
        {"begin": "2026-11-01T00:00:00Z", "upto": [[None, 1]]},
    ],
)
def test_unreadable_counts_were_not_seen(stored: dict[str, object] | None) -> None:
    assert counts_from_json(stored) is None  # type: ignore[arg-type]
