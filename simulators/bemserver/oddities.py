"""The rest of the campus: what is unusual, read seldom or belongs to small places."""

from datetime import timedelta

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
from .profiles import DAY_SECONDS, OFFICE
from .sources import Coarse, Derived, Flow, Gauge, Share


def oddities(builder: Builder) -> None:
    """Add what a client must cope with; most of it is linked nowhere."""
    seed, gas, add = builder.seed * 1000, builder.gas[0], builder.add
    burning = Derived(gas, lambda amount: int(amount > 12_000), 1)
    add(47, "Boiler on", "", burning, THERMAL)
    watts = Derived(builder.flow(48, 96_000, "steady"), lambda amount: 4 * amount, 1000)
    raw = add(
        48, "Raw only power", "kW", watts, description="Has data only in Raw state"
    )
    raw.states = frozenset({RAW})
    raw.interval = None
    add(49, "Never any data", "kWh", None)
    add(50, "Private energy", "kWh", builder.flow(50, 12_000, "steady"), PRIVATE)
    montreal = Flow(seed + 51, OFFICE, 180_000, "America/Toronto")
    office = add(
        51, "Office elec", "kWh", montreal, MONTREAL, campaign=2, at=[("site", 3)]
    )
    builder.consumes(office, "site", 3, "electricity", "all")
    add(
        52,
        "Hidden energy",
        "kWh",
        builder.flow(52, 9_000, "steady"),
        HIDDEN,
        campaign=3,
    )
    minutes = add(
        53,
        "Minute power 1 year",
        "W",
        Minutes(builder.flow(53, 30_000, "office"), seed),
    )
    minutes.since = max(builder.start, builder.now - timedelta(days=365))
    parking = builder.flow(54, 22_000, "night")
    # Neither of these two is linked: only their values tell index from interval.
    add(54, "Parking index", "kWh", builder.counter(parking, 1_204_500))
    chargers = builder.flow(55, 68_000, "office")
    add(55, "Charging points", "kilowatt_hour", chargers)
    add(56, "Corridor temperature", "degC", Gauge(seed + 56, ZONE, 1750, 1980), THERMAL)
    add(
        57,
        "Cellar humidity",
        "percent",
        Gauge(seed + 57, ZONE, 520, 700, scale=10),
        THERMAL,
    )
    heat = Derived(
        builder.flow(58, 110_000, "boiler"), lambda amount: amount * 3412, 1000
    )
    add(58, "Steam heat", "BTU", heat, THERMAL)
    mains = builder.flow(63, 9_400, "taps")
    garden = builder.flow(64, 900, "night")
    # One cubic metre, in the spellings that pint takes.
    add(63, "Site water index", "m³", builder.counter(mains, 8_120_770), THERMAL)
    add(64, "Garden water index", "m^3", builder.counter(garden, 310_402), THERMAL)


def annex(builder: Builder) -> None:
    """Add a building whose meters are read once an hour and once a day."""
    here: Where = (("building", 4),)
    hourly = Coarse(builder.flow(60, 92_000, "office"), 3600)
    item = builder.add(60, "Annex elec all", "kWh", hourly, at=here)
    builder.consumes(item, "building", 4, "electricity", "all")
    daily = Coarse(builder.flow(61, 140_000, "boiler"), DAY_SECONDS)
    item = builder.add(61, "Annex heat", "kWh", daily, THERMAL, at=here)
    builder.consumes(item, "building", 4, "heating network", "heating")
    site = builder.add(62, "Annex site elec", "kWh", hourly, at=[("site", 2)])
    builder.consumes(site, "site", 2, "electricity", "all")


def more(builder: Builder) -> None:
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
