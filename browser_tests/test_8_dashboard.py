"""A user adds the dashboard in one click, and clears history, which comes back."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
import re

from playwright.sync_api import ConsoleMessage, Page, expect
import pytest

from demo.home_assistant import HomeAssistant

from .conftest import Ask, Look
from .truth import backend_of
from .user import look_until_right
from .world import World

DASHBOARDS = "/config/lovelace/dashboards"
DASHBOARD = "metering-hub"
METER = "Electricity meter"
CLEARED, ACTION = "dsmr_reader", "clear_history"
HEADINGS = {
    "en-GB": ("Where it came from", "By month (kWh)", "Data quality"),
    "de-DE": ("Herkunft", "Pro Monat (kWh)", "Datenqualität"),
}
"""A text of the overview, of a server's view, and the name of the last view."""

SETTLED = timedelta(hours=3)
"""How long after its end an hour no longer changes by itself."""

THINNED = timedelta(days=31)
"""The age at which the server keeps only two telegrams of an hour, which then ends at
a position between them. That happens to one more hour each hour."""

_BROKEN = "hui-error-card, hui-warning"
_CHART_MS = 2000

type Rows = Mapping[str, list[Mapping[str, float]]]


@pytest.fixture(scope="module", autouse=True)
def smart_meter(ask: Ask, world: World) -> None:
    """Have the history of a DSMR-reader, also if only these tests run."""

    async def add(api: HomeAssistant) -> None:
        """Add the server unless an earlier test has done so, and wait."""
        entries = await api.command("config_entries/get", domain="metering_hub")
        if not any(each["title"].startswith("DSMR-reader") for each in entries):
            await api.add(world.servers[CLEARED])
        await api.wait_for_history(max(len(entries), 1))

    ask(add)


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Collect what the browser's console complains about; there must be nothing."""
    found: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        """Keep an error."""
        if message.type == "error":
            found.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.mark.usefixtures("complaints")
def test_the_dashboard_takes_one_click(page: Page, world: World, look: Look) -> None:
    """Home Assistant offers the dashboard, and suggests its title and address."""
    page.goto(f"{world.url}{DASHBOARDS}")
    page.get_by_role("button", name="Add dashboard").click()
    offered = page.get_by_role("button", name="Metering Hub", exact=True)
    expect(offered).to_contain_text("Your meters: power now")
    look("offered")
    offered.click()
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("row", name=re.compile("^Metering Hub")).wait_for()


@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize("color", ["light", "dark"])
@pytest.mark.parametrize("locale", HEADINGS)
def test_each_view_shows_the_meters(
    page: Page, world: World, look: Look, locale: str, color: str
) -> None:
    """All views have cards without errors, in the language of the person."""
    origin, by_month, quality = HEADINGS[locale]
    page.emulate_media(color_scheme="dark" if color == "dark" else "light")
    page.goto(f"{world.url}/{DASHBOARD}/overview")
    tabs = page.get_by_role("tab")
    expect(page.get_by_text(origin, exact=True)).to_be_visible()
    for index in range(tabs.count()):
        tabs.nth(index).click()
        expect(page.locator("hui-tile-card").first).to_be_visible()
        page.wait_for_timeout(_CHART_MS)
        expect(page.locator(_BROKEN)).to_have_count(0)
        expect(page.get_by_text("component.metering_hub")).to_have_count(0)
        look(f"view-{index}")
    expect(tabs.last).to_have_accessible_name(quality)
    page.get_by_role("tab", name=re.compile("^DSMR-reader")).click()
    expect(page.get_by_text(METER, exact=True)).to_be_visible()
    expect(page.get_by_text(by_month).first).to_be_visible()
    expect(page.get_by_text("Low tariff delivered").first).to_be_visible()


def test_history_is_cleared_with_a_tick_and_comes_back(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """The action refuses without the tick; what it deleted is imported again."""
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - SETTLED

    def history() -> Rows:
        """Return the rows until a moment that does not move with the clock."""
        return ask(lambda api: _history(api, until))

    before = history()
    assert before
    entries = ask(lambda api: api.command("config_entries/get", domain="metering_hub"))
    title = next(
        entry["title"] for entry in entries if entry["title"].startswith("DSMR-reader")
    )
    page.goto(f"{world.url}/config/tools/action")
    _choose_action(page, title)
    page.get_by_role("button", name="Perform action").click()
    expect(page.get_by_text(f"all imported history of {title}")).to_be_visible()
    look("refused")
    assert history() == before
    page.locator("ha-selector-boolean").click()
    page.get_by_role("button", name="Perform action").click()
    expect(page.get_by_text("cleared:")).to_be_visible()
    look("cleared")
    assert history() == {}
    ask(_import_again)
    look_until_right(page, lambda: _differences(before, history()))


def _choose_action(page: Page, title: str) -> None:
    """Choose the action and the entry whose history is cleared."""
    page.get_by_role("button", name="Action", exact=True).click()
    # Text that is typed earlier may get lost.
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.type(f"metering_hub.{ACTION}")
    page.get_by_role("option", name=re.compile("^Clear history")).click()
    page.get_by_role("button", name="Integration").click()
    page.get_by_role("option", name=re.compile(rf"^{re.escape(title)}")).click()


async def _import_again(api: HomeAssistant) -> None:
    """Import the history again, as the next start would."""
    entries = await api.command("config_entries/get", domain="metering_hub")
    entry = next(each for each in entries if each["title"].startswith("DSMR-reader"))
    await api.command(
        "call_service",
        domain="metering_hub",
        service="import_history",
        service_data={"entry": entry["entry_id"]},
        return_response=True,
    )


def _differences(before: Rows, now: Rows) -> list[str]:
    """Return a line for each statistic whose rows differ from those before."""
    found = []
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key, []), now.get(key, [])
        differing = [pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]]
        if old != new:
            found.append(f"{key}: {len(new)} rows of {len(old)}, {differing[:2]}")
    return found


async def _history(api: HomeAssistant, until: datetime) -> Rows:
    """Return the hourly rows of the server's statistics until a moment."""
    known = await api.command("recorder/list_statistic_ids")
    every = [str(each["statistic_id"]) for each in known]
    ids = [each for each in every if backend_of(each) == CLEARED]
    if not ids:
        return {}
    rows: Rows = await api.command(
        "recorder/statistics_during_period",
        start_time=(until - timedelta(days=400)).isoformat(),
        end_time=until.isoformat(),
        statistic_ids=ids,
        period="hour",
        types=["state", "sum", "mean"],
    )
    return {
        key: [row for row in found if not _is_thinned_now(row["start"] / 1000, until)]
        for key, found in rows.items()
    }


def _is_thinned_now(start: float, until: datetime) -> bool:
    """Return True if the telegrams of an hour may be thinned while a test runs."""
    age = until - datetime.fromtimestamp(start, UTC)
    return abs(age - THINNED) < timedelta(days=1)
