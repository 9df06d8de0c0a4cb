"""Reading the catalogue."""

import pytest

from simulators.faults import Answer, Fault

from .conftest import Campus


async def test_a_part_of_a_catalogue_is_an_error(campus: Campus) -> None:
    """It would look as if devices had been removed."""
    campus.simulator.faults.add(
        Fault(Answer(200, "{}", "application/json"), "/timeseries_by_sites/")
    )
    with pytest.raises(Exception, match="no list"):
        await campus.read_inventory()
