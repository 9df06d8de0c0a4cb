"""What a running Home Assistant uses, sampled from outside and by the probe."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .flatness import Limit
from .home import Home

_MEGABYTE = 1024 * 1024
_KILOBYTES = 1024

LIMITS: Mapping[str, Limit] = {
    "memory": Limit(growth=6.0, peak=60.0),
    "used": Limit(growth=6.0, peak=60.0),
    "python": Limit(growth=6.0, peak=60.0),
    "sockets": Limit(growth=1.0, peak=25.0),
    "files": Limit(growth=2.0, peak=40.0),
    "threads": Limit(growth=1.0, peak=10.0),
    "tasks": Limit(growth=2.0, peak=60.0),
    "lines": Limit(growth=2.0, peak=60.0),
}
"""What is flat, by measure: MB, and counts; lines are those of one minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The measures of one moment: memory in MB, counts, log lines since the last one.

    `memory` is what the system counts, `used` what the C library has handed out, and
    `python` what Python's own allocator has.
    """

    memory: float
    used: float
    python: float
    sockets: int
    files: int
    threads: int
    tasks: int
    lines: int
    states: int
    unavailable: int

    def __str__(self) -> str:
        """Return a line of the log."""
        return (
            f"{self.memory:6.1f} MB ({self.used:.1f} used,"
            f" Python {self.python:.1f}), {self.sockets} sockets,"
            f" {self.files} files, {self.threads} threads, {self.tasks} tasks,"
            f" {self.lines} lines, {self.unavailable} of {self.states} unavailable"
        )


@dataclass(slots=True)
class Sampler:
    """Take samples of a Home Assistant; `lines` is how many its log had."""

    home: Home
    _lines: int = 0

    async def sample(self) -> Sample:
        """Return what Home Assistant uses now."""
        counts = await self.home.api.command("endurance_probe/counts")
        status = _status(self.home.pid)
        handles = _handles(self.home.pid)
        lines = self.home.log.read_bytes().count(b"\n")
        new, self._lines = lines - self._lines, lines
        return Sample(
            memory=status["VmRSS"] / _KILOBYTES,
            used=_used(counts["allocated"]) / _MEGABYTE,
            python=counts["python"]["used"] / _MEGABYTE,
            sockets=sum(handle.startswith("socket:") for handle in handles),
            files=len(handles),
            threads=status["Threads"],
            tasks=counts["tasks"],
            lines=new,
            states=counts["states"],
            unavailable=counts["unavailable"],
        )


def _used(allocated: Mapping[str, Any]) -> float:
    """Return the bytes that the C library has handed out; 0 if it cannot tell."""
    return float(allocated.get("used", 0) + allocated.get("mapped", 0))


def _status(pid: int) -> dict[str, int]:
    """Return the numbers that the system has about a process (memory in KB)."""
    rows = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    fields = (row.partition(":") for row in rows)
    return {
        name: int(first)
        for name, _, value in fields
        if value.split() and (first := value.split()[0]).isdecimal()
    }


def _handles(pid: int) -> list[str]:
    """Return what the open files of a process are."""
    handles = []
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            handles.append(str(handle.readlink()))
        except FileNotFoundError:
            continue
    return handles
