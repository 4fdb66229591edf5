"""The words for what exchange refuses. Kept as code and values, put into words when somebody reads them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.errors import DomainError
from core import formats

FILES: dict[str, Any] = {
    "file_empty": _("The file is empty."),
    "file_too_large": _("The file is %(found_mb)s MB; at most %(limit_mb)s MB can be imported."),
    "file_kind": _(
        "This is not a CSV or XLSX file but %(found)s, whatever its name says. Save it as CSV or "
        "XLSX and try again."
    ),
    "file_old_excel": _(
        "This is an old Excel file (.xls) or one with a password. Open it in Excel and save it as "
        ".xlsx without one."
    ),
    "xlsx_broken": _("The XLSX file is damaged or incomplete and cannot be opened. Save it again and retry."),
    "xlsx_too_many_parts": _("The XLSX file holds %(found)s parts; at most %(limit)s are accepted."),
    "xlsx_too_large": _("Unpacked, the XLSX file would be larger than %(limit_mb)s MB."),
    "xlsx_bomb": _("The XLSX file unpacks to %(found)s times its size; at most %(limit)s times is accepted."),
    "xlsx_entities": _("The XLSX file holds XML entities, which are not accepted."),
    "xlsx_too_wide": _("The sheet has %(found)s columns; at most %(limit)s can be read."),
    "xlsx_too_many_cells": _("The sheet spans %(found)s cells; at most %(limit)s can be read."),
    "xlsx_no_such_sheet": _("There is no sheet “%(name)s” in the file."),
    "encoding_unknown": _(
        "Line %(line)s holds bytes that are neither UTF-8 nor Windows text. Save the file as “CSV "
        "UTF-8” and try again."
    ),
    "encoding_wrong": _("Line %(line)s cannot be read as %(encoding)s. Choose another encoding."),
    "not_text": _("The file holds bytes that no text file has. Save it as “CSV UTF-8” and try again."),
    "csv_broken": _(
        "From line %(line)s on the file cannot be read as CSV: a quotation mark is not closed, or a "
        "cell is too long."
    ),
    "no_header": _(
        "The first line does not name the columns. Put a line with names such as %(example)s above "
        "the figures."
    ),
    "header_line_missing": _("The file has no line %(line)s that could name the columns. Choose another."),
    "no_rows": _("The file has a line with column names, but no rows below it."),
    "too_many_columns": _("The file has %(found)s columns; at most %(limit)s can be read."),
    "missing_column": _("The file has no column for %(fields)s."),
    "double_column": _(
        "Several columns could be %(what)s: %(columns)s. Say which one it is and leave the others out."
    ),
    "sheet_unknown": _("What this file holds cannot be told from its column names. Choose it."),
    "sheet_forbidden": _("You may not import this kind of file."),
    "decimal_ambiguous": _(
        "Values such as %(example)s can be read two ways. Say which sign is the decimal mark."
    ),
    "date_ambiguous": _(
        "Dates such as %(example)s can be read two ways. Say what comes first, day or month."
    ),
    "decimal_conflicting": _(
        "Some values have a comma as decimal mark and others a point, such as %(example)s: no answer reads "
        "them all. Write them one way in the file, or say which mark it is; the other rows are refused."
    ),
    "date_conflicting": _(
        "Some dates begin with the day and others with the month, such as %(example)s: no answer reads them "
        "all. Write them one way in the file, or say what comes first; the other rows are refused."
    ),
    "option_unanswered": _("Still to be answered: %(option)s"),
    "option_unknown": _("%(name)s cannot be “%(value)s”."),
    "rows_refused": ngettext_lazy(
        "%(count)s row is refused, so nothing was imported. Mend it, or choose to leave it out.",
        "%(count)s rows are refused, so nothing was imported. Mend them, or choose to leave them out.",
        "count",
    ),
}

CELLS: dict[str, Any] = {
    "row_too_short": _("this row has %(found)s cells, the header %(expected)s"),
    "row_too_long": _("this row has %(found)s cells, the header %(expected)s"),
    "required_empty": _("must be filled in"),
    "number_unreadable": _("not a number"),
    "number_not_finite": _("not a finite number"),
    "number_too_large": _(
        "larger than any figure that can be kept (at most 14 digits before the decimal mark)"
    ),
    "date_unreadable": _("not a date or month that can be read"),
    "date_two_digit_year": _("write the year with four digits"),
    "date_out_of_range": _("a year before 1900 or after 2199"),
    "flag_unreadable": _("neither yes nor no"),
    "text_too_long": _("longer than %(limit)s characters"),
    "text_unreadable": _("holds a character that no text has"),
}

STATES: dict[str, Any] = {
    "too_many_running": _("You have %(limit)s imports under way. Wait until one of them has ended."),
    "not_now": _("This cannot be done while the import is %(state)s. Reload the page."),
    "undo_newest_first": _(
        "A later import changed the same kind of data: number %(later)s (%(file)s). Undo that one first."
    ),
    "undo_closed": _(
        "Months until %(until)s are closed, and undoing this import would change %(rows)s of their rows. "
        "Import the right figures as a correction instead, with a reason."
    ),
    "undo_closed_ledger": _(
        "Months until %(until)s are closed, and undoing this import would change %(rows)s of their rows. "
        "Book a counter-entry and import it as a correction, with a reason."
    ),
    "undo_closed_mapping": _(
        "Months until %(until)s are closed, and undoing this import would change costs of %(months)s. Map "
        "these accounts anew from a later month, or import the right mapping as a correction, with a reason."
    ),
    "correction_reason": _("Say why a closed month is corrected."),
    "layout_unknown": _("There is no remembered layout “%(name)s”."),
    "file_missing": _("The file is no longer on the server. Upload it again."),
    "stopped": _("Stopped by %(who)s."),
    "crashed": _("Something went wrong on our side. Nothing was written; try again."),
    "worker_died": _(
        "The work was interrupted %(attempts)s times and given up. Nothing was written; try again."
    ),
}

_ALL = FILES | CELLS | STATES
_TIMES = ("until", "start", "day", "month", "months")
_TIME = re.compile(r"(\d{4}-\d{2})(-\d{2})?")


def in_words(code: str, params: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code in the active language; ``more`` are a sheet's own. Unknown codes show as they
    are."""
    template = (more or {}).get(code) or _ALL.get(code)
    if template is None:
        return str(params.get("message") or code)
    try:
        return str(template % params_in_words(params))
    except (KeyError, TypeError, ValueError):
        return str(template)


