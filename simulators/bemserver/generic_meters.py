"""A campaign with any number of generic meters, to test the limits of a client."""

from datetime import datetime

from simulators.times import DAY, epoch

from .meters import Counter
from .model import Campaign, EnergyLink, Place, PlaceLink, Scope, Series, World, put
from .profiles import OFFICE, STEADY
from .sources import Derived, Flow, Gauge, Source

_ZONE = "Europe/Paris"
_BUILDINGS = 10
_FIRST_ID = 1001
# One in 5 series has no link; one in 40 is the energy of its building.
_LOOSE, _LINKED = 5, 40


def add_meters(world: World, count: int, start: datetime) -> None:
    """Add a campaign with `count` series; none for 0 and below.

    Most belong to one of ten buildings, a few are the consumption of a building, and
    one in five has no link. One in four is a counter, a power or a temperature.
    """
    if count <= 0:
        return
    campaign = max(world.campaigns) + 1
    scope = max(world.scopes) + 1
    site = max(world.places["site"]) + 1
    first_building = max(world.places["building"]) + 1
    put(world.campaigns, [Campaign(campaign, "Big", _ZONE)])
    put(world.scopes, [Scope(scope, "Everything", campaign)])
    put(world.places["site"], [Place(site, "Big site", campaign)])
    buildings = [
        Place(first_building + index, f"Big building {index + 1}", site)
        for index in range(_BUILDINGS)
    ]
    put(world.places["building"], buildings)
    links: list[PlaceLink] = []
    energy: list[EnergyLink] = []
    for number in range(_FIRST_ID, _FIRST_ID + count):
        unit, source = _source(number, epoch(start) // DAY)
        series = Series(
            number, f"Meter {number - _FIRST_ID + 1:05}", unit, campaign, scope, source
        )
        world.series[number] = series
        building = first_building + number % _BUILDINGS
        if number % _LOOSE:
            links.append(PlaceLink(number, "building", building))
        if number % _LINKED == 1 and len(energy) < _BUILDINGS:
            building = first_building + len(energy)
            energy.append(EnergyLink(number, "building", building, 2, 1))
    put(world.place_links["building"], links)
    put(world.consumption["building"], energy)


def _source(number: int, first: int) -> tuple[str, Source]:
    """Return the unit and source of a series by its number."""
    flow = Flow(
        number, OFFICE if number % 3 else STEADY, 20_000 + number % 977 * 40, _ZONE
    )
    if number % 16 == 0:
        return "kWh", Counter(flow, first, 1_000_000)
    if number % 16 == 4:
        return "W", Derived(flow, lambda amount: 40 * amount, 10)
    if number % 8 == 0:
        return "°C", Gauge(number, _ZONE, 1900, 2200, 100)
    return "kWh", flow
