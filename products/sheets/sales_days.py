"""Days that daily sales skip: what is missing in the middle of a month counts as little sold."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from core.months import month_start
from exchange.models import Import
from products.selectors.access import visible_line_ids
from products.selectors.lines import line_tree

# The products of each line with most days in the file and the months before it tell when it sells, with what
# is there of the weeks before the file.
PRODUCTS, DAYS_BEFORE = 5, 45
# Fewer days in a row are holidays; less than this many days tell nothing, nor does a day of the week on which
# mostly nothing is sold.
LEAST, SEEN, USUAL = 3, 28, 0.5

_FILE = "SELECT min(first), max(last) FROM sheet_sums WHERE period = 'D'"

_TOLD = """
    SELECT line_id, product_id FROM (
        SELECT p.line_id, s.product_id, row_number() OVER (
                   PARTITION BY p.line_id ORDER BY s.days + coalesce(known.days, 0) DESC, s.product_id
               ) AS place
        FROM (
            SELECT product_id, least(sum(rows), max(last) - min(first) + 1) AS days
            FROM sheet_sums WHERE period = 'D' GROUP BY 1
        ) s
        LEFT JOIN products_product p ON p.id = s.product_id
        CROSS JOIN LATERAL (
            SELECT sum(days) AS days FROM products_productmonth
            WHERE product_id = s.product_id AND month BETWEEN %(month)s AND %(last)s
        ) known
    ) ranked
    WHERE place <= %(products)s
"""

# By product, not by line: joined with the products, the rows of the file are read once for each.
_DAYS = """
    SELECT product_id, array_agg(DISTINCT start_date) FROM sheet_sales
    WHERE period = 'D' AND product_id = ANY(%(products)s) GROUP BY 1
    UNION ALL
    SELECT product_id, array_agg(DISTINCT start_date) FROM products_salesfact
    WHERE period = 'D' AND product_id = ANY(%(products)s) AND start_date BETWEEN %(since)s AND %(last)s
    GROUP BY 1
"""


class Skipped(NamedTuple):
    """So many ``days`` on which a line usually sells, without sales."""

    days: int
    first: datetime.date
    last: datetime.date


def days_noted(cursor: Any) -> dict[str, str]:
    """Of the rows in ``sheet_sales``: the longest time that a line's days skip in the file or just before it,
    and how many others there are; empty where none is. Of products that the file creates there is no line."""
    cursor.execute(_FILE)
    begin, last = cursor.fetchone()
    if begin is None:
        return {}
    since = begin - datetime.timedelta(DAYS_BEFORE)
    cursor.execute(_TOLD, {"products": PRODUCTS, "month": month_start(since), "last": last})
    line_of = {product_id: line_id for line_id, product_id in cursor.fetchall()}
    by_line: dict[int | None, set[datetime.date]] = defaultdict(set)
    cursor.execute(_DAYS, {"products": list(line_of), "since": since, "last": last})
    for product_id, days in cursor.fetchall():
        by_line[line_of[product_id]].update(days)
    found = [(each, line_id) for line_id, days in by_line.items() for each in days_skipped(days, begin)]
    if not found:
        return {}
    (skipped, first, last), line_id = max(found, key=lambda one: (one[0].days, one[0].last))
    return {
        "days_skipped": str(skipped),
        "skipped_from": str(first),
        "skipped_to": str(last),
        "skipped_line": str(line_id or ""),
        "skipped_others": str(len(found) - 1),
    }


def days_skipped(days: Collection[datetime.date], begin: datetime.date) -> Iterator[Skipped]:
    """The times between the first and the last of the days that skip three or more of those days of the week
    that are usually among them, and that a day from ``begin`` on ends."""
    first, last = min(days), max(days)
    if (last - first).days < SEEN:
        return
    known = set(days)
    span = [first + datetime.timedelta(n) for n in range((last - first).days + 1)]
    often, seen = Counter(day.weekday() for day in span), Counter(day.weekday() for day in known)
    missing: list[datetime.date] = []
    for day in span:
        if day in known:
            if len(missing) >= LEAST and day >= begin:
                yield Skipped(len(missing), missing[0], missing[-1])
            missing = []
        elif seen[day.weekday()] > USUAL * often[day.weekday()]:
            missing.append(day)


def days_panel(user: Any, row: Import) -> Mapping[str, Any] | None:
    """What an import of sales noted of it, for its page."""
    noted = (row.counts or {}).get("noted", {})
    if row.sheet != "sales" or row.state == Import.State.UNDONE or "days_skipped" not in noted:
        return None
    line, visible = int(noted["skipped_line"] or 0), visible_line_ids(user)
    return {
        "days": int(noted["days_skipped"]),
        "first": datetime.date.fromisoformat(noted["skipped_from"]),
        "last": datetime.date.fromisoformat(noted["skipped_to"]),
        "line": line_tree().lines.get(line) if visible is None or line in visible else None,
        "others": int(noted["skipped_others"]),
    }
