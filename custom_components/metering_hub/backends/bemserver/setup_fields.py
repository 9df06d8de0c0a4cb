"""The set-up fields with which the user decides the kind of series."""

from collections.abc import Mapping

from ...metering.model import Device, Kind
from ..base import Settings
from .catalogue import Catalogue
from .points import PointMaker, undecided_series

REGISTERS_FIELD = "registers"
AMOUNTS_FIELD = "amounts"


def series_choices(
    catalogue: Catalogue, devices: Mapping[str, Device], maker: PointMaker
) -> Mapping[str, Mapping[str, str]]:
    """Return the series to choose from, for each of the fields: labels by id."""
    labels = {
        str(number): f"{series.name} ({devices[maker.device_key(series)].name})"
        for number, series in undecided_series(catalogue).items()
    }
    return {REGISTERS_FIELD: labels, AMOUNTS_FIELD: labels} if labels else {}


def chosen_kinds(options: Settings) -> dict[int, Kind]:
    """Return the kinds that the user chose, by series."""
    return {
        **dict.fromkeys(_ids(options, AMOUNTS_FIELD), Kind.INTERVAL),
        **dict.fromkeys(_ids(options, REGISTERS_FIELD), Kind.REGISTER),
    }


def has_contradiction(options: Settings) -> bool:
    """Return True if the user chose both kinds for the same series."""
    return bool(_ids(options, AMOUNTS_FIELD) & _ids(options, REGISTERS_FIELD))


def _ids(options: Settings, field: str) -> frozenset[int]:
    """Return the series chosen in a field."""
    value = options.get(field)
    items = value if isinstance(value, list) else []
    return frozenset(int(item) for item in items if item.isdecimal())
