"""A user has two houses with a DSMR-reader each, and changes the language."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import re
import time
from typing import Any

from playwright.sync_api import Page, expect
import pytest

from demo.home_assistant import HomeAssistant
from demo.processes import free_port
from demo.servers import KINDS, Server

from .conftest import ARTEFACTS, NO_CONTRACTS, Ask, Look, asking
from .dashboard import statistics_of
from .tariff_form import text_of
from .user import FINISH, INTEGRATION, begin_to_add, entry_row, fill, submit
from .world import World, running_world

CANAL, BEACH = "Canal house", "Beach house"
SEEDS = {CANAL: "7", BEACH: "8"}
DOT = " \N{MIDDLE DOT} "
RENAMING_PATIENCE = 120.0
"""Seconds until all statistics must have their names."""

RAW_KEY = re.compile(r"\b[a-z]+_[a-z_0-9]+\b|\bcomponent\.")
"""A key of a text, as it is shown where the text itself is missing."""

SETTLED = timedelta(hours=3)
"""The age of hours that no later import changes."""


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Run a Home Assistant of its own: a second house renames the meters."""
    folder = ARTEFACTS / "homes"
    folder.mkdir(parents=True, exist_ok=True)
    with running_world(folder, {}) as running:
        yield running


@pytest.fixture(scope="session")
def ask(world: World) -> Ask:
    """Return a function that calls the API of this Home Assistant."""
    return asking(world)


@pytest.fixture(scope="session", autouse=True)
def readers(world: World) -> None:
    """Run the DSMR-readers of both houses, which have a week of history."""
    kind = next(kind for kind in KINDS if kind.backend == "dsmr_reader")
    for name, seed in SEEDS.items():
        options = ("--years", "0.02", "--seed", seed, NO_CONTRACTS)
        server = Server(kind, free_port(0), f"secret-of-{seed}", options)
        world.serve(server, name)


def in_house(*parts: str) -> str:
    """Return the name of something that several houses have."""
    return DOT.join(parts)


def meter(language: str = "en") -> str:
    """Return the name of an electricity meter."""
    return text_of("device", "electricity_meter", "name", language=language)


def register(name: str, language: str = "en") -> str:
    """Return the name of a register of an electricity meter."""
    key = f"electricity_{name}"
    return text_of("entity", "sensor", key, "name", language=language)


def raw_keys(names: Mapping[str, str | None]) -> list[str]:
    """Return those that are called by a key."""
    return [
        f"{what}: {name}"
        for what, name in names.items()
        if name is not None and RAW_KEY.search(name)
    ]


async def registered_names(api: HomeAssistant) -> dict[str, str | None]:
    """Return the names of the integration's devices and entities."""
    entries = await api.command("config_entries/get", domain="metering_hub")
    ours = {entry["entry_id"] for entry in entries}
    devices = await api.command("config/device_registry/list")
    entities = await api.command("config/entity_registry/list")
    return {
        **{
            each["id"]: each["name"]
            for each in devices
            if ours.intersection(each["config_entries"])
        },
        **{
            each["entity_id"]: each["original_name"]
            for each in entities
            if each["config_entry_id"] in ours
        },
    }


async def statistic_names(api: HomeAssistant) -> dict[str, str]:
    """Return the names of the integration's statistics by id."""
    listed = await api.command("recorder/list_statistic_ids")
    return {
        each["statistic_id"]: each["name"]
        for each in listed
        if each["statistic_id"].startswith("metering_hub:")
    }


def statistics_of_homes(ask: Ask, language: str = "en") -> dict[str, str]:
    """Return the names of both houses' statistics, once they are in a language."""
    wanted = {
        in_house(register(name, language), meter(language), house)
        for house in SEEDS
        for name in ("delivered_low", "delivered_normal", "returned_low")
    }

    async def wait(api: HomeAssistant) -> dict[str, str]:
        """Look at the names again and again."""
        end = time.monotonic() + RENAMING_PATIENCE
        while time.monotonic() < end:
            names = await statistic_names(api)
            if wanted <= {*names.values()}:
                return names
            await asyncio.sleep(1)
        pytest.fail(f"{names} lack some of {wanted}")

    names: dict[str, str] = ask(wait)
    return {each: name for each, name in names.items() if name.endswith((CANAL, BEACH))}


def settled_rows(ask: Ask, ids: list[str]) -> Mapping[str, list[Mapping[str, Any]]]:
    """Return the hours of statistics that no import changes any more, with their sums.

    The end is the same for the whole test, which takes less than an hour.
    """
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - SETTLED

    async def read(api: HomeAssistant) -> Any:
        """Read the rows."""
        return await api.command(
            "recorder/statistics_during_period",
            start_time=(end - timedelta(days=30)).isoformat(),
            end_time=end.isoformat(),
            statistic_ids=ids,
            period="hour",
            types=["sum", "state"],
        )

    rows: Mapping[str, list[Mapping[str, Any]]] = ask(read)
    return rows


def shown_text(page: Page) -> str:
    """Return all that a page shows, without the addresses of links."""
    lines = page.locator("body").aria_snapshot().splitlines()
    return "\n".join(line for line in lines if "/url:" not in line)


