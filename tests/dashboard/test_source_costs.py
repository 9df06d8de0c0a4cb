"""The costs on the sources of the Energy dashboard."""

from collections.abc import Mapping

import pytest

from custom_components.metering_hub.dashboard.preferences import Source
from custom_components.metering_hub.dashboard.source_costs import (
    CostUpdate,
    EntryCosts,
    make_update,
    named_costs,
)

COSTS = EntryCosts(
    prefix="x:a_",
    by_amount={
        "x:a_in": "x:a_in_cost",
        "x:a_out": "x:a_out_compensation",
        "x:a_gas": "x:a_gas_cost",
        "x:a_water": "x:a_water_cost",
    },
)
ALL = {*COSTS.by_amount.values()}
GRID = {"type": "grid", "stat_energy_from": "x:a_in", "stat_energy_to": "x:a_out"}


def update(source: Source, *, gone: frozenset[str] = frozenset()) -> CostUpdate:
    """Return the update of one source, to which all recorded costs may be added."""
    return make_update([source], COSTS, addable=ALL - gone, gone=gone)


@pytest.mark.parametrize(
    ("source", "added"),
    [
        (
            GRID,
            {
                "stat_cost": "x:a_in_cost",
                "stat_compensation": "x:a_out_compensation",
            },
        ),
        (
            {"type": "grid", "stat_energy_from": None, "stat_energy_to": "x:a_out"},
            {"stat_compensation": "x:a_out_compensation"},
        ),
        (
            {"type": "gas", "stat_energy_from": "x:a_gas"},
            {"stat_cost": "x:a_gas_cost"},
        ),
        (
            {"type": "water", "stat_energy_from": "x:a_water", "stat_cost": None},
            {"stat_cost": "x:a_water_cost"},
        ),
    ],
)
def test_a_source_without_a_price_gets_its_cost(
    source: Source, added: Mapping[str, str]
) -> None:
    found = update(source)
    assert found.sources == [{**source, **added}]
    assert found.added == [*added.values()]
    assert named_costs([source], COSTS) == {*added.values()}


@pytest.mark.parametrize(
    "source",
    [
        {"type": "gas", "stat_energy_from": "x:a_gas", "stat_cost": "sensor.mine"},
        {"type": "gas", "stat_energy_from": "x:a_gas", "number_energy_price": 0.0},
        {"type": "gas", "stat_energy_from": "x:a_gas", "entity_energy_price": "a.b"},
        {"type": "gas", "stat_energy_from": "x:b_gas"},
        {"type": "gas", "stat_energy_from": "sensor.other"},
        {"type": "solar", "stat_energy_from": "x:a_in"},
        # What is returned does not cost anything, nor does what is bought earn.
        {"type": "grid", "stat_energy_from": "x:a_out", "stat_energy_to": "x:a_in"},
        {
            "type": "grid",
            "stat_energy_from": None,
            "stat_energy_to": "x:a_out",
            "number_energy_price_export": 0.08,
        },
    ],
)
def test_other_sources_stay_as_they_are(source: Source) -> None:
    assert named_costs([source], COSTS) == set()
    found = update(source)
    assert found.sources == [source]
    assert not found.updated


def test_both_directions_have_prices_of_their_own() -> None:
    source = {**GRID, "number_energy_price_export": 0.08}
    (found,) = update(source).sources
    assert found == {**source, "stat_cost": "x:a_in_cost"}


def test_a_cost_that_is_gone_is_taken_off() -> None:
    source = {
        **GRID,
        "stat_cost": "x:a_in_cost",
        "stat_compensation": "x:a_out_compensation",
        "name": "House",
    }
    found = update(source, gone=frozenset({"x:a_in_cost"}))
    assert found.sources == [{**source, "stat_cost": None}]
    assert (found.updated, found.removed) == (["x:a_in"], ["x:a_in_cost"])
    assert found.shown == ["x:a_out_compensation"]
    assert not found.left


def test_a_cost_that_is_gone_stays_beside_another_meter() -> None:
    source = {
        "type": "gas",
        "stat_energy_from": "sensor.other",
        "stat_cost": "x:a_gas_cost",
        "name": "Boiler",
    }
    found = update(source, gone=frozenset({"x:a_gas_cost"}))
    assert found.sources == [source]
    (left,) = found.left
    assert left.description == "**Boiler** (x:a_gas_cost)"


def test_the_cost_of_a_meter_that_the_entry_no_longer_has_is_taken_off() -> None:
    source = {
        "type": "water",
        "stat_energy_from": "x:a_old",
        "stat_cost": "x:a_old_cost",
    }
    found = update(source, gone=frozenset({"x:a_old_cost"}))
    assert found.sources == [{**source, "stat_cost": None}]


def test_what_nobody_has_looked_up_is_left_alone() -> None:
    """A source that was edited during the query has a cost that is not known."""
    source = {"type": "gas", "stat_energy_from": "x:a_gas", "stat_cost": "x:a_in_cost"}
    found = make_update([source], COSTS, addable=set(), gone=set())
    assert found.sources == [source]
    assert not found.left
