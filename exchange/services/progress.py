"""How far a job is, told from beside it: the work's own connection is inside a transaction or a COPY."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from core.jobs import LeaseLost
from exchange.staging import Progress

_EVERY_SECONDS = 1.0


@contextmanager
def progress_told(context: Any, total: int) -> Iterator[Progress]:
    """Gives a function that takes the number of rows done; a thread writes it to the job's row each second.

    The function raises :class:`LeaseLost` once another worker has the job.
    """
    done, told = 0, -1
    stop = threading.Event()
    lost = threading.Event()

    def tell() -> None:
        nonlocal told
        try:
            while not stop.wait(_EVERY_SECONDS):
                if told != done:
                    told = done
                    context.progress(min(told, total), total)
        except LeaseLost:
            lost.set()
        finally:
            connection.close()

    def report(rows: int) -> None:
        nonlocal done
        done = rows
        if lost.is_set():
            raise LeaseLost(context.job.key)

    thread = threading.Thread(target=tell, name=f"progress-{context.job.pk}", daemon=True)
    thread.start()
    try:
        yield report
    finally:
        stop.set()
        thread.join()
