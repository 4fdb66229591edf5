"""Promotions within a person's sight, and what stands in the way of one.

A promotion is seen by who sees one of its products and, limited to channels, one of its channels or one
without channels (it runs everywhere). Who sees only a part of it sees neither its budget nor its effects, and
changes nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Cast, Concat, JSONObject
from django.http import Http404

from accounts.rows import from_row, row_of
from collaboration.models import Alert
from core.organisation import organisation_get, today
from pricing.models import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from products.models import Channel, Product
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.channels import channel_chains
from products.selectors.lines import line_tree

from .promotion_runs import first_day, ran_or_will, until

State = Promotion.State
# A draft or a refused one takes nobody's place.
PLACED = (State.PROPOSED, State.APPROVED)


def promotions_visible(user: Any) -> QuerySet[Promotion]:
    """Those a person may see; none without ``pricing.view``."""
    if not (user.has_perm("pricing.view") and user.has_perm("products.view")):
        return Promotion.objects.none()
    rows = Promotion.objects.all()
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        own = PromotionProduct.objects.filter(promotion=OuterRef("pk"), product__line_id__in=lines)
        rows = rows.filter(Exists(own))
    if channels is not None:
        where = PromotionChannel.objects.filter(promotion=OuterRef("pk"))
        rows = rows.filter(~Exists(where) | Exists(where.filter(channel_id__in=channels)))
    return rows


def promotions_partly(user: Any) -> QuerySet[Promotion]:
    """Those a person sees that run in channels beyond theirs too."""
    rows, channels = promotions_visible(user), visible_channel_ids(user)
    if channels is None:
        return rows.none()
    where = PromotionChannel.objects.filter(promotion=OuterRef("pk"))
    return rows.filter(~Exists(where) | Exists(where.exclude(channel_id__in=channels)))


_READ_WITH = ("author", "proposed_by", "decided_by", "cancelled_by", "source_import")


def channels_with(path: str = "") -> Prefetch[Any, Any, Any]:
    """The channels of promotions with those above them; ``path``: where the promotion is."""
    rows = PromotionChannel.objects.select_related("channel__parent__parent__parent")
    return Prefetch(f"{path}channel_rows", rows)


BOUND_ALERT = "price_bound"
"""What the owner of a product is told of a bound that was set over a price of it."""


def bound_subject(promotion: Promotion) -> str:
    """What such an alert is about, of the price in a promotion."""
    return f"{_PROMOTION}{promotion.pk}"


_PROMOTION = "promotion:"


def _bounds_told(path: str = "") -> ArraySubquery:
    """By product what its owner was told of bounds since the promotion was approved, while it holds;
    ``path``: where the promotion is."""
    told = Alert.objects.filter(
        kind=BOUND_ALERT,
        subject=Concat(Value(_PROMOTION), Cast(OuterRef(f"{path}pk"), CharField())),
        raised_at__gt=OuterRef(f"{path}decided_at"),
    )
    said = JSONObject(product="product", evidence="evidence")
    return ArraySubquery(told.exclude(state=Alert.State.GONE).order_by("pk").values_list(said))


def with_parts(rows: QuerySet[Promotion]) -> QuerySet[Promotion]:
    """With products, channels and people, whatever the number of rows."""
    products = Prefetch("rows", PromotionProduct.objects.select_related("product__line"))
    return rows.select_related(*_READ_WITH).prefetch_related(products, channels_with())


def with_bounds(rows: QuerySet[Promotion]) -> QuerySet[Promotion]:
    """As :func:`with_parts`, with what :func:`flags_shown` needs."""
    return with_parts(rows).annotate(bounds_told=_bounds_told())


def promotion_get(user: Any, pk: int) -> Promotion:
    """As :func:`with_bounds`; read through its products, so in a query less."""
    seen = PromotionProduct.objects.filter(promotion=pk, promotion__in=promotions_visible(user))
    rows = seen.select_related("product__line", *(f"promotion__{name}" for name in _READ_WITH))
    rows = rows.annotate(bounds_told=_bounds_told("promotion__"))
    if not rows:
        raise Http404(pk)
    found: Any = rows[0].promotion
    found.bounds_told = rows[0].bounds_told
    for row in rows:
        row.promotion = found
    found._prefetched_objects_cache = {"rows": rows}
    prefetch_related_objects([found], channels_with())
    return found  # type: ignore[no-any-return]


def sees_whole(user: Any, promotion: Promotion) -> bool:
    """Whether all of its products and channels are in the person's sight."""
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None and any(row.product.line_id not in lines for row in promotion.rows.all()):
        return False
    own = [row.channel_id for row in promotion.channel_rows.all()]
    return channels is None or bool(own and channels.issuperset(own))


