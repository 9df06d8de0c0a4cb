"""Pricing recorded hours later, in a real recorder."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging
import sqlite3
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.errors import RecorderError
from custom_components.metering_hub.history import cost_pass, write_queue
from custom_components.metering_hub.history.audit.audit import audit, subjects_of
from custom_components.metering_hub.history.audit.memory import AuditMemory
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.access import wait_until_stored
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.recorder.recorder import (
    clear,
    last_rows,
    recorded_ids,
    rows_during,
)
from custom_components.metering_hub.history.repricing import Repricer
from custom_components.metering_hub.history.statistic import Scope, Statistic
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.prices import action_memory, action_source
from custom_components.metering_hub.prices.price_book import PriceBook
from homeassistant.components.recorder.core import Recorder
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.recorder import get_instance

from ..prices.test_action_source import LOADED, NL, Integrations, hour_price
from .cost_rows import cost_rows
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
    role=Role.GRID_DELIVERED,
    has_history=True,
)
SCOPE = Scope(
    points=[POINT],
    prefix="metering_hub:test_",
    names={
        "energy": "Energy",
        "cost": "cost",
        "compensation": "compensation",
        "fixed_cost": "fixed",
    },
    start=None,
)
USED = [
    Row(START + hour * HOUR, state=100 + hour**1.5, sum=round(hour**1.5, 6))
    for hour in range(HOURS)
]
CLEAN = cost_rows(USED, 0.0, 0.0, lambda _: 0.25)


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
    monkeypatch.setattr(cost_pass, "SPAN", timedelta(days=1))
    monkeypatch.setattr(write_queue, "BATCH", 10)
    await write(hass, SCOPE.statistic(POINT), USED)


async def write(hass: HomeAssistant, statistic: Statistic, rows: Sequence[Row]) -> None:
    """Write rows to the recorder."""
    writer = StatisticWriter.of(statistic, None)
    writer.add(rows)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()


def cost_statistic() -> Statistic:
    """Return the statistic of the costs."""
    return SCOPE.cost_statistic(POINT, "EUR")


async def costs_of(hass: HomeAssistant) -> Sequence[Row]:
    """Return the recorded costs."""
    return await last_rows(hass, cost_statistic().statistic_id, 10 * HOURS)


class Entry:
    """An entry with tariffs, and what prices its register."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Initialize the prices of the entry."""
        self.hass, self.entry = hass, entry
        self.shares: list[float] = []
        self.reached: Callable[[float], object] = lambda _share: None
        self.start()

    def start(self) -> None:
        """Forget what is in memory, as a restart does."""
        spec = BACKENDS["besmart"]
        settings = {"url": "http://127.0.0.1:1", "login": "a", "password": "b"}
        backend = spec.make(async_get_clientsession(self.hass), settings, {})
        self.zone = backend.time_zone
        self.book = PriceBook(self.hass, self.entry, backend, spec, rows_during)
        self.repricer = Repricer(
            self.hass,
            self.entry.entry_id,
            self.book,
            self._report,
        )

    def _report(
        self, start: datetime, share: float, reached: datetime, rows: int
    ) -> None:
        """Note how far the pricing is."""
        self.shares.append(share)
        self.reached(share)

    def add(self, price: float = 0.25, start: datetime = START, **more: object) -> str:
        """Add a tariff; return its id."""
        data = {
            "applies_to": "import",
            "valid_from": f"{start.astimezone(self.zone):%Y-%m-%dT%H:%M:%S}",
            "currency": "EUR",
            "unit": "EUR/kWh",
            "price_type": "fixed",
            "price": price,
            **more,
        }
        subentry = ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type="tariff",
            title="Tariff",
            unique_id=None,
        )
        self.hass.config_entries.async_add_subentry(self.entry, subentry)
        return subentry.subentry_id

    def remove(self, subentry_id: str) -> None:
        """Remove a tariff."""
        self.hass.config_entries.async_remove_subentry(self.entry, subentry_id)

    async def price(self, scope: Scope = SCOPE) -> dict[str, int]:
        """Price what is due; return the rows written by the end of the id."""
        await self.book.refresh()
        written = await self.repricer.price(scope)
        return {key.removeprefix(SCOPE.prefix): rows for key, rows in written.items()}


@pytest.fixture
async def entry(hass: HomeAssistant) -> Entry:
    """Return an entry without tariffs."""
    config_entry = MockConfigEntry(domain=DOMAIN, data={"backend": "besmart"})
    config_entry.add_to_hass(hass)
    return Entry(hass, config_entry)


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
    hass: HomeAssistant, entry: Entry, first: int, end: int
) -> None:
    """The costs are those of a clean import."""
    await write(hass, cost_statistic(), with_hole(first, end))
    entry.add()
    assert await entry.price() == {"energy_cost": HOURS - first}
    assert await costs_of(hass) == CLEAN
    assert entry.shares == sorted(entry.shares)
    assert entry.shares[-1] == 1.0


