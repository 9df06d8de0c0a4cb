"""Watch what a backend does with mutated answers."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
import logging
from math import isfinite
from time import process_time
import traceback
from typing import NamedTuple
from zlib import crc32

from aiohttp import hdrs, web
from multidict import CIMultiDict
import orjson

from custom_components.metering_hub.backends.base import Backend
from custom_components.metering_hub.backends.common.times import YEARS
from custom_components.metering_hub.backends.errors import BackendError
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Reading
from simulators.faults import Handler

from .mutations import Mutator

MOST_SECONDS = 20.0
"""CPU seconds of an example; most need a tenth of one, and a loop needs all."""

MOST_WAIT = 600.0
"""Seconds after which an example hangs."""

BROKEN = "broken JSON"
"""What an error says of an answer that is lost as a whole."""

MOST_PUSH_WAIT = 0.5

MOST_TEXT = 1_000
MOST_ANSWERS = 5_000
NO_TEXTS = frozenset(chr(each) for each in (*range(9), *range(0x7F, 0xA0)))


class Answered(NamedTuple):
    """An answer of a simulator: its time stands still, so it would answer the same."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


type Recorded = Mapping[str, Sequence[bytes]]
"""Bodies that a real server has answered, by path."""

RECORDED_SHARE = 0.15

PUSH = "/mqtt/"
"""A part of the paths at which a server says where and how it pushes."""

WATCHES = 10

FOCUSES = 16
"""Groups of paths; a server has some twenty."""

type Answers = dict[tuple[str, str, bytes], Answered]
"""Answers by method, path with query, and body of the request."""


@dataclass(slots=True)
class Mutating:
    """An action of a simulator that mutates a part of its answers.

    The first `skip` answers are as they are, and those of `spared` paths; at most
    `most` are mutated, so that the parsers behind them are reached. Now and then, what
    a real server has answered takes the place of an answer. With a `focus`, only the
    answers of some paths are mutated, but all of these.
    """

    mutator: Mutator
    answers: Answers
    share: float
    skip: int = 0
    spared: tuple[str, ...] = ()
    recorded: Recorded = field(default_factory=dict)
    most: int | None = None
    focus: int | None = None
    is_push_only: bool = False
    mutated: int = 0

    async def _answered(self, request: web.Request, handler: Handler) -> Answered:
        """Return the answer of the simulator, which is computed once."""
        key = (request.method, request.path_qs, await request.read())
        if (known := self.answers.get(key)) is None:
            whole = await handler(request)
            body = whole.body if isinstance(whole, web.Response) else b""
            headers = whole.headers.copy()
            for name in (hdrs.CONTENT_LENGTH, hdrs.CONTENT_ENCODING):
                headers.popall(name, None)
            known = Answered(
                whole.status, headers, body if isinstance(body, bytes) else b""
            )
            if len(self.answers) < MOST_ANSWERS:
                self.answers[key] = known
        return known

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer with other bytes than the handler."""
        status, headers, body = await self._answered(request, handler)
        is_spared = any(part in request.path for part in self.spared)
        if not is_spared:
            self.skip -= 1
            is_spared = self.skip >= 0 or self.mutated == self.most
        if self.is_push_only:
            is_spared = PUSH not in request.path
        elif self.focus is not None:
            is_spared = crc32(request.path.encode()) % FOCUSES != self.focus
        random = self.mutator.random
        others = self.recorded.get(request.path)
        if others and not is_spared and random.random() < RECORDED_SHARE:
            body = random.choice(others)
        if not is_spared and random.random() < self.share:
            self.mutated += 1
            body = self.mutator.mutate(body, request.path)
        return web.Response(status=status, body=body, headers=headers)


@dataclass(slots=True)
class Findings:
    """What went wrong in an example."""

    mutator: Mutator
    found: list[str] = field(default_factory=list)

    @property
    def log(self) -> list[str]:
        """Return what was mutated, in order."""
        return self.mutator.log

    def note(self, what: str) -> None:
        """Note what is wrong."""
        self.found.append(what)

    async def attempt[Result](
        self, name: str, call: Callable[[], Awaitable[Result]]
    ) -> Result | None:
        """Return the result of a call that may raise only BackendError."""
        try:
            return await call()
        except NotImplementedError:
            return None
        except BackendError as err:
            check_text(self, f"error of {name}", str(err))
            if self.mutator.is_json and BROKEN in str(err):
                self.note(f"{name}: one value is taken for broken JSON")
        except Exception:  # noqa: BLE001 -- that anything else comes out is the finding
            self.note(f"{name}: {traceback.format_exc(limit=-6)}")
        return None


@asynccontextmanager
async def watched(findings: Findings) -> AsyncIterator[None]:
    """Note what asyncio reports, tracebacks in the log, and too much time."""
    loop = asyncio.get_running_loop()
    handler = _Tracebacks(findings)
    logging.getLogger().addHandler(handler)
    loop.set_exception_handler(
        lambda _, context: findings.note(f"asyncio: {context.get('message')} {context}")
    )
    begun = process_time()
    try:
        async with asyncio.timeout(MOST_WAIT):
            yield
    except TimeoutError:
        findings.note(f"no end after {MOST_WAIT} s")
    finally:
        loop.set_exception_handler(None)
        logging.getLogger().removeHandler(handler)
    if (used := process_time() - begun) > MOST_SECONDS:
        findings.note(f"{used:.1f} s of CPU time")


class _Tracebacks(logging.Handler):
    """Notes log records of our code with a traceback."""

    def __init__(self, findings: Findings) -> None:
        """Initialize with what to note them in."""
        super().__init__(logging.WARNING)
        self._findings = findings

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record; those of the simulators are their own business."""
        if record.exc_info and not record.name.startswith("aiohttp.server"):
            trace = "".join(traceback.format_exception(*record.exc_info))
            self._findings.note(f"log: {record.getMessage()} {trace[-2000:]}")


