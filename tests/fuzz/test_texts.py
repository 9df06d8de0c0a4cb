"""Parsers of texts, which accept any text: telegrams, CSV, tokens, and memories."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import UTC, datetime
import json
from pathlib import Path
from random import Random
from time import process_time

from aiohttp import ClientSession
from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.metering_hub.backends.base import Backend
from custom_components.metering_hub.backends.bemserver.auth import token_expiry
from custom_components.metering_hub.backends.bemserver.timeseries_client import (
    parse_columns,
)
from custom_components.metering_hub.backends.common.http import retry_after
from custom_components.metering_hub.backends.common.server_clock import clock_offset
from custom_components.metering_hub.backends.common.times import YEARS
from custom_components.metering_hub.backends.dsmr_reader.telegram import (
    parse_telegram,
    telegram_time,
)
from custom_components.metering_hub.backends.errors import ProtocolError

from .mutations import STRANGE_TEXTS, Json, Mutator
from .worlds import WORLDS, running

TELEGRAMS = [
    each["telegram"]
    for each in json.loads(
        (Path(__file__).parents[1] / "fixtures" / "telegrams.json").read_text()
    ).values()
]
ANY_TEXT = st.text(st.characters(codec=None)) | st.sampled_from(STRANGE_TEXTS)
MOST_SECONDS = 5.0


@given(st.sampled_from(TELEGRAMS), st.integers(0, 2**32))
def test_mutated_telegrams(telegram: str, seed: int) -> None:
    random = Random(seed)
    at = random.randrange(len(telegram))
    strange = random.choice(STRANGE_TEXTS) * random.choice((1, 1, 50))
    for text in (
        telegram[:at] + strange + telegram[at + random.randrange(9) :],
        telegram[:at] + telegram[at // 2 :],
        telegram.replace("(", strange[:20] + "("),
        telegram.replace("0", random.choice("9.*()S:")),
    ):
        begun = process_time()
        found = parse_telegram(text)
        for meter in found.extra_meters:
            assert meter.position.is_finite()
            assert float(meter.position) < 1e25
        time = telegram_time(text)
        assert time is None or time.year in YEARS
        assert process_time() - begun < MOST_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "/ISK5" + " " * 60_000 + "x",
        "/ISK5" + "1" * 60_000,
        "0-1:24.1.0(" + "9" * 60_000 + ")",
        "0-1:24.2.1(" + "9" * 60_000 + "*m3)",
        "0-1:24.3.0(121030140000)" + "(a" * 30_000,
        "1-0:1.8.1(" + "." * 60_000,
    ],
)
def test_long_lines_take_no_time(text: str) -> None:
    """A model behind 60,000 blanks took a minute."""
    begun = process_time()
    found = parse_telegram(text)
    assert process_time() - begun < MOST_SECONDS
    assert found.model is None or len(found.model) <= 200


@given(ANY_TEXT)
def test_tokens(text: str) -> None:
    claims = base64.urlsafe_b64encode(text.encode(errors="surrogatepass")).decode()
    for token in (text, f"a.{claims}.b", f"a.{text}.b"):
        assert token_expiry(token) is None or token_expiry(token)


@pytest.mark.parametrize("exp", ["1e400", "253402300799", "-1", "NaN", "9" * 5000])
def test_expiry_of_no_year(exp: str) -> None:
    claims = base64.urlsafe_b64encode(f'{{"exp": {exp}}}'.encode()).decode()
    expiry = token_expiry(f"a.{claims}.b")
    assert expiry is None or expiry.year in YEARS


@given(ANY_TEXT)
def test_headers(text: str) -> None:
    seconds = retry_after({"Retry-After": text})
    assert seconds is None or 0 <= seconds <= 3600
    assert abs(clock_offset({"Date": text}).days) <= 1


@given(st.lists(st.lists(ANY_TEXT | st.just("2026-11-21T01:30:00+0000"), max_size=4)))
def test_csv(rows: list[list[str]]) -> None:
    text = "Datetime,1,x,13\n" + "\n".join(",".join(row) for row in rows)
    columns = asyncio.run(parse_columns(text))
    for column in columns.values():
        for time in column:
            assert datetime.fromtimestamp(time, UTC).year in YEARS


@pytest.mark.parametrize("label", ["9" * 5000, "\u0663", "1_0", "-", ""])
def test_csv_of_absurd_series(label: str) -> None:
    """Before, one label of 5,000 digits was a ValueError for all."""
    text = f"Datetime,1,{label}\n2026-11-21T01:30:00+0000,4,5"
    assert asyncio.run(parse_columns(text)).keys() == {1}


def test_csv_without_a_header() -> None:
    with pytest.raises(ProtocolError):
        asyncio.run(parse_columns("\ufffd"))


def test_csv_of_the_year_9999() -> None:
    text = "Datetime,1\n9999-12-31T23:59:59+0000,1\n2026-11-21T01:30:00+0000,4"
    assert len(asyncio.run(parse_columns(text))[1]) == 1


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("name", WORLDS)
async def test_memories(name: str) -> None:
    """What was stored and is broken is not remembered, and stops nothing."""
    world = WORLDS[name]()
    async with running(name) as whole, ClientSession() as session:
        learned = await whole.learn()
        for seed in range(60):
            backend = world.make(session, "http://127.0.0.1:9")
            _restore_mutated(backend, learned, seed)


def _restore_mutated(
    backend: Backend, learned: Mapping[str, object], seed: int
) -> None:
    """Restore a memory that has been changed in a file."""
    body = Mutator(Random(seed), []).mutate(orjson.dumps(dict(learned)), "memory")
    try:
        memory: Json = orjson.loads(body)
    except ValueError:
        return  # Home Assistant sets such a file aside.
    if isinstance(memory, dict):
        backend.restore(memory)
        orjson.dumps(dict(backend.remember()))
