"""Give sources of the Energy dashboard short names.

The dashboard cuts long names in its legends and tables. So a source is named after its
meter alone where that has one of the kind, and else by what tells it apart, first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..identifiers import device_identifier, place_name
from ..metering.model import Point
from ..metering.names import combined_name
from ..registry.entries import registered_entity
from ..registry.names import own_name
from .energy_sources import Candidate
from .entry_meters import EntryMeters


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNames:
    """The names of devices and points by key, and of the tariffs by number.

    `place` is where they are, if the same names may exist elsewhere.
    """

    devices: Mapping[str, str]
    points: Mapping[str, str]
    tariffs: Mapping[int, str]
    place: str | None = None


def with_names(candidates: Sequence[Candidate], names: SourceNames) -> list[Candidate]:
    """Return candidates with the names that the dashboard shows.

    A source has the name of its device, or that of its point if the device has several
    sources of the kind. A name that several sources of a kind would have is followed by
    that of the device. The place comes last, unless the device has it in its name.
    """
    on_device = Counter(map(_place, candidates))
    short = [
        names.devices.get(_place(each)[1], "")
        if on_device[_place(each)] == 1
        else _own_name(each, names)
        for each in candidates
    ]
    used = Counter(
        (each.kind, name.casefold())
        for each, name in zip(candidates, short, strict=True)
    )
    return [
        each.with_name(
            combined_name(name, names.place)
            if used[each.kind, name.casefold()] == 1
            else f"{name} ({_device_name(each, names)})"
        )
        if name
        else each
        for each, name in zip(candidates, short, strict=True)
    ]


def _device_name(candidate: Candidate, names: SourceNames) -> str:
    """Return the name of the device that a candidate is of, and of its place."""
    return combined_name(names.devices.get(_place(candidate)[1]), names.place)


def _place(candidate: Candidate) -> tuple[str, str]:
    """Return the kind of a candidate, and the device that it is of."""
    return candidate.kind, candidate.points[0].device_key


def _own_name(candidate: Candidate, names: SourceNames) -> str:
    """Return the tariff that a candidate counts, or else the name of its point."""
    numbers = {point.tariff_number for point in candidate.points}
    number = numbers.pop() if len(numbers) == 1 else None
    if number is not None and number in names.tariffs:
        return names.tariffs[number]
    return names.points.get(candidate.points[0].key, "")


async def async_source_names(
    hass: HomeAssistant, meters: EntryMeters, candidates: Iterable[Candidate]
) -> SourceNames:
    """Return the names that the candidates of an entry may have, as the user sees them.

    The tariffs are called as the meter's own sensor of the tariff in force calls them.
    """
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    registry = dr.async_get(hass)
    points = [point for each in candidates for point in each.points]
    devices = {}
    for key in {point.device_key for point in points}:
        device = registry.async_get_device_by_identifier(
            device_identifier(meters.entry, key), meters.entry.entry_id
        )
        if device is not None:
            devices[key] = device.name_by_user or device.name or ""
    return SourceNames(
        devices=devices,
        points={
            point.key: (
                (entity := registered_entity(hass, meters.entry, point)) and entity.name
            )
            or own_name(hass, point)
            for point in points
        },
        tariffs={
            number: text
            for name, number in _tariffs(meters.points.values()).items()
            if (text := texts.get(f"component.{DOMAIN}.common.tariff_{name}"))
        },
        place=place_name(hass, meters.entry),
    )


def _tariffs(points: Iterable[Point]) -> dict[str, int]:
    """Return the numbers of the tariffs that the meters of an entry report."""
    return {
        name: number
        for point in points
        for name, number in point.tariff_numbers.items()
    }
