"""What is done with a file, whoever asked: worker, command or watched folder. All inside a transaction."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pghistory
from django.db import connection, transaction

from exchange.messages import refuse
from exchange.models import Import, ImportCreation, ImportRefusal, Layout
from exchange.reading.columns import Undecided
from exchange.reading.dates import date_as
from exchange.reading.matching import sheets_fitting, signature
from exchange.reading.plan import Plan, Reading, file_open, plan_make
from exchange.selectors import layouts_in_use, sheets_for
from exchange.sheets import FIGURES, Counts, Creation, sheets
from exchange.staging import Progress, Staged, staging_load

REFUSALS_KEPT = 10_000
_STAGED = re.compile(r"-?\d+\.\d{4,}")
SAMPLE_ROWS = 8


@dataclass
class Opened:
    """A file with its plan; no plan: nobody could tell which sheet it is for."""

    reading: Reading
    plan: Plan | None
    layout: Layout | None
    signature: str = ""

    @property
    def questions(self) -> list[dict[str, Any]]:
        return [{"code": "sheet"}] if self.plan is None else self.plan.questions

    @property
    def is_undecided(self) -> bool:
        """Whether the decimal mark or the order of dates may still turn out to be a question."""
        return self.plan is not None and not (self.plan.decimal and self.plan.date_order)


@dataclass
class Loaded:
    """What stands in ``staging`` and ``refused`` after all checks. ``options``: ``sheet_options``."""

    opened: Opened
    staged: Staged
    refused: int
    options: Mapping[str, Any]


def import_open(row: Import, path: Path, user: Any, *, thorough: bool = False) -> Opened:
    """Open the file and plan its reading with what is remembered for such files and what was said for this
    one."""
    allowed = sheets_for(user)
    sheet = _sheet_of(row, user)
    reading = file_open(path, row.options, [sheet] if sheet else allowed)
    headers = reading.table.headers
    sheet = sheet or _sheet_for(row, headers, allowed)
    if sheet is None:
        return Opened(reading, None, None)
    name = signature(sheet.key, headers)
    layout = row.layout if row.layout is not None and row.layout.retired_at is None else None
    layout = layout or layouts_in_use().filter(sheet=sheet.key, signature=name).first()
    mapping, remembered = row.mapping, {}
    if layout is not None:
        columns = dict(layout.mapping.get("columns") or {}) | dict(row.mapping.get("columns") or {})
        mapping = {**layout.mapping, **row.mapping, "columns": columns}
        remembered = layout.options
    plan = plan_make(
        reading,
        sheet,
        mapping=mapping,
        options=row.options,
        remembered=remembered,
        ask_options=row.source != Import.Source.SHELL,
        user=user,
        thorough=thorough,
    )
    return Opened(reading, plan, layout, name)


def _sheet_for(row: Import, headers: list[str], allowed: list[Any]) -> Any:
    """The sheet the columns speak for, or ``None``.

    Sales and budget may look alike. Then what the last such file was decides; otherwise a person, who on the
    page gets the first of them as a proposal: its name stands above the questions.
    """
    if row.layout is not None:
        return sheets.get(row.layout.sheet)
    fitting = sheets_fitting(allowed, headers)
    if len(fitting) > 1:
        known = [
            sheet
            for sheet in fitting
            if layouts_in_use().filter(sheet=sheet.key, signature=signature(sheet.key, headers)).exists()
        ]
        if len(known) == 1:
            return known[0]
        return fitting[0] if row.source == Import.Source.PAGE else None
    return fitting[0] if fitting else None


def _sheet_of(row: Import, user: Any) -> Any:
    if not row.sheet:
        return None
    if row.sheet not in sheets:
        raise refuse("sheet_unknown", field="sheet")
    sheet = sheets.get(row.sheet)
    if sheet not in sheets_for(user):
        raise refuse("sheet_forbidden", field="sheet", status=403)
    return sheet


def sheet_options(row: Import, opened: Opened) -> dict[str, Any]:
    """What the sheet's methods get as options: its own, said, told by the file's figures, remembered (where
    it is still an answer) or the default, and ``create_missing`` and ``correction``."""
    assert opened.plan is not None
    own = opened.plan.sheet.options
    remembered = opened.layout.options if opened.layout else {}
    still = (
        each.name for each in own if each.name in remembered and each.accepts(remembered[each.name], None)
    )
    known = {name: remembered[name] for name in still} | opened.plan.answered | row.options
    options = {option.name: known.get(option.name, option.default) for option in own}
    return options | {
        "create_missing": bool(row.options.get("create_missing")),
        "correction": str(row.options.get("correction") or ""),
    }


def import_load(
    row: Import, path: Path, user: Any, progress: Progress | None = None, *, thorough: bool = False
) -> Opened | Loaded:
    """Read the whole file into ``staging`` and have the sheet check it; with questions open only
    ``Opened``. The shell, which cannot be asked, gets what is unclear as refused rows."""
    opened = import_open(row, path, user, thorough=thorough)
    if opened.questions or opened.plan is None:
        if opened.is_undecided and not thorough:
            # Ask everything at once, also what only the rest of the file would bring up.
            return import_load(row, path, user, progress, thorough=True)
        return opened
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            staged = staging_load(cursor, opened.plan, progress)
    except Undecided:
        # Far down in the file something turned up that its beginning did not tell: look at all of it first.
        return import_load(row, path, user, progress, thorough=True)
    options = sheet_options(row, opened)
    with connection.cursor() as cursor:
        unclear = opened.plan.sheet.check(cursor, options, user)
        if unclear and row.source != Import.Source.SHELL:
            opened.plan.questions += _option_questions(opened.plan.sheet, unclear, user)
            return opened
        cursor.execute("ANALYZE refused")
        cursor.execute("SELECT count(DISTINCT line) FROM refused")
        return Loaded(opened, staged, cursor.fetchone()[0], options)


def _option_questions(sheet: Any, unclear: Mapping[str, str], user: Any) -> list[dict[str, Any]]:
    """The options that the rows turned out to need."""
    return [
        {
            "code": "option",
            "name": option.name,
            "example": unclear[option.name],
            "choices": [key for key, _label in option.answers(user)],
        }
        for option in sheet.options
        if option.name in unclear
    ]


def loaded_preview(loaded: Loaded) -> tuple[Counts, list[dict[str, Any]]]:
    """What applying would do, in numbers and by example."""
    assert loaded.opened.plan is not None
    sheet = loaded.opened.plan.sheet
    with connection.cursor() as cursor:
        counts: Counts = sheet.preview(cursor, loaded.options)
        counts.refused = loaded.refused
        return counts, sheet.sample(cursor, SAMPLE_ROWS, loaded.options)


def import_context(row: Import, user: Any) -> AbstractContextManager[Any]:
    """The history of what is written inside says that it came by this import, and by whom.

    It also keeps a large file fast: without a context, the history's triggers find out by an exception on
    every row that there is none.
    """
    who = {"user": user.pk} if user is not None else {}
    context: AbstractContextManager[Any] = pghistory.context(source="import", import_id=row.pk, **who)
    return context


def loaded_apply(row: Import, loaded: Loaded) -> Counts:
    """Write; the caller has refused what must be refused."""
    assert loaded.opened.plan is not None
    with import_context(row, row.applied_by or row.created_by), connection.cursor() as cursor:
        counts: Counts = loaded.opened.plan.sheet.apply(cursor, row.pk, loaded.options)
    counts.refused = loaded.refused
    return counts


def _cell_text(value: str, decimal: str) -> str:
    """A figure as the file writes it, without the zeros that ``staging`` holds it with."""
    if _STAGED.fullmatch(value):
        return value.rstrip("0").rstrip(".").replace(".", decimal or ".")
    return value


def _dates_written(plan: Plan) -> dict[str, str]:
    """How the file writes them, by field: the first one."""
    fields = {each.name for each in plan.sheet.fields if each.kind in ("date", "month")}
    columns = zip(plan.reading.table.headers, zip(*plan.reading.first_rows, strict=True), strict=False)
    named = ((plan.columns.columns.get(header, ""), cells) for header, cells in columns)
    return {name: next(filter(None, cells), "") for name, cells in named if name in fields}


def _date_text(value: str, like: str, order: str) -> str:
    try:
        return date_as(datetime.date.fromisoformat(value), like, order)
    except ValueError:  # a cell that cannot be read is as it stands
        return value


def refusals_read(plan: Plan) -> list[ImportRefusal]:
    """The first refused cells as the file writes them, with its own column names; of a column a month
    that of ``month``, where the sheet says it."""
    headers = {name: header for header, name in plan.columns.columns.items()}
    dates = _dates_written(plan)
    figures = {each.name for each in plan.sheet.fields if each.kind in FIGURES}
    months = {month: header for header, month in plan.columns.months.items()}
    wide = {(plan.columns.wide_value, month): header for month, header in months.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT line, "column", left(value, 200), code, params::text FROM refused
               ORDER BY line, "column" LIMIT %s""",
            [REFUSALS_KEPT],
        )
        rows = [(*said, json.loads(params)) for *said, params in cursor.fetchall()]
    found = []
    for line, name, said, code, params in rows:
        column = wide.get((name, params.get("month"))) or headers.get(name, name)
        value = said
        if name in figures:
            value = _cell_text(said, plan.decimal)
        elif name in dates:
            value = _date_text(said, dates[name], plan.date_order)
        elif months and name == plan.sheet.wide_field:
            column = value = months.get(said, said)
        found.append(ImportRefusal(line=line, column=column[:120], value=value, code=code, params=params))
    return found


