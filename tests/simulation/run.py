"""Run one simulation: a world with a plan, and the invariants that hold after it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
import logging
import random
import traceback
from unittest.mock import patch

from simloop import SimLoop
from simloop._run import finish, run_once

from custom_components.metering_hub.backends.common.times import whole_hour
from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.history.batches import is_same
from custom_components.metering_hub.history.maths.rows import HOUR, TOLERANCE, Row
from custom_components.metering_hub.history.statistic import Scope
from custom_components.metering_hub.metering.model import Kind as PointKind
from simulators import bemserver, besmart, dsmr_reader
from simulators.bemserver.store import Gap
from simulators.dsmr_reader.knobs import Late
from simulators.faults import Fault

from .clock import START, now, virtual_time
from .disk import Disk
from .fake_recorder import DatabaseFaults
from .plan import ANSWERS, LONGEST, SPAN, Kind, Plan, Trouble
from .program import Claim, Diary, Program
from .worlds import Server, World

CALM = 3600.0 + LONGEST
"""Seconds after the last trouble begins, in which everything has to be well again."""

WELL_WITHIN = timedelta(minutes=50)
"""How long after the last trouble has ended everything is well again."""

HOME, SERVER = "home", "server"


@dataclass
class Result:
    """What a simulation has found."""

    faults: list[str]
    diary: Diary
    requests: int
    most_requests: int
    trace: str


class Simulation:
    """One world, in which a plan comes true."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        assert isinstance(self._loop, SimLoop)
        self._net = self._loop.net
        self._simulator = world.make()
        self._server = Server(self._simulator)
        self._disk = Disk()
        self._database = DatabaseFaults()
        self.diary = Diary()
        self._program: Program | None = None
        self._life: asyncio.Task[None] | None = None
        self._ended = 0.0

    async def run(self) -> list[str]:
        """Let everything happen; return what is wrong after it."""
        self._net.set_defaults(latency=(0.001, 0.02))
        self._net.host(HOME)
        await self._net.host(SERVER).create_task(self._server.start())
        self._begin_life()
        troubles = [asyncio.create_task(self._suffer(each)) for each in self._plan]
        await asyncio.sleep(SPAN + CALM)
        await asyncio.gather(*troubles)
        if self._life is not None and self._life.done():
            self._life.result()
        await self._end_life()
        clean = Disk()
        reference = Program(self._world, clean, DatabaseFaults(), Diary())
        scope = await self._net.host(HOME).create_task(reference.import_once())
        return [*self.diary.faults, *self._check(scope, clean)]

    @property
    def requests(self) -> list[float]:
        """Return when requests were answered."""
        return self._server.requests

    def _begin_life(self) -> None:
        self._program = Program(self._world, self._disk, self._database, self.diary)
        self._life = self._net.host(HOME).create_task(self._program.run())

    async def _end_life(self) -> None:
        """Stop the program in order."""
        program, life = self._program, self._life
        if program is None or life is None:
            return
        self._program = self._life = None
        life.cancel()
        await asyncio.wait((life,))
        worker = asyncio.create_task(program.recorder.run())
        await program.stop()
        worker.cancel()
        program.mount.is_alive = False

    async def _suffer(self, trouble: Trouble) -> None:
        await asyncio.sleep(trouble.at)
        await _HANDLERS[trouble.kind](self, trouble)
        self._ended = max(self._ended, self._loop.time())

    async def _crash(self, trouble: Trouble) -> None:
        if self._program is None or self._life is None:
            return
        program, life = self._program, self._life
        self._program = self._life = None
        program.mount.is_alive = False
        self._net.crash(HOME)
        await asyncio.wait((life,))
        if not life.cancelled() and (error := life.exception()):
            self.diary.faults.append(f"the program ended by itself: {error!r}")
        await asyncio.sleep(min(trouble.seconds, 120))
        self._net.restart(HOME)
        self._begin_life()

    async def _crash_at_step(self, trouble: Trouble) -> None:
        """Crash in the midst of what is written next."""
        crashed = asyncio.Event()
        self._disk.steps = trouble.number
        self._disk.on_last_step = crashed.set
        try:
            async with asyncio.timeout(LONGEST):
                await crashed.wait()
        except TimeoutError:
            self._disk.steps = None
            return
        await self._crash(trouble)

    async def _reimport(self, _: Trouble) -> None:
        self.diary.wants_reimport = True

    async def _late(self, trouble: Trouble) -> None:
        """Let readings from now on arrive when the trouble is over."""
        begin, latest = now(), START + timedelta(seconds=SPAN + LONGEST)
        end = min(begin + timedelta(seconds=3 * trouble.seconds), latest)
        arrival = end + timedelta(seconds=10)
        self.diary.unsure.append((begin - 2 * HOUR, arrival + HOUR))
        match self._simulator:
            case dsmr_reader.DsmrReaderSimulator():
                self._simulator.late.append(Late(begin, end, arrival))
            case bemserver.BemserverSimulator():
                self._simulator.gaps.append(Gap(begin, end, until=arrival))
            case besmart.BesmartSimulator():
                # Its newest readings vanish at first, which no real server does.
                self.diary.may_fall = True
                self._simulator.delay = timedelta(minutes=15) + (arrival - begin)
                await asyncio.sleep((arrival - begin).total_seconds())
                self._simulator.delay = timedelta(minutes=15)
                return
        await asyncio.sleep((arrival - begin).total_seconds())

    async def _stop(self, trouble: Trouble) -> None:
        if self._program is not None:
            await self._end_life()
            await asyncio.sleep(min(trouble.seconds, 120))
            self._begin_life()

    async def _crash_server(self, trouble: Trouble) -> None:
        if self._net._alive[SERVER]:
            self._net.crash(SERVER)
            await asyncio.sleep(trouble.seconds)
            self._net.restart(SERVER)
            await self._net.host(SERVER).create_task(self._server.start())

    async def _partition(self, trouble: Trouble) -> None:
        self._net.partition({HOME}, {SERVER})
        await asyncio.sleep(trouble.seconds)
        self._net.heal()

    async def _slow(self, trouble: Trouble) -> None:
        self._net.set_defaults(latency=(0.2, 3.0))
        await asyncio.sleep(trouble.seconds)
        self._net.set_defaults(latency=(0.001, 0.02))

    async def _answers(self, trouble: Trouble) -> None:
        action = ANSWERS[trouble.what]
        skip = trouble.number % 3
        self._server.faults.add(Fault(action, times=trouble.number, skip=skip))
        await asyncio.sleep(trouble.seconds)
        self._server.faults.clear()

    async def _refusals(self, trouble: Trouble) -> None:
        self._database.refusals = trouble.number
        await asyncio.sleep(trouble.seconds)
        self._database.refusals = 0

    async def _database_away(self, trouble: Trouble) -> None:
        self._database.is_away = True
        await asyncio.sleep(trouble.seconds)
        self._database.is_away = False

    async def _database_slow(self, trouble: Trouble) -> None:
        self._database.delay = 5.0
        await asyncio.sleep(trouble.seconds)
        self._database.delay = 0.0

    async def _server_clock(self, trouble: Trouble) -> None:
        offset = (trouble.number - 20) * 30.0
        self._net.set_clock(SERVER, offset=offset)
        self.diary.may_fall = True
        await asyncio.sleep(trouble.seconds)
        self._net.set_clock(SERVER, offset=0.0)

    def _check(self, scope: Scope, clean: Disk) -> Iterator[str]:
        """Yield what is wrong."""
        kinds = {scope.statistic(p).statistic_id: p.kind for p in scope.points}
        for statistic_id, kind in kinds.items():
            found = self._disk.tables.get(statistic_id, {})
            wanted = clean.tables.get(statistic_id, {})
            until = whole_hour(now() - self._world.lag)
            for fault in (*_differences(found, wanted, until), *_wrong(found, kind)):
                yield f"{statistic_id}: {fault}"
            for claim in self._sure_claims():
                said = claim.rows.get(statistic_id, {})
                for fault in _differences(said, wanted, claim.until):
                    yield f"{statistic_id}: up to date at {claim.moment}: {fault}"
        yield from self._check_recovery()
        if (most := busiest(self.requests)) > self._world.requests:
            yield f"{most} requests in ten minutes"

    def _sure_claims(self) -> Iterator[Claim]:
        """Yield what was said of hours whose readings had all arrived."""
        for claim in self.diary.claims:
            if not any(a <= claim.moment <= b for a, b in self.diary.unsure):
                yield claim

    def _check_recovery(self) -> Iterator[str]:
        begin = START + timedelta(seconds=self._ended)
        if not any(begin <= at <= begin + WELL_WITHIN for at in self.diary.good_polls):
            yield f"no complete poll within {WELL_WITHIN} after {begin}"
        if not any(
            begin <= each.moment <= begin + WELL_WITHIN for each in self.diary.claims
        ):
            yield f"never up to date after {begin}"


