"""The category of points, and whether their entities are enabled by default.

What a device reports of itself again and again is shown. Snapshots that come with an
alarm, answers to queries and settings are there for those who look for them.
Source: docs/wire/milesight.md, Meanings.
"""

from dataclasses import dataclass
import re

from ...metering.model import Category, Quantity
from .entity_rows import EntityRow
from .flags import Flag
from .words import any_word, plain_words


@dataclass(frozen=True, slots=True)
class Visibility:
    """The category of a point, and whether its entity is enabled by default.

    The value of a snapshot is that of another moment than now.
    """

    category: Category | None = None
    enabled: bool = True
    is_snapshot: bool = False


MAIN = Visibility()
DIAGNOSTIC = Visibility(Category.DIAGNOSTIC)
HIDDEN = Visibility(Category.DIAGNOSTIC, enabled=False)
SNAPSHOT = Visibility(Category.DIAGNOSTIC, enabled=False, is_snapshot=True)
CONFIG = Visibility(Category.CONFIG, enabled=False)

_MAIN_CONTROL = re.compile(
    r"^(socket_status|switch|relay|gpio_output|digital_output|do)(_?\d+)?(_status)?$"
    r"|^(fan_status|fan_mode|target_temperature|valve_opening)$"
    r"|^target_temperature\.target_temperature$"
    r"|^(system|thermostat|relay_output|valve)(_\d+)?_status$"
)
"""Controls for everyday use; everything else that is writable is configuration."""

_ALARM = any_word("alarms?")
_ALARM_FLAG = re.compile(r"(?:^|_)(?:alarm|type|status)$")

_SNAPSHOT_PARENT = any_word(
    *("alarms?", "history", "historical", "response", "reporting", "report", "change"),
    *(
        "(\\w+_)?collect(ion)?_(error|anomaly)",
        "(?<!button_)events?",
        "result",
        "anomaly",
    ),
    *("sensor_enable", "support_(mode|status)", "raw_data_\\d+", "cellular_status"),
    *("class", "measuring_equipment", "version", "sensor_id", "task_status"),
    *("calibration", "settings", "config", "template_\\d+", "location", "type"),
)
"""Words of objects whose children are no states of the device."""

_NO_STATE = any_word(
    *("device_status", "lorawan_class", "reset_event", "function_key_event"),
    *("switch_\\d+_change", "ble_event(_type)?", "ipso_version", "tsl_version"),
    *("report_package_type", "data_source", "execution_plan(_id)?", "mask\\d+"),
    *("msgid", "d2d", "version", "mutation", "(water|pulse)_conv", "conv", "rating"),
    *("(freq|time)_weight", "wifi_scan_result", "(\\w+_)?sn", "oem_id", "type"),
    *("(valve_\\d+|sensor)_direction", "timestamp", "latitude", "longitude"),
    *("airplane_mode_state", "detect_status", "\\w+_source_value", "reserved"),
)
"""Words of properties that are no states of what the device measures."""

_SETTING = re.compile(
    r"(?:^|_)(?:interval|timeout|calibration)(?:_|$)"
    r"|(?:^|_)threshold(?:_(?:min|max|\d+))?$"
    r"|(?:^|_)(?:enable|period|sensitivity|tolerance|dead_?band|dead_zone|hysteresis)$"
    r"|(?:^|_)(?:report|delay|silent|start|end|lock|release|response|jitter)_time$"
    r"|(?<!fan)(?<!temperature)(?<!control)_mode$"
)
"""Settings that can only be read."""

_DIAGNOSTIC = re.compile(
    r"(?:^|_)(?:sensor|probe_connect|power|calibration|connect)_status$"
    r"|(?:^|_)(?:error|calibration_result|motor_position|working_time|life_remain)$"
    r"|^(?:battery_event|power_bus_event)$|_alarm_types$|(?:^|_)result$"
)
"""What a device says about itself."""


def visibility_of(
    entity: EntityRow, identifier: str, flag: Flag | None = None
) -> Visibility:
    """Return the visibility of a point by its identifier and, if it is one, its flag.

    What a person made on the server is there on purpose.
    """
    if entity.is_writable:
        is_main = entity.is_customized or _MAIN_CONTROL.match(identifier)
        return MAIN if is_main else CONFIG
    parent, _, last = identifier.rpartition(".")
    last_part, parent_words = plain_words(last), plain_words(parent)
    if flag is not None and _is_alarm(parent_words, last_part):
        return MAIN
    if _SNAPSHOT_PARENT.search(parent_words):
        return SNAPSHOT
    if _NO_STATE.search(last_part):
        return HIDDEN
    is_link = flag is not None and flag.quantity is Quantity.CONNECTIVITY
    if is_link or _DIAGNOSTIC.search(last_part):
        return DIAGNOSTIC
    return HIDDEN if _SETTING.search(last_part) else MAIN


def _is_alarm(parent: str, last_part: str) -> bool:
    """Return True for the flag that says whether an alarm lasts.

    Whatever else comes with an alarm is of the moment when it was raised.
    """
    if _ALARM.search(parent) is not None:
        return _ALARM_FLAG.search(last_part) is not None
    return _ALARM.search(last_part) is not None and not _SNAPSHOT_PARENT.search(parent)


_ALSO_READING = re.compile(
    r"^modbus_chn_\d+$|^valve_\d+_pulse$|^valve_opening$"
    r"|^(?:target_temperature\.)?target_temperature(?:_?\d+)?$"
    r"|^(?:celsius_|fahrenheit_)?(?:ambient_|outside_|room_)?temperature$|^humidity$"
)
"""Numbers that can be set, and that the device reports or measures, too."""


def is_also_reading(entity: EntityRow, identifier: str) -> bool:
    """Return True for a number that is shown by a sensor beside its control."""
    return entity.is_writable and (
        entity.is_customized or _ALSO_READING.match(identifier) is not None
    )
