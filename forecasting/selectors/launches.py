"""Launch plans: what a new product borrows, and the curve that follows from it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject

from accounts.rows import from_row, row_of, sql_of
from core.lookups import many
from core.months import month_add, months_between
from core.organisation import today
from forecasting.engine import launch
from forecasting.engine.launch import Bass
from forecasting.models import LaunchPlan, LaunchReference
from products.models import Measure, Product, ProductMonth
from products.selectors.access import forecasts_allowed, products_visible, visible_line_ids
from products.selectors.lines import line_tree
from products.selectors.months import complete_month, first_provisional_month

MOST_PLANS, SUGGESTED = 20, 30
# A reference whose launch lies more than this before its first month of data did not start there.
UNSEEN_MONTHS = 2


@dataclass(frozen=True)
class Borrowed:
    """A like-item: its months from its first sale on (``None``: missing), and how much it counts.
    ``since`` is the month of that sale. ``product_id`` is what it is called by."""

    product_id: int
    weight: float
    months: tuple[float | None, ...] = ()
    since: datetime.date | None = None


@dataclass(frozen=True)
class Said:
    """What a plan says, saved or still on a form, with the months it borrows."""

    method: str
    launch_month: datetime.date
    scale: float
    phase_in_months: int
    p: float | None
    q: float | None
    market: float | None
    references: tuple[Borrowed, ...]

    def diffusion(self) -> Bass | None:
        """p, q and market as they hold: what is given, the rest from the like-items."""
        given = (self.p, self.q, self.market)
        if None not in given:
            return Bass(*given)  # type: ignore[arg-type]
        fit = launch.bass_mixed([r.months for r in self.references], [r.weight for r in self.references])
        if fit is None:
            return None
        return Bass(
            fit.p if self.p is None else self.p,
            fit.q if self.q is None else self.q,
            fit.market * self.scale if self.market is None else self.market,
        )

    def curve(self, months: int) -> list[float]:
        """The first months of the product; empty when there is nothing to borrow from."""
        if self.method == LaunchPlan.Method.BASS:
            found = self.diffusion()
            return launch.bass(found.p, found.q, found.market, horizon=months) if found else []
        return launch.like_item(
            [r.months for r in self.references],
            [r.weight for r in self.references],
            scale=self.scale,
            phase_in=self.phase_in_months,
            horizon=months,
        )

    def begins(self, first_sale: datetime.date | None, first: datetime.date) -> datetime.date:
        """The month the curve starts in: that of the first sale; before there is one the planned month, or
        ``first``, the first month that is not over, when that has passed without a sale."""
        return first_sale or max(self.launch_month, first)

    def facts(self) -> list[Any]:
        """All a forecast depends on, as plain values."""
        plain = [self.method, str(self.launch_month), self.scale, self.phase_in_months]
        borrowed = [[r.weight, *r.months] for r in self.references]
        return [*plain, self.p, self.q, self.market, borrowed]


Until = Callable[[int, int], datetime.date]


def said_by(plan: LaunchPlan, references: Sequence[Borrowed]) -> Said:
    """A saved plan with the months of its references."""
    return Said(
        method=plan.method,
        launch_month=plan.launch_month,
        scale=float(plan.scale),
        phase_in_months=plan.phase_in_months,
        p=plan.p,
        q=plan.q,
        market=plan.market,
        references=tuple(references),
    )


def borrowed(weights: dict[int, float], measure_id: int, until: Until) -> list[Borrowed]:
    """These products' months from their first sale up to ``until(line, measure)``, in the order given."""
    months: dict[int, dict[datetime.date, float]] = defaultdict(dict)
    rows = ProductMonth.objects.filter(
        product_id__in=weights, measure_id=measure_id, volume__isnull=False
    ).values_list("product_id", "product__line_id", "month", "volume")
    for product_id, line_id, month, volume in rows:
        if volume is not None and month <= until(line_id, measure_id):
            months[product_id][month] = float(volume)
    found = []
    for product_id, weight in weights.items():
        known = months.get(product_id)
        if not known:
            found.append(Borrowed(product_id, weight))
            continue
        start = min(known)
        row = [known.get(month_add(start, step)) for step in range(months_between(start, max(known)) + 1)]
        place, own = launch.first_months(row)
        found.append(Borrowed(product_id, weight, tuple(own), month_add(start, place) if own else None))
    return found


def until_now(line_id: int, measure_id: int) -> datetime.date:
    """The last final month of a line, for a page."""
    complete = complete_month(line_id, measure_id)
    final = month_add(first_provisional_month(line_tree(), line_id, today()), -1)
    return min(complete, final) if complete else datetime.date.min


