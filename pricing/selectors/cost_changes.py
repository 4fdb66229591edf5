"""Changes of many rates at once: whose one may see, which rates they mean, and what they do to products."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import NullIf
from django.http import Http404
from django.utils.translation import gettext as _

from core import formats
from core.lookups import many, ordered
from core.models import Job
from core.months import month_add
from core.organisation import organisation_get
from pricing.engine.costs import PARTS, Rate, booked, statement
from pricing.models import CostChange, CostChangeEffect, CostLine, CostRate, PriceList
from products.models import Measure, Product
from products.selectors.access import products_visible, visible_line_ids
from products.selectors.lines import LineTree, line_tree
from products.selectors.months import lines_behind, whole_until

from .cost_splits import Splits
from .costs import Rates, cost_lines_visible, margins_allowed, rate_of, rates_of
from .margins import Margins
from .margins_ahead import LEVEL, margin_floor
from .month_margin import MonthMargin, costs_added, rows_of, stretch_costs
from .own_prices import MONTH, UNIT, lasting
from .prices import prices_on, vat_rates, with_and_without
from .proposals import proposals_visible
from .sold import Sold
from .standard_costs import rates_of_products

JOB = "pricing.cost_change"
MONTHS = 12
AT_ONCE = 100
"""What more products than this come to is worked out part by part, by a job."""
LEVELS = ("cm1", "cm2", "cm3")
UNITS = Decimal(10_000)
"""So many of what was not sold are worked out, in cents: what one of them leaves has six decimals."""
ZERO = Decimal(0)
BOUGHT = {kind for kinds in PARTS.values() for kind in kinds}
BEFORE_FLOOR = LEVELS[: LEVELS.index(LEVEL) + 1]
Basis, Base, How = CostLine.Basis, CostLine.Base, CostChange.How
Tier = tuple[int, Decimal]
"""Cost line, from quantity."""
Costs = Sequence[tuple[CostLine, Decimal]]


@dataclass(frozen=True)
class RateChange:
    """One rate beside what it becomes. ``problem``: why it stays as it is; ``until``: when a rate that is
    there already takes over."""

    cost_line: CostLine
    old: CostRate
    amount: Decimal
    exchange_rate: Decimal
    problem: str = ""
    until: datetime.date | None = None

    @property
    def tier(self) -> Tier:
        return self.cost_line.pk, self.old.from_quantity

    def rate(self, start_date: datetime.date) -> CostRate:
        """The new rate, not saved; what the old one says besides goes on."""
        said = {
            name: getattr(self.old, name) for name in ("from_quantity", "times", "least_quantity", "vat_rate")
        }
        return CostRate(
            cost_line_id=self.old.cost_line_id,
            start_date=start_date,
            amount=self.amount,
            exchange_rate=self.exchange_rate,
            **said,
        )


def cost_changes_visible(user: Any) -> QuerySet[CostChange]:
    """Drafts only their author's; for who is limited to lines those that reach no product elsewhere."""
    rows = CostChange.objects.select_related("author", "proposal")
    if not margins_allowed(user):
        return rows.none()
    lines = visible_line_ids(user)
    if lines is not None:
        effects_there = CostChangeEffect.objects.filter(cost_change=OuterRef("pk"))
        rates = CostRate.objects.filter(changes=OuterRef("pk"))
        within = Q(cost_line__product__line__in=lines) | Q(cost_line__line__in=lines)
        rows = rows.exclude(
            Exists(effects_there.exclude(product__line__in=lines)) | Exists(rates.exclude(within))
        )
    return rows.exclude(~Q(author=user), state=CostChange.State.DRAFT)


def cost_changes_listed(user: Any) -> QuerySet[Any]:
    """With how many rates each wrote, and how many products it brings under their floor. What withdrawing it
    put back begins later than what it wrote; what corrected a rate goes with it, and is none of these."""
    wrote = Count("rates", filter=Q(rates__start_date=F("start_date"), rates__corrected=None), distinct=True)
    under = Count("effects", filter=Q(effects__is_under=True), distinct=True)
    rows = cost_changes_visible(user).annotate(written=wrote, under=under)
    return rows.order_by("-pk")


def cost_change_get(user: Any, pk: int) -> CostChange:
    """One of them, and whether the person may see the prices proposed for it (``proposal_seen``), or 404."""
    proposed = Exists(proposals_visible(user).filter(pk=OuterRef("proposal")))
    found = cost_changes_visible(user).filter(pk=pk).annotate(proposal_seen=proposed).first()
    if found is None:
        raise Http404(pk)
    return found


