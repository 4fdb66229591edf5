"""What the parties expect, and the forecast they agree."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
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
    gone, new = _checked(values, there, _expected(product, measure))
    for month in gone:
        there[month].delete()
    for month, value in new.items():
        row = there.get(month) or ConsensusInput(product=product, measure=measure, party=party, month=month)
        row.value, row.author = value, user
        row.save()
    return len(gone) + len(new)


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
    expected = _expected(product, measure)
    gone, new = _checked(values, there, expected)
    for month in gone:
        there[month].delete()
    for month, value in new.items():
        row = there.get(month) or ConsensusMonth(product=product, measure=measure, month=month)
        row.value, row.baseline = value, expected[month].unagreed
        row.note, row.agreed_by = note.strip(), user
        row.save()
    judgement_apply(product_ids=[product.pk])
    return len(gone) + len(new)


def _expected(product: Product, measure: Measure) -> dict[datetime.date, ForecastMonth]:
    months = ForecastMonth.objects.filter(
        forecast__current=True, forecast__product=product, forecast__measure=measure
    )
    return {month.month: month for month in months}


def _checked(
    values: Values,
    there: Mapping[datetime.date, ConsensusInput] | Mapping[datetime.date, ConsensusMonth],
    expected: Collection[datetime.date],
) -> tuple[list[datetime.date], dict[datetime.date, Decimal]]:
    """The months to take back, and the values to write. Only what is expected can be said otherwise; what is
    said again, as of a month that closed since, is left as it stands."""
    gone = [month for month, value in values.items() if value is None and month in there]
    new = {
        month: value
        for month, value in values.items()
        if value is not None and (month not in there or there[month].value != value)
    }
    if not new.keys() <= set(expected):
        raise DomainError("month_unknown", _("There is no forecast of this month to change."), "months")
    if any(value < 0 for value in new.values()):
        raise DomainError("below_nothing", _("A volume is not below zero."), "months")
    return gone, new


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