@pytest.mark.parametrize("house", SEEDS)
def test_a_house_is_added_with_a_name(
    page: Page, world: World, look: Look, house: str
) -> None:
    """The form asks for a name, and the entry has it."""
    server = world.servers[house]
    begin_to_add(page, world)
    page.get_by_text(server.kind.name, exact=True).last.click()
    fill(page, "Address", str(server.form["url"]))
    fill(page, "API key", server.secret)
    submit(page)
    expect(page.get_by_text("Add new devices automatically")).to_be_visible()
    fill(page, "Name", house)
    look("selection")
    submit(page)
    page.get_by_role("button", name=FINISH).click()
    page.goto(f"{world.url}{INTEGRATION}")
    expect(entry_row(page, house).get_by_text(meter()).first).to_be_visible()


def test_both_houses_are_told_apart(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """Devices, statistics and sources of the Energy dashboard have other names."""
    names = statistics_of_homes(ask)
    assert len({*names.values()}) == len(names)
    page.goto(f"{world.url}{INTEGRATION}")
    for house in SEEDS:
        row = entry_row(page, house)
        name = in_house(meter(), house)
        expect(row.get_by_text(name, exact=True)).to_be_visible()
    look("entries")
    page.goto(f"{world.url}/config/energy/electricity")
    expect(page.get_by_text("Low tariff").first).to_be_visible()
    look("sources")
    page.get_by_role("button", name="Add grid connection").click()
    page.get_by_role("button", name="Energy imported from grid").click()
    page.keyboard.type("Low tariff delivered")
    for house in SEEDS:
        # Home Assistant shows the device of a sensor below it.
        name = f"{register('delivered_low')} {in_house(meter(), house)}"
        expect(page.get_by_role("option", name=name)).to_be_visible()
    look("picker")
    preferences = ask(lambda api: api.command("energy/get_prefs"))
    ours = [
        source["name"]
        for source in preferences["energy_sources"]
        if names.keys() & {*statistics_of([source])}
    ]
    assert len({*ours}) == len(ours), "two sources have one name"


@pytest.mark.parametrize(
    ("locale", "language"), [("nl-NL", "nl"), ("en-US", "en")], ids=["nl", "en"]
)
def test_names_follow_the_language(
    page: Page, world: World, ask: Ask, look: Look, language: str
) -> None:
    """A new language of Home Assistant renames everything, and touches no row."""
    other = "en" if language == "nl" else "nl"
    before = statistics_of_homes(ask, other)
    rows = settled_rows(ask, [*before])
    assert all(rows[each] for each in before), "each has a history"
    ask(lambda api: api.command("config/core/update", language=language))
    after = statistics_of_homes(ask, language)
    assert after.keys() == before.keys()
    assert raw_keys(after) == []
    assert settled_rows(ask, [*before]) == rows
    page.goto(f"{world.url}{INTEGRATION}")
    for house in SEEDS:
        name = in_house(meter(language), house)
        expect(entry_row(page, house).get_by_text(name, exact=True)).to_be_visible()
    look("entries")
    assert RAW_KEY.findall(shown_text(page)) == []
    page.get_by_text(in_house(meter(language), BEACH), exact=True).click()
    delivered = page.get_by_text(register("delivered_low", language), exact=True)
    expect(delivered.first).to_be_visible()
    look("device")
    assert RAW_KEY.findall(shown_text(page)) == []
    assert raw_keys(ask(registered_names)) == []


def test_a_changed_key_is_asked_for_by_name(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """The card and the form say of which house the key is."""
    world.serve(replace(world.servers[BEACH], secret="another-secret"), BEACH)
    ask(lambda api: reload(api, BEACH))
    page.goto(f"{world.url}{INTEGRATION}")
    page.get_by_role("button", name="Reconfigure").click()
    dialog = page.locator("dialog-data-entry-flow")
    expect(dialog.get_by_text(BEACH).first).to_be_visible()
    expect(dialog.get_by_text(CANAL)).to_have_count(0)
    look("form")
    fill(page, "API key", "another-secret")
    submit(page)
    expect(page.get_by_text("Success")).to_be_visible()


async def reload(api: HomeAssistant, title: str) -> None:
    """Reload an entry, so that its server is asked at once."""
    entries = await api.command("config_entries/get", domain="metering_hub")
    entry = next(each["entry_id"] for each in entries if each["title"] == title)
    await api.post(f"/api/config/config_entries/entry/{entry}/reload", {})


def test_a_removed_house_leaves_the_other(
    page: Page, world: World, ask: Ask, look: Look
) -> None:
    """Repairs asks about the sources of the house, and the other one keeps its own."""
    names = statistics_of_homes(ask)
    kept = {each for each, name in names.items() if name.endswith(CANAL)}
    page.goto(f"{world.url}{INTEGRATION}")
    row = entry_row(page, BEACH)
    row.get_by_role("button", name="Menu").first.click()
    page.get_by_role("menuitem", name="Delete").click()
    submit(page, "Delete")
    expect(row).to_have_count(0)
    expect(entry_row(page, CANAL).get_by_text(meter()).first).to_be_visible()
    look("one-left")
    page.goto(f"{world.url}/config/repairs")
    # Home Assistant stores the card, so it names the platform and not the home.
    page.get_by_text("DSMR-reader is still on the Energy dashboard").click()
    expect(page.get_by_text("Remove DSMR-reader from the Energy")).to_be_visible()
    look("question")
    submit(page)
    expect(page.get_by_text("The issue is repaired!")).to_be_visible()
    preferences = ask(lambda api: api.command("energy/get_prefs"))
    shown = {*statistics_of(preferences["energy_sources"])}
    assert shown & kept
    assert not shown & (names.keys() - kept)

    assert kept <= ask(statistic_names).keys()
