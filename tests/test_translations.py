"""Every text that the code uses exists in every language, and no other text does.

Forms, points and errors are made as at runtime. Keys that only appear inside of
functions are read from the source code.
"""

import ast
import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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

from custom_components.metering_hub import CONTROL_PLATFORMS
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
    SHOWN_MESSAGES,
    BackendError,
    RateLimitedError,
    Reason,
    RejectedError,
    UnsupportedError,
)
from custom_components.metering_hub.backends.milesight.known_names import (
    KNOWN_NAMES,
    known_states,
)
from custom_components.metering_hub.backends.milesight.library_names import (
    PLACEHOLDER,
    Form,
    KnownName,
)
from custom_components.metering_hub.backends.milesight.models import Object
from custom_components.metering_hub.backends.milesight.state_words import (
    CHOICE,
    STATE_KEYS,
)
from custom_components.metering_hub.config_flow import (
    MeteringHubConfigFlow,
    MeteringHubOptionsFlow,
)
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.control import ATTR_DELIVERY, NAMED_BY_SERVER
from custom_components.metering_hub.dashboard import source_names
from custom_components.metering_hub.errors import (
    HistoryError,
    IncompleteError,
    as_action_error,
    as_update_error,
    error_placeholders,
)
from custom_components.metering_hub.failures.kinds import FAILURES
from custom_components.metering_hub.flow.data_quality import data_quality_schema
from custom_components.metering_hub.flow.device_settings import (
    FLAG_NAMES,
    device_schema,
    group_schema,
)
from custom_components.metering_hub.flow.form_errors import form_key, form_placeholders
from custom_components.metering_hub.flow.forms import fields_schema
from custom_components.metering_hub.flow.own_currency import own_currency_schema
from custom_components.metering_hub.flow.point_settings import (
    AUTOMATIC,
    KIND_NAMES,
    KINDS,
    LEVEL_ROLES,
    QUANTITIES,
    QUANTITY_NAMES,
    ROLE_NAMES,
    ROLES,
    UNIT_NAMES,
    choices_errors,
    choices_schema,
    points_schema,
)
from custom_components.metering_hub.flow.selection_form import (
    name_field,
    selection_errors,
    selection_schema,
)
from custom_components.metering_hub.flow.tariff_forms import (
    MONTH_NAMES,
    MONTHS,
    PRICE_TYPE_NAMES,
    ROLE_NAMES as TARIFF_ROLE_NAMES,
    RULE_NAMES as PRICE_RULE_NAMES,
    SURCHARGE_NAMES,
    SURCHARGE_TYPE_NAMES,
    WEEKDAY_NAMES,
    basics_schema,
    price_schema,
    surcharges_schema,
)
from custom_components.metering_hub.flow.tariff_targets import TariffTargets
from custom_components.metering_hub.frontend import STRATEGY
from custom_components.metering_hub.history import scope as history_scope
from custom_components.metering_hub.history.attributes import (
    missing_attributes,
    quality_attributes,
)
from custom_components.metering_hub.history.joining.plan import CostRefusal, Refusal
from custom_components.metering_hub.history.news.events import HistoryEventType
from custom_components.metering_hub.history.progress import STATES, Progress
from custom_components.metering_hub.history.recorder.joined import Seam
from custom_components.metering_hub.history.statistic import Scope
from custom_components.metering_hub.identifiers import (
    DATA_QUALITY_KEY,
    HISTORY_EVENTS_KEY,
    HISTORY_IMPORT_KEY,
    MISSING_HOURS_KEY,
    OWN_KEYS,
    UPDATE_MODE_KEY,
    platform_of,
)
from custom_components.metering_hub.live.push import UpdateMode
from custom_components.metering_hub.live.sent_values import Delivery
from custom_components.metering_hub.metering.data_quality import RULE_NAMES, WarningRule
from custom_components.metering_hub.metering.inventory import (
    Composite,
    CompositePlatform,
    Inventory,
    Part,
)
from custom_components.metering_hub.metering.model import Device, Kind, Point, Quantity
from custom_components.metering_hub.metering.point_settings import (
    NO_ROLE,
    PointSettings,
)
from custom_components.metering_hub.metering.register_rules import (
    RULES as READING_RULES,
    Severity,
)
from custom_components.metering_hub.metering.setting_values import (
    OFF,
    ON,
    SettingProblem,
)
from custom_components.metering_hub.prices.maths.tariff import TariffRole
from custom_components.metering_hub.prices.price_actions import PRICE_ACTIONS
from custom_components.metering_hub.prices.source_issues import SourceProblem
from custom_components.metering_hub.prices.sources import OFFER_NAMES
from custom_components.metering_hub.prices.stored import (
    AMOUNT,
    CONF_PRICE_TYPE,
    CONF_RULES,
    CONF_SURCHARGES,
    FOR_METERS,
    PERCENT,
    WEEKDAYS,
    PriceType,
)
from custom_components.metering_hub.prices.tariff_issues import TariffProblem
from custom_components.metering_hub.questions import (
    tariff_words,
    words as question_words,
)
from custom_components.metering_hub.questions.older_history import (
    OlderHistoryFlow,
    older_history_errors,
    older_history_schema,
)
from custom_components.metering_hub.questions.repair_flows import (
    ContradictedFlow,
    UndecidedFlow,
)
from custom_components.metering_hub.questions.settings_steps import SENDING_KEYS
from custom_components.metering_hub.questions.tariff_flow import TariffFlow
from custom_components.metering_hub.repairs import ReplaceSourcesFlow
from custom_components.metering_hub.sensor import COST_SENSOR_KEYS, HISTORY_SENSORS
from custom_components.metering_hub.sensor.cost_sensors import COST_SENSORS
from custom_components.metering_hub.system_health import system_health_info
from homeassistant.config_entries import ConfigFlow
from homeassistant.const import Platform
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict

