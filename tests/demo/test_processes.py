"""The demo restarts a program that asks for it."""

import asyncio
from pathlib import Path
import sys

import pytest

from demo.processes import running

ASKS_ONCE = """
import pathlib, signal, sys, time
# What was started in the background of a script ignores this signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
file = pathlib.Path(sys.argv[1])
starts = file.read_text() if file.exists() else ""
file.write_text(starts + "x")
if not starts:
    sys.exit(100)
time.sleep(60)
"""


async def test_a_program_that_asks_for_a_restart_is_started_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "starts"
    program = (sys.executable, "-c", ASKS_ONCE, str(file))
    async with asyncio.timeout(20):
        async with running("The program", *program, restart_code=100) as watcher:
            while not file.exists() or file.read_text() != "xx":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert not watcher.done()
    assert "The program restarts." in capsys.readouterr().out
