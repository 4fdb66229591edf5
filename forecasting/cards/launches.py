"""What pages show of a launch plan: the card on the forecast tab, and the preview beside the form."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Actual, Chart, Expected, volume_forecast_chart
from core.months import month_add, month_row, month_start, months_between
from core.organisation import today
from forecasting.engine import launch
from forecasting.models import LaunchPlan
from forecasting.selectors.forecasts import ForecastNow
from forecasting.selectors.launches import (
    UNSEEN_MONTHS,
    PlanSeen,
    Said,
    launch_plan_now,
    until_now,
)
from forecasting.selectors.successions import Months, Successions
from products.models import Family, Measure, Product, ProductMonth
from products.selectors.months import complete_month

HORIZON = 18
# With these reasons a forecast rests on next to nothing of its own.
ASKS = ("no_data", "few_periods", "no_reference")


@dataclass(frozen=True)
class LaunchCard:
    """The plan in force, or an offer to make one (``seen`` is then ``None``). ``own_months`` of the product
    count for ``own_share`` of its forecast; ``over`` says so where that is all of it."""

    seen: PlanSeen | None
    own_months: int
    own_share: float
    over: str
    can_edit: bool
    url: str
    withdraw_url: str


def launch_url(product: Product, measure: Measure, name: str = "launch") -> str:
    return f"{reverse(f'forecasting:{name}', args=[product.code])}?measure={measure.code}"


def launch_card(
    user: Any, subject: Product | Family, measure: Measure, now: ForecastNow | None
) -> LaunchCard | None:
    """``None`` of a family, and where no plan is in force and none is asked for. No query."""
    if isinstance(subject, Family):
        return None
    seen = launch_plan_now(user, subject, measure)
    reason = now.forecast.reason_code if now else "no_data"
    can_edit = user.has_perm("forecasting.edit")
    if seen is None and (reason not in ASKS or not can_edit or subject.temporary):
        return None
    periods = int(now.forecast.reason_params.get("periods") or 0) if now else 0
    own = 0 if now is None or now.forecast.method in ("zero", "like_item", "bass") else periods
    return LaunchCard(
        seen,
        own,
        launch.own_share(own),
        _over(own, bool(now and now.forecast.reason_params.get("taken_over"))),
        can_edit,
        launch_url(subject, measure),
        launch_url(subject, measure, "launch_withdraw"),
    )


def _over(own_months: int, taken_over: bool) -> str:
    """That the plan does not count any more; empty while it does."""
    if launch.own_share(own_months) < 1:
        return ""
    if taken_over:
        return _("The months of its predecessor count as its own; the plan changes nothing any more.")
    return _("Its own months have taken over; the plan changes nothing any more.")


@dataclass(frozen=True)
class ReferenceMonths:
    """A like-item beside the form: its months from its first sale on, and what speaks against it.
    Without a name where it is out of the person's sight."""

    name: str
    share: float
    months: tuple[float | None, ...]
    since: datetime.date | None
    hint: str


@dataclass(frozen=True)
class PreviewRow:
    """A month of the curve: from which on, what the references sold in theirs, and what follows."""

    month: datetime.date
    number: int
    references: list[float | None]
    own: float | None
    planned: float
    expected: float | None


@dataclass(frozen=True)
class Preview:
    """What would be expected, before it is saved. ``year`` is the total of the next 12 months (of a level:
    its state at their end)."""

    chart: Chart
    references: list[ReferenceMonths]
    rows: list[PreviewRow]
    own_months: int
    own_share: float
    year: float
    diffusion: launch.Bass | None
    peak: datetime.date | None
    over: str


