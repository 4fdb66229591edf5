# ruff: noqa: F811  a fixture and the argument it comes in by
"""Fields that a report tells on purpose: asked by one, approved by another, for no more than was asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from collaboration.selectors.alerts import alerts_open
from products.models import Channel, Product, Supplier
from reporting.models import Report, ReportGrant
from reporting.selectors.grants import grant_get
from reporting.selectors.reports import report_build
from reporting.services.grants import grant_ask, grant_decide, grant_end
from reporting.services.reports import Part, report_change, report_parts_set, report_publish
from reporting.services.shares import share_create
from reporting.words.exposure import exposure_sentence
from tests.factories import channel_factory, organisation_factory, product_factory, user_factory
from tests.html import tight

from .test_reports import author, juice, made, retailers  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def finance() -> Any:
    return user_factory("finance")


@pytest.fixture
def report(author: Any, juice: Product) -> Report:
    return made(author, juice, "external", all_channels=True, all_suppliers=True)


def ask(report: Report, field: str = "margin") -> ReportGrant:
    return grant_ask(user=report.author, report=report, field=field, reason="Annual talks")


def fields(report: Report) -> set[str]:
    return {"margin", "costs"} & set(report_build(Report.objects.get(pk=report.pk)).fields)


def test_a_field_is_told_once_a_second_person_approved_it(report: Report, finance: Any) -> None:
    grant = ask(report)
    assert not fields(report)
    assert "margin" in report_build(report, waiting=True).fields
    assert [alert.evidence["field"] for alert in alerts_open(finance)] == ["margin"]
    grant_decide(user=finance, grant=grant, approve=True)
    assert not alerts_open(finance)
    assert fields(report) == {"margin"}  # what the margin is made of stays inside
    snapshot = report_publish(user=report.author, report=report)
    told = {"field": "Margins", "reason": "Annual talks", "decided_by": finance.name}
    assert told.items() <= snapshot.about["granted"][0].items()
    grant_end(user=finance, grant=grant)
    assert not fields(report)


def test_who_asks_does_not_decide(report: Report, finance: Any) -> None:
    both = user_factory(["product-manager", "finance"])
    Report.objects.update(author=both)
    grant = grant_ask(user=both, report=report, field="margin", reason="Annual talks")
    with pytest.raises(DomainError, match="Somebody else"):
        grant_decide(user=both, grant=grant, approve=True)
    with pytest.raises(IntegrityError, match="report_grant_by_two"), transaction.atomic():
        ReportGrant.objects.update(approved=True, decided_by=both, decided_at=timezone.now())
    with pytest.raises(DomainError, match="Say why"):
        grant_decide(user=finance, grant=grant, approve=False)
    grant_decide(user=finance, grant=grant, approve=False, note="Not to a retailer")
    assert not fields(report)


def test_a_field_that_no_section_tells_is_said(
    author: Any, juice: Product, retailers: Any, finance: Any, client: Client
) -> None:
    """A margin is not known of one channel: who approves it sees that it would show nothing."""
    report = made(author, juice, "external", all_suppliers=True, channels=[retailers[0]])
    grant = ask(report)
    said = "no section tells it as the report is now: Margins"
    client.force_login(finance)
    assert said in tight(client.get(f"/reports/grants/{grant.pk}/preview/"))
    client.force_login(author)
    assert said not in tight(client.get(f"/reports/{report.pk}/preview/"))  # nobody approved it
    grant_decide(user=finance, grant=grant, approve=True)
    assert said in tight(client.get(f"/reports/{report.pk}/preview/"))
    report_change(
        user=author, report=report, values={"channels": [], "all_channels": True}, version=report.version
    )
    grant_decide(user=finance, grant=ask(report), approve=True)
    assert "no section tells it" not in tight(client.get(f"/reports/{report.pk}/preview/"))


def test_only_what_one_sees_oneself(report: Report, juice: Product, finance: Any) -> None:
    with pytest.raises(DomainError, match="cannot be added"):
        ask(report, "volume")  # told anyway
    marketing = user_factory("marketing")
    theirs = made(marketing, juice, "external", all_channels=True)
    with pytest.raises(DomainError, match="cannot be added"):
        ask(theirs)  # an author who does not see costs
    grant = ask(report)
    for outsider in (
        user_factory("product-manager"),  # sees costs, does not decide
        user_factory(rights=["reporting.grant", "products.view"]),  # decides, does not see costs
        user_factory("finance", channels=[channel_factory()]),  # does not see all of it
    ):
        with pytest.raises(Http404):
            grant_get(outsider, grant.pk)
    assert grant_get(finance, grant.pk) == grant


def test_an_author_who_loses_the_right_tells_no_costs(report: Report, finance: Any) -> None:
    grant_decide(user=finance, grant=ask(report), approve=True)
    report.author.roles.set(user_factory("marketing").roles.all())
    assert not fields(report)


@pytest.mark.parametrize("change", ["products", "channels", "sections", "months", "period", "line"])
def test_for_more_than_was_asked_it_does_not_hold(
    change: str,
    author: Any,
    juice: Product,
    retailers: Any,
    finance: Any,
) -> None:
    values = {"channels": [retailers[0]], "lines": [juice.line] if change == "line" else []}
    report = made(author, juice, "external", all_suppliers=True, **values)
    report_parts_set(user=author, report=report, parts=[Part("margin"), Part("sales")])
    grant_decide(user=finance, grant=ask(report, "author"), approve=True)

    def holds() -> bool:
        return "author" in report_build(Report.objects.get(pk=report.pk)).fields

    assert holds()
    report_parts_set(user=author, report=report, parts=[Part("sales")])
    report_change(user=author, report=report, values={"title": "Less", "months": 12}, version=1)
    assert holds()
    if change == "products":
        more = {"products": [juice, product_factory(line=juice.line)]}
    elif change == "channels":
        more = {"channels": [], "all_channels": True}
    else:
        more = {"months": {"months": 36}, "period": {"period": "ytd"}}.get(change, {})
    if change == "sections":
        report_parts_set(user=author, report=report, parts=[Part("lifecycle")])
    elif change == "line":
        product_factory(line=juice.line)
    else:
        report_change(user=author, report=report, values=more, version=2)
    assert not holds()


@pytest.mark.parametrize("kept", [True, False])
def test_approved_for_one_supplier_it_does_not_hold_for_all(
    kept: bool, author: Any, juice: Product, finance: Any
) -> None:
    """Of the same products others charge too; ``kept`` is whether the approval says for which suppliers."""
    own, other = (Supplier.objects.create(code=code, name=code) for code in ("OWN", "OTHER"))
    Product.objects.update(supplier=own)
    report = made(author, juice, "external", suppliers=[own], all_channels=True)
    grant = ask(report, "author")
    if not kept:
        del grant.scope["suppliers"]
        grant.save()
    grant_decide(user=finance, grant=grant, approve=True)

    def holds(*suppliers: Supplier) -> bool:
        report.suppliers.set(suppliers)
        return "author" in report_build(Report.objects.get(pk=report.pk)).fields

    assert holds(own)
    assert not holds()
    assert holds(own, other) is not kept


def test_what_waits_follows_the_report_and_is_approved_as_it_was_looked_at(
    report: Report, finance: Any, client: Client
) -> None:
    report_parts_set(user=report.author, report=report, parts=[Part("sales")])
    grant = ask(report)
    client.force_login(finance)
    address = f"/reports/grants/{grant.pk}/"

    def approve(said: str) -> str:
        [seen] = re.findall(r'name="seen" value="(\w+)"', said)
        return tight(client.post(f"{address}act/approve/", {"seen": seen}, follow=True))

    looked_at = tight(client.get(address))
    report_parts_set(user=report.author, report=report, parts=[Part("sales"), Part("margin")])
    report_change(user=report.author, report=report, values={"months": 60}, version=1)
    assert alerts_open(finance)
    assert not fields(report)
    assert "look at what it is about now" in approve(looked_at)
    assert not fields(report)
    approve(tight(client.get(address)))
    assert fields(report) == {"margin"}
    assert not alerts_open(finance)


def test_what_came_to_a_line_while_it_waits_has_to_be_asked_for(
    author: Any, juice: Product, finance: Any
) -> None:
    report = made(author, juice, "external", lines=[juice.line], all_channels=True, all_suppliers=True)
    grant = ask(report)
    product_factory(line=juice.line)
    with pytest.raises(DomainError, match="has to ask again"):
        grant_decide(user=finance, grant=grant, approve=True)
    assert not fields(report)


def test_asked_and_decided_on_the_pages(report: Report, finance: Any, client: Any) -> None:
    client.force_login(report.author)
    client.post(f"/reports/{report.pk}/grants/", {"field": "budget", "reason": "Plan together"})
    grant = ReportGrant.objects.get()
    assert "waits for approval" in client.get(f"/reports/{report.pk}/").content.decode()
    client.force_login(finance)
    page = client.get(f"/reports/grants/{grant.pk}/").content.decode()
    assert "Plan together" in page
    assert "JUICE" in client.get(f"/reports/grants/{grant.pk}/preview/").content.decode()
    [seen] = re.findall(r'name="seen" value="(\w+)"', page)
    client.post(f"/reports/grants/{grant.pk}/act/approve/", {"seen": seen})
    grant.refresh_from_db()
    assert (grant.approved, grant.decided_by) == (True, finance)
    Report.objects.update(months=60)
    page = client.get(f"/reports/grants/{grant.pk}/preview/").content.decode()
    assert "has to ask again" in page
    assert "JUICE" not in page  # nobody reads by it more than was asked for


def test_what_was_taken_back_is_told_by_links_until_it_is_published_again_or_paused(
    report: Report, finance: Any, client: Any
) -> None:
    organisation_factory(sharing=True)
    report_parts_set(user=report.author, report=report, parts=[Part("sales")])
    grant = ask(report, "author")
    grant_decide(user=finance, grant=grant, approve=True)
    first = report_publish(user=report.author, report=report)
    assert "author" in first.fields
    for label, only in (("Follows", None), ("This one", first)):
        values = {"label": label, "email": "a@example.com", "snapshot": only}
        share_create(user=report.author, report=report, values=values)

    def page(user: Any) -> str:
        client.force_login(user)
        return tight(client.get(f"/reports/grants/{grant.pk}/"))

    assert "still show" not in page(report.author)
    grant_end(user=finance, grant=grant)
    said = page(finance)
    assert "2 links still show it" in said
    assert "Pause these links" not in said  # they are not theirs
    report_publish(user=report.author, report=report)
    said = page(report.author)
    assert "1 link still shows it" in said
    assert f'href="{report.get_absolute_url()}">To the report, to publish it' in said
    [only] = re.findall(r'name="share" value="(\d+)"', said)
    client.post("/reports/links/", {"share": only, "act": "pause"})
    assert "still show" not in page(report.author)


def test_a_supplier_gets_its_own_products(author: Any, juice: Product) -> None:
    own, other = (Supplier.objects.create(code=code, name=code) for code in ("OWN", "OTHER"))
    Product.objects.update(supplier=own)
    foreign = product_factory(line=juice.line, supplier=other)
    for values in ({"products": [], "lines": [juice.line]}, {"products": []}, {"products": [juice, foreign]}):
        report = made(author, juice, "external", suppliers=[own], all_channels=True, **values)
        built = report_build(report)
        assert built.scope.products == [juice]
        assert built.exposure.suppliers == ["OWN"]


def test_what_a_link_will_reveal_is_counted_and_named(author: Any, juice: Product) -> None:
    from datetime import date

    retail = channel_factory(name="Retail")
    Channel.objects.filter(name__in=["Noord", "Zuid"]).update(parent=retail, kind="account")
    report = made(author, juice, "external", all_suppliers=True, channels=[Channel.objects.get(name="Noord")])
    built = report_build(report)
    said = exposure_sentence(built, until=date(2026, 12, 31)).replace("\xa0", " ")
    assert said == f"{len(built.fields)} fields of 1 product at 1 account, until 31 Dec 2026"
    assert built.exposure.accounts == ["Noord"]
    snapshot = report_publish(user=author, report=report)
    assert said.startswith(exposure_sentence(snapshot))
    report.channels.set([retail])
    assert report_build(report).exposure.accounts == ["Noord", "Zuid"]
