"""What running servers answered, to be put to the simulator again.

A captured call names entities of its own server. `put` replaces them by stand-ins of
the simulator, and `differences` compares status, error code, and the names and types of
the fields of two answers. Values are not compared.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
import json

import pytest

from simulators.faults import Json
from tests.captures import FIXTURES

from .conftest import Api, Got, Object

CAPTURED_VERSIONS = ("1.0.0", "1.2.5", "1.3.1")

FREE_MAPS = frozenset(
    {
        "additional_data",
        "args",
        "entity_value_attribute",
        "enum",
        "value_attribute",
    }
)
"""Maps whose names depend on the device or the error."""

OPTIONAL = frozenset(
    {
        "children",
        "description",
        "detail_message",
        "device_group",
        "device_name",
        "entity_access_mod",
        "entity_description",
        "entity_latest_value",
        "entity_parent_name",
        "group_id",
        "group_name",
        "location",
        "request_id",
        "status",
        "parent",
        "template",
        "template_name",
        "user_email",
        "user_nickname",
        "value_attribute",
        "workflow_data",
    }
)
"""Fields that are missing where they would be null, or that the capture has cut."""


@dataclass(frozen=True, slots=True)
class CapturedCall:
    """A request to a running server, and its answer."""

    version: str
    name: str
    method: str
    path: str
    body: Json
    status: int
    answer: Object

    @property
    def texts(self) -> str:
        """Return path and body as text, which contains the ids and keys."""
        return f"{self.path} {json.dumps(self.body)}"


def captured_calls(version: str) -> list[CapturedCall]:
    """Return the calls to one server; refused logins have no request."""
    path = FIXTURES / "milesight" / f"calls-{version}.json"
    calls = json.loads(path.read_text())["calls"]
    return [
        CapturedCall(
            version,
            name,
            call["request"]["method"],
            call["request"]["path"],
            call["request"].get("json"),
            call["status"],
            call["answer"],
        )
        for name, call in calls.items()
        if "request" in call
    ]


def calls_of(*starts: str) -> list[object]:
    """Return pytest parameters: the calls whose names start with one of these."""
    return [
        pytest.param(call, id=f"{version}-{call.name}")
        for version in CAPTURED_VERSIONS
        for call in captured_calls(version)
        if call.name.startswith(starts)
    ]


async def put(client: Api, call: CapturedCall, stand_ins: Mapping[str, str]) -> Got:
    """Send the call with the ids and keys of the simulator."""
    path, text = call.path.removeprefix("/"), json.dumps(call.body)
    # The longest first, because a device's key is the beginning of its entities' keys.
    for captured in sorted(stand_ins, key=len, reverse=True):
        path = path.replace(captured, stand_ins[captured])
        text = text.replace(captured, stand_ins[captured])
    if call.method == "GET":
        return await client.get(path)
    return await client.post(path, json.loads(text))


def differences(
    call: CapturedCall, got: Got, optional: Collection[str] = ()
) -> list[str]:
    """Return in which ways an answer is not like the captured one."""
    found = []
    if got.status != call.status:
        found.append(f"HTTP {got.status} instead of {call.status}")
    found += [
        f"{name}: {got.json.get(name)} not {call.answer.get(name)}"
        for name in ("status", "error_code")
        if got.json.get(name) != call.answer.get(name)
    ]
    return found + _differences(call.answer, got.json, "", OPTIONAL | set(optional))


def _differences(
    expected: Json, got: Json, where: str, optional: Collection[str]
) -> list[str]:
    """Return the differences in names and types of two values."""
    if isinstance(expected, dict) and isinstance(got, dict):
        if where.rpartition(".")[2] in FREE_MAPS:
            return []
        odd = [name for name in expected.keys() ^ got.keys() if name not in optional]
        found = [
            f"{where}.{name} {'is missing' if name in expected else 'is new'}"
            for name in sorted(odd)
        ]
        for name in expected.keys() & got.keys():
            found += _differences(
                expected[name], got[name], f"{where}.{name}", optional
            )
        return found
    if isinstance(expected, list) and isinstance(got, list):
        if not expected or not got:
            is_same = bool(expected) == bool(got)
            return [] if is_same else [f"{where}: only one is empty"]
        return _differences(expected[0], got[0], where, optional)
    if type(expected) is not type(got):
        return [f"{where}: {type(got).__name__} not {type(expected).__name__}"]
    return []
