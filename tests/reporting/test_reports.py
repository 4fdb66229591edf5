"""Reports: what they tell, to whom, and that what was published stays."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.errors import DomainError, VersionConflict
from core import formats
from core.models import Organisation
from core.months import month_add, month_start
from core.organisation import organisation_forget, today
from core.reports.blocks import (
    Cell,
    KeyFigures,
    ReportChart,
    Section,
    Table,
    Text,
    sections_from_json,
    sections_to_json,
)
from forecasting.models import NightlyRun
from products.models import Channel, FamilyMember, Product, Supplier
from products.services.figures import figures_refresh
from reporting.api.reports import SnapshotSerializer
from reporting.forms.report import ReportForm
from reporting.models import Report, Snapshot
from reporting.renderers.document import document
from reporting.reports.page import frozen_shown, sections_shown
from reporting.reports.templates import TEMPLATES, template_sections
from reporting.selectors import reports as selectors
from reporting.selectors.reports import MOST, report_build, report_scope, reports_visible, snapshots_visible
from reporting.services.reports import (
    Part,
    parts_hash,
    report_change,
    report_copy,
    report_create,
    report_parts_set,
    report_publish,
    sections_hash,
)
from tests.factories import (
    cost_line_factory,
    cost_rate_factory,
    family_factory,
    line_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.test_margins import sell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
ALL = ("key_figures", "sales", "channels", "lifecycle", "margin", "words")


@pytest.fixture
def retailers() -> tuple[Channel, Channel]:
    from tests.factories import channel_factory

    return channel_factory(name="Noord"), channel_factory(name="Zuid")


@pytest.fixture
def juice(retailers: tuple[Channel, Channel]) -> Product:
    """Two years of sales at two retailers, of figures no other has, and a purchase price."""
    product = product_factory(code="JUICE", name="Orange juice")
    north, south = retailers
    for back in range(24, 0, -1):
        month = month_add(month_start(today()), -back)
        sell(product, month, Decimal(1001), Decimal(5003), channel=north)
        sell(product, month, Decimal("70077"), Decimal("880088"), channel=south)
    line = cost_line_factory(product=product, kind="purchase", basis="unit")
    cost_rate_factory(
        cost_line=line, start_date=month_add(month_start(today()), -30), amount=Decimal("1.2345")
    )
    return product


@pytest.fixture
def author() -> Any:
    return user_factory("product-manager", language="en")


def made(author: Any, product: Product, audience: str = "internal", **values: Any) -> Report:
    parts = [Part(section, "Our *words*." if section == "words" else "") for section in ALL]
    values = {"title": "Month", "language": "en", "audience": audience, "products": [product], **values}
    return report_create(user=author, values=values, parts=parts)


def told(report: Report) -> str:
    return str(sections_to_json(report_build(report).sections))


def test_blocks_go_to_json_and_back(author: Any, juice: Product) -> None:
    sections = report_build(made(author, juice)).sections
    again = sections_to_json(sections_from_json(sections_to_json(sections)))
    assert again == sections_to_json(sections)
    assert {section.key for section in sections} >= {"key_figures", "sales", "channels", "margin", "words"}


def test_the_same_report_inside_and_outside(author: Any, juice: Product, retailers: Any) -> None:
    """Marks: 1,001 is Noord's volume, 70,077 and 880,088 are Zuid's, 1.2345 is the purchase price."""
    inside = told(made(author, juice))
    assert "70,077" in inside or "840,924" in inside
    assert "Purchase" in inside
    assert author.name in inside
    outside = made(author, juice, "external", channels=[retailers[0]])
    said = told(outside)
    assert "12,012" in said  # twelve months of Noord
    for mark in (
        "Zuid",
        "70077",
        "840924",
        "840,924",
        "880088",
        "852,936",
        "71,078",
        "Purchase",
        "CM1",
        author.name,
    ):
        assert mark not in said, mark
    built = report_build(outside)
    assert not {"margin", "costs", "budget", "stage", "forecast"} & set(built.fields)
    assert "Sales" in {section.title for section in built.sections}  # without what is expected
    assert built.exposure.channels == ["Noord"]


def test_an_author_without_the_cost_right_tells_no_costs(juice: Product) -> None:
    author = user_factory("marketing", language="en")
    report = made(author, juice)
    assert not {"margin", "costs"} & set(report_build(report).fields)
    published = report_publish(user=author, report=report)
    assert list(snapshots_visible(user_factory("viewer"))) == [published]


def test_a_snapshot_with_costs_is_for_who_sees_costs(author: Any, juice: Product) -> None:
    published = report_publish(user=author, report=made(author, juice))
    assert not snapshots_visible(user_factory("viewer")).exists()
    assert not reports_visible(user_factory("viewer")).exists()
    assert list(snapshots_visible(user_factory("finance"))) == [published]


def test_what_is_for_finance_is_for_who_sees_costs_and_its_author(juice: Product, client: Any) -> None:
    """Also where it tells none: readers inside without that right do not find it."""
    author = user_factory("marketing")
    report = made(author, juice, "finance")
    published = report_publish(user=author, report=report)
    assert not {"margin", "costs"} & set(published.fields)
    for user, reads in (
        *((author, True), (user_factory("finance"), True), (user_factory("product-manager"), True)),
        *((user_factory("viewer"), False), (user_factory("marketing"), False)),
    ):
        client.force_login(user)
        assert (published in snapshots_visible(user)) is reads
        assert (report in reports_visible(user)) is reads
        assert client.get(published.get_absolute_url()).status_code == (200 if reads else 404)


def test_it_says_of_which_run_it_is_and_a_failed_night_is_none(
    author: Any, juice: Product, client: Any
) -> None:
    def night(day: int, state: str) -> None:
        said = {"local_date": datetime.date(2026, 5, day), "as_of": datetime.date(2026, 4, 1)}
        at = {"started_at": timezone.now(), "finished_at": timezone.now()}
        NightlyRun.objects.create(kind="scheduled", key=f"night-{day}", state=state, **said, **at)

    report = made(author, juice)
    assert report_publish(user=author, report=report).run_date is None
    night(6, "done")
    night(7, "failed")
    published = report_publish(user=author, report=report)
    assert published.run_date == datetime.date(2026, 5, 6)
    day = formats.day(datetime.date(2026, 5, 6))
    client.force_login(author)
    page = tight(client.get(published.get_absolute_url()))
    assert f"run of {day}" in page
    assert f"figures {published.sha256[:8]}" in page
    file = document(published)
    assert f" · run of {day} · " in file.line
    assert ("Run of", day) in file.about
    assert "Orange juice (JUICE)" in str(file.about)
    assert SnapshotSerializer(published).data["run_date"] == "2026-05-06"


def test_a_file_has_the_day_where_the_organisation_was(
    author: Any, juice: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the night, when it is still the day before in UTC; whatever its time zone is later."""
    night = datetime.datetime(2026, 6, 30, 22, 30, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: night)
    published = report_publish(user=author, report=made(author, juice))
    assert published.published_at == night
    Organisation.objects.update(time_zone="America/New_York")
    organisation_forget()
    assert ("Published", formats.day(datetime.date(2026, 7, 1))) in document(published).about


