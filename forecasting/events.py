"""Marks on a product's charts: when its stage changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from core import registries
from core.charts.model import stage_word
from core.registries import Event
from forecasting.models import StageSetting
from forecasting.selectors.forecasts import stages_visible
from products.models import Product
from products.selectors.lines import line_tree


def stage_events(user: Any, product: Product, first: datetime.date, last: datetime.date) -> Iterator[Event]:
    """Changes of the stage the night saw, but its first, and stages set by hand."""
    lead = line_tree().lead_measure(product.line_id)
    estimate = stages_visible(user).filter(product=product, measure=lead, current=True).first()
    if estimate is None:
        return
    for text, stage in estimate.path[1:]:
        day = datetime.date.fromisoformat(text)
        if first <= day <= last:
            yield Event("stage", day, stage_word(stage), _("The figures moved into this stage."))
    for setting in StageSetting.objects.filter(product=product, start_date__range=(first, last)):
        yield Event("stage", setting.start_date, stage_word(setting.stage), setting.reason)


def product_events(user: Any, product: Product, first: datetime.date, last: datetime.date) -> list[Event]:
    """All that the rooms have to mark, in order of date."""
    found = [
        event for source in registries.event_sources for event in source.events(user, product, first, last)
    ]
    return sorted(found, key=lambda event: event.date)
