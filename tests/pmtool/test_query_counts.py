"""How many queries each page costs, kept in ``tests/query_counts.json`` so that one query more, or one a row,
shows as a difference.

After a change that is meant: ``QUERY_COUNTS=write pytest tests/pmtool/test_query_counts.py`` and look at the
difference in the file.
"""

from __future__ import annotations

import datetime
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from collaboration.models import Decision, DecisionProduct
from core.months import month_add
from exchange.models import Import
from forecasting.models import Forecast, ForecastMonth, StageEstimate
from pricing.models import (
    BonusSettlement,
    CostBudget,
    CostChange,
    CostChangeEffect,
    CostKind,
    CostLine,
    CostMonth,
    CostRate,
    DistributionMonth,
    Levy,
    Listing,
    Positioning,
    PositioningPoint,
    Price,
    PromotionCost,
    Proposal,
    RecommendedPrice,
    ReferenceUse,
    Scenario,
    SegmentChannel,
    Term,
    TermStep,
)
from pricing.services.promotions import ProductPlan
from products.models import (
    BudgetRow,
    BudgetVersion,
    Family,
    Measure,
    Product,
    ProductFigures,
    ProductLine,
    ProductMonth,
    SalesFact,
    SalesMonth,
    Segment,
)
from reporting.models import Report, ReportGrant, ReportPart, ReportSending, Share, Snapshot
from reporting.services.schedules import schedule_set
from tests.factories import channel_factory, line_factory, price_list_factory, user_factory
from tests.pricing.elasticities import elasticity_factory
from tests.pricing.promotions import measured

pytestmark = pytest.mark.django_db
COUNTS = Path(__file__).parent.parent / "query_counts.json"
MOST = 12
MONTHS = 30

