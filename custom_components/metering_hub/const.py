"""Constants of the Metering Hub integration."""

import logging
from typing import Final

DOMAIN: Final = "metering_hub"
LOGGER: Final = logging.getLogger(__package__)

CONF_ALL_SENSORS: Final = "all_sensors"
"""The option to show sensors that have no value yet."""

CONF_BACKEND: Final = "backend"
CONF_DEVICES: Final = "devices"
CONF_ENERGY_DASHBOARD: Final = "energy_dashboard"
CONF_HISTORY: Final = "history"
CONF_HISTORY_START: Final = "history_start"
CONF_KNOWN_DEVICES: Final = "known_devices"
CONF_NEW_DEVICES: Final = "new_devices"
CONF_RENAME_DEVICES: Final = "rename_devices"
"""The option to rename a device on the server when the user renames it here."""

CONF_SCOPE: Final = "scope"
