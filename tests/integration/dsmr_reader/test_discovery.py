"""A DSMR-reader that sends over MQTT is offered, once."""

from itertools import count
import json
from pathlib import Path

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_mqtt_message,
)

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_MQTT,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo
from simulators.dsmr_reader import DsmrReaderSimulator

from ..conftest import finish_tasks
from ..test_config_flow import choose, finish, form, open_form

TOPICS = BACKENDS["dsmr_reader"].mqtt_topics
PAYLOADS = count(1)
INTEGRATION = Path(__file__).parents[3] / "custom_components/metering_hub"


async def discover(hass: HomeAssistant, topic: str = TOPICS[0]) -> ConfigFlowResult:
    """Start the flow as Home Assistant does for a message on a topic."""
    info = MqttServiceInfo(
        topic=topic,
        payload=str(next(PAYLOADS)),
        qos=0,
        retain=False,
        subscribed_topic=topic,
        timestamp=0,
    )
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_MQTT}, data=info
    )


def offers(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """Return the flows that wait for the user."""
    return list(hass.config_entries.flow.async_progress_by_handler(DOMAIN))


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let the timer be that Home Assistant's MQTT leaves where time stands still."""
    return True


def test_topics_are_those_of_the_manifest() -> None:
    topics = [topic for spec in BACKENDS.values() for topic in spec.mqtt_topics]
    manifest = json.loads((INTEGRATION / "manifest.json").read_text())
    assert manifest["mqtt"] == sorted(topics)


@pytest.mark.parametrize("language", ["de", "en", "fr", "nl", "pl"])
def test_the_form_names_the_add_ons_usual_address(language: str) -> None:
    file = INTEGRATION / "translations" / f"{language}.json"
    form_texts = json.loads(file.read_text())["config"]["step"]["dsmr_reader"]
    assert "homeassistant.local:7777" in form_texts["data_description"]["url"]


@pytest.mark.usefixtures("mqtt_mock")
async def test_messages_make_one_offer(hass: HomeAssistant) -> None:
    """By Home Assistant's own MQTT, whatever topics and however many messages."""
    async_fire_mqtt_message(hass, "dsmr/other", "1")
    await finish_tasks(hass)
    assert not offers(hass)
    for topic in TOPICS:
        for payload in ("1", "2"):
            async_fire_mqtt_message(hass, topic, payload)
    await finish_tasks(hass)
    (offer,) = offers(hass)
    assert offer["step_id"] == "dsmr_reader"
    assert offer["context"]["title_placeholders"] == {"name": "DSMR-reader"}


async def test_from_offer_to_entry(hass: HomeAssistant, url: str) -> None:
    """Only the address and the key are asked for; the ID is the meter's."""
    step = await discover(hass)
    assert step["type"] is FlowResultType.FORM
    assert step["errors"] == {}
    assert set(step["data_schema"].schema) == {"url", "api_key", "verify_ssl"}
    step = await choose(hass, step, form(url, api_key="wrong"))
    assert step["errors"] == {"base": "invalid_auth"}
    step = await finish(hass, step, url)
    entry = step["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert len(entry.unique_id.partition(":")[2]) == 20
    assert (await discover(hass))["reason"] == "already_configured"


async def test_no_second_offer_while_one_is_open(hass: HomeAssistant, url: str) -> None:
    """On no page of the flow, whose ID changes on the way."""
    step = await discover(hass)
    assert (await discover(hass, TOPICS[1]))["reason"] == "already_in_progress"
    step = await choose(hass, step, form(url))
    assert step["step_id"] == "selection"
    assert (await discover(hass))["reason"] == "already_in_progress"
    assert len(offers(hass)) == 1


async def test_no_offer_beside_an_entry(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Although its ID is another one, and even if it is not loaded."""
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert (await discover(hass))["reason"] == "already_configured"


async def test_an_entry_of_another_backend_is_none(hass: HomeAssistant) -> None:
    other = MockConfigEntry(domain=DOMAIN, data={"backend": "besmart"})
    other.add_to_hass(hass)
    assert (await discover(hass))["type"] is FlowResultType.FORM


async def test_an_offer_ends_when_the_user_adds_the_server(
    hass: HomeAssistant, url: str
) -> None:
    await discover(hass)
    await finish(hass, await open_form(hass), url)
    assert not offers(hass)


async def test_an_offer_can_be_ignored(hass: HomeAssistant, url: str) -> None:
    """It does not come again, and the server can be added nevertheless."""
    step = await discover(hass)
    (offer,) = offers(hass)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": offer["context"]["unique_id"], "title": "DSMR-reader"},
    )
    await hass.async_block_till_done()
    assert step["flow_id"] not in {each["flow_id"] for each in offers(hass)}
    assert (await discover(hass))["reason"] == "already_configured"
    await finish(hass, await open_form(hass), url)


async def test_a_meter_without_serial_has_no_id(
    hass: HomeAssistant, url: str, simulator: DsmrReaderSimulator
) -> None:
    """The ID of the offer is not that of the entry."""
    simulator.telegram = False
    step = await choose(hass, await discover(hass), form(url))
    selection = step["data_schema"]({})
    step = await choose(hass, step, selection)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["result"].unique_id is None
