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
    left = [said]
    while left:  # however deep it goes
        each = left.pop()
        if isinstance(each, Mapping):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple):
            left += each
        elif isinstance(each, str) and "\0" in each:
            return True
    return False


def query_of(text: str) -> QueryDict:
    """The query of an address that came along in a form or is kept, without that character."""
    return QueryDict(text.replace("%00", ""))
