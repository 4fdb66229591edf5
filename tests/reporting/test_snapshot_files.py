"""What was published as files: the same figures everywhere, the same bytes at any time."""

from __future__ import annotations

import datetime
import html
import io
import re
import time
import zipfile
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import strip_tags
from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.util import Inches
from pypdf import PdfReader
from pypdf.generic import ContentStream

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
from exchange.export import sheet_names
from reporting.models import Report, Snapshot, SnapshotFile
from reporting.renderers import pdf
from reporting.renderers.behind import tables_behind, targets
from reporting.renderers.document import document
from reporting.renderers.drawings import WIDTH, chart_drawn, charts_drawn
from reporting.renderers.pptx import TOP
from reporting.renderers.xlsx import number_format, number_read
from reporting.reports.page import sections_shown
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
        fields=[] if said["audience"] == "external" else ["author"],
        published_at=datetime.datetime(2026, 11, 12, 9, 30, tzinfo=datetime.UTC),
        data_month=datetime.date(2026, 10, 1),
        about={"products": ["Sap (SAP-100)"], "channels": []},
        sections=sections_to_json(sections),
        **said,
    )


def made(snapshot: Snapshot, kind: str) -> bytes:
    return file_bytes(snapshot, kind, lambda done, total: None)


@cache
def once(kind: str) -> bytes:
    """The file of what is frozen unless told: another row with the same in it."""
    return made(frozen(), kind)


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
    assert book.properties.created == datetime.datetime(2026, 11, 12, 9, 30)
    return [sheet_text(cell) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]


def slides(content: bytes) -> list[str]:
    found = []
    for slide in Presentation(io.BytesIO(content)).slides:
        assert not slide.has_notes_slide
        for shape in slide.shapes:
            if shape.has_table:
                found += [cell.text for row in shape.table.rows for cell in row.cells]
            elif shape.has_text_frame:
                found += [paragraph.text for paragraph in shape.text_frame.paragraphs]
    return found


def paper(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_a_number_is_the_same_everywhere() -> None:
    page = render_to_string("reporting/_sections.html", {"shown": sections_shown(SECTIONS)})
    said = {
        "html": html.unescape(strip_tags(page)),
        "pdf": paper(once("pdf")),
        "pptx": slides(once("pptx")),
        "xlsx": sheets(once("xlsx")),
    }
    figures = ["1.234 pakken", *(cell.text for row in SALES.rows for cell in row)]
    behind = [cell.text for row in MONTHS.rows for cell in row]
    for kind, found in said.items():
        for text in [*figures, *SALES.heads, *(behind if kind != "pptx" else [])]:
            assert text in found or (text, kind) == ("—", "html"), (kind, text)
    assert {"Zonder retouren.", "Sanne", "• een", "   1. diep", "12-11-2026"} <= {*said["xlsx"]}


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
    long = "Margin against last year and budget"
    assert sheet_names([long, long]) == ["Margin against last year and", "Margin against last year and 2"]


def test_a_sheet_of_one_table_keeps_its_head_in_sight() -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(
            made(frozen([Section("a", "Een", (SALES,)), Section("b", "Twee", (SALES, MONTHS))]), "xlsx")
        )
    )
    one, two = book["Een"], book["Twee"]
    row = int(re.sub(r"\D", "", one.freeze_panes))
    assert one.cell(row - 1, 1).value == "Kanaal"
    assert one.print_title_rows == f"${row - 1}:${row - 1}"
    assert two.freeze_panes is None


@pytest.mark.parametrize(
    ("language", "text", "value", "wanted"),
    [
        ("nl", "+27,5%", "0.275", '"+"#,##0.0%;"−"#,##0.0%'),
        ("nl", "−1,1%", "-0.011", '#,##0.0%;"−"#,##0.0%'),
        ("nl", "€ 5,00", "5", '"€ "#,##0.00;"€ −"#,##0.00'),
        ("nl", "€ −5,00", "-5", '"€ "#,##0.00;"€ −"#,##0.00'),
        ("nl", "€ +5,00", "5", '"€ +"#,##0.00;"€ −"#,##0.00'),
        ("en", "€5.00", "5", '"€"#,##0.00;"−€"#,##0.00'),
        ("en", "+€5.00", "5", '"+€"#,##0.00;"−€"#,##0.00'),
    ],
)
def test_a_figure_of_the_other_sign_has_one_sign(language: str, text: str, value: str, wanted: str) -> None:
    is_rate = text.endswith("%")
    with translation.override(language):
        assert number_format(Cell(text, value, 1 if is_rate else 2, is_rate)) == wanted


