"""A config flow that asks nothing."""

from typing import override

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from . import DOMAIN


class FloorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add an entry."""

    @override
    async def async_step_user(
        self, user_input: dict[str, object] | None = None
    ) -> ConfigFlowResult:
        """Add it at once."""
        return self.async_create_entry(title="Floor", data={})
