"""besmart.energy: signals of smart meters, stored in the vendor's cloud."""

from datetime import timedelta

from ..base import BackendSpec, Capability, Field, FieldKind
from .backend import BesmartBackend, account_identity
from .const import HISTORY_INTERVAL, POLL_INTERVAL, SENSORS_FIELD

DEFAULT_URL = "https://api.besmart.energy/api"

SPEC = BackendSpec(
    key="besmart",
    name="besmart",
    title="besmart",
    manufacturer="besmart.energy",
    website="https://besmart.energy",
    fields=(
        Field(
            name="url",
            kind=FieldKind.URL,
            default=DEFAULT_URL,
            identifies=True,
        ),
        Field(name="login", kind=FieldKind.TEXT, identifies=True),
        Field(name="password", kind=FieldKind.PASSWORD),
        Field(name="workspace_key", kind=FieldKind.KEY, required=False),
    ),
    make=BesmartBackend,
    identify=account_identity,
    poll_interval=POLL_INTERVAL,
    history_interval=HISTORY_INTERVAL,
    history_window=timedelta(days=7),
    capabilities=frozenset(
        {
            Capability.HISTORY,
            Capability.KINDS,
            Capability.SERVER_DATA,
        }
    ),
    default_scheme="https",
    example_url=DEFAULT_URL,
    setup_fields=(Field(name=SENSORS_FIELD, kind=FieldKind.TEXTS, required=False),),
)
