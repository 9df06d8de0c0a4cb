"""The browser of tests and screenshots: the machine's headless Chromium."""

import os
import shutil

OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    # Containers have little shared memory.
    "--disable-dev-shm-usage",
    *("--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
)
TIME_ZONE = "Europe/Amsterdam"
"""The time zone of the user, in which days and months start."""


def program() -> str:
    """Return the path of Chromium, which `script/chromium` puts into CHROMIUM."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert found is not None, "install Chromium, or name it in CHROMIUM"
    return found
