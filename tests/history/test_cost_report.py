"""Adding up recorded amounts and costs, in a real recorder."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
import logging
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.history.cost_report import (
    Costs,
    cost_ids,
    read_costs,
    read_fixed_costs,
    read_running_costs,
)
from custom_components.metering_hub.history.maths.cost_sums import (
    CostSum,
    bucket_edges,
    total_of,
)
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.home_assistant import (
    HomeAssistantRecorder,
)
from custom_components.metering_hub.history.recorder.recorded_costs import cost_totals
from custom_components.metering_hub.history.recorder.recorder import adjust_sums, clear
from custom_components.metering_hub.history.recorder.writes import follow_writes
from custom_components.metering_hub.history.statistic import Scope, Statistic
from custom_components.metering_hub.history.write_queue import WriteQueue
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.metering.energy_breakdown import Bucket
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.prices.maths.tariff import TariffRole
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

ZONE = ZoneInfo("Europe/Amsterdam")
HOUR = timedelta(hours=1)
START = datetime(2026, 10, 20, tzinfo=ZONE).astimezone(UTC)
HOURS = 24 * 14
END = START + HOURS * HOUR
PRICE = 0.25
PREFIX = "metering_hub:test_"


def point(key: str, unit: str = "kWh", **more: object) -> Point:
    """Return a register."""
    settings: dict[str, object] = {
        "quantity": Quantity.ENERGY,
        "role": Role.GRID_DELIVERED,
        **more,
    }
    return Point(
        key=key,
        device_key="meter",
        kind=Kind.REGISTER,
        unit=unit,
        has_history=True,
        **settings,  # type: ignore[arg-type]
    )


ENERGY = point("energy")
IN_WH = point("watt_hours", "Wh")
GAS = point("gas", "m³", quantity=Quantity.GAS, role=Role.GAS)
SCOPE = Scope(
    points=[ENERGY, IN_WH, GAS],
    prefix=PREFIX,
    names={
        "energy": "Energy",
        "watt_hours": "Wh",
        "gas": "Gas",
        "cost": "cost",
        "compensation": "back",
        "fixed_cost": "fixed",
    },
    start=None,
)


def amounts(hours: Sequence[int] = range(HOURS)) -> list[float]:
    """Return the amount of each hour; every fifth is 0."""
    return [0.0 if hour % 5 == 0 else round(0.1 + hour / 1000, 6) for hour in hours]


def rows_of(values: Sequence[float | None], before: float = 0.0) -> list[Row]:
    """Return the rows of values; an hour without one has no row."""
    rows = []
    running = before
    for number, value in enumerate(values):
        if value is not None:
            running = round(running + value, 6)
            rows.append(Row(START + number * HOUR, state=value, sum=running))
    return rows


async def write(hass: HomeAssistant, statistic: Statistic, rows: Sequence[Row]) -> None:
    """Write rows to the recorder."""
    writer = StatisticWriter.of(statistic, None)
    writer.add(rows)
    queue = WriteQueue(HomeAssistantRecorder(hass))
    await queue.write([writer])
    await queue.finish()


UNPRICED = range(40, 61)


def priced(values: Sequence[float], factor: float = PRICE) -> list[float | None]:
    """Return the cost of each hour, of which some have none."""
    return [
        None if number in UNPRICED else round(value * factor, 6)
        for number, value in enumerate(values)
    ]


@pytest.fixture(autouse=True)
async def _recorder(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Run a recorder with two meters, and costs for most of their hours."""
    freezer.move_to(END)
    await hass.config.async_update(currency="EUR")
    await write(hass, SCOPE.statistic(ENERGY), rows_of(amounts()))
    await write(hass, SCOPE.cost_statistic(ENERGY, "EUR"), rows_of(priced(amounts())))
    watt_hours = [1000 * each for each in amounts()]
    await write(hass, SCOPE.statistic(IN_WH), rows_of(watt_hours))
    await write(
        hass,
        SCOPE.cost_statistic(IN_WH, "EUR"),
        rows_of(priced(watt_hours, PRICE / 1000)),
    )