from .backends.milesight.library import (
    Rows as MilesightRows,
    captured,
    library,
    rows_of,
)

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "metering_hub"
TRANSLATIONS = INTEGRATION / "translations"
LANGUAGES = sorted(file.stem for file in TRANSLATIONS.glob("*.json"))

FORM_PLACEHOLDERS = {*form_placeholders(BACKENDS["besmart"])}
"""What every form about a server can say."""

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
    """Yield real servers, and whatever has a name in all languages in all its forms.

    The words of the server among the options are not translated.
    """
    every_form = _milesight_rows(
        row
        for known in KNOWN_NAMES
        for form in sorted(known.forms)
        for row in _known_rows(known, form)
    )
    choices = _milesight_rows(
        _milesight_row("choice", "Choice", "LONG", access, sorted(STATE_KEYS))
        for access in ("R", "RW")
    )
    for rows in (captured(), library(), every_form, choices):
        found = rows.catalogue.inventory
        points = {
            key: replace(point, options=_translated_options(point))
            for key, point in found.points.items()
        }
        yield replace(found, points=points)


def _translated_options(point: Point) -> tuple[str, ...] | None:
    if point.options is None:
        return None
    key = point.translation_key
    states = STATE_KEYS if key == CHOICE else known_states(key)
    return tuple(option for option in point.options if option in states)


def _known_rows(known: KnownName, form: Form) -> Iterator[Object]:
    """Yield entities with a known name that are shown in one form."""
    identifier = PLACEHOLDER.sub("1", known.identifier)
    name = PLACEHOLDER.sub("1", known.names[0])
    labels = sorted(known.states) if form in (Form.SENSOR, Form.SELECT) else []
    access = "R" if form in (Form.SENSOR, Form.BINARY_SENSOR) else "RW"
    value_type = "LONG"
    if form is Form.SELECT and not labels:
        labels = ["any"]
    if form in (Form.SWITCH, Form.BINARY_SENSOR):
        value_type = "BOOLEAN"
    elif form is Form.BUTTON:
        access, labels = "W", ["yes"]
    yield _milesight_row(identifier, name, value_type, access, labels) | {
        "entity_type": "SERVICE" if form is Form.BUTTON else "PROPERTY"
    }


