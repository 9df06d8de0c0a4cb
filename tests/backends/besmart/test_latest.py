"""The latest values: which ones count, and what they cost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.besmart.const import ZONE
from custom_components.metering_hub.backends.common.times import local_midnight
from custom_components.metering_hub.backends.errors import (
    RateLimitedError,
    UnreachableError,
)
from custom_components.metering_hub.metering.model import Reading
from simulators.besmart import (
    HOUSE_MID,
    PV_PER_QUARTER,
    SIGNAL_TYPES,
    Garble,
    Late,
    Outage,
    Removal,
    Revision,
    Substitute,
)
from simulators.faults import Fault, busy, html_error

from .conftest import (
    ALWAYS,
    LATEST,
    NOW,
    QUARTER,
    SIGNALS,
    Bench,
    both_editions,
    key,
    latest,
)

DELAY = f"sensor_263429_{HOUSE_MID}_data_delay"
MEASURED_AT = f"sensor_263429_{HOUSE_MID}_measured_at"


async def delivered(bench: Bench) -> Reading | None:
    """Return the latest reading of A+ from a new backend."""
    backend = bench.backend()
    found = await latest(backend, await backend.inventory())
    return found.readings.get(key(32))


@both_editions
async def test_one_poll(bench: Bench) -> None:
    """Each reading has its own time; the delay is that of the latest one."""
    backend = bench.backend()
    inventory = await backend.inventory()
    bench.asked()
    found = await latest(backend, inventory)
    assert bench.asked() == (1 if bench.simulator.edition == "2026" else len(SIGNALS))
    assert not found.failed
    reading = found.readings[key(32)]
    assert (reading.time, reading.value) == (LATEST, bench.true(32))
    minute = NOW.replace(minute=18, second=0)
    reading = found.readings[key(53)]
    assert (reading.time, reading.value) == (minute, bench.true(53, minute))
    assert found.readings[MEASURED_AT].value == minute
    assert found.readings[DELAY].value == 15
    assert found.readings[DELAY].time == minute


async def test_fifty_signals_in_one_request(bench: Bench) -> None:
    """A poll of 50 signals of four meters is one request; of 51 it is two."""
    every = tuple(m for m in SIGNAL_TYPES if m != 139)
    bench.house.signals = every[:13]
    for number in range(1, 4):
        other = type(bench.house)(
            HOUSE_MID + number, f"Dom {number}", every[:13], bench.house.house
        )
        other.meters = bench.house.meters
        bench.simulator.sensors.append(other)
    bench.house.signals = every[:11]
    backend = bench.backend()
    inventory = await backend.inventory()
    for signals, requests in ((11, 1), (12, 2)):
        bench.house.signals = every[:signals]
        inventory = await backend.inventory()
        await latest(backend, inventory)
        bench.asked()
        found = await latest(backend, inventory)
        assert len(found.readings) == 39 + signals + 8
        assert bench.asked() == requests


@both_editions
@pytest.mark.parametrize("hours", [1, 3, 30, 100])
async def test_the_window_is_widened_until_there_is_a_value(
    bench: Bench, hours: int
) -> None:
    """The windows are two hours, a day and a week."""
    silent = NOW - timedelta(hours=hours)
    bench.simulator.events.append(Outage(silent, ALWAYS, moid=32))
    reading = await delivered(bench)
    assert reading is not None
    assert silent - QUARTER <= reading.time < silent
    assert reading.value == bench.true(32, reading.time)


@both_editions
async def test_a_silent_signal_is_searched_for_once_an_hour(bench: Bench) -> None:
    """It has no reading, and is not searched for at every poll."""
    backend = bench.backend()
    bench.simulator.events.append(Outage(NOW - timedelta(days=8), ALWAYS, moid=34))
    if bench.simulator.edition == "2021":
        inventory = await bench.backend().inventory()
        assert key(34) not in inventory.points
        return
    inventory = await backend.inventory()
    assert key(34) not in (await latest(backend, inventory)).readings
    bench.asked()
    for minutes, requests in ((5, 1), (50, 1), (5, 3), (5, 1)):
        bench.clock.pass_(minutes=minutes)
        found = await latest(backend, inventory)
        assert key(34) not in found.readings
        assert key(32) in found.readings
        assert bench.asked() == requests


@both_editions
async def test_late_values_older_than_the_window_are_seen(bench: Bench) -> None:
    """A poll reaches back to the last known value, up to a day."""
    cut = LATEST - timedelta(hours=5)
    back = NOW + timedelta(minutes=5)
    bench.simulator.events.append(Late(cut, NOW - timedelta(hours=3), arrives=back))
    bench.simulator.events.append(Outage(NOW - timedelta(hours=3), ALWAYS))
    backend = bench.backend()
    inventory = await backend.inventory()
    reading = (await latest(backend, inventory)).readings[key(32)]
    assert reading.time == cut - QUARTER
    bench.clock.now = back
    reading = (await latest(backend, inventory)).readings[key(32)]
    assert reading.time == LATEST + QUARTER - timedelta(hours=3)


async def test_a_deleted_value_is_replaced_by_the_one_before(bench: Bench) -> None:
    """A deletion on the server is noticed."""
    backend = bench.backend()
    inventory = await backend.inventory()
    bench.simulator.events.append(Removal(LATEST, ALWAYS, moid=32))
    reading = (await latest(backend, inventory)).readings[key(32)]
    assert (reading.time, reading.value) == (
        LATEST - QUARTER,
        bench.true(32, LATEST - QUARTER),
    )


@pytest.mark.parametrize("origin", [3, 4, 5])
async def test_without_measured_values_the_next_best_counts(
    bench: Bench, origin: int
) -> None:
    """Corrected, estimated and calculated values are used, in this order."""
    event = Substitute(NOW - timedelta(days=8), ALWAYS, moid=32, origin=origin)  # type: ignore[arg-type]  # Checked.
    bench.simulator.events.append(event)
    reading = await delivered(bench)
    assert reading is not None
    assert reading.value == bench.true(32)


@both_editions
async def test_predictions_are_never_used(bench: Bench) -> None:
    """Not even if there is nothing else."""
    bench.simulator.predictions = timedelta(hours=48)
    reading = await delivered(bench)
    assert reading is not None
    assert (reading.time, reading.value) == (LATEST, bench.true(32))
    bench.simulator.events.append(Outage(NOW - timedelta(hours=36), ALWAYS))
    reading = await delivered(bench)
    assert reading is not None
    assert reading.time < NOW - timedelta(hours=36)


@pytest.mark.parametrize("order", ["shuffled", "newest_first", "acquired"])
async def test_times_out_of_order(bench: Bench, order: str) -> None:
    """The order of samples does not matter."""
    bench.simulator.order = order  # type: ignore[assignment]  # One of these.
    reading = await delivered(bench)
    assert reading is not None
    assert (reading.time, reading.value) == (LATEST, bench.true(32))


@pytest.mark.parametrize("origin", [1, 5])
async def test_the_last_of_two_samples_of_a_time_counts(
    bench: Bench, origin: int
) -> None:
    """A sample can be acquired again, or corrected."""
    bench.simulator.events.append(
        Revision(LATEST, NOW, offset=-90, after=timedelta(0), origin=origin)  # type: ignore[arg-type]  # Either.
    )
    reading = await delivered(bench)
    assert reading is not None
    assert reading.value == bench.true(32)


@both_editions
@pytest.mark.parametrize(
    "value", [None, "NaN", "x", "", True, [], {}, "1e999", "Infinity"]
)
async def test_an_unreadable_value(bench: Bench, value: object) -> None:
    """The value before it is used."""
    bench.simulator.events.append(Garble(LATEST, NOW, moid=32, value=value))  # type: ignore[arg-type]  # JSON.
    reading = await delivered(bench)
    assert reading is not None
    assert reading.time == LATEST - QUARTER


async def test_numbers_as_text(bench: Bench) -> None:
    """Text that contains a number is a number."""
    bench.simulator.number_format = "text"
    reading = await delivered(bench)
    assert reading is not None
    assert reading.value == bench.true(32)


@both_editions
async def test_an_unknown_unit_is_shown_as_it_is(bench: Bench) -> None:
    """Unknown units do not prevent a reading."""
    bench.simulator.reply_units = {53: "furlong"}
    backend = bench.backend()
    inventory = await backend.inventory()
    assert inventory.points[key(53)].unit == "furlong"
    assert key(53) in (await latest(backend, inventory)).readings


async def test_only_the_diagnostics_are_enabled(bench: Bench) -> None:
    """One signal of the sensor is read, to find out how late it is."""
    backend = bench.backend()
    inventory = await backend.inventory()
    bench.asked()
    found = await backend.latest([inventory.points[DELAY]])
    assert found.readings[DELAY].value == 18
    assert bench.asked() == 1
    bench.clock.pass_(minutes=1)
    found = await backend.latest([inventory.points[DELAY]])
    assert found.readings[DELAY].value == 19


async def test_amounts_of_the_day(bench: Bench) -> None:
    """The amount is the sum of the intervals that ended since midnight."""
    bench.simulator.types[70] = PV_PER_QUARTER
    bench.house.signals = (70,)
    bench.simulator.delay = timedelta(0)
    backend = bench.backend()
    inventory = await backend.inventory()
    point = inventory.points[key(70)]
    midnight = local_midnight(NOW, ZONE)
    assert midnight == datetime(2026, 11, 20, 23, tzinfo=UTC)
    reading = (await backend.latest([point])).readings[key(70)]
    ends = [midnight + (n + 1) * QUARTER for n in range(4 * 18 + 2)]
    assert reading.value == pytest.approx(sum(bench.true(70, end) for end in ends))
    assert reading.value
    assert (reading.since, reading.time) == (midnight, ends[-1])
    bench.clock.now = midnight + timedelta(days=1, minutes=5)
    assert not (await backend.latest([point])).readings
    bench.clock.pass_(minutes=15)
    reading = (await backend.latest([point])).readings[key(70)]
    assert (reading.value, reading.since) == (0, midnight + timedelta(days=1))


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_signal_that_fails_costs_its_own_reading(bench: Bench) -> None:
    """The others have readings, and the reason of the failure is reported."""
    backend = bench.backend()
    inventory = await backend.inventory()
    path = f"/api/sensors/263429.{HOUSE_MID}/signals/34/data"
    bench.simulator.faults.add(Fault(html_error(500), path=path))
    found = await latest(backend, inventory)
    assert list(found.failed) == [key(34)]
    assert key(32) in found.readings


@pytest.mark.parametrize("edition", ["2021"])
async def test_a_signal_that_is_gone_fails(bench: Bench) -> None:
    """A 404 on what answered before is a failure of this signal alone."""
    backend = bench.backend()
    inventory = await backend.inventory()
    bench.house.signals = (32, 53, 103)
    found = await latest(backend, inventory)
    assert key(34) in found.failed
    assert key(32) in found.readings
    assert key(32) not in found.failed
    assert key(34) not in found.readings


@both_editions
@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimitedError), (503, UnreachableError)]
)
async def test_a_server_that_is_busy(
    bench: Bench, status: int, error: type[Exception]
) -> None:
    """The wait is in the error, and the server gets no more requests."""
    backend = bench.backend()
    inventory = await backend.inventory()
    bench.simulator.faults.add(Fault(busy(status, 77)))
    bench.asked()
    with pytest.raises(error) as raised:
        await latest(backend, inventory)
    assert raised.value.retry_after == 77  # type: ignore[attr-defined]  # A BackendError.
    # Two in parallel, and a third if the first failed before the others were stopped.
    assert bench.asked() <= 3


async def test_a_poll_without_changes_returns_the_same_readings(bench: Bench) -> None:
    """Unchanged data is not evaluated again, changed data is."""
    backend = bench.backend()
    inventory = await backend.inventory()
    poll = await latest(backend, inventory)
    assert await latest(backend, inventory) is poll
    first = poll.readings
    bench.simulator.events.append(Removal(LATEST, NOW, moid=32))
    third = (await latest(backend, inventory)).readings
    assert third[key(32)].time == LATEST - QUARTER
    assert third[key(32)].value == bench.true(32, LATEST - QUARTER)
    assert third[key(53)] is first[key(53)]


@both_editions
async def test_unit_that_the_user_put_right_converts_nothing(bench: Bench) -> None:
    """The values stay those of the server."""
    backend = bench.backend()
    inventory = await backend.inventory()
    point = inventory.points[key(32)]
    corrected = replace(point, unit="MWh", server_unit=point.unit)
    other = replace(point, unit="MWh")
    inventory = replace(inventory, points={point.key: corrected})
    found = await latest(backend, inventory)
    assert found.readings[point.key].value == bench.true(32)
    found = await latest(backend, replace(inventory, points={point.key: other}))
    assert found.readings[point.key].value != bench.true(32)
