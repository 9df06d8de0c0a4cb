"""The action that returns what the energy of a site or building was used for."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.metering_hub.actions.energy_breakdown import MAX_BUCKETS
from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from simulators.bemserver import CLEAN, BemserverSimulator, Gap
from simulators.faults import Answer, Fault, Json, html_error

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)
START = datetime(2026, 11, 16, tzinfo=PARIS)
ANALYSIS = "/analysis/energy_consumption"


def device(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return the id of a device."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    identifiers = {(DOMAIN, f"{entry.unique_id}_{key}")}
    (found,) = (each for each in devices if each.identifiers == identifiers)
    return found.id


async def ask(hass: HomeAssistant, device_id: str, **data: object) -> dict[str, Json]:
    """Call the action for three days, unless the data says otherwise."""
    period = {"start": START.isoformat(), "end": (START + 3 * DAY).isoformat()}
    response = await hass.services.async_call(
        DOMAIN,
        "get_energy_breakdown",
        {"device": device_id, **period, **data},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    return dict(response)  # type: ignore[arg-type]  # JSON, as all responses.


def row(found: dict[str, Json], energy: str, end_use: str) -> dict[str, Json]:
    """Return one row of a response."""
    rows = found["rows"]
    assert isinstance(rows, list)
    (only,) = (
        each
        for each in rows
        if isinstance(each, dict)
        and (each["energy"], each["end_use"]) == (energy, end_use)
    )
    return only


async def test_days_of_a_site(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """They begin at midnight in the campaign's time zone, not in Home Assistant's."""
    found = await ask(hass, device(hass, loaded, "site_1"))
    assert found["starts"] == [(START + n * DAY).isoformat() for n in range(3)]
    assert (found["unit"], found["time_zone"]) == ("kWh", "Europe/Paris")
    amounts = [
        simulator.amount(1, START + n * DAY, START + (n + 1) * DAY, CLEAN)
        for n in range(3)
    ]
    whole = row(found, "electricity", "all")
    assert whole["values"] == pytest.approx(amounts)
    assert whole["total"] == pytest.approx(sum(amounts))
    assert whole["missing"] == 0
    assert row(found, "heating network", "heating")["missing"] == 0


async def test_other_units_and_periods(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    site = device(hass, loaded, "site_1")
    month = await ask(hass, site, resolution="month", unit="MWh")
    assert month["starts"] == ["2026-11-01T00:00:00+01:00"]
    end = START + DAY
    hours = await ask(hass, site, resolution="hour", end=end.isoformat())
    starts = hours["starts"]
    assert isinstance(starts, list)
    assert starts[0] == START.isoformat()
    assert len(starts) == 24
    values = row(hours, "electricity", "all")["values"]
    assert isinstance(values, list)
    assert sum(float(str(value)) for value in values) == pytest.approx(
        simulator.amount(1, START, end, CLEAN)
    )
    building = await ask(hass, device(hass, loaded, "building_1"), unit="Wh")
    assert float(str(row(building, "electricity", "all")["total"])) > 1000


async def test_missing_values_are_no_zeros(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """The server answers 0 for a day without values, and for one that was 0."""
    gap = Gap(START + DAY, START + 2 * DAY, frozenset({1}))
    simulator.gaps.append(gap)
    found = await ask(hass, device(hass, loaded, "site_1"))
    whole = row(found, "electricity", "all")
    values = whole["values"]
    assert isinstance(values, list)
    assert values[1] is None
    assert None not in (values[0], values[2])
    assert whole["missing"] == 1
    heating = row(found, "electricity", "heating")
    assert heating["missing"] == 0


async def test_a_server_without_clean_data_has_no_values(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    simulator.without_clean()
    found = await ask(hass, device(hass, loaded, "site_1"))
    assert row(found, "electricity", "all")["values"] == [None, None, None]


async def test_the_hour_that_is_skipped_in_spring(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The server fails if hours are those of the campaign's time zone."""
    start = datetime(2026, 3, 29, tzinfo=PARIS)
    found = await ask(
        hass,
        device(hass, loaded, "site_1"),
        start=start.isoformat(),
        end="2026-03-29T00:30:00Z",
        resolution="hour",
    )
    assert found["starts"] == [
        "2026-03-29T00:00:00+01:00",
        "2026-03-29T01:00:00+01:00",
    ]


async def test_what_has_no_breakdown(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    for device_id in (device(hass, loaded, "campaign_1"), "no such device"):
        with pytest.raises(HomeAssistantError) as raised:
            await ask(hass, device_id)
        assert raised.value.translation_key == "no_energy_breakdown"


async def test_a_unit_that_energy_does_not_convert_to(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """A gas meter that is linked in m³, for example (409)."""
    simulator.world.series[1].unit = "m³"
    with pytest.raises(HomeAssistantError, match="kWh") as raised:
        await ask(hass, device(hass, loaded, "site_1"))
    assert raised.value.translation_key == "incompatible_unit"
    with pytest.raises(vol.Invalid):
        await ask(hass, device(hass, loaded, "site_1"), unit="W")


async def test_bounds(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """Nothing is requested for too many periods, or for none."""
    site = device(hass, loaded, "site_1")
    simulator.faults.clear_requests()
    early = (START - timedelta(hours=MAX_BUCKETS)).isoformat()
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, site, start=early, resolution="hour")
    assert raised.value.translation_key == "too_many_buckets"
    with pytest.raises(ServiceValidationError) as raised:
        await ask(hass, site, end=START.isoformat())
    assert raised.value.translation_key == "end_before_start"
    assert simulator.faults.count(ANALYSIS) == 0
    await ask(hass, site)
    assert simulator.faults.count(ANALYSIS) == 1
    assert simulator.faults.count("/timeseries_data/aggregate") == 1


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (html_error(503), "server_error"),
        (html_error(403), "permission_denied"),
        (Answer(200, b"[]", "application/json"), "unexpected_answer"),
        (
            Answer(
                200,
                b'{"timestamps": [], "energy": {"gas": {"all": [1]}}}',
                "application/json",
            ),
            "unexpected_answer",
        ),
        (
            Answer(
                200,
                b'{"timestamps": ["?"], "energy": {}}',
                "application/json",
            ),
            "unexpected_answer",
        ),
    ],
)
async def test_failures_are_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    answer: Answer,
    key: str,
) -> None:
    simulator.faults.add(Fault(answer, ANALYSIS))
    with pytest.raises(HomeAssistantError) as raised:
        await ask(hass, device(hass, loaded, "site_1"))
    assert raised.value.translation_key == key