def rows_seen(user: Any, promotion: Promotion) -> list[PromotionProduct]:
    """Its products in the person's sight."""
    lines = visible_line_ids(user)
    return [row for row in promotion.rows.all() if lines is None or row.product.line_id in lines]


def channels_seen(user: Any, promotion: Promotion) -> list[Channel]:
    """Its channels in the person's sight; none where it runs everywhere."""
    channels = visible_channel_ids(user)
    rows = [row.channel for row in promotion.channel_rows.all()]
    return [row for row in rows if channels is None or row.pk in channels]


def begun(promotion: Promotion) -> bool:
    """Approved, and delivered or in the store already: only cancelled from now on."""
    return promotion.state == State.APPROVED and first_day(promotion) <= today()


def over(promotion: Promotion) -> bool:
    """Approved, and its last day in the store is past: it stays as it ran."""
    return promotion.state == State.APPROVED and promotion.store_end < today()


def ran(promotion: Promotion) -> bool:
    """It has begun, also where it was called off afterwards."""
    was_approved = promotion.state == State.APPROVED or (
        promotion.state == State.CANCELLED and promotion.decided_by_id is not None
    )
    return was_approved and first_day(promotion) <= until(promotion, today())


def currency_of(promotion: Promotion) -> str:
    """That its amounts and prices are in."""
    return promotion.currency or organisation_get().currency


def own_cost(promotion: Promotion) -> Decimal | None:
    """Our share of its budget, in its currency."""
    if promotion.budget_amount is None:
        return None
    return promotion.budget_amount * promotion.own_share_rate


def own_cost_here(promotion: Promotion) -> Decimal | None:
    """Our share of its budget in the organisation's currency; ``None`` too where it is in another."""
    return None if promotion.currency else own_cost(promotion)


def to_decide(user: Any) -> QuerySet[Promotion]:
    """What waits for the person's approval: proposed, and not by themselves."""
    if not user.has_perm("pricing.approve"):
        return Promotion.objects.none()
    return promotions_visible(user).filter(state=State.PROPOSED).exclude(proposed_by=user.pk)


APPROVED_READ = "approved_promotions"
"""What a product that was read for a page has them under."""


def approved_read(user: Any) -> Any:
    """The promotions of the product of a page that run or ran, read with it."""
    rows = promotions_visible(user).filter(ran_or_will(), rows__product=OuterRef("pk"))
    return ArraySubquery(rows.order_by("store_start", "pk").values_list(row_of(Promotion)))


def approved_of(user: Any, product: Product) -> list[Promotion]:
    """The promotions of a product that run or ran, the oldest first."""
    if hasattr(product, APPROVED_READ):
        return [from_row(Promotion, row) for row in getattr(product, APPROVED_READ) or ()]
    return list(promotions_visible(user).filter(ran_or_will(), rows__product=product))


@dataclass(frozen=True)
class Place:
    """Where and when something runs: what overlaps and forbidden periods are looked for with."""

    pk: int | None
    start: datetime.date
    end: datetime.date
    products: frozenset[int]
    lines: frozenset[int]
    channels: frozenset[int]


