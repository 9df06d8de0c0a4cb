"""Series of fuels, waters and wind directions, which a test adds to the campus."""

from datetime import datetime

from .builder import THERMAL, WEATHER, ZONE, Builder
from .model import WeatherLink, World, put
from .sources import Gauge

_LINKED = (
    (201, "Boiler house oil", "L", "heating oil"),
    (202, "Boiler house wood", "m³", "wood log"),
    (203, "Boiler house pellets", "kg", "wood pellet"),
    (204, "Boiler house chips", "t", "wood chips"),
    (205, "Boiler house propane", "m³", "propane gas"),
    (206, "Boiler house water side", "MJ", "natural gas"),
    (207, "Boiler house network", "kWh", "heating network"),
    (208, "Boiler house flow", "m³", "cooling network"),
)
"""Each linked to an energy of the annex hall, as the consumption of all end uses."""

_NAMED = (
    (211, "Kaltwasser", "m³"),
    (212, "Gasthaus Wasser", "m³"),
    (213, "Gasoil", "L"),
    (214, "Vapeur", "kg"),
    (215, "Gaszähler", "m³"),
    (216, "Series 216", "m³"),
    (217, "Salt on the scale", "kg"),
)
"""Without a link; all but the last are counters."""

_DIRECTIONS = ((221, ""), (222, "rad"), (223, "deg"))


def add_fuels(world: World, now: datetime, start: datetime) -> None:
    """Add the series."""
    builder = Builder(world, now, start, seed=1)
    for number, name, unit, energy in _LINKED:
        flow = builder.flow(number, 90_000, "boiler")
        series = builder.add(number, name, unit, flow, THERMAL)
        builder.consumes(series, "building", 4, energy, "all")
    for number, name, unit in _NAMED:
        counter = builder.counter(builder.flow(number, 9_000, "taps"), 8_120_770)
        gauge = Gauge(number, ZONE, 400, 700)
        source = gauge if number == 217 else counter
        builder.add(number, name, unit, source, THERMAL)
    for number, unit in _DIRECTIONS:
        source = Gauge(number, ZONE, 10, 350)
        builder.add(number, f"Direction {number}", unit, source, WEATHER)
        put(world.weather, [WeatherLink(number, number - 220, "WIND_DIRECTION", False)])
