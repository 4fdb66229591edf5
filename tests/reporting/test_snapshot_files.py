"""What was published as files: the same figures everywhere, the same bytes at any time."""

from __future__ import annotations

import datetime
import io
import re
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError, transaction
from django.utils import translation

from core.jobs import job_claim, job_run
from core.models import Job
from core.reports.blocks import (
    Cell,
    KeyFigure,
    KeyFigures,
    ReportChart,
    Section,
    Table,
    Text,
    sections_to_json,
)
from reporting.models import Report, Snapshot, SnapshotFile
from reporting.renderers.xlsx import number_read, sheet_names
from reporting.selectors.snapshot_files import snapshot_file, snapshot_file_states
from reporting.services.snapshot_files import file_bytes, snapshot_files_ask
from tests.factories import user_factory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

MONTHS = Table(
    "Volume a month",
    ("Month", "Volume", "80%"),
    ("volume",) * 3,
    (False, True, True),
    tuple((Cell(f"mei {2000 + n}"), Cell(f"1.{n:03d}"), Cell("1.280 – 1.490")) for n in range(3)),
)
SALES = Table(
    "Per kanaal",
    ("Kanaal", "Afzet", "Omzet", "Aandeel"),
    ("channel", "volume", "revenue", "revenue"),
    (False, True, True, True),
    (
        (
            Cell("=Noord & Zoon"),
            Cell("12.012", "12012"),
            Cell("€ 5.003,50", "5003.5", 2),
            Cell("41,2%", "0.4123", 1, percent=True),
        ),
        (Cell("Zuid"), Cell("—"), Cell("€ −1.250,00", "-1250", 2), Cell("—")),
        (Cell("Totaal"), Cell("12.012", "12012"), Cell("€ 3.753,50", "3753.5", 2), Cell("—")),
    ),
    note="Zonder retouren.",
    strong=(2,),
)
SPEC = {
    "width": "container",
    "height": 120,
    "data": {"values": [{"month": f"2026-0{n}-01", "value": n * 1000} for n in range(1, 7)]},
    "mark": {"type": "line", "style": "history"},
    "encoding": {
        "x": {"field": "month", "type": "temporal", "scale": {"type": "utc"}, "axis": {"format": "%b %Y"}},
        "y": {"field": "value", "type": "quantitative"},
    },
}
CHART = ReportChart(
    "Hoe gaat het?",
    "in stuks",
    "Afzet per maand; de cijfers staan in de tabel",
    SPEC,
    ({"label": "afzet", "css": "h", "shape": "line"}, {"label": "95%", "css": "b95", "shape": "area"}),
    MONTHS,
)
WORDS = Text("# Kop\n\nGoede *maand*, **#let x = 1** `$a$`.\n\n- een\n- twee\n  1. diep\n\nEinde", "Sanne")
SECTIONS = [
    Section(
        "key_figures",
        "Kerncijfers",
        (
            KeyFigures((KeyFigure("Afzet", Cell("1.234 pakken", "1234.4")), KeyFigure("Marge", Cell("—")))),
            WORDS,
        ),
    ),
    Section("sales", "Afzet en prognose", (CHART, SALES)),
]


def frozen(sections: list[Section] = SECTIONS, **values: Any) -> Snapshot:
    author = user_factory("product-manager")
    said: dict[str, Any] = {"title": "Maandrapport", "language": "nl", "audience": "internal", **values}
    report = Report.objects.create(author=author, **said)
    return Snapshot.objects.create(
        report=report,
        number=2,
        author=author,
        author_name="Sanne de Wit",
        published_at=datetime.datetime(2026, 11, 12, 9, 30, tzinfo=datetime.UTC),
        data_month=datetime.date(2026, 10, 1),
        about={"products": ["Sap (SAP-100)"], "channels": []},
        sections=sections_to_json(sections),
        **said,
    )


def made(snapshot: Snapshot, kind: str) -> bytes:
    return file_bytes(snapshot, kind, lambda done, total: None)


def sheet_text(cell: Any) -> str:
    """A cell of a spreadsheet as a Dutch reader sees it."""
    if not isinstance(cell.value, int | float):
        return str(cell.value or "").removeprefix("'")
    above, _semicolon, below = cell.number_format.partition(";")
    shape = below if cell.value < 0 and below else above
    lead, digits, tail = re.fullmatch(r'((?:"[^"]*")?)([#,0.]+%?)((?:"[^"]*")?)', shape).groups()  # type: ignore[union-attr]
    decimals = len(digits.rstrip("%").partition(".")[2])
    value = abs(cell.value) * (100 if digits.endswith("%") else 1)
    text = f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))
    return f"{lead}{text}{'%' if digits.endswith('%') else ''}{tail}".replace('"', "")


def sheets(content: bytes) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [sheet_text(cell) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]


def test_a_sheet_shows_numbers_as_the_report_does() -> None:
    said = sheets(made(frozen(), "xlsx"))
    for table in (SALES, MONTHS):
        for text in [*table.heads, *(cell.text for row in table.rows for cell in row)]:
            assert text in said, text
    assert {"1.234 pakken", "Zonder retouren.", "Sanne", "• een", "   1. diep", "12-11-2026"} <= {*said}


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("1.234", "1234", 0),
        ("€ −1.250,50", "-1250.50", 2),
        ("41,2%", "0.412", 1),
        ("12 (voorlopig)", "12", 0),
        ("1.280 – 1.490", None, 0),
        ("1.23", None, 0),
        ("—", None, 0),
    ],
)
def test_numbers_are_read_back_from_a_charts_table(text: str, value: str | None, decimals: int) -> None:
    with translation.override("nl"):
        found = number_read(text)
    assert (found and (found.value, found.decimals)) == (value and (value, decimals))


def test_sheet_names_are_what_a_spreadsheet_takes() -> None:
    found = sheet_names(["Over", "Kosten/marge [x]", "over", "A" * 40, "A" * 40, "History"])
    assert found == ["Over", "Kosten marge  x", "over 2", "A" * 31, "A" * 29 + " 2", "History –"]


def test_publishing_asks_for_the_files_and_a_worker_makes_them() -> None:
    snapshot = frozen()
    assert snapshot_file_states(snapshot)["xlsx"].failed
    snapshot_files_ask(snapshot=snapshot)
    snapshot_files_ask(snapshot=snapshot)
    jobs = Job.objects.filter(kind="reporting.snapshot_file")
    kinds = sorted(job.payload["kind"] for job in jobs)
    assert kinds == sorted(set(kinds))
    while job := job_claim("exports"):
        job_run(job)
    found = snapshot_file(snapshot, "xlsx")
    assert found is not None
    assert bytes(found.content) == made(snapshot, "xlsx")
    assert found.bytes == len(found.content)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        SnapshotFile.objects.update(bytes=1)
    found.delete()
    assert snapshot_file_states(snapshot)["xlsx"].failed
    snapshot_files_ask(snapshot=snapshot)
    again = job_claim("exports")
    assert again is not None
    assert again.payload == {"snapshot": snapshot.pk, "kind": "xlsx"}
    job_run(again)
    assert SnapshotFile.objects.get(snapshot=snapshot, kind="xlsx").sha256 == found.sha256
