"""Reports: what they tell, to whom, and that what was published stays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.errors import DomainError
from core.months import month_add, month_start
from core.organisation import today
from core.reports.blocks import sections_from_json, sections_to_json
from products.models import Channel, Product
from reporting.models import Report, Snapshot
from reporting.selectors.reports import report_build, reports_visible, snapshots_visible
from reporting.services.reports import (
    Part,
    report_change,
    report_copy,
    report_create,
    report_publish,
    sections_hash,
)
from tests.factories import cost_line_factory, cost_rate_factory, product_factory, user_factory
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


def test_to_the_outside_it_says_whose(author: Any, juice: Product) -> None:
    report = made(author, juice, "external")
    with pytest.raises(DomainError, match="names its channels"):
        report_publish(user=author, report=report)
    report_change(user=author, report=report, values={"all_channels": True}, version=1)
    assert report_publish(user=author, report=Report.objects.get(pk=report.pk)).number == 1


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


def test_of_what_one_does_not_see_no_report_is_made(juice: Product) -> None:
    from products.models import LineLimit
    from tests.factories import line_factory

    author = user_factory("product-manager")
    LineLimit.objects.create(user=author, line=line_factory())
    with pytest.raises(DomainError, match="not there"):
        made(author, juice)


def test_half_a_form_and_an_unknown_act_change_nothing(author: Any, juice: Product, client: Any) -> None:
    report = made(author, juice)
    client.force_login(author)
    half = client.post(f"/reports/{report.pk}/parts/", {"section": ["sales"], "comment": ["One", "two"]})
    assert half.status_code == 400
    assert client.post(f"/reports/{report.pk}/act/forget/").status_code == 404
    assert [part.section for part in report.parts.all()] == list(ALL)
    assert not Snapshot.objects.exists()
