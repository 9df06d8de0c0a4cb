"""Thermostats of the Metering Hub integration."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    ClimateEntity,
    ClimateEntityFeature,
    HVACAction,
    HVACMode,
)
from homeassistant.const import (
    ATTR_TEMPERATURE,
    PRECISION_TENTHS,
    Platform,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.unit_conversion import TemperatureConverter

from .composite_entity import CompositeEntity, async_add_composite_entities
from .const import DOMAIN
from .data import MeteringHubConfigEntry
from .live.coordinator import ReadingsCoordinator
from .metering.inventory import Composite, Part
from .metering.model import Value

PARALLEL_UPDATES = 1

_LOWEST, _HIGHEST = 5.0, 35.0
"""The limits in °C of a thermostat whose own ones are not known; it also has those."""

_POSSIBLE = 150.0
"""The highest limit, in °C or °F, that a room thermostat can have."""

_TARGETS: Mapping[HVACMode, Part] = {
    HVACMode.HEAT: Part.HEATING_TARGET,
    HVACMode.COOL: Part.COOLING_TARGET,
    HVACMode.HEAT_COOL: Part.AUTO_TARGET,
}
"""The targets of thermostats that have one for each mode."""

_NATIVE = "native_" if hasattr(ClimateEntity, "native_temperature_unit") else ""
"""What Home Assistant puts before the names of temperatures since 2026.11."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the thermostats."""
    async_add_composite_entities(
        entry, Platform.CLIMATE, async_add_entities, CompositeThermostat
    )


