"""The simulated servers, and the forms that add them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
import re
import sys

from simulators.besmart import CLIENT, HOUSE_MID

from .processes import HOST

type Form = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A server that the demo can simulate.

    `options` returns the simulator's options for a secret, and `form` the connection
    form for an address and the secret. `name_of` returns the server's name of a point
    key. With `reports_seldom`, meters report no position at whole hours, so hours are
    estimates. A position of the past may be as old as `lag` at the end of an hour.
    `editions` are those of the simulator, with the default first. `choices` are what
    is selected in the form of devices besides its defaults.
    """

    backend: str
    name: str
    title: str
    port: int
    options: Callable[[str], Sequence[str]]
    form: Callable[[str, str], Form]
    name_of: Callable[[str], str | None] = str
    reports_seldom: bool = False
    lag: timedelta = timedelta()
    editions: tuple[str, ...] = ()
    choices: Form = field(default_factory=dict)

    def edition(self, wanted: str | None) -> tuple[str, ...]:
        """Return the simulator's options for an edition, or for its default one."""
        known = wanted if wanted in self.editions else next(iter(self.editions), None)
        return () if known is None else ("--edition", known)


def _besmart_name(key: str) -> str | None:
    """Return the simulator's name of a point key of besmart."""
    match = re.fullmatch(r"sensor_(\d+)_(\d+)_signal_(\d+)", key)
    return f"{match[1]}.{match[2]}/{match[3]}" if match else None


def _bemserver_name(key: str) -> str | None:
    """Return the simulator's name of a point key of BEMServer."""
    match = re.fullmatch(r"timeseries_(\d+)_(?:amount|register)", key)
    return match[1] if match else None


KINDS = (
    Kind(
        backend="besmart",
        name="besmart",
        title="besmart",
        port=18081,
        # An inverter that reports energy is a source on the Energy dashboard.
        options=lambda secret: (
            "--password",
            secret,
            "--pv-unit",
            "kW.h",
            "--years",
            "2",
        ),
        form=lambda address, secret: {
            "url": f"http://{address}/api",
            "login": "anna@example.org",
            "password": secret,
        },
        # Else neither the house nor the workshop would be at the grid.
        choices={"grid_meters": [f"sensor_{CLIENT}_{HOUSE_MID}"]},
        editions=("2026", "2021"),
        name_of=_besmart_name,
    ),
    Kind(
        backend="bemserver",
        name="BEMServer",
        title="BEMServer",
        port=18082,
        options=lambda secret: ("--password", secret, "--years", "0.25"),
        form=lambda address, secret: {
            "url": address,
            "email": "reader@example.com",
            "password": secret,
            "verify_ssl": True,
        },
        name_of=_bemserver_name,
    ),
    Kind(
        backend="dsmr_reader",
        name="DSMR-reader",
        title="DSMR-reader",
        port=18080,
        options=lambda secret: ("--api-key", secret),
        form=lambda address, secret: {
            "url": address,
            "api_key": secret,
            "verify_ssl": True,
        },
        # The past is read by the minute, of which the last telegram counts.
        lag=timedelta(seconds=10),
    ),
    Kind(
        backend="milesight",
        name="Milesight Beaver IoT",
        title="Beaver IoT",
        port=18083,
        options=lambda secret: ("--password", secret, "--days", "90"),
        form=lambda address, secret: {
            "url": address,
            "username": "admin@example.com",
            "password": secret,
            "advanced": {},
        },
        reports_seldom=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A simulated server on a port of this machine."""

    kind: Kind
    port: int
    secret: str
    extra: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """Return the command that runs the server."""
        return [
            *(sys.executable, "-m", "simulators", self.kind.backend),
            *("--port", str(self.port), *self.kind.options(self.secret)),
            *self.extra,
        ]

    @property
    def form(self) -> Form:
        """Return the connection form, filled in."""
        return self.kind.form(f"{HOST}:{self.port}", self.secret)

    def key_of(self, statistic_id: str) -> str | None:
        """Return what a statistic is called within the server's entry, if it is one."""
        _, _, rest = statistic_id.partition(f"metering_hub:{self.kind.backend}_")
        return rest.partition("_")[2] or None