def test_files_to_the_outside_name_products_without_their_codes(author: Any, juice: Product) -> None:
    report = made(author, juice, "external", all_channels=True, all_suppliers=True)
    assert ("Products", "Orange juice") in document(report_publish(user=author, report=report)).about


def test_to_the_outside_it_says_whose(author: Any, juice: Product) -> None:
    report = made(author, juice, "external")
    with pytest.raises(DomainError, match="names its channels"):
        report_publish(user=author, report=report)
    report_change(user=author, report=report, values={"all_channels": True}, version=1)
    report = Report.objects.get(pk=report.pk)
    with pytest.raises(DomainError, match="names its suppliers"):
        report_publish(user=author, report=report)
    report_change(user=author, report=report, values={"all_suppliers": True}, version=2)
    assert report_publish(user=author, report=Report.objects.get(pk=report.pk)).number == 1


@pytest.mark.parametrize(
    ("about", "sections", "said"),
    [
        (False, ("sales",), "about no product"),
        (False, (), "about no product: [^.]*[.] It says nothing yet"),
        (True, ("sales", "lifecycle"), "None of its sections has anything to tell"),
        (True, (), "It says nothing yet: add a section"),
    ],
)
def test_without_data_it_says_what_is_missing(
    about: bool, sections: tuple[str, ...], said: str, author: Any
) -> None:
    """Nobody who chose sections is told to add one."""
    values = {"title": "Month", "language": "en", "audience": "internal"}
    values |= {"products": [product_factory()] if about else []}
    report = report_create(user=author, values=values, parts=[Part(section) for section in sections])
    with pytest.raises(DomainError, match=f"^(It is )?{said}[^.]*[.]$"):
        report_publish(user=author, report=report)


