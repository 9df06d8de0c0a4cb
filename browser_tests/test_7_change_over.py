"""A user changes over from another integration, joins its history, and goes back."""

from asyncio import wait_for
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Locator, Page, expect
import pytest

from demo.check import HOUR, SETTLED, server_name_of, twin_of
from demo.home_assistant import HomeAssistant
from demo.processes import free_port
from demo.servers import KINDS, Server

from . import old_meter
from .conftest import ARTEFACTS, Ask, Look, asking
from .dashboard import statistics_of
from .energy_page import choose, costs, open_energy, totals
from .test_9_log import complaints
from .truth import PERIODS, ZONE, Period, Range, backend_of
from .user import INTEGRATION, look_until_right, submit
from .world import World, running_world

IMPORT_PATIENCE = 300.0
LEFT_OUT = "Not on the Energy dashboard: Low tariff, Normal tariff"
LOW = "electricity_delivered_1"
OLD = old_meter.IMPORT
CENT = 0.01
NEWEST = 2.0
"""More than the meter counts, in kWh or euros, between two looks of a test."""

type Rows = Mapping[datetime, Mapping[str, float]]


@pytest.fixture(scope="session")
def servers() -> dict[str, Server]:
    """Return a DSMR-reader that began to read a meter eleven days ago."""
    kind = next(each for each in KINDS if each.backend == "dsmr_reader")
    return {kind.backend: Server(kind, free_port(0), "secret", ("--years", "0.03"))}


@pytest.fixture(scope="session")
def world(servers: dict[str, Server]) -> Iterator[World]:
    """Run a Home Assistant of its own: its dashboard shows the old meter only."""
    folder = ARTEFACTS / "change_over"
    folder.mkdir(parents=True, exist_ok=True)
    with running_world(folder, servers) as running:
        yield running


@pytest.fixture(scope="session")
def ask(world: World) -> Ask:
    """Return a function that calls the API of this Home Assistant."""
    return asking(world)


@pytest.fixture(scope="session", autouse=True)
def changed_from(ask: Ask, servers: dict[str, Server]) -> None:
    """Set up the old meter, then the server, and wait for its history."""

    async def set_up(api: HomeAssistant) -> None:
        """Set them up."""
        await old_meter.set_up_old_meter(api)
        for server in servers.values():
            await api.add(server)
        await wait_for(api.wait_for_history(1), IMPORT_PATIENCE)

    ask(set_up)


def test_the_card_says_what_is_left_out_and_replaces_it(
    page: Page, world: World, look: Look, ask: Ask
) -> None:
    """Repairs lists what counts instead, and a click puts our meters in its place."""
    before = _sources(ask)
    assert before[:2] == [*old_meter.SOURCES]
    assert [each["type"] for each in before[2:]] == ["gas"]
    page.goto(f"{world.url}/config/repairs")
    look("repairs")
    page.get_by_text(LEFT_OUT).click()
    question = page.get_by_text("another integration already counts")
    expect(question).to_be_visible()
    look("question")
    text = question.inner_text()
    shown = ("Low tariff", "Normal tariff", "Old meter, low", "P1 import high")
    for each in (*shown, *statistics_of(old_meter.SOURCES)):
        assert each in text
    submit(page)
    expect(page.get_by_text("The issue is repaired!")).to_be_visible()
    after = _sources(ask)
    assert {backend_of(each) for each in statistics_of(after)} == {"dsmr_reader"}
    assert [each["type"] for each in after] == ["grid", "grid", "gas"]
    assert after[2:] == before[2:]
    day = PERIODS["day"]()
    open_energy(page, world)
    choose(page, day)
    amount = sum(row["change"] for row in _within(_own_hours(ask, LOW), day).values())
    _expect_shown(page, "Low tariff imported", Range(amount, amount))
    look("energy")


