"""Late data, failures: what concerns the whole run, grouped so that one cause is one alert."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import Candidate
from core.months import month_add, month_start
from core.sql import rows_of
from forecasting.models import NightlyFailure, NightlyRun
from products.models import Channel, Product, ProductFigures
from products.selectors.months import first_provisional_month

from .thresholds import thresholds_of

# A product that lacks months: its id, what its last month brought in, and which month that was.
_Missing = tuple[int, Decimal, datetime.date]
# Sold in each of so many months before they stopped: a regular seller, whose missing months are news.
REGULAR_MONTHS = 3
# A channel or product that has been silent for longer than this is no longer waited for; a line always is.
SILENT_MONTHS = 6
# So much of what a channel usually sells must be missing before the channel itself is late.
CHANNEL_SHARE = 0.5
NAMES = 3

# Who sold in each of the three months up to the last one with data (of those who have the late month: before
# it), with that last month and what it brought in.
_REGULAR = """
    SELECT {key}, bool_or(month = %(late)s) AS there, max(last) AS last,
           sum(revenue) FILTER (WHERE month = last) AS revenue
    FROM (
        SELECT {key}, month, sum(revenue) AS revenue,
               least(max(month) OVER (PARTITION BY {key}), %(before)s::date) AS last
        FROM {table} WHERE month BETWEEN %(first)s AND %(late)s GROUP BY {key}, month
    ) seen
    GROUP BY {key}
    HAVING count(*) FILTER (WHERE month <= last AND month > last - make_interval(months => %(regular)s))
           = %(regular)s
"""

# One row a line and channel: how many regular (product, channel) pairs, how many of them lack the month, what
# those brought in last, how many products that is, and the last month they had.
_PAIRS = f"""
    SELECT p.line_id, s.channel_id, count(*), count(*) FILTER (WHERE NOT there),
           coalesce(sum(s.revenue) FILTER (WHERE NOT there), 0),
           count(DISTINCT s.product_id) FILTER (WHERE NOT there), max(last) FILTER (WHERE NOT there)
    FROM ({_REGULAR.format(key="product_id, channel_id", table="products_salesmonth")}) s
    JOIN products_product p ON p.id = s.product_id
    WHERE p.ended IS NULL OR p.ended >= %(late)s
    GROUP BY p.line_id, s.channel_id
"""  # noqa: S608

# Products that sold regularly through any channel and lack the month in all of them.
_PRODUCTS = f"""
    SELECT p.line_id, p.id, s.revenue, s.last
    FROM ({_REGULAR.format(key="product_id", table="products_productmonth")}) s
    JOIN products_product p ON p.id = s.product_id
    WHERE NOT s.there AND (p.ended IS NULL OR p.ended >= %(late)s)
    ORDER BY s.revenue DESC NULLS LAST, p.id
"""  # noqa: S608

# Lines that nobody has sent anything of for so long that no product counts as regular any more.
_OLD_LINES = """
    SELECT p.line_id, m.product_id, m.revenue, m.month
    FROM (
        SELECT q.line_id, max(s.month) AS last
        FROM products_productmonth s JOIN products_product q ON q.id = s.product_id
        WHERE q.line_id NOT IN (
            SELECT r.line_id FROM products_productmonth n JOIN products_product r ON r.id = n.product_id
            WHERE n.month >= %(silent)s)
        GROUP BY q.line_id
    ) line
    JOIN products_product p ON p.line_id = line.line_id AND (p.ended IS NULL OR p.ended >= %(late)s)
    JOIN LATERAL (
        SELECT product_id, month, sum(revenue) AS revenue FROM products_productmonth
        WHERE product_id = p.id AND month = line.last GROUP BY 1, 2
    ) m ON true
    ORDER BY m.revenue DESC NULLS LAST, p.id
