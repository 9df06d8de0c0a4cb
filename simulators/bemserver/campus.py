"""The campus that the simulator shows: its places, its series and who may see them.

The ids of the first series are those of the recorded server, so that its captures can
be asked for again; what is odd about a series is told where it is built.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulators.house_types import epoch

from .bulk import add_meters
from .model import (
    END_USES,
    ENERGIES,
    RAW,
    Campaign,
    EnergyLink,
    Event,
    Group,
    Kind,
    Notification,
    Place,
    PlaceLink,
    Scope,
    Series,
    User,
    WeatherLink,
    World,
    put,
)
from .profiles import BOILER, DAY_SECONDS, NIGHT_LIGHT, OFFICE, STEADY, TAPS
from .sources import (
    Air,
    Amounts,
    Coarse,
    Counter,
    Derived,
    Flow,
    Gauge,
    Minutes,
    Panels,
    Share,
    Source,
    Sum,
)

ZONE = "Europe/Paris"
ELECTRICITY, THERMAL, WEATHER, PRIVATE, MONTREAL, HIDDEN = range(1, 7)
_USE_SHARES = {  # Thousandths of a building's electricity in winter and in summer.
    "heating": (170, 10),
    "cooling": (20, 230),
    "ventilation": (150, 170),
    "lighting": (210, 150),
    "appliances": (230, 240),
}
# Wh of electricity, Wh of gas and litres of water on a mean working day.
_BUILDINGS = (
    (640_000, 1_250_000, 4_200),
    (380_000, 820_000, 2_600),
    (215_000, 430_000, 1_100),
)
_WH_PER_LITRE = (10, 112)  # 11.2 kWh per m³ of natural gas.


@dataclass
class _Builder:
    """Puts the campus together."""

    world: World
    now: datetime
    start: datetime
    seed: int
    electricity: list[Flow] = field(default_factory=list)
    gas: list[Flow] = field(default_factory=list)

    def add(
        self,
        number: int,
        name: str,
        unit: str,
        source: Source | None,
        scope: int = ELECTRICITY,
        *,
        at: Iterable[tuple[Kind, int]] = (),
        campaign: int = 1,
        description: str | None = None,
    ) -> Series:
        """Add a series and link it to places."""
        interval = None if source is None else source.step
        series = Series(
            number, name, unit, campaign, scope, source, description, interval=interval
        )
        self.world.series[number] = series
        for kind, place in at:
            put(self.world.place_links[kind], [PlaceLink(number, kind, place)])
        return series

    def consumes(
        self, series: Series, kind: Kind, place: int, energy: str, use: str
    ) -> None:
        """Make a series the consumption of a place."""
        ids = ENERGIES.index(energy) + 1, END_USES.index(use) + 1
        put(self.world.consumption[kind], [EnergyLink(series.id, kind, place, *ids)])

    def flow(self, number: int, mean: int, profile: str) -> Flow:
        """Return an amount per quarter whose chance depends on the campus' seed."""
        profiles = {
            "office": OFFICE,
            "boiler": BOILER,
            "taps": TAPS,
            "night": NIGHT_LIGHT,
            "steady": STEADY,
        }
        return Flow(self.seed * 1000 + number, profiles[profile], mean, ZONE)

    def counter(
        self, of: Amounts, initial: int, times: int = 1, by: int = 1
    ) -> Counter:
        """Return a meter that began to count when the history began."""
        return Counter(of, epoch(self.start) // DAY_SECONDS, initial, times, by)


def campus(now: datetime, start: datetime, *, seed: int = 1, series: int = 0) -> World:
    """Return the world; `series` is how many the reader is to see at least.

    `now` (aware) is when the newest event happened, `start` when the history began.
    """
    world = World()
    builder = _Builder(world, now, start, seed)
    _places(builder)
    _buildings(builder)
    _site(builder)
    _weather(builder)
    _oddities(builder)
    _annex(builder)
    _more(builder)
    _events(builder)
    hidden = sum(item.scope_id in (PRIVATE, HIDDEN) for item in world.series.values())
    add_meters(world, series - len(world.series) + hidden, start)
    return world


def people(email: str, password: str) -> tuple[list[User], list[Group]]:
    """Return an administrator, the reader and somebody who may see nothing."""
    admin = User(1, "admin", "admin@example.com", "admin-pass-1", is_admin=True)
    reader = User(2, "reader", email, password)
    outsider = User(3, "outsider", "outsider@example.com", "outsider-pass-1")
    scopes = {ELECTRICITY, THERMAL, WEATHER, MONTREAL, HIDDEN + 1}
    readers = Group(1, "Energy readers", {reader.id}, {1, 2, 4}, scopes)
    return [admin, reader, outsider], [readers]


def _places(builder: _Builder) -> None:
    world = builder.world
    new_year = datetime(builder.start.year, 1, 1, tzinfo=ZoneInfo(ZONE))
    put(
        world.campaigns,
        [
            Campaign(
                1, "Campus Paris", ZONE, new_year, description="University campus"
            ),
            Campaign(2, "Office Montréal", "America/Toronto"),
            Campaign(3, "Hidden", ZONE),
        ],
    )
    put(
        world.scopes,
        [
            Scope(ELECTRICITY, "Electricity", 1, "Electric meters"),
            Scope(THERMAL, "Thermal", 1),
            Scope(WEATHER, "Weather", 1),
            Scope(PRIVATE, "Private", 1),
            Scope(MONTREAL, "All", 2),
            Scope(HIDDEN, "All", 3),
        ],
    )
    put(
        world.places["site"],
        [
            Place(1, "Main campus", 1, "Campus", 48.85, 2.35, area=12000),
            Place(2, "Annex", 1),
            Place(3, "Office", 2, latitude=45.5, longitude=-73.57),
        ],
    )
    put(
        world.places["building"],
        [
            Place(1, "Building A", 1, "Lecture halls", area=5000),
            Place(2, "Building B", 1, "Laboratories", area=4000),
            Place(3, "Building C", 1, "Library", area=3000),
            Place(4, "Annex hall", 2, "Sports hall"),
        ],
    )
    put(
        world.places["storey"],
        [
            Place(1, "Ground floor", 1),
            Place(2, "First floor", 1),
            Place(3, "Basement", 2),
        ],
    )
    put(
        world.places["space"], [Place(1, "Meeting room", 1), Place(2, "Server room", 3)]
    )
    put(world.places["zone"], [Place(1, "North zone", 1)])


def _buildings(builder: _Builder) -> None:
    """Add the ten series of each building."""
    for index, (watt_hours, gas_hours, litres) in enumerate(_BUILDINGS):
        place, first, name = index + 1, 10 * (index + 1), "ABC"[index]
        here: tuple[tuple[Kind, int], ...] = (("building", place),)
        power = builder.flow(first, watt_hours, "office")
        gas = builder.flow(first + 2, gas_hours, "boiler")
        water = builder.flow(first + 5, litres, "taps")
        builder.electricity.append(power)
        builder.gas.append(gas)
        lighting = Share(power, *_USE_SHARES["lighting"], scale=1)
        add = builder.add
        whole = add(first, f"{name} elec all", "kWh", power, at=here)
        builder.consumes(whole, "building", place, "electricity", "all")
        lit = add(first + 1, f"{name} elec lighting", "Wh", lighting, at=here)
        builder.consumes(lit, "building", place, "electricity", "lighting")
        warm = add(first + 2, f"{name} gas heating", "kWh", gas, THERMAL, at=here)
        builder.consumes(warm, "building", place, "natural gas", "heating")
        index_of = builder.counter(power, 63_001_460 + 9_000_000 * index)
        # Nothing but its values tells that this counts.
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


def _climate(
    builder: _Builder, first: int, name: str, here: tuple[tuple[Kind, int], ...]
) -> None:
    """Add temperature, humidity and CO2 of a building's main room."""
    seed = builder.seed * 1000 + first
    rooms: tuple[tuple[Kind, int], ...] = (("space", 1),) if name == "A" else ()
    warmth = Gauge(seed, ZONE, 1980, 2130, 140)
    builder.add(
        *(first, f"{name} indoor temperature", "°C", warmth, THERMAL),
        at=(*here, *rooms),
    )
    humidity = Gauge(seed + 1, ZONE, 340, 480, 60, scale=10)
    builder.add(first + 1, f"{name} indoor humidity", "%", humidity, THERMAL, at=here)
    carbon = Gauge(seed + 2, ZONE, 415, 470, 560, scale=1)
    builder.add(first + 2, f"{name} CO2", "ppm", carbon, THERMAL, at=here)


def _site(builder: _Builder) -> None:
    """Add the site's consumption, which is more than its end uses, and its solar."""
    here: tuple[tuple[Kind, int], ...] = (("site", 1),)
    outdoor = builder.flow(1, 46_000, "night")
    whole = Sum((*builder.electricity, outdoor))
    series = [builder.add(1, "Site elec all", "kWh", whole, at=here)]
    for number, use in enumerate(END_USES[1:], 2):
        parts = tuple(Share(flow, *_USE_SHARES[use]) for flow in builder.electricity)
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
            Flow(builder.seed * 1000 + 9, BOILER, 1_400_000, ZONE, 1_000_000),
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


def _weather(builder: _Builder) -> None:
    """Add the weather; the forecast has values of the next two days."""
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
            Air(ZONE, seed + 46, lag=-2 * DAY_SECONDS),
            "AIR_TEMPERATURE",
        ),
    )
    links = []
    for number, name, unit, source, parameter in sources:
        builder.add(number, name, unit, source, WEATHER)
        links.append(WeatherLink(number, 1, parameter, number == 46))
    put(builder.world.weather, links)


