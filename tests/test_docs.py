"""Documents and comments refer to what exists: pages, sections, files, scripts."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from html import unescape
import io
from itertools import chain, pairwise
import json
from pathlib import Path
import re
import tokenize

import pytest

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.history.comparison import LONG_WINDOW
from script.house_rules import (
    PACKAGE,
    ROOT,
    draw_diagram,
    find_imports,
    measure,
    modules,
)

DOCS = ROOT / "docs"
INTEGRATION = ROOT / "custom_components" / "metering_hub"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
FOLDERS = (
    *("benchmarks", "browser_tests", "custom_components", "demo", "docs", "script"),
    *("endurance", "simulators", "tests"),
)
SOURCES = sorted(
    file
    for folder in FOLDERS
    for file in (ROOT / folder).rglob("*.py")
    if file.is_file()
)

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
SCRIPT = re.compile(r"(?<![\w/.])(?:script|\.ci)/\w+(?:\.py)?")
FILE = re.compile(rf"(?<![\w/.<])(?:{'|'.join(FOLDERS)}|\.github)/[\w./<>*{{}}-]*\w")
PYTHON_FILE = re.compile(r"(?<![\w/.<>*])[\w/]*\w\.py\b")
CITATION = re.compile(r"(docs/wire/\w+\.md), ([^.;:()]+)")
OUTSIDE = re.compile(
    r"\.\./shared|DESIGN( ?§|\.md)|(?<!docs/)\bwire(/\w+\.md)? ?§"
    r"|/home/\w|/root/"
)
"""Documents that are not part of the repository, and folders of one machine."""

REGISTRY = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|crates|golang|debian)\.(?:org|io|com)\b|index-url"
)
"""Hosts of package registries, which a user's own configuration chooses."""


def named(page: Path) -> str:
    """Return how a page is called in a report."""
    return str(page.relative_to(ROOT))


def links(page: Path) -> Iterator[str]:
    """Return what a page links to or shows within this repository."""
    for match in LINK.finditer(page.read_text(encoding="utf-8")):
        target = match[1] or match[2]
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """Return the anchors that a code-hosting site makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


@cache
def prose(source: Path) -> str:
    """Return the docstrings and comments of a Python file, each on one line."""
    text = source.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = [
        (token.start[0], token.string.lstrip("# "))
        for token in tokens
        if token.type == tokenize.COMMENT
    ]
    # Comments on consecutive lines are one text.
    comments = ""
    last = 0
    for number, line in lines:
        comments += (" " if number == last + 1 else "\n") + line
        last = number
    docstrings = [
        re.sub(r"\s+", " ", node.value.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    return "\n".join([*docstrings, comments])


def text_of(file: Path) -> str:
    """Return what a file says: a page as it is, a Python file's prose."""
    if file.suffix == ".py":
        return prose(file)
    return unescape(file.read_text(encoding="utf-8"))


@cache
def repository_files() -> frozenset[str]:
    """Return all files of the repository, as "/path/from/the/root"."""
    hidden = (path for path in (ROOT / ".github").rglob("*"))
    files = chain(
        ROOT.glob("*"), hidden, *((ROOT / folder).rglob("*") for folder in FOLDERS)
    )
    return frozenset(f"/{file.relative_to(ROOT)}" for file in files if _is_kept(file))


def _is_kept(file: Path) -> bool:
    """Return True for a file that is not a by-product of running Python."""
    return file.is_file() and "__pycache__" not in file.parts


def is_placeholder(name: str) -> bool:
    """Return True if a name stands for several files."""
    return not re.fullmatch(r"[\w./-]+", name)


def missing_files(text: str, *, is_wire: bool = False) -> Iterator[str]:
    """Yield the files and folders that a text names but that do not exist.

    Pages of docs/wire also name modules of the servers.
    """
    for name in FILE.findall(text):
        if not is_placeholder(name) and not (ROOT / name).exists():
            yield name
    for name in [] if is_wire else PYTHON_FILE.findall(text):
        if not any(file.endswith(f"/{name}") for file in repository_files()):
            yield name


