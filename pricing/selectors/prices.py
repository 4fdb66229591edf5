"""Which price holds, of which list, on which day."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts.rows import from_row, row_of, sql_of
from core.organisation import organisation_get, today
from pricing.models import PassThrough, Perishable, Price, PriceList, VatCode, VatRate
from pricing.models.price import State, Vat
from products.models import Channel, Product, Segment
from products.selectors.access import channels_reaching, visible_channel_ids
from products.selectors.earlier_lines import lines_on
from products.selectors.lines import line_tree

Part = tuple[str, str]
"""A price's component and tier."""
CENT = Decimal("0.01")
VAT_RATES, VAT_CODES = "vat_rates", "vat_codes"
CHANNEL = "price_list__channel"
ABOVE = (CHANNEL, f"{CHANNEL}__parent", f"{CHANNEL}__parent__parent", f"{CHANNEL}__parent__parent__parent")


def channels_above(channel: Channel | None) -> list[int]:
    """The channel itself and those above it, the nearest first."""
    found = []
    while channel is not None:
        found.append(channel.pk)
        channel = channel.parent
    return found


def lists_visible(user: Any) -> QuerySet[PriceList]:
    """The lists a person may see: all, or for who is limited to channels those that hold in one of these.
    Ours go first, and of a kind the one for everybody in our currency: what most people look for."""
    usual = When(currency=organisation_get().currency, channel=None, segment=None, then=0)
    rows = PriceList.objects.select_related("channel", "segment")
    rows = rows.order_by("-kind", Case(usual, default=1), "code")
    if not user.has_perm("pricing.view"):
        return rows.none()
    ids = channels_reaching(user)
    return rows if ids is None else rows.filter(Q(channel=None) | Q(channel__in=ids))


def lists_within(user: Any) -> QuerySet[PriceList]:
    """Of these the ones that :func:`list_is_within` their channels."""
    channels = visible_channel_ids(user)
    rows = lists_visible(user)
    return rows if channels is None else rows.filter(channel__in=channels)


def may_propose(user: Any) -> bool:
    """Whether there is a list whose prices are theirs to propose."""
    return user.has_perm("pricing.edit") and (
        visible_channel_ids(user) is None or lists_within(user).exists()
    )


def list_is_within(user: Any, price_list: PriceList) -> bool:
    """Whether nobody outside the person's channels pays by it: only then it is theirs to propose or decide
    on."""
    channels = visible_channel_ids(user)
    return channels is None or price_list.channel_id in channels


def lists_ranked(
    *, kind: str, channel: Channel | None, segment: Segment | None, currency: str
) -> list[PriceList]:
    """The lists that hold there, the nearest first: those of the channel, of what is above it, of everybody;
    of each the segment's before the one for all segments. Of no ``currency``: those of channels in whichever,
    of two ours first, and everybody's in ours."""
    ours = organisation_get().currency
    above = channels_above(channel)
    near = {pk: place for place, pk in enumerate([*above, None])}
    counts = Q(currency=currency) if currency else Q(currency=ours) | Q(channel__isnull=False)
    rows = PriceList.objects.filter(
        counts,
        Q(channel=None) | Q(channel__in=above),
        Q(segment=None) | Q(segment=segment),
        kind=kind,
    )
    return sorted(
        rows, key=lambda row: (near[row.channel_id], row.segment_id is None, row.currency != ours, row.pk)
    )


def in_force(
    lists: Iterable[int], products: Collection[int], date: datetime.date, **only: Any
) -> list[Price]:
    """The approved row of each list, product, component and tier that holds on the date, in one query; one
    that says there is no price from then on is among them."""
    rows = Price.objects.filter(
        price_list__in=list(lists), product__in=products, state=State.APPROVED, start_date__lte=date, **only
    )
    key = ("price_list_id", "product_id", "component", "tier")
    return list(rows.order_by(*key, "-start_date").distinct(*key))


def held_on(rows: QuerySet[Price], date: datetime.date) -> QuerySet[Price]:
    """Of these prices the approved ones that hold on the date: none of the same list, product, component and
    tier begins later and has begun by then."""
    later = Price.objects.filter(
        *(Q(**{name: OuterRef(name)}) for name in ("product", "price_list", "component", "tier")),
        state=State.APPROVED,
        start_date__lte=date,
        start_date__gt=OuterRef("start_date"),
    )
    return rows.filter(~Exists(later), state=State.APPROVED, start_date__lte=date)


def prices_on(
    products: Collection[int],
    date: datetime.date,
    *,
    channel: Channel | None = None,
    segment: Segment | None = None,
    kind: str = PriceList.Kind.OWN,
    currency: str = "",
) -> dict[int, dict[Part, Price]]:
    """The prices that hold on the date where the channel and segment buy, by product id, component and tier.

    Of each component the nearest list that has a price of it counts: the account's, then those above it, then
    everybody's; the segment's before the one for all. A list on which it has ended has none. In the
    ``currency``, else for each product in that of the nearest list that has a price of it.
    """
    lists = lists_ranked(kind=kind, channel=channel, segment=segment, currency=currency)
    ranks = {row.pk: rank for rank, row in enumerate(lists)}
    found: dict[int, dict[Part, Price]] = defaultdict(dict)
    paid: dict[int, str] = {}
    rows = [row for row in in_force(ranks, products, date) if row.amount is not None]
    for row in sorted(rows, key=lambda row: ranks[row.price_list_id]):
        pays = lists[ranks[row.price_list_id]].currency
        if paid.setdefault(row.product_id, pays) == pays:
            found[row.product_id].setdefault((row.component, row.tier), row)
    return dict(found)


