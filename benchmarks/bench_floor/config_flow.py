"""A config flow without a form."""

from typing import override

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from . import DOMAIN


class FloorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle the config flow of the floor."""

    @override
    async def async_step_user(
        self, user_input: dict[str, object] | None = None
    ) -> ConfigFlowResult:
        """Create the entry immediately."""
        return self.async_create_entry(title="Floor", data={})
