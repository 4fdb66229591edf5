"""The rules prices keep to, as far as a person may see what they are about."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from pricing.models import Bound, NoticeDays, VatCode
from products.selectors.access import visible_channel_ids, visible_line_ids


def bounds_visible(user: Any) -> QuerySet[Bound]:
    """The newest first."""
    rows = Bound.objects.select_related("product", "line").order_by("-start_date", "-pk")
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(Q(product__line__in=lines) | Q(line__in=lines))


def notices_visible(user: Any) -> QuerySet[NoticeDays]:
    """Everybody's first."""
    rows = NoticeDays.objects.select_related("channel").order_by("channel__name")
    channels = visible_channel_ids(user)
    return rows if channels is None else rows.filter(Q(channel=None) | Q(channel__in=channels))


def line_vat_visible(user: Any) -> QuerySet[VatCode]:
    rows = (
        VatCode.objects.filter(line__isnull=False)
        .select_related("line")
        .order_by("line__name", "-start_date")
    )
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(line__in=lines)