type Handler = Callable[[Simulation, Trouble], Awaitable[None]]

_HANDLERS: Mapping[Kind, Handler] = {
    Kind.CRASH: Simulation._crash,
    Kind.CRASH_AT_STEP: Simulation._crash_at_step,
    Kind.LATE: Simulation._late,
    Kind.REIMPORT: Simulation._reimport,
    Kind.STOP: Simulation._stop,
    Kind.SERVER_CRASH: Simulation._crash_server,
    Kind.PARTITION: Simulation._partition,
    Kind.SLOW: Simulation._slow,
    Kind.ANSWERS: Simulation._answers,
    Kind.REFUSALS: Simulation._refusals,
    Kind.DATABASE_AWAY: Simulation._database_away,
    Kind.DATABASE_SLOW: Simulation._database_slow,
    Kind.SERVER_CLOCK: Simulation._server_clock,
}


def busiest(moments: list[float]) -> int:
    """Return the most requests within ten minutes."""
    most = first = 0
    for index, moment in enumerate(moments):
        while moments[first] < moment - 600:
            first += 1
        most = max(most, index - first + 1)
    return most


def _are_same(one: Row | None, other: Row) -> bool:
    return one is not None and all(map(is_same, one[1:], other[1:], strict=True))


def _differences(
    found: Mapping[object, Row], wanted: Mapping[object, Row], until: object
) -> Iterator[str]:
    """Yield the first settled hour in which rows differ from those wanted."""
    if not wanted:
        yield "nothing to compare with"
    for at in sorted({*found, *wanted}):
        if at >= until:
            return
        if found.get(at) is (true := wanted.get(at)):
            continue
        if true is None:
            yield f"{found[at]} should not be"
            return
        if not _are_same(found.get(at), true):
            yield f"{found.get(at)} should be {true}"
            return


