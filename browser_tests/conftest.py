"""Fixtures: a world that lasts for all tests, and a page of a browser for each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
import shutil
from typing import Any

import aiohttp
from playwright.sync_api import Browser, Page, sync_playwright
import pytest

from demo.home_assistant import HomeAssistant
from demo.processes import ROOT, free_port
from demo.servers import KINDS, Server

from .chromium import OPTIONS, TIME_ZONE, program as chromium_program
from .world import World, running_world

ARTEFACTS = ROOT / ".browser"
WIDTH, HEIGHT = 1400, 1300

type Ask = Callable[[Callable[[HomeAssistant], Awaitable[Any]]], Any]


@pytest.fixture(scope="session")
def servers() -> dict[str, Server]:
    """Return the servers to simulate, with a year of history each."""
    return {
        kind.backend: replace(
            Server(kind, free_port(0), f"secret-of-{kind.backend}"),
            extra=kind.short_history,
        )
        for kind in KINDS
    }


@pytest.fixture(scope="session")
def world(servers: dict[str, Server]) -> Iterator[World]:
    """Run everything once for all tests."""
    shutil.rmtree(ARTEFACTS, ignore_errors=True)
    ARTEFACTS.mkdir()
    with running_world(ARTEFACTS, servers) as running:
        yield running


@pytest.fixture(scope="session")
def ask(world: World) -> Ask:
    """Return a function that asks Home Assistant's API, logged in as its owner."""

    async def run(question: Callable[[HomeAssistant], Awaitable[Any]]) -> Any:
        async with aiohttp.ClientSession() as session:
            api = HomeAssistant(session, world.url)
            await api.log_in()
            await api.wait_until_started()
            return await question(api)

    def in_a_thread(question: Callable[[HomeAssistant], Awaitable[Any]]) -> Any:
        # The browser's own event loop runs in this one.
        with ThreadPoolExecutor() as pool:
            return pool.submit(asyncio.run, run(question)).result()

    in_a_thread(HomeAssistant.wait_until_started)
    return in_a_thread


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_program(), args=[*OPTIONS]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def locale() -> str:
    """Return the language of a person's browser."""
    return "en-US"


@pytest.fixture
def page(
    ask: Ask, browser: Browser, locale: str, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Return a page that a person has open; its last sight is kept as a picture."""
    opened = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT},
        timezone_id=TIME_ZONE,
        locale=locale,
    )
    opened.set_default_timeout(30_000)
    yield opened
    opened.screenshot(path=ARTEFACTS / f"{request.node.name}.png")
    opened.close()
