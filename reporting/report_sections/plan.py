"""The plan: a month and the year beside last year and the budget, product by product, and what all products
of the report come to."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.months import month_add, month_start
from core.reports.build import Builder, Cell, Column, ReportContext, Volume, money, words
from products.models import Product
from products.selectors.access import forecasts_allowed
from products.selectors.budget import budget_revenue_leading, budget_revenue_months
from products.selectors.budget_cover import BudgetCover, Covered, budget_cover
from products.selectors.budget_lines import LEAST, LinesBudget, products_budget
from products.selectors.figures import spans
from products.selectors.months import is_long_before, product_complete_month
from products.selectors.sales import MonthSales, products_revenue, products_total, total
from reporting.selectors.full_year import full_year_expected
from reporting.selectors.key_figures import KeyFigure, KeyFigures, key_figures, money_figures
from reporting.words.budgets import covered_words, others_words

from .rows import COMPARED, Row, change, rows_of
from .wholes import leads_of

YEAR = "year_to_date"
PLANNED = ("month", YEAR, "full_year")


def span_title(span: str, month: datetime.date) -> str:
    return {
        "month": formats.month(month),
        "year_to_date": _("Year to date"),
        "full_year": _("Full year expected"),
    }[span]


@dataclass(frozen=True)
class Planned:
    """A product's span beside the year before and the budget, or (no volume) what several come to; ``alike``:
    what it can be compared with."""

    name: str
    revenue: KeyFigure
    unit: str = ""
    volume: KeyFigure | None = None
    alike: frozenset[str] = COMPARED
    is_sum: bool = False


@dataclass(frozen=True)
class PlannedMonth:
    """Products whose figures are as of one month: those told one by one, the ``rest`` and what these
    ``others`` come to, and the ``budget`` of all, with what is made for lines as wholes; ``cover``: what is
    planned of what sold, and of the rest alone ``rest_cover``; ``torn``: the budget is without that of a line
    whose products have different months."""

    month: datetime.date
    rows: Sequence[tuple[Row, KeyFigures]]
    rest: Sequence[Product]
    others: tuple[str, KeyFigures] | None
    budget: LinesBudget
    cover: BudgetCover
    rest_cover: BudgetCover
    torn: bool

    def covered(self, span: str) -> Covered:
        return self._over(self.cover, self.budget, span)

    def rest_covered(self, span: str) -> Covered:
        """Of the rest, by its own budgets."""
        return self._over(self.rest_cover, LinesBudget({}), span)

    def _over(self, cover: BudgetCover, budget: LinesBudget, span: str) -> Covered:
        first, last = spans(self.month)[span]
        return cover.over(budget, first, min(last, self.month), last)


def plan_section(builder: Builder, context: ReportContext) -> None:
    """Actual, budget and last year of the month and the year so far, and the full year expected: a table
    each, with the sum of all products in money; as of the period's last month."""
    for group in planned_months(builder, context):
        for span in PLANNED:
            _plan_table(builder, context, span, group)


def planned_months(builder: Builder, context: ReportContext) -> list[PlannedMonth]:
    """The months that products are known up to, first that of the first product told. Products that are
    not told one by one are read together. What has not sold yet, and what has had nothing whole for a year
    beside the newest, has no month of its own: it only belongs to its lines, in the last one. What ended less
    long ago, by the month it is known up to or two months before the newest, is known up to the newest:
    nothing more came. Read once a report."""
    if "planned" not in context.kept:
        context.kept["planned"] = _months_read(builder, context)
    found: list[PlannedMonth] = context.kept["planned"]
    return found


