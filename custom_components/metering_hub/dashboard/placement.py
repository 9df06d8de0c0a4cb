"""Find the place of candidates among the sources of the Energy dashboard.

Energy that is counted twice, or in a unit that the dashboard does not convert, is worse
than energy that is missing. So a candidate may be left out, and has the reason then.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from homeassistant.util.unit_conversion import EnergyConverter, VolumeConverter

from ..metering.model import Quantity
from .energy_sources import Candidate, SourceKind
from .preferences import Source, SourceList, counted_statistics

type IsOwn = Callable[[str], bool]
"""Returns True for a statistic of this integration or of its entities."""


class Reason(StrEnum):
    """Why a candidate is not added."""

    ALREADY_THERE = "already_there"
    FROM_ELSEWHERE = "other_source_of_this_kind"
    OTHER_UNIT = "gas_in_another_unit"
    SECOND_HOME = "second_home"


_LISTS: Mapping[SourceKind, SourceList] = {
    SourceKind.DEVICE: SourceList.DEVICE,
    SourceKind.WATER_DEVICE: SourceList.WATER_DEVICE,
}
"""The list of each kind of source; all others are energy sources."""

_GAS_UNIT_CLASSES: Mapping[Quantity, str] = {
    Quantity.GAS: VolumeConverter.UNIT_CLASS,
    Quantity.ENERGY: EnergyConverter.UNIT_CLASS,
    Quantity.HEAT: EnergyConverter.UNIT_CLASS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A candidate that is not added, and why."""

    candidate: Candidate
    reason: Reason

    @property
    def is_blocked(self) -> bool:
        """Return True if other sources are the reason."""
        return self.reason is not Reason.ALREADY_THERE


@dataclass(slots=True)
class Placement:
    """The lists of sources with the candidates that were added, and those refused."""

    sources: dict[SourceList, list[Source]]
    added: list[Candidate] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def changed(self) -> dict[SourceList, list[Source]]:
        """Return the lists to which something was added."""
        names = {list_of(candidate) for candidate in self.added}
        return {name: self.sources[name] for name in names}


def list_of(candidate: Candidate) -> SourceList:
    """Return the list of the preferences that a candidate belongs in."""
    return _LISTS.get(candidate.kind, SourceList.ENERGY)


def place(
    sources: Mapping[SourceList, Sequence[Source]],
    candidates: Iterable[Candidate],
    gas_units: Mapping[str, str],
    is_own: IsOwn,
) -> Placement:
    """Add candidates to the ends of the lists, unless there is a reason not to.

    `gas_units` are the unit classes of the gas that is on the dashboard, by statistic.
    It shows all gas in one unit without conversion: cubic meters would be shown as kWh.
    """
    placement = Placement({name: [*each] for name, each in sources.items()})
    counted = {id_ for each in sources.values() for id_ in counted_statistics(each)}
    energy = placement.sources[SourceList.ENERGY]
    elsewhere = {
        SourceKind(source["type"])
        for source in energy
        if source["type"] in SourceKind and is_from_elsewhere(source, is_own)
    }
    gas = next((gas_units[id_] for id_ in _gas(energy) if id_ in gas_units), None)
    has_home = any(source["type"] == SourceKind.HOME for source in energy)
    for candidate in candidates:
        reason = None
        # Either the tariffs are counted or their sum, never both.
        if not counted.isdisjoint(candidate.sums.union(candidate.statistics)):
            reason = Reason.ALREADY_THERE
        elif candidate.kind in elsewhere:
            reason = Reason.FROM_ELSEWHERE
        elif candidate.kind is SourceKind.GAS:
            gas = gas or gas_unit_class(candidate)
            reason = None if gas == gas_unit_class(candidate) else Reason.OTHER_UNIT
        elif candidate.kind is SourceKind.HOME:
            reason = Reason.SECOND_HOME if has_home else None
            has_home = True
        if reason is not None:
            placement.refused.append(Refusal(candidate=candidate, reason=reason))
            continue
        placement.sources[list_of(candidate)].append(candidate.config)
        placement.added.append(candidate)
    return placement


def gas_unit_class(candidate: Candidate) -> str:
    """Return the class of the unit in which a gas source is counted."""
    return _GAS_UNIT_CLASSES[candidate.quantity]


def is_from_elsewhere(source: Source, is_own: IsOwn) -> bool:
    """Return True if a source counts a statistic of another integration.

    A second source of such a kind could count the same energy twice.
    """
    return not all(is_own(each) for each in counted_statistics([source]))


def _gas(sources: Iterable[Source]) -> Iterable[str]:
    """Return the statistics that gas sources count."""
    gas = (source for source in sources if source["type"] == SourceKind.GAS)
    return counted_statistics(gas)
