"""The rules of hassfest, Home Assistant's own checker, and of HACS.

Both run in containers on GitHub (.github/workflows/validate.yml). Their rules are
repeated here, so that tests on any machine find what they would refuse.
"""

import ast
from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
import struct
from typing import Any
from unittest.mock import Mock

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import pytest
import voluptuous as vol

from custom_components.metering_hub.services import async_register_actions
import homeassistant
from homeassistant import const
from homeassistant.const import Platform
from homeassistant.helpers import config_validation as cv, selector
from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "metering_hub"
CORE = Path(homeassistant.__file__).parent

type JsonObject = dict[str, Any]

VERSION_STRATEGIES = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.PEP440,
]


def _json(file: Path) -> JsonObject:
    content: JsonObject = json.loads(file.read_text())
    return content


def read(name: str) -> JsonObject:
    """Return a JSON file of the integration."""
    return _json(INTEGRATION / name)


def read_yaml(name: str) -> JsonObject:
    """Return a YAML file of the integration, or an empty dict if there is none."""
    file = INTEGRATION / name
    return load_yaml_dict(file) if file.exists() else {}


def source_files() -> list[Path]:
    """Return all modules of the integration."""
    return sorted(INTEGRATION.rglob("*.py"))


# manifest.json

QUALITY_SCALES = ("bronze", "silver", "gold", "platinum")

# The keys that Home Assistant knows, except those of discovery.
MANIFEST_SCHEMA = vol.Schema(
    {
        vol.Required("domain"): "metering_hub",
        vol.Required("name"): str,
        vol.Required("codeowners"): [vol.Match(r"^@[\w-]+(/[\w-]+)?$")],
        vol.Required("documentation"): vol.All(
            vol.Match(r"^https://"),
            vol.Match(r"^(?!https://www\.home-assistant\.io/integrations)"),
        ),
        vol.Required("integration_type"): vol.In(
            ["device", "entity", "hardware", "helper", "hub", "service", "system"]
        ),
        vol.Required("iot_class"): vol.In(
            [
                "assumed_state",
                "calculated",
                "cloud_polling",
                "cloud_push",
                "local_polling",
                "local_push",
            ]
        ),
        # Required by HACS only.
        vol.Required("issue_tracker"): vol.Match(r"^https://"),
        vol.Required("version"): str,
        vol.Optional("after_dependencies"): [str],
        # New in Home Assistant 2026.11; older versions ignore them.
        vol.Optional("categories"): [str],
        vol.Optional("connectivity"): [str],
        vol.Optional("config_flow"): bool,
        vol.Optional("dependencies"): [str],
        vol.Optional("dhcp"): list,
        vol.Optional("import_executor"): bool,
        vol.Optional("loggers"): [str],
        vol.Optional("mqtt"): [str],
        vol.Optional("quality_scale"): vol.In(
            [*QUALITY_SCALES, "custom", "internal", "legacy", "no_score"]
        ),
        # A range where Home Assistant itself requires the same package: with a version
        # of our own, each start would replace the other one.
        vol.Optional("requirements"): [vol.Match(r"^[\w.\[\]-]+(==|>=)[\w.]+$")],
        vol.Optional("single_config_entry"): bool,
        vol.Optional("ssdp"): list,
        vol.Optional("usb"): list,
        vol.Optional("zeroconf"): list,
    },
    extra=vol.PREVENT_EXTRA,
)

# Integrations that are always loaded, or that only provide base classes.
ALWAYS_THERE = frozenset(
    {
        *(platform.value for platform in Platform),
        "automation",
        "device_automation",
        "frontend",
        "group",
        "homeassistant",
        "persistent_notification",
        "script",
        "sun",
        "system_health",
        "system_log",
        "webhook",
        "websocket_api",
        "zone",
    }
)


def imported_components(file: Path) -> Iterator[str]:
    """Yield the integrations of Home Assistant that a module imports when it runs."""
    queue: list[ast.AST] = [ast.parse(file.read_text())]
    while queue:
        node = queue.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                queue.extend(node.orelse)
                continue
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                modules = [f"{module}.{alias.name}" for alias in names]
            case _:
                modules = []
        for parts in (module.split(".") for module in modules):
            if parts[:2] == ["homeassistant", "components"] and len(parts) > 2:
                yield parts[2]
        queue.extend(ast.iter_child_nodes(node))


