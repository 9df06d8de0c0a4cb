"""Turn what people type or paste as an address into one exact base URL."""

import re

from yarl import URL

from ..errors import InvalidUrlError

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def normalise_url(
    text: str,
    *,
    default_scheme: str = "http",
    page_segments: frozenset[str] = frozenset(),
) -> str:
    """Return the base URL of a server, without a trailing slash.

    Accepts `192.168.1.5:8888`, any number of trailing slashes, and the address of a
    page: the path is cut at the first of `page_segments` (`{"api"}` turns
    `http://host/dsmr/api/v2/x` into `http://host/dsmr`); query and fragment go.

    Raises InvalidUrlError where no address can be made of it, and for user names or
    passwords inside the address, which would end up in logs.
    """
    typed = text.strip()
    if not _SCHEME.match(typed):
        typed = f"{default_scheme}://{typed.lstrip('/')}"
    try:
        url = URL(typed)
        usable = (
            url.scheme in ("http", "https")
            and bool(url.host)
            # What is left of a scheme with a slash too few or too many is no host.
            and url.host not in ("http", "https")
            and not any(character.isspace() for character in typed)
            and url.port != 0
        )
    except ValueError as err:
        raise InvalidUrlError("not an address") from err
    if not usable or url.user is not None or url.password is not None:
        raise InvalidUrlError("not an address")
    segments: list[str] = []
    for segment in url.path.split("/"):
        if segment.lower() in page_segments:
            break
        if segment:
            segments.append(segment)
    return str(url.origin().joinpath(*segments)).rstrip("/")
