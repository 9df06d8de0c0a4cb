"""A real Home Assistant as a process, which can be killed and started again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
import os
from pathlib import Path
import random
import shutil
import signal
import sys

import aiohttp

from demo.config import BASE, prepare_config
from demo.home_assistant import HomeAssistant
from demo.processes import HOST, ROOT, free_port

COMPONENTS = ROOT / "endurance" / "components"
START_TIMEOUT = 300.0
"""Seconds until Home Assistant must have started."""

STOP_TIMEOUT = 120.0

PORTS = 20000, 29000
"""A range below the ports that systems give to outgoing connections."""

CONFIGURATION = f"endurance_probe:\n{BASE}"


def own_port() -> int:
    """Return a free port that the system gives to nobody by itself.

    Between a kill and the next start, another program could get one of the others.
    """
    return free_port(random.randrange(*PORTS))


@dataclass
class Home:
    """A Home Assistant whose files are in `folder`.

    `database` is the address of its database, or None for SQLite.
    """

    folder: Path
    session: aiohttp.ClientSession
    database: str | None = None
    port: int = field(default_factory=own_port)
    _process: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        """Make a client that is not logged in."""
        self.api = HomeAssistant(self.session, f"http://{HOST}:{self.port}")

    @property
    def config(self) -> Path:
        """Return the configuration folder."""
        return self.folder / "config"

    @property
    def log(self) -> Path:
        """Return the file with the output of all starts."""
        return self.folder / "home_assistant.log"

    @property
    def pid(self) -> int:
        """Return the id of the process, or 0 if none runs."""
        return 0 if self._process is None else self._process.pid

    def prepare(self, template: Path | None = None) -> None:
        """Write the configuration of a new Home Assistant.

        A template is the configuration of one that has an owner already.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        if template is not None:
            shutil.copytree(template, self.config, symlinks=True)
        prepare_config(self.config, self.port, fresh=False)
        link = self.config / "custom_components" / "endurance_probe"
        link.unlink(missing_ok=True)
        link.symlink_to(COMPONENTS / "endurance_probe")
        address = "" if self.database is None else f"  db_url: {self.database}\n"
        (self.config / "configuration.yaml").write_text(CONFIGURATION + address)

    async def start(self) -> None:
        """Start Home Assistant, log in, and wait until it has started."""
        command: Sequence[str] = (
            str(Path(sys.executable).with_name("hass")),
            *("--config", str(self.config)),
        )
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(START_TIMEOUT):
            await self.api.wait_until_up()
            await self.api.log_in()
            await self.api.wait_until_started()

    async def kill(self) -> None:
        """End Home Assistant at once, as a power cut does."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        self._process = None

    async def stop(self) -> None:
        """Ask Home Assistant to end, and kill it if it does not end in time."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
            except TimeoutError:
                await self.kill()
        self._process = None


async def make_template(folder: Path, session: aiohttp.ClientSession) -> Path:
    """Start a new Home Assistant once, so that it has an owner; return its files."""
    home = Home(folder, session)
    home.prepare()
    try:
        await home.start()
    finally:
        await home.stop()
    for left in home.config.glob("home-assistant_v2.db*"):
        left.unlink()
    return home.config
