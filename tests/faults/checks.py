"""What must hold in each cell, whatever goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import logging
import time

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .authority import HOST
from .proxy import FaultProxy
from .troubles import Trouble
from .worlds import DOMAIN, Rows, form, secrets

type States = Mapping[str, str]
"""The states of the entities of an entry by entity id."""

HOUR = 3600.0

MAX_LINES = 5
"""The warnings and errors of one cell that a person may find in the log."""

_OWN = ("custom_components", "homeassistant")
_SERVER_SIDE = ("SSL", "Fatal error on", "Error on transport creation for incoming")
"""How complaints of the proxy begin whose client hangs up or refuses a handshake."""


@dataclass
class Complaints:
    """What ends up in the event loop's handler of exceptions."""

    found: list[str] = field(default_factory=list)

    def note(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Note a task that failed unseen, but not the server's side of TLS."""
        message = str(context.get("message"))
        if not message.startswith(_SERVER_SIDE):
            self.found.append(f"{message}: {context.get('exception')!r}")


@dataclass
class Log:
    """What a person may read in the log during one cell."""

    caplog: pytest.LogCaptureFixture
    complaints: Complaints
    backend: str
    proxy: FaultProxy

    def clear(self) -> None:
        """Forget what was logged before."""
        self.caplog.clear()
        self.complaints.found.clear()

    def check(self) -> None:
        """Check that there is no traceback, no secret and no flood."""
        assert not self.complaints.found, self.complaints.found
        own = [each for each in self.caplog.records if each.name.startswith(_OWN)]
        shown = [each for each in own if each.levelno >= logging.INFO]
        assert not [each.getMessage() for each in shown if each.exc_info]
        private = {HOST, *secrets(self.backend), *self.proxy.tokens}
        told = [each.getMessage() for each in shown]
        assert not [line for line in told if any(word in line for word in private)]
        assert not [line for line in told if "Traceback" in line]
        alarms = [each for each in shown if each.levelno >= logging.WARNING]
        assert len(alarms) <= MAX_LINES, [each.getMessage() for each in alarms]


def states_of(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return the states of the entities of an entry."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {
        entity.entity_id: state.state
        for entity in entities
        if (state := hass.states.get(entity.entity_id))
    }


def check_right_or_away(shown: States, right: States) -> None:
    """Check that each state is right or unavailable."""
    wrong = {
        key: (state, right.get(key))
        for key, state in shown.items()
        if state not in (STATE_UNAVAILABLE, right.get(key))
    }
    assert not wrong, wrong


def difference(shown: States, right: States) -> dict[str, tuple[object, object]]:
    """Return the states that differ: what is shown, and what is right."""
    return {
        key: (shown.get(key), right.get(key))
        for key in sorted(shown.keys() | right.keys())
        if shown.get(key) != right.get(key)
    }


def check_rows(
    shown: Rows,
    right: Rows,
    until: datetime,
) -> None:
    """Check that no row is there that an undisturbed import has not written.

    The last one may be the beginning of an hour, and so may the one of `until`, which
    is the present time by the server's clock.
    """
    present = until.timestamp() - HOUR
    for key, rows in shown.items():
        known = {row["start"]: row for row in right.get(key, ())}
        wrong = [
            (row, known.get(row["start"]))
            for row in rows[:-1]
            if not present < float(str(row["start"])) <= until.timestamp()
            and known.get(row["start"]) != row
        ]
        assert not wrong, (key, wrong)


def reauth_flows(hass: HomeAssistant) -> list[str]:
    """Return the ids of the flows that ask for new credentials."""
    return [
        flow["flow_id"]
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


async def log_in_again(
    hass: HomeAssistant, entry: MockConfigEntry, proxy: FaultProxy
) -> None:
    """Enter the credentials that the user is asked for."""
    (flow_id,) = reauth_flows(hass)
    flow = hass.config_entries.flow
    fields = form(entry.data["backend"], proxy.url)
    done = await flow.async_configure(flow_id, fields)
    assert done.get("reason") == "reauth_successful", done


@dataclass
class ServerClock:
    """The clock of a simulator, which stands but for a second when a trouble begins."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


def beginning(
    trouble: Trouble,
    backend: str,
    freezer: FrozenDateTimeFactory,
    clock: ServerClock | None = None,
) -> Callable[[FaultProxy], None]:
    """Return what lets a trouble begin, a second after the last answer.

    A server may issue the same token twice within a second of its clock.
    """

    def begin(proxy: FaultProxy) -> None:
        freezer.tick(1)
        if clock is not None:
            clock.now += timedelta(seconds=1)
        trouble.begin(proxy, backend)

    return begin


@asynccontextmanager
async def time_passes(
    freezer: FrozenDateTimeFactory, proxy: FaultProxy, *, is_needed: bool
) -> AsyncIterator[None]:
    """Let the frozen time go on while a client waits, if that `is_needed`.

    That is a quarter of a second per millisecond, which leaves time for the work that
    really takes time.
    """

    async def go_on() -> None:
        while True:
            await asyncio.to_thread(time.sleep, 0.001)
            if proxy.has_begun:
                freezer.tick(0.25)

    task = asyncio.create_task(go_on()) if is_needed else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
