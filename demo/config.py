"""The configuration of the demo's Home Assistant."""

import json
from pathlib import Path
import shutil

from .price_sensor import CONFIGURATION as PRICE_SENSOR
from .processes import HOST, ROOT

# These steps of the onboarding would add cloud integrations.
ONBOARDING = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics"]},
}

BASE = """\
homeassistant:
  name: Metering Hub demo
  time_zone: Europe/Amsterdam
  unit_system: metric
  currency: EUR
  country: NL
  latitude: 52.37
  longitude: 4.90
  auth_providers:
    - type: trusted_networks
      trusted_networks:
        - 127.0.0.1/32
      allow_bypass_login: true
    - type: homeassistant
config:
energy:
history:
logger:
  default: warning
  logs:
    custom_components.metering_hub: info
    # Home Assistant warns about missing libraries that nothing here needs.
    haffmpeg: critical
    homeassistant.components.camera: critical
recorder:
"""
"""What every Home Assistant of this repository has; the recorder may get options."""

CONFIGURATION = f"""\
{BASE}diagnostics:
frontend:
logbook:
system_health:
"""


def prepare_config(folder: Path, port: int, *, fresh: bool) -> None:
    """Write Home Assistant's configuration, with a link to the integration."""
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    components = folder / "custom_components"
    components.mkdir(parents=True, exist_ok=True)
    link = components / "metering_hub"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "custom_components" / "metering_hub")
    storage = folder / ".storage"
    storage.mkdir(exist_ok=True)
    onboarding = storage / "onboarding"
    if not onboarding.exists():
        onboarding.write_text(json.dumps(ONBOARDING), encoding="utf-8")
    (storage / "http").write_text(json.dumps(_http_settings(port)), encoding="utf-8")
    configuration = CONFIGURATION + PRICE_SENSOR
    (folder / "configuration.yaml").write_text(configuration, encoding="utf-8")


def _http_settings(port: int) -> dict[str, object]:
    """Return the HTTP settings as Home Assistant stores them once they are confirmed.

    Settings in YAML would be migrated, and reverted unless a user confirms them.
    """
    stable = {
        "server_host": [HOST],
        "server_port": port,
        "cors_allowed_origins": [],
        "ip_ban_enabled": False,
        "login_attempts_threshold": -1,
        "ssl_profile": "intermediate_v6",
        "use_x_forwarded_for": False,
        "use_x_frame_options": True,
        "error": None,
        "error_message": None,
    }
    return {
        "version": 3,
        "minor_version": 1,
        "key": "http",
        "data": {"stable": stable, "pending": None, "yaml_migration_done": True},
    }
