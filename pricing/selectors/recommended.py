"""The price that leaves most, with the range of what it leaves: of one product as a what-if, of all as the
night found it. Both for who may see costs."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from pricing.engine.best_price import best_price
from pricing.models import Bound, RecommendedPrice
from products.models import ProductLine
from products.selectors.access import products_visible

from .bounds import end_passed
from .costs import RIGHT
from .elasticities import LINE, OWN, elasticities_allowed, source_of
from .listed import of_products, sorted_by
from .what_if import LEAST, MOST, Answer, Asked, Ground

Limit = tuple[Bound, Decimal | None]
STEP = Decimal("0.01")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Recommended:
    """``at_edge``: no price beyond may be told."""

    asked: Asked
    answer: Answer
    at_edge: bool

    @property
    def changes(self) -> bool:
        return self.answer.outcome.margin is not None and self.answer.outcome.margin.better is not None


def recommended(ground: Ground, start: datetime.date, limit: Limit | None = None) -> Recommended | None:
    """From that day on, of our price per unit for everybody. ``None`` where costs are not known, or not to
    the person, where neither the product nor its line was measured, or where other prices come beside it; and
    of a state, as what a price does to it goes on long after the months that are looked at. In
    steps of a hundredth of the price of now, not beyond a fifth outside those seen nor beyond a bound that
    refuses (``limit``, with the rate of VAT)."""
    row = ground.elasticity
    if "margin" not in ground.measures or row is None or source_of(row) not in (OWN, LINE):
        return None
    if not ground.price.made.is_plain or ground.inflow is not None:
        return None
    start = ground.bounded(Asked(ground.price.amount, start)).start
    asked = [one for one in _asked(ground, start) if abs(ground.beyond(one)) < 1e-9]
    if limit is not None:
        price_list = ground.price.price_list
        asked = [one for one in asked if not end_passed(limit[0], one.price, price_list, limit[1])]
    if not asked:
        return None
    place = best_price(ground.base(start), [(ground.paid(one), ground.quantiles(one)) for one in asked])
    return Recommended(asked[place], ground.answer(asked[place]), place in (0, len(asked) - 1))


def _asked(ground: Ground, start: datetime.date) -> list[Asked]:
    now = ground.price.amount
    places = min(CENT, Decimal(1).scaleb(int(now.normalize().as_tuple().exponent)))
    steps = range(int((LEAST - 1) / STEP), int((MOST - 1) / STEP) + 1)
    found = dict.fromkeys((now * (1 + STEP * step)).quantize(places) for step in steps)
    return [Asked(price, start) for price in found if price > 0]


def recommended_allowed(user: Any) -> bool:
    """They follow from costs and from how volume answers prices."""
    return bool(user.has_perm(RIGHT)) and elasticities_allowed(user)


def recommended_visible(user: Any) -> QuerySet[RecommendedPrice]:
    """What the night found of the products in the person's sight."""
    if not recommended_allowed(user):
        return RecommendedPrice.objects.none()
    return RecommendedPrice.objects.filter(product__in=products_visible(user))


SORTS: dict[str, Any] = {
    "name": Lower("product__name"),
    "change": F("change"),
    "margin": F("margin_now"),
    "room": F("room"),
    "chance": F("better"),
}
SHOWN = ("all", "up", "down", "edge")


def recommended_listed(
    user: Any,
    *,
    line: ProductLine | None = None,
    text: str = "",
    show: str = "all",
    sort: str = "room",
    descending: bool = True,
) -> QuerySet[RecommendedPrice]:
    """With ``room``: how much more it leaves than the price of now, and ``change`` of the price, a rate.
    ``show``: all, those to go *up* or *down*, those at the *edge* of what may be told."""
    rows = recommended_visible(user).select_related("product__line", "price_list")
    rows = rows.annotate(room=F("margin") - F("margin_now"), change=F("price") / F("price_now") - 1)
    rows = of_products(rows, line, text)
    if show in ("up", "down"):
        rows = rows.filter(**{"price__gt" if show == "up" else "price__lt": F("price_now")})
    elif show == "edge":
        rows = rows.filter(at_edge=True)
    return sorted_by(rows, SORTS[sort], descending)
