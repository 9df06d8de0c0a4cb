"""Rows with sums are of positions, of amounts, or can be of both."""

from datetime import UTC, datetime

import pytest

from custom_components.metering_hub.history.maths.rows import HOUR, Row
from custom_components.metering_hub.history.recorded_kinds import kind_of_sums
from custom_components.metering_hub.metering.model import Kind

START = datetime(2026, 11, 1, tzinfo=UTC)

type Cells = tuple[float | None, float | None]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([(1000.0, 0.0), (1002.0, 2.0), (1003.5, 3.5)], Kind.REGISTER),
        ([(1000.0, 0.0), (3.0, 7.0), (4.0, 8.0), (5.0, 9.0)], Kind.REGISTER),
        ([(5.0, 5.0), (2.0, 7.0), (1.5, 8.5)], Kind.INTERVAL),
        ([(5.0, 5.0), (0.0, 5.0), (0.0, 5.0)], Kind.INTERVAL),
        ([(1000.0, 9.0), (None, None), (1001.0, 10.0)], Kind.REGISTER),
        ([(0.0, 0.0), (0.0, 0.0)], Kind.UNDECIDED),
        ([(7.0, 7.0)], Kind.UNDECIDED),
        ([], Kind.UNDECIDED),
    ],
)
def test_kind_of_sums(cells: list[Cells], kind: Kind) -> None:
    rows = [
        Row(start=START + number * HOUR, state=state, sum=total)
        for number, (state, total) in enumerate(cells)
    ]
    assert kind_of_sums(rows) is kind
