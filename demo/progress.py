"""Messages about the progress of the demo."""

import time

STARTED = time.monotonic()


def say(text: str) -> None:
    """Print a line of progress with the time since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)