def _months_read(builder: Builder, context: ReportContext) -> list[PlannedMonth]:
    months = {
        product: month
        for measure, own in leads_of(context.scope.all).items()
        for product in own
        if (month := product_complete_month(product, measure.pk))
    }
    newest = max(months.values(), default=None)
    last = None if newest is None else context.scope.period.of(newest)
    if newest is None or last is None:
        return []
    ends: dict[Product, datetime.date] = {}
    for product, known in months.items():
        month = newest if _ended_since(product, known, newest) else known
        span = context.scope.period.of(month)
        if span is not None and (span[1] == last[1] or not is_long_before(month, newest)):
            ends[product] = span[1]
    told: dict[datetime.date, list[tuple[Row, KeyFigures]]] = defaultdict(list)
    for row in rows_of(context):
        if row.product in ends and (figures := _figures_at(row, ends[row.product])) is not None:
            told[ends[row.product]].append((row, figures))
    named = {product.pk for product in context.scope.products}
    products: dict[datetime.date, list[Product]] = {month: [] for month in told}
    for product, month in ends.items():
        products.setdefault(month, []).append(product)
    products = {
        month: own
        for month, own in products.items()
        if month in told or any(each.pk not in named for each in own)
    }
    budgets, is_torn = _budgets(builder, context, products)
    found = []
    for month, every in products.items():
        rest, others = [each for each in every if each.pk not in named], None
        if rest:
            name = _("and %(count)s more") % {"count": formats.number(len(rest), 0)}
            others = name, _together(builder, context, rest, month)
        one_by_one = [each for each in every if each.pk in named]
        of_these, of_rest = (_cover(builder, context, own, month) for own in (one_by_one, rest))
        cover = BudgetCover([*of_these.products, *of_rest.products])
        rows, budget = told.get(month, []), budgets[month]
        found.append(PlannedMonth(month, rows, rest, others, budget, cover, of_rest, is_torn))
    return found


def _cover(
    builder: Builder, context: ReportContext, products: Sequence[Product], month: datetime.date
) -> BudgetCover:
    if not products or not builder.may("budget"):
        return BudgetCover()
    return budget_cover(context.viewer, [each.pk for each in products], *spans(month)[YEAR])


def _ended_since(product: Product, known: datetime.date, newest: datetime.date) -> bool:
    """Whether it is known up to a month before the newest, not a year ago, and had ended by then or two
    months before the newest: what sold in a month that is still to load is not known, but where a line ends
    within a month, that is never whole."""
    return (
        product.ended is not None
        and known < newest
        and (_is_over(product, known) or month_add(month_start(product.ended), 2) <= newest)
        and not is_long_before(known, newest)
    )


def _figures_at(row: Row, month: datetime.date) -> KeyFigures | None:
    """As of the month, also of what is known up to one before it, as it ended."""
    if row.span is not None and row.span[1] == month:
        found = row.figures()
    else:
        found = key_figures(row.viewer, row.product, row.overview.measure, month, None, None)
    return _all_in(row.viewer, found) if found is not None and _is_over(row.product, month) else found


def _is_over(product: Product, month: datetime.date) -> bool:
    """Whether it ended by the end of the month."""
    return product.ended is not None and product.ended < month_add(month, 1)


def _all_in(viewer: Any, found: KeyFigures) -> KeyFigures:
    """Of what is over: the full year is the year to date, and where its revenue is known at all, nothing came
    in where none is."""
    if all(each.value is None and each.last_year is None for each in found.revenue):
        return found
    *plain, full = found.revenue
    plain = [replace(each, value=each.value or Decimal(0)) for each in plain]
    year = next(each for each in plain if each.span == YEAR)
    if forecasts_allowed(viewer) or full.last == year.last:
        full = replace(full, value=year.value)
    return replace(found, revenue=[*plain, full])


def _budgets(
    builder: Builder, context: ReportContext, products: Mapping[datetime.date, Sequence[Product]]
) -> tuple[dict[datetime.date, LinesBudget], bool]:
    """By month what is planned of its products and of the lines that they are all of, the newest with those
    that have no month; and whether a budget of a line is in none of them, as what is below it has two."""
    if not products or not builder.may("budget"):
        return dict.fromkeys(products, LinesBudget({})), False
    every = {product.pk for product in context.scope.all}
    newest, dated = max(products), {product.pk for own in products.values() for product in own}

    def planned(month: datetime.date, pks: Collection[int]) -> LinesBudget:
        return products_budget(context.viewer, pks, *spans(month)["full_year"])

    found = {
        month: planned(month, {each.pk for each in own} | (every - dated if month == newest else set()))
        for month, own in products.items()
    }
    if len(found) == 1:
        return found, False
    whole = planned(newest, every).lines
    return found, not whole <= {line for budget in found.values() for line in budget.lines}


