"""What the search box finds of products, families and lines."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.urls import reverse
from django.utils.translation import gettext as _

from core.registries import SearchHit
from core.search import folded, like_pattern
from products.converters import product_path
from products.models import Family, ProductLine

from .access import families_visible, lines_visible, products_visible
from .filter_choices import fold
from .product_filter import Like, text_ids


def products_search(user: Any, text: str, limit: int) -> list[SearchHit]:
    """By code, name, other codes and description; the nearest first."""
    if not text.strip():
        return []
    near = TrigramWordSimilarity(fold(text), folded("code", "name"))
    rows = (
        products_visible(user)
        .filter(pk__in=text_ids(text))
        .select_related("line")
        .annotate(near=near)
        .order_by("-near", "name", "pk")[:limit]
    )
    return [SearchHit(row.name, f"{row.code} · {row.line.name}", product_path(row.code)) for row in rows]


def families_search(user: Any, text: str, limit: int) -> list[SearchHit]:
    if not text.strip():
        return []
    rows = families_visible(user).filter(Like(folded("code", "name"), like_pattern(text)))
    return [
        SearchHit(row.name, _("family %(code)s") % {"code": row.code}, family_path(row))
        for row in rows[:limit]
    ]


def lines_search(user: Any, text: str, limit: int) -> list[SearchHit]:
    if not text.strip():
        return []
    rows = lines_visible(user).filter(Like(folded("code", "name"), like_pattern(text)))
    return [
        SearchHit(row.name, _("product line %(code)s") % {"code": row.code}, line_path(row))
        for row in rows[:limit]
    ]


def family_path(family: Family) -> str:
    return reverse("products:family", args=[family.code])


def line_path(line: ProductLine) -> str:
    return f"{reverse('products:list')}?view=all&line={line.code}"
