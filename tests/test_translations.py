"""Every text that the code uses exists in every language, and no other text does.

Forms, points and errors are made as at runtime. Keys that only appear inside of
functions are read from the source code.
"""

import ast
import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
import inspect
from itertools import product
import json
from pathlib import Path
import re
import string
from textwrap import dedent
from typing import Any
from unittest.mock import AsyncMock, Mock, patch

import pytest
import voluptuous as vol

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.backends.base import BackendSpec, FieldKind
from custom_components.metering_hub.backends.bemserver.catalogue import (
    Catalogue,
    Enumerations,
)
from custom_components.metering_hub.backends.bemserver.models import (
    Campaign,
    Place,
    PlaceId,
    PlaceKind,
    WeatherLink,
)
from custom_components.metering_hub.backends.bemserver.points import (
    make_devices as make_bemserver_devices,
)
from custom_components.metering_hub.backends.bemserver.site_points import (
    AIR_TEMPERATURE,
    make_site_points,
)
from custom_components.metering_hub.backends.besmart.discovery import FoundSensors
from custom_components.metering_hub.backends.besmart.memory import ServerMemory
from custom_components.metering_hub.backends.besmart.models import (
    Sensor,
    SensorId,
    SignalId,
)
from custom_components.metering_hub.backends.besmart.points import (
    make_devices as make_besmart_devices,
    make_points as make_besmart_points,
)
from custom_components.metering_hub.backends.besmart.signal_memory import KeptVerdict
from custom_components.metering_hub.backends.besmart.signals import KNOWN_SIGNALS
from custom_components.metering_hub.backends.dsmr_reader.meters import (
    Endpoint,
    MeterProfile,
)
from custom_components.metering_hub.backends.dsmr_reader.models import (
    COUNTER_FIELDS,
    READING_FIELDS,
    ExtraDevice,
    MeterStatistics,
)
from custom_components.metering_hub.backends.dsmr_reader.points import (
    make_devices as make_dsmr_devices,
    make_points as make_dsmr_points,
)
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    BackendError,
    UnsupportedError,
)
from custom_components.metering_hub.backends.milesight.catalogue import make_catalogue
from custom_components.metering_hub.backends.milesight.features import LatestEndpoint
from custom_components.metering_hub.backends.milesight.models import (
    parse_device,
    parse_entity,
)
from custom_components.metering_hub.config_flow import (
    MeteringHubConfigFlow,
    MeteringHubOptionsFlow,
)
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.errors import (
    IncompleteError,
    RecorderError,
    StoppingError,
    as_action_error,
    as_update_error,
    flow_error_key,
)
from custom_components.metering_hub.flow.data_quality import data_quality_schema
from custom_components.metering_hub.flow.forms import fields_schema
from custom_components.metering_hub.flow.point_settings import (
    AUTOMATIC,
    KIND_NAMES,
    KINDS,
    QUANTITIES,
    QUANTITY_NAMES,
    ROLE_NAMES,
    ROLES,
    UNIT_NAMES,
    choices_schema,
    points_schema,
    unit_errors,
)
from custom_components.metering_hub.flow.selection_form import (
    selection_errors,
    selection_schema,
)
from custom_components.metering_hub.history import scope as history_scope
from custom_components.metering_hub.history.attributes import (
    missing_attributes,
    quality_attributes,
)
from custom_components.metering_hub.history.failure_issue import FAILURES
from custom_components.metering_hub.history.news.events import HistoryEventType
from custom_components.metering_hub.history.progress import Progress
from custom_components.metering_hub.identifiers import (
    DATA_QUALITY_KEY,
    HISTORY_EVENTS_KEY,
    MISSING_HOURS_KEY,
    OWN_KEYS,
    UPDATE_MODE_KEY,
    platform_of,
)
from custom_components.metering_hub.live.push import UpdateMode
from custom_components.metering_hub.metering.data_quality import RULE_NAMES, WarningRule
from custom_components.metering_hub.metering.model import Device, Inventory, Kind, Point
from custom_components.metering_hub.metering.point_settings import (
    NO_ROLE,
    PointSettings,
)
from custom_components.metering_hub.metering.register_rules import (
    RULES as READING_RULES,
    Severity,
)
from custom_components.metering_hub.questions import words as question_words
from custom_components.metering_hub.questions.repair_flows import (
    ContradictedFlow,
    UndecidedFlow,
)
from custom_components.metering_hub.sensor import HISTORY_SENSORS
from custom_components.metering_hub.system_health import system_health_info
from homeassistant.config_entries import ConfigFlow
from homeassistant.const import Platform
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "metering_hub"
TRANSLATIONS = INTEGRATION / "translations"
LANGUAGES = sorted(file.stem for file in TRANSLATIONS.glob("*.json"))

type Texts = Mapping[str, str]
"""All texts of a language by their dotted key."""


# The inventories of each backend. A new backend adds a function here.


