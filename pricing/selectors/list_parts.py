"""What a product costs list by list, as one figure: its only part, or of a price in parts what a reference
customer of its line pays in a year. A channel's list has of each part it does not name everybody's."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Q, QuerySet

from core.lookups import many
from core.organisation import organisation_get, today
from pricing.models import Price, PriceList
from pricing.models.price import State
from products.models import Product

from .own_prices import UNIT, Parts, Rows, amount_on, comparable, course, lasting, weights_of
from .prices import Part, with_pass_through
from .resellers import reach
from .yearly import Customer, customers_by_product, product_customers

ByList = dict[int, tuple[PriceList, dict[Part, Rows]]]


@dataclass(frozen=True)
class ListParts:
    """``parts`` are those that count, ``weights`` how often each is paid and ``steps`` what they come to from
    a date on, for the ``customers`` of its line. ``has_more``: it has others that nobody can add to them.
    ``pass_through`` as its list has it. ``uncounted``: the first day of a price of these parts that was left
    out, as it was approved too late."""

    price_list: PriceList
    parts: Parts
    weights: Mapping[Part, Decimal]
    steps: Rows
    has_more: bool = False
    customers: Sequence[Customer] = ()
    pass_through: Decimal = Decimal(1)
    uncounted: datetime.date | None = None

    @property
    def is_plain(self) -> bool:
        """Whether all that is paid is a price per unit."""
        return self.parts.keys() == {UNIT} and not self.has_more


def parts_by_list(
    product_ids: Collection[int],
    lists: QuerySet[PriceList],
    product: Product | None = None,
    *,
    abroad: bool = False,
    counted: Callable[[datetime.datetime], bool] | None = None,
) -> dict[int, list[ListParts]]:
    """By product, of lists in the organisation's currency, and ``abroad`` of our own lists for a channel in
    another one too: everybody's first. Of prices ahead those whose approval is ``counted``. One query; of
    prices in parts two more for what customers use, or none of the one ``product`` of a page."""
    counts = Q(price_list__currency=organisation_get().currency)
    if abroad:
        counts |= Q(price_list__kind=PriceList.Kind.OWN, price_list__channel__isnull=False)
    rows = with_pass_through(Price.objects.all()).filter(
        counts, product__any=many(product_ids), price_list__in=lists, state=State.APPROVED
    )
    said: dict[int, ByList] = defaultdict(dict)
    passed: dict[int, Decimal] = {}
    late: dict[tuple[int, int], dict[Part, datetime.date]] = defaultdict(dict)
    day = today()
    for row in rows.select_related("price_list__channel").order_by("start_date"):
        if counted and row.approved_at and row.start_date > day and not counted(row.approved_at):
            late[row.product_id, row.price_list_id].setdefault((row.component, row.tier), row.start_date)
            continue
        parts = said[row.product_id].setdefault(row.price_list_id, (row.price_list, defaultdict(list)))[1]
        parts[row.component, row.tier].append((row.start_date, row.amount or Decimal(0)))
        passed[row.price_list_id] = row.pass_through
    several = {
        pk for pk, own in said.items() if len({part for _of, parts in own.values() for part in parts}) > 1
    }
    if product is not None and several == {product.pk}:
        customers = {product.pk: product_customers(product)}
    else:
        customers = customers_by_product(Product.objects.filter(pk__in=several).only("line_id"))
    found = {}
    for pk, own in said.items():
        of = []
        for price_list, _parts in sorted(own.values(), key=lambda each: reach(each[0])):
            rates = passed[price_list.pk]
            one = _compared(price_list, _whole(price_list, own), customers.get(pk, []), rates)
            out = [day for part, day in late[pk, price_list.pk].items() if part in one.weights]
            of.append(replace(one, uncounted=min(out, default=None)))
        found[pk] = [one for one in of if one.steps]
    return {pk: of for pk, of in found.items() if of}


def yearly_around(
    price_list: PriceList, product_ids: Collection[int], day: datetime.date
) -> dict[int, tuple[Decimal, Decimal]]:
    """Of products with a price in parts there, what a reference customer pays in a year on the eve and from
    that day on. Missing where nobody says what is used, or a part began or ended."""
    plain = Q(component=Price.Component.UNIT, tier="")
    several = Price.objects.filter(product__in=list(product_ids), state=State.APPROVED).exclude(plain)
    ids = set(several.order_by().values_list("product_id", flat=True))
    if not ids:
        return {}
    everybody = Q(kind=price_list.kind, channel=None, segment=None)
    lists = PriceList.objects.filter(Q(pk=price_list.pk) | everybody)
    found = {}
    for pk, own in parts_by_list(ids, lists).items():
        for one in own:
            if one.price_list == price_list and one.customers:
                eve = amount_on(one.steps, day - datetime.timedelta(days=1))
                amounts = eve, amount_on(one.steps, day)
                if all(amounts):
                    found[pk] = amounts
    return found


def _whole(price_list: PriceList, own: ByList) -> dict[Part, Rows]:
    """With the parts that everybody's list of its kind has beside those of a channel's."""
    found = dict(own[price_list.pk][1])
    if price_list.channel_id is None or price_list.segment_id is not None:
        return found
    for general, parts in own.values():
        alike = all(
            getattr(general, name) == getattr(price_list, name) for name in ("kind", "with_vat", "currency")
        )
        if alike and not any(reach(general)[:2]):
            found = {**parts, **found}
    return found


def _compared(
    price_list: PriceList, parts: Parts, customers: Sequence[Customer], pass_through: Decimal
) -> ListParts:
    counted, uses = lasting(parts), [customer.uses for customer in customers]
    compared = comparable(counted, uses)
    weights = weights_of(compared, uses) if compared else {}
    kept = {part: compared[part] for part in weights}
    more = len(compared) < len(counted)
    of = customers if len(kept) > 1 else ()
    return ListParts(price_list, kept, weights, course(kept, weights), more, of, pass_through)
