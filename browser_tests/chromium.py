"""The browser of tests and screenshots: the machine's Chromium, without a window."""

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
"""Where a person who looks at the demo is; days and months start there."""


def program() -> str:
    """Return the path of the Chromium that `script/chromium` found, or another one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert found is not None, "install Chromium, or name it in CHROMIUM"
    return found
