"""`script/house` finds every kind of fault that it is for, and no other."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from script.house_rules import (
    MAX_ARROWS,
    MAX_FUNCTION_LINES,
    MAX_OWN_FILES,
    MAX_ROOMS,
    PACKAGE,
    House,
    draw_diagram,
    figures,
    measure,
    without_shortcuts,
)

DOC = '"""Do what this is for."""\n'

type Build = Callable[..., House]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a function that measures an integration made of the given modules."""

    def measure_integration(modules: dict[str, str], folder: str = "") -> House:
        top = tmp_path / (folder or PACKAGE.replace(".", "/"))
        for name, code in {"__init__.py": "", **modules}.items():
            file = top / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(DOC + code)
        return measure(tmp_path)

    return measure_integration


def test_a_sound_integration_has_no_faults(build: Build) -> None:
    house = build(
        {
            "__init__.py": "from .const import DOMAIN\nfrom . import sensor",
            "const.py": "DOMAIN = 'x'",
            "sensor.py": "from .live.coordinator import Coordinator",
            "live/coordinator.py": "from ..metering import model\n"
            f"class Coordinator:\n    {DOC}",
            "metering/model.py": "import json",
        }
    )
    assert house.faults == ()
    assert house.arrows == {
        "__init__": {"const"},
        "const": set(),
        "live": {"metering"},
        "metering": set(),
    }


@pytest.mark.parametrize(
    "code",
    [
        "from ..live import snapshot",
        "from ..live.snapshot import Snapshot",
        "from .. import live",
        f"from {PACKAGE}.live.snapshot import Snapshot",
        f"import {PACKAGE}.live.snapshot",
        f"importlib.import_module('{PACKAGE}.live.snapshot')",
        "if TYPE_CHECKING:\n    from ..live import snapshot",
        f"def late():\n    {DOC}    from ..live import snapshot",
    ],
)
def test_an_import_from_a_higher_layer_is_a_fault(build: Build, code: str) -> None:
    house = build(
        {"metering/model.py": code, "live/__init__.py": "", "live/snapshot.py": ""}
    )
    (fault,) = house.faults
    assert fault.startswith("metering.model imports live")
    assert house.arrows["metering"] == {"live"}


@pytest.mark.parametrize(
    "last",
    ["from . import rows", "if TYPE_CHECKING:\n    from .rows import Row"],
    ids=["import", "type checking"],
)
def test_an_import_circle_is_a_fault(build: Build, last: str) -> None:
    house = build(
        {
            "history/rows.py": "from . import resume",
            "history/resume.py": "from .series import Series",
            "history/series.py": last,
        }
    )
    (fault,) = house.faults
    modules = fault.removeprefix("import circle of modules: ").split(" -> ")
    assert set(pairwise(modules)) == {
        ("history.rows", "history.resume"),
        ("history.resume", "history.series"),
        ("history.series", "history.rows"),
    }


def test_a_circle_of_rooms_is_a_fault(build: Build) -> None:
    """Rooms that import from each other are one room, whatever their modules do."""
    house = build(
        {
            "live/push.py": "from ..history import statistic",
            "live/snapshot.py": "",
            "history/statistic.py": "",
            "history/series.py": "from ..live import snapshot",
        }
    )
    (fault,) = house.faults
    assert fault.startswith("import circle of rooms: ")
    assert "Import circles         1 (none)" in figures(house)


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("def f():\n    return 1", "m.py:2 f"),
        ("def _f():\n    return 1", "m.py:2 _f"),
        ("async def f():\n    return 1", "m.py:2 f"),
        ("class C:\n    x = 1", "m.py:2 C"),
        (
            f"class C:\n    {DOC}    def __init__(self):\n        pass",
            "m.py:4 __init__",
        ),
        (f"def f():\n    {DOC}    def g():\n        pass", "m.py:4 g"),
        ("@overload\ndef f(): ...", None),
        (f"def f():\n    {DOC}", None),
    ],
)
def test_a_missing_docstring_is_a_fault(
    build: Build, code: str, missing: str | None
) -> None:
    house = build({"m.py": code}, folder="demo")
    expected = () if missing is None else (f"demo/{missing} has no docstring",)
    assert house.faults == expected
    assert house.undocumented == len(expected)


def test_a_module_without_docstring_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "m.py").write_text("x = 1\n")
    assert measure(tmp_path).faults == ("demo/m.py:1 has no docstring",)


@pytest.mark.parametrize("lines", [MAX_FUNCTION_LINES, MAX_FUNCTION_LINES + 1])
def test_a_long_function_is_a_fault(build: Build, lines: int) -> None:
    body = "    x = 1\n" * (lines - 2)
    house = build({"m.py": f"def f():\n    {DOC}{body}"}, folder="script")
    assert house.lengths[0].lines == lines
    is_long = lines > MAX_FUNCTION_LINES
    assert house.faults == (
        (f"script/m.py:2 f has {lines} lines, at most {MAX_FUNCTION_LINES}",)
        if is_long
        else ()
    )


def test_too_many_rooms_arrows_and_own_files_are_faults(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("MAX_ROOMS", "MAX_ARROWS", "MAX_OWN_FILES"):
        monkeypatch.setattr(f"script.house_rules.{limit}", 1)
    house = build(
        {
            "errors.py": "from .const import DOMAIN\nfrom . import metering",
            "memory.py": "from .const import DOMAIN",
            "const.py": "",
            "metering/__init__.py": "",
            "sensor.py": "from . import errors, memory",
        }
    )
    assert house.faults == (
        "2 own files on top, at most 1: errors, memory",
        "5 rooms, at most 1",
        "3 arrows, at most 1",
    )


def test_the_figures_are_those_of_this_repository() -> None:
    house = measure()
    assert 20 < len(house.arrows) <= MAX_ROOMS
    assert 50 < sum(map(len, house.arrows.values())) <= MAX_ARROWS
    assert {"identifiers", "memory"} <= house.own_files
    assert len(house.own_files) <= MAX_OWN_FILES
    assert house.definitions > 2500


def test_the_diagram_leaves_out_shortcuts() -> None:
    imports = {
        "": frozenset({"sensor", "live.coordinator"}),
        "sensor": frozenset({"live.coordinator", "metering.model"}),
        "switch": frozenset({"metering.model"}),
        "live.coordinator": frozenset({"metering.model", "backends"}),
        "backends": frozenset({"backends.plug.client"}),
        "backends.plug.client": frozenset({"metering.model"}),
        "metering.model": frozenset[str](),
    }
    lines = [*draw_diagram(imports)]
    assert [line.strip() for line in lines if "-->" in line] == [
        "__init__ --> platforms",
        "backends --> backends.plug",
        "backends.plug --> metering",
        "live --> backends",
        "platforms --> live",
    ]
    nodes = [line.strip() for line in lines if line.startswith("    ")]
    assert nodes == [
        *("__init__", "platforms", "live", "backends", "backends.plug", "metering"),
    ]


def test_a_graph_without_shortcuts_reaches_the_same_nodes() -> None:
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "e": {"d"}}
    assert without_shortcuts(graph) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "e": {"d"}}