async def test_nothing_is_compared_twice(hass: HomeAssistant, entry: Entry) -> None:
    """Amounts of which nobody told are not looked for, not even after a restart."""
    entry.add()
    await entry.price()
    entry.start()
    assert await entry.price() == {}
    await write(hass, SCOPE.statistic(POINT), [Row(NOW, state=5000, sum=4900)])
    assert await entry.price() == {}


async def test_amounts_that_were_written(hass: HomeAssistant, entry: Entry) -> None:
    """The costs change from the first hour on that was written."""
    entry.add()
    await entry.price()
    writer = StatisticWriter.of(SCOPE.statistic(POINT), USED)
    changed = [
        *USED[:90],
        *(row._replace(sum=(row.sum or 0) + 8) for row in USED[90:]),
    ]
    writer.add(changed)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()
    entry.repricer.note([writer])
    assert await entry.price() == {"energy_cost": 10}
    assert await costs_of(hass) == cost_rows(changed, 0.0, 0.0, lambda _: 0.25)


async def test_amounts_that_were_written_before_a_crash(
    hass: HomeAssistant, entry: Entry, freezer: FrozenDateTimeFactory
) -> None:
    """After a start all hours since the last cost are compared."""
    entry.add()
    await entry.price()
    later = [
        Row(NOW + hour * HOUR, state=2000 + hour, sum=1000.0 + hour)
        for hour in range(1200)
    ]
    await write(hass, SCOPE.statistic(POINT), later)
    entry.start()
    freezer.move_to(NOW + 1199 * HOUR)
    assert await entry.price() == {"energy_cost": 1200}
    costs = await last_rows(hass, cost_statistic().statistic_id, 2000)
    assert costs == cost_rows([*USED, *later], 0.0, 0.0, lambda _: 0.25)


async def test_a_tariff_that_is_removed_and_added_again(
    hass: HomeAssistant, entry: Entry
) -> None:
    """Without it there are no costs; then the rows are the same as before."""
    key = entry.add()
    await entry.price()
    entry.remove(key)
    assert await entry.price() == {}
    assert await recorded_ids(hass, cost_statistic().statistic_id) == []
    entry.add()
    await entry.price()
    assert await costs_of(hass) == CLEAN


async def test_a_tariff_that_is_changed_writes_from_its_first_hour(
    hass: HomeAssistant, entry: Entry
) -> None:
    """A later tariff changes nothing before it; one that ends takes its costs away."""
    entry.add()
    await entry.price()
    key = entry.add(0.5, START + 60 * HOUR)
    assert await entry.price() == {"energy_cost": 40}
    found = await costs_of(hass)
    assert found[:60] == CLEAN[:60]
    assert found == cost_rows(
        USED, 0.0, 0.0, lambda hour: 0.5 if hour >= START + 60 * HOUR else 0.25
    )
    entry.remove(key)
    assert await entry.price() == {"energy_cost": 40}
    assert await costs_of(hass) == CLEAN


async def test_hours_that_have_no_price_any_more_have_no_cost(
    hass: HomeAssistant, entry: Entry
) -> None:
    """Home Assistant cannot delete rows, so all are written again without them."""
    key = entry.add()
    await entry.price()
    entry.remove(key)
    entry.start()
    entry.add(start=START + 50 * HOUR)
    assert await entry.price() == {"energy_cost": 50}
    before = USED[49].sum or 0.0
    assert await costs_of(hass) == cost_rows(USED[50:], before, 0.0, lambda _: 0.25)


async def test_hours_without_a_price_are_counted(
    hass: HomeAssistant, entry: Entry
) -> None:
    """The hours before a tariff have amounts, but the first one."""
    entry.add(start=START + 5 * HOUR)
    assert await entry.price() == {"energy_cost": 95}
    assert entry.repricer.unpriced == {"energy": 4}
    entry.start()
    await entry.price()
    assert entry.repricer.unpriced == {"energy": 4}


