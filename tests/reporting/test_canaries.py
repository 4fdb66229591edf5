"""What a report must not tell is in none of its renderings: every section that any room offers, for each
audience, is made of companies that differ in nothing but what that audience must not know (and in their
keys): they come out alike, and no mark of the first is found in any of them.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.test import Client
from pypdf import PdfReader

from accounts.models import User
from core import registries
from core.months import month_add, month_start
from core.organisation import today
from core.reports.blocks import ReportChart, sections_from_json
from forecasting.models import OverrideMonth, StageSetting
from pricing.models import CostLine
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import Channel, Product, SalesMonth
from reporting.models import Snapshot, SnapshotFile
from reporting.renderers import pdf, pptx
from reporting.renderers.drawings import chart_drawn
from reporting.reports.kept_cost_reports import DRAWN as LAYOUTS_DRAWN
from reporting.reports.page import sections_shown
from reporting.selectors.report_choices import WHOLE, Choice
from reporting.services.grants import grant_ask, grant_decide
from reporting.services.reports import Part, report_create, report_parts_set, report_publish
from reporting.services.shares import share_create
from reporting.services.snapshot_files import file_bytes
from tests.factories import cost_rate_factory, organisation_factory, user_factory
from tests.reporting.canaries import (
    CHARGED,
    COST,
    FOREIGN,
    INSIDE,
    OTHER,
    PERSON,
    Marked,
    company,
    disguise,
    plain,
    sold,
    tables,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("english", "_charts_drawn_once"),
    pytest.mark.xdist_group("canaries"),  # the companies are read by one process
]


ASKED = ("by=supplier&columns=month-standard", "by=kind&supplier=SECRET", "layout=variance&by=supplier")


@contextmanager
def made(changed: Collection[str] = (), *, charges: bool = True) -> Iterator[SimpleNamespace]:
    """The company, and it is gone again."""
    with transaction.atomic():
        yield company(changed, charges=charges)
        transaction.set_rollback(True)


def published(
    firm: SimpleNamespace, audience: str, grant: str = "", author: Any = None, **scope: Any
) -> Snapshot:
    author = author or firm.author
    kept = Choice(query="by=kind,cost_centre&columns=month-standard", name="Kept KST-4711")
    parts = [
        Part(each.key, "Our words.", kept if each.asks else WHOLE) for each in registries.report_sections
    ]
    parts += [
        Part("cost_report", choice=Choice(query=f"{asked}&period=month&of=standard", name="Kept"))
        for asked in (*ASKED, *(f"layout={layout}" for layout in sorted(LAYOUTS_DRAWN)))
    ]
    parts += [
        Part(each.key, choice=Choice(block, firm.juice.pk))
        for each in registries.report_sections
        for block in each.blocks
        if block not in ("chart", "table")  # some of the others are there only chosen alone
    ]
    values = {"title": "Month", "language": "en", "audience": audience, "lines": [firm.juice.line]}
    values |= {"suppliers": [firm.own], **scope}
    report = report_create(user=author, values=values, parts=parts)
    if grant:
        asked = grant_ask(user=author, report=report, field=grant, reason="Annual talks")
        grant_decide(user=user_factory("finance"), grant=asked, approve=True)
    return report_publish(user=author, report=report)


def renderings(snapshot: Snapshot) -> dict[str, str]:
    """What a reader gets of it on a page."""
    return {
        "data": json.dumps(snapshot.sections, ensure_ascii=False),
        "page": render_to_string(
            "reporting/_sections.html", {"shown": sections_shown(sections_from_json(snapshot.sections))}
        ),
    }


def file_text(kind: str, content: bytes) -> str:
    """All there is in a file: hidden sheets, notes, properties, attachments, alternative texts."""
    return _pdf_text(content) if kind == "pdf" else _zip_text(content)


def _zip_text(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "".join(packed.read(name).decode(errors="replace") for name in packed.namelist())


def _pdf_text(content: bytes) -> str:
    read = PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in read.pages]
    objects = [str(read.get_object(number)) for number in {*read.xref[0], *read.xref_objStm}]
    described = read.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    return "".join([*pages, *objects, described, str(read.metadata), str(read.attachments)])


def files(snapshot: Snapshot) -> dict[str, bytes]:
    return {kind: file_bytes(snapshot, kind, lambda done, total: None) for kind in SnapshotFile.Kind.values}


@cache
def _drawn(kind: str, asked: str) -> bytes:
    return chart_drawn(kind, **json.loads(asked))


@pytest.fixture
def _charts_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart that several files have is drawn once, here and not by a process that begins for each file."""

    def drawn(charts: Sequence[ReportChart], language: str, kind: str, folder: Path) -> Iterator[Path]:
        for place, chart in enumerate(charts):
            asked = {"spec": chart.spec, "legend": list(chart.legend), "language": language}
            (file := folder / f"{place}.{kind}").write_bytes(_drawn(kind, json.dumps(asked)))
            yield file

    monkeypatch.setattr(pdf, "charts_drawn", drawn)
    monkeypatch.setattr(pptx, "charts_drawn", drawn)


