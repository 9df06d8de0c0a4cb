"""The knobs of the simulator: the server, its users and their permissions."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta

from simulators.faults import Json
from simulators.times import utcnow

from .releases import Release, parse_release

DEFAULT_USERNAME = "admin@example.com"
DEFAULT_PASSWORD = "Simulated-1"  # noqa: S105  # It guards nothing but a simulator.

FUNCTIONS = (
    "dashboard.view",
    "device.view",
    "device.add",
    "device.edit",
    "device.delete",
    "entity_custom.view",
    "entity_data.view",
    "integration.view",
    "setting.credentials",
    "user_role.view",
    "workflow.view",
)
"""Function codes of roles, from docs/wire/milesight.md, Permissions."""


@dataclass(eq=False)
class User:
    """A user who can log in; a super admin may do and see everything.

    `functions` are the role's codes. `devices` are the keys of the devices that the
    role includes, `integrations` the ids of the integrations; None includes all of
    them.
    """

    email: str = DEFAULT_USERNAME
    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    user_id: str = "1868211453976543001"
    nickname: str = "Admin"
    super_admin: bool = True
    functions: frozenset[str] = frozenset(FUNCTIONS)
    devices: frozenset[str] | None = None
    integrations: frozenset[str] | None = None

    def may(self, function: str) -> bool:
        """Return True if the user's role has a function."""
        return self.super_admin or function in self.functions


@dataclass(eq=False)
class Knobs:
    """Everything that can be changed while the simulator runs; see each line."""

    _: KW_ONLY
    # The server.
    version: str = "1.3"
    nginx: bool = True  # Prefix /api/v1 and HTML elsewhere; otherwise port 9200.
    clock: Callable[[], datetime] = utcnow
    initialised: bool = True  # The first user has registered.
    # Accounts.
    user: User = field(default_factory=User)
    others: list[User] = field(default_factory=list)
    client_id: str = "iab"
    client_secret: str = field(default="milesight*iab", repr=False)
    tenant: str = "default"
    token_ttl: timedelta = timedelta(days=1)
    # Push.
    mqtt_host: str | None = None  # None: the host of the web page.
    mqtt_bind: str = "127.0.0.1"
    mqtt_port: int | None = 0  # 0: any free port; None: no broker on TCP.
    mqtt_password: str = field(default="simulated-mqtt", repr=False)
    mqtt_refuses: bool = False  # CONNACK 5: not authorised.
    mqtt_ws_port: int | None = 8083  # What is said; only the web port forwards.
    mqtt_silent: bool = False  # Connections are accepted and never answered.
    mqtt_port_silent: bool = False  # Those over TCP alone.
    websocket_port: int | None = 0  # Without nginx; 0: any free port, not 9201.
    websocket_silent: bool = False  # The handshake is never answered.
    push: bool = True  # Reports are announced.
    # Control.
    failing_services: set[str] = field(default_factory=set)  # Keys of services.
    codec_limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    # Of numbers, by entity key: known to the model's codec only.
    calls: list[dict[str, Json]] = field(default_factory=list)  # Of services.

    @property
    def release(self) -> Release:
        """Return the version as numbers."""
        return parse_release(self.version)

    @property
    def now(self) -> int:
        """Return the time in whole seconds since 1970-01-01 UTC."""
        return int(self.clock().timestamp())

    @property
    def users(self) -> list[User]:
        """Return all users who can log in."""
        return [self.user, *self.others]