async def test_another_currency_there_and_back(
    hass: HomeAssistant, entry: Entry, freezer: FrozenDateTimeFactory
) -> None:
    """Costs stay meanwhile, and the hours that were not priced are priced then."""
    await write(hass, SCOPE.statistic(POINT), USED[:50])
    entry.add()
    await entry.price()
    await write(hass, cost_statistic(), CLEAN)
    await hass.config.async_update(currency="USD")
    assert await entry.price() == {}
    assert await costs_of(hass) == CLEAN
    later = [Row(NOW + hour * HOUR, state=2000, sum=2000.0) for hour in range(900)]
    await write(hass, SCOPE.statistic(POINT), later)
    freezer.move_to(NOW + 900 * HOUR)
    assert await entry.price() == {}
    entry.start()
    await hass.config.async_update(currency="EUR")
    assert await entry.price() == {"energy_cost": 900}
    assert entry.repricer.unpriced == {}
    priced = await last_rows(hass, cost_statistic().statistic_id, 2000)
    assert len(priced) == HOURS + 900


async def test_a_tariff_in_the_new_currency_replaces_all_costs(
    hass: HomeAssistant, entry: Entry
) -> None:
    """No statistic mixes two currencies."""
    entry.add()
    await entry.price()
    await hass.config.async_update(currency="USD")
    entry.add(0.5, currency="USD", unit="USD/kWh", start=START + 90 * HOUR)
    assert await entry.price() == {"energy_cost": 10}
    assert len(await costs_of(hass)) == 10


async def test_fixed_costs_are_charged_for_each_whole_day(
    hass: HomeAssistant, entry: Entry
) -> None:
    """They are written once, and go with the tariff."""
    key = entry.add(daily=0.5)
    assert (await entry.price())["fixed_cost"] == 4
    fixed = SCOPE.fixed_cost_statistic("EUR").statistic_id
    rows = await last_rows(hass, fixed, 99)
    assert [row.state for row in rows] == [0.5] * 4
    assert [row.sum for row in rows] == [0.5, 1.0, 1.5, 2.0]
    entry.remove(key)
    entry.add()
    await entry.price()
    assert await recorded_ids(hass, fixed) == []


async def test_fixed_costs_end_when_a_tariff_without_any_begins(
    hass: HomeAssistant, entry: Entry
) -> None:
    """The days that an older tariff has charged until then are taken back."""
    entry.add(daily=0.5)
    await entry.price()
    key = entry.add(start=START + 50 * HOUR)
    await entry.price()
    fixed = SCOPE.fixed_cost_statistic("EUR").statistic_id
    assert [row.state for row in await last_rows(hass, fixed, 99)] == [0.5] * 2
    entry.remove(key)
    await entry.price()
    assert [row.state for row in await last_rows(hass, fixed, 99)] == [0.5] * 4


async def test_fixed_costs_of_a_meter_that_had_no_readings_at_first(
    hass: HomeAssistant, entry: Entry
) -> None:
    """They are charged once there are any, without a restart."""
    entry.add(daily=0.5, applies_to="export")
    statistic = SCOPE.statistic(POINT)
    await clear(hass, [statistic.statistic_id])
    assert await entry.price() == {}
    writer = StatisticWriter.of(statistic, None)
    writer.add(USED)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()
    entry.repricer.note([writer])
    assert await entry.price() == {"fixed_cost": 4}


async def test_a_meter_of_a_chosen_tariff_that_feeds_in_now(
    hass: HomeAssistant, entry: Entry
) -> None:
    """All of its past becomes a compensation, although its prices are the same."""
    entry.add(applies_to="meters", meters=["energy"], start=START)
    await entry.price()
    returned = replace(SCOPE, points=[replace(POINT, role=Role.GRID_RETURNED)])
    assert await entry.price(returned) == {"energy_compensation": HOURS}
    assert await recorded_ids(hass, cost_statistic().statistic_id) == []
    assert await entry.price() == {"energy_cost": HOURS}
    assert await costs_of(hass) == CLEAN


async def test_costs_that_somebody_has_deleted(
    hass: HomeAssistant, entry: Entry, freezer: FrozenDateTimeFactory
) -> None:
    """All come back, and not only those of the last days."""
    entry.add()
    await entry.price()
    await clear(hass, [cost_statistic().statistic_id])
    freezer.move_to(NOW + timedelta(days=40))
    assert await entry.price() == {"energy_cost": HOURS}
    assert await costs_of(hass) == CLEAN
    freezer.move_to(NOW + timedelta(days=80))
    assert await entry.price() == {}


async def test_amounts_that_were_corrected_long_before_a_crash_ended(
    hass: HomeAssistant, entry: Entry, freezer: FrozenDateTimeFactory
) -> None:
    """What was corrected, but not priced, is compared however long it was ago."""
    entry.add()
    await entry.price()
    changed = [row._replace(sum=(row.sum or 0) * 2) for row in USED]
    await write(hass, SCOPE.statistic(POINT), changed)
    entry.start()
    freezer.move_to(NOW + timedelta(days=60))
    assert await entry.price() == {"energy_cost": HOURS - 1}
    assert await costs_of(hass) == cost_rows(changed, 0.0, 0.0, lambda _: 0.25)


