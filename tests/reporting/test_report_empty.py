# ruff: noqa: F811  a fixture and the argument it comes in by
"""What a report tells, on its own page: which sections came to nothing and why, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from products.models import Product, Supplier
from reporting.selectors.report_choices import Choice
from reporting.selectors.reports import report_build
from reporting.services.grants import grant_ask, grant_decide
from reporting.services.reports import Part, report_create, report_publish
from tests.factories import cost_line_factory, product_factory, user_factory
from tests.html import tight

from .test_reports import author, juice, retailers  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def empty(author: Any, *sections: str, **values: Any) -> dict[str, str]:
    said = {"title": "Month", "language": "nl", "audience": "internal", **values}
    return dict(report_build(report_create(user=author, values=said, parts=[*map(Part, sections)])).empty)


def test_why_a_section_came_to_nothing(author: Any, juice: Product, retailers: Any, client: Client) -> None:
    """In the language of who looks, whatever the report's."""
    products = {"products": [juice]}
    assert empty(author, "key_figures", "words", "accuracy", **products) == {
        "Own words": "nothing is written in it yet",
        "Forecast accuracy": "nothing is known of it for these products and months yet",
    }
    assert empty(author, "margin", audience="external", **products) == {
        "Cost and margin": "who the report is for is not told this"
    }
    assert empty(author, "margin", channels=retailers[:1], **products) == {
        "Cost and margin": "nothing is known of it in these channels alone"
    }
    assert empty(author, "key_figures", products=[product_factory()]) == {
        "Key figures": "nothing is known of it for these products and months yet"
    }
    nothing = "nothing is known of it for these products and months yet"
    sections = ("place", "channels", "category", "plan")
    found = empty(author, *sections, products=[product_factory()])
    assert dict.fromkeys(found.values()) == {nothing: None}
    assert len(found) == len(sections)
    sales = user_factory("marketing", language="en")
    assert empty(sales, "margin", **products) == {"Cost and margin": "you may not see it"}
    values = {"title": "Month", "language": "nl", "audience": "internal", **products}
    report = report_create(user=author, values=values, parts=[Part("sales"), Part("words")])
    client.force_login(author)
    page = tight(client.get(f"/reports/{report.pk}/preview/"))
    assert "Own words is not in it: nothing is written in it yet." in page


def test_a_cost_report_on_purpose_is_told_also_where_margins_are_not(author: Any, juice: Product) -> None:
    """Another supplier charges on the product too: what one is told of costs is of its own."""
    mill, other = (Supplier.objects.create(code=code, name=code) for code in ("mill", "other"))
    Product.objects.filter(pk=juice.pk).update(supplier=mill)
    cost_line_factory(product=juice, supplier=other)
    said = {"title": "Month", "language": "nl", "audience": "external", "all_channels": True}
    said |= {"products": [juice], "suppliers": [mill]}
    asked = Choice(query="by=product&of=standard&period=month", name="Costs")
    report = report_create(user=author, values=said, parts=[Part("cost_report", choice=asked)])
    grant = grant_ask(user=author, report=report, field="cost_report", reason="Talks")
    grant_decide(user=user_factory("finance"), grant=grant, approve=True)
    built = report_build(report)
    assert built.apart
    [(_name, why)] = built.empty
    assert why != "who the report is for is not told this"


def test_a_section_of_which_only_the_comment_is_left_is_listed(author: Any) -> None:
    values = {"title": "Month", "language": "en", "audience": "external", "products": [product_factory()]}
    sections = ("margin", "decisions", "channels", "words")
    parts = [Part(section, "As agreed.") for section in sections]
    built = report_build(report_create(user=author, values=values, parts=parts))
    assert tuple(section.key for section in built.sections) == sections
    refused = "who the report is for is not told this"
    assert {name.partition(" (but for the author's words)")[0]: why for name, why in built.empty} == {
        "Cost and margin": refused,
        "Decisions": refused,
        "Sales by channel": "nothing is known of it for these products and months yet",
    }


def test_fields_are_named_in_the_readers_language(author: Any, juice: Product, client: Client) -> None:
    values = {"title": "Month", "language": "en", "audience": "internal", "products": [juice]}
    report = report_create(user=author, values=values, parts=[Part("key_figures")])
    with translation.override("nl"):
        snapshot = report_publish(user=author, report=report)
    client.force_login(author)
    assert "Volume, Revenue, Change against last year, Name" in tight(client.get(snapshot.get_absolute_url()))
    client.force_login(user_factory("product-manager", language="nl"))
    assert "Afzet, Omzet, Verschil met vorig jaar, Naam" in tight(client.get(snapshot.get_absolute_url()))
