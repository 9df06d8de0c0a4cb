"""The faults that the data of a BEMServer can have, and what is right.

Source: docs/wire/bemserver.md, Semantics.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

from simulators.dirt import Dirt, Spot, SpotKind
from simulators.dirt_calendar import Plan, sprinkle
from simulators.dirt_truth import Expected, RightLine, StoredAmounts
from simulators.timeline import Grid, Timeline, timeline
from simulators.times import DAY, HOUR, QUARTER, epoch

from .meters import ChangedCounter, Counter, position_of
from .model import BOTH_STATES, CLEAN, RAW, Series
from .simulator import BemserverSimulator
from .sources import Source
from .store import Gap

_LARGE = 2_000_000
"""A position at which a correction is small."""

_LATE = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Soiled(ChangedCounter):
    """A counter whose readings are wrong where `dirt` says so."""

    key: str
    dirt: Dirt

    def position(self, when: int) -> int:
        """Return the position of the first meter."""
        return position_of(self.of, when)

    def build(self, number: int) -> tuple[int, ...]:
        """Return the positions of a day as they are shown."""
        times = range(number * DAY, (number + 1) * DAY, self.step)
        return tuple(self.dirt.shown(self.key, at, self.position) for at in times)


def make_dirty(simulator: BemserverSimulator, seed: int) -> Dirt:
    """Sprinkle faults over the campus, and return them."""
    series = simulator.world.series.values()
    counters = {
        str(each.id): source
        for each in series
        if isinstance(source := each.source, Counter)
    }
    amounts = frozenset(str(each.id) for each in series) - counters.keys()
    end = epoch(simulator.clock()) - DAY
    large = [key for key, each in counters.items() if each.initial >= _LARGE]
    plans = _plans(frozenset(counters), amounts, frozenset(large))
    spots = sprinkle(plans, epoch(simulator.store.start), end, seed)
    dirt = Dirt(_without_dips(spot, counters) for spot in spots)
    for key, source in counters.items():
        simulator.world.series[int(key)].source = Soiled(source, key, dirt)
    for spot in dirt.of_kind(SpotKind.DELETED, SpotKind.LATE, SpotKind.OUTAGE):
        _hide(simulator, spot)
    return dirt


def _plans(
    counters: frozenset[str], amounts: frozenset[str], large: frozenset[str]
) -> list[Plan]:
    """Return the faults that the series can have."""
    plan = partial(Plan, step=QUARTER)
    hour = HOUR // QUARTER
    wrong = [
        plan(SpotKind.HIGH, counters, amount=100_000_000),
        plan(SpotKind.ZERO, counters, readings=2),
        plan(SpotKind.TENFOLD, counters),
        plan(SpotKind.DIP, counters, readings=2),
        plan(SpotKind.WRAP_16, counters),
        plan(SpotKind.ZERO, counters, readings=5),
    ]
    odd = [
        plan(SpotKind.DELETED, amounts, readings=2 * hour),
        # Before the exchange, after which it would not be small.
        plan(SpotKind.CORRECTION, large, amount=3_000, once=True),
        plan(SpotKind.LATE, counters | amounts, readings=hour),
        plan(SpotKind.OUTAGE, counters | amounts, readings=6),
        plan(SpotKind.EXCHANGE, counters, rare=True),
        plan(SpotKind.OUTAGE, counters | amounts, readings=10 * hour),
    ]
    return [*chain.from_iterable(zip(wrong, odd, strict=True))]


def _without_dips(spot: Spot, counters: Mapping[str, Counter]) -> Spot:
    """Return a correction without the counters that soon reach their position again.

    Nobody can tell a correction of which only two readings are lower from a dip.
    """
    if spot.kind is not SpotKind.CORRECTION:
        return spot
    before, third = spot.start - QUARTER, spot.start + 2 * QUARTER
    keys = frozenset(
        key
        for key in spot.keys
        if position_of(counters[key], third) - spot.amount
        < position_of(counters[key], before)
    )
    return replace(spot, keys=keys)


def _hide(simulator: BemserverSimulator, spot: Spot) -> None:
    """Delete values, or let them be missing or late."""
    start, end = (datetime.fromtimestamp(at, UTC) for at in (spot.start, spot.end))
    if spot.kind is SpotKind.DELETED:
        for number in map(int, spot.keys):
            for state in BOTH_STATES:
                series = simulator.world.series[number]
                simulator.store.delete(series, state, start, end)
        return
    until = end + _LATE if spot.kind is SpotKind.LATE else None
    simulator.gaps.append(Gap(start, end, until=until))


def expected(simulator: BemserverSimulator, name: str) -> Expected | None:
    """Return what is expected of a counter or of a series of amounts, in its unit.

    `name` is the id of the series.
    """
    series = simulator.world.series[int(name)]
    match series.source:
        case Soiled() as counter:
            return RightLine(
                name,
                counter.position,
                counter.scale,
                _stored_times(simulator, series, counter),
                counter.dirt,
                shown=partial(counter.dirt.right, name, position=counter.position),
            )
        case None | Counter() | ChangedCounter():
            return None
        case source:

            def stored(start: int, end: int) -> float | None:
                """Return the stored amounts in a span."""
                times = (datetime.fromtimestamp(at, UTC) for at in (start, end))
                return linked_amount(simulator, name, *times)

            times = _stored_times(simulator, series, source)
            return StoredAmounts(stored, times, source.step)


def _stored_times(
    simulator: BemserverSimulator, series: Series, source: Source
) -> Timeline:
    """Return the times of the values by now, of Clean ones if the series has any."""
    store, now = simulator.store, simulator.clock()
    state = CLEAN if CLEAN in series.states else RAW
    gaps = [gap for gap in store.gaps if gap.hides(series, state, now)]
    spans = [(epoch(gap.start), epoch(gap.end)) for gap in gaps]
    spans += store.deleted(series, state)
    delay = store.latency + (store.clean_delay if state == CLEAN else timedelta())
    start = epoch(series.since or store.start)
    end = epoch(now - delay) - source.lag
    return timeline(Grid(source.step), start, end, sorted(spans))


def linked_amount(
    simulator: BemserverSimulator, name: str, start: datetime, end: datetime
) -> float | None:
    """Return the amount of a linked series in [start, end), in its unit.

    `name` is its id. A series without a link may contain positions, which are not
    amounts.
    """
    number = int(name)
    world = simulator.world
    links = (*world.consumption.values(), *world.production.values())
    linked = {link.series_id for some in links for link in some.values()}
    series = world.series[number]
    if number not in linked or (series.interval or 0) > HOUR:
        # The hours of a daily amount are unknown.
        return None
    if isinstance(series.source, Counter | Soiled):
        return None
    state = CLEAN if CLEAN in series.states else RAW
    return simulator.amount(number, start, end, state)
