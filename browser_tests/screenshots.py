"""Take the screenshots of README.md, light and dark; see script/screenshots."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
from dataclasses import dataclass, field
import io
from pathlib import Path
import re
import time

import aiohttp
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from demo.dashboard import URL_PATH
from demo.home_assistant import HomeAssistant
from demo.processes import ROOT
from demo.progress import say
from demo.running import Wanted, running_demo

from . import chromium

PICTURES = ROOT / "docs" / "images"
FOLDER = ROOT / ".screenshots"
"""The folder of the demo, which git ignores."""

ONE_YEAR = dict.fromkeys(("besmart", "dsmr_reader"), ("--years", "1"))
"""Options for a history that is quick to import and fills the screenshots."""

WIDTH, HEIGHT = 1280, 800
SETTLED = 4.0
"""A page is complete if it does not change for this time, in seconds."""

PATIENCE = 120.0


HOME = re.compile(r"metering_hub:(dsmr_reader_|besmart_\w+_signal_70$)")
"""The sources of one home: a smart meter and a solar inverter."""


async def nothing(page: Page) -> None:
    """Leave the page as it is."""


async def fold_devices(page: Page) -> None:
    """Collapse the devices of each entry, so that all entries are visible."""
    entries = page.locator("ha-config-entry-row")
    await entries.first.wait_for()
    for entry in await entries.all():
        await entry.locator("ha-icon-button.expand-button").click()
    # Otherwise the last button would look different from the others.
    await page.mouse.move(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A page to take a screenshot of.

    `storage` is the browser's local storage, `prepare` changes the page, and `height`
    is in pixels.
    """

    name: str
    path: str
    height: int = HEIGHT
    storage: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[Page], Awaitable[None]] = nothing


SCENES = (
    Scene(name="dashboard", path=f"/{URL_PATH}/dsmr-reader", height=1000),
    Scene(name="data_quality", path=f"/{URL_PATH}/data-quality", height=640),
    Scene(
        name="energy",
        path="/energy/electricity",
        height=840,
        storage={"energy-default-period-_energy_dashboard": "this_month"},
    ),
    Scene(
        name="integration",
        path="/config/integrations/integration/metering_hub",
        height=640,
        prepare=fold_devices,
    ),
)
SCHEMES = ("light", "dark")


def options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Take the screenshots of README.md.")
    parser.add_argument("--url", help="of a demo that runs already")
    parser.add_argument("name", nargs="*", choices=[scene.name for scene in SCENES])
    return parser.parse_args()


async def main() -> None:
    """Take the screenshots of a running demo, or of a new one."""
    arguments = options()
    scenes = [
        each for each in SCENES if not arguments.name or each.name in arguments.name
    ]
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with (
        demo_at(arguments.url) as (url, api),
        one_home(api),
        async_playwright() as p,
    ):
        browser = await p.chromium.launch(
            executable_path=chromium.program(), args=[*chromium.OPTIONS]
        )
        for scene in scenes:
            for scheme in SCHEMES:
                await take(browser, url, scene, scheme)
        await browser.close()


@contextlib.asynccontextmanager
async def demo_at(url: str | None) -> AsyncIterator[tuple[str, HomeAssistant]]:
    """Yield the address and API of a running demo, or of a new one."""
    if url is None:
        wanted = Wanted(folder=FOLDER, port=0, fresh=True, extra=ONE_YEAR)
        async with running_demo(wanted) as demo:
            yield demo.url, demo.api
        return
    async with aiohttp.ClientSession() as session:
        api = HomeAssistant(session, url)
        await api.log_in()
        yield url, api


@contextlib.asynccontextmanager
async def one_home(api: HomeAssistant) -> AsyncIterator[None]:
    """Keep only one home on the Energy dashboard, and restore the others afterwards.

    The demo has several homes and a campus on one dashboard, which no user has.
    """
    before = await api.command("energy/get_prefs")
    await api.command(
        "energy/save_prefs",
        energy_sources=[
            source
            for source in before["energy_sources"]
            if HOME.match(source["stat_energy_from"])
        ],
        device_consumption=[
            device
            for device in before["device_consumption"]
            if "_plug_" in device.get("stat_rate", "")
        ],
    )
    try:
        yield
    finally:
        await api.command(
            "energy/save_prefs",
            energy_sources=before["energy_sources"],
            device_consumption=before["device_consumption"],
        )


async def take(browser: Browser, url: str, scene: Scene, scheme: str) -> None:
    """Take a screenshot of a scene in a color scheme, and write it to a file."""
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": scene.height},
        timezone_id=chromium.TIME_ZONE,
        color_scheme=scheme,
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    for key, value in scene.storage.items():
        await page.add_init_script(f"localStorage.setItem({key!r}, {value!r})")
    await page.goto(f"{url}{scene.path}")
    await page.locator("home-assistant-main").wait_for()
    await scene.prepare(page)
    picture = await settled(page)
    file = PICTURES / f"{scene.name}_{scheme}.png"
    keep(picture, file)
    say(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KB")
    await context.close()


async def settled(page: Page) -> bytes:
    """Return a screenshot of a page once it has stopped changing."""
    end = time.monotonic() + PATIENCE
    picture = await page.screenshot()
    since = time.monotonic()
    while time.monotonic() < min(since + SETTLED, end):
        await asyncio.sleep(0.5)
        before, picture = picture, await page.screenshot()
        if picture != before:
            since = time.monotonic()
    return picture


def keep(picture: bytes, file: Path) -> None:
    """Write a screenshot as a small file without losing colors."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.save(file, optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
