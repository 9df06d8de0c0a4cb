"""What a person does with Metering Hub, from the first click on; in this order."""

from dataclasses import replace
import re
import time

from playwright.sync_api import Page, expect
import pytest

from simulators.house import Channel

from .conftest import Ask
from .truth import Period, dsmr_totals
from .world import World

INTEGRATION = "/config/integrations/integration/metering_hub"


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field that has a label."""
    field = page.get_by_role("textbox", name=re.compile(rf"^{label}")).first
    field.fill(text)


def submit(page: Page, name: str = "Submit") -> None:
    """Click the button of a form."""
    page.get_by_role("button", name=name, exact=True).click()


def test_a_meter_is_added_by_clicking(page: Page, world: World) -> None:
    """Search, menu, a wrong key with its message, the right one, selection, devices."""
    server = world.servers["dsmr_reader"]
    page.goto(f"{world.url}/config/integrations/dashboard")
    page.get_by_text("Add integration").click()
    page.get_by_placeholder("Search for a brand name").fill("metering")
    page.get_by_text("Metering Hub", exact=True).last.click()
    page.get_by_text("DSMR-reader", exact=True).click()
    fill(page, "Address", f"127.0.0.1:{server.port}")
    fill(page, "API key", "not-the-key")
    submit(page)
    expect(page.get_by_text("does not accept these credentials")).to_be_visible()
    fill(page, "API key", server.secret)
    submit(page)
    expect(page.get_by_text("Follow new devices")).to_be_visible()
    for name in ("Electricity meter", "Gas meter"):
        expect(page.get_by_role("checkbox", name=name)).to_be_checked()
    submit(page)
    page.get_by_role("button", name="Skip and finish").click()
    page.goto(f"{world.url}{INTEGRATION}")
    expect(page.get_by_text("2 devices").first).to_be_visible()


def test_the_meters_show_values(page: Page, world: World) -> None:
    """A device page has the meter's positions and its power, none of them unknown."""
    page.goto(f"{world.url}/config/devices/dashboard?domain=metering_hub")
    page.get_by_text("Electricity meter", exact=True).first.click()
    sensors = page.locator("ha-device-entities-card", has_text="Sensors").first
    expect(sensors).to_contain_text("Delivered, low tariff")
    expect(sensors).to_contain_text(re.compile(r"\d\skWh"))
    assert "Un" not in sensors.inner_text(), "unavailable or unknown"


def test_the_energy_dashboard_is_right(page: Page, world: World, ask: Ask) -> None:
    """Day and month say what the meter counted, to the last digit that is shown."""
    ask(lambda api: api.wait_for_history(1))
    for view, period in (
        (("Yesterday", 0), Period.yesterday()),
        (("This month", 1), Period.last_month()),
    ):
        shown = energy_totals(page, world, "electricity", *view)
        true = dsmr_totals(period)
        for name, channel in (
            ("Electricity meter Delivered, low tariff", Channel.DELIVERED_1),
            ("Electricity meter Delivered, normal tariff", Channel.DELIVERED_2),
            ("Electricity meter Returned, low tariff", Channel.RETURNED_1),
            ("Electricity meter Returned, normal tariff", Channel.RETURNED_2),
        ):
            # A dashboard shows what was returned as negative.
            assert abs(shown[name]) == pytest.approx(true[channel], abs=0.0051), name
    gas = energy_totals(page, world, "gas", "Yesterday", 0)
    true = dsmr_totals(Period.yesterday())
    assert gas["Gas meter Meter reading"] == pytest.approx(
        true[Channel.GAS], abs=0.0051
    )


def energy_totals(
    page: Page, world: World, tab: str, preset: str, back: int
) -> dict[str, float]:
    """Return what a tab of the Energy dashboard says of each source, by its name."""
    page.goto(f"{world.url}/energy/{tab}")
    page.get_by_role("button", name="Now", exact=True).wait_for()
    page.locator("ha-date-range-picker").last.click()
    page.get_by_text(preset, exact=True).click()
    for _ in range(back):
        page.get_by_role("button", name="Previous").click()
    table = page.locator("hui-energy-sources-table-card")
    rows = table.locator("tr.mdc-data-table__row")
    before: list[str] = []
    # The numbers of the old period stay until those of the new one have come.
    for _ in range(40):
        time.sleep(0.5)
        now = [row.inner_text() for row in rows.all()]
        if now and now == before:
            break
        before = now
    return dict(filter(None, map(_total, before)))


def _total(row: str) -> tuple[str, float] | None:
    match = re.match(r"\s*(.+?)\s+(-?[\d,]+(?:\.\d+)?)\s(?:kWh|m³)", row)
    return (match[1], float(match[2].replace(",", ""))) if match else None


def test_a_changed_key_is_asked_for(page: Page, world: World) -> None:
    """Home Assistant notices by itself; a person enters the new key."""
    server = world.servers["dsmr_reader"]
    world.serve(replace(server, secret="another-secret"))
    page.goto(f"{world.url}{INTEGRATION}")
    page.get_by_role("button", name="Reconfigure").click(timeout=60_000)
    fill(page, "API key", server.secret)
    submit(page)
    expect(page.get_by_text("does not accept these credentials")).to_be_visible()
    fill(page, "API key", "another-secret")
    submit(page)
    expect(page.get_by_text("Success")).to_be_visible()
    page.goto(f"{world.url}{INTEGRATION}")
    expect(page.get_by_text("2 devices").first).to_be_visible()
    expect(page.get_by_role("button", name="Reconfigure")).to_have_count(0)


def test_a_meter_is_left_out_by_clicking(page: Page, world: World) -> None:
    """The cogwheel opens the selection; what is unticked goes at once."""
    page.goto(f"{world.url}{INTEGRATION}")
    page.get_by_role("button", name="Configure").first.click()
    gas = page.get_by_role("checkbox", name="Gas meter")
    expect(gas).to_be_checked()
    page.get_by_text("Gas meter", exact=True).last.click()
    expect(gas).not_to_be_checked()
    submit(page)
    page.goto(f"{world.url}{INTEGRATION}")
    expect(page.get_by_text("1 device", exact=True).first).to_be_visible()


@pytest.mark.parametrize("locale", ["nl-NL"])
def test_a_dutch_person_reads_dutch(page: Page, world: World) -> None:
    """Forms are in the language of the person's own browser."""
    page.goto(f"{world.url}/config/integrations/dashboard")
    page.get_by_role("button", name="Voeg integratie toe").click()
    expect(page.get_by_placeholder("Zoek naar een merk")).to_be_focused()
    page.keyboard.type("metering")
    page.get_by_text("Metering Hub", exact=True).last.click()
    expect(page.get_by_text("Waar komen je meters vandaan?")).to_be_visible()


def test_home_assistant_has_nothing_to_complain_about(world: World) -> None:
    """No error and no warning of ours, but those that the tests above provoked."""
    expected = (
        "does not answer",
        "does not accept the credentials",
        "has not been tested by Home Assistant",
    )
    complaints = [
        line
        for line in world.home_assistant_log.splitlines()
        if "metering_hub" in line
        and re.search(r" (WARNING|ERROR) ", line)
        and not any(text in line for text in expected)
    ]
    assert complaints == []
