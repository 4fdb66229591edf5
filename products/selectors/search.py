"""What the search box finds of products, families and lines."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import F, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from core.registries import SearchHit
from core.search import Like, folded, like_pattern
from products.converters import product_path
from products.models import Family

from .access import families_visible, lines_visible, products_visible
from .filter_choices import fold
from .product_filter import alike, text_ids


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
        SearchHit(row.name, _("product line %(code)s") % {"code": row.code}, line_path(row.code))
        for row in rows[:limit]
    ]


def names_alike(user: Any, text: str, limit: int) -> list[SearchHit]:
    """Products, families and lines with a code or name alike to the text, the nearest first; one query."""
    if not text.strip():
        return []
    near = TrigramWordSimilarity(fold(text), folded("code", "name"))
    sources = {
        "product": (products_visible(user), F("line__name")),
        "family": (families_visible(user), Value("")),
        "line": (lines_visible(user), Value("")),
    }
    parts = [
        alike(rows.order_by(), text)
        .annotate(of=Value(of), line_name=line_name, near=near)
        .values_list("of", "code", "name", "line_name", "near")
        for of, (rows, line_name) in sources.items()
    ]
    found = parts[0].union(*parts[1:], all=True).order_by("-near", "name")[:limit]
    return [_hit_alike(of, code, name, line_name) for of, code, name, line_name, _near in found]


def _hit_alike(of: str, code: str, name: str, line_name: str) -> SearchHit:
    if of == "family":
        return SearchHit(name, _("family %(code)s") % {"code": code}, reverse("products:family", args=[code]))
    if of == "line":
        return SearchHit(name, _("product line %(code)s") % {"code": code}, line_path(code))
    return SearchHit(name, f"{code} · {line_name}", product_path(code))


def family_path(family: Family) -> str:
    return reverse("products:family", args=[family.code])


def line_path(code: str) -> str:
    return f"{reverse('products:list')}?view=all&line={code}"
