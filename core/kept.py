"""What is read once for a page and used in many places of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from asgiref.local import Local
from django.core.signals import request_finished, request_started

P = ParamSpec("P")
R = TypeVar("R")
_local = Local()


def kept_while_reading(function: Callable[P, R]) -> Callable[P, R]:
    """The function's answer is kept until the request ends, if that is one that only reads (GET or HEAD).

    In a request that writes, a job or a command it is computed every time, so nobody has to forget it. Only
    for functions whose answer depends on hashable arguments and the database, and that nobody changes.
    """

    @wraps(function)
    def kept(*args: P.args, **kwargs: P.kwargs) -> R:
        answers: dict[Hashable, Any] | None = getattr(_local, "answers", None)
        if answers is None:
            return function(*args, **kwargs)
        key = (function, args, tuple(sorted(kwargs.items())))
        if key not in answers:
            answers[key] = function(*args, **kwargs)
        answer: R = answers[key]
        return answer

    return kept


@contextmanager
def reading() -> Iterator[None]:
    """What is read within it is kept as in a request that only reads: for work that writes nothing meanwhile,
    in a job too. What was kept before goes on."""
    if getattr(_local, "answers", None) is not None:
        yield
        return
    _local.answers = {}
    try:
        yield
    finally:
        _local.answers = None


def _start(environ: Any = None, **_signal: object) -> None:
    _local.answers = {} if (environ or {}).get("REQUEST_METHOD") in {"GET", "HEAD"} else None


def _finish(**_signal: object) -> None:
    _local.answers = None


request_started.connect(_start, dispatch_uid="kept_start")
request_finished.connect(_finish, dispatch_uid="kept_finish")