@dataclass(frozen=True)
class Flags:
    """Other promotions of the same product and channel on the same days, the forbidden periods it runs in,
    and the bounds that its price has come to pass since it was approved, each with the product and what its
    owner is told."""

    overlaps: tuple[Promotion, ...] = ()
    forbidden: tuple[ForbiddenPeriod, ...] = ()
    bounds: tuple[tuple[Product, Mapping[str, Any]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.overlaps or self.forbidden or self.bounds)


def flags_shown(user: Any, promotions: Sequence[Promotion]) -> list[Flags]:
    """What stands in the way of each of these, read :func:`with_bounds`. Who sees a part of one is told of
    forbidden periods of their own lines and channels alone, for which there is a query more."""
    found = flags_of(user, [place_of(row) for row in promotions])
    partly = {
        row.pk
        for flags, row in zip(found, promotions, strict=True)
        if flags.forbidden and not sees_whole(user, row)
    }
    seen = set(forbidden_visible(user).values_list("pk", flat=True)) if partly else set()
    return [
        replace(
            flags,
            forbidden=tuple(each for each in flags.forbidden if row.pk not in partly or each.pk in seen),
            bounds=_bounds_passed(user, row),
        )
        for flags, row in zip(found, promotions, strict=True)
    ]


def flags_ahead(user: Any, promotions: Sequence[Promotion]) -> dict[int, Flags]:
    """The same of those of them that are still to come or run, by their id."""
    ahead = [row for row in promotions if row.state != State.CANCELLED and row.store_end >= today()]
    return dict(zip((row.pk for row in ahead), flags_shown(user, ahead), strict=True))


def _bounds_passed(user: Any, promotion: Any) -> tuple[tuple[Product, Mapping[str, Any]], ...]:
    """Of its products in the person's sight, while it stands as it was approved."""
    if promotion.state != State.APPROVED:
        return ()
    told = promotion.bounds_told or ()
    return tuple(
        (row.product, said["evidence"])
        for row in rows_seen(user, promotion)
        for said in told
        if said["product"] == row.product_id
    )


def place_of(promotion: Promotion) -> Place:
    rows = promotion.rows.all()
    return Place(
        promotion.pk,
        promotion.store_start,
        promotion.store_end,
        frozenset(row.product_id for row in rows),
        frozenset(row.product.line_id for row in rows),
        frozenset(row.channel_id for row in promotion.channel_rows.all()),
    )


def flags_of(user: Any, places: Sequence[Place]) -> list[Flags]:
    """What stands in the way of each, in four queries for any number of them. Only promotions in the
    person's sight are named."""
    if not places:
        return []
    first, last = min(place.start for place in places), max(place.end for place in places)
    products = frozenset().union(*(place.products for place in places))
    of_it = {"promotion": OuterRef("pk")}
    own = PromotionProduct.objects.filter(**of_it).order_by("pk")
    where = PromotionChannel.objects.filter(**of_it).order_by("pk")
    others = (
        promotions_visible(user)
        .filter(state__in=PLACED, store_start__lte=last, store_end__gte=first)
        .filter(Exists(own.filter(product__in=products)))
        .annotate(
            product_ids=ArraySubquery(own.values("product")),
            channel_ids=ArraySubquery(where.values("channel")),
        )
    )
    there = [
        (
            other,
            Place(
                other.pk,
                other.store_start,
                other.store_end,
                frozenset(other.product_ids),
                frozenset(),
                frozenset(other.channel_ids),
            ),
        )
        for other in others
    ]
    above = channel_chains()
    return [
        Flags(
            tuple(
                other
                for other, theirs in there
                if theirs.pk != place.pk
                and theirs.start <= place.end
                and place.start <= theirs.end
                and theirs.products & place.products
                and _meet(theirs.channels, place.channels, above)
            ),
            periods,
        )
        for place, periods in zip(places, forbidden_of(places, above), strict=True)
    ]


def forbidden_of(
    places: Sequence[Place], above: Mapping[int, Collection[int]]
) -> list[tuple[ForbiddenPeriod, ...]]:
    """The forbidden periods that each runs in; ``above``: :func:`channel_chains`. One query."""
    if not places:
        return []
    first, last = min(place.start for place in places), max(place.end for place in places)
    periods = list(
        ForbiddenPeriod.objects.filter(start_date__lte=last, end_date__gte=first).select_related(
            "line", "channel"
        )
    )
    tree = line_tree()
    below = {period.pk: tree.descendants(period.line_id) for period in periods if period.line_id}
    return [
        tuple(
            period
            for period in periods
            if period.start_date <= place.end
            and place.start <= period.end_date
            and (
                below[period.pk] & place.lines
                if period.channel_id is None
                else _meet({period.channel_id}, place.channels, above)
            )
        )
        for place in places
    ]


def _meet(these: Collection[int], those: Collection[int], above: Mapping[int, Collection[int]]) -> bool:
    """Whether two sets of channels share one; none is everywhere, a channel holds those below it."""
    if not these or not those:
        return True
    return any(a in above[b] or b in above[a] for a in these for b in those)


def forbidden_visible(user: Any) -> QuerySet[ForbiddenPeriod]:
    """Of the lines and channels in the person's sight."""
    if not user.has_perm("pricing.view"):
        return ForbiddenPeriod.objects.none()
    rows = ForbiddenPeriod.objects.select_related("line", "channel")
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        rows = rows.filter(Q(line=None) | Q(line_id__in=lines))
    if channels is not None:
        rows = rows.filter(Q(channel=None) | Q(channel_id__in=channels))
    return rows.order_by("-start_date", "pk")