def planned_rows(group: PlannedMonth, span: str) -> list[Planned]:
    """Each product told one by one, and what the others come to."""
    found = _told_rows(group, span)
    if group.others is not None:
        name, figures = group.others
        alike = COMPARED if group.rest_covered(span).is_whole else COMPARED - {"budget"}
        found.append(Planned(name, figures.of("revenue", span), alike=alike))
    return found


def _told_rows(group: PlannedMonth, span: str) -> list[Planned]:
    return [
        Planned(row.product.name, figures.of("revenue", span), row.unit, figures.of("volume", span))
        for row, figures in group.rows
    ]


def planned_products(builder: Builder, context: ReportContext, group: PlannedMonth) -> list[Planned]:
    """Every product in the year to date, also those that are not told one by one: these in money alone. For
    them two queries a measure, and one of budgets."""
    rows = _told_rows(group, YEAR)
    first, last = spans(group.month)[YEAR]
    leads, viewer = leads_of(group.rest), context.viewer
    sold: dict[int, tuple[Decimal, int]] = {}
    before: dict[int, tuple[Decimal, int]] = {}
    for measure, own in leads.items():
        sold |= products_revenue(viewer, own, measure, first, last)
        before |= products_revenue(viewer, own, measure, month_add(first, -12), month_add(last, -12))
    planned: dict[int, tuple[Decimal, int]] = {}
    if builder.may("budget") and group.rest:
        by_product = {each.pk: measure.pk for measure, own in leads.items() for each in own}
        planned = budget_revenue_leading(viewer, by_product, first, last)
    for product in group.rest:
        if product.pk in sold or product.pk in before:
            nothing = Decimal(0) if _is_over(product, group.month) else None
            value, months = sold.get(product.pk, (nothing, 0))
            beside = (
                amount if known >= months else None
                for amount, known in (each.get(product.pk, (None, 0)) for each in (before, planned))
            )
            rows.append(Planned(product.name, KeyFigure(YEAR, first, last, value, *beside)))
    return rows


def _together(
    builder: Builder, context: ReportContext, products: Sequence[Product], month: datetime.date
) -> KeyFigures:
    """What they come to in money, with the budgets made for them product by product."""
    (start, last), viewer, leads = spans(month)["full_year"], context.viewer, leads_of(products)
    sold: dict[datetime.date, list[Decimal | None]] = defaultdict(list)
    planned: dict[datetime.date, list[Decimal | None]] = defaultdict(list)
    for measure, own in leads.items():
        for row in products_total(viewer, own, measure, None, month_add(start, -12), month).months:
            sold[row.month].append(row.revenue)
        if builder.may("budget"):
            pks = [each.pk for each in own]
            for plan_month, revenue in budget_revenue_months(viewer, pks, measure, start, last).items():
                planned[plan_month].append(revenue)
    found = money_figures(
        [MonthSales(month, revenue=total(each)) for month, each in sold.items()],
        {month: total(each) for month, each in planned.items()},
        month,
    )
    if all(_is_over(each, month) for each in products):
        return _all_in(viewer, found)
    *plain, full = found.revenue
    if builder.may("forecast") and full.value is None:
        full = replace(full, value=_full_year(viewer, products, month))
    return KeyFigures(found.volume, [*plain, full])


def _full_year(viewer: Any, products: Sequence[Product], month: datetime.date) -> Decimal | None:
    """What they are expected to bring in, of which some still sell; of what is over what it did. One query,
    and one a measure of these."""
    over = [each for each in products if _is_over(each, month)]
    expected = full_year_expected(viewer, {each.pk for each in products} - {each.pk for each in over}, month)
    if expected is None:
        return None
    for measure, own in leads_of(over).items():
        found = products_revenue(viewer, own, measure, *spans(month)[YEAR])
        expected += sum((revenue for revenue, _known in found.values()), Decimal(0))
    return expected


