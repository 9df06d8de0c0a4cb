"""Differences between the releases of Beaver IoT: first and last versions.

Clients cannot request the version, so these differences are all they can observe.
Source: docs/wire/milesight.md, Releases.
"""

from dataclasses import dataclass

type Release = tuple[int, int, int]
"""Major, minor, patch."""


def parse_release(text: str) -> Release:
    """Return the release of "1.3" or "1.2.3"; raise ValueError for anything else."""
    parts = [int(part) for part in text.split(".")]
    if not 1 <= len(parts) <= 3:
        raise ValueError(text)
    major, minor, patch = (*parts, 0, 0)[:3]
    return major, minor, patch


@dataclass(frozen=True, slots=True)
class Since:
    """The releases that have a feature: from `first` on, before `until`."""

    first: Release = (1, 0, 0)
    until: Release | None = None

    def has(self, release: Release) -> bool:
        """Return True if a release has the feature."""
        return self.first <= release and (self.until is None or release < self.until)


ALWAYS = Since()
V110 = Since((1, 1, 0))
V120 = Since((1, 2, 0))
V121 = Since((1, 2, 1))
V122 = Since((1, 2, 2))
V123 = Since((1, 2, 3))
V130 = Since((1, 3, 0))
V131 = Since((1, 3, 1))
BEFORE_110 = Since(until=(1, 1, 0))
BEFORE_130 = Since(until=(1, 3, 0))

OLD_WEBSOCKET = Since(until=(1, 2, 2))
HEARTBEAT = V110
MQTT_EXCHANGE = V122
LONG_AS_NUMBER = V122
"""Earlier, the latest value of a LONG is a JSON string; in histories it always is."""
PAGE_ONE_AGAIN = V110
"""A page of entities past the end is page 1 again."""
OLD_REFUSALS = BEFORE_110
"""The refusals of a login or a token are worded differently."""
REFRESH_COOL_DOWN = V130
STATUS_TIMESTAMP = V130
"""Latest values have a time; earlier, the server never fills in `updated_at`."""
NO_DATA_FOR_UNKNOWN = V130
"""The status of an unknown entity has no `data`; earlier, it is {}."""
HISTORY_NEWEST_FIRST = V110
"""Stored values have an order of their own: newest first."""
HISTORY_ROW_IDS = V110
"""Rows of stored values have `id` and `entity_id`."""
HISTORY_OF_SEVERAL = V121
"""`entity_ids` is honoured; earlier, it is ignored, so all entities' rows come."""
ATTRIBUTES_OF_110 = frozenset(
    {"length_range", "optional", "default_value", "important"}
)

DEVICE_FIELDS = {
    "identifier": V123,
    "template": V123,
    "group_name": V123,
    "status": V130,
    "group_id": V130,
    "important_entities": V130,
    "common_entities": V130,
    "location": V131,
}
DETAIL_FIELDS = DEVICE_FIELDS | {
    "identifier": ALWAYS,
    "user_nickname": V120,
    "user_email": V120,
    "template_name": V122,
    "entities": BEFORE_130,
}
ENTITY_FIELDS = {
    "entity_parent_name": V110,
    "entity_is_customized": V110,
    "entity_created_at": V110,
    "entity_updated_at": V110,
    "entity_description": V110,
    "device_group": V123,
    "workflow_data": V130,
    "entity_value_store_mod": V131,
}
META_FIELDS = {
    "id": V110,
    "value_store_mod": V131,
    "customized": V110,
    "created_at": V110,
    "updated_at": V110,
    "description": V110,
}
