"""What the story says of money ahead: the full year against its budget, and the margin of twelve months."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import timezone, translation
from playwright.sync_api import expect

from core import formats
from core.months import month_range
from forecasting.models import ForecastMonth
from products.models import BudgetRow, BudgetVersion, Product, SalesFact
from products.selectors.budget import budget_year
from products.selectors.figures import spans

from .company import PRICES, Company

MONTHLY = Decimal(120_000)


def budget_laid_down(company: Company, product: Product) -> None:
    """A budget of the financial year: the same revenue every month."""
    first, last = spans(company.last)["full_year"]
    version = BudgetVersion.objects.create(code="begroting", name="Begroting", year=budget_year(first))
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            product=product,
            measure=company.measures[product.code],
            month=month,
            volume=1,
            revenue=MONTHLY,
        )
        for month in month_range(first, last)
    )
    BudgetVersion.objects.filter(pk=version.pk).update(frozen_at=timezone.now())


def money_ahead(
    page: Any,
    axe: Any,
    company: Company,
    product: Product,
    months: Sequence[ForecastMonth],
    new: Decimal,
    start: datetime.date,
) -> tuple[float, float]:
    """The full year's revenue and the margin of the next twelve months, at the old price and from ``start``
    on at the new one, as the pages of the product must say them. Every unit costs half the old price."""
    old = PRICES[product.code]

    def price(month: datetime.date) -> float:
        return float(new if month >= start else old)

    first, last = spans(company.last)["full_year"]
    facts = SalesFact.objects.filter(product=product, start_date__range=(first, company.last))
    booked = float(facts.aggregate(sum=Sum("revenue"))["sum"])
    year = booked + sum(row.final * price(row.month) for row in months if row.month <= last)
    margin = sum(row.final * (price(row.month) - float(old) / 2) for row in months[:12])
    with translation.override("nl"):
        page.goto(f"/products/{product.code}/")
        row = page.locator("section[aria-labelledby='compared-revenue'] tr", has_text="Verwachting heel jaar")
        expect(row).to_contain_text(formats.number(year, 0))
        expect(row).to_contain_text(formats.number(12 * MONTHLY, 0))
        expect(row).to_contain_text(formats.index(year / float(12 * MONTHLY) * 100))
        page.goto(f"/products/{product.code}/costs/")
        ahead = page.locator("#margin-ahead")
        expect(ahead).to_contain_text("CM2 in 12 maanden")
        # Every month is booked in cents.
        near = {formats.money(margin + cents, "EUR", scale="auto") for cents in (-0.12, 0.12)}
        expect(ahead).to_contain_text(re.compile("|".join(map(re.escape, near))))
        expect(ahead.locator(".chart svg")).to_be_visible()
    axe(page)
    return year, margin
