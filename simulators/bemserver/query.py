"""Query parameters, validated together: a 422 lists all invalid ones.

Unknown parameters are ignored, as on the server.

Source: docs/wire/bemserver.md, Conventions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from multidict import MultiMapping

from simulators.faults import Json

from .units import UndefinedUnitError, unit
from .wire import MISSING, invalid

_NEVER = datetime.min.replace(tzinfo=UTC)
_TRUE = {"t", "true", "on", "y", "yes", "1"}
_FALSE = {"f", "false", "off", "n", "no", "0"}


@dataclass(slots=True)
class Query:
    """The parameters of a request and their errors.

    The methods return a stand-in for an invalid value until `check` raises; a parameter
    without a default is required.
    """

    given: MultiMapping[str]
    errors: dict[str, Json] = field(default_factory=dict)

    def check(self) -> None:
        """Raise the 422 if there are errors."""
        if self.errors:
            raise invalid(query=self.errors)

    def read[T](self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Return an optional parameter; `parse` raises ValueError with the message."""
        text = self.given.get(name)
        if text is None:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.errors[name] = [str(error)]
            return default

    def require[T](self, name: str, parse: Callable[[str], T], stand_in: T) -> T:
        """Return a required parameter."""
        if name not in self.given:
            self.errors[name] = [MISSING]
        return self.read(name, parse, stand_in)

    def several[T](
        self, name: str, parse: Callable[[str], T], *, required: bool = False
    ) -> list[T]:
        """Return a repeated parameter; the errors contain the positions."""
        values, wrong = [], dict[str, Json]()
        for index, text in enumerate(self.given.getall(name, [])):
            try:
                values.append(parse(text))
            except ValueError as error:
                wrong[str(index)] = [str(error)]
        if wrong:
            self.errors[name] = wrong
        elif required and not values:
            self.errors[name] = [MISSING]
        return values

    def moment(self, name: str) -> datetime:
        """Return a required aware datetime."""
        return self.require(name, moment, _NEVER)

    def day(self, name: str) -> date:
        """Return a required date."""
        return self.require(name, day, date.min)

    def zone(self) -> ZoneInfo:
        """Return the time zone, UTC by default."""
        return self.read("timezone", zone, ZoneInfo("UTC"))


def integer(text: str) -> int:
    """Parse an integer."""
    try:
        return int(text)
    except ValueError as error:
        raise ValueError("Not a valid integer.") from error


def positive(text: str) -> int:
    """Parse an integer of at least 1."""
    value = integer(text)
    if value < 1:
        raise ValueError("Must be greater than or equal to 1.")
    return value


def page_size(text: str) -> int:
    """Parse the size of a page, at most 100.

    Source: docs/wire/bemserver.md, Paging.
    """
    value = integer(text)
    if not 1 <= value <= 100:
        raise ValueError(
            "Must be greater than or equal to 1 and less than or equal to 100."
        )
    return value


def number(text: str) -> float:
    """Parse a number."""
    try:
        return float(text)
    except ValueError as error:
        raise ValueError("Not a valid number.") from error


def boolean(text: str) -> bool:
    """Parse a boolean in one of its many spellings."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError("Not a valid boolean.")


def moment(text: str) -> datetime:
    """Parse an aware datetime; an unencoded `+` has become a space."""
    if "T" not in text or " " in text:
        raise ValueError("Not a valid datetime.")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("Not a valid datetime.") from error
    if at.tzinfo is None:
        raise ValueError("Not a valid aware datetime.")
    return at


def day(text: str) -> date:
    """Parse a date."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("Not a valid date.") from error


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Return the parser of a choice."""

    def parse(text: str) -> str:
        """Return the text if it is one of the choices."""
        if text not in choices:
            raise ValueError(f"Must be one of: {', '.join(choices)}.")
        return text

    return parse


def zone(text: str) -> ZoneInfo:
    """Parse the name of a time zone; the error lists all names."""
    return ZoneInfo(one_of(_zones())(text))


def unit_symbol(text: str) -> str:
    """Parse a unit that pint supports."""
    try:
        unit(text)
    except UndefinedUnitError as error:
        raise ValueError(str(error)) from error
    return text


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    """Return the names of all time zones."""
    return tuple(sorted(available_timezones()))


type Parsers = Mapping[str, Callable[[str], object]]
