"""Without the right to costs, no answer differs by a byte for a product that has costs."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import rights
from accounts.models import User
from accounts.services.invitations import invitation_send
from collaboration.models import Alert, Notification
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from forecasting.models import Forecast, ForecastMonth
from pricing.models import (
    CostBudget,
    CostChange,
    CostCorrection,
    CostKind,
    CostLeftOut,
    CostShare,
    LedgerEntry,
    LedgerMapping,
    Listing,
    PromotionCost,
    Proposal,
    RecommendedPrice,
)
from pricing.services.cost_changes import cost_change_apply, cost_change_draft, cost_change_propose
from pricing.services.cost_months import BookedCost, cost_months_book
from pricing.services.margin_floors import floor_alerts_settle
from pricing.services.proposals import proposal_submit
from pricing.steps.margin_floor import falls_of
from products.models import Correction, Product, ProductLine, SalesMonth
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import months_give, night_now
from tests.policy.pricing_promotions import own as own_promotion
from tests.policy.rules import Rule
from tests.policy.test_walk import RULES, address, ask, body_of, sign_in
from tests.policy.world import World
from tests.pricing.promotions import measured
from tests.pricing.test_recommended import night

pytestmark = pytest.mark.django_db
COSTS = {"pricing.view_costs", "pricing.edit_costs"}
# Costs themselves are refused, but that something was said of what a promotion cost is read by all; how ready
# the servers are differs.
MOVES = re.compile("(?<!promotion.)cost|readyz")
CANARY, NAME = "87.6543", "ZQXCOSTNAME"
DIMENSION, INVOICE = "ZQXDIMENSION", "ZQXINVOICE"
"""What a promotion cost, by the ledger or by an invoice: that is said on the promotion, the amount is not."""
# Differs with every answer: what keeps a form from being sent by others, or twice.
_TOKEN = re.compile(rb'(?<=")[A-Za-z0-9]{64}(?=")|(?<=name="nonce" value=")[a-f0-9-]+')


Answers = dict[str, tuple[int, bytes]]


def _answers(session: str, rules: list[tuple[Rule, str]], before: Answers | None = None) -> Answers:
    """Of each address, as a page and as a fragment; where both were alike ``before``, as a page alone."""
    found: Answers = {}
    for rule, url in rules:
        for htmx in (False,) if rule.api else (False, True):
            key, page = (f"{url} {dict(rule.query)} {part}" for part in ("htmx" if htmx else "", ""))
            if htmx and before and before[key] == before[page]:
                continue
            cache.clear()
            with transaction.atomic():
                answer = ask(rule, "GET", url, {}, session, htmx)
                content = _TOKEN.sub(b"", body_of(answer))
                transaction.set_rollback(True)
            found[key] = (answer.status_code, content)
    return found


def _costs_give(world: World, finance: User) -> CostChange:
    """To the product, its line and everything; and a change that brings it from 50 % under its floor, which
    is another than before, as that of its line is."""
    product = world.own_product
    ProductLine.objects.filter(pk=world.own_line.pk).update(floor_rate=Decimal("0.8766"))
    Product.objects.filter(pk=product.pk).update(floor_rate=Decimal("0.4321"))
    change = cost_change_draft(
        user=finance,
        chosen={"product": product.pk},
        how="percentage",
        value=Decimal("0.3"),
        start_date=today() + datetime.timedelta(days=9),
        reason=NAME,
    )
    cost_change_apply(user=finance, change=change)
    own: list[dict[str, Any]] = [{"product": product}, {"line": world.own_line}, {}]
    for of in own:
        more = {} if "product" in of else {"basis": "month", "key": "revenue"}
        line = cost_line_factory(**of, **more, name=NAME)
        rate = cost_rate_factory(cost_line=line, start_date=datetime.date(2020, 1, 1), amount=CANARY)
        said = {"amount": CANARY, "reason": NAME, "proposed_by": finance}
        CostCorrection.objects.create(rate=rate, **said)
    _kind_give(product)
    Listing.objects.filter(product=product).update(fee=NAME)
    month = month_add(month_start(today()), -1)
    for source in ("standard", "actual", "budget", "forecast"):
        rows = [
            BookedCost(pk, month, line.kind_id, None, None, NAME, Decimal("87.65"))
            for pk in (product.pk, None)
        ]
        cost_months_book(source=source, months=[month], rows=rows)
    CostLeftOut.objects.create(product=product, month=month, cost_line=line, kind=line.kind, cost_centre=NAME)
    _ledger_give(world, month)
    falls = falls_of([Product.objects.get(pk=product.pk)])
    floor_alerts_settle(products=[product.pk], falls=falls, recipients={product.pk: None}, local_date=today())
    for kind in ("margin_floor", "cost_change"):
        assert Alert.objects.filter(kind=kind, state="open").exists()
    return change


def _kind_give(product: Product) -> None:
    """A kind of our own, with a note and fixed shares."""
    named = {"code": NAME.lower(), "name_en": NAME, "name_nl": NAME, "place": 999}
    own = CostKind.objects.create(**named, level="cm3")
    shared = cost_line_factory(kind=own.code, basis="month", key="fixed", name=NAME, note=NAME)
    cost_rate_factory(cost_line=shared, start_date=datetime.date(2020, 1, 1), amount=CANARY)
    CostShare.objects.create(cost_line=shared, product=product, weight=CANARY)


def _ledger_give(world: World, month: datetime.date) -> None:
    """Entries, mapped and not, of the product and of none; a budget of costs; a correction of them."""
    said = {
        "date": month,
        "month": month,
        "currency": "EUR",
        "amount": CANARY,
        "booked": "87.65",
        "text": NAME,
    }
    made = {"sheet": "sales", "source": "page", "file_name": "a.csv", "file_size": 1}
    file = Import.objects.first() or Import.objects.create(**made)
    quality = CostKind.objects.get(code="quality")
    for number, product in enumerate((world.own_product, None)):
        for account in (NAME, f"{NAME}2"):
            places = {"account": account, "cost_centre": NAME, "dimension": NAME, "product": product}
            LedgerEntry.objects.create(
                **said, **places, number=f"{NAME}{account}{number}", source_import=file
            )
        CostBudget.objects.create(
            month=month,
            kind=quality,
            product=product,
            amount="87.65",
            cost_centre=NAME,
            source_import=file,
        )
    promoted = {"account": NAME, "dimension": DIMENSION, "number": DIMENSION}
    LedgerEntry.objects.create(**said, **promoted, source_import=file)
    LedgerMapping.objects.create(account=NAME, start_month=month, kind=quality, product=world.own_product)
    Correction.objects.create(
        reason=NAME, changes=[{"month": f"{month:%Y-%m}", "what": "ledger", "rows": 1, "amount": CANARY}]
    )


def _forecast_give(product: Product) -> None:
    """A floor, a year sold and a year expected: a margin ahead has all it needs but costs."""
    made = _year_give(product)
    for step in range(12):
        bands = dict.fromkeys(("mean", "median", "lo80", "hi80", "lo95", "hi95"), 10.0)
        ForecastMonth.objects.create(forecast=made, month=month_add(made.as_of, step + 1), **bands)


def _year_give(product: Product) -> Forecast:
    Product.objects.filter(pk=product.pk).update(floor_rate="0.4")
    made: Forecast = Forecast.objects.get(product=product, measure__code="units", current=True)
    for step in range(12):
        said = {"product": product, "measure": made.measure, "month": month_add(made.as_of, -step)}
        SalesMonth.objects.get_or_create(
            **said, channel=channel_factory(), defaults={"volume": 10, "revenue": 20, "days": 30}
        )
    return made


@pytest.mark.long
def test_two_products_equal_but_for_cost_give_identical_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    world, moment = World(), timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: moment)  # or pages say how long ago something was
    product = world.own_product
    months_give(product, 24)
    billed = measured(product, mechanic="display")
    bill = {"known_date": today(), "created_by": user_factory(), "source": INVOICE, "promotion": billed}
    PromotionCost.objects.create(**bill, amount=5)
    price_factory(product=product, price_list=price_list_factory(), start_date=datetime.date(2024, 1, 1))
    known = [right.code for right in rights.registered() if right.code not in COSTS]
    person = user_factory(rights=known, name="All but costs")
    session, finance = sign_in(person), user_factory("finance")
    rules = [
        (rule, address(rule, rule.args(world) if rule.args else {}))
        for rule in RULES
        if rule.get is not None and rule.get not in COSTS and not MOVES.search(rule.name)
    ]
    assert len(rules) > 120
    for name in ("pricing:promotion", "api:promotion-cost"):
        rule = next(rule for rule, _url in rules if rule.name == name)
        rules.append((rule, address(rule, {"pk": billed.pk})))
    PromotionCost.objects.create(
        promotion_id=own_promotion(world)["pk"],
        dimension=DIMENSION,
        known_date=today(),
        created_by=finance,
    )
    _forecast_give(product)
    cost_rate_factory(product=product, start_date=datetime.date(2020, 1, 1), amount=1)
    night(product)
    cheap = RecommendedPrice.objects.get(product=product)
    before = _answers(session, rules)
    assert sum(b"outcome" in content for url, (_s, content) in before.items() if "what-if" in url) == 4
    assert sum(DIMENSION.encode() in content for url, (_s, content) in before.items() if "/cost/" in url) == 1
    assert sum(INVOICE.encode() in content for _status, content in before.values()) == 3
    _costs_give(world, finance)
    PromotionCost.objects.create(**bill, amount="8765.43")
    night(product)
    dear = RecommendedPrice.objects.get(product=product)
    assert (dear.price, dear.margin) != (cheap.price, cheap.margin)
    after = _answers(session, rules, before)
    assert len(rules) <= len(after) < len(before)
    assert [url for url in after if after[url] != before[url]] == []
    leaks = [text.encode() for text in (CANARY, CANARY.replace(".", ","), NAME)]
    assert [u for u, (_s, content) in after.items() if any(leak in content for leak in leaks)] == []


def test_a_proposal_to_a_margin_reads_as_one_of_prices_given_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its prices are there to be read; that they were made of costs, and how, is not, also where the form is
    sent as it opened."""
    moment, product = timezone.now(), product_factory(code="A")
    monkeypatch.setattr(timezone, "now", lambda: moment)
    prices = price_list_factory(code="sell")
    price_factory(product=product, price_list=prices, start_date=datetime.date(2024, 1, 1), amount=8)
    cost_rate_factory(product=product, start_date=datetime.date(2020, 1, 1), amount=6)
    asked = {
        "price_list": "sell",
        "start_date": (today() + datetime.timedelta(9)).isoformat(),
        "rounding": "none",
        "component": "unit",
    }
    manager, reader = Client(), Client()
    manager.force_login(user_factory("product-manager"))
    reader.force_login(user_factory("marketing"))
    texts = []
    for how in ({"kind": "margin", "value": "40", "product": "A"}, {"kind": "paste", "pasted": "A\t10.00"}):
        opened = manager.get("/pricing/proposals/new/", how | {"start": asked["start_date"]}).context["form"]
        assert how["kind"] in ("paste", opened["kind"].value())
        asked["reason"] = opened["reason"].value() or "Dearer"
        assert manager.post("/pricing/proposals/new/", asked | how).status_code == 302
        made = Proposal.objects.latest("pk")
        assert made.prices.get().amount == 10
        manager.post(f"{made.get_absolute_url()}act/", {"act": "submit"})
        page = made.get_absolute_url()
        urls = (page, f"{page}export/csv/", f"/api/v1/price-proposals/{made.pk}/", "/products/A/mix/prices/")
        said = [_TOKEN.sub(b"", body_of(reader.get(url))).decode() for url in urls]
        assert all(said)
        texts.append([re.sub(rf'(proposals/|"id":){made.pk}\b', r"\1PK", text) for text in said])
        made.delete()
    assert texts[0] == texts[1]
    assert not any(word in text.lower() for text in texts[0] for word in ("margin after", "40%", "0.40"))


