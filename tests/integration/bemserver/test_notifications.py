"""Unread notifications of a campaign as a to-do list."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from simulators.bemserver import BemserverSimulator
from simulators.bemserver.model import Event, Notification
from simulators.faults import Answer, Fault, html_error

from ..conftest import Tick, shown

ENTITY = "todo.campus_paris_notifications"
COUNT = "sensor.campus_paris_unread_notifications"
LIST = "/notifications/"
MISSING = "The following timeseries are missing: A elec index"


@pytest.fixture
def options() -> dict[str, object]:
    """Select the campaign only."""
    return {
        "devices": ["campaign_1"],
        "known_devices": ["site_1"],
        "new_devices": False,
    }


def notify(simulator: BemserverSimulator, text: str) -> int:
    """Notify the user of a new event; return the id of the notification."""
    world, now = simulator.world, dt_util.utcnow()
    number = max(world.events) + 1
    world.events[number] = Event(number, now, "WARNING", 1, 1, text)
    key = max(world.notifications) + 1
    world.notifications[key] = Notification(key, number, 2, now)
    return key


def requested(simulator: BemserverSimulator) -> list[str]:
    """Return what was requested of notifications, below their list."""
    paths = [each.path for each in simulator.faults.requests]
    return [path.removeprefix(LIST) for path in paths if path.startswith(LIST)]


async def items(hass: HomeAssistant) -> list[dict[str, str]]:
    """Return the items that a person sees."""
    response = await hass.services.async_call(
        "todo",
        "get_items",
        {"entity_id": ENTITY},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    found = response[ENTITY]
    assert isinstance(found, dict)
    return found["items"]  # type: ignore[return-value]  # As todo answers.


async def complete(hass: HomeAssistant, item: str, **changes: str) -> None:
    """Complete an item, by its summary or uid."""
    data = {"entity_id": ENTITY, "item": item, "status": "completed", **changes}
    await hass.services.async_call("todo", "update_item", data, blocking=True)


async def test_unread_notifications_are_listed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Newest first, with all that the server says of them."""
    assert shown(hass, ENTITY) == "2"
    newest, oldest = await items(hass)
    assert newest["summary"] == "Outliers in A CO2"
    assert oldest["summary"] == MISSING
    happened = dt_util.as_local(dt_util.utcnow() - timedelta(hours=3))
    assert oldest["description"] == (
        "Data missing · warning · BEMServer - Check missing data · "
        f"{happened:%Y-%m-%d %H:%M}"
    )
    assert {item["status"] for item in (newest, oldest)} == {"needs_action"}
    assert hass.states.get(ENTITY).attributes["left_out"] == 0  # type: ignore[union-attr]


async def test_completing_marks_as_read(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """The item is done at once, and gone when the list has been read again."""
    await complete(hass, MISSING)
    assert simulator.world.notifications[1].read
    assert not simulator.world.notifications[2].read
    assert shown(hass, ENTITY) == "1"
    assert [item["status"] for item in await items(hass)] == [
        "needs_action",
        "completed",
    ]
    await tick(2)
    assert [item["uid"] for item in await items(hass)] == ["2"]
    assert shown(hass, COUNT) == "1"


async def test_nothing_is_requested_while_the_number_stays(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """A poll is one count for number and list; a new notification is one list more."""
    simulator.faults.clear_requests()
    await tick(301)
    assert requested(simulator) == ["count_by_campaign"]
    notify(simulator, "The boiler is cold")
    simulator.faults.clear_requests()
    await tick(301)
    paths = [each.path for each in simulator.faults.requests]
    assert [path for path in paths if LIST in path] == [
        f"{LIST}count_by_campaign",
        LIST,
    ]
    assert (await items(hass))[0]["summary"] == "The boiler is cold"
    assert shown(hass, ENTITY) == shown(hass, COUNT) == "3"


async def test_a_long_list_says_how_many_it_leaves_out(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    for number in range(250):
        notify(simulator, f"Event {number}")
        await tick(0.001)
    await tick(301)
    state = hass.states.get(ENTITY)
    assert state is not None
    assert state.state == "200"
    assert state.attributes["left_out"] == 52
    listed = await items(hass)
    assert listed[0]["summary"] == "Event 249"
    assert len({item["uid"] for item in listed}) == 200
    assert simulator.faults.count(LIST, "GET") - simulator.faults.count("count") == 3


async def test_another_change_at_the_same_time_does_no_harm(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """A stale tag (412) is read again, once."""
    stale = Answer(412, b'{"code":412}', "application/json")
    simulator.faults.add(Fault(stale, LIST, times=1, method="PUT"))
    await complete(hass, "1")
    assert simulator.world.notifications[1].read
    assert simulator.faults.count(LIST, "PUT") == 2
    simulator.faults.add(Fault(stale, LIST, times=2, method="PUT"))
    with pytest.raises(HomeAssistantError):
        await complete(hass, "2")
    assert simulator.faults.count(LIST, "PUT") == 4
    assert not simulator.world.notifications[2].read
    assert shown(hass, ENTITY) == "1"


async def test_what_is_read_elsewhere_is_not_written(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    simulator.world.notifications[1].read = True
    await complete(hass, "1")
    assert simulator.faults.count(LIST, "PUT") == 0
    assert shown(hass, ENTITY) == "1"


async def test_what_is_gone_is_refused_and_leaves_the_list(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    del simulator.world.notifications[1]
    with pytest.raises(ServiceValidationError) as raised:
        await complete(hass, "1")
    assert raised.value.translation_key == "no_longer_there"
    await tick(2)
    assert [item["uid"] for item in await items(hass)] == ["2"]


async def test_only_completing_is_possible(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """There is nothing to create, to delete, to rename or to reopen."""
    for changes in ({"rename": "Mine"}, {"status": "needs_action"}):
        with pytest.raises(ServiceValidationError) as raised:
            await complete(hass, "1", **changes)
        assert raised.value.translation_key == "only_completed"
    for action in ("add_item", "remove_item"):
        with pytest.raises(HomeAssistantError):
            await hass.services.async_call(
                "todo", action, {"entity_id": ENTITY, "item": "1"}, blocking=True
            )
    assert simulator.faults.count(LIST, "PUT") == 0
    assert shown(hass, ENTITY) == "2"


@pytest.mark.parametrize(
    ("status", "key"), [(500, "server_error"), (403, "permission_denied")]
)
async def test_failures_are_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    status: int,
    key: str,
) -> None:
    simulator.faults.add(Fault(html_error(status), LIST, method="PUT"))
    with pytest.raises(HomeAssistantError) as raised:
        await complete(hass, "1")
    assert raised.value.translation_key == key
    assert shown(hass, ENTITY) == "2"


async def test_refused_credentials_start_a_reauthentication(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    simulator.secret_key = "another-secret-key-of-32-bytes!!!"
    simulator.reader.password = "changed"
    with pytest.raises(HomeAssistantError):
        await complete(hass, "1")
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_a_list_that_fails_costs_itself(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """The number stays, and the list comes back."""
    notify(simulator, "New")
    fault = Fault(Answer(200, b"{}", "application/json"), LIST, skip=1, times=1)
    simulator.faults.add(fault)
    await tick(301)
    assert shown(hass, ENTITY) == "unavailable"
    assert shown(hass, COUNT) == "3"
    await tick(301)
    assert shown(hass, ENTITY) == "3"
