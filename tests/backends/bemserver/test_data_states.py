"""Data states: Clean and Raw."""

from simulators.bemserver import RAW
from simulators.faults import Fault, MutateJson

from .conftest import Connect


async def test_states_are_identified_by_name(connect: Connect) -> None:
    """Another server may number them differently, and have more of them."""
    campus = await connect()

    def other(rows: object) -> object:
        return [
            {"id": 3, "name": "Estimated"},
            {"id": 2, "name": "CLEAN"},
            {"id": 1, "name": "raw"},
        ]

    campus.simulator.faults.add(
        Fault(MutateJson(other), "/timeseries_data_states/")  # type: ignore[arg-type]  # Any JSON.
    )
    await campus.read_inventory()
    await campus.poll("timeseries_1_amount")
    asked = [
        request.query["data_state"]
        for request in campus.simulator.faults.requests
        if request.path == "/timeseries_data/"
    ]
    assert set(asked) == {"2"}
    campus.simulator.faults.clear_requests()
    await campus.poll("timeseries_1_amount")
    assert campus.simulator.faults.requests[-1].query["data_state"] == "2"


async def test_clean_values_that_appear_later_are_used(connect: Connect) -> None:
    """Within a day after the clean-up task was enabled."""
    campus = await connect()
    simulator = campus.simulator
    states = {n: s.states for n, s in simulator.world.series.items()}
    simulator.without_clean()
    await campus.read_inventory()
    await campus.poll("timeseries_16")
    for number, series in simulator.world.series.items():
        series.states = states[number]
    shown = simulator.position(16, campus.clock(), RAW)
    assert (await campus.poll("timeseries_16")).readings["timeseries_16"].value == shown
    campus.clock.forward(hours=25)
    campus.count_requests()
    await campus.poll("timeseries_16")
    used = {
        request.query["data_state"]
        for request in simulator.faults.requests
        if request.path == "/timeseries_data/"
    }
    assert used <= {"1", "2"}
    simulator.faults.clear_requests()
    await campus.poll("timeseries_16")
    assert simulator.faults.requests[-1].query["data_state"] == "2"