def _milesight_row(
    identifier: str, name: str, value_type: str, access: str, labels: Sequence[str]
) -> Object:
    return {
        "entity_key": identifier,
        "entity_name": name,
        "entity_type": "PROPERTY",
        "entity_value_type": value_type,
        "entity_access_mod": access,
        "entity_value_attribute": {
            "enum": {str(number): label for number, label in enumerate(labels)}
        },
    }


def _milesight_rows(entities: Iterable[Object]) -> MilesightRows:
    """Return a server on which each entity has a device of its own."""
    devices: list[Object] = []
    rows: list[Object] = []
    for number, entity in enumerate(entities, start=1):
        key = f"milesight-gateway.device.{number}"
        devices.append({"id": str(number), "key": key, "name": f"Device {number}"})
        status = _milesight_row("@status", "Status", "STRING", "R", [])
        for row in (entity, status):
            rows.append(
                row
                | {
                    "entity_id": str(len(rows)),
                    "entity_key": f"{key}.{row['entity_key']}",
                }
            )
    return rows_of(devices, rows)


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


def composites() -> Iterator[Composite]:
    """Yield every possible composite, many of them more than once."""
    for inventory in inventories():
        yield from inventory.composites.values()


FAN_MODES = frozenset({"auto", "on", "off", "low", "medium", "high"})
"""The modes of fans that Home Assistant translates."""


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
    """Return the constant keys of a dict display, and those of all forms in it."""
    match node:
        case ast.Dict(keys=keys):
            found = {text for key in keys if (text := text_in(key)) is not None}
            is_spread = any(call_nodes(node, form_placeholders.__name__))
            return found | (FORM_PLACEHOLDERS if is_spread else set())
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


POINT = Point(key="key", device_key="site", quantity=Quantity.OTHER, kind=Kind.REGISTER)


def _selection_schema(spec: BackendSpec) -> vol.Schema:
    undecided = frozenset(field.name for field in spec.setup_fields)
    meters = frozenset({"one", "another"})
    inventory = Inventory({}, {}, undecided, grid_candidates=meters)
    return selection_schema(spec, inventory, {}, {})


def _forms(flow: type, step: str) -> list[vol.Schema]:
    """Return the forms that a step of a flow can show."""
    if step in BACKENDS:
        return [fields_schema(BACKENDS[step].fields)]
    if step in ("reauth_confirm", "reconfigure"):
        return [fields_schema(spec.fields) for spec in BACKENDS.values()]
    if step == "selection":
        name = name_field("") if flow is MeteringHubConfigFlow else {}
        return [_selection_schema(spec).extend(name) for spec in BACKENDS.values()]
    if step == "points":
        return [points_schema({"key": "Name"}, {"key": "Name"}, {})]
    if step == "point":
        return [
            choices_schema(each, PointSettings(), has_kind=True, has_factor=True)
            for each in (POINT, replace(POINT, writable=True))
        ]
    own = {
        "data_quality": data_quality_schema({}),
        "prices": own_currency_schema({}),
        "device_settings": device_schema({}),
        "device_settings_group": group_schema({}),
        "older_history": _older_history_schema(),
        "older_history_preview": vol.Schema({}),
    }
    if step in own:
        return [own[step]]
    # The fields of a group of settings are named as on the server.
    if step in ("discover", "device_settings_values"):
        return []
    raise AssertionError(f"This test does not know step {step}: teach it its form.")


