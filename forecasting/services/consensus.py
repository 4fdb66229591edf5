"""What the parties expect, and the forecast they agree."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError, right_require
from accounts.versions import cells_meant
from core import formats
from forecasting.models import ConsensusInput, ConsensusMonth, ForecastMonth
from forecasting.models.judgement import Party
from products.models import Measure, Product

from .judgement import judgement_apply, judgement_lock

Values = Mapping[datetime.date, Decimal | None]


@transaction.atomic
def consensus_contribute(
    *,
    user: Any,
    product: Product,
    measure: Measure,
    party: str,
    values: Values,
    seen: Values | None = None,
) -> int:
    """What a party expects, by month; an empty value takes it back. Says how many months changed. With
    ``seen``, what stood there before the editor's eyes, only months that differ from it are written, and one
    that somebody else changed since is a :class:`VersionConflict`."""
    right_require(user, "forecasting.contribute")
    if party not in Party.values:
        raise DomainError("party_unknown", _("Choose sales, marketing or finance."), "party")
    judgement_lock(product)
    there = {
        row.month: row
        for row in ConsensusInput.objects.filter(
            product=product, measure=measure, party=party
        ).select_related("author")
    }
    if seen is not None:
        values = _meant(values, seen, {m: (row.value, row.author) for m, row in there.items()})
    count = 0
    for month, value in values.items():
        row = there.get(month)
        if value is None and row is not None:
            row.delete()
            count += 1
        elif value is not None and (row is None or row.value != value):
            row = row or ConsensusInput(product=product, measure=measure, party=party, month=month)
            row.value, row.author = value, user
            row.save()
            count += 1
    return count


@transaction.atomic
def consensus_agree(
    *,
    user: Any,
    product: Product,
    measure: Measure,
    values: Values,
    note: str = "",
    seen: Values | None = None,
) -> int:
    """Agree these months; an empty value lets a month go back to statistics and overrides. Says how many
    months changed. ``seen`` as of :func:`consensus_contribute`."""
    right_require(user, "forecasting.agree")
    judgement_lock(product)
    there = {
        row.month: row
        for row in ConsensusMonth.objects.filter(product=product, measure=measure).select_related("agreed_by")
    }
    if seen is not None:
        values = _meant(values, seen, {m: (row.value, row.agreed_by) for m, row in there.items()})
    current = {
        month.month: month
        for month in ForecastMonth.objects.filter(
            forecast__current=True, forecast__product=product, forecast__measure=measure
        )
    }
    count = 0
    for month, value in values.items():
        row = there.get(month)
        if value is None:
            if row is not None:
                row.delete()
                count += 1
            continue
        if month not in current:
            raise DomainError("month_unknown", _("There is no forecast of this month to change."), "agreed")
        if value < 0:
            raise DomainError("below_nothing", _("A volume is not below zero."), "agreed")
        if row is not None and row.value == value:
            continue
        row = row or ConsensusMonth(product=product, measure=measure, month=month)
        row.value, row.baseline = value, current[month].unagreed
        row.note, row.agreed_by = note.strip(), user
        row.save()
        count += 1
    judgement_apply(product_ids=[product.pk])
    return count


def _meant(values: Values, seen: Values, there: Mapping[datetime.date, tuple[Decimal, Any]]) -> Values:
    """What the editor changed of what they saw. Where somebody else meanwhile said a third thing, both."""

    def shown(month: datetime.date, yours: Decimal | None) -> tuple[str, str, str]:
        now, who = there.get(month, (None, None))
        theirs = formats.MISSING if now is None else f"{formats.volume(now)} ({who})"
        return formats.month(month), theirs, formats.volume(yours)

    return cells_meant(
        values,
        {month: seen.get(month) for month in values},
        {month: there[month][0] if month in there else None for month in values},
        message=_("Somebody else filled in these months in the meantime."),
        shown=shown,
    )