class CompositeThermostat(CompositeEntity, ClimateEntity):
    """A thermostat. One without a mode heats."""

    required_parts = frozenset({Part.CURRENT_TEMPERATURE})
    _attr_translation_key = "thermostat"

    def __init__(self, coordinator: ReadingsCoordinator, composite: Composite) -> None:
        """Initialize the thermostat; what can be set depends on its parts."""
        super().__init__(coordinator, composite)
        unit = self.points[Part.CURRENT_TEMPERATURE].unit
        self._unit = unit or UnitOfTemperature.CELSIUS
        setattr(self, f"_attr_{_NATIVE}temperature_unit", self._unit)
        self._attr_precision = PRECISION_TENTHS
        fan_modes = composite.words.get(Part.FAN_MODE, {}).values()
        if Part.FAN_MODE in self.points:
            self._attr_fan_modes = list(dict.fromkeys(fan_modes))
        self._attr_supported_features = self._features()
        # The modes are registered before the first state.
        self._refresh()

    def _features(self) -> ClimateEntityFeature:
        """Return what can be set."""
        features = ClimateEntityFeature(0)
        if self.is_writable(Part.TARGET_TEMPERATURE, *_TARGETS.values()):
            features |= ClimateEntityFeature.TARGET_TEMPERATURE
        if self.is_writable(Part.FAN_MODE):
            features |= ClimateEntityFeature.FAN_MODE
        if self.is_writable(Part.POWER):
            features |= ClimateEntityFeature.TURN_ON | ClimateEntityFeature.TURN_OFF
        return features

    @override
    def _show(self) -> None:
        """Set the temperatures, modes and limits."""
        current = self.number(Part.CURRENT_TEMPERATURE)
        setattr(self, f"_attr_{_NATIVE}current_temperature", current)
        self._attr_current_humidity = self.number(Part.CURRENT_HUMIDITY)
        self._attr_hvac_mode = self._mode()
        self._attr_hvac_modes = self._modes()
        self._attr_hvac_action = self._action()
        self._attr_fan_mode = self.word(Part.FAN_MODE)
        setattr(self, f"_attr_{_NATIVE}target_temperature", self._target())
        self._show_limits()

    def _mode(self) -> HVACMode | None:
        """Return the mode, which is off whatever is set if the power is off."""
        if self.flag(Part.POWER) is False:
            return HVACMode.OFF
        if Part.MODE not in self.points:
            return HVACMode.HEAT
        word = self.word(Part.MODE)
        return None if word is None else HVACMode(word)

    def _modes(self) -> list[HVACMode]:
        """Return the modes that can be set, and the present one."""
        modes = set[HVACMode]()
        if self.is_writable(Part.MODE):
            modes |= {*map(HVACMode, self.composite.words[Part.MODE].values())}
        elif Part.MODE not in self.points:
            modes.add(HVACMode.HEAT)
        elif (word := self.word(Part.MODE)) is not None:
            modes.add(HVACMode(word))
        if self.is_writable(Part.POWER):
            modes.add(HVACMode.OFF)
        if (mode := self._attr_hvac_mode) is not None:
            modes.add(mode)
        return [mode for mode in HVACMode if mode in modes]

    def _action(self) -> HVACAction | None:
        """Return what the thermostat does at present, if it says so."""
        if self._attr_hvac_mode is HVACMode.OFF:
            return HVACAction.OFF if Part.ACTION in self.points else None
        word = self.word(Part.ACTION)
        return None if word is None else HVACAction(word)

    def _target(self) -> float | None:
        """Return the target that is in force, or the one of the present mode."""
        if Part.TARGET_TEMPERATURE in self.points:
            return self.number(Part.TARGET_TEMPERATURE)
        part = _TARGETS.get(self._attr_hvac_mode or HVACMode.OFF)
        return None if part is None else self.number(part)

    def _show_limits(self) -> None:
        """Set the limits and step: the device's own, or those of its point."""
        unit = self._unit
        lowest, highest = (
            TemperatureConverter.convert(limit, UnitOfTemperature.CELSIUS, unit)
            for limit in (_LOWEST, _HIGHEST)
        )
        writable = (
            self.points[part]
            for part in (Part.TARGET_TEMPERATURE, *_TARGETS.values())
            if self.is_writable(part)
        )
        point = next(writable, None)
        if point is not None and (limits := point.limits) is not None:
            self._attr_target_temperature_step = max(limits.step, PRECISION_TENTHS)
            lowest = limits.lowest if abs(limits.lowest) < _POSSIBLE else lowest
            highest = limits.highest if abs(limits.highest) < _POSSIBLE else highest
        own = self.number(Part.LOWEST), self.number(Part.HIGHEST)
        self._attr_min_temp = lowest if own[0] is None else own[0]
        self._attr_max_temp = highest if own[1] is None else own[1]

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Set the target, and the mode if it is given; raises HomeAssistantError."""
        wanted: HVACMode | None = kwargs.get(ATTR_HVAC_MODE)
        mode = wanted or self._attr_hvac_mode
        values = {} if wanted is None else self._mode_values(wanted)
        target: float | None = kwargs.get(ATTR_TEMPERATURE)
        if target is not None:
            values[self._target_part(mode)] = target
        await self._set(values)
        shown = Part.TARGET_TEMPERATURE
        if target is not None and shown in self.points and shown not in values:
            # The thermostat reports its target in a value of its own.
            self.expect(shown, target)

    def _target_part(self, mode: HVACMode | None) -> Part:
        """Return the part that sets the target in a mode.

        Raises ServiceValidationError if there is none.
        """
        own = None if mode is None else _TARGETS.get(mode)
        for part in (own, Part.TARGET_TEMPERATURE):
            if part is not None and self.is_writable(part):
                return part
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_target_in_this_mode"
        )

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Set the mode, and turn the power on or off; raises HomeAssistantError."""
        await self._set(self._mode_values(hvac_mode))

    def _mode_values(self, mode: HVACMode) -> dict[Part, Value]:
        """Return the values of the parts that bring about a mode."""
        values: dict[Part, Value] = {}
        if self.is_writable(Part.POWER):
            is_on = mode is not HVACMode.OFF
            if self.flag(Part.POWER) is not is_on:
                values[Part.POWER] = self.value_of(Part.POWER, "on" if is_on else "off")
            if not is_on:
                return values
        if self.is_writable(Part.MODE) and self.word(Part.MODE) != mode:
            values[Part.MODE] = self.value_of(Part.MODE, mode)
        return values

    @override
    async def async_turn_on(self) -> None:
        """Turn the power on, in the mode that is set; raises HomeAssistantError."""
        await self._set({Part.POWER: self.value_of(Part.POWER, "on")})

    @override
    async def async_turn_off(self) -> None:
        """Turn the power off; raises HomeAssistantError."""
        await self._set({Part.POWER: self.value_of(Part.POWER, "off")})

    @override
    async def async_set_fan_mode(self, fan_mode: str) -> None:
        """Set the mode of the fan; raises HomeAssistantError."""
        await self._set({Part.FAN_MODE: self.value_of(Part.FAN_MODE, fan_mode)})
