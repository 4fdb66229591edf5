"""What authors write, as HTML: paragraphs, lists, emphasis, small headings. HTML in it stays text;
pictures and links to elsewhere are not drawn, as a shared page asks nothing of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

RULES = ("emphasis", "list", "newline", "escape", "backticks", "hr", "heading")


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("zero", {"html": False, "breaks": True}).enable(list(RULES))


def markdown_html(text: str) -> SafeString:
    """Headings are below the title of a section, an h2, and of the size of a card's title."""
    tokens = _reader().parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3" if token.tag == "h1" else "h4"
            if token.nesting == 1:
                token.attrSet("class", "card-title")
    html = _reader().renderer.render(tokens, _reader().options, {})
    return mark_safe(html)  # noqa: S308  the reader escapes all that it does not know


def markdown_quoted(text: str) -> str:
    """A name as it stands in a text: no sign of it means anything."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


@dataclass(frozen=True)
class Run:
    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class Line:
    """A paragraph, heading or item of a list. ``depth``: in how many lists; ``marker``: its bullet or number
    with a space, empty for what goes on below it."""

    runs: Sequence[Run]
    depth: int = 0
    marker: str = ""
    heading: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


def markdown_tree(text: str) -> list[dict[str, Any]]:
    """The same as data: nodes with their kind and either text or children."""
    return [_data(node) for node in SyntaxTreeNode(_reader().parse(text)).children]


def _data(node: SyntaxTreeNode) -> dict[str, Any]:
    if node.children:
        said = {"start": int(node.attrs.get("start", 1))} if node.type == "ordered_list" else {}
        return {"kind": node.type, "children": [_data(child) for child in node.children], **said}
    return {"kind": node.type, "text": node.content}


def markdown_lines(text: str) -> list[Line]:
    """The same line by line."""
    return list(_lines(markdown_tree(text)))


def heading_parted(text: str) -> tuple[str, str]:
    """The heading that the text begins with, as it reads, and what stands below it; none, and the whole
    text, where it begins otherwise or is a heading alone."""
    first, _break, rest = text.strip().partition("\n")
    lines = markdown_lines(first)
    if len(lines) == 1 and lines[0].heading and lines[0].text and rest.strip():
        return lines[0].text, rest.strip()
    return "", text


def _lines(nodes: Sequence[Mapping[str, Any]], depth: int = 0, marker: str = "") -> Iterator[Line]:
    for node in nodes:
        kind = node["kind"]
        if kind in ("bullet_list", "ordered_list"):
            for place, item in enumerate(node["children"]):
                bullet = "• " if kind == "bullet_list" else f"{node['start'] + place}. "
                yield from _lines(item.get("children", ()), depth + 1, bullet)
        elif kind in ("paragraph", "heading"):
            yield Line(list(_runs(node)), max(0, depth - 1), marker, kind == "heading")
            marker = ""


def _runs(node: Mapping[str, Any], bold: bool = False, italic: bool = False) -> Iterator[Run]:
    for child in node.get("children", ()):
        kind = child["kind"]
        if "children" in child:
            yield from _runs(child, bold or kind == "strong", italic or kind == "em")
        else:
            yield Run("\n" if kind in ("softbreak", "hardbreak") else child["text"], bold, italic)
