"""Whether an upload arrived as a whole."""

from __future__ import annotations

from typing import Any


def body_is_whole(request: Any) -> bool:
    """``False`` when the connection ended before the announced length: what came would look like a short
    file.

    Neither Django nor the server in front says so by itself: a body that breaks off is read to where it ends.
    """
    stream = request._stream
    position, limit = getattr(stream, "_pos", None), getattr(stream, "limit", None)
    return position is None or limit is None or position >= limit
