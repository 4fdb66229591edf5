"""What people, API and folder ask of an import. The work itself is done by jobs (``services.work``)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from django.core.files.base import File
from django.db import transaction

from accounts.errors import DomainError
from accounts.models import User
from core.jobs import job_enqueue, jobs_cancel
from core.number_texts import DECIMALS
from core.numbers import int_read
from exchange.listeners import import_arrived
from exchange.messages import refuse
from exchange.models import Import
from exchange.reading import limits
from exchange.reading.dates import ORDERS
from exchange.reading.encoding import ENCODINGS
from exchange.reading.kinds import file_kind, too_large
from exchange.reading.tables import SEPARATORS
from exchange.selectors import import_later, layout_named, sheets_for
from exchange.sheets import sheets

RUNNING_LIMIT = 2
_STOPPED: dict[str, tuple[str, dict[str, Any]]] = {
    Import.State.CHECKING: (Import.State.FAILED, {}),
    Import.State.APPLYING: (Import.State.READY, {"applied_by": None}),
    Import.State.UNDOING: (Import.State.APPLIED, {"undone_by": None}),
}
"""What an import is after a stop, by what it was at."""
CHOICES: dict[str, Sequence[str]] = {
    "encoding": ENCODINGS,
    "separator": SEPARATORS,
    "decimal": DECIMALS,
    "date_order": ORDERS,
}
"""Options of reading and what they can be; left out or '': find out."""
FLAGS = ("create_missing", "leave_out_refused", "apply_when_clean")
TEXTS = ("sheet_name", "correction")
REASON_LENGTH = 400
"""Of a correction."""


def import_start(
    *,
    user: Any,
    source: str,
    file: File[bytes],
    file_name: str,
    sheet: str = "",
    options: Mapping[str, Any] | None = None,
    mapping: Mapping[str, Any] | None = None,
    layout_name: str = "",
) -> Import:
    """Keep the file and have a worker check it. Nothing of its contents is written before it is applied.

    ``options``: see ``options_clean``; ``apply_when_clean``: apply by itself when no row is
    refused and nothing is asked; ``correction``: why it may change closed months. ``user`` is ``None`` for
    the watched folder. Raises ``DomainError``: not a file that can be read, a sheet or layout that does not
    exist or may not be imported, too many at once.
    """
    _check_sheet(sheet, user)
    layout = layout_named(sheet, layout_name) if layout_name else None
    if layout_name and layout is None:
        raise refuse("layout_unknown", field="layout", name=layout_name)
    if file.size > limits.FILE_BYTES:
        raise too_large(file.size)
    row = import_keep_file(
        Import(
            sheet=sheet or (layout.sheet if layout else ""),
            layout=layout,
            source=source,
            options=options_clean(options or {}, _sheets_named(sheet, user)),
            mapping=dict(mapping or {}),
            created_by=user,
        ),
        file,
        file_name,
    )
    try:
        with transaction.atomic():
            _check_running(user)
            row.state = Import.State.CHECKING
            row.save()
            _enqueue("check", row, user)
    except BaseException:
        row.file.delete(save=False)
        raise
    return row


def import_refused_at_door(
    *, source: str, file_name: str, file_size: int, sheet: str, error: DomainError
) -> Import:
    """Keep that a file which came by itself is none that can be read; the file stays where it is."""
    with transaction.atomic():
        row = Import.objects.create(
            sheet=sheet,
            source=source,
            file_name=file_name[:255],
            file_size=file_size,
            state=Import.State.FAILED,
            error_code=error.code,
            error_params={"message": str(error), **error.details},
        )
        import_arrived(row)
    return row


def import_keep_file(row: Import, file: File[bytes], file_name: str) -> Import:
    """Store the file beside the row (not saved yet), once its kind is known to be one that can be read."""
    row.file_name = PurePath(file_name.replace("\\", "/")).name[:255] or "file"
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    file.seek(0)
    row.sha256 = digest.hexdigest()
    row.file_size = file.size
    row.file.save(f"{uuid.uuid4().hex}.data", file, save=False)
    try:
        file_kind(Path(row.file.path))
    except BaseException:
        row.file.delete(save=False)
        raise
    return row


def import_path(row: Import) -> Path:
    """Where the file is; raises ``DomainError`` when it is there no more."""
    path = Path(row.file.path) if row.file else None
    if path is None or not path.exists():
        raise refuse("file_missing")
    return path


def import_configure(
    *,
    row: Import,
    user: Any,
    options: Mapping[str, Any],
    mapping: Mapping[str, Any],
    sheet: str = "",
    limited: bool = True,
) -> Import:
    """Answer questions, change settings or columns, and check again. Only what is given is changed.
    ``limited``: see ``import_apply``."""
    _check_sheet(sheet, user)
    with transaction.atomic():
        if limited:
            _check_running(user)
        _move(row, (*Import.OPEN, Import.State.FAILED), Import.State.CHECKING)
        row.sheet = sheet or row.sheet
        if sheet and row.layout is not None and row.layout.sheet != sheet:
            row.layout = None
        row.options = row.options | options_clean(options, _sheets_named(row.sheet, user))
        row.mapping = row.mapping | dict(mapping)
        row.error_code, row.error_params, row.questions = "", {}, []
        row.save()
        _enqueue("check", row, user)
    return row


def import_apply(
    *, row: Import, user: Any, leave_out_refused: bool | None = None, limited: bool = True
) -> Import:
    """Have a worker write it. Asked twice, it is done once: whoever comes second finds it under way or done.
    ``limited``: it counts among the person's running imports (not when it goes on by itself).

    Raises ``DomainError`` ``rows_refused`` unless the refused rows are to be left out, and where its sheet
    asks for somebody else.
    """
    with transaction.atomic():
        row.refresh_from_db()
        if row.state in (Import.State.APPLYING, Import.State.APPLIED):
            return row
        if why := applying_refused(row, user):
            raise why
        options = row.options
        if leave_out_refused is not None:
            options = options | {"leave_out_refused": leave_out_refused}
        if row.counts.get("refused") and not options.get("leave_out_refused"):
            raise refuse("rows_refused", field="leave_out_refused", count=row.counts["refused"], status=409)
        if limited:
            _check_running(user)
        said = {"options": options, "applied_by": user, "error_code": "", "error_params": {}}
        if not _moved(row, (Import.State.READY,), Import.State.APPLYING, **said):
            row.refresh_from_db()
            if row.state in (Import.State.APPLYING, Import.State.APPLIED):
                return row
            raise not_now(row)
        _enqueue("apply", row, user)
    return row


def applying_refused(row: Import, user: Any) -> DomainError | None:
    """Why the person (``None``: nobody) does not apply it, where its sheet asks for somebody else."""
    if not row.counts.get("approval") or row.sheet not in sheets:
        return None
    refused: DomainError | None = sheets.get(row.sheet).apply_refused(row, user)
    return refused


def undoing_refused(row: Import) -> DomainError | None:
    """Why the rows do not let it be undone, as far as that can be told beforehand."""
    check = getattr(sheets.get(row.sheet), "undo_check", None) if row.sheet in sheets else None
    if check is not None:
        try:
            check(row.pk)
        except DomainError as refused:
            return refused
    return None


def import_undo(*, row: Import, user: Any) -> Import:
    """Have a worker put back what was there. Newest first: raises ``DomainError`` naming a later one."""
    with transaction.atomic():
        row.refresh_from_db()
        if row.state in (Import.State.UNDOING, Import.State.UNDONE):
            return row
        check_newest(row)
        _check_running(user)
        said = {"undone_by": user, "error_code": "", "error_params": {}}
        if not _moved(row, (Import.State.APPLIED,), Import.State.UNDOING, **said):
            row.refresh_from_db()
            if row.state in (Import.State.UNDOING, Import.State.UNDONE):
                return row
            raise not_now(row)
        _enqueue("undo", row, user)
    return row


def import_stop(*, row: Import, user: Any) -> Import:
    """Stop the worker that checks, applies or undoes it; nothing of that is written. A preview stands again,
    an applied import stays applied, a file that was not checked counts as failed. Who comes too late finds it
    done.
    """
    with transaction.atomic():
        row.refresh_from_db()
        if not row.is_moving:
            return row
        # The job first, as a worker does that ends it: the two wait for each other, and one of them wins.
        stopped = jobs_cancel(group=f"import:{row.pk}")
        row.refresh_from_db()  # a check that applied by itself may have ended just now
        if not stopped:
            return row
        to, also = _STOPPED[Import.State(row.state)]
        params = {"who": str(user), "user_id": user.pk}
        _moved(row, (row.state,), to, error_code="stopped", error_params=params, **also)
        import_arrived(row)
    return row


def import_discard(*, row: Import, user: Any) -> Import:
    """Give up an import that was not applied; its file goes."""
    with transaction.atomic():
        _move(row, (*Import.OPEN, Import.State.FAILED), Import.State.DISCARDED)
        row.refusals.all().delete()
        row.creations.all().delete()
        import_arrived(row)
        transaction.on_commit(lambda: row.file.delete(save=False))
    return row


def check_newest(row: Import) -> None:
    """Refuse while a later import of the same sheet that changed something stands."""
    if row.applied_at is None:
        return
    later = import_later(row)
    if later is not None:
        raise refuse("undo_newest_first", status=409, later=later.pk, file=later.file_name)


def options_clean(options: Mapping[str, Any], allowed: Sequence[Any]) -> dict[str, Any]:
    """Only options that exist, those that are not a sheet's own with a value that they can have; raises
    ``DomainError`` for others. What a sheet's own can be is known once the file is read (``plan_make``)."""
    own = {option.name for sheet in allowed for option in sheet.options}
    for name, value in options.items():
        if name == "header_line":
            line = int_read(str(value))
            fits = value == "" or (line is not None and 1 <= line <= limits.HEADER_LINE)
        elif name in CHOICES:
            fits = value == "" or value in CHOICES[name]
        elif name in FLAGS:
            fits = isinstance(value, bool)
        elif name in TEXTS:
            fits = isinstance(value, str)
        else:
            fits = name in own
        if not fits:
            raise refuse("option_unknown", field=name, name=name, value=str(value))
    if len(options.get("correction", "")) > REASON_LENGTH:
        raise refuse("text_too_long", field="correction", limit=REASON_LENGTH)
    return dict(options)


