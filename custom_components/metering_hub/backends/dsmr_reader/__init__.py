"""DSMR-reader: the Dutch and Belgian smart-meter datalogger."""

from datetime import timedelta

from ..base import BackendSpec, Capability, Field, FieldKind
from .backend import EXTRA_DEVICE_FIELD, DsmrReaderBackend
from .meters import POLL_INTERVAL
from .models import ExtraDevice

SPEC = BackendSpec(
    key="dsmr_reader",
    name="DSMR-reader",
    title="DSMR-reader",
    fields=(
        Field(name="url", kind=FieldKind.URL, identifies=True),
        Field(name="api_key", kind=FieldKind.KEY),
        Field(name="verify_ssl", kind=FieldKind.BOOLEAN, default=True, required=False),
    ),
    example_url="192.168.1.5:8888",
    make=DsmrReaderBackend,
    poll_interval=POLL_INTERVAL,
    history_interval=timedelta(minutes=5),
    history_window=timedelta(days=3),
    currency="EUR",
    capabilities=frozenset(
        {
            Capability.HISTORY,
            Capability.COMPARISON,
            Capability.DAY_TOTALS,
            Capability.PRICES,
            Capability.RECEIVE,
        }
    ),
    # Users paste the address of any page that they have open, or of the API.
    page_segments=frozenset(
        {"admin", "api", "archive", "compare", "configuration", "dashboard"}
        | {"energy-contracts", "export", "graphs", "live", "notifications", "status"}
    ),
    # One topic that seldom changes for each group of topics that a user may have: every
    # new value is another offer, which Home Assistant has to refuse.
    mqtt_topics=(
        "dsmr/current-month/fixed_cost",
        "dsmr/day-consumption/fixed_cost",
        "dsmr/meter-stats/dsmr_version",
        "dsmr/reading/electricity_delivered_1",
    ),
    setup_fields=(
        Field(
            name=EXTRA_DEVICE_FIELD,
            kind=FieldKind.CHOICE,
            choices=tuple(device.value for device in ExtraDevice),
            default=ExtraDevice.GAS.value,
        ),
    ),
)
