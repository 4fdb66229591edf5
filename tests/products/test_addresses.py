"""The addresses under /products/: a page's fixed word is never taken for a product's code."""

from __future__ import annotations

from django.urls import resolve

from products.converters import RESERVED_CODES
from products.urls import urlpatterns


def test_every_fixed_first_word_is_a_reserved_code():
    words = {str(entry.pattern).split("/")[0] for entry in urlpatterns} - {""}
    assert {word for word in words if not word.startswith("<")} <= RESERVED_CODES


def test_fixed_pages_win_from_other_rooms_pages_of_one_product():
    for key in ("stage", "forecast", "line"):
        assert resolve(f"/products/filters/{key}/").view_name == "products:filters"
