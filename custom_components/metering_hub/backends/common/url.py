"""Normalize the server addresses that users enter."""

import re

from yarl import URL

from ..errors import InvalidUrlError

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def normalize_url(
    text: str,
    *,
    default_scheme: str = "http",
    page_segments: frozenset[str] = frozenset(),
) -> str:
    """Return the base URL of a server, without a trailing slash.

    Accepts `192.168.1.5:8888`, any number of trailing slashes, and the address of a
    page: the path is cut at the first of `page_segments` (`{"api"}` turns
    `http://host/dsmr/api/v2/x` into `http://host/dsmr`), and the query and fragment
    are dropped.

    Raises InvalidUrlError if the text is not an address, or if it contains a user name
    or password, which would end up in logs.
    """
    entered = text.strip()
    if not _SCHEME.match(entered):
        entered = f"{default_scheme}://{entered.lstrip('/')}"
    try:
        url = URL(entered)
        is_usable = (
            url.scheme in ("http", "https")
            and bool(url.host)
            # A mistyped scheme, such as "http:/host", is parsed as the host.
            and url.host not in ("http", "https")
            and not any(character.isspace() for character in entered)
            and url.port != 0
        )
    except ValueError as err:
        raise InvalidUrlError("not an address") from err
    if not is_usable or url.user is not None or url.password is not None:
        raise InvalidUrlError("not an address")
    segments: list[str] = []
    for segment in url.path.split("/"):
        if segment.lower() in page_segments:
            break
        if segment:
            segments.append(segment)
    return str(url.origin().joinpath(*segments)).rstrip("/")
