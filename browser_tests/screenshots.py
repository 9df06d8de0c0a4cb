"""Take the screenshots of the docs, light and dark; see script/screenshots."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
import contextlib
from dataclasses import dataclass, field, replace
import io
from pathlib import Path
import re
import time

import aiohttp
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from demo.dashboard import DASHBOARD, URL_PATH
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

CAPTURED = {"milesight": ("--captured",)}
"""Options for the devices of a real Beaver IoT."""

WIDTH, HEIGHT = 1280, 800
SETTLED = 4.0
"""A page is complete if it does not change for this time, in seconds."""

PATIENCE = 120.0

ONE_CLICK = "one-click"
"""The address of the dashboard that takes one click to add."""

HOME = re.compile(r"metering_hub:(dsmr_reader_|besmart_\w+_signal_70$)")
"""The sources of one home: a smart meter and a solar inverter."""


async def nothing(page: Page) -> None:
    """Leave the page as it is."""


async def fold_devices(page: Page) -> None:
    """Collapse the devices of each entry, so that all entries are visible."""
    entries = page.locator("ha-config-entry-row")
    await entries.first.wait_for()
    for entry in await entries.all():
        await entry.locator("ha-icon-button.expand-button").first.click()
    # Otherwise the last button would look different from the others.
    await page.mouse.move(0, 0)


async def preview_tariff(page: Page) -> None:
    """Go through the forms of a dynamic tariff to what it would have cost."""
    entry = page.locator("ha-config-entry-row").filter(
        has=page.get_by_text(re.compile(r"^Beaver IoT"))
    )
    tariff = entry.locator("ha-config-sub-entry-row").filter(
        has=page.get_by_text("By the hour", exact=True)
    )
    await tariff.get_by_role("button").first.click()
    dialog = page.locator("dialog-data-entry-flow")
    for kind in ("datetime", "entity", "object"):
        await dialog.locator(f"ha-selector-{kind}").first.wait_for()
        await dialog.get_by_role("button", name="Next").click()
    await dialog.get_by_role("table").wait_for()
    await page.mouse.move(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A page to take a screenshot of.

    `storage` is the browser's local storage, `prepare` changes the page, and `height`
    is in pixels. A scene with a `model` is the page of the first device of that model.
    """

    name: str
    path: str = ""
    model: str = ""
    height: int = HEIGHT
    storage: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[Page], Awaitable[None]] = nothing


SCENES = (
    Scene(name="one_click", path=f"/{ONE_CLICK}/overview", height=1000),
    Scene(name="dashboard", path=f"/{URL_PATH}/dsmr-reader", height=1000),
    Scene(name="data_quality", path=f"/{URL_PATH}/data-quality", height=640),
    Scene(
        name="energy",
        path="/energy/electricity",
        height=840,
        storage={"energy-default-period-_energy_dashboard": "now-30d"},
    ),
    Scene(
        name="integration",
        path="/config/integrations/integration/metering_hub",
        height=640,
        prepare=fold_devices,
    ),
    Scene(
        name="tariff",
        path="/config/integrations/integration/metering_hub",
        prepare=preview_tariff,
    ),
)
DEVICE_SCENES = tuple(
    Scene(name=f"milesight_{model.lower()}", model=model, height=1000)
    for model in ("AM307", "WS523", "CT303")
)
SCHEMES = ("light", "dark")


def options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Take the screenshots of the docs.")
    parser.add_argument("--url", help="of a demo that runs already")
    names = [scene.name for scene in (*SCENES, *DEVICE_SCENES)]
    parser.add_argument("name", nargs="*", choices=names)
    return parser.parse_args()


async def main() -> None:
    """Take the screenshots of running demos, or of new ones."""
    arguments = options()

    def wanted(scenes: Sequence[Scene]) -> list[Scene]:
        """Return the scenes that are named, or all of them."""
        names = arguments.name
        return [each for each in scenes if not names or each.name in names]

    PICTURES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as p:
        browser = await p.chromium.launch(
            executable_path=chromium.program(), args=[*chromium.OPTIONS]
        )
        if scenes := wanted(SCENES):
            async with (
                demo_at(arguments.url) as (url, api),
                one_home(api),
                one_click(api),
            ):
                await take_all(browser, url, scenes)
        if scenes := wanted(DEVICE_SCENES):
            captured = Wanted(
                folder=FOLDER, port=0, fresh=True, backend="milesight", extra=CAPTURED
            )
            async with running_demo(captured) as demo:
                devices = await demo.api.command("config/device_registry/list")
                scenes = [page_of(each, devices) for each in scenes]
                await take_all(browser, demo.url, scenes)
        await browser.close()


def page_of(scene: Scene, devices: Sequence[dict[str, str]]) -> Scene:
    """Return a scene with the page of the device that it shows."""
    device = next(each for each in devices if each["model"] == scene.model)
    return replace(scene, path=f"/config/devices/device/{device['id']}")


async def take_all(browser: Browser, url: str, scenes: Sequence[Scene]) -> None:
    """Take the screenshots of scenes, light and dark."""
    for scene in scenes:
        for scheme in SCHEMES:
            await take(browser, url, scene, scheme)


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


@contextlib.asynccontextmanager
async def one_click(api: HomeAssistant) -> AsyncIterator[None]:
    """Add the dashboard that takes one click, and remove it afterwards."""
    hidden = {**DASHBOARD, "url_path": ONE_CLICK, "show_in_sidebar": False}
    added = await api.command("lovelace/dashboards/create", **hidden)
    await api.command(
        "lovelace/config/save",
        url_path=ONE_CLICK,
        config={"strategy": {"type": "custom:metering-hub"}},
    )
    try:
        yield
    finally:
        await api.command("lovelace/dashboards/delete", dashboard_id=added["id"])


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