def test_no_role_is_told_by_mail_or_on_its_pages_what_it_may_not_see() -> None:
    """A margin that falls, a change of costs and the prices proposed for it: whom they reach, and how."""
    world, link = World(), lambda token: f"/account/invitation/{token}/"
    people = [world.whole(role) for role in world.roles]
    finance, manager = world.whole("finance"), world.whole("product-manager")
    product, prices = world.own_product, price_list_factory()
    Product.objects.filter(pk=product.pk).update(owner=manager)
    months_give(product, 24)
    price_factory(product=product, price_list=prices, start_date=datetime.date(2024, 1, 1), amount=100)
    night_now()
    _year_give(product)
    cost_rate_factory(product=product, start_date=datetime.date(2020, 1, 1), amount=1)
    change = _costs_give(world, finance)
    proposal = cost_change_propose(
        user=user_factory(rights=[right.code for right in rights.registered()], name="All"),
        change=change,
        price_list=prices,
        keep="amount",
        reason="Dearer",
    ).proposal
    proposal_submit(user=proposal.author, proposal=proposal)
    for person in people:
        invitation_send(user=person, by=finance, link=link)
    assert len(mail.outbox) >= len(people)  # how it is said at all
    leaks = (CANARY, CANARY.replace(".", ","), NAME)
    addresses = ["/", "/alerts/", "/notifications/", "/api/v1/alerts/", proposal.get_absolute_url()]
    addresses += [f"/alerts/{row.pk}/" for row in Alert.objects.all()]
    addresses += [
        f"{product.get_absolute_url()}{tab}" for tab in ("", "costs/", "mix/", "activity/", "details/")
    ]
    addresses += ["/costs/", "/costs/ledger/", "/costs/ledger/csv/", "/costs/mapping/", "/costs/months/"]
    addresses += [f"/costs/reports/{more}" for more in ("?of=actual", "?layout=margin", "csv/?of=actual")]
    addresses += [
        "/costs/break-even/",
        "/data/",
        "/products/budgets/",
        "/api/v1/imports/",
    ]
    addresses += ["/api/v1/cost-reports/", "/api/v1/months/", "/api/v1/cost-lines/", "/api/v1/sales/months/"]
    sees = {person.name for person in people if person.has_perm("pricing.view_costs")}
    told: dict[str, list[str]] = {}
    for person in people:
        if person.name in sees and person != finance:
            continue
        client = Client()
        client.force_login(person)
        said = {url: body_of(client.get(url)).decode() for url in addresses}
        said["notifications"] = str(list(Notification.objects.filter(user=person).values()))
        for letter in mail.outbox:
            if person.email in letter.recipients():
                said[f"mail {letter.subject}"] = str(letter.message())
        told[person.name] = [url for url, text in said.items() if any(leak in text for leak in leaks)]
    assert {name: urls for name, urls in told.items() if urls and name not in sees} == {}
    assert len(told.keys() - sees) > 3
    assert {"/costs/ledger/", "/costs/ledger/csv/", "/costs/mapping/", "/costs/months/"} <= {
        *told[finance.name]
    }
    assert "/api/v1/cost-reports/" in told[finance.name]
