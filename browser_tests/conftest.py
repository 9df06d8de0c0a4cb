"""Fixtures: a world for all tests, and a browser page for each test."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
import re
import shutil
from typing import Any

import aiohttp
from playwright.sync_api import (
    Browser,
    Error as PlaywrightError,
    Page,
    expect,
    sync_playwright,
)
import pytest

from demo.home_assistant import HomeAssistant
from demo.processes import ROOT, free_port
from demo.servers import KINDS, Server

from .chromium import OPTIONS, TIME_ZONE, program as chromium_program
from .user import PATIENCE
from .world import World, running_world

ARTEFACTS = ROOT / ".browser"
WIDTH, HEIGHT = 1400, 1300

NO_CONTRACTS = "--no-contracts"
"""The option of a DSMR-reader whose owner has not entered the contracts yet."""

HISTORY = {
    "besmart": (365, ("--years", "1")),
    "bemserver": (65, ("--years", "0.18")),
    "dsmr_reader": (365, ("--years", "1", NO_CONTRACTS)),
    "milesight": (65, ("--days", "65")),
}
"""About how many days of history each server has, and its options for that.

BEMServer and Beaver IoT have too many series to import a whole year in a test. The last
whole month is always included.
"""

_PICTURE_ATTEMPTS = 4
_PICTURE_MS = 10_000

FAILED = pytest.StashKey[bool]()

type Ask = Callable[[Callable[[HomeAssistant], Awaitable[Any]]], Any]
type Look = Callable[[str], None]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Store whether the test failed, for the fixture `page`."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def servers() -> dict[str, Server]:
    """Return the servers to simulate."""
    return {
        kind.backend: Server(
            kind,
            free_port(0),
            f"secret-of-{kind.backend}",
            HISTORY[kind.backend][1],
        )
        for kind in KINDS
    }


@pytest.fixture(scope="session")
def world(servers: dict[str, Server]) -> Iterator[World]:
    """Run Home Assistant and the servers for all tests."""
    shutil.rmtree(ARTEFACTS, ignore_errors=True)
    ARTEFACTS.mkdir()
    with running_world(ARTEFACTS, servers) as running:
        yield running


@pytest.fixture(scope="session")
def ask(world: World) -> Ask:
    """Return a function that calls Home Assistant's API as its owner."""
    return asking(world)


def asking(world: World) -> Ask:
    """Return a function that calls the API of a Home Assistant, which is started."""

    async def run(question: Callable[[HomeAssistant], Awaitable[Any]]) -> Any:
        """Log in, and call the API."""
        async with aiohttp.ClientSession() as session:
            api = HomeAssistant(session, world.url)
            await api.log_in()
            await api.wait_until_started()
            return await question(api)

    def in_a_thread(question: Callable[[HomeAssistant], Awaitable[Any]]) -> Any:
        """Call the API in another thread, as Playwright's loop runs in this one."""
        with ThreadPoolExecutor() as pool:
            return pool.submit(asyncio.run, run(question)).result()

    in_a_thread(HomeAssistant.wait_until_started)
    return in_a_thread


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_program(), args=[*OPTIONS]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def locale() -> str:
    """Return the language of the user's browser."""
    return "en-US"


@pytest.fixture
def page(
    ask: Ask, browser: Browser, locale: str, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Return an open page of the browser.

    A screenshot of its end is kept, and also its text if the test failed.
    """
    opened = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT},
        timezone_id=TIME_ZONE,
        locale=locale,
        # Animated charts would be incomplete in screenshots.
        reduced_motion="reduce",
    )
    opened.set_default_timeout(PATIENCE * 1000)
    yield opened
    name = _file_name(request)
    _keep_picture(opened, name)
    if request.node.stash.get(FAILED, True):
        text = opened.locator("body").aria_snapshot()
        (ARTEFACTS / f"{name}.txt").write_text(f"{opened.url}\n\n{text}\n")
    opened.close()


@pytest.fixture
def look(page: Page, request: pytest.FixtureRequest) -> Look:
    """Return a function that keeps a screenshot of a step of the test."""

    def keep(what: str) -> None:
        """Keep a screenshot."""
        _keep_picture(page, f"{_file_name(request)}-{what}")

    return keep


def _keep_picture(page: Page, name: str) -> None:
    """Keep a screenshot, which only helps people who look at a test.

    Chromium sometimes answers none for a while, which is no fault of the page.
    """
    for _ in range(_PICTURE_ATTEMPTS):
        with suppress(PlaywrightError):
            page.screenshot(path=ARTEFACTS / f"{name}.png", timeout=_PICTURE_MS)
            return
        page.wait_for_timeout(1000)


def _file_name(request: pytest.FixtureRequest) -> str:
    """Return the file name of a test, without its extension."""
    return re.sub(r"\W+", "-", request.node.name).strip("-")
