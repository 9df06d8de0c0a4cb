"""Repair flows of the Metering Hub integration."""

from collections.abc import Mapping

import voluptuous as vol

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .dashboard.energy_sources import SourceKind
from .dashboard.left_out import LEFT_OUT, LeftOut, async_names
from .dashboard.left_sources import async_remove_left
from .dashboard.replacing import async_left_out, async_replace
from .data import MeteringHubConfigEntry, meters_of
from .errors import errors_translated
from .history.audit.auditor import Auditor
from .questions.open_questions import KIND_CONTRADICTED, UNDECIDED_POINTS
from .questions.repair_flows import ContradictedFlow, UndecidedFlow

type IssueData = dict[str, str | int | float | None]


class RemoveSourcesFlow(ConfirmRepairFlow):
    """Removes the sources of a removed entry from the Energy dashboard."""

    def __init__(self, data: IssueData) -> None:
        """Initialize with the data of the issue: the entry, its server and a count."""
        self._entry_id = str(data.get("removed", ""))
        # Version 1.0.0-rc.1 had the ids in the issue, which Home Assistant keeps.
        self._statistic_ids = str(data.get("statistics", "")).split()
        self._placeholders = {key: str(data[key]) for key in ("title", "count")}

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remove the sources after the user has confirmed."""
        if user_input is not None:
            await async_remove_left(self.hass, self._entry_id, self._statistic_ids)
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders=self._placeholders,
        )


class ReplaceSourcesFlow(ConfirmRepairFlow):
    """Puts meters that are left off the Energy dashboard in the place of others."""

    def __init__(self, entry: MeteringHubConfigEntry, kind: SourceKind) -> None:
        """Initialize with the entry of the meters, and the kind of their sources."""
        self._entry = entry
        self._kind = kind
        self._left_out: LeftOut | None = None

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show what is replaced, and replace it after the user has confirmed."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        meters = meters_of(self._entry)
        shown = self._left_out
        with errors_translated():
            if user_input is not None and shown is not None:
                if await async_replace(self.hass, meters, shown):
                    return self.async_create_entry(data={})
                return self.async_abort(reason="sources_changed")
            self._left_out = await async_left_out(self.hass, meters, self._kind)
            if self._left_out is None:
                # The user has changed the dashboard since the issue was created.
                return self.async_create_entry(data={})
            names, others = await async_names(self.hass, self._left_out)
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders={
                "title": self._entry.title,
                "meters": names,
                "others": others,
            },
        )


class FaultsFlow(RepairsFlow):
    """Keeps or clears the hours of a history that cannot be repaired."""

    def __init__(self, auditor: Auditor, placeholders: Mapping[str, str]) -> None:
        """Initialize with the auditor that has found them."""
        self._auditor = auditor
        self._placeholders = placeholders

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask what to do."""
        return self.async_show_menu(
            step_id="init",
            menu_options=["keep", "clear"],
            description_placeholders=self._placeholders,
        )

    async def async_step_keep(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Keep the hours as they are."""
        await self._auditor.async_keep()
        return self.async_create_entry(data={})

    async def async_step_clear(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Let the hours show no use."""
        with errors_translated():
            await self._auditor.async_clear()
        return self.async_create_entry(data={})


def _auditor_of(hass: HomeAssistant, entry_id: str) -> Auditor | None:
    """Return the auditor of an entry if it is loaded and has a history."""
    entry: MeteringHubConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    history = entry.runtime_data.history
    return history.auditor if history else None


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: IssueData | None
) -> RepairsFlow:
    """Return the flow of an issue: sources, odd kinds, or wrong hours."""
    values = data or {"removed": "", "title": "", "count": 0}
    if "entry_id" not in values:
        return RemoveSourcesFlow(values)
    entry_id = str(values["entry_id"])
    if issue_id.startswith(UNDECIDED_POINTS):
        return UndecidedFlow(hass.config_entries.async_get_known_entry(entry_id))
    if issue_id.startswith(KIND_CONTRADICTED):
        entry = hass.config_entries.async_get_known_entry(entry_id)
        return ContradictedFlow(entry, str(values["point"]))
    if issue_id.startswith(LEFT_OUT):
        entry = hass.config_entries.async_get_known_entry(entry_id)
        return ReplaceSourcesFlow(entry, SourceKind(str(values["kind"])))
    auditor = _auditor_of(hass, entry_id)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if auditor is None or issue is None:
        # The audit after the entry is loaded again creates the issue again.
        return ConfirmRepairFlow()
    return FaultsFlow(auditor, issue.translation_placeholders or {})