def _dsmr_reader_inventories() -> Iterator[Inventory]:
    statistics = MeterStatistics(
        time=None,
        dsmr_version=None,
        electricity_tariff=None,
        counters={},
        telegram=None,
    )
    all_fields = frozenset(READING_FIELDS + COUNTER_FIELDS)
    for is_belgian, has_tariffs, extra, fields, endpoints in product(
        (False, True),
        (False, True),
        (None, *ExtraDevice),
        (frozenset[str](), all_fields),
        (frozenset[Endpoint](), frozenset(Endpoint)),
    ):
        profile = MeterProfile(
            is_belgian=is_belgian,
            has_tariffs=has_tariffs,
            fields=fields,
            endpoints=endpoints,
            extra=extra,
            extra_unit="m³" if extra else "",
        )
        points = make_dsmr_points(profile)
        yield Inventory(
            devices=make_dsmr_devices(profile, statistics, "5.11", "http://host"),
            points={key: point for key, (point, _) in points.items()},
        )


def _besmart_inventories() -> Iterator[Inventory]:
    sensor = SensorId(1, 2)
    verdicts = (None, Kind.INTERVAL, Kind.REGISTER)
    for unit, verdict in product((None, "kWh", "kW"), verdicts):
        signals = [SignalId(sensor, moid) for moid in (*KNOWN_SIGNALS, 451)]
        found = FoundSensors(
            sensors={sensor: Sensor(id=sensor, name=None, type_name=None)},
            moids={sensor: [signal.moid for signal in signals]},
            states={sensor: []},
            types={},
            shown={sensor},
        )
        memory = ServerMemory(dt_util.utcnow)
        for signal in signals:
            if unit is not None:
                memory.signals.set_unit(signal, unit)
            if verdict is not None:
                memory.signals.set_verdict(signal, KeptVerdict(verdict, None))
        yield Inventory(
            devices=make_besmart_devices(found),
            points=make_besmart_points(found, memory, {}),
        )


def _bemserver_inventories() -> Iterator[Inventory]:
    # Timeseries have names of their own, so only the other points have translations.
    site = PlaceId(PlaceKind.SITE, 1)
    catalogue = Catalogue(
        enumerations=Enumerations(
            energies={},
            end_uses={},
            technologies={},
            states={},
            properties={},
            categories={},
        ),
        campaigns={1: Campaign(id=1, name="Campus", zone=None)},
        scopes={},
        places={site: Place(place=site, name="Site", parent=1)},
        series={},
        weather_links=[
            WeatherLink(
                series_id=1, site_id=1, parameter=AIR_TEMPERATURE, forecast=False
            )
        ],
    )
    devices = make_bemserver_devices(catalogue, "http://host")
    yield Inventory(
        devices=devices,
        points={
            point.key: point
            for point, _ in make_site_points(catalogue, devices, devices.keys())
        },
    )


def _milesight_inventories() -> Iterator[Inventory]:
    """Yield a plug; only the points that the platform adds have translations."""
    key = "milesight-gateway.device.24e1"
    device = parse_device({"id": "1", "key": key, "name": "Plug"})
    status = parse_entity(
        {
            "entity_id": "2",
            "entity_key": f"{key}.@status",
            "entity_type": "PROPERTY",
            "entity_value_type": "STRING",
        }
    )
    assert device is not None
    assert status is not None
    made = make_catalogue([device], [status], LatestEndpoint.BATCH, "http://host")
    yield asyncio.run(made).inventory


INVENTORIES: Mapping[str, Callable[[], Iterator[Inventory]]] = {
    "bemserver": _bemserver_inventories,
    "besmart": _besmart_inventories,
    "dsmr_reader": _dsmr_reader_inventories,
    "milesight": _milesight_inventories,
}


@cache
def inventories() -> tuple[Inventory, ...]:
    """Return the possible inventories of all backends."""
    return tuple(found for make in INVENTORIES.values() for found in make())


def points() -> Iterator[Point]:
    """Yield every possible point, many of them more than once."""
    for inventory in inventories():
        yield from inventory.points.values()


# Reading source code.


@cache
def tree_of(thing: type | Callable[..., object] | Path) -> ast.AST:
    """Return the parsed source of a class, a function or a file."""
    source = thing.read_text() if isinstance(thing, Path) else inspect.getsource(thing)
    return ast.parse(source)


