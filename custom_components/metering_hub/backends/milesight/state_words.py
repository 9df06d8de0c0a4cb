"""The labels of enums that are known, as keys of translations.

Source: docs/wire/milesight.md, Names and labels.
"""

from collections.abc import Mapping
from dataclasses import replace
import re

from ...metering.model import Kind
from .known_names import known_states
from .sources import Source

CHOICE = "choice"
"""The translation key of choices that have a name of the server's, but known labels."""

STATE_KEYS: frozenset[str] = frozenset(
    {
        *("1st", "2nd", "3rd", "4th"),
        *("abc", "abnormal", "above", "alarm_released"),
        *("alarm_triggered", "all", "april", "august"),
        *("auto", "away", "background", "below"),
        *("between", "blink", "bright", "cancel"),
        *("celsius", "circulate", "class_a", "class_b"),
        *("class_c", "class_ctob", "closed", "collection_error"),
        *("cool", "counter", "current", "custom"),
        *("data_invalid", "data_out_of_range", "data_valid", "december"),
        *("dim", "disabled", "eco", "enabled"),
        *("factory", "fahrenheit", "failed", "february"),
        *("friday", "hardware", "heat", "hidden"),
        *("high", "home", "idle", "ignore"),
        *("immediately", "installed", "january", "july"),
        *("june", "keep", "last", "leak"),
        *("long_press", "low", "low_voltage_alarm", "lower_range_error"),
        *("manual", "march", "may", "medium"),
        *("minute", "monday", "mutation", "mutation_alarm"),
        *("no", "no_data", "none", "normal"),
        *("not_allowed", "november", "occupied", "october"),
        *("off", "offline", "on", "on_inverted"),
        *("on_synced", "online", "open", "other_error"),
        *("out_of_range", "outside", "over_range", "over_range_alarm"),
        *("over_range_error", "period", "periodic", "pressed"),
        *("read_error", "read_failed", "released", "reset"),
        *("saturday", "second", "september", "short_press"),
        *("shown", "sleep", "software", "standard"),
        *("standby", "success", "sunday", "threshold_alarm"),
        *("threshold_alarm_released", "thursday", "tilt", "timeout"),
        *("triggered", "tuesday", "uncalibrated", "under_range"),
        *("uninstalled", "vacant", "ventilation", "voltage"),
        *("wake", "wednesday", "yes", "zero"),
    }
)
"""All labels with a translation, as keys."""

_SAME: Mapping[str, str] = {
    "alarm_trigger": "alarm_triggered",
    "apr": "april",
    "aug": "august",
    "close": "closed",
    "collect_abnormal": "collection_error",
    "collect_error": "collection_error",
    "collection_failed": "collection_error",
    "data_collect_abnormal": "collection_error",
    "dec": "december",
    "disable": "disabled",
    "enable": "enabled",
    "feb": "february",
    "fri": "friday",
    "hide": "hidden",
    "jan": "january",
    "jul": "july",
    "jun": "june",
    "mar": "march",
    "mon": "monday",
    "nov": "november",
    "oct": "october",
    "sat": "saturday",
    "sep": "september",
    "show": "shown",
    "sun": "sunday",
    "temperature_threshold_alarm": "threshold_alarm",
    "temperature_threshold_alarm_release": "threshold_alarm_released",
    "threshold_alarm_release": "threshold_alarm_released",
    "thurs": "thursday",
    "trigger": "triggered",
    "tues": "tuesday",
    "unoccupied": "vacant",
    "wed": "wednesday",
}
"""Other wordings of labels; two that one enum has never become one key."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


def with_state_keys(source: Source) -> Source:
    """Return a source whose known labels are keys of translations.

    The entity has the same ones, so that an option leads back to the value on the wire.
    Labels that are not known, or not of a known entity, keep the server's words.
    """
    point, entity = source.point, source.entity
    if point.kind is not Kind.STATE or point.options is None:
        return source
    has_known_name = point.translation_key is not None
    states = known_states(point.translation_key) if has_known_name else STATE_KEYS
    keys = {label: _state_key(label) for label in entity.labels.values()}
    used = [key for key in keys.values() if key in states]
    if not used or len(used) != len(set(used)):
        return source
    labels = {
        value: key if (key := keys[label]) in states else label
        for value, label in entity.labels.items()
    }
    return replace(
        source,
        entity=replace(entity, labels=labels),
        point=replace(
            point,
            options=tuple(labels.values()),
            translation_key=point.translation_key or CHOICE,
        ),
    )


def _state_key(label: str) -> str:
    """Return what would be the key of a label."""
    key = _NOT_IN_KEYS.sub("_", label.lower()).strip("_")
    return _SAME.get(key, key)