def test_older_history_is_joined_and_taken_back(
    page: Page, world: World, look: Look, ask: Ask
) -> None:
    """Years and costs before our first hour appear, and disappear, by clicking."""
    own, own_cost = _own_hours(ask, LOW), _own_hours(ask, f"{LOW}_cost")
    seam = min(own)
    _expect_true(world.servers["dsmr_reader"], _id(ask, LOW), own)
    older = _hours(ask, OLD.statistic_id)
    assert min(older) == old_meter.old_begin()

    _join(page, world, look, hours=int((seam - old_meter.old_begin()) / HOUR))
    joined = _hours(ask, _id(ask, LOW))
    _expect_same(own, joined)
    assert _months(ask, LOW) == pytest.approx(_true_months(OLD, joined, seam), abs=CENT)
    joined_cost = _hours(ask, _id(ask, f"{LOW}_cost"))
    _expect_same(own_cost, joined_cost)
    assert _months(ask, f"{LOW}_cost") == pytest.approx(
        _true_months(old_meter.COST, joined_cost, min(own_cost)), abs=CENT
    )
    _look_at_the_year(page, world, own, own_cost)
    look("year")

    _take_back(page, world, look)
    for key, rows in ((LOW, own), (f"{LOW}_cost", own_cost)):
        left = _hours(ask, _id(ask, key))
        assert min(left) == min(rows)
        _expect_same(rows, left)
    _expect_same(older, _hours(ask, OLD.statistic_id))


def test_the_old_sources_are_put_back(
    page: Page, world: World, look: Look, ask: Ask
) -> None:
    """The action in the developer tools restores what was replaced, whole."""
    gas = [each for each in _sources(ask) if each["type"] == "gas"]
    page.goto(f"{world.url}/config/tools/action")
    page.locator("ha-service-picker").click()
    page.get_by_placeholder("Search").last.fill("restore_energy")
    page.get_by_role("option", name="Restore the Energy dashboard").click()
    page.locator("ha-selector-config_entry").click()
    page.get_by_role("option", name="DSMR-reader").click()
    look("action")
    page.get_by_role("button", name="Perform action").click()
    expect(page.get_by_text("restored:")).to_be_visible()
    look("response")
    assert _sources(ask) == [*old_meter.SOURCES, *gas]
    day = PERIODS["day"]()
    open_energy(page, world)
    choose(page, day)
    amount = OLD.amount(day.start, day.end)
    _expect_shown(page, "Old meter, low imported", Range(amount, amount))
    look("energy")


def test_the_log_has_no_complaints(world: World) -> None:
    """Nothing of this was worth a warning."""
    assert complaints(world.home_assistant_log) == []


def _join(page: Page, world: World, look: Look, *, hours: int) -> None:
    """Join the old meter's low tariff to ours, whose copies are so many hours."""
    dialog = _open_older_history(page, world)
    dialog.locator("ha-selector-select").first.click()
    page.get_by_role("menuitem", name="Low tariff delivered").click()
    dialog.locator("ha-statistic-picker").click()
    # The picker lists no sensor that is gone, and takes its id.
    # Before the field has the focus, a key opens a quick search of Home Assistant.
    page.get_by_placeholder("Search | Add custom item").fill(OLD.statistic_id)
    page.get_by_role("option", name="Add custom item").click()
    look("chosen")
    submit(page, "Next")
    expect(page.get_by_text("Join this history?")).to_be_visible()
    look("both-ends")
    expect(dialog).to_contain_text(f"{hours} hours are copied")
    expect(dialog).to_contain_text(OLD.name)
    expect(dialog).to_contain_text("Hours between the two that stay empty: 0")
    expect(dialog).to_contain_text("The costs in P1 cost low come along")
    submit(page)
    expect(page.get_by_text("The older hours were joined.")).to_be_visible()
    look("joined")


def _take_back(page: Page, world: World, look: Look) -> None:
    """Take back what was joined, with its costs."""
    dialog = _open_older_history(page, world)
    look("take-back")
    for each in (OLD, old_meter.COST):
        dialog.get_by_text(each.statistic_id).click()
    submit(page, "Next")
    expect(page.get_by_text("The joined hours were deleted.")).to_be_visible()
    look("taken-back")


def _sources(ask: Ask) -> list[dict[str, Any]]:
    """Return the energy sources of the dashboard."""
    found: list[dict[str, Any]] = ask(lambda api: api.command("energy/get_prefs"))[
        "energy_sources"
    ]
    return found


def _id(ask: Ask, key: str) -> str:
    """Return the id of one of our statistics."""
    listed = ask(lambda api: api.command("recorder/list_statistic_ids"))
    ids = [each["statistic_id"] for each in listed]
    return next(each for each in ids if backend_of(each) and each.endswith(f"_{key}"))