"""


def half_data(
    run: NightlyRun, half: Mapping[tuple[int, int], datetime.date], recipients: Recipients
) -> list[Candidate]:
    """The lines of which the last month was loaded ``half``, of those where it would have counted."""
    months: dict[int, datetime.date] = {}
    for (line_id, _measure), month in sorted(half.items()):
        if month < first_provisional_month(recipients.tree, line_id, run.local_date):
            months[line_id] = max(month, months.get(line_id, month))
    return [
        Candidate(
            subject=f"line:{line_id}",
            fingerprint=str(month),
            stake_amount=None,
            evidence={"month": str(month)},
            line_id=line_id,
            recipient_id=recipients.of("half", line_id),
        )
        for line_id, month in months.items()
    ]


def late_data(run: NightlyRun, recipients: Recipients, half: Collection[Candidate]) -> list[Candidate]:
    """The months up to the last of the calendar that have not come in: of a whole line, of a channel, or of
    single products that others of their line have. From the day on that the line says. Products that lack
    only the month that the line has ``half`` are told with the line."""
    late = month_add(month_start(run.local_date), -1)
    tree = recipients.tree
    told = {candidate.line_id for candidate in half if candidate.fingerprint == str(late)}
    due = {pk for pk in tree.lines if run.local_date.day >= thresholds_of(tree, pk).late_day}
    if not due:
        return []
    before = month_add(late, -1)
    params = {
        "late": late,
        "before": before,
        "first": month_add(late, -SILENT_MONTHS - REGULAR_MONTHS + 1),
        "silent": month_add(late, -SILENT_MONTHS),
        "regular": REGULAR_MONTHS,
    }
    pairs = [row for row in rows_of(_PAIRS, params) if row[0] in due]
    missing = [row for row in rows_of(_PRODUCTS, params) if row[0] in due]
    found: list[Candidate] = []
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for line_id, _channel, regular, lacking, *_rest in pairs:
        counted[line_id][0] += regular
        counted[line_id][1] += lacking
    whole = {line_id for line_id, (regular, lacking) in counted.items() if regular == lacking}
    products: dict[int, list[_Missing]] = defaultdict(list)
    for line_id, product_id, revenue, last in missing:
        products[line_id].append((product_id, revenue or Decimal(0), last))
    for line_id, product_id, revenue, last in rows_of(_OLD_LINES, params):
        if line_id in due:
            whole.add(line_id)
            products[line_id].append((product_id, revenue or Decimal(0), last))
    for line_id in sorted(whole):
        rows = products[line_id]
        if rows:
            to = recipients.of("late", line_id)
            found.append(_candidate(late, f"line:{line_id}", "line", rows, line_id, to))
    found += _channels(late, [row for row in pairs if row[0] not in whole], recipients)
    silent = {row[1] for row in pairs if row[0] not in whole and row[3] >= CHANNEL_SHARE * row[2]}
    in_silent = _only_through(silent, params) if silent else set()
    for line_id in sorted(set(products) - whole):
        rows = [row for row in products[line_id] if row[0] not in in_silent]
        if line_id in told:
            rows = [row for row in rows if row[2] < before]
        if rows:
            subject, to = f"line:{line_id}:products", recipients.of("late", line_id)
            found.append(_candidate(late, subject, "products", rows, line_id, to))
    return found


def _since(late: datetime.date, last: datetime.date) -> dict[str, str]:
    """The first month that is missing, which is what the alert is about while it lasts, and the last one."""
    return {"month": str(month_add(last, 1)), "until": str(late)}


def _channels(late: datetime.date, pairs: list[tuple[Any, ...]], recipients: Recipients) -> list[Candidate]:
    """Channels of which half or more is missing, over all lines."""
    regular: dict[int, int] = defaultdict(int)
    lacking: dict[int, int] = defaultdict(int)
    revenue: dict[int, Decimal] = defaultdict(Decimal)
    count: dict[int, int] = defaultdict(int)
    lines: dict[int, set[int]] = defaultdict(set)
    last: dict[int, datetime.date] = {}
    for line_id, channel, pair_count, without, amount, products, newest in pairs:
        regular[channel] += pair_count
        lacking[channel] += without
        if without:
            revenue[channel] += amount
            count[channel] += products
            lines[channel].add(line_id)
            last[channel] = max(newest, last.get(channel, newest))
    late_ones = [c for c in sorted(regular) if lacking[c] and lacking[c] >= CHANNEL_SHARE * regular[c]]
    names = dict(Channel.objects.filter(pk__in=late_ones).values_list("pk", "name"))
    return [
        Candidate(
            subject=f"channel:{channel}",
            fingerprint=_since(late, last[channel])["month"],
            stake_amount=revenue[channel],
            evidence={
                "what": "channel",
                **_since(late, last[channel]),
                "count": count[channel],
                "channel": channel,
                "name": names.get(channel, ""),
            },
            line_id=next(iter(lines[channel])) if len(lines[channel]) == 1 else None,
            recipient_id=recipients.of_lines("late", lines[channel]),
        )
        for channel in late_ones
    ]


def _only_through(channels: set[int], params: dict[str, Any]) -> set[int]:
    """The products whose sales before the late month came through these channels only."""
    sql = (
        "SELECT product_id FROM products_salesmonth WHERE month BETWEEN %(first)s AND %(before)s"
        " GROUP BY product_id HAVING bool_and(channel_id = ANY(%(channels)s))"
    )
    return {row[0] for row in rows_of(sql, params | {"channels": list(channels)})}


def _candidate(
    late: datetime.date,
    subject: str,
    what: str,
    rows: list[_Missing],
    line_id: int,
    recipient: int | None,
) -> Candidate:
    names = dict(Product.objects.filter(pk__in=[row[0] for row in rows[:NAMES]]).values_list("pk", "name"))
    since = _since(late, max(last for _pk, _revenue, last in rows))
    return Candidate(
        subject=subject,
        fingerprint=since["month"],
        stake_amount=sum((revenue for _pk, revenue, _last in rows), Decimal(0)),
        evidence={
            "what": what,
            **since,
            "count": len(rows),
            "names": [names[row[0]] for row in rows[:NAMES] if row[0] in names],
        },
        line_id=line_id,
        recipient_id=recipient,
    )


def failures(run: NightlyRun, recipients: Recipients) -> list[Candidate]:
    """What this run could not compute, each product and family once, whatever the number of its steps."""
    rows = NightlyFailure.objects.filter(run=run).select_related("product", "family").order_by("pk")
    revenue = dict(
        ProductFigures.objects.filter(
            product__in=[row.product_id for row in rows if row.product_id]
        ).values_list("product_id", "revenue_12m")
    )
    found: dict[str, Candidate] = {}
    for row in rows:
        if row.product is None and row.family is None:
            continue
        product, family = row.product, row.family
        subject = f"product:{product.pk}" if product else f"family:{row.family_id}"
        if subject in found:
            continue
        line_id = product.line_id if product else family.line_id  # type: ignore[union-attr]
        found[subject] = Candidate(
            subject=subject,
            fingerprint=f"{row.step}:{row.code}"[:80],
            stake_amount=revenue.get(row.product_id or 0) or Decimal(0),
            evidence={
                "step": row.step,
                "code": row.code,
                "params": {k: v for k, v in row.params.items() if isinstance(v, str | int | float)},
                "run": run.pk,
                "family": "" if product else str(family),
            },
            product_id=row.product_id,
            line_id=None if product else line_id,
            recipient_id=recipients.of("failed", line_id, product.owner_id if product else None),
        )
    return list(found.values())
