"""The catalogue of device models: a thermostat, a valve controller and a tracker."""

from dataclasses import dataclass, replace

from .sources import Battery, Climate, Fixed, Site, Value
from .templates import (
    COMMON,
    Model,
    Template,
    choice,
    climate,
    double,
    flag,
    long,
    parent,
    select,
    setting,
    switch,
)

_OPEN = "valve_1_task.valve_status"


@dataclass(frozen=True, slots=True)
class _Valve:
    """Whether a valve is open: as it was last told, else closed."""

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return True if the valve is open at a second."""
        return site.last_written(_OPEN, when) is True


def _unset(template: Template) -> Template:
    """Return a setting that devices do not report, so it is unknown until written."""
    return replace(setting(template), source=None)


def _choice(key: str, name: str, labels: dict[str, str], value: int = 0) -> Template:
    """Return a choice that is part of each report, and can be set."""
    return replace(choice(key, name, labels, Fixed(value)), access="RW")


_THERMOSTAT: tuple[Template, ...] = (
    climate("temperature", "Ambient Temperature", "°C", Climate(20.6, 0.8, 0.5, 0.4)),
    climate("humidity", "Humidity", "%r.h.", Climate(48, 3, 4, 4, 5, 95)),
    *parent(
        "target_temperature",
        "Target Temperature",
        _choice(
            "temperature_control_mode",
            "Temperature Control Mode",
            {"0": "heat", "1": "em_heat", "2": "cool", "3": "auto"},
        ),
        replace(
            double("target_temperature", "Target Temperature", "°C", Fixed(21.0)),
            access="RW",
        ),
    ),
    switch("system_status", "System Status"),
    _choice(
        "fan_mode",
        "Fan Control Mode",
        {"0": "auto", "1": "on", "2": "circulate", "3": "disable"},
    ),
    choice(
        "temperature_control_status",
        "Temperature Control Status",
        {"0": "standby", "1": "stage-1 heat", "6": "stage-1 cool"},
        Fixed(1),
    ),
    select("plan_type", "Plan Type", {"0": "wake", "1": "away", "2": "home"}, 2),
    *COMMON,
)

_VALVES: tuple[Template, ...] = (
    flag("valve_1", "Valve 1", "close", "open", _Valve()),
    long("valve_1_pulse", "Valve 1 Pulse", None, Fixed(0)),
    *parent(
        "valve_1_task",
        "Valve 1 Task (Time Rule Enable)",
        _unset(flag("valve_status", "Valve Status", "close", "open", None)),
        _unset(long("duration", "Duration", "s", Fixed(0))),
        _unset(long("sequence_id", "Sequence ID", None, Fixed(0))),
    ),
    long("battery", "Battery", "%", Battery()),
    *COMMON,
)

_TRACKER: tuple[Template, ...] = (
    replace(double("latitude", "Latitude", None, Fixed(24.62495), 6), attribute={}),
    replace(double("longitude", "Longitude", None, Fixed(118.030576), 6), attribute={}),
    choice(
        "motion_status",
        "Motion Status",
        {"0": "unknown", "1": "start", "2": "moving", "3": "stop"},
        Fixed(3),
    ),
    long("battery", "Battery", "%", Battery()),
    *COMMON,
)

COMPOSITE_MODELS = (
    Model("WT201", "Hall thermostat", _THERMOSTAT, (), 600),
    Model("UC511", "Garden valve", _VALVES, (), 1200, _OPEN),
    Model("AT101", "Trailer", _TRACKER, (), 3600),
)
