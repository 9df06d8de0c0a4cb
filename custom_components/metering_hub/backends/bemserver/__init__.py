"""BEMServer: the energy platform of campuses and office buildings."""

from datetime import timedelta

from ..base import BackendSpec, Capability, Field, FieldKind
from .backend import BemserverBackend
from .const import HISTORY_INTERVAL, POLL_INTERVAL
from .history_start import EARLIEST
from .setup_fields import AMOUNTS_FIELD, REGISTERS_FIELD

SPEC = BackendSpec(
    key="bemserver",
    name="BEMServer",
    title="BEMServer",
    manufacturer="Nobatek/INEF4",
    fields=(
        Field(name="url", kind=FieldKind.URL, identifies=True),
        Field(name="email", kind=FieldKind.EMAIL, identifies=True),
        Field(name="password", kind=FieldKind.PASSWORD),
        Field(name="verify_ssl", kind=FieldKind.BOOLEAN, default=True, required=False),
    ),
    # There are no `page_segments`: a path in front of the API belongs to the address.
    example_url="bemserver.example.com",
    make=BemserverBackend,
    poll_interval=POLL_INTERVAL,
    history_interval=HISTORY_INTERVAL,
    # Days that were not over at the daily comparison are left to the imports of news.
    history_window=timedelta(days=2, hours=6),
    earliest=EARLIEST,
    capabilities=frozenset(
        {
            Capability.HISTORY,
            Capability.COMPARISON,
            Capability.ENERGY_BREAKDOWN,
            Capability.KINDS,
            Capability.NOTIFICATIONS,
            Capability.UPLOAD,
        }
    ),
    setup_fields=(
        Field(name=REGISTERS_FIELD, kind=FieldKind.CHOICES, default=[], required=False),
        Field(name=AMOUNTS_FIELD, kind=FieldKind.CHOICES, default=[], required=False),
    ),
)
