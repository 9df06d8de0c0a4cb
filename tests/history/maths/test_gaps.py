"""Long gaps: estimates by comparable days, and what was recorded of their hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.comparable_days import DayKinds
from custom_components.metering_hub.history.maths.estimates import Estimator
from custom_components.metering_hub.history.maths.registers import RegisterHours
from custom_components.metering_hub.history.maths.rows import Baseline, Row
from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    NEW_REGISTER,
    Reading,
)
from custom_components.metering_hub.metering.quality import (
    COMPARABLE_DAYS,
    HOUR_QUALITIES,
    LINE,
    MEASURED,
    SERVER,
    UNKNOWN,
)

from .readings import HOUR, all_rows

ZONE = ZoneInfo("Europe/Amsterdam")
DAYS = DayKinds(ZONE, {date(2026, 10, 7)})
START = datetime(2026, 9, 28, tzinfo=ZONE).astimezone(UTC)
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
WINDOW = 30 * DAY
any_data = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def use(moment: datetime) -> float:
    """Return what an hour uses: more in the evening, and at the weekend."""
    local = moment.astimezone(ZONE)
    return 0.1 + 0.02 * local.hour + (0.5 if local.weekday() > 4 else 0)


def hourly(hours: int) -> list[Reading]:
    """Return readings at each hour from START on, as many as there are hours."""
    position, found = 1000.0, []
    for number in range(hours):
        moment = START + number * HOUR
        found.append(Reading(time=moment, value=round(position, 6)))
        position += use(moment)
    return found


def cut(readings: Sequence[Reading], begin: float, end: float) -> list[Reading]:
    """Return the readings without those between two hours after START."""
    return [each for each in readings if not begin < (each.time - START) / HOUR < end]


class Result:
    """The rows and the codes of some readings."""

    def __init__(self, hours: RegisterHours, readings: Sequence[Reading]) -> None:
        """Count all readings at once."""
        self.rows = all_rows(hours, readings)
        self.codes = b"".join(part.codes for part in hours.take_qualities())

    @property
    def letters(self) -> str:
        return "".join(HOUR_QUALITIES[code].letter for code in self.codes)

    @property
    def amounts(self) -> list[float]:
        return [
            round(b - a, 6)
            for a, b in pairwise([0.0, *(row.sum or 0.0 for row in self.rows)])
        ]

    @property
    def recorded(self) -> dict[float, tuple[float, int]]:
        return {
            (row.start + HOUR).timestamp(): (row.state or 0.0, code)
            for row, code in zip(self.rows, self.codes, strict=False)
        }


def estimated(readings: Sequence[Reading], recorded: Result | None = None) -> Result:
    estimator = Estimator(DAYS)
    if recorded is not None:
        estimator.note_recorded(recorded.recorded)
    return Result(RegisterHours(estimator=estimator), readings)


def test_hours_of_a_gap_are_those_of_comparable_days() -> None:
    readings = hourly(14 * 24)
    true = Result(RegisterHours(), readings)
    begin, end = 10 * 24 + 5, 11 * 24 + 9
    result = estimated(cut(readings, begin, end))
    assert result.amounts == pytest.approx(true.amounts)
    assert result.letters[begin - 1 : end + 1] == "M" + "D" * (end - begin) + "M"


def test_only_the_hours_of_gaps_are_estimated() -> None:
    """A gap without comparable days, and one between two registers, are lines."""
    readings = hourly(14 * 24)
    exchanged = [
        Reading(time=each.time, value=float(each.value) - 900)
        for each in readings[120:]
    ]
    first = Reading(
        time=exchanged[0].time, value=exchanged[0].value, quality=NEW_REGISTER
    )
    gapped = cut([*readings[:110], first, *exchanged[1:]], 20, 24)
    assert estimated(cut(gapped, 200, 204)).letters == "".join(
        ["M" * 20, "L" * 4, "M" * 85, "L" * 11, "M" * 80, "D" * 4, "M" * 131]
    )


TEN = START + 10 * 24 * HOUR + 10 * HOUR
"""Ten o'clock on a Thursday."""


def resumed(code: int, unknown: int | None = None) -> RegisterHours:
    """Return counting from TEN on, where all hours but one of the day are known."""
    estimator = Estimator(DAYS)
    moments = [START + number * HOUR for number in range(10 * 24)]
    estimator.note_changes(
        {
            moment.timestamp(): use(moment)
            for moment in moments
            if moment.astimezone(ZONE).hour != unknown
        }
    )
    baseline = Baseline(end=TEN, state=1000.0, sum=0.0)
    return RegisterHours(baseline, estimator=estimator, baseline_code=code)


