"""The actions that hand telegrams and readings to DSMR-reader."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_exception_message
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.dsmr_reader.meter import telegram
from simulators.dsmr_reader.store import Store
from simulators.faults import Fault, html_error

from ..conftest import NOW, Tick, shown

LATER = NOW + timedelta(seconds=5)
READINGS = {
    "delivered_1": 2000,
    "delivered_2": 3000.123,
    "returned_1": 0,
    "returned_2": 0,
    "power_delivered": 1.5,
    "power_returned": 0.025,
}


@pytest.fixture(autouse=True)
async def dsmr_reader(
    simulator: DsmrReaderSimulator, loaded: MockConfigEntry, tick: Tick
) -> DsmrReaderSimulator:
    """Let the server have no readings of its own any more."""
    simulator.stopped_at = NOW
    await tick(5)
    return simulator


async def send(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, **data: object
) -> bool:
    """Call an action; return whether it says that it has sent something."""
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {"entry": entry.entry_id, **data},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    assert response.keys() == {"sent"}
    return response["sent"] is True


def telegram_of(simulator: DsmrReaderSimulator) -> str:
    return telegram(Store(simulator), int(LATER.timestamp()))


async def test_readings_are_sent_once(
    hass: HomeAssistant, loaded: MockConfigEntry, dsmr_reader: DsmrReaderSimulator
) -> None:
    """At the time of the call, or at another one, which may be local."""
    assert await send(hass, loaded, "send_readings", **READINGS)
    assert not await send(hass, loaded, "send_readings", **READINGS)
    extra = {"extra_position": 12.3, "extra_time": "2026-11-21 02:25:00"}
    time = "2026-11-21T11:29:05+01:00"
    assert await send(hass, loaded, "send_readings", **READINGS, **extra, time=time)
    now, earlier = dsmr_reader.inbox.rows
    assert datetime.fromisoformat(str(now["timestamp"])) == dt_util.utcnow()
    assert now["electricity_delivered_2"] == "3000.123"
    assert earlier["timestamp"] == time
    assert earlier["extra_device_delivered"] == "12.300"
    assert earlier["extra_device_timestamp"] == "2026-11-21T11:25:00+01:00"


async def test_a_telegram_is_sent_once_and_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    text = telegram_of(dsmr_reader)
    assert await send(hass, loaded, "send_telegram", telegram=text)
    assert not await send(hass, loaded, "send_telegram", telegram=text)
    (row,) = dsmr_reader.inbox.rows
    await tick(10)
    sensor = "sensor.electricity_meter_normal_tariff_delivered"
    assert float(shown(hass, sensor)) == float(str(row["electricity_delivered_2"]))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[1:],
        lambda text: text[:-6],
        lambda text: text * 2,
        lambda text: text.replace("!", "0" * 16 * 1024 + "!"),
    ],
)
async def test_only_complete_telegrams_are_sent(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    change: Callable[[str], str],
) -> None:
    text = change(telegram_of(dsmr_reader))
    with pytest.raises(ServiceValidationError) as caught:
        await send(hass, loaded, "send_telegram", telegram=text)
    assert caught.value.translation_key == "incomplete_telegram"
    assert dsmr_reader.faults.count(method="POST") == 0


async def test_the_servers_error_is_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Around it is the text in the language of the user; the telegram is nowhere."""
    text = telegram_of(dsmr_reader)
    with pytest.raises(ServiceValidationError) as caught:
        await send(hass, loaded, "send_telegram", telegram=f"{text[:-4]}0000")
    error = caught.value
    assert error.translation_key == "rejected"
    shown_text = async_get_exception_message(
        DOMAIN, "rejected", error.translation_placeholders
    )
    assert shown_text == "The server rejected the request: Failed to parse telegram"
    secrets = [line for line in text.splitlines() if "96.1." in line]
    assert secrets
    ours = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components")
    ]
    assert not any(line in message for line in secrets for message in ours)
    assert not any(line in repr(error.__cause__) for line in secrets)


@pytest.mark.parametrize(
    "changes",
    [
        {"delivered_1": -1},
        {"delivered_1": 1_000_000},
        {"delivered_1": "much"},
        {"delivered_1": float("nan")},
        {"extra_position": 1},
        {"extra_time": "2026-11-21 02:25:00"},
        {"other": 1},
    ],
)
async def test_impossible_readings_are_not_sent(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dsmr_reader: DsmrReaderSimulator,
    changes: dict[str, object],
) -> None:
    with pytest.raises(vol.Invalid):
        await send(hass, loaded, "send_readings", **{**READINGS, **changes})
    assert dsmr_reader.faults.count(method="POST") == 0


async def test_readings_of_the_future_are_not_sent(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    time = (dt_util.utcnow() + timedelta(minutes=1)).isoformat()
    with pytest.raises(ServiceValidationError) as caught:
        await send(hass, loaded, "send_readings", **READINGS, time=time)
    assert caught.value.translation_key == "in_the_future"


async def test_a_failure_is_not_repeated(
    hass: HomeAssistant, loaded: MockConfigEntry, dsmr_reader: DsmrReaderSimulator
) -> None:
    dsmr_reader.faults.add(Fault(html_error(502), method="POST"))
    with pytest.raises(HomeAssistantError) as caught:
        await send(hass, loaded, "send_readings", **READINGS)
    assert caught.value.translation_key == "server_error"
    assert dsmr_reader.faults.count(method="POST") == 1


async def test_a_refused_key_asks_for_a_new_one(
    hass: HomeAssistant, loaded: MockConfigEntry, dsmr_reader: DsmrReaderSimulator
) -> None:
    dsmr_reader.api_key = "other"
    with pytest.raises(HomeAssistantError) as caught:
        await send(hass, loaded, "send_telegram", telegram=telegram_of(dsmr_reader))
    assert caught.value.translation_key == "invalid_auth"
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_other_servers_take_no_readings(
    hass: HomeAssistant, plug: MockConfigEntry
) -> None:
    for action, data in (
        ("send_telegram", {"telegram": "/x!"}),
        ("send_readings", READINGS),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await send(hass, plug, action, **data)
        assert caught.value.translation_key == "takes_no_readings"
        assert caught.value.translation_placeholders == {"title": plug.title}
