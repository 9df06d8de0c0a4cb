"""Troubles that seeds have found or that broke an import once, each by itself."""

from collections.abc import Sequence

import pytest

from .plan import Kind, Trouble
from .run import simulate
from .worlds import WORLDS

PLANS: dict[str, Sequence[Trouble]] = {
    "batches of the first import are refused": [Trouble(Kind.REFUSALS, 0.0, 30, 5)],
    # Seed 9: the qualities were written a quarter of an hour after the rows, so a gap
    # that was estimated from measured days became a straight line.
    "a crash after a first import with estimates": [Trouble(Kind.CRASH, 73.0, 60)],
    # Seed 5070: the simulation knew nothing of the rule that rows without qualities are
    # imported again.
    "a crash amid the first import, and one after it": [
        Trouble(Kind.CRASH_AT_STEP, 2.694, 894.3, 25),
        Trouble(Kind.CRASH_AT_STEP, 46.67, 44.2, 5),
    ],
    "a crash amid the first import": [Trouble(Kind.CRASH_AT_STEP, 0.0, 5, 9)],
    "a crash amid a re-import of wrong rows": [
        Trouble(Kind.REIMPORT, 100),
        Trouble(Kind.CRASH_AT_STEP, 890, 5, 20),
    ],
    "a crash at the first rows of a re-import of wrong rows": [
        Trouble(Kind.REIMPORT, 100),
        Trouble(Kind.CRASH_AT_STEP, 890, 5, 3),
    ],
    "the database goes away amid a re-import": [
        Trouble(Kind.REIMPORT, 100),
        Trouble(Kind.DATABASE_AWAY, 900.5, 200),
    ],
    "the server is cut off amid a re-import": [
        Trouble(Kind.REIMPORT, 100),
        Trouble(Kind.PARTITION, 900.1, 200),
    ],
}

SEEDS = {"a crash amid the first import, and one after it": 5070}
"""Seeds of the network that made a difference; the others have seed 1."""


@pytest.mark.parametrize("key", WORLDS)
@pytest.mark.parametrize("name", PLANS)
def test_no_row_is_lost_or_wrong_after(name: str, key: str) -> None:
    assert simulate(WORLDS[key], SEEDS.get(name, 1), PLANS[name]).faults == []
