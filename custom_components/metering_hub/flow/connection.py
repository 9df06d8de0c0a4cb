"""Make a backend from the data of a config entry or a form."""

from collections.abc import Mapping

from homeassistant.const import CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec, Settings
from ..metering.point_settings import settings_by_key
from .selection import setup_settings


def make_backend(
    hass: HomeAssistant,
    spec: BackendSpec,
    data: Settings,
    options: Mapping[str, object],
) -> Backend:
    """Return a backend that uses Home Assistant's shared session and the options."""
    session = async_get_clientsession(
        hass, verify_ssl=bool(data.get(CONF_VERIFY_SSL, True))
    )
    backend = spec.make(session, data, setup_settings(spec, options))
    backend.home_zone = dt_util.get_default_time_zone()
    backend.use_settings(settings_by_key(options))
    return backend