def refusals_keep(row: Import, refusals: list[ImportRefusal]) -> None:
    """Replace what was kept before."""
    row.refusals.all().delete()
    for refusal in refusals:
        refusal.owner = row
        refusal.pk = None
    ImportRefusal.objects.bulk_create(refusals, batch_size=2000)


def creations_keep(row: Import, created: Sequence[Creation]) -> None:
    """Replace what was kept before."""
    row.creations.all().delete()
    ImportCreation.objects.bulk_create(
        [
            ImportCreation(owner=row, kind=each.kind, code=each.code, name=each.name, under=each.under)
            for each in created
        ],
        batch_size=2000,
    )


def row_describe(row: Import, opened: Opened) -> None:
    """Put on the row what was found out about the file; the caller saves it."""
    row.questions = opened.questions
    row.reading = opened.reading.as_json()
    plan = opened.plan
    if plan is None:
        return
    row.sheet = plan.sheet.key
    row.layout = opened.layout
    row.reading |= {
        "decimal": plan.decimal,
        "date_order": plan.date_order,
        "mapping": plan.columns.as_json(),
        "options": sheet_options(row, opened),
    }


def row_count(row: Import, counts: Counts) -> None:
    """Put counts and totals on the row; the caller saves it."""
    row.counts = counts.as_json()
    row.totals = counts.totals
    row.months_from, row.months_to = counts.months_from, counts.months_to


