"""One bad value costs itself, and every text can be stored by Home Assistant."""

from collections.abc import Callable
import json
from math import inf

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.metering_hub.backends.common.json_text import (
    DEEPEST,
    LONG_BYTES,
    Json,
    decode_json,
    decode_long_json,
    decode_slowly,
)

both_decoders = pytest.mark.parametrize("decode", [decode_json, decode_slowly])
type Decode = Callable[[bytes], Json]


@both_decoders
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1e400, "b": 1}', {"a": inf, "b": 1}),
        (b'{"a": -1e400, "b": 1}', {"a": -inf, "b": 1}),
        (b'{"a": ' + b"9" * 5000 + b', "b": 1}', {"a": inf, "b": 1}),
        (b'{"a": "\\ud800", "b": 1}', {"a": "\ufffd", "b": 1}),
        (b'{"a\\udfff": "x\\ud83d", "b": 1}', {"a\ufffd": "x\ufffd", "b": 1}),
        (b'["\\ud83d\\ude00"]', ["\N{GRINNING FACE}"]),
        (b'["Z\xe4hler", 1]', ["Z\ufffdhler", 1]),
        (b'["\xed\xa0\x80", 1]', ["\ufffd\ufffd\ufffd", 1]),
        (b'["a\\u0000b\\u001b[31m", "\\u0085"]', ["ab[31m", ""]),
        (b'["a\x00b\x01"]', ["ab"]),
        (b'["safe\\u202eexe.txt", "\\u2066x\\u2069"]', ["safeexe.txt", "x"]),
        ('["safe\u202eexe.txt"]'.encode(), ["safeexe.txt"]),
        (b'["a\\nb\\tc\\r\\n"]', ["a\nb\tc\r\n"]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (
            '["Zähler", "m³", "\u200f", "日本"]'.encode(),
            ["Zähler", "m³", "\u200f", "日本"],
        ),
    ],
)
def test_a_bad_value_costs_only_itself(
    decode: Decode, body: bytes, value: Json
) -> None:
    assert decode(body) == value


@both_decoders
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": }',
        b"[1] 2",
        b"[" * 3000 + b"]" * 3000,
        b"[" * 200_000,
        b'{"a":' * 5000,
        b"[" * DEEPEST + b'["\\ud800"]' + b"]" * DEEPEST,
    ],
)
def test_broken_json_is_a_value_error(decode: Decode, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)


@both_decoders
@given(body=st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(decode: Decode, body: bytes) -> None:
    try:
        value = decode(b'{"a": "' + body + b'"}')
    except ValueError:
        return
    json.dumps(value, ensure_ascii=False).encode()


@both_decoders
@given(text=st.text(st.characters(codec=None, categories=["C", "L", "Z"])))
def test_every_text_can_be_stored(decode: Decode, text: str) -> None:
    value = decode(json.dumps([text, {text: 1}]).encode())
    assert isinstance(value, list)
    # This is what writes the registries and states of Home Assistant.
    assert orjson.loads(orjson.dumps(value)) == value
    assert not set("\x00\x1b\x7f\u202e") & set(str(value[0]))


async def test_long_answers_are_cleaned_too() -> None:
    names = [f"name {number} \\ud800" for number in range(LONG_BYTES // 10)]
    body = b"[" + b",".join(f'"{name}"'.encode() for name in names) + b"]"
    value = await decode_long_json(body)
    assert isinstance(value, list)
    assert value[-1] == f"name {len(names) - 1} \ufffd"