def test_manifest_is_valid() -> None:
    MANIFEST_SCHEMA(read("manifest.json"))


def test_manifest_keys_are_in_order() -> None:
    keys = list(read("manifest.json"))
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})], (
        "Sort manifest.json: domain, name, then by alphabet."
    )


def test_domain_is_the_folder_and_taken_by_nobody() -> None:
    domain = read("manifest.json")["domain"]
    assert domain == INTEGRATION.name
    assert not (CORE / "components" / domain).exists(), "Home Assistant has it already."


def test_version_is_one_that_home_assistant_loads() -> None:
    version = read("manifest.json")["version"]
    assert AwesomeVersion(version, ensure_strategy=VERSION_STRATEGIES).valid


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("categories", "integration_categories.json"),
        ("connectivity", "integration_connectivity.json"),
    ],
)
def test_manifest_uses_words_that_home_assistant_knows(key: str, source: str) -> None:
    file = CORE / "generated" / source
    if not file.exists():
        pytest.skip(f"Home Assistant {const.__version__} has no {key} yet")
    known = {
        slug
        for word in json.loads(file.read_text())
        for slug in (
            word["slug"],
            *(f"{word['slug']}.{sub['slug']}" for sub in word.get("subcategories", [])),
        )
    }
    unknown = set(read("manifest.json").get(key, [])) - known
    assert not unknown, f"Take others for {key} in manifest.json: {sorted(known)}"


def test_config_flow_is_there() -> None:
    assert read("manifest.json")["config_flow"] is True
    assert (INTEGRATION / "config_flow.py").exists()


def test_dependencies_exist_once() -> None:
    manifest = read("manifest.json")
    names = manifest.get("dependencies", []) + manifest["after_dependencies"]
    assert len(names) == len(set(names)), (
        "A dependency is named twice in manifest.json."
    )
    for name in names:
        assert (CORE / "components" / name).is_dir(), f"There is no integration {name}."


def test_recorder_is_set_up_first() -> None:
    manifest = read("manifest.json")
    assert "recorder" in manifest["after_dependencies"], (
        "The history is written into the recorder: it must be set up before."
    )
    assert "recorder" not in manifest.get("dependencies", []), (
        "Without a database there are still current values to show."
    )


@pytest.mark.parametrize(
    "file", source_files(), ids=lambda file: str(file.relative_to(INTEGRATION))
)
def test_dependencies_cover_what_is_imported(file: Path) -> None:
    manifest = read("manifest.json")
    declared = {*manifest.get("dependencies", []), *manifest["after_dependencies"]}
    own_platforms = {path.stem for path in INTEGRATION.iterdir()}
    missing = set(imported_components(file)) - declared - ALWAYS_THERE - own_platforms
    assert not missing, (
        f"Add {sorted(missing)} to dependencies (or after_dependencies) in"
        " manifest.json: Home Assistant must set them up first."
    )


def test_imports_of_components_are_found(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "import homeassistant.components.mqtt.client\n"
        "from homeassistant.components import energy\n"
        "from homeassistant.core import HomeAssistant\n"
        "if TYPE_CHECKING:\n    from homeassistant.components.http import Request\n"
        "def f():\n    from homeassistant.components.recorder.models import X\n"
    )
    assert set(imported_components(file)) == {"mqtt", "energy", "recorder"}


# hacs.json

HACS_SCHEMA = vol.Schema(
    {
        vol.Required("name"): str,
        vol.Required("homeassistant"): str,
        vol.Optional("content_in_root"): bool,
        vol.Optional("country"): vol.Any(str, [str]),
        vol.Optional("filename"): str,
        vol.Optional("hacs"): str,
        vol.Optional("hide_default_branch"): bool,
        vol.Optional("persistent_directory"): str,
        vol.Optional("render_readme"): bool,
        vol.Optional("zip_release"): bool,
    },
    extra=vol.PREVENT_EXTRA,
)


def _hacs() -> JsonObject:
    return _json(ROOT / "hacs.json")


def test_hacs_json_is_valid() -> None:
    hacs = _hacs()
    HACS_SCHEMA(hacs)
    assert hacs["name"] == read("manifest.json")["name"]
    assert not hacs.get("zip_release") or hacs.get("filename", "").endswith(".zip")


