"""The history of an older sensor before ours: joined, kept apart, and taken back."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.dashboard.preferences import Source
from custom_components.metering_hub.dashboard.replaced_sources import (
    async_replaced_sources,
)
from custom_components.metering_hub.dashboard.replacement import Replacement
from custom_components.metering_hub.errors import RecorderError
from custom_components.metering_hub.history.joining.plan import JoinPlans, plan_joins
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.recorder.access import wait_until_stored
from custom_components.metering_hub.history.recorder.joined import (
    ANCHOR,
    Seam,
    async_load_seams,
    joining,
    write_joined,
)
from custom_components.metering_hub.metering.model import Kind
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_import_statistics,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.recorder import get_instance

from .conftest import NOW, open_options, set_up
from .series_server import SeriesServer, spec_of
from .test_history import Statistics, euro, imported, recorded, simulator, wants_history
from .test_history_actions import call

__all__ = ["euro", "simulator", "wants_history"]

HOUR = timedelta(hours=1)
KEY = "electricity_delivered_1"
OLD = "sensor.old_meter"
OLD_START = datetime(2026, 9, 30, 20, tzinfo=UTC)
OWN_START = (NOW - timedelta(days=8)).replace(minute=0)
OVERLAP = 48
OLD_HOURS = (OWN_START - OLD_START) // HOUR + OVERLAP


async def write_old(
    hass: HomeAssistant,
    statistic_id: str,
    sums: Sequence[float],
    *,
    unit: str = "Wh",
    unit_class: str | None = "energy",
    start: datetime = OLD_START,
) -> None:
    """Write the hourly sums of an older sensor, as the recorder does."""
    async_import_statistics(
        hass,
        StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            name=None,
            source="recorder",
            statistic_id=statistic_id,
            unit_class=unit_class,
            unit_of_measurement=unit,
        ),
        [
            StatisticData(start=start + hour * HOUR, state=5000 + total, sum=total)
            for hour, total in enumerate(sums)
        ],
    )
    await wait_until_stored(hass)


@pytest.fixture
async def statistics(
    recorder_mock: Recorder, hass: HomeAssistant, loaded: MockConfigEntry
) -> Statistics:
    """Return what is imported of a house that had an older sensor."""
    await write_old(hass, OLD, [hour * 250.0 for hour in range(OLD_HOURS)])
    await write_old(
        hass,
        f"{OLD}_cost",
        [hour * 0.1 for hour in range(OLD_HOURS)],
        unit="EUR",
        unit_class=None,
    )
    return await imported(hass, loaded)


async def choose(
    hass: HomeAssistant, entry: MockConfigEntry, **choices: object
) -> ConfigFlowResult:
    """Submit the first form of the step."""
    form = await open_options(hass, entry, "older_history")
    return await hass.config_entries.options.async_configure(form["flow_id"], choices)


async def join(
    hass: HomeAssistant, entry: MockConfigEntry, key: str = KEY
) -> dict[str, str]:
    """Join the older statistic to one of ours; return what the preview showed."""
    preview = await choose(hass, entry, meter=key, older=OLD)
    assert preview["step_id"] == "older_history_preview", preview
    configure = hass.config_entries.options.async_configure
    done = await configure(preview["flow_id"], {})
    assert done["type"] is FlowResultType.ABORT
    assert done["reason"] == "older_history_joined", done
    return dict(preview["description_placeholders"] or {})


async def changes(
    hass: HomeAssistant, statistic_id: str, period: Any = "month"
) -> list[float]:
    """Return the changes that Home Assistant shows, in kWh."""
    await wait_until_stored(hass)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        datetime(2026, 1, 1, tzinfo=UTC),
        None,
        {statistic_id},
        period,
        {"energy": "kWh"},
        {"change"},
    )
    return [float(row["change"] or 0.0) for row in found[statistic_id]]


def own_rows(statistics: Statistics, key: str = KEY) -> list[Any]:
    """Return the rows of a statistic from our first hour on."""
    seam = OWN_START.timestamp()
    return [row for row in statistics[key] if row["start"] >= seam]


def joined_rows(statistics: Statistics, key: str = KEY) -> list[Any]:
    """Return the rows of a statistic before our first hour."""
    return [row for row in statistics[key] if row["start"] < OWN_START.timestamp()]


async def test_older_rows_are_shown_before_ours(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """Every hour and month shows what both sensors have counted, and ours stay."""
    prefix = loaded.runtime_data.history.prefix
    old = await changes(hass, OLD, "hour")
    own = await changes(hass, f"{prefix}{KEY}", "hour")
    shown = await join(hass, loaded)
    after = await recorded(hass, loaded)
    assert own_rows(after) == statistics[KEY]
    assert own_rows(after, f"{KEY}_cost") == statistics[f"{KEY}_cost"]
    older_hours = OLD_HOURS - OVERLAP
    assert await changes(hass, f"{prefix}{KEY}", "hour") == pytest.approx(
        [*old[:older_hours], *own]
    )
    october = await changes(hass, f"{prefix}{KEY}")
    assert october[0] == pytest.approx((await changes(hass, OLD))[0])
    assert sum(october) == pytest.approx(sum(old[:older_hours]) + sum(own))
    assert joined_rows(after)[-1]["sum"] == 0
    assert joined_rows(after)[-1]["state"] == 5 + (older_hours - 1) * 0.25
    assert sum(
        row["change"] for row in joined_rows(after, f"{KEY}_cost")
    ) == pytest.approx(0.1 * (older_hours - 1))
    assert f"{older_hours} hours are copied" in shown["ends"]
    assert "converted from Wh to kWh" in shown["ends"]
    assert "Hours between the two that stay empty: 0" in shown["ends"]
    assert "The costs in sensor.old_meter_cost come along" in shown["ends"]
    assert await changes(hass, OLD, "hour") == old


async def test_costs_of_a_replaced_source_come_along(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """People change over first; the dashboard no longer knows the old cost then."""
    paid = "sensor.paid"
    await write_old(
        hass, paid, [0.2 * n for n in range(OLD_HOURS)], unit="EUR", unit_class=None
    )
    source: Source = {"type": "grid", "stat_energy_from": OLD, "stat_cost": paid}
    replaced = await async_replaced_sources(hass)
    await replaced.async_set(
        loaded.entry_id, [Replacement(kind="grid", replaced=(source,), added=())]
    )
    assert f"The costs in {paid} come along" in (await join(hass, loaded))["ends"]


async def test_join_is_taken_back(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """Only the copies are deleted, also after ours were imported again."""
    await join(hass, loaded)
    await call(hass, "import_history", loaded)
    prefix = loaded.runtime_data.history.prefix
    ids = [f"{prefix}{KEY}", f"{prefix}{KEY}_cost"]
    done = await choose(hass, loaded, undo=ids)
    assert done["reason"] == "older_history_undone"
    assert await imported(hass, loaded) == statistics
    assert await loaded.runtime_data.history.joiner.async_joined() == {}


async def test_nothing_is_concluded_from_joined_rows(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    statistics: Statistics,
    hass_storage: dict[str, Any],
) -> None:
    """Imports, audits, prices and a restart leave both parts as they are."""
    await join(hass, loaded)
    before = await recorded(hass, loaded)
    await call(hass, "import_history", loaded)
    history = loaded.runtime_data.history
    scope = await history.async_answered_scope()
    history.auditor.async_request(is_complete=True)
    await history.auditor.async_follow(scope, lambda *_: None)
    assert history.auditor.report is not None
    assert history.auditor.report.faults == {}
    await history._importer.price(scope, [KEY])
    assert await imported(hass, loaded) == before
    await hass.config_entries.async_reload(loaded.entry_id)
    assert await imported(hass, loaded) == before


async def test_later_start_deletes_no_joined_row(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """A later *History from* changes nothing that is recorded."""
    await join(hass, loaded)
    before = await recorded(hass, loaded)
    options = {**loaded.options, "history_start": "2026-11-18"}
    hass.config_entries.async_update_entry(loaded, options=options)
    await hass.config_entries.async_reload(loaded.entry_id)
    await imported(hass, loaded)
    await call(hass, "import_history", loaded)
    assert await imported(hass, loaded) == before


async def test_clearing_deletes_joined_rows_too(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """After that, ours come back alone, and the older one can be joined again."""
    await join(hass, loaded)
    history = loaded.runtime_data.history
    await history.clear()
    assert await history.joiner.async_joined() == {}
    await call(hass, "import_history", loaded)
    assert own_rows(await imported(hass, loaded)) == statistics[KEY]
    assert joined_rows(await recorded(hass, loaded)) == []
    await join(hass, loaded)


@pytest.mark.parametrize(
    ("meter", "older", "error"),
    [
        (KEY, "sensor.water", "older_other_unit"),
        (KEY, "sensor.unknown", "older_no_sums"),
        (KEY, "sensor.late", "older_nothing_older"),
        (KEY, "own", "older_own_statistic"),
    ],
)
async def test_refused_statistics(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    statistics: Statistics,
    meter: str,
    older: str,
    error: str,
) -> None:
    """What cannot be joined says why, and nothing is written."""
    await write_old(hass, "sensor.water", [0, 1], unit="L", unit_class="volume")
    await write_old(hass, "sensor.late", [0, 1], start=OWN_START)
    if older == "own":
        older = f"{loaded.runtime_data.history.prefix}gas"
    form = await choose(hass, loaded, meter=meter, older=older)
    assert form["errors"] == {"older": error}
    assert await recorded(hass, loaded) == statistics


async def test_second_join_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """There is one seam in a statistic."""
    await join(hass, loaded)
    form = await choose(hass, loaded, meter=KEY, older=OLD)
    assert form["errors"] == {"older": "older_already_joined"}
    form = await choose(hass, loaded, meter=KEY)
    assert form["errors"] == {"older": "older_required"}


async def test_falls_are_copied_as_zero(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """A meter only counts up, so no hour is negative, and the preview tells of it."""
    sums = [0.0, 1000.0, 400.0, 900.0]
    await write_old(hass, OLD, sums, start=OWN_START - 6 * HOUR)
    shown = await join(hass, loaded)
    found = [row["change"] for row in joined_rows(await recorded(hass, loaded))]
    before = (OLD_HOURS - OVERLAP) - 6
    assert min(found) == 0
    assert len(found) == before + 6
    assert (
        "Hours in which the older sum falls, which are copied as 0: 2"
        in (shown["ends"])
    )


async def test_interrupted_join_is_taken_back(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """Whatever was copied when Home Assistant ended is deleted at the next start."""
    history = loaded.runtime_data.history
    statistic_id = f"{history.prefix}{KEY}"
    seams = await async_load_seams(hass, history.prefix)
    await seams.async_keep(
        statistic_id, Seam(OLD, OLD_START, OWN_START, is_whole=False)
    )
    rows = [Row(ANCHOR, sum=-9.0), Row(OLD_START, 5.0, -9.0)]
    await write_joined(hass, statistic_id, rows)
    await hass.config_entries.async_reload(loaded.entry_id)
    assert await imported(hass, loaded) == statistics
    assert seams.by_id == {}


async def plan_of(hass: HomeAssistant, entry: MockConfigEntry) -> JoinPlans:
    """Return the plan to join the older statistic."""
    history = entry.runtime_data.history
    scope = await history.scope()
    plans = await plan_joins(hass, scope, history.points[KEY], OLD, [f"{OLD}_cost"])
    assert isinstance(plans, JoinPlans)
    return plans


async def test_import_during_a_join_takes_nothing_back(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """What an import finds half joined may only be what was cut off."""
    history = loaded.runtime_data.history
    statistic_id = f"{history.prefix}{KEY}"
    seams = await async_load_seams(hass, history.prefix)
    seam = Seam(OLD, OLD_START, OWN_START)
    async with (
        history._importer.paused(),
        joining(hass, seams, statistic_id, seam),
    ):
        recovery = hass.async_create_task(history.joiner.async_recover())
        await asyncio.sleep(0)
        await write_joined(hass, statistic_id, [Row(OLD_START, 5.0, 0.0)])
    await recovery
    assert seams.by_id == {statistic_id: seam}
    assert len(joined_rows(await recorded(hass, loaded))) == 1


async def test_older_sums_that_were_adjusted_meanwhile_are_not_joined(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """Who mends a fall that the preview told of must see the preview again."""
    history = loaded.runtime_data.history
    plans = await plan_of(hass, loaded)
    get_instance(hass).async_adjust_statistics(
        OLD, OLD_START + 100 * HOUR, 1000.0, "Wh"
    )
    await wait_until_stored(hass)
    with pytest.raises(RecorderError):
        await history.joiner.async_join(await history.scope(), plans)
    assert await recorded(hass, loaded) == statistics
    assert await history.joiner.async_joined() == {}


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> SeriesServer:
    """Return a server with a counter of which only a day can be read."""
    start = NOW.replace(minute=0) - timedelta(hours=100)
    server = SeriesServer(start, {1: Kind.REGISTER}, kept=24)
    monkeypatch.setitem(BACKENDS, "series", spec_of(server))
    return server


async def test_own_older_hours_win(hass: HomeAssistant, series: SeriesServer) -> None:
    """Hours that the server has after all replace joined ones; no hour counts twice."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Campaign",
        unique_id="series:campaign",
        data={"backend": "series", "url": "http://localhost"},
        options={"devices": ["site"], "known_devices": ["site"], "new_devices": True},
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await imported(hass, entry)
    start = series.start - 50 * HOUR
    # Ours counts 2 kWh an hour, and the older sensor 3.
    await write_old(
        hass, OLD, [3.0 * hour for hour in range(120)], unit="kWh", start=start
    )
    key = "series_1_register"
    await join(hass, entry, key)
    statistic_id = f"{entry.runtime_data.history.prefix}{key}"
    found = await changes(hass, statistic_id, "hour")
    # Our first reading, 23 hours ago, begins an hour; the 26 before it are in no row.
    assert found == pytest.approx([0.0, *[3.0] * 119, *[2.0] * (len(found) - 120)])
    series.kept = 10
    await call(hass, "import_history", entry)
    assert await changes(hass, statistic_id, "hour") == pytest.approx(found)
    series.kept = None
    await call(hass, "import_history", entry)
    found = await changes(hass, statistic_id, "hour")
    assert found == pytest.approx([0.0, *[3.0] * 49, *[2.0] * (len(found) - 50)])
    assert len(found) == 150 + 1 or len(found) == 150
    done = await choose(hass, entry, undo=[statistic_id])
    assert done["reason"] == "older_history_undone"
    assert await changes(hass, statistic_id, "hour") == pytest.approx(found[50:])
