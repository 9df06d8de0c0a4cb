"""Forms are made from declared fields, some of them in sections."""

from dataclasses import replace
from datetime import timedelta

from probatio import Secret
from probatio.humanize import humanize_error
import pytest
import voluptuous as vol

from custom_components.metering_hub.backends.base import BackendSpec, Field, FieldKind
from custom_components.metering_hub.backends.dsmr_reader import SPEC as DSMR_READER
from custom_components.metering_hub.backends.errors import (
    BackendError,
    InvalidUrlError,
    Reason,
    UnsupportedError,
)
from custom_components.metering_hub.errors import as_update_error
from custom_components.metering_hub.flow import forms
from custom_components.metering_hub.flow.form_errors import form_key
from custom_components.metering_hub.flow.forms import (
    fields_schema,
    read_values,
    suggested_values,
)

FIELDS = (
    Field(name="url", kind=FieldKind.URL),
    Field(name="email", kind=FieldKind.EMAIL),
    Field(name="password", kind=FieldKind.PASSWORD),
    Field(name="workspace", kind=FieldKind.TEXT, required=False),
    Field(name="tenant", kind=FieldKind.TEXT, default="default", section="advanced"),
    Field(name="verify_ssl", kind=FieldKind.BOOLEAN, default=True, section="advanced"),
)
SPEC = BackendSpec(
    key="made_up",
    name="Made up",
    title="Made up",
    fields=FIELDS,
    make=DSMR_READER.make,
    poll_interval=timedelta(minutes=1),
)
FILLED = {
    "url": " host/ ",
    "email": " me@example.org ",
    "password": " secret ",
    "advanced": {"tenant": "home", "verify_ssl": False},
}
VALUES = {
    "url": "http://host",
    "email": "me@example.org",
    "password": " secret ",
    "tenant": "home",
    "verify_ssl": False,
}


def test_sections_contain_their_fields() -> None:
    """A section that stays collapsed has its defaults."""
    filled = fields_schema(FIELDS)(
        {"url": "host", "email": "a@b", "password": "c", "advanced": {}}
    )
    assert filled["advanced"] == {"tenant": "default", "verify_ssl": True}


def test_values_are_flat_and_stripped() -> None:
    """Whitespace is stripped, except in passwords."""
    assert read_values(SPEC, FILLED) == VALUES


def test_missing_section_has_defaults() -> None:
    """Missing values are replaced by their defaults."""
    values = read_values(SPEC, {"url": "host", "email": "a@b", "password": "c"})
    assert values["tenant"] == "default"
    assert values["verify_ssl"] is True
    assert "workspace" not in values


def test_suggested_values_have_sections_but_no_secrets() -> None:
    """Stored values are in their section, and the password is left out."""
    assert suggested_values(FIELDS, VALUES) == {
        "url": "http://host",
        "email": "me@example.org",
        "advanced": {"tenant": "home", "verify_ssl": False},
    }


def test_invalid_address_raises_a_backend_error() -> None:
    """The flow can show it as an error."""
    with pytest.raises(InvalidUrlError):
        read_values(SPEC, {**FILLED, "url": "no address"})


def test_unexpected_errors_have_a_message() -> None:
    """Even the base class has a translation key."""
    assert form_key(BackendError("odd"), SPEC) == "unknown"
    assert as_update_error(BackendError("odd")).translation_key == "unknown"


def test_reason_is_the_translation_key() -> None:
    """An unsupported server has a message of its own."""
    error = UnsupportedError("off", reason=Reason.API_DISABLED)
    assert form_key(error, SPEC) == "api_disabled"


SEVERAL = (
    Field(name="meters", kind=FieldKind.TEXTS, required=False),
    Field(name="registers", kind=FieldKind.CHOICES, required=False),
)


def test_several_texts_can_be_entered() -> None:
    """Texts are not limited to choices."""
    filled = fields_schema(SEVERAL)({"meters": ["7.1", "7.2"]})
    assert filled == {"meters": ["7.1", "7.2"]}


def test_choices_are_limited_to_the_offer() -> None:
    """Several of the offered values can be selected, and no others."""
    schema = fields_schema(SEVERAL, {"registers": {"a": "Heat pump", "b": "Boiler"}})
    assert schema({"registers": ["a", "b"]}) == {"registers": ["a", "b"]}
    with pytest.raises(vol.Invalid):
        schema({"registers": ["c"]})


def test_stored_choices_stay_valid() -> None:
    """A value that the server no longer offers can be kept or removed."""
    kept = [field.with_default(["lost"]) for field in SEVERAL]
    schema = fields_schema(kept, {"registers": {"a": "Heat pump"}})
    assert schema({}) == {"meters": ["lost"], "registers": ["lost"]}
    assert schema({"meters": [], "registers": ["a"]}) == {
        "meters": [],
        "registers": ["a"],
    }


def test_empty_optional_secret_keeps_its_stored_value() -> None:
    """Forms never show secrets, so an empty field is no change."""
    key = Field(name="key", kind=FieldKind.KEY, required=False)
    spec = replace(SPEC, fields=(*FIELDS, key))
    stored = {"key": "old", "password": "old", "workspace": "old"}
    for empty in ({}, {"key": ""}, {"key": None}):
        assert read_values(spec, {**FILLED, **empty}, stored) == {
            **VALUES,
            "key": "old",
        }
        assert "key" not in read_values(spec, {**FILLED, **empty})
    entered = read_values(spec, {**FILLED, "key": " new "}, stored)
    assert entered == {**VALUES, "key": "new"}
    # A required secret must always be entered.
    assert read_values(spec, {**FILLED, "password": ""}, stored)["password"] == ""


def test_secrets_are_kept_out_of_errors() -> None:
    """Validation names the field of a secret, and not what was entered."""
    with pytest.raises(vol.Invalid) as refused:
        fields_schema(FIELDS)({"url": "h", "email": "a@b", "password": ["tulip"]})
    assert "tulip" not in humanize_error({"password": ["tulip"]}, refused.value)
    marked = {
        str(key)
        for key in fields_schema(FIELDS).schema
        if isinstance(key.schema, Secret)
    }
    assert marked == {"password"}


def test_forms_work_before_secrets_could_be_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The oldest supported Home Assistant may not know how to mark a secret."""
    monkeypatch.setattr(forms, "_SECRET", str)
    schema = fields_schema(FIELDS).schema
    assert [key.schema for key in schema] == [
        *("url", "email", "password", "workspace", "advanced")
    ]
