"""The campus: exact amounts, plausible values, the same on every run."""

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest

from simulators.bemserver import CLEAN, RAW, BemserverSimulator
from simulators.bemserver.sources import day

from .conftest import NOW, Clock

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WINTER = datetime(2026, 1, 14, tzinfo=UTC)  # A Wednesday.
SUMMER = datetime(2026, 7, 15, tzinfo=UTC)  # Another one.


def amount(simulator: BemserverSimulator, name: str, start: datetime) -> float:
    """Return the sum of a day."""
    return simulator.amount(simulator.world.named(name), start, start + DAY)


def values(simulator: BemserverSimulator, name: str, number: int) -> tuple[int, ...]:
    source = simulator.world.named(name).source
    assert source is not None
    return day(source, number)


def test_nothing_depends_on_what_was_asked_before(
    bemserver: BemserverSimulator,
) -> None:
    other = BemserverSimulator(years=1.5, clock=Clock())
    forwards = [
        bemserver.amount(1, SUMMER + n * DAY, SUMMER + (n + 1) * DAY) for n in range(5)
    ]
    backwards = [
        other.amount(1, SUMMER + n * DAY, SUMMER + (n + 1) * DAY)
        for n in (4, 3, 2, 1, 0)
    ]
    assert forwards == backwards[::-1]
    assert (
        BemserverSimulator(2, 1.5, clock=Clock()).amount(1, SUMMER, SUMMER + DAY)
        != forwards[0]
    )


@pytest.mark.parametrize("start", [WINTER, SUMMER, datetime(2026, 3, 29, tzinfo=UTC)])
def test_the_site_is_its_buildings_and_more(
    bemserver: BemserverSimulator, start: datetime
) -> None:
    number = int(start.timestamp()) // 86400
    whole = values(bemserver, "Site elec all", number)
    buildings = [values(bemserver, f"{name} elec all", number) for name in "ABC"]
    for quarter, total in enumerate(whole):
        inside = sum(building[quarter] for building in buildings)
        assert inside <= total
        assert total - inside < 3000
    for use in ("heating", "cooling", "ventilation", "lighting", "appliances"):
        parts = [values(bemserver, f"{name} elec {use}", number) for name in "ABC"]
        assert values(bemserver, f"Site elec {use}", number) == tuple(
            map(sum, zip(*parts, strict=True))
        )


def test_end_uses_never_exceed_the_whole(bemserver: BemserverSimulator) -> None:
    uses = ("heating", "cooling", "ventilation", "lighting", "appliances")
    for number in range(20_400, 20_400 + 365, 13):
        whole = values(bemserver, "Site elec all", number)
        parts = [values(bemserver, f"Site elec {use}", number) for use in uses]
        sums = [sum(quarter) for quarter in zip(*parts, strict=True)]
        assert all(part < total for part, total in zip(sums, whole, strict=True))
        assert sum(sums) > 0.6 * sum(whole)


@pytest.mark.parametrize(
    ("index", "flow", "factor"),
    [
        ("A elec index", "A elec all", 1),
        ("B elec index", "B elec all", 1),
        ("A gas index", "A gas heating", 1 / 11.2),
    ],
)
def test_an_index_is_the_integral(
    bemserver: BemserverSimulator, index: str, flow: str, factor: float
) -> None:
    counter = bemserver.world.named(index)
    last = None
    for hours in range(0, 24 * 40, 7):
        at = WINTER + hours * HOUR
        position = bemserver.position(counter, at)
        assert position is not None
        if last is not None:
            used = bemserver.amount(bemserver.world.named(flow), at - 7 * HOUR, at)
            assert position - last == pytest.approx(used * factor, abs=0.0011)
            assert position >= last
        last = position
    assert bemserver.position(counter, bemserver.store.start - HOUR) is None


