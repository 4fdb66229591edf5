"""Corrections of closed months, as a person may see them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exchange.models import Import
from products.models import Correction, Product
from products.selectors.access import products_visible, visible_channel_ids, visible_line_ids

SHOWN = 5
COSTS_FOLLOW = "costs_follow"
_REASONS: dict[str, Any] = {COSTS_FOLLOW: _("Costs follow what was corrected.")}
"""Where nobody said why in their own words: kept as a code, said in the reader's language."""


@dataclass(frozen=True)
class Change:
    """What of a closed month was changed. ``moved``: the products of which costs moved most, each with by how
    much (no product: what is on none); ``more``: how many others. ``rows`` is empty for who sees a part."""

    month: str
    what: str
    rows: int | None
    amount: str
    moved: Sequence[tuple[Product | None, Decimal]] = ()
    more: int = 0


@dataclass(frozen=True)
class CorrectionSeen:
    at: datetime.datetime
    reason: str
    by: User | None
    source_import: Import | None
    changes: Sequence[Change]


def corrections(user: Any, limit: int = 100) -> list[CorrectionSeen]:
    """The newest first. Who is limited to lines sees those of products they see, with the amounts of these
    alone and without the file; who is limited to channels none, as no correction says of which it is. Three
    queries at most."""
    if visible_channel_ids(user) is not None:
        return []
    rows = Correction.objects.select_related("by", "source_import")
    if visible_line_ids(user) is None:
        found = list(rows[:limit])
        shown = {pk for row in found for each in row.changes for pk in _most(each)}
        products = Product.objects.in_bulk([int(pk) for pk in shown if pk])
        return [
            _seen(row, [_change(each, products) for each in row.changes], row.source_import) for row in found
        ]
    own = {product.pk: product for product in products_visible(user)}
    seen = ((row, [_change(part, own) for each in row.changes if (part := _part(each, own))]) for row in rows)
    return [_seen(row, changes, None) for row, changes in seen if changes][:limit]


def _seen(row: Correction, changes: Sequence[Change], file: Import | None) -> CorrectionSeen:
    reason = str(_REASONS.get(row.reason, row.reason))
    return CorrectionSeen(row.at, reason, row.by, file, changes)


def _part(change: Mapping[str, Any], own: Collection[int]) -> dict[str, Any] | None:
    """What a change says of some products, if it says anything of them."""
    moved = {pk: amount for pk, amount in change.get("moved", {}).items() if pk and int(pk) in own}
    if not moved and not any(pk in own for pk in change.get("products", ())):
        return None
    amount = f"{sum(map(Decimal, moved.values())):.2f}" if moved else ""
    return {"month": change["month"], "what": change["what"], "amount": amount, "moved": moved}


def _change(change: Mapping[str, Any], products: Mapping[int, Product]) -> Change:
    moved = change.get("moved", {})
    most = [(products.get(int(pk)) if pk else None, Decimal(moved[pk])) for pk in _most(change)]
    said = (change["month"], change["what"], change.get("rows"), change.get("amount", ""))
    return Change(*said, most, len(moved) - len(most))


def _most(change: Mapping[str, Any]) -> list[str]:
    """The products, by id, whose costs it moves most."""
    moved = change.get("moved", {})
    return sorted(moved, key=lambda pk: -abs(Decimal(moved[pk])))[:SHOWN]
