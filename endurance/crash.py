"""Kill Home Assistant at random moments, and compare what it has recorded."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
import time

import aiohttp

from demo.progress import say

from .database import fresh_database, sqlite_address, tear_hole
from .home import Home
from .reading import has_entry, read_rows, wait_until_up_to_date
from .rows import Difference, Rows, differences
from .simulated import Simulated, StandingClock, simulated

SIZES: Mapping[str, Sequence[str]] = {
    "besmart": ("--years", "0.09", "--prediction-hours", "0"),
    "bemserver": ("--years", "0.06"),
    "dsmr_reader": (
        *("--years", "0.09", "--interval", "300", "--retention-days", "100"),
    ),
    "milesight": ("--days", "30", "--devices", "6", "--no-push"),
}
"""The options of small servers, whose whole history takes some seconds."""

SETTLED = timedelta(hours=4)
"""The age of the newest hour, so that none is open."""

NEWS = timedelta(days=6)
"""What a server gets to know during the kills."""

SETTLING_LOOKS, SETTLING_PAUSE = 12, 10.0
"""How often, and after how many seconds each, rows that differ are read again."""

SHOWN = 5
"""How many differences are printed."""


class Phase(StrEnum):
    """What Home Assistant is doing when it is killed."""

    IMPORT = "import"
    TOP_UP = "top-up"
    RE_IMPORT = "re-import"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Clean:
    """What clean imports have recorded before and after the news, and their times.

    `seconds` is how long each phase took without a kill.
    """

    before: Rows
    after: Rows
    seconds: Mapping[Phase, float]


@dataclass
class Result:
    """What came of the kills of one backend with one database."""

    backend: str
    database: str
    kills: int = 0
    during: int = 0
    tracebacks: int = 0
    differences: list[Difference] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a row of the table."""
        return (
            f"| {self.backend} | {self.database} | {self.kills} | {self.during}"
            f" | {len(self.differences)} | {self.tracebacks} |"
        )


