"""Cells of the product list: what a column shows of a row, and of all rows together."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import formats
from core.templatetags.core import _readable, delta, sparkline, stage_badge
from products.models import Product
from products.selectors import line_words as words
from products.selectors.columns import Column
from products.selectors.lines import line_tree
from products.selectors.product_list import ListRow, ListTotals
from products.services.bulk import BulkRow

register = template.Library()


def _thousands(value: Any) -> str:
    return formats.money(value, "", 0, scale="k")


def _band(low: str, high: str) -> str:
    if formats.MISSING in (low, high):
        return ""
    return format_html('<span class="sub">{} – {}</span>', low, high)


def _sub(text: Any) -> str:
    return format_html('<span class="sub">{}</span>', text) if text else ""


def _stage(row: ListRow) -> str:
    if not row.stage:
        return _readable(formats.MISSING)
    since = row.stage_since
    note = _("since %(month)s") % {"month": formats.month(since)} if since else ""
    return format_html("{}{}", stage_badge(row.stage), _sub(note))


def _trend(row: ListRow) -> str:
    figures = row.figures
    return sparkline(figures.spark, figures.spark_forecast, figures.spark_low, figures.spark_high)


def _forecast(row: ListRow) -> str:
    figures = row.figures
    band = _band(_thousands(figures.forecast_12m_lo), _thousands(figures.forecast_12m_hi))
    stale = _sub(_("of an earlier night")) if figures.forecast_stale else ""
    return format_html("{}{}{}", _readable(_thousands(figures.forecast_12m)), band, stale)


def _forecast_volume(row: ListRow) -> str:
    figures = row.figures
    band = _band(formats.volume(figures.forecast_volume_lo), formats.volume(figures.forecast_volume_hi))
    return format_html("{}{}", _readable(formats.volume(figures.forecast_volume, figures.unit)), band)


def _owner(row: ListRow) -> str:
    if row.owner.value is None:
        return _readable(formats.MISSING)
    line = row.owner.line
    return format_html(
        "{}{}", row.owner.value, _sub(_("from line %(line)s") % {"line": line.name} if line else "")
    )


def _text(value: Any) -> str:
    return _readable(formats.MISSING) if value in (None, "") else format_html("{}", value)


CELLS = {
    "stage": _stage,
    "trend": _trend,
    "revenue_12m": lambda row: _readable(_thousands(row.figures.revenue_12m)),
    "growth": lambda row: delta(row.figures.growth),
    "forecast_12m": _forecast,
    "volume_12m": lambda row: _readable(formats.volume(row.figures.volume_12m, row.figures.unit)),
    "forecast_volume": _forecast_volume,
    "line": lambda row: _text(row.product.line.name),
    "owner": _owner,
    "status": lambda row: _text(row.status_label),
    "kind": lambda row: _text(row.product.get_kind_display()),
    "launched": lambda row: _readable(formats.day(row.product.launched)),
    "ended": lambda row: _readable(formats.day(row.product.ended)),
    "supplier": lambda row: _text(row.product.supplier),
    "segment": lambda row: _text(row.product.segment),
    "review": lambda row: _readable(formats.day(row.review)),
    "data_month": lambda row: _readable(formats.month(row.figures.data_month)),
}


def _added_text(value: Any, column: Column) -> str:
    if column.small == "money":
        return _thousands(value)
    return formats.number(value, column.added.decimals if column.added else 0)


def _added(row: ListRow, column: Column) -> str:
    entry = column.added
    value = row.added.get(column.key)
    if entry is None or value is None or (entry.as_signal and not value):
        return _readable(formats.MISSING)
    text = _added_text(value, column)
    if entry.url is None:
        return text
    css = "sig" if entry.as_signal else "name"
    return format_html('<a class="{}" href="{}">{}</a>', css, entry.url(row.product), text)


@register.simple_tag
def product_cells(row: ListRow, columns: Any) -> SafeString:
    """`{% product_cells row query.columns %}`: the `<td>`s of one row."""
    parts = []
    for column in columns:
        cell = _added(row, column) if column.added else CELLS[column.key](row)
        parts.append(format_html('<td class="num">{}</td>' if column.numeric else "<td>{}</td>", cell))
    return mark_safe("".join(parts))  # noqa: S308  each part is escaped above


@register.simple_tag
def line_word(product: Product, field: str) -> str:
    """`{% line_word product "price_word" as price %}`: what its line calls a price, customer or volume."""
    return words.line_word(line_tree(), product.line_id, field)


@register.filter
def total_cell(column: Column, totals: ListTotals) -> str:
    """`{{ column|total_cell:totals }}`: the column over all filtered rows; empty where it does not add up."""
    value = totals.values.get(column.key)
    if column.added:
        if not column.added.adds:
            return ""
        return _readable(_added_text(value, column) if value else formats.MISSING)
    if column.key in ("revenue_12m", "forecast_12m"):
        return _readable(_thousands(value))
    if column.key == "growth":
        return delta(value)
    if column.key in ("volume_12m", "forecast_volume"):
        return _readable(formats.volume(value, totals.volume_unit))
    return ""


@register.simple_tag
def bulk_value(row: BulkRow, value: Any, field: str) -> str:
    """`{% bulk_value row row.before name %}`: a value of a bulk change, in words."""
    if value is None and row.inherited is not None:
        return _("as the line (%(value)s)") % {"value": row.inherited}
    if field == "temporary":
        return _("yes") if value else _("no")
    if field == "kind":
        return str(dict(Product.Kind.choices)[value])
    if field == "ended":
        return _readable(formats.day(value))
    return _text(value)


@register.filter
def indent(depth: int) -> str:
    """`class="{{ row.depth|indent }}"`: how far a branch of a tree stands in."""
    return ("", "ps-5", "ps-6", "ps-7")[min(depth, 3)]
