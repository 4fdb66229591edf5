"""Words and figures of imports."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core import formats
from core.organisation import organisation_get
from exchange.models import Import
from exchange.selectors import import_is_visible
from exchange.sheets import sheets

register = template.Library()

_EFFECTS = {
    "new": _("new"),
    "changed": _("changed"),
    "unchanged": _("unchanged"),
    # Where a file brings both what holds and what still has to be approved.
    "loaded": _("loaded, approved with the file"),
    "decided": _("changes what holds today: a decision"),
    "proposed": _("proposed, somebody else approves"),
}
_TONES = {
    Import.State.APPLIED: "ok",
    Import.State.ASKING: "wait",
    Import.State.READY: "wait",
    Import.State.FAILED: "wait",
}


@register.filter
def sheet_label(key: str) -> Any:
    """What a sheet is called; None when nobody knows yet."""
    return sheets.get(key).label if key in sheets else key or None


@register.simple_tag
def import_state(row: Import) -> SafeString:
    """The state as a word with its tone."""
    return format_html(
        '<span class="state {}">{}</span>', _TONES.get(Import.State(row.state), ""), row.get_state_display()
    )


@register.simple_tag(takes_context=True)
def import_link(context: Any, row: Import) -> Any:
    """The file's name, as a link for who may open it."""
    if not import_is_visible(context["user"], row):
        return row.file_name
    return format_html('<a href="{}">{}</a>', reverse("exchange:detail", args=[row.pk]), row.file_name)


@register.simple_tag
def effect_word(effect: str) -> Any:
    return _EFFECTS.get(effect, effect)


@register.filter
def counted(counts: dict[str, Any], name: str) -> str:
    """``{{ row.counts|counted:"new" }}``: the figure, "—" as long as nothing was counted."""
    return formats.number(counts.get(name))


def _exact(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value)) if value not in (None, "") else None
    except InvalidOperation:
        return None


def _decimals(value: Decimal, least: int) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(least, -exponent if isinstance(exponent, int) else least)


@register.filter
def exact_number(value: Any) -> str:
    """All decimals it has: what is compared with the file is not rounded."""
    found = _exact(value)
    return formats.MISSING if found is None else formats.number(found, _decimals(found, 0))


@register.filter
def exact_amount(value: Any) -> str:
    """As :func:`exact_number`, in the organisation's currency and with two decimals at least."""
    found = _exact(value)
    if found is None:
        return formats.MISSING
    return formats.money(found, organisation_get().currency, _decimals(found, 2))


@register.filter
def iso_month(value: str) -> str:
    """``2026-01-01`` as the month people read."""
    return formats.month(datetime.date.fromisoformat(value))
