"""Documents and comments refer to what exists: pages, sections, files, scripts."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from html import unescape
import io
from itertools import chain
from pathlib import Path
import re
import tokenize

import pytest

from script.house_rules import ROOT, measure

DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
FOLDERS = (
    *("benchmarks", "browser_tests", "custom_components", "demo", "docs", "script"),
    *("simulators", "tests"),
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
    r"|/work/|/home/\w|/root/"
)
"""Documents that are not part of the repository, and folders of one machine."""

REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.|npmjs\.|crates\.io|proxy\.golang|index-url"
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
    return frozenset(f"/{file.relative_to(ROOT)}" for file in files if file.is_file())


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


def test_every_room_is_in_the_architecture() -> None:
    """A room that is not described is a room that nobody finds."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = {room for room in measure().arrows if not room.startswith("backends.")}
    assert {"live", "history", "errors"} <= rooms
    assert not {room for room in rooms if not re.search(rf"\b{room}(/|\.py)", text)}