def not_now(row: Import) -> Exception:
    return refuse("not_now", status=409, state=str(row.get_state_display()))


def _sheets_named(sheet: str, user: Any) -> list[Any]:
    return [sheets.get(sheet)] if sheet in sheets else sheets_for(user)


def _check_sheet(sheet: str, user: Any) -> None:
    if sheet and sheet not in sheets:
        raise refuse("sheet_unknown", field="sheet")
    if sheet and sheets.get(sheet) not in sheets_for(user):
        raise refuse("sheet_forbidden", field="sheet", status=403)


def _check_running(user: Any) -> None:
    """At most two at once a person; the person's row is locked so that two uploads cannot both be the
    second."""
    if user is None:
        return
    User.objects.select_for_update().get(pk=user.pk)
    running = Import.objects.filter(created_by=user, state__in=Import.MOVING).count()
    if running >= RUNNING_LIMIT:
        raise refuse("too_many_running", status=429, limit=RUNNING_LIMIT)


def _moved(row: Import, expected: Sequence[str], to: str, **values: Any) -> bool:
    """Change the state by one conditional update; ``False`` when somebody was first."""
    changed = Import.objects.filter(pk=row.pk, state__in=expected).update(state=to, **values)
    if changed:
        row.refresh_from_db()
    return bool(changed)


def _move(row: Import, expected: Sequence[str], to: str) -> None:
    if not _moved(row, expected, to):
        row.refresh_from_db()
        raise not_now(row)


def _enqueue(action: str, row: Import, user: Any) -> None:
    """The state has just been moved by this transaction alone, so the job is the only one of its round."""
    job_enqueue(
        kind=f"exchange.{action}",
        key=f"exchange.{action}:{row.pk}:{uuid.uuid4().hex[:12]}",
        payload={"import_id": row.pk, "user_id": user.pk if user else None},
        group=f"import:{row.pk}",
        created_by=user,
    )
