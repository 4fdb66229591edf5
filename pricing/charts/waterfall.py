"""A waterfall: totals, and between them what is taken off, each as a bar from where the one before ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal

from core.charts import Spec
from core.charts.model import SCHEMA

ZERO = Decimal(0)


def waterfall_spec(rows: Iterable[tuple[str, Decimal, bool]], text: Callable[[Decimal], str]) -> Spec:
    """Of each row its label, its amount (negative where it is taken off) and whether it is a total. Of equal
    labels, which would share a bar, the second and further ones are numbered."""
    points, left, said = [], ZERO, Counter[str]()
    for label, amount, is_total in rows:
        said[label] += 1
        start = ZERO if is_total else left
        left = amount if is_total else left + amount
        points.append(
            {
                "post": label if said[label] == 1 else f"{label} ({said[label]})",
                # A bar of no length where it is the other's: both layers then keep the same order of lines.
                "total_from": float(start if is_total else 0),
                "total_to": float(left if is_total else 0),
                "cost_from": float(start),
                "cost_to": float(start if is_total else left),
                "end": float(max(start, left)),
                "text": text(amount),
            }
        )
    return _spec(points)


def _spec(points: list[Spec]) -> Spec:
    low = min(0.0, *(min(point["total_to"], point["cost_to"]) for point in points))
    high = max(point["end"] for point in points)
    x: Spec = {
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [low, high if high > low else low + 1]},
    }
    bars = [
        {
            "mark": {"type": "bar", "style": style, "cornerRadius": 2},
            "encoding": {"x": {"field": f"{which}_from", **x}, "x2": {"field": f"{which}_to"}},
        }
        for which, style in (("total", "total"), ("cost", "deduction"))
    ]
    words = {
        "mark": {"type": "text", "style": "value", "align": "left", "baseline": "middle", "dx": 7},
        "encoding": {"x": {"field": "end", **x}, "text": {"field": "text"}},
    }
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": 26 * len(points),
        "padding": {"left": 0, "right": 6, "top": 4, "bottom": 2},
        "data": {"values": points},
        "encoding": {
            "y": {
                "field": "post",
                "type": "nominal",
                "sort": None,
                "axis": {"title": None, "labelLimit": 170, "labelPadding": 10},
                "scale": {"paddingInner": 0.42},
            }
        },
        "layer": [*bars, words],
    }
