"""Parsing values in CSV."""

from datetime import UTC, datetime

import pytest

from custom_components.metering_hub.backends.bemserver.timeseries_client import (
    parse_columns,
)
from custom_components.metering_hub.backends.errors import ProtocolError


async def test_parse_columns() -> None:
    """Empty cells, naive times, infinite numbers, unknown columns, short lines."""
    text = """Datetime,1,13,x
2026-11-21T01:30:00+0100,4.1,,5
2026-11-21T01:45:00+0100,inf,7,5
2026-11-21T02:00:00,1,2,3
nonsense
2026-11-21T02:00:00+0100,x,8.5
"""
    first = datetime(2026, 11, 21, 0, 30, tzinfo=UTC).timestamp()
    assert await parse_columns(text) == {
        1: {first: 4.1},
        13: {first + 15 * 60: 7.0, first + 30 * 60: 8.5},
    }
    assert await parse_columns("Datetime,49,1\n") == {49: {}, 1: {}}


@pytest.mark.parametrize("text", ["", "null", "{}", "<html>", "Datetime"])
async def test_csv_without_its_header(text: str) -> None:
    """It is no answer without values, which has a header, too."""
    with pytest.raises(ProtocolError):
        await parse_columns(text)
