"""A besmart that refuses every batch, or whose answers never come to an end."""

from dataclasses import dataclass
from datetime import timedelta
import time

from aiohttp import web
from orjson import dumps, loads
import pytest

from custom_components.metering_hub.backends.besmart import batching, history_start
from custom_components.metering_hub.backends.besmart.batching import SignalBatcher
from custom_components.metering_hub.backends.besmart.history_start import (
    HistoryStartFinder,
)
from custom_components.metering_hub.backends.besmart.memory import ServerMemory
from custom_components.metering_hub.backends.besmart.models import DataQuery, SignalId
from custom_components.metering_hub.backends.errors import (
    BackendError,
    EndlessError,
    ProtocolError,
    TooManyRowsError,
)
from simulators.faults import Answer, Fault, Handler, Json

from .conftest import HOUSE, NOW, Bench, add_meters

SIGNAL = SignalId(HOUSE, 32)
MONTH = timedelta(days=31)


def batcher_of(bench: Bench) -> tuple[SignalBatcher, ServerMemory]:
    """Return a batcher and its memory."""
    memory = ServerMemory(bench.clock)
    return SignalBatcher(bench.client(), memory), memory


async def test_batches_that_are_always_too_long(bench: Bench) -> None:
    """Dividing them stops as soon as the parts fail the same way."""
    add_meters(bench, 30)
    backend = bench.backend()
    await backend.connect()
    inventory = await backend.inventory()
    points = [p for p in inventory.points.values() if p.enabled_default]
    await backend.latest(points)
    works = bench.asked()
    for _ in range(5):
        bench.simulator.faults.add(Fault(Answer(413, b""), "signals/data"))
        with pytest.raises(BackendError):
            await backend.latest(points)
        assert bench.asked() <= works + 3


@dataclass
class EndlessSamples:
    """Answers a batch with new samples each time, which end before their span does."""

    rows: int
    step: float
    is_backwards: bool = False

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return samples from the start of what is asked for."""
        asked: Json = loads(await request.read())
        assert isinstance(asked, list)
        answers: list[Json] = []
        for query in asked:
            assert isinstance(query, dict)
            since = query["since"]
            assert isinstance(since, int)
            times = [since + int(n * self.step * 1000) for n in range(self.rows)]
            answers.append(
                {
                    **{
                        name: query[name]
                        for name in ("client_cid", "sensor_mid", "signal_type_moid")
                    },
                    "unit": "kWh",
                    "data": {
                        "time": list(times),
                        "value": [1.0] * self.rows,
                        "origin": [1] * self.rows,
                    },
                }
            )
        return web.Response(body=dumps(answers), content_type="application/json")


async def test_samples_of_a_signal_are_bounded(bench: Bench) -> None:
    """A signal with a sample every 10 ms is none."""
    batcher, _ = batcher_of(bench)
    samples = EndlessSamples(rows=30_000, step=0.01)
    bench.simulator.faults.add(Fault(samples, "signals/data"))
    query = DataQuery(signal=SIGNAL, since=NOW - MONTH, till=NOW)
    found = await batcher.read([query])
    assert isinstance(found.failures[SIGNAL], TooManyRowsError)
    assert not found.data
    assert bench.asked() < 15


async def test_answers_that_hardly_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer has one more sample than the one before."""
    monkeypatch.setattr(batching, "MOST_ANSWERS", 20)
    batcher, _ = batcher_of(bench)
    samples = EndlessSamples(rows=1000, step=0.001)
    bench.simulator.faults.add(Fault(samples, "signals/data"))
    query = DataQuery(signal=SIGNAL, since=NOW - MONTH, till=NOW)
    found = await batcher.read([query])
    assert isinstance(found.failures[SIGNAL], EndlessError)
    assert bench.asked() < 30


async def test_search_for_the_start_in_windows_of_a_day(bench: Bench) -> None:
    """A server that refuses all longer spans was asked about each day since 2005."""
    batcher, memory = batcher_of(bench)

    @dataclass
    class RefuseLong:
        async def apply(
            self, request: web.Request, handler: Handler
        ) -> web.StreamResponse:
            asked: Json = loads(await request.read())
            assert isinstance(asked, list)
            for query in asked:
                assert isinstance(query, dict)
                till, since = query["till"], query["since"]
                assert isinstance(till, int)
                assert isinstance(since, int)
                if till - since > 86_400_000:
                    return web.Response(
                        status=400, body=b"{}", content_type="application/json"
                    )
            return await handler(request)

    bench.simulator.faults.add(Fault(RefuseLong(), "signals/data"))
    finder = HistoryStartFinder(batcher, memory, bench.clock)
    began = time.monotonic()
    with pytest.raises(ProtocolError):
        await finder.find([SIGNAL])
    assert bench.asked() < 2 * history_start._MOST_STEPS
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("edition", ["2021"])
async def test_lists_of_a_thousand_clients(bench: Bench) -> None:
    """Each would take a request of its own, again every hour."""
    rows: list[Json] = [{"client_cid": n, "name": f"Home {n}"} for n in range(1, 1002)]
    answer = Answer(200, dumps(rows), "application/json")
    bench.simulator.faults.add(Fault(answer, "workspaces"))
    backend = bench.backend()
    await backend.connect()
    with pytest.raises(TooManyRowsError):
        await backend.inventory()
    assert len(bench.simulator.faults.requests) < 20
