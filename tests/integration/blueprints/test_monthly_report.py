"""The blueprint that reports what a month has used and cost."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.metering.model import Kind
from homeassistant.core import HomeAssistant

from ..conftest import set_up
from ..series_server import SeriesServer, spec_of
from ..test_costs_action import get_costs
from ..test_history import euro, imported, simulator, wants_history
from ..test_prices import tariff
from .conftest import Automate

__all__ = ["euro", "simulator", "wants_history"]

ZONE = ZoneInfo("Europe/Amsterdam")


async def let_it_be(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, day: int
) -> None:
    """Let it be the time of the report on a day of December."""
    freezer.move_to(datetime(2026, 12, day, 8, 0, 0, 500000, tzinfo=ZONE))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def test_what_it_says_is_what_the_action_answers(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
) -> None:
    """It comes on the chosen day; there is no year before to compare with."""
    calls = await automate("monthly_report", {"server": loaded.entry_id, "day": 3})
    await let_it_be(hass, freezer, 2)
    await imported(hass, loaded)
    assert not calls
    await let_it_be(hass, freezer, 3)
    (call,) = calls
    assert call.data["title"] == "November 2026"
    start, end = (datetime(2026, month, 1, tzinfo=ZONE) for month in (11, 12))
    answer = await get_costs(hass, loaded, start=start.isoformat(), end=end.isoformat())
    bought, sold, gas = (
        answer["roles"][role]["total"] for role in ("import", "export", "gas")
    )
    paid, income = bought["cost"], sold["compensation"]
    assert call.data["message"].splitlines() == [
        f"- Electricity from the grid: {bought['amount']:.1f} kWh, {paid:.2f} EUR",
        f"- Electricity to the grid: {sold['amount']:.1f} kWh, {income:.2f} EUR",
        f"- Gas: {gas['amount']:.1f} m³, {gas['cost']:.2f} EUR",
        f"- Fixed costs: {answer['fixed_costs']['cost']:.2f} EUR",
        f"- Total: {answer['total']['cost']:.2f} EUR",
    ]


@pytest.fixture
def counter(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> MockConfigEntry:
    """Return an entry for a counter that has counted 2 kWh an hour for long."""
    server = SeriesServer(datetime(2025, 10, 31, tzinfo=UTC), {1: Kind.REGISTER})
    monkeypatch.setitem(BACKENDS, "series", spec_of(server))
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Campaign",
        unique_id="series:campaign",
        data={"backend": "series", "url": "http://localhost"},
        options={
            "devices": ["site"],
            "known_devices": ["site"],
            "points": {"series_1_register": {"role": "grid_delivered"}},
        },
    )
    entry.add_to_hass(hass)
    return entry


@pytest.mark.parametrize(
    ("begins", "price", "before", "unpriced"),
    [
        (datetime(2025, 10, 1, tzinfo=ZONE), 0.25, ", 360.00 EUR", ""),
        (datetime(2026, 11, 2, tzinfo=ZONE), 0.25, "", "; 24 hours have no price"),
        (datetime(2027, 1, 1, tzinfo=ZONE), None, "", ""),
    ],
)
async def test_the_year_before_and_hours_without_a_price(
    hass: HomeAssistant,
    counter: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    automate: Automate,
    begins: datetime,
    price: float | None,
    before: str,
    unpriced: str,
) -> None:
    """What has no price has an amount, and no cost."""
    hass.config_entries.async_add_subentry(counter, tariff(0.25, begins))
    await set_up(hass, counter)
    calls = await automate("monthly_report", {"server": counter.entry_id})
    # A jump of the clock would exceed the time that an import gives the database.
    await imported(hass, counter)
    await let_it_be(hass, freezer, 1)
    await imported(hass, counter)
    await let_it_be(hass, freezer, 2)
    (call,) = calls
    cost = {"": ", 360.00 EUR"}.get(unpriced, ", 348.00 EUR") if price else ""
    first, *others = call.data["message"].splitlines()
    assert first == (
        f"- Electricity from the grid: 1440.0 kWh{cost}"
        f" (a year before: 1440.0 kWh{before}){unpriced}"
    )
    year = " (a year before: 360.00 EUR)" if before else ""
    assert others == ([f"- Total: {cost[2:]}{year}"] if price else [])
