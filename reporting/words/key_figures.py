"""Key figures put into rows and words for the overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.organisation import organisation_get
from products.models import Measure
from reporting.selectors.key_figures import KeyFigure, KeyFigures
from reporting.selectors.overview import Ahead, Overview


@dataclass(frozen=True)
class Headline:
    """One figure of the strip on top."""

    label: str
    value: str
    unit: str
    change: formats.Delta | None
    compared: str
    note: str


@dataclass(frozen=True)
class ComparisonRow:
    """One span in the table "compared with what": texts, ready to show."""

    label: str
    notes: Sequence[str]
    value: str
    last_year: str
    change: formats.Delta
    index: str
    budget: str
    budget_change: formats.Delta
    budget_index: str


@dataclass(frozen=True)
class ComparisonTable:
    """Volume or revenue, in units that stand in its head."""

    key: str
    title: str
    unit: str
    rows: Sequence[ComparisonRow]


@dataclass(frozen=True)
class ChannelRow:
    name: str
    volume: Decimal | None
    revenue: Decimal | None
    share: float | None


def span_words(figure: KeyFigure) -> tuple[str, str]:
    """The span's name, and which months it covers."""
    month = formats.month(figure.last)
    names = {
        "month": (_("Month"), month),
        "year_to_date": (_("Year to date"), f"{formats.month(figure.first)} – {month}"),
        "last_12_months": (_("Last 12 months"), f"{formats.month(figure.first)} – {month}"),
        "full_year": (_("Full year expected"), f"{formats.month(figure.first)} – {month}"),
    }
    return names[figure.span]


def headline_figures(overview: Overview, unit: str) -> list[Headline]:
    """Volume and revenue of 12 months, the forecast of the next 12, the full year against budget."""
    found = []
    if overview.figures is not None:
        volume = overview.figures.of("volume", "last_12_months")
        revenue = overview.figures.of("revenue", "last_12_months")
        level = overview.measure.kind == Measure.Kind.LEVEL
        name = capfirst(str(overview.measure))
        label = (
            _("%(measure)s, end of %(month)s") % {"measure": name, "month": formats.month(volume.last)}
            if level
            else _("%(measure)s, 12 months") % {"measure": name}
        )
        found.append(_headline(label, volume, unit, money=False))
        if revenue.value is not None:
            found.append(_headline(_("Revenue, 12 months"), revenue, "", money=True))
    if overview.ahead is not None:
        text, word = formats.compact_parts(overview.ahead.mean)
        found.append(
            Headline(
                _("Forecast, 12 months"),
                text,
                f"{word} {unit}".strip(),
                None,
                "",
                " · ".join(
                    [
                        _("80%% chance: %(low)s – %(high)s")
                        % formats.ends(overview.ahead.lo80, overview.ahead.hi80),
                        *([_("not renewed last night")] if overview.stale else []),
                    ]
                ),
            )
        )
    if overview.figures is not None:
        found += _year_against_budget(overview, unit)
    return found


def _band_words(ahead: Ahead, stale: bool) -> str:
    band = _("80%% chance: %(low)s – %(high)s") % formats.ends(ahead.lo80, ahead.hi80)
    return " · ".join([band, _("not renewed last night")]) if stale else band


def _year_against_budget(overview: Overview, unit: str) -> list[Headline]:
    assert overview.figures is not None
    year = overview.figures.of("revenue", "full_year")
    money = year.value is not None and year.budget is not None
    if not money:
        year = overview.figures.of("volume", "full_year")
    if year.value is None:
        return []
    text, word = _parts(year.value, money)
    if year.budget is None or year.budget_index is None:
        return [
            Headline(_("Full year expected"), text, word if money else f"{word} {unit}".strip(), None, "", "")
        ]
    change = formats.delta((year.budget_index - 100) / 100)
    return [
        Headline(
            _("Full year expected"),
            text,
            word if money else f"{word} {unit}".strip(),
            change,
            _("against budget"),
            "",
        )
    ]


def _parts(value: Decimal, money: bool) -> tuple[str, str]:
    text, word = formats.compact_parts(value)
    return formats.with_currency(text, organisation_get().currency) if money else text, word


def _headline(label: str, figure: KeyFigure, unit: str, *, money: bool) -> Headline:
    if figure.value is None:
        return Headline(label, formats.MISSING, "", None, "", "")
    text, word = _parts(figure.value, money)
    change = formats.delta((figure.index - 100) / 100) if figure.index is not None else None
    compared = _("against the year before") if change else ""
    return Headline(label, text, f"{word} {unit}".strip(), change, compared, "")


def comparison_tables(figures: KeyFigures | None, measure: Measure, unit: str) -> list[ComparisonTable]:
    """A table for volume and one for revenue, where there is any; each span a row."""
    if figures is None:
        return []
    tables = []
    if any(figure.value is not None for figure in figures.volume):
        volume = [_row(figure) for figure in figures.volume]
        tables.append(ComparisonTable("volume", capfirst(str(measure)), unit, volume))
    if any(figure.value is not None for figure in figures.revenue):
        revenue = [_row(figure) for figure in figures.revenue]
        tables.append(ComparisonTable("revenue", _("Revenue"), organisation_get().currency, revenue))
    return tables


def _row(figure: KeyFigure) -> ComparisonRow:
    label, span = span_words(figure)
    notes = [span]
    if figure.lo80 is not None and figure.hi80 is not None and figure.lo80 != figure.hi80:
        band = formats.ends(float(figure.lo80), float(figure.hi80))
        notes.append(_("80%% chance: %(low)s – %(high)s") % band)
    if figure.average is not None:
        before = figure.last_year_average
        said = {"average": _whole(figure.average), "before": _whole(before)}
        if before is None:
            notes.append(_("at the end; on average %(average)s") % said)
        else:
            notes.append(_("at the end; on average %(average)s, last year %(before)s") % said)
    return ComparisonRow(
        label,
        notes,
        _whole(figure.value),
        _whole(figure.last_year),
        formats.delta(figure.difference, kind="number"),
        formats.index(figure.index),
        _whole(figure.budget),
        formats.delta(figure.budget_difference, kind="number"),
        formats.index(figure.budget_index),
    )


def _whole(value: Any) -> str:
    return formats.number(value, 0)


def channel_rows(overview: Overview) -> list[ChannelRow]:
    """What each channel sold, with its share of the revenue (else of the volume)."""
    revenue = sum((row.revenue or Decimal(0) for row in overview.channels), Decimal(0))
    volume = sum((row.volume or Decimal(0) for row in overview.channels), Decimal(0))

    def share(row: Any) -> float | None:
        if revenue > 0:
            return float(row.revenue / revenue) if row.revenue is not None else None
        return float(row.volume / volume) if volume > 0 and row.volume is not None else None

    return [ChannelRow(row.channel.name, row.volume, row.revenue, share(row)) for row in overview.channels]
