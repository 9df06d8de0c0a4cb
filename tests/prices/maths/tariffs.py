"""Random tariffs and series, and points to price with them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from custom_components.metering_hub.metering.model import (
    Kind,
    Point,
    PricePeriod,
    Quantity,
    Role,
)
from custom_components.metering_hub.prices.maths.calendar import Calendar
from custom_components.metering_hub.prices.maths.point_prices import (
    PointPrices,
    sorted_by_rank,
)
from custom_components.metering_hub.prices.maths.series import PriceSeries, SeriesKey
from custom_components.metering_hub.prices.maths.tariff import (
    Base,
    FixedPrice,
    Price,
    RegisterPrice,
    Rule,
    SourcePrice,
    Surcharge,
    Tariff,
    TariffRole,
    TimedPrice,
    When,
)

HOUR = timedelta(hours=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = [
    *(AMSTERDAM, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")),
    *(ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")),
]
NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
SPRING = datetime(2025, 3, 29, tzinfo=UTC)
AUTUMN = datetime(2025, 10, 25, tzinfo=UTC)
"""The days before the clocks of Europe change."""


def point(key: str = "import", **changes: object) -> Point:
    values: dict = {
        "key": key,
        "device_key": "home",
        "quantity": Quantity.ENERGY,
        "kind": Kind.REGISTER,
        "unit": "kWh",
        "role": Role.GRID_DELIVERED,
        "has_history": True,
        "tariff_number": 1,
    }
    return Point(**values | changes)


def tariff(key: str = "tariff", **changes: object) -> Tariff:
    values: dict = {
        "key": key,
        "name": key,
        "base": Base.ENERGY,
        "start": datetime(2020, 1, 1, tzinfo=UTC),
        "role": TariffRole.IMPORT,
        "price": FixedPrice(price=0.25),
    }
    return Tariff(**values | changes)


def prices(
    tariffs: Sequence[Tariff] = (),
    zone: ZoneInfo = AMSTERDAM,
    *,
    of: Point | None = None,
    series: dict[SeriesKey, PriceSeries] | None = None,
    periods: Sequence[PricePeriod] = (),
    holidays: Sequence[date] = (),
    factor: float = 1.0,
) -> PointPrices:
    return PointPrices(
        point=of or point(),
        tariffs=sorted_by_rank(tariffs),
        factors={each.key: factor for each in tariffs},
        periods=periods,
        calendar=Calendar(zone=zone, holidays=frozenset(holidays)),
        series=series or {},
    )


amounts = st.integers(-500, 500).map(lambda number: number / 1000)

whens = st.builds(
    When,
    months=st.frozensets(st.integers(1, 12), max_size=6),
    weekdays=st.frozensets(st.integers(0, 6), max_size=4),
    start=st.integers(0, 23),
    end=st.integers(0, 24),
)


@st.composite
def local_hours(draw: st.DrawFn, zone: ZoneInfo, start: datetime) -> datetime:
    """Draw a full local hour within four days, as the form of a tariff has it."""
    wall = start.replace(tzinfo=None) + draw(st.integers(0, 96)) * HOUR
    return wall.replace(tzinfo=zone).astimezone(UTC)


@st.composite
def surcharges(draw: st.DrawFn, zone: ZoneInfo, start: datetime) -> Surcharge:
    begin, end = (draw(st.none() | local_hours(zone, start)) for _ in range(2))
    is_percent = draw(st.booleans())
    return Surcharge(
        amount=draw(amounts) * (100 if is_percent else 1),
        is_percent=is_percent,
        when=draw(whens),
        start=begin,
        end=end,
    )


kinds_of_price: st.SearchStrategy[Price] = st.one_of(
    st.builds(FixedPrice, price=amounts),
    st.builds(
        TimedPrice,
        rules=st.lists(st.builds(Rule, when=whens, price=amounts), max_size=3).map(
            tuple
        ),
        otherwise=st.none() | amounts,
    ),
    st.builds(
        RegisterPrice,
        prices=st.dictionaries(st.sampled_from((1, 2)), amounts, min_size=1),
    ),
    st.builds(SourcePrice, source=st.sampled_from(("a", "b"))),
)


@st.composite
def random_tariffs(draw: st.DrawFn, zone: ZoneInfo, start: datetime) -> list[Tariff]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        is_for_point = draw(st.booleans())
        found.append(
            tariff(
                str(number),
                start=draw(local_hours(zone, start)),
                end=draw(st.none() | local_hours(zone, start)),
                role=None if is_for_point else TariffRole.IMPORT,
                points=frozenset({"import"} if is_for_point else ()),
                price=draw(kinds_of_price),
                surcharges=tuple(draw(st.lists(surcharges(zone, start), max_size=3))),
                are_holidays_sundays=draw(st.booleans()),
            )
        )
    return found


@st.composite
def random_series(draw: st.DrawFn, start: datetime) -> PriceSeries:
    """Draw a series of four days with holes."""
    first = int(start.timestamp())
    starts = range(first, first + 96 * 3600, 3600)
    holes = draw(st.sets(st.sampled_from(starts), max_size=20))
    seed = draw(st.integers(0, 1000))
    return PriceSeries(
        prices={
            each: (each // 3600 * 7919 + seed) % 1000 / 1000 - 0.2
            for each in starts
            if each not in holes
        },
    )


@st.composite
def random_prices(draw: st.DrawFn) -> tuple[datetime, PointPrices]:
    """Draw prices of four days around a change of the clocks, and their start."""
    zone = draw(st.sampled_from(ZONES))
    start = draw(st.sampled_from((SPRING, AUTUMN)))
    middle = start + draw(st.integers(0, 96)) * HOUR
    periods = [
        PricePeriod(start=start, end=middle, prices={"import": draw(amounts)}),
        PricePeriod(start=middle, end=start + 96 * HOUR, prices={}),
    ]
    found = prices(
        draw(random_tariffs(zone, start)),
        zone,
        series={(name, Base.ENERGY): draw(random_series(start)) for name in ("a", "b")},
        periods=draw(st.sampled_from(([], periods))),
        holidays=draw(st.sampled_from(([], [date(2025, 3, 31), date(2025, 10, 27)]))),
    )
    return start, found
