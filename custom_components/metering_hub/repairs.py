"""What a person can mend by a click on a repair issue."""

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant

from .dashboard.energy_dashboard import async_remove_from_dashboard

type IssueData = dict[str, str | int | float | None]


class RemoveSourcesFlow(RepairsFlow):
    """Asks whether the sources of a removed entry shall leave the Energy dashboard."""

    def __init__(self, data: IssueData) -> None:
        """Keep what the issue says: title, count, and the statistics' ids."""
        self._statistic_ids = str(data["statistics"]).split()
        self._placeholders = {key: str(data[key]) for key in ("title", "count")}

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin with the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Remove the sources once a person has agreed."""
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
    """Return the flow that mends an issue; there is one kind that can be mended."""
    return RemoveSourcesFlow(data or {"statistics": "", "title": "", "count": 0})
