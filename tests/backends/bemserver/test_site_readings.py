"""Degree days and completeness."""

from datetime import timedelta

import pytest

from simulators.bemserver import Gap

from .conftest import NOW, Campus


async def test_a_site_without_temperature_has_no_degree_days(campus: Campus) -> None:
    """The server answers 409 once the link is gone: no reading, and no failure."""
    point = campus.point("site_1_heating_degree_days_month")
    campus.simulator.world.weather.clear()
    latest = await campus.backend.latest([point])
    assert not latest.readings
    assert not latest.failed
    campus.clock.forward(hours=1)
    assert point.key not in (await campus.read_inventory()).points


async def test_completeness_of_a_site(campus: Campus) -> None:
    """A quarter of yesterday is missing from one of three series."""
    world = campus.simulator.world
    point = campus.point("site_2_completeness")
    start = NOW.replace(day=19, hour=23, minute=0)
    gap = Gap(start, start + timedelta(hours=6), frozenset({62}))
    campus.simulator.gaps.append(gap)
    await campus.poll()
    latest = await campus.backend.latest([point])
    here = [p for p in campus.series() if p.device_key in ("site_2", "building_4")]
    assert len(here) == 3
    assert world.series[62].interval == 3600
    value = latest.readings["site_2_completeness"].value
    assert value == pytest.approx(100 * (3 - 0.25) / 3)
