"""The rules that warn: silent on a year of a house, and each finds its fault."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from custom_components.metering_hub.history.maths.checked_hours import (
    NO_ROW,
    CheckedSpan,
    DataWarning,
    Day,
    MeterHours,
    complete_days,
    runs_of,
)
from custom_components.metering_hub.history.maths.warnings import (
    WARNING_CHECKS,
    find_warnings,
)
from custom_components.metering_hub.metering.data_quality import WarningRule
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.metering.quality import (
    COMPARABLE_DAYS,
    HELD,
    LINE,
    MEASURED,
    MISSING,
    SPREAD,
)
from simulators.house import Channel, House

HOUR = timedelta(hours=1)
ZONE = ZoneInfo("Europe/Amsterdam")
START = datetime(2025, 9, 30, 22, tzinfo=UTC)
YEAR = 366 * 24
WINDOW = 35 * 24
POWER = "electricity_power"

type Meters = dict[str, MeterHours]


def register(key: str, quantity: Quantity, unit: str, role: Role | None) -> Point:
    return Point(
        key=key,
        device_key="meter",
        quantity=quantity,
        kind=Kind.REGISTER,
        unit=unit,
        role=role,
        precision=3,
    )


POINTS = {
    Channel.DELIVERED_1: register(
        "delivered_1", Quantity.ENERGY, "kWh", Role.GRID_DELIVERED
    ),
    Channel.DELIVERED_2: register(
        "delivered_2", Quantity.ENERGY, "kWh", Role.GRID_DELIVERED
    ),
    Channel.RETURNED_1: register(
        "returned_1", Quantity.ENERGY, "kWh", Role.GRID_RETURNED
    ),
    Channel.RETURNED_2: register(
        "returned_2", Quantity.ENERGY, "kWh", Role.GRID_RETURNED
    ),
    Channel.GAS: register("gas", Quantity.GAS, "m³", Role.GAS),
    Channel.HEAT: register("heat", Quantity.HEAT, "GJ", None),
    Channel.WATER: register("water", Quantity.WATER, "m³", Role.WATER),
}
POWER_POINT = Point(
    key=POWER,
    device_key="meter",
    quantity=Quantity.POWER,
    kind=Kind.INSTANT,
    unit="kW",
    role=Role.GRID_POWER,
)


@cache
def house_hours(seed: int) -> Mapping[str, tuple[float, ...]]:
    """Return the amounts of a year of hours of a house, and its mean power."""
    house = House(seed, START - HOUR)
    positions = [house.registers(START + HOUR * n) for n in range(YEAR + 1)]
    found = {
        POINTS[channel].key: tuple(
            (later[channel] - earlier[channel]) / 1000
            for earlier, later in pairwise(positions)
        )
        for channel in Channel
    }
    columns = (
        found[key] for key in ("delivered_1", "delivered_2", "returned_1", "returned_2")
    )
    found[POWER] = tuple(
        low + normal - back_low - back_normal
        for low, normal, back_low, back_normal in zip(*columns, strict=True)
    )
    return found


def house_meters(seed: int = 1, first: int = 0, hours: int = WINDOW) -> Meters:
    """Return the meters of some hours of the house's year, all of them measured."""
    found = house_hours(seed)
    return {
        point.key: MeterHours(
            point=point,
            amounts=found[point.key][first : first + hours],
            codes=bytes([MEASURED]) * hours,
        )
        for point in POINTS.values()
    }


def span_of(
    meters: Meters, first: int = 0, *, seed: int = 1, latitude: float = 52.1
) -> CheckedSpan:
    """Return the span of meters from an hour of the house's year on, with its power."""
    hours = max(len(meter.codes) for meter in meters.values())
    start = (START + HOUR * first).timestamp()
    power = MeterHours(
        point=POWER_POINT,
        amounts=house_hours(seed)[POWER][first : first + hours],
        codes=bytes(hours),
    )
    return CheckedSpan(
        start=start,
        days=[*complete_days(start, start + hours * 3600, ZONE)],
        latitude=latitude,
        meters=meters,
        powers={POWER: power},
    )


def changed(
    meter: MeterHours, hours: Iterable[int], how: Callable[[float], float]
) -> MeterHours:
    """Return a meter with some amounts changed."""
    amounts = [*meter.amounts]
    for index in hours:
        amounts[index] = how(amounts[index])
    return replace(meter, amounts=amounts)


