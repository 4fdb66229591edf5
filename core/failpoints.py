"""Named points where a test lets a process die or fail.

``PMTOOL_FAILPOINT=name:kill`` or ``name:kill:3`` (the third time it is passed), only where the settings allow
it (``FAILPOINTS``, the tests). ``killgroup`` takes the whole process group along: a worker with its children.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

from django.conf import settings

_passed: Counter[str] = Counter()


def passing(name: str) -> None:
    """Die here (``kill``, ``killgroup``) or raise (``raise``) when a test asked for it; nothing otherwise."""
    if not settings.FAILPOINTS:
        return
    wanted, _, rest = os.environ.get("PMTOOL_FAILPOINT", "").partition(":")
    if wanted != name:
        return
    action, _, at = rest.partition(":")
    _passed[name] += 1
    if _passed[name] != int(at or 1):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "killgroup":
        os.killpg(os.getpgrp(), signal.SIGKILL)
    raise RuntimeError(f"failpoint {name}")
