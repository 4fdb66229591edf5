"""One field, one value, many products: shown first, then applied once, and taken back if need be."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Model, OuterRef, Subquery
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from accounts.models import User
from products.models import (
    BulkChange,
    Family,
    FamilyMember,
    Measure,
    Product,
    ProductLine,
    Segment,
    Supplier,
)
from products.selectors.access import products_visible
from products.selectors.lines import LineTree

from .figures import figures_refresh
from .line import lost_words, measures_lost
from .relations import family_member_set
from .scope import line_within

RELATED: dict[str, type[Model]] = {
    "owner": User,
    "line": ProductLine,
    "supplier": Supplier,
    "segment": Segment,
    "family": Family,
}
FIELDS = (*RELATED, "ended", "temporary", "kind")
MOST = 5000
"""As many products as one request can change well within a second or two."""


@dataclass(frozen=True)
class BulkRow:
    """What would happen to one product; ``refused`` says why nothing can, else it is empty. ``inherited``:
    what its line says where the product itself says nothing."""

    product: Product
    before: Any
    after: Any
    refused: str
    inherited: Any = None

    @property
    def changes(self) -> bool:
        return not self.refused and self.before != self.after


@dataclass(frozen=True)
class BulkPreview:
    """``fingerprint`` says what was seen: applying refuses when the products changed since."""

    rows: list[BulkRow]
    fingerprint: str

    @property
    def changed(self) -> list[BulkRow]:
        return [row for row in self.rows if row.changes]

    @property
    def refused(self) -> list[BulkRow]:
        return [row for row in self.rows if row.refused]

    @property
    def unchanged(self) -> int:
        return len(self.rows) - len(self.changed) - len(self.refused)


def _as_json(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    return value.isoformat() if isinstance(value, datetime.date) else value


def _from_json(field: str, value: Any) -> Any:
    return datetime.date.fromisoformat(value) if field == "ended" and value else value


def _current(product: Any, field: str) -> Any:
    return (
        product.family_on_day
        if field == "family"
        else _as_json(getattr(product, f"{field}_id" if field in RELATED else field))
    )


def _refusal(product: Product, field: str, value: Any, lost: Mapping[int, Measure]) -> str:
    """``lost``: of products that would move, a measure that the line does not count."""
    if product.pk in lost:
        return lost_words(value, lost[product.pk])
    if field == "ended" and value is not None and product.launched is not None and value < product.launched:
        return _("A product cannot end before it is launched.")
    return ""


def _rows(user: Any, ids: Iterable[int], start_date: datetime.date, *, lock: bool) -> list[Any]:
    """The products within the person's sight, each with the family it is in on the date."""
    held = FamilyMember.objects.filter(product=OuterRef("pk"), start_date__lte=start_date)
    rows = (
        products_visible(user)
        .filter(pk__in=list(ids))
        .annotate(family_on_day=Subquery(held.order_by("-start_date").values("family_id")[:1]))
        .order_by("pk")
    )
    return list(rows.select_for_update(of=("self",)) if lock else rows)


def _names(field: str, keys: set[Any]) -> dict[Any, Any]:
    if field not in RELATED:
        return {}
    return dict(RELATED[field]._default_manager.in_bulk([key for key in keys if key is not None]))


def _preview(field: str, value: Any, start_date: datetime.date, products: Sequence[Any]) -> BulkPreview:
    after = _as_json(value)
    names = _names(field, {_current(product, field) for product in products})
    digest = hashlib.sha256(json.dumps([field, after, start_date.isoformat()]).encode())
    moves = {each.pk: after for each in products if field == "line" and each.line_id != after}
    lost = measures_lost(moves)
    tree = LineTree() if field == "owner" else None
    rows = []
    for product in products:
        before = _current(product, field)
        digest.update(f"{product.pk}:{product.version}:{before};".encode())
        rows.append(
            BulkRow(
                product,
                names.get(before) if field in RELATED else getattr(product, field),
                value,
                _refusal(product, field, value, lost),
                tree.inherited(product.line_id, field).value if tree else None,
            )
        )
    return BulkPreview(rows, digest.hexdigest())