def call_nodes(tree: ast.AST, function: str) -> Iterator[ast.Call]:
    """Yield all calls of a function or method."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                if name == function:
                    yield node


def calls(tree: ast.AST, function: str) -> Iterator[dict[str | None, ast.expr]]:
    """Yield the keyword arguments of all calls of a function or method."""
    for call in call_nodes(tree, function):
        yield {keyword.arg: keyword.value for keyword in call.keywords}


def text_in(node: ast.AST | None) -> str | None:
    """Return the text of a constant, or `None` for other expressions."""
    match node:
        case ast.Constant(value=str(text)):
            return text
    return None


def keys_of(node: ast.AST | None) -> set[str]:
    """Return the constant keys of a dict display."""
    match node:
        case ast.Dict(keys=keys):
            return {text for key in keys if (text := text_in(key)) is not None}
    return set()


def source_files(folder: Path = INTEGRATION) -> list[Path]:
    """Return all modules in a folder."""
    return sorted(folder.rglob("*.py"))


# The texts that must exist.


@dataclass
class Wanted:
    """The keys that must exist, and those that may."""

    required: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)

    def unused(self, actual: set[str]) -> set[str]:
        """Return the keys that exist but are not used."""
        return actual - self.required - self.optional


def schema_fields(schema: vol.Schema) -> dict[str | None, set[str]]:
    """Return the fields of a form by section, or `None` for no section."""
    found: dict[str | None, set[str]] = {None: set()}
    for marker, selector in schema.schema.items():
        if isinstance(selector, section):
            found[str(marker)] = {str(inner) for inner in selector.schema.schema}
        else:
            found[None].add(str(marker))
    return found


def _selection_schema(spec: BackendSpec) -> vol.Schema:
    undecided = frozenset(field.name for field in spec.setup_fields)
    meters = frozenset({"one", "another"})
    inventory = Inventory({}, {}, undecided, grid_candidates=meters)
    return selection_schema(spec, inventory, {}, {})


def _forms(step: str) -> list[vol.Schema]:
    """Return the forms that a step can show."""
    if step in BACKENDS:
        return [fields_schema(BACKENDS[step].fields)]
    if step in ("reauth_confirm", "reconfigure"):
        return [fields_schema(spec.fields) for spec in BACKENDS.values()]
    if step == "selection":
        return [_selection_schema(spec) for spec in BACKENDS.values()]
    if step == "points":
        return [points_schema({"key": "Name"}, {"key": "Name"}, {})]
    if step == "point":
        return [choices_schema(PointSettings(), has_kind=True)]
    if step == "data_quality":
        return [data_quality_schema({})]
    if step == "discover":
        return []
    raise AssertionError(f"This test does not know step {step}: teach it its form.")


def own_classes(flow: type) -> list[type]:
    """Return the flow and those of its base classes that are ours."""
    package = INTEGRATION.name
    return [base for base in flow.__mro__ if package in base.__module__.split(".")]


def flow_calls(flow: type, function: str) -> Iterator[dict[str | None, ast.expr]]:
    """Yield the keyword arguments of all calls of a method in a flow."""
    for base in own_classes(flow):
        yield from calls(tree_of(base), function)


def texts_of(method: Callable[..., object]) -> set[str | None]:
    """Return all constant texts in a method."""
    tree = ast.parse(dedent(inspect.getsource(method)))
    return {text_in(node) for node in ast.walk(tree)}


def shown_steps(flow: type) -> set[str]:
    """Return the steps of a flow that contain their own name, as all shown ones do."""
    return {
        step
        for name, method in inspect.getmembers(flow, inspect.isfunction)
        if any(name in vars(base) for base in own_classes(flow))
        and (step := name.removeprefix("async_step_")) != name
        if step in texts_of(method)
    }


MENUS: Mapping[str, tuple[str, ...]] = {
    "user": tuple(BACKENDS),
    "init": ("selection", "points", "data_quality"),
    "change_kind": ("change", "change_with_copy", "point"),
}
"""The options of the steps that are menus."""


def flow_steps(flow: type) -> Wanted:
    """Return the texts of a flow's steps."""
    wanted = Wanted()
    for step in shown_steps(flow):
        wanted.required.add(f"{step}.title")
        wanted.optional |= {f"{step}.description", f"{step}.submit"}
        if step in MENUS:
            for option in MENUS[step]:
                wanted.required |= {
                    f"{step}.menu_options.{option}",
                    f"{step}.menu_option_descriptions.{option}",
                }
            continue
        for name, fields in (
            item for form in _forms(step) for item in schema_fields(form).items()
        ):
            place = f"{step}.sections.{name}" if name else step
            if name:
                wanted.required.add(f"{place}.name")
                wanted.optional.add(f"{place}.description")
            for kind, shown in product(("data", "data_description"), fields):
                wanted.required.add(f"{place}.{kind}.{shown}")
    return wanted


def unsupported_reasons() -> set[str]:
    """Return the reasons that backends give for not supporting a server."""
    return set(_reasons(UnsupportedError, None))


def _reasons(kind: type[BackendError], default: str | None) -> Iterator[str]:
    """Yield the reasons that backends give for an error, or its `default` one."""
    for file in source_files(INTEGRATION / "backends"):
        for arguments in calls(tree_of(file), kind.__name__):
            given = arguments.get("reason")
            reason = text_in(given) if given else default
            assert reason, f"Write the reason of {kind.__name__} in {file} as a text."
            yield reason


def errors() -> list[BackendError]:
    """Return an error of every kind that a backend can raise."""

    def kinds(base: type[BackendError]) -> Iterator[type[BackendError]]:
        yield base
        for kind in base.__subclasses__():
            yield from kinds(kind)

    return [
        *(UnsupportedError("why", reason=reason) for reason in unsupported_reasons()),
        *(
            AuthenticationError("why", reason=reason)
            for reason in set(_reasons(AuthenticationError, "invalid_auth"))
        ),
        *(
            kind("why")
            for kind in kinds(BackendError)
            if not issubclass(kind, UnsupportedError)
            and kind.__module__.startswith("custom_components.")
        ),
    ]


