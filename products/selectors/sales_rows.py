"""Sales row by row, for those who take them elsewhere: what sources said, and the months made of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from products.models import SalesFact, SalesMonth

from .access import visible_channel_ids, visible_line_ids


def facts_visible(user: Any) -> QuerySet[SalesFact]:
    """What was said of products and channels the person may see; none without ``products.view``."""
    return _visible(user, SalesFact.objects.all())


def months_visible(user: Any) -> QuerySet[SalesMonth]:
    """The months by channel of products and channels the person may see; none without ``products.view``."""
    return _visible(user, SalesMonth.objects.all())


def _visible(user: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
    if not user.has_perm("products.view"):
        return rows.none()
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        rows = rows.filter(product__line__in=lines)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    return rows.select_related("product", "channel", "measure")
