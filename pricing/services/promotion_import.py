"""Promotions from a file, as drafts or, where they were over, as history; and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pgtrigger
from django.utils import timezone

from exchange.models import Import
from pricing.models import Promotion, PromotionChannel, PromotionProduct
from products.models import ImportedObject
from products.services.imported import imported_note, values_of, values_put

from .promotions import PromotionPlan, parts_write, proposed_anew

State = Promotion.State
PROMOTION = "promotion"
_STAYS = (
    "pricing.Promotion:begun_stays",
    "pricing.PromotionProduct:begun_products_stay",
    "pricing.PromotionChannel:begun_channels_stay",
)


def promotions_import(
    *,
    source_import: Import,
    drafts: Sequence[PromotionPlan],
    loaded: Sequence[PromotionPlan],
    changed: Sequence[tuple[Promotion, PromotionPlan]],
) -> None:
    """Begin the drafts of a file, load what ran as proposed by who brought it and approved by who applied it,
    and write what changes into drafts that are there; nobody is who did it where nobody did by name. What was
    loaded is no decision: nothing is decided any more. The caller has locked those that are there."""
    author = source_import.created_by or source_import.applied_by
    made = [Promotion(author=author, **plan.fields) for plan in [*drafts, *loaded]]
    Promotion.objects.bulk_create(made)
    plans = list(zip(made, [*drafts, *loaded], strict=True))
    PromotionProduct.objects.bulk_create(
        PromotionProduct(
            promotion=row, product=one.product, price=one.price, effective_price=one.effective_price
        )
        for row, plan in plans
        for one in plan.products
    )
    PromotionChannel.objects.bulk_create(
        PromotionChannel(promotion=row, channel=channel) for row, plan in plans for channel in plan.channels
    )
    history = made[len(drafts) :]
    for row in history:
        row.state, row.source_import = State.APPROVED, source_import
        row.proposed_by, row.decided_by, row.decided_at = author, source_import.applied_by, timezone.now()
    said = ("state", "source_import", "proposed_by", "decided_by", "decided_at")
    Promotion.objects.bulk_update(history, said)
    before = {}
    for row, plan in changed:
        before[row.pk] = values_of(row) | _parts_of(row)
        for name, value in (plan.fields | proposed_anew(None, row)).items():
            setattr(row, name, value)
        row.version += 1
        row.save()
        parts_write(row, plan)
    rows = [*made, *(row for row, _plan in changed)]
    imported_note(import_id=source_import.pk, kind=PROMOTION, rows=rows, before=before)


def _parts_of(row: Promotion) -> dict[str, Any]:
    prices = row.rows.values_list("product", "price", "effective_price")
    return {
        "products": [[product, _kept(price), _kept(effective)] for product, price, effective in prices],
        "channels": list(row.channel_rows.values_list("channel", flat=True)),
    }


def promotions_import_undo(*, source_import: Import) -> tuple[int, int]:
    """Throw the file's drafts away, and what it loaded with what was measured of it; put back drafts that it
    changed; how many of each. What somebody changed or proposed since stays, and so does what ran where it
    was said what that cost."""
    notes = ImportedObject.objects.filter(source_import_id=source_import.pk, kind=PROMOTION)
    rows = Promotion.objects.select_for_update(of=("self",)).in_bulk(
        notes.values_list("object_id", flat=True)
    )
    gone, restored = [], 0
    for note in notes.order_by("-pk"):
        row = rows.get(note.object_id)
        if row is None or str(row.version) != note.after["version"]:
            continue
        if note.before is None:
            gone.append(row.pk)
            continue
        _restore(row, note.before)
        restored += 1
    with pgtrigger.ignore(*_STAYS):  # what a file loaded goes with it
        going = Promotion.objects.filter(pk__in=gone, costs=None)
        taken = going.delete()[1].get("pricing.Promotion", 0)
    return taken, restored


def _restore(row: Promotion, before: dict[str, Any]) -> None:
    values_put(row, before)
    row.rows.all().delete()
    PromotionProduct.objects.bulk_create(
        PromotionProduct(
            promotion=row,
            product_id=product,
            price=number_kept(price),
            effective_price=number_kept(effective),
        )
        for product, price, effective in before["products"]
    )
    row.channel_rows.all().delete()
    PromotionChannel.objects.bulk_create(
        PromotionChannel(promotion=row, channel_id=channel) for channel in before["channels"]
    )


def _kept(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def number_kept(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