def form_errors(find: Callable[..., dict[str, str]]) -> set[str]:
    """Return the errors that a function finds in a form."""
    return {
        text
        for node in ast.walk(tree_of(find))
        if isinstance(node, ast.Dict)
        for value in node.values
        if (text := text_in(value)) is not None
    }


def setup_errors() -> set[str]:
    """Return the errors that backends find in their setup fields."""
    return {
        text
        for file in source_files(INTEGRATION / "backends")
        for method in ast.walk(tree_of(file))
        if isinstance(method, ast.AsyncFunctionDef) and method.name == "check_setup"
        for node in ast.walk(method)
        if isinstance(node, ast.Dict)
        for value in node.values
        if (text := text_in(value)) is not None
    }


ABORTS_OF_HELPERS: Mapping[str, frozenset[str]] = {
    "_abort_if_unique_id_configured": frozenset({"already_configured"}),
    "_abort_if_unique_id_mismatch": frozenset({"unique_id_mismatch"}),
    "_async_abort_entries_match": frozenset({"already_configured"}),
    "async_set_unique_id": frozenset({"already_in_progress"}),
    "async_update_and_abort": frozenset(
        {"reauth_successful", "reconfigure_successful"}
    ),
    "async_update_reload_and_abort": frozenset(
        {"reauth_successful", "reconfigure_successful"}
    ),
}
"""The reasons for which Home Assistant's helpers abort a flow."""


def abort_reasons(flow: type) -> set[str]:
    """Return the reasons for which a flow aborts."""
    reasons = set()
    for arguments in flow_calls(flow, "async_abort"):
        reason = text_in(arguments.get("reason"))
        assert reason, f"Write the reason of async_abort in {flow.__name__} as a text."
        reasons.add(reason)
    for helper, defaults in ABORTS_OF_HELPERS.items():
        for arguments in flow_calls(flow, helper):
            own = text_in(arguments.get("reason") or arguments.get("error"))
            reasons |= {own} if own else defaults
    return reasons


def _plain(keys: set[str]) -> Callable[[], Wanted]:
    return lambda: Wanted(keys)


def selectors() -> Wanted:
    """Return the texts of the choices in forms and actions."""
    return Wanted(
        {
            f"{shown.name}.options.{choice}"
            for spec in BACKENDS.values()
            for shown in (*spec.fields, *spec.setup_fields)
            if shown.kind is FieldKind.CHOICE
            for choice in shown.choices
        }
        | {
            f"{select['translation_key']}.options.{choice}"
            for field in _action_fields()
            if (select := (field.get("selector") or {}).get("select"))
            # Units are the same in all languages.
            and "translation_key" in select
            for choice in select["options"]
        }
        | {f"{RULE_NAMES}.options.{rule}" for rule in WarningRule}
        | {
            f"{names}.options.{choice}"
            for names, choices in POINT_CHOICES.items()
            for choice in (AUTOMATIC, *choices)
        }
    )


POINT_CHOICES: Mapping[str, tuple[str, ...]] = {
    KIND_NAMES: (*KINDS, Kind.UNDECIDED),
    QUANTITY_NAMES: QUANTITIES,
    ROLE_NAMES: (NO_ROLE, *ROLES),
    UNIT_NAMES: (),
}
"""What the user can choose for a point; units are the same in all languages."""


def device_names() -> Wanted:
    """Return the names of devices without a name of their own."""
    return Wanted(
        {
            f"{device.translation_key}.name"
            for inventory in inventories()
            for device in inventory.devices.values()
            if device.translation_key is not None
        }
    )


def entity_names() -> Wanted:
    """Return the names and states of entities."""
    wanted = Wanted()
    for point in points():
        if point.translation_key is not None:
            place = f"{platform_of(point).value}.{point.translation_key}"
            wanted.required.add(f"{place}.name")
            states = "state"
            if point.kind is Kind.EVENT:
                states = "state_attributes.event_type.state"
            wanted.required |= {
                f"{place}.{states}.{word}" for word in point.options or ()
            }
            wanted.required |= {
                f"{place}.state_attributes.{text}.name"
                for text in POINT_DETAILS.get(point.translation_key, ())
            }
    for platform in Platform:
        for file in INTEGRATION.glob(f"{platform.value}.py"):
            for key in own_translation_keys(file):
                wanted.required.add(f"{platform.value}.{key}.name")
                wanted.required |= {
                    f"{platform.value}.{key}.state.{word}"
                    for word in OWN_STATES.get(key, ())
                }
                wanted.required |= {
                    f"{platform.value}.{key}.state_attributes.{text}"
                    for text in OWN_ATTRIBUTES.get(key, ())
                }
    return wanted


POINT_DETAILS: Mapping[str, tuple[str, ...]] = {"data_late": ("series",)}
"""The details of the readings of points, by translation key."""

