"""Nothing that goes wrong loses, doubles or invents a row, and all is well again soon.

Each seed draws what goes wrong, and when; `script/test --simulation` tries more.
"""

import pytest

from .plan import Kind, Trouble, draw
from .run import simulate
from .worlds import WORLDS

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("key", WORLDS)
def test_faults_and_crashes_do_no_harm(key: str, seed: int) -> None:
    result = simulate(WORLDS[key], seed, draw(seed))
    assert result.faults == [], f"seed {seed}: {draw(seed)}"


@pytest.mark.parametrize("key", WORLDS)
def test_nothing_goes_wrong_without_faults(key: str) -> None:
    result = simulate(WORLDS[key], 0, [])
    assert result.faults == []
    assert result.diary.failures == []


def test_a_seed_runs_the_same_each_time() -> None:
    plan = [Trouble(Kind.CRASH_AT_STEP, 0.5, 5.0, 4), *draw(3)]
    first, second = (
        simulate(WORLDS["besmart"], 3, plan, has_trace=True) for _ in range(2)
    )
    assert first.trace
    assert first.trace == second.trace
    assert first.diary.failures == second.diary.failures