def params_in_words(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values as people read them: months and days, which are kept as 2026-09 and 2026-09-30, how
    many rows, and an example that is kept by language."""
    said = {name: params[name] for name in _TIMES if isinstance(params.get(name), str)}
    words: dict[str, Any] = {name: _TIME.sub(_time_in_words, value) for name, value in said.items()}
    if isinstance(params.get("rows"), int):
        words["rows"] = formats.number(params["rows"])
    if isinstance(params.get("example"), Mapping):
        words["example"] = params["example"]["nl" if formats.is_dutch() else "en"]
    return {**params, **words} if words else params


def _time_in_words(found: re.Match[str]) -> str:
    month, day = found.groups()
    shown = formats.day if day else formats.month
    return shown(datetime.date.fromisoformat(f"{month}{day or '-01'}"))


def question_code(question: Mapping[str, Any]) -> str:
    """The code of the words for a question about the decimal mark or the order of dates."""
    about = {"decimal": "decimal", "date_order": "date"}[question["code"]]
    return f"{about}_{'conflicting' if question.get('conflicting') else 'ambiguous'}"


def refuse(code: str, *, field: str = "", status: int = 400, **params: Any) -> DomainError:
    """The error to raise for a code; its values are in ``details``, so that it can be said in both
    languages."""
    return DomainError(code, in_words(code, params), field, status=status, details=params)