OWN_STATES: Mapping[str, tuple[str, ...]] = {
    UPDATE_MODE_KEY: tuple(mode.value for mode in UpdateMode)
}
"""The states of the entities that are not made from a point."""

OWN_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    DATA_QUALITY_KEY: frozenset(
        f"{key}.name" for key in quality_attributes(Progress(), {})
    ),
    MISSING_HOURS_KEY: frozenset(
        f"{key}.name" for key in missing_attributes(Progress(), {})
    ),
    HISTORY_EVENTS_KEY: frozenset(
        {
            *(f"event_type.state.{each.value}" for each in HistoryEventType),
            *(
                f"rule.state.{each.rule.value}"
                for each in READING_RULES
                if each.severity is Severity.REJECT
            ),
            *(f"rule.state.{each.value}" for each in WarningRule),
            *(
                f"{key}.name"
                for key in (
                    *("count", "end", "hours", "latest", "meter", "reason", "recent"),
                    *("rule", "start", "time", "value"),
                )
            ),
        }
    ),
}
"""The attributes of these entities that have a text, and the texts of their values."""


def own_translation_keys(file: Path) -> Iterator[str]:
    """Yield the keys of the entities that are not made from a point.

    The code contains them as a text or as the name of a constant, or in a table.
    """
    if file.stem == "sensor":
        yield from (each.key for each in HISTORY_SENSORS)
    for node in ast.walk(tree_of(file)):
        match node:
            case ast.Assign(
                targets=[ast.Name(id="_attr_translation_key")],
                value=ast.Constant(value=str(key)),
            ):
                yield key
            case ast.Assign(
                targets=[ast.Name(id="_attr_translation_key")],
                value=ast.Name(id=constant),
            ):
                module = import_module(f"custom_components.{DOMAIN}.{file.stem}")
                yield getattr(module, constant)


def raised_by_backends() -> Iterator[HomeAssistantError]:
    """Yield the errors that Home Assistant shows for those of backends and history."""
    in_history = (IncompleteError("why"), RecorderError("why"), StoppingError("why"))
    for error in (*errors(), *in_history):
        yield as_update_error(error)
        yield as_action_error(error)


def refusals() -> Iterator[tuple[str, set[str]]]:
    """Yield the keys and placeholders of the errors for invalid fields of actions."""
    for file in sorted((INTEGRATION / "actions").glob("*.py")):
        for call in call_nodes(tree_of(file), "invalid"):
            key = text_in(call.args[0]) if call.args else None
            assert key, f"Write the key of invalid in {file} as a text."
            yield key, {keyword.arg for keyword in call.keywords if keyword.arg}


def exceptions() -> Wanted:
    """Return the messages of exceptions that Home Assistant shows."""
    keys = {error.translation_key for error in raised_by_backends()}
    keys |= {key for key, _ in refusals()}
    for file in source_files():
        for node in ast.walk(tree_of(file)):
            match node:
                case ast.Raise(exc=ast.Call(keywords=keywords)):
                    keys |= {
                        text_in(keyword.value)
                        for keyword in keywords
                        if keyword.arg == "translation_key"
                    }
    return Wanted({f"{key}.message" for key in keys if key})


ISSUE_PARTS = ("title", "description")
FIXABLE_ISSUE_PARTS = (
    "title",
    "fix_flow.step.confirm.title",
    "fix_flow.step.confirm.description",
)
QUESTION_FLOWS: Mapping[str, type] = {
    "undecided_points": UndecidedFlow,
    "kind_contradicted": ContradictedFlow,
}
"""The flows of the issues that are made of several steps."""


def _question_parts(issue: str) -> Iterator[str]:
    """Yield the texts of an issue and of the steps of its flow."""
    yield "title"
    flow = QUESTION_FLOWS[issue]
    for show in ("async_show_form", "async_show_menu"):
        for arguments in flow_calls(flow, show):
            place = f"fix_flow.step.{text_in(arguments['step_id'])}"
            yield from (f"{place}.title", f"{place}.description")
            match arguments.get("menu_options"):
                case ast.List(elts=options) | ast.IfExp(body=ast.List(elts=options)):
                    for option in options:
                        yield f"{place}.menu_options.{text_in(option)}"
                case None:
                    yield f"{place}.data.point"
    yield from (f"fix_flow.abort.{reason}" for reason in abort_reasons(flow))


MENU_ISSUE_PARTS = {
    **{issue: tuple(_question_parts(issue)) for issue in QUESTION_FLOWS},
    "history_faults": (
        "title",
        "fix_flow.step.init.title",
        "fix_flow.step.init.description",
        "fix_flow.step.init.menu_options.keep",
        "fix_flow.step.init.menu_options.clear",
    ),
}
"""The texts of the issues whose flow begins with a menu."""


NAMED_ELSEWHERE: Mapping[str, Callable[[], set[str]]] = {
    "coordinator": unsupported_reasons,
    "failure_issue": lambda: {failure.key for failure in FAILURES},
}
"""The keys of the issues that a module creates by a table, by its name."""


