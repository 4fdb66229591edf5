"""Unusual months in words: what was seen, what follows from it, and the two answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import formats
from core.charts import Mark
from core.sparkline import sparkline_svg
from forecasting.models import Finding
from products.models import Measure
from products.selectors.lines import line_tree
from products.selectors.units import unit_of


@dataclass(frozen=True)
class FindingRow:
    """One finding as a page shows it."""

    finding: Finding
    sentence: str
    effect: str
    confirm_label: str
    refuse_label: str
    decide_url: str

    @property
    def kind(self) -> str:
        """A level is not sold, so what is missing of it is not missing in sales."""
        if self.finding.kind == Finding.Kind.STOCK_OUT and _is_level(self.finding):
            return _("gap in the figures")
        return str(self.finding.get_kind_display())

    @property
    def is_open(self) -> bool:
        return self.finding.state == Finding.State.OPEN

    @property
    def subject(self) -> Any:
        return self.finding.product or self.finding.family

    @property
    def subject_url(self) -> str:
        name = "forecasting:product" if self.finding.product_id else "forecasting:family"
        return f"{reverse(name, args=[self.subject.code])}?measure={self.finding.measure.code}"

    @property
    def svg(self) -> SafeString:
        """The months around it, with those it is about marked."""
        values = [value for _month, value in self.finding.months]
        while values and values[-1] is None:
            values.pop()
        inside = [
            place
            for place, (month, _value) in enumerate(self.finding.months)
            if self.finding.first <= month <= self.finding.last
        ]
        label = _("%(count)s months around it") % {"count": len(values)}
        return mark_safe(sparkline_svg(history=values, label=label, marked=inside))  # noqa: S308 - numbers


def finding_row(finding: Finding, unit: str) -> FindingRow:
    step = finding.kind == Finding.Kind.STEP
    return FindingRow(
        finding=finding,
        sentence=finding_sentence(finding, unit),
        effect=finding_effect(finding),
        confirm_label=_("The level changed for good") if step else _("Exceptional, leave out"),
        refuse_label=_("No lasting change") if step else _("It is right, keep"),
        decide_url=reverse("forecasting:finding_decide", args=[finding.pk]),
    )


def finding_rows(findings: list[Finding]) -> list[FindingRow]:
    """Of many products: each with its own unit."""
    tree = line_tree()

    def unit(finding: Finding) -> str:
        if finding.product is not None:
            return unit_of(tree, finding.product, finding.measure)
        return "" if finding.measure.code == "units" else str(finding.measure.unit)

    return [finding_row(finding, unit(finding)) for finding in findings]


def months_text(finding: Finding) -> str:
    first, last = formats.month(finding.first), formats.month(finding.last)
    return first if first == last else f"{first} – {last}"


def finding_sentence(finding: Finding, unit: str) -> str:
    """What was seen and what was expected, with the numbers."""
    expected = finding.expected
    change = None if not expected else finding.seen / expected - 1
    told = {
        "months": months_text(finding),
        "seen": formats.volume(finding.seen, unit),
        "expected": formats.volume(expected, unit),
        "change": formats.delta(change, "percent", decimals=0).text,
    }
    sentences = {
        "spike": _("%(months)s: %(seen)s sold, about %(expected)s expected (%(change)s)."),
        "stock_out": _(
            "%(months)s: %(seen)s sold, about %(expected)s expected (%(change)s). Sold out, or not delivered?"
        ),
        "zero": _("%(months)s is stored as 0, about %(expected)s expected. Nothing sold, or not recorded?"),
        "step": _("From %(months)s on about %(seen)s a month, before that %(expected)s (%(change)s)."),
        "half_month": _(
            "%(months)s holds %(seen)s, about %(expected)s expected (%(change)s). Was it loaded whole?"
        ),
        "flagged": _("%(months)s: %(seen)s sold, marked by hand."),
    }
    if _is_level(finding):
        sentences |= {
            "spike": _("%(months)s: %(seen)s, about %(expected)s expected (%(change)s), and back."),
            "stock_out": _(
                "%(months)s: %(seen)s, about %(expected)s expected (%(change)s), and back. Is a part missing?"
            ),
            "step": _("From %(months)s on about %(seen)s, before that %(expected)s (%(change)s)."),
            "flagged": _("%(months)s: %(seen)s, marked by hand."),
        }
    return sentences[finding.kind] % told


def _is_level(finding: Finding) -> bool:
    return finding.measure.kind == Measure.Kind.LEVEL


def finding_effect(finding: Finding) -> str:
    """What follows for the forecast as things stand."""
    step = finding.kind == Finding.Kind.STEP
    if finding.state == Finding.State.OPEN:
        if finding.sure:
            return _("Left out of the forecast until somebody says that it is right.")
        if step:
            return _("The forecast takes both levels as they came.")
        return _("Counts in the forecast until somebody says that it is exceptional.")
    if finding.state == Finding.State.REFUSED:
        return _("No lasting change: counts as it is.") if step else _("Right: counts as it is.")
    return _("The months before it are brought to the new level.") if step else _("Left out of the forecast.")


def finding_marks(rows: list[FindingRow]) -> list[Mark]:
    """Rings on the chart around the months that wait for an answer or are left out."""
    marks = []
    for row in rows:
        if row.finding.state == Finding.State.REFUSED:
            continue
        for month, value in row.finding.months:
            if row.finding.first <= month <= row.finding.last and value is not None:
                marks.append(Mark(month, value, row.kind, row.sentence))
    return marks
