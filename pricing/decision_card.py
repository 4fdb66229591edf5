"""The card of what earlier price decisions did to a product's volume."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.rows import from_row, row_of
from collaboration.models import DecisionOutcome, DecisionProduct
from core import formats
from core.organisation import today
from products.models import Product

from .models import Proposal
from .price_words import part_words, price_text
from .selectors.prices import lists_visible
from .selectors.proposals import proposals_visible

LISTED = 8


def decision_card(user: Any, product: Product) -> Mapping[str, Any] | None:
    """The newest decisions in force on lists the person may see, each with the longest span measured."""
    reference = OuterRef("decision__reference")
    outcomes = DecisionOutcome.objects.filter(row=OuterRef("pk")).order_by("months")
    rows = (
        DecisionProduct.objects.filter(
            Exists(Proposal.objects.filter(pk=reference, price_list__in=lists_visible(user))),
            product=product,
            decision__kind="price",
            decision__withdrawn_at=None,
            decision__effective_date__lte=today(),
        )
        .select_related("decision")
        .annotate(
            linked=Exists(proposals_visible(user).filter(pk=reference)),
            outcome_rows=ArraySubquery(outcomes.values_list(row_of(DecisionOutcome))),
        )
        .order_by("-decision__effective_date", "-pk")
    )
    shown = [_item(row) for row in rows[:LISTED]]
    if not shown:
        return None
    judged = [item["inside"] for item in shown if item["inside"] is not None]
    return {"shown": shown, "judged": len(judged), "inside": sum(judged)}


def _item(row: Any) -> dict[str, Any]:
    outcome = from_row(DecisionOutcome, row.outcome_rows[-1]) if row.outcome_rows else None
    inside = None
    if outcome is not None and row.expected is not None:
        inside = outcome.lo80 <= row.expected <= outcome.hi80
    return {
        "row": row,
        "decision": row.decision,
        "text": _said(row.what),
        "outcome": outcome,
        "effect": _rate(outcome.effect if outcome else None),
        "band": [_rate(outcome.lo80), _rate(outcome.hi80)] if outcome else [],
        "expected": _rate(row.expected),
        "inside": inside,
    }


def _rate(value: float | None) -> str:
    """With its sign."""
    return "" if value is None else formats.delta(value, "percent", decimals=0).text


def _said(what: Mapping[str, Any]) -> str:
    old, new = (
        price_text(Decimal(what[key]), what["currency"]) if what[key] is not None else None
        for key in ("old", "new")
    )
    said = {"old": old, "new": new}
    if new is None:
        text = _("Price %(old)s ended") % said
    elif old is None:
        text = _("Price set to %(new)s") % said
    else:
        text = _("Price %(old)s to %(new)s") % said
    return ", ".join(filter(None, [text, part_words(what["component"], what["tier"])]))
