"""Today's amounts: their values, and the requests they take."""

from datetime import timedelta

import pytest

from simulators.bemserver import CLEAN, RAW

from .conftest import NOW, Campus


async def test_server_sums_are_requested_once_an_hour(campus: Campus) -> None:
    """The server's sums are asked for with a new hour, not at every poll."""
    keys = [f"timeseries_{number}_amount" for number in (1, 10, 40, 51, 60)]
    await campus.poll(*keys)
    campus.count_requests()
    sums = []
    for _ in range(40):
        campus.clock.forward(minutes=3)
        await campus.poll(*keys)
        sums.append(campus.count_requests("/timeseries_data/aggregate"))
    # Two hours went by, and there are two time zones.
    assert [count for count in sums if count] == [2, 2]


async def test_a_corrected_amount_of_today_counts(campus: Campus) -> None:
    """Repeated values are not parsed again, corrected ones are."""
    key, at = "timeseries_10_amount", NOW - timedelta(minutes=15)
    series = campus.simulator.world.series[10]
    first = (await campus.poll(key)).readings[key]
    assert (await campus.poll(key)).readings[key] is first
    sums: list[float] = []
    for amount in (100.0, 105.0):
        for state in (RAW, CLEAN):
            campus.simulator.store.correct(series, state, {at: amount})
        sums.append((await campus.poll(key)).readings[key].value)
    assert first.value < sums[0]
    assert sums[1] - sums[0] == pytest.approx(5.0)
