"""What each phase comes to with each trouble."""

from collections.abc import Mapping
from datetime import timedelta

from custom_components.metering_hub.backends import BACKENDS
from homeassistant.config_entries import ConfigEntryState

_LINK_KEYS: Mapping[str, str] = {
    "unknown_name": "unknown_host",
    "refused": "connection_refused",
    "connect_stall": "no_answer",
    "read_stall": "no_answer",
    "stall_midway": "no_answer",
    "no_tls": "no_https",
    "tls_expired": "untrusted_certificate",
    "tls_untrusted": "untrusted_certificate",
    "tls_other_host": "untrusted_certificate",
    "reset": "cannot_connect",
    "hang_up": "cannot_connect",
    "reset_midway": "cannot_connect",
    "truncated": "cannot_connect",
}
_ANSWER_KEYS: Mapping[str, str] = {
    "token_revoked": "invalid_auth",
    "403": "permission_denied",
    "429": "rate_limited",
    "429_wait": "rate_limited_for",
    **{
        f"{status}_{form}": "server_error"
        for status in (500, 502, 503)
        for form in ("json", "html", "wait")
    },
}
_SKEWS: Mapping[str, timedelta] = {
    "hour_ahead": timedelta(hours=1),
    "hour_behind": timedelta(hours=-1),
    "day_ahead": timedelta(days=1),
    "day_behind": timedelta(days=-1),
}

_FORM_EXCEPTIONS: Mapping[tuple[str, str], str] = {
    # A login lives for the whole flow, so its token has never been seen before.
    **{
        (backend, "token_expired"): ""
        for backend in ("bemserver", "besmart", "milesight")
    },
    # There is nothing but the key, which is as good as revoked.
    ("dsmr_reader", "token_expired"): "invalid_auth",
    # Its login has more to check than a name and a password.
    ("milesight", "token_revoked"): "invalid_login",
    # Newer editions refuse a login with 404.
    ("besmart", "404_json"): "invalid_auth",
    # The form has no switch for the verification of certificates.
    **{
        ("besmart", name): "untrusted_certificate_no_switch"
        for name in ("tls_expired", "tls_untrusted", "tls_other_host")
    },
}


def told_in_form(name: str, backend: str) -> str:
    """Return the key of what the form says, which is empty if all is well."""
    if name in _SKEWS:
        return ""
    usual = _LINK_KEYS.get(name) or _ANSWER_KEYS.get(name, "invalid_url")
    return _FORM_EXCEPTIONS.get((backend, name), usual)


_REAL_ERRORS = frozenset({"403", "404_json", "404_html", "500_json", "500_html"})
_BAD_ANSWERS = frozenset(
    {"redirect_loop", "redirect_away", "huge", "gzip_bomb", "deep", "malformed"}
    | {"html", "other_type", "empty", "204", "null", "object", "list", "nulls"}
    | {"wrong_types"}
)
ONE_ENDPOINT = _REAL_ERRORS | _BAD_ANSWERS
"""Troubles that a single endpoint may have, while others answer."""

NO_DEVICES = frozenset({("besmart", "list")})
"""Where the server says that the account has nothing."""

NOTHING_NEW = frozenset({("bemserver", "object")})
"""Where an answer says that there is no new value, so that the last one goes on."""

OWN_INTERVALS = frozenset({"bemserver", "dsmr_reader"})
"""Whose endpoints are polled at intervals of their own, and fail one by one."""

IN_CSV = frozenset({("bemserver", "nulls"), ("bemserver", "wrong_types")})
"""Where only JSON is distorted, but the history comes as CSV."""

SAYS_NOTHING = frozenset({("dsmr_reader", "object")})
"""Where an empty object means that there is no value."""


def _is_harmless(name: str, backend: str) -> bool:
    """Return True if Home Assistant gets over the trouble at once."""
    return is_skew(name) or (name, backend) in {
        ("token_expired", each) for each in ("bemserver", "besmart", "milesight")
    }


def is_skew(name: str) -> bool:
    """Return True if only the server's clock is wrong."""
    return name in _SKEWS


def _asks(name: str, backend: str) -> bool:
    """Return True if the user is asked for new credentials."""
    return (backend, name) in {
        *((each, "token_revoked") for each in BACKENDS),
        ("dsmr_reader", "token_expired"),
        # That is how a BEMServer refuses a user who was deactivated.
        ("bemserver", "403"),
    }


def ahead(name: str) -> timedelta:
    """Return how far the server's clock is ahead."""
    return _SKEWS.get(name, timedelta())


def after_set_up(name: str, backend: str) -> tuple[ConfigEntryState, bool]:
    """Return the state of the entry, and whether the user is asked to log in."""
    if _asks(name, backend):
        return ConfigEntryState.SETUP_ERROR, True
    if _is_harmless(name, backend) or (backend, name) in NO_DEVICES:
        return ConfigEntryState.LOADED, False
    return ConfigEntryState.SETUP_RETRY, False


def after_poll(name: str, backend: str) -> tuple[str, bool]:
    """Return which entities are unavailable, and whether the user has to log in."""
    if _asks(name, backend):
        return "all", True
    if _is_harmless(name, backend) or (backend, name) in NOTHING_NEW:
        return "none", False
    if backend in OWN_INTERVALS and name in ONE_ENDPOINT:
        return "some", False
    return "all", False


def after_import(name: str, backend: str) -> tuple[str, bool]:
    """Return the state of the import, and whether the user has to log in."""
    if _asks(name, backend):
        return "failed", True
    if _is_harmless(name, backend) or (backend, name) in IN_CSV:
        return "up_to_date", False
    return "failed", False
