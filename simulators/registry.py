"""What a simulator offers to the command line."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

type Amount = Callable[[str, datetime, datetime], float | None]
"""What was counted in [start, end) by a thing that is named as the server names it, in
the unit that the server reports; `None` for what does not count."""


def _nothing(name: str, start: datetime, end: datetime) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Running:
    """An application that is ready to be served, and how to log in to it.

    `amount` is the truth behind the answers.
    """

    app: web.Application
    credentials: str
    amount: Amount = _nothing


@dataclass(frozen=True, slots=True)
class Spec:
    """A simulator: the options it knows and how it is built from them."""

    add_arguments: Callable[[ArgumentParser], None]
    build: Callable[[Namespace], Running]