def test_power_is_the_energy_of_its_quarter(bemserver: BemserverSimulator) -> None:
    number = int(SUMMER.timestamp()) // 86400
    energy = values(bemserver, "A elec all", number)
    assert values(bemserver, "A power", number) == tuple(40 * each for each in energy)
    minutes = values(bemserver, "Minute power 1 year", number)
    assert len(minutes) == 1440
    for quarter in range(0, 1440, 15):
        mean = sum(minutes[quarter : quarter + 15]) / 15
        assert mean % 40 == 0
        assert min(minutes[quarter : quarter + 15]) > 0


def test_coarse_series_add_up(bemserver: BemserverSimulator) -> None:
    number = int(SUMMER.timestamp()) // 86400
    hourly = values(bemserver, "Annex elec all", number)
    assert len(hourly) == 24
    assert len(values(bemserver, "Annex heat", number)) == 1
    assert values(bemserver, "Annex site elec", number) == hourly
    start = SUMMER - 2 * DAY
    assert amount(bemserver, "Annex heat", start) == bemserver.amount(
        61, start - HOUR, start + HOUR
    )


def test_seasons_and_days(bemserver: BemserverSimulator) -> None:
    ratio = {
        name: amount(bemserver, name, WINTER) / amount(bemserver, name, SUMMER)
        for name in (
            *("Site gas heating", "Site elec cooling", "Site elec heating"),
            *("PV production", "Outdoor temperature", "Site elec all"),
        )
    }
    assert ratio["Site gas heating"] > 5
    assert ratio["Site elec heating"] > 3
    assert ratio["Site elec cooling"] < 0.5
    assert ratio["PV production"] < 0.5
    assert ratio["Outdoor temperature"] < 0.5
    assert 0.8 < ratio["Site elec all"] < 1.6
    sunday = amount(bemserver, "A elec all", SUMMER + 4 * DAY)
    assert sunday < 0.5 * amount(bemserver, "A elec all", SUMMER)
    noon = bemserver.amount(1, SUMMER + 10 * HOUR, SUMMER + 11 * HOUR)
    night = bemserver.amount(1, SUMMER + HOUR, SUMMER + 2 * HOUR)
    assert noon > 3 * night


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("A indoor temperature", 18, 25),
        ("A indoor humidity", 30, 60),
        ("B CO2", 400, 1200),
        ("Outdoor temperature", -15, 40),
        ("Outdoor humidity", 30, 100),
        ("Wind speed", 0, 15),
        ("Solar irradiance", 0, 1100),
        ("Boiler on", 0, 1),
        ("A elec all", 0.5, 40),
        ("PV power", 0, 100_000),
    ],
)
def test_plausible(
    bemserver: BemserverSimulator, name: str, low: float, high: float
) -> None:
    series = bemserver.world.named(name)
    assert series.source is not None
    found = [
        value / series.source.scale
        for number in range(20_100, 20_465, 11)
        for value in day(series.source, number)
    ]
    assert low <= min(found) < max(found) <= high


def test_temperature_joins_at_midnight(bemserver: BemserverSimulator) -> None:
    for number in range(20_100, 20_465, 7):
        here, there = (
            values(bemserver, "Outdoor temperature", number + n) for n in (0, 1)
        )
        assert abs(there[0] - here[-1]) < 60


def test_states_of_the_series(bemserver: BemserverSimulator) -> None:
    raw_only = bemserver.world.named("Raw only power")
    assert bemserver.amount(raw_only, SUMMER, SUMMER + DAY, RAW) > 0
    assert bemserver.amount(raw_only, SUMMER, SUMMER + DAY, CLEAN) == 0
    assert bemserver.amount(1, SUMMER, SUMMER + DAY, RAW) == bemserver.amount(
        1, SUMMER, SUMMER + DAY, CLEAN
    )
    assert bemserver.amount(1, NOW, NOW + DAY) == 0


def test_thousands_of_series_with_years_start_at_once() -> None:
    begin = process_time()
    simulator = BemserverSimulator(years=10, series=5000, clock=Clock())
    assert process_time() - begin < 1
    meters = [item for item in simulator.world.series.values() if item.id > 1000]
    assert len(meters) > 4800
    for series in meters[:16]:
        assert simulator.position(series, NOW) is not None
