"""Margins of what is insured: claims and all other costs as shares of the premium."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.test import Client

from pricing.models import CostKind
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from tests.factories import product_factory, user_factory
from tests.pricing.test_margins import sell

pytestmark = pytest.mark.django_db
MONTH = datetime.date(2026, 5, 1)


def test_lines_with_claims_show_the_combined_ratio(client: Client) -> None:
    """The worked case of docs/costs.md: claims 720 and costs 230 on a premium of 1,000."""
    policy, juice = product_factory(name="Policy"), product_factory(name="Juice")
    for product in (policy, juice):
        sell(product, MONTH, 1, 1000)
    said = (
        (policy, "claims", 720),
        (policy, "commission", 110),
        (policy, "overhead", 120),
        (juice, "energy", 6),
    )
    rows = [
        BookedCost(product.pk, MONTH, CostKind.objects.get(code=kind).pk, None, None, "", Decimal(amount))
        for product, kind, amount in said
    ]
    cost_months_book(source="standard", months=[MONTH], rows=rows)
    client.force_login(user_factory("finance", language="en"))
    asked = "/costs/reports/?layout=margin&month=2026-05&of=standard&by=product"
    context = client.get(asked).context
    assert context["heads"][-2:] == ["Claims", "Combined ratio"]
    cells = {row["name"]: row["cells"][-2:] for row in (*context["rows"], context["total"])}
    assert cells == {
        "Juice": [("—", ""), ("—", "")],
        "Policy": [("720.00", "72.0%"), ("95.0%", "")],
        "Total": [("720.00", "36.0%"), ("47.8%", "")],
    }
    assert "Combined ratio" not in client.get(f"{asked}&q=juice").context["heads"]