# After a # the part of the page that is asked for.
PAGES = {
    "Today": "/",
    "product list": "/products/?view=all",
    "product list, sorted and filtered": "/products/?view=all&sort=-forecast_12m&line=line-1&status=current",
    "product overview": "/products/P0/",
    "marketing mix": "/products/P0/mix/",
    "a product's prices": "/products/P0/mix/prices/",
    "a product's positionings": "/products/P0/mix/positioning/",
    "a positioning": "/products/P0/mix/positioning/{positioning}/",
    "two positionings": "/products/P0/mix/positioning/compare/?old={positioning}&new={positioning}",
    "a product's place": "/products/P0/mix/place/",
    "what if": "/products/P0/mix/what-if/?price=11",
    "what if, a promotion": "/products/P0/mix/what-if/?kind=promotion#what-if",
    "what if, a promotion at a price with VAT": "/products/P1/mix/what-if/?kind=promotion#what-if",
    "what if, distribution": "/products/P0/mix/what-if/?kind=distribution&rate=0.5#what-if",
    "what if, slid": "/products/P0/mix/what-if/?price=11#what-if-result",
    "what if, a promotion slid": "/products/P0/mix/what-if/?kind=promotion&price=4#what-if-result",
    "what if, distribution slid": "/products/P0/mix/what-if/?kind=distribution&rate=0.5#what-if-result",
    "price sensitivity": "/pricing/sensitivity/",
    "where price has room": "/pricing/room/",
    "listings": "/pricing/listings/",
    "positionings": "/pricing/positionings/?show=all",
    "promotion calendar": "/pricing/promotions/",
    "a promotion": "/pricing/promotions/{promotion}/",
    "decisions": "/decisions/",
    "prices": "/pricing/?sort=-price",
    "price lists": "/pricing/lists/",
    "price rules": "/pricing/rules/",
    "VAT rates": "/pricing/vat/",
    "terms": "/pricing/terms/",
    "bonuses": "/pricing/terms/bonuses/",
    "a product's pocket prices": "/products/P0/mix/pocket/",
    "price proposals": "/pricing/proposals/",
    "a price proposal": "/pricing/proposals/{proposal}/",
    "what a price proposal does": "/pricing/proposals/{proposal}/effect/#effect",
    "costs": "/costs/?q=P&line=line-1",
    "a product's costs": "/products/P0/costs/",
    "a cost line": "/costs/lines/{cost}/",
    "kinds of cost": "/costs/kinds/",
    "break-even": "/costs/break-even/?q=P&line=line-1",
    "cost to serve": "/costs/break-even/?show=channels",
    "margin ahead by line": "/costs/break-even/?show=ahead",
    "margin ahead by channel": "/costs/break-even/?show=ahead&by=channel&line=line-1",
    "changes of many costs": "/costs/changes/",
    "a change of many costs": "/costs/changes/{change}/",
    "rates of a change of many costs": "/costs/changes/{change}/?show=rates",
    "budget of costs": "/costs/budget/",
    "months of costs": "/costs/months/",
    "mapping of the ledger": "/costs/mapping/",
    "entries of the ledger": "/costs/ledger/?kind=energy&product=P0&channel=-&state=mapped",
    "rows of sales": "/costs/reports/sales/?line=line-1&period=year",
    "API: months": "/api/v1/months/",
    "API: break-even": "/api/v1/break-even/?page_size=100",
    "a budget": "/products/budgets/{plan}/",
    "a budget to fill in": "/products/budgets/{plan}/edit/",
    "a budget's history": "/products/budgets/{plan}/history/",
    "API: products": "/api/v1/products/?page_size=100",
    "API: one product": "/api/v1/products/P0/",
    "API: lines": "/api/v1/lines/?page_size=100",
    "API: channels": "/api/v1/channels/?page_size=100",
    "API: families": "/api/v1/families/?page_size=100",
    "API: sales by month": "/api/v1/sales/months/?page_size=100",
    "API: sales as they came": "/api/v1/sales/facts/?product=P0&page_size=100",
    "API: rows of a budget": "/api/v1/budgets/plan/rows/?page_size=100",
    "API: forecasts": "/api/v1/forecasts/?current=true&page_size=100",
    "API: forecasts by channel": "/api/v1/channel-forecasts/?page_size=100",
    "API: stages": "/api/v1/stages/?current=true&page_size=100",
    "API: prices": "/api/v1/prices/?page_size=100",
    "where segments buy": "/pricing/segments/",
    "API: listings": "/api/v1/listings/?page_size=100",
    "API: distribution": "/api/v1/distribution/?page_size=100",
    "API: decisions": "/api/v1/decisions/?page_size=100",
    "API: elasticities": "/api/v1/elasticities/?page_size=100",
    "API: price lists": "/api/v1/price-lists/?page_size=100",
    "API: price proposals": "/api/v1/price-proposals/?page_size=100",
    "API: levies": "/api/v1/levies/?page_size=100",
    "API: terms": "/api/v1/terms/?page_size=100",
    "API: settled bonuses": "/api/v1/bonus-settlements/?page_size=100",
    "API: cost lines": "/api/v1/cost-lines/?page_size=100",
    "cost report": "/costs/reports/",
    "margin report": "/costs/reports/?layout=margin&by=product",
    "margin bridge": "/costs/reports/?layout=bridge&of=standard",
    "reports": "/reports/",
    "kinds of a new report": "/reports/new/",
    "a new report": "/reports/new/month/",
    "a report": "/reports/{report}/",
    "changes of a report": "/reports/{report}/history/",
    "charts and tables to choose for a report": "/reports/{report}/choose/",
    "schedule of a report": "/reports/{report}/schedule/",
    "shared links": "/reports/links/",
    "a shared link": "/reports/links/{share}/",
    "a published report": "/reports/{report}/1/",
    "a field on purpose": "/reports/grants/{grant}/",
    "costs and margin a unit": "/costs/reports/?layout=units&of=standard&sort=-change",
    "earned back": "/costs/break-even/?show=earned",
    "price variance": "/costs/reports/?layout=variance&by=product",
    "price variance from the budget": "/costs/reports/?layout=variance&by=product&against=budget",
    "cost trend": "/costs/reports/?layout=trend&of=standard&by=kind",
    "margin bridge from the budget": "/costs/reports/?layout=bridge&of=standard&against=budget",
    "API: cost reports": "/api/v1/cost-reports/?page_size=100",
    "API: cost rates": "/api/v1/cost-rates/?page_size=100",
}


