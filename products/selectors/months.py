"""Which months count: the last complete month of the data, and months whose figures may still move."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Max, Q, QuerySet

from core.kept import kept_while_reading
from core.months import month_add, month_end, month_start, months_between
from core.organisation import organisation_get, today
from core.sql import rows_of
from products.models import Product, ProductFigures
from products.selectors.lines import LineTree, line_tree

# A later month with data shows that the one before was loaded whole; the last one must cover all its days
# or be closed. Judged for the line as a whole: a single product may have no sales on the last days.
_LOADED = """
    SELECT line_id, measure_id,
           max(month) FILTER (WHERE month < %(running)s
               AND (later IS NOT NULL OR month <= %(closed)s
                    OR days = (month + interval '1 month')::date - month)),
           min(month), max(days) FILTER (WHERE place = 1), max(later) FILTER (WHERE place = 1),
           max(later_days) FILTER (WHERE place = 1), max(month)
    FROM (
        SELECT p.line_id, s.measure_id, s.month, max(s.days) AS days, lead(s.month) OVER w AS later,
               lead(max(s.days)) OVER w AS later_days, row_number() OVER w AS place
        FROM products_productmonth s JOIN products_product p ON p.id = s.product_id
        WHERE %(lines)s::bigint[] IS NULL OR p.line_id = ANY(%(lines)s)
        GROUP BY p.line_id, s.measure_id, s.month
        WINDOW w AS (PARTITION BY p.line_id, s.measure_id ORDER BY s.month)
    ) loaded
    GROUP BY line_id, measure_id
"""

# Of months that end without sales: the days of the products that cover most of them. What all of a line sold
# by the day is too much to read.
_DAYS = """
    SELECT best.line_id, best.measure_id, array_agg(DISTINCT f.start_date)
    FROM (
        SELECT l.line_id, l.measure_id, l.month, s.product_id,
               row_number() OVER (
                   PARTITION BY l.line_id, l.measure_id ORDER BY s.days DESC, s.product_id
               ) AS place
        FROM unnest(%(lines)s::bigint[], %(measures)s::bigint[], %(months)s::date[])
             AS l(line_id, measure_id, month)
        JOIN products_product p USING (line_id)
        JOIN products_productmonth s
          ON s.product_id = p.id AND s.measure_id = l.measure_id AND s.month = l.month
    ) best
    JOIN products_salesfact f USING (product_id, measure_id)
    WHERE best.place <= %(products)s AND f.period = 'D' AND f.start_date >= best.month
          AND f.start_date < (best.month + interval '1 month')::date
    GROUP BY 1, 2
