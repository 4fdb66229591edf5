"""Proposals within a person's sight, and what each of their rows does."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import Http404

from core.models import Job
from pricing.models import Bound, Price, Proposal
from pricing.models.price import State
from products.models import Product, ProductFigures, ProductLine
from products.selectors.access import is_limited, visible_channel_ids, visible_line_ids
from products.selectors.four_eyes import four_eyes_always
from products.selectors.limited_figures import limited_figures

from .bounds import BoundsOn, Held, prices_held
from .prices import in_force, lists_visible, lists_within, vat_rates, with_and_without
from .reasons import bounds_since
from .resellers import consumer_prices, margin_rate, passed_on

JOB = "pricing.proposal"


@dataclass(frozen=True)
class Reseller:
    """The consumer price of now and the one it would become, and the reseller's margins, as shares."""

    currency: str
    now: Decimal
    then: Decimal
    margin_now: float | None
    margin_then: float | None


@dataclass(frozen=True)
class ProposalRow:
    """One new price beside the one it replaces. ``volume`` and ``revenue`` are the product's of the last 12
    months, in the channels within the reader's sight; ``change`` is a rate. ``reseller``: where one stands
    between."""

    price: Price
    product: Product
    old: Decimal | None
    volume: Decimal | None
    revenue: Decimal | None
    reseller: Reseller | None = None

    @property
    def change(self) -> Decimal | None:
        if not self.old or self.price.amount is None:
            return None
        return self.price.amount / self.old - 1


def _in_sight(user: Any) -> QuerySet[Proposal]:
    """Those on lists the person may see, all of whose products lie within their lines."""
    rows = Proposal.objects.filter(price_list__in=lists_visible(user))
    lines = visible_line_ids(user)
    if lines is None:
        return rows
    return rows.exclude(
        Exists(Price.objects.filter(proposal=OuterRef("pk")).exclude(product__line__in=lines))
    )


def proposals_visible(user: Any) -> QuerySet[Proposal]:
    """Those in the person's sight; drafts only their own. Waiting ones come first, then the newest."""
    related = ("price_list__channel", "price_list__segment", "author", "decided_by")
    rows = _in_sight(user).select_related(*related).exclude(~Q(author=user), state=State.DRAFT)
    waiting = Case(When(state=State.PROPOSED, then=Value(0)), default=Value(1))
    return rows.annotate(price_count=Count("prices")).order_by(waiting, "-pk")


def proposal_get(user: Any, pk: int) -> Proposal:
    """One of them, with the bounds set since its reason was written and whether always two decide, or 404."""
    later: dict[str, Any] = {"later_bounds": bounds_since(), "always_two": four_eyes_always("price")}
    found = proposals_visible(user).annotate(**later).filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


def proposals_waiting(user: Any) -> QuerySet[Proposal]:
    """What waits for the person's approval: proposed, and not by themselves; of who is limited to channels on
    lists of these alone."""
    if not user.has_perm("pricing.approve"):
        return Proposal.objects.none()
    rows = Proposal.objects.all()
    if is_limited(user):
        rows = _in_sight(user).filter(price_list__in=lists_within(user))
    return rows.filter(state=State.PROPOSED).exclude(author=user.pk)


# Of a proposal just written the planner knows nothing yet: a join from its thousands of prices to products
# became a loop in a loop (27 s) where statistics were of emptier tables. So products are read by their ids.


def proposal_products(proposal: Proposal) -> QuerySet[Product]:
    """The products it has prices of."""
    return Product.objects.filter(pk__in=list(proposal.prices.values_list("product_id", flat=True)))


def proposal_lines(proposal: Proposal) -> list[ProductLine]:
    """The lines its products are of."""
    ids = set(proposal_products(proposal).order_by().values_list("line_id", flat=True))
    return list(ProductLine.objects.filter(pk__in=ids))


def proposal_volumes(proposal: Proposal) -> dict[int, Decimal | None]:
    """What its products sold in the last 12 months, where that is known."""
    ids = list(proposal.prices.values_list("product_id", flat=True))
    return dict(ProductFigures.objects.filter(product__in=ids).values_list("product_id", "volume_12m"))


def proposal_prices(user: Any, proposal: Proposal) -> list[Price]:
    """Its prices, those that touch most revenue first; by product code for who is limited to channels, whom
    the order would tell of the others. With ``until`` when each holds, where a bound begins after it does,
    and ``is_taken`` where one was approved of its very day; of their products no more than code and line."""
    after = Q(state=State.APPROVED, price_list=proposal.price_list_id, start_date__gt=proposal.start_date)
    same = {name: OuterRef(name) for name in ("product", "component", "tier")}
    following = Price.objects.filter(after, **same).order_by("start_date").values("start_date")[:1]
    overtaken = Exists(Bound.objects.filter(start_date__gt=proposal.start_date))
    there = _approved_that_day(proposal).filter(**same)
    said = {"until": Case(When(overtaken, then=Subquery(following))), "is_taken": Exists(there)}
    prices = list(proposal.prices.annotate(**said).order_by("pk"))
    products = Product.objects.only("code", "line_id", "figures__revenue_12m").select_related("figures")
    known = products.in_bulk([price.product_id for price in prices])
    for price in prices:
        price.product = known[price.product_id]
    if visible_channel_ids(user) is not None:
        return sorted(prices, key=lambda price: price.product.code)

    def revenue(price: Price) -> Decimal:
        figures = getattr(price.product, "figures", None)
        return (figures.revenue_12m if figures else None) or Decimal(0)

    return sorted(prices, key=revenue, reverse=True)