def test_of_all_products_before_there_are_any_it_says_to_import_them(author: Any) -> None:
    values = {"title": "Month", "language": "en", "audience": "internal", "all_products": True}
    report = report_create(user=author, values=values, parts=[Part("sales")])
    with pytest.raises(DomainError, match="none yet: import them first"):
        report_publish(user=author, report=report)


def test_what_was_published_stays(author: Any, juice: Product, retailers: Any) -> None:
    report = made(author, juice)
    first = report_publish(user=author, report=report)
    before = Snapshot.objects.get(pk=first.pk)
    juice.name = "Another name"
    juice.save()
    sell(juice, month_add(month_start(today()), -25), Decimal(1), Decimal(1), channel=retailers[0])
    report_change(user=author, report=report, values={"title": "Renamed"}, version=1)
    second = report_publish(user=author, report=Report.objects.get(pk=report.pk))
    after = Snapshot.objects.get(pk=first.pk)
    assert (second.number, second.title) == (2, "Renamed")
    assert after.sections == before.sections
    assert after.title == "Month"
    assert sections_hash(after.sections) == after.sha256 != second.sha256
    for statement in ("UPDATE reporting_snapshot SET title = 'x'", "DELETE FROM reporting_snapshot"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_only_its_author_changes_it_and_others_copy(author: Any, juice: Product) -> None:
    report, other = made(author, juice), user_factory("product-manager")
    with pytest.raises(DomainError, match="Only its author"):
        report_change(user=other, report=report, values={"title": "Mine"}, version=1)
    with pytest.raises(DomainError, match="Only its author"):
        report_publish(user=other, report=report)
    copy = report_copy(user=other, report=report)
    assert (copy.author, [part.section for part in copy.parts.all()]) == (other, list(ALL))


def test_who_comes_second_with_what_it_is_about_is_told_both(author: Any, juice: Product) -> None:
    report, milk = made(author, juice), product_factory(name="Milk", line=juice.line)
    report_change(user=author, report=report, values={"products": [juice, milk]}, version=1)
    report.refresh_from_db()
    assert report.version == 2
    with pytest.raises(VersionConflict) as refused:
        report_change(user=author, report=report, values={"products": [milk]}, version=1)
    both = {"yours": "Milk", "theirs": ", ".join(sorted([str(juice), "Milk"]))}
    assert refused.value.details["fields"] == {"products": both}
    assert set(report.products.all()) == {juice, milk}
    report_change(user=author, report=report, values={"products": [juice, milk]}, version=1)  # as it is
    report_change(user=author, report=report, values={"products": [milk], "title": "Milk"}, version=2)
    report.refresh_from_db()
    assert (report.version, report.title, *report.products.all()) == (3, "Milk", milk)


def test_of_what_one_does_not_see_no_report_is_made(juice: Product) -> None:
    author = user_factory("product-manager", lines=[line_factory()])
    with pytest.raises(DomainError, match="not there"):
        made(author, juice)


def test_a_template_says_for_whom_and_what(author: Any, client: Any) -> None:
    """Each offers what is there for this person: a role without costs gets no margin."""
    marketing = user_factory("marketing", language="en")
    for key, template in TEMPLATES.items():
        sections = [section.key for section, _choice in template_sections(author, template)]
        assert (len(sections) > 1) == (key != "empty")
        seen = {section.key for section, _choice in template_sections(marketing, template)}
        assert not {"margin", "margin_bridge", "cost_report"} & seen
    client.force_login(author)
    client.force_login(marketing)
    offered = tight(client.get("/reports/new/"))
    assert "Cost report for finance" not in offered
    assert "Without what your role may not see: Cost and margin." in offered
    client.force_login(author)
    offered = tight(client.get("/reports/new/"))
    assert "Cost report for finance" in offered
    assert "Without what" not in offered
    page = tight(client.get("/reports/new/costs/"))
    assert 'value="Cost report for finance"' in page
    assert '<option value="finance" selected>' in page
    assert client.get("/reports/new/unknown/").status_code == 404


def test_posted_twice_one_report_is_made(author: Any, juice: Product, client: Any) -> None:
    client.force_login(author)
    said = {"title": "Talks", "audience": "external", "language": "en", "nonce": "one"}
    said |= {"period": "months", "months": 36}
    answers = [client.post("/reports/new/talks/", said).url for _twice in range(2)]
    sheets = [client.post("/reports/sheet/product/JUICE/", {"nonce": "two"}).url for _twice in range(2)]
    copies = [client.post(f"{sheets[0]}act/copy/", {"nonce": "three"}).url for _twice in range(2)]
    assert len({*answers, *sheets, *copies}) == Report.objects.count() == 3
    # Back on the page, with another title.
    client.post("/reports/new/talks/", {**said, "title": "Other talks"})
    assert Report.objects.filter(title__in=("Talks", "Other talks")).count() == 2
    assert reports_visible(author).ordered
    first = Report.objects.get(title="Talks")
    assert [part.section for part in first.parts.all()][:3] == ["words", "key_figures", "category"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"period": "ytd", "months": "", "first_month": "nonsense"}, set()),
        ({"period": "months", "months": ""}, {"months"}),
        ({"period": "months", "months": "61"}, {"months"}),
        ({"period": "range", "months": "nonsense", "first_month": "2026-01"}, {"last_month"}),
        ({"period": "range", "first_month": "2026-02", "last_month": "2026-01"}, {"last_month"}),
        ({"period": "never"}, {"period"}),
    ],
)
def test_of_a_period_only_what_its_kind_needs_is_asked(
    author: Any, said: dict[str, str], wrong: set[str]
) -> None:
    form = ReportForm({"title": "T", "language": "en", "audience": "internal", **said}, user=author)
    assert (form.is_valid(), form.errors.keys()) == (not wrong, wrong)
    assert wrong or form.values()["months"] == 24


