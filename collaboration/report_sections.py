"""The sections of a report that the room of collaboration offers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core import formats
from core.organisation import today
from core.reports.build import Builder, Cell, Column, ReportContext, rate, words

from .decision_words import DecisionLine, decision_lines
from .selectors.decisions import decisions_begun, decisions_whole, effects_seen


def decisions_section(builder: Builder, context: ReportContext) -> None:
    """What was decided in the period: what was expected of it and what came; where channels are named nothing
    that others are about too."""
    if not builder.may("decision"):
        return
    viewer, seen = context.viewer, effects_seen(context.viewer)
    days = context.scope.period.days(today())
    if days is None:
        return
    rows = decisions_begun(viewer, context.scope.products).filter(decision__effective_date__gte=days[0])
    if days[1] is not None:
        rows = rows.filter(decision__effective_date__lte=days[1])
    if context.scope.channels:
        rows = decisions_whole(viewer, rows)
    builder.table(
        _("Decisions and what came of them"),
        [
            Column("decision", _("From"), _from, numeric=False),
            Column("product", _("Product"), lambda line: words(line.row.product.name), numeric=False),
            Column("decision", _("Decision"), lambda line: words(line.what), numeric=False),
            Column("decision", _("Why"), lambda line: words(line.row.decision.why), numeric=False),
            Column("people", _("Who"), lambda line: words(line.row.decision.decided_by), numeric=False),
            Column("decision", _("Expected"), lambda line: _change(line.row.expected if seen else None)),
            Column("decision", _("Measured"), lambda line: _change(line.row.effect)),
            Column("decision", _("80%"), lambda line: words(_band(line))),
            Column("decision", _("Over"), lambda line: words(line.span), numeric=False),
            Column("decision", _("Outcome"), lambda line: words(line.outcome), numeric=False),
        ],
        decision_lines(viewer, rows),
        note=_("Of volume, against what was expected without it"),
    )


def _from(line: DecisionLine) -> Cell:
    day = line.row.decision.effective_date
    return words(formats.day(day), day)


def _change(value: float | None) -> Cell:
    plain = rate(value, 0)
    return Cell(formats.delta(value, "percent", decimals=0).text, plain.value, 0, percent=True)


def _band(line: DecisionLine) -> str:
    return f"{line.band[0]} – {line.band[1]}" if line.band else formats.MISSING
