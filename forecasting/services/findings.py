"""Unusual months: what the night found, what people say of them, and that it is remembered."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from core.locks import lock_until_commit
from core.months import month_start, months_between
from core.organisation import today
from forecasting.models import Finding, NightlyRun
from forecasting.selectors.decisions import Key
from forecasting.selectors.inputs import of_subjects
from forecasting.selectors.subjects import subject_sales
from products.models import Family, Measure, Product

# A step that moves by so many months as new ones come in is the same step.
STEP_MOVES = 3
# More months at once are no exception.
LONGEST_FLAG = 12
_JUDGED = ("state", "decided_by", "decided_at", "note")
_FIGURES = ("kind", "first", "last", "seen", "expected", "amount", "sure", "course")


@transaction.atomic(savepoint=False)
def findings_write(*, found: Mapping[Key, Sequence[Finding]], run: NightlyRun) -> None:
    """Bring the rows of these subjects in line with what a night found (unsaved rows, all of a subject).

    What a person judged stays as it is, unless the figures it was about have changed: then it is open again.
    Open rows that were not found any more are gone. A subject that a newer run wrote about is left alone.
    """
    if not found:
        return
    lock_until_commit("findings")
    there: dict[Key, list[Finding]] = defaultdict(list)
    mine = of_subjects({key[:2] for key in found})
    for known in Finding.objects.select_for_update(of=["self"]).filter(mine).select_related("measure"):
        there[known.product_id, known.family_id, known.measure_id].append(known)
    new: list[Finding] = []
    changed: list[Finding] = []
    gone: list[int] = []
    for key, seen in found.items():
        rows = there[key]
        if any(row.found_by_id and row.found_by_id > run.pk for row in rows):
            continue
        kept: set[int] = set()
        for finding in seen:
            row = _same(finding, [row for row in rows if row.pk not in kept])
            if row is None:
                finding.found_by_id = run.pk
                new.append(finding)
                continue
            kept.add(row.pk)
            if _renew(row, finding, run):
                changed.append(row)
                twice = [r.pk for r in rows if r.kind == row.kind and r.first == row.first and r is not row]
                Finding.objects.filter(pk__in=twice).delete()
                rows = [r for r in rows if r.pk not in twice]
        gone += [
            row.pk
            for row in rows
            if row.pk not in kept and row.state == Finding.State.OPEN and row.gone_at is None
        ]
    Finding.objects.filter(pk__in=gone).update(gone_at=timezone.now())
    Finding.objects.bulk_update(changed, [*_FIGURES, *_JUDGED, "gone_at", "found_by"], batch_size=500)
    Finding.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)


def _same(finding: Finding, rows: Iterable[Finding]) -> Finding | None:
    """The row that is about the same months: of the same kind, or one that a person judged whatever it was
    called then."""

    def near(row: Finding) -> bool:
        if (row.kind == Finding.Kind.STEP) != (finding.kind == Finding.Kind.STEP):
            return False
        if finding.kind == Finding.Kind.STEP:
            return abs(months_between(row.first, finding.first)) <= STEP_MOVES
        overlaps = row.first <= finding.last and finding.first <= row.last
        return overlaps and (row.kind == finding.kind or row.state != Finding.State.OPEN)

    fitting = [row for row in rows if near(row)]
    return min(
        fitting,
        key=lambda row: (
            row.state == Finding.State.OPEN,
            abs(months_between(row.first, finding.first)),
            row.pk,
        ),
        default=None,
    )


def _renew(row: Finding, finding: Finding, run: NightlyRun) -> bool:
    """Give the row the figures of today; whether anything changed. What a person judged is opened again when
    it was about other figures."""
    judged = row.state != Finding.State.OPEN
    if judged:
        if row.kind == Finding.Kind.FLAGGED or row.decision.about(dict(finding.months)):
            return False
        row.state, row.decided_by, row.decided_at, row.note = Finding.State.OPEN, None, None, ""
    elif row.gone_at is None and all(getattr(row, name) == getattr(finding, name) for name in _FIGURES):
        return False
    for name in _FIGURES:
        setattr(row, name, getattr(finding, name))
    row.gone_at, row.found_by = None, run
    return True


@transaction.atomic
def findings_decide(*, user: Any, findings: QuerySet[Finding], state: str, note: str = "") -> list[Finding]:
    """Say of these (of which the caller knows that the person may see them) that they are exceptional or
    right; *open* takes back what was said, and a month marked by hand goes with it. Returns those changed.
    """
    if state not in Finding.State.values:
        raise DomainError("state_unknown", _("Say whether it is exceptional or right."), "state")
    if len(note) > 400:
        raise DomainError("note_too_long", _("At most 400 characters."), "note")
    rows = list(Finding.objects.select_for_update().filter(pk__in=findings.values("pk")))
    changed = [row for row in rows if row.state != state or (note and row.note != note.strip())]
    flagged = [row for row in changed if row.kind == Finding.Kind.FLAGGED]
    if flagged and state == Finding.State.REFUSED:
        raise DomainError(
            "flagged_not_refused", _("A month marked by hand can be taken back, not called right."), "state"
        )
    for row in changed:
        if row.kind == Finding.Kind.FLAGGED and state == Finding.State.OPEN:
            row.delete()
            continue
        row.state, row.note, row.gone_at = state, note.strip() or (row.note if flagged else ""), None
        is_open = state == Finding.State.OPEN
        row.decided_by, row.decided_at = (None, None) if is_open else (user, timezone.now())
        row.save(update_fields=["state", "note", "gone_at", "decided_by", "decided_at"])
    return changed


@transaction.atomic
def month_flag(
    *,
    user: Any,
    measure: Measure,
    first: datetime.date,
    last: datetime.date,
    note: str,
    product: Product | None = None,
    family: Family | None = None,
) -> Finding:
    """Mark months as exceptional by hand: they are missing in fit and backtest. Where the night found the
    same months already, that is confirmed instead."""
    first, last, note = month_start(first), month_start(last), note.strip()
    if not note:
        raise DomainError("note_missing", _("Say what happened in these months."), "note")
    if last < first:
        raise DomainError("months_reversed", _("The last month lies before the first."), "last")
    if months_between(first, last) >= LONGEST_FLAG:
        raise DomainError("months_too_many", _("At most 12 months at once: more are no exception."), "last")
    if last >= month_start(today()):
        raise DomainError("month_not_over", _("Choose months that are over."), "last")
    list(Finding.objects.select_for_update().filter(product=product, family=family, measure=measure))
    mine = Finding.objects.filter(product=product, family=family, measure=measure)
    overlapping = mine.filter(first__lte=last, last__gte=first).exclude(kind=Finding.Kind.STEP)
    if overlapping.exclude(state=Finding.State.OPEN).exists():
        raise DomainError(
            "months_judged", _("Something was said of these months before; take that back first."), "first"
        )
    subject = product or family
    assert subject is not None
    begin, end = Finding.window(first, last)
    sales = {m.month: m.volume for m in subject_sales(user, subject, measure, begin, end).months}
    seen = [float(v) for month, v in sales.items() if v is not None and first <= month <= last]
    if not seen:
        raise DomainError("months_empty", _("There is nothing sold in these months to leave out."), "first")
    same = overlapping.filter(first=first, last=last).first()
    if same is not None:
        findings_decide(user=user, findings=mine.filter(pk=same.pk), state=Finding.State.CONFIRMED, note=note)
        same.refresh_from_db()
        return same
    return Finding.objects.create(
        product=product,
        family=family,
        measure=measure,
        kind=Finding.Kind.FLAGGED,
        first=first,
        last=last,
        seen=sum(seen) / (len(seen) if measure.kind == Measure.Kind.LEVEL else 1),
        course=[None if volume is None else float(volume) for volume in sales.values()],
        state=Finding.State.CONFIRMED,
        decided_by=user,
        decided_at=timezone.now(),
        note=note,
    )
