"""A product's row for Today: what was known a month before, and why it moved."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from core.months import month_add
from forecasting.models import ProductNews
from forecasting.selectors.alert_facts import Hit
from products.models import Product

from . import rules

if TYPE_CHECKING:
    from .chunk import Current, Judge

# A month further off than this share of what was expected explains a move better than the model does.
TELLING = 0.05
QUARTER = 3


def news_of(judge: Judge, product: Product, measure_id: int, current: Current) -> ProductNews:
    """The row of one product and its leading measure."""
    facts, key = judge.facts, (product.pk, measure_id)
    price, moved = facts.prices.get(key), facts.moved.get(key)
    hits = facts.hits.get(key, {})
    month = min(current.as_of, judge.final[product.line_id])
    row = ProductNews(
        product_id=product.pk,
        run_id=judge.run.pk,
        as_of=current.as_of,
        stage_before=_stage_before(judge, product),
    )
    if moved is not None and moved.as_of == current.as_of:
        row.before_as_of = moved.before_as_of
        row.move_rate = (moved.now / moved.before - 1) if moved.before > 0 else None
        if price is not None:
            row.amount, row.amount_before = moved.now * price, moved.before * price
        row.why_code, row.why_params = _why(moved.method_before, moved.method, hits.get(current.as_of))
    if price is not None:
        row.error_amount, row.sold_amount = _errors(hits, month, price)
        row.error_amount_before, row.sold_amount_before = _errors(hits, month_add(month, -QUARTER), price)
    expected = judge.expected(key)
    if expected is not None and expected.in_revenue:
        row.year, row.year_amount, row.year_budget_amount = facts.year, expected.expected, expected.budget
    return row


def _stage_before(judge: Judge, product: Product) -> str:
    """The stage shown a month ago; one set by hand is taken to have been there."""
    figures = judge.facts.figures.get(product.pk)
    if figures is not None and figures.stage_by_hand:
        return figures.stage
    stages = judge.facts.stages.get(product.pk)
    return rules.stage_before(*stages) if stages and not product.temporary else ""


def _why(method_before: str, method: str, hit: Hit | None) -> tuple[str, dict[str, Any]]:
    """What explains a move best: the month that came in, another method, or neither."""
    if hit is not None and hit.mean and abs(hit.actual / hit.mean - 1) > TELLING:
        return "month", {"month": str(hit.month), "rate": round(hit.actual / hit.mean - 1, 4)}
    if method_before != method:
        return "method", {"from": method_before, "to": method}
    return "model", {}


def _errors(
    hits: dict[datetime.date, Hit], last: datetime.date, price: float
) -> tuple[float | None, float | None]:
    """The sums of errors and of actuals over three months up to the last, in money; of all three or not."""
    found = [hits[month] for step in range(QUARTER) if (month := month_add(last, -step)) in hits]
    if len(found) < QUARTER:
        return None, None
    errors = sum(abs(hit.mean - hit.actual) for hit in found) * price
    return errors, sum(abs(hit.actual) for hit in found) * price