def _older_history_schema() -> vol.Schema:
    """Return the form about older history, of an entry that has joined some."""
    scope = Scope(points=[], prefix="", names={}, start=None)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    joined = {"metering_hub:a": Seam("sensor.old", moment, moment)}
    return older_history_schema(scope, joined)


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
    "init": (
        *("selection", "points", "data_quality", "older_history"),
        *("prices", "device_settings"),
    ),
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
            item for form in _forms(flow, step) for item in schema_fields(form).items()
        ):
            place = f"{step}.sections.{name}" if name else step
            if name:
                wanted.required.add(f"{place}.name")
                wanted.optional.add(f"{place}.description")
            for kind, shown in product(("data", "data_description"), fields):
                wanted.required.add(f"{place}.{kind}.{shown}")
    return wanted


TARGETS = TariffTargets(
    points={
        "gas": Point(
            key="gas",
            device_key="site",
            quantity=Quantity.GAS,
            kind=Kind.REGISTER,
            unit="m³",
            tariff_number=1,
            has_history=True,
        )
    },
    names={"gas": "Gas"},
    currency="EUR",
    zone=UTC,
)
"""Points for which the forms of a tariff have every field."""


def _basics_form(*, has_copies: bool) -> vol.Schema:
    copies = {"id": "Name"} if has_copies else {}
    return basics_schema(TARGETS, {}, start="", copies=copies, actions={"a": "A"})


def _tariff_forms() -> Mapping[str, list[vol.Schema]]:
    """Return the forms that the steps of a tariff can show."""
    data = [
        {CONF_PRICE_TYPE: each, "applies_to": FOR_METERS, "meters": ["gas"]}
        for each in PriceType
    ]
    return {
        "user": [_basics_form(has_copies=True)],
        "reconfigure": [_basics_form(has_copies=False)],
        "price": [price_schema(TARGETS, each, {"a": "A"}, {}) for each in data],
        "surcharges": [surcharges_schema(each, {}) for each in data],
        "calculation": [vol.Schema({})],
        "preview": [vol.Schema({})],
    }


def tariff_steps() -> Wanted:
    """Return the texts of the steps of a tariff."""
    wanted = Wanted()
    for step, forms in _tariff_forms().items():
        wanted.required.add(f"{step}.title")
        wanted.optional |= {f"{step}.description", f"{step}.submit"}
        wanted.required |= {
            f"{step}.{kind}.{name}"
            for form in forms
            for kind, name in product(
                ("data", "data_description"), schema_fields(form)[None]
            )
        }
    return wanted


def tariff_errors() -> set[str]:
    """Return the errors of the forms of a tariff.

    Those of forms are in dicts, and those of the sources of prices are returned.
    """
    found = {"same_beginning"}
    tree = tree_of(INTEGRATION / "flow" / "tariff_input.py")
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            found |= {text for each in node.values if (text := text_in(each))}
    sources = ast.walk(tree_of(INTEGRATION / "prices" / "sources.py"))
    for function in sources:
        if isinstance(function, ast.FunctionDef) and function.name.endswith("_error"):
            returned = (n for n in ast.walk(function) if isinstance(n, ast.Return))
            inside = (each for node in returned for each in ast.walk(node))
            found |= {text for each in inside if (text := text_in(each))}
    return found


def _list_fields() -> Iterator[str]:
    """Yield the texts of the fields of the lists in the forms of a tariff."""
    shown = {
        PRICE_RULE_NAMES: (CONF_RULES, "price"),
        SURCHARGE_NAMES: (CONF_SURCHARGES, "surcharges"),
    }
    for names, (field_name, step) in shown.items():
        for form in _tariff_forms()[step]:
            if (selector := form.schema.get(field_name)) is not None:
                for each in selector.config["fields"]:
                    yield from (
                        f"{names}.fields.{each}.{text}"
                        for text in ("name", "description")
                    )


