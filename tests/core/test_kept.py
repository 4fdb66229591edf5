"""What is read once for a page."""

from __future__ import annotations

from typing import Any

import pytest

from core import kept
from core.kept import kept_while_reading, reading

calls: list[Any] = []


@kept_while_reading
def counted(value: int, more: int = 0) -> int:
    calls.append((value, more))
    return value + more


@pytest.fixture(autouse=True)
def _none_yet() -> Any:
    calls.clear()
    yield
    kept._finish()


def request(method: str) -> None:
    kept._start(environ={"REQUEST_METHOD": method})


def test_a_page_computes_once_for_each_argument() -> None:
    request("GET")
    assert [counted(1), counted(1), counted(2), counted(1, more=3), counted(1, more=3)] == [1, 1, 2, 4, 4]
    assert calls == [(1, 0), (2, 0), (1, 3)]


def test_the_next_request_computes_anew() -> None:
    request("GET")
    counted(1)
    kept._finish()
    request("GET")
    counted(1)
    assert len(calls) == 2


def test_a_request_that_writes_keeps_nothing() -> None:
    request("POST")
    counted(1)
    counted(1)
    assert len(calls) == 2


def test_outside_a_request_nothing_is_kept() -> None:
    request("GET")
    kept._finish()
    counted(1)
    counted(1)
    assert len(calls) == 2


def test_work_that_only_reads_computes_once_and_a_page_goes_on() -> None:
    with reading():
        assert [counted(1), counted(1)] == [1, 1]
    assert len(calls) == 1
    counted(1)
    assert len(calls) == 2  # it is over
    request("GET")
    with reading():
        counted(2)
    counted(2)
    assert len(calls) == 3