def test_oldest_home_assistant_is_one_that_tests_run_on() -> None:
    oldest = _hacs()["homeassistant"]
    assert AwesomeVersion(oldest).strategy is AwesomeVersionStrategy.CALVER
    assert AwesomeVersion(oldest) <= const.__version__
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    assert oldest in workflow, (
        f"hacs.json promises Home Assistant {oldest}: test it in test.yml."
    )


# icons.json

ICON = vol.All(cv.string_with_no_html, vol.Match(r"^mdi:[a-z0-9]+(-[a-z0-9]+)*$"))
KEY = vol.Match(r"^(?!.+[_-]{2})(?![_-])[a-z0-9_-]+(?<![_-])$")
ICONS_SCHEMA = vol.Schema(
    {
        vol.Optional("entity"): {
            vol.In([platform.value for platform in Platform]): {
                KEY: {
                    vol.Optional("default"): ICON,
                    vol.Optional("state"): {KEY: ICON},
                    vol.Optional("range"): {str: ICON},
                    vol.Optional("state_attributes"): {KEY: dict},
                }
            }
        },
        vol.Optional("services"): {
            cv.slug: {
                vol.Optional("service"): ICON,
                vol.Optional("sections"): {KEY: ICON},
            }
        },
    },
    extra=vol.PREVENT_EXTRA,
)


def test_icons_are_valid() -> None:
    ICONS_SCHEMA(read("icons.json"))


def _entity_icons() -> Iterator[tuple[str, str, JsonObject]]:
    for platform, keys in read("icons.json").get("entity", {}).items():
        for key, icons in keys.items():
            yield platform, key, icons


def test_icons_are_of_entities_and_states_that_exist() -> None:
    texts = read("translations/en.json").get("entity", {})
    unknown = []
    for platform, key, icons in _entity_icons():
        entity = texts.get(platform, {}).get(key)
        if entity is None:
            unknown.append(f"{platform}.{key}")
        else:
            states = icons.get("state", {}).keys() - entity.get("state", {}).keys()
            unknown.extend(f"{platform}.{key}.state.{state}" for state in states)
    assert not unknown, f"Remove from icons.json, en.json does not know them: {unknown}"


def test_icons_of_states_differ_from_the_default() -> None:
    same = [
        f"{platform}.{key}"
        for platform, key, icons in _entity_icons()
        if icons.get("default") in icons.get("state", {}).values()
    ]
    assert not same, f"Remove the state's icon from icons.json: {same}"


def test_actions_have_icons() -> None:
    assert set(read("icons.json").get("services", {})) == set(
        read_yaml("services.yaml")
    )


# translations/en.json