def _check(user: Any, field: str, value: Any, count: int) -> None:
    if field not in FIELDS:
        raise DomainError("field_unknown", _("This cannot be changed for many products at once."), "field")
    if value is None and field in ("line", "temporary", "kind"):
        raise DomainError("value_missing", _("Choose a value."), "value")
    if isinstance(value, ProductLine):
        line_within(user, value)
    if isinstance(value, Family):
        line_within(user, value.line)
    if count > MOST:
        message = ngettext("At most %(count)s product at once.", "At most %(count)s products at once.", MOST)
        raise DomainError("too_many", message % {"count": MOST})


def products_bulk_preview(
    *, user: Any, product_ids: Sequence[int], field: str, value: Any, start_date: datetime.date
) -> BulkPreview:
    """What setting the field would do to each product the person may see; writes nothing.

    ``value`` is a row, a date, a bool or text as the field asks, ``None`` empties it; ``start_date`` is from
    when a family holds.
    """
    _check(user, field, value, len(product_ids))
    return _preview(field, value, start_date, _rows(user, product_ids, start_date, lock=False))


@transaction.atomic
def products_bulk_update(
    *,
    user: Any,
    product_ids: Sequence[int],
    field: str,
    value: Any,
    start_date: datetime.date,
    fingerprint: str,
    key: str,
) -> BulkChange:
    """Apply what the preview with this fingerprint showed; refused products are left out.

    The same ``key`` again gives the same answer and writes nothing. When a product changed since the preview,
    nothing is written (409).
    """
    done = BulkChange.objects.filter(user=user, key=key).first()
    if done is not None:
        return done
    _check(user, field, value, len(product_ids))
    preview = _preview(field, value, start_date, _rows(user, product_ids, start_date, lock=True))
    done = BulkChange.objects.filter(user=user, key=key).first()  # by whoever held the locks before us
    if done is not None:
        return done
    if preview.fingerprint != fingerprint:
        message = _("Some of these products were changed in the meantime; look at the preview again.")
        raise DomainError("preview_outdated", message, status=409)
    changes = {str(row.product.pk): [_as_json(row.before), _as_json(value)] for row in preview.changed}
    _write(user, [row.product for row in preview.changed], field, value, start_date)
    stored = {"start_date": start_date.isoformat(), "products": changes}
    return BulkChange.objects.create(user=user, key=key, field=field, changes=stored)


def _write(user: Any, products: Sequence[Product], field: str, value: Any, start_date: datetime.date) -> None:
    if field == "family":
        for product in products:
            family_member_set(user=user, product=product, family=value, start_date=start_date)
        return
    ids = [product.pk for product in products]
    Product.objects.filter(pk__in=ids).update(**{field: value}, version=F("version") + 1)
    if field == "line":
        figures_refresh(product_ids=ids)


@transaction.atomic
def products_bulk_undo(*, user: Any, change_id: int) -> tuple[int, int]:
    """Give each product back what it had; how many, and how many were left because they changed again since,
    or cannot have it any more, as an update would refuse it.

    Only one's own changes; taking back twice does nothing more.
    """
    change = BulkChange.objects.select_for_update().filter(user=user, pk=change_id).first()
    if change is None:
        raise Http404(change_id)
    if change.undone_at is not None:
        return 0, 0
    field, pairs = change.field, change.changes["products"]
    start_date = datetime.date.fromisoformat(change.changes["start_date"])
    back: dict[Any, list[Product]] = {}
    for product in _rows(user, [int(pk) for pk in pairs], start_date, lock=True):
        before, after = pairs[str(product.pk)]
        if _current(product, field) == after:
            back.setdefault(before, []).append(product)
    names, restored = _names(field, set(back)), 0
    moves = {each.pk: before for before, rows in back.items() if before in names for each in rows}
    lost = measures_lost(moves) if field == "line" else {}
    for before, products in back.items():
        value = names.get(before) if field in RELATED else _from_json(field, before)
        if field == "line" and value is None:
            continue  # it is gone
        able = [each for each in products if not _refusal(each, field, value, lost)]
        _write(user, able, field, value, start_date)
        restored += len(able)
    change.undone_at = timezone.now()
    change.save(update_fields=["undone_at"])
    return restored, len(pairs) - restored
