"""Tariffs as they are stored."""

from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.prices.maths.tariff import (
    Base,
    FixedPrice,
    RegisterPrice,
    Rule,
    SourcePrice,
    Surcharge,
    Tariff,
    TariffRole,
    TimedPrice,
    When,
)
from custom_components.metering_hub.prices.stored import (
    broken_tariffs,
    read_tariff,
    stored_tariffs,
)
from homeassistant.config_entries import ConfigSubentryData

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIXED = {
    "applies_to": "import",
    "valid_from": "2025-01-31T14:00:00",
    "currency": "EUR",
    "unit": "ct/kWh",
    "price_type": "fixed",
    "price": 25,
}
SURCHARGE = {"amount": 5, "type": "amount"}
TIMED = FIXED | {"price_type": "timed", "rules": [{"from_hour": 7, "price": 30}]}


def read(
    data: dict, zone: ZoneInfo = AMSTERDAM, currency: str = "EUR"
) -> Tariff | None:
    return read_tariff("key", "name", MappingProxyType(data), zone, currency)


def test_a_fixed_tariff_is_read() -> None:
    assert read(FIXED) == Tariff(
        key="key",
        name="name",
        base=Base.ENERGY,
        start=datetime(2025, 1, 31, 13, tzinfo=UTC),
        role=TariffRole.IMPORT,
        price=FixedPrice(price=0.25),
    )


def test_everything_of_a_tariff_is_read() -> None:
    data = TIMED | {
        "applies_to": "meters",
        "meters": ["a", "b"],
        "valid_to": "2025-07-01T00:00:00",
        "heating_value": 10.1,
        "holidays_as_sundays": True,
        "rules": [
            {"months": ["12", 1], "weekdays": ["sat", "sun"], "price": "30"},
            {"from_hour": 22.0, "to_hour": 6.0, "price": -1},
        ],
        "surcharges": [
            {"amount": 21, "type": "percent", "valid_to": "2025-07-01"},
            {"amount": 5, "valid_from": "2025-07-01", "valid_to": None},
        ],
        "daily": 0.5,
        "monthly": 6,
    }
    july = datetime(2025, 6, 30, 22, tzinfo=UTC)
    assert read(data) == Tariff(
        key="key",
        name="name",
        base=Base.ENERGY,
        start=datetime(2025, 1, 31, 13, tzinfo=UTC),
        end=july,
        points=frozenset({"a", "b"}),
        price=TimedPrice(
            rules=(
                Rule(
                    when=When(months=frozenset({12, 1}), weekdays=frozenset({5, 6})),
                    price=0.3,
                ),
                Rule(when=When(start=22, end=6), price=-0.01),
            ),
            otherwise=0.25,
        ),
        surcharges=(
            Surcharge(amount=21, is_percent=True, end=july),
            Surcharge(amount=0.05, start=july),
        ),
        daily=0.5,
        monthly=6,
        heating_value=10.1,
        are_holidays_sundays=True,
    )


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({"price_type": "registers", "price_2": 30}, RegisterPrice(prices={2: 0.3})),
        (
            {"price_type": "sensor", "source": "sensor:x"},
            SourcePrice(source="sensor:x"),
        ),
        (
            {"price_type": "action", "source": "action:y"},
            SourcePrice(source="action:y"),
        ),
        ({"price_type": "timed", "rules": []}, TimedPrice(rules=(), otherwise=0.25)),
        ({"price": 0}, FixedPrice(price=0)),
    ],
)
def test_each_type_of_price_is_read(changes: dict, price: object) -> None:
    found = read(FIXED | changes)
    assert found
    assert found.price == price


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        ("Europe/Amsterdam", "2025-03-30T02:00:00", "2025-03-30T01:00:00Z"),
        ("Europe/Amsterdam", "2025-10-26T02:00:00", "2025-10-26T00:00:00Z"),
        ("Europe/Amsterdam", "2025-10-26T03:00:00", "2025-10-26T02:00:00Z"),
        ("America/Santiago", "2025-09-07T00:00:00", "2025-09-07T04:00:00Z"),
        ("America/Havana", "2025-11-02T00:00:00", "2025-11-02T04:00:00Z"),
        ("Australia/Lord_Howe", "2025-10-05T02:00:00", "2025-10-04T15:30:00Z"),
        ("Asia/Kolkata", "2025-08-15", "2025-08-14T18:30:00Z"),
    ],
)
def test_a_wall_time_is_one_moment(zone: str, wall: str, moment: str) -> None:
    found = read(FIXED | {"valid_from": wall}, ZoneInfo(zone))
    assert found
    assert found.start == datetime.fromisoformat(moment)


