"""How often lines of the same kind are logged."""

from collections.abc import Iterator
import logging

import pytest

from custom_components.metering_hub.backends.common.log_limit import (
    INTERVAL,
    LINES,
    MOST_KINDS,
    LogLimit,
    limit_again,
    limited_logger,
)

type Log = tuple[logging.Logger, list[str], list[float]]


@pytest.fixture
def log() -> Iterator[Log]:
    """Return a limited logger, its lines, and the time, which tests change."""
    lines: list[str] = []
    now = [0.0]

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.getLogger(f"{__name__}.limited")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(Kept())
    logger.addFilter(LogLimit(lambda: now[0]))
    yield logger, lines, now
    logger.handlers.clear()
    logger.filters.clear()


def test_a_flood_of_lines_is_logged_a_few_times_an_hour(log: Log) -> None:
    logger, lines, now = log
    for number in range(18_100):
        logger.warning("%s: lost %d", "Home", number)
    assert len(lines) == LINES
    assert lines[0] == "Home: lost 0"
    assert "left out" in lines[-1]
    now[0] = INTERVAL
    logger.warning("%s: lost %d", "Home", 7)
    assert lines[LINES] == (
        f"Home: lost 7 [{18_100 - LINES} lines like this were left out]"
    )
    logger.warning("%s: lost %d", "Home", 8)
    assert lines[LINES + 1] == "Home: lost 8"


def test_modules_are_limited_anew_with_their_package() -> None:
    """A limit replaces an earlier one, and a module without one gets none."""
    package = f"{__name__}.package"
    module = limited_logger(f"{package}.module")
    (first,) = module.filters
    other = logging.getLogger(f"{package}.other")
    limit_again(package)
    limit_again(package)
    (second,) = module.filters
    assert isinstance(second, LogLimit)
    assert second is not first
    assert other.filters == []
    assert len(logging.getLogger(package).filters) == 1


def test_other_lines_are_not_affected(log: Log) -> None:
    """Another entry, another text and another level are other kinds."""
    logger, lines, _ = log
    for _ in range(LINES + 5):
        logger.warning("%s: lost", "Home")
    lines.clear()
    logger.warning("%s: lost", "Office")
    logger.warning("%s: found", "Home")
    logger.error("%s: lost", "Home")
    assert lines == ["Office: lost", "Home: found", "Home: lost"]


def test_lines_for_debugging_all_pass(log: Log) -> None:
    logger, lines, _ = log
    for _ in range(LINES + 5):
        logger.debug("%s: lost", "Home")
    assert len(lines) == LINES + 5


def test_memory_is_bounded(log: Log) -> None:
    """Also of lines that are all of another kind."""
    logger, lines, _ = log
    for number in range(3 * MOST_KINDS):
        logger.warning("%s: lost", f"Home {number}")
    (limit,) = logger.filters
    assert isinstance(limit, LogLimit)
    assert len(limit._counts) == MOST_KINDS
    assert len(lines) == 3 * MOST_KINDS
