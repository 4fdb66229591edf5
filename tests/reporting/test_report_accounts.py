"""Whose figures a report has: accounts are named where they are in it, also those that never sold."""

from __future__ import annotations

import datetime
from copy import deepcopy
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from core.months import month_add, month_start
from pricing.models import Listing, SegmentChannel
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import Channel, Product, Segment, Supplier
from reporting.selectors.report_choices import Choice
from reporting.selectors.reports import report_build
from reporting.selectors.share_versions import share_versions, shares_behind, told_more
from reporting.services.grants import grant_ask, grant_decide
from reporting.services.reports import Part, report_create, report_publish
from tests.factories import (
    channel_factory,
    organisation_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.promotions import measured
from tests.pricing.test_costs import kind
from tests.pricing.test_margins import costs, sell
from tests.pricing.test_place import spread
from tests.reporting.sharing import share_made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
LAST = month_add(month_start(datetime.date.today()), -1)


@pytest.fixture(scope="module")
def _company(module_db: None) -> Any:
    """A juice that sells at Noord; Zuid has not sold any of it, Oost not for three years."""
    north, south, east = (channel_factory(name=name, kind="account") for name in ("Noord", "Zuid", "Oost"))
    juice = product_factory(segment=Segment.objects.create(code="night", name="Night workers"))
    for back in range(-1, 24):
        sell(juice, month_add(LAST, -back), 11, 33, channel=north)
    sell(juice, month_add(LAST, -35), 5, 15, channel=east)
    author = user_factory("product-manager", language="en")
    return SimpleNamespace(north=north, south=south, east=east, juice=juice, author=author)


@pytest.fixture
def company(_company: Any, db: None) -> Any:
    return deepcopy(_company)


def report_of(company: Any, *sections: str, **values: Any) -> Any:
    said = {"title": "Month", "language": "en", "audience": "external", "products": [company.juice]}
    values = {**said, "all_channels": True, "all_suppliers": True, **values}
    return report_create(user=company.author, values=values, parts=[*map(Part, sections)])


def accounts(company: Any, *sections: str, **values: Any) -> list[str]:
    return list(report_build(report_of(company, *sections, **values)).exposure.accounts)


@pytest.mark.parametrize(("months", "named"), [(24, ["Noord"]), (36, ["Noord", "Oost"])])
def test_who_sold_is_named_in_the_months_that_are_told(company: Any, months: int, named: list[str]) -> None:
    assert accounts(company, "sales", months=months) == named


def test_the_year_that_is_compared_with_is_told_too(company: Any) -> None:
    sell(company.juice, month_add(LAST, -23), 5, 15, channel=company.south)
    sell(company.juice, month_add(LAST, -24), 5, 15, channel=company.east)
    assert accounts(company, "key_figures", months=12) == ["Noord", "Zuid"]
    first = month_add(LAST, -30)
    ended = {"period": "range", "first_month": first, "last_month": month_add(LAST, -24)}
    assert accounts(company, "key_figures", **ended) == ["Oost"]


def measured_at(juice: Any, channel: Channel) -> None:
    spread(juice, channel, LAST, weighted_rate=Decimal("0.4"))


def listed_at(juice: Any, channel: Channel) -> None:
    Listing.objects.create(product=juice, channel=channel, start_date=LAST)


def bought_at(juice: Any, channel: Channel) -> None:
    share = {"start_date": LAST, "share_rate": Decimal("0.31")}
    SegmentChannel.objects.create(segment=juice.segment, channel=channel, **share)


def promoted_at(juice: Any, channel: Channel) -> None:
    measured(juice, channels=[channel])


def priced_at(juice: Any, channel: Channel) -> None:
    own = price_list_factory(channel=channel, with_vat=True)
    price_factory(product=juice, price_list=own, start_date=LAST, amount=Decimal("1.23"))


NEVER_SOLD = [
    *(("place", measured_at), ("place", listed_at), ("place", bought_at)),
    *(("promotions", promoted_at), ("prices", priced_at)),
]


@pytest.mark.parametrize(("section", "known"), NEVER_SOLD)
@pytest.mark.parametrize("audience", ["internal", "external"])
def test_who_never_sold_is_named_where_a_section_has_them(
    section: str, known: Any, audience: str, company: Any
) -> None:
    shop = channel_factory(name="Zuid 12", kind="store", parent=company.south)
    known(company.juice, shop)
    assert accounts(company, section, audience=audience) == ["Noord", "Zuid"]
    assert accounts(company, "sales", audience=audience) == ["Noord"]


@pytest.mark.parametrize("by", ["channel", "kind"])
def test_who_has_costs_in_a_kept_cost_report_is_named(by: str, company: Any) -> None:
    booked = BookedCost(company.juice.pk, LAST, kind("quality").pk, company.south.pk, None, "", Decimal(12))
    cost_months_book(source="actual", months=[LAST], rows=[booked])
    said = {"title": "Month", "language": "en", "audience": "internal", "products": [company.juice]}
    kept = Choice(query=f"by={by}&of=actual&period=month", name="Kept")
    report = report_create(user=company.author, values=said, parts=[Part("cost_report", choice=kept)])
    built = report_build(report)
    assert built.sections
    assert list(built.exposure.accounts) == ["Noord", "Zuid"]


def kept_of(company: Any, asked: str, **values: Any) -> Any:
    said = {"title": "Month", "language": "en", "audience": "internal", "products": [company.juice]}
    kept = Choice(query=f"{asked}&of=actual&period=month", name="Kept")
    parts = [Part("cost_report", choice=kept)]
    return report_create(user=company.author, values=said | values, parts=parts)


@pytest.mark.parametrize("asked", ["by=supplier", "by=kind&supplier=CAR", "layout=variance&by=supplier"])
def test_who_delivers_what_a_cost_report_by_supplier_is_of_is_named(asked: str, company: Any) -> None:
    """The maker of the juice and who carries it: each has costs on it, of a report for the maker those of the
    carrier are left out."""
    maker, carrier = (Supplier.objects.create(code=name[:3], name=name) for name in ("Maker", "Carrier"))
    Product.objects.filter(pk=company.juice.pk).update(supplier=maker)
    by_month = [
        *(("standard", "purchase", maker, 50), ("actual", "purchase", maker, 55)),
        *(("standard", "quality", carrier, 777), ("actual", "quality", carrier, 888)),
    ]
    for source in ("standard", "actual"):
        rows = [
            BookedCost(company.juice.pk, LAST, kind(code).pk, None, supplier.pk, "", Decimal(amount))
            for what, code, supplier, amount in by_month
            if what == source
        ]
        cost_months_book(source=source, months=[LAST], rows=rows)
    built = report_build(kept_of(company, asked))
    assert list(built.exposure.suppliers) == ["Carrier", "Maker"]
    assert "888" in str(built.sections)
    for of_maker in ({"suppliers": [maker]}, {"suppliers": [maker], "products": []}):
        built = report_build(kept_of(company, asked, **of_maker))
        assert list(built.exposure.suppliers) == ["Maker"]
        said = str(built.sections)
        assert ("55" in said) is ("supplier=" not in asked)
        assert not {word for word in ("Carrier", "777", "888", "943") if word in said}, said
    assert list(report_build(kept_of(company, "by=kind")).exposure.suppliers) == ["Maker"]


def test_a_link_does_not_show_the_version_that_has_another_supplier(company: Any) -> None:
    carrier = Supplier.objects.create(code="CAR", name="Carrier")
    own = BookedCost(company.juice.pk, LAST, kind("quality").pk, None, None, "", Decimal(12))
    cost_months_book(source="actual", months=[LAST], rows=[own])
    report = kept_of(company, "by=supplier")
    before = report_publish(user=company.author, report=report)
    rows = [own, own._replace(supplier_id=carrier.pk)]
    cost_months_book(source="actual", months=[LAST], rows=rows)
    newer = report_publish(user=company.author, report=report)
    assert list(told_more(newer, before).suppliers) == ["Carrier"]


def test_who_has_costs_in_a_margin_and_no_sales_is_named(company: Any) -> None:
    """A fee a month that Zuid asks is in the margin told to the outside on purpose."""
    costs("fulfilment", "40", product=company.juice, basis="month", channel=company.south)
    booked = BookedCost(company.juice.pk, LAST, kind("quality").pk, company.south.pk, None, "", Decimal(12))
    cost_months_book(
        source="standard", months=[month_add(LAST, -12)], rows=[booked._replace(month=month_add(LAST, -12))]
    )
    for section in ("margin", "margins", "margin_bridge"):
        report = report_of(company, section)
        assert list(report_build(report).exposure.accounts) == ["Noord"]
        asked = grant_ask(user=company.author, report=report, field="margin", reason="Annual talks")
        grant_decide(user=user_factory("finance"), grant=asked, approve=True)
        built = report_build(report)
        assert built.sections
        assert list(built.exposure.accounts) == ["Noord", "Zuid"], section


def test_the_one_account_that_prices_are_told_to_is_named(company: Any) -> None:
    price_factory(product=company.juice, price_list=price_list_factory(), start_date=LAST, amount=1)
    assert accounts(company, "prices", channels=[company.south]) == ["Zuid"]


def test_an_account_that_pays_in_another_currency_is_told_its_own_price(company: Any) -> None:
    pounds = price_list_factory(channel=company.south, currency="GBP")
    for own, amount in ((price_list_factory(), "1.49"), (pounds, "1.23")):
        price_factory(product=company.juice, price_list=own, start_date=LAST, amount=Decimal(amount))
    [section] = report_build(report_of(company, "prices", channels=[company.south])).sections
    assert "£1.23" in str(section)
    assert "1.49" not in str(section)


def test_a_link_does_not_show_the_version_that_has_them(company: Any) -> None:
    organisation_factory(sharing=True)
    report = report_of(company, "place")
    before = report_publish(user=company.author, report=report)
    share, _address = share_made(report)
    measured_at(company.juice, company.south)
    newer = report_publish(user=company.author, report=report)
    assert list(told_more(newer, before).accounts) == ["Zuid"]
    assert list(share_versions(share)) == [before]
    assert shares_behind([share])[share.pk][0] == newer
