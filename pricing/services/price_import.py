"""Prices from a file: one approval for all of them, and taking that back."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.utils import timezone

from core.organisation import today
from exchange.models import Import
from pricing.models import Price
from pricing.models.price import State

Key = tuple[int, int, str, str, datetime.date]
"""List, product, component, tier, from when."""


def prices_import(*, source_import: Import, rows: Sequence[tuple[Key, Decimal | None]]) -> None:
    """Write the rows as approved by whoever brought the file. None of them may be there."""
    now = timezone.now()
    Price.objects.bulk_create(
        (
            Price(
                price_list_id=price_list,
                product_id=product,
                component=component,
                tier=tier,
                start_date=start,
                amount=amount,
                state=State.APPROVED,
                source_import=source_import,
                approved_by=source_import.created_by,
                approved_at=now,
            )
            for (price_list, product, component, tier, start), amount in rows
        ),
        batch_size=2000,
    )


def prices_import_undo(*, source_import: Import) -> tuple[int, int]:
    """Withdraw the file's prices that lie ahead; those that were in force stay as history, and where one of
    them still holds a row from tomorrow puts back what would have held without the file. How many of each."""
    day = today()
    mine = Price.objects.filter(source_import=source_import, state=State.APPROVED)
    withdrawn = mine.filter(start_date__gt=day).update(state=State.WITHDRAWN)
    keys = set(mine.values_list("price_list_id", "product_id", "component", "tier"))
    tomorrow = day + datetime.timedelta(days=1)
    near = Price.objects.filter(
        product__in={key[1] for key in keys}, state=State.APPROVED, start_date__lte=tomorrow
    ).order_by("start_date")
    holds: dict[tuple[int, int, str, str], Price] = {}
    without: dict[tuple[int, int, str, str], Price] = {}
    for price in near:
        key = (price.price_list_id, price.product_id, price.component, price.tier)
        holds[key] = price
        if price.source_import_id != source_import.pk:
            without[key] = price
    restored = []
    for key in sorted(keys):
        before = without[key].amount if key in without else None
        if holds[key].source_import_id == source_import.pk and holds[key].amount != before:
            restored.append(((*key, tomorrow), before))
    prices_import(source_import=source_import, rows=restored)
    return withdrawn, len(restored)
