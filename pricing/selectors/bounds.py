"""The least and the most that prices may be."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q

from accounts.rows import from_row, row_of
from pricing.models import Bound, PriceList
from products.models import Product
from products.selectors.lines import LineTree, line_tree

from .prices import vat_rates, with_and_without


def bound_rows(product: Product) -> ArraySubquery:
    """Those of a product and its lines, to be read with another row; :func:`bounds_read` makes them of it."""
    above = [line.pk for line in line_tree().ancestors(product.line_id)]
    rows = Bound.objects.filter(Q(product=product) | Q(line__in=above))
    return ArraySubquery(rows.order_by("start_date").values_list(row_of(Bound)))


def bounds_read(said: Any) -> list[Bound]:
    return [from_row(Bound, each) for each in said or ()]


def bounds_on(
    products: Iterable[Product],
    day: datetime.date,
    tree: LineTree | None = None,
    rows: Sequence[Bound] | None = None,
) -> dict[int, Bound]:
    """By product the one that holds on the day: its own, else of the nearest line. One query; none where
    ``rows`` were read, the oldest first."""
    if rows is None:
        rows = list(Bound.objects.order_by("start_date"))
    rows = [row for row in rows if row.start_date <= day]
    of_product = {row.product_id: row for row in rows if row.product_id}
    of_line = {row.line_id: row for row in rows if row.line_id}
    if not of_product and not of_line:
        return {}
    tree = tree or line_tree()
    found = {}
    for product in products:
        above = (of_line[line.pk] for line in tree.ancestors(product.line_id) if line.pk in of_line)
        bound = of_product.get(product.pk) or next(above, None)
        if bound is not None:
            found[product.pk] = bound
    return found


def amount_beyond(bound: Bound, amount: Decimal, price_list: PriceList, rate: Decimal | None) -> bool:
    """Whether a price per unit on the list passes it, at that VAT."""
    gross, net = with_and_without(amount, price_list.with_vat, rate)
    held = gross if bound.with_vat else net
    below = bound.least is not None and held < bound.least
    return below or (bound.most is not None and held > bound.most)


def refusing(
    products: Iterable[Product],
    day: datetime.date,
    tree: LineTree | None = None,
    rows: Sequence[Bound] | None = None,
) -> dict[int, tuple[Bound, Decimal | None]]:
    """Bounds that no reason lets pass, with the VAT rate of their product."""
    asked = {product.pk: product for product in products}
    found = {
        pk: bound
        for pk, bound in bounds_on(asked.values(), day, tree, rows).items()
        if bound.beyond == Bound.Beyond.REFUSE
    }
    rates = vat_rates([asked[pk] for pk in found], day) if found else {}
    return {pk: (bound, rates[pk]) for pk, bound in found.items()}
