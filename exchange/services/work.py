"""The jobs: check, apply and undo one import. Each effect and the job's end are one transaction, so a worker
that is killed leaves everything or nothing, and the next one starts afresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from core.failpoints import passing
from exchange.listeners import import_arrived
from exchange.messages import refuse
from exchange.models import Import
from exchange.sheets import Creation, sheets

from . import imports, steps
from .progress import progress_told


def _user(payload: Mapping[str, Any]) -> Any:
    return User.objects.get(pk=payload["user_id"]) if payload.get("user_id") else None


def _row(context: Any, state: str) -> Import | None:
    """The import, if it still waits for this job."""
    return Import.objects.filter(pk=context.payload["import_id"], state=state).first()


def check_run(context: Any) -> Mapping[str, Any] | None:
    """Read and check the file; the row then says what applying it would do, or what must be answered
    first."""
    row, user = _row(context, Import.State.CHECKING), _user(context.payload)
    if row is None:
        return None
    path = imports.import_path(row)
    created: Sequence[Creation] = ()
    with progress_told(context, total=_lines(row)) as progress, transaction.atomic():
        loaded = steps.import_load(row, path, user, progress)
        if isinstance(loaded, steps.Opened):
            opened, refusals = loaded, []
            row.state, row.counts, row.totals, row.preview = Import.State.ASKING, {}, {}, []
        else:
            assert loaded.opened.plan is not None
            opened, refusals = loaded.opened, steps.refusals_read(loaded.opened.plan)
            counts, row.preview = steps.loaded_preview(loaded)
            created = counts.created
            steps.row_count(row, counts)
            row.state = Import.State.READY
        steps.row_describe(row, opened)
        passing("exchange.checked")
        with context.effect():
            steps.refusals_keep(row, refusals)
            steps.creations_keep(row, created)
            if row.state == Import.State.READY:
                # What a person answered is known for the mended file too, applied or not.
                row.layout = steps.layout_remember(row, opened, user)
            _finish(row, Import.State.CHECKING)
            if _applies_itself(row, user):
                imports.import_apply(row=row, user=user, limited=False)
            else:
                import_arrived(row)
    return None


def _applies_itself(row: Import, user: Any) -> bool:
    return (
        row.state == Import.State.READY
        and bool(row.options.get("apply_when_clean"))
        and not row.counts.get("refused")
        and imports.applying_refused(row, user) is None
    )


def apply_run(context: Any) -> Mapping[str, Any] | None:
    """Check again and write, in one transaction."""
    row, user = _row(context, Import.State.APPLYING), _user(context.payload)
    if row is None:
        return None
    path = imports.import_path(row)
    with progress_told(context, total=_lines(row)) as progress, transaction.atomic():
        steps.sheet_lock(row.sheet)
        loaded = steps.import_load(row, path, user, progress)
        if isinstance(loaded, steps.Opened):
            raise refuse("not_now", state="asking")
        if loaded.refused and not row.options.get("leave_out_refused"):
            raise refuse("rows_refused", count=loaded.refused)
        context.check()
        passing("exchange.before_write")
        counts = steps.loaded_apply(row, loaded)
        passing("exchange.after_write")
        steps.row_describe(row, loaded.opened)
        steps.row_count(row, counts)
        row.layout = steps.layout_remember(row, loaded.opened, user)
        row.state, row.applied_at = Import.State.APPLIED, timezone.now()
        with context.effect(row_result(row)):
            steps.creations_keep(row, counts.created)
            _finish(row, Import.State.APPLYING)
            import_arrived(row)
    passing("exchange.applied")
    return None


def undo_run(context: Any) -> Mapping[str, Any] | None:
    """Put back what was there, in one transaction."""
    row = _row(context, Import.State.UNDOING)
    if row is None:
        return None
    with transaction.atomic():
        import_undo_now(row)
        passing("exchange.after_undo")
        with context.effect(row_result(row)):
            _finish(row, Import.State.UNDOING)
            import_arrived(row)
    return None


def import_undo_now(row: Import) -> None:
    """Undo inside the caller's transaction; the caller saves the row."""
    steps.sheet_lock(row.sheet)
    imports.check_newest(row)
    with steps.import_context(row, row.undone_by), connection.cursor() as cursor:
        sheets.get(row.sheet).undo(cursor, row.pk)
    row.state, row.undone_at = Import.State.UNDONE, timezone.now()


def row_result(row: Import) -> Any:
    """What the job keeps as its result."""
    return lambda: {"import_id": row.pk, **row.counts}


def failed(job: Any) -> None:
    """A job was given up: what that means for its import."""
    row = Import.objects.filter(pk=job.payload["import_id"], state__in=Import.MOVING).first()
    if row is None:
        return
    row.error_code, row.error_params = job.error_code, job.error_params
    if job.kind == "exchange.undo":
        row.state, row.undone_by = Import.State.APPLIED, None
    elif job.kind == "exchange.apply" and job.error_code in ("rows_refused", "not_now"):
        # The data changed since the preview: show the person the new one.
        row.state = Import.State.READY
        row.applied_by = None
        row.save()
        imports.import_configure(row=row, user=job.created_by, options={}, mapping={}, limited=False)
        return
    else:
        row.state = Import.State.FAILED
    row.save()
    import_arrived(row)


def _finish(row: Import, expected: str) -> None:
    """Save the row unless its state was changed meanwhile."""
    if not Import.objects.select_for_update().filter(pk=row.pk, state=expected).exists():
        raise imports.not_now(row)
    row.save()


def _lines(row: Import) -> int:
    return int(row.reading.get("lines") or 0)
