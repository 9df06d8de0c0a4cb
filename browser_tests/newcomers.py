"""What a person types to add each server, and what Home Assistant says to it."""

from collections.abc import Mapping
from dataclasses import dataclass

_LOGIN_REFUSED = "does not accept these credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A server to add by clicking.

    `labels` are those of the fields to fill in, by the field's name; `secret` is the
    name of the one that is wrong at first, and `refusal` is what the form then says.
    `hidden` are the values by label that a closed section holds. `title` is that of
    the entry, and `devices` are some of those that it brings.
    """

    backend: str
    labels: Mapping[str, str]
    secret: str = "password"  # noqa: S105 -- The name of a field.
    refusal: str = _LOGIN_REFUSED
    section: str | None = None
    hidden: Mapping[str, str]
    title: str
    devices: tuple[str, ...]


NEWCOMERS = (
    Newcomer(
        backend="besmart",
        labels={"url": "Address", "login": "Username", "password": "Password"},
        hidden={},
        title="besmart",
        devices=(
            "Dom – Złocieniec",  # noqa: RUF001 -- So the server calls it.
            "Falownik słoneczny",
            "Warsztat „Pod lasem”",
        ),
    ),
    Newcomer(
        backend="bemserver",
        labels={"url": "Address", "email": "Email", "password": "Password"},
        hidden={},
        title="BEMServer",
        devices=("Main campus", "Building A", "Annex hall", "Server room"),
    ),
    Newcomer(
        backend="dsmr_reader",
        labels={"url": "Address", "api_key": "API key"},
        secret="api_key",
        hidden={},
        title="DSMR-reader",
        devices=("Electricity meter", "Gas meter"),
    ),
    Newcomer(
        backend="milesight",
        labels={"url": "Address", "username": "Email address", "password": "Password"},
        refusal="does not accept this login",
        section="Advanced settings",
        hidden={"Client ID": "iab", "Tenant": "default"},
        title="Beaver IoT",
        devices=("Boiler plug", "Heat pump meter", "Water meter", "Weather mast"),
    ),
)
