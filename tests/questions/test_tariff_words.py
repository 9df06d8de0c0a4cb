"""Test what a person reads of a tariff before it is stored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.history.cost_preview import CostPreview, PointCost
from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from custom_components.metering_hub.prices.maths.cost_parts import CostParts
from custom_components.metering_hub.prices.maths.point_prices import PricePart
from custom_components.metering_hub.prices.maths.tariff import (
    Base,
    FixedPrice,
    Surcharge,
    Tariff,
)
from custom_components.metering_hub.questions.tariff_words import TariffWords

from ..flow.test_tariff_forms import GRID

START = datetime(2026, 10, 1, tzinfo=UTC)
NO_COSTS = CostParts(parts={}, amount=0.0, unpriced=())
COST = PointCost(
    point=GRID,
    amount=10,
    costs=CostParts(
        parts={PricePart("trial", 0): 2.0, PricePart("trial", 1): -0.001},
        amount=8,
        unpriced=[START],
    ),
    others=(),
)
PREVIEW = CostPreview(
    trial=Tariff(
        key="trial",
        name="Trial",
        base=Base.ENERGY,
        start=START,
        price=FixedPrice(price=0.25),
        surcharges=(Surcharge(amount=0),),
    ),
    start=START,
    end=datetime(2026, 11, 1, tzinfo=UTC),
    is_as_if=False,
    costs=[COST],
    fixed=None,
    past_hours=745,
)


def lines(preview: CostPreview) -> list[str]:
    """Return the lines of a preview, of which the texts are the keys."""
    words = TariffWords({})
    text = words.preview(preview, {"grid": "A|B"}, "EUR", UTC)
    return [line for line in text.splitlines() if line]


def test_table_is_one_in_markdown() -> None:
    """A bar in a name begins no column, and an amount of almost zero has no sign."""
    span, headings, marks, row, unpriced, past = lines(PREVIEW)
    assert span == "preview_span"
    assert headings.count("|") == marks.count("|") == 7
    assert row == (
        r"| A\|B | 10.00 kWh | 2.00 EUR | 0.00 EUR | 2.00 EUR | 0.2499 EUR/kWh |"
    )
    assert (unpriced, past) == ("preview_unpriced", "preview_past")


def test_point_without_any_price_has_no_cost() -> None:
    """Nothing is said to be free that has no price."""
    cost = replace(COST, costs=NO_COSTS, others=[START])
    trial = replace(PREVIEW.trial, surcharges=())
    shown = lines(replace(PREVIEW, trial=trial, costs=[cost], fixed=3.0, is_as_if=True))
    assert shown[1] == "preview_as_if"
    assert shown[4] == r"| A\|B | 10.00 kWh | - | - |"
    assert shown[5:] == ["preview_fixed", "preview_others", "preview_past"]


def test_hours_of_several_points_count_once() -> None:
    """What has no price for two meters is one hour, and two at different times."""
    later = replace(COST.costs, unpriced=[START, START + timedelta(hours=1)])
    preview = replace(PREVIEW, costs=[COST, replace(COST, costs=later)])
    assert preview.unpriced_hours == 2
    assert preview.other_hours == 0


def test_nothing_recorded_is_said() -> None:
    """A preview without rows has no table."""
    assert lines(replace(PREVIEW, costs=[])) == ["preview_nothing"]


@pytest.mark.parametrize(
    ("unit", "amount", "row"),
    [
        ("Wh", 100_000.0, "| Plug | 100.00 kWh | 28.91 EUR | 0.2891 EUR/kWh |"),
        ("kWh", 100.0, "| Plug | 100.00 kWh | 28.91 EUR | 0.2891 EUR/kWh |"),
        ("MWh", 0.1, "| Plug | 100.00 kWh | 28.91 EUR | 0.2891 EUR/kWh |"),
    ],
)
def test_amounts_and_prices_are_per_kwh(unit: str, amount: float, row: str) -> None:
    """A price of a Wh would have no digits left, and nobody knows one."""
    point = Point(
        key="plug",
        device_key="plug",
        quantity=Quantity.ENERGY,
        kind=Kind.REGISTER,
        unit=unit,
    )
    costs = CostParts(parts={PricePart("trial", 0): 28.91}, amount=amount, unpriced=())
    cost = PointCost(point=point, amount=amount, costs=costs, others=())
    preview = replace(
        PREVIEW, trial=replace(PREVIEW.trial, surcharges=()), costs=[cost]
    )
    assert row in TariffWords({}).preview(preview, {"plug": "Plug"}, "EUR", UTC)
