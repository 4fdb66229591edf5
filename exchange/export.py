"""Lists out, as CSV and XLSX, in a form that comes in again.

CSV follows the person's language, so that a double click in their spreadsheet shows columns and numbers:
under nl ``;`` between the cells and a decimal comma, otherwise ``,`` and a point; UTF-8 with its mark, dates
as 2026-01-31, months as 2026-01. Amounts are rounded to cents, other numbers and rates to four decimals,
half away from zero. XLSX keeps numbers as numbers and dates as dates. Text that a spreadsheet
would run as a formula gets a ``'`` in front, which the import takes off again.
"""

from __future__ import annotations

import csv
import datetime
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import IO, Any, Literal

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import get_language

from core.errors import require
from core.formats import is_dutch

FORMATS = (("csv", "CSV"), ("xlsx", "XLSX"))

Kind = Literal["text", "number", "amount", "exact", "rate", "date", "month"]
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NOT_IN_NAME = re.compile(r"[\[\]:*?/\\]")
_ROWS_AT_ONCE = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS: dict[Kind, int] = {
    "text": 24,
    "number": 14,
    "amount": 14,
    "exact": 16,
    "rate": 10,
    "date": 12,
    "month": 11,
}
_DECIMALS = {
    "number": Decimal("0.0001"),
    "amount": Decimal("0.01"),
    "exact": Decimal("0.00000001"),
    "rate": Decimal("0.0001"),
}
_NUMBER_FORMATS = {
    "number": "#,##0.####",
    "amount": "#,##0.00",
    "exact": "#,##0.########",
    "rate": "0.0%",
    "month": "mmm yyyy",
}


@dataclass(frozen=True)
class ExportColumn:
    """``header`` is written as it is (a name that the import knows, or a label); ``kind``: text, number,
    amount, exact (up to eight decimals), rate (0.412, shown as 41,2% in XLSX), date or month."""

    header: str
    kind: Kind = "text"
    width: int = 0


def formula_neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def export_asked(user: Any, kind: str) -> None:
    """403 for who may not export, 404 for a format that there is none of."""
    require(user, "exchange.export")
    if kind not in dict(FORMATS):
        raise Http404(kind)


def export_response(
    request: HttpRequest,
    *,
    name: str,
    columns: Sequence[ExportColumn],
    rows: Iterable[Sequence[Any]],
    kind: str = "",
) -> HttpResponseBase:
    """The rows as a download called ``name``, in the format of ``kind`` or ``?format=`` (csv unless xlsx).

    ``rows`` may be an iterator and is read as it is written: nothing is held in memory. Cells are str, int,
    Decimal, float, date, bool or ``None``, which stays empty. The caller has checked rights
    (``exchange.export``) and rows.
    """
    wanted = kind or request.GET.get("format", "csv")
    if wanted == "xlsx":
        file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
        xlsx_write(file, name=name, columns=columns, rows=rows)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=_XLSX)
    pieces = csv_lines(columns=columns, rows=rows, dutch=is_dutch())
    response = StreamingHttpResponse(_as_here(pieces), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or ""
    response.headers["Content-Language"] = get_language() or "en"
    return response


def _as_here(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, made in the language and time zone of now: when they are sent, the request is over."""
    language, zone = get_language() or "en", timezone.get_current_timezone()

    def made() -> Iterator[bytes]:
        while True:
            with translation.override(language), timezone.override(zone):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    return made()


class _Line:
    """What ``csv.writer`` writes to: hands each line back."""

    def write(self, text: str) -> str:
        return text


def csv_lines(
    *, columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]], dutch: bool
) -> Iterator[bytes]:
    """The file in pieces of some hundred lines."""
    writer = csv.writer(_Line(), delimiter=";" if dutch else ",", lineterminator="\r\n")
    kinds = [column.kind for column in columns]
    piece = ["\ufeff", writer.writerow([formula_neutral(column.header) for column in columns])]
    for row in rows:
        piece.append(
            writer.writerow([_csv_cell(cell, kind, dutch) for cell, kind in zip(row, kinds, strict=True)])
        )
        if len(piece) >= _ROWS_AT_ONCE:
            yield "".join(piece).encode()
            piece = []
    yield "".join(piece).encode()


def _rounded(value: int | float | Decimal, kind: str) -> Decimal:
    """As many decimals as the kind has; in full where it is no figure's kind."""
    exact, step = Decimal(str(value)), _DECIMALS.get(kind)
    if step is None or not exact.is_finite() or exact == exact.to_integral_value():
        return exact
    return exact.quantize(step, rounding=ROUND_HALF_UP)


def _csv_cell(cell: Any, kind: str, dutch: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int | float | Decimal):
        return _csv_number(_rounded(cell, kind), dutch)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, datetime.date):
        return f"{cell:%Y-%m}" if kind == "month" else cell.isoformat()
    return formula_neutral(str(cell))


def _csv_number(value: Decimal, dutch: bool) -> str:
    """Without noughts at the end, and never with just three decimals: 1.234 could be read two ways when it
    comes in again."""
    text = f"{value:f}"
    whole, point, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) == 3:
        fraction += "0"
    return f"{whole}{',' if dutch else point}{fraction}" if fraction else whole


