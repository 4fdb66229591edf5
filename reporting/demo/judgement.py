"""What the demo's people changed about forecasts, and what they agreed on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

from django.db.models.functions import Coalesce

from accounts.models import User
from core.months import month_add, month_end, month_start
from core.organisation import today
from forecasting.models import ConsensusMonth, Forecast, ForecastMonth, Override
from forecasting.services.consensus import consensus_agree, consensus_contribute
from forecasting.services.judgement import judgement_apply
from forecasting.services.overrides import override_set
from products.models import Channel, Measure, Product, ProductLine, ProductMonth
from products.selectors.lines import LineTree

# What was said after which of the earlier forecasts (so many months before the last of them), of the three
# months ahead. Who hears it from customers saw most of what came; the campaigns did not bring what was hoped.
MONTHS = 3
HEARD = {10: ("HVM-210", "GAS-012"), 9: ("HVM-200",), 6: ("HVM-210", "GAS-012"), 5: ("HVM-200", "SAP-020")}
HOPED = {10: "SMO-025", 9: "SAP-020", 7: "SMO-025", 4: "SMO-025", 3: "HVM-200", 2: "SMO-025"}
AGREED = {11: "APS-100", 8: "APS-100", 5: "APS-100", 2: "APS-100"}
JUDGED_THEN = {*HOPED.values(), *AGREED.values(), *(code for codes in HEARD.values() for code in codes)}


def judged_then(people: Mapping[str, User], as_of: datetime.date, ago: int) -> None:
    """What people said of the forecast of ``as_of`` in the month after it, and what they had said before of
    its months: as if it had been then."""
    products = {product.code: product for product in Product.objects.all()}
    tree = LineTree()
    hoped, agreed = HOPED.get(ago), AGREED.get(ago)
    leads = {code: tree.lead_measure(product.line_id) for code, product in products.items()}
    for code in HEARD.get(ago, ()):
        _heard(people["Fatima"], products[code], leads[code], as_of)
    if hoped:
        text = ("campaign", "Radio en displays", "Mediaplan")
        _override(people["Sanne"], products[hoped], leads[hoped], as_of, Decimal("0.12"), text)
    if agreed:
        _agreed(people["Sanne"], products[agreed], leads[agreed], as_of)
    said = {code for place, codes in HEARD.items() if place >= ago for code in codes}
    said |= {code for codes in (HOPED, AGREED) for place, code in codes.items() if place >= ago}
    judgement_apply(product_ids=[products[code].pk for code in said])


def _heard(author: User, product: Product, measure: Measure, as_of: datetime.date) -> None:
    came, expected = _came(product, measure, as_of)
    rate = round(Decimal(str(0.7 * (sum(came.values()) / sum(expected.values()) - 1))), 2)
    if rate > 0:
        _override(
            author, product, measure, as_of, rate, ("customer_won", "Extra vraag van een klant", "Inkoper")
        )
    elif rate < 0:
        _override(author, product, measure, as_of, rate, ("customer_lost", "Klant neemt minder af", ""))


def _agreed(author: User, product: Product, measure: Measure, as_of: datetime.date) -> None:
    came, expected = _came(product, measure, as_of)
    values = {month: _times(expected[month] + 0.4 * (came[month] - expected[month]), "1") for month in came}
    consensus_agree(
        user=author, product=product, measure=measure, values=values, note="Afgestemd in het maandoverleg"
    )
    rows = ConsensusMonth.objects.filter(product=product, measure=measure, month__in=values)
    rows.update(agreed_at=_then(as_of))


def _came(
    product: Product, measure: Measure, as_of: datetime.date
) -> tuple[dict[datetime.date, float], dict[datetime.date, float]]:
    """What was sold in the months ahead, and what was expected with what is known ahead."""
    ahead = [month_add(as_of, step) for step in range(1, MONTHS + 1)]
    sold = ProductMonth.objects.filter(product_id=product.pk, measure_id=measure.pk, month__in=ahead)
    said = ForecastMonth.objects.filter(
        forecast__product=product, forecast__measure=measure, forecast__as_of=as_of, month__in=ahead
    )
    came = {month: float(volume or 0) for month, volume in sold.values_list("month", "volume")}
    return came, dict(said.values_list("month", Coalesce("driven", "mean")))


def _override(
    author: User,
    product: Product,
    measure: Measure,
    as_of: datetime.date,
    rate: Decimal,
    text: tuple[str, str, str],
) -> None:
    reason, note, evidence = text
    last = month_add(as_of, MONTHS)
    override = override_set(
        user=author,
        product=product,
        measure=measure,
        operation="percent",
        value=rate,
        first_month=month_add(as_of, 1),
        last_month=last,
        reason=reason,
        note=note,
        evidence=evidence,
    )
    Override.objects.filter(pk=override.pk).update(set_at=_then(as_of), until=month_end(last))


def _then(as_of: datetime.date) -> datetime.datetime:
    """A morning in the month after it."""
    return datetime.datetime.combine(
        month_add(as_of, 1), datetime.time(9), datetime.UTC
    ) + datetime.timedelta(days=5)


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
        user=people["Yara"],
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
