"""The demo's promotions: some that ran and did more or less than was hoped, some ahead, one that is in
another's way; and what those that ran did to the sales."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from core.months import month_add, month_end, month_start
from core.organisation import today
from pricing.models import Promotion
from pricing.services.promotion_costs import promotion_cost_say
from pricing.services.promotion_decisions import promotion_cancel, promotion_decide, promotion_propose
from pricing.services.promotions import ProductPlan, PromotionPlan, forbidden_add, promotion_create
from products.models import Channel, Product, ProductLine


@dataclass(frozen=True)
class Offer:
    """``month``: in which it begins, counted from the last month with sales; ``brought``: what it truly did,
    as a share of what would have been sold; ``ahead``: so many days before the store it is delivered, and is
    it no more; ``off``: why it was called off."""

    name: str
    mechanic: str
    codes: tuple[str, ...]
    channels: tuple[str, ...]
    month: int
    day: int
    days: int
    planned: str
    brought: float = 0.0
    budget: int = 0
    share: str = "1"
    state: str = "approved"
    price: str = ""
    rate: str = ""
    amount: str = ""
    quantity: int | None = None
    ahead: int = 0
    off: str = ""
    currency: str = ""


OFFERS = (
    Offer(
        "2e halve prijs",
        "second_half",
        ("HVM-200", "HVM-220"),
        ("kroon",),
        -13,
        6,
        21,
        "0.85",
        0.91,
        63_000,
        "0.6",
        price="1.79",
        ahead=5,
    ),
    Offer("Noten bij de borrel", "display", ("NOT-200",), ("boerhof",), -10, 8, 21, "0.3", 0.25, 9_000),
    Offer(
        "1+1 amandelmelk",
        "one_plus_one",
        ("AMA-100",),
        ("vandaag",),
        -9,
        2,
        14,
        "1.2",
        1.0,
        38_000,
        "0.5",
        price="1.69",
    ),
    Offer("Barista-weken", "campaign", ("HVM-210",), ("horeca-plus",), -8, 1, 28, "0.2", 0.27, 12_000),
    Offer(
        "Pindakaas 2 voor 4,50",
        "n_for",
        ("PIN-600",),
        ("kroon",),
        -7,
        5,
        14,
        "0.5",
        0.12,
        21_000,
        "0.7",
        price="2.99",
        amount="4.50",
        quantity=2,
    ),
    Offer(
        "1,59-actie",
        "price_cut",
        ("HVM-210",),
        ("kroon", "boerhof"),
        -6,
        3,
        21,
        "0.6",
        0.48,
        41_000,
        price="1.99",
        amount="0.40",
    ),
    Offer(
        "Smoothie op proef",
        "coupon",
        ("SMO-025",),
        ("webshop",),
        -4,
        1,
        21,
        "0.4",
        0.1,
        6_000,
        price="2.29",
        rate="0.25",
    ),
    Offer(
        "Extra sap",
        "bonus_pack",
        ("SAP-100", "SAP-150"),
        ("boerhof",),
        2,
        6,
        14,
        "0.25",
        budget=15_000,
        price="2.49",
        rate="0.2",
        ahead=10,
    ),
    Offer(
        "Gezonde start",
        "n_for",
        ("GMB-025",),
        ("kroon",),
        3,
        4,
        14,
        "0.7",
        budget=18_000,
        state="draft",
        price="2.49",
        amount="5.00",
        quantity=3,
    ),
    Offer(
        "2e halve prijs",
        "second_half",
        ("HVM-200", "HVM-220"),
        ("kroon",),
        4,
        8,
        21,
        "0.8",
        budget=60_000,
        share="0.6",
        price="1.89",
        ahead=7,
    ),
    Offer(
        "Lente-actie Barista",
        "price_cut",
        ("HVM-210",),
        ("kroon",),
        5,
        4,
        14,
        "0.5",
        budget=35_000,
        state="proposed",
        price="1.99",
        rate="0.2",
    ),
    Offer(
        "Folder plantaardig",
        "feature",
        ("HVM-210", "AMA-100"),
        ("retail",),
        5,
        11,
        14,
        "0.2",
        budget=8_000,
        state="proposed",
    ),
    Offer("Spaar mee", "loyalty", ("KOK-100",), (), 6, 2, 28, "0.1", budget=5_000, state="draft"),
    Offer(
        "Welkomstkorting dynamisch",
        "welcome",
        ("GSD-001",),
        ("vergelijkers",),
        -6,
        5,
        24,
        "0.3",
        0.36,
        14_000,
        amount="25",
    ),
    Offer(
        "Welkomstkorting vast",
        "welcome",
        ("GSV-012", "GSV-036"),
        ("vergelijkers",),
        -14,
        3,
        26,
        "0.3",
        0.34,
        16_000,
        amount="25",
    ),
    Offer(
        "Welkomstkorting gas",
        "welcome",
        ("GAS-012",),
        ("webshop",),
        -9,
        4,
        25,
        "0.25",
        0.3,
        8_000,
        amount="25",
    ),
    Offer(
        "Welkomstkorting fiets en inboedel",
        "welcome",
        ("FTS-110", "INB-300"),
        ("webshop",),
        -13,
        2,
        28,
        "0.35",
        0.4,
        7_000,
        rate="0.25",
    ),
    Offer(
        "Welkomstkorting auto",
        "welcome",
        ("AUT-200",),
        ("webshop",),
        -9,
        3,
        26,
        "0.4",
        0.45,
        9_000,
        price="44",
        rate="0.25",
    ),
    Offer("Cashback hond", "cashback", ("DIE-100",), ("webshop",), -8, 1, 28, "0.2", 0.2, 5_000, amount="10"),
    Offer(
        "Welkomstkorting winter",
        "welcome",
        ("GSD-001", "GSV-012"),
        ("vergelijkers", "webshop"),
        3,
        10,
        22,
        "0.25",
        budget=22_000,
        amount="25",
    ),
    Offer(
        "Cashback hond en kat",
        "cashback",
        ("DIE-100", "DIE-200"),
        ("webshop",),
        4,
        1,
        28,
        "0.2",
        budget=9_000,
        state="proposed",
        amount="10",
    ),
    Offer(
        "Gratis intake",
        "campaign",
        ("GGZ-100",),
        ("particulier",),
        -3,
        1,
        30,
        "0.15",
        0.18,
        4_000,
    ),
    Offer(
        "Kruidenthee voor de helft",
        "coupon",
        ("KRS-500",),
        ("vandaag",),
        3,
        7,
        14,
        "0.5",
        budget=8_000,
        state="rejected",
        price="4.29",
        rate="0.5",
    ),
    Offer(
        "Tweede zak noten gratis",
        "one_plus_one",
        ("NOT-200",),
        ("boerhof",),
        2,
        14,
        14,
        "0.9",
        budget=17_000,
        price="3.49",
        ahead=10,
        off="Boerhof houdt het schap vrij voor zijn huismerk",
    ),
    Offer(
        "Kennismaking in Engeland",
        "price_cut",
        ("HVM-210", "NOT-200"),
        ("albion",),
        4,
        2,
        28,
        "0.4",
        budget=6_000,
        share="0.5",
        amount="0.12",
        currency="GBP",
    ),
)


def _span(offer: Offer, last: datetime.date) -> tuple[datetime.date, datetime.date]:
    start = month_add(last, offer.month).replace(day=offer.day)
    return start, start + datetime.timedelta(days=offer.days - 1)


def promotion_factor(code: str, channel: str, month: datetime.date, last: datetime.date) -> float:
    """What the promotions that ran made of a product's month in a channel, as a factor."""
    factor = 1.0
    for offer in OFFERS:
        if offer.brought and code in offer.codes and channel in offer.channels:
            start, end = _span(offer, last)
            days = (min(end, month_end(month)) - max(start, month)).days + 1
            factor += offer.brought * max(days, 0) / month_end(month).day
    return factor


