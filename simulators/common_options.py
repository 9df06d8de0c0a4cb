"""Options that all simulators have: faulty readings, clocks, and changing values.

A benchmark of a poll has to know how many of the values are new. `--still` stops the
clock of a simulator, so nothing changes by itself, and `--speed` makes it run faster.
`--changing PERCENT` also stops the clock, but increases that share of the values with
every answer.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

from aiohttp import web

from .faults import Fault, Faults, Handler, Json, MutateJson
from .times import utcnow

type ValueLocation = tuple[str, dict[str, Json], str, int | None]
"""The name of a value, the object that contains it, its key, and its place if there is
a list of values."""

type FindValues = Callable[[str, Json], Iterable[ValueLocation]]
"""Find the latest values in the answer of a path; other answers have none."""

type MoveTime = Callable[[dict[str, Json], int], None]
"""Make the time of an object's changed value later, with each answer a bit more.

The number is that of the answer.
"""


def add_common_arguments(parser: ArgumentParser) -> None:
    """Add the options that all simulators have."""
    parser.add_argument(
        "--dirty", action="store_true", help="sprinkle faults over the readings"
    )
    parser.add_argument("--still", action="store_true", help="stop the clock")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="run the clock this many times as fast"
    )
    parser.add_argument(
        "--changing",
        type=int,
        metavar="PERCENT",
        help="stop the clock, but increase this share of the values with each answer",
    )


def clock(options: Namespace) -> Callable[[], datetime]:
    """Return the clock for the options, which returns aware UTC.

    Who builds a simulator in its own process may set `clock` to one that it moves.
    """
    if "clock" in options:
        driven: Callable[[], datetime] = options.clock
        return driven
    if not options.still and options.changing is None:
        start, speed = utcnow(), options.speed
        return lambda: start + (utcnow() - start) * speed
    now = utcnow()
    return lambda: now


def change_values(
    faults: Faults,
    options: Namespace,
    find_values: FindValues,
    move_time: MoveTime,
) -> None:
    """Start changing values if the options ask for it."""
    if options.changing:
        faults.add(Fault(ChangeValues(options.changing, find_values, move_time)))


@dataclass(slots=True)
class ChangeValues:
    """Change the values of `percent` of the names; every answer changes them again.

    No real server has two values of the same moment, so their times change, too.
    """

    percent: int
    find_values: FindValues
    move_time: MoveTime
    _numbers: dict[str, int] = field(default_factory=dict)
    _answers: int = 0

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the answer with changed values."""
        whole = await handler(request)
        if whole.content_type != "application/json":
            return whole

        async def answered(_: web.Request) -> web.StreamResponse:
            """Return the answer that was already made."""
            return whole

        change = MutateJson(lambda answer: self._change(request.path, answer))
        return await change.apply(request, answered)

    def _change(self, path: str, answer: Json) -> Json:
        """Change the values of the chosen names in an answer."""
        self._answers += 1
        changed_objects: dict[int, dict[str, Json]] = {}
        for name, container, key, index in self.find_values(path, answer):
            number = self._numbers.setdefault(name, len(self._numbers))
            # Spread the share evenly over all names.
            if number * self.percent % 100 < self.percent:
                value = container[key]
                if isinstance(value, list) and index is not None:
                    value[index] = changed(value[index], self._answers)
                else:
                    container[key] = changed(value, self._answers)
                changed_objects[id(container)] = container
        for container in changed_objects.values():
            self.move_time(container, self._answers)
        return answer


def changed(value: Json, answers: int) -> Json:
    """Return a value after a number of answers; plain text does not change.

    Numbers with decimals grow by the last of them: no meter counts a kWh per second.
    """
    if isinstance(value, bool):
        return value is (answers % 2 == 0)
    if isinstance(value, int):
        return value + answers
    if isinstance(value, float):
        return round(value + answers / 1000, 3)
    if isinstance(value, str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return value
        exponent = number.as_tuple().exponent
        step = min(exponent, 0) if isinstance(exponent, int) else 0
        return str(number + Decimal(answers).scaleb(step))
    return value
