"""Levies said by a person or a file."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check
from pricing.models import Levy
from products.models import ProductLine
from products.services.imported import imported_note, imported_undo, values_of
from products.services.scope import unlimited

KIND = "levy"


@transaction.atomic
def levy_set(
    *,
    user: Any,
    line: ProductLine,
    name: str,
    basis: str,
    tier: str,
    start_date: datetime.date,
    steps: Sequence[tuple[Decimal, Decimal]],
) -> None:
    """From this date the levy comes to these steps: from how much use, what each unit of it bears; of a share
    of the price its rate. None: what was said of that date is taken away."""
    right_require(user, "pricing.edit")
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    begins = [begin for begin, _amount in steps]
    if len(set(begins)) < len(begins):
        raise DomainError("step_twice", _("Two steps begin at the same use."), "steps")
    if basis != Levy.Basis.UNIT and begins not in ([], [0]):
        message = _("An amount a year has no steps.")
        if basis == Levy.Basis.SHARE:
            message = _("A share of the price has no steps.")
        raise DomainError("step_of_year", message, "steps")
    key = {"line": line, "name": name.strip(), "tier": tier.strip(), "start_date": start_date}
    there = {row.from_quantity: row for row in Levy.objects.filter(**key)}
    if not steps and not there:
        raise DomainError(
            "levy_missing", _("Say what it comes to: nothing is known of it that day."), "steps"
        )
    for begin, size in steps:
        said = (None, size) if basis == Levy.Basis.SHARE else (size, None)
        row = there.pop(begin, None) or Levy(**key, from_quantity=begin)
        if (row.basis, *row.said) != (basis, *said) or row.pk is None:
            row.basis, (row.amount, row.rate) = basis, said
            check(row)
            row.save()
    for row in there.values():
        row.delete()


@transaction.atomic
def levies_import(*, import_id: int, new: Sequence[Levy], changed: Sequence[tuple[Levy, Levy]]) -> None:
    """Write the steps of a file: new ones, and others with what the file says instead."""
    made = [row.pk for row in Levy.objects.bulk_create(new)]
    imported_note(import_id=import_id, kind=KIND, rows=list(Levy.objects.filter(pk__in=made)))  # as stored
    before = {row.pk: values_of(row) for row, _said in changed}
    for row, said in changed:
        row.amount, row.rate = said.said
    rows = [row for row, _said in changed]
    Levy.objects.bulk_update(rows, ["amount", "rate"])
    imported_note(import_id=import_id, kind=KIND, rows=rows, before=before)


def levies_import_undo(*, import_id: int) -> tuple[int, int]:
    """Take back what the file made, and put back what it changed; how many of each."""
    return imported_undo(import_id=import_id, kinds={KIND: Levy})
