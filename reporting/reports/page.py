"""Sections of a report as a page shows them."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import translation

from core import formats, registries
from core.charts import Chart, ChartTable, LegendKey
from core.organisation import organisation_get, today
from core.registries import ReportSection
from core.reports.blocks import Block, ReportChart, Section, Text, sections_from_json, sections_to_json
from reporting.models import Report, ReportPart
from reporting.models.share import DEFAULT_DAYS
from reporting.reports.markdown import markdown_html
from reporting.selectors.report_choices import Choice
from reporting.selectors.reports import Built, problems
from reporting.words.exposure import exposure_sentence


@dataclass(frozen=True)
class BlockShown:
    """``kind`` names the template; a chart and words come ready to draw."""

    kind: str
    block: Block
    drawn: Any = None


@dataclass(frozen=True)
class SectionShown:
    """``comment``: what the author says with its figures, where it has any."""

    key: str
    title: str
    blocks: Sequence[BlockShown]
    comment: BlockShown | None = None


@dataclass(frozen=True)
class PartShown:
    """A part of a report in its editor: its section, what is ``chosen`` of it in words, and as the form says
    it (``choice``)."""

    section: ReportSection
    comment: str
    chosen: str = ""
    choice: str = ""

    @property
    def name(self) -> str:
        return f"{self.section.label}: {self.chosen}" if self.chosen else str(self.section.label)


def part_shown(part: ReportPart) -> PartShown:
    section = registries.report_sections.get(part.section)
    said = (section.blocks.get(part.block, part.block), part.product, part.name)
    chosen = " · ".join(str(getattr(each, "name", each)) for each in said if each)
    return PartShown(section, part.comment, chosen, Choice.of(part).text)


def sections_shown(sections: Sequence[Section]) -> list[SectionShown]:
    found = []
    for place, section in enumerate(sections):
        blocks = [_shown(block, f"report-{place}-{number}") for number, block in enumerate(section.blocks)]
        is_commented = len(blocks) > 1 and getattr(section.blocks[-1], "beside", False)
        comment = blocks.pop() if is_commented else None
        found.append(SectionShown(section.key, section.title, blocks, comment))
    return found


def frozen_shown(language: str, rows: Sequence[Mapping[str, Any]] | str) -> list[SectionShown]:
    """Sections kept as plain data, or the JSON of it, in the language they were written in."""
    with translation.override(language):
        return sections_shown(sections_from_json(json.loads(rows) if isinstance(rows, str) else rows))


def preview_content(report: Report, built: Built) -> dict[str, Any]:
    """What a report tells and its sections, as plain data: a worker may make it."""
    by_link = report.audience == Report.Audience.EXTERNAL and organisation_get().sharing
    until = today() + datetime.timedelta(days=DEFAULT_DAYS) if by_link else None
    return {
        "sentence": exposure_sentence(built, until),
        "by_link": by_link,
        "fields": list(built.fields),
        "exposure": asdict(built.exposure),
        "empty": list(built.empty),
        "lapsed": list(built.lapsed),
        "untold": list(built.untold),
        "apart": built.apart,
        "problems": problems(report, built),
        "data_month": built.data_month.isoformat() if built.data_month else None,
        "sections": sections_to_json(built.sections),
    }


def preview_context(report: Report, content: Mapping[str, Any]) -> dict[str, Any]:
    """The same to be shown."""
    shown = frozen_shown(report.language, content["sections"])
    month = content["data_month"]
    data_month = datetime.date.fromisoformat(month) if month else None
    return {**content, "report": report, "data_month": data_month, "shown": shown}


def _shown(block: Block, id: str) -> BlockShown:
    if isinstance(block, Text):
        return BlockShown(block.kind, block, markdown_html(block.markdown))
    if isinstance(block, ReportChart):
        rows = [[cell.text for cell in row] for row in block.table.rows]
        return BlockShown(
            block.kind,
            block,
            Chart(
                id=id,
                title=block.title,
                subtitle=block.subtitle,
                spec=dict(block.spec),
                table=ChartTable(block.table.heads, rows, _orders(rows)),
                description=block.description,
                legend=[LegendKey(**key) for key in block.legend],
                css=block.css,
            ),
        )
    return BlockShown(block.kind, block)


def _orders(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """What the cells behind a chart are sorted by: months by their place, figures by the number (of a band
    its lower end) that their text says."""
    by_place = all(re.search(r"\b\d{4}$", row[0]) for row in rows)
    return [[str(place) if by_place else "", *map(_number_said, row[1:])] for place, row in enumerate(rows)]


def _number_said(text: str) -> str:
    """ "€ 1.234,5" is "1234.5"; of what is written shorter ("1,2 mln") none."""
    decimal = "," if formats.is_dutch() else "."
    found = re.fullmatch(r"([^\d]*)(\d[\d.,]*)\s*(%?|%?\s*–[\d.,\s−-]*%?)", text)
    if found is None:
        return ""
    sign, digits, _rest = found.groups()
    plain = "".join("." if each == decimal else each for each in digits if each.isdigit() or each == decimal)
    return f"-{plain}" if "-" in sign or "−" in sign else plain
