"""Which cost lines totals lack is said wherever they do, to who may see costs."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from core.months import month_add, month_start
from pricing.models import CostLeftOut
from pricing.words.reconciliation import reconciliation_line, reconciliation_words
from products.models import Product
from reporting.selectors.cost_report import CostReport, margin_costs
from tests.factories import line_factory, product_factory, user_factory
from tests.html import tight
from tests.pricing.test_margins import costs, sell
from tests.pricing.test_standard_costs import night
from tests.reporting.test_cost_reports import ask

pytestmark = pytest.mark.django_db
LAST = month_add(month_start(datetime.date.today()), -1)
SAID = "Left out, as what they count by is not known: "


@pytest.fixture
def drinks() -> list[Product]:
    """Contracts of none are known; overhead by volume cannot be split, as units differ."""
    line = line_factory(code="drinks")
    found = [product_factory(code=f"D{n}", name=f"Drink {n}", line=line) for n in range(3)]
    other = product_factory(code="MWH", name="Power", unit="MWh", line=line_factory(code="power"))
    for product in (*found, other):
        sell(product, LAST, Decimal(10), Decimal(100))
    costs("service", "3", line=line, basis="contract")
    costs("overhead", "70", basis="month", key="volume")
    costs("purchase", "2", product=found[0])
    night()
    return found


def words(user: Any, **said: str) -> str:
    asked = ask(month=f"{LAST:%Y-%m}", of="standard", layout="margin", by="line", **said)
    return reconciliation_words(margin_costs(user, asked).reconciliation, "EUR")


def test_a_report_names_them_with_their_products(drinks: list[Product]) -> None:
    finance = user_factory("finance", language="en")
    with translation.override("en"):
        assert words(finance).endswith(f"{SAID}Service per contract of Drink 0 and 2 other products.")
        # of one product what cannot be split is missing as well; of all it is on no product
        assert words(finance, product="D1").endswith(
            f"{SAID}Service per contract of Drink 1, Overhead of Drink 1."
        )
        assert words(finance, line="power").endswith(f"{SAID}Overhead of Power.")
        limited = user_factory("finance", lines=[drinks[0].line])
        assert words(limited).endswith(
            "Service per contract of Drink 0 and 2 other products, Overhead of Drink 0 and 2 other products."
        )
        assert SAID not in words(user_factory("product-manager", lines=[line_factory()]))
    with translation.override("nl"):
        assert "Niet meegeteld, want onbekend is waarover ze gaan" in words(finance)
    asked = ask(month=f"{LAST:%Y-%m}", of="standard")
    report = CostReport(finance, asked)
    assert reconciliation_line(report.reconciliation).endswith("left_out=service:D0+2")
    purchase = CostReport(finance, ask(month=f"{LAST:%Y-%m}", of="standard", kind="purchase"))
    assert purchase.reconciliation.left_out is None
    actual = CostReport(finance, ask(month=f"{LAST:%Y-%m}", columns="month-actual"))
    assert actual.reconciliation.left_out is None
    assert CostReport(user_factory("marketing"), asked).reconciliation.left_out is None
    client = Client()
    client.force_login(finance)
    for page in (
        "/costs/break-even/?show=earned",  # of which two cost nothing that is known
        "/costs/break-even/",
        f"/costs/reports/?layout=margin&by=line&of=standard&month={LAST:%Y-%m}",
    ):
        assert f"{SAID}Service per contract of Drink 0 and 2 other products" in tight(client.get(page))


def test_many_are_not_all_listed_and_what_is_known_is_not_named_any_more(drinks: list[Product]) -> None:
    for n in range(7):
        costs("marketing", "1", product=drinks[0], basis="contract", name=f"number {n}")
    night()
    finance = user_factory("finance")
    with translation.override("en"):
        assert words(finance).endswith("Marketing (number 3) of Drink 0, and other cost lines.")
    Product.objects.filter(pk=drinks[0].pk).update(line=line_factory())
    night()
    with translation.override("en"):
        assert "Service per contract of Drink 1 and 1 other product," in words(finance)
    assert not CostLeftOut.objects.filter(product=drinks[0], kind__code="service").exists()
