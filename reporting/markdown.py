"""What authors write, as HTML: paragraphs, lists, emphasis, small headings. HTML in it stays text;
pictures and links to elsewhere are not drawn, as a shared page asks nothing of others."""

from __future__ import annotations

from functools import cache

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

RULES = ("emphasis", "list", "newline", "escape", "backticks", "hr", "heading")


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("zero", {"html": False, "breaks": True}).enable(list(RULES))


def markdown_html(text: str) -> SafeString:
    return mark_safe(_reader().render(text))  # noqa: S308  the reader escapes all that it does not know
