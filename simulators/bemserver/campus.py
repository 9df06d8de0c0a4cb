"""The simulated campus: its places, its series and the users who may see them.

The ids of the first series are those of the recorded server, so its captures can be
requested again. Unusual series are described where they are built.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from . import edge_cases, main_site
from .builder import (
    ELECTRICITY,
    HIDDEN,
    MONTREAL,
    PRIVATE,
    THERMAL,
    WEATHER,
    ZONE,
    Builder,
)
from .generic_meters import add_meters
from .model import (
    Campaign,
    Event,
    Group,
    Kind,
    Notification,
    Place,
    Scope,
    User,
    World,
    put,
)


def campus(now: datetime, start: datetime, *, seed: int = 1, series: int = 0) -> World:
    """Return the world; `series` is the minimum number that the reader sees.

    `now` (aware) is the time of the latest event, `start` that of the history.
    """
    world = World()
    builder = Builder(world, now, start, seed)
    _campaigns(builder)
    _places(builder)
    main_site.buildings(builder)
    main_site.site(builder)
    main_site.weather(builder)
    edge_cases.special_series(builder)
    edge_cases.unit_spellings(builder)
    edge_cases.annex(builder)
    edge_cases.smaller_places(builder)
    _events(builder)
    hidden = sum(item.scope_id in (PRIVATE, HIDDEN) for item in world.series.values())
    add_meters(world, series - len(world.series) + hidden, start)
    return world


def users_and_groups(email: str, password: str) -> tuple[list[User], list[Group]]:
    """Return an administrator, the reader and a user without permissions."""
    admin = User(1, "admin", "admin@example.com", "admin-pass-1", is_admin=True)
    reader = User(2, "reader", email, password)
    outsider = User(3, "outsider", "outsider@example.com", "outsider-pass-1")
    scopes = {ELECTRICITY, THERMAL, WEATHER, MONTREAL, HIDDEN + 1}
    readers = Group(1, "Energy readers", {reader.id}, {1, 2, 4}, scopes)
    return [admin, reader, outsider], [readers]


def _campaigns(builder: Builder) -> None:
    """Add the campaigns and their scopes."""
    world = builder.world
    new_year = datetime(builder.start.year, 1, 1, tzinfo=ZoneInfo(ZONE))
    campaigns = [
        Campaign(1, "Campus Paris", ZONE, new_year, description="University campus"),
        Campaign(2, "Office Montréal", "America/Toronto"),
        Campaign(3, "Hidden", ZONE),
    ]
    put(world.campaigns, campaigns)
    scopes = [
        Scope(ELECTRICITY, "Electricity", 1, "Electric meters"),
        Scope(THERMAL, "Thermal", 1),
        Scope(WEATHER, "Weather", 1),
        Scope(PRIVATE, "Private", 1),
        Scope(MONTREAL, "All", 2),
        Scope(HIDDEN, "All", 3),
    ]
    put(world.scopes, scopes)


def _places(builder: Builder) -> None:
    """Add the sites, buildings and smaller places."""
    places: Mapping[Kind, list[Place]] = {
        "site": [
            Place(1, "Main campus", 1, "Campus", 48.85, 2.35, area=12000),
            Place(2, "Annex", 1),
            Place(3, "Office", 2, latitude=45.5, longitude=-73.57),
        ],
        "building": [
            Place(1, "Building A", 1, "Lecture halls", area=5000),
            Place(2, "Building B", 1, "Laboratories", area=4000),
            Place(3, "Building C", 1, "Library", area=3000),
            Place(4, "Annex hall", 2, "Sports hall"),
        ],
        "storey": [
            Place(1, "Ground floor", 1),
            Place(2, "First floor", 1),
            Place(3, "Basement", 2),
        ],
        "space": [Place(1, "Meeting room", 1), Place(2, "Server room", 3)],
        "zone": [Place(1, "North zone", 1)],
    }
    for kind, found in places.items():
        put(builder.world.places[kind], found)


def _events(builder: Builder) -> None:
    """Add events of the last hours and the reader's notifications of two."""
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
    notified = [events[0], events[2]]
    put(
        builder.world.notifications,
        [
            Notification(number, event.id, 2, event.timestamp + timedelta(seconds=40))
            for number, event in enumerate(notified, 1)
        ],
    )
