"""Slides: a title, then one block a slide, and as many as a long one needs. Tables are native, charts are
pictures with what they show in words; the figures behind a chart are in the other files."""

from __future__ import annotations

import io
import math
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.reports.blocks import Block, KeyFigures, Table, Text
from reporting.reports.markdown import Line, Run, markdown_lines

from .document import Document, Progress, column_widths
from .drawings import charts_drawn

WIDE, HIGH, EDGE, TOP, ROOM = 13.333, 7.5, 0.6, 1.55, 5.2
"""Of a slide, in inches: its sides, its margin, where a block begins and how high it may be."""
LETTER = 0.55 / 72
"""How wide a letter of one point is, in inches."""
WRAPPED, READABLE = (32, 24, 18), 10
"""After how many letters words wrap at the latest, until letters are of so many points."""
LETTERS, ROW, GAP = 110, 0.27, 0.09
"""Of words: how many letters are a row, how high that is and what is above a paragraph, in inches."""
INK, QUIET, LINE = "1B2737", "556274", "E4E8ED"
TITLE_ONLY = 5
"""The layout of python-pptx's own template."""
RULED = "{5940675A-B579-460E-94D1-54222C63F5DA}"
"""PowerPoint's table style of lines without colours."""


def report_pptx(report: Document, progress: Progress) -> bytes:
    charts = report.charts
    progress(0, len(charts) + 1)
    with tempfile.TemporaryDirectory() as folder:
        pictures = []
        for drawn in charts_drawn(charts, report.language, "png", Path(folder)):
            pictures.append(str(drawn))
            progress(len(pictures), len(charts) + 1)
        return _same_bytes(Slides(report, iter(pictures)).content())


