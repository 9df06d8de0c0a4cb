"""Many signals in few requests, on every edition of the server."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.besmart.batching import SignalBatcher
from custom_components.metering_hub.backends.besmart.memory import ServerMemory
from custom_components.metering_hub.backends.besmart.models import DataQuery, SignalId
from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    PermissionDeniedError,
    ServerFaultError,
)
from simulators.besmart import SIGNAL_TYPES
from simulators.faults import Fault, html_error

from .conftest import HOUSE, Bench, both_editions

ALL = [moid for moid in SIGNAL_TYPES if moid not in (70, 139)]
BATCH = "/api/sensors/signals/data"
BATCH_2 = f"{BATCH}/v2"


def make_batcher(bench: Bench) -> SignalBatcher:
    """Return a new batcher for a house with all signals."""
    bench.house.signals = tuple(ALL)
    return SignalBatcher(bench.client(), ServerMemory(bench.clock))


def queries(bench: Bench, *moids: int, hours: float = 2) -> list[DataQuery]:
    """Return queries for signals of the house."""
    now = bench.clock()
    return [
        DataQuery(
            signal=SignalId(HOUSE, moid), since=now - timedelta(hours=hours), till=now
        )
        for moid in moids
    ]


@both_editions
async def test_all_signals_are_read(bench: Bench) -> None:
    """They are read in one batch if the server has that, or else one by one."""
    batcher = make_batcher(bench)
    is_new = bench.simulator.edition == "2026"
    for first in (True, False):
        found = await batcher.read(queries(bench, *ALL))
        assert {signal.moid for signal in found.data} == set(ALL)
        assert not found.failures
        # The first time, the batch endpoints are tried until one exists.
        assert bench.count(BATCH) == (0 if is_new else first)
        assert bench.count(BATCH_2) == (1 + first if is_new else first)
        assert bench.asked() == (1 + first if is_new else len(ALL) + 2 * first)


@pytest.mark.parametrize("status", [404, 405])
async def test_a_missing_batch_is_remembered_for_a_week(
    bench: Bench, status: int
) -> None:
    """Both are tried once, and again after a week: the server can be updated."""
    bench.simulator.absent |= {"batch": status, "batch_v2": status}
    bench.house.signals = tuple(ALL)
    memory = ServerMemory(bench.clock)
    for days, tried in ((0, 1), (6, 0), (2, 1)):
        bench.clock.pass_(days=days)
        restarted = ServerMemory(bench.clock)
        restarted.restore(memory.remember())
        memory = restarted
        await SignalBatcher(bench.client(), memory).read(queries(bench, 32, 34))
        assert bench.count(BATCH) == tried
        assert bench.asked("/data/v2") == tried


async def test_a_server_with_only_the_first_batch(bench: Bench) -> None:
    """Some editions have only the older endpoint."""
    bench.simulator.absent["batch_v2"] = 404
    batcher = make_batcher(bench)
    for _ in range(2):
        found = await batcher.read(queries(bench, 32, 34))
        assert len(found.data) == 2
    assert bench.count(BATCH_2) == 1
    assert bench.count(BATCH) == 3


@pytest.mark.parametrize("unknown", ["left_out", "empty", "refused"])
async def test_an_unknown_signal_costs_itself_only(bench: Bench, unknown: str) -> None:
    """Even if the server refuses the whole batch because of it."""
    bench.simulator.batch_unknown = unknown  # type: ignore[assignment]  # One of these.
    batcher = make_batcher(bench)
    # A refused batch is divided further at each read, until the signal is found out.
    for _ in range(5 if unknown == "refused" else 1):
        found = await batcher.read(queries(bench, 70, *ALL))
    with_data = {s.moid for s, data in found.data.items() if len(data.samples)}
    assert with_data == set(ALL)
    if unknown == "empty":
        assert not found.failures
    else:
        ((signal, error),) = found.failures.items()
        assert signal.moid == 70
        assert isinstance(error, NotFoundError)


@pytest.mark.parametrize("status", [403, 404, 422])
async def test_a_server_that_refuses_everything(bench: Bench, status: int) -> None:
    """Its batches are not split down to the last signal, again and again."""
    batcher = make_batcher(bench)
    await batcher.read(queries(bench, 32, 34))
    bench.simulator.faults.add(Fault(html_error(status), path="signals/"))
    bench.asked()
    many = [
        replace(
            query, signal=SignalId(HOUSE._replace(sensor_mid=mid), query.signal.moid)
        )
        for mid in range(10)
        for query in queries(bench, *ALL)
    ]
    found = await batcher.read(many)
    assert len(found.failures) == len(many) > 100
    assert not found.data
    assert bench.asked() <= len(many)


async def test_a_limit_of_the_batch_is_learned(bench: Bench) -> None:
    """A refused batch is halved, and later batches are short from the start."""
    bench.simulator.batch_limit = 12
    batcher = make_batcher(bench)
    many = [query for query in queries(bench, *ALL) for _ in range(4)][:50]
    assert len((await batcher.read(many)).data) == 13
    bench.asked()
    assert len((await batcher.read(many)).data) == 13
    assert bench.asked() <= 5


async def test_long_answers_are_requested_in_parts(bench: Bench) -> None:
    """Four days of one sample per minute are 5,760, so two signals fit."""
    batcher = make_batcher(bench)
    fast = [53, 54, 55, 56, 57, 58, 103]
    await batcher.read(queries(bench, *fast))
    bench.asked()
    found = await batcher.read(queries(bench, *fast, hours=24 * 4))
    lengths = {len(data.samples) for data in found.data.values()}
    assert lengths == {4 * 1440 - 15}
    # The last one asks whether there is anything after the last minute that arrived.
    assert bench.asked() == 5


async def test_a_failing_batch_fails_its_signals(bench: Bench) -> None:
    """If the server fails, its signals are not requested one by one as well."""
    batcher = make_batcher(bench)
    await batcher.read(queries(bench, 32, 34))
    bench.simulator.faults.add(Fault(html_error(500), path=BATCH))
    bench.asked()
    found = await batcher.read(queries(bench, *ALL))
    assert {signal.moid for signal in found.failures} == set(ALL)
    assert all(isinstance(e, ServerFaultError) for e in found.failures.values())
    assert bench.asked() == 2


@pytest.mark.parametrize("edition", ["2021"])
async def test_one_signal_that_fails_costs_itself_only(bench: Bench) -> None:
    """On a server without batches, the other signals are read."""
    path = f"/api/sensors/{HOUSE}/signals/34/data"
    bench.simulator.faults.add(Fault(html_error(403), path=path))
    found = await make_batcher(bench).read(queries(bench, 32, 34, 70))
    assert [signal.moid for signal in found.data] == [32]
    failures = {signal.moid: error for signal, error in found.failures.items()}
    assert failures.keys() == {34, 70}
    assert isinstance(failures[34], PermissionDeniedError)
    assert isinstance(failures[70], NotFoundError)