def test_a_code_has_spaces_and_commas_in_it(author: Any, juice: Product) -> None:
    said = {"title": "T", "language": "en", "audience": "internal", "period": "ytd"}
    packs = product_factory(code="JUICE 1 L, new; 2")
    form = ReportForm({**said, "products": "juice 1 l, new; 2\r\n\r\n JUICE "}, user=author)
    assert form.is_valid()
    assert set(form.values()["products"]) == {packs, juice}
    report = report_create(user=author, values=form.values())
    assert ReportForm(instance=report, user=author)["products"].initial == "JUICE\nJUICE 1 L, new; 2"


def test_as_many_codes_as_a_report_takes_are_read(author: Any) -> None:
    """Each as long as a code can be."""
    said = {"title": "T", "language": "en", "audience": "internal", "period": "ytd"}
    product = product_factory(code="C" * 60)
    form = ReportForm({**said, "products": "\r\n".join([product.code] * MOST)}, user=author)
    assert form.is_valid(), form.errors
    assert form.values()["products"] == [product]


def test_a_report_of_all_products_on_purpose_has_those_that_come_later(
    author: Any, juice: Product, client: Any
) -> None:
    """All that its author sees, of named suppliers all of theirs; it says so before and after it is
    published."""
    client.force_login(author)
    said = {"title": "All", "language": "en", "audience": "external", "period": "months", "months": 12}
    said |= {"all_products": "on", "all_channels": "on", "all_suppliers": "on"}
    answer = client.post("/reports/new/empty/", {**said, "products": "JUICE", "nonce": "one"})
    assert answer.status_code == 422
    assert "not both" in tight(answer)
    assert not Report.objects.exists()
    at = client.post("/reports/new/empty/", {**said, "nonce": "two"}).url
    report = Report.objects.get(title="All")
    report_parts_set(user=author, report=report, parts=[Part("key_figures")])
    assert report_scope(report).products == [juice]
    product_factory(name="Apple juice", supplier=Supplier.objects.create(code="S", name="Fruit BV"))
    product_factory(name="Zebra")
    assert [each.name for each in report_scope(report).products] == ["Apple juice", juice.name, "Zebra"]
    page = tight(client.get(f"{at}preview/"))
    assert "of all products (3) in all channels" in page
    assert "all, also those that come later: Apple juice" in page
    assert report_copy(user=author, report=report).all_products
    snapshot = report_publish(user=author, report=report)
    assert snapshot.about["all_products"] is True
    assert dict(document(snapshot).about)["Products"].startswith("All that there were: Apple juice")
    report.suppliers.set(Supplier.objects.all())
    assert [each.name for each in report_scope(report).products] == ["Apple juice"]
    limited = user_factory("product-manager", lines=[juice.line])
    assert report_scope(Report(pk=report.pk, author=limited, all_products=True)).products == []
    report.suppliers.clear()
    assert report_scope(Report(pk=report.pk, author=limited, all_products=True)).products == [juice]
    with translation.override("en"), pytest.raises(DomainError, match="not both"):
        report_change(user=author, report=report, values={"lines": [juice.line]}, version=report.version)


