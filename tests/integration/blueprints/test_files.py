"""What all blueprints have in common: Home Assistant accepts and imports them."""

from pathlib import Path
import re
from urllib.parse import quote

import pytest

from homeassistant.components.blueprint.importer import GITHUB_FILE_PATTERN
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.util.yaml import load_yaml_dict

from .conftest import FOLDER

ROOT = FOLDER.parents[2]
FILES = sorted(FOLDER.glob("*.yaml"))
IMPORT = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
PAGE = (ROOT / "docs" / "blueprints.md").read_text(encoding="utf-8")


def address(file: Path) -> str:
    """Return where a blueprint is published."""
    repository = load_yaml_dict(
        ROOT / "custom_components" / "metering_hub" / "manifest.json"
    )["documentation"]
    return f"{repository}/blob/main/{file.relative_to(ROOT)}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_home_assistant_accepts_it(file: Path) -> None:
    """It is one for the oldest Home Assistant that the integration supports."""
    blueprint = Blueprint(
        load_yaml_dict(file), expected_domain="automation", schema=BLUEPRINT_SCHEMA
    )
    assert blueprint.validate() is None
    oldest = load_yaml_dict(ROOT / "hacs.json")["homeassistant"]
    assert blueprint.metadata["homeassistant"]["min_version"] == oldest
    assert blueprint.name.startswith("Metering Hub: ")
    assert blueprint.metadata["author"] == "Metering Hub"
    assert len(blueprint.metadata["description"]) > 50


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_input_is_named_and_can_be_chosen(file: Path) -> None:
    for key, shown in load_yaml_dict(file)["blueprint"]["input"].items():
        assert shown["name"], key
        assert shown["selector"], key


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_imported_from_where_it_is_published(file: Path) -> None:
    """Its own address is the one in the docs, and one that Home Assistant reads."""
    url = load_yaml_dict(file)["blueprint"]["source_url"]
    assert url == address(file)
    assert GITHUB_FILE_PATTERN.match(url)
    assert f"{IMPORT}{quote(url, safe='')}" in PAGE


def test_the_docs_import_nothing_else() -> None:
    """Every link of a page that imports a blueprint is one of ours."""
    known = {f"{IMPORT}{quote(address(file), safe='')}" for file in FILES}
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        found = {*re.findall(rf"{re.escape(IMPORT)}[^\s)\"]+", text)}
        assert found <= known, page