async def use(
    backend: Backend,
    findings: Findings,
    end: datetime,
    *,
    has_history: bool = True,
    watches: int = 1,
) -> None:
    """Use everything that Home Assistant uses of a backend.

    Without history, which takes most of the time, more examples of the rest are tried.
    """
    attempt = findings.attempt
    await attempt("connect", backend.connect)
    await attempt("check_setup", backend.check_setup)
    inventory = await attempt("inventory", backend.inventory)
    if inventory is None:
        return
    check_inventory(findings, inventory)
    points = list(inventory.points.values())
    for _ in range(2):
        latest = await attempt("latest", lambda: backend.latest(points))
        if latest is not None:
            for key, reading in latest.readings.items():
                check_reading(findings, key, reading)
    if has_history:
        await _use_history(backend, findings, inventory, end)
    for _ in range(watches):
        await attempt("watch", lambda: _watch(backend))
    try:
        memory = orjson.loads(orjson.dumps(dict(backend.remember())))
        backend.restore(memory)
    except (TypeError, ValueError) as err:
        findings.note(f"memory: {type(err).__name__} {err}")


async def _watch(backend: Backend) -> None:
    """Watch for changes until the connection stands."""
    changes = backend.watch()
    with suppress(StopAsyncIteration, TimeoutError):
        async with asyncio.timeout(MOST_PUSH_WAIT):
            await anext(changes)
    if isinstance(changes, AsyncGenerator):
        await changes.aclose()


async def _use_history(
    backend: Backend, findings: Findings, inventory: Inventory, end: datetime
) -> None:
    """Read the history of all points, and what is compared with it."""
    attempt = findings.attempt
    points = [point for point in inventory.points.values() if point.has_history]
    if not points:
        return
    start = end.replace(day=end.day - 2)

    async def read() -> None:
        """Read the history."""
        async for chunk in backend.history(points, start, end):
            for key, readings in chunk.readings.items():
                for reading in readings:
                    check_reading(findings, key, reading)

    first = await attempt("history_start", lambda: backend.history_start(points))
    if first is not None and first.year not in YEARS:
        findings.note(f"history starts at {first}")
    await attempt("history", read)
    await attempt(
        "history_changes", lambda: backend.history_changes(points, start, None)
    )
    await _use_optional(backend, findings, inventory, (start, end))


async def _use_optional(
    backend: Backend,
    findings: Findings,
    inventory: Inventory,
    span: tuple[datetime, datetime],
) -> None:
    """Use the optional abilities that read."""
    attempt, (start, end) = findings.attempt, span
    points = [point for point in inventory.points.values() if point.has_history]
    for name, call in (
        ("compare", lambda: backend.compare_history(points, start, {})),
        ("totals", lambda: backend.day_totals(points, start, end)),
        ("prices", lambda: backend.prices(start, end)),
        ("forecast", lambda: backend.solar_forecast(points, start, end)),
    ):
        await attempt(name, call)


def check_inventory(findings: Findings, inventory: Inventory) -> None:
    """Check that every text of an inventory can be stored and shown."""
    for device in inventory.devices.values():
        texts = (device.key, device.name, device.manufacturer, device.model)
        others = (device.serial, device.software_version, device.hardware_version)
        for text in (*texts, *others, device.suggested_area):
            check_text(findings, f"device {device.key[:50]!r}", text)
    for point in inventory.points.values():
        options: Iterable[str] = point.options or ()
        for text in (point.key, point.name, point.unit, *options):
            check_text(findings, f"point {point.key[:50]!r}", text)


def check_reading(findings: Findings, key: str, reading: Reading) -> None:
    """Check that a reading can be shown and stored."""
    if isinstance(reading.value, str):
        check_text(findings, f"value of {key}", reading.value)
    elif isinstance(reading.value, float) and not isfinite(reading.value):
        findings.note(f"value of {key}: {reading.value}")
    if reading.time.year not in YEARS:
        findings.note(f"time of {key}: {reading.time}")


def check_text(findings: Findings, what: str, text: str | None) -> None:
    """Check that a text is short, and without characters that no file can hold."""
    if text is None:
        return
    if len(text) > MOST_TEXT:
        findings.note(f"{what}: {len(text)} characters")
    if NO_TEXTS & {*text} or any("\ud800" <= each <= "\udfff" for each in text):
        findings.note(f"{what}: {text[:60]!r}")
