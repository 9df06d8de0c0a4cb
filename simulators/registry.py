"""What a simulator offers to the command line."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Running:
    """An application that is ready to be served, and how to log in to it."""

    app: web.Application
    credentials: str


@dataclass(frozen=True, slots=True)
class Spec:
    """A simulator: the options it knows and how it is built from them."""

    add_arguments: Callable[[ArgumentParser], None]
    build: Callable[[Namespace], Running]
