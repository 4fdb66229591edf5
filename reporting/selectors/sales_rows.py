"""The rows of sales that gross sales, deductions and net sales of a margin are the sum of."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import connection

from core.months import month_add, month_start
from pricing.selectors.costs import RIGHT
from pricing.selectors.sold_cents import sold_in_cents, sold_said
from products.models import Channel, Product, SalesFact
from products.selectors.access import visible_channel_ids
from products.selectors.units import unit_of

from .margin_report import leading, months_of, products_asked
from .report_names import Name, product_name
from .report_query import ReportQuery

# A row is a product's month in a channel.
_OWN = """
    SELECT * FROM ({cents}) booked
    WHERE %(channels)s::bigint[] IS NULL OR channel_id = ANY(%(channels)s::bigint[])
"""
_SUMS = "SELECT count(*), coalesce(sum(gross_cents), 0), coalesce(sum(off_cents), 0) FROM ({own}) own"
_ROWS = """
    SELECT product_id, month, channel_id, measure_id, units, gross_cents, off_cents FROM ({own}) own
    ORDER BY nth, month, channel_id LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True)
class SalesRow:
    """A product's month in one channel: ``units`` sold (of a level: contracts, on average), gross and net
    sales in cents; ``imports``: the ids of the files that it came in."""

    product: Name
    month: datetime.date
    channel: Name
    unit: str
    units: Decimal | None
    gross: Decimal
    net: Decimal
    imports: tuple[int, ...] = ()

    @property
    def deductions(self) -> Decimal:
        return self.net - self.gross


class SalesRows:
    """By product as the report calls it, month and channel, within a person's sight; who sees only some
    channels gets what was sold there. The sums are, to the cent, those of the margin report of the query."""

    def __init__(self, user: Any, query: ReportQuery) -> None:
        self._query = query
        products = products_asked(user, query) if user.has_perm(RIGHT) else {}
        self._products = dict(sorted(products.items(), key=lambda each: (each[1].name.lower(), each[0])))
        [span] = query.spans(query.period, query.of)
        self._said = sold_said(leading(query, self._products), months_of([span])) | {
            "channels": _channels(user, query)
        }

    @cached_property
    def _sums(self) -> tuple[int, Decimal, Decimal]:
        with connection.cursor() as cursor:
            cursor.execute(_written(_SUMS), self._said)
            count, gross, off = cursor.fetchone()
        return int(count), gross, off

    @property
    def count(self) -> int:
        return self._sums[0]

    @property
    def gross(self) -> Decimal:
        return self._sums[1]

    @property
    def deductions(self) -> Decimal:
        return -self._sums[2]

    @property
    def net(self) -> Decimal:
        return self.gross + self.deductions

    def part(self, begin: int, end: int) -> list[SalesRow]:
        """From one place to another, with the files they came in. Three queries at most."""
        rows = list(self._read({"limit": end - begin, "offset": begin}))
        files = _imports(rows)
        return list(self._named(rows, files))

    def all(self) -> Iterator[SalesRow]:
        """Without the files they came in."""
        return self._named(list(self._read({"limit": None, "offset": 0})), {})

    def _read(self, part: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(_written(_ROWS), self._said | part)
            return cursor.fetchall()

    def _named(
        self, rows: list[tuple[Any, ...]], files: Mapping[tuple[Any, ...], set[int]]
    ) -> Iterator[SalesRow]:
        called = self._query.called
        channels = called.names("channel", Channel.objects.all(), {row[2] for row in rows})
        for product_id, month, channel_id, measure_id, units, gross, off in rows:
            product: Product = self._products[product_id]
            yield SalesRow(
                product_name(product),
                month,
                Name(*channels.get(channel_id, ("", ""))),
                unit_of(called.tree, product, called.tree.lead_measure(product.line_id)),
                units,
                gross,
                gross - off,
                tuple(sorted(files.get((product_id, measure_id, channel_id, month), ()))),
            )


def _written(sql: str) -> str:
    return sql.format(own=_OWN.format(cents=sold_in_cents()))


def _channels(user: Any, query: ReportQuery) -> list[int] | None:
    """``None``: all."""
    own, asked = visible_channel_ids(user), query.filters.get("channel")
    found = None if asked is None else query.called.channels_below(asked)
    if own is None or found is None:
        return found if own is None else list(own)
    return [pk for pk in found if pk in own]


def _imports(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], set[int]]:
    """By product, measure, channel and month the files of its facts; a week counts in both its months."""
    keys = {(row[0], row[3], row[2], row[1]) for row in rows}
    found: dict[tuple[Any, ...], set[int]] = {key: set() for key in keys}
    if not keys:
        return found
    products, measures, channels, months = (set(column) for column in zip(*keys, strict=True))
    facts = SalesFact.objects.filter(
        product__in=products,
        measure__in=measures,
        channel__in=channels,
        start_date__gte=min(months) - datetime.timedelta(days=6),
        start_date__lt=month_add(max(months), 1),
        source_import__isnull=False,
    )
    names = ("product_id", "measure_id", "channel_id", "start_date", "period", "source_import_id")
    for *key, start, period, source in facts.order_by().values_list(*names):
        last = start + datetime.timedelta(days=6) if period == "W" else start
        for month in {month_start(start), month_start(last)}:
            if (*key, month) in found:
                found[*key, month].add(source)
    return found
