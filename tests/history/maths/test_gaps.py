"""Long gaps: estimates by comparable days, and what was recorded of their hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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
    estimator = Estimator(DAYS)
    start = START + 10 * 24 * HOUR + 10 * HOUR
    moments = [START + number * HOUR for number in range(11 * 24)]
    estimator.note_changes(
        {moment.timestamp(): use(moment) for moment in moments if moment < start}
    )
    hours = RegisterHours(
        Baseline(end=start, state=1000.0, sum=0.0),
        estimator=estimator,
        baseline_code=code,
    )
    readings = [
        Reading(time=start + hour * HOUR, value=1000.0 + hour)
        for hour in (1 + 30 / 3600, 2)
    ]
    assert Result(hours, readings).letters == letters


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


def test_the_end_of_an_hour_near_a_reading_is_measured() -> None:
    readings = hourly(14 * 24)
    near = Reading(time=START + 199.99 * HOUR, value=readings[200].value)
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
    baseline = Baseline(end=START + 10 * HOUR, state=1000, sum=0)
    assert not RegisterHours(baseline).has_long_gaps
    hours = RegisterHours(baseline)
    hours.add(readings[13:], readings[-1].time)
    assert hours.has_long_gaps


def test_hours_become_final_although_every_hour_is_in_a_long_gap() -> None:
    readings = [
        Reading(time=START + timedelta(days=n, hours=8, minutes=17), value=1000 + n)
        for n in range(300)
    ]
    whole = Result(RegisterHours(), readings)
    hours = RegisterHours(estimator=Estimator(DAYS))
    rows = [row for each in readings for row in hours.add([each], each.time + HOUR)]
    assert len(rows) > 200 * 24
    result = Result(hours, readings)
    assert [*rows, *result.rows] == whole.rows
    assert result.codes == whole.codes


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
