"""What the demo's people changed about forecasts, and what they agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from accounts.models import User
from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import Forecast
from forecasting.services.judgement import consensus_agree, consensus_contribute, override_set
from products.models import Channel, Product, ProductLine
from products.selectors.lines import LineTree


def judgement_create(people: Mapping[str, User]) -> None:
    """Changes of products and of a line, and one agreement; nothing without a forecast of those months."""
    first = month_add(month_start(today()), 1)
    tree = LineTree()
    known = {product.code: product for product in Product.objects.all()}
    agreed = known["SAP-150"]
    measure = tree.lead_measure(agreed.line_id)
    forecast = Forecast.objects.filter(product=agreed, measure=measure, current=True).first()
    months = {} if forecast is None else {row.month: row for row in forecast.months.all()}
    ahead = [month_add(first, step) for step in range(6)]
    if not all(month in months for month in ahead):
        return
    for author, code, rate, last, reason, note, evidence in (
        (
            "Fatima",
            "HVM-210",
            "0.15",
            4,
            "listing",
            "Twee ketens erbij vanaf januari",
            "Opnameformulier Boerhof",
        ),
        ("Sanne", "APV-100", "-0.3", 11, "delisting", "VanDaag saneert per februari", ""),
        ("Fatima", "GMB-025", "0.06", 2, "campaign", "Winteractie", "Mediaplan week 49"),
    ):
        override_set(
            user=people[author],
            product=known[code],
            measure=measure,
            operation="percent",
            value=Decimal(rate),
            first_month=first,
            last_month=month_add(first, last),
            reason=reason,
            note=note,
            evidence=evidence,
        )
    override_set(
        user=people["Sanne"],
        line=ProductLine.objects.get(code="pantry"),
        measure=measure,
        operation="percent",
        value=Decimal("-0.12"),
        first_month=first,
        last_month=month_add(first, 1),
        reason="competitor",
        note="Huismerken in de aanbieding",
    )
    override_set(
        user=people["Sanne"],
        product=known["HVM-200"],
        channel=Channel.objects.get(code="kroon"),
        measure=measure,
        operation="percent",
        value=Decimal("-0.2"),
        first_month=first,
        last_month=month_add(first, 1),
        reason="supply",
        note="Kroon bestelt in januari minder vaak",
    )
    for author, party, rate in (
        ("Fatima", "sales", "1.08"),
        ("Ruud", "marketing", "1.12"),
        ("Emma", "finance", "1"),
    ):
        values = {month: _times(months[month].mean, rate) for month in ahead}
        consensus_contribute(user=people[author], product=agreed, measure=measure, party=party, values=values)
    consensus_agree(
        user=people["Sanne"],
        product=agreed,
        measure=measure,
        values={month: _times(months[month].mean, "1.05") for month in ahead},
        note="Afgestemd in het maandoverleg van sales, marketing en finance",
    )


def _times(volume: float, rate: str) -> Decimal:
    return (Decimal(str(volume)) * Decimal(rate)).quantize(Decimal(1))
