"""Keep what was decided, and what it turned out to do."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from collaboration.models import Decision, DecisionOutcome, DecisionProduct

_KEY = ("row", "months")


@transaction.atomic
def decision_record(
    *,
    kind: str,
    reference: int,
    why: str,
    effective_date: datetime.date,
    proposed_by: Any,
    decided_by: Any,
    decided_at: datetime.datetime,
    products: Sequence[DecisionProduct],
    alternatives: str = "",
) -> Decision:
    """Of something just approved in another room, or approved again with changes. ``products`` are unsaved
    rows."""
    decision, made = Decision.objects.update_or_create(
        kind=kind,
        reference=reference,
        defaults={
            "why": why,
            "alternatives": alternatives,
            "effective_date": effective_date,
            "proposed_by": proposed_by,
            "decided_by": decided_by,
            "decided_at": decided_at,
            "withdrawn_at": None,
        },
    )
    if not made:
        decision.products.all().delete()
    for row in products:
        row.decision = decision
    DecisionProduct.objects.bulk_create(products, batch_size=1000)
    return decision


@transaction.atomic
def decision_withdraw(*, kind: str, reference: int) -> None:
    """It was taken back before it began, so it will have done nothing."""
    Decision.objects.filter(kind=kind, reference=reference, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )


@transaction.atomic
def outcomes_write(
    *,
    rows: Collection[int],
    outcomes: Sequence[DecisionOutcome],
    unmeasured: Mapping[int, str],
    together: Collection[int] = (),
) -> int:
    """Put these in place of what was kept of these :class:`DecisionProduct` rows, with why (by row) nothing
    is measured and which rows are measured together with others; how many differ."""
    there = {(one.row_id, one.months): one for one in DecisionOutcome.objects.filter(row__in=rows)}
    names = [f.name for f in DecisionOutcome._meta.concrete_fields if f.name not in (*_KEY, "id")]
    said = [name for name in names if name != "computed_at"]
    gone = set(there) - {(one.row_id, one.months) for one in outcomes}
    DecisionOutcome.objects.filter(pk__in=[there[key].pk for key in gone]).delete()

    def differs(one: DecisionOutcome) -> bool:
        old = there.get((one.row_id, one.months))
        return old is None or any(getattr(old, name) != getattr(one, name) for name in said)

    changed = [one for one in outcomes if differs(one)]
    DecisionOutcome.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=list(_KEY), update_fields=names
    )
    return len(changed) + len(gone) + _rows_write(rows, unmeasured, together)


def _rows_write(rows: Collection[int], unmeasured: Mapping[int, str], together: Collection[int]) -> int:
    changed = []
    for row in DecisionProduct.objects.filter(pk__in=rows):
        said = unmeasured.get(row.pk, ""), row.pk in together
        if (row.unmeasured, row.together) != said:
            row.unmeasured, row.together = said
            changed.append(row)
    DecisionProduct.objects.bulk_update(changed, ["unmeasured", "together"], batch_size=1000)
    return len(changed)
