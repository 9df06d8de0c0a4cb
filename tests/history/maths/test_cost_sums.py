"""Adding up costs by local hours, days and months."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.metering_hub.history.maths.cost_sums import (
    CostSum,
    bucket_edges,
    bucket_start,
    day_of_row,
    next_bucket,
    points_by_role,
    summed,
    total_of,
)
from custom_components.metering_hub.metering.energy_breakdown import Bucket
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.prices.maths.tariff import TariffRole

from .readings import clock_elsewhere

__all__ = ["clock_elsewhere"]

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOUR = timedelta(hours=1)
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Amsterdam",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "America/Santiago",
        "UTC",
    )
]
ROLES = (Role.GRID_DELIVERED, Role.GRID_RETURNED, Role.GAS, Role.WATER, Role.DEVICE)


def edges_of(
    start: datetime, end: datetime, bucket: Bucket, zone: ZoneInfo = AMSTERDAM
) -> list[datetime]:
    """Return the edges of buckets."""
    return [*bucket_edges(start, end, bucket, zone)]


@pytest.mark.parametrize(("day", "hours"), [(29, 23), (28, 24)])
def test_a_day_on_which_the_clock_changes_is_shorter(day: int, hours: int) -> None:
    """Summer begins on 29 March 2026."""
    start = datetime(2026, 3, day, tzinfo=AMSTERDAM).astimezone(UTC)
    edges = edges_of(start, start + timedelta(days=2), Bucket.DAY)
    assert edges[1] - edges[0] == hours * HOUR


def test_a_day_on_which_the_clock_is_put_back_has_25_hours() -> None:
    """Winter begins on 25 October 2026."""
    start = datetime(2026, 10, 25, tzinfo=AMSTERDAM).astimezone(UTC)
    edges = edges_of(start, start + timedelta(days=2), Bucket.DAY)
    assert edges[1] - edges[0] == 25 * HOUR
    hours = edges_of(start, edges[1], Bucket.HOUR)
    assert len(hours) == 26


@pytest.mark.usefixtures("clock_elsewhere")
@pytest.mark.parametrize(
    ("moment", "bucket", "start", "following"),
    [
        ("2026-07-01T05:20", Bucket.HOUR, "2026-07-01T05", "2026-07-01T06"),
        ("2026-07-01T05:20", Bucket.DAY, "2026-06-30T22", "2026-07-01T22"),
        ("2026-07-01T05:20", Bucket.MONTH, "2026-06-30T22", "2026-07-31T22"),
        ("2026-07-01T05:20", Bucket.YEAR, "2025-12-31T23", "2026-12-31T23"),
        # At this moment, the year has already begun there.
        ("2025-12-31T23:30", Bucket.DAY, "2025-12-31T23", "2026-01-01T23"),
        ("2025-12-31T23:30", Bucket.YEAR, "2025-12-31T23", "2026-12-31T23"),
        ("2026-01-31T12:00", Bucket.MONTH, "2025-12-31T23", "2026-01-31T23"),
        ("2024-12-31T12:00", Bucket.YEAR, "2023-12-31T23", "2024-12-31T23"),
    ],
)
def test_a_bucket_contains_a_moment(
    moment: str, bucket: Bucket, start: str, following: str
) -> None:
    """Hours are those of UTC, the other buckets those of Amsterdam."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert bucket_start(at, bucket, AMSTERDAM) == datetime.fromisoformat(start).replace(
        tzinfo=UTC
    )
    assert next_bucket(at, bucket, AMSTERDAM) == datetime.fromisoformat(
        following
    ).replace(tzinfo=UTC)


def test_an_hour_is_one_of_utc_however_its_moment_is_written() -> None:
    """A quarter to six there is midnight in UTC."""
    moment = datetime(2026, 7, 1, 5, 50, tzinfo=ZoneInfo("Asia/Kathmandu"))
    midnight = datetime(2026, 7, 1, tzinfo=UTC)
    assert bucket_start(moment, Bucket.HOUR, AMSTERDAM) == midnight
    assert next_bucket(moment, Bucket.HOUR, AMSTERDAM) == midnight + HOUR


