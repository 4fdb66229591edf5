"""Changes of many rates at once: whose one may see, which rates they mean, and what they do to products."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from core import formats
from core.models import Job
from core.months import month_add
from pricing.models import CostChange, CostChangeEffect, CostLine, CostRate
from products.models import Product
from products.selectors.access import products_visible, visible_channel_ids, visible_line_ids
from products.selectors.lines import line_tree

from .cost_splits import Splits
from .costs import RIGHT, Rates, cost_lines_visible, rates_of
from .margins import Margins, margins_total
from .margins_ahead import LEVEL, margin_floor
from .standard_costs import rates_of_products

JOB = "pricing.cost_change"
MONTHS = 12
LEVELS = ("cm1", "cm2", "cm3")
BEFORE_FLOOR = LEVELS[: LEVELS.index(LEVEL) + 1]
Basis, Base, How = CostLine.Basis, CostLine.Base, CostChange.How
Tier = tuple[int, Decimal]
"""Cost line, from quantity."""


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
        return _copy(self.old, start_date, amount=self.amount, exchange_rate=self.exchange_rate)


def cost_changes_allowed(user: Any) -> bool:
    """Margins are over all channels, and not for who is limited to some."""
    return bool(user.has_perm(RIGHT)) and visible_channel_ids(user) is None


def cost_changes_visible(user: Any) -> QuerySet[CostChange]:
    """Drafts only their author's; for who is limited to lines those that reach no product elsewhere."""
    rows = CostChange.objects.select_related("author", "proposal")
    if not cost_changes_allowed(user):
        return rows.none()
    lines = visible_line_ids(user)
    if lines is not None:
        outside = CostChangeEffect.objects.filter(cost_change=OuterRef("pk"))
        rows = rows.exclude(Exists(outside.exclude(product__line__in=lines)))
    return rows.exclude(~Q(author=user), state=CostChange.State.DRAFT)


def cost_changes_listed(user: Any) -> QuerySet[Any]:
    """With how many rates each wrote, and how many products it brings under their floor."""
    under = Count("effects", filter=Q(effects__is_under=True), distinct=True)
    rows = cost_changes_visible(user).annotate(written=Count("rates", distinct=True), under=under)
    return rows.order_by("-pk")


def cost_change_get(user: Any, pk: int) -> CostChange:
    """One of them, or 404."""
    found = cost_changes_visible(user).filter(pk=pk).first()
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
    mine = list(
        change.rates.filter(cost_line__in=cost_lines_visible(user).order_by()).select_related(*related)
    )
    rates, found = rates_of({rate.cost_line for rate in mine}), []
    before = change.start_date - datetime.timedelta(days=1)
    for rate in mine:
        old = rates[rate.cost_line_id].tiers_on(before).get(rate.from_quantity)
        if old is not None and rate.amount is not None:
            found.append(RateChange(rate.cost_line, old, rate.amount, rate.exchange_rate))
    return found


def effects(
    change: CostChange, rows: Sequence[RateChange], product_ids: Collection[int], last: datetime.date
) -> Iterator[CostChangeEffect]:
    """What the change does to these products, at what they sold in the 12 months up to ``last``; those that
    sold nothing have no row. A dozen queries, however many."""
    start, first, tree = change.start_date, month_add(last, 1 - MONTHS), line_tree()
    new = {row.tier: row for row in rows if not row.problem}
    products = list(Product.objects.filter(pk__in=product_ids).order_by("pk"))
    was = {
        product: [
            Rates(each.cost_line, [_copy(rate) for rate in each.tiers_on(start).values()])
            for each in own
            if each.cost_line.basis != Basis.ONCE
        ]
        for product, own in rates_of_products(products).items()
    }
    becomes = {product: [_with(each, new) for each in own] for product, own in was.items()}
    splits = Splits(
        list({each.cost_line: None for own in was.values() for each in own if each.cost_line.is_split}),
        first,
        last,
    )
    margins = [Margins(rates, first, last, splits) for rates in (was, becomes)]
    for product in products:
        without, months = margins[0].of(product), margins[1].of(product)
        before, after = margins_total(without), margins_total(months)
        if before is not None and after is not None and before.net:
            floor = margin_floor(product, tree)
            tied = sum(
                amount
                for month in months
                for line, amount in month.costs
                if line.base in (Base.NET, Base.GROSS) and line.kind.level in BEFORE_FLOOR
            )
            yield CostChangeEffect(
                cost_change=change,
                product=product,
                net=before.net,
                **{f"{name}_was": getattr(before, name) for name in LEVELS},
                **{name: getattr(after, name) for name in LEVELS},
                tied=tied,
                floor=floor,
                is_under=floor is not None and getattr(after, LEVEL) < floor * after.net,
            )


def _copy(rate: CostRate, start_date: datetime.date = datetime.date(1900, 1, 1), **values: Any) -> CostRate:
    names = ("from_quantity", "amount", "times", "least_quantity", "exchange_rate", "vat_rate")
    said = {name: getattr(rate, name) for name in names} | values
    return CostRate(cost_line_id=rate.cost_line_id, start_date=start_date, **said)


def _with(rates: Rates, new: Mapping[Tier, RateChange]) -> Rates:
    """The rates with the changed ones instead."""
    rows = []
    for rate in rates.rows:
        change = new.get((rates.cost_line.pk, rate.from_quantity))
        rows.append(rate if change is None else change.rate(rate.start_date))
    return Rates(rates.cost_line, rows)


SORTS: dict[str, Any] = {
    "name": F("product__name"),
    "net": F("net"),
    "cm1": (F("cm1") - F("cm1_was")) / F("net"),
    "cm3": (F("cm3") - F("cm3_was")) / F("net"),
}


def effects_listed(
    user: Any, change: CostChange, *, only_under: bool = False, sort: str = "cm3", descending: bool = False
) -> QuerySet[CostChangeEffect]:
    """Those of products the person may see; the margin that falls most first."""
    rows = change.effects.filter(product__in=products_visible(user)).select_related("product")
    if only_under:
        rows = rows.filter(is_under=True)
    by = SORTS[sort]
    return rows.order_by(by.desc() if descending else by.asc(), "-net", "pk")


def cost_change_job(change: CostChange) -> Job | None:
    """The work of a draft of many products, while there is any."""
    return Job.objects.filter(kind=JOB, key__startswith=f"{JOB}:{change.pk}:").order_by("-pk").first()