WHY = {
    "price_cut": "De drempel verlagen voor wie een ander merk koopt.",
    "one_plus_one": "Nieuwe huishoudens laten proberen; de winkel vraagt om een sterke actie.",
    "second_half": "Meer per keer laten meenemen voordat de concurrent adverteert.",
    "n_for": "Vaste kopers twee tegelijk laten meenemen.",
    "display": "Een tweede plek in de winkel rond de feestdagen.",
    "campaign": "Bekendheid opbouwen bij horecazaken.",
}

# What some of them turned out to cost us, as marketing says once the bills are in.
COST = {"1+1 amandelmelk": Decimal(21_350), "1,59-actie": Decimal(38_900), "Barista-weken": Decimal(14_120)}


TOO_DEEP = "De thee loopt vanzelf weer: de helft eraf is weggegeven"


def promotions_create(people: Mapping[str, User], last: datetime.date) -> None:
    """Planned by marketing, approved by the product manager."""
    ruud, sanne, yara = people["Ruud"], people["Sanne"], people["Yara"]
    products = {product.code: product for product in Product.objects.all()}
    channels = {channel.code: channel for channel in Channel.objects.all()}
    for offer in OFFERS:
        row = promotion_create(user=ruud, plan=_plan(offer, products, channels, last))
        if offer.state != "draft":
            promotion_propose(user=ruud, promotion=row)
        if offer.state == Promotion.State.APPROVED:
            promotion_decide(user=sanne, promotion=row, approve=True)
        if offer.state == Promotion.State.REJECTED:
            promotion_decide(user=yara, promotion=row, approve=False, note=TOO_DEEP)
        if offer.off:
            promotion_cancel(user=sanne, promotion=row, note=offer.off)
        if offer.name in COST:
            promotion_cost_say(
                user=ruud,
                promotion=row,
                amount=COST[offer.name],
                known_date=min(month_end(month_add(month_start(row.store_end), 1)), today()),
                source="Facturen van de keten",
            )
    count = month_add(last, 3).replace(day=20)
    forbidden_add(
        user=sanne,
        line=ProductLine.objects.get(code="pantry"),
        channel=None,
        start_date=count,
        end_date=count + datetime.timedelta(days=9),
        reason="Inventarisatie",
    )


def _plan(
    offer: Offer,
    products: Mapping[str, Product],
    channels: Mapping[str, Channel],
    last: datetime.date,
) -> PromotionPlan:
    start, end = _span(offer, last)
    figures: dict[str, Any] = {
        name: Decimal(getattr(offer, name)) if getattr(offer, name) else None for name in ("rate", "amount")
    }
    price = Decimal(offer.price) if offer.price else None
    return PromotionPlan(
        name=offer.name,
        mechanic=offer.mechanic,
        store_start=start,
        store_end=end,
        delivery_start=start - datetime.timedelta(days=offer.ahead) if offer.ahead else None,
        delivery_end=end - datetime.timedelta(days=offer.ahead) if offer.ahead else None,
        products=[ProductPlan(products[code], price) for code in offer.codes],
        channels=[channels[code] for code in offer.channels],
        quantity=offer.quantity,
        currency=offer.currency,
        own_share_rate=Decimal(offer.share),
        budget_amount=Decimal(offer.budget) if offer.budget else None,
        planned_uplift_rate=Decimal(offer.planned),
        note=WHY.get(offer.mechanic, "Meer mensen laten proeven."),
        **figures,
    )
