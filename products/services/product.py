"""Products: create, change, end, reopen, review."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import User
from accounts.versions import check, row_lock, row_save
from core.organisation import today
from products.converters import RESERVED_CODES
from products.models import Product, ProductCode, ProductLine, Segment, Supplier

from .figures import figures_refresh
from .line import lost_words, measures_lost
from .scope import line_within, product_within


class ProductValues(TypedDict, total=False):
    """What people may say of a product; what is left out stays as it is."""

    code: str
    name: str
    kind: str
    line: ProductLine
    unit: str
    owner: User | None
    supplier: Supplier | None
    segment: Segment | None
    description: str
    launched: datetime.date | None
    ended: datetime.date | None
    temporary: bool
    floor_rate: Decimal | None
    review_months: int | None
    reviewed_on: datetime.date | None


def code_check(code: str, *, other_than: int = 0) -> None:
    """Refuse a code that another product has (in whatever case), as its own or in some source, or that is a
    page's address."""
    if code.lower() in RESERVED_CODES:
        message = _("“%(code)s” is the name of a page; choose another code.") % {"code": code}
        raise DomainError("code_reserved", message, "code")
    taken = Product.objects.filter(code__iexact=code).exclude(pk=other_than).first()
    if taken is not None:
        message = _("The code %(code)s is already in use.") % {"code": taken.code}
        raise DomainError("code_taken", message, "code")
    other = ProductCode.objects.select_related("product").filter(code__iexact=code)
    means = other.exclude(product=other_than).first()
    if means is not None:
        message = _("The code %(code)s already means %(product)s in %(source)s.") % {
            "code": means.code,
            "product": means.product,
            "source": means.source,
        }
        raise DomainError("code_taken", message, "code")


def _dates_check(launched: datetime.date | None, ended: datetime.date | None) -> None:
    if launched is not None and ended is not None and ended < launched:
        raise DomainError("ends_before_launch", _("A product cannot end before it is launched."), "ended")


def _line_check(product: Product, line: ProductLine | None) -> None:
    """Refuse a line that does not count what the product has figures in."""
    if line is None or line.pk == product.line_id:
        return
    for measure in measures_lost({product.pk: line.pk}).values():
        raise DomainError("measure_not_of_line", lost_words(line, measure), "line", status=409)


@transaction.atomic
def product_create(*, user: Any, **values: Unpack[ProductValues]) -> Product:
    """A new product; ``code``, ``name`` and ``line`` are needed. 404 for a line outside one's limits."""
    product = Product(**values)
    product.code, product.name = product.code.strip(), product.name.strip()
    line_within(user, values.get("line"))
    code_check(product.code)
    _dates_check(product.launched, product.ended)
    check(product)
    product.save()
    return product


@transaction.atomic
def product_update(
    *, user: Any, product: Product, version: int | None, **values: Unpack[ProductValues]
) -> Product:
    """Change what differs; the product as it then stands. ``VersionConflict`` shows both values."""
    current = row_lock(product)
    product_within(user, current)
    if "line" in values:
        line_within(user, values["line"])
        _line_check(current, values["line"])
    for field in ("code", "name"):
        if field in values:
            values[field] = values[field].strip()
    if "code" in values and values["code"] != current.code:
        code_check(values["code"], other_than=current.pk)
    _dates_check(values.get("launched", current.launched), values.get("ended", current.ended))
    reviewed_on = values.get("reviewed_on")
    if reviewed_on is not None and reviewed_on > today():
        raise DomainError("reviewed_ahead", _("A review cannot lie in the future."), "reviewed_on")
    if "line" in row_save(current, version=version, values=values):
        figures_refresh(product_ids=[current.pk])  # the other line may lead with another measure
    return current


def product_end(*, user: Any, product: Product, version: int | None, ended: datetime.date) -> Product:
    """``ended`` is the last day on sale; the status follows from it."""
    return product_update(user=user, product=product, version=version, ended=ended)


def product_reopen(*, user: Any, product: Product, version: int | None) -> Product:
    """On sale again: no end date."""
    return product_update(user=user, product=product, version=version, ended=None)


def product_reviewed(*, user: Any, product: Product, version: int | None) -> Product:
    """It was reviewed today; the next review is counted from here."""
    return product_update(user=user, product=product, version=version, reviewed_on=today())
