"""The rest of the campus: unusual series, long intervals and smaller places."""

from datetime import timedelta

from simulators.times import DAY

from .builder import (
    HIDDEN,
    MONTREAL,
    PRIVATE,
    THERMAL,
    USE_SHARES,
    ZONE,
    Builder,
    Where,
)
from .meters import Minutes
from .model import END_USES, RAW
from .profiles import OFFICE
from .sources import Coarse, Derived, Flow, Gauge, Share


def special_series(builder: Builder) -> None:
    """Add series that test a client: states, permissions, other campaigns."""
    seed, gas, add = builder.seed * 1000, builder.gas[0], builder.add
    burning = Derived(gas, lambda amount: int(amount > 12_000), 1)
    add(47, "Boiler on", "", burning, THERMAL)
    watts = Derived(builder.flow(48, 96_000, "steady"), lambda amount: 4 * amount, 1000)
    raw = add(48, "Raw only power", "kW", watts)
    raw.description, raw.states = "Has data only in Raw state", frozenset({RAW})
    raw.interval = None
    add(49, "Never any data", "kWh", None)
    add(50, "Private energy", "kWh", builder.flow(50, 12_000, "steady"), PRIVATE)
    montreal = Flow(seed + 51, OFFICE, 180_000, "America/Toronto")
    at: Where = (("site", 3),)
    office = add(51, "Office elec", "kWh", montreal, MONTREAL, campaign=2, at=at)
    builder.consumes(office, "site", 3, "electricity", "all")
    hidden = builder.flow(52, 9_000, "steady")
    add(52, "Hidden energy", "kWh", hidden, HIDDEN, campaign=3)
    per_minute = Minutes(builder.flow(53, 30_000, "office"), seed)
    minutes = add(53, "Minute power 1 year", "W", per_minute)
    minutes.since = max(builder.start, builder.now - timedelta(days=365))


def unit_spellings(builder: Builder) -> None:
    """Add units in pint's other spellings; most of the series have no link."""
    seed, add = builder.seed * 1000, builder.add
    # Neither has a link: only their values distinguish index and interval.
    parking = builder.counter(builder.flow(54, 22_000, "night"), 1_204_500)
    add(54, "Parking index", "kWh", parking)
    chargers = builder.flow(55, 68_000, "office")
    add(55, "Charging points", "kilowatt_hour", chargers)
    corridor = Gauge(seed + 56, ZONE, 1750, 1980)
    add(56, "Corridor temperature", "degC", corridor, THERMAL)
    cellar = Gauge(seed + 57, ZONE, 520, 700, scale=10)
    add(57, "Cellar humidity", "percent", cellar, THERMAL)
    steam = builder.flow(58, 110_000, "boiler")
    british = Derived(steam, lambda amount: amount * 3412, 1000)
    add(58, "Steam heat", "BTU", british, THERMAL)
    mains = builder.counter(builder.flow(63, 9_400, "taps"), 8_120_770)
    add(63, "Site water index", "m³", mains, THERMAL, at=[("site", 1)])
    garden = builder.counter(builder.flow(64, 900, "night"), 310_402)
    add(64, "Garden water index", "m^3", garden, THERMAL)


def annex(builder: Builder) -> None:
    """Add a building whose meters are read once an hour and once a day."""
    here: Where = (("building", 4),)
    hourly = Coarse(builder.flow(60, 92_000, "office"), 3600)
    item = builder.add(60, "Annex elec all", "kWh", hourly, at=here)
    builder.consumes(item, "building", 4, "electricity", "all")
    daily = Coarse(builder.flow(61, 140_000, "boiler"), DAY)
    item = builder.add(61, "Annex heat", "kWh", daily, THERMAL, at=here)
    builder.consumes(item, "building", 4, "heating network", "heating")
    site = builder.add(62, "Annex site elec", "kWh", hourly, at=[("site", 2)])
    builder.consumes(site, "site", 2, "electricity", "all")


def smaller_places(builder: Builder) -> None:
    """Add the other end uses of the buildings, and series of smaller places."""
    number = 70
    for index, flow in enumerate(builder.electricity):
        for use in END_USES[1:]:
            if use == "lighting":
                continue
            name = f"{'ABC'[index]} elec {use}"
            source = Share(flow, *USE_SHARES[use])
            item = builder.add(
                number, name, "kWh", source, at=[("building", index + 1)]
            )
            builder.consumes(item, "building", index + 1, "electricity", use)
            number += 1
    seed = builder.seed * 1000
    floor = Gauge(seed + 90, ZONE, 1950, 2150, 120)
    builder.add(
        90, "Ground floor temperature", "°C", floor, THERMAL, at=[("storey", 1)]
    )
    servers = builder.flow(91, 54_000, "steady")
    builder.add(91, "Server room elec", "kWh", servers, at=[("space", 2)])
    north = Gauge(seed + 92, ZONE, 1900, 2200, 90)
    builder.add(92, "North zone temperature", "°C", north, THERMAL, at=[("zone", 1)])