def test_a_bucket_ends_after_its_moment_where_midnight_comes_twice() -> None:
    """Until 2011, St John's put its clock back from a minute past midnight."""
    moment = datetime(2010, 11, 7, 3, 0, tzinfo=UTC)
    there = ZoneInfo("America/St_Johns")
    assert moment.astimezone(there).isoformat() == "2010-11-06T23:30:00-03:30"
    following = datetime(2010, 11, 8, 3, 30, tzinfo=UTC)
    assert next_bucket(moment, Bucket.DAY, there) == following


def test_months_begin_at_local_midnight() -> None:
    """Also those on the other side of a change of the clock."""
    start = datetime(2026, 2, 10, 5, tzinfo=UTC)
    assert edges_of(start, datetime(2026, 5, 2, tzinfo=UTC), Bucket.MONTH) == [
        start,
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
        datetime(2026, 4, 30, 22, tzinfo=UTC),
        datetime(2026, 5, 2, tzinfo=UTC),
    ]


MOMENTS = st.integers(0, 20 * 366 * 24).map(
    lambda hours: datetime(2010, 1, 1, tzinfo=UTC) + hours * HOUR
)


@given(
    start=MOMENTS,
    hours=st.integers(1, 24 * 500),
    bucket=st.sampled_from(Bucket),
    zone=st.sampled_from(ZONES),
)
def test_edges_are_the_starts_of_buckets(
    start: datetime, hours: int, bucket: Bucket, zone: ZoneInfo
) -> None:
    """They are in order, and each but the ends is where its own bucket begins."""
    end = start + hours * HOUR
    edges = edges_of(start, end, bucket, zone)
    assert edges[0] == start
    assert edges[-1] == end
    assert all(one < other for one, other in pairwise(edges))
    for edge in edges[1:-1]:
        assert bucket_start(edge, bucket, zone) == edge
        assert bucket_start(edge - timedelta(seconds=1), bucket, zone) < edge


@given(
    start=MOMENTS,
    cells=st.lists(
        st.tuples(
            st.integers(-500, 500),
            st.one_of(st.none(), st.integers(-500, 500)),
        ),
        min_size=1,
        max_size=24 * 70,
    ),
    zone=st.sampled_from(ZONES),
)
def test_days_hours_and_months_have_the_same_sum(
    start: datetime, cells: list[tuple[int, int | None]], zone: ZoneInfo
) -> None:
    """No hour is lost or counted twice, whatever is added up."""
    hours = [
        (
            (start + number * HOUR).timestamp(),
            CostSum(
                hours=1,
                amount=amount,
                priced_hours=cost is not None,
                priced_amount=0 if cost is None else amount,
                cost=cost or 0,
                unpriced_hours=cost is None and amount != 0,
            ),
        )
        for number, (amount, cost) in enumerate(cells)
    ]
    end = start + len(cells) * HOUR
    totals = {
        bucket: total_of(summed(hours, edges_of(start, end, bucket, zone)))
        for bucket in Bucket
    }
    whole = total_of(hour for _, hour in hours)
    assert all(total == whole for total in totals.values())
    assert whole.amount == sum(amount for amount, _ in cells)
    assert whole.cost == sum(cost or 0 for _, cost in cells)
    unpriced = [amount for amount, cost in cells if cost is None and amount]
    assert whole.unpriced_hours == len(unpriced)
    assert whole.unpriced_amount == sum(unpriced)


