"""How often something may be tried."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache


@dataclass(frozen=True)
class Limit:
    """``most`` tries under ``key`` in each span of so many seconds."""

    key: str
    most: int
    seconds: int


@dataclass(frozen=True)
class Attempt:
    """``wait``: 0 where it may be, else the seconds until it may."""

    wait: int
    names: Sequence[str] = ()

    def take_back(self) -> None:
        """It does not count after all."""
        for name in self.names:
            with contextlib.suppress(ValueError):  # its span is over
                cache.decr(name)


def attempt(*limits: Limit) -> Attempt:
    """Count one try under all of these limits, or under none of them where one does not allow it. It counts
    before it is made, so that tries at the same moment are no more than those after each other."""
    now = int(time.time())
    names = [f"attempt:{limit.key}:{now // limit.seconds}" for limit in limits]
    waits = [0]
    for limit, name in zip(limits, names, strict=True):
        if _count(name, limit.seconds) > limit.most:
            waits.append(limit.seconds - now % limit.seconds)
    counted = Attempt(max(waits), names)
    if counted.wait:
        counted.take_back()
        return Attempt(counted.wait)
    return counted


def _count(name: str, seconds: int) -> int:
    """How many with this one."""
    if cache.add(name, 1, seconds):
        return 1
    try:
        return int(cache.incr(name))
    except ValueError:  # its span is over, or Valkey went or came since
        cache.set(name, 1, seconds)
        return 1
