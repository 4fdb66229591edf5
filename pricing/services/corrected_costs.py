"""Standard costs of closed months follow what was corrected: once, and of what the correction is about alone.

Of products whose sales or own rates were corrected all follows but what is split over several; what is split
follows, of all its products at once so that no cent is lost, where a rate of it was corrected.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Q

from accounts.errors import DomainError
from pricing.models import CostLeftOut, CostLine, CostMonth
from pricing.selectors.cost_months import BookedCost, LeftOut, booked_rows, cost_months
from pricing.selectors.standard_costs import SplitLines
from products.selectors.closing import Corrected
from products.selectors.corrections import COSTS_FOLLOW
from products.services.closing import correction

from .cost_months import cost_months_book
from .cost_signs import corrections_followed
from .costs_left_out import costs_left_out_book

STANDARD = CostMonth.Source.STANDARD
Booking = BookedCost | LeftOut
Waiting = Mapping[int | None, Sequence[Corrected]]


def months_book(
    months: Collection[datetime.date], rows: Collection[Booking], products: Collection[int | None]
) -> int:
    """Make these the standard costs of the months, and the lines that they lack; how many rows changed."""
    own = [row for row in rows if row.month in months]
    booked = [row for row in own if isinstance(row, BookedCost)]
    left_out = [row for row in own if isinstance(row, LeftOut)]
    costs_left_out_book(months=months, rows=left_out, products=products)
    return cost_months_book(source=STANDARD, months=months, rows=booked, products=products)


def corrections_waiting(product_ids: Collection[int | None], split: SplitLines) -> Waiting:
    """By product the corrections that its booked costs do not follow yet. One query, none without any."""
    if not split.corrected:
        return {}
    followed = corrections_followed(product_ids)
    found = {
        pk: [
            each
            for each in split.corrected
            if (pk in each.products or each.cost_lines) and each.correction not in followed.get(pk, ())
        ]
        for pk in product_ids
    }
    return {pk: own for pk, own in found.items() if own}


def corrections_with(waiting: Waiting) -> dict[int | None, set[int]]:
    """By product the corrections it follows once these are booked."""
    followed = corrections_followed(waiting) if waiting else {}
    return {pk: followed.get(pk, set()) | {each.correction for each in own} for pk, own in waiting.items()}


def corrections_follow(waiting: Waiting, closed: Collection[datetime.date], rows: Collection[Booking]) -> int:
    """Book what follows in these closed months from what was corrected, as a correction of its own; returns
    how many rows changed."""
    months: dict[datetime.date, dict[int | None, list[Corrected]]] = {}
    for pk, own in waiting.items():
        for each in own:
            if each.month in closed:
                months.setdefault(each.month, {}).setdefault(pk, []).append(each)
    due, changes = {}, []
    split = set(CostLine.objects.exclude(key="").values_list("pk", flat=True)) if months else set()
    for month, products in sorted(months.items()):
        wanted = _Month(month, products).rows(rows, split)
        booked = [row for row in wanted if isinstance(row, BookedCost)]
        try:
            cost_months_book(source=STANDARD, months=[month], rows=booked, products=products)
        except DomainError as refused:
            changes += refused.details["changes"]
            due[month] = wanted
    if not due:
        return 0
    with correction(user=None, reason=COSTS_FOLLOW, changes=changes):
        return sum(months_book([month], wanted, months[month].keys()) for month, wanted in due.items())


class _Month(NamedTuple):
    """A closed month and the products of which something follows in it, with the corrections."""

    month: datetime.date
    products: Mapping[int | None, Sequence[Corrected]]

    def rows(self, worked_out: Collection[Booking], split: Collection[int]) -> list[Booking]:
        """What is worked out now where it follows, and what is booked of the rest; ``split``: the cost lines
        that are."""
        pks = [pk for pk in self.products if pk is not None]
        of = Q(product__in=pks) | Q(product=None) if None in self.products else Q(product__in=pks)
        there = cost_months().filter(of, source=STANDARD, month=self.month)
        left_out = CostLeftOut.objects.filter(month=self.month, product__in=pks)
        known: list[Booking] = [
            *booked_rows(there),
            *(LeftOut._make(row) for row in left_out.values_list(*LeftOut._fields)),
        ]
        new = [row for row in worked_out if row.month == self.month and self._follows(row, split)]
        return [*new, *(row for row in known if not self._follows(row, split))]

    def _follows(self, row: Booking, split: Collection[int]) -> bool:
        own = self.products.get(row.product_id, ())
        if row.cost_line_id in split:
            return any(row.cost_line_id in each.cost_lines for each in own)
        return any(row.product_id in each.products for each in own)