def test_of_more_products_than_a_report_takes_it_says_so_and_reads_none(
    author: Any, juice: Product, monkeypatch: Any
) -> None:
    monkeypatch.setattr(selectors, "MOST", 3)
    monkeypatch.setattr(selectors, "TOP", 1)
    for number in range(3):
        product_factory(name=f"Juice {number}")
    values = {"title": "All", "language": "en", "audience": "internal", "all_products": True}
    report = report_create(user=author, values=values, parts=[Part("key_figures"), Part("sales")])
    built = report_build(report)
    assert built.sections == []
    assert selectors.problems(report, built) == [
        "It is about 4 products; a report takes 3 at most: choose lines, families or suppliers."
    ]
    with pytest.raises(DomainError, match="4 products; a report takes 3"):
        report_publish(user=author, report=report)
    monkeypatch.setattr(selectors, "MOST", 4)
    assert report_publish(user=author, report=report).number == 1


def test_of_very_many_products_those_told_one_by_one_are_named_and_the_others_counted(
    author: Any, juice: Product, monkeypatch: Any, client: Any
) -> None:
    """On the report's page, in the version with those in front, on its page and in its files."""
    for name, count in {"BY_NAME": 2, "EACH": 2, "TOP": 1}.items():
        monkeypatch.setattr(selectors, name, count)
    figures_refresh()
    others = [product_factory(name=f"Apple {number}") for number in range(2)]
    report = made(author, juice, products=[juice, *others])
    exposure = report_build(report).exposure
    assert (exposure.products, exposure.more) == (["Orange juice (JUICE)"], 2)
    client.force_login(author)
    snapshot = report_publish(user=author, report=report)
    said = snapshot.about
    assert (said["products"], said["product_names"]) == (["Orange juice (JUICE)"], ["Orange juice"])
    assert snapshot.product_ids == [juice.pk, *(each.pk for each in others)]
    for at in (f"/reports/{report.pk}/preview/", f"/reports/{report.pk}/1/"):
        assert "Orange juice (JUICE) and 2 more" in tight(client.get(at)), at
    assert "fields of 3 products" in tight(client.get(f"/reports/{report.pk}/1/"))
    assert dict(document(snapshot).about)["Products"] == "Orange juice (JUICE), and 2 more"


