"""Who may see which rows. Every other selector starts here: there is no other way to products.

A person with line limits sees those lines and the ones below; with channel limits the sales in those channels
and the ones below. What they may not see does not exist for them: 404.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from core import registries
from core.sql import rows_of
from products.models import Channel, Family, Product, ProductLine

# Both at once: nearly every page asks for both. No row of limits gives NULL, which is no limit.
_LIMITS = """
    WITH RECURSIVE lines AS (
        SELECT user_id, line_id AS id FROM products_linelimit WHERE user_id = ANY(%(users)s::bigint[])
        UNION SELECT b.user_id, l.id FROM products_productline l JOIN lines b ON l.parent_id = b.id
    ), channels AS (
        SELECT user_id, channel_id AS id FROM products_channellimit WHERE user_id = ANY(%(users)s::bigint[])
        UNION SELECT b.user_id, c.id FROM products_channel c JOIN channels b ON c.parent_id = b.id
    ) SELECT (SELECT array_agg(id) FROM lines WHERE user_id = person),
             (SELECT array_agg(id) FROM channels WHERE user_id = person)
    FROM unnest(%(users)s::bigint[]) WITH ORDINALITY AS one(person, place) ORDER BY place
"""
FORECASTS_RIGHT = "forecasting.view"
FLOOR_RIGHT = "pricing.view_costs"
"""Who reads and sets margin floors: they say what margins are."""
Limits = tuple[frozenset[int] | None, frozenset[int] | None]


def _limits(user: Any) -> Limits:
    """The ids of lines and of channels, ``None`` for no limit; kept on the user object, which lives as long
    as the request."""
    if not hasattr(user, "_limits"):
        limits_read([user])
    found: Limits = user._limits
    return found


def limits_read(users: Sequence[Any]) -> None:
    """What these people are limited to, for all that asks it of them: one statement."""
    found = rows_of(_LIMITS, {"users": [user.pk for user in users]})
    for user, limits in zip(users, found, strict=True):
        user._limits = tuple(None if ids is None else frozenset(ids) for ids in limits)


def no_limits(user: Any) -> None:
    """It is known that the person has none."""
    user._limits = (None, None)


def limits_forget(user: Any) -> None:
    """Read them anew: a line was made below one of the person's."""
    if hasattr(user, "_limits"):
        del user._limits


def visible_line_ids(user: Any) -> frozenset[int] | None:
    """The lines a person is limited to; ``None``: all."""
    return _limits(user)[0]


def visible_channel_ids(user: Any) -> frozenset[int] | None:
    """The channels a person is limited to; ``None``: all."""
    return _limits(user)[1]


def forecasts_allowed(user: Any) -> bool:
    """Whether the person may see forecasts and stages at all: with the right, and not limited to some
    channels, as they are made over all."""
    return bool(user.has_perm(FORECASTS_RIGHT)) and visible_channel_ids(user) is None


def channels_own(user: Any) -> list[Channel]:
    """The channels that a person is limited to, without the ones below these; none for no limit."""
    return _own(Channel, visible_channel_ids(user))


def lines_own(user: Any) -> list[ProductLine]:
    """The same of lines."""
    return _own(ProductLine, visible_line_ids(user))


def _own(model: Any, seen: frozenset[int] | None) -> list[Any]:
    if seen is None:
        return []
    return list(model.objects.filter(pk__in=seen).exclude(parent__in=seen).order_by("name"))


def is_limited(user: Any) -> bool:
    """Whether a person sees some lines or channels only: what is of all together is not for them."""
    return _limits(user) != (None, None)


def channels_reaching(user: Any) -> frozenset[int] | None:
    """Those a person is limited to, and what these are part of: what is said there holds there too; ``None``:
    all."""
    channels = visible_channel_ids(user)
    if channels is None:
        return None
    above = Channel.objects.filter(pk__in=channels).values_list(
        "parent_id", "parent__parent_id", "parent__parent__parent_id"
    )
    return channels.union(pk for chain in above for pk in chain if pk is not None)


def products_visible(user: Any) -> QuerySet[Product]:
    """The products a person may see; none without ``products.view``."""
    if not user.has_perm("products.view"):
        return Product.objects.none()
    lines = visible_line_ids(user)
    return Product.objects.all() if lines is None else Product.objects.filter(line_id__in=lines)


def product_seen(user: Any, product: Product | Family) -> bool:
    """Whether the person may see this product, or family; a query only where a limit has to be held against
    it."""
    lines = visible_line_ids(user)
    return user.has_perm("products.view") and (lines is None or product.line_id in lines)


def product_find(user: Any, code: str, **extra: Any) -> Product:
    """The product with this code, in whatever case, or 404; with its figures, and ``extra`` as attributes."""
    product = (
        products_visible(user)
        .select_related("line", "owner", "supplier", "segment", "figures__measure")
        .annotate(**extra)
        .filter(code__iexact=code)
        .first()
    )
    if product is None:
        raise Http404(code)
    return product


def product_get(user: Any, code: str) -> Product:
    """The same for a page of it: with all that rooms read with it, as attributes of their names."""
    readings = registries.product_readings
    return product_find(user, code, **{reading.key: reading.expression(user) for reading in readings})


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