async def costs(
    hass: HomeAssistant,
    *points: Point,
    bucket: Bucket = Bucket.DAY,
    start: datetime = START,
    end: datetime = END,
) -> Costs:
    """Return the costs of points."""
    edges = [*bucket_edges(start, end, bucket, ZONE)]
    return await read_costs(hass, PREFIX, points, edges)


def true_sum(first: int, end: int) -> CostSum:
    """Return the sum of some hours, worked out one by one."""
    used = amounts(range(first, end))
    with_price = [
        value
        for hour, value in zip(range(first, end), used, strict=True)
        if hour not in UNPRICED
    ]
    return CostSum(
        hours=len(used),
        amount=sum(used),
        priced_hours=len(with_price),
        priced_amount=sum(with_price),
        cost=sum(with_price) * PRICE,
        unpriced_hours=sum(
            1 for hour in range(first, end) if hour in UNPRICED and hour % 5
        ),
    )


async def test_days_are_right_when_the_clock_is_put_back(hass: HomeAssistant) -> None:
    """25 October has 25 hours, and each day the sum of its own."""
    found = await costs(hass, ENERGY)
    assert found.unit == "kWh"
    assert [each.hours for each in found.sums[4:7]] == [24, 25, 24]
    first = 0
    for each in found.sums:
        assert each == pytest.approx(true_sum(first, first + int(each.hours)), abs=1e-5)
        first += int(each.hours)
    assert first == HOURS
    assert found.total.mean_price == pytest.approx(PRICE, abs=1e-5)


@pytest.mark.parametrize("bucket", [Bucket.HOUR, Bucket.MONTH, Bucket.YEAR])
async def test_other_periods_have_the_same_total(
    hass: HomeAssistant, bucket: Bucket
) -> None:
    """Hours, months and years add up to the days."""
    total = (await costs(hass, ENERGY)).total
    assert (await costs(hass, ENERGY, bucket=bucket)).total == pytest.approx(total)


async def test_a_span_within_the_history(hass: HomeAssistant) -> None:
    """The first hour of a span has its own amount, not all before it."""
    found = await costs(
        hass, ENERGY, start=START + 30 * HOUR, end=START + 45 * HOUR, bucket=Bucket.YEAR
    )
    assert found.sums == (pytest.approx(true_sum(30, 45), abs=1e-5),)


async def test_units_are_added_up_in_kwh(hass: HomeAssistant) -> None:
    """A meter in Wh counts as much as one in kWh."""
    one = await costs(hass, ENERGY)
    both = await costs(hass, ENERGY, IN_WH)
    assert both.unit == "kWh"
    assert both.points == ("energy", "watt_hours")
    assert both.total.amount == pytest.approx(2 * one.total.amount, abs=1e-6)
    assert both.total.cost == pytest.approx(2 * one.total.cost, abs=1e-2)


async def test_energy_and_volume_do_not_add_up(hass: HomeAssistant) -> None:
    """Such points have no common unit, but their costs are added up."""
    await write(hass, SCOPE.statistic(GAS), rows_of([1.0] * 24))
    await write(hass, SCOPE.cost_statistic(GAS, "EUR"), rows_of([2.0] * 24))
    energy = await costs(hass, ENERGY)
    both = await costs(hass, ENERGY, GAS)
    assert both.unit is None
    assert both.total.cost == pytest.approx(energy.total.cost + 48, abs=1e-6)
    assert (await costs(hass, GAS)).unit == "m³"


async def test_a_cost_without_a_state_is_no_price(hass: HomeAssistant) -> None:
    """That is how a row is left where rows cannot be deleted."""
    rows = rows_of(priced(amounts()))
    rows[3] = Row(rows[3].start, state=None, sum=rows[2].sum)
    await write(hass, SCOPE.cost_statistic(ENERGY, "EUR"), rows)
    found = await costs(hass, ENERGY)
    assert found.total.unpriced_hours == true_sum(0, HOURS).unpriced_hours + 1


async def test_a_meter_without_rows(hass: HomeAssistant) -> None:
    """Nothing is known, and nothing is 0."""
    found = (await costs(hass, GAS)).total
    assert found == CostSum()


