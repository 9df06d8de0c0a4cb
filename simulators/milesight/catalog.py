"""The catalogue of device models: contacts, pulses, integrations; and all models."""

from dataclasses import dataclass, replace

from .catalog_climate import CLIMATE_MODELS
from .catalog_composites import COMPOSITE_MODELS
from .catalog_power import POWER_MODELS
from .sources import Battery, Climate, Fixed, Positive, Register
from .templates import (
    COMMON,
    Model,
    Template,
    choice,
    climate,
    command,
    event,
    flag,
    long,
    number,
    select,
    service,
    switch,
    text,
)

GATEWAY = "milesight-gateway"
SYSTEM = "system"

_PULSES: tuple[Template, ...] = (
    climate("temperature", "Temperature", "°C", Climate(14, 1, 4, 0.6)),
    climate("humidity", "Humidity", "%r.h.", Climate(61, 2, 6, 4, 5, 95)),
    # A pulse is a litre; the converted amount is in cubic metres, without a unit.
    long("pulse", "Pulse", None, Register(3600, initial=220_140)),
    replace(
        long("water", "Water", None, Register(36_000, 0, 2, 22_014)),
        value_type="DOUBLE",
        attribute={"fraction_digits": 2},
    ),
    choice(
        "gpio", "Digital Input", {"0": "low", "1": "high"}, Positive(0, number=True)
    ),
    choice("water_alarm", "Water Alarm", {"0": "Released", "1": "Outage"}, Fixed(0)),
    long("battery", "Battery", "%", Battery()),
    number("pulse_filter", "Pulse Filter", "ms", 40, 10, 1000),
    command("clear_counter", "Clear Counter"),
    *COMMON,
)

_IO: tuple[Template, ...] = (
    *(
        long(f"gpio_counter_{n}", f"Counter {n}", None, Register(3600, n - 1))
        for n in (1, 2)
    ),
    choice(
        "gpio_input_1", "Input 1", {"0": "off", "1": "on"}, Positive(2, number=True)
    ),
    *(
        replace(switch(f"gpio_output_{n}", f"Output {n}", False), access="RW")
        for n in (1, 2)
    ),
    climate("adc_1", "Analogue 1", None, Climate(7.4, 1.8, chance=0.6, digits=3)),
    climate("adc_2", "Analogue 2", None, Climate(0.8, 0.1, chance=0.1, digits=3)),
    climate("modbus_chn_1", "Modbus 1", None, Climate(51.7, 4, chance=2, digits=2)),
    climate("pt100_1", "PT100", "°C", Climate(64, 6, -4, 3)),
    select("working_mode", "Working Mode", {"0": "Class A", "2": "Class C"}, 2),
    number("reporting_interval", "Reporting Interval", "s", 60, 10, 64800),
    command("reboot", "Reboot"),
    *COMMON,
)

_CONTACT: tuple[Template, ...] = (
    flag("door_status", "Door", "Closed", "Open", Positive()),
    flag("tamper_status", "Tamper", "Installed", "Removed", Fixed(False)),
    long("battery", "Battery", "%", Battery(6)),
    *event("tamper_alarm", "Tamper Alarm"),
    *COMMON,
)

_LEAK: tuple[Template, ...] = (
    choice(
        "leakage_status", "Leakage", {"0": "Dry", "1": "Leak"}, Positive(number=True)
    ),
    climate("temperature", "Temperature", "°C", Climate(17, 1, 3, 0.5)),
    long("battery", "Battery", "%", Battery()),
    *COMMON,
)

IO_MODELS = (
    Model("EM300-DI", "Water meter", _PULSES, ("water",), 600),
    Model("UC300", "Boiler room", _IO, ("water", "visitors", "door"), 60),
    Model("WS301", "Back door", _CONTACT, ("door",), 3600),
    Model("EM300-SLD", "Utility room floor", _LEAK, ("leak",), 3600),
)

MODELS = (*POWER_MODELS, *IO_MODELS, *CLIMATE_MODELS, *COMPOSITE_MODELS)
"""Each line is one device of the default world; larger worlds repeat them."""


@dataclass(frozen=True, slots=True)
class IntegrationTemplate:
    """An integration and the entities that do not belong to a device."""

    id: str
    name: str
    description: str
    entities: tuple[Template, ...]
    adds_devices: bool = True


_EUI = text("eui", "DevEUI", "")

INTEGRATIONS = (
    IntegrationTemplate(
        GATEWAY,
        "Milesight Gateway",
        "LoRaWAN gateways and the devices behind them",
        (
            long("gateway_online_count", "Gateways Online", None, Fixed(1)),
            replace(
                long("gateway_uptime", "Gateway Uptime", "h", Fixed(0)), source=None
            ),
            *service("sync_devices", "Synchronise Devices"),
            *service("add_device", "Add Device", _EUI),
            *service("delete_device", "Delete Device", _EUI),
            *event("gateway_status", "Gateway Status", _EUI),
        ),
    ),
    IntegrationTemplate(
        SYSTEM,
        "System",
        "Entities that people have made themselves",
        (
            replace(
                select("house_mode", "House Mode", {"0": "Home", "1": "Away"}, 0),
                customized=True,
            ),
            replace(
                climate("tariff_price", "Tariff Price", "EUR/kWh", Climate(
                    0.24, 0.05, 0, 0.04, 0, 2, 3)),
                customized=True,
            ),
        ),
        adds_devices=False,
    ),
)  # fmt: skip
