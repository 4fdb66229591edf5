"""The marketing mix: what products stand for, what they cost whom, where they lie, what ran.

To the outside go prices that everybody can read in the shop, those of the one account that the report is for,
and promotions that have begun. Of another account nothing goes, nor what is still to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.months import month_add, month_start
from core.organisation import today
from core.reports.build import Builder, Cell, Column, ReportContext, number, rate, words
from pricing.cards.prices import product_price_chart
from pricing.cards.promotions import promotion_chart
from pricing.models import (
    Listing,
    Positioning,
    Price,
    PriceList,
    Promotion,
    PromotionEffect,
    PromotionProduct,
)
from pricing.models.price import State
from pricing.selectors.offer import approved_of, in_force, versions
from pricing.selectors.place import PlaceRow, product_place
from pricing.selectors.price_rows import price_history, price_rows
from pricing.selectors.prices import channels_above, lists_visible, prices_on
from pricing.selectors.prices import in_force as prices_in_force
from pricing.selectors.promotion_effects import effects_of
from pricing.selectors.promotions import channels_seen, promotions_visible, sees_whole, with_parts
from pricing.words.prices import list_words, part_words, price_decimals, price_text
from pricing.words.promotions import effective_of, mechanic_words, money, span_words
from products.models import Channel, Product
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

PRODUCT = "product"


@dataclass(frozen=True)
class _Priced:
    product: Product
    price_list: PriceList
    now: Price | None
    ahead: Price | None = None

    @property
    def about(self) -> str:
        price = self.now or self.ahead
        assert price is not None
        part = part_words(price.component, price.tier)
        return " · ".join(filter(None, [str(self.price_list), part]))

    def text(self, price: Price | None) -> Cell:
        """The amount as the list has it."""
        if price is None or price.amount is None:
            return Cell(formats.MISSING if price is None else _("no price"))
        decimals = price_decimals(price.amount)
        return Cell(price_text(price.amount, self.price_list.currency, decimals), str(price.amount), decimals)


def prices_section(builder: Builder, context: ReportContext) -> None:
    """Inside: every list in sight, with what comes next. Outside: prices to consumers, and of a report for
    one account what holds for it."""
    lists = {row.pk: row for row in lists_visible(context.viewer)}
    if builder.may("prices"):
        _price_table(builder, "prices", _("Prices"), _priced(context, lists, ahead=True))
        return
    there = {pk for channel in context.scope.channels for pk in channels_above(channel)}
    shop = {
        pk: row
        for pk, row in lists.items()
        if row.segment_id is None
        and (row.is_to_consumers or (row.kind == PriceList.Kind.ADVISED and row.channel_id in {None, *there}))
    }
    _price_table(builder, "consumer_price", _("Consumer prices"), _priced(context, shop))
    account = _account(context)
    if account is not None and builder.may("account_price"):
        title = _("Prices to %(account)s") % {"account": account}
        _price_table(builder, "account_price", title, _net(context, account))


def _account(context: ReportContext) -> Channel | None:
    """The one customer that the report is for; a type of channel holds many."""
    channels = context.scope.channels
    return channels[0] if len(channels) == 1 and channels[0].kind != Channel.Kind.TYPE else None


def _priced(context: ReportContext, lists: dict[int, PriceList], *, ahead: bool = False) -> list[_Priced]:
    """What holds today on these lists, and the first approved price ahead."""
    products = {product.pk: product for product in context.scope.products}
    rows: dict[Any, list[Price | None]] = defaultdict(lambda: [None, None])
    for price in prices_in_force(lists, products, today()):
        rows[_key(price)][0] = price if price.amount is not None else None
    if ahead:
        coming = Price.objects.filter(
            price_list__in=lists, product__in=products, state=State.APPROVED, start_date__gt=today()
        )
        for price in coming.order_by("-start_date"):
            rows[_key(price)][1] = price
    found = [
        _Priced(products[key[1]], lists[key[0]], now, following)
        for key, (now, following) in rows.items()
        if now or following
    ]
    return _sorted(found)


def _net(context: ReportContext, account: Channel) -> list[_Priced]:
    """What the account pays: of the nearest list that holds for it."""
    products = {product.pk: product for product in context.scope.products}
    held = prices_on(products, today(), channel=account)
    prices = [price for own in held.values() for price in own.values()]
    lists = PriceList.objects.in_bulk({price.price_list_id for price in prices})
    return _sorted(
        _Priced(products[price.product_id], lists[price.price_list_id], price)
        for price in prices
        if not lists[price.price_list_id].is_to_consumers
    )


def _key(price: Price) -> tuple[int, int, str, str]:
    return price.price_list_id, price.product_id, price.component, price.tier


def _sorted(rows: Iterable[_Priced]) -> list[_Priced]:
    kinds = PriceList.Kind.values
    return sorted(
        rows,
        key=lambda row: (row.product.name, kinds.index(row.price_list.kind), row.price_list.pk, row.about),
    )


def _price_table(builder: Builder, field: str, title: str, rows: list[_Priced]) -> None:
    def since(price: Price | None) -> Cell:
        return words(formats.day(price.start_date) if price else formats.MISSING)

    columns = [
        Column(PRODUCT, _("Product"), lambda row: words(row.product.name), numeric=False),
        Column(field, _("VAT"), lambda row: words(_vat(row)), numeric=False),
        Column(field, _("Price"), lambda row: row.text(row.now)),
        Column(field, _("Since"), lambda row: since(row.now)),
    ]
    if field == "prices":
        columns[1:1] = [
            Column(field, _("Price list"), lambda row: words(row.about), numeric=False),
            Column(field, _("For"), lambda row: words(list_words(row.price_list)), numeric=False),
        ]
        del columns[3]  # the words on the list say it
        columns += [
            Column(field, _("Next price"), lambda row: row.text(row.ahead)),
            Column(field, _("From"), lambda row: since(row.ahead)),
        ]
    elif field == "consumer_price":
        columns.insert(
            1, Column(field, _("Kind"), lambda row: words(row.price_list.get_kind_display()), False)
        )
    builder.table(title, columns, rows)


def _vat(row: _Priced) -> str:
    return _("with VAT") if row.price_list.with_vat else _("without VAT")


def price_charts_section(builder: Builder, context: ReportContext) -> None:
    """Of each product the price on its first list over time, with what was sold below it."""
    if not builder.may("prices"):
        return
    for product in context.scope.products:
        rows = price_rows(product, price_history(context.viewer, product))
        chart = product_price_chart(context.viewer, product, rows)
        builder.chart(chart, ["prices", "volume"], title=product.name)


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


def place_section(builder: Builder, context: ReportContext) -> None:
    """Where a product lies and how fast it sells there, a table a product; only channels of the scope."""
    tree = line_tree()
    for product in context.scope.products:
        place = product_place(context.viewer, product)
        builder.table(
            product.name,
            [
                Column("channel", _("Channel"), lambda row: words(_indented(row)), numeric=False),
                Column("volume", _("Volume"), lambda row: number(row.volume)),
                Column("distribution", _("Weighted distribution"), lambda row: rate(row.weighted, 0)),
                Column("distribution", _("Numeric distribution"), lambda row: rate(row.numeric, 0)),
                Column("distribution", _("Points of sale"), lambda row: number(row.points)),
                Column("distribution", _("Rate of sale a week"), lambda row: number(row.per_point, 1)),
                Column("listing", _("Listing"), lambda row: words(_listing(row)), numeric=False),
                Column("listing", _("Share of volume"), lambda row: rate(row.share, 0)),
                Column(
                    "listing", _("Share of what the segment buys"), lambda row: rate(row.segment_share, 0)
                ),
            ],
            place.rows,
            note=f"{formats.month(place.month)}, {unit_of(tree, product, place.measure)}",
        )


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
    """Approved promotions of the months that the report looks back, and inside also those to come, with what
    they did. Outside only those that have begun, in no channel but the scope's."""
    viewer, inside = context.viewer, builder.may("promotion_plan")
    if not inside and not builder.may("promotion"):
        return
    products = {product.pk: product for product in context.scope.products}
    since = month_add(month_start(today()), -context.scope.months)
    wanted = Q(state=Promotion.State.APPROVED, store_end__gte=since, rows__product__in=products)
    if not inside:
        wanted &= Q(store_start__lte=today())
    found = list(
        with_parts(promotions_visible(viewer).filter(wanted).distinct()).order_by("store_start", "pk")
    )
    if not inside:
        found = [each for each in found if sees_whole(viewer, each)]
    if len(products) == 1 and inside:
        builder.chart(promotion_chart(viewer, found, today()), ["promotion_plan"])
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
    agreed = "account_price" if _account(context) else "promotion_plan"

    def how(row: _Promoted) -> Cell:
        """With its figures where these may be told."""
        full = builder.may(agreed)
        return words(mechanic_words(row.promotion) if full else row.promotion.get_mechanic_display())

    builder.table(
        _("Promotions"),
        [
            Column("promotion", _("In store"), lambda row: words(_span(row.promotion)), numeric=False),
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
    )


def _span(promotion: Promotion) -> str:
    return span_words(promotion.store_start, promotion.store_end)


def _promotion_price(row: _Promoted) -> Cell:
    price: Decimal | None = effective_of(row.promotion, row.row)
    return Cell(formats.MISSING) if price is None else Cell(money(price), str(price), 2)


def _of(effect: PromotionEffect | None, name: str) -> float | None:
    value: float | None = getattr(effect, name, None)
    return value


def _band(effect: PromotionEffect | None) -> str:
    low, high = _of(effect, "uplift_lo80"), _of(effect, "uplift_hi80")
    if low is None or high is None:
        return formats.MISSING
    return f"{formats.percent(low, 0)} – {formats.percent(high, 0)}"