def chosen_lines(user: Any, chosen: Mapping[str, Any]) -> list[CostLine]:
    """The cost lines that are meant; a product line with those below it and their products."""
    rows = cost_lines_visible(user)
    for name in ("supplier", "kind", "product", "channel"):
        if chosen.get(name):
            rows = rows.filter(**{name: chosen[name]})
    if chosen.get("currency"):
        rows = rows.filter(currency=chosen["currency"])
    if chosen.get("line"):
        below = line_tree().descendants(chosen["line"])
        rows = rows.filter(Q(line__in=below) | Q(product__line__in=below))
    return list(rows.order_by("kind__place", "product__name", "pk"))


def rate_changes(change: CostChange, lines: Collection[CostLine]) -> list[RateChange]:
    """What holds the day before the change, and what it becomes; what is paid once stays, and what would come
    to the same has no row. One query."""
    found = []
    for rates in rates_of(lines).values():
        if rates.cost_line.basis != Basis.ONCE:
            before = change.start_date - datetime.timedelta(days=1)
            found += [_changed(change, rates, old) for old in rates.tiers_on(before).values()]
    return [row for row in found if row.problem or (row.amount, row.exchange_rate) != _of(row.old)]


def _of(rate: CostRate) -> tuple[Decimal | None, Decimal]:
    return rate.amount, rate.exchange_rate


def _changed(change: CostChange, rates: Rates, old: CostRate) -> RateChange:
    line, start = rates.cost_line, change.start_date
    amount, exchange_rate, problem = old.amount or Decimal(0), old.exchange_rate, ""
    if change.how == How.EXCHANGE:
        exchange_rate = change.value
    elif change.how == How.PERCENTAGE:
        amount = rounded(amount * (1 + change.value), old, line)
    elif line.basis == Basis.SHARE:
        problem = _("A percentage: an amount cannot be added.")
    else:
        amount = rounded(amount + change.value, old, line)
    if amount < 0 <= (old.amount or Decimal(0)):
        problem = _("It would fall below nothing.")
    later = [row for row in rates.rows if row.from_quantity == old.from_quantity and row.start_date >= start]
    until = min((row.start_date for row in later), default=None)
    if until == start:
        problem = _("There is a rate from %(day)s already: withdraw that one first.") % {
            "day": formats.day(start)
        }
    return RateChange(line, old, amount, exchange_rate, problem, None if problem else until)


def rounded(amount: Decimal, old: CostRate, line: CostLine) -> Decimal:
    """To four decimals where the old amount had no more; a percentage to four of its own."""
    fine = line.basis == Basis.SHARE or old.amount != round(old.amount or Decimal(0), 4)
    return amount.quantize(Decimal("0.000001" if fine else "0.0001"), ROUND_HALF_UP)


def changes_said(rows: Sequence[RateChange]) -> str:
    """A hash of what would be written: the same hash, the same change."""
    said = [
        (*row.tier, row.old.pk, row.amount.normalize(), row.exchange_rate.normalize())
        for row in rows
        if not row.problem
    ]
    return hashlib.sha256(repr(sorted(said)).encode()).hexdigest()


def written_changes(user: Any, change: CostChange) -> list[RateChange]:
    """The same of a change that was written: its rates beside those before them, of the cost lines the person
    may see. Two queries."""
    related = (f"cost_line__{name}" for name in ("kind", "product", "line"))
    # Without what withdrawing it put back, and what corrected them since.
    written = change.rates.filter(start_date=change.start_date, corrected=None)
    mine = list(written.filter(cost_line__in=cost_lines_visible(user).order_by()).select_related(*related))
    rates, found = rates_of({rate.cost_line for rate in mine}), []
    before = change.start_date - datetime.timedelta(days=1)
    for rate in mine:
        old = rates[rate.cost_line_id].tiers_on(before).get(rate.from_quantity)
        if old is not None and rate.amount is not None:
            found.append(RateChange(rate.cost_line, old, rate.amount, rate.exchange_rate))
    return found