TARIFF_CHOICES: Mapping[str, Iterable[str]] = {
    TARIFF_ROLE_NAMES: (*TariffRole, FOR_METERS),
    PRICE_TYPE_NAMES: tuple(PriceType),
    SURCHARGE_TYPE_NAMES: (AMOUNT, PERCENT),
    WEEKDAY_NAMES: WEEKDAYS,
    MONTH_NAMES: MONTHS,
}
"""What the user can choose in the forms of a tariff."""


def unsupported_reasons() -> set[str]:
    """Return the reasons that backends give for not supporting a server."""
    return {
        Reason[arguments["reason"].attr].value
        for file in source_files(INTEGRATION / "backends")
        for arguments in calls(tree_of(file), UnsupportedError.__name__)
        if isinstance(arguments["reason"], ast.Attribute)
    }


def kinds[Error: Exception](base: type[Error]) -> Iterator[type[Error]]:
    """Yield a class of errors, and all of the integration that are derived from it."""
    yield base
    for kind in base.__subclasses__():
        if kind.__module__.startswith("custom_components."):
            yield from kinds(kind)


DEVELOPERS = "GET /application/version: ClientConnectorError"
"""The text of an error that only developers may see."""


def errors() -> list[BackendError]:
    """Return an error of every kind that a backend can raise, and of each reason."""
    return [
        *(
            kind(DEVELOPERS)
            for kind in kinds(BackendError)
            if not issubclass(kind, UnsupportedError)
        ),
        *(
            (RejectedError if reason in SHOWN_MESSAGES else BackendError)(
                DEVELOPERS, reason=reason
            )
            for reason in Reason
        ),
        RateLimitedError(DEVELOPERS, retry_after=60),
    ]


def history_errors() -> list[HistoryError]:
    """Return an error of every kind that an import can fail with."""
    return [
        IncompleteError(DEVELOPERS, "Gas")
        if kind is IncompleteError
        else kind(DEVELOPERS)
        for kind in kinds(HistoryError)
    ]


def form_texts() -> dict[str, set[str]]:
    """Return what forms say about errors: the placeholders by key."""
    return {
        form_key(error, spec): {*FORM_PLACEHOLDERS, *error_placeholders(error)}
        for error in errors()
        for spec in BACKENDS.values()
    }


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
        | {f"{FLAG_NAMES}.options.{choice}" for choice in (ON, OFF)}
        | {
            f"{names}.options.{choice}"
            for names, choices in TARIFF_CHOICES.items()
            for choice in choices
        }
        | {*_list_fields()},
        # That each offer has a name is tested with the actions.
        {
            f"{OFFER_NAMES}.options.{row}{vat}"
            for row in PRICE_ACTIONS
            for vat in ("", "_with_vat", "_without_vat")
        },
    )


POINT_CHOICES: Mapping[str, tuple[str, ...]] = {
    KIND_NAMES: (*KINDS, Kind.UNDECIDED),
    QUANTITY_NAMES: QUANTITIES,
    ROLE_NAMES: (NO_ROLE, *ROLES, *LEVEL_ROLES),
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
            if point.name is None:
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
    wanted.required |= {
        f"{platform.value}.{NAMED_BY_SERVER}.state_attributes.{ATTR_DELIVERY}.{text}"
        for platform in CONTROL_PLATFORMS
        if platform not in (Platform.BUTTON, Platform.CLIMATE, Platform.VALVE)
        for text in ("name", *(f"state.{each.value}" for each in Delivery))
    }
    for composite in composites():
        if composite.translation_key is not None:
            place = f"{composite.platform.value}.{composite.translation_key}"
            wanted.required.add(f"{place}.name")
        own_words = set(composite.words.get(Part.FAN_MODE, {}).values()) - FAN_MODES
        wanted.required |= {
            f"climate.thermostat.state_attributes.fan_mode.state.{word}"
            for word in own_words
        }
    for platform in Platform:
        for file in files_of(platform):
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
    **{each.key: frozenset({"unpriced_hours.name"}) for each in COST_SENSORS},
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
    HISTORY_IMPORT_KEY: frozenset(
        {
            "state.name",
            *(f"state.state.{state}" for state in STATES),
            "unpriced_hours.name",
            "unpriced_hours_by_meter.name",
        }
    ),
}
"""The attributes of these entities that have a text, and the texts of their values."""


