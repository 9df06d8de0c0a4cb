"""Every endpoint of the server is used, or the wire facts say why it is not."""

from collections.abc import Iterator
from pathlib import Path
import re

from simulators.dsmr_reader.endpoints import ENDPOINTS

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/wire/dsmr_reader.md"
BACKEND = ROOT / "custom_components/metering_hub/backends/dsmr_reader"

PUBLISHED = {
    "POST /api/v1/datalogger/dsmrreading",
    "POST /api/v2/datalogger/dsmrreading",
    "GET /api/v2/datalogger/dsmrreading",
    "GET /api/v2/statistics/day",
    "GET /api/v2/statistics/hour",
}
"""The endpoints of DSMR-reader's published description."""

ROW = re.compile(
    r"^\| `([A-Z]+ /api/v\d/[\w/-]+)` \| (.*?) \| ?(.*?) ?\|$", re.MULTILINE
)


def rows() -> dict[str, tuple[str, str]]:
    """Return what each endpoint is used for, and why not, by method and path."""
    return {name: (use, reason) for name, use, reason in ROW.findall(PAGE.read_text())}


def known() -> Iterator[str]:
    """Yield the endpoints of the simulator, which has all that the server has."""
    for path, endpoint in ENDPOINTS.items():
        yield f"GET /api/v2/{path}"
        if endpoint.extra:
            yield f"{endpoint.extra} /api/v2/{path}"


def test_every_endpoint_has_a_row() -> None:
    assert rows().keys() == PUBLISHED | set(known())


def test_every_endpoint_has_a_use_or_a_reason() -> None:
    for name, (use, reason) in rows().items():
        assert (use == "–") == bool(reason), name  # noqa: RUF001 -- as in the table


def test_the_code_uses_what_the_table_says() -> None:
    """What is only read is requested by its path and nothing else."""
    code = "\n".join(file.read_text() for file in BACKEND.glob("*.py"))
    for name, (_, reason) in rows().items():
        method, path = name.split()
        path = re.sub(r"^/api/v\d", "", path)
        is_used = f'"{path}"' in code and (method == "GET" or path.endswith("reading"))
        assert is_used == (not reason), name
