"""The dashboard that Home Assistant's frontend offers under *Add dashboard*."""

from pathlib import Path

from homeassistant.components.frontend import add_extra_js_url
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from ..const import DOMAIN

STRATEGY = Path(__file__).with_name("strategy.js")


async def async_offer_dashboard(hass: HomeAssistant) -> None:
    """Serve the dashboard strategy, and have every browser load it.

    Its address contains the version, because browsers keep the file for a month.
    """
    if "frontend" not in hass.config.components:
        # Home Assistant also runs without a frontend, and then has no browsers either.
        return
    integration = await async_get_integration(hass, DOMAIN)
    url = f"/{DOMAIN}_static/{integration.version}/{STRATEGY.name}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(STRATEGY), cache_headers=True)]
    )
    add_extra_js_url(hass, url)