TEXT = cv.string_with_no_html
FLOW = {
    vol.Required("step"): {
        cv.slug: {
            vol.Optional("title"): TEXT,
            vol.Optional("description"): TEXT,
            vol.Optional("submit"): TEXT,
            vol.Optional("data"): {str: TEXT},
            vol.Optional("data_description"): {str: TEXT},
            vol.Optional("menu_options"): {cv.slug: TEXT},
            vol.Optional("menu_option_descriptions"): {cv.slug: TEXT},
            vol.Optional("sections"): {
                str: {
                    vol.Optional("name"): TEXT,
                    vol.Optional("description"): TEXT,
                    vol.Optional("data"): {str: TEXT},
                    vol.Optional("data_description"): {str: TEXT},
                }
            },
        }
    },
    vol.Optional("error"): {KEY: TEXT},
    vol.Optional("abort"): {KEY: TEXT},
    vol.Optional("progress"): {KEY: TEXT},
    vol.Optional("create_entry"): {KEY: TEXT},
}
FIELD = {vol.Required("name"): str, vol.Required("description"): TEXT}
TRANSLATIONS_SCHEMA = vol.Schema(
    {
        vol.Optional("title"): TEXT,
        vol.Optional("config"): {**FLOW, vol.Optional("flow_title"): TEXT},
        vol.Optional("options"): FLOW,
        vol.Optional("config_subentries"): {
            cv.slug: {
                **FLOW,
                vol.Required("entry_type"): TEXT,
                vol.Required("initiate_flow"): {
                    vol.Required("user"): TEXT,
                    vol.Optional("reconfigure"): TEXT,
                },
            }
        },
        vol.Optional("selector"): {
            cv.slug: {
                vol.Optional("options"): {KEY: TEXT},
                vol.Optional("fields"): {KEY: FIELD},
            }
        },
        vol.Optional("device"): {KEY: {vol.Optional("name"): TEXT}},
        vol.Optional("entity"): {
            vol.In([platform.value for platform in Platform]): {
                KEY: {
                    vol.Optional("name"): TEXT,
                    vol.Optional("state"): {KEY: TEXT},
                    vol.Optional("state_attributes"): {KEY: dict},
                    vol.Optional("unit_of_measurement"): TEXT,
                }
            }
        },
        vol.Optional("exceptions"): {cv.slug: {vol.Required("message"): TEXT}},
        vol.Optional("issues"): {
            str: vol.Any(
                {vol.Required("title"): TEXT, vol.Required("description"): TEXT},
                {vol.Required("title"): TEXT, vol.Required("fix_flow"): FLOW},
            )
        },
        vol.Optional("services"): {
            KEY: {
                **FIELD,
                vol.Optional("fields"): {KEY: {**FIELD, vol.Optional("example"): TEXT}},
                vol.Optional("sections"): {
                    KEY: {
                        vol.Required("name"): str,
                        vol.Optional("description"): TEXT,
                    }
                },
            }
        },
        vol.Optional("system_health"): {vol.Optional("info"): {KEY: TEXT}},
        vol.Optional("triggers"): {cv.slug: dict},
        vol.Optional("conditions"): {cv.slug: dict},
        vol.Optional("common"): {cv.slug: TEXT},
    },
    extra=vol.PREVENT_EXTRA,
)


def _languages() -> list[str]:
    return sorted(file.stem for file in (INTEGRATION / "translations").glob("*.json"))


@pytest.mark.parametrize("language", _languages())
def test_translations_are_valid(language: str) -> None:
    TRANSLATIONS_SCHEMA(read(f"translations/{language}.json"))


@pytest.mark.parametrize("flow", ["config", "options"])
def test_descriptions_are_of_fields_that_exist(flow: str) -> None:
    for name, step in read("translations/en.json")[flow]["step"].items():
        for place in (step, *step.get("sections", {}).values()):
            unknown = place.get("data_description", {}).keys() - place.get("data", {})
            assert not unknown, f"Step {name} describes what it does not ask: {unknown}"


def test_no_strings_json() -> None:
    assert not (INTEGRATION / "strings.json").exists(), (
        "Home Assistant reads translations/ only, and resolves no references there."
    )
    assert not (INTEGRATION / ".translations").exists()


def test_all_json_is_readable() -> None:
    for file in INTEGRATION.rglob("*.json"):
        json.loads(file.read_text())


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        (MANIFEST_SCHEMA, {"codeowners": ["me"]}),
        (MANIFEST_SCHEMA, {"documentation": "http://host"}),
        (MANIFEST_SCHEMA, {"iot_class": "local"}),
        (MANIFEST_SCHEMA, {"homeassistant": "2026.9.0"}),
        (HACS_SCHEMA, {"domains": ["sensor"]}),
        (ICONS_SCHEMA, {"entity": {"sensor": {"power": {"default": "hass:flash"}}}}),
        (ICONS_SCHEMA, {"entity": {"sensors": {}}}),
        (TRANSLATIONS_SCHEMA, {"exceptions": {"unknown": "A text, not a message."}}),
        (TRANSLATIONS_SCHEMA, {"issues": {"old": {"title": "No description"}}}),
        (TRANSLATIONS_SCHEMA, {"state": {}}),
    ],
)
def test_schemas_catch_what_they_are_for(schema: vol.Schema, wrong: JsonObject) -> None:
    valid: Mapping[int, JsonObject] = {
        id(MANIFEST_SCHEMA): read("manifest.json"),
        id(HACS_SCHEMA): _hacs(),
    }
    schema(valid.get(id(schema), {}))
    with pytest.raises(vol.Invalid):
        schema({**valid.get(id(schema), {}), **wrong})


# services.yaml