def _wrong(found: Mapping[object, Row], kind: PointKind) -> Iterator[str]:
    """Yield the first row that does not follow from the one before it."""
    rows = [found[at] for at in sorted(found)]
    for before, row in pairwise(rows):
        if kind is PointKind.INSTANT or row.sum is None or before.sum is None:
            continue
        change = row.sum - before.sum
        if change < -TOLERANCE:
            yield f"{row} is less than {before}"
            return
        if kind is PointKind.REGISTER:
            if row.start - before.start != HOUR:
                yield f"hours are missing before {row}"
                return
            moved = (row.state or 0.0) - (before.state or 0.0)
            if abs(moved - change) > 1e-3:
                yield f"{row} does not follow the register after {before}"
                return


class _NoTrace:
    """Keep no trace: that of hours would take much memory."""

    events = ()

    def record(self, *_: object) -> None:
        """Keep nothing."""

    def hash(self) -> str:
        """Return nothing."""
        return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Log nothing: servers that hang up and clients that vanish are the point."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _note(faults: list[str], context: Mapping[str, object]) -> None:
    """Note an exception that nobody retrieved, if it is one of the integration's."""
    if isinstance(error := context.get("exception"), BaseException):
        text = "".join(traceback.format_exception(error))
        if "custom_components" in text:
            faults.append(text)


def simulate(world: World, seed: int, plan: Plan, *, has_trace: bool = False) -> Result:
    """Run a plan with a seed, which is also that of the scheduler and the network."""
    random.seed(seed)
    loop = SimLoop(seed)
    if not has_trace:
        loop._recorder = _NoTrace()
    simulation: Simulation | None = None
    faults: list[str] = []

    async def run() -> None:
        nonlocal simulation
        simulation = Simulation(world, plan)
        faults.extend(await simulation.run())

    loop.set_exception_handler(lambda _, context: _note(faults, context))
    with (
        virtual_time(),
        _quiet(),
        patch.object(write_queue, "BATCH", 8),
        patch.object(write_queue, "MAX_QUEUED", 24),
    ):
        error = run_once(loop, run)
        trace = loop.trace_hash()
        finish(loop)
    if error is not None:
        faults.append("".join(traceback.format_exception(error)))
    assert simulation is not None
    if error is not None:
        simulation.diary.failures.append(repr(error))
    return Result(
        faults,
        simulation.diary,
        len(simulation.requests),
        busiest(simulation.requests),
        trace,
    )
