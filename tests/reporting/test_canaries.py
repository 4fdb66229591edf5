"""What a report must not tell is in none of its renderings: every section that any room offers, for each
audience, is made twice, of companies that differ in nothing but what that audience must not know (and in
their keys): the two come out alike, and no mark of either is found in them.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import itertools
import json
import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from core import registries
from core.months import month_add, month_start
from core.organisation import today
from core.reports.blocks import sections_from_json
from forecasting.models import Forecast, ForecastMonth, Override, OverrideMonth, StageSetting
from pricing.models import CostKind, CostLine, LedgerEntry, Positioning
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import (
    BudgetRow,
    BudgetVersion,
    Channel,
    Measure,
    Product,
    ProductMonth,
    SalesMonth,
    Supplier,
)
from reporting.models import Snapshot, SnapshotFile
from reporting.reports.page import sections_shown
from reporting.selectors.report_choices import WHOLE, Choice
from reporting.services.grants import grant_ask, grant_decide
from reporting.services.reports import Part, report_create, report_parts_set, report_publish
from reporting.services.snapshot_files import file_bytes
from tests import factories
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.promotions import measured
from tests.pricing.test_costs import kind
from tests.pricing.test_decisions import begun, outcome
from tests.pricing.test_place import spread

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

COST, INSIDE, PERSON, OTHER, FOREIGN = "cost", "inside", "person", "other retailer", "other supplier"
DAY = datetime.timedelta(days=1)


class Marked:
    """Gives each thing its value in one company or the other, and remembers what it is searched by."""

    def __init__(self, changed: Collection[str]) -> None:
        self.changed, self.marks = changed, dict[str, set[str]]()

    def __call__(self, about: str, one: Any, two: Any) -> Any:
        said = two if about in self.changed else one
        self.mark(about, said)
        return said

    def mark(self, about: str, said: Any) -> None:
        self.marks.setdefault(about, set()).add(plain(str(said)))


def plain(text: str) -> str:
    """Without what stands between digits, in any language: a figure is found however it is written."""
    return re.sub(r"(?<=\d)[.,\s\u202f](?=\d)", "", text)


def sold(product: Product, months: Collection[datetime.date], by: dict[Channel, tuple[int, int]]) -> None:
    """Volume and revenue each month at each channel, and rolled up."""
    units = Measure.objects.get(code="units")
    of: dict[str, Any] = {"product": product, "measure": units, "days": 30}
    SalesMonth.objects.bulk_create(
        SalesMonth(**of, month=month, channel=channel, volume=volume, revenue=revenue)
        for month in months
        for channel, (volume, revenue) in by.items()
    )
    volume, revenue = (sum(pair[place] for pair in by.values()) for place in (0, 1))
    ProductMonth.objects.bulk_create(
        ProductMonth(**of, month=month, volume=volume, revenue=revenue) for month in months
    )


def company(changed: Collection[str] = (), role: str = "product-manager") -> SimpleNamespace:
    """A juice at two retailers, with costs, prices, plans, decisions and names; a product of another
    supplier beside it."""
    factories._numbers = itertools.count(5000)
    told = Marked(changed)
    units, last = Measure.objects.get(code="units"), month_add(month_start(today()), -1)
    own = Supplier.objects.create(code="OWN", name="Own supplier")
    other = Supplier.objects.create(code="SECRET", name=told(FOREIGN, "Fournisseur Gris", "Lieferant Blau"))
    north = channel_factory(code="north", name="Noord", kind="account")
    south = channel_factory(code="south", name=told(OTHER, "Zuidwinkel", "Oostwinkel"), kind="account")
    juice = product_factory(code="JUICE", name="Orange juice", supplier=own)
    foreign = product_factory(
        code=told(FOREIGN, "GRIS1", "BLAU1"),
        name=told(FOREIGN, "Sekretprodukt", "Geheimsaft"),
        line=juice.line,
        supplier=other,
    )
    volume, revenue = told(OTHER, 70077, 60066), told(OTHER, 880088, 770077)
    months = [month_add(last, -back) for back in range(-1, 24)]
    sold(juice, months, {north: (1001, 5003), south: (volume, revenue)})
    sold(foreign, months, {north: (told(FOREIGN, 4444401, 3333301), 99)})
    for figure in (12 * volume, 12 * revenue, 12 * (volume + 1001), 12 * (revenue + 5003)):
        told.mark(OTHER, figure)

    cost = told(COST, D("1.2345"), D("2.3471"))
    told.mark(COST, round(12 * (volume + 1001) * cost))
    told.mark(COST, round(12 * 1001 * cost))
    told.mark(COST, round(12 * (revenue + 5003) - 12 * (volume + 1001) * cost))
    line = cost_line_factory(product=juice, supplier=other, cost_centre=told(COST, "KST-4711", "KST-0815"))
    cost_rate_factory(cost_line=line, start_date=month_add(last, -30), amount=cost)

    quality = CostKind.objects.get(code="quality")
    amount, centre = told(COST, D("5432.19"), D("6543.28")), told(COST, "KST-4712", "KST-0816")
    said = {"date": last, "month": last, "currency": "EUR", "amount": amount, "booked": amount}
    name = told(COST, "Rework of batch 77", "Scrap of batch 88")
    LedgerEntry.objects.create(
        **said, number="1", account="7000", text=name, cost_centre=centre, product=juice
    )
    booked = BookedCost(juice.pk, last, quality.pk, None, None, centre, amount)
    for source in ("actual", "budget"):
        cost_months_book(source=source, months=[last], rows=[booked])
    booked = BookedCost(
        juice.pk,
        last,
        kind("purchase").pk,
        None,
        None,
        line.cost_centre,
        told(COST, D("4321.09"), D("8765.43")),
    )
    cost_months_book(source="standard", months=[last], rows=[booked])

    author = user_factory(
        role,
        name=told(PERSON, "Ottoline Quarrel", "Wilhelmina Fret"),
        email=told(PERSON, "quarrel@canary.example", "fret@canary.example"),
    )
    forecast = Forecast.objects.create(
        product=juice, measure=units, method="mean", as_of=last, data_month=last, computed_at=timezone.now()
    )
    mean = told(OTHER, 61617, 52527)  # over all retailers
    ForecastMonth.objects.bulk_create(
        ForecastMonth(
            forecast=forecast,
            month=month_add(last, n),
            mean=mean,
            median=mean,
            lo80=mean - 1000,
            hi80=mean + 1000,
            lo95=mean - 2000,
            hi95=mean + 2000,
        )
        for n in range(1, 19)
    )
    version = BudgetVersion.objects.create(code="b", name="Budget", year=last.year)
    planned = told(INSIDE, 424243, 313137)
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            product=juice,
            measure=units,
            month=datetime.date(last.year, month, 1),
            volume=planned,
            revenue=planned * 3,
        )
        for month in range(1, 13)
    )
    StageSetting.objects.create(
        product=juice,
        stage=told(INSIDE, "growth", "decline"),
        start_date=last,
        until=today() + 90 * DAY,
        reason=told(INSIDE, "Listings at discounters", "Shelf lost to own label"),
        set_by=author,
    )
    ahead = {"product": juice, "measure": units}
    override = Override.objects.create(
        **ahead,
        first_month=month_add(last, 1),
        last_month=month_add(last, 1),
        operation="percent",
        value=D("0.2"),
        reason="listing",
        note=told(INSIDE, "Verbal promise of the buyer", "Rumour at the fair"),
        author=author,
        until=today() + 90 * DAY,
    )
    OverrideMonth.objects.create(
        **ahead, override=override, month=override.first_month, value=D("0.2"), baseline=mean
    )
    Positioning.objects.create(
        product=juice,
        number=1,
        start_date=last,
        state="approved",
        target_group=told(INSIDE, "Night nurses", "Beekeepers"),
        category="juice",
        benefit=told(INSIDE, "Wakes the dead", "Calms the bees"),
        author=author,
        proposed_by=author,
        decided_by=user_factory(name=told(PERSON, "Balthazar Thrum", "Casimir Plinth")),
        decided_at="2026-01-01T00:00Z",
    )
    decision = begun(juice, last)
    decision.decision.why = told(INSIDE, "Because the board panics", "Because of the lawsuit")
    decision.decision.save()
    outcome(decision, told(INSIDE, -0.37, -0.23))
    for place, amount in ((north, D("1.23")), (south, told(OTHER, D("3.1417"), D("2.7182")))):
        price_factory(
            product=juice, price_list=price_list_factory(channel=place), start_date=last, amount=amount
        )
    measured(juice, name=told(OTHER, "Stunt week", "Crazy days"), channels=[south])
    spread(juice, north, last, weighted_rate=D("0.8"), points=55)
    spread(juice, south, last, weighted_rate=D("0.9"), points=told(OTHER, 55331, 44227))
    return SimpleNamespace(author=author, juice=juice, north=north, marks=told.marks)


@contextmanager
def made(changed: Collection[str] = (), role: str = "product-manager") -> Iterator[SimpleNamespace]:
    """The company, and it is gone again."""
    with transaction.atomic():
        yield company(changed, role)
        transaction.set_rollback(True)


def published(firm: SimpleNamespace, audience: str, grant: str = "", **scope: Any) -> Snapshot:
    kept = Choice(query="by=kind,cost_centre&columns=month-standard", name="Kept KST-4711")
    parts = [
        Part(each.key, "Our words.", kept if each.asks else WHOLE) for each in registries.report_sections
    ]
    parts += [Part("margin", choice=Choice(block, firm.juice.pk)) for block in ("chart", "table", "ahead")]
    parts.append(Part("sales", choice=Choice("revenue")))
    values = {"title": "Month", "language": "en", "audience": audience, "products": [firm.juice], **scope}
    report = report_create(user=firm.author, values=values, parts=parts)
    if grant:
        asked = grant_ask(user=firm.author, report=report, field=grant, reason="Annual talks")
        grant_decide(user=user_factory("finance"), grant=asked, approve=True)
    return report_publish(user=firm.author, report=report)


def renderings(snapshot: Snapshot) -> dict[str, str]:
    """What a reader gets of it on a page."""
    return {
        "data": json.dumps(snapshot.sections, ensure_ascii=False),
        "page": render_to_string(
            "reporting/_sections.html", {"shown": sections_shown(sections_from_json(snapshot.sections))}
        ),
    }


def files(snapshot: Snapshot) -> dict[str, str]:
    """All there is in its files: hidden sheets, notes, properties, attachments, alternative texts."""
    return {
        kind: _pdf_text(content) if kind == "pdf" else _zip_text(content)
        for kind in SnapshotFile.Kind.values
        for content in [file_bytes(snapshot, kind, lambda done, total: None)]
    }


def _zip_text(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "".join(packed.read(name).decode(errors="replace") for name in packed.namelist())


def _pdf_text(content: bytes) -> str:
    read = PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in read.pages]
    objects = [str(read.get_object(number)) for number in {*read.xref[0], *read.xref_objStm}]
    described = read.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    return "".join([*pages, *objects, described, str(read.metadata), str(read.attachments)])


def found(marks: Collection[str], text: str) -> set[str]:
    text = plain(text)
    return {mark for mark in marks if mark in text}


def leaks(marks: Collection[str], shown: dict[str, str]) -> dict[str, set[str]]:
    return {kind: seen for kind, text in shown.items() if (seen := found(marks, text))}


CASES = {
    "inside, by somebody without costs": ("marketing", "internal", False, {COST, FOREIGN}),
    "inside": ("product-manager", "internal", False, {FOREIGN}),
    "finance": ("product-manager", "finance", False, {FOREIGN}),
    "outside, one retailer": (
        *("product-manager", "external", True),
        {COST, INSIDE, PERSON, OTHER, FOREIGN},
    ),
    "outside, all on purpose": ("product-manager", "external", False, {COST, INSIDE, PERSON, FOREIGN}),
}


def difference(one: str, two: str) -> str:
    """Where two texts begin to differ; pytest would look for all of it for minutes."""
    if one == two:
        return ""
    at = next((place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    return f"{one[max(0, at - 60) : at + 60]} ≠ {two[max(0, at - 60) : at + 60]}"


@pytest.mark.parametrize("case", CASES)
def test_what_an_audience_must_not_know_makes_no_difference(case: str) -> None:
    role, audience, at_one, hidden = CASES[case]
    told = []
    for changed in ((), hidden):
        with made(changed, role) as firm:
            scope = {"channels": [firm.north]} if at_one else {"all_channels": True}
            snapshot = published(firm, audience, **scope)
            shown = renderings(snapshot)
            marks = {mark for about in hidden for mark in firm.marks[about]}
            assert not leaks(marks, shown if changed else shown | files(snapshot))
            told.append(shown)
    assert not {kind: apart for kind in told[0] if (apart := difference(told[0][kind], told[1][kind]))}


def test_the_marks_are_there_to_be_found() -> None:
    """Inside, with costs, there is something of everything; and who may know it sees the difference."""
    with made() as firm:
        snapshot = published(firm, "internal")
        shown = renderings(snapshot) | files(snapshot)
        for kind, text in shown.items():
            for about in (COST, INSIDE, PERSON, OTHER):
                assert found(firm.marks[about], text), f"no {about} in {kind}"


@pytest.mark.parametrize("field", ["margin", "author"])
def test_a_field_on_purpose_opens_no_other(field: str) -> None:
    with made() as firm:
        shown = renderings(published(firm, "external", field, all_channels=True))
        told = {"margin": COST, "author": PERSON}[field]
        marks = firm.marks
        assert found(marks[told], shown["data"])
        kept = set().union(*(marks[about] for about in {COST, INSIDE, PERSON, FOREIGN} - {told}))
        kept |= {"Purchase", *(mark for mark in marks[told] if "@" in mark or "KST" in mark)}
        assert not leaks(kept, shown)


def test_what_happens_after_publishing_changes_nothing_of_it() -> None:
    """Renamed, repriced, sold again, deleted: page, data and files are the same to the byte."""
    firm = company()
    snapshot = published(firm, "internal")

    def digest() -> str:
        frozen = Snapshot.objects.get(pk=snapshot.pk)
        made = [file_bytes(frozen, kind, lambda done, total: None) for kind in SnapshotFile.Kind.values]
        said = [text.encode() for text in renderings(frozen).values()]
        return hashlib.sha256(b"".join([*said, *made])).hexdigest()

    before = digest()
    for rows, change in (
        (Product.objects, {"name": "Another name", "code": F("pk")}),
        (Channel.objects, {"name": "Another shop"}),
        (Supplier.objects, {"name": "Another supplier"}),
        (User.objects, {"name": "Another person", "is_active": False}),
        (BudgetRow.objects, {"volume": 1}),
        (ForecastMonth.objects, {"mean": 1}),
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