def answer_text(answer: Any) -> str:
    """Headers and all."""
    kind = {"application/pdf": "pdf", "text/html": "", "application/json": ""}.get(
        answer.headers.get("Content-Type", "text/html").split(";")[0], "zip"
    )
    content = b"".join(answer) if answer.streaming else answer.content
    return f"{answer.headers}{file_text(kind, content) if kind else content.decode()}"


def shared(snapshot: Snapshot, made: dict[str, bytes]) -> dict[str, str]:
    """All that somebody with a link gets: each page with its attributes and data, the files that a worker has
    ``made``, and the headers; but for the name of who shares it, which it has to say."""
    for kind, content in made.items():
        SnapshotFile.objects.create(snapshot=snapshot, kind=kind, content=content, bytes=len(content))
    organisation_factory(sharing=True)
    values = {"label": "Karin", "email": "karin@example.com", "downloads": True}
    _share, token = share_create(user=snapshot.author, report=snapshot.report, values=values)
    reader = Client(headers={"Accept-Language": "en"})
    answers = {"door": reader.get(f"/r/{token}/"), "opening": reader.post(f"/r/{token}/open/")}
    assert answers["opening"].status_code == 302
    answers["shared page"] = reader.get(f"/r/{token}/")
    assert snapshot.title in answers["shared page"].content.decode()
    answers["question"] = reader.post(f"/r/{token}/question/", {"question": "Why?"})
    there = 200 if made else 503
    for kind in ("pdf", "xlsx", "pptx", "csv", "svg", "png"):
        answers[f"shared {kind}"] = answer = reader.get(f"/r/{token}/{kind}/")
        assert answer.status_code == (there if kind in ("pdf", "xlsx") else 404), kind
    by = snapshot.author.name
    return {name: answer_text(answer).replace(by, "") for name, answer in answers.items()} | {
        "cookies": str(reader.cookies)
    }


def answered(snapshot: Snapshot, reader: User) -> dict[str, str]:
    """What a colleague who may read it gets by pages and API."""
    inside = Client(headers={"Accept-Language": "en"})
    inside.force_login(reader)
    page, api = f"/reports/{snapshot.report_id}/", f"/api/v1/reports/{snapshot.report_id}/"
    addresses = [
        *("/reports/", page, f"{page}{snapshot.number}/"),
        *("/api/v1/reports/", api, f"{api}snapshots/", f"{api}snapshots/{snapshot.number}/"),
    ]
    answers = {address: inside.get(address) for address in addresses}
    assert {address: answer.status_code for address, answer in answers.items()} == dict.fromkeys(answers, 200)
    return {address: answer_text(answer) for address, answer in answers.items()}


def found(marks: Collection[str], text: str) -> set[str]:
    text = plain(text)
    return {mark for mark in marks if mark in text}


def leaks(marks: Collection[str], shown: dict[str, str]) -> dict[str, set[str]]:
    return {kind: seen for kind, text in shown.items() if (seen := found(marks, text))}


EMPTY = {
    *("forecasting.Backtest", "forecasting.Calibration"),
    *(
        "forecasting.ForecastWeek",
        "forecasting.NightlyStep",
        "products.MonthClosing",
        "products.ImportedObject",
    ),
    *("pricing.PassThrough", "pricing.Perishable", "pricing.VatCode", "pricing.PositioningPoint"),
    *("products.ChannelLimit", "products.LineLimit", "products.LineMeasure"),
}
"""Tables that sections read and of which the company has nothing: what a night weighs, when costs were
booked and which months files changed, beside the marked forecasts, stages and errors themselves; rules and
limits."""


DRAWN = ("pocket", "pptx")
"""Told by a chart alone, whose figures slides have in a picture."""


@dataclass(frozen=True)
class Case:
    """For whom a report is, by whom, and what its readers must not know."""

    audience: str
    hidden: frozenset[str]
    role: str = "product-manager"
    at_one: bool = False
    whole: bool = False

    def scope(self, firm: SimpleNamespace) -> dict[str, Any]:
        """``whole``: the line and family with all products, by whatever supplier; else those of one."""
        channels: dict[str, Any] = {"channels": [firm.north]} if self.at_one else {"all_channels": True}
        if not self.whole:
            return channels
        return {**channels, "suppliers": [], "all_suppliers": True, "families": [firm.family]}


