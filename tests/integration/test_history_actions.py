"""The history actions, and how failing imports are reported."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault
from simulators.house import Channel

from .conftest import NOW, Tick, set_up
from .test_history import euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

HOUR = timedelta(hours=1)


async def call(
    hass: HomeAssistant, action: str, entry: MockConfigEntry, **fields: object
) -> dict[str, object]:
    """Call an action and return its response."""
    answer = await hass.services.async_call(
        DOMAIN,
        action,
        {"entry": entry.entry_id, **fields},
        blocking=True,
        return_response=True,
    )
    assert isinstance(answer, dict)
    return answer


async def test_import_history_returns_the_rows_written(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Importing a span again writes its rows again and changes nothing else.

    Costs are only written if they differ.
    """
    before = await imported(hass, loaded)
    start = (NOW - timedelta(hours=12)).isoformat()
    rows = (await call(hass, "import_history", loaded, start=start))["rows"]
    prefix = loaded.runtime_data.history.prefix
    assert rows[f"{prefix}electricity_delivered_1"] == 13
    assert f"{prefix}electricity_delivered_1_cost" not in rows
    assert await imported(hass, loaded) == before


async def test_import_history_of_everything(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Without a start, all rows are written again and stay the same."""
    before = await imported(hass, loaded)
    rows = (await call(hass, "import_history", loaded))["rows"]
    prefix = loaded.runtime_data.history.prefix
    assert rows[f"{prefix}gas"] == len(before["gas"])
    assert await imported(hass, loaded) == before


async def test_get_hourly_history(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Each hour has a position and a change."""
    await imported(hass, loaded)
    start = NOW.replace(minute=0) - 6 * HOUR
    answer = await call(
        hass,
        "get_history",
        loaded,
        point="electricity_delivered_2",
        start=start.isoformat(),
        end=(start + 3 * HOUR).isoformat(),
    )
    assert answer["unit"] == "kWh"
    hours = answer["readings"]
    assert [hour["start"] for hour in hours] == [
        (start + index * HOUR).isoformat() for index in range(3)
    ]
    used = simulator.house.true_energy(
        Channel.DELIVERED_2, start + HOUR, start + 2 * HOUR
    )
    assert hours[1]["change"] == pytest.approx(used / 1000, abs=1e-6)


async def test_get_raw_history(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Each reading is returned once, with its own time."""
    await imported(hass, loaded)
    answer = await call(
        hass,
        "get_history",
        loaded,
        point="gas",
        start=(NOW - HOUR).isoformat(),
        resolution="raw",
    )
    times = [reading["time"] for reading in answer["readings"]]
    assert len(times) == len(set(times)) == pytest.approx(12, abs=1)
    assert times == sorted(times)


async def test_bug_of_others_cleared_is_reported_before_it_is(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """The action returns after deletion; the next import covers everything."""
    before = await imported(hass, loaded)
    cleared = (await call(hass, "clear_history", loaded, confirm=True))["cleared"]
    prefix = loaded.runtime_data.history.prefix
    assert sorted(cleared) == sorted(f"{prefix}{key}" for key in before)
    assert await imported(hass, loaded) == {}
    await tick(300)
    after = await imported(hass, loaded)
    assert {key: rows[:-1] for key, rows in after.items() if key != "fixed_cost"} == {
        key: rows[:-1] for key, rows in before.items() if key != "fixed_cost"
    }


@pytest.mark.parametrize(
    ("action", "fields", "key"),
    [
        ("import_history", {"start": "2030-01-01T00:00:00"}, "in_the_future"),
        (
            "get_history",
            {"point": "nothing", "start": "2026-11-20T00:00:00"},
            "unknown_point",
        ),
        (
            "get_history",
            {
                "point": "gas",
                "start": "2026-11-20T00:00:00",
                "end": "2026-11-19T00:00:00",
            },
            "end_before_start",
        ),
    ],
)
async def test_bad_arguments_are_explained(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    action: str,
    fields: dict[str, object],
    key: str,
) -> None:
    """Invalid arguments are refused with a translated message."""
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, action, loaded, **fields)
    assert refused.value.translation_key == key


async def test_unknown_and_unloaded_entries(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A missing entry, an unloaded one and one without history differ."""
    other = MockConfigEntry(domain="sun")
    other.add_to_hass(hass)
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "clear_history", other, confirm=True)
    assert refused.value.translation_key == "service_config_entry_wrong_domain"
    await hass.config_entries.async_unload(loaded.entry_id)
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "clear_history", loaded, confirm=True)
    assert refused.value.translation_key == "service_config_entry_not_loaded"
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "history": False}
    )
    await set_up(hass, loaded)
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "clear_history", loaded, confirm=True)
    assert refused.value.translation_key == "history_switched_off"
    assert hass.states.get("sensor.electricity_meter_history_import") is None