def _same_bytes(content: bytes) -> bytes:
    """The parts as they are, without the time at which they were put together."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return file.getvalue()


class Slides:
    def __init__(self, report: Document, pictures: Iterator[str]) -> None:
        from pptx import Presentation
        from pptx.util import Inches

        self.report, self.pictures, self.deck = report, pictures, Presentation()
        stretch = Inches(WIDE) / self.deck.slide_width
        self.deck.slide_width, self.deck.slide_height = Inches(WIDE), Inches(HIGH)
        for sheet in (self.deck.slide_master, *self.deck.slide_layouts):
            for shape in sheet.placeholders:
                if shape._element.spPr.xfrm is not None:  # a place of its own, not the master's
                    shape.left, shape.width = int(shape.left * stretch), int(shape.width * stretch)
        self._properties()
        self._front()
        for section in report.sections:
            for block in section.blocks:
                self._block(section.title, block)

    def content(self) -> bytes:
        """Its words in their language, so that no speller marks them."""
        from pptx.oxml.ns import qn

        for slide in self.deck.slides:
            for run in slide._element.iter(qn("a:rPr")):
                run.set("lang", "nl-NL" if self.report.language == "nl" else "en-GB")
        file = io.BytesIO()
        self.deck.save(file)
        return file.getvalue()

    def _properties(self) -> None:
        """Of the report; the template's own picture of itself goes."""
        from pptx.opc.constants import RELATIONSHIP_TYPE

        said = self.deck.core_properties
        said.title, said.language = self.report.title, self.report.language
        said.author = said.last_modified_by = self.report.author
        said.created = said.modified = self.report.published_at
        said.revision, said.comments = 1, ""
        package = self.deck.part.package
        for key, relation in list(package._rels.items()):
            if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
                package._rels.pop(key)

    def _front(self) -> None:
        lines = [Line([Run(f"{label}: {text}")]) for label, text in self.report.about]
        for part in _lines_parted(lines):
            self._words(self._slide(self.report.title, self.report.line, size=36), part)

    def _block(self, section: str, block: Block) -> None:
        if isinstance(block, Text):
            lines = markdown_lines(block.markdown)
            if block.author:
                lines.append(Line([Run(block.author, italic=True)]))
            for part in _lines_parted(lines):
                self._words(self._slide(section), part)
        elif isinstance(block, KeyFigures):
            for first in range(0, len(block.figures), 12):
                self._figures(self._slide(section), block.figures[first : first + 12])
        elif isinstance(block, Table):
            self._table(section, block)
        else:
            slide = self._slide(block.title, section, block.subtitle)
            self._picture(slide, block.description or block.title)

    def _slide(self, title: str, above: str = "", note: str = "", size: int = 26) -> Any:
        """A slide with its title; what stands above it and below it is small."""
        from pptx.enum.text import MSO_ANCHOR
        from pptx.util import Inches, Pt

        slide = self.deck.slides.add_slide(self.deck.slide_layouts[TITLE_ONLY])
        shape = slide.shapes.title
        shape.left, shape.top, shape.width, shape.height = map(Inches, (EDGE, 0.5, WIDE - 2 * EDGE, 0.65))
        frame = shape.text_frame
        frame.text, frame.word_wrap, frame.vertical_anchor = title, True, MSO_ANCHOR.MIDDLE
        frame.margin_left = frame.margin_right = 0
        _styled(frame.paragraphs[0], Pt(size if len(title) < 70 else 20), INK, bold=True)
        for text, top in ((above, 0.22), (note, 1.13)):
            if text:
                self._label(slide, text, top)
        number = len(self.deck.slides)
        if number > 1:
            self._label(slide, f"{self.report.title} · {self.report.line} · {number}", HIGH - 0.45, size=10)
        return slide

    def _label(self, slide: Any, text: str, top: float, size: int = 12) -> None:
        from pptx.util import Inches, Pt

        box = slide.shapes.add_textbox(*map(Inches, (EDGE, top, WIDE - 2 * EDGE, 0.3)))
        frame = box.text_frame
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        frame.text, frame.word_wrap = text, True  # else it stands in the middle for some readers
        _styled(frame.paragraphs[0], Pt(size), QUIET)

    def _words(self, slide: Any, lines: Sequence[Line]) -> None:
        from pptx.util import Inches, Pt

        frame = slide.shapes.add_textbox(*map(Inches, (EDGE, TOP, WIDE - 2 * EDGE, ROOM))).text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = 0
        for place, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if not place else frame.add_paragraph()
            paragraph.space_after = Pt(6)
            for run in [Run("    " * line.depth + line.marker), *line.runs]:
                for number, text in enumerate(run.text.split("\n")):
                    if number:
                        paragraph.add_line_break()
                    if text:
                        said = paragraph.add_run()
                        said.text = text
                        said.font.bold, said.font.italic = run.bold or line.heading, run.italic
            _styled(paragraph, Pt(18 if line.heading else 16), INK)

    def _figures(self, slide: Any, figures: Sequence[Any]) -> None:
        from pptx.util import Inches, Pt

        wide = (WIDE - 2 * EDGE) / 4
        for place, each in enumerate(figures):
            row, column = divmod(place, 4)
            at = map(Inches, (EDGE + column * wide, TOP + 0.2 + row * 1.6, wide - 0.2, 1.2))
            frame = slide.shapes.add_textbox(*at).text_frame
            frame.word_wrap, frame.margin_left = True, 0
            frame.text = each.label
            value = frame.add_paragraph()
            value.text = each.figure.text
            _styled(frame.paragraphs[0], Pt(14), QUIET)
            _styled(value, Pt(28), INK, bold=True)

    def _picture(self, slide: Any, alt: str) -> None:
        from pptx.util import Inches

        picture = slide.shapes.add_picture(next(self.pictures), Inches(EDGE), Inches(TOP))
        scale = min(Inches(WIDE - 2 * EDGE) / picture.width, Inches(ROOM) / picture.height)
        picture.width, picture.height = int(picture.width * scale), int(picture.height * scale)
        picture._element.nvPicPr.cNvPr.set("descr", alt)

    def _table(self, section: str, table: Table) -> None:
        """Words wrap earlier and letters are smaller where it is wide; over several slides, each with its
        head, where it is long."""
        whole = WIDE - 2 * EDGE
        for most in WRAPPED:
            widths = column_widths(table, most)
            size = max(7, min(14, int(whole / (sum(widths) * LETTER))))
            if size >= READABLE:
                break
        high = size * 1.9 / 72
        fit = [width / sum(widths) * whole / (size * LETTER) for width in widths]

        def height(texts: Sequence[str]) -> float:
            return high * max(math.ceil(len(text) / room) for text, room in zip(texts, fit, strict=True))

        heights = [height([cell.text for cell in row]) for row in table.rows]
        for part in _parted(table.lines, heights, ROOM - height(table.heads)):
            slide = self._slide(table.title, section, table.note)
            self._grid(slide, table, part, widths, size, high)

    def _grid(
        self, slide: Any, table: Table, rows: Sequence[Any], widths: Sequence[int], size: int, high: float
    ) -> None:
        from pptx.util import Inches, Pt

        whole = WIDE - 2 * EDGE
        at = map(Inches, (EDGE, TOP, whole, high * (len(rows) + 1)))
        frame = slide.shapes.add_table(len(rows) + 1, len(widths), *at)
        frame._element.graphic.graphicData.tbl.tblPr[0].text = RULED
        grid = frame.table
        grid.horz_banding = False
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = Inches(whole * width / sum(widths))
        heads = [(head, numeric) for head, numeric in table.columns]
        said = [
            (heads, True),
            *(([(cell.text, numeric) for cell, numeric in row], strong) for row, strong in rows),
        ]
        for place, (cells, strong) in enumerate(said):
            grid.rows[place].height = Inches(high)
            for cell, (text, numeric) in zip(grid.rows[place].cells, cells, strict=True):
                _filled(cell, text, Pt(size), numeric=numeric, strong=strong, head=not place)