def _oddities(builder: _Builder) -> None:
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


def _annex(builder: _Builder) -> None:
    """Add a building whose meters are read once an hour and once a day."""
    here: tuple[tuple[Kind, int], ...] = (("building", 4),)
    hourly = Coarse(builder.flow(60, 92_000, "office"), 3600)
    item = builder.add(60, "Annex elec all", "kWh", hourly, at=here)
    builder.consumes(item, "building", 4, "electricity", "all")
    daily = Coarse(builder.flow(61, 140_000, "boiler"), DAY_SECONDS)
    item = builder.add(61, "Annex heat", "kWh", daily, THERMAL, at=here)
    builder.consumes(item, "building", 4, "heating network", "heating")
    site = builder.add(62, "Annex site elec", "kWh", hourly, at=[("site", 2)])
    builder.consumes(site, "site", 2, "electricity", "all")


def _more(builder: _Builder) -> None:
    """Add the other end uses of the buildings, and series of smaller places."""
    number = 70
    for index, flow in enumerate(builder.electricity):
        for use in END_USES[1:]:
            if use == "lighting":
                continue
            name = f"{'ABC'[index]} elec {use}"
            source = Share(flow, *_USE_SHARES[use])
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


def _events(builder: _Builder) -> None:
    now = builder.now.replace(microsecond=0)
    texts = (
        ("WARNING", 1, "The following timeseries are missing: A elec index", (13,)),
        ("INFO", 2, "not missing anymore", ()),
        ("ERROR", 3, "Outliers in A CO2", ()),
    )
    ages = (timedelta(hours=3), timedelta(hours=2), timedelta(hours=1))
    events = [
        Event(number, now - age, level, ELECTRICITY, category, text, series=about)
        for number, (age, (level, category, text, about)) in enumerate(
            zip(ages, texts, strict=True), 2
        )
    ]
    builder.world.events.update({event.id: event for event in events})
    told = [events[0], events[2]]
    put(
        builder.world.notifications,
        [
            Notification(number, event.id, 2, event.timestamp + timedelta(seconds=40))
            for number, event in enumerate(told, 1)
        ],
    )
