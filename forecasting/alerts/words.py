"""Alerts of the night in the reader's language: the headline, and the sentence with its numbers."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from collaboration.kinds import Words
from collaboration.sentences import enumerate_words
from core import formats
from core.charts.model import stage_word
from core.organisation import organisation_get
from forecasting.words.forecasts import evidence_words, failure_words


def _bold(text: str) -> str:
    return format_html("<b>{}</b>", text)


def _in_language(said: dict[str, str] | None) -> str:
    said = said or {}
    return said.get("nl" if get_language() == "nl" else "en", "")


def _unit(alert: Any) -> str:
    """The unit, with the measure's name where the product has several."""
    unit, name = _in_language(alert.evidence.get("unit")), _in_language(alert.evidence.get("name"))
    return f"{unit} ({name})" if name and name.lower() != unit.lower() else unit


def _and_others(alert: Any, text: str) -> str:
    """The sentence, and which other measures say the same."""
    names = [_in_language(name) for name in alert.evidence.get("also") or ()]
    if not names:
        return text
    same = format_html(
        _("The same holds for {measures}."), measures=enumerate_words([n.lower() for n in names])
    )
    return format_html("{} {}", text, same)


def _month(text: str) -> str:
    return formats.month(datetime.date.fromisoformat(text))


def band(alert: Any) -> Words:
    p = alert.evidence
    values = {
        "month": _month(p["month"]),
        "actual": _bold(formats.volume(p["actual"])),
        "unit": _unit(alert),
        "mean": _bold(formats.volume(p["mean"])),
        "level": formats.percent(p["level"] / 100, 0),
        "lo": formats.volume(p["lo"]),
        "hi": formats.volume(p["hi"]),
    }
    text = format_html(_("In {month}: {actual} {unit}, expected {mean} ({level}: {lo} – {hi})."), **values)
    if p["months"] > 1:
        running = (
            _("It is the {count} month running above what was expected.")
            if p["side"] == "above"
            else _("It is the {count} month running below what was expected.")
        )
        text = format_html("{} {}", text, format_html(running, count=_ordinal(p["months"])))
    said = _and_others(alert, text)
    if p["side"] == "above":
        return Words(_("sold more than expected"), said, "trending-up", "pos")
    return Words(_("sold less than expected"), said)


def _ordinal(number: int) -> str:
    # With a context: Django has "second" of its own, the one of the clock.
    words = {
        2: pgettext("ordinal", "second"),
        3: pgettext("ordinal", "third"),
        4: pgettext("ordinal", "fourth"),
        5: pgettext("ordinal", "fifth"),
        6: pgettext("ordinal", "sixth"),
    }
    return words.get(number, formats.number(number, 0))


MOVED_BY = {
    "driven": gettext_lazy("Known drivers, promotions or prices ahead made most of it."),
    "overridden": gettext_lazy("A change by hand made most of it."),
    "agreed": gettext_lazy("What was agreed made most of it."),
}


def moved(alert: Any) -> Words:
    p = alert.evidence
    values = {
        "now": _bold(formats.compact(p["now"])),
        "before": formats.compact(p["before"]),
        "unit": _unit(alert),
        "month": _month(p["before_as_of"]),
        "rate": _bold(formats.delta(p["rate"]).text) if p["rate"] is not None else "",
    }
    if p["rate"] is None:
        text = format_html(
            _("Next 12 months {now} {unit}; the forecast on data up to {month} expected nothing."), **values
        )
    elif p["is_level"]:
        text = format_html(
            _("Average of the next 12 months {rate}: {now} {unit}, {before} on data up to {month}."), **values
        )
    else:
        text = format_html(
            _("Next 12 months {rate}: {now} {unit}, {before} on data up to {month}."), **values
        )
    icon = "trending-down" if p["rate"] is not None and p["rate"] < 0 else ""
    if by := MOVED_BY.get(p.get("layer", "")):
        text = format_html("{} {}", text, by)
    return Words(_("forecast moved"), _and_others(alert, text), icon)


