"""Measure rooms, imports, docstrings and function lengths, and check their limits.

A room is a folder of the integration or a file on top of it; an arrow is an import from
one room to another. Imports under `TYPE_CHECKING` and inside functions count.
"""

import argparse
import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = ROOT / "custom_components" / "metering_hub"
DOCUMENTED = (
    "custom_components",
    "simulators",
    "demo",
    "benchmarks",
    "browser_tests",
    "script",
)

MAX_ROOMS = 36
MAX_ARROWS = 145
MAX_OWN_FILES = 6
MAX_FUNCTION_LINES = 40

HOME_ASSISTANT_FILES = frozenset(
    {
        "__init__",
        "config_flow",
        "const",
        "coordinator",
        "data",
        "diagnostics",
        "entity",
        "repairs",
        "services",
        "system_health",
    }
)
"""Names on top of an integration that every Home Assistant developer knows."""

PLATFORMS = frozenset(
    {"binary_sensor", "button", "event", "number", "select", "sensor", "switch"}
)
"""Home Assistant's platform names, which are not counted as rooms."""

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"metering"}),
    frozenset({"backends"}),
    frozenset({"const", "descriptions", "errors", "identifiers", "memory", "registry"}),
    frozenset({"live", "history", "dashboard", "flow"}),
    frozenset(
        {"coordinator", "data", "live.coordinator", "live.push", "history.coordinator"}
    ),
    PLATFORMS
    | HOME_ASSISTANT_FILES - {"const", "coordinator", "data"}
    | frozenset({"control"}),
)
"""From the ground up: a module imports nothing from a higher layer than its own."""

type Imports = Mapping[str, frozenset[str]]
"""The modules that each module imports, by dotted name below the integration."""

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class House:
    """The figures of the structure, and one line for each broken rule."""

    rooms: frozenset[str]
    arrows: frozenset[tuple[str, str]]
    faults: tuple[str, ...]


def modules() -> dict[str, Path]:
    """Return every module of the integration by its dotted name; the top is ""."""
    found = {}
    for file in sorted(INTEGRATION.rglob("*.py")):
        parts = file.relative_to(INTEGRATION).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports() -> Imports:
    """Return what each module imports from the integration."""
    known = modules()
    return {
        name: frozenset(_imported(name, file, known)) - {name}
        for name, file in known.items()
    }


def _imported(name: str, file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules that a module imports, anywhere in it."""
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part]
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) + 1 - node.level]
        origin = ".".join([*base, node.module] if node.module else base)
        for alias in node.names:
            inner = f"{origin}.{alias.name}" if origin else alias.name
            yield inner if inner in known else origin


def room_of(module: str) -> str:
    """Return the room of a module: its folder, or itself on top and in `backends`."""
    parts = module.split(".")
    if parts[0] == "backends" and len(parts) > 1:
        return ".".join(parts[:2])
    return parts[0] or "__init__"


def layer_of(module: str) -> int:
    """Return the layer that a module stands on, by its longest listed name."""
    parts = module.split(".") if module else ["__init__"]
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        for number, layer in enumerate(LAYERS):
            if name in layer:
                return number
    raise SystemExit(f"script/house: {module} stands on no layer: add it to LAYERS")


def measure() -> House:
    """Return the figures of the integration, and what breaks a rule."""
    found = imports()
    faces = {name for name, file in modules().items() if file.name == "__init__.py"}
    arrows = {
        (room_of(one), room_of(other))
        for one, others in found.items()
        for other in others
        if room_of(one) != room_of(other)
        and not (other in faces and not other)
        and one != "backends"
    }
    rooms = {room_of(name) for name in found} - PLATFORMS - {"backends"}
    counted = {arrow for arrow in arrows if not PLATFORMS.intersection(arrow)}
    faults = [
        *_size_faults(rooms, arrows),
        *_import_faults(found),
        *_function_faults(),
    ]
    return House(frozenset(rooms), frozenset(counted), tuple(faults))


def _size_faults(rooms: set[str], arrows: set[tuple[str, str]]) -> Iterator[str]:
    """Yield what there is too much of: rooms, arrows, files on top."""
    own = (
        {file.stem for file in INTEGRATION.glob("*.py")}
        - HOME_ASSISTANT_FILES
        - PLATFORMS
    )
    counted = [arrow for arrow in arrows if not PLATFORMS.intersection(arrow)]
    if len(own) > MAX_OWN_FILES:
        yield f"{len(own)} files of our own on top, at most {MAX_OWN_FILES}: {sorted(own)}"
    if len(rooms) > MAX_ROOMS:
        yield f"{len(rooms)} rooms, at most {MAX_ROOMS}"
    if len(counted) > MAX_ARROWS:
        yield f"{len(counted)} arrows, at most {MAX_ARROWS}"


def _import_faults(found: Imports) -> Iterator[str]:
    """Yield imports from a higher layer, and import circles."""
    for one, others in sorted(found.items()):
        for other in sorted(others):
            if layer_of(one) < layer_of(other):
                yield f"{one} imports {other}, which stands on a higher layer"
    try:
        TopologicalSorter(found).prepare()
    except CycleError as circle:
        yield f"import circle: {' -> '.join(circle.args[1])}"


def _function_faults() -> Iterator[str]:
    """Yield functions that are too long, and definitions without a docstring."""
    for folder in DOCUMENTED:
        for file in sorted((ROOT / folder).rglob("*.py")):
            place = file.relative_to(ROOT)
            for node in definitions(ast.parse(file.read_text())):
                if not ast.get_docstring(node):
                    yield f"{place}:{node.lineno} {node.name} has no docstring"
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if not isinstance(node, ast.ClassDef) and lines > MAX_FUNCTION_LINES:
                    yield f"{place}:{node.lineno} {node.name} has {lines} lines"


def definitions(tree: ast.AST) -> Iterator[Function | ast.ClassDef]:
    """Yield all functions and classes, nested ones too, except overload stubs."""
    for node in ast.walk(tree):
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not any(
            isinstance(decorator, ast.Name) and decorator.id == "overload"
            for decorator in node.decorator_list
        ):
            yield node


def main() -> int:
    """Print the figures and the faults; return 1 where there is a fault."""
    parser = argparse.ArgumentParser(prog="script/house")
    parser.add_argument("--rooms", action="store_true")
    arguments = parser.parse_args()
    house = measure()
    print(f"{len(house.rooms)} rooms (at most {MAX_ROOMS}), ", end="")
    print(f"{len(house.arrows)} arrows (at most {MAX_ARROWS})")
    if arguments.rooms:
        for room in sorted(house.rooms):
            reached = sorted(end for start, end in house.arrows if start == room)
            print(f"  {room} -> {', '.join(reached) or 'nothing'}")
    for fault in house.faults:
        print(fault)
    print(f"{len(house.faults)} faults")
    return 1 if house.faults else 0


if __name__ == "__main__":
    sys.exit(main())