def files_of(platform: Platform) -> list[Path]:
    """Return the files of a platform, which may be a folder."""
    folder = INTEGRATION / platform.value
    return [*INTEGRATION.glob(f"{platform.value}.py"), *sorted(folder.glob("*.py"))]


def own_translation_keys(file: Path) -> Iterator[str]:
    """Yield the keys of the entities that are not made from a point.

    The code contains them as a text or as the name of a constant, or in a table.
    """
    if file.stem in CompositePlatform:
        return
    if file.stem == "entry_sensors":
        yield from (each.key for each in HISTORY_SENSORS)
    if file.stem == "cost_sensors":
        yield from COST_SENSOR_KEYS
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
                place = file.relative_to(INTEGRATION).with_suffix("").parts
                module = import_module(".".join(("custom_components", DOMAIN, *place)))
                yield getattr(module, constant)


def raised_by_backends() -> Iterator[HomeAssistantError]:
    """Yield the errors that Home Assistant shows for those of backends and history."""
    for error in (*errors(), *history_errors()):
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
    "left_out": lambda: {"meters_left_out", "gas_left_out"},
    "failures": lambda: {failure.key for failure in FAILURES},
    "source_issues": lambda: {*SourceProblem},
    "tariff_issues": lambda: {*TariffProblem},
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
            if key is None and file.stem == "left_out":
                reasons = sorted(abort_reasons(ReplaceSourcesFlow))
                parts += tuple(f"fix_flow.abort.{reason}" for reason in reasons)
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
TARIFF_NAMES = ("low", "normal")
"""What DSMR-reader calls its tariffs, which is also tested with its points."""


def dashboard_texts() -> set[str]:
    """Return the common texts that the dashboard strategy asks the browser for."""
    script = STRATEGY.read_text(encoding="utf-8")
    asked = re.findall(
        r'\btext\("(\w+)"|TEXTS\}(\w+)`|graph\w*\(title\("(\w+)"\)', script
    )
    return {f"dashboard_{key}" for found in asked for key in found if key}


def dashboard_placeholders(key: str) -> set[str]:
    """Return the placeholders that the dashboard strategy fills into a text."""
    script = STRATEGY.read_text(encoding="utf-8")
    filled = re.findall(r'\btext\("(\w+)", \{ (\w+):', script)
    return {placeholder for text, placeholder in filled if f"dashboard_{text}" == key}


def common() -> Wanted:
    """Return the texts that the code loads itself."""
    asking = {
        file
        for file in source_files()
        for call in call_nodes(tree_of(file), ASKS_FOR_TEXTS)
        if "common" in map(text_in, call.args)
    }
    known = (history_scope, question_words, source_names)
    assert asking == {Path(inspect.getfile(module)) for module in known}, (
        f"{asking} ask for common texts: teach this test which."
    )
    texts = Mock()
    texts.get.side_effect = lambda key, default: default
    hass = Mock()
    hass.config_entries.async_entries.return_value = []
    entry = Mock(title="Title", data={"backend": "any"})
    with (
        patch.object(
            history_scope, ASKS_FOR_TEXTS, AsyncMock(return_value=texts)
        ) as ask,
        patch.object(entity_registry, "async_get"),
        # It does not wait for anything, so one step completes it.
        suppress(StopIteration),
    ):
        history_scope._names(hass, entry, [], []).send(None)
    assert ask.call_args.args[2:] == ("common", {DOMAIN})
    prefix = f"component.{DOMAIN}.common."
    asked = {str(call.args[0]) for call in texts.get.call_args_list}
    assert all(key.startswith(prefix) for key in asked)
    return Wanted(
        {key.removeprefix(prefix) for key in asked}
        | QUESTION_TEXTS.keys()
        | TARIFF_TEXTS.keys()
        | {f"tariff_{name}" for name in TARIFF_NAMES}
        | dashboard_texts()
        | {refusal.value for refusal in CostRefusal}
    )


