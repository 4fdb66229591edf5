"""The rights that exist. A role is a set of these codes; every room registers its own in ``ready()``.

A code is ``<room>.<verb>``. A role may name a right of a room that does not stand yet: it then waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Right:
    code: str
    label: Any
    help_text: Any = ""


_rights: dict[str, Right] = {}


def register(*rights: Right) -> None:
    """Add rights; registering a code twice is a programming error."""
    for right in rights:
        if right.code in _rights:
            raise ValueError(f"right {right.code} is registered twice")
        _rights[right.code] = right


def registered() -> list[Right]:
    return sorted(_rights.values(), key=lambda right: right.code)


def right_label(code: str) -> str:
    """What the right is called; the code itself when nobody knows it (any more)."""
    right = _rights.get(code)
    return str(right.label if right else code)
