"""A BEMServer whose lists never come to an end."""

import pytest

from custom_components.metering_hub.backends.bemserver import batching, paging
from custom_components.metering_hub.backends.bemserver.batching import (
    MOST_REFUSALS,
    SeriesBatcher,
)
from custom_components.metering_hub.backends.bemserver.client import UnknownSeriesError
from custom_components.metering_hub.backends.bemserver.paging import PageSchedule
from custom_components.metering_hub.backends.errors import (
    AnswerTooLargeError,
    EndlessError,
    Reason,
    TooManyRowsError,
)
from simulators.endless import EndlessPages, LyingTotal
from simulators.faults import Fault

from .conftest import NOW, Campus

SERIES = "/timeseries/"


@pytest.mark.parametrize("total", [100_001, 10**9, 10**15])
async def test_total_of_a_billion_ends_at_the_first_page(
    campus: Campus, total: int
) -> None:
    """It was cut to a thousand pages, as if the rest did not exist."""
    campus.simulator.faults.add(Fault(LyingTotal(total), SERIES))
    with pytest.raises(TooManyRowsError) as caught:
        await campus.read_inventory()
    assert caught.value.reason is Reason.TOO_MANY_ROWS
    assert campus.count_requests(SERIES) == 1


async def test_pages_that_go_on_do_so_only_as_far_as_the_first_one_said(
    campus: Campus,
) -> None:
    campus.simulator.faults.add(Fault(EndlessPages(ahead=20), SERIES))
    await campus.read_inventory()
    # There are three lists: of campaigns, and of the scope of an invisible one.
    assert campus.count_requests(SERIES) <= 3 * 21


async def test_page_with_more_rows_than_asked_for(campus: Campus) -> None:
    """A thousand pages of 4 MB each would fill the memory."""
    campus.simulator.faults.add(Fault(EndlessPages(rows=500), SERIES))
    with pytest.raises(TooManyRowsError) as caught:
        await campus.read_inventory()
    assert caught.value.limit == paging.PAGE_SIZE
    assert campus.count_requests(SERIES) == 1


async def test_bytes_of_all_lists_are_bounded(campus: Campus) -> None:
    """A few rows of 16 kB each must not fill the memory either; all are released."""
    endless = EndlessPages(ahead=90, padding=16 * 1024)
    campus.simulator.faults.add(Fault(endless, SERIES))
    with pytest.raises(AnswerTooLargeError):
        await campus.read_inventory()
    assert campus.count_requests(SERIES) < 40
    campus.simulator.faults.clear()
    assert await campus.read_inventory()


async def test_campaigns_without_end(campus: Campus) -> None:
    """Each takes a request of its own."""
    campus.simulator.faults.add(Fault(EndlessPages(rows=1001), "/campaigns/"))
    with pytest.raises(TooManyRowsError):
        await campus.read_inventory()
    assert campus.count_requests(SERIES) == 0


async def test_lists_that_are_no_longer_read_are_forgotten(campus: Campus) -> None:
    """A server that has other campaigns each hour must not fill the memory."""
    lists = campus.backend._client._lists
    campus.simulator.faults.add(Fault(EndlessPages(rows=20), "/campaigns/"))
    for _ in range(6):
        await campus.read_inventory()
    campaigns = [key for key in lists._pages if key[0] == SERIES]
    # Those of this round and of the one before, of the 120 that there were.
    assert len(campaigns) <= 2 * 23


def test_turns_of_forgotten_lists_are_forgotten() -> None:
    schedule = PageSchedule()
    schedule.start_round(1)
    assert schedule.due("kept", 3) == [2]
    schedule.start_round(1)
    assert schedule.due("gone", 3) == [2]
    schedule.keep_only({"kept"})
    schedule.start_round(2)
    assert schedule.due("kept", 3) == [3, 2]
    schedule.start_round(1)
    assert schedule.due("gone", 3) == [2]


async def test_batch_that_is_refused_again_and_again() -> None:
    """A server that names one unknown series at a time got a request for each."""
    sent: list[int] = []

    async def visible() -> set[int]:
        return set()

    async def refuse(ids: object) -> None:
        assert isinstance(ids, list)
        sent.append(len(ids))
        raise UnknownSeriesError("unknown", ids=frozenset(ids[:1]))

    batcher = SeriesBatcher(visible, lambda: NOW)
    batch = tuple(range(batching.MAX_IDS))
    with pytest.raises(EndlessError):
        await batcher.request([batch], refuse)
    assert len(sent) == MOST_REFUSALS + 1
