"""Marks on a product's charts: when its stage changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from core import registries
from core.charts.model import stage_word
from core.organisation import local_date
from core.registries import Event
from forecasting.selectors.stages import stage_rows
from forecasting.selectors.subjects import Subject, subject_allowed
from products.models import Product
from products.selectors.family import family_events


def stage_events(user: Any, subject: Subject, first: datetime.date, last: datetime.date) -> Iterator[Event]:
    """Where each stage but the first began, as the night sees it, and stages set by hand."""
    if not subject_allowed(user, subject):
        return
    settings, estimate = stage_rows(subject)
    if estimate is None:
        return
    for text, stage, *_shown in estimate.path[1:]:
        day = datetime.date.fromisoformat(text)
        if first <= day <= last:
            yield Event("stage", day, stage_word(stage), _("The figures moved into this stage."))
    for setting in settings:
        back = setting.withdrawn_at and local_date(setting.withdrawn_at)
        # What was taken back the day it was set never was the stage.
        if first <= setting.start_date <= last and (back is None or back > setting.start_date):
            yield Event("stage", setting.start_date, stage_word(setting.stage), setting.reason)


def product_events(user: Any, product: Product, first: datetime.date, last: datetime.date) -> list[Event]:
    """All that the rooms have to mark, in order of date."""
    found = [
        event for source in registries.event_sources for event in source.events(user, product, first, last)
    ]
    return sorted(found, key=lambda event: event.date)


def subject_events(user: Any, subject: Subject, first: datetime.date, last: datetime.date) -> list[Event]:
    """The marks on the charts of a product; of a family its stages and who joined or left it."""
    if isinstance(subject, Product):
        return product_events(user, subject, first, last)
    found = [*stage_events(user, subject, first, last), *family_events(user, subject, first, last)]
    return sorted(found, key=lambda event: event.date)