def test_the_first_hour_is_compared_too() -> None:
    """On Monday, Tuesday and Wednesday; two days are enough."""
    readings = cut(hourly(3 * 24 + 5), 48, 51)
    assert estimated(readings).letters[47:52] == "MDDDM"


@pytest.mark.parametrize(
    ("code", "letters"),
    [
        (UNKNOWN, "DM"),
        (COMPARABLE_DAYS, "DM"),
        (SERVER, "SM"),
        (LINE, "LM"),
    ],
)
def test_a_gap_goes_on_as_its_first_hours_were_estimated(
    code: int, letters: str
) -> None:
    """The hour ends near a reading, so that its beginning decides."""
    readings = [
        Reading(time=TEN + hour * HOUR, value=1000.0 + hour)
        for hour in (1 + 30 / 3600, 2)
    ]
    assert Result(resumed(code), readings).letters == letters


@pytest.mark.parametrize(
    ("lead", "quality", "code", "unknown", "letters"),
    [
        # The end of the hour after the reading was measured: the estimate begins there.
        ("08:59:24", None, UNKNOWN, 8, "DDD"),
        ("08:59:24", None, UNKNOWN, 9, "LLL"),
        ("09:59:24", ESTIMATED, MEASURED, 9, "DDD"),
        # It begins at the reading.
        ("08:59:24", ESTIMATED, UNKNOWN, 8, "LLL"),
        ("08:30:00", None, UNKNOWN, 8, "LLL"),
        ("08:30:00", None, UNKNOWN, 7, "DDD"),
    ],
)
def test_a_gap_needs_days_for_all_hours_from_its_beginning(
    lead: str, quality: str | None, code: int, unknown: int, letters: str
) -> None:
    """An hour of the day was never measured; counting goes on in the gap, at 10."""
    before = datetime.combine(
        TEN.astimezone(ZONE).date(), time.fromisoformat(lead), ZONE
    )
    readings = [
        Reading(time=before.astimezone(UTC), value=999.0, quality=quality),
        Reading(time=TEN + 3 * HOUR, value=1003.0),
    ]
    assert Result(resumed(code, unknown), readings).letters == letters


def test_without_days_a_gap_is_a_straight_line() -> None:
    readings = cut(hourly(14 * 24), 200, 220)
    plain = Result(RegisterHours(), readings)
    other = Result(RegisterHours(estimator=Estimator(None)), readings)
    assert (other.rows, other.codes) == (plain.rows, plain.codes)
    assert len({*plain.amounts[200:220]}) <= 3
    assert plain.letters[199:221] == "M" + "L" * 20 + "M"


def test_up_to_two_hours_are_a_straight_line() -> None:
    readings = cut(hourly(14 * 24), 205, 207)
    assert estimated(readings).letters[204:208] == "MLLM"


def test_with_too_few_days_a_gap_is_a_straight_line() -> None:
    readings = cut(hourly(60), 40, 50)
    assert estimated(readings).rows == Result(RegisterHours(), readings).rows
    assert "D" not in estimated(readings).letters


def test_a_register_that_stands_still_on_comparable_days_is_a_straight_line() -> None:
    position, readings = 1000.0, []
    for number in range(14 * 24):
        readings.append(Reading(time=START + number * HOUR, value=position))
        position += 1.0 if number > 205 else 0.0
    gapped = cut(readings, 204, 214)
    assert estimated(gapped).letters[204:214] == "L" * 10


def test_the_ends_of_a_gap_count_by_their_part() -> None:
    readings = cut(hourly(14 * 24), 200, 207)
    before = Reading(time=START + 200.5 * HOUR, value=float(readings[200].value) + 0.2)
    result = estimated([*readings[:201], before, *readings[201:]])
    uses = [use(START + number * HOUR) for number in range(200, 207)]
    uses[0] /= 2
    advance = float(readings[201].value) - float(before.value)
    assert result.amounts[201] == pytest.approx(advance * uses[1] / sum(uses), abs=2e-6)
    assert result.amounts[200] == pytest.approx(
        0.2 + advance * uses[0] / sum(uses), abs=2e-6
    )
    assert result.letters[199:208] == "M" + "D" * 7 + "M"


