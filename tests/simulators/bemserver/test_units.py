"""Units in pint's spellings, and conversions between them."""

import pytest

from simulators.bemserver import BemserverSimulator
from simulators.bemserver.units import (
    DimensionError,
    UndefinedUnitError,
    conversion,
    unit,
)


def test_units_of_the_series(bemserver: BemserverSimulator) -> None:
    units = {series.unit for series in bemserver.world.series.values()}
    assert {"m³", "m**3", "m^3", "kilowatt_hour", "degC", "percent", "BTU", ""} <= units
    for symbol in units:
        assert unit(symbol).name
    for symbol in ("m3", "kvarh", "EUR", "Nm3", "ppb"):
        with pytest.raises(UndefinedUnitError):
            unit(symbol)


def test_conversions() -> None:
    assert conversion("kWh", "MWh")(4.1323) == 0.0041323
    assert conversion("°C", "°F")(100) == pytest.approx(212)
    assert conversion("degC", "K")(0) == pytest.approx(273.15)
    assert conversion("percent", "")(55) == pytest.approx(0.55)
    with pytest.raises(DimensionError, match="from 'm3' "):
        conversion("m3", "m**3")
