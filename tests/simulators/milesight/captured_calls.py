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
from tests.simulators.captured import Likeness

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


FIXED_WORDS = ("authentication_failed", "multiple_error", "parameter_validation_failed")
"""Errors whose messages do not depend on the data."""


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
    """Return the calls to one server; those that are refused have no request."""
    path = FIXTURES / "milesight" / f"calls-{version}.json"
    calls = json.loads(path.read_text())["calls"]
    return [
        CapturedCall(
            version,
            name,
            request.get("method", ""),
            request.get("path", ""),
            request.get("json"),
            call["status"],
            call["answer"],
        )
        for name, call in calls.items()
        for request in [call.get("request", {})]
    ]


def all_calls() -> list[object]:
    """Return pytest parameters: the calls to all servers."""
    return [
        pytest.param(call, id=f"{version}-{call.name}")
        for version in CAPTURED_VERSIONS
        for call in captured_calls(version)
    ]


async def put(client: Api, call: CapturedCall, stand_ins: Mapping[str, str]) -> Got:
    """Send the call with the ids and keys of the simulator."""
    if call.name == "wrong_password":
        return await client.token(password="no")
    if call.name == "wrong_token":
        return await client.get("user", Authorization="Bearer nonsense")
    path, text = call.path.removeprefix("/"), json.dumps(call.body)
    # The longest first, because a device's key is the beginning of its entities' keys.
    for captured in sorted(stand_ins, key=len, reverse=True):
        path = path.replace(captured, stand_ins[captured])
        text = text.replace(captured, stand_ins[captured])
    if call.method == "GET":
        return await client.get(path)
    return await client.post(path, json.loads(text))


def differences(
    call: CapturedCall,
    got: Got,
    optional: Collection[str] = (),
    any_type: Collection[str] = (),
) -> list[str]:
    """Return in which ways an answer is not like the captured one."""
    found = []
    if got.status != call.status:
        found.append(f"HTTP {got.status} instead of {call.status}")
    same = {"status", "error_code"}
    if call.answer.get("error_code") in FIXED_WORDS:
        same.add("error_message")
    # A device has a `status`, too, so these are compared at the top only.
    words = Likeness(same=same).differences
    for name in same:
        found += words(call.answer.get(name), got.json.get(name), f".{name}")
    likeness = Likeness(
        OPTIONAL | {*optional},
        FREE_MAPS,
        {*any_type},
        {"error_code"},
        is_complete=False,
    )
    return found + likeness.differences(call.answer, got.json)