SERVICE_FIELD_SCHEMA = vol.Schema(
    {
        vol.Optional("advanced"): bool,
        vol.Optional("default"): object,
        vol.Optional("example"): object,
        vol.Optional("filter"): dict,
        vol.Optional("required"): bool,
        vol.Optional("selector"): selector.validate_selector,
    },
    extra=vol.PREVENT_EXTRA,
)
SERVICES_SCHEMA = vol.Schema(
    {
        cv.slug: vol.Any(
            None,
            {
                vol.Optional("target"): vol.Any(None, dict),
                vol.Optional("fields"): {
                    str: vol.Any(
                        SERVICE_FIELD_SCHEMA,
                        {
                            vol.Required("fields"): {str: SERVICE_FIELD_SCHEMA},
                            vol.Optional("collapsed"): bool,
                        },
                    )
                },
            },
        )
    }
)

REGISTERS_ACTION = re.compile(
    r"hass\.services\.(?:async_)?register"
    r"|async_register_(?:platform_)?entity_service|async_register_admin_service"
)


def test_actions_are_described() -> None:
    registering = [
        file.name
        for file in source_files()
        if REGISTERS_ACTION.search(file.read_text())
    ]
    assert bool(registering) == (INTEGRATION / "services.yaml").exists(), (
        f"services.yaml and what {registering} register do not go together."
    )


def test_services_yaml_is_valid() -> None:
    SERVICES_SCHEMA(read_yaml("services.yaml"))


@pytest.mark.parametrize(
    "field", [{"selector": {"no_such": None}}, {"name": "A text"}, {"required": "yes"}]
)
def test_services_schema_catches_what_it_is_for(field: JsonObject) -> None:
    with pytest.raises(vol.Invalid):
        SERVICES_SCHEMA({"act": {"fields": {"field": field}}})


def _action_fields(service: JsonObject | None) -> dict[str, JsonObject]:
    """Return the fields of an action in services.yaml, without their sections."""
    fields: dict[str, JsonObject] = {}
    for key, shown in ((service or {}).get("fields") or {}).items():
        fields |= shown["fields"] if shown and "fields" in shown else {key: shown or {}}
    return fields


def test_actions_are_described_as_they_are_registered() -> None:
    hass = Mock()
    async_register_actions(hass)
    described = read_yaml("services.yaml")
    registered = {
        call.args[1]: (call.kwargs.get("schema") or call.args[3]).schema
        for call in hass.services.async_register.call_args_list
        if call.args[0] == INTEGRATION.name
    }
    assert registered.keys() == described.keys()
    for name, schema in registered.items():
        fields = _action_fields(described[name])
        assert {str(key) for key in schema} == fields.keys(), name
        for key in schema:
            shown = fields[str(key)]
            place = f"{name}.{key} in services.yaml"
            assert isinstance(key, vol.Required) == shown.get("required", False), place
            has_default = not isinstance(key.default, vol.Undefined)
            assert has_default == ("default" in shown), place
            if has_default:
                assert key.default() == shown["default"], place
            if choices := shown.get("selector", {}).get("select"):
                each = schema[key][0] if choices.get("multiple") else schema[key]
                assert set(choices["options"]) == set(each.container), place


def test_actions_have_texts() -> None:
    texts = read("translations/en.json").get("services", {})
    services = read_yaml("services.yaml")
    assert texts.keys() == services.keys(), "services.yaml and en.json differ."
    for name, service in services.items():
        fields, sections = set(), set()
        for key, shown in ((service or {}).get("fields") or {}).items():
            if shown and "fields" in shown:
                sections.add(key)
                fields |= set(shown["fields"])
            else:
                fields.add(key)
        assert texts[name].get("fields", {}).keys() == fields, name
        assert texts[name].get("sections", {}).keys() == sections, name


# quality_scale.yaml

RULES: Mapping[str, str] = {
    "bronze": """
        action-setup appropriate-polling brands common-modules config-flow
        config-flow-test-coverage dependency-transparency docs-actions docs-conditions
        docs-high-level-description docs-installation-instructions
        docs-removal-instructions docs-triggers entity-event-setup entity-unique-id
        has-entity-name runtime-data test-before-configure test-before-setup
        unique-config-entry
    """,
    "silver": """
        action-exceptions config-entry-unloading docs-configuration-parameters
        docs-installation-parameters entity-unavailable integration-owner
        log-when-unavailable parallel-updates reauthentication-flow test-coverage
    """,
    "gold": """
        devices diagnostics discovery discovery-update-info docs-data-update
        docs-examples docs-known-limitations docs-supported-devices
        docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices
        entity-category entity-device-class entity-disabled-by-default
        entity-translations exception-translations icon-translations
        reconfiguration-flow repair-issues stale-devices
    """,
    "platinum": "async-dependency inject-websession strict-typing",
}
RULE_SCHEMA = vol.Any(
    vol.In(["done", "todo"]),
    {
        vol.Required("status"): vol.In(["done", "exempt", "todo"]),
        vol.Required("comment"): vol.All(str, vol.Length(min=10)),
    },
)


