"""How volumes answer prices, as the night found it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, FloatField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, JSONObject, Lower

from pricing.models import Elasticity
from products.models import Measure, Product, ProductLine
from products.selectors.access import forecasts_allowed, products_visible
from products.selectors.lines import line_tree

from .listed import of_products, sorted_by

# The mean of 1,851 published estimates (Bijmolt, van Heerde and Pieters 2005), and how far the engine
# believes a product to lie from it before any is known (pricing/engine/shrinkage.py).
PUBLISHED, PUBLISHED_SD = -2.62, 1.18
OWN, LINE, PORTFOLIO, LITERATURE = "own", "line", "portfolio", "literature"
# A product's from its channels is its own; a channel's may be its product's.
_SOURCES = {"category": LINE, "portfolio": PORTFOLIO, "product": "product"}


def elasticities_allowed(user: Any) -> bool:
    """They are measured over all channels, and what follows from them is as the forecast. Those of a channel
    too: each leans on what the others sold."""
    return bool(user.has_perm("pricing.view")) and forecasts_allowed(user)


def elasticities_visible(user: Any) -> QuerySet[Elasticity]:
    """Of the products in the person's sight and their channels; those still to be estimated are left out."""
    if not elasticities_allowed(user):
        return Elasticity.objects.none()
    rows = Elasticity.objects.filter(product__in=products_visible(user))
    return rows.exclude(estimate=None, pending=True).select_related("measure").defer("likelihood")


def source_of(row: Elasticity) -> str:
    """Whose periods it rests on: the product's own, its line's, or those of all products."""
    return _SOURCES.get(row.method, OWN)


READING = "elasticity_rows"
"""What products have theirs under where they were read with them (:func:`elasticities_reading`)."""
_ANSWER = ("product_id", "channel_id", "estimate", "sd", "method", "price_kind")


def elasticities_reading() -> ArraySubquery:
    """What the night found of a product and its channels, read with it."""
    rows = Elasticity.objects.filter(product=OuterRef("pk")).order_by("pk")
    return ArraySubquery(rows.values(said=JSONObject(**{name: name for name in _ANSWER})))


def elasticity_rows(product_ids: Collection[int], products: Iterable[Product] = ()) -> list[Elasticity]:
    """What the night found of products and their channels; one query, none where all of these ``products``
    were read with it."""
    read = {product.pk: getattr(product, READING, None) for product in products}
    if read and all(read.get(pk) is not None for pk in product_ids):
        return [Elasticity(**row) for pk in product_ids for row in read[pk] or ()]
    rows = Elasticity.objects.filter(product__in=list(product_ids))
    return list(rows.only(*_ANSWER))


def elasticity_of(
    products: Mapping[int, Product], rows: Iterable[Elasticity]
) -> dict[int, tuple[float, float, str]]:
    """Estimate, standard deviation and source (*own*, *line*, *portfolio*, *literature*) of each product, by
    id; the published mean where no night has seen it. Of products whose leading measure counts a state it is
    of what comes in, and they are left out unless that was measured, of the product or its line."""
    tree = line_tree()
    states = {
        pk
        for pk, product in products.items()
        if tree.lead_measure(product.line_id).kind == Measure.Kind.LEVEL
    }
    found = dict.fromkeys(products.keys() - states, (PUBLISHED, PUBLISHED_SD, LITERATURE))
    for row in rows:
        if row.channel_id is None and row.estimate is not None and row.sd is not None:
            source = source_of(row)
            if row.product_id in found or (row.product_id in states and source in (OWN, LINE)):
                found[row.product_id] = (row.estimate, row.sd, source)
    return found


def channel_elasticities(rows: Iterable[Elasticity]) -> dict[tuple[int, int], tuple[float, float, bool]]:
    """Estimate and standard deviation of channels measured apart, by product and channel, and whether they
    rest on what the channel sold itself."""
    return {
        (row.product_id, row.channel_id): (row.estimate, row.sd, source_of(row) == OWN)
        for row in rows
        if row.channel_id is not None and row.estimate is not None and row.sd is not None
    }


SORTS: dict[str, Any] = {
    "name": Lower("product__name"),
    "elasticity": F("estimate"),
    "width": F("hi80") - F("lo80"),
    "effect": F("effect"),
}
SHOWN = ("all", "own", "borrowed", "level", "channels")
BORROWED = ("product", "category", "portfolio")


def elasticities_listed(
    user: Any,
    *,
    line: ProductLine | None = None,
    text: str = "",
    show: str = "all",
    sort: str = "effect",
    descending: bool = True,
) -> QuerySet[Elasticity]:
    """With ``effect``: what a price of 1 % more would do to the revenue of the last 12 months (less than
    nothing: a lower price brings more). Products, or to show *channels* those measured apart, without it."""
    rows = elasticities_visible(user).select_related("product__line", "channel", "measure")
    rows = rows.filter(channel__isnull=show != "channels")
    rows = of_products(rows, line, text)
    if show == "own":
        rows = rows.filter(estimate__isnull=False).exclude(method__in=BORROWED)
    elif show == "borrowed":
        rows = rows.filter(method__in=BORROWED)
    elif show == "level":
        rows = rows.filter(estimate=None)
    revenue = Cast("product__figures__revenue_12m", FloatField())
    effect = revenue * (F("estimate") + Value(1.0)) / Value(100.0)
    # What comes into a state moves its revenue over years, not by the elasticity.
    nothing = When(
        Q(channel__isnull=False) | Q(product__figures__measure__kind=Measure.Kind.LEVEL), then=None
    )
    rows = rows.annotate(effect=Case(nothing, default=effect, output_field=FloatField()))
    return sorted_by(rows, SORTS[sort], descending)
