"""A person limited to product lines writes nowhere else: what they may not see does not exist for them."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from accounts.errors import DomainError
from products.models import Product, ProductLine
from products.selectors.access import is_limited, visible_line_ids


def line_within(user: Any, line: ProductLine | None) -> None:
    """404 when the line lies outside the person's limits."""
    lines = visible_line_ids(user)
    if lines is not None and (line is None or line.pk not in lines):
        raise Http404(line)


def product_within(user: Any, product: Product) -> None:
    lines = visible_line_ids(user)
    if lines is not None and product.line_id not in lines:
        raise Http404(product.code)


def unlimited(user: Any, message: Any) -> None:
    """Refuse what concerns everybody to a person who sees only a part."""
    if is_limited(user):
        raise DomainError("limited", message, status=403)
