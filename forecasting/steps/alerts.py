"""What needs somebody in the morning, and what Today adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from django.db.models import Q
from django.urls import reverse

from collaboration.imports import imports_settle
from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import alerts_settle, alerts_wake
from collaboration.services.notifications import notify
from core.registries import ChunkOutcome
from forecasting.alerts.chunk import KINDS, Judge
from forecasting.alerts.late import failures, half_data, late_data
from forecasting.alerts.lines import lines_off_budget
from forecasting.models import Forecast, NightlyRun
from forecasting.services.inputs import inputs_judged
from forecasting.services.news import news_write
from products.selectors.lines import LineTree

from .changes import looked
from .common import cut_of, half_of, prices_of, span_now

# So many products are read and judged at once: some seconds of work.
PRODUCTS = 5000
SHORT = ("few_periods", "no_data", "all_zero", "ended")


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The run's products in a few large chunks, then what concerns them together. What is told of a product
    whose inputs are the same stays; a run that did not look at them judges all it is about. Also one that
    looks back judges what is so now."""
    products, span = cut_of(run)[0], span_now(run)
    rows = Forecast.objects.filter(Q(current=True, product__isnull=False)).exclude(reason_code__in=SHORT)
    old = sorted(rows.order_by().values_list("product__line_id", flat=True).distinct())
    for begin in range(0, len(products), PRODUCTS):
        yield {"products": products[begin : begin + PRODUCTS], "old_lines": old, "span": span}
    yield {"together": True, "span": span}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    return _together(run, payload) if payload.get("together") else _products(run, payload)


def _products(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    prices, old = partial(prices_of, run), payload.get("old_lines") or ()
    judge = Judge(run, payload["products"], old, half_of(payload), prices)
    known = judge.inputs() if looked(run) else {}
    told = {pk for pk, inputs in known.items() if inputs.now == inputs.judged}
    due = [pk for pk in payload["products"] if pk not in told]
    if not due:
        return lambda: ChunkOutcome(skipped=len(told))
    judged = judge.judge(due)

    def write() -> ChunkOutcome:
        news_write(product_ids=due, rows=judged.news)
        for kind in KINDS:
            alerts_settle(
                kind=kind,
                products=list(judge.facts.products),
                candidates=judged.candidates[kind],
                local_date=run.local_date,
            )
        inputs_judged(
            digests={pk: known[pk].now for pk in due if pk in known},
            unknown=[pk for pk in due if pk not in known],
        )
        return ChunkOutcome(computed=len(judge.facts.products))

    return write


def _together(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    recipients = Recipients(LineTree(), run.local_date)
    failed = failures(run, recipients)
    loaded_half = half_data(run, half_of(payload), recipients) if run.scope is None else []
    late = late_data(run, recipients, loaded_half) if run.scope is None else []
    about = [f"product:{pk}" for pk in run.scope or ()] + [f"family:{pk}" for pk in cut_of(run)[1]]
    off_budget = lines_off_budget(recipients) if run.scope is None else []

    def write() -> ChunkOutcome:
        alerts_wake()
        imports_settle()
        alerts_settle(
            kind="failed",
            subjects=None if run.scope is None else about,
            candidates=failed,
            local_date=run.local_date,
            ignore_threshold=True,
        )
        if run.scope is None:
            for kind, candidates in (("late", late), ("half", loaded_half)):
                alerts_settle(
                    kind=kind,
                    candidates=candidates,
                    local_date=run.local_date,
                    ignore_threshold=True,
                )
            alerts_settle(kind="line_budget", candidates=off_budget, local_date=run.local_date)
        if run.requested_by is not None:
            notify(
                users=[run.requested_by],
                kind="run_done",
                key=f"run:{run.pk}",
                params={"failed": len(failed)},
                url=reverse("forecasting:runs"),
            )
        return ChunkOutcome()

    return write
