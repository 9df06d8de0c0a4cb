"""The programs that a browser test needs: Home Assistant and simulated servers."""

from collections.abc import Iterator, Mapping
import contextlib
from dataclasses import dataclass, field
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from urllib.request import urlopen

from demo.config import prepare_config
from demo.processes import HOST, ROOT, free_port
from demo.servers import Server

START_TIMEOUT = 600.0
STOP_TIMEOUT = 60.0


@dataclass
class Program:
    """A program that runs until `stop` and logs to a file."""

    command: list[str]
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the program in its own process group."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- The commands are our own.
                self.command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """Stop the program, and kill it if it does not stop in time."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_TIMEOUT)
        self._process = None

    @property
    def has_ended(self) -> bool:
        """Return True if the program ended by itself."""
        return self._process is not None and self._process.poll() is not None


def wait_for(url: str, program: Program) -> None:
    """Wait until a program responds at an address."""
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urlopen(url, timeout=5):  # noqa: S310 -- Ours.
            return
        if program.has_ended:
            raise AssertionError(program.log.read_text()[-2000:])
        time.sleep(0.3)
    raise AssertionError(f"nothing answers at {url}")


@dataclass
class World:
    """Home Assistant at `url`, and the simulated servers by backend or name."""

    url: str
    folder: Path
    servers: dict[str, Server] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    def serve(self, server: Server, name: str | None = None) -> None:
        """Start a server, or restart it with another secret.

        One that is not the only one of its backend has a name.
        """
        name = name or server.kind.backend
        if name in self.programs:
            self.programs[name].stop()
        program = Program(server.command, self.folder / f"{name}.log")
        self.servers[name], self.programs[name] = server, program
        program.start()

    def restart_home_assistant(self) -> None:
        """Stop Home Assistant, start it again, and wait until it answers."""
        home = self.programs["home_assistant"]
        home.stop()
        home.start()
        wait_for(f"{self.url}/manifest.json", home)

    @property
    def home_assistant_log(self) -> str:
        """Return Home Assistant's log."""
        return (self.folder / "home_assistant.log").read_text()


@contextlib.contextmanager
def running_world(folder: Path, servers: Mapping[str, Server]) -> Iterator[World]:
    """Run the servers and a new Home Assistant until the end of the tests."""
    port = free_port(0)
    config = folder / "config"
    prepare_config(config, port, fresh=True)
    hass = [
        str(Path(sys.executable).with_name("hass")),
        *("--config", str(config)),
    ]
    world = World(url=f"http://{HOST}:{port}", folder=folder)
    home = Program(hass, folder / "home_assistant.log")
    world.programs["home_assistant"] = home
    try:
        home.start()
        for server in servers.values():
            world.serve(server)
        wait_for(f"{world.url}/manifest.json", home)
        yield world
    finally:
        for program in world.programs.values():
            program.stop()