CASES = {
    "inside, by somebody without costs": Case("internal", frozenset({COST, FOREIGN}), "marketing"),
    "inside": Case("internal", frozenset({FOREIGN})),
    "finance": Case("finance", frozenset({FOREIGN})),
    "inside, one retailer": Case("internal", frozenset({OTHER, FOREIGN}), at_one=True),
    "finance, one retailer": Case("finance", frozenset({OTHER, FOREIGN}), at_one=True),
    "outside, one retailer": Case("external", frozenset({COST, INSIDE, PERSON, OTHER, FOREIGN}), at_one=True),
    "outside, all on purpose": Case("external", frozenset({COST, INSIDE, PERSON, FOREIGN})),
    "the whole line inside, by somebody without costs": Case(
        "internal", frozenset({COST}), "marketing", whole=True
    ),
    "the whole line inside, one retailer": Case("internal", frozenset({OTHER}), at_one=True, whole=True),
    "the whole line outside, one retailer": Case(
        "external", frozenset({COST, INSIDE, PERSON, OTHER}), at_one=True, whole=True
    ),
    "the whole line outside, all on purpose": Case("external", frozenset({COST, INSIDE, PERSON}), whole=True),
}


@dataclass
class Told:
    """What came of a company: by case what was published, what its readers see, and what each address of it
    answers inside and by a link; and of which tables it was made."""

    marks: dict[str, set[str]]
    fields: dict[str, set[str]]
    shown: dict[str, dict[str, str]] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    inside: dict[str, dict[str, str]] = field(default_factory=dict)
    linked: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)


def tell(changed: Collection[str] = (), cases: Collection[str] = tuple(CASES)) -> Told:
    with made(changed) as firm:
        said = Told(firm.marks, firm.fields)
        for name in cases:
            case = CASES[name]
            author = firm.author if case.role == "product-manager" else firm.colleague
            with connection.execute_wrapper(_recorder(said.read)):
                snapshot = published(firm, case.audience, author=author, **case.scope(firm))
            said.snapshots[name], said.shown[name] = snapshot, renderings(snapshot)
            if changed:
                continue
            said.inside[name] = answered(snapshot, user_factory("finance"))
            if case.audience == "external":
                said.files[name] = files(snapshot) if case.whole else {}
                said.linked[name] = shared(snapshot, said.files[name])
        said.empty = {each._meta.label for each in tables() if not each._default_manager.exists()}
        return said


def _recorder(read: set[str]) -> Any:
    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        read.update(re.findall(r'(?:FROM|JOIN|,) "?([a-z]+_[a-z]+)"?', sql))
        return execute(sql, params, many, context)

    return record


@cache
def first() -> Told:
    """The company with every mark, read once for all that is asked of it."""
    return tell()


@cache
def everything(case: str) -> dict[str, str]:
    """All that its readers can get. Files are made of what was frozen alone: of all cases that hide the same,
    those of one are enough."""
    said, hidden = first(), CASES[case].hidden
    filed = next(name for name, each in CASES.items() if each.hidden == hidden)
    made = (said.files.get(case) or files(said.snapshots[case])) if case == filed else {}
    texts = {kind: file_text(kind, content) for kind, content in made.items()}
    return {**said.shown[case], **texts, **said.linked.get(case, {})}


