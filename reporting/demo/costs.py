"""What the demo company pays: purchase, claims and people by product, quality by line, overhead over all."""

from __future__ import annotations

import csv
import datetime
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from accounts.models import User
from core.months import month_add, month_start
from core.organisation import today
from pricing.engine.costs import allocate
from pricing.models import CostKind, CostLine
from pricing.services.cost_changes import cost_change_apply, cost_change_draft
from pricing.services.cost_corrections import cost_rate_correct
from pricing.services.costs import RateValues, cost_rate_add
from products.models import BudgetRow, Product

from .catalogue import CHANNELS_OF_LINE, Item, items
from .ledger import DIRECT, KINDS, LEAN, MOVING, RAISE, SERVICE, SHARED, cents, raised
from .sales import top_line

COLUMNS = (
    *("product", "productlijn", "kostensoort", "omschrijving", "basis", "waarvan", "vanaf", "bedrag"),
    *("valuta", "wisselkoers", "minimale_afname", "hoe_vaak", "verdeling", "kanaal", "kostenplaats"),
    "maanden_na_het_einde",
)
YEARS, DOLLAR_NOW = 3, "0,87"
Row = dict[str, Any]


def cost_file(last: datetime.date, path: Path) -> None:
    """Three years of costs, and what is agreed for the next, as a file that can be imported."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, delimiter=";")
        out.writeheader()
        launched = dict(Product.objects.values_list("code", "launched"))
        for item in items():
            begun = launched[item.code] or month_add(last, -60)
            for row in _rows(item):
                out.writerows(_yearly(row | {"product": item.code}, begun, last))
        for row in _shared():
            out.writerows(_yearly(row, datetime.date(last.year - YEARS, 1, 1), last))
        out.writerows(_agreed(last))


def _yearly(row: Row, begun: datetime.date, last: datetime.date) -> Iterator[Row]:
    """From when it begins, or three years back, and 3 % dearer each January; shares stay what they are."""
    first = max(begun, datetime.date(last.year - YEARS, 1, 1))
    days = [first, *(datetime.date(year, 1, 1) for year in range(first.year + 1, last.year + 1))]
    for day in days if row["basis"] != "share" else days[:1]:
        amount = row["bedrag"]
        if row["basis"] != "share":
            amount = (amount / RAISE ** (last.year - day.year)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        exchange = {"wisselkoers": DOLLAR_NOW} if "valuta" in row and day.year == last.year else {}
        yield row | {"vanaf": day.isoformat(), "bedrag": f"{amount:f}".replace(".", ",")} | exchange


def _unit(kind: str, amount: Decimal, **more: Any) -> Row:
    return {"kostensoort": kind, "basis": "unit", "bedrag": amount, **more}


def _share(kind: str, base: str, percentage: str, **more: Any) -> Row:
    return {"kostensoort": kind, "basis": "share", "waarvan": base, "bedrag": Decimal(percentage), **more}


def _rows(item: Item) -> Iterator[Row]:
    price, top = Decimal(str(item.price)), top_line(item.line)
    if item.code == "GMB-025":  # ginger comes by sea, in dollars
        yield _unit(
            "purchase", price * Decimal("0.38"), valuta="USD", wisselkoers="0,92", minimale_afname=5000
        )
        yield _unit("inbound", price * Decimal("0.05"), omschrijving="Zeevracht")
        yield _share("inbound", "freight", "0.5", omschrijving="Transportverzekering")
        yield _share("duty", "cif", "4.5")
        yield _unit("clearing", price * Decimal("0.012"), omschrijving="Inklaring en vrachtwagen")
    elif top == "food":
        yield _unit("purchase", price * Decimal("0.51"))
        yield _unit("inbound", price * Decimal("0.07"))
    elif top == "energy":
        yield _unit("energy", price * Decimal("0.72"))
    elif top == "insurance":
        yield _share("claims", "net", "64")
        yield _share("commission", "net", "11")
        yield {
            **_unit("service", Decimal("14.5"), omschrijving="Klantcontact", hoe_vaak="0,1667"),
            "basis": "contract",
        }
    else:
        share = Decimal(LEAN.get(item.code, "0.61"))
        yield _unit("production", price * share, omschrijving="Behandelaren")


def _shared() -> Iterator[Row]:
    food, energy = {"productlijn": "food"}, {"productlijn": "energy"}
    yield food | _share("payment", "net", "1.2")
    yield food | _share("fulfilment", "net", "6.5")
    yield food | _share("commission", "net", "8", kanaal="webshop")
    yield energy | _share("commission", "net", "6", kanaal="vergelijkers")
    monthly = {"basis": "month", "verdeling": "revenue"}
    yield food | _unit("quality", Decimal(18_000), kostenplaats="4410") | monthly
    yield food | _unit("marketing", Decimal(45_000), kostenplaats="4600") | monthly
    yield energy | _unit("personnel", Decimal(60_000), kostenplaats="4100") | monthly
    yield {"productlijn": "insurance"} | _unit("personnel", Decimal(40_000), kostenplaats="4200") | monthly
    yield {"productlijn": "care"} | _unit("capacity", Decimal(9_000), kostenplaats="4300") | monthly
    yield {"productlijn": "alles"} | _unit("overhead", Decimal(120_000), kostenplaats="9000") | monthly


def _agreed(last: datetime.date) -> Iterator[Row]:
    """Oats get dearer, a campaign was paid, a licence goes on after the product."""
    latte = next(item for item in items() if item.code == "HVM-210")
    ahead = Decimal(str(latte.price)) * Decimal("0.51") * Decimal("1.06")
    once = {"product": latte.code, "vanaf": month_add(last, -4).isoformat()}
    yield {
        **_unit("purchase", ahead),
        "product": latte.code,
        "vanaf": datetime.date(last.year + 1, 1, 1).isoformat(),
        "bedrag": f"{ahead:.4f}".replace(".", ","),
    }
    yield once | {
        "kostensoort": "marketing",
        "basis": "once",
        "bedrag": "12500",
        "omschrijving": "Proeverijen",
    }
    yield {
        "product": "SOY-100",
        "kostensoort": "licences",
        "basis": "month",
        "vanaf": month_add(last, -30).isoformat(),
        "bedrag": "350",
        "maanden_na_het_einde": 6,
    }


def dearer_create(finance: User) -> None:
    """Fulfilment costs 4 % more from next year on; what a campaign in the commission would do is a draft."""
    said: dict[str, Any] = {
        "user": finance,
        "how": "percentage",
        "start_date": datetime.date(today().year + 1, 1, 1),
    }
    kinds = {kind.code: kind.pk for kind in CostKind.objects.all()}
    change = cost_change_draft(
        chosen={"kind": kinds["fulfilment"]},
        value=Decimal("0.04"),
        reason="Vervoerder rekent 4 % meer",
        **said,
    )
    cost_change_apply(user=finance, change=change)
    cost_change_draft(
        chosen={"kind": kinds["commission"]},
        value=Decimal("0.1"),
        reason="Wat als de commissie stijgt?",
        **said,
    )


def correction_create(finance: User) -> None:
    """Quality costs another amount this month; two of its digits were typed the wrong way round."""
    line = CostLine.objects.get(kind__code="quality", line__code="food")
    wrong, start_date = RateValues(Decimal(18_054)), month_start(today())
    rate = cost_rate_add(user=finance, cost_line=line, start_date=start_date, values=wrong)
    cost_rate_correct(
        user=finance,
        rate=rate,
        reason="Cijfers verwisseld: het contract zegt 18.045",
        values=RateValues(Decimal(18_045)),
    )


def cost_budget_file(last: datetime.date, path: Path) -> None:
    """What the budgets of sales are planned to cost: what is bought or paid as a share of each product's
    revenue, what a line or all pay a month by revenue."""
    tops = {item.code: top_line(item.line) for item in items()}
    planned = BudgetRow.objects.filter(version__frozen_at__isnull=False, revenue__gt=0, product__isnull=False)
    months: dict[datetime.date, dict[str, Decimal]] = defaultdict(dict)
    volumes: dict[tuple[datetime.date, str], Decimal] = {}
    of = ("month", "product__code", "volume", "revenue")
    for month, code, volume, revenue in planned.order_by("month", "product__code").values_list(*of):
        months[month][code] = revenue or Decimal(0)
        volumes[month, code] = volume or Decimal(0)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["artikel", "kostensoort", "kostenplaats", "maand", "kosten"])
        for month, revenues in months.items():
            for code, revenue in revenues.items():
                account, usual = DIRECT[tops[code]]
                costs = {KINDS[account]: revenue * Decimal(LEAN.get(code, usual))}
                places = {"": 1.0, **dict(CHANNELS_OF_LINE[tops[code]])}
                for _account, kind, line, channel, share in MOVING:
                    if line == tops[code]:
                        costs[kind] = revenue * Decimal(share) * Decimal(str(places[channel]))
                if tops[code] == SERVICE[2]:
                    costs[SERVICE[1]] = volumes[month, code] * raised(SERVICE[3], month, last)
                for kind, amount in costs.items():
                    out.writerow([code, kind, "", f"{month:%Y-%m}", cents(amount)])
            for _account, centre, kind, line, monthly in SHARED:
                within = {code: each for code, each in revenues.items() if line in ("", tops[code])}
                for code, own in allocate(raised(monthly, month, last), within).items():
                    out.writerow([code, kind, centre, f"{month:%Y-%m}", cents(own)])
