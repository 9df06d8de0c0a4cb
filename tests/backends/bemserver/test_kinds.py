"""Detecting whether series hold meter readings or amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from custom_components.metering_hub.metering.model import Kind, Role
from custom_components.metering_hub.metering.point_settings import PointSettings
from simulators.bemserver import CLEAN, RAW
from simulators.bemserver.meters import Counter
from simulators.bemserver.puzzles import Puzzle, Puzzling, add_puzzles
from simulators.bemserver.sources import Derived
from simulators.faults import Fault, Handler, html_error

from .conftest import Campus, Connect


async def test_an_interval_set_on_the_server(campus: Campus) -> None:
    """As the property says, or as the values lie apart."""
    assert campus.point("timeseries_61_amount").interval == timedelta(days=1)
    assert campus.point("timeseries_60_amount").interval is None


async def test_an_interval_is_detected(connect: Connect) -> None:
    """Without the property, by the gaps between values."""
    campus = await connect()
    campus.simulator.world.series[61].interval = None
    await campus.read_inventory()
    assert campus.point("timeseries_61_amount").interval == timedelta(days=1)


@dataclass(frozen=True)
class FailFor:
    """Answer 500 to every request about a series."""

    series: str

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.series in request.query.getall("timeseries", []):
            return web.Response(status=500)
        return await handler(request)


async def test_a_series_that_could_not_be_examined_has_no_point(
    connect: Connect,
) -> None:
    """A meter that is taken for amounts for an hour would spoil its history."""
    campus = await connect(series=300)
    campus.simulator.faults.add(Fault(FailFor("54"), "/timeseries_data/aggregate"))
    before = await campus.read_inventory()
    assert not [key for key in before.points if key.startswith("timeseries_54")]
    campus.simulator.faults.clear()
    campus.clock.forward(hours=1)
    after = await campus.read_inventory()
    assert "timeseries_54_register" in after.points
    assert not before.points.keys() - after.points.keys()


async def test_a_new_series_has_no_history_before_its_kind_is_detected(
    campus: Campus,
) -> None:
    """Its point is only a sensor until then."""
    point = campus.point("timeseries_49")
    assert (point.kind, point.has_history) == (Kind.UNDECIDED, False)
    series = campus.simulator.world.series[49]
    for hour in range(12):
        campus.clock.forward(hours=1)
        at = campus.clock() - timedelta(minutes=10)
        campus.simulator.store.post(series, RAW, {at: 1000.0 + hour})
    campus.clock.forward(hours=13)
    await campus.read_inventory()
    assert campus.point("timeseries_49_register").has_history


COUNTERS = (
    Puzzle.FALSE_ZERO,
    Puzzle.LOWER,
    Puzzle.EXCHANGED,
    Puzzle.STOOD_AND_EXCHANGED,
    Puzzle.RESTARTS,
)
RISING = (Puzzle.FIRST_DAY, Puzzle.EIGHT_HOURS, Puzzle.RISING_DAYS)
"""What an older version took for registers, because it never fell."""


async def connect_to_puzzles(
    connect: Connect,
) -> tuple[Campus, Mapping[Puzzle, Puzzling]]:
    """Return a campus of 120 days without other series, and the puzzling ones."""
    campus = await connect(years=0.33)
    for number in [*campus.simulator.world.series]:
        campus.simulator.world.delete_series(number)
    return campus, add_puzzles(campus.simulator)


async def test_puzzling_series(connect: Connect) -> None:
    """Counters are recognized, and the user is asked about the others."""
    campus, puzzles = await connect_to_puzzles(connect)
    inventory = await campus.read_inventory()
    undecided = {puzzles[each].key for each in Puzzle if each not in COUNTERS}
    assert {point.key for point in campus.series()} == undecided | {
        f"{puzzles[each].key}_register" for each in COUNTERS
    }
    assert inventory.questions.keys() == undecided
    for key in undecided:
        question = inventory.questions[key]
        assert (question.kind, question.suggested) == (Kind.UNDECIDED, None)
        assert not campus.point(key).has_history
    week = inventory.questions[puzzles[Puzzle.RISING_DAYS].key].week
    assert [value for _, value in week] == [121, 140, 152, 168, 180, 195]


async def test_the_data_decide_later(connect: Connect) -> None:
    """After two days, the yield of panels has fallen often enough."""
    campus, puzzles = await connect_to_puzzles(connect)
    before = await campus.read_inventory()
    key = puzzles[Puzzle.FIRST_DAY].key
    campus.clock.forward(hours=40)
    after = await campus.read_inventory()
    assert after.points.keys() - before.points.keys() == {f"{key}_amount"}
    assert before.questions.keys() - after.questions.keys() == {key}
    assert after.points[f"{key}_amount"].former_keys == (key, f"{key}_register")


async def test_verdicts_of_an_older_version_become_questions(connect: Connect) -> None:
    """Its statistics stay as they are until the user says so."""
    campus, puzzles = await connect_to_puzzles(connect)
    await campus.restart(
        {
            "amounts": [puzzles[each].number for each in COUNTERS],
            "registers": [puzzles[each].number for each in RISING],
        }
    )
    campus.clock.forward(hours=40)
    inventory = await campus.read_inventory()
    counters = {f"{puzzles[each].key}_amount" for each in COUNTERS}
    rising = {f"{puzzles[each].key}_register" for each in RISING}
    assert counters | rising < inventory.points.keys()
    asked = {
        key: (question.kind, question.suggested)
        for key, question in inventory.questions.items()
        if question.kind is not Kind.UNDECIDED
    }
    found = dict.fromkeys(counters, (Kind.INTERVAL, Kind.REGISTER))
    key = f"{puzzles[Puzzle.FIRST_DAY].key}_register"
    # Of few amounts, nobody can say that they are none.
    assert asked == {**found, key: (Kind.REGISTER, Kind.INTERVAL)}
    assert len(inventory.questions[key].week) == 53


async def test_right_verdicts_of_an_older_version(campus: Campus) -> None:
    """They are judged again once, and nobody is asked."""
    memory = campus.backend.remember()
    older = {name: memory[name] for name in ("registers", "amounts", "states")}
    await campus.restart(older)
    before = campus.inventory
    campus.count_requests()
    inventory = await campus.read_inventory()
    assert inventory.points == before.points
    assert inventory.questions == before.questions
    assert 2 <= campus.count_requests("/timeseries_data/aggregate") <= 12
    await campus.restart()
    campus.count_requests()
    await campus.read_inventory()
    assert campus.count_requests("/timeseries_data/aggregate") <= 4


def replace_by_amounts(campus: Campus, number: int) -> None:
    """Let a counter store the amounts that it has counted instead."""
    series = campus.simulator.world.series[number]
    assert isinstance(series.source, Counter)
    series.source = series.source.of


async def test_later_data_contradict_a_verdict(campus: Campus) -> None:
    """The user is asked, over restarts, until there is an answer."""
    replace_by_amounts(campus, 54)
    assert not [key for key in campus.inventory.questions if "54" in key]
    await campus.read_inventory()
    assert campus.inventory.questions.keys() == {"timeseries_49"}
    campus.clock.forward(hours=24)
    key = "timeseries_54_register"
    for _ in range(2):
        question = (await campus.read_inventory()).questions[key]
        assert (question.kind, question.suggested) == (Kind.REGISTER, Kind.INTERVAL)
        assert len(question.week) == 168
        assert campus.point(key).kind is Kind.REGISTER
        await campus.restart()
    campus.backend.use_settings({key: PointSettings(kind=Kind.INTERVAL)})
    inventory = await campus.read_inventory()
    assert "timeseries_54_amount" in inventory.points
    assert inventory.questions.keys() == {"timeseries_49"}


async def test_an_odd_week_contradicts_nothing(connect: Connect) -> None:
    """A counter of which nothing is right for six days is one: the year shows it."""
    campus = await connect(years=0.3)
    await campus.read_inventory()
    series = campus.simulator.world.series[64]
    hour = campus.clock().replace(minute=0)
    wrong = {
        hour - timedelta(minutes=15 * each): float(each * 37 % 100)
        for each in range(96 * 6)
    }
    for state in (RAW, CLEAN):
        campus.simulator.store.correct(series, state, wrong)
    campus.clock.forward(hours=24)
    inventory = await campus.read_inventory()
    assert inventory.questions.keys() == {"timeseries_49"}


async def test_judging_again_may_fail(campus: Campus) -> None:
    """The verdict is known, so the inventory is complete; it is judged later."""
    replace_by_amounts(campus, 54)
    campus.clock.forward(hours=24)
    keys = campus.inventory.points.keys()
    campus.simulator.world.delete_series(49)
    fault = Fault(html_error(504), "/timeseries_data/aggregate")
    campus.simulator.faults.add(fault)
    inventory = await campus.read_inventory()
    assert inventory.points.keys() == keys - {"timeseries_49"}
    assert not inventory.questions
    campus.simulator.faults.clear()
    campus.clock.forward(hours=1)
    assert (await campus.read_inventory()).questions.keys() == {
        "timeseries_54_register"
    }


async def test_series_that_ended_long_ago(connect: Connect) -> None:
    """The last week with values is judged, as the days of a year tell too little."""
    campus = await connect(years=0.1)
    now = campus.clock()
    series = campus.simulator.world.series[55]
    for state in (RAW, CLEAN):
        campus.simulator.store.delete(series, state, now - timedelta(days=20), now)
    await campus.read_inventory()
    assert campus.point("timeseries_55_amount").has_history


async def test_a_linked_counter(connect: Connect) -> None:
    """Links should be amounts, but positions that are linked are not summed up."""
    campus = await connect()
    positions = campus.simulator.world.series[54].source
    campus.simulator.world.series[1].source = positions
    await campus.read_inventory()
    point = campus.point("timeseries_1_register")
    assert (point.role, point.has_history) == (Role.GRID_DELIVERED, True)
    assert campus.point("timeseries_10_amount").included_in == point.key
    await campus.restart({"registers": [54]})
    question = (await campus.read_inventory()).questions["timeseries_1_amount"]
    assert (question.kind, question.suggested) == (Kind.INTERVAL, Kind.REGISTER)


async def test_linked_amounts_are_amounts_from_the_start(connect: Connect) -> None:
    """The link tells enough while the values do not."""
    campus = await connect()
    series = campus.simulator.world.series[40]
    assert series.source is not None
    series.source = Derived(series.source, lambda _: 0, 1000)
    await campus.read_inventory()
    assert campus.point("timeseries_40_amount").role is Role.SOLAR


async def test_few_requests_judge_again(connect: Connect) -> None:
    """Once a day, and a hundred series each hour."""
    campus = await connect(series=1000)
    await campus.read_inventory()
    counts = []
    campus.clock.forward(hours=24)
    for _ in range(24):
        campus.count_requests()
        await campus.read_inventory()
        counts.append(campus.count_requests("/timeseries_data/aggregate"))
        campus.clock.forward(minutes=55)
    assert max(counts) <= 10
    assert 20 <= sum(counts) <= 80
