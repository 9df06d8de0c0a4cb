"""The action that uploads values of Home Assistant into a series."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.statistic import statistic_prefix
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from simulators.bemserver import RAW, BemserverSimulator
from simulators.bemserver.model import CLEAN, Series
from simulators.bemserver.units import UndefinedUnitError, unit
from simulators.faults import Answer, Fault, Json, html_error
from simulators.times import epoch

from ..conftest import NOW

SENSOR = "sensor.heat_pump"
STATISTIC = "test:heat_pump"
HOUR = timedelta(hours=1)
START = NOW.replace(minute=0) - 5 * HOUR
TARGET = 900
POST = "/timeseries_data/"


@pytest.fixture
def options() -> dict[str, object]:
    """Select the campaign only."""
    return {
        "devices": ["campaign_1"],
        "known_devices": ["site_1"],
        "new_devices": False,
    }


@pytest.fixture(autouse=True)
def target(simulator: BemserverSimulator) -> Series:
    """Let the campaign have a series without any data."""
    series = Series(TARGET, "From Home Assistant", "kWh", 1, 1)
    simulator.world.series[TARGET] = series
    return series


@pytest.fixture
async def statistic(hass: HomeAssistant) -> str:
    """Record four hours of a meter that counts in MWh."""
    metadata = StatisticMetaData(
        statistic_id=STATISTIC,
        source="test",
        name="Heat pump",
        unit_of_measurement="MWh",
        unit_class="energy",
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
    )
    rows = [
        StatisticData(start=START + n * HOUR, state=70 + n / 100, sum=n / 100)
        for n in range(6)
    ]
    async_add_external_statistics(hass, metadata, rows)
    await async_wait_recording_done(hass)
    return STATISTIC


def stored(
    simulator: BemserverSimulator, state: str = RAW
) -> dict[datetime, float | int]:
    """Return what the server has of the series, by time."""
    series = simulator.world.series[TARGET]
    span = epoch(START - 24 * HOUR), epoch(NOW + HOUR)
    return {
        datetime.fromtimestamp(when, UTC): value
        for times, values in simulator.store.chunks(series, state, span, NOW)
        for when, value in zip(times, values, strict=True)
    }


async def upload(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    source: str,
    what: str,
    *,
    context: Context | None = None,
    **data: object,
) -> dict[str, Json]:
    """Call the action for the last hours, and return its response."""
    response = await hass.services.async_call(
        DOMAIN,
        "upload_timeseries",
        {
            "entry": entry.entry_id,
            "source": source,
            "what": what,
            "series": str(TARGET),
            "start": START.isoformat(),
            **data,
        },
        context=context,
        blocking=True,
        return_response=True,
    )
    assert response is not None
    return dict(response)  # type: ignore[arg-type]  # JSON, as all responses.


async def report(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, *states: tuple[str, str | None]
) -> list[datetime]:
    """Let a sensor report states a minute apart; return when it did."""
    times = []
    freezer.move_to(START + HOUR)
    for state, shown_unit in states:
        freezer.tick(timedelta(minutes=1, milliseconds=250))
        attributes = {"unit_of_measurement": shown_unit} if shown_unit else {}
        hass.states.async_set(SENSOR, state, attributes)
        times.append(datetime.now(UTC).replace(microsecond=0))
    await async_wait_recording_done(hass)
    freezer.move_to(NOW)
    return times


async def test_amounts_of_a_statistic(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
) -> None:
    """They are converted, and stamped at the start of the hour that is over."""
    found = await upload(hass, loaded, statistic, "change")
    assert found == {
        "series": "From Home Assistant",
        "unit": "kWh",
        "sent": 5,
        "left_out": 1,
        "rejected": 0,
        "rejected_values": [],
    }
    values = stored(simulator)
    assert [*values] == [START + n * HOUR for n in range(5)]
    assert [*values.values()][1:] == pytest.approx([10] * 4)


async def test_positions_of_a_statistic(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
) -> None:
    """A position is that at the end of the hour."""
    await upload(hass, loaded, statistic, "position")
    assert stored(simulator) == {
        START + (n + 1) * HOUR: pytest.approx(70_000 + 10 * n) for n in range(5)
    }


async def test_means_that_a_statistic_does_not_have(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
) -> None:
    found = await upload(hass, loaded, statistic, "mean")
    assert (found["sent"], found["left_out"]) == (0, 6)
    assert not stored(simulator)
    assert simulator.faults.count(POST, "POST") == 0


async def test_states_of_a_sensor(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Each in its unit; no value is left out, and another unit is rejected."""
    times = await report(
        hass,
        freezer,
        ("1.5", "kWh"),
        ("unavailable", None),
        ("2500", "Wh"),
        ("full", "kWh"),
        ("inf", "kWh"),
        ("20", "°C"),
        ("unknown", "kWh"),
        ("4", "kWh"),
    )
    found = await upload(hass, loaded, SENSOR, "states")
    assert (found["sent"], found["left_out"], found["rejected"]) == (3, 2, 3)
    assert stored(simulator) == {times[0]: 1.5, times[2]: 2.5, times[7]: 4}
    rejected = found["rejected_values"]
    assert isinstance(rejected, list)
    assert [
        (each["value"], each["reason"]) for each in rejected if isinstance(each, dict)
    ] == [
        ("full", "not_a_number"),
        ("inf", "not_a_number"),
        ("20", "incompatible_unit"),
    ]


