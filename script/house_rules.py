"""Measure rooms, imports, docstrings and function lengths, and check their limits.

A room is a folder of the integration, a backend, or a file on top. An arrow is an
import from one room to another. Imports inside functions and under `TYPE_CHECKING`
count.
"""

import argparse
import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "custom_components.metering_hub"
DOCUMENTED = (
    *("custom_components", "simulators", "demo", "benchmarks", "browser_tests"),
    "endurance",
    "script",
)
"""The folders that have docstrings everywhere and no long function."""

MAX_ROOMS = 36
MAX_ARROWS = 205
MAX_OWN_FILES = 6
MAX_FUNCTION_LINES = 40
SHOWN_FUNCTIONS = 5

PLATFORMS = frozenset(
    {
        *("binary_sensor", "button", "climate", "device_tracker", "energy", "event"),
        *("number", "select", "sensor", "switch", "text", "todo", "valve"),
    }
)
"""Home Assistant's platforms, which are not counted as rooms."""

HOME_ASSISTANT_FILES = frozenset(
    {
        *("__init__", "config_flow", "const", "coordinator", "data", "diagnostics"),
        *("entity", "repairs", "services", "system_health"),
    }
)
"""Other names on top that every developer of integrations knows."""

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"metering"}),
    frozenset({"backends"}),
    frozenset(
        {
            "const",
            "descriptions",
            "errors",
            "failures",
            "identifiers",
            "memory",
            "registry",
        }
    ),
    frozenset({"live", "history", "prices", "dashboard", "flow", "frontend"}),
    frozenset(
        {"coordinator", "data", "history.coordinator"}
        | {"live.coordinator", "live.first_values", "live.push", "live.renewal"}
        | {"live.tariff_in_force"}
        | {"live.written_value"}
    ),
    PLATFORMS
    | HOME_ASSISTANT_FILES - {"const", "coordinator", "data"}
    | frozenset({"actions", "composite_entity", "control", "questions"}),
)
"""From the bottom up: no module imports from a higher layer than its own."""

LAYER_NAMES = (
    "readings and rules",
    "backends",
    "shared by the parts above",
    "live values, history, dashboard, forms",
    "coordinators",
    "what Home Assistant loads",
)
"""What each layer is called in the diagram of the architecture."""

PLATFORM_NODE = "platforms"
"""All of Home Assistant's platforms together, in the diagram."""

type Imports = Mapping[str, frozenset[str]]
"""The modules that each module imports, by dotted name below the integration."""

type Arrows = Mapping[str, frozenset[str]]
"""The rooms that each room imports from."""

type Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, order=True)
class Length:
    """The length of one function in lines, from its `def` to its end."""

    lines: int
    place: str


@dataclass(frozen=True, slots=True)
class House:
    """What was measured, and one line for each broken rule."""

    arrows: Arrows
    own_files: frozenset[str]
    definitions: int
    undocumented: int
    lengths: tuple[Length, ...]
    faults: tuple[str, ...]