def _issue_calls() -> Iterator[tuple[set[str], set[str], tuple[str, ...]]]:
    """Yield the keys, placeholders and texts of the repair issues."""
    for file in source_files():
        for arguments in calls(tree_of(file), "async_create_issue"):
            key = text_in(arguments["translation_key"])
            keys = {key} if key else NAMED_ELSEWHERE[file.stem]()
            match arguments["is_fixable"]:
                case ast.Constant(value=bool(is_fixable)):
                    fixable = MENU_ISSUE_PARTS.get(key or "", FIXABLE_ISSUE_PARTS)
                    parts = fixable if is_fixable else ISSUE_PARTS
                case _:
                    raise AssertionError(f"Say in {file} what is_fixable is.")
            yield keys, keys_of(arguments.get("translation_placeholders")), parts


def issues() -> Wanted:
    """Return the texts of repair issues."""
    return Wanted(
        {
            f"{key}.{part}"
            for keys, _, parts in _issue_calls()
            for key, part in product(keys, parts)
        }
    )


def _action_fields() -> Iterator[Mapping[str, Any]]:
    """Yield the fields of all actions, including those in sections."""
    file = INTEGRATION / "services.yaml"
    for service in (load_yaml_dict(file) if file.exists() else {}).values():
        for shown in ((service or {}).get("fields") or {}).values():
            yield from (shown or {}).get("fields", {"": shown or {}}).values()


ASKS_FOR_TEXTS = "async_get_translations"


def common() -> Wanted:
    """Return the texts that the code loads itself."""
    asking = {
        file
        for file in source_files()
        for call in call_nodes(tree_of(file), ASKS_FOR_TEXTS)
        if "common" in map(text_in, call.args)
    }
    known = (history_scope, question_words)
    assert asking == {Path(inspect.getfile(module)) for module in known}, (
        f"{asking} ask for common texts: teach this test which."
    )
    texts = Mock()
    texts.get.side_effect = lambda key, default: default
    with (
        patch.object(
            history_scope, ASKS_FOR_TEXTS, AsyncMock(return_value=texts)
        ) as ask,
        patch.object(entity_registry, "async_get"),
        # It does not wait for anything, so one step completes it.
        suppress(StopIteration),
    ):
        history_scope._names(Mock(), Mock(), []).send(None)
    assert ask.call_args.args[2:] == ("common", {DOMAIN})
    prefix = f"component.{DOMAIN}.common."
    asked = {str(call.args[0]) for call in texts.get.call_args_list}
    assert all(key.startswith(prefix) for key in asked)
    return Wanted({key.removeprefix(prefix) for key in asked} | QUESTION_TEXTS.keys())


QUESTION_TEXTS: Mapping[str, set[str]] = {
    question_words.COPY: set(),
    question_words.NO_VALUES: set(),
    question_words.NOTHING_RECORDED: set(),
    question_words.RECORDED_HOURS: {"statistic", "hours", "first", "last"},
    question_words.ROWS_OF_OTHER_KIND: set(),
    question_words.WEEK: {
        *("hours", "first", "last", "lowest", "highest", "falls", "largest_fall"),
    },
}
"""The texts that are parts of others, and what is filled into them."""


def services() -> Wanted:
    """Return the texts of actions."""
    wanted = Wanted()
    file = INTEGRATION / "services.yaml"
    for name, service in (load_yaml_dict(file) if file.exists() else {}).items():
        wanted.required |= {f"{name}.name", f"{name}.description"}
        for key, shown in ((service or {}).get("fields") or {}).items():
            inner = shown.get("fields") if shown else None
            if inner is not None:
                wanted.required.add(f"{name}.sections.{key}.name")
                wanted.optional.add(f"{name}.sections.{key}.description")
            for leaf in (key,) if inner is None else inner:
                wanted.required |= {
                    f"{name}.fields.{leaf}.name",
                    f"{name}.fields.{leaf}.description",
                }
    return wanted


def health() -> Wanted:
    """Return the lines of the system information, which do not depend on entries."""
    hass = Mock()
    hass.config_entries.async_entries.return_value = []
    hass.config_entries.async_loaded_entries.return_value = []
    return Wanted(set(asyncio.run(system_health_info(hass))))


SECTIONS: Mapping[str, Callable[[], Wanted]] = {
    "title": _plain({""}),
    "config.step": lambda: flow_steps(MeteringHubConfigFlow),
    "config.progress": _plain({"discover"}),
    "config.error": lambda: Wanted(
        {flow_error_key(error) for error in errors()}
        | form_errors(selection_errors)
        | setup_errors()
    ),
    "config.abort": lambda: Wanted(abort_reasons(MeteringHubConfigFlow)),
    "options.step": lambda: flow_steps(MeteringHubOptionsFlow),
    # If setup fields are filled in, they are checked on the server here, too.
    "options.error": lambda: Wanted(
        {flow_error_key(error) for error in errors()}
        | form_errors(selection_errors)
        | form_errors(unit_errors)
        | setup_errors()
    ),
    "options.abort": lambda: Wanted(abort_reasons(MeteringHubOptionsFlow)),
    "selector": selectors,
    "device": device_names,
    "entity": entity_names,
    "exceptions": exceptions,
    "issues": issues,
    "services": services,
    "system_health.info": health,
    "common": common,
}


