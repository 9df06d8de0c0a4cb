"""What people, automations and edited files say: telegrams, readings and tariffs."""

from dataclasses import replace
from datetime import UTC, datetime
import json
from math import isfinite
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import example, given, strategies as st
import pytest
import voluptuous as vol

from custom_components.metering_hub.live.sending import (
    READINGS_FIELDS,
    is_complete,
    read_readings,
)
from custom_components.metering_hub.prices.maths.fixed_costs import fixed_cost_at
from custom_components.metering_hub.prices.maths.tariff import Tariff
from custom_components.metering_hub.prices.stored import read_tariff

from .mutations import STRANGE_TEXTS, Json, Mutator
from .test_texts import TELEGRAMS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SURCHARGE: Json = {
    "amount": 5,
    "type": "percent",
    "valid_from": "2025-02-01",
    "valid_to": "2025-03-01",
    "months": [1, "2"],
}
COMMON: dict[str, Json] = {
    "applies_to": "import",
    "valid_from": "2025-01-31T14:00:00",
    "valid_to": "2026-01-31",
    "currency": "EUR",
    "unit": "ct/kWh",
    "surcharges": [SURCHARGE],
    "daily": 0.3,
    "monthly": "4.5",
    "heating_value": 9.77,
    "holidays_as_sundays": True,
}
RULE: Json = {
    "from_hour": 7,
    "to_hour": 23,
    "weekdays": ["mon", "sun"],
    "months": [12],
    "price": 30,
}
TARIFFS: list[dict[str, Json]] = [
    COMMON | {"price_type": "fixed", "price": 25},
    COMMON | {"price_type": "timed", "price": 25, "rules": [RULE]},
    COMMON | {"price_type": "registers", "price_1": 20, "price_2": "30"},
    COMMON | {"price_type": "sensor", "source": "sensor.price"},
    COMMON
    | {"applies_to": "meters", "meters": ["a"], "price_type": "fixed", "price": 1},
]
HOURS = [
    datetime(2025, 2, 1, tzinfo=UTC),
    datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(2025, 3, 30, 1, tzinfo=UTC),
]


@given(st.sampled_from(TARIFFS), st.integers(0, 2**32))
def test_edited_tariffs(whole: dict[str, Json], seed: int) -> None:
    """A tariff of an edited file is read, or is broken; nothing else happens."""
    mutator = Mutator(Random(seed), [])
    try:
        data: Json = json.loads(mutator.mutate(json.dumps(whole).encode(), "tariff"))
    except ValueError, RecursionError:
        return
    if not isinstance(data, dict):
        return
    tariff = read_tariff("key", "name", data, AMSTERDAM, "EUR")
    if tariff is not None:
        _check(tariff)


@pytest.mark.parametrize("whole", TARIFFS, ids=lambda each: str(each["price_type"]))
def test_usual_tariffs_are_read(whole: dict[str, Json]) -> None:
    tariff = read_tariff("key", "name", whole, AMSTERDAM, "EUR")
    assert tariff is not None
    _check(tariff)


@pytest.mark.parametrize("number", [1e308, "1e308", 10**300, -1e300])
def test_prices_that_overflow_are_broken(number: Json) -> None:
    """Each of them is finite, but the sum of two was an OverflowError."""
    whole = TARIFFS[0] | {"daily": number}
    assert read_tariff("key", "name", whole, AMSTERDAM, "EUR") is None


def _check(tariff: Tariff) -> None:
    """Charge hours and days by a tariff."""
    assert isfinite(tariff.daily)
    assert isfinite(tariff.monthly)
    for hour in HOURS:
        twice = [tariff, replace(tariff, key="other", role=None, points=frozenset("b"))]
        assert isfinite(fixed_cost_at(hour, AMSTERDAM, twice, ()) or 0.0)


@given(st.sampled_from(TELEGRAMS), st.integers(0, 2**32))
@example("/ISK5\\2\r\n\ud800\r\n!", 1)
def test_telegrams_to_send(telegram: str, seed: int) -> None:
    """What is taken for whole can be sent as text; before, half a pair could not."""
    random = Random(seed)
    at = random.randrange(len(telegram))
    for text in (
        telegram,
        f"{telegram[:at]}{random.choice(STRANGE_TEXTS)}{telegram[at:]}",
        f"{telegram[:at]}{telegram}",
    ):
        if is_complete(text):
            assert text.encode()


@given(st.floats() | st.sampled_from([*STRANGE_TEXTS, True, None, 10**400]))
def test_numbers_to_send(number: float | str | bool | None) -> None:
    """A number is finite, or is refused with the error of a form."""
    data = {
        str(marker): number if "delivered_1" in str(marker) else 1.0
        for marker in READINGS_FIELDS
        if isinstance(marker, vol.Required)
    }
    try:
        found = vol.Schema(READINGS_FIELDS)(data)
    except vol.Invalid:
        return
    readings = read_readings(found, None, None)
    assert all(isfinite(each) for each in readings.values.values())