async def test_what_was_written_is_not_forgotten_when_others_are_priced(
    hass: HomeAssistant, entry: Entry
) -> None:
    """A note is only done with when its own costs are stored."""
    entry.add()
    await entry.price()
    writer = StatisticWriter.of(SCOPE.statistic(POINT), USED)
    writer.add(row._replace(sum=(row.sum or 0) * 2) for row in USED)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()
    entry.repricer.note([writer])
    assert await entry.price(replace(SCOPE, points=[])) == {}
    assert await entry.price() == {"energy_cost": HOURS - 1}


@pytest.mark.parametrize("restarts", [False, True])
async def test_prices_of_the_past_that_arrive_slowly(
    hass: HomeAssistant,
    entry: Entry,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    *,
    restarts: bool,
) -> None:
    """All of the past is compared until every day has its prices, also after a start.

    Only a few days may be asked for at once.
    """
    monkeypatch.setattr(action_memory, "MAX_CALLS", 2)
    monkeypatch.setattr(action_source, "PAUSE", 0)
    integrations = Integrations(hass)
    integrations.add("nordpool", LOADED["nordpool"])
    freezer.move_to(NOW + timedelta(days=40))
    entry.add(price_type="action", source=NL)
    found = []
    for _ in range(6):
        await entry.price()
        found.append(len(await costs_of(hass)))
        if restarts:
            entry.start()
        freezer.tick(action_memory.CALLS_WITHIN)
    assert found[0] < HOURS
    assert found == sorted(found)
    assert found[-1] == HOURS
    assert await costs_of(hass) == cost_rows(USED, 0.0, 0.0, hour_price)
    assert await entry.price() == {}
    integrations.entries["nordpool"].mock_state(hass, ConfigEntryState.NOT_LOADED)


async def test_an_hour_without_a_price_keeps_no_cost_of_another_amount(
    hass: HomeAssistant, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cost whose price is lost stays, but not where its amount has changed."""
    monkeypatch.setattr(action_source, "PAUSE", 0)
    integrations = Integrations(hass)
    integrations.add("nordpool", LOADED["nordpool"])
    entry.add(price_type="action", source=NL)
    await entry.price()
    before = await costs_of(hass)
    assert len(before) == HOURS
    (await action_memory.async_action_memory(hass)).of(NL).days.clear()
    integrations.entries["nordpool"].mock_state(hass, ConfigEntryState.NOT_LOADED)
    writer = StatisticWriter.of(SCOPE.statistic(POINT), USED)
    changed = [row._replace(sum=(row.sum or 0) + 8) for row in USED[90:]]
    writer.add([*USED[:90], *changed])
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()
    entry.repricer.note([writer])
    assert await entry.price() == {"energy_cost": 10}
    after = await costs_of(hass)
    assert after[:90] == before[:90]
    assert [(row.state, row.sum) for row in after[90:]] == [(None, before[89].sum)] * 10
    assert entry.repricer.unpriced == {"energy": 10}
    checked = await audit(
        hass, subjects_of(SCOPE, entry.book.prices), AuditMemory(), is_complete=True
    )
    assert checked.unsound_costs == frozenset()


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
    hass: HomeAssistant, entry: Entry, refused: int
) -> None:
    """A run that ends early is done again, also after a restart."""
    await write(hass, cost_statistic(), with_hole(20, 60))
    entry.add()
    with full_disk(hass, refused), pytest.raises(RecorderError):
        await entry.price()
    await wait_until_stored(hass)
    entry.start()
    await entry.price()
    found = await costs_of(hass)
    assert [row.state for row in found] == [row.state for row in CLEAN]
    # The database adds to later sums, which are not rounded then.
    assert [row.sum for row in found] == pytest.approx([row.sum for row in CLEAN])


@pytest.mark.parametrize("refused", range(1, 8))
async def test_a_refused_write_after_the_costs_were_cleared(
    hass: HomeAssistant, entry: Entry, refused: int
) -> None:
    """Hours that must go are gone, and all others come back."""
    key = entry.add()
    await entry.price()
    entry.remove(key)
    entry.add(start=START + 30 * HOUR)
    with full_disk(hass, refused), pytest.raises(RecorderError):
        await entry.price()
    await wait_until_stored(hass)
    entry.start()
    await entry.price()
    before = USED[29].sum or 0.0
    assert await costs_of(hass) == cost_rows(USED[30:], before, 0.0, lambda _: 0.25)
