"""Data: the imports and their files."""

from __future__ import annotations

from typing import Any

from exchange.models import Import, Layout

from .rules import Rule
from .world import MARK, World

RIGHT = "exchange.import"
HIDDEN = frozenset({200, 302, 400, 404, 409, 422})
"""People with limits do not see what others imported."""


def an_import(world: World) -> dict[str, Any]:
    """Somebody else's."""
    make = lambda: Import.objects.create(  # noqa: E731
        sheet="sales", source="page", file_name=f"{MARK}.csv", file_size=1, created_by=world.somebody
    )
    return {"pk": world.made("page import", make).pk}


def a_layout(world: World) -> dict[str, Any]:
    make = lambda: Layout.objects.create(sheet="sales", signature="x", name="Layout")  # noqa: E731
    return {"pk": world.made("layout", make).pk}


def rule(name: str, **rest: Any) -> Rule:
    return Rule(f"exchange:{name}", args=an_import, foreign=an_import, ok=HIDDEN, **rest)


RULES = [
    Rule("exchange:list", get=RIGHT),
    Rule("exchange:upload", get=RIGHT, post=RIGHT),
    Rule("exchange:layouts", get=RIGHT),
    Rule("exchange:layout", get=RIGHT, post=RIGHT, args=a_layout, data={"name": "Other", "version": 1}),
    Rule("exchange:layout_delete", post=RIGHT, args=a_layout),
    Rule("exchange:layout_restore", post=RIGHT, args=a_layout),
    rule("detail", get=RIGHT),
    rule("refused", get=RIGHT),
    rule("creations", get=RIGHT),
    rule("file", get=RIGHT),
    rule("reading", post=RIGHT, data={"sheet": "sales"}),
    rule("apply", post=RIGHT),
    # Which right it needs besides, its kind of file says.
    Rule("exchange:correct", post=RIGHT, args=an_import, foreign=an_import, ok=HIDDEN | {403}),
    rule("undo", post="exchange.undo"),
    rule("stop", post=RIGHT),
    rule("discard", post=RIGHT),
]
