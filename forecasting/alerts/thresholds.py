"""From where on something is worth an alert; a line can set its own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from products.selectors.lines import LineTree
from products.selectors.thresholds import LineThreshold, line_thresholds

BAND_MONTHS_MOST = 6

ALERT_SETTINGS = [
    LineThreshold(
        "alert_min_amount",
        _("No alert below this amount"),
        0,
        "amount",
        _("Money at stake; the organisation's own minimum holds besides, the higher of the two counts."),
        10,
    ),
    LineThreshold(
        "alert_band_margin",
        _("Outside the band by more than"),
        0,
        "rate",
        _("As a share of what was expected; 0% alerts as soon as a month lies outside its band."),
        20,
    ),
    LineThreshold(
        "alert_band_months",
        _("Months running outside the 80% band"),
        2,
        "number",
        _("On the same side, from 2 to 6; one month outside the 95% band always alerts."),
        30,
    ),
    LineThreshold(
        "alert_move_rate",
        _("Forecast moved by more than"),
        0.10,
        "rate",
        _("The next 12 months against last month's forecast."),
        40,
    ),
    LineThreshold(
        "alert_budget_rate",
        _("Expected full year off budget by more than"),
        0.05,
        "rate",
        _("Closed months and forecast together against the budget of the financial year."),
        50,
    ),
    LineThreshold(
        "alert_late_day",
        _("Data are late from this day of the next month"),
        10,
        "number",
        _("From 1 to 28."),
        60,
    ),
]


def thresholds_register() -> None:
    line_thresholds.register(*ALERT_SETTINGS)


@dataclass(frozen=True)
class Thresholds:
    """What holds for one line's products."""

    min_amount: Decimal
    band_margin: float
    band_months: int
    move_rate: float
    budget_rate: float
    late_day: int


def thresholds_of(tree: LineTree, line_id: int) -> Thresholds:
    """The line's own, or those of the nearest line above that says it, or the usual ones."""
    values = {
        setting.key: float(tree.alert_setting(line_id, setting.key, setting.default))
        for setting in ALERT_SETTINGS
    }
    return Thresholds(
        min_amount=Decimal(str(values["alert_min_amount"])),
        band_margin=values["alert_band_margin"],
        band_months=min(max(int(values["alert_band_months"]), 2), BAND_MONTHS_MOST),
        move_rate=values["alert_move_rate"],
        budget_rate=values["alert_budget_rate"],
        late_day=min(max(int(values["alert_late_day"]), 1), 28),
    )