async def test_what_is_stored_stays(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
) -> None:
    """The same call again changes nothing, and neither does another value."""
    first = await upload(hass, loaded, statistic, "change")
    before = stored(simulator)
    assert await upload(hass, loaded, statistic, "change") == first
    assert stored(simulator) == before
    assert not stored(simulator, CLEAN)
    await upload(hass, loaded, statistic, "change", data_state="clean")
    assert stored(simulator, CLEAN) == before


async def test_a_series_by_name(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
) -> None:
    """Names are unique within a campaign, which has an id and a name."""
    name = "From Home Assistant"
    await upload(hass, loaded, statistic, "change", series=name)
    assert len(stored(simulator)) == 5
    simulator.world.series[901] = Series(901, name, "kWh", 2, 5)
    with pytest.raises(ServiceValidationError) as raised:
        await upload(hass, loaded, statistic, "change", series=name)
    assert raised.value.translation_key == "several_series"
    for campaign in ("1", "Campus Paris"):
        found = await upload(
            hass, loaded, statistic, "change", series=name, campaign=campaign
        )
        assert found["sent"] == 5


@pytest.mark.parametrize(
    "wanted",
    [
        {"series": "777777"},
        {"series": "From nowhere"},
        {"series": str(TARGET), "campaign": "2"},
        {"series": str(TARGET), "campaign": "No such campaign"},
    ],
)
async def test_a_series_that_is_not_there(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
    wanted: dict[str, str],
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await upload(hass, loaded, statistic, "change", **wanted)
    assert raised.value.translation_key == "no_such_series"
    assert simulator.faults.count(POST, "POST") == 0


@pytest.mark.parametrize("series_unit", ["m³", "W", "", "BTU"])
async def test_units_that_do_not_convert(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
    series_unit: str,
) -> None:
    """They are refused before anything is sent."""
    simulator.world.series[TARGET].unit = series_unit
    try:
        unit(series_unit)
    except UndefinedUnitError:
        pytest.fail("the server would not have it")
    with pytest.raises(ServiceValidationError) as raised:
        await upload(hass, loaded, statistic, "change")
    assert raised.value.translation_key == "incompatible_unit"
    assert simulator.faults.count(POST, "POST") == 0


async def test_own_sources_are_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: BemserverSimulator
) -> None:
    """The server would get its own values back."""
    own = "sensor.campus_paris_unread_notifications"
    assert hass.states.get(own) is not None
    prefix = statistic_prefix(loaded, BACKENDS["bemserver"])
    for source, what in (
        (own, "states"),
        (own, "mean"),
        (f"{prefix}timeseries_1_amount", "change"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await upload(hass, loaded, source, what)
        assert raised.value.translation_key == "own_source"


async def test_sources_that_are_not_there(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    for source, what in (
        (f"{DOMAIN}:bemserver_00000000_x", "change"),
        ("sensor.nothing", "states"),
        (STATISTIC, "position"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await upload(hass, loaded, source, what)
        assert raised.value.translation_key == "no_such_source"


async def test_administrators_only(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
    hass_read_only_user: MockUser,
    hass_admin_user: MockUser,
) -> None:
    with pytest.raises(Unauthorized):
        await upload(
            hass,
            loaded,
            statistic,
            "change",
            context=Context(user_id=hass_read_only_user.id),
        )
    assert not stored(simulator)
    context = Context(user_id=hass_admin_user.id)
    assert (await upload(hass, loaded, statistic, "change", context=context))["sent"]


async def test_long_histories_are_sent_in_batches(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
) -> None:
    """1,200 hours of 50 days are three requests: 500 and 220, then 480."""
    begin = START - timedelta(days=50)
    metadata = StatisticMetaData(
        statistic_id=STATISTIC,
        source="test",
        name="Heat pump",
        unit_of_measurement="kWh",
        unit_class="energy",
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
    )
    rows = [
        StatisticData(start=begin + n * HOUR, state=n, sum=n) for n in range(50 * 24)
    ]
    async_add_external_statistics(hass, metadata, rows)
    await async_wait_recording_done(hass)
    found = await upload(hass, loaded, STATISTIC, "change", start=begin.isoformat())
    assert found["sent"] == 1200
    assert simulator.faults.count(POST, "POST") == 3


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (html_error(502), "server_error"),
        (html_error(403), "permission_denied"),
        (
            Answer(
                422, b'{"message": "Unknown timeseries: [900]"}', "application/json"
            ),
            "no_such_series",
        ),
    ],
)
async def test_failures_are_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
    answer: Answer,
    key: str,
) -> None:
    simulator.faults.add(Fault(answer, POST, method="POST"))
    with pytest.raises(HomeAssistantError) as raised:
        await upload(hass, loaded, statistic, "change")
    assert raised.value.translation_key == key


async def test_a_lost_answer_is_sent_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: BemserverSimulator,
    statistic: str,
) -> None:
    simulator.faults.add(Fault(html_error(503), POST, times=1, method="POST"))
    assert (await upload(hass, loaded, statistic, "change"))["sent"] == 5
    assert len(stored(simulator)) == 5


async def test_periods(
    hass: HomeAssistant, loaded: MockConfigEntry, statistic: str
) -> None:
    for start, end, key in (
        (START, START, "end_before_start"),
        (START - timedelta(days=367), START, "too_long"),
        (START, NOW + HOUR, "in_the_future"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await upload(
                hass,
                loaded,
                statistic,
                "change",
                start=start.isoformat(),
                end=end.isoformat(),
            )
        assert raised.value.translation_key == key
