"""The table of endpoints: method, path, versions, permissions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import (
    api_account,
    api_control,
    api_entities,
    api_history,
    api_inventory,
    api_values,
)
from .releases import ALWAYS, V120, V123, V130, Release, Since
from .request import Handler

_DEVICE = frozenset({"device.view"})
_EDIT = frozenset({"device.edit"})
_INTEGRATION = frozenset({"device.add", "integration.view"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint; a role needs one of `functions`, if there are any."""

    method: str
    path: str
    handler: Handler
    functions: frozenset[str] = frozenset()
    since: Since = ALWAYS
    is_public: bool = False
    parts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Split the path once."""
        object.__setattr__(self, "parts", tuple(self.path.split("/")))

    def match(self, parts: tuple[str, ...]) -> Mapping[str, str] | None:
        """Return the parameters of a matching path, otherwise None."""
        if len(parts) != len(self.parts):
            return None
        params = {}
        for own, given in zip(self.parts, parts, strict=True):
            if own == "{id}":
                params["id"] = given
            elif own != given:
                return None
        return params


ENDPOINTS = (
    Endpoint("GET", "user/status", api_account.user_status, is_public=True),
    Endpoint("GET", "user", api_account.user_info),
    Endpoint(
        "POST", "integration/search", api_inventory.integration_search, _INTEGRATION
    ),
    Endpoint("GET", "integration/{id}", api_inventory.integration_detail, _INTEGRATION),
    Endpoint("POST", "device/search", api_inventory.device_search, _DEVICE),
    Endpoint("GET", "device/{id}", api_inventory.device_get, _DEVICE),
    Endpoint("PUT", "device/{id}", api_inventory.device_update, _EDIT),
    Endpoint("POST", "device-group/search", api_inventory.group_search, _DEVICE, V123),
    Endpoint("POST", "entity/search", api_entities.entity_search, _DEVICE),
    Endpoint(
        "POST", "entity/advanced-search", api_entities.advanced_search, _DEVICE, V123
    ),
    Endpoint("GET", "entity/{id}/status", api_values.status, _DEVICE),
    Endpoint("POST", "entity/batch-get-status", api_values.batch_status, _DEVICE, V130),
    Endpoint("GET", "entity/{id}/children", api_entities.children, _DEVICE),
    Endpoint("GET", "entity/{id}/meta", api_entities.meta, _DEVICE),
    Endpoint("POST", "entity/history/search", api_history.history, _DEVICE),
    Endpoint("POST", "entity/history/aggregate", api_history.aggregate, _DEVICE),
    Endpoint("POST", "entity/property/update", api_control.property_update, _DEVICE),
    Endpoint("POST", "entity/service/call", api_control.service_call, _DEVICE),
    Endpoint("GET", "mqtt/broker-info", api_account.broker_info, since=V120),
    Endpoint("GET", "mqtt/web/credentials", api_account.web_credentials, since=V120),
)


def find(path: str, release: Release) -> list[tuple[Endpoint, Mapping[str, str]]]:
    """Return the endpoints of a path (any method), those without parameters first."""
    parts = tuple(path.split("/"))
    found = []
    for endpoint in ENDPOINTS:
        params = endpoint.match(parts) if endpoint.since.has(release) else None
        if params is not None:
            found.append((endpoint, params))
    return sorted(found, key=lambda pair: len(pair[1]))
