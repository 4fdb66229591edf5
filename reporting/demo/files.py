"""Files of the demo company, brought in as people bring theirs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from exchange.services.shell import import_run


class DemoError(Exception):
    """The demo company cannot be founded here; the message says why."""


def file_in(sheet: str, name: str, write: Callable[[Path], object], **options: str | bool) -> None:
    """Have it written, and import it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        outcome = import_run(sheet=sheet, path=path, options=options, leave_out_refused=False, dry_run=False)
    if outcome.error is not None:
        raise DemoError(f"{name}: {outcome.error} {[str(r.code) for r in outcome.refusals[:5]]}")
