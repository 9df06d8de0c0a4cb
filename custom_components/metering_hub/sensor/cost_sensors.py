"""Sensors of what energy, gas, water and heat cost, and of their current prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..backends.errors import BackendError
from ..const import LOGGER
from ..data import MeteringHubConfigEntry
from ..entity import device_of_entry
from ..errors import StoppingError
from ..errors.isolation import IsolatedEntity
from ..errors.stopping import ended_at_stop
from ..history.coordinator import HistoryCoordinator
from ..history.cost_report import RunningCost, counted_points
from ..history.maths.rows import rounded
from ..history.running_costs import RunningCosts
from ..identifiers import cost_key, log_name, point_unique_id, price_key
from ..live.tariff_in_force import TariffInForce
from ..metering.energy_breakdown import Bucket
from ..prices.current_prices import CurrentPrice, CurrentPrices
from ..prices.maths.tariff import Base, TariffRole
from ..registry.entries import enable_own_entity

SPANS: Mapping[str, Bucket] = {
    "today": Bucket.DAY,
    "month": Bucket.MONTH,
    "year": Bucket.YEAR,
}
"""The running periods that costs are shown of, by the word in their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSensorKind:
    """A cost sensor: its key, whose costs it shows, and of which running period."""

    key: str
    role: TariffRole
    bucket: Bucket


COST_SENSORS = tuple(
    CostSensorKind(key=cost_key(word, role), role=role, bucket=bucket)
    for role in TariffRole
    for word, bucket in SPANS.items()
)


def _keys_of(role: TariffRole) -> list[str]:
    """Return the keys of the sensors of a role."""
    return [*(each.key for each in COST_SENSORS if each.role is role), price_key(role)]


COST_SENSOR_KEYS = tuple(key for role in TariffRole for key in _keys_of(role))
"""The keys of the sensors of costs and prices that an entry may have."""


