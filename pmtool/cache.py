"""The cache that limits are counted in: in Valkey, for all processes together; while that is away in each
process by itself, so that a limit holds and nobody is kept out. There it holds once a process.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

AWAY_SECONDS = 5.0
"""So long it is not asked again: an answer has to wait for it once, not at each count."""
_away_until = 0.0


class LimitCache(BaseCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._shared = RedisCache(server, params)
        self._own = LocMemCache("limits", params | {"OPTIONS": {"MAX_ENTRIES": 10_000}})

    def _ask(self, what: str, *values: Any, **named: Any) -> Any:
        global _away_until
        if monotonic() >= _away_until:
            try:
                return getattr(self._shared, what)(*values, **named)
            except (OSError, RedisError) as error:
                _away_until = monotonic() + AWAY_SECONDS
                logger.warning("limits are counted in this process: %s", error)
        return getattr(self._own, what)(*values, **named)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        return self._ask("add", key, value, timeout, version=version)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask("get", key, default, version=version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        return self._ask("set", key, value, timeout, version=version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        return self._ask("touch", key, timeout, version=version)

    def delete(self, key: str, version: int | None = None) -> Any:
        return self._ask("delete", key, version=version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> Any:
        return self._ask("incr", key, delta, version=version)

    def clear(self) -> Any:
        self._own.clear()
        return self._ask("clear")
