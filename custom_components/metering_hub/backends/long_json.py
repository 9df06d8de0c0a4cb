"""Parse long JSON texts without holding the event loop."""

import json
import json.scanner

LONG_BYTES = 512 * 1024
"""From this size on, parsing in one go would hold the event loop for over 5 ms."""


class _YieldingDecoder(json.JSONDecoder):
    """Python's own parser without its fast part, which gives way to nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # Typeshed knows the fast one only.


def parse_slowly(body: bytes) -> object:
    """Return the value of a JSON text; meant for a thread, which gives way to others.

    A thread alone would not do: a fast parser keeps all others waiting until it is
    done, whichever thread it runs in. A bare `Infinity` or `NaN` is taken.
    Raises ValueError.
    """
    try:
        value: object = _YieldingDecoder().decode(body.decode())
    except RecursionError as err:
        raise ValueError("nested too deep") from err
    return value