@pytest.mark.parametrize("seconds", [36, 60])
def test_the_end_of_an_hour_near_a_reading_is_measured(seconds: int) -> None:
    readings = hourly(14 * 24)
    moment = START + 200 * HOUR - timedelta(seconds=seconds)
    near = Reading(time=moment, value=float(readings[200].value) - 0.1)
    gapped = [*readings[:200], near, *readings[208:]]
    result = estimated(gapped)
    assert result.letters[198:209] == "MM" + "D" * 8 + "M"
    # It stands on the line, and the whole hours after it share the rest.
    line = Result(RegisterHours(), gapped).rows[199].state
    assert line is not None
    assert result.rows[199].state == line
    uses = [use(START + number * HOUR) for number in range(200, 208)]
    share = (float(readings[208].value) - line) / sum(uses)
    assert result.amounts[200:208] == pytest.approx(
        [share * each for each in uses], abs=2e-6
    )


def test_the_end_of_an_hour_near_an_estimated_reading_is_none() -> None:
    """The estimate of the gap begins at the reading."""
    readings = hourly(14 * 24)
    moment = START + 200 * HOUR - timedelta(seconds=36)
    value = float(readings[200].value) - 0.1
    near = Reading(time=moment, value=value, quality=ESTIMATED)
    result = estimated([*readings[:200], near, *readings[208:]])
    uses = [use(START + number * HOUR) for number in range(199, 208)]
    uses[0] /= 100
    share = (float(readings[208].value) - value) / sum(uses)
    assert result.rows[199].state == pytest.approx(value + share * uses[0], abs=2e-6)


def test_nothing_is_counted_between_two_registers() -> None:
    readings = hourly(14 * 24)
    exchanged = [
        Reading(time=each.time, value=float(each.value) - 900)
        for each in readings[220:]
    ]
    first = Reading(
        time=exchanged[0].time, value=exchanged[0].value, quality=NEW_REGISTER
    )
    result = estimated([*readings[:200], first, *exchanged[1:]])
    assert result.amounts[199:220] == [0.0] * 21
    assert result.letters[199:221] == "L" * 21 + "M"


# What was recorded


def test_measured_hours_stay_when_readings_are_thinned() -> None:
    readings = hourly(14 * 24)
    whole = Result(RegisterHours(), readings)
    thinned = estimated(cut(readings, 200, 210), whole)
    assert (thinned.rows, thinned.codes) == (whole.rows, whole.codes)


def test_measured_hours_stay_when_the_server_estimates_them() -> None:
    readings = hourly(14 * 24)
    whole = Result(RegisterHours(), readings)
    wrong = [
        Reading(time=each.time, value=float(each.value) - 0.05, quality=ESTIMATED)
        for each in readings[200:210]
    ]
    again = estimated([*readings[:200], *wrong, *readings[210:]], whole)
    assert (again.rows, again.codes) == (whole.rows, whole.codes)
    assert "S" in estimated([*readings[:200], *wrong, *readings[210:]]).letters


def test_a_recorded_position_that_measured_readings_contradict_does_not_count() -> None:
    readings = cut(hourly(14 * 24), 200, 210)
    recorded = estimated(readings)
    higher = {
        end: (position + 50, MEASURED)
        for end, (position, _) in recorded.recorded.items()
    }
    estimator = Estimator(DAYS)
    estimator.note_recorded(higher)
    again = Result(RegisterHours(estimator=estimator), readings)
    assert (again.rows, again.codes) == (recorded.rows, recorded.codes)


def shifted(result: Result, shift: float, code: int) -> dict[float, tuple[float, int]]:
    """Return what was recorded, with other estimates."""
    return {
        end: (round(position + shift, 6) if known > MEASURED else position, code)
        if known > MEASURED
        else (position, known)
        for end, (position, known) in result.recorded.items()
    }


@pytest.mark.parametrize("code", [LINE, COMPARABLE_DAYS])
def test_an_estimate_stays_as_it_is(code: int) -> None:
    readings = cut(hourly(14 * 24), 200, 210)
    fresh = estimated(readings)
    recorded = shifted(fresh, 0.001, code)
    recorded[(START + 210 * HOUR).timestamp()] = (float(readings[201].value), code)
    estimator = Estimator(DAYS)
    estimator.note_recorded(recorded)
    result = Result(RegisterHours(estimator=estimator), readings)
    states = [row.state for row in result.rows]
    assert states[200:209] == [
        round((row.state or 0) + 0.001, 6) for row in fresh.rows[200:209]
    ]
    assert states[209:] == [row.state for row in fresh.rows[209:]]
    letter = HOUR_QUALITIES[code].letter
    assert result.letters[199:211] == "M" + letter * 10 + "M"


