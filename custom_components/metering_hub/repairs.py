"""Repair flows of the Metering Hub integration."""

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant

from .dashboard.energy_dashboard import async_remove_from_dashboard

type IssueData = dict[str, str | int | float | None]


class RemoveSourcesFlow(RepairsFlow):
    """Removes the sources of a removed entry from the Energy dashboard."""

    def __init__(self, data: IssueData) -> None:
        """Initialize with the data of the issue: title, count and statistic IDs."""
        self._statistic_ids = str(data["statistics"]).split()
        self._placeholders = {key: str(data[key]) for key in ("title", "count")}

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Start with the confirmation."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remove the sources after the user has confirmed."""
        if user_input is not None:
            await async_remove_from_dashboard(self.hass, self._statistic_ids)
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders=self._placeholders,
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: IssueData | None
) -> RepairsFlow:
    """Return the flow of an issue; only left sources are fixable."""
    return RemoveSourcesFlow(data or {"statistics": "", "title": "", "count": 0})
