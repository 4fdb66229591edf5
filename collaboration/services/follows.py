from __future__ import annotations

from typing import Any

from collaboration.models import Follow
from products.models import Product


def follow_set(*, user: Any, product: Product, on: bool) -> None:
    """Follow a product or stop; doing it twice is doing it once."""
    if on:
        Follow.objects.get_or_create(user=user, product=product)
    else:
        Follow.objects.filter(user=user, product=product).delete()
