"""What is planned to be sold in months ahead: the last layer of the forecast that somebody set."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.db.models import Q
from django.db.models.functions import Coalesce

from forecasting.models import Forecast

_LAYERS = tuple(f"months__{name}" for name in ("agreed", "overridden", "driven", "mean"))


def volumes_planned(leads: Mapping[int, int], months: Q) -> Iterator[tuple[int, datetime.date, Decimal]]:
    """Product, month and volume by the current forecasts of the leading measures, ``leads`` by product.
    ``months``: asked of the forecast's ``months``. One query."""
    rows = Forecast.objects.filter(months, current=True, product__in=list(leads))
    found = rows.annotate(planned=Coalesce(*_LAYERS)).values_list(
        "product", "measure", "months__month", "planned"
    )
    for pk, measure, month, planned in found:
        if pk is not None and measure == leads[pk]:
            yield pk, month, Decimal(str(planned))
