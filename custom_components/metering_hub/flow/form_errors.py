"""What a form says about an error, in words that fit the backend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from homeassistant.const import CONF_VERIFY_SSL

from ..backends.base import BackendSpec
from ..backends.errors import BackendError, Reason
from ..errors import WAIT_KEY, error_key, error_placeholders

INVALID_URL = Reason.INVALID_URL.value
NO_SWITCH = "untrusted_certificate_no_switch"
"""The certificate is not trusted, and the form cannot turn off its verification."""

_OTHER_SERVER = frozenset(
    {Reason.NOT_FOUND, Reason.UNEXPECTED_ANSWER, Reason.ANSWER_TOO_LARGE}
)
"""While a server is being added, these mean that something else answers there."""

FORM_REASONS = frozenset(
    {
        Reason.CANNOT_CONNECT,
        Reason.UNKNOWN_HOST,
        Reason.CONNECTION_REFUSED,
        Reason.UNTRUSTED_CERTIFICATE,
        Reason.NO_HTTPS,
        Reason.HTTPS_REQUIRED,
        Reason.NO_ANSWER,
        Reason.INVALID_URL,
        Reason.SERVER_ERROR,
        Reason.RATE_LIMITED,
        Reason.TOO_MANY_ROWS,
        Reason.NO_END,
        Reason.TOO_SLOW,
        Reason.INVALID_AUTH,
        Reason.INVALID_LOGIN,
        Reason.WORKSPACE_KEY,
        Reason.PERMISSION_DENIED,
        Reason.API_DISABLED,
        Reason.UNSUPPORTED_VERSION,
        Reason.NOT_INITIALISED,
        Reason.NO_DATA_PERMISSION,
    }
)
"""The reasons that forms have words of their own for."""


@dataclass(frozen=True, slots=True)
class FormErrors:
    """The errors of a form: translation keys by field, and what fills their texts."""

    fields: dict[str, str] = field(default_factory=dict)
    placeholders: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: BackendError, spec: BackendSpec) -> Self:
        """Return the error of a whole form after a request failed."""
        return cls({"base": form_key(error, spec)}, error_placeholders(error))


STOPPED = FormErrors({"base": Reason.CANNOT_CONNECT.value})
"""What a form says that Home Assistant's stop has interrupted; nobody reads it."""


def form_key(error: BackendError, spec: BackendSpec) -> str:
    """Return the translation key of what a form says about an error."""
    if error.reason in _OTHER_SERVER:
        return INVALID_URL
    if error.reason is Reason.UNTRUSTED_CERTIFICATE and not _has_switch(spec):
        return NO_SWITCH
    if error_key(error) == WAIT_KEY:
        return WAIT_KEY
    reason = error.reason if error.reason in FORM_REASONS else Reason.UNKNOWN
    return reason.value


def _has_switch(spec: BackendSpec) -> bool:
    """Return True if the form can turn off the verification of certificates."""
    return any(each.name == CONF_VERIFY_SSL for each in spec.fields)


def form_placeholders(spec: BackendSpec) -> dict[str, str]:
    """Return what fills the texts of forms about a server, also of their errors."""
    return {"backend": spec.name, "example": spec.example_url}
