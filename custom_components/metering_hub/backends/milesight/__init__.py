"""Milesight Beaver IoT, a platform for LoRaWAN sensors, plugs and current clamps."""

from datetime import timedelta

from ..base import BackendSpec, Capability, Field, FieldKind
from .backend import MilesightBackend

SPEC = BackendSpec(
    key="milesight",
    name="Milesight Beaver IoT",
    title="Beaver IoT",
    manufacturer="Milesight",
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
    example_url="192.168.1.5:8080",
    make=MilesightBackend,
    poll_interval=timedelta(seconds=30),
    history_interval=timedelta(minutes=15),
    # What is older is compared once a day.
    history_window=timedelta(hours=36),
    capabilities=frozenset(
        {
            Capability.HISTORY,
            Capability.COMPARISON,
            Capability.RENAME,
            Capability.SERVER_DATA,
            Capability.UNCONFIRMED,
            Capability.WATCH,
            Capability.WRITE,
        }
    ),
    # Users paste the address of the page they have open, which `find_api` cuts, or that
    # of the API.
    page_segments=frozenset({"api"}),
)
