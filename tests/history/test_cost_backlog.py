"""Pricing recorded hours later, in a real recorder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging
import sqlite3
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.errors import RecorderError
from custom_components.metering_hub.history import cost_backlog
from custom_components.metering_hub.history.cost_backlog import CostBacklog
from custom_components.metering_hub.history.costs import CostStatistics
from custom_components.metering_hub.history.maths.costs import cost_rows
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.access import wait_until_stored
from custom_components.metering_hub.history.recorder.recorder import (
    StatisticWriter,
    WriteQueue,
    last_rows,
)
from custom_components.metering_hub.history.statistic import Scope, Statistic
from custom_components.metering_hub.metering.model import (
    Kind,
    Point,
    PricePeriod,
    Quantity,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.recorder import get_instance

from .refusals import WRITES

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = 100
NOW = START + HOURS * HOUR
POINT = Point(
    key="energy",
    device_key="meter",
    quantity=Quantity.ENERGY,
    kind=Kind.REGISTER,
    unit="kWh",
)
SCOPE = Scope(
    points=[POINT],
    prefix="metering_hub:test_",
    names={"energy": "Energy", "cost": "cost", "fixed_cost": "fixed"},
    start=None,
)
PRICES = [PricePeriod(start=START, end=NOW, prices={"energy": 0.25})]
USED = [
    Row(START + hour * HOUR, state=100 + hour**1.5, sum=round(hour**1.5, 6))
    for hour in range(HOURS)
]
CLEAN = cost_rows(USED, 0.0, 0.0, PRICES, "energy")


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """Wait for nothing before a refused write is repeated."""
    return {"commit_interval": 0, "db_retry_wait": 0}


@pytest.fixture(autouse=True)
async def _recorder(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run a recorder with a register, and price a day at once in small batches."""
    freezer.move_to(NOW)
    await hass.config.async_update(currency="EUR")
    monkeypatch.setattr(cost_backlog, "SPAN", timedelta(days=1))
    monkeypatch.setattr(cost_backlog, "BATCH", 10)
    await write(hass, SCOPE.statistic(POINT), USED)


async def write(hass: HomeAssistant, statistic: Statistic, rows: Sequence[Row]) -> None:
    """Write rows to the recorder."""
    writer = StatisticWriter.of(statistic, None)
    writer.add(rows)
    queue = WriteQueue(hass)
    await queue.write([writer])
    await queue.finish()


def cost_statistic() -> Statistic:
    """Return the statistic of the costs."""
    return SCOPE.cost_statistic(POINT, "EUR")


async def costs_of(hass: HomeAssistant) -> Sequence[Row]:
    """Return the recorded costs."""
    return await last_rows(hass, cost_statistic().statistic_id, 10 * HOURS)


@pytest.fixture
async def backlog(hass: HomeAssistant) -> CostBacklog:
    """Return the backlog of a server whose prices are known."""
    spec = BACKENDS["dsmr_reader"]
    settings = {"url": "http://127.0.0.1:1", "api_key": "none", "verify_ssl": True}
    backend = spec.make(async_get_clientsession(hass), settings, {})
    costs = CostStatistics(hass, backend, spec)
    costs.prices = PRICES
    return CostBacklog(hass, costs)


def with_hole(first: int, end: int) -> list[Row]:
    """Return the costs as they are recorded if some hours were not priced."""
    hours = [*USED[:first], *USED[end:]]
    costs = []
    running = 0.0
    for row in hours:
        cost = CLEAN[USED.index(row)].state or 0.0
        running = round(running + cost, 6)
        costs.append(Row(row.start, state=cost, sum=running))
    return costs


@pytest.mark.parametrize(
    ("first", "end"), [(0, HOURS), (0, 30), (30, 31), (20, 70), (99, 100)]
)
async def test_unpriced_hours_are_priced_and_later_sums_go_on(
    hass: HomeAssistant, backlog: CostBacklog, first: int, end: int
) -> None:
    """The costs are those of a clean import."""
    await write(hass, cost_statistic(), with_hole(first, end))
    written = await backlog.price(SCOPE)
    # The hour before may have been priced before it was over.
    rows = HOURS - max(0, first - 1)
    assert written == {cost_statistic().statistic_id: rows}
    assert await costs_of(hass) == CLEAN


async def test_the_backlog_is_priced_once(
    hass: HomeAssistant, backlog: CostBacklog
) -> None:
    """A run without new prices does not look through the recorder again."""
    assert await backlog.price(SCOPE) != {}
    await write(hass, SCOPE.statistic(POINT), [Row(NOW, state=5000, sum=4900)])
    assert await backlog.price(SCOPE) == {}


async def test_an_hour_that_was_priced_before_it_was_over(
    hass: HomeAssistant, backlog: CostBacklog
) -> None:
    """The costs stopped within the hour before the first unpriced one."""
    partial = Row(USED[29].start, state=0.1, sum=(CLEAN[28].sum or 0.0) + 0.1)
    await write(hass, cost_statistic(), [*CLEAN[:29], partial])
    await backlog.price(SCOPE)
    assert await costs_of(hass) == CLEAN


async def test_costs_of_hours_that_have_no_price_any_more_are_kept(
    hass: HomeAssistant, backlog: CostBacklog
) -> None:
    """A contract that was deleted takes no cost away that was charged."""
    await write(hass, cost_statistic(), CLEAN[50:])
    backlog._costs.prices = [replace(PRICES[0], end=START + 30 * HOUR)]
    await backlog.price(SCOPE)
    costs = await costs_of(hass)
    assert costs[:30] == CLEAN[:30]
    assert [row.state for row in costs[30:]] == [row.state for row in CLEAN[50:]]
    total = sum(row.state or 0.0 for row in costs)
    assert costs[-1].sum == pytest.approx(total)


async def test_hours_without_a_price_stay_unpriced(
    hass: HomeAssistant, backlog: CostBacklog
) -> None:
    """Nothing is written if all hours with a price have a cost."""
    backlog._costs.prices = [
        PricePeriod(start=START, end=START + 5 * HOUR, prices={"energy": 0.25}),
        PricePeriod(start=START + 5 * HOUR, end=NOW, prices={"gas": 1.0}),
    ]
    assert [*(await backlog.price(SCOPE)).values()] == [5]
    assert await costs_of(hass) == CLEAN[:5]


@contextmanager
def full_disk(hass: HomeAssistant, transaction: int) -> Iterator[None]:
    """Let the database refuse all writes from the n-th transaction on."""
    seen: list[object] = []

    def check(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
        """Raise the error of a full disk."""
        current = connection.get_transaction()
        if statement.startswith(WRITES) and current not in seen:
            seen.append(current)
        if statement.startswith(WRITES) and len(seen) >= transaction:
            error = sqlite3.OperationalError("database or disk is full")
            raise OperationalError(statement, None, error)

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", check)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", check)


@pytest.mark.parametrize("refused", range(1, 8))
async def test_a_refused_write_loses_nothing(
    hass: HomeAssistant, backlog: CostBacklog, refused: int
) -> None:
    """No hour is negative when a run ends early, and the next run completes it."""
    await write(hass, cost_statistic(), with_hole(20, 60))
    with full_disk(hass, refused), pytest.raises(RecorderError):
        await backlog.price(SCOPE)
    await wait_until_stored(hass)
    sums = [row.sum or 0.0 for row in await costs_of(hass)]
    assert sums == sorted(sums)
    await backlog.price(SCOPE)
    assert await costs_of(hass) == CLEAN
