"""The action get_costs, with the contracts of a DSMR-reader."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.actions import costs as costs_action
from custom_components.metering_hub.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import Channel

from .conftest import NOW, set_up
from .test_history import HOUR, Statistics, euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

ZONE = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 11, 16, tzinfo=ZONE)
PRICES = {
    Channel.DELIVERED_1: ("electricity_delivered_1", 0.24153),
    Channel.DELIVERED_2: ("electricity_delivered_2", 0.26271),
}

type Answer = Mapping[str, Any]


async def get_costs(hass: HomeAssistant, entry: MockConfigEntry, **data: Any) -> Answer:
    """Call the action; without a start, ask for the last days."""
    answer = await hass.services.async_call(
        DOMAIN,
        "get_costs",
        {"entry": entry.entry_id, "start": START.isoformat(), **data},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    return answer


def recorded_sum(
    statistics: Statistics, keys: tuple[str, ...], start: datetime, end: datetime
) -> float:
    """Return what is recorded for hours that start in [start, end)."""
    return sum(
        row["change"] or 0.0
        for key in keys
        for row in statistics[key]
        if start.timestamp() <= row["start"] < end.timestamp()
    )


async def test_days_of_all_roles(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Amounts are the meter's own, and costs those times the contracts' prices."""
    await imported(hass, loaded)
    answer = await get_costs(hass, loaded)
    assert answer["currency"] == "EUR"
    assert list(answer["roles"]) == ["import", "export", "gas"]
    found = answer["roles"]["import"]
    # The totals of both tariffs are no meters of their own.
    assert found["meters"] == ["electricity_delivered_1", "electricity_delivered_2"]
    assert found["unit"] == "kWh"
    assert answer["roles"]["gas"]["unit"] == "m³"
    assert len(found["periods"]) == 6
    house = simulator.house
    for number, period in enumerate(found["periods"][:-1]):
        begin = START + timedelta(days=number)
        end = begin + timedelta(days=1)
        assert period["start"] == begin.isoformat()
        assert period["end"] == end.isoformat()
        used = {
            channel: house.true_energy(
                channel, begin.astimezone(UTC), end.astimezone(UTC)
            )
            / 1000
            for channel in PRICES
        }
        amount = sum(used.values())
        cost = sum(used[channel] * price for channel, (_, price) in PRICES.items())
        assert period["amount"] == pytest.approx(amount, abs=1e-5)
        assert period["cost"] == pytest.approx(cost, abs=1e-4)
        assert period["mean_price"] == pytest.approx(cost / amount, abs=1e-4)
        assert period["unpriced_hours"] == 0
        assert period["unpriced_amount"] == 0
    assert found["periods"][-1]["end"] == NOW.astimezone(ZONE).isoformat()
    whole = sum(each["cost"] for each in found["periods"])
    assert found["total"]["cost"] == pytest.approx(whole, abs=1e-5)


