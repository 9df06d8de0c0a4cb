"""Decode the JSON that servers send, so that one bad value costs no more than itself.

What comes from a server is text that nobody has checked, and this is the one place
where it is cleaned, with all texts in an answer, names of fields included:

- a lone surrogate, which no file and no database can store, becomes U+FFFD;
- control characters are dropped, except tabs and line breaks, and so are the characters
  that let a text run backwards over what stands next to it.

Numbers that a float cannot hold are infinite, and `parse` takes them for none.
"""

import asyncio
import json
import json.scanner
import re

import orjson

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None

LONG_BYTES = 512 * 1024
"""Parsing this much at once would block the event loop for more than 5 ms."""

DEEPEST = 100
"""Levels of lists and objects in an answer that is not plain; real ones have ten."""

_MOST_DIGITS = 300
"""Longer integers are infinite: Python refuses to convert thousands of digits."""

_MARKS = re.compile(
    rb"\\u(?:00[01]|007[fF]|00[89]|20[26]|[dD][89a-fA-F])|\\[bf]"
    rb"|\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)
"""What the bytes of an answer contain if one of its texts may have to be cleaned."""

_DROPPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return a text without the characters that no name or state can have."""
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATE.sub("\ufffd", _DROPPED.sub("", text))


async def decode_long_json(body: bytes) -> Json:
    """Decode JSON of any length without blocking the event loop; raises ValueError."""
    if len(body) >= LONG_BYTES:
        return await asyncio.to_thread(decode_slowly, body)
    return decode_json(body)


def decode_json(body: bytes | bytearray) -> Json:
    """Decode short JSON; raises ValueError.

    Some servers send what a strict parser refuses: a bare `Infinity` or `NaN`, numbers
    beyond a float, half a surrogate pair, bytes that are no UTF-8. Without the lenient
    parser, one such value would cost the whole answer.
    """
    try:
        parsed: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _decode_leniently(body, json.JSONDecoder)
    # Most answers are numbers in ASCII, which this finds out at once.
    is_plain = body.isascii() and b"\\" not in body and b"\x7f" not in body
    return _cleaned(parsed) if not is_plain and _MARKS.search(body) else parsed


def decode_slowly(body: bytes | bytearray) -> Json:
    """Decode JSON in a thread without blocking the event loop; raises ValueError.

    A fast parser holds the GIL until it is done, in whichever thread it runs.
    """
    return _decode_leniently(body, _YieldingDecoder)


class _YieldingDecoder(json.JSONDecoder):
    """Python's JSON decoder without its C scanner, which never releases the GIL."""

    def __init__(self, **options: object) -> None:
        """Initialize the decoder with the scanner written in Python."""
        super().__init__(**options)  # type: ignore[arg-type]  # As `JSONDecoder`.
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # Typeshed has only the C scanner.


def _decode_leniently(body: bytes | bytearray, decoder: type[json.JSONDecoder]) -> Json:
    """Decode and clean JSON with a decoder of Python; raises ValueError."""
    text = body.decode(errors="replace").removeprefix("\ufeff")
    try:
        return _cleaned(decoder(strict=False, parse_int=_integer).decode(text))
    except RecursionError as err:
        raise ValueError("nested too deep") from err


def _integer(digits: str) -> int | float:
    """Return an integer, or infinity for one that no server means."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _cleaned(value: Json, levels: int = DEEPEST) -> Json:
    """Return a value with all of its texts cleaned; raises ValueError if too deep."""
    if isinstance(value, str):
        return clean_text(value)
    if not isinstance(value, list | dict):
        return value
    if levels == 0:
        raise ValueError("nested too deep")
    if isinstance(value, list):
        return [_cleaned(each, levels - 1) for each in value]
    return {
        clean_text(name): _cleaned(each, levels - 1) for name, each in value.items()
    }
