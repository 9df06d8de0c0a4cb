"""The action that returns data as the server has them."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulators.besmart import BesmartSimulator
from simulators.faults import Answer, Fault

from ..conftest import NOW, set_up
from ..test_history_actions import call
from .conftest import HOUSE, LATEST, both_editions, true

HOUR = timedelta(hours=1)
A_PLUS = f"{HOUSE}_signal_32"


@pytest.fixture
def wants_history() -> bool:
    """Import nothing: the action asks the server itself."""
    return False


@both_editions
async def test_measured_values_and_predictions(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Without a choice, all that the server has is returned, typed."""
    await set_up(hass, entry)
    span = {"start": (LATEST - HOUR).isoformat(), "end": (NOW + HOUR).isoformat()}
    answer = await call(hass, "get_server_data", entry, point=A_PLUS, **span)
    assert answer["point"] == A_PLUS
    assert answer["unit"] == "kW.h"
    assert "next" not in answer
    values = answer["values"]
    assert isinstance(values, list)
    measured = [each for each in values if each["origin"] == "measured"]
    assert measured[0] == {
        "time": (LATEST - HOUR).isoformat(),
        "value": true(simulator, 32, LATEST - HOUR),
        "origin": "measured",
    }
    predicted = await call(
        hass, "get_server_data", entry, point=A_PLUS, origins=["predicted"], **span
    )
    assert predicted["values"] == [e for e in values if e["origin"] == "predicted"]
    assert len(values) == len(measured) + len(predicted["values"])


async def test_all_that_the_server_can_do(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Intervals, units, raw values and acquisitions are the server's own."""
    simulator.extra_columns = True
    await set_up(hass, entry)
    asked = {"point": A_PLUS, "start": (LATEST - HOUR).isoformat()}
    found = await call(
        hass, "get_server_data", entry, **asked, unit_number=3, earlier=True
    )
    assert found["unit"] == "W.h"
    first = next(each for each in found["values"] if each["origin"] == "measured")
    assert first["acquired"] == (LATEST - HOUR + timedelta(minutes=15)).isoformat()
    raw = await call(hass, "get_server_data", entry, **asked, raw=True, minutes=60)
    assert raw["unit"] is None
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "get_server_data", entry, **asked, unit_number=11)
    assert refused.value.translation_key == "no_such_data"


async def test_what_cannot_be_asked(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BesmartSimulator
) -> None:
    """Mistakes are named, and failures are not empty answers."""
    await set_up(hass, entry)
    start = (LATEST - HOUR).isoformat()
    with pytest.raises(ServiceValidationError) as wrong:
        await call(hass, "get_server_data", entry, point="gone", start=start)
    assert wrong.value.translation_key == "no_such_point"
    later = (NOW + HOUR).isoformat()
    with pytest.raises(ServiceValidationError) as wrong:
        await call(hass, "get_server_data", entry, point=A_PLUS, start=later)
    assert wrong.value.translation_key == "end_before_start"
    simulator.faults.add(Fault(Answer(500)))
    with pytest.raises(HomeAssistantError) as failed:
        await call(hass, "get_server_data", entry, point=A_PLUS, start=start)
    assert failed.value.translation_key == "server_error"
