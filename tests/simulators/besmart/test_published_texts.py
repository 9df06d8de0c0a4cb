"""The simulator held against the vendor's published texts, field by field.

The tables list each field and each parameter of the description 0.1.5 (2021), and those
of the later ones as far as docs/wire/besmart.md knows them. Nothing of the texts may be
missing in the tables, nothing of the tables in the simulator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from simulators.besmart import CLIENT, HOUSE_MID, INVERTER_MID, Revision
from simulators.besmart.signal_types import UNITS
from simulators.faults import Json

from .conftest import NOW, BesmartApi, Reply, ms

type Types = Mapping[str, type | tuple[type, ...]]
"""The types of fields by name; every field may be null ("always attached")."""

NUMBER = (int, float)
ANY = (str, int, float)
DAY = timedelta(days=1)
SENSOR = f"sensors/{CLIENT}.{HOUSE_MID}"
DATA = f"{SENSOR}/signals/32/data"
SPAN = {"since": ms(NOW - DAY), "till": ms(NOW + DAY)}
ITEM: dict[str, Json] = {
    "client_cid": CLIENT,
    "sensor_mid": HOUSE_MID,
    "signal_type_moid": 32,
    **SPAN,
}
BATCHES = ("sensors/signals/data", "sensors/signals/data/v2")

_SENSOR_ROW: Types = {
    "address_city": str,
    "address_flat_number": str,
    "address_postcode": str,
    "address_street": str,
    "address_street_number": str,
    "client_cid": int,
    "sensor_mid": int,
    "ppe": str,
    "lat": NUMBER,
    "lon": NUMBER,
    "name": str,
    "owner": bool,
    "sensor_eid": str,
    "sensor_type_description": str,
    "sensor_type_id": int,
    "sensor_type_name": str,
    "write": bool,
}
_PROBLEM: Types = {"detail": str, "status": int, "title": str, "type": str}
_DATA: Types = {
    "client_cid": int,
    "sensor_mid": int,
    "signal_type_moid": int,
    "unit": str,
}
_TYPE: Types = {
    "signal_type_moid": int,
    "symbol": str,
    "description": str,
    "unit_id": int,
    "unit_symbol": str,
    "group_id": int,
    "group": str,
    "obis_mapping": str,
    "chart_expected_unit": str,
    "keep_prefix": bool,
}


@dataclass(frozen=True, slots=True)
class Text:
    """The fields of an answer in a published text; `body` makes it a POST request."""

    edition: str
    path: str
    fields: Types
    body: Json = None
    query: Mapping[str, int] = field(default_factory=dict)
    status: int = 200

    def __str__(self) -> str:
        """Return the name of the test."""
        return f"{self.edition} {self.path} {self.status}"


ANSWERS = (
    Text(
        "2021",
        "workspaces",
        {
            "config": str,
            "descritpion": str,
            "id": int,
            "name": str,
            "owner": bool,
            "root_node_id": int,
            "client_cid": int,
            "sensor_mid": int,
            "write": bool,
        },
    ),
    Text("2021", "workspaces", _PROBLEM, status=401),
    Text("2021", "sensors/find", _SENSOR_ROW),
    Text("2021", "sensors/find", _PROBLEM, status=401),
    Text("2021", "sensors/external", _SENSOR_ROW, body=["48003752B205900001"]),
    Text("2021", "sensors/external", _PROBLEM, body=["1"], status=401),
    Text("2021", "sensors/signals/types", {**_TYPE, "is_incremental": bool}),
    Text("2021", DATA, {**_DATA, "data": list}, query=SPAN),
    Text("2021", DATA, _PROBLEM, query=SPAN, status=401),
    Text(
        "2026",
        "users/token",
        {
            "account_status": str,
            "expiration": NUMBER,
            "token": str,
            "user_id": int,
        },
    ),
    Text(
        "2026",
        SENSOR,
        {
            "info": str,
            "comments": str,
            "client_cid": int,
            "sensor_mid": int,
            "lat": NUMBER,
            "lon": NUMBER,
            "name": str,
            "sensor_eid": str,
            "sensor_type_description": str,
            "sensor_type_id": int,
            "sensor_type_name": str,
            "write": bool,
            "execute": bool,
            "negligible": bool,
            "uncertain": bool,
        },
    ),
    Text(
        "2026",
        "sensors/types",
        {
            "description": str,
            "id": int,
            "name": str,
            "is_system_type": bool,
            "sensor_state_custom_fields": str,
            "sensor_custom_fields": str,
        },
    ),
    Text(
        "2026",
        "sensors/states",
        {
            "sensor_state_id": int,
            "client_cid": int,
            "sensor_mid": int,
            "since": str,
            "till": str,
            "meter_eid": ANY,
            "info": str,
            "meter_type_id": int,
            "meter_type_name": str,
            "meter_type_is_ami": bool,
            "meter_type_is_dcu": bool,
            "signal_states": list,
        },
    ),
    Text(
        "2026",
        "sensors/signals/types",
        {
            **_TYPE,
            "is_measurement": bool,
            "time_series_type": int,
            "apply_multiplier": bool,
            "apply_current_ratio": bool,
            "apply_voltage_ratio": bool,
            "draw_chart": bool,
            "data_model_type": int,
            "chart_expected_summary": list,
            "columns": dict,
            "payload_mapping": dict,
        },
    ),
    *(
        Text(
            "2026",
            path,
            {
                **_DATA,
                "data": dict,
                "time_tstorage": NUMBER,
                "time_other": NUMBER,
            },
            body=body,
            query=query,
        )
        for path, body, query in (
            (DATA, None, SPAN),
            *((path, [ITEM], {}) for path in BATCHES),
        )
    ),
    Text(
        "2026",
        f"{SENSOR}/signals/cap",
        {
            "cap_max": int,
            "client_cid": int,
            "sensor_mid": int,
            "signal_origin_id": int,
            "signal_type_moid": int,
        },
        query={"signal_type_moid": 32},
    ),
    Text("2026", "sensors/states", {"detail": str}, status=401),
)
SAMPLE: Types = {"time": int, "value": ANY, "type": str, "origin": int}
LATER_COLUMNS: Types = {
    "lower_prediction_bound": NUMBER,
    "upper_prediction_bound": NUMBER,
    "original_acq": NUMBER,
    "com": int,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, a value with which the answer differs, and one that is refused.

    `is_unused` are those whose meaning no text tells: they change nothing.
    """

    edition: str
    path: str
    name: str
    value: int | str
    bad: str | None = "x"
    is_required: bool = False
    is_unused: bool = False


