"""Readings become hourly rows: pure functions, the same however the readings come."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hour of a statistic; `start` is a whole hour, aware UTC.

    Registers and intervals have `state` (the position at the hour's end, or the hour's
    amount) and `sum` (running); measured values have `mean`, `min` and `max`.
    """

    start: datetime
    state: float | None = None
    sum: float | None = None
    mean: float | None = None
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Where counting goes on: a row of before, and the end of its hour (aware UTC)."""

    end: datetime
    state: float
    sum: float
