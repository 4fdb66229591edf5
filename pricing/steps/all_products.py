"""How the steps that book costs cut a run: all products, as one without sales can have a share of a split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from forecasting.models import NightlyRun
from forecasting.steps.common import chunk_size
from products.models import Product


def all_products(run: NightlyRun, due_share: float = 1.0) -> Iterator[Mapping[str, Any]]:
    """The run's products in chunks, then ``rest``: what could not be split over them."""
    scope = Product.objects.order_by("pk")
    products = list(
        (scope if run.scope is None else scope.filter(pk__in=run.scope)).values_list("pk", flat=True)
    )
    size = chunk_size(len(products), due_share)
    for begin in range(0, len(products), size):
        yield {"products": products[begin : begin + size]}
    yield {"rest": True}
