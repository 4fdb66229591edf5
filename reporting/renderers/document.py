"""What all kinds of files say of a snapshot, in its own language."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.reports.blocks import ReportChart, Section, Table, sections_from_json
from reporting.models import Report, Snapshot

Progress = Callable[[int, int], object]
NAMED = 40
"""So many products are called by name above a report."""


@dataclass(frozen=True)
class Document:
    """``author``: empty, where readers are not told. ``line``: the date of the data and of the run, the
    version, for whom. ``about``: labels and what they say. ``one_page``: a product sheet, for one look,
    without the figures behind its charts."""

    title: str
    language: str
    author: str
    published_at: datetime.datetime
    line: str
    about: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    one_page: bool

    @property
    def charts(self) -> Sequence[ReportChart]:
        return [
            block for section in self.sections for block in section.blocks if isinstance(block, ReportChart)
        ]


def document(snapshot: Snapshot) -> Document:
    moment = snapshot.published_at.astimezone(datetime.UTC)
    with translation.override(snapshot.language):
        month = formats.month(snapshot.data_month)
        audience = str(Report.Audience(snapshot.audience).label)
        version = _("version %(number)s") % {"number": snapshot.number}
        line = [_("data up to %(month)s") % {"month": month}] if snapshot.data_month else []
        if snapshot.run_date:
            line.append(_("run of %(day)s") % {"day": formats.day(snapshot.run_date)})
        channels = snapshot.about.get("channels") or [_("all")]
        about = [
            (_("Data up to"), month),
            (_("Run of"), formats.day(snapshot.run_date) if snapshot.run_date else ""),
            (_("Published"), formats.day(snapshot.published_on)),
            (_("Version"), str(snapshot.number)),
            (_("Audience"), capfirst(audience)),
            (_("Author"), snapshot.author_told),
            (_("Products"), _products(snapshot)),
            (_("Channels"), capfirst(", ".join(channels))),
        ]
        return Document(
            title=snapshot.title,
            language=snapshot.language,
            author=snapshot.author_told,
            published_at=moment.replace(microsecond=0, tzinfo=None),
            line=" · ".join([*line, version, audience]),
            about=[(label, text) for label, text in about if text],
            sections=sections_from_json(snapshot.sections),
            one_page=snapshot.sheet,
        )


def _products(snapshot: Snapshot) -> str:
    """By name, inside with their codes; of the sheet of a line or family that one's."""
    about = snapshot.about
    names, groups = about.get("products", []), about.get("groups", [])
    if snapshot.audience == Report.Audience.EXTERNAL:
        names = about.get("product_names", names)
    if snapshot.sheet and groups:
        count = len(snapshot.product_ids)
        together = _("%(count)s products together") % {"count": formats.number(count, 0)}
        return ", ".join([*groups, together])
    named, lines = _some(names, about.get("more", 0)), about.get("within")
    if not about.get("all_products"):
        return named
    if lines:
        return _("All that there were of %(lines)s: %(names)s") % {"lines": ", ".join(lines), "names": named}
    return _("All that there were: %(names)s") % {"names": named}


def _some(names: Sequence[str], unnamed: int) -> str:
    """The names, of very many the first."""
    told, more = names[:NAMED], max(len(names) - NAMED, 0) + unnamed
    if more > 0:
        told = [*told, _("and %(count)s more") % {"count": formats.number(more, 0)}]
    return ", ".join(told)


def column_widths(table: Table, most: int = 32, *, wraps: bool = True) -> list[int]:
    """How many letters each column needs: figures and months stay on one line, words wrap after ``most``, a
    head is two lines where its words allow that, and so is a range of figures where a cell ``wraps``."""
    needed = _two_lines if wraps else len
    found = []
    for place, (head, numeric) in enumerate(table.columns):
        texts = [row[place].text for row in table.rows]
        longest = max(map(needed if numeric else len, texts), default=0)
        found.append(max(4, _two_lines(head), longest if numeric else min(longest, most)) + 2)
    return found


def _two_lines(text: str) -> int:
    """How many letters are the longer of its two lines, cut where that is shortest."""
    words = text.split(" ")
    cuts = [(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words) + 1)]
    return min((max(map(len, lines)) for lines in cuts), default=0)
