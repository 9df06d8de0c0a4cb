"""`script/test --mutation` chooses the right mutants, and knows explained ones."""

from pathlib import Path
import re

import pytest

from script import mutation
from script.mutation import (
    PACKAGE_FOLDER,
    Change,
    ChangeClass,
    Explained,
    Mutant,
    changed_lines,
    is_pure,
    path_patterns,
    patterns_of,
    read_change,
    read_explained,
    read_results,
    report,
)

FOLDER = mutation.ROOT / PACKAGE_FOLDER
MODULE = "custom_components.metering_hub.metering.sums"
CODE = """class Sum:
    def add(self):
        return 1

    async def end(self):
        return 2


def total():
    return 3
"""
DIFF = """--- custom_components/metering_hub/metering/sums.py
+++ custom_components/metering_hub/metering/sums.py
@@ -1,3 +1,3 @@
 def total(a, b):
-    return a + b
+    return a - b
"""


@pytest.fixture
def pure_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a pure module of a made-up repository, as git calls it."""
    file = f"{PACKAGE_FOLDER}/metering/sums.py"
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(CODE)
    (tmp_path / PACKAGE_FOLDER / "metering/notes.txt").write_text("No code.")
    monkeypatch.setattr(mutation, "ROOT", tmp_path)
    return file


def test_new_lines_of_a_diff() -> None:
    one = "--- a/one.py\n+++ b/one.py\n@@ -3,2 +3,4 @@ def f():\n@@ -9 +12 @@\n"
    two = "--- a/two.py\n+++ b/two.py\n@@ -5,2 +4,0 @@\n"
    assert changed_lines(one + two) == {
        "one.py": [range(3, 7), range(12, 13)],
        "two.py": [range(4, 6)],
    }


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([range(3, 4)], ["xǁSumǁadd"]),
        ([range(5, 7)], ["xǁSumǁend"]),
        ([range(2, 3), range(9, 10)], ["xǁSumǁadd", "x_total"]),
        ([range(1, 2), range(4, 5), range(7, 9)], []),
    ],
)
def test_functions_with_changed_lines(
    pure_file: str, lines: list[range], names: list[str]
) -> None:
    assert patterns_of(pure_file, lines) == [
        f"{MODULE}.{name}__mutmut_*" for name in names
    ]


def test_only_pure_modules_are_mutated(pure_file: str) -> None:
    assert is_pure(pure_file)
    assert not is_pure(f"{PACKAGE_FOLDER}/metering/notes.txt")
    assert not is_pure(f"{PACKAGE_FOLDER}/metering/gone.py")
    assert not is_pure(f"{PACKAGE_FOLDER}/sensor.py")
    assert path_patterns([f"{PACKAGE_FOLDER}/metering"]) == [f"{MODULE}.x*"]


def test_names_of_mutants() -> None:
    method, function = read_results(
        f"    {MODULE}.xǁSumǁadd__mutmut_2: killed\n"
        f"    {MODULE}.x__end__mutmut_11: no tests\n"
    )
    assert method.module == function.module == "metering.sums"
    assert method.function == "metering.sums.Sum.add"
    assert function.function == "metering.sums._end"
    assert (method.status, function.status) == ("killed", "no tests")


def test_a_change_is_known_by_its_lines() -> None:
    assert read_change("metering.sums.total", DIFF) == Change(
        "metering.sums.total", "return a + b", "return a - b"
    )


@pytest.mark.parametrize(
    ("status", "explained", "passes"),
    [
        ("killed", False, True),
        ("timeout", False, True),
        ("survived", False, False),
        ("no tests", False, False),
        ("survived", True, True),
    ],
)
def test_a_survivor_needs_an_explanation(
    status: str, explained: bool, passes: bool
) -> None:
    change = read_change("metering.sums.total", DIFF)
    reasons = Explained({change: "Why."} if explained else {})
    mutants = [
        Mutant(f"{MODULE}.x_total__mutmut_1", status),
        Mutant(f"{MODULE}.x_total__mutmut_2", "killed"),
    ]
    assert report(mutants, lambda _mutant: change, reasons) is passes


@pytest.mark.parametrize(
    ("was", "becomes", "explained"),
    [
        ("zip(a, b, strict=False)", "zip(a, b, strict=None)", True),
        ("zip(a, b, strict=False) + 1", "zip(a, b, strict=None) - 1", False),
        ("zip(a, b, strict=False)", "zip(a, b, strict=True)", False),
        (
            "zip(a, zip(b, c, strict=True), strict=True)",
            "zip(a, zip(b, c, strict=True), strict=None)",
            True,
        ),
        ("zip(a, b)", "zip(a, None)", False),
    ],
)
def test_a_class_explains_changes_of_one_match(
    was: str, becomes: str, explained: bool
) -> None:
    strict = ChangeClass(
        re.compile("(strict)=(True|False)"), r"\1=None", "No one looks."
    )
    change = Change("metering.sums.total", was, becomes)
    assert Explained({}, [strict]).explains(change) is explained


def test_explained_mutants_are_of_code_that_is_there() -> None:
    """An explanation whose code has changed has to go, or to be thought over."""
    code = {
        ".".join(file.relative_to(FOLDER).with_suffix("").parts): " ".join(
            line.strip() for line in file.read_text().splitlines()
        )
        for file in FOLDER.rglob("*.py")
    }
    for change, reason in read_explained().reasons.items():
        modules = [each for each in code if change.function.startswith(f"{each}.")]
        assert any(change.was in code[module] for module in modules), change
        assert change.becomes != change.was
        assert reason.endswith("."), change


def test_no_mutant_is_explained_twice() -> None:
    explained = read_explained()
    for change in explained.reasons:
        assert not Explained({}, explained.classes).explains(change), change
    for each in explained.classes:
        assert each.reason.endswith("."), each