TARIFF_TEXTS: Mapping[str, set[str]] = {
    **{
        text: set()
        for name, text in vars(tariff_words).items()
        if name.startswith("PREVIEW_")
    },
    tariff_words.PREVIEW_FAILED: {"reason"},
    tariff_words.PREVIEW_FIXED: {"cost"},
    tariff_words.PREVIEW_OTHERS: {"hours"},
    tariff_words.PREVIEW_PAST: {"hours"},
    tariff_words.PREVIEW_SPAN: {"first", "last"},
    tariff_words.PREVIEW_SURCHARGE: {"number"},
    tariff_words.PREVIEW_UNPRICED: {"hours"},
}
"""The texts of the preview of a tariff, and what is filled into them."""


QUESTION_TEXTS: Mapping[str, set[str]] = {
    question_words.COPY: set(),
    question_words.NO_VALUES: set(),
    question_words.NOTHING_RECORDED: set(),
    question_words.RECORDED_HOURS: {"statistic", "hours", "first", "last"},
    question_words.OLDER_ADVANCE: {"advance"},
    question_words.OLDER_COST: {"statistic", "hours", "total"},
    question_words.OLDER_FALLS: {"falls"},
    question_words.OLDER_GAP: {"hours"},
    question_words.OLDER_HOURS: {"hours", "first", "last", "total"},
    question_words.OLDER_OWN: {"state"},
    question_words.OLDER_SEAM: {"seam"},
    question_words.OLDER_STATE: {"state"},
    question_words.OLDER_UNIT: {"before", "after"},
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
        form_texts().keys() | form_errors(selection_errors) | setup_errors()
    ),
    "config.abort": lambda: Wanted(abort_reasons(MeteringHubConfigFlow)),
    "options.step": lambda: flow_steps(MeteringHubOptionsFlow),
    # If setup fields are filled in, they are checked on the server here, too.
    "options.error": lambda: Wanted(
        form_texts().keys()
        | form_errors(selection_errors)
        | form_errors(choices_errors)
        | {*SENDING_KEYS.values()}
        | form_errors(OlderHistoryFlow)
        | form_errors(older_history_errors)
        | {"older_required", *(refusal.value for refusal in Refusal)}
        | {problem.value for problem in SettingProblem}
        | setup_errors()
    ),
    "options.abort": lambda: Wanted(abort_reasons(MeteringHubOptionsFlow)),
    "config_subentries.tariff.entry_type": _plain({""}),
    "config_subentries.tariff.initiate_flow": _plain({"user", "reconfigure"}),
    "config_subentries.tariff.step": tariff_steps,
    "config_subentries.tariff.progress": _plain({"preview"}),
    "config_subentries.tariff.error": lambda: Wanted(tariff_errors()),
    "config_subentries.tariff.abort": lambda: Wanted(
        abort_reasons(TariffFlow) - {"reauth_successful"}
    ),
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
        *("device_settings_group", "device_settings_values"),
        "older_history_preview",
    }


def test_steps_of_a_tariff_are_found() -> None:
    assert shown_steps(TariffFlow) == _tariff_forms().keys()


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
        for file in files_of(platform)
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


WORDED_TEXTS: Mapping[str, set[str]] = {
    **QUESTION_TEXTS,
    **TARIFF_TEXTS,
}
"""The placeholders of texts that the code fills in itself, by key."""


def sending_placeholders(key: str) -> set[str]:
    """Return the placeholders of what a form says about values that were refused."""
    return {
        placeholder
        for reason, shown in SENDING_KEYS.items()
        if shown == key
        for placeholder in error_placeholders(RejectedError("why", reason=reason))
    }


