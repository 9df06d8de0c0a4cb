"""Tell the user which meters are left off the Energy dashboard, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..history.recorder.recorder import recorded_metadata
from ..registry.issues import delete_issues
from .energy_sources import Candidate, SourceKind
from .entry_candidates import own_statistics
from .placement import Placement, Reason
from .preferences import Source, SourceList, counted_statistics
from .replacement import REPLACEABLE, others_of

LEFT_OUT = "left_out"
"""The beginning of the ids of these issues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Meters of one kind that are left out, and the sources that are the reason."""

    kind: SourceKind
    reason: Reason
    meters: Sequence[Candidate]
    others: Sequence[Source]

    @property
    def is_fixable(self) -> bool:
        """Return True if the meters can take the place of the other sources."""
        return self.kind in REPLACEABLE

    @property
    def question(self) -> str:
        """Return the key of what the user is asked."""
        is_unit = self.reason is Reason.OTHER_UNIT
        return "gas_left_out" if is_unit else "meters_left_out"


def left_out_meters(
    hass: HomeAssistant, placement: Placement, gas_units: Mapping[str, str]
) -> Iterator[LeftOut]:
    """Yield the candidates of each kind that other sources keep off the dashboard."""
    sources, is_own = placement.sources[SourceList.ENERGY], own_statistics(hass)
    blocked = [each for each in placement.refused if each.is_blocked]
    blocked.sort(key=lambda each: (each.candidate.kind, each.reason))
    for (kind, reason), group in groupby(
        blocked, lambda each: (each.candidate.kind, each.reason)
    ):
        meters = [each.candidate for each in group]
        others = others_of(sources, meters, reason, is_own, gas_units)
        yield LeftOut(kind=kind, reason=reason, meters=meters, others=others)


async def async_report_left_out(
    hass: HomeAssistant, entry: ConfigEntry, left_out: Iterable[LeftOut]
) -> None:
    """Create an issue for each kind of which something is left out, delete the rest.

    Issues that the user ignores stay ignored until the reason is gone. Raises
    RecorderError and StoppingError.
    """
    prefix = f"{LEFT_OUT}_{entry.entry_id}"
    kept = set()
    for each in left_out:
        issue_id = f"{prefix}_{each.kind}_{each.reason}"
        kept.add(issue_id)
        names = await async_names(hass, each)
        if each.is_fixable:
            _create_question(hass, entry, issue_id, each, names)
        else:
            _create_notice(hass, entry, issue_id, names)
    delete_issues(hass, prefix, kept)


@callback
def _create_question(
    hass: HomeAssistant,
    entry: ConfigEntry,
    issue_id: str,
    left_out: LeftOut,
    names: tuple[str, str],
) -> None:
    """Create the issue that asks whether to replace the other sources."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=left_out.question,
        translation_placeholders={
            "title": entry.title,
            "meters": names[0],
            "others": names[1],
        },
        data={"entry_id": entry.entry_id, "kind": left_out.kind.value},
    )


@callback
def _create_notice(
    hass: HomeAssistant, entry: ConfigEntry, issue_id: str, names: tuple[str, str]
) -> None:
    """Create the issue about meters that only the user can add."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="meters_beside_others",
        translation_placeholders={
            "title": entry.title,
            "meters": names[0],
            "others": names[1],
        },
    )


async def async_names(hass: HomeAssistant, left_out: LeftOut) -> tuple[str, str]:
    """Return the names of the meters that are left out, and of the other sources."""
    meters = ", ".join(each.name for each in left_out.meters)
    return meters, ", ".join(await _described(hass, left_out.others))


@callback
def delete_left_out(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all issues of an entry."""
    delete_issues(hass, f"{LEFT_OUT}_{entry.entry_id}")


async def _described(hass: HomeAssistant, sources: Iterable[Source]) -> list[str]:
    """Return the names of sources with the statistics that they count."""
    described = []
    for source in sources:
        counted = [*counted_statistics([source])]
        name = source.get("name") or await _name(hass, counted[0])
        described.append(f"{name} ({', '.join(counted)})")
    return described


async def _name(hass: HomeAssistant, statistic_id: str) -> str:
    """Return the name of an entity or a statistic, or else its id."""
    if (state := hass.states.get(statistic_id)) is not None:
        return state.name
    metadata = (await recorded_metadata(hass, [statistic_id])).get(statistic_id)
    return (metadata and metadata["name"]) or statistic_id