def headings(page: Path) -> list[str]:
    """Return the headings of a page without numbers, the longest first."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted((re.sub(r"^[\d.]+ ", "", each) for each in found), key=len)[::-1]


def unknown_sections(sections: str, known: Iterable[str]) -> str:
    """Return what is left of "A, B and C" without the known headings."""
    rest = sections.lower()
    for heading in known:
        rest = rest.replace(heading.lower(), "")
    return re.sub(r"\band\b|[^\w]", "", rest)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """Every page, section and picture that is linked to is there."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), f"{link} is outside the repository"
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_scripts_exist(page: Path) -> None:
    """Every command that a page names can be run."""
    for script in SCRIPT.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / script).is_file(), script


def test_named_files_exist() -> None:
    """Every file and folder that is named in a page, docstring or comment exists."""
    missing = {
        named(file): names
        for file in [*PAGES, *SOURCES]
        if (
            names := {*missing_files(text_of(file), is_wire=file.parent.name == "wire")}
        )
    }
    assert not missing


def test_cited_sections_exist() -> None:
    """Every section of docs/wire that a docstring or comment cites exists."""
    wrong = [
        f"{named(source)}: {page} has no {sections}"
        for source in SOURCES
        for page, sections in CITATION.findall(prose(source))
        if (ROOT / page).is_file() and unknown_sections(sections, headings(ROOT / page))
    ]
    assert not wrong


def test_nothing_outside_the_repository_is_named() -> None:
    """The repository contains everything that it refers to."""
    found = {
        named(file): match[0]
        for file in [*PAGES, *SOURCES]
        if file != Path(__file__)
        and (match := OUTSIDE.search(file.read_text(encoding="utf-8")))
    }
    assert not found


def test_no_package_registry_is_named() -> None:
    """The configuration of the user's own tools decides where packages come from."""
    named_in = [
        name
        for name in sorted(repository_files())
        if not name.startswith(("/tests/fixtures/", "/docs/images/"))
        and name != f"/{Path(__file__).relative_to(ROOT)}"
        and REGISTRY.search((ROOT / name[1:]).read_text("utf-8", errors="ignore"))
    ]
    assert not named_in


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("see docs/architecture.md, and tests/fixtures.", []),
        ("see docs/no_such_page.md.", ["docs/no_such_page.md"]),
        ("see backends/base.py, or custom_components/metering_hub", []),
        ("see backends/no_such.py", ["backends/no_such.py"]),
        ("see docs/wire/<backend>.md or backends/<name>/client.py, *.py", []),
    ],
)
def test_missing_files_are_found(text: str, missing: list[str]) -> None:
    assert [*missing_files(text)] == missing


@pytest.mark.parametrize(
    ("sections", "wrong"),
    [
        ("Paging", ""),
        ("Paging and Time series data", ""),
        ('"Time series data", Paging', ""),
        ("Pages", "pages"),
    ],
)
def test_unknown_sections_are_found(sections: str, wrong: str) -> None:
    assert unknown_sections(sections, ["Time series data", "Paging"]) == wrong


def test_the_index_lists_every_page() -> None:
    """The index makes every page reachable."""
    index = DOCS / "README.md"
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    pages = {page for page in DOCS.rglob("*.md") if page != index}
    assert pages
    assert pages <= listed


ARCHITECTURE = DOCS / "architecture.md"
DECISIONS = DOCS / "decisions"
INTERFACE = "backends.base"
"""Chunks and latest readings pass from backends to their users as its classes."""

MOST_FILES = 8
"""The number of files that a stored reading enters on its way to a statistic."""

MOST_CHANGES = 5
"""The number of files that a common change touches, besides tests and texts."""


