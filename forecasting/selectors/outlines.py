"""What makes a product's series, without reading its months: enough to tell whether a night has to read them.

The database hashes a product's figures and counts those that count; with the facts that say which do, that
is all there is to most series. Others are shaped by rows of other products, or by what people said of
figures: those have no outline and have to be read.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from core.arrays import array_text
from core.sql import rows_of

from .decisions import decisions_of
from .series import BORROWS_SEASON, ProductFacts, SeriesLoader, SubjectSeries, product_facts
from .successions import Successions
from .week_series import by_the_week

Bounds = tuple[datetime.date, datetime.date, datetime.date]


@dataclass(frozen=True)
class Outline:
    """A series but for its figures: whether there are any, and from which month on they would count; of one
    that was read ``None``."""

    series: SubjectSeries
    has_data: bool
    first: datetime.date | None = None


@dataclass(frozen=True)
class Outlines:
    """By product its series' outlines, where it has them; of every product with figures up to the run's month
    a sign, that changes with any month's volume or revenue."""

    of: Mapping[int, list[Outline]]
    signs: Mapping[int, str]


def outlines(loader: SeriesLoader, product_ids: Collection[int]) -> Outlines:
    """In a few queries, whatever their number."""
    products = product_facts(product_ids)
    lines = {row.line_id for row in products.values()}
    measures = {line: loader.measures_of(line) for line in lines}
    bounds = {(line, m.pk): loader.bounds(line, m.pk) for line in lines for m, _leads in measures[line]}
    signs, counts = _figures(product_ids, loader.run.as_of, bounds)
    chain = Successions()
    judged = {product_id for product_id, _family, _measure in decisions_of(product_ids, ())}
    weekly = by_the_week(loader.tree, lines)

    @cache
    def like(product: ProductFacts, measure_id: int) -> SubjectSeries:
        measure, leads = next(row for row in measures[product.line_id] if row[0].pk == measure_id)
        return loader.of_product(product, measure, leads, {}, chain)

    def of(product: ProductFacts) -> list[Outline]:
        found = []
        for measure, _leads in measures[product.line_id]:
            months = counts.get((product.pk, measure.pk), 0)
            if months in BORROWS_SEASON:
                return []
            # Nothing else of a product is in a series without figures.
            series = like(product._replace(pk=0), measure.pk).alike(product.pk)
            found.append(Outline(series, months > 0, bounds[product.line_id, measure.pk][0]))
        return found

    read = judged | chain.concerned() | {row.pk for row in products.values() if row.line_id in weekly}
    found = {pk: of(product) for pk, product in products.items() if pk not in read}
    return Outlines({pk: own for pk, own in found.items() if own}, signs)


def _figures(
    product_ids: Collection[int], until: datetime.date, bounds: Mapping[tuple[int, int], Bounds]
) -> tuple[dict[int, str], dict[tuple[int, int], int]]:
    """The products' signs, and by product and measure how many months count."""
    wanted = [(line, measure, first, last) for (line, measure), (first, _, last) in sorted(bounds.items())]
    signs: dict[int, str] = {}
    counts = {}
    rows = rows_of(
        "SELECT s.product_id, s.measure_id,"
        " sum(hash_record_extended(row(s.measure_id, s.month, s.volume, s.revenue), 0))::text,"
        " count(s.volume) FILTER (WHERE s.month BETWEEN b.first AND b.last)"
        " FROM products_productmonth s JOIN products_product p ON p.id = s.product_id"
        " LEFT JOIN unnest(%s::bigint[], %s::bigint[], %s::date[], %s::date[])"
        "  AS b(line_id, measure_id, first, last)"
        " ON b.line_id = p.line_id AND b.measure_id = s.measure_id"
        " WHERE s.product_id = ANY(%s) AND s.month <= %s GROUP BY 1, 2 ORDER BY 1, 2",
        [*([row[place] for row in wanted] for place in range(4)), array_text(product_ids), until],
    )
    for product_id, measure_id, sign, count in rows:
        signs[product_id] = f"{signs.get(product_id, '')} {sign}"
        counts[product_id, measure_id] = count
    return signs, counts
