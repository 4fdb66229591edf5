"""Bonuses by scale: what a year has accrued by what was sold, beside what was settled.

What was sold counts for one bonus only, the nearest one that holds there on the first day of its month.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Sum

from core.months import month_start
from core.organisation import today
from pricing.engine.costs import booked
from pricing.engine.terms import Step, scale_next, scale_rate, year_expected
from pricing.models import BonusSettlement, Term
from products.models import Measure, Product, SalesMonth
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree, line_tree
from products.selectors.units import unit_of

from .terms import Place, line_chain, place_seen, settlements_visible, steps_of, terms_on, terms_until

ZERO = Decimal(0)


@dataclass
class _Sold:
    """What was sold at a bonus's place in a year, by month number; ``units`` the units volume is in."""

    revenue: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    volume: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    terms: dict[int, Term] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Bonus:
    """A bonus of a year. ``so_far`` and ``expected`` are what its scale goes by, revenue or volume in
    ``unit``; ``expected`` is ``None`` where last year says nothing, ``accrued`` where volumes do not add.
    ``rate`` is that of the step expected, else of the one reached; ``following`` the one above it."""

    term: Term
    year: int
    over: bool
    revenue: Decimal
    so_far: Decimal | None
    expected: Decimal | None
    unit: str
    reached: Decimal | None
    rate: Decimal | None
    following: Step | None
    accrued: Decimal | None
    settled: Decimal
    settlements: Sequence[BonusSettlement] = ()

    @property
    def open(self) -> Decimal | None:
        """What is still to be settled; below nothing: too much was."""
        return None if self.accrued is None else self.accrued - self.settled

    @property
    def place(self) -> Place:
        return self.term.channel_id, self.term.line_id


def bonuses(user: Any, years: Collection[int]) -> list[Bonus]:
    """The bonuses of these years of which the person sees all that counts, by year and channel."""
    settled: dict[tuple[int, Place], list[BonusSettlement]] = defaultdict(list)
    for row in settlements_visible(user).filter(year__in=years):
        settled[row.year, (row.channel_id, row.line_id)].append(row)
    terms = list(terms_until(datetime.date(max(years), 12, 31)).filter(kind=Term.Kind.BONUS))
    found = _bonuses(user, years, terms, settled)
    return sorted(found, key=lambda row: (-row.year, str(row.term.channel).lower(), str(row.term.line or "")))


def bonus_rates(user: Any, year: int, terms: Sequence[Term]) -> dict[Place, Decimal | None]:
    """The rate that the year is expected to reach, by place; ``terms``: all of them until now, as what counts
    for one bonus does not count for another."""
    mine = [term for term in terms if term.kind == Term.Kind.BONUS]
    return {bonus.place: bonus.rate for bonus in _bonuses(user, [year], mine, {})}


def _bonuses(
    user: Any,
    years: Collection[int],
    terms: Sequence[Term],
    settled: Mapping[tuple[int, Place], Sequence[BonusSettlement]],
) -> list[Bonus]:
    seen = [term for term in terms if place_seen(user, term.channel_id, term.line_id)]
    if not seen:
        return []
    sold = _sold(line_tree(), terms, {term.channel_id for term in seen}, years)
    newest = {
        (term.channel_id, term.line_id): term for term in sorted(seen, key=lambda term: term.start_date)
    }
    found = []
    for year in years:
        for place, term in newest.items():
            now, paid = sold.get((year, place, 0)), settled.get((year, place), [])
            if now is not None or paid:
                before = sold.get((year, place, 1), _Sold())
                found.append(_bonus(term, year, now or _Sold(), before, paid))
    return found


def _bonus(term: Term, year: int, now: _Sold, before: _Sold, paid: Sequence[BonusSettlement]) -> Bonus:
    month = month_start(today())
    over = year < month.year
    if now.terms:
        term = now.terms[max(now.terms)]
    complete = (
        12 if over else max((m for m in now.revenue if m < month.month and year == month.year), default=0)
    )
    revenue = sum(now.revenue.values(), ZERO)
    units = now.units | before.units
    by_volume = term.basis == Term.Basis.VOLUME
    known = not by_volume or len(units) <= 1
    expected: dict[str, Decimal | None] = {
        "revenue": year_expected(now.revenue, before.revenue, complete),
        "volume": year_expected(now.volume, before.volume, complete) if len(units) <= 1 else None,
    }
    so_far: dict[str, Decimal | None] = {
        "revenue": revenue,
        "volume": sum(now.volume.values(), ZERO) if len(units) <= 1 else None,
    }
    accrued: Decimal | None = ZERO
    for number, amount in now.revenue.items():
        held = now.terms[number]
        total = so_far[held.basis] if expected[held.basis] is None else expected[held.basis]
        if accrued is not None:
            accrued = None if total is None else accrued + amount * scale_rate(steps_of(held), total)
    steps, reached = steps_of(term), so_far[term.basis]
    counts = reached if expected[term.basis] is None else expected[term.basis]
    return Bonus(
        term=term,
        year=year,
        over=over,
        revenue=revenue,
        so_far=reached,
        expected=expected[term.basis],
        unit=next(iter(units), "") if by_volume and known else "",
        reached=None if reached is None else scale_rate(steps, reached),
        rate=None if counts is None else scale_rate(steps, counts),
        following=None if counts is None or over else scale_next(steps, counts),
        accrued=None if accrued is None else booked(accrued),
        settled=sum((row.amount for row in paid), ZERO),
        settlements=paid,
    )


def _sold(
    tree: LineTree, terms: Sequence[Term], wanted: Iterable[int | None], years: Collection[int]
) -> dict[tuple[int, Place, int], _Sold]:
    """By year, place of the bonus and 0 for the year, 1 for the year before it, of which the months count for
    whom they would count now. Money and volume are of each line's leading measure. Two queries."""
    chains = {pk: (*above, None) for pk, above in channel_chains().items()}
    asked = set(wanted)
    leads = {line: tree.lead_measure(line) for line in tree.lines}
    months = {
        datetime.date(year - ago, month, 1) for year in years for ago in (0, 1) for month in range(1, 13)
    }
    rows = SalesMonth.objects.filter(
        channel__in=[pk for pk, chain in chains.items() if not asked.isdisjoint(chain)],
        measure__in={measure.pk for measure in leads.values()},
        month__in=months,
    ).values("channel", "product__line", "product__unit", "measure", "month")

    @cache
    def counts_for(channel: int, line: int, day: datetime.date) -> Term | None:
        return terms_on(terms, day, chains[channel], line_chain(tree, line)).get(Term.Kind.BONUS)

    found: dict[tuple[int, Place, int], _Sold] = defaultdict(_Sold)
    for row in rows.annotate(money=Sum("revenue"), volumes=Sum("volume")):
        line, month = row["product__line"], row["month"]
        if leads[line].pk != row["measure"]:
            continue
        for ago in (0, 1):
            year = month.year + ago
            term = counts_for(row["channel"], line, month.replace(year=year)) if year in years else None
            if term is None:
                continue
            sold = found[year, (term.channel_id, term.line_id), ago]
            if ago == 0:
                sold.terms[month.month] = term
            sold.revenue[month.month] += row["money"] or ZERO
            sold.volume[month.month] += row["volumes"] or ZERO
            sold.units.add(_unit(tree, line, row["product__unit"], leads[line]))
    return dict(found)


def _unit(tree: LineTree, line: int, unit: str, measure: Measure) -> str:
    return unit_of(tree, Product(line_id=line, unit=unit), measure).lower()