@pytest.mark.parametrize("code", [UNKNOWN, SERVER])
def test_what_no_estimate_of_the_gap_says_does_not_stay(code: int) -> None:
    readings = cut(hourly(14 * 24), 200, 210)
    fresh = estimated(readings)
    estimator = Estimator(DAYS)
    estimator.note_recorded(shifted(fresh, 0.001, code))
    assert Result(RegisterHours(estimator=estimator), readings).rows == fresh.rows


def test_an_estimate_changes_with_the_readings_around_it() -> None:
    readings = cut(hourly(14 * 24), 200, 210)
    before = estimated(readings)
    later = Reading(time=START + 205 * HOUR, value=float(readings[200].value) + 1)
    added = [*readings[:201], later, *readings[201:]]
    assert estimated(added, before).rows == estimated(added).rows != before.rows


def test_long_gaps_are_noticed() -> None:
    readings = hourly(24)
    hours = RegisterHours()
    assert not hours.has_long_gaps
    hours.add(readings, readings[-1].time)
    assert not hours.has_long_gaps
    hours = RegisterHours()
    hours.add(cut(readings, 10, 13), readings[-1].time)
    assert hours.has_long_gaps
    hours = RegisterHours()
    hours.add(cut(readings, 10, 12), readings[-1].time)
    assert not hours.has_long_gaps
    baseline = Baseline(end=START + 10 * HOUR, state=1000, sum=0)
    assert not RegisterHours(baseline).has_long_gaps
    hours = RegisterHours(baseline)
    hours.add(readings[13:], readings[-1].time)
    assert hours.has_long_gaps


def read_daily(days: int, minutes: float) -> list[Reading]:
    """Return a reading for each day, so many minutes after eight."""
    return [
        Reading(
            time=START + timedelta(days=n, hours=8, minutes=minutes), value=1000 + n
        )
        for n in range(days)
    ]


@pytest.mark.parametrize("minutes", [17, 59.5])
def test_hours_become_final_although_every_hour_is_in_a_long_gap(
    minutes: float,
) -> None:
    readings = read_daily(300, minutes)
    whole = Result(RegisterHours(), readings)
    hours = RegisterHours(estimator=Estimator(DAYS))
    later = timedelta(minutes=1)
    rows = [row for each in readings for row in hours.add([each], each.time + later)]
    assert len(rows) > 200 * 24
    result = Result(hours, readings)
    assert [*rows, *result.rows] == whole.rows
    assert result.codes == whole.codes


@pytest.mark.parametrize("minutes", [17, 59.5])
def test_an_estimate_is_the_same_wherever_its_hours_become_final(
    minutes: float,
) -> None:
    """Its beginning was estimated, also where its end is near a reading."""
    readings = read_daily(100, minutes)
    moments = [START - number * HOUR for number in range(1, 28 * 24)]
    known = {moment.timestamp(): use(moment) for moment in moments}
    found = []
    for at_once in (True, False):
        estimator = Estimator(DAYS)
        estimator.note_changes(known)
        hours = RegisterHours(estimator=estimator)
        chunks = [] if at_once else readings
        rows = [row for each in chunks for row in hours.add([each], each.time)]
        result = Result(hours, readings)
        found.append((rows + result.rows, result.letters))
    whole, parts = found
    assert whole == parts
    assert "D" in whole[1]


@pytest.mark.parametrize(
    ("begin", "end", "offset", "until", "count"),
    [
        # In the midst of a long gap, the hours before it are final.
        (40, 50, 0, 45, 40),
        (40, 50, 0, 50, 50),
        # Two hours are no long gap.
        (40, 42, 0, 41, 41),
        (40.5, 42.5, 0.5, 41, 41),
        (0, 0, 0.5, 41, 41),
        # While nothing was read after a gap, it may be any.
        (40, 2000, 0, 45, 40),
        (40.5, 2000, 0.5, 45, 40),
    ],
)
def test_hours_become_final_up_to_a_long_gap(
    begin: float, end: float, offset: float, until: float, count: int
) -> None:
    readings = [
        Reading(time=each.time + offset * HOUR, value=each.value)
        for each in hourly(33 * 24)
    ]
    hours = RegisterHours()
    final = hours.add(cut(readings, begin, end), START + WINDOW + until * HOUR)
    assert [row.start for row in final] == [START + n * HOUR for n in range(count)]