def company(rows: int) -> Any:
    """So many products in three lines, with sales, figures, forecasts, stages and a plan; and their owner."""
    owner = user_factory()
    top = line_factory(code="line-1", owner=owner, unit="carton")
    lines = [top, line_factory(parent=top), line_factory()]
    lines += ProductLine.objects.bulk_create(ProductLine(code=f"l{n}", name=f"L{n}") for n in range(rows))
    channels = [channel_factory() for _ in range(rows)]
    Family.objects.bulk_create(Family(code=f"F{n}", name=f"F{n}", line=top) for n in range(rows))
    units, last = Measure.objects.get(code="units"), month_add(timezone.localdate().replace(day=1), -1)
    products = Product.objects.bulk_create(
        Product(code=f"P{n}", name=f"Product {n}", line=lines[n % 3]) for n in range(rows)
    )
    months = [month_add(last, -n) for n in range(MONTHS)]
    sold = [
        {"product": product, "measure": units, "month": month, "volume": 5, "revenue": 10, "days": 30}
        for product in products
        for month in months
    ]
    ProductMonth.objects.bulk_create(ProductMonth(**row) for row in sold)
    SalesMonth.objects.bulk_create(SalesMonth(**row, channel=channels[0]) for row in sold)
    SalesFact.objects.bulk_create(
        SalesFact(product=products[0], channel=channel, measure=units, start_date=last, period="M", volume=1)
        for channel in channels
    )
    computed: dict[str, Any] = {"measure": units, "as_of": last, "computed_at": timezone.now()}
    ProductFigures.objects.bulk_create(
        ProductFigures(
            product=product,
            measure=units,
            data_month=last,
            revenue_12m=product.pk,
            volume_12m=1,
            spark_volumes=[1.0] * 36,
            forecast_as_of=last,
            forecast_12m=9,
            forecast_12m_amount=9,
            stage="growth",
        )
        for product in products
    )
    forecasts = Forecast.objects.bulk_create(
        Forecast(product=product, method="mean", data_month=last, **computed) for product in products
    )
    ForecastMonth.objects.bulk_create(
        ForecastMonth(
            forecast=forecast, month=month_add(last, n), mean=5, median=5, lo80=4, hi80=6, lo95=3, hi95=7
        )
        for forecast in forecasts
        for n in range(1, 19)
    )
    StageEstimate.objects.bulk_create(
        StageEstimate(product=product, stage="growth", evidence_code="growing", **computed)
        for product in products
    )
    plan = BudgetVersion.objects.create(code="plan", name="Plan", year=last.year)
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=plan, product=product, measure=units, month=datetime.date(last.year, 1, 1), volume=1
        )
        for product in products
    )
    BudgetRow.objects.create(
        version=plan,
        line=top,
        channel=channels[0],
        measure=units,
        month=datetime.date(last.year, 1, 1),
        revenue=9,
    )
    priced(owner, products, channels)
    agreed(owner, channels, last.year)
    placed(products[0], channels, last)
    costed(owner, products)
    promoted(owner, products)
    reported(owner, products)
    return owner


