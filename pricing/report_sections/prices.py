"""What products cost whom.

To the outside go prices that everybody can read in the shop, and those of the one account that the report is
for. Of another account nothing goes, nor what is still to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.organisation import today
from core.reports.build import Builder, Cell, Column, ReportContext, words
from pricing.cards.prices import product_price_chart
from pricing.models import (
    Price,
    PriceList,
)
from pricing.models.price import State
from pricing.selectors.pocket import product_pockets
from pricing.selectors.price_rows import price_history, price_rows
from pricing.selectors.prices import channels_above, lists_visible, prices_on
from pricing.selectors.prices import in_force as prices_in_force
from pricing.words.prices import list_words, per_words, price_decimals, price_text
from pricing.words.terms import pocket_chart, pocket_name
from products.models import Channel, Product
from products.selectors.line_words import line_word
from products.selectors.lines import line_tree

PRODUCT = "product"
POCKET = "pocket"
"""A chart that is there only where it is chosen alone."""


@dataclass(frozen=True)
class _Priced:
    product: Product
    price_list: PriceList
    now: Price | None
    ahead: Price | None = None

    @property
    def per(self) -> str:
        price = self.now or self.ahead
        assert price is not None
        return per_words(self.product, price.component, price.tier)

    def text(self, price: Price | None) -> Cell:
        """The amount as the list has it."""
        if price is None or price.amount is None:
            return Cell(formats.MISSING if price is None else _("no price"))
        decimals = price_decimals(price.amount)
        return Cell(price_text(price.amount, self.price_list.currency, decimals), str(price.amount), decimals)


def prices_section(builder: Builder, context: ReportContext) -> None:
    """Inside: every list in sight, with what comes next. Outside: prices to consumers, and of a report for
    one account what holds for it. Chosen alone: what is left of the list price in each channel."""
    if builder.only == POCKET:
        _pocket(builder, context)
        return
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
    account = account_of(context)
    if account is not None and builder.may("account_price"):
        title = _("Prices to %(account)s") % {"account": account}
        _price_table(builder, "account_price", title, _net(context, account), [account.pk])


def _pocket(builder: Builder, context: ReportContext) -> None:
    if not builder.may("pocket"):
        return
    builder.title = _("From list price to pocket price")
    for product in context.scope.products:
        rows = price_rows(product, price_history(context.viewer, product))
        for pocket in product_pockets(context.viewer, product, rows):
            title = f"{product.name}: {pocket_name(pocket)}"
            own = [pocket.channel.pk] if pocket.channel else []
            builder.chart(pocket_chart(pocket), ["pocket"], title=title, name=POCKET, channels=own)


def account_of(context: ReportContext) -> Channel | None:
    """The one customer that the report is for; a type of channel holds many."""
    channels = context.scope.channels
    return channels[0] if len(channels) == 1 and channels[0].kind != Channel.Kind.TYPE else None


def still_sold(products: Iterable[Product]) -> dict[int, Product]:
    """Those that have not ended: of what nobody buys nothing is told of today."""
    return {each.pk: each for each in products if each.ended is None or each.ended >= today()}


def _priced(context: ReportContext, lists: dict[int, PriceList], *, ahead: bool = False) -> list[_Priced]:
    """What holds today on these lists, and the first approved price ahead."""
    products = still_sold(context.scope.products)
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
    products = still_sold(context.scope.products)
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
        key=lambda row: (row.product.name, kinds.index(row.price_list.kind), row.price_list.pk, row.per),
    )


def _price_word(rows: list[_Priced]) -> str:
    """What the lines of the products call a price, where they agree."""
    tree = line_tree()
    found = {line_word(tree, row.product.line_id, "price_word") for row in rows}
    return str(capfirst(found.pop())) if len(found) == 1 else _("Price")


def _price_table(
    builder: Builder, field: str, title: str, rows: list[_Priced], channels: Iterable[int] = ()
) -> None:
    """``channels``: that it is told to, besides those that have a list of their own."""

    def since(price: Price | None) -> Cell:
        return words(formats.day(price.start_date), price.start_date) if price else words(formats.MISSING)

    columns = [
        Column(PRODUCT, _("Product"), lambda row: words(row.product.name), numeric=False),
        Column(field, _("For"), lambda row: words(list_words(row.price_list)), numeric=False),
        Column(field, _("Component"), lambda row: words(row.per), numeric=False),
        Column(field, _price_word(rows), lambda row: row.text(row.now)),
        Column(field, _("Since"), lambda row: since(row.now)),
    ]
    if field == "prices":
        name = Column(field, _("Price list"), lambda row: words(row.price_list), numeric=False)
        columns.insert(1, name)
        columns += [
            Column(field, _("Next price"), lambda row: row.text(row.ahead)),
            Column(field, _("From"), lambda row: since(row.ahead)),
        ]
    lists = [row.price_list for row in rows]
    builder.table(
        title,
        columns,
        rows,
        note=_("As of %(day)s") % {"day": formats.day(today())},
        channels=[*channels, *(each.channel_id for each in lists if each.channel_id)],
    )


def price_charts_section(builder: Builder, context: ReportContext) -> None:
    """Of each product the price on its first list over the period, with what was sold below it."""
    days = context.scope.period.days(today())
    if days is None or not builder.may("prices"):
        return
    for product in context.scope.products:
        rows = price_rows(product, price_history(context.viewer, product))
        chart = product_price_chart(context.viewer, product, rows, days=days)
        drawn = next((row.price_list.channel_id for row in rows if row.rows), None)
        own = [drawn] if drawn else []
        builder.chart(chart, ["prices", "volume"], title=product.name, channels=own)
