from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string


def later(path: str) -> Any:
    """A function of the room that is imported when it is first called, so that a web process never loads the
    numerics."""
    return lambda *args: import_string(f"pricing.{path}")(*args)