def test_a_family_and_a_line_become_a_sheet(author: Any, juice: Product, client: Any) -> None:
    family = family_factory(code="FAM", name="Juices")
    FamilyMember.objects.create(family=family, product=juice, start_date=today())
    client.force_login(author)
    for of, code, title in (("family", "FAM", "Juices"), ("line", juice.line.code, juice.line.name)):
        client.post(f"/reports/sheet/{of}/{code}/")
        report = Report.objects.latest("pk")
        assert (report.title, report_scope(report).products) == (title, [juice])
    apple, sheet = product_factory(line=juice.line, name="Apple"), Report.objects.get(title="Juices")
    FamilyMember.objects.create(family=family, product=apple, start_date=today())
    assert report_scope(sheet).products == [apple, juice]
    left = FamilyMember.objects.create(
        family=None, product=apple, start_date=today() + datetime.timedelta(days=1)
    )
    assert report_scope(sheet).products == [apple, juice]
    apple.memberships.exclude(pk=left.pk).update(start_date=today() - datetime.timedelta(days=9))
    apple.memberships.filter(pk=left.pk).update(start_date=today())
    assert report_scope(sheet).products == [juice]
    page = tight(client.get(f"/reports/{sheet.pk}/edit/"))
    assert f'<option value="{family.pk}" selected>' in page
    limited = user_factory("product-manager", lines=[line_factory()])
    assert not report_copy(user=limited, report=sheet).families.exists()
    client.force_login(limited)
    assert "Juices" not in client.get("/reports/new/empty/").text
    for address in ("family/FAM", f"line/{juice.line.code}", "planet/earth"):
        assert client.post(f"/reports/sheet/{address}/").status_code == 404


def test_sections_saved_elsewhere_meanwhile_are_not_overwritten(
    author: Any, juice: Product, client: Any
) -> None:
    report = made(author, juice)
    client.force_login(author)
    said = {"section": ["sales"], "comment": ["Mine"], "seen": parts_hash(report.parts.all())}
    kept = client.post(f"/reports/{report.pk}/parts/", said, headers={"accept": "application/json"})
    again = client.post(f"/reports/{report.pk}/parts/", said, headers={"accept": "application/json"})
    assert (kept.status_code, again.status_code) == (200, 409)
    assert "Reload" in again.json()["message"]
    said |= {"comment": ["More"], "seen": kept.json()["seen"]}
    assert client.post(f"/reports/{report.pk}/parts/", said).status_code == 302
    assert [part.comment for part in report.parts.all()] == ["More"]


@pytest.mark.parametrize(
    ("act", "after"),
    [
        ("up:1", ["words", "sales"]),
        ("down:1", ["sales", "words"]),
        ("remove:0", ["words"]),
        ("add:channels", ["sales", "words", "channels"]),
    ],
)
def test_a_button_moves_a_section_without_a_script(
    act: str, after: list[str], author: Any, client: Any
) -> None:
    values = {"title": "Month", "language": "en", "audience": "internal"}
    report = report_create(user=author, values=values, parts=[Part("sales"), Part("words")])
    client.force_login(author)
    said = {"section": ["sales", "words"], "comment": ["", ""], "act": act}
    assert client.post(f"/reports/{report.pk}/parts/", said).status_code == 302
    assert [part.section for part in report.parts.all()] == after