def _judged() -> JsonObject:
    rules: JsonObject = read_yaml("quality_scale.yaml")["rules"]
    return rules


def test_all_quality_rules_are_judged() -> None:
    known = set(" ".join(RULES.values()).split())
    unknown, missing = _judged().keys() - known, known - _judged().keys()
    assert not unknown, f"quality_scale.yaml has rules that do not exist: {unknown}"
    assert not missing, f"quality_scale.yaml does not judge {missing}"


@pytest.mark.parametrize("rule", _judged())
def test_quality_rules_are_valid(rule: str) -> None:
    RULE_SCHEMA(_judged()[rule])


def test_claimed_quality_is_reached() -> None:
    claimed = read("manifest.json").get("quality_scale")
    tiers = QUALITY_SCALES[: QUALITY_SCALES.index(claimed) + 1] if claimed else ()
    wanted = " ".join(RULES[tier] for tier in tiers).split()
    still_open = [
        rule
        for rule in wanted
        if (judged := _judged()[rule]) == "todo"
        or (isinstance(judged, dict) and judged["status"] == "todo")
    ]
    assert not still_open, f"manifest.json claims {claimed}, but {still_open} are open."


PLATFORM_PAGES = ("bemserver", "besmart", "dsmr_reader", "milesight")
DOCS: Mapping[str, str] = {
    "docs-configuration-parameters": "## Set it up",
    "docs-data-update": "## How fresh it is",
    "docs-installation-parameters": "## Set it up",
    "docs-known-limitations": "## Known limits",
    "docs-supported-functions": "## What you get",
    "docs-troubleshooting": "## When something is wrong",
}
"""The section of each platform's page that a rule asks for."""


@pytest.mark.parametrize("rule", DOCS)
def test_every_platform_is_documented(rule: str) -> None:
    assert _judged()[rule] == "done"
    for page in PLATFORM_PAGES:
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        assert f"\n{DOCS[rule]}\n" in text, page


def test_all_actions_are_documented() -> None:
    """The rule docs-actions: a page shows how each action is called."""
    pages = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "docs").glob("*.md")
    )
    for name in read_yaml("services.yaml"):
        assert f"metering_hub.{name}" in pages, name


def test_every_platform_says_how_many_requests_it_makes_at_once() -> None:
    """The rule parallel-updates."""
    for platform in Platform:
        package = INTEGRATION / platform.value
        file = package / "__init__.py" if package.is_dir() else f"{package}.py"
        if Path(file).exists():
            text = Path(file).read_text(encoding="utf-8")
            assert re.search(r"^PARALLEL_UPDATES = \d$", text, re.MULTILINE), file


def _raised_without_key(file: Path) -> Iterator[str]:
    """Yield the errors for a person that a module raises without a translation."""
    shown = {"HomeAssistantError", "ServiceValidationError", "UpdateFailed"}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name)
            and (
                node.exc.func.id in shown or node.exc.func.id.startswith("ConfigEntry")
            )
            and "translation_key" not in {each.arg for each in node.exc.keywords}
        ):
            yield f"{file.name}:{node.lineno}"


def test_errors_are_translated() -> None:
    """The rule exception-translations."""
    assert [each for file in source_files() for each in _raised_without_key(file)] == []


# brand/

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(("name", "size"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_icon_is_a_square_png_of_the_right_size(name: str, size: int) -> None:
    content = (INTEGRATION / "brand" / name).read_bytes()
    signature, length, kind, width, height = struct.unpack_from(">8sI4sII", content)
    assert (signature, length, kind) == (PNG_SIGNATURE, 13, b"IHDR"), "This is no PNG."
    assert (width, height) == (size, size)
