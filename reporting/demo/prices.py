"""What the demo company asks: three years of prices on seven lists, one proposal that waits and one ahead,
and a what-if that somebody kept."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from django.utils import timezone

from accounts.models import User
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import Price, PriceList, Proposal
from pricing.models.price import State
from pricing.selectors.what_if_reading import what_if_ground
from pricing.services.levies import levy_set
from pricing.services.price_bounds import bound_set, notice_set, vat_set
from pricing.services.price_decisions import price_decision_record
from pricing.services.price_lists import (
    pass_through_set,
    perishable_set,
    price_list_create,
    reference_customer_set,
)
from pricing.services.price_rules import Rule
from pricing.services.proposals import proposal_approve, proposal_draft, proposal_reject, proposal_submit
from pricing.services.scenarios import scenario_save
from products.models import Channel, Product, ProductLine, Segment

from .catalogue import Item, items
from .sales import top_line

# code, Dutch, English, kind, channel, segment, with VAT, currency
LISTS = [
    ("verkoop", "Verkoopprijzen", "Sales prices", "own", "", "", False, "EUR"),
    ("webwinkel", "Webwinkelprijzen", "Web shop prices", "own", "webshop", "", True, "EUR"),
    ("advies", "Consumentenadviesprijzen", "Advised consumer prices", "advised", "", "", True, "EUR"),
    ("kroon", "Prijzen Kroon Markten", "Prices Kroon Markten", "own", "kroon", "", False, "EUR"),
    (
        "schap-kroon",
        "Gezien bij Kroon Markten",
        "Seen at Kroon Markten",
        "observed",
        "kroon",
        "",
        True,
        "EUR",
    ),
    ("zakelijk", "Zakelijke prijzen", "Business prices", "own", "", "zakelijk", False, "EUR"),
    ("export", "Exportprijzen pond", "Export prices in pounds", "own", "albion", "", False, "GBP"),
]
VAT = {"food": "low", "energy": "high", "insurance": "exempt", "care": "exempt"}
SINCE = datetime.date(2019, 1, 1)
YEARS, RAISE = 3, Decimal("1.022")
STANDING_CHARGE = Decimal("6.95")
# What a kWh and a m³ cost beside the price per contract, and who uses how much of it in a year.
TARIFFS = {"GS": ("kWh", Decimal("0.2480")), "GAS": ("m³", Decimal("1.2790"))}
HOUSEHOLDS = {
    "Gemiddeld huishouden": {"": 1, "kWh": 2_500, "m³": 1_000},
    "Appartement": {"": 1, "kWh": 1_500, "m³": 600},
}
# Who pays twelve premiums a year, and who bears so much of each claim.
INSURED = {
    "Zonder eigen risico": {"": 12},
    "Eigen risico 500": {"eigen risico 500": 12},
}
DEDUCTIBLE = ("AUT-300", "eigen risico 500", Decimal("0.86"))
# What businesses pay of what everybody does, and what buyers across the sea pay in their own money.
BUSINESS = {"CVO-200": Decimal("0.93"), "LAA-200": Decimal("0.95"), "CYB-100": Decimal("0.97")}
POUNDS = {"HVM-210": Decimal("0.90"), "NOT-200": Decimal("0.92")}
# What an account has agreed, and what its shelves were seen to ask beside what is advised.
ACCOUNT = {"HVM-220": Decimal("0.97"), "DGM-750": Decimal("0.96")}
SEEN = {"HVM-220": ("0.00", "-0.10", "0.00"), "SAP-100": ("0.10", "0.10", "-0.20")}
# name, tier, basis: from which use what a unit bears without VAT, by year; the order of size of the real ones
LEVIES: dict[tuple[str, str, str], dict[int, tuple[tuple[str, str], ...]]] = {
    ("Energiebelasting stroom", "kWh", "unit"): {
        2024: (("0", "0.10880"), ("10000", "0.09037")),
        2025: (("0", "0.10154"), ("10000", "0.06937")),
        2026: (("0", "0.09161"), ("10000", "0.06450")),
    },
    ("Energiebelasting gas", "m³", "unit"): {
        2024: (("0", "0.58301"),),
        2025: (("0", "0.57816"),),
        2026: (("0", "0.60066"),),
    },
    ("Vermindering energiebelasting", "kWh", "year"): {
        2024: (("0", "-521.81"),),
        2025: (("0", "-524.95"),),
        2026: (("0", "-519.80"),),
    },
}
# Cheaper on the web from so many months back, then dearer again.
DIPS = {"HVM-210": (5, 4), "SAP-100": (2, 1), "PIN-600": (8, 7)}
# What a consumer pays for what we sell at 1.
CONSUMER = Decimal("1.52")
CENT, MILL = Decimal("0.01"), Decimal("0.0001")


def prices_create(people: Mapping[str, User]) -> None:
    """The lists, which VAT each line has, and the rules prices keep to."""
    anna, emma = people["Anna"], people["Emma"]
    for code, name_nl, name_en, kind, channel, segment, with_vat, currency in LISTS:
        price_list_create(
            user=anna,
            code=code,
            name_nl=name_nl,
            name_en=name_en,
            kind=kind,
            currency=currency,
            channel=Channel.objects.get(code=channel) if channel else None,
            segment=Segment.objects.get(code=segment) if segment else None,
            with_vat=with_vat,
        )
    lines = {line.code: line for line in ProductLine.objects.all()}
    for line, code in VAT.items():
        vat_set(user=emma, line=lines[line], code=code, start_date=SINCE)
    for line, customers in (("energy", HOUSEHOLDS), ("insurance", INSURED)):
        for customer, uses in customers.items():
            amounts = {tier: Decimal(amount) for tier, amount in uses.items()}
            reference_customer_set(user=anna, line=lines[line], customer=customer, uses=amounts)
    for (name, tier, basis), years in LEVIES.items():
        for year, steps in years.items():
            levy_set(
                user=anna,
                line=lines["energy"],
                name=name,
                basis=basis,
                tier=tier,
                start_date=datetime.date(year, 1, 1),
                steps=[(Decimal(begin), Decimal(amount)) for begin, amount in steps],
            )
    levy_set(
        user=anna,
        line=lines["insurance"],
        name="Assurantiebelasting",
        basis="share",
        tier="",
        start_date=SINCE,
        steps=[(Decimal(0), Decimal("0.21"))],
    )
    notice_set(user=emma, channel=Channel.objects.get(code="retail"), days=42)
    pass_through_set(user=anna, channel=None, start_date=SINCE, rate=Decimal("0.8"))
    perishable_set(user=anna, product=None, line=lines["juice"], start_date=SINCE, perishable=True)
    bound_set(
        user=emma,
        product=None,
        line=lines["energy"],
        component="month",
        start_date=SINCE,
        least=None,
        most=Decimal(10),
        with_vat=False,
        source="Afspraak met de toezichthouder",
        beyond="reason",
    )
    bound_set(
        user=emma,
        product=None,
        line=lines["care"],
        start_date=SINCE,
        least=None,
        most=Decimal(250),
        with_vat=False,
        source="Maximumtarief NZa",
        beyond="refuse",
    )
    bound_set(
        user=emma,
        product=Product.objects.get(code="AUT-100"),
        line=None,
        start_date=SINCE,
        least=Decimal(28),
        most=None,
        with_vat=False,
        source="Afspraak met de herverzekeraar",
        beyond="refuse",
    )


def price_file(last: datetime.date, path: Path) -> None:
    """Every product's prices as a file that can be imported."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["product", "prijslijst", "vanaf", "prijs", "onderdeel", "staffel"])
        launched = dict(Product.objects.values_list("code", "launched"))
        for item in items():
            begun = launched[item.code] or month_add(last, -60)
            for price_list, day, amount, component, tier in _rows(item, begun, last):
                out.writerow(
                    [item.code, price_list, day.isoformat(), f"{amount}".replace(".", ","), component, tier]
                )