def plans_in_force(product_ids: Collection[int]) -> dict[tuple[int, int], LaunchPlan]:
    """By product and measure, with their references; for the night, which sees every product."""
    rows = LaunchPlan.objects.filter(product_id__any=many(product_ids), withdrawn_at=None)
    return {(plan.product_id, plan.measure_id): plan for plan in rows.prefetch_related("references")}


# -- for people -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReferenceSeen:
    """A like-item as a person may see it: without code and name where it is out of their sight."""

    product_id: int
    code: str
    name: str
    weight: float
    share: float


@dataclass(frozen=True)
class PlanSeen:
    """A plan with its references; ``set_by`` is the person's name."""

    plan: LaunchPlan
    references: list[ReferenceSeen]
    set_by: str


def launch_plans_visible(user: Any) -> QuerySet[LaunchPlan]:
    """Every plan, also withdrawn ones, of the products a person may see."""
    if not forecasts_allowed(user):
        return LaunchPlan.objects.none()
    return LaunchPlan.objects.filter(product__in=products_visible(user))


def _references() -> ArraySubquery:
    """The references of a plan, in order, as plain rows."""
    row = JSONObject(
        product_id="product_id",
        code=F("product__code"),
        name=F("product__name"),
        line=F("product__line_id"),
        weight="weight",
    )
    mine = LaunchReference.objects.filter(plan=OuterRef("pk")).order_by("pk")
    return ArraySubquery(mine.values_list(row))


def with_references(rows: QuerySet[LaunchPlan]) -> QuerySet[LaunchPlan]:
    """Read with their references and who set them, in one query."""
    return rows.select_related("set_by", "measure").annotate(reference_rows=_references())


def launch_reading(_user: Any) -> RawSQL:
    """The plans in force of the product of a page; read with it, told by :func:`launch_plan_now`."""
    return _plans_read()


@cache
def _plans_read() -> RawSQL:
    rows = LaunchPlan.objects.filter(product=OuterRef("pk"), withdrawn_at=None).order_by("pk")
    row = JSONObject(plan=row_of(LaunchPlan), set_by=F("set_by__name"), references=_references())
    return sql_of(Product, ArraySubquery(rows.values_list(row)))


def launch_plan_now(user: Any, product: Product, measure: Measure) -> PlanSeen | None:
    """The plan in force, for who may see forecasts; no query where the product came with it (``product_get``
    reads it)."""
    if not forecasts_allowed(user):
        return None
    found: list[dict[str, Any]] | None = getattr(product, "launch_plans_now", None)
    if found is None:
        seen = launch_plans_of(user, product, measure)
        return seen[0] if seen and seen[0].plan.withdrawn_at is None else None
    for row in found:
        plan = from_row(LaunchPlan, row["plan"])
        if plan.measure_id == measure.pk:
            return PlanSeen(plan, _seen(user, row["references"]), row["set_by"])
    return None


def plan_seen(user: Any, plan: LaunchPlan) -> PlanSeen:
    """A plan of :func:`with_references` for a person."""
    rows: list[dict[str, Any]] = plan.reference_rows  # type: ignore[attr-defined]
    return PlanSeen(plan, _seen(user, rows), str(plan.set_by))


def _seen(user: Any, rows: Sequence[dict[str, Any]]) -> list[ReferenceSeen]:
    whole = sum(float(row["weight"]) for row in rows)
    lines = visible_line_ids(user)
    found = []
    for row in rows:
        visible = lines is None or row["line"] in lines
        weight = float(row["weight"])
        code, name = (row["code"], row["name"]) if visible else ("", "")
        found.append(ReferenceSeen(row["product_id"], code, name, weight, weight / whole))
    return found


def launch_plans_of(user: Any, product: Product, measure: Measure) -> list[PlanSeen]:
    """The plans of a product and measure, newest first: the one in force, if any, leads. One query."""
    rows = launch_plans_visible(user).filter(product=product, measure=measure).order_by("-pk")[:MOST_PLANS]
    return [plan_seen(user, plan) for plan in with_references(rows)]


def like_items_search(user: Any, product: Product, measure: Measure, text: str) -> list[Product]:
    """Products to borrow from: those with sales in the measure that the text finds; without text those of the
    same line, the longest on sale first."""
    from products.selectors.product_filter import text_ids

    rows = products_visible(user).exclude(pk=product.pk).select_related("line")
    sold = ProductMonth.objects.filter(product=OuterRef("pk"), measure=measure)
    rows = rows.alias(since=sold.order_by("month").values("month")[:1]).filter(since__isnull=False)
    if text.strip():
        rows = rows.filter(pk__in=text_ids(text.strip()))
    else:
        rows = rows.filter(line=product.line_id)
    return list(rows.order_by("since", "name", "pk")[:SUGGESTED])
