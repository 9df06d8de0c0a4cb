"""What energy links mean for the energy balance of a site.

Source: docs/wire/bemserver.md, Energy links. The electricity "all" of a site contains
its end uses and the "all" of its buildings, which contain the buildings' end uses. If
every link had a role, the same energy would count several times. A site is divided by
its end uses or by its buildings, not by both: if its end uses are linked, they are the
devices, and what its buildings use has no role.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...metering.model import Role
from .catalogue import Catalogue, Enumerations
from .models import EnergyLink, PlaceId, PlaceKind

ALL = "all"
ELECTRICITY = "electricity"
GASES = frozenset({"natural gas", "propane gas"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSeries:
    """The energy link of a series; `included_in` is the series that contains it."""

    link: EnergyLink
    energy: str
    role: Role | None
    included_in: int | None


def linked_series(catalogue: Catalogue) -> Mapping[int, LinkedSeries]:
    """Return the energy link of each linked series.

    A series with several links has the one of the largest place.
    """
    names = catalogue.enumerations
    links = sorted(catalogue.energy_links, key=lambda link: _rank(link, names))
    by_meaning = {
        _meaning(link, link.place, _detail(link, names)): link.series_id
        for link in reversed(links)
    }
    divided = _divided_sites(links, names)
    found: dict[int, LinkedSeries] = {}
    for link in links:
        if link.series_id in found:
            continue
        containers = (
            by_meaning.get(_meaning(link, place, detail))
            for place, detail in _containers(catalogue, link)
        )
        container = next(
            (other for other in containers if other not in (None, link.series_id)), None
        )
        energy = names.energies.get(link.energy_id, "")
        role = _role(link, energy, _detail(link, names), container)
        if role is Role.DEVICE:
            site = catalogue.parent(link.place)
            role = None if (site, link.energy_id) in divided else role
        found[link.series_id] = LinkedSeries(
            link=link, energy=energy, role=role, included_in=container
        )
    return found


def _meaning(
    link: EnergyLink, place: PlaceId, detail: str
) -> tuple[bool, PlaceId, int, str]:
    """Return a key for the energy of a link, at a place and of an end use."""
    return link.produced, place, link.energy_id, detail


def _divided_sites(
    links: Iterable[EnergyLink], names: Enumerations
) -> set[tuple[PlaceId | None, int]]:
    """Return the sites whose end uses are linked, each with the id of the energy."""
    return {
        (link.place, link.energy_id)
        for link in links
        if link.place.kind is PlaceKind.SITE
        and not link.produced
        and _detail(link, names) != ALL
    }


def _rank(link: EnergyLink, names: Enumerations) -> tuple[bool, bool, bool, int]:
    """Return a sort key: sites first, "all" before its parts, consumption first."""
    return (
        link.place.kind is not PlaceKind.SITE,
        _detail(link, names) != ALL,
        link.produced,
        link.series_id,
    )


def _detail(link: EnergyLink, names: Enumerations) -> str:
    """Return the name of the end use of a consumption, or a production's technology."""
    details = names.technologies if link.produced else names.end_uses
    return details.get(link.detail_id, "")


def _containers(
    catalogue: Catalogue, link: EnergyLink
) -> Iterator[tuple[PlaceId, str]]:
    """Yield the places and details that may contain a link's amounts, closest first."""
    detail = _detail(link, catalogue.enumerations)
    if detail != ALL:
        yield link.place, ALL
    if (site := catalogue.parent(link.place)) is not None:
        yield site, ALL
        if link.produced:
            # The panels of a site are often linked as panels, without an "all".
            yield site, detail


def _role(
    link: EnergyLink, energy: str, detail: str, container: int | None
) -> Role | None:
    """Return the role of a link; energy that another link contains is no source."""
    if link.produced:
        is_source = energy == ELECTRICITY and container is None
        return Role.SOLAR if is_source else None
    if energy == ELECTRICITY:
        is_grid = detail == ALL and container is None
        return Role.GRID_DELIVERED if is_grid else Role.DEVICE
    return Role.GAS if energy in GASES and container is None else None