def _plan_table(builder: Builder, context: ReportContext, span: str, group: PlannedMonth) -> None:
    found = planned_rows(group, span)
    if all(row.revenue.value is None and _value(row.volume) is None for row in found):
        return  # the full year of a few channels is not known: there is no forecast of these
    first, last = found[0].revenue.first, found[0].revenue.last
    volume_together = _volume_sum(found, group)
    found, notes = added_up(found, group)
    if found[-1].is_sum and volume_together is not None:
        found[-1] = replace(found[-1], unit=found[0].unit, volume=volume_together)
    fields = ("forecast", "forecast") if span == "full_year" else ("volume", "revenue")
    title = span_title(span, group.month)

    def volume(name: str) -> Callable[[Planned], Volume]:
        return lambda row: Volume(getattr(row.volume, name, None), row.unit)

    def revenue(name: str) -> Callable[[Planned], Cell]:
        return lambda row: money(getattr(row.revenue, name), context.currency)

    def against(which: str, name: str) -> Callable[[Planned], Cell]:
        index = {"budget": "budget_index", "last_year": "index"}[name]
        return lambda row: change(getattr(getattr(row, which), index, None) if name in row.alike else None)

    builder.table(
        title,
        [
            Column("product", _("Product"), lambda row: words(row.name), numeric=False),
            Column(fields[0], _("Volume"), volume("value")),
            Column("budget", _("Budget"), volume("budget")),
            Column("budget", _("against budget"), against("volume", "budget")),
            Column("last_year", _("against last year"), against("volume", "last_year")),
            Column(fields[1], _("Revenue"), revenue("value")),
            Column("budget", _("Budget"), revenue("budget")),
            Column("budget", _("against budget"), against("revenue", "budget")),
            Column("last_year", _("Last year"), revenue("last_year")),
            Column("last_year", _("against last year"), against("revenue", "last_year")),
        ],
        found,
        strong=lambda row: row.is_sum,
        note=". ".join(filter(None, [_span_words(first, last), *notes_told(builder, notes, group, [span])])),
        name=span,
    )


def _value(figure: KeyFigure | None) -> Decimal | None:
    return None if figure is None else figure.value


def added_up(rows: Sequence[Planned], group: PlannedMonth) -> tuple[list[Planned], Collection[str]]:
    """The rows with what is planned of them in too few months to compare, or of none of them, and with their
    total, which is their sum in money; and what is to be said of it: that some of the budget is of ``lines``
    (or is left out, ``torn``), that only ``some`` of what sold has one, so that it is not compared, or that
    there is one of ``others`` than the leading measure, what else it is not compared with, and that the
    full year is of some (``part``)."""
    found, first, budget = list(rows), rows[0].revenue, group.budget
    added = _sum(rows)
    planned = budget.over(first.first, first.last) if budget.of_lines else None
    notes = {"torn"} if group.torn else set[str]()
    if first.span == "full_year" and _is_part(rows, group):
        notes.add("part")
    covered = group.covered(first.span)
    if not covered.is_whole and (planned is not None or covered.planned):
        notes.add("some")
        added = replace(added, alike=added.alike - {"budget"})
    if planned is not None:
        notes.add("lines")
        if budget.others:
            notes.add("others")
        part = total(row.revenue.budget_part for row in rows) or Decimal(0)
        more = planned - (added.revenue.budget or 0) - part
        apart = {
            _("Budget of only some of the months"): part,
            _("Budget of none of these") if more > 0 else _("Products above the budget of their line"): more,
        }
        for name, amount in apart.items():
            if abs(amount) >= LEAST:
                alone = replace(first, value=None, last_year=None, budget=amount)
                found.append(Planned(name, _bare(alone)))
        is_whole = "some" not in notes and (
            first.span != "full_year" or all(row.revenue.value is not None for row in rows)
        )
        added = replace(
            added,
            revenue=replace(added.revenue, budget=planned),
            alike=added.alike | {"budget"} if is_whole else added.alike - {"budget"},
        )
    if len(found) == 1:
        return found, notes
    notes |= {name for name in COMPARED - added.alike if getattr(added.revenue, name) is not None}
    if "some" in notes:
        notes.discard("budget")  # it says why
    return [*found, added], notes