def with_pass_through(prices: QuerySet[Price]) -> QuerySet[Price]:
    """Prices with the ``pass_through`` that holds today where their list does, without a query of its own."""
    near = [When(channel=OuterRef(path), then=Value(place)) for place, path in enumerate(ABOVE)]
    here = Q(channel=None)
    for path in ABOVE:
        here |= Q(channel=OuterRef(path))
    rows = PassThrough.objects.filter(here, start_date__lte=today())
    rows = rows.annotate(near=Case(*near, default=Value(len(ABOVE)))).order_by("near", "-start_date")
    rates = {"pass_through": Coalesce(Subquery(rows.values("rate")[:1]), Decimal(1))}
    return prices.annotate(**rates)


def with_perishable(prices: QuerySet[Price], product: Product) -> QuerySet[Price]:
    """Prices of the product with ``perishable``: what holds today of it, else of the nearest line above."""
    lines = [line.pk for line in line_tree().ancestors(product.line_id)]
    near = [When(line=pk, then=Value(place)) for place, pk in enumerate(lines, start=1)]
    rows = Perishable.objects.filter(Q(product=product) | Q(line__in=lines), start_date__lte=today())
    said = rows.order_by(Case(*near, default=Value(0)), "-start_date").values("perishable")[:1]
    spoils = {"perishable": Coalesce(Subquery(said), Value(False))}
    return prices.annotate(**spoils)


def price_on(
    product: Product,
    date: datetime.date,
    channel: Channel | None = None,
    segment: Segment | None = None,
    kind: str = PriceList.Kind.OWN,
) -> dict[Part, Price]:
    """What the product costs there on that day, by component and tier; empty: it has no price."""
    return prices_on([product.pk], date, channel=channel, segment=segment, kind=kind).get(product.pk, {})


def vat_rates(products: Sequence[Product], date: datetime.date) -> dict[int, Decimal | None]:
    """The VAT rate of each on the date, as a share; ``None``: exempt. What the product says, else the nearest
    line above it that says something, of the line it was in that day, else high."""
    return vat_rates_on(products, [date])[date]


def vat_rates_on(
    products: Sequence[Product], dates: Collection[datetime.date]
) -> dict[datetime.date, dict[int, Decimal | None]]:
    """The rates on each of the dates, as :func:`vat_rates` has them. One query, none of the product of
    a page; one more where a date is past."""
    tree, lines_then = line_tree(), lines_on(products, dates)
    lines = {
        pk: [line.pk for line in tree.ancestors(pk)]
        for pk in {pk for of_all in lines_then.values() for pk in of_all.values()}
    }
    rates, rows = vat_said(products, {pk for own in lines.values() for pk in own}, max(dates))
    found: dict[datetime.date, dict[int, Decimal | None]] = {}
    for date in dates:
        said = {(row.product_id, row.line_id): row.code for row in rows if row.start_date <= date}
        rate = {row.code: row.rate for row in rates if row.start_date <= date}
        found[date] = {}
        for product in products:
            keys = [(product.pk, None), *((None, line) for line in lines[lines_then[date][product.pk]])]
            code = next((said[key] for key in keys if key in said), Vat.HIGH)
            found[date][product.pk] = rate.get(code)
    return found


def vat_said(
    products: Sequence[Product], lines: Collection[int], last: datetime.date
) -> tuple[Sequence[VatRate], Sequence[VatCode]]:
    """The rates, and which of them these products and lines have, each in order, at least until that day."""
    if len(products) == 1 and hasattr(products[0], VAT_CODES):
        return (
            [from_row(VatRate, row) for row in getattr(products[0], VAT_RATES)],
            [from_row(VatCode, row) for row in getattr(products[0], VAT_CODES)],
        )
    said = VatCode.objects.filter(
        Q(product__in=[product.pk for product in products]) | Q(line__in=lines), start_date__lte=last
    )
    said_by = ArraySubquery(said.order_by("start_date").values_list(row_of(VatCode)))
    rates = list(
        VatRate.objects.filter(start_date__lte=last).annotate(said_by=said_by).order_by("start_date")
    )
    return rates, [from_row(VatCode, row) for row in rates[0].said_by or ()] if rates else []


def vat_rates_reading(_user: Any) -> RawSQL:
    """All VAT rates, a few rows, read with the product of a page."""
    return _vat_read()[0]


def vat_codes_reading(_user: Any) -> RawSQL:
    """Which of them it has, or a line, read with it."""
    return _vat_read()[1]


@cache
def _vat_read() -> tuple[RawSQL, RawSQL]:
    rates = VatRate.objects.order_by("start_date").values_list(row_of(VatRate))
    codes = VatCode.objects.filter(Q(product=None) | Q(product=OuterRef("pk"))).order_by("start_date")
    read = ArraySubquery(rates), ArraySubquery(codes.values_list(row_of(VatCode)))
    return sql_of(Product, read[0]), sql_of(Product, read[1])


def with_and_without(amount: Decimal, with_vat: bool, rate: Decimal | None) -> tuple[Decimal, Decimal]:
    """The amount with VAT and without; an exempt one is the same."""
    factor = 1 + (rate or Decimal(0))
    gross, net = (amount, amount / factor) if with_vat else (amount * factor, amount)
    return gross, net