def sheet_lock(sheet: str) -> None:
    """Imports of one sheet are written one after the other; waits longer than other locks may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20min'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('exchange:' || %s, 0))", [sheet])
        cursor.execute("SET LOCAL lock_timeout = '30s'")


def layout_remember(row: Import, opened: Opened, user: Any) -> Layout:
    """Keep how this file was read for the next one with the same columns."""
    assert opened.plan is not None
    plan = opened.plan
    values = {
        "mapping": {"columns": _columns_said(plan), "wide_value": plan.columns.wide_value},
        "options": _options_said(row, opened),
        "updated_by": user,
    }
    found = (
        layouts_in_use().select_for_update().filter(sheet=plan.sheet.key, signature=opened.signature).first()
    )
    if found is None:
        name = Path(row.file_name).stem[:60] or plan.sheet.key
        if layouts_in_use().filter(sheet=plan.sheet.key, name=name).exists():
            name = f"{name} {opened.signature[:6]}"
        return Layout.objects.create(sheet=plan.sheet.key, signature=opened.signature, name=name, **values)
    if any(getattr(found, name) != value for name, value in values.items() if name != "updated_by"):
        for name, value in values.items():
            setattr(found, name, value)
        found.save()
    return found


def _options_said(row: Import, opened: Opened) -> dict[str, Any]:
    """What a person answered, for this file or for an earlier one. What the file's own figures said, and a
    default that nobody was asked about, hold for this file only: the next one may be written otherwise.
    An answer that this file contradicts is forgotten."""
    assert opened.plan is not None
    plan = opened.plan
    names = [option.name for option in plan.sheet.options]
    answers = (opened.layout.options if opened.layout else {}) | row.options
    said = {
        name: answers[name]
        for name in names
        if answers.get(name) and plan.answered.get(name, answers[name]) == answers[name]
    }
    for name, found in (("decimal", plan.decimal), ("date_order", plan.date_order)):
        answer = answers.get(name) or (opened.layout.options.get(name) if opened.layout else None)
        if answer and (not found or answer == found):
            said[name] = answer
    return said


def _columns_said(plan: Plan) -> dict[str, str]:
    """Every column with its field, '' where it is left out; months are recognised anew each time."""
    return {
        header: plan.columns.columns.get(header, "")
        for header in plan.reading.table.headers
        if header not in plan.columns.months
    }
