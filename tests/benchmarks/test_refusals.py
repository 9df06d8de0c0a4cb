"""The requests of besmart that the benchmark counts meet their limits."""

import pytest

from benchmarks.refusals import CASES, Case
from benchmarks.size import QUICK


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_requests_are_within_their_limits(
    socket_enabled: None, case: Case
) -> None:
    """Set-up, a poll and a refused poll, at 3, 50 and 200 sensors."""
    lines = await case.measure(QUICK)
    assert len(lines) == 3
    assert {line.case: line.ours for line in lines if line.verdict != "yes"} == {}