_MW_H = UNITS["MW.h"].number if "MW.h" in UNITS else 0
_OF_DATA = (
    ("since", ms(NOW - 2 * DAY), True),
    ("till", ms(NOW), True),
    ("delta_t", 60, False),
    ("raw", "true", False),
    ("output_unit_id", _MW_H, False),
    ("signal_origin_id", 2, False),
)
PARAMETERS = (
    Parameter("2021", "sensors/find", "client_cid", 1),
    Parameter("2021", "sensors/find", "sensor_type_id", 5),
    Parameter("2021", "sensors/find", "name", "dom", bad=None),
    Parameter("2021", "sensors/find", "columns", "name", bad=None),
    Parameter("2021", "sensors/find", "meter_eid", "SUN-7", bad=None),
    *(
        Parameter(edition, DATA, name, value, is_required=is_required)
        for edition in ("2021", "2026")
        for name, value, is_required in _OF_DATA
    ),
    Parameter("2026", DATA, "get_last", "true"),
    Parameter("2026", DATA, "is_chart", "true"),
    Parameter("2026", DATA, "apply_multiplier", "false"),
    Parameter("2026", DATA, "filters", "x", bad=None, is_unused=True),
    Parameter("2026", DATA, "time_series_type", 1, bad=None, is_unused=True),
    Parameter("2026", "sensors/states", "client_cid", 1),
    Parameter("2026", "sensors/states", "sensor_mid", INVERTER_MID),
    Parameter("2026", "sensors/states/signals", "signal_type_moid", 34),
    Parameter("2026", "time", "unit", "s", bad=None),
)
_ITEMS = (
    ("client_cid", 1),
    ("sensor_mid", INVERTER_MID),
    ("signal_type_moid", 34),
    *((name, value) for name, value, _ in _OF_DATA),
    ("origin_id", 2),
    ("get_last", True),
    ("last_acq", True),
    ("is_chart", True),
)


@pytest.fixture
def edition() -> str:
    """Return the edition that a test without a table row uses."""
    return "2026"


async def _ask(api: BesmartApi, text: Text) -> Reply:
    """Send the request of a row; one that must be refused has no token."""
    headers = {} if text.status == 401 else None
    if text.body is None:
        return await api.ask(text.path, headers=headers, **text.query)
    return await api.ask(text.path, "POST", headers=headers, body=text.body)


def _prepare(api: BesmartApi, edition: str) -> None:
    """Let the server have something that each parameter can change."""
    api.simulator.edition = "2021" if edition == "2021" else "2026"
    api.simulator.predictions = DAY
    api.simulator.multipliers = {32: 40}
    api.simulator.extra_columns = False
    api.simulator.events.append(
        Revision(NOW - DAY, NOW, moid=32, offset=-90, after=timedelta(0), origin=1)
    )


def _check(found: Json, fields: Types) -> None:
    """Check that an object has these fields, and no others, with these types."""
    assert isinstance(found, dict)
    assert set(found) == set(fields)
    for name, type_ in fields.items():
        assert found[name] is None or isinstance(found[name], type_), name


