"""The Energy dashboard as a user reads it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import re

from playwright.sync_api import Page

from .truth import Period, Range
from .world import World

_ENERGY, _VOLUME = "kWh", "m³"
_UNITS = {
    "Wh": (0.001, _ENERGY),
    "kWh": (1.0, _ENERGY),
    "MWh": (1000.0, _ENERGY),
    "GWh": (1e6, _ENERGY),
    "L": (0.001, _VOLUME),
    "m³": (1.0, _VOLUME),
}

_ROW = re.compile(
    rf"\s*(.+?)\s+(-?[\d,]+(?:\.\d+)?)\s({'|'.join(_UNITS)})\b", re.DOTALL
)
_COST = re.compile(r"\s*([^\t]+)\t.*\t(-?)€([\d,]+\.\d\d)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A number on the page in kWh or m³, and its largest rounding error."""

    value: float
    rounding: float
    unit: str

    def is_within(self, true: Range, unit: str) -> bool:
        """Return True if a value in the range `true` of `unit` is shown as this."""
        factor, base = _UNITS[unit]
        low, high = (
            true.low * factor - self.rounding,
            true.high * factor + self.rounding,
        )
        # Energy returned to the grid is shown as negative.
        return self.unit == base and low <= abs(self.value) <= high


def open_energy(page: Page, world: World) -> None:
    """Go to the Energy dashboard."""
    page.goto(f"{world.url}/energy/electricity")
    page.get_by_role("button", name="Now", exact=True).wait_for()


def open_tab(page: Page, tab: str) -> None:
    """Click a tab of the Energy dashboard."""
    page.get_by_role("tab", name=tab, exact=True).click()


def choose(page: Page, period: Period) -> None:
    """Pick a period in the calendar."""
    page.locator("ha-date-range-picker").last.click()
    page.get_by_text(period.preset, exact=True).click()
    for _ in range(period.back):
        page.get_by_role("button", name="Previous").click()


def totals(page: Page) -> dict[str, Shown]:
    """Return the numbers in the table of sources by name.

    A meter and its solar panels may have one name, which `told_apart` numbers.
    """
    rows = page.locator("hui-energy-sources-table-card").get_by_role("row")
    found = (_ROW.match(text) for text in rows.all_inner_texts())
    matches = [match for match in found if match]
    names = told_apart(match[1] for match in matches)
    return {
        name: _shown(match[2], match[3])
        for name, match in zip(names, matches, strict=True)
    }


def told_apart(names: Iterable[str]) -> Iterator[str]:
    """Yield names, with a number after each that came before."""
    used = Counter[str]()
    for name in names:
        used[name] += 1
        yield name if used[name] == 1 else f"{name} {used[name]}"


def costs(page: Page) -> dict[str, float]:
    """Return the euros in the table of sources by name; what is earned is negative."""
    rows = page.locator("hui-energy-sources-table-card").get_by_role("row")
    found = (_COST.fullmatch(text) for text in rows.all_inner_texts())
    return {
        match[1]: float(f"{match[2]}{match[3].replace(',', '')}")
        for match in found
        if match
    }


def devices(page: Page) -> dict[str, Shown]:
    """Return the numbers in the legend of the devices by name."""
    card = page.locator("hui-energy-devices-detail-graph-card")
    more = card.get_by_role("button", name=re.compile(r"^More"))
    if more.count():
        more.click()
    found = (
        _ROW.match(text) for text in card.get_by_role("listitem").all_inner_texts()
    )
    return {match[1]: _shown(match[2], match[3]) for match in found if match}


def _shown(number: str, unit: str) -> Shown:
    """Parse a number and its unit."""
    decimals = len(number.partition(".")[2])
    factor, base = _UNITS[unit]
    # Slightly more than half of the last digit, because floats are not exact.
    rounding = 0.501 * 10**-decimals * factor
    return Shown(float(number.replace(",", "")) * factor, rounding, base)
