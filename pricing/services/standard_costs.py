"""Booking standard costs: of products in parts, only of those of which anything changed."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db import transaction

from core.jobs import job_enqueue
from core.organisation import today
from forecasting.services.night import last_closed_month
from pricing.selectors.standard_costs import NONE, SplitLines, StandardCosts, months_booked, products_bearing
from products.models import Product
from products.selectors.closing import open_from

from .corrected_costs import (
    Booking,
    corrections_follow,
    corrections_waiting,
    corrections_with,
    months_book,
)
from .cost_signs import Step, products_due, products_signed, rest_due

JOB = "pricing.standard_costs"
AT_ONCE = 200
Progress = Callable[[int, int], object]


def standard_costs_later(*, cost_lines: Collection[int]) -> None:
    """Once the transaction is through, a worker books anew what these lines come to."""
    if cost_lines:
        job_enqueue(kind=JOB, key=f"{JOB}:{uuid.uuid4()}", payload={"cost_lines": sorted(cost_lines)})


def standard_costs_job(context: Any) -> Mapping[str, Any]:
    """The job: part by part, each in a transaction of its own; begun again, it goes on."""
    products = products_bearing(context.payload["cost_lines"])
    return {"changed": _book(products, context.progress)}


@transaction.atomic
def standard_costs_before_close(_until: datetime.date) -> int:
    """All that is not booked yet, before a month is closed."""
    return standard_costs_due(lambda _done, _all: None)


def standard_costs_due(progress: Progress) -> int:
    """The same, part by part, each in a transaction of its own; returns how many rows changed."""
    return _book(list(Product.objects.order_by("pk").values_list("pk", flat=True)), progress)


def _book(products: Sequence[int], progress: Progress) -> int:
    split, changed = SplitLines(months_booked(last_closed_month(today()))), 0
    for begin in range(0, len(products), AT_ONCE):
        progress(begin, len(products))
        signs, rows = changed_costs(products[begin : begin + AT_ONCE], split)
        changed += standard_costs_write(signs=signs, rows=rows, split=split)
    signs, rows = changed_rest(split)
    return changed + standard_costs_write(signs=signs, rows=rows, split=split)


def changed_costs(
    product_ids: Collection[int], split: SplitLines
) -> tuple[dict[int | None, str], list[Booking]]:
    """The products whose costs have to be booked anew, with their hashes, and what they come to, or lack."""
    costs = StandardCosts(product_ids, split)
    known = costs.signs()
    due = products_due(Step.STANDARD, known)
    due |= {pk: known.get(pk, NONE) for pk in corrections_waiting(product_ids, split) if pk is not None}
    signs: dict[int | None, str] = dict(due.items())
    return signs, costs.rows(due) if due else []


def changed_rest(split: SplitLines) -> tuple[dict[int | None, str], list[Booking]]:
    """The same of what could not be split."""
    signs = rest_due(Step.STANDARD, split.sign)
    if corrections_waiting([None], split):
        signs = {None: split.sign}
    return signs, list(split.left()) if signs else []


@transaction.atomic
def standard_costs_write(
    *, signs: Mapping[int | None, str], rows: Collection[Booking], split: SplitLines
) -> int:
    """Book what :func:`changed_costs` found; returns how many rows changed. Closed months stay, but for what
    follows from sales or rates of theirs that were corrected: that is a correction as well, once."""
    if not signs:
        return 0
    begin, products = open_from() or datetime.date.min, list(signs)
    months = {month for month in split.months if month >= begin}
    changed = months_book(months, rows, products)
    waiting = corrections_waiting(products, split)
    changed += corrections_follow(waiting, set(split.months) - months, rows)
    products_signed(Step.STANDARD, signs, corrections_with(waiting))
    return changed