@pytest.mark.parametrize(("end", "count"), [(50, 40), (2000, 39)])
def test_an_estimated_reading_at_the_end_of_an_hour_is_final_before_another(
    end: float, count: int
) -> None:
    """As the last one of all, it may still be measured."""
    readings = hourly(33 * 24)
    at = readings[40]
    readings[40] = Reading(time=at.time, value=at.value, quality=ESTIMATED)
    hours = RegisterHours()
    final = hours.add(cut(readings, 40, end), START + WINDOW + 45 * HOUR)
    assert len(final) == count


@pytest.mark.parametrize(("hours", "count"), [(0, 0), (1, 62 * 24 + 1)])
def test_at_most_62_days_wait_for_the_end_of_a_gap(hours: int, count: int) -> None:
    until = START + WINDOW + timedelta(days=62, hours=hours)
    readings = [
        Reading(time=START, value=1000.0),
        Reading(time=until - 2 * HOUR, value=1001.0),
        Reading(time=until - HOUR, value=1002.0),
    ]
    assert len(RegisterHours().add(readings, until)) == count


def test_an_estimated_reading_is_one_after_the_hours_before_it_are_final() -> None:
    """It is the last one of each day, and the next one comes two hours later."""
    readings = [
        Reading(
            time=START + number * QUARTER,
            value=1000.0 + number / 10,
            quality=ESTIMATED if number % 96 == 95 else None,
        )
        for number in range(34 * 96)
        if number % 96 > 6
    ]
    hours = RegisterHours()
    rows: list[Row] = []
    for day in range(1, 35):
        until = START + timedelta(days=day)
        chunk = [each for each in readings if until - DAY <= each.time < until]
        rows += hours.add(chunk, until)
    assert len(rows) == 4 * 24 - 1
    result = Result(hours, readings)
    day_of = "SS" + "M" * 21 + "S"
    assert result.letters == "X" + (day_of * 34)[2:-1]


@pytest.mark.parametrize("begin", [203, 209])
def test_counting_goes_on_at_an_end_that_was_measured(begin: int) -> None:
    """The readings around it are gone, and so is the code of the hour before it."""
    readings = hourly(14 * 24)
    whole = Result(RegisterHours(), readings)
    estimator = Estimator(DAYS)
    estimator.note_recorded(whole.recorded)
    row = whole.rows[begin - 1]
    baseline = Baseline(end=row.start + HOUR, state=row.state or 0, sum=row.sum or 0)
    again = Result(RegisterHours(baseline, estimator=estimator), readings[210:])
    assert again.rows == whole.rows[begin:]
    assert again.codes == whole.codes[begin:]


# Properties


