"""Which of the extra meters in a telegram a server stores."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from custom_components.metering_hub.backends.dsmr_reader.extra_meters import (
    ExtraMeter,
    StoredMeter,
    likely_meter,
    parse_extra_meters,
)

TIME = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def meters(gas: str = "00100.000", water: str = "00050.000") -> tuple[ExtraMeter, ...]:
    """Return a Belgian gas meter and a water meter at these positions."""
    return parse_extra_meters(
        "0-1:24.1.0(003)\r\n"
        f"0-1:24.2.3(261121033000W)({gas}*m3)\r\n"
        "0-2:24.1.0(007)\r\n"
        f"0-2:24.2.1(261121033000W)({water}*m3)\r\n"
    )


def found(stored: StoredMeter, position: str, *shown: str) -> str | None:
    """Return the place of the meter with a stored position."""
    meter = stored.find(meters(*shown), Decimal(position), TIME)
    return meter.place if meter else None


def test_equal_positions_decide() -> None:
    assert found(StoredMeter(), "100") == "1:24.2.3"
    assert found(StoredMeter(), "50") == "2:24.2.1"


def test_the_nearest_position_decides_at_first() -> None:
    assert found(StoredMeter(), "99.9") == "1:24.2.3"
    assert found(StoredMeter(), "50.1") == "2:24.2.1"


def test_the_known_place_decides_later() -> None:
    stored = StoredMeter()
    assert found(stored, "50") == "2:24.2.1"
    # Both were exchanged since, but the stored telegram is of the old one.
    assert found(stored, "50", "00049.000", "00000.001") == "2:24.2.1"
    # The owner chooses the other channel.
    assert found(stored, "101", "00101.000") == "1:24.2.3"
    assert found(stored, "50.5", "00101.000") == "1:24.2.3"


def test_a_telegram_without_a_position_changes_nothing() -> None:
    stored = StoredMeter()
    assert stored.find(meters(), None, None) is None
    assert found(stored, "100") == "1:24.2.3"
    assert stored.find(meters(), None, None) == meters()[0]


def test_new_meters_with_the_same_position() -> None:
    assert found(StoredMeter(), "0", "00000.000", "00000.000") == "1:24.2.3"


def test_times_tell_equal_positions_apart() -> None:
    water = meters()[1]
    gas = replace(meters()[0], position=water.position, time=TIME - HOUR)
    for meter in (gas, water):
        assert StoredMeter().find((gas, water), water.position, meter.time) == meter


def test_without_anything_stored_corrected_gas_is_likely() -> None:
    assert likely_meter(meters()) == meters()[0]
    assert likely_meter(meters()[1:]) == meters()[1]
    assert likely_meter(()) is None
    assert StoredMeter().find((), Decimal(1), TIME) is None