def difference(one: str, two: str) -> str:
    """Where two texts begin to differ; pytest would look for all of it for minutes."""
    if one == two:
        return ""
    at = next((place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    return f"{one[max(0, at - 60) : at + 60]} ≠ {two[max(0, at - 60) : at + 60]}"


@pytest.mark.parametrize("case", CASES)
def test_no_mark_of_what_an_audience_must_not_know_is_in_anything_it_gets(case: str) -> None:
    said = first()
    marks = {mark for about in CASES[case].hidden for mark in said.marks[about]}
    assert not leaks(marks, everything(case))
    assert not leaks(marks - said.marks[PERSON], said.inside[case])  # who works here is no secret inside


def test_every_account_that_is_in_a_report_is_named() -> None:
    for case, shown in first().shown.items():
        there = {name for name in ("Noord", "Zuidwinkel", "Leegstand") if name in shown["data"]}
        assert there == set(first().snapshots[case].about["accounts"]), case


@pytest.mark.parametrize("hidden", sorted({each.hidden for each in CASES.values()}, key=len), ids=len)
def test_what_an_audience_must_not_know_makes_no_difference(hidden: frozenset[str]) -> None:
    cases = [name for name, case in CASES.items() if case.hidden == hidden]
    said = tell(hidden, cases)
    for case in cases:
        marks = {mark for about in hidden for mark in said.marks[about]}
        assert not leaks(marks, said.shown[case]), case
        texts = first().shown[case].items()
        assert not {
            kind: apart for kind, text in texts if (apart := difference(text, said.shown[case][kind]))
        }


def test_the_marks_are_there_to_be_found() -> None:
    """Inside, with costs, there is something of every field that the outside is not told, and of the second
    retailer: who may know it finds it."""
    said = first()
    closed = {each.key for each in registries.report_fields if each.kind != "open"}
    assert said.fields.keys() == closed, "a field of reports without a canary: give it one in canaries.py"
    for kind, text in everything("inside").items():
        for key, marks in said.fields.items():
            assert found(marks, text) or (key, kind) == DRAWN, f"no {key} in {kind}"
        assert found(said.marks[OTHER], text), f"nothing of the second retailer in {kind}"


def test_every_table_that_a_report_is_made_of_has_its_marks() -> None:
    said = first()
    read = {each._meta.label for each in tables() if each._meta.db_table in said.read}
    bare = sorted((read & said.empty) - EMPTY)
    assert not bare, f"sections read these tables, of which the company has no row to mark: {bare}"
    useless = sorted(EMPTY - (read & said.empty))
    assert not useless, f"no section reads these tables, or the company has rows of them: {useless}"


@cache
def on_purpose() -> tuple[SimpleNamespace, dict[str, dict[str, str]]]:
    """The company, and what a report to the outside tells with one closed field at a time; to one retailer
    with promotions on purpose. No other supplier charges on what it is of."""
    with made(charges=False) as firm:
        closed = [each.key for each in registries.report_fields if each.kind != "open"]
        told = {key: renderings(published(firm, "external", key, all_channels=True)) for key in closed}
        told["to one"] = renderings(published(firm, "external", "promotion_plan", channels=[firm.north]))
        return firm, told


BESIDE = ("costs", "people")
"""Told beside another closed field: alone they tell nothing."""


@pytest.mark.parametrize("field", [each.key for each in registries.report_fields if each.kind != "open"])
def test_a_field_on_purpose_opens_no_other(field: str) -> None:
    firm, told = on_purpose()
    own, shown = firm.fields[field], told[field]
    assert bool(found(own, shown["data"])) is (field not in BESIDE)
    others = set().union(*(firm.marks[about] for about in (COST, INSIDE, PERSON, FOREIGN))) - own
    assert not leaks(others, shown)


@pytest.mark.parametrize("field", ["margin", "costs", "cost_report"])
def test_a_field_on_purpose_tells_a_supplier_no_sum_with_what_others_charge(field: str) -> None:
    """Nor does it make a difference what they charge."""
    with made() as firm:
        told = renderings(published(firm, "external", field, all_channels=True))
        last, line = month_add(month_start(today()), -1), CostLine.objects.get()
        cost_rate_factory(cost_line=line, start_date=month_add(last, -24), amount=9)
        booked = BookedCost(firm.juice.pk, last, line.kind_id, None, line.supplier_id, "", Decimal(77))
        cost_months_book(source="standard", months=[last], rows=[booked])
        again = renderings(published(firm, "external", field, all_channels=True))
    assert not leaks(firm.marks[CHARGED] | firm.marks[FOREIGN], told)
    assert not difference(told["data"], again["data"])


def test_promotions_on_purpose_tell_a_retailer_nothing_of_another() -> None:
    firm, told = on_purpose()
    assert found(firm.fields["promotion_plan"], told["to one"]["data"])
    assert not leaks(firm.marks[OTHER], told["to one"])


def test_what_happens_after_publishing_changes_nothing_of_it() -> None:
    """Every word and number of every table changed; renamed, sold again, deleted: page, data and files are
    the same to the byte."""
    firm = company()
    snapshot = published(firm, "internal")

    def digest() -> str:
        frozen = Snapshot.objects.get(pk=snapshot.pk)
        made = [file_bytes(frozen, kind, lambda done, total: None) for kind in SnapshotFile.Kind.values]
        said = [text.encode() for text in renderings(frozen).values()]
        return hashlib.sha256(b"".join([*said, *made])).hexdigest()

    before = digest()
    disguise(Marked({INSIDE}), lambda model, field: "" if field.primary_key else INSIDE)
    for rows, change in (
        (Product.objects, {"name": "Another name", "code": F("pk")}),
        (Channel.objects, {"name": "Another shop"}),
        (User.objects, {"name": "Another person", "is_active": False}),
    ):
        assert rows.update(**change), rows
    sold(firm.juice, [month_add(month_start(today()), -40)], {firm.north: (1, 1)})
    cost_rate_factory(cost_line=CostLine.objects.get(), start_date=month_start(today()), amount=9)
    for rows in (SalesMonth.objects, OverrideMonth.objects, StageSetting.objects):
        assert rows.all().delete()[0], rows
    report_parts_set(user=firm.author, report=snapshot.report, parts=[])
    assert digest() == before
    for statement in ("UPDATE reporting_snapshot SET about = '{}'", "DELETE FROM reporting_snapshot"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
