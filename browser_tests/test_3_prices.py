"""A user says what energy costs, and reads it on the Energy dashboard."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
import time

from playwright.sync_api import Page, expect
import pytest

from demo.check import HOUR, twin_of
from demo.home_assistant import HomeAssistant
from demo.price_sensor import PRICE_SENSOR, import_prices
from demo.tariffs import DemoTariff
from demo.true_prices import ZONE, TruePrices
from simulators.besmart import CLIENT, HOUSE_MID
from simulators.dsmr_reader import default_contracts

from .conftest import NO_CONTRACTS, Ask, Look
from .energy_page import choose, costs, open_energy
from .tariff_form import (
    BEGIN,
    begin_tariff,
    choose_sensor,
    fill_details,
    fill_price,
    previewed_cost,
    save,
    skip_surcharges,
)
from .truth import PERIODS
from .user import INTEGRATION, entry_row, look_until_right, submit
from .world import World

PRICING_PATIENCE = 300.0
"""Seconds until the past must have its costs, and the dashboard shows them."""

LEEWAY = 0.02
"""The tolerance in euros: a meter has three decimals, and the page two."""

PRICE = 0.2891
HOUSE = f"sensor_{CLIENT}_{HOUSE_MID}"
HOUSE_NAME = "Dom – Złocieniec"  # noqa: RUF001 -- The server's name.
SITE, SITE_NAME = "timeseries_1_amount", "Main campus"
LOW, LOW_NAME = "electricity_delivered_1", "Low tariff imported"


def wait_for_cost(ask: Ask, key: str) -> None:
    """Wait until a source of the Energy dashboard has its costs."""

    async def wait(api: HomeAssistant) -> None:
        """Look at the sources again and again."""
        end = time.monotonic() + PRICING_PATIENCE
        sources: list[Mapping[str, str | None]] = []
        while time.monotonic() < end:
            sources = (await api.command("energy/get_prefs"))["energy_sources"]
            for source in sources:
                is_it = (source.get("stat_energy_from") or "").endswith(f"_{key}")
                if is_it and source.get("stat_cost"):
                    return
            await asyncio.sleep(1)
        pytest.fail(f"{key} has no costs: {sources}")

    ask(wait)


def true_cost(
    world: World, backend: str, key: str, price_at: Callable[[datetime], float | None]
) -> float:
    """Return what a meter cost in the last month, without the hours of no price."""
    server, period = world.servers[backend], PERIODS["month"]()
    amount, name = twin_of(server).amount, server.kind.name_of(key)
    assert name is not None
    total, hour = 0.0, period.start.astimezone(UTC)
    while hour < period.end:
        price, used = price_at(hour), amount(name, hour, hour + HOUR)
        assert used is not None
        total += used * price if price is not None else 0.0
        hour += HOUR
    return total


def expect_cost(page: Page, world: World, name: str, true: float) -> None:
    """Read last month's cost of a source on the Energy dashboard."""
    assert abs(true) > 1, "this month cannot tell right from wrong"
    open_energy(page, world)
    choose(page, PERIODS["month"]())

    def wrong() -> list[str]:
        """Return a line if another cost is shown."""
        shown = costs(page).get(name)
        is_right = shown is not None and abs(shown - true) <= LEEWAY
        return [] if is_right else [f"{name}: {shown} is shown, {true} is true"]

    look_until_right(page, wrong)


def test_a_flat_price_is_entered(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """The house is said to be at the grid, gets a tariff, and shows its cost."""
    page.goto(f"{world.url}{INTEGRATION}")
    entry_row(page, "besmart").get_by_role("button", name="Configure").click()
    page.get_by_text("Devices and history", exact=True).click()
    # The first checkbox selects the device, and the last one makes it a solar meter.
    dialog = page.locator("dialog-data-entry-flow")
    dialog.get_by_text(HOUSE_NAME, exact=True).nth(1).click()
    expect(dialog.get_by_role("checkbox", name=HOUSE_NAME).nth(1)).to_be_checked()
    submit(page)
    expect(page.get_by_text("Options successfully saved")).to_be_visible()
    dialog = begin_tariff(page, world, "besmart")
    fill_details(dialog, "One price")
    look("price")
    fill_price(dialog, PRICE)
    look("surcharges")
    skip_surcharges(dialog)
    look("preview")
    key, name = f"{HOUSE}_signal_32", f"Energy delivered \N{MIDDLE DOT} {HOUSE_NAME}"
    true = true_cost(world, "besmart", key, lambda hour: PRICE)
    assert previewed_cost(dialog, name) == pytest.approx(true, abs=LEEWAY)
    save(dialog)
    page.goto(f"{world.url}{INTEGRATION}")
    expect(page.get_by_text("One price", exact=True)).to_be_visible()
    wait_for_cost(ask, key)
    expect_cost(page, world, f"{HOUSE_NAME} imported", true)


def test_a_price_sensor_prices_the_past(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """Each hour of a site costs what the sensor said then, and a hole costs nothing."""
    ask(import_prices)
    dialog = begin_tariff(page, world, "BEMServer")
    fill_details(dialog, "By the hour", "sensor")
    look("price")
    choose_sensor(dialog, "Day-ahead price")
    skip_surcharges(dialog)
    look("preview")
    save(dialog)
    wait_for_cost(ask, SITE)
    tariff = DemoTariff(
        backend="bemserver",
        meters=SITE,
        details={"valid_from": BEGIN},
        price={"unit": "EUR/kWh", "sensor": PRICE_SENSOR},
    )
    prices = TruePrices(tariffs=[tariff])
    true = true_cost(
        world, "bemserver", SITE, lambda hour: prices.at(SITE, "kWh", hour)
    )
    expect_cost(page, world, SITE_NAME, true)


def test_a_contract_shows_up_by_itself(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """The owner of a DSMR-reader enters contracts there, and clicks nothing here.

    They are read once an hour, and when Home Assistant starts.
    """
    open_energy(page, world)
    choose(page, PERIODS["month"]())
    look_until_right(page, lambda: [] if LOW_NAME in costs(page) else ["not yet"])
    assert costs(page)[LOW_NAME] == 0
    server = world.servers["dsmr_reader"]
    world.serve(replace(server, extra=without_no_contracts(server.extra)))
    world.restart_home_assistant()
    wait_for_cost(ask, LOW)
    look("priced")
    contracts = default_contracts(datetime.now(ZONE).year)
    prices = TruePrices(tariffs=(), contracts=contracts)
    true = true_cost(
        world, "dsmr_reader", LOW, lambda hour: prices.at(LOW, "kWh", hour)
    )
    expect_cost(page, world, LOW_NAME, true)


def without_no_contracts(options: tuple[str, ...]) -> tuple[str, ...]:
    """Return a server's options, with the contracts."""
    return tuple(each for each in options if each != NO_CONTRACTS)
