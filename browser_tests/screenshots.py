"""Make the pictures of README.md, light and dark; see script/screenshots."""

import asyncio
from dataclasses import dataclass, field
import io
from pathlib import Path
import sys
import time

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from demo.dashboard import URL_PATH
from demo.processes import ROOT
from demo.progress import say
from demo.running import Wanted, running_demo

from . import chromium

PICTURES = ROOT / "docs" / "images"
FOLDER = ROOT / ".screenshots"
"""The demo's files, which git ignores."""

WIDTH, HEIGHT = 1280, 800
COLOURS = 128
"""Enough for a page of Home Assistant, and a third of the size of a picture in full."""

SETTLED = 4.0
"""Seconds without a change on the page after which it is complete."""

PATIENCE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A page to take a picture of.

    `storage` is what the browser remembers of an earlier visit. `height` is in pixels.
    """

    name: str
    path: str
    height: int = HEIGHT
    storage: dict[str, str] = field(default_factory=dict)


SCENES = (
    Scene(name="dashboard", path=f"/{URL_PATH}/dsmr-reader", height=1000),
    Scene(
        name="energy",
        path="/energy/electricity",
        height=1000,
        storage={"energy-default-period-_energy": "this_month"},
    ),
    Scene(
        name="integration",
        path="/config/integrations/integration/metering_hub",
    ),
)
SCHEMES = ("light", "dark")


async def main(names: list[str]) -> None:
    """Start a demo, and take the pictures of it."""
    scenes = [scene for scene in SCENES if not names or scene.name in names]
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = Wanted(folder=FOLDER, port=0, fresh=True, short=True)
    async with running_demo(wanted) as demo, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.program(), args=[*chromium.OPTIONS]
        )
        for scene in scenes:
            for scheme in SCHEMES:
                await take(browser, demo.url, scene, scheme)
        await browser.close()


async def take(browser: Browser, url: str, scene: Scene, scheme: str) -> None:
    """Take a picture of a scene in a colour scheme, and keep it."""
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
    picture = await settled(page)
    file = PICTURES / f"{scene.name}_{scheme}.png"
    keep(picture, file)
    say(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KB")
    await context.close()


async def settled(page: Page) -> bytes:
    """Return a picture of a page once it does not change any more."""
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
    """Write a picture with fewer colours: nobody sees it, and it loads faster."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
