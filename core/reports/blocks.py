"""The blocks of a report. Every figure carries its text, made once: page, PDF, slides and sheet show that
text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

JSON = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """``text`` as people read it; ``value`` the number behind it, exact, as text (``None``: not a number, or
    missing); ``decimals`` and ``percent`` say how a spreadsheet shows the number as the text does; ``day`` is
    what a date is sorted by."""

    text: str
    value: str | None = None
    decimals: int = 0
    percent: bool = False
    day: str = ""


@dataclass(frozen=True)
class Text:
    """Paragraphs and lists that somebody wrote (``author``), or that pmtool says (no author): Markdown as
    typed, never HTML. ``beside``: what the author says with a section, to stand beside its figures."""

    kind: ClassVar[str] = "text"
    markdown: str
    author: str = ""
    beside: bool = False


@dataclass(frozen=True)
class KeyFigure:
    label: str
    figure: Cell


@dataclass(frozen=True)
class KeyFigures:
    kind: ClassVar[str] = "key_figures"
    figures: Sequence[KeyFigure]


@dataclass(frozen=True)
class Table:
    """``fields`` are the fields of the columns, ``numeric`` which columns are right-aligned figures.
    ``strong`` are the places of rows that are totals."""

    kind: ClassVar[str] = "table"
    title: str
    heads: Sequence[str]
    fields: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    strong: Sequence[int] = ()

    @property
    def columns(self) -> Sequence[tuple[str, bool]]:
        """Each head, and whether its column is of figures."""
        return list(zip(self.heads, self.numeric, strict=True))

    @property
    def lines(self) -> Sequence[tuple[Sequence[tuple[Cell, bool]], bool]]:
        """Each row's cells likewise, and whether it is a total."""
        return [
            (list(zip(row, self.numeric, strict=True)), place in self.strong)
            for place, row in enumerate(self.rows)
        ]


@dataclass(frozen=True)
class ReportChart:
    """A drawing as a Vega-Lite spec with its data inside, and the table of those same figures; ``css`` is how
    high a page draws it."""

    kind: ClassVar[str] = "chart"
    title: str
    subtitle: str
    description: str
    spec: JSON
    legend: Sequence[Mapping[str, str]]
    table: Table
    css: str = "h-mid"


Block = Text | KeyFigures | Table | ReportChart


@dataclass(frozen=True)
class Section:
    """What one section of a report came to; ``key`` is the section's key in the registry."""

    key: str
    title: str
    blocks: Sequence[Block]


def sections_to_json(sections: Sequence[Section]) -> list[JSON]:
    return [
        {
            "key": section.key,
            "title": section.title,
            "blocks": [{"kind": block.kind, **asdict(block)} for block in section.blocks],
        }
        for section in sections
    ]


def sections_from_json(rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    """The inverse of :func:`sections_to_json`. Raises KeyError or TypeError for what never was a section."""
    return [Section(row["key"], row["title"], tuple(map(_block, row["blocks"]))) for row in rows]


def _block(said: Mapping[str, Any]) -> Block:
    row = dict(said)
    kind = row.pop("kind")
    if kind == "key_figures":
        return KeyFigures(
            tuple(KeyFigure(**{**each, "figure": Cell(**each["figure"])}) for each in row["figures"])
        )
    if kind == "table":
        return _table(row)
    if kind == "chart":
        return ReportChart(**{**row, "legend": tuple(row["legend"]), "table": _table(row["table"])})
    return Text(**row)


def _table(row: Mapping[str, Any]) -> Table:
    lists = {name: tuple(row[name]) for name in ("heads", "fields", "numeric", "strong")}
    rows = tuple(tuple(Cell(**cell) for cell in line) for line in row["rows"])
    return Table(**{**row, **lists, "rows": rows})