def _rows(
    item: Item, begun: datetime.date, last: datetime.date
) -> Iterator[tuple[str, datetime.date, Decimal, str, str]]:
    """A price when it begins to be sold, or four years back, and a raise each January after it."""
    top = top_line(item.line)
    first = max(begun, datetime.date(last.year - YEARS, 1, 1))
    days = [first] + [
        day for ago in range(YEARS - 1, -1, -1) if (day := datetime.date(last.year - ago, 1, 1)) > first
    ]
    for day in days:
        own = _cents(Decimal(str(item.price)) / RAISE ** (last.year - day.year))
        yield "verkoop", day, own, "", ""
        if top == "energy":
            yield "verkoop", day, _cents(STANDING_CHARGE / RAISE ** (last.year - day.year)), "maand", ""
            for start, (tier, tariff) in TARIFFS.items():
                if item.code.startswith(start):
                    yield "verkoop", day, (tariff / RAISE ** (last.year - day.year)).quantize(MILL), "", tier
        if item.code == DEDUCTIBLE[0]:
            yield "verkoop", day, _cents(own * DEDUCTIBLE[2]), "", DEDUCTIBLE[1]
        for price_list, of in (("zakelijk", BUSINESS), ("export", POUNDS)):
            if item.code in of:
                yield price_list, day, _cents(own * of[item.code]), "", ""
        if item.code in ACCOUNT:
            yield "kroon", day, _cents(own * ACCOUNT[item.code]), "", ""
        if top == "food":
            consumer = _to_nine(own * CONSUMER)
            yield "advies", day, consumer, "", ""
            yield "webwinkel", day, consumer + Decimal("0.10"), "", ""
    for ago, more in zip((14, 8, 3), SEEN.get(item.code, ()), strict=False):
        consumer = _to_nine(_cents(Decimal(str(item.price))) * CONSUMER)
        yield "schap-kroon", month_add(month_start(last), -ago), consumer + Decimal(more), "", ""
    if item.code in DIPS:
        consumer = _to_nine(_cents(Decimal(str(item.price))) * CONSUMER) + Decimal("0.10")
        low, back = (month_add(month_start(last), -ago) for ago in DIPS[item.code])
        yield "webwinkel", low, consumer - Decimal("0.20"), "", ""
        yield "webwinkel", back, consumer, "", ""


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _to_nine(amount: Decimal) -> Decimal:
    """The nearest price that ends in a nine."""
    return (amount * 10).quantize(Decimal(1), ROUND_HALF_UP) / 10 - CENT


