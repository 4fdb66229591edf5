"""The morning in sentences."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from collaboration.selectors.alerts import tally
from collaboration.sentences import count_word, enumerate_words
from core import formats
from core.organisation import today
from forecasting.models import NightlyRun, NightlyStep
from forecasting.words.forecasts import method_words
from forecasting.words.totals import lines_named
from products.models import ProductLine
from reporting.selectors.today import AlertCounts


def night_sentence(night: NightlyRun, forecast: NightlyStep | None, *, sees_all: bool) -> str:
    """What the last run did; its counts only for who sees every product."""
    when = (
        _("Last night")
        if night.local_date == today()
        else _("In the night of %(date)s") % {"date": formats.day(night.local_date)}
    )
    if night.state == NightlyRun.State.FAILED:
        return format_html(_("{when} the run broke off: forecasts are those of before."), when=when)
    if forecast is None or not sees_all:
        return format_html(_("{when} the forecasts were brought up to date."), when=when)
    total = forecast.computed + forecast.skipped + forecast.failed
    values = {
        "when": when,
        "done": format_html("<b>{}</b>", formats.number(forecast.computed, 0)),
        "total": format_html("<b>{}</b>", formats.number(total, 0)),
    }
    if not forecast.computed and not forecast.failed:
        return format_html(_("{when} nothing had changed: all {total} forecasts still hold."), **values)
    return format_html(_("{when} {done} of {total} forecasts were recomputed."), **values)


def alerts_sentence(counts: AlertCounts, *, deals: bool) -> str:
    """How many alerts are new, and what they say; the kinds in the order of urgency."""
    if counts.new:
        said = ngettext("There is {count} new alert", "There are {count} new alerts", counts.new)
        count = format_html("<b>{}</b>", count_word(counts.new))
        parts = enumerate_words(tally(counts.new_by_kind, counts.waiting))
        return format_html("{}: {}.", format_html(said, count=count), parts)
    if counts.open and deals:
        said = ngettext(
            "Nothing new needs you; {count} alert is still open.",
            "Nothing new needs you; {count} alerts are still open.",
            counts.open,
        )
        return format_html(said, count=count_word(counts.open))
    return _("Nothing needs you this morning.") if deals else _("Nothing out of the ordinary.")


BY_DECISION = {
    "driven": gettext_lazy("known drivers, promotions or prices ahead"),
    "overridden": gettext_lazy("changed by hand"),
    "agreed": gettext_lazy("what was agreed"),
    "price": gettext_lazy("what a unit brings in"),
}


def closed_words(lines: Sequence[ProductLine]) -> str:
    """Of which lines a month is, where those of others are still to come."""
    return _("of %(lines)s alone") % {"lines": lines_named([line.pk for line in lines])}


def why_words(code: str, params: Mapping[str, Any]) -> str:
    """What explains a forecast's move best."""
    if code == "month":
        rate = params["rate"]
        values = {
            "month": formats.month(datetime.date.fromisoformat(params["month"])),
            "rate": formats.percent(abs(rate), 0),
        }
        if rate > 0:
            return _("%(month)s was %(rate)s higher than expected") % values
        return _("%(month)s was %(rate)s lower than expected") % values
    if code in BY_DECISION:
        return str(BY_DECISION[code])
    if code == "method":
        return _("another method: %(method)s") % {"method": method_words(params["to"])}
    if code == "model":
        return _("trend and season estimated anew")
    return ""