def xlsx_write(
    file: IO[bytes], *, name: str, columns: Sequence[ExportColumn], rows: Iterable[Sequence[Any]]
) -> None:
    """One sheet of this name: bold header that stays in sight, numbers as numbers, dates as dates."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "dd-mm-yyyy" if is_dutch() else "yyyy-mm-dd",
        },
    )
    sheet = book.add_worksheet(sheet_names([name])[0])
    bold, whole = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
    formats = [
        book.add_format({"num_format": _NUMBER_FORMATS[column.kind]})
        if column.kind in _NUMBER_FORMATS
        else None
        for column in columns
    ]
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(columns):
        sheet.set_column(
            position, position, column.width or max(_WIDTHS[column.kind], len(column.header) + 2)
        )
        sheet.write_string(0, position, formula_neutral(column.header), bold)
    count = 0
    for count, row in enumerate(rows, start=1):
        for position, (cell, style, column) in enumerate(zip(row, formats, columns, strict=True)):
            if isinstance(cell, float | Decimal):
                cell = _rounded(cell, column.kind)
            # A spreadsheet would end a whole number with the point of the decimals it may have.
            plain = column.kind in ("number", "exact") and _is_whole(cell)
            _xlsx_cell(sheet, count, position, cell, whole if plain else style)
    sheet.autofilter(0, 0, count, max(len(columns) - 1, 0))
    book.close()


def _is_whole(cell: Any) -> bool:
    return isinstance(cell, int | Decimal) and Decimal(cell) == Decimal(cell).to_integral_value()


def sheet_names(titles: Sequence[str]) -> list[str]:
    """As titles, as far as a spreadsheet allows: 31 letters, some not, no two alike."""
    found: list[str] = []
    for title in titles:
        base = _NOT_IN_NAME.sub(" ", title).strip("' ") or "–"
        base = f"{base} –" if base.lower() == "history" else base
        name, count = _cut(base, 31), 1
        while name.lower() in {other.lower() for other in found}:
            count += 1
            name = f"{_cut(base, 31 - len(str(count)) - 1)} {count}"
        found.append(name)
    return found


def _cut(text: str, most: int) -> str:
    """So many letters at most, up to where a word ends."""
    cut = text if len(text) <= most else text[: most + 1].rpartition(" ")[0] or text[:most]
    return cut.rstrip("' ")


def _xlsx_cell(sheet: Any, row: int, column: int, cell: Any, style: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float | Decimal):
        sheet.write_number(row, column, float(cell), style)
    elif isinstance(cell, datetime.datetime):
        sheet.write_datetime(row, column, cell.replace(tzinfo=None))
    elif isinstance(cell, datetime.date):
        sheet.write_datetime(row, column, datetime.datetime.combine(cell, datetime.time()), style)
    else:
        sheet.write_string(row, column, formula_neutral(str(cell)))
