"""Turn the server's keys into ours, which Home Assistant and its recorder can take."""

from collections.abc import Collection
import hashlib
import re

_OTHER = re.compile(r"[^a-z0-9]+")
_LONGEST = 180
"""What the recorder leaves of its 255 characters for a point, with a reserve."""


def slug(key: str, taken: Collection[str] = ()) -> str:
    """Return a key made of `[a-z0-9_]` without `__`, and not one that is taken.

    Where two keys differ only in what is lost, and where one is too long, a piece of
    the key's hash is added.
    """
    made = _OTHER.sub("_", key.lower()).strip("_")
    if made and len(made) <= _LONGEST and made not in taken:
        return made
    mark = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{made[:_LONGEST].strip('_')}_{mark}".strip("_")
