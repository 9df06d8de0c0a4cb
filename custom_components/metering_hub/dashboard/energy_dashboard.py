"""Add the meters of a config entry to the Energy dashboard, with their costs.

Sources that the user has set up are never removed, and only the costs of this
integration's own statistics are changed in them (`source_costs.py`). A source is added
automatically only once, so one that the user removes does not come back.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import LOGGER
from ..errors import HistoryError
from ..identifiers import log_name
from .energy_sources import COUNTED_ROLES, Candidate
from .entry_candidates import async_candidates, async_gas_units, own_statistics
from .entry_meters import EntryMeters
from .left_out import async_report_left_out, delete_left_out, left_out_meters
from .offered_sources import async_offered_sources
from .placement import Placement, place
from .preferences import (
    SIGNAL_PREFERENCES,
    Preferences,
    async_get_preferences,
    async_send_changes,
)
from .source_costs import async_update_costs


@dataclass(slots=True)
class Outcome:
    """The statistics that were added, and those that were skipped with the reason.

    The sources of those in `updated` were there before, and what they cost was added or
    taken off.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


async def async_add_to_dashboard(
    hass: HomeAssistant, meters: EntryMeters, *, only_new: bool
) -> Outcome:
    """Add the meters and costs that are missing on the Energy dashboard.

    With `only_new`, sources and costs that were offered before are ignored. Raises
    HistoryError.
    """
    entry_id = meters.entry.entry_id
    candidates = await async_candidates(hass, meters)
    preferences = await async_get_preferences(hass)
    offered = await async_offered_sources(hass)
    if only_new:
        candidates = _not_offered(candidates, offered.of(entry_id))
    async with offered.lock:
        gas_units = await async_gas_units(hass, preferences)
        # Nothing is awaited between looking at the preferences and changing them.
        placement = _placement(hass, preferences, candidates, gas_units)
        await preferences.async_update(placement.changed)
    outcome = _outcome(placement)
    blocked = {
        statistic_id
        for each in placement.refused
        if each.is_blocked
        for statistic_id in each.candidate.statistics
    }
    # What other sources keep out is still to be offered when they are gone.
    counted = {id_ for candidate in candidates for id_ in candidate.statistics}
    offered.async_add(entry_id, counted - blocked)
    if not only_new:
        offered.async_withdraw(entry_id, blocked)
    left_out = left_out_meters(hass, placement, gas_units)
    await async_report_left_out(hass, meters.entry, left_out)
    outcome.updated += await async_update_costs(hass, meters, only_new=only_new)
    for statistic_id in outcome.updated:
        outcome.skipped.pop(statistic_id, None)
    return outcome


async def async_follow(
    hass: HomeAssistant,
    entry: ConfigEntry,
    coordinator: DataUpdateCoordinator[Any],
    get_meters: Callable[[], EntryMeters | None],
) -> None:
    """Add the meters of an entry and what they cost as soon as there are statistics.

    `get_meters` is called after each update of the coordinator, and returns `None`
    while the history is not up to date.
    """
    follower = _Follower(hass, entry, get_meters)
    await async_send_changes(hass)
    entry.async_on_unload(coordinator.async_add_listener(follower.start_update))
    entry.async_on_unload(
        async_dispatcher_connect(hass, SIGNAL_PREFERENCES, follower.start_report)
    )
    follower.start_update()


class _Follower:
    """Adds and reports the meters of one entry in the background."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        get_meters: Callable[[], EntryMeters | None],
    ) -> None:
        """Initialize with the entry and what returns its meters."""
        self._hass = hass
        self._entry = entry
        self._get_meters = get_meters

    @callback
    def start_update(self) -> None:
        """Add what was not offered yet, and update the costs."""
        self._start(self._async_update)

    @callback
    def start_report(self) -> None:
        """Report what is left out after the user has changed the dashboard.

        Nothing is added: a source that the user has just removed may be about to be
        replaced by another one.
        """
        self._start(self._async_report)

    def _start(self, job: Callable[[EntryMeters], Awaitable[None]]) -> None:
        """Do something with the meters if their history is up to date."""
        if (meters := self._get_meters()) is not None:
            self._entry.async_create_background_task(
                self._hass,
                self._async_run(job, meters),
                f"{log_name(self._entry)} energy dashboard",
            )

    async def _async_run(
        self, job: Callable[[EntryMeters], Awaitable[None]], meters: EntryMeters
    ) -> None:
        """Do something with the meters; an error is left to the next update."""
        try:
            offered = await async_offered_sources(self._hass)
            if _may_have_new(meters, offered.of(self._entry.entry_id)):
                await job(meters)
                return
            delete_left_out(self._hass, self._entry)
            await async_update_costs(self._hass, meters, only_new=True)
        except HistoryError as err:
            LOGGER.debug(
                "%s: the Energy dashboard is not updated: %s",
                log_name(self._entry),
                err,
            )

    async def _async_update(self, meters: EntryMeters) -> None:
        """Add what was not offered yet, and update the costs."""
        await async_add_to_dashboard(self._hass, meters, only_new=True)

    async def _async_report(self, meters: EntryMeters) -> None:
        """Report what is left out."""
        offered = await async_offered_sources(self._hass)
        candidates = _not_offered(
            await async_candidates(self._hass, meters),
            offered.of(self._entry.entry_id),
        )
        preferences = await async_get_preferences(self._hass)
        gas_units = await async_gas_units(self._hass, preferences)
        placement = _placement(self._hass, preferences, candidates, gas_units)
        left_out = left_out_meters(self._hass, placement, gas_units)
        await async_report_left_out(self._hass, self._entry, left_out)


def _may_have_new(meters: EntryMeters, offered: frozenset[str]) -> bool:
    """Return True if there may be sources to add, without querying the recorder."""
    if meters.statistic_prefix is None:
        # Then the sources are entities, few enough to be checked every time.
        return True
    return any(
        point.has_history
        and point.role in COUNTED_ROLES
        and f"{meters.statistic_prefix}{key}" not in offered
        for key, point in meters.points.items()
    )


def _not_offered(
    candidates: Sequence[Candidate], offered: frozenset[str]
) -> list[Candidate]:
    """Return the candidates that count something which was not offered before."""
    return [each for each in candidates if not offered.issuperset(each.statistics)]


def _placement(
    hass: HomeAssistant,
    preferences: Preferences,
    candidates: Sequence[Candidate],
    gas_units: Mapping[str, str],
) -> Placement:
    """Return where candidates go among the sources as they are at this moment."""
    return place(preferences.sources(), candidates, gas_units, own_statistics(hass))


def _outcome(placement: Placement) -> Outcome:
    """Return what was added and skipped, by statistic."""
    return Outcome(
        added=[id_ for each in placement.added for id_ in each.statistics],
        skipped={
            id_: each.reason.value
            for each in placement.refused
            for id_ in each.candidate.statistics
        },
    )
