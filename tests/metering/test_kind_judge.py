"""Judging whether values are positions of a register or amounts per interval."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import pi, sin
from random import Random

import pytest

from custom_components.metering_hub.metering.kind_judge import (
    Evidence,
    Reason,
    Verdict,
    judge_kind,
)
from custom_components.metering_hub.metering.model import Kind

START = datetime(2026, 11, 3, tzinfo=UTC)
WEEK = 168
YEAR = 365
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def values(
    numbers: Iterable[float], gap: timedelta = HOUR
) -> list[tuple[datetime, float]]:
    """Return numbers with their moments."""
    return [(START + index * gap, number) for index, number in enumerate(numbers)]


def judged(
    numbers: Iterable[float], gap: timedelta = HOUR, text: str = ""
) -> Kind | None:
    """Return the kind of a series without highs."""
    return judge_kind(Evidence(lows=values(numbers, gap), text=text)).kind


def use(hours: int, seed: int = 1) -> list[float]:
    """Return what a house uses each hour."""
    random = Random(seed)
    return [
        round(0.2 + random.random() * (0.5 + 2 * (6 < hour % 24 < 22)), 3)
        for hour in range(hours)
    ]


def solar(hours: int, seed: int = 1) -> list[float]:
    """Return what modules yield each hour."""
    random = Random(seed)
    shapes = [max(0.0, sin((hour % 24 - 6) / 12 * pi)) for hour in range(hours)]
    return [round(13 * shape * (0.6 + 0.4 * random.random()), 2) for shape in shapes]


def counter(amounts: Iterable[float], start: float = 0.0) -> list[float]:
    """Return the position after each amount."""
    return [round(number, 3) for number in accumulate(amounts, initial=start)][1:]


def changed(numbers: Sequence[float], index: int, number: float) -> list[float]:
    """Return values of which one is different."""
    return [*numbers[:index], number, *numbers[index + 1 :]]


def restarting(amounts: Sequence[float]) -> list[float]:
    """Return the position of a counter that restarts at midnight."""
    return [
        sum(amounts[index - index % 24 : index]) if index % 24 else 0.0
        for index in range(len(amounts))
    ]


OLD = counter(use(WEEK), 53_000.0)
GAS = [float(round(hour / 5)) for hour in range(WEEK)]
COUNTERS: dict[str, Sequence[float]] = {
    "clean": OLD,
    "a false 0 two days ago": changed(OLD, 120, 0.0),
    "a reading 0.1 lower": changed(OLD, 120, OLD[119] - 0.1),
    "exchanged three days ago": OLD[:96] + counter(use(72), 0.0),
    "exchanged to higher": OLD[:96] + counter(use(72), 90_000.0),
    "restarts every midnight": restarting(use(WEEK)),
    "solar, restarts every midnight": restarting(solar(WEEK)),
    "new": counter(use(WEEK)),
    "tiny": [round(hour * 0.1, 1) for hour in range(WEEK)],
    "16 bits wrap": [hour * 5000.0 % 65536 for hour in range(WEEK)],
    "solar": counter(solar(WEEK), 8000.0),
    "gas": [4600 + each for each in GAS],
    "new gas counter": GAS,
    "count": counter([float(hour % 3) for hour in range(WEEK)]),
    "corrected": OLD[:100] + [each - 20 for each in OLD[100:]],
    "twelve hours": [1000.0 + hour for hour in range(12)],
    "from below zero": [hour - 20.0 for hour in range(WEEK)],
}


@pytest.mark.parametrize("numbers", COUNTERS.values(), ids=COUNTERS)
def test_counters(numbers: Sequence[float]) -> None:
    """Dirt, exchanges and restarts do not make a counter an amount."""
    assert judged(numbers) is Kind.REGISTER


def test_a_counter_that_stood_and_was_exchanged() -> None:
    """The week shows nothing, but the year does."""
    days = [float(round(day * 3.3)) for day in range(YEAR - 10)]
    old, new = counter([3.0] * 265, 70_000.0), days[:90]
    year = [*old, *new, *[new[-1]] * 10]
    assert judged(year[-10:], DAY) is None
    assert judged(year, DAY) is Kind.REGISTER


AMOUNTS: dict[str, Sequence[float]] = {
    "ordinary": use(WEEK),
    "solar": solar(WEEK),
    "rising for weeks": [
        each * (1 + index / 100) for index, each in enumerate(use(3 * WEEK))
    ],
    "noisy": [Random(hour).gauss(100, 20) for hour in range(WEEK)],
    "boiler": [5.0 * (hour % 24 in {3, 11, 19}) for hour in range(WEEK)],
    "both directions": [
        each - from_sun for each, from_sun in zip(use(WEEK), solar(WEEK), strict=True)
    ],
    "visitors": [
        float(Random(hour).randrange(9) * (8 < hour % 24 < 18)) for hour in range(WEEK)
    ],
}


@pytest.mark.parametrize("numbers", AMOUNTS.values(), ids=AMOUNTS)
def test_amounts(numbers: Sequence[float]) -> None:
    assert judged(numbers) is Kind.INTERVAL


def test_amounts_per_day() -> None:
    random = Random(5)
    days = [20 + 15 * sin(day / 58) + random.gauss(0, 4) for day in range(YEAR)]
    assert judged(days, DAY) is Kind.INTERVAL


UNDECIDED: dict[str, tuple[Sequence[float], timedelta]] = {
    "nothing": ([], HOUR),
    "idle": ([0.0] * WEEK, HOUR),
    "stood all year": ([7264.7] * YEAR, DAY),
    "solar, first day": ([0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 7, 9, 13.0], HOUR),
    "solar, eight hours": ([0, 0, 1, 2, 4, 5, 7, 8.0], HOUR),
    "solar, a slow morning": (solar(12), HOUR),
    "rising daily": ([94, 110, 121, 140, 152, 168, 180, 195.0], DAY),
    "rising monthly": ([4, 20, 33, 60, 85, 92, 195.0], 30 * DAY),
    "stands, with false zeros": (
        [0.0 if hour % 15 == 3 else 500.0 for hour in range(WEEK)],
        HOUR,
    ),
    "stands, and its last digit trembles": (
        [1000 + Random(hour).randrange(2) / 10 for hour in range(WEEK)],
        HOUR,
    ),
    "runs backwards": ([9000.0 - hour for hour in range(WEEK)], HOUR),
    "restarts every midnight, used rarely": (
        [float(1 + hour % 24 // 20) * (hour % 24 > 17) for hour in range(WEEK)],
        HOUR,
    ),
}


@pytest.mark.parametrize(("numbers", "gap"), UNDECIDED.values(), ids=UNDECIDED)
def test_undecided(numbers: Sequence[float], gap: timedelta) -> None:
    """Nothing is said while both kinds are possible."""
    assert judged(numbers, gap) is None


def test_highs_tell_more_where_all_lows_are_zero() -> None:
    """A device that stands by has a minute without use in every hour."""
    evidence = Evidence(lows=values([0.0] * WEEK), highs=values(use(WEEK)))
    assert judge_kind(evidence).kind is Kind.INTERVAL


def test_lows_that_contradict_highs() -> None:
    """Many false zeros spoil nearly half of the lows, but not the highs."""
    young = counter(use(WEEK))
    lows = [each * (hour % 5 in {0, 1, 3}) for hour, each in enumerate(young)]
    evidence = Evidence(lows=values(lows), highs=values(young))
    assert judge_kind(evidence) == Verdict(kind=None, reason=Reason.CONTRADICTORY)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Zählerstand Halle", Kind.REGISTER),
        ("index_compteur", Kind.REGISTER),
        ("Hall consumption", None),
        ("Consumption, counter", None),
        ("Standby", None),
        ("", None),
    ],
)
def test_a_name_only_confirms(text: str, kind: Kind | None) -> None:
    """Seven readings that rise a little are likely, but not certainly, positions."""
    assert judged([1000, 1001, 1003, 1004, 1006, 1007, 1009.0], text=text) is kind


def test_a_name_decides_nothing_alone() -> None:
    assert judged(use(WEEK), text="counter index") is Kind.INTERVAL
    assert judged([0.0] * WEEK, text="consumption") is None
    assert judged(OLD, text="Verbrauch") is Kind.REGISTER


def dirty(random: Random, numbers: Sequence[float]) -> list[float]:
    """Return positions of which some are false."""
    share = random.choice([0, 0.01, 0.05, 0.1])
    spoil: Sequence[Callable[[float], float]] = (
        lambda _: 0.0,
        lambda number: number * 10,
        lambda number: number - 0.1,
        lambda number: number * random.random(),
    )
    return [
        random.choice(spoil)(number) if random.random() < share else number
        for number in numbers
    ]


def random_use(random: Random, count: int) -> list[float]:
    """Return amounts of a random meter."""
    form = random.choice([use, solar])
    activity, scale = random.choice([1.0, 1.0, 0.3]), 10 ** random.uniform(-1, 3)
    return [
        round(each * scale, random.randrange(4)) * (random.random() < activity)
        for each in form(count, random.randrange(10**6))
    ]


@pytest.mark.parametrize("seed", range(200))
def test_no_dirt_makes_a_counter_an_amount(seed: int) -> None:
    """Whatever it counts, wherever it begins, and exchanged up to twice."""
    random = Random(seed)
    gap, count = random.choice([(HOUR, WEEK), (DAY, YEAR), (HOUR, 30)])
    numbers: list[float] = []
    for _ in range(random.randrange(1, 4)):
        start = random.choice([0.0, 10 ** random.uniform(0, 6)])
        numbers += counter(random_use(random, random.randrange(count)), start)
    assert judged(dirty(random, numbers), gap) is not Kind.INTERVAL


@pytest.mark.parametrize("seed", range(200))
def test_no_amounts_are_a_counter(seed: int) -> None:
    random = Random(seed)
    gap, count = random.choice([(HOUR, WEEK), (DAY, YEAR), (HOUR, 30)])
    numbers = random_use(random, random.randrange(count))
    if gap is DAY:
        season = [random.gauss(20 + 15 * sin(day / 58), 2) for day in range(count)]
        numbers = [sum(both) for both in zip(season, numbers, strict=False)]
    assert judged(numbers, gap) is not Kind.REGISTER


def test_most_random_series_are_decided() -> None:
    """A judge that says nothing is never wrong, but of no use."""
    random = Random(1)
    uses = [random_use(random, WEEK) for _ in range(200)]
    amounts = [judged(each) for each in uses]
    counters = [judged(dirty(random, counter(each, 500.0))) for each in uses]
    assert amounts.count(Kind.INTERVAL) > 150
    assert counters.count(Kind.REGISTER) > 150


SAWS = [*accumulate([10.0, 10.0, 10.0, -25.0] * 4, initial=10.0)]


@pytest.mark.parametrize(
    ("numbers", "text", "kind"),
    [
        # Five different values that change by little, and no fewer.
        ([1000, 1000, 1000, 1001, 1003, 1004, 1006], "counter", Kind.REGISTER),
        ([1000, 1000, 1000, 1000, 1001, 1003, 1004], "counter", None),
        ([1, 2, 3, 4, 5, 6, 7], "counter", None),
        # Four falls that are a quarter of the changes, and no fewer.
        ([1, 9] * 4 + [1], "consumption", Kind.INTERVAL),
        ([1, 9] * 3 + [1], "consumption", None),
        (SAWS, "consumption", Kind.INTERVAL),
        ([*SAWS, 40], "consumption", None),
    ],
)
def test_a_name_confirms_only_what_values_suggest(
    numbers: Sequence[float], text: str, kind: Kind | None
) -> None:
    assert judged(numbers, text=text) is kind
    assert judged(numbers) is None


@pytest.mark.parametrize(
    ("numbers", "gap", "is_register"),
    [
        # 24 changes in two days, and no fewer in no less.
        (range(0, 250, 10), 2 * HOUR, True),
        (range(0, 240, 10), 3 * HOUR, False),
        (range(0, 250, 10), 2 * HOUR - timedelta(minutes=1), False),
        # 60 changes of values that are days apart.
        (range(0, 610, 10), DAY, True),
        (range(0, 600, 10), DAY, False),
        # Ten small changes.
        (range(2000, 2011), HOUR, True),
        (range(2000, 2010), HOUR, False),
    ],
)
def test_what_rises_needs_changes_enough(
    numbers: Sequence[float], gap: timedelta, is_register: bool
) -> None:
    assert judged(numbers, gap) is (Kind.REGISTER if is_register else None)


@pytest.mark.parametrize(
    ("numbers", "text", "kind", "reason"),
    [
        ([], "", None, Reason.TOO_FEW),
        (range(6), "", None, Reason.TOO_FEW),
        ([5.0] * WEEK, "", None, Reason.STANDS_STILL),
        (OLD, "", Kind.REGISTER, Reason.RISES),
        (range(2000, 2011), "", Kind.REGISTER, Reason.SMALL_CHANGES),
        (use(WEEK), "", Kind.INTERVAL, Reason.FLUCTUATES),
        (AMOUNTS["boiler"], "", Kind.INTERVAL, Reason.RETURNS_TO_ZERO),
        ([1, 9] * 4 + [1], "consumption", Kind.INTERVAL, Reason.NAMED),
        ([1, 9] * 4 + [1], "", None, Reason.UNCLEAR),
    ],
)
def test_each_verdict_has_its_reason(
    numbers: Sequence[float], text: str, kind: Kind | None, reason: Reason
) -> None:
    evidence = Evidence(lows=values(numbers), text=text)
    assert judge_kind(evidence) == Verdict(kind=kind, reason=reason)


def held(*levels: float, hours: int = 3) -> list[float]:
    """Return levels that are too long for an excursion: each is held for some hours."""
    return [level for level in levels for _ in range(hours)]


def with_zeros(numbers: Iterable[float], period: int, count: int) -> list[float]:
    """Return values of which the last ones of each period are false zeros."""
    return [
        number if index % period < period - count else 0.0
        for index, number in enumerate(numbers)
    ]


RISING = [10.0 * number for number in range(1, 41)]
TOOTH = [0.0, 0.0, *[10.0] * 17, 0.0, 0.0, *[-10.0] * 3]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        # Changes by a hundredth of the values are small, and no larger ones.
        (range(95, 106), Kind.REGISTER),
        (range(94, 105), None),
        # Six falls of 40 changes, which are 15 %, and no more.
        ([*accumulate(TOOTH * 2, initial=0.0)], Kind.REGISTER),
        ([*accumulate([*TOOTH, *TOOTH, -10.0], initial=0.0)], None),
        # Twelve falls of 40 changes, which are 30 %, before the filter, and no more.
        ([*with_zeros(RISING[:36], 3, 1), *range(500, 505)], Kind.REGISTER),
        ([*with_zeros(RISING[:39], 3, 1), *range(500, 502)], Kind.INTERVAL),
        # False readings in pairs.
        (with_zeros(RISING, 5, 2), Kind.REGISTER),
    ],
)
def test_a_register_falls_rarely(numbers: Sequence[float], kind: Kind | None) -> None:
    assert judged(numbers, 2 * HOUR if len(numbers) > 11 else HOUR) is kind


WAVE = held(10, 50, 10, 50, 10, 50, 10, 50, hours=6)
RESTARTS = [0.0] * 7 + [1.0, 2.0, 3.0, 4.0, 5.0]
HALF_ZEROS = [5.0] * 18 + [0.0, 0.0, 0.0, 5.0] * 7 + [0.0] * 4
HIGHER_DAYS = [number for day in range(8) for number in (*[100 * 1.1**day] * 3, 1.0)]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        # Four falls in two days, and no fewer in no less; the last value may be one.
        ([*WAVE, 10.0], Kind.INTERVAL),
        ([*WAVE[1:], 10.0], None),
        (held(10, 50, 10, 50, 10, 50, 10, hours=8), None),
        # Four falls without short excursions.
        ([*held(10, 50, 10, 50, 10, 50, 10, hours=8), 5.0, 10.0, 10.0], None),
        # Four falls of 16 changes, which are a quarter, and no fewer.
        (held(*[10, 20, 30, 40] * 4, 10), Kind.INTERVAL),
        (held(*[10, 20, 30, 40] * 4, 10, 20), None),
        # More than half of the values are zero after eight falls, and no fewer.
        (HALF_ZEROS, None),
        ([*HALF_ZEROS, 0.0], Kind.INTERVAL),
        ([*HALF_ZEROS[:-8], *[0.0] * 10], None),
        # A counter that restarts twice a day is zero for most of it.
        (RESTARTS * 10, None),
    ],
)
def test_amounts_fall_often(numbers: Sequence[float], kind: Kind | None) -> None:
    assert judged(numbers) is kind


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        # Eight false readings of 32, which are a quarter, and no fewer.
        (HIGHER_DAYS, Kind.INTERVAL),
        ([*HIGHER_DAYS, 300.0], None),
        (HIGHER_DAYS[4:], None),
        # What stands, or hardly changes, may have any dirt.
        (with_zeros([5.0] * 62, 3, 1), None),
    ],
)
def test_no_meter_has_so_much_dirt(numbers: Sequence[float], kind: Kind | None) -> None:
    assert judged(numbers, 2 * HOUR) is kind
