"""Automations that are made of the blueprints of this repository."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
import shutil

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TURN_OFF
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component

from ..conftest import shown

FOLDER = Path(__file__).parents[3] / "blueprints" / "automation" / "metering_hub"

type Notified = list[ServiceCall]
type Automate = Callable[[str, Mapping[str, object]], Awaitable[Notified]]


@pytest.fixture
async def automate(hass: HomeAssistant, tmp_path: Path) -> AsyncIterator[Automate]:
    """Return a function that makes an automation, and returns its notifications.

    It is turned off in the end, because it leaves a timer otherwise.
    """
    shutil.copytree(FOLDER, tmp_path / "blueprints" / AUTOMATION / FOLDER.name)

    async def make(name: str, inputs: Mapping[str, object]) -> Notified:
        """Make an automation of the blueprint of that name."""
        hass.config.config_dir = str(tmp_path)
        use = {"path": f"{FOLDER.name}/{name}.yaml", "input": dict(inputs)}
        config = {AUTOMATION: [{"alias": "Made", "use_blueprint": use}]}
        assert await async_setup_component(hass, AUTOMATION, config)
        await hass.async_block_till_done()
        # An automation that Home Assistant does not accept is unavailable.
        assert shown(hass, "automation.made") == "on"
        return async_mock_service(hass, "persistent_notification", "create")

    yield make
    if hass.services.has_service(AUTOMATION, SERVICE_TURN_OFF):
        await hass.services.async_call(
            AUTOMATION, SERVICE_TURN_OFF, {ATTR_ENTITY_ID: "all"}, blocking=True
        )
