"""What an audit calls wrong, what it leaves to the server, and what it remembers."""

from datetime import datetime
import json
import logging

import pytest

from custom_components.metering_hub.history.audit.audit import (
    AuditReport,
    Subject,
    audit,
)
from custom_components.metering_hub.history.audit.check_queries import (
    Content,
    FaultKind,
)
from custom_components.metering_hub.history.audit.memory import AuditMemory, Span
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.metering.model import (
    Kind,
    Point,
    PricePeriod,
    Quantity,
)
from custom_components.metering_hub.prices.maths.calendar import Calendar
from custom_components.metering_hub.prices.maths.point_prices import PointPrices
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

from ..recorder.test_recorder import PREFIX, make_rows, write, writer_of
from .test_recorder_checks import amounts, hour

# The test package lets SQLAlchemy log every statement, which takes most of the time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

ID = f"{PREFIX}a"


@pytest.fixture(autouse=True)
def _recorder(recorder_mock: Recorder) -> None:
    """Run a recorder."""


def subject(content: Content, **more: object) -> Subject:
    """Return a statistic to audit."""
    return Subject(statistic_id=ID, key="a", content=content, **more)


async def audited(
    hass: HomeAssistant,
    rows: list[Row],
    what: Subject,
    memory: AuditMemory | None = None,
) -> AuditReport:
    """Record rows, and audit all of them."""
    is_measured = what.content is Content.MEANS
    await write(hass, writer_of("a", rows, is_measured=is_measured))
    return await audit(hass, [what], memory or AuditMemory(), is_complete=True)


def brief(report: AuditReport) -> list[tuple[FaultKind, datetime, datetime]]:
    """Return the kinds and hours of the faults of the statistic."""
    return [(each.kind, each.start, each.end) for each in report.faults.get(ID, ())]


async def test_a_hole_in_a_register(hass: HomeAssistant) -> None:
    """A register has every hour, so a hole is a fault from which to import again."""
    what = subject(Content.POSITIONS, has_every_hour=True)
    rows = make_rows(10)
    report = await audited(hass, rows[:4] + rows[6:], what)
    assert brief(report) == [(FaultKind.HOLE, hour(4), hour(6))]
    assert report.unjudged == {}
    assert report.starts == {"a": hour(4)}
    assert (report.hours, report.statistics) == (8, 1)
    assert report.last == {ID: hour(9)}


async def test_hours_without_values(hass: HomeAssistant) -> None:
    """The hours in which a server may have had no values are listed, and not faults."""
    rows = amounts(1.0, 2.0, 3.0)
    rows = [rows[0], rows[1], rows[2]._replace(start=hour(5))]
    report = await audited(hass, rows, subject(Content.AMOUNTS))
    assert brief(report) == []
    assert [(each.start, each.end) for each in report.unjudged[ID]] == [
        (hour(2), hour(5))
    ]


async def test_amounts_that_were_lost(hass: HomeAssistant) -> None:
    """Where the sum steps over a hole, rows of it were lost."""
    rows = amounts(1.0, 2.0, 3.0, 4.0, 5.0)
    report = await audited(hass, rows[:2] + rows[4:], subject(Content.AMOUNTS))
    assert brief(report) == [
        (FaultKind.HOLE, hour(2), hour(4)),
        (FaultKind.CONTRADICTION, hour(4), hour(5)),
    ]
    assert report.unjudged == {}
    assert report.starts == {"a": hour(2)}


async def test_hours_without_a_price(hass: HomeAssistant) -> None:
    """Costs lack the hours that have no price, and no others."""
    rows = [row for row in amounts(*[1.0] * 12) if row.start not in (hour(3), hour(8))]
    for index, row in enumerate(rows):
        rows[index] = row._replace(sum=index + 1.0)
    price = {"a": 0.3}
    periods = [
        PricePeriod(start=hour(0), end=hour(3), prices=price),
        PricePeriod(start=hour(3), end=hour(4), prices={"b": 0.3}),
        PricePeriod(start=hour(4), end=hour(12), prices=price),
    ]
    prices = PointPrices(
        point=Point(
            key="a",
            device_key="meter",
            quantity=Quantity.ENERGY,
            kind=Kind.REGISTER,
            unit="kWh",
        ),
        tariffs=(),
        factors={},
        periods=[each for each in periods if "a" in each.prices],
        calendar=Calendar(),
    )
    what = subject(Content.AMOUNTS, has_every_hour=True, is_cost=True, prices=prices)
    report = await audited(hass, rows, what)
    assert brief(report) == [(FaultKind.HOLE, hour(8), hour(9))]
    assert report.starts == {}
    assert report.unsound_costs == {"a"}
    assert report.unjudged == {}


async def test_kept_hours(hass: HomeAssistant) -> None:
    """What the user keeps is not reported, and other faults are."""
    rows = make_rows(12)
    rows = [row for row in rows if row.start not in (hour(3), hour(8))]
    memory = AuditMemory().keeping({ID: [Span(hour(3), hour(4))]})
    what = subject(Content.POSITIONS, has_every_hour=True)
    report = await audited(hass, rows, what, memory)
    assert brief(report) == [(FaultKind.HOLE, hour(8), hour(9))]


async def test_a_statistic_without_rows(hass: HomeAssistant) -> None:
    """An audit tells what it has not looked at."""
    report = await audit(
        hass, [subject(Content.POSITIONS)], AuditMemory(), is_complete=True
    )
    assert report == AuditReport(without_rows=[ID])
    assert report.statistics == 0


def test_the_memory_survives_a_restart() -> None:
    """What is stored as JSON is what is loaded, and invalid parts are forgotten."""
    memory = (
        AuditMemory(is_clean=False)
        .having_audited({ID: hour(7)})
        .having_imported(["a", "b"], 2)
        .keeping({ID: [Span(hour(3), hour(4)), Span(hour(1), hour(2))]})
        .having_repaired([Span(hour(5), hour(6)), Span(hour(3), hour(4))])
    )
    assert AuditMemory.from_json(json.loads(json.dumps(memory.as_json()))) == memory
    assert memory.repaired == 2
    assert memory.newest_repair == Span(hour(5), hour(6))
    assert memory.having_repaired([]) == memory
    assert memory.is_kept(ID, Span(hour(1), hour(2)))
    assert not memory.is_kept(ID, Span(hour(1), hour(3)))
    assert not memory.is_kept("other", Span(hour(1), hour(2)))
    assert AuditMemory.from_json(None) == AuditMemory()
    damaged = {"audited": {ID: "?"}, "kept": {ID: [[1], "x"]}, "versions": [1]}
    assert AuditMemory.from_json(damaged) == AuditMemory(kept={ID: []})
