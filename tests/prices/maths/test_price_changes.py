"""From when on prices are others than before."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.metering.model import PricePeriod
from custom_components.metering_hub.prices.maths.price_changes import (
    first_changed_period,
    first_changed_tariff,
)
from custom_components.metering_hub.prices.maths.tariff import Base, FixedPrice, Tariff

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = 9_999


def price(first: int, end: int, each: float) -> PricePeriod:
    """Return a price from the first hour to before the end."""
    return PricePeriod(
        start=START + first * HOUR, end=START + end * HOUR, prices={"low": each}
    )


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        pytest.param([(0, OPEN, 0.2)], [(0, OPEN, 0.2)], None, id="same"),
        pytest.param(
            [(0, OPEN, 0.2)], [(0, 24, 0.2), (24, OPEN, 0.2)], None, id="again"
        ),
        pytest.param([(0, OPEN, 0.2)], [(0, 24, 0.2), (24, OPEN, 0.3)], 24, id="next"),
        pytest.param([(0, OPEN, 0.2)], [(0, OPEN, 0.3)], 0, id="corrected"),
        pytest.param([(0, OPEN, 0.2)], [(-9, 0, 0.1), (0, OPEN, 0.2)], -9, id="older"),
        pytest.param([(0, OPEN, 0.2)], [(0, 30, 0.2)], 30, id="ends"),
        pytest.param([(0, OPEN, 0.2)], [], 0, id="gone"),
        pytest.param([(0, 48, 0.2)], [(0, 48, 0.2), (50, OPEN, 9.0)], None, id="later"),
    ],
)
def test_when_the_prices_of_a_server_change(
    before: list[tuple[int, int, float]],
    after: list[tuple[int, int, float]],
    changed: int | None,
) -> None:
    """Prices up to hour 48 are known."""
    found = first_changed_period(
        [price(*each) for each in before],
        [price(*each) for each in after],
        START + 48 * HOUR,
    )
    assert found == (None if changed is None else START + changed * HOUR)


def tariff(first: int, each: float) -> Tariff:
    """Return a tariff from an hour on."""
    return Tariff(
        key=f"{first}",
        name="Tariff",
        base=Base.ENERGY,
        start=START + first * HOUR,
        price=FixedPrice(price=each),
    )


def test_when_tariffs_change() -> None:
    """The first tariff that is only in one of both counts."""
    one, two, changed = tariff(0, 0.2), tariff(9, 0.3), tariff(9, 0.4)
    assert first_changed_tariff([one, two], [two, one]) is None
    assert first_changed_tariff([one, two], [one, changed]) == START + 9 * HOUR
    assert first_changed_tariff([one, two], [two]) == START
    assert first_changed_tariff([], [two]) == START + 9 * HOUR
