"""What only a signal's data tell: its unit, and whether it is a register."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from .batching import DataReader
from .latest import WEEK, Newest
from .memory import Knowledge
from .models import DataQuery, SignalId, SignalType
from .points import signal_unit
from .samples import by_origin, only_grows, series
from .units import is_register, normal_unit

_TELLING = timedelta(days=1)
"""Amounts of a whole day cannot only grow."""


async def learn(
    signals: Collection[SignalId],
    types: Mapping[int, SignalType],
    newest: Newest,
    reader: DataReader,
    knowledge: Knowledge,
) -> None:
    """Ask for what is not known of signals yet; raises what the reader raises.

    The unit of a signal stays the one that it was met with, as long as its data can be
    converted to that.
    """
    if unknown := [each for each in signals if _is_unmet(each, newest, knowledge)]:
        await newest.poll(unknown)
        for signal in unknown:
            value = newest.values.get(signal)
            if value is not None and (unit := normal_unit(value.unit)):
                knowledge.units[signal] = unit
    undecided = [
        each for each in signals if _is_undecided(each, types.get(each.moid), knowledge)
    ]
    if not undecided:
        return
    now = newest.now()
    queries = [DataQuery(signal=s, since=now - WEEK, till=now) for s in undecided]
    found = await reader.read(queries)
    for query in queries:
        if data := found.data.get(query.signal):
            values = series(
                await by_origin(
                    data.samples, query.since.timestamp(), query.till.timestamp()
                )
            )
            grows = only_grows(values, _TELLING.total_seconds())
            if grows is not None:
                knowledge.growing[query.signal] = grows


def _is_unmet(signal: SignalId, newest: Newest, knowledge: Knowledge) -> bool:
    """Tell whether a signal's unit is unknown, and its data may tell it."""
    return signal not in knowledge.units and signal not in newest.asked


def _is_undecided(
    signal: SignalId, type_: SignalType | None, knowledge: Knowledge
) -> bool:
    unit = signal_unit(signal.moid, type_, knowledge.units.get(signal))
    grows = knowledge.growing.get(signal)
    return is_register(signal.moid, type_, unit, grows) is None
