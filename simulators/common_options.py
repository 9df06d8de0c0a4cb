"""Let a chosen share of the values change with every answer, and no other.

A benchmark of a poll needs to know how much is new in it. `--still` stops the clock of
a simulator, so that nothing changes by itself, and `--speed` lets it run faster, for
days that nobody waits for. `--changing PERCENT` lets that share of the values grow with
each answer that has them, besides.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from aiohttp import web

from .faults import Fault, Faults, Handler, Json, MutateJson

type ValueLocation = tuple[str, dict[str, Json], str]
"""What a value (or a list of them) belongs to, and the object in an answer and the key
where it stands."""

type FindValues = Callable[[str, Json], Iterable[ValueLocation]]
"""Finds the newest values in the answer of a path; nothing in other answers."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options that all simulators have."""
    parser.add_argument("--still", action="store_true", help="the clock stands still")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="the clock runs so many times as fast"
    )
    parser.add_argument(
        "--changing",
        type=int,
        metavar="PERCENT",
        help="stand still, but let that share of the values grow with each answer",
    )


def clock(options: Namespace) -> Callable[[], datetime]:
    """Return the clock that the options ask for, which gives aware UTC."""
    if not options.still and options.changing is None:
        begun, speed = datetime.now(UTC), options.speed
        return lambda: begun + (datetime.now(UTC) - begun) * speed
    now = datetime.now(UTC)
    return lambda: now


def change_values(faults: Faults, options: Namespace, find_values: FindValues) -> None:
    """Put the unrest in force that the options ask for."""
    if options.changing:
        faults.add(Fault(ChangeValues(options.changing, find_values)))


@dataclass(slots=True)
class ChangeValues:
    """Change the values of `percent` of what has any; each answer changes them anew."""

    percent: int
    find_values: FindValues
    _numbers: dict[str, int] = field(default_factory=dict)
    _answers: int = 0

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer with the values that changed."""
        whole = await handler(request)
        if whole.content_type != "application/json":
            return whole

        async def answered(_: web.Request) -> web.StreamResponse:
            return whole

        change = MutateJson(lambda answer: self._change(request.path, answer))
        return await change.apply(request, answered)

    def _change(self, path: str, answer: Json) -> Json:
        self._answers += 1
        for name, container, key in self.find_values(path, answer):
            number = self._numbers.setdefault(name, len(self._numbers))
            # The share is spread evenly over all that have values.
            if number * self.percent % 100 < self.percent:
                container[key] = changed(container[key], self._answers)
        return answer


def changed(value: Json, answers: int) -> Json:
    """Return a value after so many answers; words stay as they are."""
    if isinstance(value, list):
        return [changed(each, answers) for each in value]
    if isinstance(value, bool):
        return value is (answers % 2 == 0)
    if isinstance(value, int | float):
        return value + answers
    if isinstance(value, str):
        try:
            return str(Decimal(value) + answers)
        except InvalidOperation:
            return value
    return value
