"""Booking standard costs: of products in parts, only of those of which anything changed."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from core.jobs import job_enqueue
from core.organisation import today
from forecasting.services.night import last_closed_month
from pricing.models import CostMonth
from pricing.selectors.cost_months import BookedCost, LeftOut
from pricing.selectors.standard_costs import SplitLines, StandardCosts, months_booked, products_bearing
from products.models import Product
from products.selectors.closing import months_corrected, open_from
from products.services.closing import correction

from .cost_months import cost_months_book
from .cost_signs import Step, products_due, products_signed, rest_due
from .costs_left_out import costs_left_out_book

STANDARD = CostMonth.Source.STANDARD
JOB = "pricing.standard_costs"
AT_ONCE = 200
Progress = Callable[[int, int], object]
Booking = BookedCost | LeftOut


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
    due = products_due(Step.STANDARD, costs.signs())
    signs: dict[int | None, str] = dict(due.items())
    return signs, costs.rows(due) if due else []


def _closed_follow(
    closed: Collection[datetime.date], rows: Collection[Booking], products: Collection[int | None]
) -> int:
    months = months_corrected("sales", "rates") & set(closed)
    if not months:
        return 0
    booked = [row for row in rows if isinstance(row, BookedCost) and row.month in months]
    try:
        return cost_months_book(source=STANDARD, months=months, rows=booked, products=products)
    except DomainError as refused:
        changes = refused.details["changes"]
    with correction(user=None, reason=_("Costs follow what was corrected."), changes=changes):
        return _months_book(months, rows, products)


def _months_book(
    months: Collection[datetime.date], rows: Collection[Booking], products: Collection[int | None]
) -> int:
    own = [row for row in rows if row.month in months]
    booked = [row for row in own if isinstance(row, BookedCost)]
    left_out = [row for row in own if isinstance(row, LeftOut)]
    costs_left_out_book(months=months, rows=left_out, products=products)
    return cost_months_book(source=STANDARD, months=months, rows=booked, products=products)


def changed_rest(split: SplitLines) -> tuple[dict[int | None, str], list[Booking]]:
    """The same of what could not be split."""
    signs = rest_due(Step.STANDARD, split.sign)
    return signs, list(split.left()) if signs else []


@transaction.atomic
def standard_costs_write(
    *, signs: Mapping[int | None, str], rows: Collection[Booking], split: SplitLines
) -> int:
    """Book what :func:`changed_costs` found; returns how many rows changed. Closed months stay, unless sales
    or rates of theirs were corrected: then that their costs follow is a correction as well."""
    if not signs:
        return 0
    begin, products = open_from() or datetime.date.min, list(signs)
    months = {month for month in split.months if month >= begin}
    changed = _months_book(months, rows, products)
    if len(months) < len(split.months):
        changed += _closed_follow(set(split.months) - months, rows, products)
    products_signed(Step.STANDARD, signs)
    return changed