def _is_part(rows: Sequence[Planned], group: PlannedMonth) -> bool:
    """Whether the full year of some that sold this year is not known, while that of others is."""
    so_far = zip(rows, planned_rows(group, YEAR), strict=True)
    return any(row.revenue.value is None and year.revenue.value is not None for row, year in so_far)


def _sum(rows: Sequence[Planned]) -> Planned:
    """What is known of each, in money; compared only where all can be: what brought in nothing, and has
    nothing to stand beside, changes neither sum."""
    parts = [row.revenue for row in rows]
    sums: dict[str, Any] = {
        name: total(getattr(part, name) for part in parts) for name in ("value", *COMPARED)
    }
    alike = {
        name
        for name in COMPARED
        if all(part.value == 0 or (part.value is None) == (getattr(part, name) is None) for part in parts)
        and all(name in row.alike for row in rows)
    }
    whole = replace(_bare(parts[0]), **sums)
    return Planned(_("Total"), whole, alike=frozenset(alike), is_sum=True)


def _volume_sum(rows: Sequence[Planned], group: PlannedMonth) -> KeyFigure | None:
    """Of products that are all told, in one measure and unit: of each figure where every product has it, and
    of a budget where none is made for lines as wholes."""
    volumes = [row.volume for row in rows if row.volume is not None]
    kinds = {(row.overview.measure, row.unit) for row, _figures in group.rows}
    if len(kinds) != 1 or len(volumes) < len(rows):
        return None
    sums: dict[str, Any] = {}
    for name in ("value", *COMPARED):
        parts = [getattr(each, name) for each in volumes]
        is_known = None not in parts and not (name == "budget" and group.budget.of_lines)
        sums[name] = total(parts) if is_known else None
    return replace(_bare(volumes[0]), **sums)


def _bare(figure: KeyFigure) -> KeyFigure:
    """Without what does not add up, such as a band and averages."""
    return replace(figure, lo80=None, hi80=None, average=None, last_year_average=None, budget_part=None)


def notes_told(
    builder: Builder, notes: Collection[str], group: PlannedMonth, told: Collection[str]
) -> list[str]:
    """``told``: the spans that they are of; of which a budget is of some is said where it is not of each."""
    some = defaultdict[str, list[str]](list)
    for span in told:
        some[covered_words(group.covered(span))].append(span_title(span, group.month))
    some.pop("", None)
    covers = [words if len(of) == len(told) else f"{', '.join(of)}: {words}" for words, of in some.items()]
    said = {
        "lines": _("the budget of a line is its own row, else the sum of what is below it"),
        "others": others_words(group.budget.others) if "others" in notes else "",
        "some": "; ".join(covers),
        "torn": _("the budget of a line is left out where what is below it is known up to different months"),
        "part": _("the full year is not known of each product that sold this year: the total is without it"),
        "unknown": _("the full year is left out: it is not known of each product that sold this year"),
        "budget": _("the total is not compared with the budget: not each row has both"),
        "last_year": _("the total is not compared with last year: not each row has both"),
    }
    fields = {"part": "forecast", "unknown": "forecast", "last_year": "last_year"}
    return [
        words[0].upper() + words[1:]
        for key, words in said.items()
        if key in notes and builder.may(fields.get(key, "budget"))
    ]


def _span_words(first: datetime.date, last: datetime.date) -> str:
    if first == last:
        return ""
    return _("%(first)s to %(last)s") % {"first": formats.month(first), "last": formats.month(last)}
