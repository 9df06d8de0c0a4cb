"""Forms made from declared fields, the rarely needed ones in a section."""

from dataclasses import replace
from datetime import timedelta

import pytest
import voluptuous as vol

from custom_components.metering_hub.backends.base import BackendSpec, Field, FieldKind
from custom_components.metering_hub.backends.dsmr_reader import SPEC as DSMR_READER
from custom_components.metering_hub.backends.errors import (
    BackendError,
    InvalidUrlError,
    UnsupportedError,
)
from custom_components.metering_hub.errors import as_update_error, flow_error_key
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


def test_sections_hold_their_fields() -> None:
    """A person who leaves the section closed gets its defaults."""
    filled = fields_schema(FIELDS)(
        {"url": "host", "email": "a@b", "password": "c", "advanced": {}}
    )
    assert filled["advanced"] == {"tenant": "default", "verify_ssl": True}


def test_values_are_flat_and_tidy() -> None:
    """Blanks go where nobody means them, and stay in a password."""
    assert read_values(SPEC, FILLED) == VALUES


def test_missing_section_means_defaults() -> None:
    """Values that a form did not send are the defaults."""
    values = read_values(SPEC, {"url": "host", "email": "a@b", "password": "c"})
    assert values["tenant"] == "default"
    assert values["verify_ssl"] is True
    assert "workspace" not in values


def test_suggestions_have_the_form_s_shape_and_no_secret() -> None:
    """Stored values come back to their section; the password does not come back."""
    assert suggested_values(FIELDS, VALUES) == {
        "url": "http://host",
        "email": "me@example.org",
        "advanced": {"tenant": "home", "verify_ssl": False},
    }


def test_bad_address_is_an_error_of_ours() -> None:
    """The flow can tell a person."""
    with pytest.raises(InvalidUrlError):
        read_values(SPEC, {**FILLED, "url": "no address"})


def test_errors_that_nobody_thought_of() -> None:
    """Even a bare backend error has a message."""
    assert flow_error_key(BackendError("odd")) == "unknown"
    assert as_update_error(BackendError("odd")).translation_key == "unknown"


def test_reasons_are_their_own_messages() -> None:
    """What only a person can change says so by its own key."""
    error = UnsupportedError("off", reason="api_disabled")
    assert flow_error_key(error) == "api_disabled"


SEVERAL = (
    Field(name="meters", kind=FieldKind.TEXTS, required=False),
    Field(name="registers", kind=FieldKind.CHOICES, required=False),
)


def test_several_texts_can_be_typed() -> None:
    """A person may name what no list offers."""
    filled = fields_schema(SEVERAL)({"meters": ["7.1", "7.2"]})
    assert filled == {"meters": ["7.1", "7.2"]}


def test_choices_are_of_what_was_found() -> None:
    """A person may choose several of what is offered, and nothing else."""
    schema = fields_schema(SEVERAL, {"registers": {"a": "Heat pump", "b": "Boiler"}})
    assert schema({"registers": ["a", "b"]}) == {"registers": ["a", "b"]}
    with pytest.raises(vol.Invalid):
        schema({"registers": ["c"]})


def test_what_was_chosen_before_stays_valid() -> None:
    """A thing that the server has lost since can be kept, and taken away."""
    kept = [field.with_default(["lost"]) for field in SEVERAL]
    schema = fields_schema(kept, {"registers": {"a": "Heat pump"}})
    assert schema({}) == {"meters": ["lost"], "registers": ["lost"]}
    assert schema({"meters": [], "registers": ["a"]}) == {
        "meters": [],
        "registers": ["a"],
    }


def test_an_optional_secret_that_is_left_empty_stays() -> None:
    """Forms never show secrets, so that nobody can leave one as it is."""
    key = Field(name="key", kind=FieldKind.KEY, required=False)
    spec = replace(SPEC, fields=(*FIELDS, key))
    stored = {"key": "old", "password": "old", "workspace": "old"}
    for empty in ({}, {"key": ""}, {"key": None}):
        assert read_values(spec, {**FILLED, **empty}, stored) == {
            **VALUES,
            "key": "old",
        }
        assert "key" not in read_values(spec, {**FILLED, **empty})
    typed = read_values(spec, {**FILLED, "key": " new "}, stored)
    assert typed == {**VALUES, "key": "new"}
    # A required one is asked for whatever is stored.
    assert read_values(spec, {**FILLED, "password": ""}, stored)["password"] == ""
