"""The margin bridge between any two periods: it starts and ends at their margins, and adds up."""

from __future__ import annotations

import io
import random
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.test import Client
from python_calamine import CalamineWorkbook

from core.months import month_add
from core.organisation import organisation_get
from pricing.engine.bridge import TERMS
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import Product
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.margin_report import margin_report
from reporting.selectors.report_query import bounds
from reporting.services.report_files import report_bytes
from tests.factories import channel_factory, user_factory
from tests.pricing.test_costs import kind
from tests.pricing.test_margins import sell
from tests.reporting.test_cost_reports import MONTH, ask, products

__all__ = ["products"]
pytestmark = pytest.mark.django_db
D = Decimal
NBSP = "\u00a0"
# What is asked; the two periods by the months they have, as the page says them.
PERIODS = [
    ({"period": "month", "then": "2026-02"}, "Feb 2026", "May 2026"),
    ({"period": "month"}, "Apr 2026", "May 2026"),
    ({"period": "quarter", "then": "2025-09"}, "Jul 2025 – Sep 2025", "Apr 2026 – Jun 2026"),
    ({"period": "quarter"}, "Jan 2026 – Mar 2026", "Apr 2026 – Jun 2026"),
    ({"period": "ytd", "then": "2025-05"}, "Jan 2025 – May 2025", "Jan 2026 – May 2026"),
    ({"period": "ytd", "then": "2025-03"}, "Jan 2025 – Mar 2025", "Jan 2026 – May 2026"),
    ({"period": "year"}, "Jan 2025 – Dec 2025", "Jan 2026 – Dec 2026"),
    (
        {"period": "range", "first": "2026-01", "then_first": "2025-02", "then": "2025-06"},
        "Feb 2025 – Jun 2025",
        "Jan 2026 – May 2026",
    ),
    ({"period": "range", "first": "2025-12"}, "Jun 2025 – Nov 2025", "Dec 2025 – May 2026"),
    (
        {"period": "range", "first": "2026-03", "then": "2025-06"},
        "Apr 2025 – Jun 2025",
        "Mar 2026 – May 2026",
    ),
    ({"period": "range", "first": "2027-01", "then": "2025-06"}, "Jun 2025", "May 2026"),
]


@pytest.fixture
def sold(products: list[Product]) -> None:
    """Seventeen months of sales and costs of some products and of none."""
    draw, channel, rows = random.Random(5), channel_factory(), []
    months = [month_add(MONTH, -back) for back in range(17)]
    for month in months:
        for product in products:
            if draw.random() < 0.8:
                sell(product, month, draw.randint(1, 90), D(draw.randint(100, 99_999)) / 100, channel=channel)
            amount = D(draw.randint(1, 9999)) / 100
            rows.append(BookedCost(product.pk, month, kind("purchase").pk, None, None, "", amount))
        rows.append(BookedCost(None, month, kind("quality").pk, None, None, "", D(draw.randint(1, 99))))
    cost_months_book(source="standard", months=months, rows=rows)


@pytest.mark.usefixtures("sold")
def test_from_any_period_to_any_other() -> None:
    finance = user_factory("finance", language="en")
    client = Client()
    client.force_login(finance)
    for asked, before, after in PERIODS:
        said = {"layout": "bridge", "of": "standard", "against": "period", **asked}
        query = ask(**said)
        found = margin_bridge(finance, query).found
        assert found is not None
        assert found.before + sum(getattr(found, term) for term in TERMS) == found.after
        assert sum(part.change for part in found.parts) == found.after - found.before
        for (first, last), amount in (
            (query.bounds_then(query.period), found.before),
            (bounds(query.period, query.month, query.first), found.after),
        ):
            margin = ask(
                layout="margin", of="standard", period="range", first=f"{first:%Y-%m}", month=f"{last:%Y-%m}"
            )
            total = margin_report(finance, margin).total
            assert total is not None
            assert total.cm3 == amount
        address = QueryDict(mutable=True)
        address.update({"month": "2026-05", **said})
        page = client.get(f"/costs/reports/?{address.urlencode()}")
        steps = page.context["bridge"].rows
        assert [steps[0][0], steps[-1][0]] == [
            f"CM3 {each}".replace(" 20", f"{NBSP}20") for each in (before, after)
        ]
        # The address that the page keeps, saves and makes files of says the same.
        kept = client.get(f"/costs/reports/?{page.context['address']}")
        assert kept.context["bridge"].rows == steps


@pytest.mark.usefixtures("sold", "english")
def test_its_files_say_which_periods_and_add_up() -> None:
    finance = user_factory("finance", language="en")
    said = "layout=bridge&of=standard&month=2026-05&against=period&period=quarter&then=2025-09"
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(report_bytes(user=finance, kind="xlsx", query=QueryDict(said)))
    )
    rows = book.get_sheet_by_index(0).to_python()
    found = margin_bridge(finance, ask(**dict(QueryDict(said).items()))).found
    assert found is not None
    assert rows[-1][-1] == float(found.after - found.before)
    assert sum(row[-1] for row in rows[1:-1]) == pytest.approx(rows[-1][-1])
    about = {
        row[0].replace(NBSP, " "): str(row[1]).replace(NBSP, " ")
        for row in book.get_sheet_by_index(1).to_python()
    }
    assert about["Compared with"] == "Jul 2025 – Sep 2025"
    assert about[f"CM3 {about['Compared with']}"] == f"{found.before:,.2f}"
    assert about["Period"] == "quarter: Apr 2026 – Jun 2026"
    assert report_bytes(user=finance, kind="pdf", query=QueryDict(said)).startswith(b"%PDF-")
    client = Client()
    client.force_login(finance)
    form = client.get(f"/costs/reports/?{said}").content.decode()
    assert 'name="then" value="2025-09"' in form
    assert 'name="then_first"' not in form
    form = client.get(f"/costs/reports/?{said}&period=range&first=2026-01").content.decode()
    assert 'name="then_first" value="2025-05"' in form
    assert 'name="first" value="2026-01"' in form


@pytest.mark.usefixtures("sold")
def test_quarters_are_those_of_the_financial_year_and_no_month_is_out_of_reach() -> None:
    organisation = organisation_get()
    organisation.financial_year_first_month = 2
    organisation.save()
    query = ask(layout="bridge", against="period", period="quarter")
    assert [f"{month:%Y-%m}" for month in query.bounds_then("quarter")] == ["2026-02", "2026-04"]
    client = Client()
    client.force_login(user_factory("finance"))
    for month in ("0001-01", "9999-12", "2026-13", "x"):
        assert ask(layout="bridge", against="period", then=month).against == "period"
        for name in ("month", "first", "then", "then_first"):
            address = f"layout=bridge&against=period&period=range&{name}={month}"
            assert client.get(f"/costs/reports/?{address}").status_code == 200
