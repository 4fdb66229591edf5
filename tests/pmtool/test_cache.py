"""Limits are counted in Valkey, and in the process while it is away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import TimeoutError as RedisTimeout

from core.rate_limit import Limit, attempt
from pmtool import cache


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """`gone` and how often it was `asked`; the clock is `now`."""

    class Valkey(LocMemCache):
        gone = False
        asked = 0
        now = 100.0

        def __init__(self, _server: str, _params: object) -> None:
            super().__init__("valkey", {})

        def make_and_validate_key(self, key: Any, version: Any = None) -> Any:
            Valkey.asked += 1
            if Valkey.gone:
                raise RedisTimeout
            return super().make_and_validate_key(key, version=version)

    monkeypatch.setattr(cache, "RedisCache", Valkey)
    monkeypatch.setattr(cache, "_away_until", 0.0)
    monkeypatch.setattr(cache, "monotonic", lambda: Valkey.now)
    monkeypatch.setattr("core.rate_limit.time.time", lambda: 1_000_000.0)
    settings.CACHES = {"default": settings.CACHES["service"]}
    caches["default"].clear()
    return Valkey


def waits(tries: int) -> list[bool]:
    return [bool(attempt(Limit("door", 2, 3600)).wait) for _try in range(tries)]


def test_a_limit_holds_while_it_is_away_and_is_that_of_all_once_it_is_back(valkey: Any) -> None:
    assert waits(1) == [False]
    valkey.gone = True
    assert waits(3) == [False, False, True]
    valkey.gone = False
    valkey.now += cache.AWAY_SECONDS
    assert waits(2) == [False, True]


def test_while_it_is_away_it_is_not_waited_for_each_time(valkey: Any) -> None:
    valkey.gone = True
    waits(3)
    assert valkey.asked == 1
    valkey.now += cache.AWAY_SECONDS
    waits(3)
    assert valkey.asked == 2


def test_it_may_go_between_two_words_to_it(valkey: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits(1) == [False]
    add = valkey.add

    def goes(*values: Any, **named: Any) -> bool:
        added = add(*values, **named)
        valkey.gone = True
        return bool(added)

    monkeypatch.setattr(valkey, "add", goes)
    assert waits(3) == [False, False, True]