def test_hours_outside_of_all_periods_are_left_out() -> None:
    """Rows of other hours change no sum."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    edges = [start, start + HOUR]
    hour = CostSum(hours=1, amount=2.0)
    moments = [start - HOUR, start, start + HOUR]
    hours = [(moment.timestamp(), hour) for moment in moments]
    assert summed(hours, edges) == [hour]


def test_an_hour_belongs_to_where_it_starts() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    edges = [start, start + 2 * HOUR, start + 3 * HOUR]
    hours = [
        ((start + number * HOUR).timestamp(), CostSum(hours=1, amount=10.0**number))
        for number in range(3)
    ]
    assert summed(hours, edges) == [
        CostSum(hours=2, amount=11.0),
        CostSum(hours=1, amount=100.0),
    ]
    assert total_of(summed(hours, edges)) == CostSum(hours=3, amount=111.0)
    assert total_of([]) == CostSum()


def test_another_unit_changes_the_amounts_and_no_cost() -> None:
    watt_hours = CostSum(
        hours=3,
        amount=5000.0,
        priced_hours=2,
        priced_amount=4000.0,
        cost=1.2,
        unpriced_hours=1,
    )
    assert watt_hours.in_units(0.001) == CostSum(
        hours=3,
        amount=5.0,
        priced_hours=2,
        priced_amount=4.0,
        cost=1.2,
        unpriced_hours=1,
    )


def test_what_is_not_known_is_no_zero() -> None:
    """There is no cost and no mean price where nothing has a price."""
    nothing = CostSum()
    assert nothing.known_amount is None
    assert nothing.known_cost is None
    assert nothing.mean_price is None
    unpriced = CostSum(hours=2, amount=3.0, unpriced_hours=1)
    assert unpriced.known_amount == 3.0
    assert unpriced.known_cost is None
    assert unpriced.unpriced_amount == 3.0
    free = CostSum(hours=1, amount=2.0, priced_hours=1, priced_amount=2.0)
    assert free.known_cost == 0.0
    assert free.mean_price == 0.0


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_row_of_a_day_is_in_the_hour_of_its_midnight(zone: ZoneInfo) -> None:
    """Also where midnight is within a UTC hour."""
    for day in range(1, 29):
        midnight = datetime(2026, 3, day, tzinfo=zone).astimezone(UTC)
        row = midnight.replace(minute=0)
        assert day_of_row(row, zone) == midnight


def meter(key: str, role: Role | None, **more: object) -> Point:
    """Return a meter."""
    quantity = {
        Role.GAS: Quantity.GAS,
        Role.WATER: Quantity.WATER,
        None: Quantity.HEAT,
    }.get(role, Quantity.ENERGY)
    settings: dict[str, object] = {
        "quantity": quantity,
        "kind": Kind.REGISTER,
        "unit": "kWh",
        "has_history": True,
        **more,
    }
    return Point(key=key, device_key="meter", role=role, **settings)  # type: ignore[arg-type]


def keys_of(*points: Point) -> dict[TariffRole, list[str]]:
    """Return the keys of the points that each role consists of."""
    found = points_by_role(points, {each.key: each for each in points})
    return {role: [each.key for each in members] for role, members in found.items()}


def test_parts_and_sums_are_not_counted_twice() -> None:
    """A part of a part is in the whole, too, if what is between has another role."""
    assert keys_of(
        meter("main", Role.GRID_DELIVERED),
        meter("floor", Role.DEVICE, included_in="main"),
        meter("flat", Role.GRID_DELIVERED, included_in="floor"),
        meter("second", Role.GRID_DELIVERED),
        meter("sum", Role.GRID_DELIVERED, sum_of=("main", "second")),
        meter("back", Role.GRID_RETURNED),
        meter("boiler", None),
        meter("radiator", None, included_in="boiler"),
    ) == {
        TariffRole.IMPORT: ["main", "second"],
        TariffRole.EXPORT: ["back"],
        TariffRole.HEAT: ["boiler"],
    }


def test_a_meter_in_an_unknown_one_is_counted() -> None:
    assert keys_of(meter("flat", Role.GAS, included_in="gone")) == {
        TariffRole.GAS: ["flat"]
    }


def test_meters_that_include_each_other_end() -> None:
    """A server may say nonsense, and each of them is then counted in none."""
    found = keys_of(
        meter("one", Role.GAS, included_in="two"),
        meter("two", Role.GAS, included_in="one"),
        meter("self", Role.WATER, included_in="self"),
    )
    assert found == {TariffRole.WATER: ["self"]}


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Point]:
    """Return meters, of which some are in earlier ones."""
    points: dict[str, Point] = {}
    for number in range(draw(st.integers(1, 8))):
        inside = draw(st.sampled_from([None, *points]))
        role = draw(st.sampled_from(ROLES))
        key = f"meter{number}"
        points[key] = meter(key, role, included_in=inside)
    return points


@given(trees())
def test_each_kwh_is_counted_once_per_role(points: dict[str, Point]) -> None:
    """Of all meters through which it flows, a role counts the outermost."""
    counted = points_by_role(points.values(), points)
    for role, members in counted.items():
        keys = {each.key for each in members}
        for point in points.values():
            path = [point.key]
            while (outer := points[path[-1]].included_in) is not None:
                path.append(outer)
            assert len(keys.intersection(path)) <= 1
            if point.role is Role.GRID_DELIVERED and role is TariffRole.IMPORT:
                assert keys.intersection(path)
