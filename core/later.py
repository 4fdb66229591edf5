"""What a room registers when it starts, and imports when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string


def later_in(room: str) -> Callable[[str], Any]:
    """Makes, of the path of a function in the room, a function that imports it when it is first called: so a
    web process never loads the numerics."""
    return lambda path: lambda *args: import_string(f"{room}.{path}")(*args)