def test_no_row_is_higher_than_a_spreadsheet_takes() -> None:
    words = Section("words", "Words", (Text("Many words. " * 900),))
    book = openpyxl.load_workbook(io.BytesIO(made(frozen([words]), "xlsx")))
    heights = [row.height for sheet in book for row in sheet.row_dimensions.values() if row.height]
    assert 400 < max(heights) <= 409


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


def tags(content: bytes) -> list[dict[str, Any]]:
    """The structure of a PDF in reading order: each tag with its attributes (``/A``), what it says instead of
    a picture (``/Alt``) and the tags that it is within (``within``)."""
    found = []

    def walk(node: Any, within: tuple[str, ...]) -> None:
        node = node.get_object()
        for each in node if isinstance(node, list) else [node]:
            each = each.get_object()
            if isinstance(each, dict):
                found.append({**each, "within": within})
                if "/K" in each:
                    walk(each["/K"], (*within, str(each.get("/S", ""))))

    walk(PdfReader(io.BytesIO(content)).trailer["/Root"]["/StructTreeRoot"], ())
    return found


def scopes(tag: dict[str, Any]) -> set[str]:
    """What the head of a table says it is the head of."""
    given = tag.get("/A", [])
    each = given if isinstance(given, list) else [given]
    return {str(one.get_object()["/Scope"]) for one in each if "/Scope" in one.get_object()}


def running_along(page: Any) -> set[str]:
    """What the text of a page is that is no part of the document's tree."""
    found, within = set(), list[Any]()
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        if operator in (b"BDC", b"BMC"):
            within.append(operands)
        elif operator == b"EMC":
            within.pop()
        elif operator in (b"Tj", b"TJ"):
            apart = [said for tag, *said in within if tag == "/Artifact"]
            found |= {str(said.get("/Subtype") or said["/Type"]) for [said] in apart}
    return found


def test_charts_in_a_row_and_wide_tables_share_a_page() -> None:
    """Of five charts the first is as wide as the page, the others stand two by two; figures behind two
    stand in two columns. Of two there is room for each. A sheet is laid out by itself."""
    wide = Table(
        "Breed", ("Afzet van jaar",) * 14, ("volume",) * 14, (True,) * 14, ((Cell("1.000.000"),) * 14,)
    )

    def laid(*blocks: Any, **values: Any) -> Any:
        return pdf._data(document(frozen([Section("sales", "Afzet", blocks)], **values)))

    said = laid(*[CHART] * 5, SALES, wide, wide)
    upright, across = said["sections"][0]["runs"]
    kinds = [(each["kind"], len(each.get("charts", ()))) for each in upright["blocks"]]
    assert kinds == [("chart", 0), ("charts", 4), ("table", 0)]
    assert (across["wide"], len(across["blocks"])) == (True, 2)
    few = laid(CHART, CHART)["behind"]
    assert [(run["columns"], len(run["tables"])) for run in few] == [(2, 2)]
    for few in (laid(CHART, CHART), laid(*[CHART] * 5, sheet=True)):
        [run] = few["sections"][0]["runs"]
        assert {each["kind"] for each in run["blocks"]} == {"chart"}


MONTHS_OF = {"past": ("11", "—"), "ahead": ("—", "12")}


