"""What the night computes from: one monthly series per product or family and measure, over all channels.

These selectors feed the night, which sees every product; they take no person.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from django.db.models import Q

from core.arrays import array_text
from core.lookups import many
from core.months import month_add, month_end
from core.sql import rows_of
from forecasting.models import Forecast, LaunchPlan, NightlyRun
from products.models import Family, FamilyMember, Measure, Product
from products.selectors.family import stays_of
from products.selectors.lines import LineTree
from products.selectors.months import Loaded, months_loaded

from .decisions import decisions_of
from .family_series import family_series
from .half_loads import half_loaded
from .subject_series import Months, SubjectSeries, months_in_row
from .successions import Successions
from .week_series import with_weeks

__all__ = ["SeriesLoader", "Span", "SubjectSeries", "data_span", "subjects_of_run"]

# A first month that lacks this share of the days that the next one covers was only partly loaded.
PARTLY = 0.15
# Histories of this many months borrow the season of their line.
BORROWS_SEASON = range(6, 12)

Span = Mapping[tuple[int, int], tuple[datetime.date, datetime.date, datetime.date]]
"""The first and last whole month of data per line and measure, and the last that counts: the one before it
where that was loaded half."""


class ProductFacts(NamedTuple):
    """What of a product its series follow from, beside its figures."""

    pk: int
    line_id: int
    temporary: bool
    launched: datetime.date | None
    ended: datetime.date | None


def product_facts(product_ids: Collection[int]) -> dict[int, ProductFacts]:
    rows = Product.objects.filter(pk__any=many(product_ids)).order_by().values_list(*ProductFacts._fields)
    return {row[0]: ProductFacts(*row) for row in rows}


# One look a product instead of reading all their months.
_SOLD = """
    SELECT p.id FROM products_product p
    CROSS JOIN LATERAL (SELECT FROM products_productmonth WHERE product_id = p.id LIMIT 1) sold
    WHERE %(scope)s::bigint[] IS NULL OR p.id = ANY(%(scope)s)