def coded(meter: MeterHours, hours: Iterable[int], code: int) -> MeterHours:
    """Return a meter with the code of some hours changed."""
    codes = bytearray(meter.codes)
    for index in hours:
        codes[index] = code
    return replace(meter, codes=bytes(codes))


def found_in(span: CheckedSpan, rule: WarningRule) -> list[DataWarning]:
    """Return what is found; nothing of another rule is."""
    found = find_warnings(span)
    assert {warning.rule for warning in found} <= {rule}
    assert find_warnings(span) == found
    return sorted(found, key=lambda warning: warning.start)


def at(index: int, first: int = 0) -> datetime:
    return START + HOUR * (first + index)


def test_every_rule_is_in_the_table() -> None:
    assert [check.rule for check in WARNING_CHECKS] == [*WarningRule]


@pytest.mark.parametrize("seed", [1, 7])
def test_a_year_of_a_house_has_no_warning(seed: int) -> None:
    """Looked at in windows as every night, and with a whole year at once."""
    for first in range(0, YEAR - WINDOW, 5 * 24):
        found = find_warnings(span_of(house_meters(seed, first), first, seed=seed))
        assert found == []
    assert find_warnings(span_of(house_meters(seed, 0, YEAR), seed=seed)) == []


def test_a_year_of_cars_and_ovens_has_no_warning() -> None:
    """A car of 11 kW charges for one to five hours, a few times a month."""
    random = Random(3)
    meters = house_meters(1, 0, YEAR)
    power = [*house_hours(1)[POWER]]
    for day in random.sample(range(20, 360), 60):
        start = day * 24 + random.randrange(19)
        for index in range(start, start + random.randint(1, 5)):
            load = random.choice([11.0, 3.5])
            key = "delivered_2"
            meters[key] = changed(meters[key], [index], lambda x, y=load: x + y)
            power[index] += load
    span = span_of(meters)
    powers = {POWER: replace(span.powers[POWER], amounts=power)}
    assert find_warnings(replace(span, powers=powers)) == []


@pytest.mark.parametrize("key", ["delivered_2", "gas", "water", "heat"])
def test_sprinkled_spikes_are_found(key: str) -> None:
    """Every one of them, and nothing else."""
    random = Random(5)
    meters = house_meters(1, 0, YEAR)
    at_hours = sorted(
        day * 24 + random.randrange(24) for day in range(40, 360, random.randint(5, 9))
    )
    height = {"delivered_2": 30.0, "gas": 20.0, "water": 8.0, "heat": 0.4}[key]
    meters[key] = changed(meters[key], at_hours, lambda x: x + height)
    span = replace(span_of(meters), powers={})
    spikes = found_in(span, WarningRule.SPIKE)
    assert [spike.start for spike in spikes] == [at(index) for index in at_hours]
    assert {spike.point for spike in spikes} == {key}
    assert all(spike.seen >= height > spike.expected for spike in spikes)


def test_two_spikes_of_a_day() -> None:
    meters = house_meters()
    meters["gas"] = changed(meters["gas"], [485, 490], lambda x: x + 30)
    spikes = found_in(span_of(meters), WarningRule.SPIKE)
    assert [spike.start for spike in spikes] == [at(485), at(490)]
    assert find_warnings(span_of(meters)) == spikes[::-1]


def test_no_spike_is_judged_by_few_days() -> None:
    meters = house_meters()
    meters["gas"] = changed(meters["gas"], [50], lambda x: x + 30)
    assert find_warnings(span_of(meters)) == []


JANUARY = 92 * 24
JULY = 280 * 24


@pytest.mark.parametrize("key", ["gas", "heat"])
def test_two_days_without_heating(key: str) -> None:
    meters = house_meters(first=JANUARY)
    meters[key] = changed(meters[key], range(400, 447), lambda _: 0.0)
    assert find_warnings(span_of(meters, JANUARY)) == []
    meters[key] = changed(meters[key], range(400, 448), lambda _: 0.0)
    (warning,) = found_in(span_of(meters, JANUARY), WarningRule.ZERO_RUN)
    assert (warning.point, warning.start) == (key, at(400, JANUARY))
    assert (warning.seen, warning.unit) == (len(range(400, 448)), "h")


