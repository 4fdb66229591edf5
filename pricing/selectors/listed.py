"""What lists about products have in common: of a line, of words, sorted."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.lookups import ordered
from core.search import folded, with_words
from products.models import ProductLine
from products.selectors.lines import line_tree


def of_products(rows: QuerySet[Any], line: ProductLine | None, text: str) -> QuerySet[Any]:
    """Rows of products of the line or below it, with each of the words in their code or name."""
    if line is not None:
        rows = rows.filter(product__line__in=line_tree().descendants(line.pk))
    return with_words(rows, folded("product__code", "product__name"), text)


def sorted_by(rows: QuerySet[Any], by: Any, descending: bool) -> QuerySet[Any]:
    """By an expression, what has no value last."""
    return rows.order_by(ordered(by, descending), "pk")
