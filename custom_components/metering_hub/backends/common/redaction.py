"""Replace what identifies a device, a place or a person in diagnostics."""

from collections.abc import Collection, Mapping
from enum import StrEnum
import hashlib
import re

from ...metering.model import Device
from .units import is_known_unit

REDACTED = "**REDACTED**"
"""What Home Assistant shows for a value that is not shown."""

_CURRENCY = re.compile(r"[A-Z]{3}")
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
"""Characters that are replaced in the keys of devices and points."""

_IDENTIFIER = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])|(?<![\d.])\d{6,}(?![\d.])", re.IGNORECASE
)
"""An EUI-64, the worldwide unique number of a radio device, or a long number."""

_ROW_KEY = re.compile(r"[a-z]+_\d{1,5}")
"""The key of a device that a server only numbers."""

_PRODUCT = re.compile(r"(?=[^\d]*\d)(?!\d+$)[A-Z\d][A-Za-z\d./-]{1,19}")
"""A product number such as WS523, which is neither a name nor a serial number."""

_VERSION = re.compile(r"(?<![\w.])v?\d{1,4}(?:\.\d{1,4}){1,3}(?:-?(?:rc|beta)\.?\d+)?")

_LONGEST_PLACEHOLDER = 3
"""A phase or a number; more could be a name."""

_SHORTEST_SERIAL = 6
"""A shorter serial identifies nothing, but could be part of any word."""


def as_key(text: str) -> str:
    """Return a text as it would be part of a key."""
    return _NOT_IN_KEYS.sub("_", text.lower()).strip("_")


class Redaction:
    """Replaces keys, serials and EUIs; each has the same replacement everywhere.

    `secret` makes the replacements the same in all diagnostics of a Home Assistant, and
    useless to anybody who tries out all serials. It must not be published.
    """

    def __init__(self, secret: str, devices: Collection[Device]) -> None:
        """Initialize with the devices that the texts may be about."""
        self._secret = secret
        self._hidden: dict[str, str] = {}
        parts: list[str] = []
        for device in devices:
            if device.serial and len(device.serial) >= _SHORTEST_SERIAL:
                serial = as_key(device.serial)
                self._hidden[serial] = self.alias("serial", serial)
                parts.append(re.escape(serial))
            if device.translation_key or _ROW_KEY.fullmatch(device.key):
                continue
            key = device.key.lower()
            self._hidden[key] = self.alias("device", key)
            parts.append(rf"(?<![a-z\d]){re.escape(key)}(?![a-z\d])")
        parts.sort(key=len, reverse=True)
        # The end matches nothing, so that there is a pattern without devices, too.
        self._pattern = re.compile("|".join([*parts, r"(?!)"]), re.IGNORECASE)

    def alias(self, word: str, text: str) -> str:
        """Return what stands for a text: a word, and what tells it from others."""
        digest = hashlib.sha256(f"{self._secret} {text.lower()}".encode()).hexdigest()
        return f"{word}_{digest[:8]}"

    def text(self, text: str) -> str:
        """Return a text with what identifies a device replaced."""
        text = self._pattern.sub(lambda match: self._hidden[match[0].lower()], text)
        return _IDENTIFIER.sub(lambda match: self.alias("id", match[0]), text)

    def everywhere(self, value: object) -> object:
        """Return a value with what identifies a device replaced, recursively."""
        match value:
            case StrEnum():
                return value
            case str():
                return self.text(value)
            case dict():
                return {
                    self.text(str(key)): self.everywhere(inner)
                    for key, inner in value.items()
                }
            case list() | tuple():
                return [self.everywhere(inner) for inner in value]
            case _:
                return value

    def options(
        self, options: Mapping[str, object], known: Collection[str]
    ) -> dict[str, object]:
        """Return options without the keys of what the server no longer has.

        What such a key is made of is not known. `known` are all other keys.
        """

        def of_known(text: object) -> object:
            """Return a key, or what stands for one that is not known."""
            is_gone = isinstance(text, str) and text not in known
            return self.alias("gone", str(text)) if is_gone else text

        shown: dict[str, object] = {}
        for name, value in options.items():
            match value:
                case list():
                    shown[name] = [of_known(each) for each in value]
                case dict():
                    shown[name] = {of_known(key): each for key, each in value.items()}
                case _:
                    shown[name] = value
        return shown


def shown_model(model: object) -> object:
    """Return a model if it is a product number."""
    return model if _PRODUCT.fullmatch(str(model)) else REDACTED


def shown_version(text: object) -> object:
    """Return the version in a text, if there is one."""
    found = _VERSION.search(str(text))
    return found[0] if found else REDACTED


def shown_unit(unit: object) -> object:
    """Return a unit if it is a known one or a price, and no text of the server."""
    text = str(unit or "")
    money, _, per = text.partition("/")
    is_price = _CURRENCY.fullmatch(money) and (not per or is_known_unit(per))
    return unit if not text or is_price or is_known_unit(text) else REDACTED


def shown_placeholders(placeholders: Mapping[str, str]) -> dict[str, str]:
    """Return placeholders without those that are long enough for a name."""
    return {
        name: text if len(text) <= _LONGEST_PLACEHOLDER else REDACTED
        for name, text in placeholders.items()
    }