def test_heating_rests_in_summer() -> None:
    """In January on the other half of the earth, and in July here."""
    january, july = house_meters(first=JANUARY), house_meters(first=JULY)
    for meters in (january, july):
        meters["gas"] = changed(meters["gas"], range(400, 480), lambda _: 0.0)
    assert find_warnings(span_of(january, JANUARY, latitude=-34.0)) == []
    assert find_warnings(span_of(july, JULY)) == []
    assert len(find_warnings(span_of(july, JULY, latitude=-34.0))) == 1


def test_unused_gas_is_no_news() -> None:
    meters = house_meters(first=JANUARY)
    meters["gas"] = changed(meters["gas"], range(WINDOW), lambda _: 0.0)
    assert find_warnings(span_of(meters, JANUARY)) == []


def test_water_may_rest() -> None:
    meters = house_meters(first=JANUARY)
    meters["water"] = changed(meters["water"], range(400, 700), lambda _: 0.0)
    assert find_warnings(span_of(meters, JANUARY)) == []


def without_electricity(meters: Meters, hours: Iterable[int]) -> Meters:
    """Return meters whose four registers of electricity stand still."""
    hours = [*hours]
    return {
        key: changed(meter, hours, lambda _: 0.0)
        if meter.point.quantity is Quantity.ENERGY
        else meter
        for key, meter in meters.items()
    }


def test_an_hour_without_electricity() -> None:
    meters = without_electricity(house_meters(), [500])
    (warning,) = found_in(replace(span_of(meters), powers={}), WarningRule.ZERO_RUN)
    assert (warning.point, warning.start) == ("delivered_1", at(500))
    assert warning.end == at(501)


def test_returned_energy_is_use() -> None:
    """In an hour of sun nothing is drawn from the grid."""
    meters = house_meters(first=JULY)
    span = span_of(meters, JULY)
    assert any(
        meters["delivered_1"].amounts[n] + meters["delivered_2"].amounts[n] == 0
        for n in range(WINDOW)
    )
    assert find_warnings(span) == []