BROKEN = [
    FIXED | {"applies_to": "moon"},
    FIXED | {"applies_to": ["import"]},
    FIXED | {"applies_to": None},
    FIXED | {"applies_to": "meters"},
    FIXED | {"applies_to": "meters", "meters": []},
    FIXED | {"applies_to": "meters", "meters": "import"},
    FIXED | {"applies_to": "meters", "meters": [1]},
    *(FIXED | {"valid_from": text} for text in ("", None, "soon", 2025, "0001-01-01")),
    FIXED | {"valid_from": "2025-01-31T14:30:00"},
    FIXED | {"valid_from": "2025-01-31T14:00:00+01:00"},
    FIXED | {"valid_to": FIXED["valid_from"]},
    *(FIXED | {"unit": unit} for unit in ("ct", "p/kWh", None, 5)),
    *(FIXED | {"price": price} for price in (None, True, "dear", [25], {})),
    *(FIXED | {"price": float(price)} for price in ("nan", "inf", "-inf")),
    FIXED | {"price": "nan"},
    FIXED | {"price": 10**400},
    FIXED | {"price_type": "stolen"},
    FIXED | {"price_type": None},
    FIXED | {"price_type": "registers"},
    FIXED | {"price_type": "sensor"},
    FIXED | {"price_type": "action", "source": 5},
    *(FIXED | {"heating_value": value} for value in (0, -1, False, "warm")),
    *(FIXED | {"daily": value} for value in (True, "nan", [])),
    FIXED | {"holidays_as_sundays": "yes"},
    TIMED | {"rules": None, "price": None},
    TIMED | {"rules": {"price": 30}},
    TIMED | {"rules": [30]},
    *(
        TIMED | {"rules": [{"price": 30} | changes]}
        for changes in (
            {"price": None},
            {"months": [0]},
            {"months": [True]},
            {"months": 5},
            {"weekdays": ["Monday"]},
            {"weekdays": [0]},
            {"from_hour": 25},
            {"to_hour": -1},
            {"to_hour": 6.5},
            {"from_hour": "noon"},
        )
    ),
    *(
        FIXED | {"surcharges": [SURCHARGE | changes]}
        for changes in (
            {"amount": None},
            {"amount": False},
            {"type": "share"},
            {"type": ["percent"]},
            {"valid_from": "tomorrow"},
            {"valid_from": "2025-02-01", "valid_to": "2025-02-01"},
        )
    ),
    FIXED | {"surcharges": SURCHARGE},
    FIXED | {"surcharges": "none"},
    {},
]


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_broken_data_are_no_tariff(data: dict) -> None:
    assert read(data) is None


def test_another_currency_is_no_tariff() -> None:
    assert read(FIXED, currency="USD") is None
    assert read(FIXED | {"currency": None}) is None
    assert (found := read(FIXED)) is not None
    assert found.base is Base.ENERGY
    assert read(FIXED | {"unit": "$/kWh"}) is None
    assert read(FIXED | {"unit": 5}) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*TIMED, *SURCHARGE, "months"]), inner)
    ),
)


@given(st.sampled_from((FIXED, TIMED)), st.data())
def test_no_data_raise(stored: dict, data: st.DataObject) -> None:
    keys = [*stored, "rules", "surcharges", "meters", "daily", "valid_to"]
    changes = data.draw(st.dictionaries(st.sampled_from(keys), json_values))
    found = read(stored | changes)
    assert found is None or found.start


def test_one_broken_tariff_costs_itself() -> None:
    entry = MockConfigEntry(
        domain=DOMAIN,
        subentries_data=[
            ConfigSubentryData(
                data=data, subentry_type=kind, title=title, unique_id=None
            )
            for title, kind, data in (
                ("good", "tariff", FIXED),
                ("broken", "tariff", FIXED | {"price": None}),
                ("dollars", "tariff", FIXED | {"currency": "USD"}),
                ("without a currency", "tariff", FIXED | {"currency": None}),
                ("something else", "other", {}),
            )
        ],
    )
    (tariff,) = stored_tariffs(entry, AMSTERDAM, "EUR")
    assert tariff.name == "good"
    assert tariff.key in entry.subentries
    broken = broken_tariffs(entry, AMSTERDAM)
    assert [each.title for each in broken] == ["broken", "without a currency"]
