"""Water, gas, heat, and signals whose values are words."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from custom_components.metering_hub.backends.besmart.models import SensorId, SignalId
from custom_components.metering_hub.metering.model import Kind, Quantity, Role
from custom_components.metering_hub.metering.point_settings import PointSettings
from simulators.besmart import (
    CLIENT,
    GAS,
    HEAT,
    HEAT_KWH,
    TARIFF,
    UTILITIES_MID,
    UTILITY_TYPES,
    VALVE,
    WATER,
    Garble,
    Outage,
    Revision,
    Sensor,
    utilities,
)

from .conftest import (
    ALWAYS,
    DAY,
    LATEST,
    NOW,
    QUARTER,
    START,
    UNKNOWN_TYPE,
    Bench,
    MakeBench,
    both_editions,
    key,
    latest,
    read_history,
    signal_point,
)


@pytest.fixture
async def bench(make_bench: MakeBench, edition: str) -> Bench:
    """Return a bench with the meters of a building."""
    made = await make_bench(edition=edition, sensors=[utilities(3, START)])
    made.simulator.types |= UTILITY_TYPES
    made.simulator.sensors[0].signals = tuple(UTILITY_TYPES)
    return made


def name(moid: int) -> str:
    """Return the key of a point of the building."""
    return key(moid, UTILITIES_MID)


def building(bench: Bench) -> Sensor:
    """Return the sensor of the building."""
    return bench.simulator.sensor(UTILITIES_MID)


@both_editions
@pytest.mark.parametrize(
    ("moid", "quantity", "unit", "role"),
    [
        (WATER, Quantity.WATER, "m³", Role.WATER),
        (GAS, Quantity.GAS, "m³", Role.GAS),
        (HEAT, Quantity.HEAT, "GJ", None),
        (HEAT_KWH, Quantity.HEAT, "kWh", None),
    ],
)
async def test_registers_of_all_media(
    bench: Bench, moid: int, quantity: Quantity, unit: str, role: Role | None
) -> None:
    """They are registers with the right class, whatever the edition reports."""
    backend = bench.backend()
    inventory = await backend.inventory()
    point = inventory.points[name(moid)]
    assert (point.kind, point.quantity, point.unit, point.role) == (
        Kind.REGISTER,
        quantity,
        unit,
        role,
    )
    assert not inventory.questions
    found = await latest(backend, inventory)
    reading = found.readings[point.key]
    shown = bench.simulator.shown(building(bench), moid, LATEST)
    assert (reading.time, reading.value) == (LATEST, shown)
    readings = (await read_history(backend, [point], START, NOW))[point.key]
    assert [r.value for r in readings] == [
        bench.simulator.shown(building(bench), moid, START + n * QUARTER)
        for n in range((LATEST - START) // QUARTER + 1)
    ]


@both_editions
async def test_words_are_texts_and_flags(bench: Bench) -> None:
    """A boolean is text in the first edition; neither has a unit or a history."""
    backend = bench.backend()
    inventory = await backend.inventory()
    tariff, valve = inventory.points[name(TARIFF)], inventory.points[name(VALVE)]
    assert (tariff.kind, tariff.quantity) == (Kind.STATE, Quantity.TEXT)
    assert valve.kind is Kind.FLAG
    for point in (tariff, valve):
        assert point.unit is None
        assert not point.has_history
    for value, is_open in (("G12w", True), ("G12", False)):
        found = await latest(backend, inventory)
        assert found.readings[tariff.key].value == value
        assert found.readings[valve.key].value is is_open
        assert found.readings[valve.key].time == bench.clock.now.replace(
            minute=15, second=0
        )
        bench.clock.pass_(hours=1)


async def test_kinds_are_remembered_without_a_request(bench: Bench) -> None:
    """A restart judges nothing again within a day; words are still words."""
    backend = bench.backend()
    first = await backend.inventory()
    restarted = bench.backend()
    restarted.restore(backend.remember())
    bench.asked()
    found = await restarted.inventory()
    assert found.points == first.points
    assert bench.asked() == 0
    bench.clock.pass_(days=1)
    await restarted.inventory()
    # That there are batches is found out with one more.
    assert bench.asked() == 2


async def test_a_number_in_place_of_a_word_is_shown_as_text(bench: Bench) -> None:
    bench.simulator.events.append(Garble(LATEST, ALWAYS, moid=TARIFF, value="12"))
    backend = bench.backend()
    backend.restore({"worded": {f"{CLIENT}.{UTILITIES_MID}.{TARIFF}": "state"}})
    inventory = await backend.inventory()
    found = await latest(backend, inventory)
    assert found.readings[name(TARIFF)].value == "12"


async def test_an_unreadable_number_is_no_word(bench: Bench) -> None:
    """A register stays one, and its last readable position counts."""
    bench.simulator.events.append(Garble(LATEST, ALWAYS, moid=WATER, value="error"))
    backend = bench.backend()
    inventory = await backend.inventory()
    assert inventory.points[name(WATER)].kind is Kind.REGISTER
    reading = (await latest(backend, inventory)).readings[name(WATER)]
    assert reading.time == LATEST - QUARTER


async def test_numbers_as_text_are_numbers(bench: Bench) -> None:
    bench.simulator.number_format = "text"
    inventory = await bench.backend().inventory()
    assert inventory.points[name(WATER)].kind is Kind.REGISTER


async def test_undecided_until_there_are_values_enough(bench: Bench) -> None:
    """A new meter is a question with its readings, and has no history yet."""
    outage = Outage(START, NOW - timedelta(hours=5), moid=WATER)
    bench.simulator.events.append(outage)
    backend = bench.backend()
    inventory = await backend.inventory()
    point = inventory.points[name(WATER)]
    assert (point.kind, point.quantity) == (Kind.UNDECIDED, Quantity.WATER)
    assert not point.has_history
    assert point.role is None
    question = inventory.questions[point.key]
    assert (question.kind, question.suggested) == (Kind.UNDECIDED, None)
    hour = NOW.replace(minute=0, second=0)
    hours = [hour - timedelta(hours=n) for n in (4, 3, 2, 1, 0)]
    shown = [bench.simulator.shown(building(bench), WATER, at) for at in hours]
    assert list(question.week)[1:] == list(zip(hours, shown, strict=True))
    found = await latest(backend, inventory)
    assert found.readings[point.key].value == bench.simulator.shown(
        building(bench), WATER, LATEST
    )
    bench.clock.pass_(days=3)
    inventory = await backend.inventory()
    assert inventory.points[point.key].kind is Kind.REGISTER
    assert inventory.points[point.key].role is Role.WATER
    assert not inventory.questions


@pytest.mark.parametrize("kind", [Kind.REGISTER, Kind.INTERVAL, Kind.INSTANT])
async def test_the_user_decides(bench: Bench, kind: Kind) -> None:
    """What a person says of a signal counts, and nothing is in question then."""
    outage = Outage(START, NOW - timedelta(hours=5), moid=WATER)
    bench.simulator.events.append(outage)
    backend = bench.backend()
    backend.use_settings({name(WATER): PointSettings(kind=kind)})
    inventory = await backend.inventory()
    point = inventory.points[name(WATER)]
    assert point.kind is kind
    assert point.has_history
    assert point.role is (None if kind is Kind.INSTANT else Role.WATER)
    assert not inventory.questions


@pytest.mark.parametrize("moid", [WATER, HEAT_KWH])
async def test_a_judgement_of_an_earlier_version_is_doubted_once(
    bench: Bench, moid: int
) -> None:
    """Amounts that are positions stay amounts until the user agrees."""
    signal = SignalId(SensorId(CLIENT, UTILITIES_MID), moid)
    backend = bench.backend()
    backend.restore({"growing": {str(signal): False}})
    for restarted in (backend, bench.backend()):
        restarted.restore(backend.remember())
        inventory = await restarted.inventory()
        assert inventory.points[name(moid)].kind is Kind.INTERVAL
        question = inventory.questions[name(moid)]
        assert (question.kind, question.suggested) == (Kind.INTERVAL, Kind.REGISTER)
        assert len(question.week) == 169
        # Nothing is read again at once.
        bench.asked()
        await restarted.inventory()
        assert bench.asked() <= 1
    right = bench.backend()
    right.restore({"growing": {str(signal): True}})
    assert not (await right.inventory()).questions


async def test_a_judgement_survives_dirt(bench: Bench) -> None:
    """False readings of a week do not contradict what a meter is."""
    backend = bench.backend()
    await backend.inventory()
    bench.clock.pass_(days=8)
    for days in range(1, 7):
        at = NOW + days * DAY
        wrong = Revision(at, at + 2 * QUARTER, moid=WATER, offset=-500_000)
        bench.simulator.events.append(replace(wrong, at=ALWAYS.astimezone(UTC)))
    inventory = await backend.inventory()
    assert inventory.points[name(WATER)].kind is Kind.REGISTER
    assert not inventory.questions


@pytest.mark.parametrize(
    ("changes", "quantity", "role"),
    [
        ({"description": "Woda ciepła"}, Quantity.WATER, Role.WATER),
        ({"description": "Wodomierz 3"}, Quantity.WATER, Role.WATER),
        ({"description": "Zużycie gazu"}, Quantity.GAS, Role.GAS),
        ({"description": "Gas flow total"}, Quantity.GAS, Role.GAS),
        ({"obis": "8-0:1.0.0"}, Quantity.WATER, Role.WATER),
        ({"obis": "9-0:1.0.0*255"}, Quantity.WATER, Role.WATER),
        ({"obis": "7-0:3.0.0", "group": "Woda"}, Quantity.GAS, Role.GAS),
        ({"group": "Gaz"}, Quantity.GAS, Role.GAS),
        ({"obis": "6-0:2.0.0"}, Quantity.VOLUME, None),
        ({"description": "Wodór"}, Quantity.VOLUME, None),
        ({"description": "Gazda"}, Quantity.VOLUME, None),
        ({}, Quantity.VOLUME, None),
        ({"unit": "GJ"}, Quantity.HEAT, None),
        ({"unit": "GJ", "obis": "7-0:33.0.0"}, Quantity.ENERGY, Role.GAS),
        ({"unit": "kW.h", "description": "Energia gazu"}, Quantity.ENERGY, Role.GAS),
        ({"unit": "kW.h", "description": "Ciepło"}, Quantity.HEAT, None),
        ({"unit": "kW.h", "obis": "5-0:1.0.0"}, Quantity.HEAT, None),
        ({"unit": "kW.h", "obis": "1-0:1.8.0"}, Quantity.ENERGY, Role.GRID_DELIVERED),
        ({"unit": "kvar.h", "obis": "1.8.0"}, Quantity.REACTIVE_ENERGY, None),
    ],
)
def test_what_a_register_counts(
    changes: dict[str, str], quantity: Quantity, role: Role | None
) -> None:
    """The OBIS code counts before the group and the description, word by word."""
    type_ = replace(UNKNOWN_TYPE, **{"unit": "m3", **changes})  # type: ignore[arg-type]  # Fields.
    found = signal_point(451, type_, verdict=Kind.REGISTER)
    assert (found.quantity, found.role) == (quantity, role)
