"""The catalogue of device models: plugs, current transformers, electricity meters.

Source of units and value types: docs/wire/milesight.md, Units.
"""

from .sources import Battery, Climate, Fixed, Level, Positive, Register
from .templates import (
    COMMON,
    Current,
    Model,
    Template,
    choice,
    climate,
    command,
    double,
    event,
    flag,
    long,
    number,
    parent,
    select,
    service,
    switch,
    toggle,
)

_VOLTAGE = Climate(231.2, day=-1.6, chance=1.4)
_ALARM = {"0": "Normal", "1": "Over current"}
_CT_WH = 3600
"""Watt-seconds in a Wh."""
_CENTI_AH = 36_000
"""Milliampere-seconds in a hundredth of an Ah."""

_PLUG: tuple[Template, ...] = (
    climate("voltage", "Voltage", "V", _VOLTAGE),
    long("active_power", "Active Power", "W", Level()),
    long("power_factor", "Power Factor", None, Climate(97, chance=2, digits=None)),
    long("current", "Current", "mA", Current(0, _VOLTAGE)),
    long(
        "power_consumption", "Power Consumption", "Wh", Register(_CT_WH, initial=48_211)
    ),
    switch("socket_status", "Socket Status"),
    flag("device_status", "Device Status", "Off", "On", Fixed(True)),
    number("reporting_interval", "Reporting Interval", "s", 600, 60, 64800),
    select("led_mode", "Indicator Mode", {"0": "Off", "1": "On", "2": "Follow"}, 2),
    toggle("child_lock", "Child Lock"),
    *parent(
        "over_current_protection",
        "Over Current Protection",
        toggle("enable", "Enable", True),
        number("threshold", "Threshold", "A", 16, 1, 17),
    ),
    toggle("power_consumption_enable", "Power Recording", True),
    command("reset_power_consumption", "Reset Power Consumption"),
    command("query_device_status", "Query Device Status"),
    command("reboot", "Reboot"),
    *service(
        "delay_task",
        "Delay Task",
        number("delay_time", "Delay Time", "s", 60, 1, 65535),
        switch("socket_status", "Socket Status"),
    ),
    *event(
        "over_current_alarm",
        "Over Current Alarm",
        long("current", "Current", "mA", Fixed(0)),
    ),
    *COMMON,
)


def _phase(channel: int) -> tuple[Template, ...]:
    """Return the current, total current and alarm of one channel."""
    number_ = channel + 1
    return (
        long(
            f"current_chn{number_}",
            f"Current Channel {number_}",
            "A",
            Level(channel, 0.001),
        ),
        double(
            f"current_chn{number_}_total",
            f"Total Current Channel {number_}",
            None,
            Register(_CENTI_AH, channel, 2, 91_834),
            2,
        ),
        choice(
            f"current_chn{number_}_alarm",
            f"Alarm Channel {number_}",
            _ALARM,
            Fixed(0),
        ),
    )


def _meter_total(key: str, name: str, unit: str, register: Register) -> Template:
    """Return a register of the three-phase meter."""
    return double(key, name, unit, register, 2)


_THREE_PHASE: tuple[Template, ...] = (
    climate("voltage", "Voltage L1", "V", _VOLTAGE),
    double("current_l1", "Current L1", "A", Current(0, _VOLTAGE, 1, 2), 2),
    double("active_power", "Total Active Power", "kW", Level(0, 0.001, 3), 3),
    double("reactive_power", "Total Reactive Power", "kvar", Level(0, 0.00021, 3), 3),
    double("apparent_power", "Total Apparent Power", "kVA", Level(0, 0.00104, 3), 3),
    climate("power_factor", "Power Factor", "%", Climate(96, chance=2)),
    # In hundredths of a kWh.
    _meter_total(
        "total_active_energy", "Active Energy", "kWh", Register(36_000, 0, 2, 1_204_410)
    ),
    _meter_total(
        "total_reactive_energy", "Reactive Energy", "kVArh",
        Register(171_400, 0, 2, 253_100),
    ),
    _meter_total(
        "total_apparent_energy", "Apparent Energy", "kVAh",
        Register(34_600, 0, 2, 1_270_000),
    ),
    command("reset_power_consumption", "Reset Energy"),
    *COMMON,
)  # fmt: skip

_LIGHTS: tuple[Template, ...] = (
    climate("voltage", "Voltage", "V", _VOLTAGE),
    long("active_power", "Active Power", "W", Level()),
    long("power_factor", "Power Factor", None, Climate(91, chance=4, digits=None)),
    long("total_current", "Total Current", "mA", Current(0, _VOLTAGE)),
    long(
        "power_consumption",
        "Power Consumption",
        "Wh",
        Register(_CT_WH, initial=311_002),
    ),
    *(switch(f"switch_{number_}", f"Switch {number_}") for number_ in range(1, 9)),
    command("reset_power_consumption", "Reset Power Consumption"),
    number("reporting_interval", "Reporting Interval", "s", 1200, 60, 64800),
    *COMMON,
)

_FAN_COIL: tuple[Template, ...] = (
    climate("temperature", "Temperature", "℃", Climate(21.4, 1.2, 1.8, 0.4)),
    climate("humidity", "Humidity", "%RH", Climate(48, 4, 8, 3, 5, 95)),
    double("power_consumption", "Power Consumption", "kWh", Register(36_000, 0, 2), 2),
    switch("fan_status", "Fan"),
    number("target_temperature", "Target Temperature", "℃", 21.5, 5, 35),
    select(
        "fan_mode", "Fan Mode", {"0": "Auto", "1": "Low", "2": "Medium", "3": "High"}, 0
    ),
    *COMMON,
)

_CLAMP: tuple[Template, ...] = (
    double("current", "Current", "A", Level(0, 0.001, 2), 2),
    double("total_current", "Total Current", None, Register(_CENTI_AH, 0, 2, 4_410), 2),
    climate("temperature", "Temperature", "°C", Climate(31, 3, 6, 1.5)),
    choice("current_alarm", "Current Alarm", _ALARM, Fixed(0)),
    flag("motor_running", "Running", "No", "Yes", Positive()),
    number("reporting_interval", "Reporting Interval", "min", 10, 1, 1440),
    command("clear_current_cumulative_value", "Clear Total Current"),
    *COMMON,
)

_CLAMPS: tuple[Template, ...] = (
    *_phase(0),
    *_phase(1),
    *_phase(2),
    climate("temperature", "Temperature", "°C", Climate(34, 3, 5, 1.5)),
    long("battery", "Battery Level", "%", Battery(9)),
    number("reporting_interval", "Reporting Interval", "min", 5, 1, 1440),
    *COMMON,
)

POWER_MODELS = (
    Model("WS523", "Boiler plug", _PLUG, ("boiler",), 600, "socket_status"),
    Model("WS523", "Laundry plug", _PLUG, ("washer",), 60, "socket_status"),
    Model("WS523", "Fridge plug", _PLUG, ("fridge",), 1200, "socket_status"),
    Model("CT101", "Well pump", _CLAMP, ("pump",), 600),
    Model("CT303", "Main feeder", _CLAMPS, ("feeder",) * 3, 300),
    Model("UC100", "Heat pump meter", _THREE_PHASE, ("heat_pump",), 300),
    Model("WS558", "Hall lights", _LIGHTS, ("lights",), 1200, "switch_1"),
    Model("WT304", "Office fan coil", _FAN_COIL, ("fan",), 900, "fan_status"),
)
