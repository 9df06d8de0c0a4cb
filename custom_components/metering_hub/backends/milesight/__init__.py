"""Milesight Beaver IoT, a platform for LoRaWAN sensors, plugs and current clamps."""

from datetime import timedelta

from ..base import BackendSpec, Capability, Field, FieldKind
from .backend import MilesightBackend

SPEC = BackendSpec(
    key="milesight",
    name="Milesight Beaver IoT",
    fields=(
        Field(name="url", kind=FieldKind.URL, identifies=True),
        Field(name="username", kind=FieldKind.EMAIL, identifies=True),
        Field(name="password", kind=FieldKind.PASSWORD),
        Field(name="client_id", kind=FieldKind.TEXT, default="iab", section="advanced"),
        Field(
            name="client_secret",
            kind=FieldKind.KEY,
            # The default is public: it is part of the server's open source code.
            default="milesight*iab",
            section="advanced",
        ),
        Field(
            name="tenant", kind=FieldKind.TEXT, default="default", section="advanced"
        ),
        Field(
            name="verify_ssl",
            kind=FieldKind.BOOLEAN,
            default=True,
            required=False,
            section="advanced",
        ),
    ),
    make=MilesightBackend,
    poll_interval=timedelta(seconds=30),
    history_interval=timedelta(minutes=15),
    # All of it is read every six hours, and what is older is compared once a day.
    history_window=timedelta(hours=36),
    capabilities=frozenset(
        {
            Capability.HISTORY,
            Capability.COMPARISON,
            Capability.WATCH,
            Capability.WRITE,
        }
    ),
    # Users paste the address of the page they have open, or that of the API.
    page_segments=frozenset(
        {"api", "auth", "dashboard", "device", "entity", "integration", "setting"}
        | {"tag", "user", "user-role", "workflow"}
    ),
)