def test_the_authors_words_stand_beside_the_figures() -> None:
    """But not what pmtool says, nor words that are all there is."""
    figures, said, words = KeyFigures(()), Text("Few months"), Text("Good", "Ann", beside=True)
    parts = ((figures, said, words), (figures, said), (words,))
    shown = sections_shown([Section("sales", "Sales", blocks) for blocks in parts])
    assert [(len(each.blocks), each.comment is not None) for each in shown] == [
        (2, True),
        (2, False),
        (1, False),
    ]


def test_words_are_kept_as_the_browser_counted_them(author: Any, juice: Product, client: Any) -> None:
    """4,000 characters with line breaks that count once; of a cost report as much as its columns hold."""
    report = made(author, juice)
    client.force_login(author)

    def saved(comment: str, choice: str = "") -> tuple[int, str]:
        section = "cost_report" if choice else "sales"
        said = {"section": [section], "comment": [comment], "choice": [choice]}
        seen = {"seen": parts_hash(report.parts.all())}
        headers = {"accept": "application/json"}
        answer = client.post(f"/reports/{report.pk}/parts/", said | seen, headers=headers)
        if answer.status_code == 200:
            assert answer.json()["seen"] == parts_hash(report.parts.all())
        return answer.status_code, answer.json().get("message", "")

    lines = "\r\n".join(["x" * 99] * 40)  # 3,999 in the browser
    assert saved(lines) == (200, "")
    assert [part.comment for part in report.parts.all()] == [lines.replace("\r", "")]
    assert saved(f"{lines}xx") == (400, "At most 4,000 characters.")
    assert saved("", '["", null, "by=kind", "' + "x" * 61 + '"]') == (400, "At most 60 characters.")
    assert saved("", r'["", null, "by=kind\u0000", "Kept"]')[0] == 400
    assert saved("", '["", null, "by=kind", "Kept"]') == (200, "")


def test_half_a_form_and_an_unknown_act_change_nothing(author: Any, juice: Product, client: Any) -> None:
    report = made(author, juice)
    client.force_login(author)
    half = client.post(f"/reports/{report.pk}/parts/", {"section": ["sales"], "comment": ["One", "two"]})
    assert half.status_code == 400
    assert client.post(f"/reports/{report.pk}/act/forget/").status_code == 404
    assert [part.section for part in report.parts.all()] == list(ALL)
    assert not Snapshot.objects.exists()


@pytest.mark.parametrize(
    ("language", "texts", "orders"),
    [
        ("nl", ("nov 2025", "€\u00a01.234,5", "−12,5%", "1.000 – 2.000"), ("0", "1234.5", "-12.5", "1000")),
        ("en", ("Nov 2025", "−€1,234.5", "12.5%", "—"), ("0", "-1234.5", "12.5", "")),
        ("nl", ("Noord", "1,2\u00a0mln", "0,67 – 1,11\u00a0mln", "5"), ("", "", "", "5")),
    ],
)
def test_the_figures_behind_a_chart_are_sorted_by_what_they_say(
    language: str, texts: tuple[str, ...], orders: tuple[str, ...]
) -> None:
    rows = (tuple(map(Cell, texts)),)
    table = Table("Sold", ("a", "b", "c", "d"), ("volume",) * 4, (False, True, True, True), rows)
    section = Section("sales", "Sales", (ReportChart("Sold", "", "Bars", {}, (), table),))
    [shown] = frozen_shown(language, sections_to_json([section]))
    page = render_to_string("core/_chart_body.html", {"chart": shown.blocks[0].drawn})
    assert [list(pair) for pair in shown.blocks[0].drawn.table.lines[0]] == [
        [text, order] for text, order in zip(texts, orders, strict=True)
    ]
    assert '<table class="table table-sticky" data-sort>' in page
    assert all(f'data-value="{order}"' in page for order in filter(None, orders))
