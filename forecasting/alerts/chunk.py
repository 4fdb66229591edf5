"""The alerts of some thousand products: everything read in a dozen statements, then judged by the rules."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Max, Min

from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import Candidate
from core.lookups import many
from core.months import month_add, month_range
from core.organisation import organisation_get, year_start
from forecasting.models import Forecast, NightlyRun, ProductNews, StageEstimate
from forecasting.models.stage import Stage
from forecasting.selectors import alert_facts
from forecasting.selectors.alert_facts import VINTAGE_GAP_MONTHS, BudgetYear, Hit, Key, Moved
from forecasting.selectors.alert_inputs import AlertInputs, alert_inputs
from forecasting.selectors.prices import PricesOf
from forecasting.selectors.stages import settings_in_force
from products.models import Measure, Product, ProductFigures
from products.selectors.budget import budget_of_years, budget_year
from products.selectors.lines import LineTree
from products.selectors.months import first_provisional_month

from . import rules
from .news import news_of
from .rules import Finding, StageSeen, YearExpected
from .thresholds import Thresholds, thresholds_of

# Three months for the error, and the three before them to compare it with.
ERROR_MONTHS = 6
NEW_MONTHS = 12
SPARK_MONTHS = 36
BY_MEASURE = ("band", "moved", "budget")
KINDS = (*BY_MEASURE, "stage", "little_history")


@dataclass(frozen=True)
class Current:
    """A forecast in use: what made it, and from what."""

    as_of: datetime.date
    method: str
    reason: str
    params: Mapping[str, Any]


class Sold(NamedTuple):
    """A product."""

    pk: int
    line_id: int
    owner_id: int | None
    unit: str
    temporary: bool
    launched: datetime.date | None
    ended: datetime.date | None


class Shown(NamedTuple):
    """What the list shows of a product."""

    revenue_12m: Decimal | None
    forecast_12m_amount: float | None
    stage: str
    stage_by_hand: bool


@dataclass
class Facts:
    """All that is known about the products of one chunk, by product id or (product id, measure id)."""

    products: dict[int, Sold]
    measures: dict[int, Measure]
    figures: dict[int, Shown]
    current: dict[Key, Current]
    moved: dict[Key, Moved]
    hits: dict[Key, dict[datetime.date, Hit]]
    budgets: dict[Key, BudgetYear]
    year: int
    prices: dict[Key, float]
    prices_before: dict[Key, float]
    stages: dict[int, tuple[StageSeen, StageSeen | None]]
    by_hand: dict[int, tuple[int, str]]


@dataclass
class Judged:
    """What a chunk leads to: candidates by kind, and a row of news a product."""

    candidates: dict[str, list[Candidate]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    news: list[ProductNews] = field(default_factory=list)


class Judge:
    """Applies the rules to one chunk of products of one run; ``half`` are the lines and measures of which the
    last month, this one, was loaded half; ``prices_of`` as :func:`prices_last_year`."""

    facts: Facts

    def __init__(
        self,
        run: NightlyRun,
        product_ids: Collection[int],
        lines_with_history: Collection[int],
        half: Mapping[tuple[int, int], datetime.date],
        prices_of: PricesOf,
    ) -> None:
        self.run = run
        self.prices_of = prices_of
        self.tree = LineTree()
        self.old_lines = set(lines_with_history)
        self.recipients = Recipients(self.tree, run.local_date)
        self.limits: dict[int, Thresholds] = {
            line_id: thresholds_of(self.tree, line_id) for line_id in self.tree.lines
        }
        self.leads = {line_id: self.tree.lead_measure(line_id).pk for line_id in self.tree.lines}
        self._final = {
            line_id: month_add(first_provisional_month(self.tree, line_id, run.local_date), -1)
            for line_id in self.tree.lines
        }
        self._half = half
        self.measures = {measure.pk: measure for measure in Measure.objects.all()}
        self.ids = list(product_ids)
        # Over all products of the chunk, whichever of them are judged.
        bounds = Forecast.objects.filter(current=True, product_id__any=many(self.ids)).aggregate(
            first=Min("as_of"), last=Max("as_of")
        )
        self.first, self.last = bounds["first"] or run.as_of, bounds["last"] or run.as_of
        self.months = self._year_months(self.last)
        self.year = budget_year(self.months[0])
        self.version = budget_of_years([self.year]).get(self.year)

    def inputs(self) -> dict[int, AlertInputs]:
        """What the words about each product depend on, of those that a night has looked at."""
        organisation = organisation_get()
        everywhere = [
            organisation.alert_min_amount,
            self.first,
            self.months,
            self.version.pk if self.version else None,
            [
                [m.pk, m.code, m.kind, m.name_nl, m.name_en, m.unit_nl, m.unit_en]
                for m in self.measures.values()
            ],
        ]
        return alert_inputs(
            self.ids,
            today=self.run.local_date,
            stages_since=self._stages_since(),
            version=self.version.pk if self.version else None,
            months=self.months,
            of_line={line_id: [everywhere, self._of_line(line_id)] for line_id in self.tree.lines},
            told_to=self._told_to,
        )

    def _of_line(self, line_id: int) -> list[Any]:
        return [
            line_id,
            str(self.limits[line_id]),
            [
                (measure.pk, self.final(line_id, measure.pk), self._half.get((line_id, measure.pk)))
                for measure in self.tree.measures(line_id)
            ],
            line_id in self.old_lines,
            self.tree.inherited(line_id, "unit").value,
        ]

    def final(self, line_id: int, measure_id: int) -> datetime.date:
        """The last month that is judged: whole, and its figures will not change."""
        final, half = self._final[line_id], self._half.get((line_id, measure_id))
        return final if half is None else min(final, month_add(half, -1))

    def _told_to(self, line_id: int, owner_id: int | None) -> list[int | None]:
        return [self.recipients.of(kind, line_id, owner_id) for kind in KINDS]

    # -- reading --------------------------------------------------------------------------------------------

    def _load(self, ids: list[int]) -> Facts:
        rows = Product.objects.filter(pk__any=many(ids)).order_by()
        products = {row[0]: Sold(*row) for row in rows.values_list(*Sold._fields)}
        sold = many(products)
        current = {
            (product_id, measure_id): Current(*values)
            for product_id, measure_id, *values in Forecast.objects.filter(
                current=True, product_id__any=sold
            ).values_list("product_id", "measure_id", "as_of", "method", "reason_code", "reason_params")
        }
        back = ERROR_MONTHS + max(VINTAGE_GAP_MONTHS, 1)
        newest: dict[int, datetime.date] = {}
        for (product_id, _measure), row in current.items():
            newest[product_id] = max(row.as_of, newest.get(product_id, row.as_of))
        moved = alert_facts.moved_forecasts(ids)
        return Facts(
            products=products,
            measures=self.measures,
            figures={
                pk: Shown(*row)
                for pk, *row in ProductFigures.objects.filter(product_id__any=sold).values_list(
                    "product_id", *Shown._fields
                )
            },
            current=current,
            moved=moved,
            hits=alert_facts.hits(ids, month_add(self.first, -back), self.last),
            budgets=alert_facts.budget_years(ids, self.version.pk, self.months, self._half)
            if self.version
            else {},
            year=self.year,
            prices=self.prices_of(newest),
            prices_before=self.prices_of({key[0]: row.before_as_of for key, row in moved.items()}),
            stages=self._stages(products),
            by_hand={
                row.product_id: (row.pk, row.stage)
                for row in settings_in_force(self.run.local_date).filter(product_id__any=sold)
                if row.product_id
            },
        )

    def _year_months(self, last: datetime.date) -> list[datetime.date]:
        """The financial year of the month after the last known one."""
        start = year_start(month_add(last, 1))
        return list(month_range(start, month_add(start, 11)))

    def _stages_since(self) -> datetime.date:
        return month_add(self.run.as_of, -2 * VINTAGE_GAP_MONTHS)

    def _stages(self, products: Mapping[int, Sold]) -> dict[int, tuple[StageSeen, StageSeen | None]]:
        """The current estimate by the leading measure, and the last one of an earlier month."""
        rows = StageEstimate.objects.filter(
            product_id__any=many(products), as_of__gte=self._stages_since()
        ).order_by("product_id", "-as_of")
        seen: dict[int, list[tuple[bool, StageSeen]]] = defaultdict(list)
        for row in rows.values(*_SEEN):
            if row["measure_id"] == self.leads[products[row["product_id"]].line_id]:
                seen[row["product_id"]].append((row["current"], _seen(row)))
        found = {}
        for product_id, own in seen.items():
            now = next((stage for current, stage in own if current), None)
            if now is None:
                continue
            oldest = month_add(now.as_of, -VINTAGE_GAP_MONTHS)
            before = next((stage for _c, stage in own if oldest <= stage.as_of < now.as_of), None)
            found[product_id] = (now, before)
        return found

    # -- judging --------------------------------------------------------------------------------------------

    def judge(self, product_ids: Collection[int]) -> Judged:
        """The candidates and the news of these products of the chunk, of those that are still sold."""
        judged = Judged()
        self.facts = facts = self._load(list(product_ids))
        for (product_id, measure_id), current in facts.current.items():
            product = facts.products[product_id]
            if product.ended is not None and product.ended < self.run.local_date:
                continue
            self._of_measure(judged, product, facts.measures[measure_id], current)
        for product in facts.products.values():
            if product.ended is None or product.ended >= self.run.local_date:
                self._of_product(judged, product)
        for kind in BY_MEASURE:
            judged.candidates[kind] = self._together(judged.candidates[kind])
        self._sparks(judged)
        return judged

    def _together(self, found: list[Candidate]) -> list[Candidate]:
        """One candidate for the measures of a product that say the same (sell-in and sell-out): that of the
        measure the line names first, with the largest stake, naming the others."""
        same: dict[tuple[int | None, str], list[Candidate]] = defaultdict(list)
        for candidate in found:
            same[candidate.product_id, candidate.fingerprint].append(candidate)
        return [self._one(group) if len(group) > 1 else group[0] for group in same.values()]

    def _one(self, group: list[Candidate]) -> Candidate:
        product = self.facts.products[group[0].product_id or 0]
        place = {measure.pk: place for place, measure in enumerate(self.tree.measures(product.line_id))}
        first, *others = sorted(group, key=lambda c: place.get(c.evidence["measure"], len(place)))
        also = [self.facts.measures[c.evidence["measure"]] for c in others]
        names = [{"nl": measure.name_nl, "en": measure.name_en} for measure in also]
        stakes = [c.stake_amount for c in group if c.stake_amount is not None]
        return replace(
            first, stake_amount=max(stakes, default=None), evidence={**first.evidence, "also": names}
        )

    def _of_measure(self, judged: Judged, product: Sold, measure: Measure, current: Current) -> None:
        key, limits, facts = (product.pk, measure.pk), self.limits[product.line_id], self.facts
        price = facts.prices.get(key)
        month = min(current.as_of, self.final(product.line_id, measure.pk))
        hits = facts.hits.get(key, {})
        banded = rules.outside_band(hits, month, price, limits)
        self._add(judged, "band", product, banded, measure, self._or_share(banded, product, hits.get(month)))
        moved = facts.moved.get(key)
        if moved is not None and moved.as_of == current.as_of:
            found = rules.forecast_moved(moved, price, limits, is_level=measure.kind == Measure.Kind.LEVEL)
            self._add(judged, "moved", product, found, measure)
        expected = self.expected(key)
        if expected is not None:
            found = rules.off_budget(expected, facts.year, price, limits)
            self._add(judged, "budget", product, found, measure)

    def expected(self, key: Key) -> YearExpected | None:
        """The financial year of one product and measure beside its budget."""
        year = self.facts.budgets.get(key)
        return rules.year_expected(year, self.facts.prices.get(key)) if year else None

    def _or_share(self, found: Finding | None, product: Sold, hit: Hit | None) -> float | None:
        """Where a measure has no price of its own: the same share of the product's revenue of a month."""
        if found is None or found.stake is not None or hit is None:
            return None if found is None else found.stake
        figures = self.facts.figures.get(product.pk)
        if figures is None or figures.revenue_12m is None or not hit.final:
            return None
        return abs(hit.actual - hit.final) / abs(hit.final) * float(figures.revenue_12m) / 12

    def _of_product(self, judged: Judged, product: Sold) -> None:
        lead = self.leads[product.line_id]
        key, facts = (product.pk, lead), self.facts
        figures = facts.figures.get(product.pk)
        revenue = None if figures is None or figures.revenue_12m is None else float(figures.revenue_12m)
        stages = facts.stages.get(product.pk)
        if stages is not None and not product.temporary:
            found = rules.stage_proposed(*stages, facts.by_hand.get(product.pk), revenue)
            self._add(judged, "stage", product, found)
        current = facts.current.get(key)
        if current is None:
            return
        if not product.temporary:
            periods = int(current.params.get("periods") or 0)
            ahead = figures.forecast_12m_amount if figures else None
            is_new = self._is_new(product, current)
            found = rules.too_little_history(current.reason, periods, is_new, ahead)
            self._add(judged, "little_history", product, found)
        judged.news.append(news_of(self, product, lead, current))

    def _is_new(self, product: Sold, current: Current) -> bool:
        if product.launched is not None:
            return product.launched >= month_add(current.as_of, -NEW_MONTHS)
        return product.line_id in self.old_lines

    def _add(
        self,
        judged: Judged,
        kind: str,
        product: Sold,
        found: Finding | None,
        measure: Measure | None = None,
        stake: float | None = None,
    ) -> None:
        if found is None:
            return
        stake = found.stake if stake is None else stake
        evidence = dict(found.evidence)
        subject = f"product:{product.pk}"
        if measure is not None:
            evidence |= self._units(product, measure)
            subject = f"{subject}:{measure.pk}"
        judged.candidates[kind].append(
            Candidate(
                subject=subject,
                fingerprint=found.fingerprint,
                stake_amount=None if stake is None else Decimal(str(round(stake, 2))),
                evidence=evidence,
                product_id=product.pk,
                recipient_id=self.recipients.of(kind, product.line_id, product.owner_id),
                min_amount=self.limits[product.line_id].min_amount,
            )
        )

    def _units(self, product: Sold, measure: Measure) -> dict[str, Any]:
        unit = product.unit or self.tree.inherited(product.line_id, "unit").value
        said: dict[str, Any] = {"measure": measure.pk}
        if measure.code == "units" and unit:
            said["unit"] = {"nl": unit, "en": unit}
        else:
            said["unit"] = {"nl": measure.unit_nl, "en": measure.unit_en}
        if len(self.tree.measures(product.line_id)) > 1:
            said["name"] = {"nl": measure.name_nl, "en": measure.name_en}
        return said

    def _sparks(self, judged: Judged) -> None:
        """A measure that does not lead is not in the list's sparkline: its own history goes along."""
        wanted: dict[Key, list[Candidate]] = defaultdict(list)
        for candidate in (c for kind in BY_MEASURE for c in judged.candidates[kind]):
            product = self.facts.products[candidate.product_id or 0]
            if candidate.evidence["measure"] != self.leads[product.line_id]:
                wanted[product.pk, candidate.evidence["measure"]].append(candidate)
        last = max((self.facts.current[key].as_of for key in wanted), default=self.run.as_of)
        for key, history in alert_facts.histories(wanted.keys(), last, SPARK_MONTHS).items():
            for candidate in wanted[key]:
                candidate.evidence["spark"] = history  # type: ignore[index]


_SEEN = (
    *("product_id", "measure_id", "as_of", "current", "stage", "stage_start"),
    *("evidence_code", "evidence_params", "path"),
    *(f"p_{stage}" for stage in Stage.values),
)


def _seen(row: Mapping[str, Any]) -> StageSeen:
    return StageSeen(
        stage=row["stage"],
        start=row["stage_start"],
        chance=row[f"p_{row['stage']}"] if row["stage"] else 0.0,
        evidence_code=row["evidence_code"],
        evidence_params=row["evidence_params"],
        path=row["path"],
        as_of=row["as_of"],
    )
