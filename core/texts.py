from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict


def text_read(text: str) -> str:
    """What somebody wrote in a form, as it is counted and kept: a line break is one character, as in the
    browser that counted it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def holds_nul(said: Any) -> bool:
    """Whether the character that no text of the database can hold is anywhere in it."""
    if isinstance(said, str):
        return "\0" in said
    if isinstance(said, Mapping):
        return any(holds_nul(each) for pair in said.items() for each in pair)
    return isinstance(said, list | tuple) and any(map(holds_nul, said))


def query_of(text: str) -> QueryDict:
    """The query of an address that came along in a form or is kept, without that character."""
    return QueryDict(text.replace("%00", ""))
