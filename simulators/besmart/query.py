"""Parameters of a query string or of an object in a request body."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulators.faults import Json

from .wire import RefusedError, invalid

_TRUE = ("true", "1", "on", "yes")
_FALSE = ("false", "0", "off", "no")


@dataclass(frozen=True, slots=True)
class Parameters:
    """Named values and their location: ("query",) or ("body", 3)."""

    values: Mapping[str, Json]
    loc: tuple[str | int, ...] = ("query",)

    def whole(self, name: str) -> int | None:
        """Return an integer, or None if it is missing or null.

        Raises RefusedError (422, in 2021: 400) for anything else.
        """
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, int | str) and not isinstance(value, bool):
            try:
                return int(value)
            except ValueError:
                pass
        raise self._wrong(name, "integer")

    def required(self, name: str) -> int:
        """Return a required integer."""
        value = self.whole(name)
        if value is None:
            msg = f"Missing {self.loc[0]} parameter '{name}'"
            raise invalid((*self.loc, name), msg, "value_error.missing")
        return value

    def truth(self, name: str) -> bool:
        """Return a boolean; missing or null is False."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        text = str(value).lower()
        if text not in _TRUE + _FALSE:
            raise self._wrong(name, "boolean")
        return text in _TRUE

    def text(self, name: str) -> str | None:
        """Return a string, or None if it is missing."""
        value = self.values.get(name)
        return None if value is None else str(value)

    def _wrong(self, name: str, kind: str) -> RefusedError:
        """Return the refusal of a value of the wrong type."""
        msg = f"Wrong type, expected '{kind}' for {self.loc[0]} parameter '{name}'"
        return invalid((*self.loc, name), msg, f"type_error.{kind}")


@dataclass(frozen=True, slots=True)
class DataQuery:
    """The parameters of signal data; `since` and `till` are ms, half-open."""

    since: int
    till: int
    delta_t: int | None = None
    raw: bool = False
    output_unit_id: int | None = None
    origin: int | None = None
    get_last: bool = False
    is_chart: bool = False
    multiply: bool = False


def data_query(
    parameters: Parameters, *, newer: bool, multiplies: bool = False
) -> DataQuery:
    """Parse the parameters of signal data, with `newer` those added after 2021 too.

    An endpoint that `multiplies` knows `apply_multiplier`, which is true by default.
    The origin is `signal_origin_id`; the batch of 0.55+ calls it `origin_id`.

    Source: docs/wire/besmart.md, Signal data.
    """
    origin = parameters.whole("signal_origin_id")
    if origin is None and newer:
        origin = parameters.whole("origin_id")
    delta_t = parameters.whole("delta_t")
    if delta_t is not None and delta_t <= 0:
        loc = (*parameters.loc, "delta_t")
        raise invalid(loc, "delta_t must be positive", "value_error")
    return DataQuery(
        since=parameters.required("since"),
        till=parameters.required("till"),
        delta_t=delta_t,
        raw=parameters.truth("raw"),
        output_unit_id=parameters.whole("output_unit_id"),
        origin=origin,
        get_last=newer
        and (parameters.truth("get_last") or parameters.truth("last_acq")),
        is_chart=newer and parameters.truth("is_chart"),
        multiply=multiplies
        and (
            "apply_multiplier" not in parameters.values
            or parameters.truth("apply_multiplier")
        ),
    )
