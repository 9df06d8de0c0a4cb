"""What a person can say of series whose kind the server leaves open."""

from collections.abc import Mapping

from ...metering.model import Device, Kind
from ..base import Settings
from .catalogue import Catalogue
from .points import SeriesPoints, undecided_series

REGISTERS_FIELD = "registers"
AMOUNTS_FIELD = "amounts"


def choices(
    catalogue: Catalogue, devices: Mapping[str, Device], maker: SeriesPoints
) -> Mapping[str, Mapping[str, str]]:
    """Return the series to choose from: a label by number, for each of the fields."""
    labels = {
        str(number): f"{series.name} ({devices[maker.device_key(series)].name})"
        for number, series in undecided_series(catalogue).items()
    }
    return {REGISTERS_FIELD: labels, AMOUNTS_FIELD: labels} if labels else {}


def chosen_kinds(options: Settings) -> dict[int, Kind]:
    """Return the kinds that a person chose, by number of series."""
    return {
        **dict.fromkeys(_ids(options, AMOUNTS_FIELD), Kind.INTERVAL),
        **dict.fromkeys(_ids(options, REGISTERS_FIELD), Kind.REGISTER),
    }


def is_contradictory(options: Settings) -> bool:
    """Tell whether a person said of a series that it is both kinds."""
    return bool(_ids(options, AMOUNTS_FIELD) & _ids(options, REGISTERS_FIELD))


def _ids(options: Settings, field: str) -> frozenset[int]:
    value = options.get(field)
    items = value if isinstance(value, list) else []
    return frozenset(int(item) for item in items if item.isdecimal())
