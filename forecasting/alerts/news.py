"""A product's row for Today: what was expected a month before, and why it moved."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from core.months import month_add
from core.upsert import unsaved
from forecasting.models import ProductNews
from forecasting.selectors.alert_facts import Hit, Moved

from . import rules

if TYPE_CHECKING:
    from .chunk import Current, Judge, Sold

# A month further off than this share of what was expected explains a move better than the model does.
TELLING = 0.05
QUARTER = 3


def news_of(judge: Judge, product: Sold, measure_id: int, current: Current) -> ProductNews:
    """The row of one product and its leading measure."""
    facts, key = judge.facts, (product.pk, measure_id)
    price, moved = facts.prices.get(key), facts.moved.get(key)
    hits = facts.hits.get(key, {})
    month = min(current.as_of, judge.final(product.line_id, measure_id))
    row = unsaved(
        ProductNews,
        product_id=product.pk,
        run_id=judge.run.pk,
        as_of=current.as_of,
        stage_before=_stage_before(judge, product),
    )
    if moved is not None and moved.as_of == current.as_of:
        row.before_as_of = moved.before_as_of
        if price is not None:
            row.amount = moved.priced * price
            row.amount_before = moved.priced_before * facts.prices_before.get(key, price)
        row.why_code, row.why_params = _why(moved, row, hits.get(current.as_of))
    if price is not None:
        row.error_amount, row.sold_amount = _errors(hits, month, price)
        row.error_amount_before, row.sold_amount_before = _errors(hits, month_add(month, -QUARTER), price)
    expected = judge.expected(key)
    if expected is not None and expected.in_revenue:
        row.year, row.year_amount, row.year_budget_amount = facts.year, expected.expected, expected.budget
    return row


def _stage_before(judge: Judge, product: Sold) -> str:
    """The stage shown a month ago; one set by hand is taken to have been there."""
    figures = judge.facts.figures.get(product.pk)
    if figures is not None and figures.stage_by_hand:
        return figures.stage
    stages = judge.facts.stages.get(product.pk)
    return rules.stage_before(*stages) if stages and not product.temporary else ""


def _why(moved: Moved, row: ProductNews, hit: Hit | None) -> tuple[str, dict[str, Any]]:
    """What explains a move best: a decision, or where the statistics moved the month that came in, another
    method, or neither."""
    if (layer := _layer(moved, row)) != "statistics":
        return layer, {}
    if hit is not None and hit.final and abs(hit.actual / hit.final - 1) > TELLING:
        return "month", {"month": str(hit.month), "rate": round(hit.actual / hit.final - 1, 4)}
    if moved.method_before != moved.method:
        return "method", {"from": moved.method_before, "to": moved.method}
    return "model", {}


def _layer(moved: Moved, row: ProductNews) -> str:
    """What moved the forecast's revenue most: a layer, at what a unit brought in before, or ``price``, what
    it brings in now. Where the price is not known, of its volume."""
    if row.amount is None or row.amount_before is None or not moved.now or not moved.before:
        return moved.layer
    unit_before = row.amount_before / moved.before
    moves = {layer: move * unit_before for layer, move in moved.layers.items()}
    moves["price"] = row.amount - moved.now * unit_before
    side = 1 if row.amount > row.amount_before else -1
    return max(moves, key=lambda layer: moves[layer] * side)


def _errors(
    hits: dict[datetime.date, Hit], last: datetime.date, price: float
) -> tuple[float | None, float | None]:
    """The sums of errors and of actuals over three months up to the last, in money; of all three or not."""
    found = [hits[month] for step in range(QUARTER) if (month := month_add(last, -step)) in hits]
    if len(found) < QUARTER:
        return None, None
    errors = sum(abs(hit.final - hit.actual) for hit in found) * price
    return errors, sum(abs(hit.actual) for hit in found) * price
