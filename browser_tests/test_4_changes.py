"""A user changes entries and devices of a home with all servers."""

from dataclasses import replace
import re

from playwright.sync_api import Page, expect

from .conftest import Ask, Look
from .dashboard import statistics_of
from .milesight import switch_is_on
from .truth import backend_of
from .user import INTEGRATION, entry_row, fill, look_until_right, submit
from .world import World

PLUG = "Laundry plug"
OWN_PLUG = {"stat_consumption": "sensor.a_plug_from_elsewhere"}


def test_a_changed_key_is_asked_for(page: Page, world: World, look: Look) -> None:
    """Home Assistant asks for the new key by itself, and the user enters it."""
    server = world.servers["dsmr_reader"]
    world.serve(replace(server, secret="another-secret"))
    page.goto(f"{world.url}{INTEGRATION}")
    # The server is polled every minute.
    page.get_by_role("button", name="Reconfigure").click(timeout=120_000)
    fill(page, "API key", server.secret)
    submit(page)
    expect(page.get_by_text("does not accept these credentials")).to_be_visible()
    look("refused")
    fill(page, "API key", "another-secret")
    submit(page)
    expect(page.get_by_text("Success")).to_be_visible()
    page.goto(f"{world.url}{INTEGRATION}")
    row = entry_row(page, "DSMR-reader")
    expect(row.get_by_text("Electricity meter", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Reconfigure")).to_have_count(0)


def test_a_meter_is_left_out_by_clicking(page: Page, world: World) -> None:
    """The cogwheel opens a menu; an unticked device is removed at once, and returns."""
    page.goto(f"{world.url}{INTEGRATION}")
    row = entry_row(page, "DSMR-reader")
    gas = row.get_by_text("Gas meter", exact=True)
    expect(gas).to_be_visible()
    _tick_gas_meter(page, world, is_ticked=False)
    expect(row.get_by_text("Electricity meter", exact=True)).to_be_visible()
    expect(gas).to_have_count(0)
    _tick_gas_meter(page, world, is_ticked=True)
    expect(gas).to_be_visible()


def _tick_gas_meter(page: Page, world: World, *, is_ticked: bool) -> None:
    """Tick the gas meter in the options, or untick it, and return to the entries."""
    row = entry_row(page, "DSMR-reader")
    row.get_by_role("button", name="Configure").click()
    page.get_by_text("Devices and history", exact=True).click()
    gas = page.get_by_role("checkbox", name="Gas meter")
    expect(gas).to_be_checked(checked=not is_ticked)
    page.get_by_text("Gas meter", exact=True).last.click()
    expect(gas).to_be_checked(checked=is_ticked)
    submit(page)
    expect(page.get_by_text("Options successfully saved")).to_be_visible()
    page.goto(f"{world.url}{INTEGRATION}")


def test_a_switch_reaches_the_plug(page: Page, world: World) -> None:
    """A switch turns off and on at the server."""
    server = world.servers["milesight"]
    page.goto(f"{world.url}/config/devices/dashboard?domain=metering_hub")
    page.get_by_text(PLUG, exact=True).first.click()

    def complaints(wanted: bool) -> list[str]:
        """Return a line if the server has another state."""
        is_on = switch_is_on(server, PLUG, "socket_status")
        return [] if is_on is wanted else [f"the server says {is_on}"]

    switch = page.get_by_role("switch", name=re.compile("Socket"))
    for is_on in (False, True):
        page.locator("ha-entity-toggle").filter(has=switch).click()
        expect(switch).to_be_checked(checked=is_on)
        look_until_right(page, lambda: complaints(is_on))  # noqa: B023


def test_removed_meters_leave_the_energy_dashboard(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """Repairs offers to remove the sources of a deleted entry, and only those."""
    before = ask(lambda api: api.command("energy/get_prefs"))
    before["device_consumption"].append(OWN_PLUG)
    ask(lambda api: api.command("energy/save_prefs", **before))
    page.goto(f"{world.url}{INTEGRATION}")
    row = entry_row(page, "besmart")
    row.get_by_role("button", name="Menu").first.click()
    page.get_by_role("menuitem", name="Delete").click()
    submit(page, "Delete")
    # Leaving the page earlier could cancel the request.
    expect(row).to_have_count(0)
    page.goto(f"{world.url}/config/repairs")
    page.get_by_text("besmart is still on the Energy dashboard").click()
    question = page.get_by_text("Remove besmart from the Energy dashboard?")
    expect(question).to_be_visible()
    look("question")
    submit(page)
    expect(page.get_by_text("The issue is repaired!")).to_be_visible()
    after = ask(lambda api: api.command("energy/get_prefs"))
    for name in ("energy_sources", "device_consumption"):
        kept = [
            item
            for item in before[name]
            if "besmart" not in map(backend_of, statistics_of([item]))
        ]
        assert after[name] == kept
    assert len(after["energy_sources"]) < len(before["energy_sources"])
    assert OWN_PLUG["stat_consumption"] in statistics_of(after["device_consumption"])