# The texts.


@cache
def texts(language: str) -> Texts:
    """Return all texts of a language by their dotted key."""

    def flatten(prefix: str, value: object) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from flatten(f"{prefix}.{key}" if prefix else key, inner)
        else:
            assert isinstance(value, str), f"{prefix} in {language}.json is no text."
            yield prefix, value

    return dict(
        flatten("", json.loads((TRANSLATIONS / f"{language}.json").read_text()))
    )


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _within(prefix: str, keys: Texts) -> set[str]:
    return {
        key.removeprefix(prefix).removeprefix(".")
        for key in keys
        if key == prefix or key.startswith(f"{prefix}.")
    }


def _lines(keys: set[str]) -> str:
    return "".join(f"\n  {key}" for key in sorted(keys))


def test_inventories_cover_every_backend() -> None:
    assert INVENTORIES.keys() == BACKENDS.keys(), (
        "Add to INVENTORIES in this file what servers of a new backend can have."
    )


def test_steps_of_the_flow_are_found() -> None:
    assert shown_steps(MeteringHubConfigFlow) >= {"user", "selection", *BACKENDS}
    assert shown_steps(MeteringHubOptionsFlow) == {
        *("init", *MENUS["init"], "point", "change_kind"),
    }


def test_backends_have_a_step() -> None:
    missing = {
        key
        for key in BACKENDS
        if f"async_step_{key}" not in vars(MeteringHubConfigFlow)
    }
    assert not missing, f"config_flow.py has no step for{_lines(missing)}"


@pytest.mark.parametrize(("helper", "reasons"), ABORTS_OF_HELPERS.items())
def test_helpers_of_home_assistant_abort_as_known_here(
    helper: str, reasons: frozenset[str]
) -> None:
    owners = [vars(base) for base in ConfigFlow.__mro__ if helper in vars(base)]
    assert owners, f"Home Assistant has no {helper} any more: update this test."
    source = inspect.getsource(owners[0][helper])
    assert all(reason in source for reason in reasons), (
        f"{helper} aborts with other reasons now: update ABORTS_OF_HELPERS."
    )


@pytest.mark.parametrize("place", SECTIONS)
def test_every_text_that_the_code_shows_exists(place: str) -> None:
    missing = SECTIONS[place]().required - _within(place, texts("en"))
    assert not missing, f"Add to {place} in translations/en.json:{_lines(missing)}"


@pytest.mark.parametrize("place", SECTIONS)
def test_no_text_exists_for_nothing(place: str) -> None:
    unused = SECTIONS[place]().unused(_within(place, texts("en")))
    assert not unused, (
        f"Nothing shows these texts of {place}; remove them from translations/*.json,"
        f" or teach this test where they are used:{_lines(unused)}"
    )


def test_every_section_is_checked() -> None:
    unknown = {
        key
        for key in texts("en")
        if not any(key == place or key.startswith(f"{place}.") for place in SECTIONS)
    }
    assert not unknown, f"Add to SECTIONS in this file, or remove:{_lines(unknown)}"


def test_own_entities_are_known_to_the_registrar() -> None:
    """Otherwise they would be removed, because they are not in any inventory."""
    own = {
        key
        for platform in Platform
        for file in INTEGRATION.glob(f"{platform.value}.py")
        for key in own_translation_keys(file)
    }
    assert own == OWN_KEYS, "OWN_KEYS and the entities that show no point differ."


def test_every_entity_and_device_has_a_name() -> None:
    things: list[Point | Device] = []
    for inventory in inventories():
        things += [*inventory.points.values(), *inventory.devices.values()]
    nameless = {
        thing.key
        for thing in things
        if thing.name is None and thing.translation_key is None
    }
    assert not nameless, f"Give a name or a translation key to{_lines(nameless)}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_tell_the_entities_of_a_device_apart(language: str) -> None:
    shown = texts(language)
    for inventory in inventories():
        used: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for point in inventory.points.values():
            platform = platform_of(point).value
            key = f"entity.{platform}.{point.translation_key}.name"
            name = point.name or shown.get(key, point.key).format(**point.placeholders)
            used[platform, point.device_key, name.casefold()].append(point.key)
        for (_, _, name), keys in used.items():
            assert len(keys) == 1, f"{keys} are all called {name} in {language}.json."


def _step_placeholders(flow: type) -> dict[str, set[str]]:
    """Return the placeholders of each step."""
    given: dict[str | None, set[str]] = defaultdict(set)
    for show in ("async_show_form", "async_show_menu"):
        for arguments in flow_calls(flow, show):
            step = text_in(arguments["step_id"])
            given[step] |= keys_of(arguments.get("description_placeholders"))
    # Other steps are shown by calls with the name in a variable.
    return {step: given.get(step, given[None]) for step in shown_steps(flow)}


