"""The form in which a user adds a tariff, filled in by clicking and typing."""

import json
import re

from playwright.sync_api import Locator, Page, expect

from demo.processes import ROOT

from .user import INTEGRATION, entry_row
from .world import World

TEXTS = ROOT / "custom_components" / "metering_hub" / "translations"
BEGIN = "2020-01-01 00:00:00"


def text_of(*path: str, language: str = "en") -> str:
    """Return a text of the integration in a language."""
    found = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    for part in path:
        found = found[part]
    return str(found)


def begin_tariff(page: Page, world: World, title: str) -> Locator:
    """Open the form of a new tariff from the menu of an entry."""
    page.goto(f"{world.url}{INTEGRATION}")
    entry_row(page, title).get_by_role("button", name="Menu").first.click()
    add = text_of("config_subentries", "tariff", "initiate_flow", "user")
    page.get_by_role("menuitem", name=add).click()
    dialog = page.locator("dialog-data-entry-flow")
    expect(dialog.locator("ha-selector-text")).to_be_visible()
    return dialog


def fill_details(dialog: Locator, name: str, price_type: str = "fixed") -> None:
    """Fill in the first step, and go on to the price.

    The calendar of the beginning opens no field to type into.
    """
    dialog.locator("ha-selector-text input").fill(name)
    dialog.locator("ha-selector-datetime").first.evaluate(
        """(field, value) => field.dispatchEvent(new CustomEvent("value-changed",
        {detail: {value}, bubbles: true, composed: true}))""",
        BEGIN,
    )
    if price_type != "fixed":
        dialog.locator("ha-selector-select").last.click()
        choice = text_of("selector", "tariff_price_type", "options", price_type)
        dialog.page.get_by_text(choice, exact=True).last.click()
    go_on(dialog)
    expect(dialog.locator("ha-selector-datetime")).to_have_count(0)


def fill_price(dialog: Locator, price: float) -> None:
    """Fill in a fixed price, in the unit that is offered first."""
    dialog.locator("ha-selector-number input").first.fill(str(price))
    go_on(dialog)
    expect(dialog.locator("ha-selector-object")).to_be_visible()


def choose_sensor(dialog: Locator, name: str) -> None:
    """Choose the sensor that has the prices."""
    dialog.locator("ha-selector-entity ha-entity-picker").click()
    dialog.page.keyboard.type(name)
    dialog.page.get_by_text(name, exact=True).last.click()
    go_on(dialog)
    expect(dialog.locator("ha-selector-object")).to_be_visible()


def skip_surcharges(dialog: Locator) -> None:
    """Go on to the preview without surcharges."""
    go_on(dialog)
    expect(dialog.locator("ha-selector-object")).to_have_count(0)
    expect(dialog.get_by_role("table")).to_be_visible()


def save(dialog: Locator) -> None:
    """Agree to what the preview shows."""
    go_on(dialog)
    expect(dialog.get_by_text("Success", exact=True)).to_be_visible()


def previewed_cost(dialog: Locator, meter: str) -> float:
    """Return what the preview says that a meter would have cost last month."""
    row = dialog.get_by_role("row").filter(has_text=meter)
    cost = row.get_by_role("cell").nth(2).inner_text()
    return float(re.sub(r"[^\d.-]", "", cost))


def go_on(dialog: Locator) -> None:
    """Click the button of a step."""
    dialog.get_by_role("button", name=re.compile(r"^(Next|Save)$")).click()
