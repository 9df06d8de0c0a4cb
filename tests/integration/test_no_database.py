"""Home Assistant without a database: values are shown, and the history says so."""

from datetime import timedelta
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.diagnostics import (
    async_get_config_entry_diagnostics,
)
from custom_components.metering_hub.errors import RecorderMigratingError
from custom_components.metering_hub.history.recorder.access import running_recorder
from custom_components.metering_hub.system_health import system_health_info
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import (
    DATA_INSTANCE,
    async_initialize_recorder,
    get_instance,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import House

from .conftest import API_KEY, NOW, Tick, finish_tasks, set_up
from .test_history import PROGRESS
from .test_history_actions import call

ACTIONS = (
    ("import_history", {}),
    ("clear_history", {"confirm": True}),
    ("get_costs", {"start": "2026-11-20 00:00:00"}),
    ("add_to_energy_dashboard", {}),
)


@pytest.fixture(autouse=True)
def _environment(
    enable_custom_integrations: None,
    socket_enabled: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Run with real sockets, at a fixed time, and without a recorder."""
    get_instance.cache_clear()
    freezer.move_to(NOW)


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader of a house with two days of history."""
    start = (NOW - timedelta(hours=48)).replace(minute=0)
    return DsmrReaderSimulator(
        House(7, start), api_key=API_KEY, clock=dt_util.utcnow, interval=300
    )


@pytest.fixture
def wants_history() -> bool:
    """Import history, which fails."""
    return True


async def set_up_recorder(hass: HomeAssistant, url: str) -> bool:
    """Set the recorder up, which tries only once to connect to its database."""
    async_initialize_recorder(hass)
    config = {"db_url": url, "db_max_retries": 1, "db_retry_wait": 0}
    return await async_setup_component(hass, "recorder", {"recorder": config})


async def assert_live_only(
    hass: HomeAssistant, entry: MockConfigEntry, tick: Tick, error: str
) -> None:
    """Assert that values are shown and change, and that the history has no database."""
    await finish_tasks(hass)
    before = live_values(hass)
    await tick(300)
    now = live_values(hass)
    assert len(now) > 10
    assert now != before
    assert STATE_UNAVAILABLE not in now.values()
    state = hass.states.get(PROGRESS)
    assert state is not None
    assert state.attributes["state"] == "no_database"
    issue = ir.async_get(hass).async_get_issue(*issue_of(entry))
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert "Restart" in issue.translation_placeholders["reason"] or error == (
        "no_recorder"
    )
    for action, fields in ACTIONS:
        with pytest.raises(HomeAssistantError) as raised:
            await call(hass, action, entry, **fields)
        assert raised.value.translation_key == error, action
    assert (await system_health_info(hass))["servers_answering"] == 1
    assert await async_get_config_entry_diagnostics(hass, entry)


def live_values(hass: HomeAssistant) -> dict[str, str]:
    """Return the states of the sensors of readings."""
    return {
        state.entity_id: state.state
        for state in hass.states.async_all("sensor")
        if not state.entity_id.endswith(("_data_quality", "_history_import"))
        and "monetary" not in str(state.attributes.get("device_class"))
    }


def issue_of(entry: MockConfigEntry) -> tuple[str, str]:
    """Return the id of the card of an entry."""
    return DOMAIN, f"history_no_database_{entry.entry_id}"


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what of ours is logged with a traceback."""
    return [
        each.getMessage()
        for each in caplog.records
        if each.exc_info
        and "homeassistant.components.recorder" not in each.name
        # Home Assistant logs the whole error of an update for debugging.
        and each.levelname != "DEBUG"
    ]


async def test_without_a_recorder(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An entry is set up if the user has removed the recorder."""
    await set_up(hass, entry)
    await assert_live_only(hass, entry, tick, "no_recorder")
    assert tracebacks(caplog) == []
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    assert ir.async_get(hass).async_get_issue(*issue_of(entry)) is None


async def test_a_database_that_is_away(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tick: Tick,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An entry is set up if the recorder could not connect; nothing is queued."""
    url = f"sqlite:///{tmp_path}/missing/home-assistant.db"
    assert not await set_up_recorder(hass, url)
    await set_up(hass, entry)
    backlog = get_instance(hass).backlog
    await assert_live_only(hass, entry, tick, "recorder_stopped")
    assert get_instance(hass).backlog == backlog
    assert tracebacks(caplog) == []


class TestLater:
    """The database goes away while Home Assistant runs."""

    @pytest.fixture(autouse=True)
    def _environment(
        self,
        recorder_mock: object,
        enable_custom_integrations: None,
        socket_enabled: None,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        """Run with a recorder."""
        freezer.move_to(NOW)

    async def test_the_recorder_ends(
        self, hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
    ) -> None:
        """The history says so at its next import, and queues nothing."""
        await get_instance(hass)._async_shutdown(None)  # type: ignore[arg-type]
        backlog = get_instance(hass).backlog
        await tick(300)
        await assert_live_only(hass, loaded, tick, "recorder_stopped")
        assert get_instance(hass).backlog == backlog

    async def test_the_recorder_converts_its_database(
        self,
        hass: HomeAssistant,
        loaded: MockConfigEntry,
        tick: Tick,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Nothing is queued meanwhile, and there is no card; then it goes on."""
        await finish_tasks(hass)
        instance = hass.data[DATA_INSTANCE]
        with monkeypatch.context() as patched:
            patched.setattr(instance, "migration_in_progress", True)
            with pytest.raises(RecorderMigratingError):
                running_recorder(hass)
            for _ in range(3):
                await tick(300)
            state = hass.states.get(PROGRESS)
            assert state is not None
            assert state.attributes["state"] == "failed"
            assert ir.async_get(hass).async_get_issue(*issue_of(loaded)) is None
        await tick(300)
        state = hass.states.get(PROGRESS)
        assert state is not None
        assert state.attributes["state"] == "up_to_date"
