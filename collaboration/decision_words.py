"""Kept decisions in words, for the card, the page, files and machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from collaboration.models import DecisionProduct
from collaboration.selectors.decisions import decisions_of, effects_seen
from core import formats, registries
from products.models import Product

LISTED = 8
MET, LESS, MORE = "met", "less", "more"


@dataclass(frozen=True)
class DecisionLine:
    """One row; rates with their sign, empty where there is none."""

    row: Any
    what: str
    kind: str
    url: str
    expected: str
    expected_band: tuple[str, str] | None
    effect: str
    band: tuple[str, str] | None
    span: str
    verdict: str
    unmeasured: str
    """Why nothing is measured, or that it will be, in words; empty: it is, or it was withdrawn."""

    @property
    def verdict_words(self) -> str:
        return verdict_words(self.verdict)

    @property
    def outcome(self) -> str:
        """How it turned out, or why that is not known."""
        return self.verdict_words or self.unmeasured


def verdict(row: Any) -> str:
    """Whether what was expected lies within what was measured: *met*, *less*, *more*; empty: not known."""
    if row.expected is None or row.effect is None:
        return ""
    if row.hi80 < row.expected:
        return LESS
    return MORE if row.lo80 > row.expected else MET


def verdict_words(value: str) -> str:
    words = {MET: _("as expected"), LESS: _("less than expected"), MORE: _("more than expected")}
    return words.get(value, "")


def what_words(row: DecisionProduct) -> str:
    """What was decided about the product."""
    reading = registries.decision_kinds.get(row.decision.kind).reading
    assert reading is not None
    return reading.words(row.what)


def span_words(months: int | None, *, together: bool = False) -> str:
    """Over which time it was measured, and whether what else began in its month is in the same figure."""
    if months is None:
        return ""
    if months == 0:
        return _("while it ran")
    if together:
        words = ngettext(
            "first %(n)s month, together with what else was decided for that month",
            "first %(n)s months, together with what else was decided for that month",
            months,
        )
    else:
        words = ngettext("first %(n)s month", "first %(n)s months", months)
    return words % {"n": months}


def unmeasured_words(row: Any) -> str:
    """Why nothing is measured, or that it will be; empty: it is, or it was withdrawn."""
    if row.effect is not None or row.decision.withdrawn_at is not None:
        return ""
    if row.unmeasured:
        return _("not measured: %(why)s") % {"why": row.get_unmeasured_display()}
    return _("not measured yet")


def decision_lines(user: Any, rows: Iterable[Any]) -> list[DecisionLine]:
    seen = effects_seen(user)
    return [_line(row, seen) for row in rows]


def _line(row: Any, seen: bool) -> DecisionLine:
    kind = registries.decision_kinds.get(row.decision.kind)
    assert kind.reading is not None
    return DecisionLine(
        row=row,
        what=kind.reading.words(row.what),
        kind=str(kind.label),
        url=kind.reading.url(row) if row.opened else "",
        expected=_rate(row.expected) if seen else "",
        expected_band=_band(row.expected_lo80, row.expected_hi80) if seen else None,
        effect=_rate(row.effect),
        band=_band(row.lo80, row.hi80),
        span=span_words(row.months, together=row.together),
        verdict=verdict(row),
        unmeasured=unmeasured_words(row) if seen else "",
    )


def _band(low: float | None, high: float | None) -> tuple[str, str] | None:
    return None if low is None else (_rate(low), _rate(high))


def _rate(value: float | None) -> str:
    return "" if value is None else formats.delta(value, "percent", decimals=0).text


def decision_card(user: Any, product: Product) -> Mapping[str, Any] | None:
    """The newest decisions about a product, and how many turned out as expected."""
    lines = decision_lines(user, decisions_of(user, product)[:LISTED])
    if not lines:
        return None
    judged = [line.verdict for line in lines if line.verdict]
    return {"lines": lines, "judged": len(judged), "met": judged.count(MET)}
