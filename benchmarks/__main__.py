"""Measure: python -m benchmarks [row ...] [--quick]."""

from argparse import ArgumentParser, Namespace
import asyncio
from collections.abc import Sequence
from dataclasses import asdict
import json
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory

from demo.processes import ROOT

from .home import run
from .results import DOCUMENT, KEPT, Results, write_table
from .rows import ROWS, Row
from .size import FULL, QUICK
from .table import Line, from_json

_NAMES = [row.name for row in ROWS]
LONGEST = 1800
"""The timeout of a row, in seconds."""


def main() -> None:
    """Measure the named rows, each in its own process."""
    options = _arguments()
    rows = [row for row in ROWS if _is_wanted(row.name, options.rows)]
    if not rows:
        sys.exit(f"bench: no such row; there are {', '.join(row.name for row in ROWS)}")
    if options.into is not None:
        _measure_here(rows[0], options)
        return
    results = Results.here()
    failed: list[str] = []
    for row in rows:
        print(f"{row.name} ...", file=sys.stderr, flush=True)
        found = _measure_there(row, quick=options.quick)
        if found is None:
            failed.append(row.name)
        else:
            results.rows[row.name] = found
        # Written after each row, so that stopping a later row loses nothing.
        options.json.write_text(results.as_json())
    print(results.markdown(_NAMES))
    if options.write:
        _keep(results)
    if failed:
        sys.exit(f"bench: failed: {', '.join(failed)}")


def _keep(measured: Results) -> None:
    """Merge new results with the stored ones, and update the document."""
    kept = Results.kept() or measured
    kept.take_over(measured)
    KEPT.write_text(kept.as_json() + "\n", encoding="utf-8")
    write_table(kept.markdown(_NAMES))


def _arguments() -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help="row or row:case; none: all")
    parser.add_argument("--quick", action="store_true", help="small, to see it works")
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT.name}")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks.json")
    parser.add_argument("--into", type=Path, help="one row, here, into this file")
    return parser.parse_args()


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    """Return True if a row was named, by its name or its group; no name means all."""
    return not wanted or any(
        name == each or name.startswith((f"{each}:", f"{each}-")) for each in wanted
    )


def _measure_here(row: Row, options: Namespace) -> None:
    """Measure a row in this process, and write its lines to a file."""

    async def work() -> None:
        """Measure the row."""
        lines = await row.work(QUICK if options.quick else FULL)
        text = json.dumps([asdict(line) for line in lines])
        await asyncio.to_thread(options.into.write_text, text)

    run(work)


def _measure_there(row: Row, *, quick: bool) -> list[Line] | None:
    """Measure a row in another process; if it fails, print its log and return None."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lines.json"
        command = [sys.executable, "-m", "benchmarks", row.name, "--into", str(path)]
        if quick:
            command.append("--quick")
        done = subprocess.run(  # noqa: S603  It is our own command.
            command,
            cwd=ROOT,
            check=False,
            timeout=LONGEST,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0 or not path.exists():
            print(done.stdout, file=sys.stderr)
            return None
        return [from_json(line) for line in json.loads(path.read_text())]


if __name__ == "__main__":
    main()