@dataclass(frozen=True)
class _Held(Rates):
    """What holds on one day, as if it held always; ``rows`` are its tiers."""

    rate: Rate | None

    @classmethod
    def of(cls, line: CostLine, rows: Sequence[CostRate]) -> _Held:
        return cls(line, rows, rate_of({row.from_quantity: row for row in rows}))

    def on(self, _day: datetime.date) -> Rate | None:
        return self.rate

    def changes(self) -> list[datetime.date]:
        return []

    def lowest(self) -> _Held:
        """By its lowest tier alone, without a minimum order."""
        return replace(self, rate=self.rate and Rate({ZERO: self.rate.lowest._replace(least=ZERO)}))

    def changed(self, new: Mapping[Tier, RateChange]) -> _Held:
        """With the changed rates instead."""
        mine = [new.get((self.cost_line.pk, row.from_quantity)) for row in self.rows]
        if not any(mine):
            return self
        pairs = zip(self.rows, mine, strict=True)
        rows = [change.rate(row.start_date) if change else row for row, change in pairs]
        return _Held.of(self.cost_line, rows)


def effects(
    change: CostChange,
    rows: Sequence[RateChange],
    product_ids: Sequence[int],
    last: datetime.date,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Iterator[CostChangeEffect]:
    """What the change does to these products, at what they sold in the 12 months up to ``last``, or up to the
    last month that the sales of their line are whole of; to one of those that sold nothing. Ten queries for
    each part of them, five more where there are such."""
    behind, tree = change_lines_behind(Product.objects.filter(pk__any=many(product_ids)), last), line_tree()
    first = month_add(min(behind.values(), default=last), 1 - MONTHS)
    splits = Splits(list(CostLine.objects.exclude(key="")), first, last)
    new = {row.tier: row for row in rows if not row.problem}
    for begin in range(0, len(product_ids), AT_ONCE):
        progress(begin, len(product_ids))
        products = list(Product.objects.filter(pk__in=product_ids[begin : begin + AT_ONCE]).order_by("pk"))
        borne = rates_of_products(products, tree)
        held = {
            each.pk: _Held.of(each.cost_line, list(each.tiers_on(change.start_date).values()))
            for each in {each.pk: each for own in borne.values() for each in own}.values()
            if each.cost_line.basis != Basis.ONCE
        }
        was = {product: [held[each.pk] for each in own if each.pk in held] for product, own in borne.items()}
        margins = Margins(was, first, last, splits, tree)
        moved = margins.under({product: _moved(own, new) for product, own in was.items()})
        found, unsold = [], []
        for product in products:
            lines = {each.cost_line.pk for each in moved.rates[product]}
            until = whole_until(product, last, behind)
            since = month_add(until, 1 - MONTHS)
            months, others = (
                [month for month in each.of(product) if month.has_sales and since <= month.month <= until]
                for each in (margins, moved)
            )
            effect = _year_effect(months, others, lines, margin_floor(product, tree))
            if effect is None:
                unsold.append(product)
            else:
                effect.product = product
                found.append(effect)
        for effect in chain(found, _unit_effects(unsold, was, new, change.start_date, tree)):
            effect.cost_change = change
            yield effect
    progress(len(product_ids), len(product_ids))


def change_lines_behind(products: QuerySet[Product], last: datetime.date) -> dict[int, datetime.date]:
    """By line of the products whose sales are whole up to an earlier month than ``last``, that month."""
    behind = lines_behind(last)
    if behind:
        lines = set(products.order_by().values_list("line", flat=True).distinct())
        behind = {line: month for line, month in behind.items() if line in lines}
    return behind


def _moved(rates: Sequence[_Held], new: Mapping[Tier, RateChange]) -> list[_Held]:
    """What may come to something else under the new rates: those that have one, and shares of what they are
    of, with all that these shares are of."""
    changed = [(each, each.changed(new)) for each in rates]
    return [
        becomes
        for each, becomes in changed
        if becomes is not each or each.cost_line.base in PARTS or each.cost_line.kind.code in BOUGHT
    ]


def _year_effect(
    months: Sequence[MonthMargin], moved: Sequence[MonthMargin], lines: Set[int], floor: Decimal | None
) -> CostChangeEffect | None:
    """``moved``: the same months of these ``lines`` alone (by id), under the new rates. ``None``: nothing was
    sold for money."""
    net = sum((month.sales[1] for month in months if month.sales), ZERO)
    if not net:
        return None
    was, becomes = (costs_added(each for month in own for each in month.costs) for own in (months, moved))
    stays = [(line, amount) for line, amount in was if line.pk not in lines]
    return _effect(net, was, [*stays, *becomes], floor)


def _unit_effects(
    products: Sequence[Product],
    was: Mapping[Product, Sequence[_Held]],
    new: Mapping[Tier, RateChange],
    day: datetime.date,
    tree: LineTree,
) -> Iterator[CostChangeEffect]:
    """Of one of each, by its lowest tiers: costs of each one sold or contract in force in all channels, and
    shares. Those that have ended, or of which this stays the same, have no row."""
    products = [product for product in products if product.ended is None or product.ended > day]
    levels = {
        product.pk for product in products if tree.lead_measure(product.line_id).kind == Measure.Kind.LEVEL
    }
    prices = _unit_prices(products, levels, day) if products else {}
    for product in products:
        counted = Basis.CONTRACT_MONTH if product.pk in levels else Basis.UNIT
        rates = [
            each
            for each in was[product]
            if each.cost_line.basis in (counted, Basis.SHARE)
            and each.cost_line.channel_id is None
            and each.cost_line.measure_id is None
        ]
        net = booked(prices.get(product.pk, ZERO) * UNITS)
        before, after = (
            _unit_costs(product, day, own, net) for own in (rates, [each.changed(new) for each in rates])
        )
        if before != after:
            effect = _effect(net, before, after, margin_floor(product, tree) if net else None, UNITS)
            effect.product = product
            yield effect


def _unit_prices(products: Sequence[Product], levels: Set[int], day: datetime.date) -> dict[int, Decimal]:
    """What everybody pays for one, without VAT, by product; of contracts (``levels``) a month. None of a
    price in several parts."""
    prices = prices_on([product.pk for product in products], day, currency=organisation_get().currency)
    lists = PriceList.objects.in_bulk({row.price_list_id for own in prices.values() for row in own.values()})
    vat, found = vat_rates(products, day), {}
    for pk, parts in prices.items():
        part, own = MONTH if pk in levels else UNIT, lasting(parts)
        if list(own) == [part] and own[part].amount is not None:
            with_vat = lists[own[part].price_list_id].with_vat
            found[pk] = with_and_without(own[part].amount, with_vat, vat[pk])[1]
    return found


def _unit_costs(product: Product, day: datetime.date, rates: Sequence[_Held], net: Decimal) -> Costs:
    """What so many as are worked out cost, sold for so much."""
    sold = Sold(UNITS, UNITS, net, net)
    amounts = stretch_costs(product, day, [each.lowest() for each in rates], sold, {}, {})
    lines = {each.cost_line.pk: each.cost_line for each in rates}
    return [(lines[pk], booked(amount)) for pk, amount in amounts.items() if amount]


def _effect(
    net: Decimal, was: Costs, costs: Costs, floor: Decimal | None, units: Decimal | None = None
) -> CostChangeEffect:
    """What the lines come to before and after; of one of so many ``units``."""
    before, after = (statement(net, [], rows_of(each)) for each in (was, costs))
    tied = sum(
        (
            amount
            for line, amount in costs
            if line.base in (Base.NET, Base.GROSS) and line.kind.level in BEFORE_FLOOR
        ),
        ZERO,
    )
    amounts = {"net": net, "tied": tied}
    amounts |= {f"{name}_was": getattr(before, name) for name in LEVELS}
    amounts |= {name: getattr(after, name) for name in LEVELS}
    return CostChangeEffect(
        **{name: amount / (units or 1) for name, amount in amounts.items()},
        floor=floor,
        is_under=floor is not None and getattr(after, LEVEL) < floor * net <= getattr(before, LEVEL),
        is_unit=units is not None,
    )


SORTS: dict[str, Any] = {
    "name": F("product__name"),
    "net": F("net"),
    "cm1": (F("cm1") - F("cm1_was")) / NullIf(F("net"), ZERO),
    "cm3": (F("cm3") - F("cm3_was")) / NullIf(F("net"), ZERO),
}


def effects_listed(
    user: Any, change: CostChange, *, only_under: bool = False, sort: str = "cm3", descending: bool = False
) -> QuerySet[CostChangeEffect]:
    """Those of products the person may see; the margin that falls most first."""
    rows = change.effects.filter(product__in=products_visible(user)).select_related("product")
    if only_under:
        rows = rows.filter(is_under=True)
    return rows.order_by(ordered(SORTS[sort], descending), "is_unit", "-net", "pk")


def cost_change_job(change: CostChange) -> Job | None:
    """The work of a draft of many products, while there is any."""
    return Job.objects.filter(kind=JOB, key__startswith=f"{JOB}:{change.pk}:").order_by("-pk").first()
