"""What goes wrong in a simulation, drawn from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
import random

from simulators.faults import Action, Answer, Delay, Drop, Truncate, busy, html_error

SPAN = 4 * 3600.0
"""Seconds within which things go wrong."""

LONGEST = 1500.0
"""Seconds that the longest trouble lasts."""

type Plan = Sequence[Trouble]


class Kind(StrEnum):
    """What can go wrong."""

    CRASH = "crash"
    CRASH_AT_STEP = "crash_at_step"
    """After so many more batches and files were written."""

    STOP = "stop"
    SERVER_CRASH = "server_crash"
    PARTITION = "partition"
    SLOW = "slow"
    ANSWERS = "answers"
    REFUSALS = "refusals"
    DATABASE_AWAY = "database_away"
    DATABASE_SLOW = "database_slow"
    SERVER_CLOCK = "server_clock"
    LATE = "late"
    """Readings arrive late, where the server can be told to let them."""

    REIMPORT = "reimport"
    """The user imports everything again."""


WEIGHTS = {
    Kind.CRASH: 2,
    Kind.CRASH_AT_STEP: 5,
    Kind.STOP: 1,
    Kind.SERVER_CRASH: 1,
    Kind.PARTITION: 2,
    Kind.SLOW: 1,
    Kind.ANSWERS: 5,
    Kind.REFUSALS: 2,
    Kind.DATABASE_AWAY: 2,
    Kind.DATABASE_SLOW: 1,
    Kind.SERVER_CLOCK: 1,
    Kind.LATE: 2,
    Kind.REIMPORT: 3,
}

ANSWERS: dict[str, Action] = {
    "html 500": html_error(500),
    "html 502": html_error(502),
    "json 503": Answer(503, "{}", "application/json"),
    "busy": busy(429, 20),
    "busy without an end": Answer(429, "{}", "application/json"),
    "refused": Answer(401, "{}", "application/json"),
    "forbidden": Answer(403, "{}", "application/json"),
    "missing": html_error(404),
    "html 200": Answer(200, "<html>Welcome</html>"),
    "empty": Answer(200, "", "application/json"),
    "null": Answer(200, "null", "application/json"),
    "list": Answer(200, "[]", "application/json"),
    "object": Answer(200, "{}", "application/json"),
    "broken": Answer(200, '{"results": [', "application/json"),
    "cut": Truncate(0.6),
    "reset": Drop(),
    "late": Delay(45.0),
}


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong: when (seconds), for how long, how often, and which."""

    kind: Kind
    at: float
    seconds: float = 0.0
    number: int = 1
    what: str = ""


def draw(seed: int) -> Plan:
    """Return the plan of a seed."""
    rng = random.Random(f"plan {seed}")
    kinds, weights = [*WEIGHTS], [*WEIGHTS.values()]
    plan = []
    for kind in rng.choices(kinds, weights, k=rng.randint(2, 10)):
        # Half of all are in the first minutes, when the most is written.
        at = rng.uniform(0, 120) if rng.random() < 0.4 else rng.uniform(0, SPAN)
        seconds = rng.choice((rng.uniform(1, 60), rng.uniform(60, LONGEST)))
        what = rng.choice([*ANSWERS]) if kind is Kind.ANSWERS else ""
        plan.append(
            Trouble(kind, round(at, 3), round(seconds, 1), rng.randint(1, 40), what)
        )
    return sorted(plan, key=lambda trouble: trouble.at)
