"""What was measured: verdicts, spreads, and the table that is kept."""

from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.measure import Spread, ratios
from benchmarks.results import Results, write_table
from benchmarks.servers import POPULATIONS, with_points
from benchmarks.size import FULL, QUICK
from benchmarks.table import Goal, Line


def line(row: str, figure: float = 1.0, goal: Goal | None = None) -> Line:
    """Return a line of the table."""
    return Line(row, "case", "ours", "other", f"{figure} x", figure, goal)


@pytest.mark.parametrize(
    ("goal", "met", "missed"),
    [
        (Goal(1.25), [1.25, 0.1], [1.26]),
        (Goal(0.9, "at least"), [0.9, 2.0], [0.89]),
        (Goal(0, "equal", "writes"), [0], [1, -1]),
    ],
)
def test_verdicts(goal: Goal, met: list[float], missed: list[float]) -> None:
    assert [line("a", each, goal).verdict for each in met] == ["yes"] * len(met)
    assert [line("a", each, goal).verdict for each in missed] == ["**no**"] * len(
        missed
    )
    assert line("a").verdict == ""


def test_ratios_are_of_pairs() -> None:
    assert ratios([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread(0.002, 0.001, 0.003).text(1000, 1) == "2.0 (1.0\N{EN DASH}3.0)"


def test_servers_are_as_large_as_needed() -> None:
    for population in POPULATIONS.values():
        option, meters, *_ = population.with_points(1000)
        assert option == population.option
        assert int(meters) >= 1000 * population.per_point
    assert "--years" in with_points("dsmr_reader", 22)
    assert (FULL.of(5000), QUICK.of(5000), QUICK.of(100)) == (5000, 250, 10)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the table be kept elsewhere; return the document."""
    document = tmp_path / "performance.md"
    document.write_text(
        "before\n<!-- table: script/bench --write -->\nold\n"
        "<!-- end of the table -->\nafter\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(results, "DOCUMENT", document)
    monkeypatch.setattr(results, "KEPT", tmp_path / "performance.json")
    return document


def test_a_row_is_measured_anew_and_the_others_are_kept(kept: Path) -> None:
    assert Results.kept() is None
    first = Results.here()
    first.rows = {"one": [line("one", 1.0, Goal(2))], "two": [line("two", 2.0)]}
    results.KEPT.write_text(first.as_json(), encoding="utf-8")

    again = Results.kept()
    assert again == first
    newer = Results(first.machine, {"two": [line("two", 3.0)]})
    again.take_over(newer)
    assert again.rows == {"one": first.rows["one"], "two": newer.rows["two"]}

    write_table(again.markdown(["two", "one"]))
    text = kept.read_text(encoding="utf-8")
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert text.index("| two | case | ours | other | 3.0 x |") < text.index("| one |")


def test_figures_of_two_machines_are_never_mixed() -> None:
    ours = Results({"cores": "2"}, {"one": [line("one")]})
    other = Results({"cores": "64"}, {"two": [line("two")]})
    ours.take_over(other)
    assert ours == other
