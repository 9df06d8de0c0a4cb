"""Pure modules import no Home Assistant, and generic modules name no backend.

The layers and import circles are checked by `script/house`.
"""

import ast
from collections import deque
from collections.abc import Collection
from pathlib import Path
import re
from typing import override

import pytest

from script.house_rules import ROOT, imports_of

INTEGRATION = ROOT / "custom_components" / "metering_hub"

PURE_ROOMS = ("metering", "history/maths", "prices/maths", "backends")
PURE_FILES = ("live/snapshot.py", "flow/selection.py")
BACKEND_NAMES = re.compile("dsmr|besmart|bemserver|milesight", re.IGNORECASE)


def file_of(name: str, top: Path) -> Path | None:
    """Return the file of a module, or of the module that has this name in it."""
    for dotted in (name, name.rpartition(".")[0]):
        path = top.joinpath(*dotted.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if dotted and file.is_file():
                return file
    return None


def import_chain(forbidden: Collection[str], file: Path, top: Path) -> str | None:
    """Return the imports by which a module reaches a forbidden package, if it does."""
    queue: deque[tuple[Path, tuple[str, ...]]] = deque([(file, ())])
    seen = {file}
    while queue:
        current, chain = queue.popleft()
        for line, name in imports_of(current, top):
            step = (*chain, f"{current.relative_to(top)}:{line} imports {name}")
            if name.split(".")[0] in forbidden:
                return "\n  -> ".join(step)
            target = file_of(name, top)
            if target is not None and target not in seen:
                seen.add(target)
                queue.append((target, step))
    return None


class _WithoutDocs(ast.NodeTransformer):
    @override
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(
            node.value.value, str
        )
        return None if is_text else self.generic_visit(node)


def lines_naming_a_backend(file: Path) -> list[str]:
    """Return the code that names a backend; comments and docstrings may."""
    code = ast.unparse(_WithoutDocs().visit(ast.parse(file.read_text())))
    return [line.strip() for line in code.splitlines() if BACKEND_NAMES.search(line)]


def _pure_modules() -> list[Path]:
    return [
        *(
            file
            for room in PURE_ROOMS
            for file in sorted((INTEGRATION / room).rglob("*.py"))
        ),
        *(INTEGRATION / name for name in PURE_FILES),
    ]


def _generic_modules() -> list[Path]:
    return [
        file
        for file in sorted(INTEGRATION.rglob("*.py"))
        if file.relative_to(INTEGRATION).parts[0] not in ("backends", "config_flow.py")
    ]


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", _pure_modules(), ids=_name)
def test_pure_modules_do_not_reach_home_assistant(file: Path) -> None:
    chain = import_chain({"homeassistant"}, file, ROOT)
    assert chain is None, (
        f"This module must work without Home Assistant, but\n  {chain}\n"
        "Move what needs Home Assistant to the generic core, or pass it in."
    )


@pytest.mark.parametrize("file", _generic_modules(), ids=_name)
def test_generic_modules_name_no_backend(file: Path) -> None:
    found = lines_naming_a_backend(file)
    path = file.relative_to(INTEGRATION).as_posix()
    assert not found, (
        f"{path} belongs to the generic core, but names a backend in {found}.\n"
        "Let the backend declare in its BackendSpec, Device or Point what differs."
    )
    assert not BACKEND_NAMES.search(path), f"Move {path} into backends/."


@pytest.mark.parametrize("file", sorted((ROOT / "simulators").rglob("*.py")), ids=_name)
def test_simulators_import_nothing_they_test(file: Path) -> None:
    chain = import_chain({"homeassistant", "custom_components"}, file, ROOT)
    assert chain is None, (
        f"A simulator must stand on its own, but\n  {chain}\n"
        "Write the wire format down a second time instead: only that makes it a test."
    )


HELPERS = {
    "custom_components/__init__.py": "",
    "custom_components/hub/__init__.py": "from homeassistant.core import HomeAssistant",
    "custom_components/hub/model.py": "from dataclasses import dataclass",
    "custom_components/hub/forms.py": "import homeassistant.const",
    "custom_components/hub/selection.py": "from . import forms",
    "custom_components/hub/backends/__init__.py": "",
    "custom_components/hub/backends/errors.py": "class BackendError(Exception): ...",
}


@pytest.fixture
def backend_module(tmp_path: Path) -> Path:
    """Return a module without content in a small tree like the real one."""
    for name, code in HELPERS.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
    return tmp_path / "custom_components/hub/backends/client.py"


@pytest.mark.parametrize(
    "code",
    [
        "import homeassistant",
        "import homeassistant.util.dt as dt_util",
        "import json, homeassistant",
        "from homeassistant import core",
        "from homeassistant.core import HomeAssistant",
        "def late():\n    from homeassistant.core import callback",
        "if TYPE_CHECKING:\n    from homeassistant.core import HomeAssistant",
        "importlib.import_module('homeassistant.core')",
        "__import__('homeassistant')",
        "from ..forms import fields_schema",
        "from .. import forms",
        "from .. import VERSION",
        "from ..selection import selected_devices",
        "from .. import selection",
        "from custom_components.hub.selection import selected_devices",
        "import custom_components.hub.forms",
    ],
)
def test_imports_of_home_assistant_are_found(
    backend_module: Path, tmp_path: Path, code: str
) -> None:
    backend_module.write_text(code)
    assert import_chain({"homeassistant"}, backend_module, tmp_path)


@pytest.mark.parametrize(
    "code",
    [
        "import json\nimport aiohttp",
        "from .errors import BackendError",
        "from ..model import Point\nfrom .. import model",
        "from . import errors, client",
        "TEXT = 'import homeassistant'",
        "import homeassistant_of_another_name",
    ],
)
def test_other_imports_pass(backend_module: Path, tmp_path: Path, code: str) -> None:
    backend_module.write_text(code)
    assert import_chain({"homeassistant"}, backend_module, tmp_path) is None


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ('KEY = "dsmr_reader"', True),
        ('KEY = f"{prefix}_BeSmart"', True),
        ("def read_bemserver(): ...", True),
        ("from .backends.milesight import client", True),
        ("call(milesight=True)", True),
        ("match kind:\n    case Kind.DSMR: ...", True),
        ('"""Like DSMR-reader."""', False),
        ("class Meter:\n    '''Not only of besmart.'''", False),
        ("limit = 5  # DSMR-reader's own default", False),
        ("KEY = spec.key", False),
    ],
)
def test_names_of_backends_are_found_in_code_only(
    tmp_path: Path, code: str, is_found: bool
) -> None:
    file = tmp_path / "module.py"
    file.write_text(code)
    assert bool(lines_naming_a_backend(file)) is is_found
