"""Limit how often a line of the same kind is logged, whoever provokes it."""

from collections.abc import Callable
from dataclasses import dataclass
import logging
import time
from typing import override

LINES = 10
"""How many lines of a kind are logged within an interval: enough to see a pattern."""

INTERVAL = 3600.0
"""Seconds after which a kind is logged again, with the number of lines left out."""

MOST_KINDS = 500
"""Kinds that are told apart. A server with a hundred entries has fewer; beyond them,
the one that began first is forgotten."""

type _Kind = tuple[str, int, str, str | None]


@dataclass(slots=True)
class _Count:
    """When an interval began, and how many lines it had; `left_out` were not logged."""

    began: float
    lines: int = 0
    left_out: int = 0


class LogLimit(logging.Filter):
    """Lets few lines of a kind pass in an hour, and says how many it left out.

    Lines with the same text before its placeholders are filled, and about the same
    subject, which is the first of them, are of a kind. A server that fails and comes
    back all day, or floods a connection, must not fill the disk. Lines for debugging
    pass: a person has asked for all of them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Initialize without any line; `clock` returns seconds."""
        super().__init__()
        self._clock = clock
        self._counts: dict[_Kind, _Count] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Return True if a line may be logged."""
        if record.levelno <= logging.DEBUG:
            return True
        count = self._count_of(_kind_of(record))
        count.lines += 1
        if count.lines > LINES:
            count.left_out += 1
            return False
        if count.left_out:
            _append(record, f"{count.left_out} lines like this were left out")
            count.left_out = 0
        if count.lines == LINES:
            _append(record, "more lines like this are left out for up to an hour")
        return True

    def _count_of(self, kind: _Kind) -> _Count:
        """Return the lines of a kind in the current interval."""
        now = self._clock()
        known = self._counts.get(kind)
        if known is not None and now - known.began < INTERVAL:
            return known
        left_out = self._counts.pop(kind).left_out if known is not None else 0
        if len(self._counts) >= MOST_KINDS:
            del self._counts[next(iter(self._counts))]
        self._counts[kind] = _Count(began=now, left_out=left_out)
        return self._counts[kind]


def limited_logger(name: str) -> logging.Logger:
    """Return the logger of a module whose lines a server can provoke.

    Python asks the filters of a logger only about the lines that it logs itself.
    """
    logger = logging.getLogger(name)
    limit(logger)
    return logger


def limit(logger: logging.Logger) -> None:
    """Limit the lines of a logger; a limit that has counted others is replaced."""
    for known in [*logger.filters]:
        if isinstance(known, LogLimit):
            logger.removeFilter(known)
    logger.addFilter(LogLimit())


def limit_again(package: str) -> None:
    """Limit the lines of a package anew, and those of its modules that are limited."""
    limit(logging.getLogger(package))
    for name in [*logging.root.manager.loggerDict]:
        logger = logging.getLogger(name) if name.startswith(f"{package}.") else None
        if logger and any(isinstance(each, LogLimit) for each in logger.filters):
            limit(logger)


def _kind_of(record: logging.LogRecord) -> _Kind:
    """Return what lines of a kind have in common."""
    args = record.args
    subject = args[0] if isinstance(args, tuple) and args else None
    subject = subject if isinstance(subject, str) else None
    return record.name, record.levelno, str(record.msg), subject


def _append(record: logging.LogRecord, remark: str) -> None:
    """Append a remark to a line."""
    record.msg = f"{record.msg} [{remark}]"
