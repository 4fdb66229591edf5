"""Two texts side by side, word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Piece:
    text: str
    differs: bool


def word_diff(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts cut into pieces; a piece that ``differs`` does not stand, or stands elsewhere, in the
    other."""
    before, after = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (old, new))
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        _add(left, before[i1:i2], kind != "equal")
        _add(right, after[j1:j2], kind != "equal")
    return left, right


def _add(pieces: list[Piece], words: Sequence[str], differs: bool) -> None:
    if words:
        pieces.append(Piece("".join(words), differs))
