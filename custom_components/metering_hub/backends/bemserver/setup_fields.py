"""What the user said about the kinds of series: settings of points, and older fields.

The set-up fields of earlier versions are only offered where they were used. Today, the
user is asked about a series and answers in the settings of its point.
"""

from collections.abc import Mapping

from ...metering.model import Device, Kind
from ...metering.point_settings import PointSettings
from ..base import Settings
from .catalogue import Catalogue
from .points import PointMaker, series_of_key

REGISTERS_FIELD = "registers"
AMOUNTS_FIELD = "amounts"


def series_choices(
    catalogue: Catalogue,
    devices: Mapping[str, Device],
    maker: PointMaker,
    options: Settings,
) -> Mapping[str, Mapping[str, str]]:
    """Return the chosen series for each of the fields: labels by id."""
    labels = {
        str(number): f"{series.name} ({devices[maker.device_key(series)].name})"
        for number in chosen_kinds(options)
        if (series := catalogue.series.get(number)) is not None
    }
    return {REGISTERS_FIELD: labels, AMOUNTS_FIELD: labels} if labels else {}


def kinds_in_settings(settings: Mapping[str, PointSettings]) -> dict[int, Kind]:
    """Return the kinds in the settings of points, by series."""
    return {
        number: each.kind
        for key, each in settings.items()
        if each.kind in (Kind.REGISTER, Kind.INTERVAL)
        and (number := series_of_key(key)) is not None
    }


def chosen_kinds(options: Settings) -> dict[int, Kind]:
    """Return the kinds that the user chose in the fields, by series."""
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