async def test_action_while_the_server_is_down(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The action fails if the server does."""
    await imported(hass, loaded)
    simulator.faults.add(Fault(Drop()))
    with pytest.raises(HomeAssistantError) as failed:
        await call(hass, "import_history", loaded)
    assert failed.value.translation_key == "cannot_connect"


async def test_bug_of_others_a_failed_import_is_only_logged(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """A repair issue appears after 24 hours of failures, and disappears.

    It is about the server, because its latest readings fail, too.
    """
    await imported(hass, loaded)
    issue_id = f"server_away_{loaded.entry_id}"
    simulator.faults.add(Fault(Drop(), "dsmrreading"))
    for _ in range(11):
        await tick(2 * 3600)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
    for _ in range(2):
        await tick(2 * 3600)
    about_history = f"history_failed_{loaded.entry_id}"
    assert issue_registry.async_get_issue(DOMAIN, about_history) is None
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["reason"] == (
        "There is no connection to the server, or it broke off. Check that the server "
        "is running and that Home Assistant can reach it."
    )
    simulator.faults.clear()
    await tick(600)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_a_server_that_returns_nothing_of_its_own(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Only some platforms can be asked for data in their own terms."""
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "get_server_data", loaded, point="gas", start=NOW.isoformat())
    assert refused.value.translation_key == "no_server_data"


async def readings_of(hass: HomeAssistant, **fields: object) -> Mapping[str, object]:
    """Return the history of the last three hours of a point, chosen by `fields`."""
    answer = await hass.services.async_call(
        DOMAIN,
        "get_history",
        {"start": (NOW - 3 * HOUR).isoformat(), **fields},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    return answer


async def test_history_of_an_entity_or_a_statistic(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Both name the same point as its key does, which only the diagnostics show."""
    await imported(hass, loaded)
    by_key = await readings_of(hass, entry=loaded.entry_id, point="gas")
    assert by_key["point"] == "gas"
    assert by_key["readings"]
    statistic_id = f"{loaded.runtime_data.history.prefix}gas"
    entity_id = "sensor.gas_meter_meter_reading"
    for chosen in (
        {"entity_id": entity_id},
        {"statistic_id": statistic_id},
        # The statistic that the recorder makes of the sensor's own states.
        {"statistic_id": entity_id},
        {"entity_id": entity_id, "entry": loaded.entry_id},
    ):
        assert await readings_of(hass, **chosen) == by_key


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "one_point"),
        ({"entity_id": "sensor.gas_meter", "statistic_id": "a:b"}, "one_point"),
        ({"point": "gas"}, "point_of_which_server"),
        ({"entity_id": "sun.sun"}, "not_of_metering_hub"),
        ({"statistic_id": "tibber:energy_1"}, "not_of_metering_hub"),
    ],
)
async def test_choice_of_a_point_is_explained(
    hass: HomeAssistant, loaded: MockConfigEntry, fields: dict[str, object], key: str
) -> None:
    """One point is chosen, and it is one of Metering Hub."""
    with pytest.raises(ServiceValidationError) as refused:
        await readings_of(hass, **fields)
    assert refused.value.translation_key == key


async def test_a_cost_has_no_readings(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Costs are computed here: the server has no history of them."""
    statistic_id = f"{loaded.runtime_data.history.prefix}gas_cost"
    with pytest.raises(ServiceValidationError) as refused:
        await readings_of(hass, statistic_id=statistic_id)
    assert refused.value.translation_key == "unknown_point"


async def test_clearing_has_to_be_confirmed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Nothing is deleted without it, and the message says what would be."""
    before = await imported(hass, loaded)
    for fields in ({}, {"confirm": False}):
        with pytest.raises(
            ServiceValidationError, match="energy, gas, water"
        ) as refused:
            await call(hass, "clear_history", loaded, **fields)
        assert refused.value.translation_key == "not_confirmed"
        assert refused.value.translation_placeholders == {"title": loaded.title}
    assert await imported(hass, loaded) == before
