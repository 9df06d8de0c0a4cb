"""What linked series are to the energy balance of a site, and which contain which.

A site's electricity "all" contains its end uses and its buildings' "all", and these the
buildings' end uses: shown as they are linked, everything would count several times. A
site can be divided by its end uses or by its buildings, but not by both at once. Where
its end uses are linked, they are the devices, and what its buildings use has no role.
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
class Linked:
    """A series with a link, its role, and the series whose amounts contain its own."""

    link: EnergyLink
    energy: str
    role: Role | None
    included_in: int | None


def linked_series(catalogue: Catalogue) -> Mapping[int, Linked]:
    """Return what each linked series is; of several links, the largest place's."""
    names = catalogue.enumerations
    links = sorted(catalogue.energy_links, key=lambda link: _rank(link, names))
    places = {
        (
            link.produced,
            link.place,
            link.energy_id,
            _detail(link, names),
        ): link.series_id
        for link in reversed(links)
    }
    divided = _divided_sites(links, names)
    found: dict[int, Linked] = {}
    for link in links:
        if link.series_id in found:
            continue
        energy = names.energies.get(link.energy_id, "")
        container = next(
            (
                other
                for place, detail in _containers(catalogue, link)
                if (other := places.get((link.produced, place, link.energy_id, detail)))
                not in (None, link.series_id)
            ),
            None,
        )
        role = _role(link, energy, _detail(link, names), container)
        site = catalogue.parent(link.place)
        if role is Role.DEVICE and (site, link.energy_id) in divided:
            role = None
        found[link.series_id] = Linked(
            link=link,
            energy=energy,
            role=role,
            included_in=container,
        )
    return found


def _divided_sites(
    links: Iterable[EnergyLink], names: Enumerations
) -> set[tuple[PlaceId | None, int]]:
    """Return the sites of which end uses are linked, each with the energy's number."""
    return {
        (link.place, link.energy_id)
        for link in links
        if link.place.kind is PlaceKind.SITE
        and not link.produced
        and _detail(link, names) != ALL
    }


def _rank(link: EnergyLink, names: Enumerations) -> tuple[bool, bool, bool, int]:
    """Order links: sites first, what contains the rest first, consumption first."""
    return (
        link.place.kind is not PlaceKind.SITE,
        _detail(link, names) != ALL,
        link.produced,
        link.series_id,
    )


def _detail(link: EnergyLink, names: Enumerations) -> str:
    details = names.technologies if link.produced else names.end_uses
    return details.get(link.detail_id, "")


def _containers(
    catalogue: Catalogue, link: EnergyLink
) -> Iterator[tuple[PlaceId, str]]:
    """Yield where to look for what contains a link's amounts, the nearest first."""
    detail = _detail(link, catalogue.enumerations)
    if detail != ALL:
        yield link.place, ALL
    if (site := catalogue.parent(link.place)) is not None:
        yield site, ALL
        if link.produced:
            # A site's panels are mostly entered as panels, without an "all" beside.
            yield site, detail


def _role(
    link: EnergyLink, energy: str, detail: str, container: int | None
) -> Role | None:
    if link.produced:
        is_source = energy == ELECTRICITY and container is None
        return Role.SOLAR if is_source else None
    if energy == ELECTRICITY:
        is_grid = detail == ALL and container is None
        return Role.GRID_DELIVERED if is_grid else Role.DEVICE
    return Role.GAS if energy in GASES and container is None else None