def test_a_home_with_a_battery_often_draws_nothing() -> None:
    hours = [day * 24 + 21 for day in range(WINDOW // 24)]
    meters = without_electricity(house_meters(), hours)
    assert find_warnings(replace(span_of(meters), powers={})) == []


@pytest.mark.parametrize("code", [HELD, MISSING])
def test_unknown_hours_are_not_zero(code: int) -> None:
    meters = without_electricity(house_meters(), range(500, 510))
    meters = {key: coded(each, range(500, 510), code) for key, each in meters.items()}
    assert find_warnings(span_of(meters)) == []


@pytest.mark.parametrize("hours", [24, 25])
def test_stale_after_a_day(hours: int) -> None:
    meters = house_meters()
    late = range(WINDOW - hours, WINDOW)
    meters["gas"] = changed(meters["gas"], late, lambda _: NO_ROW)
    found = found_in(span_of(meters), WarningRule.STALE)
    assert [(each.point, each.start) for each in found] == (
        [("gas", at(WINDOW - 25))] if hours == 25 else []
    )


def test_a_meter_that_reports_rarely_is_stale_later() -> None:
    """Three times its usual distance of readings, or as late as its point allows."""
    meters = house_meters()
    for day in range(WINDOW // 24 - 2):
        hours = range(day * 24 + 1, day * 24 + 24)
        meters["gas"] = coded(meters["gas"], hours, SPREAD)
    point = replace(POINTS[Channel.GAS], interval=timedelta(days=1))
    late = range(WINDOW - 48, WINDOW)
    meters["gas"] = replace(changed(meters["gas"], late, lambda _: NO_ROW), point=point)
    assert find_warnings(span_of(meters)) == []
    slow = replace(POINTS[Channel.WATER], stale_after=timedelta(days=2))
    meters["water"] = changed(meters["water"], late, lambda _: NO_ROW)
    meters["water"] = replace(meters["water"], point=slow)
    assert find_warnings(span_of(meters)) == []
    prompt = replace(slow, stale_after=timedelta(minutes=5))
    meters["water"] = replace(meters["water"], point=prompt)
    assert [each.point for each in find_warnings(span_of(meters))] == ["water"]


def test_a_meter_without_rows_is_not_expected() -> None:
    meters = house_meters()
    meters["gas"] = changed(meters["gas"], range(WINDOW), lambda _: NO_ROW)
    assert find_warnings(span_of(meters)) == []


def test_power_contradicts_the_registers() -> None:
    """One tariff counts a tenth since two days."""
    meters = house_meters()
    hours = range(WINDOW - 48, WINDOW)
    meters["delivered_2"] = changed(meters["delivered_2"], hours, lambda x: x / 10)
    found = [
        warning
        for warning in find_warnings(span_of(meters))
        if warning.rule is WarningRule.SUM_CHECK
    ]
    assert {warning.point for warning in found} == {"delivered_1"}
    assert all(warning.seen < warning.expected for warning in found)


def test_parts_exceed_their_sum() -> None:
    """By more than 1 %, in whatever unit each of them is."""
    whole = house_meters()["water"]
    part = replace(
        whole,
        point=replace(whole.point, key="garden", unit="L", included_in="water"),
        amounts=[amount * 1009 for amount in whole.amounts],
    )
    assert find_warnings(span_of({"water": whole, "garden": part})) == []
    more = changed(part, range(240, 264), lambda x: x * 1.05)
    (warning,) = found_in(
        span_of({"water": whole, "garden": more}), WarningRule.SUM_CHECK
    )
    assert warning.point == "water"
    assert warning.seen == pytest.approx(warning.expected * 1.009 * 1.05, rel=0.01)
    estimated = coded(more, [250], LINE)
    assert find_warnings(span_of({"water": whole, "garden": estimated})) == []


def test_the_server_says_something_else() -> None:
    meters = house_meters()
    span = span_of(meters)
    totals = {
        day.day: sum(meters["gas"].amounts[n] for n in day.hours) for day in span.days
    }
    assert find_warnings(replace(span, day_totals={"gas": totals, "gone": {}})) == []
    wrong = span.days[9]
    totals[wrong.day] = 1.06 * totals[wrong.day] + 0.25
    (warning,) = found_in(
        replace(span, day_totals={"gas": totals}), WarningRule.SUM_CHECK
    )
    assert (warning.point, warning.start) == ("gas", at(wrong.hours.start))


@pytest.mark.parametrize("key", ["delivered_1", "gas", "water", "heat"])
@pytest.mark.parametrize("factor", [1000.0, 0.001])
@pytest.mark.parametrize("first", [JANUARY, JULY])
def test_a_unit_that_changed(key: str, factor: float, first: int) -> None:
    """From the day on, whatever the season; one odd day is none."""
    meters = house_meters(first=first)
    sun_or_sums = {WarningRule.SPIKE, WarningRule.SUM_CHECK, WarningRule.ZERO_RUN}
    one_day = {
        **meters,
        key: changed(meters[key], range(480, 504), lambda x: x * factor),
    }
    assert {each.rule for each in find_warnings(span_of(one_day, first))} <= sun_or_sums
    start = span_of(meters, first).days[20].hours.start
    hours = range(start, WINDOW)
    meters[key] = changed(meters[key], hours, lambda x: x * factor)
    found = find_warnings(span_of(meters, first))
    assert {each.rule for each in found} <= {*sun_or_sums, WarningRule.UNIT_CHANGED}
    units = [each for each in found if each.rule is WarningRule.UNIT_CHANGED]
    assert [(each.point, each.start) for each in units] == [(key, at(start, first))]
    assert factor / 3 < units[0].seen < factor * 3


def test_a_pulse_factor_of_gas() -> None:
    """A hundred times as much is no winter, ten times may be one."""
    meters = house_meters(first=JANUARY)
    start = span_of(meters, JANUARY).days[20].hours.start
    for factor, count in ((10, 0), (100, 1)):
        wrong = changed(meters["gas"], range(start, WINDOW), lambda x, y=factor: x * y)
        found = find_warnings(span_of({**meters, "gas": wrong}, JANUARY))
        units = [each for each in found if each.rule is WarningRule.UNIT_CHANGED]
        assert len(units) == count


@pytest.mark.parametrize("factor", [10.0, 3.6, 0.1])
def test_a_factor_that_changed(factor: float) -> None:
    """A device that draws evenly shows also the small factors."""
    point = register("fridge", Quantity.ENERGY, "kWh", Role.DEVICE)
    random = Random(11)
    amounts = [random.uniform(0.08, 0.14) for _ in range(WINDOW)]
    fridge = MeterHours(point=point, amounts=amounts, codes=bytes(WINDOW))
    assert find_warnings(span_of({"fridge": fridge})) == []
    span = span_of({"fridge": fridge})
    start = span.days[20].hours.start
    fridge = changed(fridge, range(start, WINDOW), lambda x: x * factor)
    (warning,) = found_in(span_of({"fridge": fridge}), WarningRule.UNIT_CHANGED)
    assert (warning.start, warning.end) == (at(start), at(span.days[-1].hours.stop))
    assert warning.seen == pytest.approx(factor, rel=0.1)


def test_a_home_that_people_return_to() -> None:
    """Ten times as much by day, but not at night."""
    meters = house_meters(first=JANUARY)
    meters = {
        key: changed(meter, range(24 * 20), lambda x: min(x, 0.2))
        for key, meter in meters.items()
    }
    assert find_warnings(replace(span_of(meters, JANUARY), powers={})) == []


def test_prolonged_estimation() -> None:
    """More than 24 hours in a row, in the last week."""
    meters = house_meters()
    first = WINDOW - 100
    meters["gas"] = coded(meters["gas"], range(first, first + 24), COMPARABLE_DAYS)
    assert find_warnings(span_of(meters)) == []
    meters["gas"] = coded(meters["gas"], range(first, first + 25), COMPARABLE_DAYS)
    (warning,) = found_in(span_of(meters), WarningRule.PROLONGED_ESTIMATION)
    expected = ("gas", at(first), at(first + 25))
    assert (warning.point, warning.start, warning.end) == expected


def test_estimates_of_long_ago_are_no_news() -> None:
    meters = house_meters()
    meters["gas"] = coded(meters["gas"], range(100, 200), COMPARABLE_DAYS)
    assert find_warnings(span_of(meters)) == []


def test_a_meter_that_always_reports_rarely_is_no_news() -> None:
    meters = house_meters()
    meters["gas"] = coded(meters["gas"], range(WINDOW), LINE)
    assert find_warnings(span_of(meters)) == []


def test_half_of_a_week_estimated() -> None:
    meters = house_meters()
    week = range(WINDOW - 7 * 24, WINDOW)
    meters["gas"] = coded(meters["gas"], week[::2], LINE)
    assert find_warnings(span_of(meters)) == []
    meters["gas"] = coded(meters["gas"], [*week[::2], week[1]], LINE)
    (warning,) = found_in(span_of(meters), WarningRule.PROLONGED_ESTIMATION)
    assert (warning.start, warning.unit) == (at(week[0]), "%")
    assert 50 < warning.seen < 52


def test_amounts_per_day_are_not_prolonged_estimation() -> None:
    """They can only be spread."""
    meters = house_meters()
    point = replace(POINTS[Channel.GAS], kind=Kind.INTERVAL, interval=timedelta(days=1))
    meters["gas"] = replace(coded(meters["gas"], range(WINDOW), SPREAD), point=point)
    assert find_warnings(span_of(meters)) == []


def test_disabled_rules_do_not_run() -> None:
    meters = without_electricity(house_meters(), [500])
    span = replace(span_of(meters), powers={})
    assert find_warnings(span, [WarningRule.ZERO_RUN]) == []
    assert len(find_warnings(span, [WarningRule.SPIKE])) == 1


def test_complete_days() -> None:
    """Days of 23 and 25 hours, and nothing of a day that is cut."""
    start = datetime(2026, 3, 27, 12, tzinfo=UTC).timestamp()
    end = datetime(2026, 3, 30, 21, tzinfo=UTC).timestamp()
    days = [*complete_days(start, end, ZONE)]
    assert [len(day.hours) for day in days] == [24, 23]
    assert days[0] == Day(datetime(2026, 3, 28).date(), range(11, 35))  # noqa: DTZ001
    (autumn,) = complete_days(
        datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp(),
        datetime(2026, 10, 25, 23, tzinfo=UTC).timestamp(),
        ZONE,
    )
    assert len(autumn.hours) == 25
    calcutta = [
        *complete_days(
            datetime(2026, 3, 27, tzinfo=UTC).timestamp(),
            datetime(2026, 3, 29, 20, tzinfo=UTC).timestamp(),
            ZoneInfo("Asia/Kolkata"),
        )
    ]
    assert [day.hours for day in calcutta] == [range(19, 43), range(43, 67)]


def test_runs_of() -> None:
    flags = [True, True, False, True, False, False, True]
    assert [*runs_of(flags)] == [range(2), range(3, 4), range(6, 7)]
    assert [*runs_of([])] == []
