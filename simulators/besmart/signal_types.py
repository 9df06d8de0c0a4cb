"""Units and types of signals, as the server lists them.

Unit numbers other than 1 are our own; the texts are the vendor's published ones.

Source: docs/wire/besmart.md, Signal types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simulators.faults import Json
from simulators.times import MINUTE, QUARTER

type Edition = Literal["2021", "2026"]
type Kind = Literal["register", "mean", "instant"]
"""A meter position; the mean of the quarter that ends at this time; a value."""

type Word = str | bool
"""A value that is not a number."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit; `size` is its size in the smallest unit of its dimension."""

    number: int
    symbol: str
    dimension: str
    size: int = 1


UNITS: Mapping[str, Unit] = {
    unit.symbol: unit
    for unit in (
        Unit(1, "kW.h", "energy", 1000),
        Unit(2, "kW", "power", 1000),
        Unit(3, "W.h", "energy"),
        Unit(4, "MW.h", "energy", 1_000_000),
        Unit(5, "W", "power"),
        Unit(6, "kvar.h", "reactive", 1000),
        Unit(7, "kV.A.h", "apparent", 1000),
        Unit(8, "V", "voltage"),
        Unit(9, "A", "current"),
        Unit(10, "Hz", "frequency"),
        Unit(11, "K", "temperature"),
        Unit(12, "m3", "volume"),
        Unit(13, "GJ", "heat"),
    )
}


@dataclass(frozen=True, slots=True)
class SignalType:
    """A type of signal, with a sample every `step` seconds.

    A `unit` is divided into `scale` whole steps, which are the resolution of the wire.
    Without a unit it is empty. If there are `words`, a step is the index of one.
    """

    moid: int
    symbol: str
    description: str
    unit: str
    scale: int
    kind: Kind
    step: int = QUARTER
    obis: str | None = None
    chart_unit: str | None = None
    group: str = "Energetyka"
    words: tuple[Word, ...] = ()

    def row(self, edition: Edition) -> dict[str, Json]:
        """Return the row of sensors/signals/types with the keys of an edition."""
        number = UNITS[self.unit].number if self.unit in UNITS else None
        if edition == "2021":
            return {
                "signal_type_moid": self.moid,
                "symbol": self.symbol,
                "is_incremental": self.kind == "register",
                "description": self.description,
                "unit_id": number,
                "unit_symbol": self.unit or None,
                "group_id": 2,
                "group": self.group,
                "obis_mapping": self.obis,
                "chart_expected_unit": self.chart_unit,
                "keep_prefix": False,
            }
        return {
            "signal_type_moid": self.moid,
            "symbol": self.symbol,
            "description": self.description,
            "is_measurement": True,
            # Undocumented enumerations, which do not identify registers.
            "time_series_type": (0, 1, 2, None)[self.moid % 4],
            "apply_multiplier": True,
            "apply_current_ratio": False,
            "apply_voltage_ratio": False,
            "obis_mapping": self.obis,
            "chart_expected_unit": self.chart_unit,
            "keep_prefix": False,
            "draw_chart": True,
            "unit_id": number,
            "unit_symbol": self.unit or None,
            "group_id": 2,
            "group": self.group,
            "data_model_type": 0,
            "chart_expected_summary": [],
            "columns": {},
            "payload_mapping": {},
        }


def _register(
    moid: int, symbol: str, text: str, unit: str, obis: str, chart: str | None = None
) -> SignalType:
    """Return the type of a register."""
    return SignalType(moid, symbol, text, unit, 1000, "register", QUARTER, obis, chart)


def _phase(moid: int, number: int) -> SignalType:
    """Return the type of a phase's voltage (53-55) or current (56-58)."""
    obis = f"{12 + 20 * number}.7.0" if moid < 56 else f"{11 + 20 * number}.7.0"
    if moid < 56:
        text = f"Napięcie fazy L{number}"
        return SignalType(moid, f"U L{number}", text, "V", 10, "instant", MINUTE, obis)
    text = f"Prąd fazy L{number}"
    return SignalType(moid, f"I L{number}", text, "A", 100, "instant", MINUTE, obis)


PV_POWER = SignalType(70, "PV", "Generacja PV", "kW", 1000, "mean", QUARTER, None, "kW")
# The same mean power as the energy of its quarter of an hour: 4000 W are 1 kWh.
PV_PER_QUARTER = SignalType(
    70, "PV", "Generacja PV", "kW.h", 4000, "mean", QUARTER, None, "kW"
)

SIGNAL_TYPES: Mapping[int, SignalType] = {
    kind.moid: kind
    for kind in (
        _register(32, "A+", "Energia czynna pobrana z sieci", "kW.h", "1.8.0", "kW"),
        _register(34, "A-", "Energia czynna oddana do sieci", "kW.h", "2.8.0", "kW"),
        _register(36, "R1", "Energia bierna, kwadrant I", "kvar.h", "5.8.0"),
        _register(38, "R2", "Energia bierna, kwadrant II", "kvar.h", "6.8.0"),
        _register(40, "R3", "Energia bierna, kwadrant III", "kvar.h", "7.8.0"),
        _register(42, "R4", "Energia bierna, kwadrant IV", "kvar.h", "8.8.0"),
        _register(44, "S+", "Energia pozorna pobrana", "kV.A.h", "9.8.0"),
        _register(46, "S-", "Energia pozorna oddana", "kV.A.h", "10.8.0"),
        *(_phase(52 + number, number) for number in (1, 2, 3)),
        *(_phase(55 + number, number) for number in (1, 2, 3)),
        PV_POWER,
        SignalType(
            103, "f", "Częstotliwość sieci", "Hz", 1000, "instant", MINUTE, "14.7.0"
        ),
        SignalType(139, "T", "Temperatura zewnętrzna", "K", 100, "instant", 3600),
    )
}
