"""Servers that cut off long answers without saying so."""

from datetime import datetime, timedelta

import pytest

from custom_components.metering_hub.backends.besmart.batching import SignalBatcher
from custom_components.metering_hub.backends.besmart.memory import ServerMemory
from custom_components.metering_hub.backends.besmart.models import DataQuery, SignalId
from custom_components.metering_hub.backends.errors import PermissionDeniedError
from simulators.besmart import Outage, Revision
from simulators.faults import Fault, html_error

from .conftest import (
    DAY,
    HOUSE,
    LATEST,
    NOW,
    QUARTER,
    START,
    Bench,
    both_editions,
    history_points,
    key,
    latest,
    read_history,
)

REGISTERS = (32, 34, 36, 38)
EXPECTED = (LATEST - START) // QUARTER + 1
"""How many quarters have arrived."""


async def read_all(bench: Bench) -> dict[int, list[tuple[datetime, float]]]:
    """Return the history of all registers, by signal."""
    bench.house.signals = REGISTERS
    backend = bench.backend()
    points, _ = await history_points(backend, *REGISTERS)
    found = await read_history(backend, points, START, NOW)
    return {
        moid: [(each.time, float(each.value)) for each in found[key(moid)]]  # type: ignore[arg-type]  # Registers.
        for moid in REGISTERS
    }


@both_editions
@pytest.mark.parametrize(("order", "most"), [("time", 1000), ("newest_first", 700)])
async def test_no_row_is_lost_and_none_is_doubled(
    bench: Bench, order: str, most: int
) -> None:
    """An answer that ends before its span is asked further, from either end."""
    whole = await read_all(bench)
    bench.simulator.max_rows = most
    bench.simulator.order = order  # type: ignore[assignment]  # One of these.
    assert await read_all(bench) == whole
    assert {len(readings) for readings in whole.values()} == {EXPECTED}


@pytest.mark.parametrize("most", [1000, 2976, 5000])
async def test_a_batch_is_cut_as_a_whole(bench: Bench, most: int) -> None:
    """The signals at its end have no samples at all, but are not empty."""
    whole = await read_all(bench)
    bench.simulator.max_rows_of_all = most
    assert await read_all(bench) == whole


async def test_rows_of_the_same_time_at_the_cut(bench: Bench) -> None:
    """A correction behind the cut counts, because the last sample is asked again."""
    bench.simulator.events.append(
        Revision(START, NOW, moid=32, offset=-90, after=timedelta(0))
    )
    whole = await read_all(bench)
    bench.simulator.max_rows = 333
    assert await read_all(bench) == whole


async def test_a_complete_answer_is_asked_further_once(bench: Bench) -> None:
    """It shows that answers of its length are complete; short ones are never asked."""
    bench.simulator.events.append(Outage(NOW - timedelta(hours=5), NOW))
    batcher = SignalBatcher(bench.client(), ServerMemory(bench.clock))
    for days, requests in ((1, 2), (7, 2), (7, 1), (6, 1)):
        query = DataQuery(signal=SignalId(HOUSE, 32), since=NOW - days * DAY, till=NOW)
        bench.asked()
        assert (await batcher.read([query])).data
        assert bench.asked() == requests


async def test_a_poll_is_not_asked_further(bench: Bench) -> None:
    """Its answers are short."""
    backend = bench.backend()
    inventory = await backend.inventory()
    bench.asked()
    await latest(backend, inventory)
    assert bench.asked() == 1


async def test_a_rest_that_fails_costs_the_whole_signal(bench: Bench) -> None:
    """What was cut off must not be taken for the end of the data."""
    bench.house.signals = REGISTERS
    backend = bench.backend()
    points, _ = await history_points(backend, *REGISTERS)
    bench.simulator.max_rows = 1000
    fault = Fault(html_error(403), path="/api/sensors/signals/data", skip=1)
    bench.simulator.faults.add(fault)
    chunks = backend.history(points, START, NOW)
    with pytest.raises(PermissionDeniedError):
        await anext(chunks)
