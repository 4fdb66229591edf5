"""An import in one go, in this process: for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from accounts.errors import DomainError
from exchange.messages import in_words, question_code, refuse
from exchange.models import Import, ImportRefusal
from exchange.sheets import Counts, sheets

from . import imports, steps, work


@dataclass
class Outcome:
    """``import_id`` is ``None`` for a dry run. ``error`` holds why nothing was written, if so."""

    import_id: int | None
    counts: Counts = field(default_factory=Counts)
    error: DomainError | None = None
    refusals: list[ImportRefusal] = field(default_factory=list)


class _Stop(Exception):
    """Roll back what was done; the outcome is known."""


def import_run(
    *, sheet: str, path: Path, options: Mapping[str, Any], leave_out_refused: bool, dry_run: bool
) -> Outcome:
    """Read, check and apply a file in one transaction; all or nothing unless refused rows are left out.

    What is wrong comes back in ``Outcome.error``; the import is then kept as failed, with its refused rows. A
    dry run keeps nothing.
    """
    if sheet not in sheets:
        raise refuse("sheet_unknown", field="sheet")
    said = imports.options_clean(options, [sheets.get(sheet)])
    row = Import(
        sheet=sheet,
        source=Import.Source.SHELL,
        options=said | {"leave_out_refused": leave_out_refused},
        file_name=path.name,
    )
    outcome = Outcome(None)
    try:
        with path.open("rb") as file:
            imports.import_keep_file(row, File(file), path.name)
    except DomainError as error:
        outcome.error = error
        return outcome
    try:
        with transaction.atomic():
            _run(row, outcome, dry_run)
            if dry_run or outcome.error:
                raise _Stop
    except _Stop:
        pass
    except DomainError as error:
        outcome.error = error
    except BaseException:
        row.file.delete(save=False)
        raise
    if dry_run:
        row.file.delete(save=False)
    elif outcome.error:
        _keep_failed(row, outcome)
    else:
        outcome.import_id = row.pk
    return outcome


def _run(row: Import, outcome: Outcome, dry_run: bool) -> None:
    steps.sheet_lock(row.sheet)
    row.state = Import.State.APPLYING
    row.save()
    loaded = steps.import_load(row, Path(row.file.path), None)
    if isinstance(loaded, steps.Opened):
        steps.row_describe(row, loaded)
        outcome.error = question_error(loaded)
        return
    assert loaded.opened.plan is not None
    steps.row_describe(row, loaded.opened)
    outcome.refusals = steps.refusals_read(loaded.opened.plan)
    if dry_run or (loaded.refused and not row.options["leave_out_refused"]):
        outcome.counts, _ = steps.loaded_preview(loaded)
        if loaded.refused and not row.options["leave_out_refused"]:
            outcome.error = refuse("rows_refused", count=loaded.refused)
        return
    outcome.counts = steps.loaded_apply(row, loaded)
    steps.row_count(row, outcome.counts)
    steps.refusals_keep(row, outcome.refusals)
    steps.creations_keep(row, outcome.counts.created)
    row.layout = steps.layout_remember(row, loaded.opened, None)
    row.state, row.applied_at = Import.State.APPLIED, timezone.now()
    row.save()


def _keep_failed(row: Import, outcome: Outcome) -> None:
    assert outcome.error is not None
    with transaction.atomic():
        row.pk, row.state = None, Import.State.FAILED
        row._state.adding = True
        row.error_code, row.error_params = outcome.error.code, outcome.error.details
        steps.row_count(row, outcome.counts)
        row.save()
        steps.refusals_keep(row, outcome.refusals)
        steps.creations_keep(row, outcome.counts.created)
    outcome.import_id = row.pk


def question_error(opened: steps.Opened) -> DomainError:
    """The first open question as an error, for those who cannot be asked."""
    question = opened.questions[0]
    code = question["code"]
    if code == "missing_column":
        labels = _labels(opened)
        fields = [" / ".join(str(labels.get(name, name)) for name in group) for group in question["fields"]]
        return refuse("missing_column", fields=", ".join(fields))
    if code == "double_column":
        label = str(_labels(opened).get(question["field"], question["field"]))
        return refuse(code, what=label, columns=", ".join(question["columns"]))
    if code in ("decimal", "date_order"):
        return refuse(question_code(question), field=code, example=question["example"])
    if code == "option":
        return refuse("option_unanswered", field=question["name"], option=question["name"])
    return refuse("sheet_unknown", field="sheet")


def _labels(opened: steps.Opened) -> dict[str, Any]:
    return {each.name: each.label for each in opened.plan.sheet.fields} if opened.plan else {}


def undo_run(*, row: Import) -> None:
    """Undo an applied import in this process, in one transaction. Raises ``DomainError``."""
    with transaction.atomic():
        row = Import.objects.select_for_update().get(pk=row.pk)
        if row.state != Import.State.APPLIED:
            raise imports.not_now(row)
        work.import_undo_now(row)
        row.save()


def refusal_words(refusal: ImportRefusal, sheet: Any) -> str:
    """Why the row was refused, in the active language."""
    return in_words(
        refusal.code, {"value": refusal.value, **refusal.params}, sheet.reasons if sheet else None
    )
