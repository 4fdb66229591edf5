"""All cores for the command line. The functions of the engine themselves never start a process."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 8
_REPORT_SECONDS = 1.0


def map_all(work: Callable[[Item], Result], items: Sequence[Item], *, label: str) -> list[Result]:
    """`work` on every item, in order, by as many processes as there are cores; progress on standard error.

    Import what is heavy before the call: the processes are forked and share it.
    """
    processes = min(len(os.sched_getaffinity(0)), -(-len(items) // _CHUNK))
    if processes < 2:
        return _collect(map(work, items), len(items), label)
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return _collect(pool.imap(work, items, chunksize=_CHUNK), len(items), label)


def _collect(
    results: "map[Result] | multiprocessing.pool.IMapIterator[Result]", total: int, label: str
) -> list[Result]:
    done: list[Result] = []
    reported = time.monotonic()
    for result in results:
        done.append(result)
        if time.monotonic() - reported >= _REPORT_SECONDS:
            reported = time.monotonic()
            sys.stderr.write(f"{label}: {len(done)} of {total}\n")
    sys.stderr.write(f"{label}: {total} of {total}\n")
    return done