def test_tables_of_a_sheet_are_as_small_as_its_page_needs() -> None:
    """Beside a chart as half of it needs; a range of figures takes two lines."""
    heads = ("Samen", *("Afzet", "t.o.v. jaar ervoor") * 3, "80% tussen")
    row = (
        "Havermelk",
        *("2.069.255\u00a0pakken", "+20,8%") * 3,
        "2.093.837\u00a0pakken – 2.735.954\u00a0pakken",
    )
    table = Table("Als geheel", heads, ("volume",) * 8, (False, *(True,) * 7), (tuple(map(Cell, row)),))
    blocks = (table, CHART, table)
    report = document(frozen([Section("key_figures", "Kerncijfers", blocks)], sheet=True))
    (run,) = pdf._data(report)["sections"][0]["runs"]
    first, _chart, beside = run["blocks"]
    assert first["widths"][-1] == len("2.093.837 pakken –") + 2
    assert not first["wide"]
    assert sum(first["widths"]) * first["size"] == pytest.approx(pdf.UPRIGHT * pdf.SIZE)
    assert beside["size"] == pdf.LEAST


def test_the_author_stands_with_the_last_words() -> None:
    """However far the words before reach down a page."""
    for lines in range(36, 48):
        words = "\n\n".join(["Regel"] * lines + ["Slot"])
        content = made(frozen([Section("words", "Woorden", (Text(words, "Sanne"),))]), "pdf")
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
        assert any("Slot" in page and "Sanne" in page.split("Slot")[1] for page in pages), lines


def test_figures_of_charts_that_are_alike_stand_beside_each_other() -> None:
    """A table a column: months of which a chart has nothing are no rows of dashes."""

    def chart(name: str, *rows: tuple[str, str, str]) -> ReportChart:
        cells = tuple(tuple(map(Cell, row)) for row in rows)
        of = {"fields": ("volume",) * 3, "numeric": (False, True, True)}
        table = Table(name, heads=("Maand", "Afzet", "Prognose"), rows=cells, **of)
        return replace(CHART, title=name, table=table)

    charts = [
        chart("Sap", ("nov 2026", "11", "—"), ("dec 2026", "—", "12")),
        chart("Thee", ("okt 2026", "20", "—"), ("nov 2026", "21", "—"), ("dec 2026", "—", "22")),
        chart("Koek", ("nov 2026", "31", "—")),
    ]
    report = document(frozen([Section("sales", "Afzet", tuple(charts))]))
    [behind] = tables_behind(report)
    assert (behind.charts, [each.title for each in behind.tables]) == (3, ["Afzet", "Prognose"])
    sold, expected = behind.tables
    assert list(sold.heads) == ["Maand", "Sap", "Thee", "Koek"]
    assert [[cell.text for cell in row] for row in sold.rows] == [
        ["okt 2026", "—", "20", "—"],
        ["nov 2026", "11", "21", "31"],
    ]
    assert [[cell.text for cell in row] for row in expected.rows] == [["dec 2026", "12", "22", "—"]]
    assert [target for _place, target in targets(report, [behind])] == ["figures-0"] * 3
    two = document(frozen([Section("sales", "Afzet", tuple(charts[:2]))]))
    assert [each.tables for each in tables_behind(two)] == [[each.table] for each in charts[:2]]
    past, ahead = ([(f"{word} {n}", *said) for n in range(3)] for word, said in MONTHS_OF.items())
    [parted] = tables_behind(document(frozen([Section("sales", "Afzet", (chart("Sap", *past, *ahead),))])))
    assert [each.heads for each in parted.tables] == [("Maand", "Afzet"), ("Maand", "Prognose")]
    assert [len(each.rows) for each in parted.tables] == [3, 3]