def proposals_create(people: Mapping[str, User]) -> None:
    """Marketing proposes, past the days of notice: one price is approved, one was rejected, a line's wait."""
    ruud, sanne = people["Ruud"], people["Sanne"]
    ahead = month_add(month_start(today()), 3)
    latte = Product.objects.get(code="HVM-210")
    approved = _proposed(
        ruud, "advies", ahead, "Barista boven de 2 euro", Rule("amount", Decimal("0.10")), [latte.pk]
    )
    proposal_approve(user=sanne, proposal=approved)
    jam = Product.objects.get(code="JAM-450")
    rejected = _proposed(
        ruud, "advies", ahead, "Jam omlaag", Rule("percentage", Decimal("-0.1"), "99"), [jam.pk]
    )
    proposal_reject(user=sanne, proposal=rejected, note="Eerst de proef in Utrecht afwachten")
    line = list(Product.objects.filter(line__code="dairy-free", ended=None).values_list("pk", flat=True))
    _proposed(
        ruud, "verkoop", ahead, "Haver en amandel zijn duurder", Rule("percentage", Decimal("0.03")), line
    )


def what_if_keep(people: Mapping[str, User]) -> None:
    """Marketing kept what a dearer oat milk would do, as the forecast of that night had it."""
    ruud, product = people["Ruud"], Product.objects.get(code="HVM-200")
    ground = what_if_ground(ruud, product)
    assert not isinstance(ground, str)
    usual = ground.usual()
    asked = ground.bounded(replace(usual, price=_cents(usual.price * Decimal("1.04"))))
    scenario_save(user=ruud, ground=ground, name="Vier procent erbij", answer=ground.answer(asked))


# Own prices that were changed so many months back: with what share, and what else was thought of.
DECIDED = (
    ("SAP-020", 7, "-0.12", "Marktaandeel terugwinnen bij Kroon", "Een tweede plek in het schap"),
    ("APS-100", 5, "0.06", "Appels waren duurder na de vorst", "Kleinere fles voor dezelfde prijs"),
)


def decisions_create(people: Mapping[str, User], last: datetime.date) -> None:
    """Prices decided before pmtool came, entered with their reasons: two that did not do what was hoped."""
    ruud, sanne = people["Ruud"], people["Sanne"]
    mine = PriceList.objects.get(code="verkoop")
    for code, ago, share, reason, alternatives in DECIDED:
        product, start = Product.objects.get(code=code), month_add(month_start(last), -ago)
        decided_at = timezone.now() - datetime.timedelta(days=31 * (ago + 2))
        proposal = Proposal.objects.create(
            price_list=mine,
            start_date=start,
            reason=reason,
            alternatives=alternatives,
            rule=Rule("percentage", Decimal(share)).as_json(),
            author=ruud,
            state=State.APPROVED,
            decided_by=sanne,
            decided_at=decided_at,
        )
        held = product.prices.filter(price_list=mine, component="unit", start_date__lt=start)
        amount = held.latest("start_date").amount or Decimal(0)
        Price.objects.create(
            price_list=mine,
            product=product,
            start_date=start,
            amount=_cents(amount * (1 + Decimal(share))),
            state=State.APPROVED,
            approved_by=sanne,
            approved_at=decided_at,
            proposal=proposal,
        )
        Proposal.objects.filter(pk=proposal.pk).update(created_at=decided_at - datetime.timedelta(days=3))
        price_decision_record(proposal=proposal)


def _proposed(
    author: User, price_list: str, start_date: datetime.date, reason: str, rule: Rule, products: list[int]
) -> Proposal:
    draft = proposal_draft(
        user=author,
        price_list=PriceList.objects.get(code=price_list),
        start_date=start_date,
        reason=reason,
        rule=rule,
        product_ids=products,
    )
    return proposal_submit(user=author, proposal=draft)