def _filled(cell: Any, text: str, size: Any, *, numeric: bool, strong: bool, head: bool) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches

    cell.text = text
    cell.margin_left = cell.margin_right = Inches(0.06)
    cell.margin_top = cell.margin_bottom = Inches(0.02)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    if head:
        cell.fill.solid()
        cell.fill.fore_color.rgb = RGBColor.from_string(LINE)
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if numeric else PP_ALIGN.LEFT
    _styled(paragraph, size, INK, bold=strong)


def _styled(paragraph: Any, size: Any, color: str, bold: bool | None = None) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN

    paragraph.alignment = paragraph.alignment or PP_ALIGN.LEFT
    for run in paragraph.runs:
        run.font.size, run.font.color.rgb = size, RGBColor.from_string(color)
        if bold is not None:
            run.font.bold = bold


def _height(line: Line) -> float:
    """Of a paragraph of words, in inches."""
    return GAP + ROW * sum(map(_rows, line.text.split("\n")))


def _rows(text: str) -> int:
    return math.ceil(max(1, len(text)) / LETTERS)


def _lines_parted(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    cut = [part for line in lines for part in _cut(line)]
    return _parted(cut, [_height(line) for line in cut])


def _cut(line: Line) -> Iterator[Line]:
    """A paragraph in parts that each fit on a slide: cut where a sentence ends, or else a word."""
    while _height(line) > ROOM:
        text, fit = line.text, _fit(line.text)
        ends = [found.end() for found in re.finditer(r"[.!?…]\s+|\n", text[:fit])]
        at = ends[-1] if ends and ends[-1] > fit // 2 else text.rfind(" ", 0, fit) + 1 or fit
        yield replace(line, runs=_runs(line, 0, len(text[:at].rstrip())))
        line = replace(line, runs=_runs(line, at, len(text)), marker="")
    yield line


def _fit(text: str) -> int:
    """How many letters of it fit on a slide."""
    left, at = int((ROOM - GAP) / ROW), 0
    for part in text.split("\n"):
        if _rows(part) > left:
            return at + left * LETTERS
        left -= _rows(part)
        at += len(part) + 1
    return len(text)


def _runs(line: Line, first: int, last: int) -> list[Run]:
    """Those of the letters from the first up to the last."""
    found, place = [], 0
    for run in line.runs:
        text = run.text[max(0, first - place) : max(0, last - place)]
        found += [replace(run, text=text)] if text else []
        place += len(run.text)
    return found


def _parted(rows: Sequence[Any], heights: Sequence[float], room: float = ROOM) -> Iterator[Sequence[Any]]:
    """The rows cut into what fits on a slide."""
    part: list[Any] = []
    left = room
    for row, height in zip(rows, heights, strict=True):
        if part and height > left:
            yield part
            part, left = [], room
        part.append(row)
        left -= height
    yield part