def launch_preview(
    product: Product, measure: Measure, unit: str, said: Said, named: Sequence[Product]
) -> Preview | None:
    """The launch as the night would forecast it, from the month after the last whole one on; those that may
    still change are shown as sold and not counted. ``None`` when there is nothing to borrow from. Without
    bands once the product has months of its own: those are the night's."""
    as_of = complete_month(product.line_id, measure.pk) or month_add(month_start(today()), -1)
    final = until_now(product.line_id, measure.pk)
    chain = Successions()
    volumes: dict[tuple[int, int], Months] = defaultdict(dict)
    rows = ProductMonth.objects.filter(
        product__in={product.pk, *chain.predecessors([product.pk])},
        measure=measure,
        month__lte=as_of,
        volume__isnull=False,
    ).values_list("product_id", "month", "volume")
    for product_id, month, volume in rows:
        volumes[product_id, measure.pk][month] = float(volume or 0)
    takes = chain.takes(product.pk, measure.pk, volumes, as_of)
    sold = chain.months(product.pk, measure.pk, volumes) if takes else volumes[product.pk, measure.pk]
    known = {month: volume for month, volume in sold.items() if month <= final}
    start = min(known, default=as_of)
    place, own = launch.first_months([known.get(month) for month in month_row(start, as_of)])
    values = [value for value in own if value is not None]
    first = month_add(as_of, 1)
    begins = said.begins(month_add(start, place) if own else None, first)
    ahead = months_between(first, begins)
    curve = said.curve(max(HORIZON - ahead, HORIZON))
    if not curve:
        return None
    share = launch.own_share(len(values))
    plan = launch.planned(curve, before=ahead, horizon=HORIZON)
    level = launch.own_level(values) if values else 0.0
    expected = [share * level + (1 - share) * value for value in plan.mean]
    forecast = {
        month_add(first, step): Expected(month_add(first, step), value) for step, value in enumerate(expected)
    }
    if not values:
        forecast = {
            month_add(first, step): Expected(month_add(first, step), *edges)
            for step, edges in enumerate(
                zip(plan.mean, plan.lo80, plan.hi80, plan.lo95, plan.hi95, strict=True)
            )
        }
    if product.ended:
        last = product.ended
        forecast = {m: row if m <= last else Expected(m, 0.0) for m, row in forecast.items()}
    year = [row.mean for row in forecast.values()][:12]
    per: Any = (
        _("%(unit)s at the end of the month") if measure.kind == Measure.Kind.LEVEL else _("%(unit)s a month")
    )
    chart = volume_forecast_chart(
        id="launch-chart",
        title=_("What would be expected?"),
        subtitle=capfirst(str(measure)),
        history=[
            Actual(month, sold.get(month), provisional=month > final)
            for month in month_row(begins if own else min(filter(sold.get, sold), default=first), as_of)
        ],
        forecast=list(forecast.values()),
        unit_label=per % {"unit": unit},
        measure_label=str(measure),
    )
    is_bass = said.method == LaunchPlan.Method.BASS
    diffusion = said.diffusion() if is_bass else None
    peak = launch.bass_peak(diffusion.p, diffusion.q) if diffusion else 0.0
    return Preview(
        chart=chart,
        references=_references(said, named),
        rows=_rows(said, begins, curve, sold, {m: f.mean for m, f in forecast.items()}),
        own_months=len(values),
        own_share=share,
        year=year[-1] if measure.kind == Measure.Kind.LEVEL else sum(year),
        diffusion=diffusion,
        peak=month_add(begins, round(peak) - 1) if peak >= 1 else None,
        over=_over(len(values), not known.keys() <= volumes[product.pk, measure.pk].keys()),
    )


def _rows(
    said: Said,
    begins: datetime.date,
    curve: Sequence[float],
    sold: dict[datetime.date, float],
    expected: dict[datetime.date, float],
) -> list[PreviewRow]:
    return [
        PreviewRow(
            month_add(begins, step),
            step + 1,
            [r.months[step] if step < len(r.months) else None for r in said.references],
            sold.get(month_add(begins, step)),
            value,
            expected.get(month_add(begins, step)),
        )
        for step, value in enumerate(curve[:HORIZON])
    ]


def _references(said: Said, named: Sequence[Product]) -> list[ReferenceMonths]:
    known = {product.pk: product for product in named}
    whole = sum(reference.weight for reference in said.references)
    return [
        ReferenceMonths(
            known[r.product_id].name if r.product_id in known else "",
            r.weight / whole,
            r.months,
            r.since,
            _hint(known.get(r.product_id), r.since),
        )
        for r in said.references
    ]


def _hint(product: Product | None, since: datetime.date | None) -> str:
    """What a person should know before borrowing from it."""
    if product is None:
        return ""
    if since is None:
        return _("It has no sales to borrow.")
    if product.launched and months_between(product.launched, since) > UNSEEN_MONTHS:
        return _("It was launched on %(day)s, its data begin in %(month)s: its start is not in them.") % {
            "day": formats.day(product.launched),
            "month": formats.month(since),
        }
    return ""