async def async_add_cost_sensors(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    history: HistoryCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of each role that the entry has, now or later."""
    try:
        async with ended_at_stop(hass):
            await history.price_book.refresh()
    except (BackendError, StoppingError) as err:
        # The next import fetches the prices, and then the sensors are enabled.
        LOGGER.debug("%s: no prices at set-up: %s", log_name(entry), err)
    sensors = _CostSensors(hass, entry, history, async_add_entities)
    await sensors.async_start()


class _CostSensors:
    """Adds the sensors of roles, and keeps them up to date."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MeteringHubConfigEntry,
        history: HistoryCoordinator,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        """Initialize without sensors."""
        self._hass = hass
        self._entry = entry
        self._history = history
        self._add_entities = async_add_entities
        self._shown: set[TariffRole] = set()
        self._enabled: set[TariffRole] = set()
        self._costs = RunningCosts(hass, entry, history.prefix, history.backend)
        runtime = entry.runtime_data
        self._tariff = TariffInForce(
            runtime.readings, runtime.inventory.data.points.values()
        )
        self._prices = CurrentPrices(
            hass, entry, history.price_book, lambda: self._tariff.number
        )

    async def async_start(self) -> None:
        """Add the sensors, and follow points, prices and costs."""
        self._find_points()
        roles = [role for role in self._costs.points if self._prices.has_price(role)]
        self._costs.first = [
            (each.role, each.bucket) for each in COST_SENSORS if each.role in roles
        ]
        await self._costs.async_refresh()
        await self._prices.async_refresh()
        self._add_new()
        self._costs.async_start(self._follow_prices)
        self._prices.async_start()
        self._tariff.async_follow(self._refresh_prices)
        entry, runtime = self._entry, self._entry.runtime_data
        entry.async_on_unload(runtime.inventory.async_add_listener(self._add_new))
        entry.async_on_unload(self._history.async_add_listener(self._follow_prices))

    def _find_points(self) -> None:
        """Find the points of each role."""
        found = counted_points(self._hass, self._entry, self._history.points)
        self._costs.points = self._prices.points = found

    @callback
    def _add_new(self) -> None:
        """Add the sensors of roles that the entry did not have before."""
        self._find_points()
        new = [role for role in self._costs.points if role not in self._shown]
        self._shown.update(new)
        for role in new:
            has_price = self._prices.has_price(role)
            self._add_entities(
                CostSensor(self._costs, self._entry, each, has_price=has_price)
                for each in COST_SENSORS
                if each.role is role
            )
            self._add_entities(
                [PriceSensor(self._prices, self._entry, role, has_price=has_price)]
            )

    @callback
    def _follow_prices(self) -> None:
        """Show other prices, if there are any."""
        self._enable()
        if self._prices.is_outdated:
            self._refresh_prices()

    @callback
    def _refresh_prices(self) -> None:
        """Show the prices as they are now."""
        self._entry.async_create_background_task(
            self._hass, self._prices.async_refresh(), self._prices.name
        )

    @callback
    def _enable(self) -> None:
        """Enable the sensors of roles that have got their first price.

        The entry is then reloaded, which would interrupt an import.
        """
        if not self._history.data.is_settled:
            return
        for role in self._shown - self._enabled:
            if self._prices.has_price(role):
                self._enabled.add(role)
                for key in _keys_of(role):
                    enable_own_entity(self._hass, self._entry, key)


class CostSensor(IsolatedEntity, CoordinatorEntity[RunningCosts], SensorEntity):
    """A sensor that shows what a role costs, or earns, in a running period."""

    _attr_has_entity_name = True
    _attr_device_class = SensorDeviceClass.MONETARY
    _attr_state_class = SensorStateClass.TOTAL
    _attr_suggested_display_precision = 2

    def __init__(
        self,
        coordinator: RunningCosts,
        entry: MeteringHubConfigEntry,
        kind: CostSensorKind,
        *,
        has_price: bool,
    ) -> None:
        """Initialize the sensor, which is disabled if the role has no price."""
        self._span = (kind.role, kind.bucket)
        super().__init__(coordinator, context=self._span)
        self._attr_translation_key = kind.key
        self._attr_unique_id = point_unique_id(entry, kind.key)
        self._attr_device_info = device_of_entry(entry)
        self._attr_entity_registry_enabled_default = has_price

    @override
    async def async_added_to_hass(self) -> None:
        """Ask for the costs if they were not added up before."""
        await super().async_added_to_hass()
        if self._cost is None:
            self.coordinator.async_schedule()

    @property
    def _cost(self) -> RunningCost | None:
        """Return what is known of the costs."""
        return self.coordinator.data.get(self._span)

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        """Return Home Assistant's currency, which all costs are in."""
        return self.coordinator.hass.config.currency

    @property
    @override
    def native_value(self) -> float | None:
        """Return the cost of the hours that have a price, if any has."""
        cost = self._cost.sum.known_cost if self._cost else None
        return None if cost is None else rounded(cost)

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return the local midnight at which the period began."""
        return self._cost.start if self._cost else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, object]:
        """Return the number of hours with an amount that has no price."""
        hours = int(self._cost.sum.unpriced_hours) if self._cost else None
        return {"unpriced_hours": hours}


class PriceSensor(IsolatedEntity, CoordinatorEntity[CurrentPrices], SensorEntity):
    """A sensor that shows what a kWh or m³ costs, or earns, at present."""

    _attr_has_entity_name = True
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_suggested_display_precision = 5

    def __init__(
        self,
        coordinator: CurrentPrices,
        entry: MeteringHubConfigEntry,
        role: TariffRole,
        *,
        has_price: bool,
    ) -> None:
        """Initialize the sensor, which is disabled if the role has no price."""
        super().__init__(coordinator)
        key = price_key(role)
        self._role = role
        self._base = (
            Base.VOLUME if role in (TariffRole.GAS, TariffRole.WATER) else Base.ENERGY
        )
        self._attr_translation_key = key
        self._attr_unique_id = point_unique_id(entry, key)
        self._attr_device_info = device_of_entry(entry)
        self._attr_entity_registry_enabled_default = has_price

    @property
    def _price(self) -> CurrentPrice | None:
        """Return what is known of the price."""
        return self.coordinator.data.get(self._role)

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        """Return the unit of the tariff that applies."""
        base = self._price.base if self._price else self._base
        return f"{self.coordinator.hass.config.currency}/{base}"

    @property
    @override
    def native_value(self) -> float | None:
        """Return the price, if it is known."""
        return self._price.price if self._price else None
