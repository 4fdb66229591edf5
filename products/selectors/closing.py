"""Which months are closed, and what is known of those that are not."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.months import month_add, month_start, parse_month
from core.organisation import organisation_get, today
from core.sql import rows_of
from products.models import Correction, MonthClosing
from products.selectors.access import is_limited, visible_line_ids
from products.selectors.lines import line_tree
from products.selectors.months import first_provisional_month

CLOSE = "products.close_months"


def closed_until() -> datetime.date | None:
    """The last closed month."""
    return organisation_get().closed_until


def open_from() -> datetime.date | None:
    """The first day whose figures are not fixed; ``None``: nothing is closed yet."""
    closed = closed_until()
    return None if closed is None else month_add(closed, 1)


def is_closed(day: datetime.date) -> bool:
    begin = open_from()
    return begin is not None and day < begin


def may_correct(user: Any) -> bool:
    """``None`` is the shell, which may write everything."""
    return user is None or (user.has_perm(CLOSE) and not is_limited(user))


@dataclass(frozen=True)
class Corrected:
    """A closed month of which something was corrected: of which products, and which cost lines that are
    split."""

    correction: int
    month: datetime.date
    products: frozenset[int]
    cost_lines: frozenset[int]


def months_corrected(*what: str) -> list[Corrected]:
    """The closed months of which something of this was corrected, oldest first. One query."""
    changes = Correction.objects.order_by("pk").values_list("pk", "changes")
    return [
        Corrected(
            pk,
            parse_month(each["month"]),
            frozenset(each.get("products", ())),
            frozenset(each.get("cost_lines", ())),
        )
        for pk, some in changes
        for each in some
        if each["what"] in what
    ]


@dataclass(frozen=True)
class MonthSales:
    """The products with sales in a month, those of them whose figures may still move, and those that had
    sales in the three months before and none in this one, though they had not ended."""

    month: datetime.date
    products: int = 0
    provisional: Sequence[int] = ()
    missing: Sequence[int] = ()
    closing: MonthClosing | None = None
    """Closed with this one, or with a later month."""
    is_closed: bool = False


_STATE = """
    WITH sold AS (
        SELECT DISTINCT s.product_id, s.month, p.line_id
        FROM products_productmonth s JOIN products_product p ON p.id = s.product_id
        WHERE s.month BETWEEN %(first)s AND %(last)s AND (%(lines)s::bigint[] IS NULL OR p.line_id = ANY(%(lines)s))
    ), wanted AS (SELECT unnest(%(months)s::date[]) AS month)
    SELECT w.month, s.line_id, 0, array_agg(s.product_id ORDER BY s.product_id)
    FROM wanted w JOIN sold s ON s.month = w.month GROUP BY 1, 2
    UNION ALL
    SELECT w.month, 0, 1, array_agg(DISTINCT s.product_id)
    FROM wanted w JOIN sold s ON s.month < w.month AND s.month >= w.month - interval '3 months'
    JOIN products_product p ON p.id = s.product_id AND (p.ended IS NULL OR p.ended >= w.month)
    WHERE NOT EXISTS (SELECT FROM sold n WHERE n.product_id = s.product_id AND n.month = w.month)
    GROUP BY 1
"""  # noqa: E501


def months_sales(user: Any, months: Sequence[datetime.date]) -> list[MonthSales]:
    """What is known of months, in their order; of the products a person may see, of all with ``None``. Three
    queries at most."""
    if not months:
        return []
    lines = None if user is None else visible_line_ids(user)
    params: dict[str, Any] = {
        "months": list(months),
        "first": month_add(min(months), -3),
        "last": max(months),
        "lines": None if lines is None else list(lines),
    }
    found = rows_of(_STATE, params)
    tree, day = line_tree(), today()
    counts: dict[datetime.date, int] = {}
    provisional: dict[datetime.date, list[int]] = {}
    missing: dict[datetime.date, list[int]] = {}
    for month, line, is_missing, products in found:
        if is_missing:
            missing[month] = products
            continue
        counts[month] = counts.get(month, 0) + len(products)
        if month >= first_provisional_month(tree, line, day):
            provisional.setdefault(month, []).extend(products)
    closings = list(MonthClosing.objects.filter(month__gte=min(months)).select_related("closed_by"))
    return [
        MonthSales(
            month,
            counts.get(month, 0),
            sorted(provisional.get(month, ())),
            missing.get(month, ()),
            min(
                (each for each in closings if each.month >= month), key=lambda each: each.month, default=None
            ),
            is_closed(month),
        )
        for month in months
    ]


def months_over(count: int) -> list[datetime.date]:
    """The last months that are over, newest first."""
    running = month_start(today())
    return [month_add(running, -back) for back in range(1, count + 1)]
