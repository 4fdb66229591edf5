"""Listings and positionings across products."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Lower

from core.organisation import today
from pricing.models import Listing, Positioning
from products.models import ProductLine
from products.selectors.product_filter import channels_below

from .listed import of_products, sorted_by
from .offer import positionings_visible
from .place import listings_visible

LISTING_SORTS: dict[str, Any] = {
    "name": Lower("product__name"),
    "channel": Lower("channel__name"),
    "since": F("start_date"),
    "until": F("next_date"),
}
LISTINGS_SHOWN = ("now", "ahead", "ended", "all")
POSITIONING_SORTS: dict[str, Any] = {
    "name": Lower("product__name"),
    "segment": Lower("segment__name"),
    "since": F("start_date"),
}
POSITIONINGS_SHOWN = ("now", "waiting", "ahead", "all")
HOLDS = "holds"


def listings_listed(
    user: Any,
    *,
    line: ProductLine | None = None,
    channel: str = "",
    text: str = "",
    show: str = "now",
    sort: str = "name",
    descending: bool = False,
) -> QuerySet[Listing]:
    """With ``next_date``, from when the product and channel say something else. ``show``: what stands *now*
    and is not delisted, what comes (*ahead*), what has *ended* (delisted now), or *all*, also what was;
    ``channel`` is a code, with those below it."""
    day = today()
    later = Listing.objects.filter(
        product=OuterRef("product"), channel=OuterRef("channel"), start_date__gt=OuterRef("start_date")
    )
    rows = listings_visible(user).select_related("product__line", "channel")
    rows = rows.annotate(next_date=Subquery(later.order_by("start_date").values("start_date")[:1]))
    rows = of_products(rows, line, text)
    if channel:
        rows = rows.filter(channel__in=channels_below(channel))
    holding = Q(start_date__lte=day) & (Q(next_date=None) | Q(next_date__gt=day))
    delisted = Q(status=Listing.Status.DELISTED)
    shown = {"now": holding & ~delisted, "ahead": Q(start_date__gt=day), "ended": holding & delisted}
    return sorted_by(rows.filter(shown.get(show, Q())), LISTING_SORTS[sort], descending)


def positionings_listed(
    user: Any,
    *,
    line: ProductLine | None = None,
    segment: str = "",
    text: str = "",
    show: str = "now",
    sort: str = "name",
    descending: bool = False,
) -> QuerySet[Positioning]:
    """With ``now``: *holds* where it holds today. ``show``: what holds *now*, what is *waiting* for a
    decision, what is approved for a day *ahead*, or *all* versions; ``segment`` is a code."""
    day = today()
    approved = Q(state=Positioning.State.APPROVED)
    later = Positioning.objects.filter(
        approved, product=OuterRef("product"), start_date__lte=day, start_date__gt=OuterRef("start_date")
    )
    same = Q(Exists(later.filter(segment=OuterRef("segment"))))
    followed = same | (Q(segment=None) & Q(Exists(later.filter(segment=None))))
    rows = of_products(positionings_visible(user).select_related("product__line"), line, text)
    if segment:
        rows = rows.filter(segment__code__iexact=segment)
    holding = approved & Q(start_date__lte=day) & ~followed
    rows = rows.annotate(
        now=Case(When(holding, then=Value(HOLDS)), default=Value(""), output_field=CharField())
    )
    shown = {
        "now": holding,
        "waiting": Q(state=Positioning.State.PROPOSED),
        "ahead": approved & Q(start_date__gt=day),
    }
    return sorted_by(rows.filter(shown.get(show, Q())), POSITIONING_SORTS[sort], descending)