def test_a_pdf_is_for_everyone_and_says_what_it_is() -> None:
    """A heading without a sign in the font, a table over pages, a title that is no instruction."""
    rows = tuple((Cell(f"mei {n}"), Cell(str(n), str(n))) for n in range(120))
    long = Table("Lang", ("Maand", "Afzet"), ("volume",) * 2, (False, True), rows)
    sections = [*SECTIONS, Section("words", "Sap 🍊", (long,))]
    content = made(frozen(sections, title="#panic[x]"), "pdf")
    read = PdfReader(io.BytesIO(content))
    root = read.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("nl", True)
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert read.metadata is not None
    assert (read.metadata.title, read.metadata.author) == ("#panic[x]", "Sanne de Wit")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712  an object of its own
    said = tags(content)
    names = [str(tag["/S"]) for tag in said if "/S" in tag]
    assert {"/Title", "/H1", "/H2", "/TH", "/TD", "/L", "/TOC"} <= set(names)
    pictures = [tag.get("/Alt") for tag in said if tag.get("/S") == "/Figure"]
    assert CHART.description in pictures
    assert all(pictures), "a picture without words"
    levels = [int(name[2:]) for name in names if re.fullmatch("/H[1-6]", name)]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels)), "a heading skips a level"
    heads = [tag for tag in said if tag.get("/S") == "/TH"]
    assert all(scopes(tag) for tag in heads), "a head of a table that says not of what"
    tables = sum(tag.get("/S") == "/Table" for tag in said)
    assert tables == sum(tag.get("/S") == "/THead" for tag in said) > 0
    assert all("/Table" in tag["within"] for tag in said if tag.get("/S") in ("/TH", "/TD", "/TR"))
    assert all("/StructParents" in page for page in read.pages), "a page outside the tree of tags"
    pages = [page.extract_text() for page in read.pages]
    assert sum("Maand Afzet" in page for page in pages) > 1
    assert "Sap □" in "".join(pages)
    assert f"{len(pages)} / {len(pages)}" in pages[-1]
    # What runs along is read aloud once: the foot never, the head of a table where it begins.
    running = [running_along(page) for page in read.pages]
    assert all("/Footer" in found for found in running)
    assert (
        sum("/Pagination" in found for found in running) == sum("Maand Afzet" in page for page in pages) - 1
    )


