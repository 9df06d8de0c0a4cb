"""Offers to set up a server that was noticed because it sends over MQTT.

A message does not say which server it is from. So there is one offer for all servers of
a backend, and none if one of them is set up.
"""

from homeassistant.core import HomeAssistant, callback

from ..backends import BACKENDS
from ..backends.base import BackendSpec
from ..const import CONF_BACKEND, DOMAIN


def spec_of_topic(topic: str) -> BackendSpec:
    """Return the backend that sends to one of the topics in the manifest."""
    return next(spec for spec in BACKENDS.values() if topic in spec.mqtt_topics)


def offer_id(spec: BackendSpec) -> str:
    """Return the unique ID of an offer, by which users can ignore it."""
    return f"{spec.key}:mqtt"


@callback
def is_set_up(hass: HomeAssistant, spec: BackendSpec) -> bool:
    """Return True if a server of the backend has an entry, loaded or not."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    return any(entry.data.get(CONF_BACKEND) == spec.key for entry in entries)


@callback
def is_offered(hass: HomeAssistant, spec: BackendSpec, flow_id: str) -> bool:
    """Return True if there is an offer beside the flow with this ID.

    Its unique ID is that of the server as soon as the user has logged in.
    """
    return any(
        flow["flow_id"] != flow_id
        and flow["context"].get("title_placeholders") == {"name": spec.name}
        for flow in hass.config_entries.flow.async_progress_by_handler(
            DOMAIN, include_uninitialized=True
        )
    )


@callback
def async_withdraw_offer(hass: HomeAssistant, spec: BackendSpec) -> None:
    """Remove the offer of a backend that the user has not opened."""
    for flow in hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, match_context={"unique_id": offer_id(spec)}
    ):
        hass.config_entries.flow.async_abort(flow["flow_id"])
