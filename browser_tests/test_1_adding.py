"""A user adds servers, and their meters appear immediately."""

import re

from playwright.sync_api import Page, expect
import pytest

from demo.processes import HOST

from .conftest import Look
from .new_servers import NEW_SERVERS, NewServer
from .user import FINISH, INTEGRATION, begin_to_add, entry_row, fill, submit
from .world import World


@pytest.mark.parametrize("new_server", NEW_SERVERS, ids=lambda each: each.backend)
def test_a_server_is_added_by_clicking(
    page: Page, world: World, look: Look, new_server: NewServer
) -> None:
    """The search, the menu, a wrong secret, the right one and the selection work."""
    server = world.servers[new_server.backend]
    form = {**server.form, new_server.secret: "not-the-secret"}
    begin_to_add(page, world)
    page.get_by_text(server.kind.name, exact=True).last.click()
    for name, label in new_server.labels.items():
        fill(page, label, str(form[name]))
    if new_server.section is not None:
        _look_into_section(page, new_server)
    submit(page)
    expect(page.get_by_text(new_server.refusal)).to_be_visible()
    look("refused")
    fill(page, new_server.labels[new_server.secret], server.secret)
    submit(page)
    expect(page.get_by_text("Add new devices automatically")).to_be_visible()
    for path in new_server.paths:
        expect(page.get_by_text(path, exact=True).last).to_be_visible()
    # Where the server is tells it from others until the user gives it a name.
    title = f"{new_server.title} ({HOST}:{server.port})"
    expect(page.get_by_role("textbox", name=re.compile("^Name"))).to_have_value(title)
    fill(page, "Name", new_server.title)
    look("selection")
    submit(page)
    page.get_by_role("button", name=FINISH).click()
    page.goto(f"{world.url}{INTEGRATION}")
    row = entry_row(page, new_server.title)
    for device in new_server.devices:
        # A room is called like the area that it is in.
        expect(row.get_by_text(device, exact=True).first).to_be_visible()


def _look_into_section(page: Page, new_server: NewServer) -> None:
    """Expand a collapsed section, and check its default values."""
    for label in new_server.hidden:
        expect(page.get_by_role("textbox", name=label)).to_be_hidden()
    page.get_by_text(str(new_server.section), exact=True).click()
    for label, value in new_server.hidden.items():
        expect(page.get_by_role("textbox", name=label)).to_have_value(value)


def test_the_meters_show_values(page: Page, world: World) -> None:
    """A device page shows the meter's positions and power, and nothing is unknown."""
    page.goto(f"{world.url}/config/devices/dashboard?domain=metering_hub")
    page.get_by_text("Electricity meter", exact=True).first.click()
    sensors = page.locator("ha-device-entities-card", has_text="Sensors").first
    expect(sensors).to_contain_text("Low tariff delivered")
    expect(sensors).to_contain_text(re.compile(r"\d\skWh"))
    assert "Un" not in sensors.inner_text(), "unavailable or unknown"


@pytest.mark.parametrize("locale", ["nl-NL"])
def test_a_dutch_user_reads_dutch(page: Page, world: World) -> None:
    """Forms are in the language of the user's browser."""
    begin_to_add(page, world, "Voeg integratie toe")
    expect(page.get_by_text("Waar komen je meters vandaan?")).to_be_visible()