def phases(kills: int) -> list[Phase]:
    """Return what each of a number of kills interrupts, in the order of the phases."""
    known = [*Phase]
    return [known[number * len(known) // kills] for number in range(kills)]


@dataclass
class Crash:
    """The kills of one backend, whose server's clock stands until it is moved."""

    backend: str
    folder: Path
    template: Path
    session: aiohttp.ClientSession
    random: Random
    server: Simulated
    clock: StandingClock
    end: datetime

    async def clean(self) -> Clean:
        """Import undisturbed before and after the news, and measure every phase.

        What a top-up and a re-import make must be what an import at once makes; the
        differences would be no fault of a kill.
        """
        seconds: dict[Phase, float] = {}
        self.clock.now = self.end - NEWS
        home = self._home("clean")
        home.prepare(self.template)
        try:
            await home.start()
            seconds[Phase.IMPORT] = await self._timed(home, add=True)
            before = await read_rows(home.api)
            # A kill could lose the entry, which Home Assistant stores a second later.
            await home.stop()
            self.clock.now = self.end
            await home.start()
            seconds[Phase.TOP_UP] = await self._timed(home)
            topped_up = await read_rows(home.api)
            begun = time.monotonic()
            await import_again(home)
            seconds[Phase.RE_IMPORT] = time.monotonic() - begun
            await home.kill()
            tear_hole(sqlite_address(home.config), self.random)
            await home.start()
            seconds[Phase.AUDIT] = await self._timed(home)
        finally:
            await home.kill()
        home = self._home("clean-after")
        home.prepare(self.template)
        try:
            await home.start()
            await self._timed(home, add=True)
            after = await read_rows(home.api)
        finally:
            await home.kill()
        show("undisturbed top-up", differences(after, topped_up))
        return Clean(before, after, seconds)

    async def kill(
        self, database: str, address: str | None, clean: Clean, kills: int
    ) -> Result:
        """Kill Home Assistant again and again; return what differs at the end."""
        result = Result(self.backend, database)
        name = f"metering_hub_{self.backend}"
        own = None if address is None else fresh_database(address, name)
        home = self._home(database, own)
        home.prepare(self.template)
        self.clock.now = self.end - NEWS
        order = phases(kills)
        try:
            for number, phase in enumerate(order):
                await self._kill_in(home, phase, clean, result)
                if [*order[number + 1 :], None][0] is not phase:
                    expected = clean.before if phase is Phase.IMPORT else clean.after
                    await self._compare(home, phase, expected, result)
        finally:
            await home.kill()
        result.tracebacks = home.log.read_text(errors="replace").count("Traceback")
        return result

    def _home(self, name: str, database: str | None = None) -> Home:
        """Return a Home Assistant with a folder of its own."""
        return Home(self.folder / self.backend / name, self.session, database)

    async def _timed(self, home: Home, *, add: bool = False) -> float:
        """Wait until the history is up to date; return after how many seconds."""
        begun = time.monotonic()
        if add:
            await home.api.add(self.server.server)
        await wait_until_up_to_date(home.api)
        return time.monotonic() - begun

    async def _kill_in(
        self, home: Home, phase: Phase, clean: Clean, result: Result
    ) -> None:
        """Start Home Assistant, and kill it at a random moment of a phase."""
        if phase is not Phase.IMPORT:
            self.clock.now = self.end
        torn = None
        if phase is Phase.AUDIT:
            torn = tear_hole(home.database or sqlite_address(home.config), self.random)
        await home.start()
        share = self.random.random()
        work = asyncio.create_task(self._work(home, phase))
        done, _ = await asyncio.wait({work}, timeout=share * clean.seconds[phase])
        # Home Assistant also writes files a moment after its work is done.
        if done:
            await asyncio.sleep(self.random.random())
        await home.kill()
        work.cancel()
        with contextlib.suppress(
            asyncio.CancelledError, aiohttp.ClientError, TypeError, OSError
        ):
            await work
        result.kills += 1
        result.during += not done
        what = f", without {torn}" if torn else ""
        say(
            f"{self.backend}, {result.database}: kill {result.kills} in {phase} after"
            f" {share:.0%} of {clean.seconds[phase]:.1f} s{what}"
            f"{' (it was done)' if done else ''}"
        )

    async def _work(self, home: Home, phase: Phase) -> None:
        """Do what a phase is about until it is done."""
        if not await has_entry(home.api):
            await home.api.add(self.server.server)
        if phase is Phase.RE_IMPORT:
            await import_again(home)
        await wait_until_up_to_date(home.api)

    async def _compare(
        self, home: Home, phase: Phase, expected: Rows, result: Result
    ) -> None:
        """Let Home Assistant finish, and compare its rows with those of a clean run."""
        await home.start()
        if not await has_entry(home.api):
            await home.api.add(self.server.server)
        await wait_until_up_to_date(home.api)
        found = differences(expected, await read_rows(home.api))
        for _ in range(SETTLING_LOOKS):
            if not found:
                break
            await asyncio.sleep(SETTLING_PAUSE)
            found = differences(expected, await read_rows(home.api))
        show(f"{self.backend}, {result.database}, {phase}", found)
        result.differences += found
        await home.kill()


async def import_again(home: Home) -> None:
    """Ask Home Assistant to import everything again, and wait until it has."""
    entries = await home.api.command("config_entries/get", domain="metering_hub")
    await home.api.command(
        "call_service",
        domain="metering_hub",
        service="import_history",
        service_data={"entry": entries[0]["entry_id"]},
    )


def show(what: str, found: Sequence[Difference]) -> None:
    """Print how many values differ, and some of them."""
    say(f"{what}: {len(found)} differences")
    for each in found[:SHOWN]:
        hour = datetime.fromtimestamp(each.hour, UTC)
        print(
            f"    {each.statistic_id} {hour:%Y-%m-%d %H}h {each.field}:"
            f" {each.clean} in a clean import, {each.found} here",
            flush=True,
        )


@contextlib.asynccontextmanager
async def crashing(
    backend: str,
    folder: Path,
    template: Path,
    session: aiohttp.ClientSession,
    seed: int,
) -> AsyncIterator[Crash]:
    """Run the server of a backend, and return what kills Home Assistant."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - SETTLED
    clock = StandingClock(end)
    async with simulated(backend, SIZES[backend], clock) as server:
        yield Crash(
            backend,
            folder,
            template,
            session,
            Random(f"{seed}-{backend}"),
            server,
            clock,
            end,
        )