"""
DAYS_OFF, DAYS_SEEN, DAYS_OF = 2, 14, 20
"""At most so many days at the end of a month may be without sales, when so many were seen before, of so many
products together."""


class Loaded(NamedTuple):
    """What is loaded of a line and measure: its last complete month, its first month and the one after it
    that has data, of how many days those know, and the newest month with data, however few of its days."""

    complete: datetime.date | None
    first: datetime.date
    days: int
    later: datetime.date | None
    later_days: int | None
    newest: datetime.date


def complete_months(
    *, line_ids: Iterable[int] | None = None, as_of: datetime.date | None = None
) -> dict[tuple[int, int], datetime.date]:
    """The last complete month by line and measure, of all lines or these. Lines without data are missing.

    The running month is not complete, nor is a last month that days or weeks cover only in part; days of the
    week on which nothing is sold are no gap at its end. ``as_of`` looks at the data as if that month were the
    last complete one the calendar allows.
    """
    loaded = months_loaded(line_ids=line_ids, as_of=as_of)
    return {key: found.complete for key, found in loaded.items() if found.complete}


def months_loaded(
    *, line_ids: Iterable[int] | None = None, as_of: datetime.date | None = None
) -> dict[tuple[int, int], Loaded]:
    """What is loaded by line and measure, which reads the months of all their products; as
    :func:`complete_months`."""
    running = month_start(today()) if as_of is None else month_add(month_start(as_of), 1)
    lines = None if line_ids is None else tuple(line_ids)
    return _months_loaded(lines, running, organisation_get().closed_until)


@kept_while_reading
def _months_loaded(
    lines: tuple[int, ...] | None, running: datetime.date, closed: datetime.date | None
) -> dict[tuple[int, int], Loaded]:
    params = {"lines": None if lines is None else list(lines), "running": running, "closed": closed}
    loaded = {(line, measure): Loaded(*found) for line, measure, *found in rows_of(_LOADED, params)}
    last = {key: found.newest for key, found in loaded.items() if found.newest < running}
    open_ones = {key: month for key, month in last.items() if loaded[key].complete != month}
    if open_ones:
        keys = {"lines": [key[0] for key in open_ones], "measures": [key[1] for key in open_ones]}
        asked = keys | {"months": list(open_ones.values()), "products": DAYS_OF}
        for line, measure, days in rows_of(_DAYS, asked):
            if _ends_off(days):
                loaded[line, measure] = loaded[line, measure]._replace(complete=open_ones[line, measure])
    return loaded


def _ends_off(days: Sequence[datetime.date]) -> bool:
    """Whether a month that these days cover ends with days of the week on which nothing is sold in it."""
    first, last = min(days), max(days)
    rest = [last + datetime.timedelta(n) for n in range(1, month_end(last).day - last.day + 1)]
    seen = {day.weekday() for day in days}
    is_told = len(rest) <= DAYS_OFF and (last - first).days >= DAYS_SEEN
    return is_told and not any(day.weekday() in seen for day in rest)


@kept_while_reading
def complete_month(line_id: int, measure_id: int) -> datetime.date | None:
    """The last complete month of a line and measure, for a page: what the list shows, which every import and
    night keep right, at the cost of one row; computed where the list does not show the measure."""
    shown = ProductFigures.objects.filter(
        product__line=line_id, measure=measure_id, data_month__isnull=False
    ).values_list("data_month", flat=True)[:1]
    return next(iter(shown), None) or complete_months(line_ids=[line_id]).get((line_id, measure_id))


def product_complete_month(product: Product, measure_id: int) -> datetime.date | None:
    """:func:`complete_month` of the product's line; no query where the product's own figures say it."""
    figures: ProductFigures | None = getattr(product, "figures", None)
    if figures is not None and figures.measure_id == measure_id and figures.data_month is not None:
        return figures.data_month
    return complete_month(product.line_id, measure_id)


def products_complete_month(products: Iterable[Product]) -> datetime.date | None:
    """The last month that the sales are whole of for every product still sold: of lines that close at
    different months the earliest. Left out are products that ended (where others did not), and those whose
    line has had nothing whole for a year beside the newest."""
    tree, day = line_tree(), today()
    found = [
        (product.status_on(day) == Product.Status.ENDED, month)
        for product in products
        if (month := product_complete_month(product, tree.lead_measure(product.line_id).pk))
    ]
    months = [month for ended, month in found if not ended] or [month for _ended, month in found]
    newest = max(months, default=None)
    return min((month for month in months if newest and not is_long_before(month, newest)), default=None)


def months_shown(last: datetime.date) -> QuerySet[Any, tuple[int, int, datetime.date]]:
    """Of lines with products still sold in ``last``: line, measure and last complete month, as the list
    shows them."""
    sold = Product.objects.filter(_still_sold(last), figures__data_month__isnull=False).order_by()
    return sold.values_list("line", "figures__measure").annotate(Max("figures__data_month"))


@kept_while_reading
def lines_behind(last: datetime.date) -> dict[int, datetime.date]:
    """By line with products still sold: the last complete month of its leading measure, where that is before
    ``last``; lines that had nothing whole for a year are not in it. What is closed is known, also where
    nothing was sold. As :func:`complete_month`, in one query; where the list shows nothing yet it is
    computed."""
    return behind_of({(line, measure): month for line, measure, month in months_shown(last)}, last)


def behind_of(
    shown: Mapping[tuple[int, int], datetime.date], last: datetime.date
) -> dict[int, datetime.date]:
    """The same of ``shown``, the months by line and measure that were read already."""
    tree = line_tree()
    if not shown:
        sold = Product.objects.filter(_still_sold(last)).order_by()
        shown = complete_months(line_ids=sorted(set(sold.values_list("line", flat=True))))
    closed = min(organisation_get().closed_until or datetime.date.min, last)
    found = {
        line: max(month, closed)
        for (line, measure), month in shown.items()
        if measure == tree.lead_measure(line).pk and not is_long_before(month, last)
    }
    return {line: month for line, month in found.items() if month < last}


def _still_sold(last: datetime.date) -> Q:
    return Q(ended=None) | Q(ended__gte=last)


def still_sold(product: Product, last: datetime.date) -> bool:
    """Whether the product had not ended before ``last``."""
    return product.ended is None or product.ended >= last


def whole_until(product: Product, last: datetime.date, behind: Mapping[int, datetime.date]) -> datetime.date:
    """The last month up to ``last`` that the product's sales are known of; ``behind``: as
    :func:`lines_behind`. What ended by then sells nothing more."""
    month = behind.get(product.line_id, last)
    return last if product.ended and product.ended <= month_end(month) else month


def is_long_before(month: datetime.date, newest: datetime.date) -> bool:
    """Whether a line that ends there has had nothing whole for a year beside the newest."""
    return months_between(month, newest) >= 12


def provisional(month: datetime.date, final_after_months: int | None, as_of: datetime.date) -> bool:
    """Whether the figures of a month may still move in the month ``as_of`` lies in: with 2, those of the two
    months before it and of later ones."""
    return months_between(month, as_of) <= (final_after_months or 0)


def first_provisional_month(tree: LineTree, line_id: int, as_of: datetime.date) -> datetime.date:
    """The first month of a line whose figures may still move; at the latest the running one."""
    months = tree.inherited(line_id, "final_after_months").value or 0
    return month_add(month_start(as_of), -int(months))
