from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET

from core import formats
from core.models import Job
from core.pages import page_render, with_right
from core.panels import panels_build
from exchange.export import ExportColumn, export_response
from exchange.forms import ReadingForm
from exchange.messages import in_words, question_code
from exchange.models import Import, ImportCreation, ImportRefusal
from exchange.selectors import (
    correction_right,
    creations_first,
    import_get,
    import_later,
    import_repeated,
    sheets_for,
)
from exchange.services.imports import applying_refused, import_path, undoing_refused
from exchange.sheets import FIGURES, PASTED, sheets

SHOWN_REFUSALS = 50
SHOWN_CREATIONS = 20


@require_GET
@with_right("exchange.import")
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import, as its state has it: progress, questions, preview, result."""
    row = import_get(request.user, pk)
    return detail_render(request, row)


def detail_render(
    request: HttpRequest,
    row: Import,
    *,
    form: ReadingForm | None = None,
    status: int = 200,
    correction_error: str = "",
) -> HttpResponse:
    """The page of one import; ``form`` comes back with its errors."""
    context = {"row": row, "correction_error": correction_error, **_context(request.user, row)}
    context["talk_panels"] = lambda: panels_build(request.user, row, "talk")
    if row.is_open or (row.state == Import.State.FAILED and row.reading):
        context["form"] = form or ReadingForm(row=row, allowed=sheets_for(request.user), user=request.user)
    return page_render(
        request, "exchange/import_detail.html", context, fragment="exchange/_import.html", status=status
    )


def _context(user: Any, row: Import) -> dict[str, Any]:
    sheet = sheets.get(row.sheet) if row.sheet in sheets else None
    labels = _labels(sheet)
    refusals = list(row.refusals.all()[:SHOWN_REFUSALS])
    context: dict[str, Any] = {
        "sheet": sheet,
        "questions": [question_words(question, sheet) for question in row.questions],
        "refusals": [_refusal(refusal, row, labels) for refusal in refusals],
        "totals": [
            (labels[name].label, labels[name].kind, total)
            for name, total in row.totals.items()
            if name in labels
        ],
        "creates": _creates(row, sheet),
        "error": in_words(row.error_code, row.error_params, sheet.reasons if sheet else None)
        if row.error_code
        else "",
        "can_undo": user.has_perm("exchange.undo") and row.state == Import.State.APPLIED,
        "preview": _preview(row, labels),
        "paste_url": _paste_url(row, sheet),
    }
    if row.state == Import.State.READY:
        context["apply_refused"] = applying_refused(row, user)
    if row.counts:
        context["import_panels"] = lambda: panels_build(user, row, "import")
    if row.counts.get("refused") and (row.is_open or row.state == Import.State.FAILED):
        context["is_closed_month"] = row.refusals.filter(code="month_closed").exists()
        context["can_correct"] = user.has_perm(correction_right(row))
    if context["can_undo"]:
        context["undo_refused"] = undoing_refused(row)
        context["later"] = None if context["undo_refused"] else import_later(row)
        context["repeated"] = None if context["undo_refused"] or context["later"] else import_repeated(row)
    if row.is_moving:
        job = Job.objects.filter(group=f"import:{row.pk}").order_by("-pk").first()
        can_stop = row.state != Import.State.UNDOING or user.has_perm("exchange.undo")
        context |= {"job": job, "time_left": _time_left(job), "can_stop": can_stop}
    return context


def _creates(row: Import, sheet: Any) -> list[dict[str, Any]]:
    """What is made on the way, by kind: how many, and the first of them."""
    counts = {name: count for name, count in (row.counts.get("creates") or {}).items() if sheet and count}
    if not counts:
        return []
    first: dict[str, list[ImportCreation]] = {}
    for each in creations_first(row, SHOWN_CREATIONS):
        first.setdefault(each.kind, []).append(each)
    return [
        {"label": sheet.creates_labels.get(name, name), "count": count, "first": first.get(name, [])}
        for name, count in counts.items()
    ]


def _paste_url(row: Import, sheet: Any) -> str:
    """Where the pasted cells can be changed and sent again; empty: it was no paste, or is written."""
    page = getattr(sheet, "pasted_at", "")
    waits = row.is_open or row.state == Import.State.FAILED
    is_paste = row.source == Import.Source.PAGE and row.file_name.endswith(PASTED)
    return f"{reverse(page)}?again={row.pk}" if page and waits and is_paste else ""


def _labels(sheet: Any) -> dict[str, Any]:
    return {each.name: each for each in sheet.fields} if sheet else {}


def _refusal(refusal: ImportRefusal, row: Import, labels: Mapping[str, Any]) -> dict[str, Any]:
    """A column that the file does not have is called as its field."""
    reasons = sheets.get(row.sheet).reasons if row.sheet in sheets else None
    column = refusal.column
    if column in labels and column not in row.reading.get("headers", ()):
        column = str(labels[column].label)
    return {
        "line": refusal.line,
        "column": column,
        "value": refusal.value,
        "reason": in_words(refusal.code, {"value": refusal.value, **refusal.params}, reasons),
    }


def _preview(row: Import, labels: dict[str, Any]) -> dict[str, Any]:
    """Some rows by what would happen to them, with the columns that hold anything."""
    rows = row.preview or []
    there = {name for each in rows for name in each if each[name] is not None} - {"line", "effect", "old"}
    names = [*(name for name in labels if name in there), *sorted(there - set(labels))]
    heads = [
        {
            "label": labels[name].label if name in labels else name.replace("_", " "),
            "kind": kind,
            "words": labels[name].words if name in labels else None,
            "is_figure": kind in FIGURES,
        }
        for name in names
        for kind in [labels[name].kind if name in labels else "text"]
    ]

    def cells(each: dict[str, Any]) -> list[dict[str, Any]]:
        old = each.get("old") or {}
        return [
            {
                "value": _shown(each.get(name), head["kind"], head["words"]),
                "old": _shown(old.get(name), head["kind"], head["words"])
                if old.get(name) != each.get(name)
                else None,
                "is_figure": head["is_figure"],
            }
            for name, head in zip(names, heads, strict=True)
        ]

    return {
        "heads": heads,
        "rows": [{"line": each["line"], "effect": each["effect"], "cells": cells(each)} for each in rows],
    }


def _shown(value: Any, kind: str, words: Mapping[str, Any] | None) -> Any:
    if words:
        return words.get(value, value)
    if value and kind in ("month", "date"):
        found = datetime.date.fromisoformat(value)
        return formats.month(found) if kind == "month" else formats.day(found)
    if kind == "flag" and value is not None:
        return _("yes") if str(value) == "True" else _("no")
    return value


def question_words(question: dict[str, Any], sheet: Any) -> str:
    """What has to be answered, as a sentence."""
    labels = {each.name: str(each.label) for each in sheet.fields} if sheet else {}
    code = question["code"]
    if code == "missing_column":
        groups = [" / ".join(labels.get(name, name) for name in group) for group in question["fields"]]
        return in_words("missing_column", {"fields": ", ".join(groups)})
    if code == "double_column":
        named = labels.get(question["field"], question["field"])
        return in_words(code, {"what": named, "columns": ", ".join(question["columns"])})
    if code in ("decimal", "date_order"):
        return in_words(question_code(question), question)
    if code == "option":
        options = {option.name: str(option.label) for option in sheet.options} if sheet else {}
        asked = options.get(question["name"], question["name"])
        if question.get("example"):
            return _("%(question)s Without an answer %(example)s can mean several things.") % {
                "question": asked,
                "example": question["example"],
            }
        return asked
    return in_words("sheet_unknown", {})


def _time_left(job: Job | None) -> str:
    """“about 20 seconds left”, once that can be said."""
    if job is None or not job.started_at or not job.progress_done or not job.progress_total:
        return ""
    spent = (timezone.now() - job.started_at).total_seconds()
    left = spent * (job.progress_total - job.progress_done) / job.progress_done
    if left < 5:
        return _("a few seconds left")
    if left < 90:
        return _("about %(seconds)s seconds left") % {"seconds": round(left / 5) * 5}
    minutes = round(left / 60)
    return ngettext("about %(minutes)s minute left", "about %(minutes)s minutes left", minutes) % {
        "minutes": minutes
    }


@require_GET
@with_right("exchange.import")
def import_refused(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as a list: line, column, value, reason."""
    row = import_get(request.user, pk)
    labels = _labels(sheets.get(row.sheet) if row.sheet in sheets else None)
    columns = [
        ExportColumn(pgettext("file", "line"), "number"),
        ExportColumn(_("column")),
        ExportColumn(_("value")),
        ExportColumn(_("reason"), width=50),
    ]

    def rows() -> Iterator[list[Any]]:
        lines = set()
        for refusal in row.refusals.all().iterator():
            lines.add(refusal.line)
            yield list(_refusal(refusal, row, labels).values())
        left = row.counts.get("refused", 0) - len(lines)
        if left > 0:
            note = ngettext(
                "%(count)s more row is refused and not listed here: mend these first.",
                "%(count)s more rows are refused and not listed here: mend these first.",
                left,
            )
            yield [None, "", "", note % {"count": formats.number(left, 0)}]

    return export_response(request, name=_("refused-%(id)s") % {"id": row.pk}, columns=columns, rows=rows())


@require_GET
@with_right("exchange.import")
def import_creations(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Everything that is made on the way, as a list."""
    row = import_get(request.user, pk)
    labels = sheets.get(row.sheet).creates_labels if row.sheet in sheets else {}
    columns = [
        ExportColumn(_("kind")),
        ExportColumn(_("code")),
        ExportColumn(_("name"), width=40),
        ExportColumn(_("part of")),
    ]
    rows = (
        [str(labels.get(each.kind, each.kind)), each.code, each.name, each.under]
        for each in row.creations.all().iterator()
    )
    return export_response(request, name=_("created-%(id)s") % {"id": row.pk}, columns=columns, rows=rows)


@require_GET
@with_right("exchange.import")
def import_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file as it was uploaded."""
    row = import_get(request.user, pk)
    response = FileResponse(
        import_path(row).open("rb"),
        as_attachment=True,
        filename=row.file_name,
        content_type="application/octet-stream",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