def section(page: Path, heading: str) -> str:
    """Return the text below a heading, down to the next one of the same level."""
    level = heading.partition(" ")[0]
    _, found, rest = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    assert found, f"{named(page)} has no {heading}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def tables(text: str) -> Iterator[list[list[str]]]:
    """Yield the tables of a text as lists of rows; the first row is the head."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [line for line in table.splitlines() if not line.startswith("|-")]
        yield [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines]


def chains(heading: str) -> dict[str, list[str]]:
    """Return the modules that readings of each backend enter, in order."""
    (table,) = tables(section(ARCHITECTURE, heading))
    found = {
        cells[0].strip("`"): re.findall(r"`([\w/.]+)\.py`", cells[1])
        for cells in table[1:]
    }
    shared = [name.replace("/", ".") for name in found.pop("all")]
    return {
        backend: [*(f"backends.{backend}.{name}" for name in names), *shared]
        for backend, names in found.items()
    }


@cache
def imports_of_integration() -> Mapping[str, frozenset[str]]:
    """Return what each module of the integration imports from it."""
    return find_imports(ROOT)


def is_linked(one: str, other: str, neighbours: Iterable[str]) -> bool:
    """Return True if a reading visibly passes from one module to the other.

    One imports the other, or a neighbour imports both and passes the reading on. From a
    backend to its user, it passes in a class of the interface that both import.
    """
    imports = imports_of_integration()
    both = {one, other}
    if other in imports[one] or one in imports[other]:
        return True
    if len({name.startswith("backends.") for name in both}) == 2:
        return all(INTERFACE in imports[name] for name in both)
    return any(both <= imports[third] for third in neighbours)


def missing_links(names: Sequence[str]) -> list[str]:
    """Return the successive modules between which no reading visibly passes."""
    return [
        f"{one} and {other}"
        for index, (one, other) in enumerate(pairwise(names))
        if not is_linked(one, other, names[max(index - 1, 0) : index + 3])
    ]


def test_every_room_is_in_the_architecture() -> None:
    """A room that is not described is a room that nobody finds."""
    text = section(ARCHITECTURE, "## Rooms")
    rooms = {room.replace(".", "/") for room in measure().arrows}
    assert {"live", "history", "errors", "backends/besmart"} <= rooms
    assert not {room for room in rooms if not re.search(rf"`{room}(/|\.py)`", text)}


def test_the_diagram_shows_the_imports_of_the_code() -> None:
    """The diagram is the output of `script/house --diagram`."""
    (shown,) = re.findall(
        r"```mermaid\n(.*?)```", ARCHITECTURE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert shown.splitlines() == [*draw_diagram(find_imports(ROOT))]


@pytest.mark.parametrize(
    ("heading", "most"),
    [
        ("## From a server to a statistic", MOST_FILES),
        ("## From a server to an entity", 10),
    ],
)
def test_readings_enter_the_files_that_the_architecture_names(
    heading: str, most: int
) -> None:
    """The modules exist, are few, and import each other in the order of the text."""
    found = chains(heading)
    folder = ROOT.joinpath(*PACKAGE.split("."), "backends")
    assert {*found} == {file.parent.name for file in folder.glob("*/backend.py")}
    for names in found.values():
        assert len(names) <= most
        assert not {*names} - modules(ROOT).keys()
        assert not missing_links(names)


def test_a_chain_without_imports_is_found() -> None:
    backend = "backends.dsmr_reader"
    names = [f"{backend}.models", f"{backend}.prices", f"{backend}.history"]
    assert missing_links(names) == [f"{backend}.prices and {backend}.history"]


def test_common_changes_touch_few_files() -> None:
    """The architecture names at most five files for each change but a new backend."""
    how_to = section(ARCHITECTURE, "## How to")
    titles = re.findall(r"^### (.+)$", how_to, re.MULTILINE)
    assert len(titles) == 5
    for title in titles:
        steps = re.findall(
            r"^(\d+)\. (.*)$", section(ARCHITECTURE, f"### {title}"), re.MULTILINE
        )
        assert [int(number) for number, _ in steps] == [*range(1, len(steps) + 1)]
        assert 2 <= len(steps) <= MOST_CHANGES, title
        if "backend" not in title:
            assert all(step.count(".py`") >= 1 for _, step in steps), title


def test_the_index_of_decisions_lists_every_decision() -> None:
    """Each heading is a decision, and is linked from the index."""
    listed = {*links(DECISIONS / "README.md")}
    decisions = [
        f"{page.name}#{re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')}"
        for page in sorted(DECISIONS.glob("*.md"))
        if page.name != "README.md"
        for heading in re.findall(
            r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert len(decisions) > 60
    assert not {*decisions} - listed
    assert len(listed) > len(decisions)


PLATFORM_PAGES = [
    DOCS / f"{backend}.md"
    for backend in ("besmart", "bemserver", "dsmr_reader", "milesight")
]
TEXTS = json.loads(
    ROOT.joinpath(*PACKAGE.split("."), "translations", "en.json").read_text("utf-8")
)


def texts_of(node: object) -> Iterator[str]:
    """Yield all texts of a part of the translations."""
    if isinstance(node, dict):
        for value in node.values():
            yield from texts_of(value)
    else:
        yield str(node)


def first_cells(page: Path, head: str) -> Iterator[str]:
    """Yield the first cell of each row of the tables whose first head is this one."""
    for table in tables(page.read_text(encoding="utf-8")):
        if table[0][0] == head:
            yield from (cells[0] for cells in table[1:])


@pytest.mark.parametrize("page", PLATFORM_PAGES, ids=named)
def test_the_fields_of_forms_are_called_as_in_the_forms(page: Path) -> None:
    """A user finds each field of the forms under the name that the page gives it."""
    steps = TEXTS["config"]["step"]
    labels = {
        label.lower()
        for step in (page.stem, "selection")
        for part in (steps[step], *steps[step].get("sections", {}).values())
        for label in texts_of(part.get("data", {}))
    }
    shown = [
        label
        for cell in first_cells(page, "Field")
        for label in re.split(", ", cell.lower())
    ]
    assert len(shown) > 6
    assert not {*shown} - labels
    # The form asks each new server for these.
    assert {"name", "devices", "import history", "history from"} <= {*shown}


@pytest.mark.parametrize("page", PLATFORM_PAGES, ids=named)
def test_messages_are_quoted_as_they_are_shown(page: Path) -> None:
    """A user who searches a page for a message finds it."""
    spec = BACKENDS[page.stem]
    errors = [
        text.replace("{backend}", spec.name)
        for text in texts_of(TEXTS["config"]["error"])
    ]
    names = {*texts_of(TEXTS["entity"])}
    for message in first_cells(page, "Message"):
        if message.startswith("A sensor"):
            continue
        if entity := re.match(r"\*(.+?)\*", message):
            assert entity[1] in names, message
        else:
            assert any(error.startswith(message) for error in errors), message


def spelled(span: timedelta) -> str:
    """Return how the pages say a time."""
    hours, minutes = span // HOUR, span // MINUTE
    if span >= 2 * DAY:
        return f"{span // DAY} days"
    return f"{hours} hours" if hours else f"{minutes} minutes"


def test_the_history_page_says_what_each_platform_does() -> None:
    """How often it imports, and how far back it looks again."""
    page = DOCS / "history.md"
    imports = next(tables(page.read_text(encoding="utf-8")))
    (again,) = tables(section(page, "## Late, corrected and missed"))
    specs = {spec.name: spec for spec in BACKENDS.values()}
    assert {re.sub(r"\[(.*)\].*", r"\1", row[0]) for row in imports[1:]} == {*specs}
    for row in imports[1:]:
        spec = specs[re.sub(r"\[(.*)\].*", r"\1", row[0])]
        assert row[3] == f"every {spelled(spec.history_interval)}"
    assert {row[0]: row[1] for row in again[1:]} == {
        name: spelled(spec.history_window) for name, spec in specs.items()
    }
    assert f"the last {LONG_WINDOW // DAY}\n  days" in page.read_text(encoding="utf-8")


def test_the_readme_names_the_oldest_home_assistant_and_the_address_to_paste() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    oldest = json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert f"You need Home Assistant {oldest.removesuffix('.0')} or newer." in text
    manifest = json.loads((INTEGRATION / "manifest.json").read_text())
    address = manifest["documentation"]
    assert re.search(rf"^ *{re.escape(address)}$", text, re.MULTILINE)
    owner, name = address.split("/")[-2:]
    buttons = re.findall(r"my\.home-assistant\.io/redirect/([^)]+)\)", text)
    assert buttons == [
        f"hacs_repository/?owner={owner}&repository={name}&category=integration",
        f"config_flow_start/?domain={manifest['domain']}",
    ]


def test_the_readme_lists_every_platform() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for key, spec in BACKENDS.items():
        assert f"| [{spec.name}](docs/{key}.md) |" in text
