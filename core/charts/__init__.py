"""Charts as plain Vega-Lite specs: styles by name, colours from `static/charts/theme.json`, values as data.

A web process must not import altair; a test holds these dicts against its schema.
"""

from core.charts.model import Actual, Chart, ChartTable, Expected, LegendKey, Mark, Spec, StageSpan, Switch
from core.charts.volume_forecast import volume_forecast_chart

__all__ = [
    "Actual",
    "Chart",
    "ChartTable",
    "Expected",
    "LegendKey",
    "Mark",
    "Spec",
    "StageSpan",
    "Switch",
    "volume_forecast_chart",
]
