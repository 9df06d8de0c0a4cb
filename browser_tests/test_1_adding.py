"""A person adds servers; what their meters tell is there at once."""

import re

from playwright.sync_api import Page, expect
import pytest

from .conftest import Look
from .newcomers import NEWCOMERS, Newcomer
from .person import INTEGRATION, begin_to_add, entry_row, fill, submit
from .world import World


@pytest.mark.parametrize("newcomer", NEWCOMERS, ids=lambda each: each.backend)
def test_a_server_is_added_by_clicking(
    page: Page, world: World, look: Look, newcomer: Newcomer
) -> None:
    """Search, menu, a wrong secret with its message, the right one, selection."""
    server = world.servers[newcomer.backend]
    form = {**server.form, newcomer.secret: "not-the-secret"}
    begin_to_add(page, world)
    page.get_by_text(server.kind.name, exact=True).last.click()
    for name, label in newcomer.labels.items():
        fill(page, label, str(form[name]))
    if newcomer.section is not None:
        _look_into_section(page, newcomer)
    submit(page)
    expect(page.get_by_text(newcomer.refusal)).to_be_visible()
    look("refused")
    fill(page, newcomer.labels[newcomer.secret], server.secret)
    submit(page)
    expect(page.get_by_text("Add new devices automatically")).to_be_visible()
    for device in newcomer.devices:
        expect(page.get_by_text(device, exact=True).last).to_be_visible()
    look("selection")
    submit(page)
    page.get_by_role("button", name="Skip and finish").click()
    page.goto(f"{world.url}{INTEGRATION}")
    row = entry_row(page, newcomer.title)
    for device in newcomer.devices:
        expect(row.get_by_text(device, exact=True)).to_be_visible()


def _look_into_section(page: Page, newcomer: Newcomer) -> None:
    """Open a section that is closed at first, and find its defaults filled in."""
    for label in newcomer.hidden:
        expect(page.get_by_role("textbox", name=label)).to_be_hidden()
    page.get_by_text(str(newcomer.section), exact=True).click()
    for label, value in newcomer.hidden.items():
        expect(page.get_by_role("textbox", name=label)).to_have_value(value)


def test_the_meters_show_values(page: Page, world: World) -> None:
    """A device page has the meter's positions and its power, none of them unknown."""
    page.goto(f"{world.url}/config/devices/dashboard?domain=metering_hub")
    page.get_by_text("Electricity meter", exact=True).first.click()
    sensors = page.locator("ha-device-entities-card", has_text="Sensors").first
    expect(sensors).to_contain_text("Delivered, low tariff")
    expect(sensors).to_contain_text(re.compile(r"\d\skWh"))
    assert "Un" not in sensors.inner_text(), "unavailable or unknown"


@pytest.mark.parametrize("locale", ["nl-NL"])
def test_a_dutch_person_reads_dutch(page: Page, world: World) -> None:
    """Forms are in the language of the person's own browser."""
    begin_to_add(page, world, "Voeg integratie toe")
    expect(page.get_by_text("Waar komen je meters vandaan?")).to_be_visible()
