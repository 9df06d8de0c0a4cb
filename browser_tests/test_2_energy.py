"""The Energy dashboard shows what the simulated meters counted."""

from asyncio import wait_for
from collections.abc import Callable, Mapping, Sequence

from playwright.sync_api import Page
import pytest

from demo.check import twin_of
from demo.servers import Server
from simulators.registry import Amount

from .conftest import HISTORY, Ask, Look
from .dashboard import Counted, Dashboard, read_dashboard
from .energy_page import (
    Shown,
    choose,
    devices,
    open_energy,
    open_tab,
    told_apart,
    totals,
)
from .truth import PERIODS, Range, backend_of, true_range
from .user import look_until_right
from .world import World

IMPORT_PATIENCE = 600.0
"""The timeout of the import in seconds."""

type Known = Mapping[str, tuple[Range, str]]
"""True amounts and their units by their names on the dashboard."""


@pytest.fixture(scope="module")
def truths(servers: Mapping[str, Server]) -> Mapping[str, Amount]:
    """Return what the meters of each server count."""
    return {backend: twin_of(server).amount for backend, server in servers.items()}


@pytest.fixture(scope="module")
def dashboard(ask: Ask, servers: Mapping[str, Server]) -> Dashboard:
    """Return the contents of the dashboard, once all history is imported."""
    added = ask(lambda api: api.command("config_entries/get", domain="metering_hub"))
    assert len(added) == len(servers), "without all servers, waiting is in vain"
    ask(lambda api: wait_for(api.wait_for_history(len(servers)), IMPORT_PATIENCE))
    days = {backend: days for backend, (days, _) in HISTORY.items()}
    read: Dashboard = ask(lambda api: read_dashboard(api, days))
    return read


def test_every_server_is_on_the_energy_dashboard(dashboard: Dashboard) -> None:
    """All four servers have sources or devices in these tabs."""
    assert dashboard.backends() == set(HISTORY)
    assert dashboard.sources.keys() == {"Electricity", "Gas"}


@pytest.mark.parametrize("view", PERIODS)
def test_the_energy_dashboard_is_right(
    page: Page,
    world: World,
    look: Look,
    dashboard: Dashboard,
    truths: Mapping[str, Amount],
    view: str,
) -> None:
    """Each source and device shows what was counted, to the last digit."""
    period = PERIODS[view]()

    def known(counted: Sequence[Counted]) -> Known:
        """Return the true amounts of the period."""
        found = {}
        names = told_apart(each.name for each in counted)
        for name, each in zip(names, counted, strict=True):
            backend = backend_of(each.statistic_id)
            true = true_range(
                world.servers[backend],
                truths[backend],
                each.statistic_id,
                period,
                each.recorded,
            )
            if true is not None:
                found[name] = (true, each.unit)
        assert len(found) == len(counted), "not all of these can be compared"
        return found

    open_energy(page, world)
    choose(page, period)
    for tab, counted in dashboard.sources.items():
        open_tab(page, tab)
        sources = known(counted)
        look_until_right(page, lambda: wrong(page, totals, sources))  # noqa: B023
        look(tab.lower())
    open_tab(page, "Electricity")
    single = known(dashboard.devices)
    look_until_right(page, lambda: wrong(page, devices, single))


def wrong(
    page: Page, read: Callable[[Page], Mapping[str, Shown]], known: Known
) -> list[str]:
    """Return a line for each number that is wrong or missing."""
    shown = read(page)
    return [
        f"{name}: {shown.get(name)} is shown, {true} {unit} is true"
        for name, (true, unit) in known.items()
        if name not in shown or not shown[name].is_within(true, unit)
    ]
