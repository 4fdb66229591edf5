"""Margin floors in words: when a product falls under one, and why."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from collaboration.kinds import AlertKind, Words
from collaboration.sentences import count_word
from core import formats
from pricing.models import CostKind
from pricing.selectors.margins_ahead import LEVEL, Move
from pricing.services.margin_floors import ALERT

from .costs import amount_words


def points_words(points: Decimal) -> str:
    return formats.delta(points, "points").text


def move_words(move: Move) -> str:
    """ "Purchase: 0.51 → 0.55 from 1 March 2027, −3.1 pp"."""
    points = points_words(move.points)
    if move.line is None:
        return _("Our own price goes down: %(points)s") % {"points": points}
    said = {"line": str(move.line), "points": points}
    if move.began is None:
        return _("%(line)s weighs more on what is sold: %(points)s") % said
    said |= {
        "was": formats.MISSING if move.was is None else amount_words(move.line, move.was),
        "becomes": amount_words(move.line, move.becomes),
        "day": formats.day(move.began),
    }
    return _("%(line)s: %(was)s → %(becomes)s from %(day)s: %(points)s") % said


def kind_move_words(kind: CostKind | None, points: Decimal) -> str:
    """Of products together, whose cost lines are many: by kind of cost, or (none) by our prices."""
    if kind is None:
        return _("Our own prices go down: %(points)s") % {"points": points_words(points)}
    return f"{capfirst(str(kind))}: {points_words(points)}"


def _told(alert: Any) -> Words:
    said = alert.evidence
    first = said["moves"][0] if said["moves"] else None
    why = ""
    if first is not None:
        line = first["line"] or _("our own price")
        why = " " + _("Most of it: {line}, {points}.")
        if first["began"]:
            why = " " + _("Most of it: {line} from {day}, {points}.")
        day = formats.day(datetime.date.fromisoformat(first["began"])) if first["began"] else ""
        why = format_html(why, line=line, day=day, points=points_words(Decimal(first["points"])))
    text = format_html(
        _("<b>{level}</b> is expected at <b>{share}</b> of net sales in {month}, the floor is {floor}."),
        level=LEVEL.upper(),
        share=formats.percent(Decimal(said["share"])),
        month=formats.month(datetime.date.fromisoformat(said["month"])),
        floor=formats.percent(Decimal(said["floor"])),
    )
    months = int(said["months"])
    headline = ngettext(
        "margin under its floor within %(n)s month", "margin under its floor within %(n)s months", months
    ) % {"n": formats.number(months, 0)}
    return Words(headline, text + why)


def _tally(count: int) -> str:
    return ngettext(
        "%(count)s margin falls under its floor", "%(count)s margins fall under their floor", count
    ) % {"count": count_word(count)}


FLOOR = AlertKind(
    ALERT,
    gettext_lazy("Margin floor"),
    "calculator",
    "neg",
    words=_told,
    url=lambda alert: reverse("pricing:product_costs", args=[alert.product.code]),
    action=gettext_lazy("Look"),
    order=45,
    tally=_tally,
    permission="pricing.view_costs",
    spark=False,
)
