"""Product codes in addresses. A code may hold a slash, which an address cannot."""

from __future__ import annotations

from urllib.parse import quote

from django.urls import register_converter

RESERVED_CODES = frozenset(
    {
        *("new", "bulk", "export", "filters", "views", "lines", "channels", "suppliers", "segments"),
        *("families", "measures", "columns", "budgets", "limits", "four-eyes", ".", ".."),
    }
)
"""Words that are pages under ``/products/``; no product may have one as its code."""


class ProductCodeConverter:
    """``<product_code:code>``: any code as one path segment; slash and per cent sign are escaped."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return value.replace("%2F", "/").replace("%25", "%")

    def to_url(self, value: str) -> str:
        return str(value).replace("%", "%25").replace("/", "%2F")


def product_path(code: str) -> str:
    """The address of the product's overview."""
    return f"/products/{quote(ProductCodeConverter().to_url(code))}/"


register_converter(ProductCodeConverter, "product_code")
