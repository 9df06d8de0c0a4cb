"""Readings of signals whose values are words: a text, or on and off."""

from collections.abc import Mapping
from datetime import datetime

from ...metering.model import Kind, Reading
from .latest import Measured, Stated
from .samples import Word

_LONGEST_TEXT = 255
"""What Home Assistant accepts as a state."""

_FLAGS: Mapping[Word, bool] = {True: True, False: False, "0": False, "1": True}
_TEXTS: Mapping[Word, str] = {True: "true", False: "false"}


def word_reading(
    kind: Kind, word: Stated | None, number: Measured | None
) -> Reading | None:
    """Return the latest value of a STATE or FLAG, or None if there is none.

    Some values of such a signal can be numbers: tariff "12" after "G11", and 0 and 1
    for off and on.
    """
    if word is None or (number is not None and number.time > word.time):
        return number and _reading(kind, number.time, f"{number.value:g}")
    return _reading(kind, word.time, word.value)


def _reading(kind: Kind, time: datetime, word: Word) -> Reading | None:
    """Return a word as a reading; None for a text that is neither on nor off."""
    if kind is Kind.STATE:
        text = _TEXTS.get(word, word)
        return Reading(time=time, value=str(text)[:_LONGEST_TEXT])
    flag = _FLAGS.get(word)
    return None if flag is None else Reading(time=time, value=flag)
