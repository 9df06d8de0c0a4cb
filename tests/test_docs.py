"""What the documents point to exists: pages, sections, pictures, modules, scripts."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
import re

import pytest

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "metering_hub"
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
MODULE = re.compile(r"[\w<>/&;]*\w+\.py\b")
SCRIPT = re.compile(r"(?<![\w/.])(?:script|\.ci)/\w+")


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


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """Every page, section and picture that is linked to is there."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_scripts_exist(page: Path) -> None:
    """Every command that a page names can be run."""
    for script in SCRIPT.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / script).is_file(), script


def test_the_index_lists_every_page() -> None:
    """Nobody has to look into the folder."""
    index = DOCS / "README.md"
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    pages = {page for page in DOCS.rglob("*.md") if page != index}
    assert pages
    assert pages <= listed


def test_the_architecture_names_real_modules() -> None:
    """The diagram and the table of modules match the code."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    before_decisions = text.partition("## A fifth backend")[0]
    modules = [
        module.replace("&lt;name&gt;", "<name>").removeprefix("backends/")
        for module in MODULE.findall(before_decisions.replace("<br>", " "))
    ]
    assert len(modules) > 40
    folders = [INTEGRATION, INTEGRATION / "backends", INTEGRATION / "history"]
    backends = [path.parent for path in INTEGRATION.glob("backends/*/client.py")]
    for module in modules:
        places = (
            [backend / module.removeprefix("<name>/") for backend in backends]
            if module.startswith("<name>/")
            else [folder / module for folder in folders]
        )
        exist = [place.is_file() for place in places]
        assert all(exist) if "<name>" in module else any(exist), module


def test_every_core_module_is_in_the_architecture() -> None:
    """A module that is not in the table has no place in the house yet."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    modules = chain(INTEGRATION.glob("*.py"), (INTEGRATION / "history").glob("*.py"))
    trivial = {"__init__.py", "const.py"}
    named_modules = {name.rpartition("/")[2] for name in MODULE.findall(text)}
    assert {path.name for path in modules} - named_modules <= trivial