def budget(alert: Any) -> Words:
    p = alert.evidence
    if p["in_revenue"]:
        currency = organisation_get().currency
        expected = formats.money(p["expected"], currency, scale="auto")
        planned = formats.money(p["budget"], currency, scale="auto")
    else:
        expected = formats.compact(p["expected"], _unit(alert))
        planned = formats.compact(p["budget"], _unit(alert))
    values = {
        "year": p["year"],
        "expected": _bold(expected),
        "budget": planned,
        "rate": _bold(formats.delta(p["rate"]).text),
    }
    text = format_html(_("Full year {year} expected at {expected}, budget {budget}: {rate}."), **values)
    headline = _("ahead of budget") if p["rate"] > 0 else _("behind budget")
    return Words(headline, _and_others(alert, text))


def stage(alert: Any) -> Words:
    p = alert.evidence
    values = {
        "from": stage_word(p["from"]) if p["from"] else "",
        "to": _bold(stage_word(p["to"])),
        "chance": _bold(formats.percent(p["chance"], 0)),
        "why": evidence_words(p["code"], p["params"]),
    }
    if p["by_hand"]:
        text = format_html(_("Set by hand: {from}. The figures say {to}, chance {chance}. {why}"), **values)
        return Words(_("stage proposed"), text)
    if not p["from"]:
        text = format_html(_("First stage: {to}, chance {chance}. {why}"), **values)
        return Words(_("first stage"), text)
    text = format_html(_("From {from} to {to}, chance {chance}. {why}"), **values)
    return Words(_("stage changed"), text)


def little_history(alert: Any) -> Words:
    months = int(alert.evidence["periods"])
    said = ngettext(
        "Only {count} month of sales: neither trend nor season can be told from chance.",
        "Only {count} months of sales: neither trend nor season can be told from chance.",
        months,
    )
    text = format_html(said, count=_bold(formats.number(months, 0)))
    return Words(
        _("too little history"),
        format_html("{} {}", text, _("A comparable product would tell what its first year may look like.")),
    )


def failed(alert: Any) -> Words:
    p = alert.evidence
    text = format_html(
        "{} {}",
        failure_words(p["code"], p["params"]),
        _("The forecast from before stays, marked as out of date."),
    )
    if p.get("family"):
        text = format_html("{}: {}", _bold(p["family"]), text)
    return Words(_("not recomputed"), text)


def half(alert: Any) -> Words:
    text = _(
        "Most products of the line have less than three quarters of their usual sales in {month}: it"
        " seems loaded in part. Forecasts leave that month out until the next one is in, or it is closed."
    )
    return Words(_("loaded in part"), format_html(text, month=_month(alert.evidence["month"])))


def late(alert: Any) -> Words:
    p = alert.evidence
    count = int(p["count"])
    month = _month(p["month"])
    if p.get("until", p["month"]) != p["month"]:
        month = format_html("{} – {}", month, _month(p["until"]))
    values = {"month": month, "count": _bold(formats.number(count, 0))}
    if p["what"] == "line":
        said = ngettext(
            "Sales of {month} are missing of the whole line, {count} product.",
            "Sales of {month} are missing of the whole line, {count} products.",
            count,
        )
        text = format_html(said, **values)
    elif p["what"] == "channel":
        said = ngettext(
            "{channel}: sales of {month} are missing for {count} product.",
            "{channel}: sales of {month} are missing for {count} products.",
            count,
        )
        text = format_html(said, channel=_bold(p["name"]), **values)
    else:
        said = ngettext(
            "Sales of {month} are missing for {count} product that sold every month: {names}.",
            "Sales of {month} are missing for {count} products that sold every month: {names}.",
            count,
        )
        names = ", ".join(p["names"]) + (" …" if count > len(p["names"]) else "")
        text = format_html(said, names=names, **values)
    return Words(_("data late"), text)
