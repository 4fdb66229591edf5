"""Other codes of a product, on which every import may match, and what one unit of it is in other units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_lock, row_save, version_check
from products.models import Product, ProductCode, UnitFactor
from products.selectors.lines import line_tree
from products.selectors.units import own_unit

from .scope import product_within

RESERVED_SOURCES = ("any", "own", "eigen")
"""What a file says instead of a source, so none can be called so."""


@transaction.atomic
def product_code_add(*, user: Any, product: Product, source: str, code: str) -> ProductCode:
    """The product is called ``code`` in ``source``; in one source a code means one product. The own code of
    another product it cannot be: a file that does not say whose code it has would mean that one."""
    product_within(user, product)
    source, code = source.strip(), code.strip()
    if source.lower() in RESERVED_SOURCES:
        message = _("“%(source)s” cannot be the name of a source.") % {"source": source}
        raise DomainError("source_reserved", message, "source")
    own = Product.objects.filter(code__iexact=code).exclude(pk=product.pk).first()
    if own is not None:
        message = _("%(code)s is the own code of %(product)s.") % {"code": own.code, "product": own}
        raise DomainError("code_taken", message, "code")
    taken = (
        ProductCode.objects.select_related("product").filter(source__iexact=source, code__iexact=code).first()
    )
    if taken is not None and taken.product_id == product.pk:
        return taken
    if taken is not None:
        message = _("%(source)s %(code)s already means %(product)s.") % {
            "source": taken.source,
            "code": taken.code,
            "product": taken.product,
        }
        raise DomainError("code_taken", message, "code")
    row = ProductCode(product=product, source=source, code=code)
    check(row)
    row.save()
    return row


@transaction.atomic
def product_code_remove(*, user: Any, product: Product, code_id: int) -> None:
    """Imports match on it no longer; removing twice does nothing."""
    product_within(user, product)
    ProductCode.objects.filter(product=product, pk=code_id).delete()


@transaction.atomic
def unit_factor_set(
    *, user: Any, product: Product, unit: str, factor: Decimal, version: int | None = None
) -> UnitFactor:
    """One unit of the product is ``factor`` of ``unit``; a factor that was there is replaced. ``version`` is
    the one the editor saw, 0 when there was none."""
    product_within(user, product)
    row_lock(product)  # of two at once the second sees the first's
    unit = unit.strip()
    row = UnitFactor.objects.select_for_update().filter(product=product, unit__iexact=unit).first()
    if factor <= 0:
        raise DomainError("factor_positive", _("The factor must be above zero."), "factor")
    if factor != 1 and unit.lower() == own_unit(line_tree(), product).lower():
        raise DomainError("own_unit", _("That is the product's own unit: one is one."), "unit")
    if row is not None:
        row_save(row, version=version, values={"factor": factor})
        return row
    version_check(0, version, {"factor": (factor, None)})
    row = UnitFactor(product=product, unit=unit, factor=factor)
    check(row)
    row.save()
    return row


@transaction.atomic
def unit_factor_remove(*, user: Any, product: Product, factor_id: int, version: int | None = None) -> None:
    product_within(user, product)
    row = UnitFactor.objects.select_for_update().filter(product=product, pk=factor_id).first()
    if row is not None:
        version_check(row.version, version, {"factor": (None, row.factor)})
        row.delete()
