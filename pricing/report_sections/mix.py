"""The marketing mix besides prices: what products stand for, where they lie, what ran.

To the outside go promotions that have begun, and nothing that is still to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.organisation import today
from core.reports.build import Builder, Cell, Column, ReportContext, Volume, number, rate, words
from pricing.cards.place import distribution_chart
from pricing.cards.promotions import promotion_chart
from pricing.models import (
    DistributionMonth,
    Listing,
    Positioning,
    Promotion,
    PromotionEffect,
    PromotionProduct,
)
from pricing.selectors.offer import approved_of, in_force, versions
from pricing.selectors.place import Place, PlaceRow, distribution_visible, product_place
from pricing.selectors.promotion_effects import effects_of
from pricing.selectors.promotion_runs import last_day, ran_or_will
from pricing.selectors.promotions import channels_seen, promotions_visible, sees_whole, with_parts
from pricing.words.promotions import effective_of, mechanic_words, money, span_words
from products.models import Channel, Measure, Product
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

from .prices import account_of, still_sold

PRODUCT = "product"
SPREAD = "distribution"
"""A chart that is there only where it is chosen alone."""


def positioning_section(builder: Builder, context: ReportContext) -> None:
    """What each product stands for today: for whom, against what need, why it and not another."""
    if not builder.may("positioning"):
        return
    products = context.scope.products
    approved: dict[int, list[Positioning]] = defaultdict(list)
    for row in approved_of(context.viewer, *products):
        approved[row.product_id].append(row)
    rows = [(product, held.row) for product in products for held in in_force(versions(approved[product.pk]))]

    def said(name: str) -> Column:
        field: Any = Positioning._meta.get_field(name)
        return Column(
            "positioning",
            capfirst(str(field.verbose_name)),
            lambda row: words(getattr(row[1], name) or formats.MISSING),
            numeric=False,
        )

    builder.table(
        _("What they stand for"),
        [
            Column(PRODUCT, _("Product"), lambda row: words(row[0].name), numeric=False),
            *map(said, ("target_group", "need", "benefit", "reasons", "alternative", "difference")),
        ],
        rows,
    )


@dataclass(frozen=True)
class _Placed:
    """``alone``: a row of its product, which has no other."""

    product: Product
    unit: str
    place: Place
    row: PlaceRow
    alone: bool

    @property
    def volume(self) -> Volume:
        return Volume(self.row.volume, self.unit if self.alone else "")


def place_section(builder: Builder, context: ReportContext) -> None:
    """Where a product lies and how fast it sells there, a table a product; where none has more than one
    channel, a table a channel. Only channels of the scope. Chosen alone: how widely it lay in each of them,
    month by month."""
    if builder.only == SPREAD:
        _spread(builder, context)
        return
    for title, rows in _by_table(context):
        alone, rated = rows[0].alone, _rated(rows)
        builder.table(
            title,
            [
                Column(PRODUCT, _("Product"), lambda each: words(each.product.name), numeric=False)
                if alone
                else Column("channel", _("Channel"), lambda each: words(_indented(each.row)), numeric=False),
                Column("volume", _("Volume"), lambda each: each.volume),
                Column("distribution", _("Weighted distribution"), lambda each: rate(each.row.weighted, 0)),
                Column("distribution", _("Numeric distribution"), lambda each: rate(each.row.numeric, 0)),
                Column("distribution", _("Points of sale"), lambda each: number(each.row.points)),
                Column("distribution", _("Distribution of"), _spread_of(rows), numeric=False),
                Column("distribution", _("Rate of sale a week"), lambda each: number(each.row.per_point, 1)),
                Column("distribution", _("Rate of sale of"), _measure_of(rated), numeric=False),
                Column("listing", _("Listing"), lambda each: words(_listing(each.row)), numeric=False),
                Column("listing", _("Share of volume"), lambda each: rate(each.row.share, 0)),
                Column(
                    "listing",
                    _("Share of what the segment buys"),
                    lambda each: rate(each.row.segment_share, 0),
                ),
            ],
            rows,
            note=_place_note(rows[0], rated),
            channels=[each.row.channel.pk for each in rows],
        )


def _rated(rows: Sequence[_Placed]) -> list[Measure]:
    """What the rates of sale in a table are of."""
    placed = [each.row for each in rows]
    return list(dict.fromkeys(row.rated for row in placed if row.rated and row.per_point is not None))


def _measure_of(rated: Sequence[Measure]) -> Callable[[_Placed], Cell]:
    """Of which measure a rate of sale is, where not all are of one."""

    def told(each: _Placed) -> Cell:
        is_told = len(rated) > 1 and each.row.per_point is not None
        return words(each.row.rated if is_told else formats.MISSING)

    return told


def _place_note(first: _Placed, rated: Sequence[Measure]) -> str:
    """``rated``: what rates of sale are of; of several each row says it."""
    month = formats.month(first.place.month)
    said = month if first.alone else f"{month}, {first.unit}"
    return f"{said}. " + _("Rate of sale: %(measure)s") % {"measure": rated[0]} if len(rated) == 1 else said


def _by_table(context: ReportContext) -> list[tuple[str, list[_Placed]]]:
    tree, products = line_tree(), still_sold(context.scope.products).values()
    places = [(product, product_place(context.viewer, product)) for product in products]
    alone = len(places) > 1 and all(len(place.rows) < 2 for _product, place in places)
    found: dict[Any, list[_Placed]] = defaultdict(list)
    for product, place in places:
        for row in place.rows:
            key = (row.channel.pk, place.month) if alone else product.pk
            unit = unit_of(tree, product, place.measure)
            found[key].append(_Placed(product, unit, place, row, alone))
    return [(rows[0].row.channel.name if alone else rows[0].product.name, rows) for rows in found.values()]


def _spread_of(rows: Sequence[_Placed]) -> Callable[[_Placed], Cell]:
    """The month that it is of, where any is of an earlier one than the table: research comes later."""
    is_told = any(each.row.spread_month not in (None, each.place.month) for each in rows)

    def told(each: _Placed) -> Cell:
        month = each.row.spread_month
        return words(formats.MISSING) if month is None or not is_told else words(formats.month(month), month)

    return told


def _spread(builder: Builder, context: ReportContext) -> None:
    builder.title = _("Distribution over time")
    for product in context.scope.products:
        place = product_place(context.viewer, product)
        span = context.scope.period.of(place.month)
        if span is None:
            continue
        months = distribution_visible(context.viewer).filter(product=product, month__range=span)
        by_channel: dict[Channel, list[DistributionMonth]] = defaultdict(list)
        for row in months.order_by("month"):
            by_channel[row.channel].append(row)
        order = [row.channel.pk for row in place.rows]
        for channel in sorted(by_channel, key=lambda one: (one.pk not in order, one.name)):
            chart = distribution_chart(by_channel[channel], [], "", "")
            title = f"{product.name}: {channel}"
            builder.chart(chart, ["distribution"], title=title, name=SPREAD, channels=[channel.pk])


def _indented(row: PlaceRow) -> str:
    """A channel is part of the one above it that stands less far to the right."""
    return "\u2003" * row.depth + row.channel.name


def _listing(row: PlaceRow) -> str:
    if not row.status:
        return formats.MISSING
    said = {"state": Listing.Status(row.status).label, "day": formats.day(row.listed_since)}
    return _("%(state)s since %(day)s") % said


@dataclass(frozen=True)
class _Promoted:
    promotion: Promotion
    row: PromotionProduct
    where: str
    effect: PromotionEffect | None


def promotions_section(builder: Builder, context: ReportContext) -> None:
    """Promotions of the period that run or ran, and inside also those to come where it runs to now, with
    what they did; where channels are named those that run in no other, whose figures would be told along.
    Outside only those that have begun."""
    viewer, inside = context.viewer, builder.may("promotion_plan")
    if not inside and not builder.may("promotion"):
        return
    products = {product.pk: product for product in context.scope.products}
    days = context.scope.period.days(today())
    if days is None:
        return
    wanted = ran_or_will() & Q(store_end__gte=days[0], rows__product__in=products)
    if days[1] is not None:
        wanted &= Q(store_start__lte=days[1])
    if not inside:
        wanted &= Q(store_start__lte=today())
    found = list(
        with_parts(promotions_visible(viewer).filter(wanted).distinct()).order_by("store_start", "pk")
    )
    found = [each for each in found if last_day(each) >= max(days[0], each.store_start)]
    if context.scope.channels or not inside:
        found = [each for each in found if sees_whole(viewer, each)]
    ran_in = {channel.pk for each in found for channel in channels_seen(viewer, each)}
    if len(products) == 1 and inside:
        drawing = promotion_chart(viewer, found, today(), days)
        builder.chart(drawing, ["promotion_plan"], channels=ran_in)
    effects = effects_of(viewer, products.values(), found)
    rows = [
        _Promoted(
            each,
            row,
            ", ".join(channel.name for channel in channels_seen(viewer, each)) or _("everywhere"),
            effects.get((row.product_id, each.pk)),
        )
        for each in found
        for row in each.rows.all()
        if row.product_id in products
    ]
    agreed = "account_price" if account_of(context) else "promotion_plan"

    def how(row: _Promoted) -> Cell:
        """With its figures where these may be told."""
        full = builder.may(agreed)
        return words(mechanic_words(row.promotion) if full else row.promotion.get_mechanic_display())

    builder.table(
        _("Promotions"),
        [
            Column(
                "promotion",
                _("In store"),
                lambda row: words(_span(row.promotion), row.promotion.store_start),
                numeric=False,
            ),
            Column(PRODUCT, _("Product"), lambda row: words(row.row.product.name), numeric=False),
            Column("promotion", _("Channel"), lambda row: words(row.where), numeric=False),
            Column("promotion_plan", _("Promotion"), lambda row: words(row.promotion.name), numeric=False),
            Column("promotion", _("How"), how, numeric=False),
            Column(agreed, _("Price in the promotion"), _promotion_price),
            Column(
                "promotion_plan", _("Extra, planned"), lambda row: rate(row.promotion.planned_uplift_rate, 0)
            ),
            Column("promotion_plan", _("Extra, measured"), lambda row: rate(_of(row.effect, "uplift"), 0)),
            Column("promotion_plan", _("80%"), lambda row: words(_band(row.effect))),
        ],
        rows,
        note=_("Only what runs in no other channel") if context.scope.channels else "",
        channels=ran_in,
    )


def _span(promotion: Promotion) -> str:
    return span_words(promotion.store_start, last_day(promotion))


def _promotion_price(row: _Promoted) -> Cell:
    price: Decimal | None = effective_of(row.promotion, row.row)
    return Cell(formats.MISSING) if price is None else Cell(money(row.promotion, price), str(price), 2)


def _of(effect: PromotionEffect | None, name: str) -> float | None:
    value: float | None = getattr(effect, name, None)
    return value


def _band(effect: PromotionEffect | None) -> str:
    low, high = _of(effect, "uplift_lo80"), _of(effect, "uplift_hi80")
    if low is None or high is None:
        return formats.MISSING
    return f"{formats.percent(low, 0)} – {formats.percent(high, 0)}"