async def test_the_cost_of_a_register_is_its_price_times_its_amount(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """The mean price of a meter with one price is that price."""
    await imported(hass, loaded)
    key, price = PRICES[Channel.DELIVERED_2]
    found = (await get_costs(hass, loaded, meters=[key]))["meters"][key]
    used = simulator.house.true_energy(
        Channel.DELIVERED_2,
        START.astimezone(UTC),
        NOW.replace(minute=0),
    )
    assert found["total"]["amount"] == pytest.approx(used / 1000, abs=0.5)
    assert found["total"]["mean_price"] == pytest.approx(price, abs=1e-5)


async def test_total_is_costs_and_fixed_costs_without_compensation(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Compensation is income, and fixed costs are charged at midnight."""
    await imported(hass, loaded)
    answer = await get_costs(hass, loaded)
    fixed = answer["fixed_costs"]
    assert {each["cost"] for each in fixed["periods"]} == {0.412345}
    assert fixed["cost"] == pytest.approx(6 * 0.412345)
    roles = answer["roles"]
    assert "cost" not in roles["export"]["total"]
    expected = (
        roles["import"]["total"]["cost"]
        + roles["gas"]["total"]["cost"]
        + fixed["cost"]
        - roles["export"]["total"]["compensation"]
    )
    assert answer["total"]["cost"] == pytest.approx(expected, abs=1e-5)
    by_day = sum(each["cost"] for each in answer["total"]["periods"])
    assert answer["total"]["cost"] == pytest.approx(by_day, abs=1e-5)


@pytest.mark.parametrize("period", ["hour", "month"])
async def test_other_periods_have_the_same_total(
    hass: HomeAssistant, loaded: MockConfigEntry, period: str
) -> None:
    """Hours, days and months add up to the same."""
    await imported(hass, loaded)
    days = await get_costs(hass, loaded)
    others = await get_costs(hass, loaded, period=period)
    assert others["total"]["cost"] == pytest.approx(days["total"]["cost"], abs=1e-4)
    for role, found in days["roles"].items():
        assert others["roles"][role]["total"] == pytest.approx(found["total"], abs=1e-5)


async def test_one_role_only(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Fixed costs belong to no role, so there is no total of all either."""
    await imported(hass, loaded)
    everything = await get_costs(hass, loaded)
    answer = await get_costs(hass, loaded, role="gas")
    assert answer == {
        "currency": "EUR",
        "roles": {"gas": everything["roles"]["gas"]},
    }
    water = await get_costs(hass, loaded, role="water")
    assert water["roles"] == {}


async def test_hours_without_a_price(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """They are counted with their amount, and cost nothing that is known."""
    first = (NOW - timedelta(days=2)).date()
    simulator.prices = [
        replace(contract, start=max(first, contract.start))
        for contract in simulator.prices
        if contract.end >= first
    ]
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    answer = await get_costs(hass, entry)
    unpriced = answer["roles"]["import"]["periods"][0]
    keys = tuple(key for key, _ in PRICES.values())
    day = (START, START + timedelta(days=1))
    assert unpriced["amount"] == pytest.approx(
        recorded_sum(statistics, keys, *day), abs=1e-5
    )
    assert unpriced["unpriced_amount"] == unpriced["amount"]
    assert unpriced["unpriced_hours"] == sum(
        1
        for key in keys
        for row in statistics[key]
        if day[0].timestamp() <= row["start"] < day[1].timestamp()
        and abs(row["change"] or 0.0) > 1e-7
    )
    assert unpriced["cost"] is None
    assert unpriced["mean_price"] is None
    assert answer["fixed_costs"]["periods"][0]["cost"] is None
    assert answer["total"]["periods"][0]["cost"] is None
    priced = answer["roles"]["import"]["periods"][-1]
    assert priced["unpriced_hours"] == 0
    assert priced["cost"] > 0


async def test_submeters_are_only_those_that_are_named(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The sum of both tariffs has an amount, but no price of its own."""
    await imported(hass, loaded)
    key = "electricity_import_total"
    answer = await get_costs(hass, loaded, meters=[key])
    assert list(answer) == ["currency", "meters"]
    total = answer["meters"][key]["total"]
    assert total["amount"] > 0
    assert total["cost"] is None


async def test_a_compensation_of_a_meter(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A meter of what is returned has a compensation in place of a cost."""
    await imported(hass, loaded)
    key = "electricity_returned_2"
    total = (await get_costs(hass, loaded, meters=[key]))["meters"][key]["total"]
    assert total["compensation"] > 0
    assert "cost" not in total


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"meters": ["nothing"]}, "without_costs"),
        ({"meters": ["electricity_power"]}, "without_costs"),
        ({"meters": ["gas"], "role": "gas"}, "role_or_meters"),
        ({"start": "2000-01-01", "period": "hour"}, "too_many_buckets"),
        ({"start": "1980-01-01", "end": "1981-01-01"}, "end_before_start"),
        ({"end": START.isoformat()}, "end_before_start"),
        ({"end": "2030-01-01"}, "in_the_future"),
    ],
)
async def test_calls_that_are_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, data: dict[str, Any], key: str
) -> None:
    """The error says what to do."""
    with pytest.raises(ServiceValidationError) as refused:
        await get_costs(hass, loaded, **data)
    assert refused.value.translation_key == key


async def test_as_many_rows_as_are_allowed(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is that of the rows of all roles together."""
    monkeypatch.setattr(costs_action, "MAX_ROWS", 3 * 6)
    assert len((await get_costs(hass, loaded))["total"]["periods"]) == 6
    monkeypatch.setattr(costs_action, "MAX_ROWS", 3 * 6 - 1)
    with pytest.raises(ServiceValidationError):
        await get_costs(hass, loaded)


async def test_hours_are_whole(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A start within an hour counts the whole hour, as that is what is recorded."""
    await imported(hass, loaded)
    start = NOW - timedelta(hours=3)
    answer = await get_costs(hass, loaded, start=start.isoformat(), period="hour")
    starts = [each["start"] for each in answer["total"]["periods"]]
    first = start.replace(minute=0)
    assert starts == [
        (first + number * HOUR).astimezone(ZONE).isoformat() for number in range(4)
    ]
