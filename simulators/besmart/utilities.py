"""A building that is supplied with water, gas and heat, and signals that are words.

The texts and numbers of these types are our own; the published examples have none but
electricity.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from simulators.house import House
from simulators.times import QUARTER

from .sensors import Meter, Sensor
from .signal_types import SignalType, Word

UTILITIES_MID = 582_050
WATER, GAS, HEAT, HEAT_KWH, TARIFF, VALVE = 201, 202, 203, 204, 205, 206


def _meter(
    moid: int, symbol: str, text: str, unit: str, group: str, obis: str | None = None
) -> SignalType:
    """Return the type of a register."""
    return SignalType(
        moid, symbol, text, unit, 1000, "register", QUARTER, obis, group=group
    )


def _words(moid: int, symbol: str, text: str, words: tuple[Word, ...]) -> SignalType:
    """Return the type of a signal whose values are words."""
    return SignalType(moid, symbol, text, "", 1, "instant", group="Media", words=words)


UTILITY_TYPES: Mapping[int, SignalType] = {
    type_.moid: type_
    for type_ in (
        _meter(WATER, "W", "Woda zimna", "m3", "Wodociągi"),
        _meter(GAS, "V", "Objętość", "m3", "Media", "7-0:3.0.0"),
        _meter(HEAT, "Q", "Licznik ciepła", "GJ", "Media"),
        _meter(HEAT_KWH, "E", "Energia", "kW.h", "Ciepłownictwo"),
        _words(TARIFF, "T", "Taryfa", ("G12", "G12w")),
        _words(VALVE, "Z", "Zawór otwarty", (False, True)),
    )
}


def utilities(
    seed: int = 1, start: datetime = datetime(2024, 1, 1, tzinfo=UTC)
) -> Sensor:
    """Return a sensor with a signal of each of these types."""
    positions = {WATER: 812_345, GAS: 4_567_890, HEAT: 91_234, HEAT_KWH: 25_000_000}
    return Sensor(
        UTILITIES_MID,
        "Węzeł",
        tuple(UTILITY_TYPES),
        House(seed, start, "Europe/Warsaw"),
        meters=[Meter(start, positions, "UT-1", "Ultraheat")],
    )