def promoted(owner: Any, products: list[Product]) -> None:
    """A promotion of half of them that is over, with all that its page can say: sister products, what it cost
    by the ledger, what it earned, and the price that consumers compare it with."""
    *own, sister = products[len(products) // 2 :]
    channels = [channel_factory() for _ in own]
    shop = price_list_factory(with_vat=True, segment=Segment.objects.create(code="V", name="With VAT"))
    said = {"state": "approved", "approved_at": timezone.now(), "amount": 5}
    Price.objects.bulk_create(
        Price(product=each, price_list=shop, start_date=datetime.date(2020, 1, 1), **said) for each in own
    )
    names = ("product_id", "measure_id", "month", "volume", "revenue", "days")
    sold = SalesMonth.objects.filter(product__in=products[len(products) // 2 :]).values(*names).distinct()
    SalesMonth.objects.bulk_create([SalesMonth(**each, channel=channels[0]) for each in sold])
    plans = [ProductPlan(each) for each in own]
    row = measured(*own, products=plans, mechanic="price_cut", rate=Decimal("0.2"), channels=channels)
    row.effects.update(sister_rows=[[sister.pk, -30, -40, -20]])
    PromotionCost.objects.create(
        promotion=row, dimension="ACTION", known_date=timezone.localdate(), created_by=owner
    )


def reported(owner: Any, products: list[Product]) -> None:
    """As many reports, each published once."""
    for product in products:
        report = Report.objects.create(author=owner, title="Month", language="en", audience="external")
        report.products.add(product)
        ReportPart.objects.create(report=report, place=0, section="key_figures")
        told = {"audience": "external", "product_ids": [product.pk]}
        snapshot = Snapshot.objects.create(
            report=report, number=1, author=owner, published_at=timezone.now(), **told
        )
        ReportGrant.objects.create(
            report=report,
            field="margin",
            reason="Talks",
            scope={"products": [product.pk], "channels": [], "sections": ["key_figures"], "months": 24},
            asked_by=owner,
        )
        said = {"every": "week", "day": 1, "users": [owner]}
        schedule = schedule_set(user=owner, report=report, values=said)
        ReportSending.objects.bulk_create(
            ReportSending(schedule=schedule, date=timezone.localdate() - datetime.timedelta(n))
            for n in range(len(products))
        )
        day = timezone.localdate()
        said = {"label": "Noord", "token_hash": f"{report.pk:064x}", "granted_on": day, "expires_on": day}
        Share.objects.create(report=report, author=owner, granted=snapshot, **said)


def placed(product: Product, channels: list[Any], month: datetime.date) -> None:
    """One product, listed and lying in every channel, of a segment that buys in all of them."""
    product.segment = Segment.objects.create(code="S", name="Segment")
    product.save()
    Listing.objects.bulk_create(Listing(product=product, channel=each, start_date=month) for each in channels)
    months = [month_add(month, -n) for n in range(3)]
    DistributionMonth.objects.bulk_create(
        DistributionMonth(product=product, channel=each, month=month, points=5, weighted_rate="0.4")
        for each in channels
        for month in months
    )
    units = Measure.objects.get(code="units")
    SalesMonth.objects.bulk_create(
        SalesMonth(product=product, channel=each, month=month, measure=units, volume=5, days=30)
        for each in channels[1:]
        for month in months
    )
    SegmentChannel.objects.bulk_create(
        SegmentChannel(segment=product.segment, channel=each, start_date=month, share_rate="0.01")
        for each in channels
    )


def priced(owner: Any, products: list[Product], channels: list[Any]) -> None:
    """A list for everybody with all products, as many lists with the first, and as many proposals."""
    base, *others = [price_list_factory(channel=channel) for channel in [None, *channels]]
    now, day = timezone.now(), timezone.localdate()
    approved = {"state": "approved", "approved_at": now, "amount": 5, "start_date": day.replace(year=2020)}
    rows = [Price(product=product, price_list=base, **approved) for product in products]
    rows += [Price(product=products[0], price_list=each, **approved) for each in others]
    ahead = {"price_list": base, "start_date": day + datetime.timedelta(9)}
    for product in products:
        proposal = Proposal.objects.create(**ahead, reason="Dearer", author=owner, state="proposed")
        rows.append(Price(**ahead, product=product, proposal=proposal, state="proposed", amount=6))
    rows += [
        Price(**ahead, product=product, proposal=proposal, state="proposed", amount=6)
        for product in products[:-1]
    ]
    rows.append(Price(product=products[0], price_list=base, component="month", **approved))
    shelf = price_list_factory(kind="observed", with_vat=True)
    rows += [Price(product=product, price_list=shelf, **approved) for product in products[1:]]
    Price.objects.bulk_create(rows)
    line = products[0].line
    for number in range(len(products)):
        ReferenceUse.objects.create(line=line, customer=f"{number}", amount=number + 1)
        Levy.objects.create(line=line, name=f"{number}", start_date=day, amount=1)
    for product in products[:: len(products) // 10]:
        measured(product)
    who = {"proposed_by": owner, "decided_by": owner, "decided_at": now}
    decision = Decision.objects.create(
        kind="price", reference=proposal.pk, why="Dearer", effective_date=day, **who
    )
    what = {"old": "5", "new": "6", "component": "unit", "tier": "", "currency": "EUR"}
    DecisionProduct.objects.bulk_create(
        DecisionProduct(decision=decision, product=product, what=what) for product in products
    )
    for number in range(1, len(products) + 1):
        row = Positioning.objects.create(product=products[0], number=number, start_date=day, author=owner)
        PositioningPoint.objects.create(positioning=row, kind="claim", text="It foams")
    for product in products:
        elasticity_factory(product)
        mine = proposal.price_list
        RecommendedPrice.objects.create(
            product=product,
            price_list=mine,
            price=11,
            price_now=10,
            start_date=day,
            margin=2,
            margin_now=1,
            margin_lo80=1,
            margin_hi80=3,
            computed_at=now,
        )
    Scenario.objects.bulk_create(
        Scenario(
            product=products[0],
            name=f"What if {n}",
            author=owner,
            values={"price": "6", "start": str(day)},
            result={},
        )
        for n in range(len(products))
    )


def agreed(owner: Any, channels: list[Any], year: int) -> None:
    """A discount and a bonus of every channel, and what was settled of it."""
    said: dict[str, Any] = {"start_date": datetime.date(2020, 1, 1), "created_by": owner}
    Term.objects.bulk_create(Term(kind="invoice", channel=each, rate="0.1", **said) for each in channels)
    terms = Term.objects.bulk_create(
        Term(kind="bonus", basis="revenue", channel=each, **said) for each in channels
    )
    TermStep.objects.bulk_create(TermStep(term=term, from_amount=0, rate="0.01") for term in terms)
    BonusSettlement.objects.bulk_create(
        BonusSettlement(
            channel=each,
            year=year,
            amount=1,
            settled_date=datetime.date(year, 1, 1),
            reference="CN",
            created_by=owner,
        )
        for each in channels
    )


def costed(owner: Any, products: list[Product]) -> None:
    """Every product's own cost, as many of the first, of its line and of all; as many rates of the last."""
    purchase, overhead = (CostKind.objects.get(code=code) for code in ("purchase", "overhead"))
    share: dict[str, Any] = {"kind": overhead, "basis": "month", "key": "revenue", "currency": "EUR"}
    lines = [CostLine(product=p, kind=purchase, basis="unit", currency="EUR") for p in products]
    for number in range(len(products)):
        lines.append(CostLine(**share, name=f"{number}"))
        lines.append(CostLine(**share, name=f"{number}", line=products[0].line))
        lines.append(
            CostLine(product=products[0], kind=purchase, basis="unit", currency="EUR", name=f"{number}")
        )
    days = range(len(products))
    start = datetime.date(2025, 1, 1)
    made = CostLine.objects.bulk_create(lines)
    rates = [CostRate(cost_line=line, start_date=start, amount=2, created_by=owner) for line in made]
    rates += [
        CostRate(cost_line=made[-1], start_date=start + datetime.timedelta(n + 1), amount=3) for n in days
    ]
    CostRate.objects.bulk_create(rates)
    change = CostChange.objects.create(
        author=owner,
        reason="More",
        start_date=timezone.localdate() + datetime.timedelta(30),
        chosen={"kind": purchase.pk},
        how="percentage",
        value="0.04",
        state="applied",
        decided_at=timezone.now(),
    )
    change.rates.set(
        CostRate.objects.bulk_create(
            CostRate(cost_line=line, start_date=change.start_date, amount=4) for line in made
        )
    )
    margins = dict.fromkeys(("net", "cm1", "cm2", "cm3", "cm1_was", "cm2_was", "cm3_was", "tied"), 1)
    CostChangeEffect.objects.bulk_create(
        CostChangeEffect(cost_change=change, product=p, is_under=True, floor="0.3", **margins)
        for p in products
    )
    last = month_add(timezone.localdate().replace(day=1), -1)
    CostMonth.objects.bulk_create(
        CostMonth(product=p, month=month, kind=kind, source=source, amount=5, recorded_at=timezone.now())
        for source in ("standard", "actual")
        for p in products
        for month in (last, month_add(last, -12))
        for kind in (purchase, overhead)
    )
    said = {"sheet": "budget", "source": "shell", "file_size": 1, "state": "applied"}
    file = Import.objects.create(**said, created_by=owner, applied_by=owner, applied_at=timezone.now())
    CostBudget.objects.bulk_create(
        CostBudget(source_import=file, product=p, month=month, kind=purchase, amount=5)
        for p in products
        for month in (last, month_add(last, 1))
    )


def counted(owner: Any, addresses: dict[str, str], expected: dict[str, int]) -> dict[str, int]:
    """By page. One that takes another count than expected is asked for again: by then what is kept from one
    request to the next is there."""
    client = Client()
    client.force_login(owner)
    found = {}
    plan, proposal = BudgetVersion.objects.get().pk, Proposal.objects.latest("pk").pk
    positioning, cost = Positioning.objects.latest("pk").pk, CostLine.objects.latest("pk").pk
    change, report = CostChange.objects.latest("pk").pk, Report.objects.latest("pk").pk
    grant = ReportGrant.objects.latest("pk").pk
    share = Share.objects.latest("pk").pk
    promotion = PromotionCost.objects.get().promotion_id
    for name, pattern in addresses.items():
        address = pattern.format(
            plan=plan,
            proposal=proposal,
            positioning=positioning,
            cost=cost,
            change=change,
            report=report,
            grant=grant,
            share=share,
            promotion=promotion,
        )
        address, _sign, part = address.partition("#")
        headers = {"HX-Request": "true", "HX-Target": f"div#{part}"} if part else {}
        for _time in range(2):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address, headers=headers)
            assert answer.status_code == 200, f"{address}: {answer.status_code}"
            found[name] = len(queries)
            if found[name] == expected.get(name):
                break
        if os.environ.get("QUERY_COUNTS") == "show":
            print(f"\n== {name}: {len(queries)}", *(query["sql"][:230] for query in queries), sep="\n   ")
    return found


@pytest.mark.parametrize("rows", [10, 60])
def test_queries_a_page(rows: int) -> None:
    write = os.environ.get("QUERY_COUNTS") == "write"
    expected = {} if write else json.loads(COUNTS.read_text())
    found = counted(company(rows), PAGES, expected)
    if write:
        COUNTS.write_text(json.dumps(found, indent=2) + "\n")
    else:
        assert found == expected


def test_no_page_takes_many() -> None:
    kept = json.loads(COUNTS.read_text())
    assert kept.keys() == PAGES.keys()
    assert {name: count for name, count in kept.items() if count > MOST} == {}