def proposal_held(proposal: Proposal, prices: Sequence[Price]) -> Held:
    """Its prices against the bounds of its date and those that begin while they would hold, while it is not
    decided; as :func:`proposal_prices` reads them."""
    if proposal.state not in (State.DRAFT, State.PROPOSED):
        return Held()
    day = proposal.start_date
    until = {price.pk: price.until for price in prices}
    return prices_held(proposal.price_list, prices, BoundsOn(day), day, until)


def prices_taken(proposal: Proposal, prices: Sequence[Price]) -> dict[int, Price]:
    """By id those of its prices, while it is not decided, that another was approved of already from its very
    day; with that one. One query, none where :func:`proposal_prices` has read that there is none."""
    asked = [price for price in prices if getattr(price, "is_taken", True)]
    if not asked or proposal.state not in (State.DRAFT, State.PROPOSED):
        return {}
    there = {(row.product_id, row.component, row.tier): row for row in _approved_that_day(proposal)}
    keys = {price.pk: (price.product_id, price.component, price.tier) for price in asked}
    return {pk: there[key] for pk, key in keys.items() if key in there}


def _approved_that_day(proposal: Proposal) -> QuerySet[Price]:
    return Price.objects.filter(
        price_list=proposal.price_list_id, start_date=proposal.start_date, state=State.APPROVED
    )


def proposal_rows(
    user: Any, proposal: Proposal, ids: Sequence[int], rates: Mapping[int, Decimal | None] | None = None
) -> list[ProposalRow]:
    """What these of its prices do, in the order given; some hundreds at a time. ``rates``: the VAT of their
    products, where it was read."""
    prices = Price.objects.select_related("product__figures__measure").in_bulk(list(ids))
    products = {price.product_id: price.product for price in prices.values()}
    channels = visible_channel_ids(user)
    limited = None if channels is None else limited_figures(list(products.values()), channels)
    old = old_amounts(proposal, products)
    consumers = consumer_prices(proposal.price_list, products)
    if not rates:
        rates = vat_rates([products[pk] for pk in consumers], proposal.start_date) if consumers else {}
    found = []
    for price in (prices[pk] for pk in ids):
        figures: Any = getattr(price.product, "figures", None)
        if limited is not None:
            figures = limited.get(price.product_id)
        before = old.get((price.product_id, price.component, price.tier))
        found.append(
            ProposalRow(
                price,
                price.product,
                before,
                figures.volume_12m if figures else None,
                figures.revenue_12m if figures else None,
                _reseller(price, before, consumers.get(price.product_id), rates),
            )
        )
    return found


def _reseller(
    price: Price, old: Decimal | None, consumer: Price | None, rates: Mapping[int, Decimal | None]
) -> Reseller | None:
    """Of the plain price per unit; both margins with the VAT of the day the proposal would begin."""
    plain = price.component == Price.Component.UNIT and not price.tier
    if not plain or not old or price.amount is None or consumer is None or consumer.amount is None:
        return None
    then = passed_on(consumer.amount, price.amount / old - 1, consumer.pass_through)
    with_vat, rate = consumer.price_list.with_vat, rates[price.product_id]
    net_now, net_then = (with_and_without(amount, with_vat, rate)[1] for amount in (consumer.amount, then))
    return Reseller(
        consumer.price_list.currency,
        consumer.amount,
        then,
        margin_rate(net_now, old),
        margin_rate(net_then, price.amount),
    )


def old_amounts(
    proposal: Proposal, product_ids: Collection[int], **only: Any
) -> dict[tuple[int, str, str], Decimal | None]:
    """What holds on the list the day before the proposal would begin, by product, component and tier."""
    before = proposal.start_date - datetime.timedelta(days=1)
    rows = in_force([proposal.price_list_id], product_ids, before, **only)
    return {(row.product_id, row.component, row.tier): row.amount for row in rows}


def amounts_that_day(
    proposal: Proposal, product_ids: Collection[int], **only: Any
) -> dict[tuple[int, str, str], Decimal | None]:
    """What was approved already from its very day, likewise."""
    rows = _approved_that_day(proposal).filter(product__in=product_ids, **only)
    return {(row.product_id, row.component, row.tier): row.amount for row in rows}


def would_change(
    key: tuple[int, str, str],
    amount: Decimal | None,
    old: Mapping[tuple[int, str, str], Decimal | None],
    that_day: Mapping[tuple[int, str, str], Decimal | None],
) -> bool:
    """Whether it is another price than holds the day before (:func:`old_amounts`), or than was approved
    already from that very day: then it is shown beside that, not left out without a word."""
    return amount != old.get(key) or (key in that_day and amount != that_day[key])


def proposal_job(proposal: Proposal) -> Job | None:
    """The work of filling a draft with many rows, while there is any."""
    return Job.objects.filter(kind=JOB, key=f"{JOB}:{proposal.pk}").first()


def nothing_left(job: Job) -> Mapping[str, Any] | None:
    """The product and the price that nothing would be left of, where the work was given up for that."""
    return job.error_params if job.error_code == "below_nothing" else None
