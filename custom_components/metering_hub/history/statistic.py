"""What each statistic is called, and how Home Assistant is told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import hashlib

from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.config_entries import ConfigEntry

from ..backends.base import BackendSpec
from ..const import CONF_BACKEND, DOMAIN
from ..descriptions import statistics_unit_class
from ..metering.model import Kind, Point, Role
from .maths.rows import Row

COST_SUFFIX = "cost"
COMPENSATION_SUFFIX = "compensation"
FIXED_COST_KEY = "fixed_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to import: the points, and how their statistics are called.

    `names` holds a name for each point key and each suffix. `start` is from when on a
    person wants history, `None` for all there is.
    """

    points: Sequence[Point]
    prefix: str
    names: Mapping[str, str]
    start: datetime | None

    def statistic(self, point: Point) -> Statistic:
        """Return the statistic of a point's own readings."""
        return point_statistic(self.prefix, point, self.names[point.key])


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One statistic: its id, and its name, unit and nature for the recorder."""

    statistic_id: str
    metadata: StatisticMetaData


def statistic_prefix[Data](entry: ConfigEntry[Data], spec: BackendSpec) -> str:
    """Return what all statistic ids of an entry start with.

    The scope is made of the server's identity, so that an entry that is removed and
    added again goes on with the same statistics.
    """
    identity = entry.unique_id or ":".join(
        str(entry.data.get(field.name)) for field in spec.fields if field.identifies
    )
    scope = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return f"{DOMAIN}:{entry.data[CONF_BACKEND]}_{scope}_"


def money_suffix(point: Point) -> str:
    """Return how the statistic of a point's money ends: what is returned earns it."""
    is_income = point.role is Role.GRID_RETURNED
    return COMPENSATION_SUFFIX if is_income else COST_SUFFIX


def point_statistic(prefix: str, point: Point, name: str) -> Statistic:
    """Return the statistic of a point's own readings."""
    measured = point.kind is Kind.INSTANT
    return _statistic(
        f"{prefix}{point.key}",
        name=name,
        unit=point.unit,
        unit_class=statistics_unit_class(point),
        measured=measured,
    )


def money_statistic(prefix: str, key: str, name: str, currency: str) -> Statistic:
    """Return a statistic of money; Home Assistant has no unit class for it."""
    return _statistic(
        f"{prefix}{key}", name=name, unit=currency, unit_class=None, measured=False
    )


def _statistic(
    statistic_id: str,
    *,
    name: str,
    unit: str | None,
    unit_class: str | None,
    measured: bool,
) -> Statistic:
    return Statistic(
        statistic_id=statistic_id,
        metadata=StatisticMetaData(
            mean_type=StatisticMeanType.ARITHMETIC
            if measured
            else StatisticMeanType.NONE,
            has_sum=not measured,
            name=name,
            source=DOMAIN,
            statistic_id=statistic_id,
            unit_class=unit_class,
            unit_of_measurement=unit,
        ),
    )


def as_statistic_data(row: Row) -> StatisticData:
    """Return a row as the recorder takes it, with only what the row says."""
    data = StatisticData(start=row.start)
    if row.sum is not None and row.state is not None:
        data["state"], data["sum"] = row.state, row.sum
    if row.mean is not None:
        data["mean"] = row.mean
    if row.min is not None and row.max is not None:
        data["min"], data["max"] = row.min, row.max
    return data
