"""The besmart simulator from the command line."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from simulators.__main__ import SIMULATORS, parser
from simulators.besmart import HOUSE_MID, INVERTER_MID
from simulators.besmart.sensors import CLIENT, default_sensors
from simulators.besmart.sources import reading
from simulators.registry import Amount
from simulators.server import serve

from .conftest import NOW, BesmartApi, minutes

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
FROM = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def test_the_command_line(besmart_api: BesmartApi) -> None:
    words = "besmart --edition 2026 --login a@b --password right --years 0.1"
    more = "--exchange-days 3 --correct-in-minutes 0 --pv-unit kW.h --workspace-key k"
    options = parser().parse_args([*words.split(), *more.split()])
    running = SIMULATORS["besmart"].build(options)
    assert running.credentials == "login: a@b, password: right, workspace key: k"
    simulator = besmart_api.simulator
    simulator.login = "a@b"
    now = datetime.now(UTC)
    async with serve(running.app) as besmart_api.url:
        assert (await besmart_api.log_in()).status == 401
        assert (await besmart_api.log_in(X_Auth="k")).status == 200
        got = await besmart_api.points(now - 50 * 24 * HOUR, now + 48 * HOUR)
        first = int(str(got[0].time))
        assert timedelta(days=36) < now - _time(first) < timedelta(days=38)
        assert {point.origin for point in got} == {1, 2, 5}
        measured = [int(str(point.time)) for point in got if point.origin == 1]
        assert minutes(15) <= now - _time(measured[-1]) < minutes(31)
        assert len([point for point in got if point.origin == 5]) == 8
        states = (await besmart_api.ask("sensors/states")).rows
        assert len([row for row in states if row["sensor_mid"] == HOUSE_MID]) == 2
        pv = simulator.sensor(INVERTER_MID)
        row = (await besmart_api.get_data(now - HOUR, now, 70, pv)).row
        assert row["unit"] == "kW.h"


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def test_the_truth_of_an_inverter() -> None:
    """The amount of a day is known for a signal of energy, but not of power."""
    path = f"{CLIENT}.{INVERTER_MID}/70"
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = [midnight + number * HOUR for number in range(25)]

    def truth(unit: str) -> Amount:
        options = parser().parse_args(["besmart", "--years", "1", "--pv-unit", unit])
        return SIMULATORS["besmart"].build(options).amount

    amount = truth("kW.h")
    by_hour = [amount(path, start, end) or 0.0 for start, end in pairwise(hours)]
    assert amount(path, hours[0], hours[-1]) == pytest.approx(sum(by_hour))
    # The mean power of each quarter of an hour, for a quarter of an hour.
    inverter = next(s for s in default_sensors() if s.sensor_mid == INVERTER_MID)
    watts = [reading(inverter, 70, hours[11] + n * QUARTER) for n in range(1, 5)]
    assert by_hour[11] == pytest.approx(sum(watts) / 4000)
    assert by_hour[11] > 0
    assert by_hour[0] == 0
    assert truth("kW")(path, hours[0], hours[-1]) is None
