"""Texts that the translators get to see."""

from __future__ import annotations

import ast
from pathlib import Path

from .test_architecture import ROOT, rooms_lowest_first

CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "npgettext"}


def _calls(node: ast.AST) -> list[int]:
    """The lines of an f-string's own texts to translate."""
    inside = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return [each.lineno for each in inside if isinstance(each.func, ast.Name) and each.func.id in CALLS]


def _uncollected(file: Path) -> list[str]:
    strings = (node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.JoinedStr))
    return [f"{file.relative_to(ROOT)}:{line}" for node in strings for line in _calls(node)]


def test_no_text_stands_inside_an_f_string_where_makemessages_does_not_look() -> None:
    files = [file for room in rooms_lowest_first() for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 500
    assert [line for file in files for line in _uncollected(file)] == []