FLOWS: Mapping[str, type] = {
    "config": MeteringHubConfigFlow,
    "options": MeteringHubOptionsFlow,
}


def tariff_placeholders(part: str, name: str) -> set[str]:
    """Return the placeholders of a text about tariffs: of a step, or of an error.

    The only error of the first step alone is that of two equal tariffs.
    """
    given = _step_placeholders(TariffFlow)
    if part == "step":
        return given[name]
    if part != "error":
        return set()
    steps = {"user"} if name == "same_beginning" else {"user", "price"}
    return set.intersection(*(given[step] for step in steps))


def flow_placeholders(place: str, part: str, name: str) -> set[str]:
    """Return the placeholders of a text of a flow: an error, progress or a step."""
    if part == "error":
        return form_texts().get(name, set()) | sending_placeholders(name)
    if part == "progress":
        return progress_placeholders()
    return (
        _step_placeholders(FLOWS[place]).get(name, set()) if part == "step" else set()
    )


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
            } | {
                placeholder
                for composite in composites()
                if composite.translation_key == name
                and composite.platform.value == platform
                for placeholder in composite.placeholders
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
        case ["common", key]:
            return WORDED_TEXTS.get(key, set()) | dashboard_placeholders(key)
        case ["config" | "options" as place, part, name, *_]:
            return flow_placeholders(place, part, name)
        case ["config_subentries", "tariff", part, name, *_]:
            return tariff_placeholders(part, name)
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


def test_languages_are_those_that_the_docs_promise() -> None:
    """A file that is lost, or one more that nobody keeps, would not be noticed."""
    eleven = {"cs", "da", "de", "en", "es", "fr", "it", "nl", "pl", "pt", "sv"}
    assert set(LANGUAGES) == eleven
    assert "in eleven languages" in (ROOT / "README.md").read_text(encoding="utf-8")


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


def test_no_text_of_developers_is_shown() -> None:
    """Only names, numbers and a server's own words about a value fill a text."""
    shown = texts("de")
    for error in (*errors(), *history_errors()):
        raised = as_action_error(error)
        text = shown[f"exceptions.{raised.translation_key}.message"]
        given = raised.translation_placeholders or {}
        is_of_server = getattr(error, "reason", None) in SHOWN_MESSAGES
        assert (DEVELOPERS in text.format(**given)) is is_of_server, error
        for word in ("GET ", "Error", "Exception", "None"):
            assert is_of_server or word not in text.format(**given), (error, word)


def test_rejections_have_words_of_the_server() -> None:
    """What the integration itself refuses has a reason, and no message for people."""
    for file in source_files(INTEGRATION / "backends"):
        for node in call_nodes(tree_of(file), RejectedError.__name__):
            has_reason = any(keyword.arg == "reason" for keyword in node.keywords)
            is_literal = bool(node.args) and isinstance(
                node.args[0], ast.Constant | ast.JoinedStr
            )
            assert has_reason or not is_literal, f"{file.name}:{node.lineno}"


HOME_ASSISTANT_ERRORS = frozenset(
    {
        *("ConfigEntryAuthFailed", "ConfigEntryError", "ConfigEntryNotReady"),
        *("HomeAssistantError", "PlatformNotReady", "ServiceNotSupported"),
        *("ServiceValidationError", "UpdateFailed"),
    }
)


def test_every_error_that_is_raised_can_be_translated() -> None:
    """The quality scale's action-exceptions and exception-translations."""
    bare = {
        f"{file.relative_to(INTEGRATION)}:{node.lineno}"
        for file in source_files()
        for name in HOME_ASSISTANT_ERRORS
        for node in call_nodes(tree_of(file), name)
        if "translation_key" not in {keyword.arg for keyword in node.keywords}
    }
    assert not bare, f"Give these a translation key:{_lines(bare)}"
