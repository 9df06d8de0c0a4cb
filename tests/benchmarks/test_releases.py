"""The requests of Beaver IoT's releases that the benchmark counts meet their limits."""

import pytest

from benchmarks.releases import CASES, POINTS, Case
from benchmarks.size import QUICK


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_requests_are_within_their_limits(
    socket_enabled: None, case: Case
) -> None:
    """A poll and the import of a day."""
    lines = await case.measure(QUICK)
    assert len(lines) == 2 * len(POINTS)
    assert {line.case: line.ours for line in lines if line.verdict != "yes"} == {}
