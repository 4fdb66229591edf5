"""How often something may be tried."""

from __future__ import annotations

import time

from django.core.cache import cache


def attempt(key: str, *, most: int, seconds: int) -> int:
    """Count one try under ``key``: 0 while it is one of the first ``most`` of its span of so many seconds,
    else how many seconds until the next span. Tries at the same moment are all counted."""
    now = int(time.time())
    name = f"attempt:{key}:{now // seconds}"
    cache.add(name, 0, seconds)
    return 0 if cache.incr(name) <= most else seconds - now % seconds
