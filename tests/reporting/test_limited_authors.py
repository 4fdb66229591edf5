# ruff: noqa: F811  a fixture and the argument it comes in by
"""A report of somebody who sees some channels or lines only says so, and they can read it themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.errors import DomainError
from products.models import Product
from reporting.models import Report
from reporting.renderers.document import document
from reporting.selectors.reports import report_build, snapshots_visible
from reporting.services.reports import report_publish
from tests.factories import line_factory, product_factory, user_factory
from tests.html import tight

from .test_reports import juice, made, retailers  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def test_of_an_author_limited_to_channels_it_names_these(
    juice: Product, retailers: Any, client: Client
) -> None:
    north, south = retailers
    own = user_factory("product-manager", channels=[north])
    client.force_login(own)
    assert "None: of all that you see." in tight(client.get("/reports/new/talks/"))
    made_at = client.post("/reports/sheet/product/JUICE/", {"nonce": "one"}).url
    assert "in 1 channel" in tight(client.get(f"{made_at}preview/"))
    report = Report.objects.get()
    snapshot = report_publish(user=own, report=report)
    assert (snapshot.channel_ids, snapshot.about["channels"]) == ([north.pk], ["Noord"])
    assert ("Channels", "Noord") in document(snapshot).about
    assert list(snapshots_visible(own)) == [snapshot]
    assert not snapshots_visible(user_factory("product-manager", channels=[south])).exists()


def test_to_the_outside_their_channels_are_still_chosen_on_purpose(juice: Product, retailers: Any) -> None:
    """Who sees two accounts sends neither the figures of the other by leaving the choice open."""
    own = user_factory("product-manager", channels=retailers)
    report = made(own, juice, "external", all_suppliers=True)
    with pytest.raises(DomainError, match="names its channels"):
        report_publish(user=own, report=report)
    report.all_channels = True
    report.save()
    assert report_publish(user=own, report=report).about["channels"] == ["Noord", "Zuid"]


def test_all_products_of_an_author_limited_to_lines_are_those_of_the_lines(
    juice: Product, client: Client
) -> None:
    line_factory(name="Oranges", parent=juice.line)
    product_factory(name="Lamp")
    own = user_factory("product-manager", lines=[juice.line])
    values = {"products": [], "all_products": True, "all_channels": True, "all_suppliers": True}
    report = made(own, juice, "external", **values)
    name = juice.line.name
    assert report_build(report).exposure.within == [name]
    client.force_login(own)
    assert "None: of all channels." in tight(client.get("/reports/new/talks/"))
    page = tight(client.get(f"/reports/{report.pk}/preview/"))
    assert f"of all products of {name} (1) in all channels" in page
    assert f"all of {name}, also those that come later: Orange juice" in page
    snapshot = report_publish(user=own, report=report)
    assert f"all of {name}, also" in tight(client.get(snapshot.get_absolute_url()))
    assert dict(document(snapshot).about)["Products"] == f"All that there were of {name}: Orange juice"
