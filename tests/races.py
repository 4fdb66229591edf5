"""Two at once, in the order that a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction


def second_answer(first: Callable[[], object], second: Callable[[], Any]) -> Any:
    """What ``second`` answers, or the error it ends with. It begins when ``first`` is done; ``first`` is
    committed when ``second`` has come as far as it gets."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(second())
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=run)
    with transaction.atomic():
        first()
        other.start()
        until = time.monotonic() + 20
        while other.is_alive() and not _waited_for() and time.monotonic() < until:
            pass
    other.join(20)
    assert not other.is_alive()
    return answers[0]


def _waited_for() -> bool:
    """Whether another transaction waits for this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.rowcount > 0