def modules(root: Path) -> dict[str, Path]:
    """Return all modules by dotted name below the integration, which is "" itself."""
    integration = root.joinpath(*PACKAGE.split("."))
    found = {}
    for file in sorted(integration.rglob("*.py")):
        parts = file.relative_to(integration).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports_of(file: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the absolute name of everything that a module imports.

    `from a import b` gives "a.b", whether b is a module or a name in one.
    """
    package = file.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) + 1 - level] if level else ()
                origin = ".".join((*base, module) if module else base)
                yield from ((node.lineno, f"{origin}.{a.name}") for a in names)
            case ast.Call(
                func=ast.Name(id=function) | ast.Attribute(attr=function),
                args=[ast.Constant(value=str(name)), *_],
            ) if function in ("import_module", "__import__"):
                yield node.lineno, name


def find_imports(root: Path) -> Imports:
    """Return what each module of the integration imports from the integration."""
    known = modules(root)
    return {
        name: frozenset(_own_imports(file, root, known)) - {name}
        for name, file in known.items()
    }


def _own_imports(file: Path, root: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of the integration that a module imports."""
    for _, name in imports_of(file, root):
        if f"{name}.".startswith(f"{PACKAGE}."):
            own = name.removeprefix(PACKAGE).removeprefix(".")
            yield own if own in known else own.rpartition(".")[0]


def room_of(module: str) -> str:
    """Return the room of a module: its folder, its backend, or the file itself."""
    parts = module.split(".")
    if parts[0] == "backends" and len(parts) > 1:
        return ".".join(parts[:2])
    return parts[0] or "__init__"


def find_arrows(imports: Imports) -> Arrows:
    """Return the rooms and what each imports from; platforms are no rooms.

    `backends/__init__.py` is the list of the backends, and not a room of its own.
    """
    arrows: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports.items():
        room = room_of(module)
        if room in PLATFORMS or room == "backends":
            continue
        arrows[room] |= {room_of(other) for other in imported if other} - {room}
    return {room: frozenset(others - PLATFORMS) for room, others in arrows.items()}


def draw_diagram(imports: Imports) -> Iterator[str]:
    """Yield a Mermaid diagram of the imports between rooms.

    All platforms are one node, and `backends` is the list of the backends. An arrow is
    left out if other arrows lead to the same room, so every arrow is an import, and
    every import between rooms is an arrow or a path of arrows.
    """
    arrows: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports.items():
        room = _node_of(module)
        arrows[room] |= {_node_of(other) for other in imported if other} - {room}
    yield "flowchart TD"
    by_layer = defaultdict(list)
    for room in sorted(arrows):
        by_layer[0 if room == PLATFORM_NODE else layer_of(room)].append(room)
    by_layer[len(LAYERS) - 1].append(PLATFORM_NODE)
    by_layer[0].remove(PLATFORM_NODE)
    for number in reversed(range(len(LAYERS))):
        yield f'  subgraph layer{number}["{LAYER_NAMES[number]}"]'
        yield from (f"    {room}" for room in by_layer[number])
        yield "  end"
    for room, others in sorted(without_shortcuts(arrows).items()):
        yield from (f"  {room} --> {other}" for other in sorted(others))


def without_shortcuts(graph: Mapping[str, Iterable[str]]) -> Arrows:
    """Return the arrows of a graph without circles that no path of others replaces."""
    reached: dict[str, set[str]] = {}
    for node in TopologicalSorter(graph).static_order():
        others = graph.get(node, ())
        reached[node] = {*others}.union(*(reached[other] for other in others))
    return {
        node: frozenset(others).difference(*(reached[other] for other in others))
        for node, others in graph.items()
    }


def _node_of(module: str) -> str:
    """Return the node of a module in the diagram."""
    room = room_of(module)
    return PLATFORM_NODE if room in PLATFORMS else room


def layer_of(module: str) -> int:
    """Return the number of a module's layer, by the longest of its listed names."""
    parts = module.split(".") if module else ["__init__"]
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        for number, layer in enumerate(LAYERS):
            if name in layer:
                return number
    raise SystemExit(f"script/house: {module} is on no layer: add it to LAYERS")


def find_definitions(tree: ast.Module) -> Iterator[Definition]:
    """Yield a module and all its functions and classes, except `overload` stubs."""
    for node in ast.walk(tree):
        if isinstance(node, Definition.__value__) and not any(
            isinstance(decorator, ast.Name) and decorator.id == "overload"
            for decorator in getattr(node, "decorator_list", ())
        ):
            yield node


def measure(root: Path = ROOT) -> House:
    """Measure a repository and check it against the rules."""
    imports = find_imports(root)
    arrows = find_arrows(imports)
    own_files = find_own_files(root)
    definitions = list(_all_definitions(root))
    lengths = sorted(_lengths(definitions), reverse=True)
    undocumented = [place for place, node in definitions if not ast.get_docstring(node)]
    faults = (
        *_size_faults(arrows, own_files),
        *_layer_faults(imports),
        *_circle_faults("modules", imports),
        *_circle_faults("rooms", arrows),
        *(f"{place} has no docstring" for place in undocumented),
        *_length_faults(lengths),
    )
    return House(
        arrows,
        own_files,
        len(definitions),
        len(undocumented),
        tuple(lengths),
        faults,
    )


def find_own_files(root: Path) -> frozenset[str]:
    """Return the names on top of the integration that Home Assistant does not know."""
    files = root.joinpath(*PACKAGE.split(".")).glob("*.py")
    return frozenset(file.stem for file in files) - HOME_ASSISTANT_FILES - PLATFORMS


def _all_definitions(root: Path) -> Iterator[tuple[str, Definition]]:
    """Yield all definitions of the documented folders, and where each is."""
    for folder in DOCUMENTED:
        for file in sorted((root / folder).rglob("*.py")):
            for node in find_definitions(ast.parse(file.read_text(encoding="utf-8"))):
                yield _place(file.relative_to(root), node), node


def _lengths(definitions: Iterable[tuple[str, Definition]]) -> Iterator[Length]:
    """Yield the length of each function."""
    for place, node in definitions:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Length((node.end_lineno or node.lineno) - node.lineno + 1, place)


def _place(file: Path, node: Definition) -> str:
    """Return where a definition is, as an editor opens it."""
    if isinstance(node, ast.Module):
        return f"{file}:1"
    return f"{file}:{node.lineno} {node.name}"


def _size_faults(arrows: Arrows, own_files: frozenset[str]) -> Iterator[str]:
    """Yield a fault for too many rooms, arrows or files on top."""
    if len(own_files) > MAX_OWN_FILES:
        names = ", ".join(sorted(own_files))
        yield f"{len(own_files)} own files on top, at most {MAX_OWN_FILES}: {names}"
    if len(arrows) > MAX_ROOMS:
        yield f"{len(arrows)} rooms, at most {MAX_ROOMS}"
    if (number := _count(arrows)) > MAX_ARROWS:
        yield f"{number} arrows, at most {MAX_ARROWS}"


def _layer_faults(imports: Imports) -> Iterator[str]:
    """Yield a fault for each import from a higher layer."""
    for module, imported in sorted(imports.items()):
        for other in sorted(imported):
            if layer_of(module) < layer_of(other):
                yield (
                    f"{module or '__init__'} imports {other or '__init__'},"
                    " which is on a higher layer"
                )


def _circle_faults(what: str, graph: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield a fault if a graph has a circle; one circle of several is named."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join(name or "__init__" for name in reversed(error.args[1]))
        yield f"import circle of {what}: {circle}"


def _length_faults(lengths: Iterable[Length]) -> Iterator[str]:
    """Yield a fault for each function that is too long."""
    for length in lengths:
        if length.lines > MAX_FUNCTION_LINES:
            yield (
                f"{length.place} has {length.lines} lines, at most {MAX_FUNCTION_LINES}"
            )


def _count(arrows: Arrows) -> int:
    """Return the number of arrows."""
    return sum(len(others) for others in arrows.values())


def figures(house: House) -> Iterator[str]:
    """Yield the figures, one a line."""
    documented = house.definitions - house.undocumented
    circles = sum("import circle" in fault for fault in house.faults)
    yield f"Rooms               {len(house.arrows):4} (at most {MAX_ROOMS})"
    yield f"Arrows              {_count(house.arrows):4} (at most {MAX_ARROWS})"
    yield (
        f"Own files on top    {len(house.own_files):4} (at most {MAX_OWN_FILES}):"
        f" {', '.join(sorted(house.own_files))}"
    )
    yield f"Import circles      {circles:4} (none)"
    yield f"Docstrings          {documented:4} of {house.definitions} definitions"
    for length in house.lengths[:SHOWN_FUNCTIONS]:
        yield (
            f"Longest functions   {length.lines:4} lines (at most"
            f" {MAX_FUNCTION_LINES}): {length.place}"
        )


def main() -> int:
    """Print the figures and the faults, and return 1 if there is a fault."""
    parser = argparse.ArgumentParser(
        prog="script/house", description="Measure the structure of the code."
    )
    parser.add_argument(
        "--rooms", action="store_true", help="list what each room imports from"
    )
    parser.add_argument(
        "--diagram",
        action="store_true",
        help="only print the diagram of docs/architecture.md",
    )
    arguments = parser.parse_args()
    if arguments.diagram:
        print("\n".join(draw_diagram(find_imports(ROOT))))
        return 0
    house = measure()
    print("\n".join(figures(house)))
    if arguments.rooms:
        for room, others in sorted(house.arrows.items()):
            print(f"  {room} -> {', '.join(sorted(others)) or 'nothing'}")
    for fault in house.faults:
        print(fault)
    print(f"{len(house.faults)} faults")
    return 1 if house.faults else 0


if __name__ == "__main__":
    sys.exit(main())
