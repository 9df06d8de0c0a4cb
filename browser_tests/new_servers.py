"""The forms that add each server, and Home Assistant's responses."""

from collections.abc import Mapping
from dataclasses import dataclass

_SEPARATOR = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
_LOGIN_REFUSED = "does not accept these credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewServer:
    """A server to add through the config flow.

    `labels` are the labels of the fields by name. `secret` is the name of the field
    that is wrong at first, and `refusal` a part of the form's error. `hidden` are the
    values by label in a collapsed section. `title` is the title of the entry, and
    `places` are some of its devices, each with what it is in.
    """

    backend: str
    labels: Mapping[str, str]
    secret: str = "password"  # noqa: S105 -- The name of a field.
    refusal: str = _LOGIN_REFUSED
    section: str | None = None
    hidden: Mapping[str, str]
    title: str
    places: tuple[tuple[str, ...], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the names of the devices as they are selected."""
        return tuple(_SEPARATOR.join(place) for place in self.places)

    @property
    def devices(self) -> tuple[str, ...]:
        """Return the names of the devices, without what they are in."""
        return tuple(place[-1] for place in self.places)


NEW_SERVERS = (
    NewServer(
        backend="besmart",
        labels={"url": "Address", "login": "Username", "password": "Password"},
        hidden={},
        title="besmart",
        places=(
            ("Dom – Złocieniec",),  # noqa: RUF001 -- The server's name.
            ("Falownik słoneczny",),
            ("Warsztat „Pod lasem”",),
        ),
    ),
    NewServer(
        backend="bemserver",
        labels={"url": "Address", "email": "Email", "password": "Password"},
        hidden={},
        title="BEMServer",
        places=(
            ("Campus Paris", "Main campus"),
            ("Campus Paris", "Main campus", "Building A"),
            ("Campus Paris", "Annex", "Annex hall"),
            ("Campus Paris", "Main campus", "Building B", "Server room"),
        ),
    ),
    NewServer(
        backend="dsmr_reader",
        labels={"url": "Address", "api_key": "API key"},
        secret="api_key",
        hidden={},
        title="DSMR-reader",
        places=(("Electricity meter",), ("Gas meter",)),
    ),
    NewServer(
        backend="milesight",
        labels={"url": "Address", "username": "Email address", "password": "Password"},
        refusal="does not accept this login",
        section="Advanced settings",
        hidden={"Client ID": "iab", "Tenant": "default"},
        title="Beaver IoT",
        places=(
            ("Boiler plug",),
            ("Heat pump meter",),
            ("Water meter",),
            ("Weather mast",),
        ),
    ),
)
