"""Put candidates in the place of other sources of the Energy dashboard, and back.

What takes the place of a source has to fill it: what the candidates lack, such as a
return to the grid that another meter counts, stays where it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .energy_sources import Candidate, SourceKind
from .placement import IsOwn, Reason, gas_unit_class, is_from_elsewhere, place
from .preferences import Source, SourceList, counted_statistics

REPLACEABLE = frozenset({SourceKind.GRID, SourceKind.GAS, SourceKind.WATER})
"""The kinds of sources that can be replaced.

Solar production and batteries of others may well be other devices of the same home.
"""

_IMPORT = (
    *("stat_energy_from", "stat_cost"),
    *("entity_energy_price", "number_energy_price"),
)
_EXPORT = (
    *("stat_energy_to", "stat_compensation"),
    *("entity_energy_price_export", "number_energy_price_export"),
)
_POWER = ("stat_rate", "power_config")
_PARTS = (_IMPORT, _EXPORT, _POWER)
"""The fields of each part of a grid connection; the first one is its statistic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """Sources that were `replaced`, and those that were `added` in their place.

    `kept` are sources with those parts of the replaced ones that none of ours has.
    """

    kind: str
    replaced: tuple[Source, ...]
    added: tuple[Source, ...]
    kept: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The energy sources after a replacement was made or undone."""

    sources: list[Source]
    replacement: Replacement


def others_of(
    sources: Sequence[Source],
    refused: Sequence[Candidate],
    reason: Reason,
    is_own: IsOwn,
    gas_units: Mapping[str, str],
) -> list[Source]:
    """Return the sources because of which candidates of one kind were refused."""
    kind = refused[0].kind
    same_kind = [source for source in sources if source["type"] == kind]
    if reason is Reason.FROM_ELSEWHERE:
        return [source for source in same_kind if is_from_elsewhere(source, is_own)]
    if reason is not Reason.OTHER_UNIT:
        return same_kind
    unit_class = gas_unit_class(refused[0])
    return [
        source
        for source in same_kind
        if any(
            gas_units.get(each, unit_class) != unit_class
            for each in counted_statistics([source])
        )
    ]


def replace_sources(
    sources: Sequence[Source],
    candidates: Sequence[Candidate],
    others: Sequence[Source],
    is_own: IsOwn,
    gas_units: Mapping[str, str],
) -> Change | None:
    """Return the sources with candidates instead of others, if any can be added.

    The candidates are all of one kind. They stand where the first other source stood,
    because the dashboard gives its colors in that order.
    """
    if not others:
        return None
    first = sources.index(others[0])
    rest: list[Source] = [source for source in sources if source not in others]
    lists: Mapping[SourceList, list[Source]] = {SourceList.ENERGY: rest}
    added = [each.config for each in place(lists, candidates, gas_units, is_own).added]
    if not added:
        return None
    kept = [part for each in others if (part := _kept_part(each, added)) is not None]
    return Change(
        sources=[*rest[:first], *added, *kept, *rest[first:]],
        replacement=Replacement(
            kind=str(others[0]["type"]),
            replaced=tuple(others),
            added=tuple(added),
            kept=tuple(kept),
        ),
    )


def restore_sources(
    sources: Sequence[Source], replacement: Replacement
) -> Change | None:
    """Return the sources with what was replaced, if any of ours still stands there.

    A source that the user has added again meanwhile is not restored twice.
    """
    ours = frozenset(counted_statistics(replacement.added))
    removed = [each for each in sources if _is_within(each, ours)]
    if not removed:
        return None
    first = sources.index(removed[0])
    # The user may have changed what was kept, which must not count beside its whole.
    kept = frozenset(counted_statistics(replacement.kept))
    rest = [
        each
        for each in sources
        if each not in removed
        and each not in replacement.kept
        and not _is_within(each, kept)
    ]
    counted = frozenset(counted_statistics(rest))
    restored = [
        each
        for each in replacement.replaced
        if counted.isdisjoint(counted_statistics([each]))
    ]
    return Change(
        sources=[*rest[:first], *restored, *rest[first:]],
        replacement=Replacement(
            kind=replacement.kind, replaced=tuple(removed), added=tuple(restored)
        ),
    )


def _is_within(source: Source, statistics: frozenset[str]) -> bool:
    """Return True if a source counts something, and only some of the statistics."""
    counted = {*counted_statistics([source])}
    return bool(counted) and counted <= statistics


def _kept_part(source: Source, added: Sequence[Source]) -> Source | None:
    """Return what a grid connection has and none of the added ones, if anything.

    Import and export without a statistic are stored as `None`, power is left out.
    """
    if source["type"] != SourceKind.GRID:
        return None
    kept, has_part = dict(source), False
    for part in _PARTS:
        if not _has(source, part):
            continue
        if not any(_has(each, part) for each in added):
            has_part = True
        elif part is _POWER:
            kept = {name: kept[name] for name in kept if name not in part}
        else:
            kept |= dict.fromkeys(part)
    return kept if has_part else None


def _has(source: Source, part: tuple[str, ...]) -> bool:
    """Return True if a grid connection has a part: a statistic of it is set."""
    statistics = part if part is _POWER else part[:1]
    return any(source.get(name) for name in statistics)
