"""What the night computes from: one monthly series per product or family and measure, over all channels.

These selectors feed the night, which sees every product; they take no person.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import Q

from core.months import month_add, months_between
from forecasting.models import Decision, Forecast, LaunchPlan, NightlyRun
from products.models import Family, FamilyMember, Measure, Product, ProductMonth, UnitFactor
from products.selectors.family import Stay, belongs, covered_months, stays_of
from products.selectors.lines import LineTree
from products.selectors.months import complete_months

from .decisions import decisions_of
from .successions import Handover, Successions

# A first month that lacks this share of the days that the next one covers was only partly loaded.
PARTLY = 0.15
# Histories of this many months borrow the season of their line.
BORROWS_SEASON = range(6, 12)

Span = Mapping[tuple[int, int], tuple[datetime.date, datetime.date]]
Months = dict[datetime.date, float]
Seasons = dict[int, dict[int, Months]]
"""By line and measure: what its products add up to, each in units of its own mean."""


@dataclass(frozen=True)
class SubjectSeries:
    """The months of one product or family in one measure.

    ``values[i]`` belongs to the i-th month after ``start``, in the measure's unit; ``None`` is missing
    (also: provisional). They run up to ``as_of``, the last month that may be known; ``fit_until`` is the
    last that is final. ``launch`` and ``end`` bound demand. ``leads``: the line's leading measure.
    ``refused`` says why there is no series (``unlike_units``). ``taken_over`` of the months come from
    predecessors; ``takes`` is what those still sell of it, ``gives`` how a successor takes its place.
    ``decisions`` are what people said of figures
    that are still the same; ``values`` are as they came.
    """

    product_id: int | None
    family_id: int | None
    measure_id: int
    kind: str
    leads: bool
    temporary: bool
    as_of: datetime.date
    fit_until: datetime.date
    start: datetime.date
    values: Sequence[float | None]
    launch: datetime.date | None = None
    end: datetime.date | None = None
    season_profile: tuple[float, ...] | None = None
    refused: str = ""
    taken_over: int = 0
    takes: tuple[Handover, ...] = ()
    gives: Handover | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def subject(self) -> tuple[int | None, int | None]:
        return (self.product_id, self.family_id)

    @property
    def key(self) -> tuple[int | None, int | None, int]:
        return (self.product_id, self.family_id, self.measure_id)

    @property
    def has_data(self) -> bool:
        return any(value is not None for value in self.values)

    @property
    def data_month(self) -> datetime.date | None:
        """The last month with a value that is used."""
        for step in range(len(self.values) - 1, -1, -1):
            if self.values[step] is not None:
                return month_add(self.start, step)
        return None

    @property
    def months(self) -> Months:
        """The values that are there, by month."""
        return {
            month_add(self.start, step): value for step, value in enumerate(self.values) if value is not None
        }

    def with_decisions(self, decisions: Iterable[Decision]) -> SubjectSeries:
        """With those of the decisions that are about the figures as they are now."""
        months = self.months
        return replace(self, decisions=tuple(d for d in decisions if d.about(months)))

    def digest(self, *more: Any) -> str:
        """SHA-256 of all that a result may depend on, with ``more`` said by the caller (plain values)."""
        parts = [
            str(self.as_of),
            str(self.fit_until),
            str(self.start),
            list(self.values),
            self.kind,
            str(self.launch),
            str(self.end),
            self.season_profile,
            self.refused,
            *([asdict(decision) for decision in self.decisions]),
            *more,
        ]
        if self.takes or self.gives:
            parts += [str(self.takes), str(self.gives)]
        return hashlib.sha256(json.dumps(parts, separators=(",", ":"), default=str).encode()).hexdigest()


def subjects_of_run(run: NightlyRun) -> tuple[list[int], list[int]]:
    """The product and family ids a run is about: those with data, with a forecast from earlier data, with a
    launch plan, or that follow one with data."""
    in_scope = Q() if run.scope is None else Q(product_id__in=run.scope)
    products = set(
        ProductMonth.objects.filter(in_scope).order_by().values_list("product_id", flat=True).distinct()
    )
    products |= set(
        Forecast.objects.filter(in_scope, current=True, product_id__isnull=False).values_list(
            "product_id", flat=True
        )
    )
    products |= set(
        LaunchPlan.objects.filter(in_scope, withdrawn_at=None).values_list("product_id", flat=True)
    )
    products |= {pk for pk in Successions().followers() if run.scope is None or pk in run.scope}
    known = set(Product.objects.filter(pk__in=products).values_list("pk", flat=True))
    if run.scope is not None:
        return sorted(known), []
    members = FamilyMember.objects.filter(product_id__in=known, family_id__isnull=False)
    families = set(members.values_list("family_id", flat=True))
    families |= set(
        Forecast.objects.filter(current=True, family_id__isnull=False).values_list("family_id", flat=True)
    )
    return sorted(known), sorted(families)


def data_span(as_of: datetime.date) -> Span:
    """The first and last whole month of data per line and measure, none after ``as_of``.

    Files come in per line, so a line's last complete month is where its forecasts start. A first month of
    which less was loaded than of the one after it does not count either.
    """
    last = complete_months(as_of=as_of)
    first: dict[tuple[int, int], datetime.date] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line_id, measure_id, month, days, later, later_days FROM (SELECT *,"
            " lead(month) OVER w AS later, lead(days) OVER w AS later_days, row_number() OVER w AS place FROM"
            " (SELECT p.line_id, m.measure_id, m.month, max(m.days) AS days FROM products_productmonth m"
            " JOIN products_product p ON p.id = m.product_id GROUP BY 1, 2, 3) covered"
            " WINDOW w AS (PARTITION BY line_id, measure_id ORDER BY month)) placed WHERE place = 1"
        )
        for line_id, measure_id, month, days, later, later_days in cursor.fetchall():
            whole = monthrange(month.year, month.month)[1]
            partly = later is not None and days < whole and later_days / whole > days / whole + PARTLY
            first[line_id, measure_id] = later if partly else month
    return {key: (first[key], month) for key, month in last.items()}


class SeriesLoader:
    """Loads series for products and families of one run: few queries, whatever their number.

    ``seasons`` keeps the months of whole lines for the run's other chunks: to find them, all products of the
    line are read.
    """

    def __init__(self, run: NightlyRun, span: Span, tree: LineTree, seasons: Seasons | None = None) -> None:
        self.run = run
        self.span = span
        self.tree = tree
        self._seasons: Seasons = {} if seasons is None else seasons
        self.measures = {measure.pk: measure for measure in Measure.objects.all()}
        self._closed = month_add(run.local_date.replace(day=1), -1)

    def load(self, product_ids: Collection[int], family_ids: Collection[int]) -> list[SubjectSeries]:
        """One series per subject and measure of its line, products first, in order of id."""
        products = {p.pk: p for p in Product.objects.filter(pk__in=product_ids)}
        families = {f.pk: f for f in Family.objects.filter(pk__in=family_ids)}
        members = stays_of(families)
        chain = Successions()
        read = {*products, *(pk for found in members.values() for pk in found)}
        months = self._months(read | chain.predecessors(products))
        found = [
            self._of_product(products[pk], measure, leads, months, chain)
            for pk in sorted(products)
            for measure, leads in self._measures(products[pk].line_id)
        ]
        found = self._with_season(found, products)
        found += [
            self._of_family(families[pk], measure, leads, members[pk], months)
            for pk in sorted(families)
            for measure, leads in self._measures(families[pk].line_id)
        ]
        decisions = decisions_of(products, families)
        return [
            series.with_decisions(decisions[series.key]) if series.key in decisions else series
            for series in found
        ]

    def _measures(self, line_id: int) -> Iterable[tuple[Measure, bool]]:
        return [(measure, place == 0) for place, measure in enumerate(self.tree.measures(line_id))]

    def _months(self, product_ids: Collection[int]) -> dict[tuple[int, int], Months]:
        """By product and measure: one row of arrays each, as millions of single ones would cost minutes."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT product_id, measure_id, array_agg(month), array_agg(volume::float8)"
                " FROM products_productmonth"
                " WHERE product_id = ANY(%s) AND month <= %s AND volume IS NOT NULL GROUP BY 1, 2",
                [list(product_ids), self.run.as_of],
            )
            return {
                (product_id, measure_id): dict(zip(months, volumes, strict=True))
                for product_id, measure_id, months, volumes in cursor.fetchall()
            }

    def last_final(self, line_id: int, measure_id: int) -> datetime.date:
        """The last month of a line's data that counts and will not change."""
        return self._bounds(line_id, measure_id)[2]

    def _bounds(
        self, line_id: int, measure_id: int, others: Collection[int] = ()
    ) -> tuple[datetime.date, datetime.date, datetime.date]:
        """First whole month, last month that may be known, last month that is final; with the ``others``'
        lines for a family."""
        spans = [
            self.span[key] for key in {(pk, measure_id) for pk in (line_id, *others)} if key in self.span
        ]
        if not spans:
            return self.run.as_of, self.run.as_of, datetime.date.min
        last = max(last for _first, last in spans)
        final_after = self.tree.inherited(line_id, "final_after_months").value or 0
        return min(first for first, _last in spans), last, min(last, month_add(self._closed, -final_after))

    def _of_product(
        self,
        product: Product,
        measure: Measure,
        leads: bool,
        months: Mapping[tuple[int, int], Months],
        chain: Successions,
    ) -> SubjectSeries:
        first, as_of, fit_until = self._bounds(product.line_id, measure.pk)
        own = months.get((product.pk, measure.pk), {})
        takes = chain.takes(product.pk, measure.pk, months, as_of)
        whole = chain.months(product.pk, measure.pk, months) if takes else own
        start, values = _row(whole, first, fit_until, as_of)
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
            taken_over=sum(1 for month in whole if month not in own and first <= month <= fit_until),
            takes=takes,
            gives=chain.gives(product.pk),
        )

    # -- seasons for short histories ------------------------------------------------------------------------

    def _with_season(
        self, found: list[SubjectSeries], products: Mapping[int, Product]
    ) -> list[SubjectSeries]:
        """Short histories get the season of their line: its products, each in units of its own mean."""
        short = [s for s in found if sum(v is not None for v in s.values) in BORROWS_SEASON]
        if not short:
            return found
        self._seasons_load({products[s.product_id].line_id for s in short if s.product_id})
        borrowers = {s.key for s in short}
        return [
            replace(s, season_profile=self._profile(products[s.product_id].line_id, s))
            if s.key in borrowers and s.product_id
            else s
            for s in found
        ]

    def _seasons_load(self, line_ids: Collection[int]) -> None:
        """The months of these lines, each product in units of its own mean."""
        missing = sorted(set(line_ids) - set(self._seasons))
        if not missing:
            return
        found: Seasons = {line_id: defaultdict(dict) for line_id in missing}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT line_id, measure_id, month, sum(volume / mean) FROM ("
                " SELECT p.line_id, m.measure_id, m.month, m.volume,"
                " avg(abs(m.volume)) OVER (PARTITION BY m.product_id, m.measure_id) AS mean"
                " FROM products_productmonth m JOIN products_product p ON p.id = m.product_id"
                " WHERE p.line_id = ANY(%s) AND m.month <= %s) sized"
                " WHERE mean > 0 AND volume IS NOT NULL GROUP BY 1, 2, 3",
                [missing, self.run.as_of],
            )
            for line_id, measure_id, month, volume in cursor.fetchall():
                found[line_id][measure_id][month] = float(volume)
        self._seasons.update(found)

    def _profile(self, line_id: int, series: SubjectSeries) -> tuple[float, ...] | None:
        """Index by calendar month, 1 on average; ``None`` under two years."""
        from forecasting.engine.stages.estimate import season_index

        first, _as_of, fit_until = self._bounds(line_id, series.measure_id)
        months = self._seasons[line_id].get(series.measure_id, {})
        start, values = _row(months, first, fit_until, fit_until)
        if sum(value is not None for value in values) < 24:
            return None
        import numpy as np

        from_january = [None] * (start.month - 1) + list(values)
        index = season_index(np.array([np.nan if v is None else v for v in from_january], dtype=np.float64))
        return tuple(round(float(value), 4) for value in index / index.mean())

    # -- families -----------------------------------------------------------------------------------------

    def _of_family(
        self,
        family: Family,
        measure: Measure,
        leads: bool,
        members: Mapping[int, list[Stay]],
        months: Mapping[tuple[int, int], Months],
    ) -> SubjectSeries:
        """The sum of its members; a month in which members with a real share are missing is missing."""
        products = list(Product.objects.filter(pk__in=members))
        lines = {product.line_id for product in products}
        first, as_of, fit_until = self._bounds(family.line_id, measure.pk, lines)
        factors = self._factors(family, measure, products)
        total: Months = {}
        if factors is not None:
            own = {
                pk: {
                    m: v * factors[pk]
                    for m, v in months.get((pk, measure.pk), {}).items()
                    if belongs(m, stays)
                }
                for pk, stays in members.items()
            }
            total = {
                month: sum(found[month] for found in own.values() if month in found)
                for month in covered_months(list(own.values()))
            }
        start, values = _row(total, first, fit_until, as_of)
        return SubjectSeries(
            product_id=None,
            family_id=family.pk,
            measure_id=measure.pk,
            kind=measure.kind,
            leads=leads,
            temporary=False,
            as_of=as_of,
            fit_until=fit_until,
            start=start,
            values=values,
            refused="" if factors is not None else "unlike_units",
        )

    def _factors(self, family: Family, measure: Measure, products: list[Product]) -> dict[int, float] | None:
        """What one unit of each member is in the family's unit; ``None`` when they cannot be added."""
        product_ids = [product.pk for product in products]
        if measure.code != "units":
            return dict.fromkeys(product_ids, 1.0)
        units = {p.pk: p.unit or self.tree.inherited(p.line_id, "unit").value or "" for p in products}
        if len(set(units.values())) <= 1:
            return dict.fromkeys(product_ids, 1.0)
        common = self.tree.inherited(family.line_id, "reporting_unit").value
        known = dict(
            UnitFactor.objects.filter(product_id__in=product_ids, unit=common or "").values_list(
                "product_id", "factor"
            )
        )
        factors = {pk: 1.0 if unit == common else float(known.get(pk, 0)) for pk, unit in units.items()}
        return factors if common and all(factors.values()) else None


def _row(
    months: Months, first: datetime.date, fit_until: datetime.date, as_of: datetime.date
) -> tuple[datetime.date, list[float | None]]:
    """The months as one row up to ``as_of``, missing where there is none or it is not final."""
    used = {m: v for m, v in months.items() if first <= m <= fit_until}
    if not used:
        return as_of, []
    start = min(used)
    return start, [used.get(month_add(start, step)) for step in range(months_between(start, as_of) + 1)]
