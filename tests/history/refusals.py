"""A database that refuses chosen writes of statistics."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
import sqlite3
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

WRITES = ("INSERT INTO statistics (", "UPDATE statistics SET")
"""How the statements begin that write rows of statistics."""


class Refusals:
    """Count the transactions that write statistics, and refuse some of them.

    `refuses` is called with the number of a transaction, from 1 on, and with the cells
    of its first row, which are the same when it is written again.
    """

    def __init__(
        self, refuses: Callable[[int, str], bool], writes: tuple[str, ...] = WRITES
    ) -> None:
        """Initialize the counter; `writes` is how the statements begin."""
        self._writes = writes
        self.count = 0
        self.refused = 0
        self._refuses = refuses
        self._transaction: object = None

    def check(
        self,
        connection: Connection,
        _cursor: object,
        statement: str,
        parameters: Any,
        *_: object,
    ) -> None:
        """Raise the error of a full disk for a write that is refused."""
        transaction = connection.get_transaction()
        if not statement.startswith(self._writes) or transaction is self._transaction:
            return
        self._transaction = transaction
        self.count += 1
        if self._refuses(self.count, first_row(statement, parameters)):
            self.refused += 1
            error = sqlite3.OperationalError("database or disk is full")
            raise OperationalError(statement, parameters, error)


def first_row(statement: str, parameters: Any) -> str:
    """Return the cells of the first row that a statement writes.

    The parameters of many rows are a list, a long tuple or, with PostgreSQL, a mapping.
    """
    if not statement.startswith("INSERT"):
        return repr(parameters)
    values = parameters[0] if isinstance(parameters, list) else parameters
    if not isinstance(values, Mapping):
        columns = statement.partition("(")[2].partition(")")[0].split(", ")
        values = dict(zip(columns, values, strict=False))
    names = ("start_ts", "mean", "state", "sum")
    return repr([values.get(f"{name}__0", values.get(name)) for name in names])


@contextmanager
def refusing(
    hass: HomeAssistant, refuses: Callable[[int, str], bool], *writes: str
) -> Iterator[Refusals]:
    """Let the database refuse writes within the context, which are those of rows."""
    refusals = Refusals(refuses, writes or WRITES)
    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", refusals.check)
    try:
        yield refusals
    finally:
        event.remove(engine, "before_cursor_execute", refusals.check)


def nth(number: int) -> Callable[[int, str], bool]:
    """Refuse the n-th transaction, and none when it is written again."""
    return lambda count, _row: count == number


def nth_and_its_repetition(number: int) -> Callable[[int, str], bool]:
    """Refuse the n-th transaction, however often it is written."""
    refused: set[str] = set()

    def refuses(count: int, row: str) -> bool:
        """Refuse the n-th transaction and its repetitions."""
        if count == number:
            refused.add(row)
        return row in refused

    return refuses