@dataclass(frozen=True, slots=True)
class Gapped:
    """Weeks of readings around the change of the clocks, with long gaps."""

    seed: int
    step: int
    offset: int
    days: int
    gaps: int
    estimated: float

    @property
    def readings(self) -> list[Reading]:
        """Return the readings, a share of which the server estimates."""
        random = Random(self.seed)
        gaps = [
            (begin := random.uniform(0, self.days * 24), begin + length)
            for length in random.choices([2, 5, 30, 200], k=self.gaps)
        ]
        found, position = [], 10_000.0
        for number in range(self.days * 86_400 // self.step):
            hour = number * self.step / 3600
            if not any(begin < hour < end for begin, end in gaps):
                is_estimated = random.random() < self.estimated
                found.append(
                    Reading(
                        time=START + timedelta(seconds=self.offset, hours=hour),
                        value=round(position, 3),
                        quality=ESTIMATED if is_estimated else None,
                    )
                )
            position += random.choice([0, 0.1, 0.7]) * self.step / 3600
        return found


def gapped() -> st.SearchStrategy[Gapped]:
    """Return a strategy for registers with gaps."""
    return st.builds(
        Gapped,
        seed=st.integers(0, 10**6),
        step=st.sampled_from([900, 1800, 3600, 5400]),
        offset=st.sampled_from([0, 30, 400, 1800]),
        days=st.sampled_from([12, 40, 70]),
        gaps=st.integers(1, 5),
        estimated=st.sampled_from([0, 0.1]),
    )


def in_parts(
    hours: RegisterHours, readings: Sequence[Reading], data: st.DataObject
) -> tuple[list[Row], bytes]:
    """Return the rows and codes of readings in chunks that are cut anywhere."""
    rows: list[Row] = []
    cuts = data.draw(st.sets(st.integers(1, len(readings)), max_size=8))
    for first, stop in pairwise([0, *sorted(cuts)]):
        part = readings[first:stop]
        rows += hours.add(part, part[-1].time + timedelta(seconds=1))
    result = Result(hours, readings)
    return [*rows, *result.rows], result.codes


@settings(any_data, max_examples=25)
@given(gapped(), st.data())
def test_estimates_do_not_depend_on_chunks(
    register: Gapped, data: st.DataObject
) -> None:
    readings = register.readings
    whole = estimated(readings)
    hours = RegisterHours(estimator=Estimator(DAYS))
    rows, codes = in_parts(hours, readings, data)
    assert rows == whole.rows
    assert codes == whole.codes


@settings(any_data, max_examples=25)
@given(gapped(), st.data())
def test_estimates_go_on_from_any_row(register: Gapped, data: st.DataObject) -> None:
    readings = register.readings
    whole = estimated(readings)
    measured = {
        row.start.timestamp(): amount
        for row, amount, code in zip(
            whole.rows, whole.amounts, whole.codes, strict=False
        )
        if code == MEASURED
    }
    for index in data.draw(
        st.lists(st.integers(0, len(whole.codes) - 1), min_size=5, max_size=20)
    ):
        row = whole.rows[index]
        end = row.start + HOUR
        estimator = Estimator(DAYS)
        if data.draw(st.booleans()):
            estimator.note_recorded(whole.recorded)
        estimator.note_changes(
            {
                start: change
                for start, change in measured.items()
                if start < end.timestamp()
            }
        )
        baseline = Baseline(end=end, state=row.state or 0.0, sum=row.sum or 0.0)
        hours = RegisterHours(
            baseline, estimator=estimator, baseline_code=whole.codes[index]
        )
        lead = [each for each in readings if each.time >= row.start]
        again = Result(hours, lead)
        assert again.rows == whole.rows[index + 1 :]
        assert again.codes == whole.codes[index + 1 :]


@settings(any_data, max_examples=25)
@given(gapped())
def test_the_sum_over_a_gap_is_exact_and_never_falls(register: Gapped) -> None:
    readings = register.readings
    result = estimated(readings)
    positions = [float(readings[0].value), *(row.state or 0.0 for row in result.rows)]
    assert positions == sorted(positions)
    line = Result(RegisterHours(), readings)
    for row, plain, code in zip(result.rows, line.rows, result.codes, strict=False):
        if code == MEASURED:
            assert row.state == pytest.approx(plain.state, abs=0.02)
    assert result.rows[-1] == line.rows[-1]


@settings(any_data, max_examples=25)
@given(gapped())
def test_importing_again_changes_nothing(register: Gapped) -> None:
    readings = register.readings
    first = estimated(readings)
    again = estimated(readings, first)
    assert (again.rows, again.codes) == (first.rows, first.codes)


@settings(any_data, max_examples=25)
@given(gapped(), st.data())
def test_measured_hours_stay_whatever_the_server_thins(
    register: Gapped, data: st.DataObject
) -> None:
    readings = register.readings
    whole = estimated(readings)
    random = Random(data.draw(st.integers(0, 10**6)))
    begin = random.randrange(len(readings))
    end = begin + random.choice([5, 20, 200, 2000])
    rarely = random.choice([2, 7, 10**6])
    thinned = [
        each
        for index, each in enumerate(readings)
        if not begin < index < end
        or index % rarely == 0
        # A single reading after all others would be held.
        or index in (0, *range(len(readings) - 3, len(readings)))
    ]
    estimator = Estimator(DAYS)
    estimator.note_recorded(whole.recorded)
    rows, codes = in_parts(RegisterHours(estimator=estimator), thinned, data)
    for row, known, code, before in zip(
        rows, whole.rows, codes, whole.codes, strict=False
    ):
        if before == MEASURED:
            assert (row.start, code) == (known.start, MEASURED)
            # Near a reading, the line may lead to another reading than before.
            assert row.state == pytest.approx(known.state, abs=0.02)
