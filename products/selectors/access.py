"""Who may see which rows. Every other selector starts here: there is no other way to products.

A person with line limits sees those lines and the ones below; with channel limits the sales in those channels
and the ones below. What they may not see does not exist for them: 404.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import Http404

from products.models import Channel, ChannelLimit, Family, LineLimit, Product, ProductLine

_LINES_BELOW = """
    WITH RECURSIVE below(id) AS (
        SELECT line_id FROM products_linelimit WHERE user_id = %s
        UNION SELECT l.id FROM products_productline l JOIN below b ON l.parent_id = b.id
    ) SELECT id FROM below
"""
_CHANNELS_BELOW = """
    WITH RECURSIVE below(id) AS (
        SELECT channel_id FROM products_channellimit WHERE user_id = %s
        UNION SELECT c.id FROM products_channel c JOIN below b ON c.parent_id = b.id
    ) SELECT id FROM below
"""


def _limit(user: Any, name: str, limits: Any, below: str) -> frozenset[int] | None:
    """The ids, or ``None`` for no limit; kept on the user object, which lives as long as the request."""
    cached = f"_visible_{name}"
    if not hasattr(user, cached):
        ids: frozenset[int] | None = None
        if limits.objects.filter(user=user).exists():
            with connection.cursor() as cursor:
                cursor.execute(below, [user.pk])
                ids = frozenset(row[0] for row in cursor.fetchall())
        setattr(user, cached, ids)
    return getattr(user, cached)


def visible_line_ids(user: Any) -> frozenset[int] | None:
    """The lines a person is limited to; ``None``: all."""
    return _limit(user, "lines", LineLimit, _LINES_BELOW)


def visible_channel_ids(user: Any) -> frozenset[int] | None:
    """The channels a person is limited to; ``None``: all."""
    return _limit(user, "channels", ChannelLimit, _CHANNELS_BELOW)


def products_visible(user: Any) -> QuerySet[Product]:
    """The products a person may see; none without ``products.view``."""
    if not user.has_perm("products.view"):
        return Product.objects.none()
    lines = visible_line_ids(user)
    return Product.objects.all() if lines is None else Product.objects.filter(line_id__in=lines)


def product_get(user: Any, code: str) -> Product:
    """The product with this code, in whatever case, or 404."""
    product = (
        products_visible(user)
        .select_related("line", "owner", "supplier", "segment")
        .filter(code__iexact=code)
        .first()
    )
    if product is None:
        raise Http404(code)
    return product


def lines_visible(user: Any) -> QuerySet[ProductLine]:
    lines = visible_line_ids(user)
    rows = ProductLine.objects.all() if user.has_perm("products.view") else ProductLine.objects.none()
    return rows if lines is None else rows.filter(pk__in=lines)


def families_visible(user: Any) -> QuerySet[Family]:
    lines = visible_line_ids(user)
    rows = Family.objects.all() if user.has_perm("products.view") else Family.objects.none()
    return rows if lines is None else rows.filter(line_id__in=lines)


def channels_visible(user: Any) -> QuerySet[Channel]:
    channels = visible_channel_ids(user)
    rows = Channel.objects.all() if user.has_perm("products.view") else Channel.objects.none()
    return rows if channels is None else rows.filter(pk__in=channels)
