"""What drivers do to a forecast, put into words at display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.formats import Delta
from core.registries import PlannedSource, planned_sources
from forecasting.models import Driver, Forecast

# From this fall of the error on, a driver that was kept out did so because too few months tell of it.
PROMISING_PCT = 2


@dataclass(frozen=True)
class DriverLine:
    """One driver of a forecast: ``year`` is what it does to the next 12 months, ``range`` to single months;
    of one that does not work ``why``. ``shared``: by how many products of the line it was learnt together."""

    pk: int
    name: str
    year: Delta | None = None
    range: str = ""
    shared: str = ""
    gain: str = ""
    why: str = ""


@dataclass(frozen=True)
class PlannedLine:
    """Something decided that moves the forecast: ``year`` is what it does to the next 12 months."""

    name: str
    year: Delta
    text: str


@dataclass(frozen=True)
class DriverCard:
    used: list[DriverLine]
    refused: list[DriverLine]
    planned: list[PlannedLine]


def driver_card(forecast: Forecast | None) -> DriverCard | None:
    """What the night said of a forecast's drivers; ``None`` where it had none."""
    said = forecast.driver_effects if forecast is not None else None
    if not said or not any(said.values()):
        return None
    return DriverCard(
        [driver_line(entry) for entry in said["used"]],
        [driver_line(entry) for entry in said["refused"]],
        [_planned_line(entry) for entry in said.get("planned", ())],
    )


def week_moves(forecast: Forecast) -> list[tuple[str, list[float]]]:
    """What moves the weeks of a forecast: each driver and decision with the volume by week, one after the
    other; nothing where none does."""
    said = forecast.driver_effects or {}
    named = [(driver_line(entry).name, entry) for entry in said.get("used", ())]
    named += [(_planned_line(entry).name, entry) for entry in said.get("planned", ())]
    return [(name, entry["weeks"]) for name, entry in named if "weeks" in entry]


def _planned_line(entry: Mapping[str, Any]) -> PlannedLine:
    source, params = planned_sources.get(entry["key"]), entry["params"]
    name, text = _members_words(source, params) if "members" in params else source.words(params)
    if "left_out" in entry:
        text = f"{text} {_left_out_words(*entry['left_out'])}"
    return PlannedLine(name, formats.delta(entry["year"], "percent", good="none"), text)


def _left_out_words(products: int, months: int, with_it: float, without: float) -> str:
    """Why a decision does not move the forecast."""
    text = _(
        "It is left out: such decisions moved the forecasts of %(products)s products of this line, in "
        "%(months)s months together, and with them those were %(worse)s further off than without."
    )
    worse = formats.percent(with_it / without - 1, 0) if without > 0 else "—"
    said = {name: formats.number(count) for name, count in (("products", products), ("months", months))}
    return text % {**said, "worse": worse}


def _members_words(source: PlannedSource, params: Mapping[str, Any]) -> tuple[str, str]:
    """Of a family, by how many of its members it moves."""
    text = ngettext(
        "%(moved)s of %(count)s product moves, and the family with it.",
        "%(moved)s of %(count)s products move, and the family by what they sold in the last year.",
        params["members"],
    )
    said = {name: formats.number(params[key], 0) for name, key in (("moved", "moved"), ("count", "members"))}
    return str(source.of_members), text % said


def driver_line(entry: Mapping[str, Any]) -> DriverLine:
    calendar = entry.get("calendar")
    name = capfirst(str(Driver.Calendar(calendar).label)) if calendar else entry["name"]
    if "reason" in entry:
        return DriverLine(entry["id"], name, why=refused_words(entry["reason"], entry["params"]))
    months = entry["months"][:12]
    low, high = (formats.delta(value, "percent").text for value in (min(months), max(months)))
    return DriverLine(
        entry["id"],
        name,
        year=formats.delta(entry["year"], "percent", good="none"),
        range=_("%(low)s to %(high)s a month") % {"low": low, "high": high},
        shared=formats.number(entry["shared"]) if "shared" in entry else "",
        gain=formats.percent(entry["gain"], 0),
    )


def refused_words(code: str, params: Mapping[str, Any]) -> str:
    """Why a driver does not work: one sentence with its numbers."""
    words = {
        "future_unknown": _("Nothing is known of the months ahead."),
        "known_too_short": _("It is known for %(periods)s of the past; %(needed)s are needed."),
        "moves_with_season": _("It never departs from its season, which the forecast has already."),
        "series_too_short": _("The product has %(periods)s of data; %(needed)s are needed."),
        "not_positive": _("The product has months without sales."),
        "no_gain": _("It makes the forecast of its own past no better."),
        "no_shared_gain": _("It makes the forecasts of the %(series)s products of its line no better."),
    }
    sentence = words.get(code, code)
    if code == "no_gain" and (params.get("gain_pct") or 0) >= PROMISING_PCT:
        sentence = _("It promises something, but too little of the past tells of it to be sure.")
    count_words = _weeks if params.get("by_week") else _months
    said = {name: count_words(params.get(name)) for name in ("periods", "needed")}
    return sentence % {**said, "series": formats.number(params.get("series") or 0)}


def _months(count: Any) -> str:
    return ngettext("%(count)s month", "%(count)s months", int(count or 0)) % {
        "count": formats.number(count or 0)
    }


def _weeks(count: Any) -> str:
    return ngettext("%(count)s week", "%(count)s weeks", int(count or 0)) % {
        "count": formats.number(count or 0)
    }