async def test_fixed_costs_are_those_of_their_day(hass: HomeAssistant) -> None:
    """A day's row is at its midnight; a day without one has no fixed cost."""
    days = [START + timedelta(days=number) for number in range(14)]
    midnights = [*bucket_edges(START, END, Bucket.DAY, ZONE)][:-1]
    rows = [
        Row(midnight, state=0.5, sum=0.5 * (number + 1))
        for number, midnight in enumerate(midnights)
        if number != 2
    ]
    await write(hass, SCOPE.fixed_cost_statistic("EUR"), rows)
    edges = [*bucket_edges(START, END, Bucket.DAY, ZONE)]
    found = await read_fixed_costs(hass, PREFIX, edges, ZONE)
    assert found[:4] == [0.5, 0.5, None, 0.5]
    whole = await read_fixed_costs(hass, PREFIX, [START, END], ZONE)
    assert whole == [pytest.approx(0.5 * len(rows))]
    later = await read_fixed_costs(hass, PREFIX, [days[3] + HOUR, days[4]], ZONE)
    assert later == [None]


async def test_fixed_costs_where_midnight_is_within_an_hour(
    hass: HomeAssistant,
) -> None:
    """The row is that of the UTC hour before."""
    zone = ZoneInfo("Asia/Kolkata")
    midnight = datetime(2026, 10, 21, tzinfo=zone).astimezone(UTC)
    row = Row(midnight.replace(minute=0), state=0.5, sum=0.5)
    assert row.start < midnight
    await write(hass, SCOPE.fixed_cost_statistic("EUR"), [row])
    day = timedelta(days=1)
    edges = [midnight - day, midnight, midnight + day]
    assert await read_fixed_costs(hass, PREFIX, edges, zone) == [None, 0.5]


@pytest.mark.parametrize("now", [START + 50 * HOUR + timedelta(minutes=30), END])
async def test_running_costs_equal_the_report(
    hass: HomeAssistant, now: datetime
) -> None:
    """What the database adds up is what the report adds up, in summer and winter."""
    spans = [(TariffRole.IMPORT, bucket) for bucket in Bucket if bucket != Bucket.HOUR]
    points = {TariffRole.IMPORT: [ENERGY, IN_WH]}
    found = await read_running_costs(hass, PREFIX, points, spans, now, ZONE)
    day = now.astimezone(ZONE).replace(hour=0, minute=0)
    starts = [each.start for each in found.values()]
    assert starts == [day, day.replace(day=1), day.replace(month=1, day=1)]
    for (_, bucket), running in found.items():
        report = await costs(
            hass, ENERGY, IN_WH, start=running.start, end=now, bucket=bucket
        )
        assert running.sum == pytest.approx(total_of(report.sums), abs=1e-6)
    assert found[TariffRole.IMPORT, Bucket.YEAR].sum.unpriced_hours > 0
    hours = {each.sum.hours for each in found.values()}
    assert len(hours) == (2 if now != END else 3)


async def test_sums_of_the_database_are_floats(hass: HomeAssistant) -> None:
    """SQLite adds up integers as integers, and MariaDB as decimals."""
    spans = {"all": (cost_ids(PREFIX, ENERGY), START, END)}
    (found,) = (await cost_totals(hass, spans)).values()
    assert found.hours
    assert {type(cell) for cell in found} == {float}


async def test_nothing_is_asked_if_nothing_is_shown(hass: HomeAssistant) -> None:
    """An entry without prices costs no query."""
    assert await read_running_costs(hass, PREFIX, {}, [], END, ZONE) == {}


async def test_writes_are_told(hass: HomeAssistant) -> None:
    """Each way to change rows is, once it is stored, to those with the prefix."""
    told: list[str] = []
    others: list[str] = []
    stop = follow_writes(hass, PREFIX, lambda: told.append("told"))
    follow_writes(hass, "metering_hub:other_", lambda: others.append("told"))
    await write(hass, SCOPE.statistic(GAS), rows_of([1.0] * (write_queue.BATCH + 1)))
    assert told
    told.clear()
    await adjust_sums(hass, cost_ids(PREFIX, GAS).amount, {START + HOUR: 1.0})
    assert told == ["told"]
    told.clear()
    await clear(hass, [cost_ids(PREFIX, GAS).amount])
    assert told == ["told"]
    told.clear()
    stop()
    await write(hass, SCOPE.statistic(GAS), rows_of([1.0]))
    assert not told
    assert not others
