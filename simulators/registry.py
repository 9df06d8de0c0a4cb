"""What a simulator provides to the command line and the demo."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from .dirt import CLEAN, Dirt
from .dirt_truth import Expected, FindExpected

type Amount = Callable[[str, datetime, datetime], float | None]
"""Return the amount in [start, end) of a meter, in the unit that the server reports.

The name is the server's own; None means that the meter does not count amounts.
"""


def _unknown_amount(name: str, start: datetime, end: datetime) -> None:
    """Return None for every meter."""


def _nothing_expected(name: str) -> Expected | None:
    """Return None for every meter."""


@dataclass(frozen=True, slots=True)
class Running:
    """An application that is ready to be served, and the credentials for it.

    `amount` returns the true amounts behind the answers. `dirt` are the faults among
    them, and `expected` returns what is right in spite of these.
    """

    app: web.Application
    credentials: str
    amount: Amount = _unknown_amount
    dirt: Dirt = CLEAN
    expected: FindExpected = _nothing_expected


@dataclass(frozen=True, slots=True)
class Spec:
    """A simulator: its command-line options and how to build it from them."""

    add_arguments: Callable[[ArgumentParser], None]
    build: Callable[[Namespace], Running]
