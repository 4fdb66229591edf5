"""The product overview: everything that matters about one product on one screen."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core import formats
from core.charts import Chart, Switch
from core.months import month_add, month_end
from core.organisation import today
from core.pages import page_render, with_right
from core.panels import panels_build
from forecasting.cards.product import stage_card, stage_spans
from forecasting.events import product_events
from products.models import Measure
from products.selectors.access import product_get
from products.selectors.head import ProductHead, product_head
from reporting.charts import overview_chart
from reporting.selectors.overview import Overview, overview_get
from reporting.words.key_figures import channel_rows, comparison_tables, headline_figures


@with_right("products.view")
@require_GET
def product_overview(request: HttpRequest, code: str) -> HttpResponse:
    """``?measure=`` shows another measure of the line, ``?show=revenue`` money instead of volume."""
    product = product_get(request.user, code)
    head = product_head(request.user, product, "overview")
    overview = overview_get(request.user, product, head.tree, request.GET.get("measure", ""))
    revenue = request.GET.get("show") == "revenue"
    unit = head.unit if overview.measure.code == "units" else overview.measure.unit
    context = {
        "head": head,
        "overview": overview,
        "unit": unit,
        "revenue": revenue,
        "chart": _chart(request, head, overview, unit, revenue=revenue),
        "headlines": headline_figures(overview, unit),
        "compared_tables": comparison_tables(overview.figures, overview.measure, unit),
        "channels": channel_rows(overview),
        "channel_decimals": formats.volume_decimals(row.volume for row in overview.channels),
        "main_panels": panels_build(request.user, product, "main"),
        "side_panels": panels_build(request.user, product, "side"),
    }
    return page_render(
        request, "reporting/product_overview.html", context, fragment="reporting/_product_sales.html"
    )


def _chart(
    request: HttpRequest, head: ProductHead, overview: Overview, unit: str, *, revenue: bool
) -> Chart | None:
    if not overview.history and overview.forecast is None:
        return None
    first = overview.history[0].month if overview.history else today()
    last = month_end(month_add(today(), 18))
    leads = overview.measure == overview.measures[0]
    return overview_chart(
        overview,
        revenue=revenue,
        unit=unit,
        events=product_events(request.user, head.product, first, last),
        stages=stage_spans(stage_card(request.user, head.product)) if leads else [],
        switches=_switches(overview, revenue=revenue),
    )


def _switches(overview: Overview, *, revenue: bool) -> list[Switch]:
    """One for each measure, and revenue where the measure in sight has any."""

    def address(measure: Measure, show: str = "") -> str:
        wanted = [f"measure={measure.code}"] if measure != overview.measures[0] else []
        return "?" + "&".join([*wanted, *([f"show={show}"] if show else [])])

    found: list[Any] = [
        Switch(capfirst(str(measure)), address(measure), measure == overview.measure and not revenue)
        for measure in overview.measures
    ]
    if revenue or any(row.revenue is not None for row in overview.history):
        found.append(Switch(_("Revenue"), address(overview.measure, "revenue"), revenue))
    return found if len(found) > 1 else []
