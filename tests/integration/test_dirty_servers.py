"""Two months of readings with all kinds of faults end with no wrong hour."""

import asyncio
from collections.abc import AsyncIterator

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.flow.forms import read_values
from demo.check_dirty import cause_of, wrong_spans
from demo.servers import KINDS, Kind
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.__main__ import SIMULATORS, parser
from simulators.registry import Running
from simulators.server import serve

from .conftest import set_up
from .test_history import imported

SECRET = "simulated-secret"
SETTLED = 3 * 3600
"""The age in seconds of hours that cannot grow."""

OPTIONS = {
    "besmart": ("--years", "0.16"),
    "bemserver": ("--years", "0.16"),
    "dsmr_reader": ("--years", "0.16", "--interval", "300"),
    "milesight": ("--days", "58"),
}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.backend)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return each of the servers."""
    found: Kind = request.param
    return found


@pytest.fixture
def running(kind: Kind) -> Running:
    """Return a simulator whose readings have faults."""
    options = (*kind.options(SECRET), *OPTIONS[kind.backend], "--dirty")
    arguments = parser().parse_args([kind.backend, *options])
    return SIMULATORS[kind.backend].build(arguments)


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
    for key, rows in (await imported(hass, entry)).items():
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
    assert wrong == []