def progress_placeholders() -> set[str]:
    """Return the placeholders of the texts about the progress of a flow."""
    return {
        placeholder
        for given in calls(tree_of(MeteringHubConfigFlow), "async_show_progress")
        for placeholder in keys_of(given.get("description_placeholders"))
    }


def issue_placeholders(name: str, rest: list[str]) -> set[str]:
    """Return the placeholders of the text of an issue, or of a step of its flow."""
    match rest:
        case ["fix_flow", "step", step, *_] if name in QUESTION_FLOWS:
            return {
                placeholder
                for show in ("async_show_form", "async_show_menu")
                for arguments in flow_calls(QUESTION_FLOWS[name], show)
                if text_in(arguments["step_id"]) == step
                for placeholder in keys_of(arguments.get("description_placeholders"))
            }
    return {
        placeholder
        for keys, given, _ in _issue_calls()
        if name in keys
        for placeholder in given
    }


def given_placeholders(key: str) -> set[str]:
    """Return the placeholders that the code provides for a text."""
    match key.split("."):
        case ["entity", platform, name, "name"]:
            return {
                placeholder
                for point in points()
                if point.translation_key == name
                and platform_of(point).value == platform
                for placeholder in point.placeholders
            }
        case ["exceptions", name, "message"]:
            given = [
                set(error.translation_placeholders or ())
                for error in raised_by_backends()
                if error.translation_key == name
            ]
            given += [filled for refusal, filled in refusals() if refusal == name]
            # A placeholder that one of them does not provide would be shown in braces.
            return set.intersection(*given) if given else set()
        case ["issues", name, *rest]:
            return issue_placeholders(name, rest)
        case ["common", key] if key in QUESTION_TEXTS:
            return QUESTION_TEXTS[key]
        case ["config", "progress", _]:
            return progress_placeholders()
        case ["config", "step", step, *_]:
            return _step_placeholders(MeteringHubConfigFlow).get(step, set())
        case ["options", "step", step, *_]:
            return _step_placeholders(MeteringHubOptionsFlow).get(step, set())
    return set()


def test_placeholders_are_filled() -> None:
    wrong = {
        f"{key}: {sorted(unfilled)}"
        for key, text in texts("en").items()
        if (unfilled := placeholders(text) - given_placeholders(key))
    }
    assert not wrong, f"The code fills no such placeholders:{_lines(wrong)}"


def test_names_use_all_placeholders_of_their_points() -> None:
    wrong = {
        f"{point.key}: {sorted(point.placeholders)}"
        for point in points()
        if point.translation_key is not None
        and set(point.placeholders)
        != placeholders(
            texts("en").get(
                f"entity.{platform_of(point).value}.{point.translation_key}.name",
                "",
            )
        )
    }
    assert not wrong, f"The names of these points lack placeholders:{_lines(wrong)}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_keys(language: str) -> None:
    missing = texts("en").keys() - texts(language).keys()
    unused = texts(language).keys() - texts("en").keys()
    assert not missing, f"Translate in {language}.json:{_lines(missing)}"
    assert not unused, f"en.json has none of these of {language}.json:{_lines(unused)}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_placeholders(language: str) -> None:
    wrong = {
        f"{key}: {sorted(placeholders(english))}"
        for key, english in texts("en").items()
        if placeholders(texts(language).get(key, english)) != placeholders(english)
    }
    assert not wrong, f"Home Assistant drops these of {language}.json:{_lines(wrong)}"


RULES: Mapping[str, re.Pattern[str]] = {
    "is empty": re.compile(r"^\s*$"),
    "starts or ends with a blank": re.compile(r"^\s|\s$"),
    "has two blanks in a row": re.compile(r"\s\s"),
    "has HTML in it": re.compile(r"<[a-z/]", re.IGNORECASE),
    "has a URL in it: use a placeholder": re.compile(
        r"\b(?:https?|ftps?|mqtts?|wss?)://|\bwww\.", re.IGNORECASE
    ),
    "has a placeholder in single quotes": re.compile(r"'\{\w+\}'"),
    "has a reference, which custom integrations cannot": re.compile(r"\[%|%\]"),
    "has a placeholder that is no name": re.compile(r"\{(?![A-Za-z_]\w*\})"),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_well_formed(language: str, rule: str) -> None:
    wrong = {key for key, text in texts(language).items() if RULES[rule].search(text)}
    assert not wrong, f"This text of {language}.json {rule}:{_lines(wrong)}"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (" ", "is empty"),
        ("Name ", "starts or ends with a blank"),
        ("A  name", "has two blanks in a row"),
        ("A <b>name</b>", "has HTML in it"),
        ("See https://host", "has a URL in it: use a placeholder"),
        ("See www.host.nl", "has a URL in it: use a placeholder"),
        ("The '{name}'", "has a placeholder in single quotes"),
        ("[%key:common::ok%]", "has a reference, which custom integrations cannot"),
        ("The {0}", "has a placeholder that is no name"),
    ],
)
def test_rules_catch_what_they_are_for(text: str, rule: str) -> None:
    assert RULES[rule].search(text)
