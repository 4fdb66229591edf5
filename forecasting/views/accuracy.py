"""How good forecasts were: by lag and layer, what each step added, who helps where, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.organisation import organisation_get
from core.pages import Sort, page_render, paginate, with_right
from forecasting.charts.accuracy import accuracy_chart
from forecasting.models.accuracy import LAGS, PERIODS, WINDOW_LAYERS
from forecasting.selectors.accuracy import (
    LAG,
    MONTHS,
    SORTS,
    Held,
    Judged,
    accuracy_held,
    accuracy_judged,
    accuracy_worst,
    judged_by,
    money_allowed,
    sums_added,
    sums_by_lag,
    sums_by_line,
)
from forecasting.selectors.accuracy_sums import FINAL, STEPS, Errors, Sums, layers_used
from forecasting.selectors.forecasts import ForecastNow
from forecasting.selectors.subjects import Subject
from forecasting.value_added import Pairs, ValueAdded, value_added
from forecasting.words.accuracy import lag_words, layer_words, reason_words, summary_words, verdict_words
from products.models import Measure, ProductLine
from products.selectors.access import visible_line_ids
from products.selectors.lines import LineTree, line_tree


@dataclass(frozen=True)
class Asked:
    """What the address asks for; anything unknown is as if not said."""

    line: ProductLine | None
    lag: int
    months: int
    layer: str
    sort: Sort

    @classmethod
    def read(cls, request: HttpRequest, lines: Iterable[ProductLine]) -> Asked:
        """404 for a line that the person does not see."""
        code = request.GET.get("line", "")
        line = next((line for line in lines if line.code == code), None)
        if code and line is None:
            raise Http404(code)
        return cls(
            line,
            _choice(request.GET.get("lag"), LAGS, LAG),
            _choice(request.GET.get("months"), PERIODS, MONTHS),
            _choice(request.GET.get("layer"), WINDOW_LAYERS, FINAL),
            Sort.read(request, list(SORTS), "-error"),
        )


def _choice(text: str | None, allowed: Iterable[Any], usual: Any) -> Any:
    return next((value for value in allowed if str(value) == text), usual)


@with_right("forecasting.view")
@require_safe
def accuracy(request: HttpRequest) -> HttpResponse:
    """The page; its list of products is a fragment."""
    tree = line_tree()
    lines = _lines(request.user, tree)
    asked = Asked.read(request, [line for line, _depth in lines])
    line_id = asked.line.pk if asked.line else None
    held = accuracy_held(request.user, tree, line_id=line_id, lag=asked.lag, months=asked.months)
    context: dict[str, Any] = {
        "asked": asked,
        "held": held,
        "lines": lines,
        "lags": [(lag, lag_words(lag)) for lag in LAGS],
        "periods": PERIODS,
        "layers": [(layer, _layer_name(layer)) for layer in WINDOW_LAYERS],
        "currency": organisation_get().currency,
        "money": money_allowed(request.user),
    }
    if held is not None:
        context |= _context(request, tree, asked, held)
    return page_render(
        request, "forecasting/accuracy.html", context, fragment="forecasting/_accuracy_worst.html"
    )


def _lines(user: Any, tree: LineTree) -> list[tuple[ProductLine, int]]:
    """The lines a person sees, in the order of the tree, each with its depth."""
    seen = visible_line_ids(user)
    lines = sorted(tree.lines, key=lambda pk: [line.name.lower() for line in tree.path(pk)])
    return [(tree.lines[pk], len(tree.path(pk)) - 1) for pk in lines if seen is None or pk in seen]


def _layer_name(layer: str) -> str:
    return _("final forecast") if layer == FINAL else layer_words(layer)


def _context(request: HttpRequest, tree: LineTree, asked: Asked, held: Held) -> dict[str, Any]:
    user, line_id = request.user, asked.line.pk if asked.line else None
    months_by_lag = sums_by_lag(held)
    by_lag = {lag: sums_added(months) for lag, months in months_by_lag.items()}
    by_month = months_by_lag.get(asked.lag, {})
    now = by_lag.get(asked.lag)
    used = layers_used(by_lag.values())
    below = _below(tree, asked.line, [line.pk for line, _depth in _lines(user, tree)])
    by_line = sums_by_line(held, below, lag=asked.lag)
    judged = accuracy_judged(user, tree, held, line_id=line_id, lag=asked.lag)
    worst = accuracy_worst(
        user,
        tree,
        held,
        line_id=line_id,
        lag=asked.lag,
        months=asked.months,
        layer=asked.layer,
        sort=f"{'-' if asked.sort.descending else ''}{asked.sort.field}",
    )
    page = paginate(request, worst)
    total = now.layers[asked.layer].off if now else 0.0
    everyone = judged_by(user) is None
    return {
        "summary": summary_words(now, asked.lag, asked.months) if now else "",
        "used": [(layer, layer_words(layer)) for layer in used],
        "by_lag": [
            {"lag": lag, "words": lag_words(lag), "wapes": [sums.layers[name] for name in used], "sums": sums}
            for lag, sums in by_lag.items()
        ],
        "steps": _steps(now, by_month.values(), used) if now else [],
        "all_scaled": now is None or now.layers[FINAL].scaled_n == now.layers[FINAL].n,
        "chart": accuracy_chart(by_month, lag=asked.lag, with_final=len(used) > 2),
        "by_line": [
            {"line": tree.lines[pk], "final": by_line[pk].layers[FINAL], "naive": by_line[pk].layers["naive"]}
            for pk in below
            if pk in by_line
        ],
        "everyone": everyone,
        "people": _people(judged, lambda row: row.reason_code, lambda row: reason_words(row.reason_code)),
        "people_lines": _people(judged, lambda row: row.line_id, lambda row: tree.lines[row.line_id].name),
        "people_persons": _people(
            judged, lambda row: row.author_id or 0, lambda row: row.author or _("not known")
        )
        if everyone
        else [],
        "page": page,
        "worst": [
            {
                "row": row,
                "line": tree.lines[row.product.line_id],
                "share": row.error / total if total else None,
            }
            for row in page
        ],
        "sort": asked.sort,
        "unit": _unit(held, tree),
    }


def _unit(held: Held, tree: LineTree) -> str:
    if held.in_money or held.unit:
        return held.unit
    measures = {m.pk: m for pk in tree.lines for m in tree.measures(pk)}
    measure: Measure | None = measures.get(held.measure_id or 0)
    return str(measure.unit) if measure else ""


def _below(tree: LineTree, line: ProductLine | None, seen: list[int]) -> list[int]:
    """The lines right below the one that is shown, or the highest a person sees."""
    if line is not None:
        return [pk for pk in seen if tree.lines[pk].parent_id == line.pk]
    return [pk for pk in seen if tree.lines[pk].parent_id not in seen]


def _steps(now: Sums, months: Iterable[Sums], used: list[str]) -> list[dict[str, Any]]:
    """The layers of one lag, each with its errors and what it added to the one before."""
    by_month = list(months)
    rows = []
    for layer in used:
        errors: Errors = now.layers[layer]
        added = value_added([sums.steps[layer] for sums in by_month]) if layer in STEPS else None
        rows.append(
            {
                "layer": layer,
                "words": layer_words(layer),
                "errors": errors,
                "added": added,
                "verdict": verdict_words(added.verdict) if added else "",
            }
        )
    return rows


def _people(
    judged: list[Judged], key: Callable[[Judged], Any], words: Callable[[Judged], str]
) -> list[dict[str, Any]]:
    """What people's changes added, by what ``key`` says; what hurt most comes last."""
    found: dict[Any, dict[int, Pairs]] = {}
    names: dict[Any, str] = {}
    for row in judged:
        products = found.setdefault(key(row), {})
        products[row.product_id] = products.get(row.product_id, Pairs()) + row.pairs
        names[key(row)] = words(row)
    rows = []
    for group, products in found.items():
        added: ValueAdded = value_added(list(products.values()))
        rows.append(
            {
                "words": names[group],
                "added": added,
                "verdict": verdict_words(added.verdict),
                "products": len(products),
            }
        )
    return sorted(rows, key=lambda row: (-(row["added"].amount or 0.0), row["words"]))


def product_card(now: ForecastNow | None, subject: Subject) -> dict[str, Any] | None:
    """How good a product's earlier forecasts turned out, by lag; ``None`` while none is old enough."""
    if now is None or not now.accuracy:
        return None
    return {
        "line": line_tree().lines[subject.line_id].code,
        "lags": [
            {
                "words": lag_words(lag),
                "months": int(sums.layers[FINAL].n),
                "final": sums.layers[FINAL],
                "naive": sums.layers["naive"],
            }
            for lag, sums in now.accuracy.items()
        ],
    }
