"""Actions of a user on any of Home Assistant's pages."""

from collections.abc import Callable
import re
import time

from playwright.sync_api import Locator, Page, expect

from .world import World

FINISH = re.compile("^(Skip and finish|Finish)$")
"""The button behind the new devices: there is nothing to skip if one has an area."""

INTEGRATION = "/config/integrations/integration/metering_hub"
PATIENCE = 60.0
"""Seconds until something must be visible."""

_LOOK_AGAIN_MS = 250


def begin_to_add(page: Page, world: World, button: str = "Add integration") -> None:
    """Search for the integration and choose it, up to its first form."""
    page.goto(f"{world.url}/config/integrations/dashboard")
    page.get_by_role("button", name=button).click()
    dialog = page.locator("dialog-add-integration")
    # Text that is typed earlier may get lost.
    expect(dialog.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("metering")
    # The list does not change again once it is filtered.
    found = dialog.get_by_role("listitem")
    expect(found).to_have_count(1)
    found.get_by_text("Metering Hub", exact=True).click()


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field that has a label."""
    page.get_by_role("textbox", name=re.compile(rf"^{label}")).first.fill(text)


def submit(page: Page, name: str = "Submit") -> None:
    """Click the button of a form."""
    page.get_by_role("button", name=name, exact=True).click()


def entry_row(page: Page, title: str) -> Locator:
    """Return the section of an entry on the integration's page."""
    return page.locator("ha-config-entry-row").filter(
        has=page.get_by_text(title, exact=True)
    )


def look_until_right(page: Page, complaints: Callable[[], list[str]]) -> None:
    """Wait until there are no complaints, or fail.

    Pages show the previous numbers until the new ones have arrived.
    """
    end = time.monotonic() + PATIENCE
    while (found := complaints()) and time.monotonic() < end:
        page.wait_for_timeout(_LOOK_AGAIN_MS)
    assert found == [], found
