"""The catalogue of device models: air, soil, weather and heating.

The micro sign is U+00B5.

Source of units and value types: docs/wire/milesight.md, Units.
"""

from .sources import Battery, Climate, Fixed, Level, Positive, Register
from .templates import (
    COMMON,
    Model,
    Template,
    choice,
    climate,
    command,
    double,
    flag,
    long,
    number,
    select,
    toggle,
)

_BATTERY = long("battery", "Battery", "%", Battery())
_INTERVAL = number("reporting_interval", "Reporting Interval", "min", 10, 1, 1440)
_INDOOR = climate("temperature", "Temperature", "°C", Climate(21.3, 1.1, 1.9, 0.5))
_INDOOR_HUMIDITY = climate("humidity", "Humidity", "%r.h.", Climate(46, 3, 9, 4, 5, 95))
_OUTDOOR = Climate(10.4, 4.2, 7.9, 3.1, -30, 50)
_MICROGRAM = "µg/m³"


def _dust(key: str, name: str, mean: float) -> Template:
    """Return the concentration of particles in micrograms per cubic metre."""
    return climate(
        key, name, _MICROGRAM, Climate(mean, 2, -3, mean / 3, 0, 1000, None, 19)
    )


_AIR: tuple[Template, ...] = (
    _INDOOR,
    _INDOOR_HUMIDITY,
    climate("co2", "CO2", "ppm", Climate(690, 240, 0, 120, 400, 5000, None)),
    climate("tvoc", "TVOC", "ppb", Climate(180, 60, 0, 70, 0, 6000, None)),
    climate("hcho", "HCHO", "mg/m³", Climate(0.03, 0.01, 0, 0.02, 0, 2, 2)),
    _dust("pm2_5", "PM2.5", 9),
    _dust("pm10", "PM10", 14),
    climate("pressure", "Barometric Pressure", "hPa", Climate(1013, chance=14)),
    climate(
        "illuminance", "Illuminance", "lx", Climate(90, 260, chance=40, digits=None)
    ),
    choice("pir", "Motion", {"0": "Vacant", "1": "Occupied"}, Positive(0, number=True)),
    flag("buzzer_status", "Buzzer", "Off", "On", None),
    toggle("buzzer_enable", "Buzzer Enable", True),
    select("screen_mode", "Screen Mode", {"0": "Off", "1": "Value", "2": "Smile"}, 1),
    number("tvoc_threshold", "TVOC Threshold", "ppb", 800, 0, 6000),
    command("stop_buzzer", "Stop Buzzer"),
    command("reboot", "Reboot"),
    _BATTERY,
    _INTERVAL,
    *COMMON,
)

_TH: tuple[Template, ...] = (_INDOOR, _INDOOR_HUMIDITY, _BATTERY, _INTERVAL, *COMMON)

_SOIL: tuple[Template, ...] = (
    climate(
        "temperature", "Soil Temperature", "℃", Climate(11, 1.4, 6.5, 0.7, -20, 60)
    ),
    climate("moisture", "Soil Moisture", "%r.h.", Climate(31, 1, -8, 5, 0, 100)),
    climate("ec", "Conductivity", "µS/cm", Climate(410, chance=60, digits=None)),
    _BATTERY,
    _INTERVAL,
    *COMMON,
)

_PIPE: tuple[Template, ...] = (
    climate("pressure", "Pipe Pressure", "kPa", Climate(312, -9, 0, 12, digits=None)),
    _BATTERY,
    _INTERVAL,
    *COMMON,
)

_VALVE: tuple[Template, ...] = (
    _INDOOR,
    number("target_temperature", "Target Temperature", "°C", 20.5, 5.0, 35.0),
    climate(
        "valve_opening", "Valve Opening", "%", Climate(35, -25, -30, 10, 0, 100, None)
    ),
    choice(
        "valve_calibration_result",
        "Valve Calibration",
        {"0": "Not calibrated", "1": "Succeeded", "2": "Out of range"},
        Fixed(1),
    ),
    flag("window_detection", "Window", "Closed", "Open", Fixed(False)),
    select("control_mode", "Control Mode", {"0": "Automatic", "1": "Manual"}, 0),
    number("temperature_tolerance", "Temperature Tolerance", "K", 0.5, 0.1, 5.0),
    toggle("child_lock", "Child Lock"),
    command("calibrate_valve", "Calibrate Valve"),
    _BATTERY,
    _INTERVAL,
    *COMMON,
)

_WEATHER: tuple[Template, ...] = (
    climate("temperature", "Temperature", "°C", _OUTDOOR),
    climate("humidity", "Humidity", "%RH", Climate(76, -14, -6, 9, 10, 100)),
    climate("pressure", "Pressure", "hPa", Climate(1012, chance=16)),
    climate("wind_speed", "Wind Speed", "m/s", Climate(4, 1.2, -0.8, 2.6, 0, 60)),
    climate(
        "wind_direction", "Wind Direction", "°", Climate(210, chance=120, high=360)
    ),
    double("rainfall_total", "Rainfall Total", "mm", Register(3600, 0, 2), 2),
    long("rainfall_counter", "Rainfall Counter", None, Register(72_000)),
    long("battery", "Battery", "%", Battery(3)),
    *COMMON,
)

_NOISE: tuple[Template, ...] = (
    climate("laeq", "LAeq", "dBA", Climate(46, 8, 0, 5, 25, 130, 1, 13)),
    climate("lafmax", "LAFmax", "dBA", Climate(61, 9, 0, 7, 30, 140, 1, 13)),
    _BATTERY,
    _INTERVAL,
    *COMMON,
)

_TANK: tuple[Template, ...] = (
    climate("distance", "Distance", "mm", Climate(1240, chance=310, digits=None)),
    climate("temperature", "Temperature", "℉", Climate(51, 7, 14, 5, -20, 140)),
    climate("o3", "Ozone", "ppm", Climate(0.03, 0.02, 0.01, 0.01, 0, 1, 2)),
    choice("position", "Position", {"0": "Normal", "1": "Tilted"}, Fixed(0)),
    _BATTERY,
    number("reporting_interval", "Reporting Interval", "s", 3600, 60, 64800),
    *COMMON,
)

_PEOPLE: tuple[Template, ...] = (
    long("total_in", "Total In", None, Register(3600)),
    long("total_out", "Total Out", None, Register(3601)),
    long("line_1_in", "Now", None, Level()),
    long(
        "rssi", "Signal", None, Climate(-87, chance=9, low=-130, high=-30, digits=None)
    ),
    *COMMON,
)

CLIMATE_MODELS = (
    Model("AM319", "Living room air", _AIR, ("door",), 600),
    Model("AM319", "Meeting room air", _AIR, ("door",), 600),
    Model("EM300-TH", "Bedroom", _TH, (), 600),
    Model("EM300-TH", "Cellar", _TH, (), 1800),
    Model("EM500-SMTC", "Vegetable bed", _SOIL, (), 900),
    Model("EM500-PP", "Mains pressure", _PIPE, (), 600),
    Model("WT101", "Radiator living room", _VALVE, (), 1200),
    Model("WT101", "Radiator bath", _VALVE, (), 1200),
    Model("WTS506", "Weather mast", _WEATHER, ("rain",), 300),
    Model("WS302", "Street noise", _NOISE, (), 600),
    Model("EM400-MUD", "Rain barrel", _TANK, (), 3600),
    Model("VS133", "Shop door", _PEOPLE, ("visitors",), 900),
)
