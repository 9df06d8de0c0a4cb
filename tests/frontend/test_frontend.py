"""The dashboard strategy is served once, under the integration's version."""

from aiohttp.hdrs import CACHE_CONTROL, CONTENT_TYPE
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.frontend import STRATEGY, async_offer_dashboard
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, UrlManager
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")


async def test_every_browser_loads_the_file_of_this_version(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "http", {})
    urls = UrlManager(lambda *_: None, [])
    # The frontend itself needs the package of its pages, which tests do not install.
    hass.data[DATA_EXTRA_MODULE_URL] = urls
    hass.config.components.add("frontend")

    await async_offer_dashboard(hass)

    version = (await async_get_integration(hass, DOMAIN)).version
    assert version is not None
    url = f"/metering_hub_static/{version}/strategy.js"
    assert urls.urls == {url}
    client = await hass_client_no_auth()
    answer = await client.get(url)
    assert answer.status == 200
    assert await answer.text() == STRATEGY.read_text(encoding="utf-8")
    assert answer.headers[CONTENT_TYPE].startswith("text/javascript")
    assert answer.headers[CACHE_CONTROL] == "public, max-age=2678400"


async def test_home_assistant_without_a_frontend_is_left_alone(
    hass: HomeAssistant,
) -> None:
    assert await async_setup_component(hass, "http", {})
    before = [*hass.http.app.router.resources()]

    await async_offer_dashboard(hass)

    assert [*hass.http.app.router.resources()] == before
    assert DATA_EXTRA_MODULE_URL not in hass.data
