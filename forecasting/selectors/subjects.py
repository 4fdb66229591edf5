"""What a forecast or a stage is about: a product, or a family of products."""

from __future__ import annotations

import datetime
from typing import Any

from products.models import Family, Measure, Product
from products.selectors.access import forecasts_allowed, visible_line_ids
from products.selectors.family import families_whole, family_sales
from products.selectors.lines import line_tree
from products.selectors.sales import GroupSales, sales_months
from products.selectors.units import unit_of

from .forecasts import of_subject

__all__ = ["Subject", "of_subject", "subject_allowed", "subject_sales"]

Subject = Product | Family


def subject_allowed(user: Any, subject: Subject) -> bool:
    """Whether the person may see the subject's forecast and stage, which are made over all channels and, of
    a family, over all its members. The subject must be one the person may see."""
    if not forecasts_allowed(user):
        return False
    if not isinstance(subject, Family) or visible_line_ids(user) is None:
        return True
    return families_whole(user).filter(pk=subject.pk).exists()


def subject_sales(
    user: Any, subject: Subject, measure: Measure, first: datetime.date, last: datetime.date
) -> GroupSales:
    """Every month from the first to the last, both included, in order; gaps too. Of a family whose members
    count in unlike units, only the revenue."""
    if isinstance(subject, Family):
        found = family_sales(user, subject, measure, first, last)
        return GroupSales(found.unit, found.adds, found.months)
    unit = unit_of(line_tree(), subject, measure)
    return GroupSales(unit, True, sales_months(user, subject, measure, first, last))