@pytest.mark.parametrize(
    "text", ANSWERS, ids=lambda t: f"{t.edition} {t.path} {t.status}"
)
async def test_each_field_of_an_answer(besmart_api: BesmartApi, text: Text) -> None:
    """The answer has the fields of the text, and no others."""
    await besmart_api.log_in()
    _prepare(besmart_api, text.edition)
    reply = await _ask(besmart_api, text)
    assert reply.status == text.status
    _check(reply.json[0] if isinstance(reply.json, list) else reply.json, text.fields)


async def test_each_field_of_a_sample(besmart_api: BesmartApi) -> None:
    """Rows in 2021; columns of the same names later, with more if there are any."""
    await besmart_api.log_in()
    _prepare(besmart_api, "2021")
    rows = (await besmart_api.ask(DATA, **SPAN)).row["data"]
    assert isinstance(rows, list)
    _check(rows[0], SAMPLE)
    _prepare(besmart_api, "2026")
    besmart_api.simulator.extra_columns = True
    columns = (await besmart_api.ask(DATA, **SPAN)).row["data"]
    assert isinstance(columns, dict)
    assert (
        len({len(column) for column in columns.values() if isinstance(column, list)})
        == 1
    )
    first = {
        name: column[0] for name, column in columns.items() if isinstance(column, list)
    }
    _check(first, {**SAMPLE, **LATER_COLUMNS})


async def test_the_login_of_2021(besmart_api: BesmartApi) -> None:
    """As text or as JSON, and a problem for a wrong one."""
    _prepare(besmart_api, "2021")
    besmart_api.simulator.text_login = True
    login, password = besmart_api.simulator.login, besmart_api.simulator.password
    headers = {"Content-Type": "text/plain"}
    for secret, status, fields in (
        (password, 200, {"expiration": int, "id": int, "token": str}),
        ("wrong", 401, _PROBLEM),
    ):
        body = f"login: {login}\npassword: {secret}\n".encode()
        reply = await besmart_api.ask("users/token", "POST", headers=headers, body=body)
        assert reply.status == status
        _check(reply.json, fields)


@pytest.mark.parametrize(
    "parameter", PARAMETERS, ids=lambda p: f"{p.edition} {p.path} {p.name}"
)
async def test_each_parameter(besmart_api: BesmartApi, parameter: Parameter) -> None:
    """It changes the answer, and a value of the wrong type is refused."""
    await besmart_api.log_in()
    _prepare(besmart_api, parameter.edition)
    query: dict[str, int | str] = {**SPAN} if parameter.path == DATA else {}
    without = await besmart_api.ask(parameter.path, **query)
    with_it = await besmart_api.ask(
        parameter.path, **{**query, parameter.name: parameter.value}
    )
    assert (without.status, with_it.status) == (200, 200)
    assert (without.json == with_it.json) == parameter.is_unused
    refused = {400, 422}
    if parameter.bad is not None:
        query[parameter.name] = parameter.bad
        assert (await besmart_api.ask(parameter.path, **query)).status in refused
    if parameter.is_required:
        del query[parameter.name]
        assert (await besmart_api.ask(parameter.path, **query)).status in refused


@pytest.mark.parametrize(("name", "value"), _ITEMS, ids=str)
@pytest.mark.parametrize("path", BATCHES)
async def test_each_parameter_of_a_batch(
    besmart_api: BesmartApi, path: str, name: str, value: Json
) -> None:
    """It changes the answer for its item, and a wrong value refuses the batch."""
    await besmart_api.log_in()
    _prepare(besmart_api, "2026")
    without = await besmart_api.ask(path, "POST", body=[ITEM])
    with_it = await besmart_api.ask(path, "POST", body=[{**ITEM, name: value}])
    assert with_it.status == 200
    assert without.json != with_it.json
    bad = await besmart_api.ask(path, "POST", body=[{**ITEM, name: "x"}])
    assert bad.status == 422


async def test_the_multiplier_of_a_batch(besmart_api: BesmartApi) -> None:
    """Only the second edition knows it, and applies it by default."""
    await besmart_api.log_in()
    _prepare(besmart_api, "2026")
    for path, differs in zip(BATCHES, (False, True), strict=True):
        body: list[Json] = [{**ITEM, "apply_multiplier": False}]
        plain = await besmart_api.ask(path, "POST", body=body)
        default = await besmart_api.ask(path, "POST", body=[ITEM])
        assert (plain.json != default.json) == differs


async def test_the_workspace_key(besmart_api: BesmartApi) -> None:
    """`X-Auth` is a parameter of the login alone."""
    _prepare(besmart_api, "2026")
    besmart_api.simulator.workspace_key = "key"
    besmart_api.simulator.key_required = True
    assert (await besmart_api.log_in()).status == 401
