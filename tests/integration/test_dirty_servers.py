"""Six weeks of readings with all kinds of faults end with no wrong hour.

Each hour says how well founded its amount is, and it is what the simulator knows.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.flow.forms import read_values
from custom_components.metering_hub.metering.quality import has_quality
from demo.check_dirty import cause_of, wrong_spans
from demo.check_quality import known_hours, wrong_qualities
from demo.servers import KINDS, Kind
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators import bemserver, besmart, dsmr_reader, milesight
from simulators.bemserver.dirty import (
    expected as bemserver_expected,
    make_dirty as make_bemserver_dirty,
)
from simulators.besmart.dirty import (
    expected as besmart_expected,
    make_dirty as make_besmart_dirty,
)
from simulators.dsmr_reader.dirty import (
    expected as dsmr_reader_expected,
    make_dirty as make_dsmr_reader_dirty,
)
from simulators.house import House
from simulators.milesight.dirty import (
    expected as milesight_expected,
    make_dirty as make_milesight_dirty,
)
from simulators.registry import Running
from simulators.server import serve

from .conftest import NOW, finish_tasks, set_up
from .test_history import recorded

SECRET = "simulated-secret"
SETTLED = 3 * 3600
"""The age in seconds of hours that cannot grow."""

START = NOW.replace(hour=0, minute=0) - timedelta(days=43)


def besmart_running() -> Running:
    """Return a besmart with two registers of a house and one of a workshop."""
    simulator = besmart.BesmartSimulator(
        clock=dt_util.utcnow,
        password=SECRET,
        sensors=besmart.default_sensors(7, START),
        delay=timedelta(minutes=15),
    )
    simulator.sensor(besmart.HOUSE_MID).signals = (32, 34)
    make_besmart_dirty(simulator, 1)
    find = partial(besmart_expected, simulator)
    return Running(simulator.app, "", dirt=simulator.dirt, expected=find)


def bemserver_running() -> Running:
    """Return a BEMServer with a few amounts and counters."""
    simulator = bemserver.BemserverSimulator(1, 43 / 365, clock=dt_util.utcnow)
    simulator.reader.password = SECRET
    for number in simulator.world.series.keys() - {1, 2, 13, 14, 63}:
        simulator.world.delete_series(number)
    dirt = make_bemserver_dirty(simulator, 1)
    find = partial(bemserver_expected, simulator)
    return Running(simulator.app, "", dirt=dirt, expected=find)


def dsmr_reader_running() -> Running:
    """Return a DSMR-reader with a reading every five minutes."""
    simulator = dsmr_reader.DsmrReaderSimulator(
        House(7, START), api_key=SECRET, clock=dt_util.utcnow, interval=300
    )
    make_dsmr_reader_dirty(simulator, 1)
    find = partial(dsmr_reader_expected, simulator)
    return Running(simulator.app, "", dirt=simulator.dirt, expected=find)


def milesight_running() -> Running:
    """Return a Beaver IoT with plugs, clamps and a meter."""
    simulator = milesight.MilesightSimulator(
        start=START,
        seed=7,
        device_count=6,
        clock=dt_util.utcnow,
        user=milesight.User(password=SECRET),
    )
    dirt = make_milesight_dirty(simulator, 1)
    find = partial(milesight_expected, simulator, dirt)
    return Running(simulator.app, "", dirt=dirt, expected=find)


BUILDERS = {
    "besmart": besmart_running,
    "bemserver": bemserver_running,
    "dsmr_reader": dsmr_reader_running,
    "milesight": milesight_running,
}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.backend)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return each of the servers."""
    found: Kind = request.param
    return found


@pytest.fixture
def running(kind: Kind) -> Running:
    """Return a simulator whose readings have faults."""
    return BUILDERS[kind.backend]()


@pytest.fixture
async def url(
    hass: HomeAssistant, running: Running, freezer: FrozenDateTimeFactory
) -> AsyncIterator[str]:
    """Serve the simulator on a real socket until all entries are unloaded."""

    async def let_time_pass() -> None:
        """Let timeouts end, which frozen time never does."""
        while True:
            freezer.tick(0.1)
            await asyncio.sleep(0)

    async with serve(running.app) as base_url:
        yield base_url
        passing = asyncio.create_task(let_time_pass())
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)
    passing.cancel()


@pytest.fixture
def entry(hass: HomeAssistant, kind: Kind, url: str) -> MockConfigEntry:
    """Return an entry for all devices of the server that is not set up yet."""
    form = dict(kind.form(url.removeprefix("http://"), SECRET))
    config_entry = MockConfigEntry(
        domain=DOMAIN,
        title=kind.name,
        unique_id=f"{kind.backend}:dirty",
        data={
            "backend": kind.backend,
            **read_values(BACKENDS[kind.backend], form, None),
        },
        options={
            "devices": [],
            "known_devices": [],
            "new_devices": True,
            "history": True,
            "energy_dashboard": False,
        },
    )
    config_entry.add_to_hass(hass)
    return config_entry


async def test_no_hour_is_wrong(
    hass: HomeAssistant, entry: MockConfigEntry, kind: Kind, running: Running
) -> None:
    """Every hour is what the meter counted, whatever its readings showed."""
    await set_up(hass, entry)
    settled = dt_util.utcnow().timestamp() - SETTLED
    touched = {key for spot in running.dirt for key in spot.keys}
    compared: set[str] = set()
    wrong: list[str] = []
    await finish_tasks(hass)
    for key, rows in (await recorded(hass, entry)).items():
        name = kind.name_of(key)
        expected = None if name is None else running.expected(name)
        if name is None or expected is None:
            continue
        changes = {
            dt_util.utc_from_timestamp(row["start"]): row["change"] or 0.0
            for row in rows
            if row["start"] < settled
        }
        newest = round(max(changes, default=dt_util.utcnow()).timestamp())
        if expected.amount(newest, newest + 3600) is None:
            continue
        compared.add(name)
        wrong += [
            f"{key} {span} ({cause_of(running.dirt, name, span)})"
            for span in wrong_spans(changes, expected)
        ]
    assert len(compared & touched) >= 3, compared
    assert wrong == [], "\n".join(wrong)


async def test_every_hour_has_its_quality(
    hass: HomeAssistant, entry: MockConfigEntry, kind: Kind, running: Running
) -> None:
    """An hour is marked as what the simulator did to its readings."""
    await set_up(hass, entry)
    settled = int(dt_util.utcnow().timestamp()) - SETTLED
    await finish_tasks(hass)
    there = await recorded(hass, entry)
    compared: set[str] = set()
    wrong: list[str] = []
    for point in entry.runtime_data.inventory.data.points.values():
        name = kind.name_of(point.key)
        expected = None if name is None else running.expected(name)
        if not has_quality(point) or point.key not in there:
            continue
        if name is None or expected is None:
            continue
        compared.add(name)
        hours = [*known_hours(expected, settled)]
        start, end = hours[0][0], hours[-1][0] + 3600
        codes = entry.runtime_data.history.qualities.codes(
            point.key, float(start), float(end)
        )
        marked = [(at, codes[(at - start) // 3600], right) for at, right in hours]
        wrong += [
            f"{point.key} {span} ({cause_of(running.dirt, name, span)})"
            for span in wrong_qualities(marked)
        ]
    touched = {key for spot in running.dirt for key in spot.keys}
    assert len(compared & touched) >= 3, compared
    assert wrong == [], "\n".join(wrong)