"""


def subjects_of_run(run: NightlyRun) -> tuple[list[int], list[int]]:
    """The product and family ids a run is about: those with data, with a forecast from earlier data, with a
    launch plan, or that follow one with data; of a run about some products the families that have no other
    members."""
    in_scope = Q() if run.scope is None else Q(product_id__in=run.scope)
    products = {pk for (pk,) in rows_of(_SOLD, {"scope": run.scope})}
    products |= set(
        Forecast.objects.filter(in_scope, current=True, product_id__isnull=False).values_list(
            "product_id", flat=True
        )
    )
    products |= set(
        LaunchPlan.objects.filter(in_scope, withdrawn_at=None).values_list("product_id", flat=True)
    )
    products |= {pk for pk in Successions().followers() if run.scope is None or pk in run.scope}
    known = set(Product.objects.filter(pk__any=products).order_by().values_list("pk", flat=True))
    members = FamilyMember.objects.filter(product_id__any=known, family_id__isnull=False)
    if run.scope is not None:
        others = FamilyMember.objects.filter(family_id__isnull=False).exclude(product_id__in=run.scope)
        whole = members.exclude(family_id__in=others.values("family_id"))
        return sorted(known), sorted(set(whole.values_list("family_id", flat=True)))
    families = set(members.values_list("family_id", flat=True))
    families |= set(
        Forecast.objects.filter(current=True, family_id__isnull=False).values_list("family_id", flat=True)
    )
    return sorted(known), sorted(families)


def data_span(as_of: datetime.date) -> Span:
    """The months of all lines and measures with data, none after ``as_of``.

    Files come in per line, so a line's last complete month is where its forecasts start. A first month of
    which less was loaded than of the one after it does not count either. A month with data after it was
    loaded whole, however little it holds.
    """
    tree, loaded = LineTree(), months_loaded(as_of=as_of)
    counted = {(line_id, measure.pk) for line_id in tree.lines for measure in tree.measures(line_id)}
    lasts = {key: found.complete for key, found in loaded.items() if found.complete}
    half = half_loaded(
        {key: last for key, last in lasts.items() if key in counted and loaded[key].newest == last}
    )
    return {
        key: (_first_whole(loaded[key]), last, month_add(last, -1) if key in half else last)
        for key, last in lasts.items()
    }


_month = cache(datetime.date.fromordinal)


def _first_whole(found: Loaded) -> datetime.date:
    whole = month_end(found.first).day
    if found.later is None or found.later_days is None or found.days >= whole:
        return found.first
    partly = found.later_days / whole > found.days / whole + PARTLY
    return found.later if partly else found.first


class SeriesLoader:
    """Loads series for products and families of one run: few queries, whatever their number.

    It keeps the months of whole lines for the run's other chunks: to find them, all products of the line are
    read.
    """

    def __init__(self, run: NightlyRun, span: Span, tree: LineTree) -> None:
        self.run = run
        self.span = span
        self.tree = tree
        self._seasons: dict[int, dict[int, Months]] = {}  # by line and measure, in units of products' means
        self._profile = cache(self._profile_of)
        self.measures_of = cache(self._measures_of)
        self._bounds = cache(self._bounds_of)
        self._closed = month_add(run.local_date.replace(day=1), -1)

    def load(self, product_ids: Collection[int], family_ids: Collection[int]) -> list[SubjectSeries]:
        """One series per subject and measure of its line, products first, in order of id."""
        products = product_facts(product_ids)
        families = {f.pk: f for f in Family.objects.filter(pk__in=family_ids)}
        members = stays_of(families)
        chain = Successions()
        read = {*products, *(pk for found in members.values() for pk in found)}
        months = self._months(read | chain.predecessors(products))
        found = [
            self.of_product(products[pk], measure, leads, months, chain)
            for pk in sorted(products)
            for measure, leads in self.measures_of(products[pk].line_id)
        ]
        found = self._with_season(found, products)
        found += [
            family_series(self, families[pk], measure, leads, members[pk], months)
            for pk in sorted(families)
            for measure, leads in self.measures_of(families[pk].line_id)
        ]
        lines: dict[tuple[int | None, int | None], int]
        lines = {(pk, None): row.line_id for pk, row in products.items()}
        lines |= {(None, pk): row.line_id for pk, row in families.items()}
        found = with_weeks(self, found, lines)
        decisions = decisions_of(products, families)
        return [
            series.with_decisions(decisions[series.key]) if series.key in decisions else series
            for series in found
        ]

    def _measures_of(self, line_id: int) -> list[tuple[Measure, bool]]:
        """What the line's products count, and whether it leads."""
        return [(measure, place == 0) for place, measure in enumerate(self.tree.measures(line_id))]

    def _months(self, product_ids: Collection[int]) -> dict[tuple[int, int], Months]:
        """By product and measure: one row of arrays each, as millions of single ones would cost minutes, and
        months as numbers, which are the same few."""
        rows = rows_of(
            "SELECT product_id, measure_id, array_agg(month - date '0001-01-01' + 1),"
            " array_agg(volume::float8)"
            " FROM products_productmonth"
            " WHERE product_id = ANY(%s) AND month <= %s AND volume IS NOT NULL GROUP BY 1, 2",
            [array_text(product_ids), self.run.as_of],
        )
        return {
            (product_id, measure_id): dict(zip(map(_month, days), volumes, strict=True))
            for product_id, measure_id, days, volumes in rows
        }

    def last_final(self, line_id: int, measure_id: int) -> datetime.date:
        """The last month of a line's data that counts and will not change."""
        return self.bounds(line_id, measure_id)[2]

    def bounds(
        self, line_id: int, measure_id: int, others: Collection[int] = ()
    ) -> tuple[datetime.date, datetime.date, datetime.date]:
        """First whole month, last month that may be known, last month that is final; with the ``others``'
        lines for a family. A last month that was loaded half is not final."""
        return self._bounds(line_id, measure_id, frozenset(others))

    def _bounds_of(
        self, line_id: int, measure_id: int, others: frozenset[int]
    ) -> tuple[datetime.date, datetime.date, datetime.date]:
        keys = [key for key in {(pk, measure_id) for pk in (line_id, *others)} if key in self.span]
        if not keys:
            return self.run.as_of, self.run.as_of, datetime.date.min
        last = max(self.span[key][1] for key in keys)
        counts = min(self.span[key][2] for key in keys if self.span[key][1] == last)
        final_after = self.tree.inherited(line_id, "final_after_months").value or 0
        final = min(counts, month_add(self._closed, -final_after))
        return min(self.span[key][0] for key in keys), last, final

    def of_product(
        self,
        product: ProductFacts,
        measure: Measure,
        leads: bool,
        months: Mapping[tuple[int, int], Months],
        chain: Successions,
    ) -> SubjectSeries:
        first, as_of, fit_until = self.bounds(product.line_id, measure.pk)
        own = months.get((product.pk, measure.pk), {})
        takes = chain.takes(product.pk, measure.pk, months, as_of)
        whole = chain.months(product.pk, measure.pk, months) if takes else own
        start, values = months_in_row(whole, first, fit_until, as_of)
        return SubjectSeries(
            product_id=product.pk,
            family_id=None,
            measure_id=measure.pk,
            kind=measure.kind,
            leads=leads,
            temporary=product.temporary,
            as_of=as_of,
            fit_until=fit_until,
            start=start,
            values=values,
            # A history taken over began before the product did.
            launch=None if takes else product.launched,
            end=product.ended,
            taken_over=sum(1 for month in whole if month not in own and first <= month <= fit_until)
            if takes
            else 0,
            takes=takes,
            gives=chain.gives(product.pk),
        )

    # -- seasons for short histories ------------------------------------------------------------------------

    def _with_season(
        self, found: list[SubjectSeries], products: Mapping[int, ProductFacts]
    ) -> list[SubjectSeries]:
        """Short histories get the season of their line: its products, each in units of its own mean."""
        short = [s for s in found if sum(v is not None for v in s.values) in BORROWS_SEASON]
        if not short:
            return found
        self._seasons_load({products[s.product_id].line_id for s in short if s.product_id})
        borrowers = {s.key for s in short}
        return [
            replace(s, season_profile=self._profile(products[s.product_id].line_id, s.measure_id))
            if s.key in borrowers and s.product_id
            else s
            for s in found
        ]

    def _seasons_load(self, line_ids: Collection[int]) -> None:
        """The months of these lines, each product in units of its own mean."""
        missing = sorted(set(line_ids) - set(self._seasons))
        if not missing:
            return
        found: dict[int, dict[int, Months]] = {line_id: defaultdict(dict) for line_id in missing}
        rows = rows_of(
            "SELECT line_id, measure_id, month, sum(volume / mean) FROM ("
            " SELECT p.line_id, m.measure_id, m.month, m.volume,"
            " avg(abs(m.volume)) OVER (PARTITION BY m.product_id, m.measure_id) AS mean"
            " FROM products_productmonth m JOIN products_product p ON p.id = m.product_id"
            " WHERE p.line_id = ANY(%s) AND m.month <= %s) sized"
            " WHERE mean > 0 AND volume IS NOT NULL GROUP BY 1, 2, 3",
            [missing, self.run.as_of],
        )
        for line_id, measure_id, month, volume in rows:
            found[line_id][measure_id][month] = float(volume)
        self._seasons.update(found)

    def _profile_of(self, line_id: int, measure_id: int) -> tuple[float, ...] | None:
        """Index by calendar month, 1 on average; ``None`` under two years."""
        from forecasting.engine.stages.estimate import season_index

        first, _as_of, fit_until = self.bounds(line_id, measure_id)
        months = self._seasons[line_id].get(measure_id, {})
        start, values = months_in_row(months, first, fit_until, fit_until)
        if sum(value is not None for value in values) < 24:
            return None
        import numpy as np

        from_january = [None] * (start.month - 1) + list(values)
        index = season_index(np.array([np.nan if v is None else v for v in from_january], dtype=np.float64))
        return tuple(round(float(value), 4) for value in index / index.mean())