def _rows(ask: Ask, statistic_id: str, period: str) -> Rows:
    """Return all rows of a statistic by their starts."""
    found = ask(
        lambda api: api.command(
            "recorder/statistics_during_period",
            start_time="2000-01-01T00:00:00Z",
            statistic_ids=[statistic_id],
            period=period,
            types=["state", "sum", "change"],
        )
    )
    return {
        datetime.fromtimestamp(row["start"] / 1000, UTC): row
        for row in found[statistic_id]
    }


def _hours(ask: Ask, statistic_id: str) -> Rows:
    """Return the hours of a statistic."""
    return _rows(ask, statistic_id, "hour")


def _own_hours(ask: Ask, key: str) -> Rows:
    """Return the hours of one of our statistics."""
    return _hours(ask, _id(ask, key))


def _months(ask: Ask, key: str) -> dict[str, float]:
    """Return what one of our statistics has counted by month."""
    rows = _rows(ask, _id(ask, key), "month")
    return {_month(start): row["change"] for start, row in rows.items()}


def _month(start: datetime) -> str:
    """Return the local month of a moment."""
    return f"{start.astimezone(ZONE):%Y-%m}"


def _true_months(
    old: old_meter.OldStatistic, rows: Rows, seam: datetime
) -> dict[str, float]:
    """Return what the old meter counted before the seam, and ours after it."""
    months: Counter[str] = Counter()
    for start, row in rows.items():
        counted = row["change"] if start >= seam else old.hour(start)
        months[_month(start)] += counted  # type: ignore[assignment]
    return dict(months)


def _within(rows: Rows, period: Period) -> Rows:
    """Return the rows in a period."""
    return {
        start: row for start, row in rows.items() if period.start <= start < period.end
    }


def _expect_same(before: Rows, after: Rows) -> None:
    """Check that the settled rows have not changed at all."""
    settled = datetime.now(UTC) - SETTLED
    for start, row in before.items():
        if start < settled:
            assert after[start] == row


def _expect_true(server: Server, statistic_id: str, rows: Rows) -> None:
    """Check that the settled hours are what the simulated meter counted."""
    settled = datetime.now(UTC) - SETTLED
    hours = [start for start in rows if min(rows) < start < settled]
    name = server_name_of(server, statistic_id)
    assert name is not None
    true = twin_of(server).amount(name, min(hours), max(hours) + HOUR)
    assert sum(rows[start]["change"] for start in hours) == pytest.approx(
        true, abs=CENT
    )


def _expect_shown(page: Page, name: str, true: Range) -> None:
    """Wait until the Energy dashboard shows an amount."""

    def wrong() -> list[str]:
        """Return what is shown if it is something else."""
        shown = totals(page).get(name)
        if shown is not None and shown.is_within(true, "kWh"):
            return []
        return [f"{name}: {shown} is shown, {true} kWh is true"]

    look_until_right(page, wrong)


def _look_at_the_year(page: Page, world: World, own: Rows, own_cost: Rows) -> None:
    """Check the amounts and costs of a year that the old meter has begun."""
    year = PERIODS["year"]()

    def true(old: old_meter.OldStatistic, rows: Rows) -> float:
        """Return what both counted in the year."""
        seam = min(rows)
        begin = year.start.astimezone(UTC)
        before = old.amount(begin, min(seam, year.end.astimezone(UTC)))
        return before + sum(row["change"] for row in _within(rows, year).values())

    open_energy(page, world)
    choose(page, year)
    amount, cost = true(OLD, own), true(old_meter.COST, own_cost)
    name = "Low tariff imported"
    _expect_shown(page, name, Range(amount - CENT, amount + NEWEST))
    assert cost - CENT <= costs(page)[name] <= cost + NEWEST


def _open_older_history(page: Page, world: World) -> Locator:
    """Open the form about older history from the cogwheel of the entry."""
    page.goto(f"{world.url}{INTEGRATION}")
    page.get_by_role("button", name="Configure").click()
    page.get_by_text("Older history", exact=True).click()
    dialog = page.locator("dialog-data-entry-flow")
    expect(dialog.locator("ha-statistic-picker")).to_be_visible()
    return dialog
