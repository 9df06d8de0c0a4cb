"""Define the statistics of a config entry: ids, names, units and kinds of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import UnitOfEnergy
from homeassistant.util.unit_conversion import EnergyConverter

from ..backends.base import BackendSpec
from ..const import CONF_BACKEND, CONF_SCOPE, DOMAIN
from ..descriptions import statistics_unit_class
from ..identifiers import scope_of
from ..metering.model import AS_SHOWN, Kind, Point, Role
from ..metering.quality import has_quality, is_estimated
from ..metering.tariff_sums import TariffSum
from .maths.comparable_days import DayKinds
from .settings_memory import Setting, Settings

COST_SUFFIX = "cost"
COMPENSATION_SUFFIX = "compensation"
FIXED_COST_KEY = "fixed_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One external statistic.

    Rows have a mean, minimum and maximum if `is_measured`, otherwise a state and a
    running sum.
    """

    statistic_id: str
    name: str
    unit: str | None
    unit_class: str | None
    is_measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The points to import, and what is needed to make their statistics.

    `names` maps every point key and suffix to a display name. `start` is the moment
    from which the user wants history, or `None` for all of it. `trusted` are the keys
    of the points whose readings are taken as they are. `has_estimates` is False if
    long gaps are filled by straight lines; otherwise by comparable days, which are
    those of the time `zone` and its `holidays`. `relabelled` are the keys of the points
    whose rows keep their values if their unit changes, because the user said so. `sums`
    are those of the tariff registers of a meter, whose parts are all imported.
    """

    points: Sequence[Point]
    prefix: str
    names: Mapping[str, str]
    start: datetime | None
    trusted: frozenset[str] = frozenset()
    has_estimates: bool = True
    zone: tzinfo = UTC
    holidays: frozenset[date] = frozenset()
    relabelled: frozenset[str] = frozenset()
    sums: Sequence[TariffSum] = ()

    @property
    def day_kinds(self) -> DayKinds | None:
        """Return the kinds of days to compare, or None for straight lines."""
        return DayKinds(self.zone, self.holidays) if self.has_estimates else None

    @property
    def coded_names(self) -> dict[str, str]:
        """Return the names of the points whose hours have a quality, by key."""
        return {
            point.key: self.names[point.key]
            for point in self.points
            if has_quality(point)
        }

    @property
    def meters(self) -> list[Point]:
        """Return the points whose hours have a quality, without sums of others.

        A sum would count each hour of its parts once more.
        """
        return [each for each in self.points if has_quality(each) and not each.sum_of]

    @property
    def meter_names(self) -> dict[str, str]:
        """Return the names of the meters by key."""
        return {point.key: self.names[point.key] for point in self.meters}

    @property
    def statistic_names(self) -> dict[str, str]:
        """Return the names of all statistics that the points may have, by id."""
        found = [self.fixed_cost_statistic(""), *map(self.sum_statistic, self.sums)]
        for point in self.points:
            found += (self.statistic(point), self.cost_statistic(point, ""))
        return {each.statistic_id: each.name for each in found}

    @property
    def settings(self) -> Settings:
        """Return which points are imported with which settings."""
        straight = frozenset(point.key for point in self.points if is_estimated(point))
        return {
            Setting.TRUSTED: self.trusted,
            Setting.STRAIGHT_LINES: frozenset() if self.has_estimates else straight,
            Setting.CHOSEN_UNIT: frozenset(
                point.key for point in self.points if point.server_unit != AS_SHOWN
            ),
        }

    def statistic(self, point: Point) -> Statistic:
        """Return the statistic of a point's own readings."""
        return Statistic(
            statistic_id=f"{self.prefix}{point.key}",
            name=self.names[point.key],
            unit=point.unit,
            unit_class=statistics_unit_class(point),
            is_measured=point.kind is Kind.INSTANT,
        )

    def sum_statistic(self, tariff_sum: TariffSum) -> Statistic:
        """Return the statistic of the sum of a meter's tariff registers.

        It is in kWh whatever the units of its parts are, so that it never changes.
        """
        return Statistic(
            statistic_id=f"{self.prefix}{tariff_sum.key}",
            name=self.names[tariff_sum.key],
            unit=UnitOfEnergy.KILO_WATT_HOUR,
            unit_class=EnergyConverter.UNIT_CLASS,
            is_measured=False,
        )

    def cost_statistic(self, point: Point, currency: str) -> Statistic:
        """Return the statistic of what a point costs, or of its compensation."""
        suffix = cost_suffix(point)
        name = f"{self.names[point.key]} ({self.names[suffix]})"
        return self._cost_statistic(f"{point.key}_{suffix}", name, currency)

    def fixed_cost_statistic(self, currency: str) -> Statistic:
        """Return the statistic of the fixed costs per day."""
        name = self.names[FIXED_COST_KEY]
        return self._cost_statistic(FIXED_COST_KEY, name, currency)

    def _cost_statistic(self, key: str, name: str, currency: str) -> Statistic:
        """Return a statistic in a currency, which has no unit class."""
        return Statistic(
            statistic_id=f"{self.prefix}{key}",
            name=name,
            unit=currency,
            unit_class=None,
            is_measured=False,
        )


def statistic_prefix[Data](entry: ConfigEntry[Data], spec: BackendSpec) -> str:
    """Return the prefix of all statistic ids of a config entry.

    It is derived from the identity of the server, so a config entry that is removed and
    added again continues the same statistics. An entry that got another identity keeps
    the scope of the first one.
    """
    identity = (
        entry.data.get(CONF_SCOPE)
        or entry.unique_id
        or ":".join(
            str(entry.data.get(field.name)) for field in spec.fields if field.identifies
        )
    )
    return f"{DOMAIN}:{entry.data[CONF_BACKEND]}_{scope_of(identity)}_"


def cost_suffix(point: Point) -> str:
    """Return the id suffix of a point's costs, or of the compensation for exports."""
    is_income = point.role is Role.GRID_RETURNED
    return COMPENSATION_SUFFIX if is_income else COST_SUFFIX
