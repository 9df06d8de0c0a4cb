"""The main site of the campus: buildings, site, solar panels and weather."""

from simulators.times import DAY

from .builder import THERMAL, USE_SHARES, WEATHER, ZONE, Builder, Where
from .model import END_USES, EnergyLink, WeatherLink, put
from .profiles import BOILER
from .sources import Air, Derived, Flow, Gauge, Panels, Share, Source, Sum

# Wh of electricity, Wh of gas and litres of water on a mean working day.
_BUILDINGS = (
    (640_000, 1_250_000, 4_200),
    (380_000, 820_000, 2_600),
    (215_000, 430_000, 1_100),
)
_WH_PER_LITRE = (10, 112)  # 11.2 kWh per m³ of natural gas.


def buildings(builder: Builder) -> None:
    """Add the ten series of each building."""
    for index, (watt_hours, gas_hours, litres) in enumerate(_BUILDINGS):
        place, first, name = index + 1, 10 * (index + 1), "ABC"[index]
        here: Where = (("building", place),)
        power = builder.flow(first, watt_hours, "office")
        gas = builder.flow(first + 2, gas_hours, "boiler")
        water = builder.flow(first + 5, litres, "taps")
        builder.electricity.append(power)
        builder.gas.append(gas)
        lighting = Share(power, *USE_SHARES["lighting"], scale=1)
        add = builder.add
        whole = add(first, f"{name} elec all", "kWh", power, at=here)
        builder.consumes(whole, "building", place, "electricity", "all")
        lit = add(first + 1, f"{name} elec lighting", "Wh", lighting, at=here)
        builder.consumes(lit, "building", place, "electricity", "lighting")
        warm = add(first + 2, f"{name} gas heating", "kWh", gas, THERMAL, at=here)
        builder.consumes(warm, "building", place, "natural gas", "heating")
        index_of = builder.counter(power, 63_001_460 + 9_000_000 * index)
        # Only its values reveal that this series is a counter.
        add(
            *(first + 3, f"{name} elec index", "kWh", index_of),
            at=here,
            description="Meter index (cumulative counter)",
        )
        gas_index = builder.counter(gas, 64_001_504 + index, *_WH_PER_LITRE)
        add(
            *(first + 4, f"{name} gas index", "m³", gas_index, THERMAL),
            at=here,
            description="Gas meter index",
        )
        water_index = builder.counter(water, 2_204_310)
        add(first + 5, f"{name} water index", "m**3", water_index, THERMAL, at=here)
        watts = Derived(power, lambda amount: amount * 40, 10)
        add(first + 6, f"{name} power", "W", watts, at=here)
        _climate(builder, first + 7, name, here)


def _climate(builder: Builder, first: int, name: str, here: Where) -> None:
    """Add temperature, humidity and CO2 of a building's main room."""
    seed = builder.seed * 1000 + first
    rooms: Where = (("space", 1),) if name == "A" else ()
    warmth = Gauge(seed, ZONE, 1980, 2130, 140)
    builder.add(
        *(first, f"{name} indoor temperature", "°C", warmth, THERMAL),
        at=(*here, *rooms),
    )
    humidity = Gauge(seed + 1, ZONE, 340, 480, 60, scale=10)
    builder.add(first + 1, f"{name} indoor humidity", "%", humidity, THERMAL, at=here)
    carbon = Gauge(seed + 2, ZONE, 415, 470, 560, scale=1)
    builder.add(first + 2, f"{name} CO2", "ppm", carbon, THERMAL, at=here)


def site(builder: Builder) -> None:
    """Add the site's consumption, which exceeds its end uses, and its solar panels."""
    here: Where = (("site", 1),)
    outdoor = builder.flow(1, 46_000, "night")
    whole = Sum((*builder.electricity, outdoor))
    series = [builder.add(1, "Site elec all", "kWh", whole, at=here)]
    for number, use in enumerate(END_USES[1:], 2):
        parts = tuple(Share(flow, *USE_SHARES[use]) for flow in builder.electricity)
        series.append(
            builder.add(number, f"Site elec {use}", "kWh", Sum(parts), at=here)
        )
    for item, use in zip(series, END_USES, strict=True):
        item.description = f"15-min interval energy, {use}"
        builder.consumes(item, "site", 1, "electricity", use)
    heating = Sum(tuple(builder.gas))
    kitchen = builder.flow(7, 90_000, "taps")
    thermal = (
        (7, "Site gas all", "kWh", Sum((heating, kitchen)), "natural gas", "all"),
        (8, "Site gas heating", "kWh", heating, "natural gas", "heating"),
        (
            *(9, "Site DHN heating", "MWh"),
            Flow(builder.seed * 1000 + 9, BOILER, 1_400_000, ZONE, scale=1_000_000),
            *("heating network", "heating"),
        ),
    )
    for number, name, unit, source, energy, use in thermal:
        item = builder.add(number, name, unit, source, THERMAL, at=here)
        builder.consumes(item, "site", 1, energy, use)
    panels = Panels(builder.seed, 16)  # About 90 kWp.
    builder.add(40, "PV production", "kWh", panels, at=(*here, ("building", 1)))
    builder.add(
        41, "PV power", "W", Derived(panels, lambda amount: 40 * amount, 10), at=here
    )
    put(builder.world.production["site"], [EnergyLink(40, "site", 1, 2, 2)])
    put(builder.world.production["building"], [EnergyLink(40, "building", 1, 2, 2)])


def weather(builder: Builder) -> None:
    """Add the weather; the forecast has values for the next two days."""
    seed = builder.seed * 1000
    panels = Panels(builder.seed, 1)
    sources: tuple[tuple[int, str, str, Source, str], ...] = (
        (42, "Outdoor temperature", "°C", Air(ZONE), "AIR_TEMPERATURE"),
        (
            *(43, "Outdoor humidity", "%", Gauge(seed + 43, ZONE, 450, 930, scale=10)),
            "RELATIVE_HUMIDITY",
        ),
        (
            *(44, "Solar irradiance", "W/m²"),
            Derived(panels, lambda amount: amount * 68, 100, lag=0),
            "SURFACE_SOLAR_RADIATION",
        ),
        (45, "Wind speed", "m/s", Gauge(seed + 45, ZONE, 40, 820), "WIND_SPEED"),
        (
            *(46, "Outdoor temperature forecast", "°C"),
            Air(ZONE, seed + 46, lag=-2 * DAY),
            "AIR_TEMPERATURE",
        ),
    )
    links = []
    for number, name, unit, source, parameter in sources:
        builder.add(number, name, unit, source, WEATHER)
        links.append(WeatherLink(number, 1, parameter, number == 46))
    put(builder.world.weather, links)