@pytest.mark.parametrize(
    "said",
    [
        "So it went, and *so* it will go on in the year that comes. " * 70,
        "one line\n" * 444,
        "words and words without an end " * 129,
        "x" * 4000,
    ],
)
def test_a_long_paragraph_goes_on_on_the_next_slide(said: str) -> None:
    """Nothing runs off a slide, nothing is lost, and no word is cut that fits on one."""
    said = said[:4000].strip()
    content = made(frozen([Section("words", "Woorden", (Text(said),))]), "pptx")
    parts = []
    for slide in list(Presentation(io.BytesIO(content)).slides)[1:]:
        [box] = [shape for shape in slide.shapes if shape.top == Inches(TOP) and shape.has_text_frame]
        text = box.text_frame.text.replace("\v", "\n")
        assert sum(-(-max(1, len(row)) // 110) for row in text.split("\n")) <= 18
        parts.append(text)
    assert len(parts) > 1
    plain = said.replace("*", "")
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", plain)
    if "year" in said:
        assert all(part.endswith(".") for part in parts[:-1])
    if " " in said:
        assert " ".join(" ".join(parts).split()) == " ".join(plain.split())


def test_slides_are_of_the_report_alone() -> None:
    rows = tuple((Cell(f"mei {n}"), Cell(str(n)), Cell("")) for n in range(40))
    content = made(frozen([Section("sales", "Afzet", (CHART, replace(MONTHS, rows=rows)))]), "pptx")
    deck = Presentation(io.BytesIO(content))
    said = deck.core_properties
    assert (said.title, said.author, said.comments) == ("Maandrapport", "Sanne de Wit", "")
    assert deck.slide_width * 9 == pytest.approx(deck.slide_height * 16, rel=1e-3)
    words = [run for slide in deck.slides for run in slide._element.iter(qn("a:rPr"))]
    assert {run.get("lang") for run in words} == {"nl-NL"}
    grids = [shape.table for slide in deck.slides for shape in slide.shapes if shape.has_table]
    assert len(grids) > 1
    assert {grid.cell(0, 0).text for grid in grids} == {"Month"}
    assert sum(len(grid.rows) - 1 for grid in grids) == 40
    boxes = [shape for slide in deck.slides for shape in slide.shapes if shape.has_text_frame]
    assert all(box.text_frame.word_wrap for box in boxes)  # else other readers put it in the middle
    assert f'descr="{CHART.description}"' in "".join(
        shape._element.xml for slide in deck.slides for shape in slide.shapes
    )


def test_wide_tables_wrap_their_words_before_letters_get_small() -> None:
    words = tuple(Cell("needs three or four lines of text") for _column in range(6))
    heads = tuple(f"Column {number}" for number in range(6))
    wide = Table("Wide", heads, ("volume",) * 6, (False,) * 6, (words,))
    content = made(frozen([Section("sales", "Afzet", (wide,))]), "pptx")
    [grid] = [shape.table for shape in Presentation(io.BytesIO(content)).slides[1].shapes if shape.has_table]
    assert grid.cell(1, 0).text_frame.paragraphs[0].runs[0].font.size.pt >= 10


def test_a_chart_fetches_nothing(tmp_path: Path) -> None:
    chart = replace(CHART, spec={**SPEC, "data": {"url": "http://127.0.0.1:9/figures.json"}})
    with pytest.raises(RuntimeError, match="not allowed"):
        list(charts_drawn([chart], "nl", "svg", tmp_path))


def test_to_the_outside_nobody_is_named() -> None:
    snapshot = frozen([Section("sales", "Afzet", (SALES,))], audience="external")
    for kind in SnapshotFile.Kind.values:
        content = made(snapshot, kind)
        parts = [content]
        if kind != "pdf":
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                parts = [packed.read(name) for name in packed.namelist()]
        assert not any(b"Sanne" in part or b"pixel" in part for part in parts), kind


@pytest.mark.parametrize("kind", SnapshotFile.Kind.values)
def test_made_again_later_it_has_the_same_bytes(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, snapshot = once(kind), frozen()
    snapshot.report.title = "Anders"
    snapshot.report.save()
    type(snapshot.author).objects.update(name="Iemand anders")
    later = time.time() + 100_000
    monkeypatch.setattr(time, "time", lambda: later)
    with translation.override("en"), timezone.override("Asia/Tokyo"):
        assert made(Snapshot.objects.get(pk=snapshot.pk), kind) == before


def test_the_page_says_how_far_a_file_is_and_hands_it_over(client: Any) -> None:
    snapshot = frozen([Section("sales", "Afzet", (SALES,))])
    client.force_login(snapshot.author)
    address = f"{snapshot.get_absolute_url()}xlsx/"
    assert f'href="{address}"' in client.get(snapshot.get_absolute_url()).content.decode()
    assert client.get(address).status_code == 302
    assert "hx-get" in client.get(address).content.decode()
    Job.objects.update(state="failed", error_code="crashed", finished_at=timezone.now())
    assert "Try again" in client.get(address).content.decode()
    assert Job.objects.filter(state="queued").count() == 0
    client.post(address)
    while job := job_claim("exports"):
        if job.payload["kind"] == "xlsx":
            job_run(job)
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in part
    assert "download" in part
    answer = client.get(address)
    assert answer.content == bytes(SnapshotFile.objects.get().content)
    assert "Maandrapport 2.xlsx" in answer.headers["Content-Disposition"]
    assert client.get(f"{snapshot.get_absolute_url()}exe/").status_code == 404
    SnapshotFile.objects.all().delete()
    assert client.get(address).status_code == 302
    assert "hx-get" in client.get(address).content.decode()


def test_a_drawing_of_two_panels_is_as_wide_as_one_of_one() -> None:
    said = {"values": [{"day": "2026-01-01", "price": 1}, {"day": "2026-03-01", "price": 2}]}
    panel = {
        "data": said,
        "mark": "line",
        "encoding": {
            "x": {"field": "day", "type": "temporal"},
            "y": {"field": "price", "type": "quantitative", "axis": {"title": "EUR", "minExtent": 44}},
        },
    }
    for spec in ({"usermeta": {"fitWidth": True}, "vconcat": [panel, panel]}, panel | {"width": "container"}):
        svg = chart_drawn("svg", spec, (), "en").decode()
        assert f' width="{WIDTH}"' in svg.split(">", 1)[0]
