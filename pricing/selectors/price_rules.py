"""The rules prices keep to, as far as a person may see what they are about."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When

from core.history import HistoryEntry, history_of_all
from core.organisation import today
from pricing.models import Bound, NoticeDays, Perishable, VatCode, VatRate
from products.selectors.access import visible_channel_ids, visible_line_ids


def bounds_visible(user: Any) -> QuerySet[Bound]:
    """The newest first."""
    rows = Bound.objects.select_related("product", "line").order_by("-start_date", "-pk")
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(Q(product__line__in=lines) | Q(line__in=lines))


def limits_history() -> list[HistoryEntry]:
    """What bounds, days of notice and VAT were set to, by whom; for who sees all lines and channels."""
    return history_of_all(Bound, NoticeDays, VatCode, about=("product", "line", "channel"))


def perishables_visible(user: Any) -> QuerySet[Perishable]:
    """Lines first, of each the newest."""
    rows = Perishable.objects.select_related("product", "line")
    rows = rows.order_by("line__name", "product__name", "-start_date")
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(Q(product__line__in=lines) | Q(line__in=lines))


def vat_rates_listed() -> QuerySet[VatRate]:
    """Of each code the newest first, with whether it still lies ahead."""
    ahead = Case(When(start_date__gt=today(), then=Value(True)), default=Value(False))
    return VatRate.objects.annotate(ahead=ahead).order_by("code", "-start_date")


def notices_visible(user: Any) -> QuerySet[NoticeDays]:
    """Everybody's first."""
    rows = NoticeDays.objects.select_related("channel").order_by("channel__name")
    channels = visible_channel_ids(user)
    return rows if channels is None else rows.filter(Q(channel=None) | Q(channel__in=channels))


def vat_codes_visible(user: Any) -> QuerySet[VatCode]:
    """Of lines and products, the newest first."""
    rows = VatCode.objects.select_related("product", "line").order_by("-start_date", "-pk")
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(Q(product__line__in=lines) | Q(line__in=lines))


def line_vat_visible(user: Any) -> QuerySet[VatCode]:
    rows = (
        VatCode.objects.filter(line__isnull=False)
        .select_related("line")
        .order_by("line__name", "-start_date")
    )
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(line__in=lines)
