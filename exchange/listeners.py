"""Who is told when an import waits for a person or has come to its end: a higher room registers itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.registry import Registry

from .models import Import


@dataclass(frozen=True)
class ImportListener:
    """``arrived(row)`` is called in the transaction in which the import became asking, ready, applied,
    undone, failed or discarded (``row.state``). It may write (a notification), must be quick, and an error in
    it stops the import."""

    key: str
    arrived: Callable[[Import], None]
    order: int = 0


import_listeners: Registry[ImportListener] = Registry("import listeners")


def import_arrived(row: Import) -> None:
    """Tell them."""
    for listener in import_listeners:
        listener.arrived(row)
