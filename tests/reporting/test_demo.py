"""The demo company has all that people should be able to try."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from collaboration.models import Alert, Comment, DecisionOutcome
from core.organisation import today
from forecasting.models import AccuracyRow, Finding, Forecast, Override, ProductNews, SharedEffect
from pricing.doctor import ledger_is_booked
from pricing.engine.pooling import Belief
from pricing.models import Bound, Positioning, PriceList, Promotion, PromotionEffect, Proposal
from pricing.selectors.bonuses import bonuses
from pricing.selectors.cost_months import cost_months
from pricing.selectors.earlier_promotions import LEAST_OTHERS
from pricing.selectors.prices import prices_on
from pricing.selectors.what_if import Ground
from pricing.selectors.what_if_promotion import PromotionAnswer
from pricing.selectors.what_if_reading import what_if_ground
from pricing.what_if_asked import Asker
from products.models import (
    BudgetVersion,
    BundlePart,
    Channel,
    Correction,
    FamilyMember,
    MonthClosing,
    Product,
    ProductFigures,
    ProductLine,
    ProductMonth,
    SalesFact,
    Succession,
)
from products.selectors.closing import closed_until
from products.selectors.lines import LineTree
from reporting.demo.people import sign_ins
from reporting.models import Report, Share
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.report_query import report_query
from reporting.selectors.shares_managed import shares_visible
from tests.demo_company import november
from tests.html import tight


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with november():
        yield


@pytest.mark.long
def test_every_stage_every_kind_and_every_trouble(demo_company: str, db: None) -> None:
    assert Product.objects.count() == 84
    assert ProductLine.objects.filter(parent=None).count() == 4
    assert Counter(Product.objects.values_list("kind", flat=True)).keys() == {"good", "service"}
    stages = set(ProductFigures.objects.exclude(stage="").values_list("stage", flat=True))
    assert stages == {"introduction", "growth", "maturity", "decline", "revival"}
    tree = LineTree()
    tops = ProductLine.objects.filter(parent=None)
    assert sorted(len(tree.measures(line.pk)) for line in tops) == [1, 2, 2, 3]
    assert BundlePart.objects.count() == 3
    assert FamilyMember.objects.values("family").distinct().count() == 3
    assert Succession.objects.get().successor.code == "SAP-100"
    borrows = Forecast.objects.get(product__code="KIK-400", measure__code="sell-in", current=True)
    assert (borrows.method, borrows.reason_params["periods"]) == ("blend", 5)
    warm = Forecast.objects.get(product__code="SAP-150", measure__code="sell-in", current=True)
    assert [each["name"] for each in warm.driver_effects["used"]] == ["Temperatuur"]
    _fresh_goes_by_the_week()
    assert SalesFact.objects.filter(volume__lt=0).exists()
    [unmapped] = cost_months().filter(kind__code="unmapped")
    assert (unmapped.amount, unmapped.month) == (1240, datetime.date(2026, 10, 1))
    assert list(ledger_is_booked()) == []
    assert cost_months().filter(source="accrual").count() > 2
    planned = cost_months().filter(source="budget")
    assert planned.filter(month=datetime.date(2026, 12, 1), product__code="HVM-210").count() == 8
    bridged = margin_bridge(
        User.objects.get(email="emma@demo.example"),
        report_query(QueryDict("layout=bridge&of=standard&month=2026-10")),
    )
    assert bridged.found is not None
    assert bridged.found.currency > 0  # a dollar that got cheaper
    assert cost_months().filter(source="forecast", product=None).count() == 0
    _september_is_closed()
    stands = Counter(Positioning.objects.values_list("product__code", "state"))
    assert stands["HVM-210", "approved"] == 3
    assert stands["HVM-210", "proposed"] == stands["SAP-100", "draft"] == 1
    months = ProductMonth.objects.filter(product__code="JAM-450", measure__code="sell-in")
    assert not months.filter(month=datetime.date(2025, 2, 1)).exists()
    assert months.filter(month=datetime.date(2025, 1, 1)).exists()
    assert [draft.year for draft in BudgetVersion.objects.filter(frozen_at=None)] == [2027]
    young = ProductMonth.objects.filter(product__code="NAZ-100").values("month").distinct()
    assert young.count() == 4
    findings = {(f.product.code, f.kind): f.state for f in Finding.objects.exclude(product=None)}
    assert findings["APS-100", "spike"] == "open"
    assert findings["PAS-500", "step"] == "open"
    assert findings["ROG-800", "stock_out"] == "confirmed"
    assert findings["CVO-100", "spike"] == "refused"
    assert ProductLine.objects.get(code="care").final_after_months == 2
    assert set(Product.objects.values_list("segment__code", flat=True)) == {
        *("gezinnen", "senioren", "zakelijk", None)
    }
    store = Channel.objects.get(kind="store")
    assert (store.parent.code, SalesFact.objects.filter(channel=store).exists()) == ("kroon", True)
    _a_morning_like_any_other()
    _people_helped_and_hurt()
    _every_kind_of_fact_of_the_mix()
    _what_it_costs()
    _three_reports_and_five_links()
    comment = Comment.objects.get()
    assert "@" not in comment.text
    assert [person.email for person in comment.mentions.all()] == ["sanne@demo.example"]
    assert len(sign_ins()) == 8
    assert "sanne@demo.example" in demo_company
    with pytest.raises(CommandError, match="empty database"):
        call_command("demo")


def _fresh_goes_by_the_week() -> None:
    """Easter, learnt from all five, moves each of them, and the leaflet one: in weeks, and so in months."""
    [shared] = SharedEffect.objects.filter(line__code="fresh", by_week=True)
    assert shared.payload["easter"]["weight"] == pytest.approx(0.35, abs=0.1)
    forecasts = Forecast.objects.filter(product__line__code="fresh", current=True, by_week=True)
    assert forecasts.count() == 5
    good_friday = datetime.date(2027, 3, 26)
    for forecast in forecasts.select_related("product"):
        used = {each["code"]: each for each in forecast.driver_effects["used"]}
        leaflet = {"in-de-folder"} if forecast.product.code == "VRS-100" else set()
        assert used.keys() == {"easter"} | leaflet
        assert used["easter"]["shared"] == 5
        week = forecast.weeks.get(week=good_friday - datetime.timedelta(days=4))
        assert week.driven > 1.15 * week.mean


def _september_is_closed() -> None:
    """All months until it, with their costs booked; a late invoice is a correction of it."""
    assert closed_until() == datetime.date(2026, 9, 1)
    assert MonthClosing.objects.get().closed_by == User.objects.get(email="emma@demo.example")
    [late] = Correction.objects.all()
    changes = {"month": "2026-09", "what": "ledger", "rows": 1, "amount": "1875.50"}
    assert late.changes[0] == changes
    assert {(each["what"], each["amount"]) for each in late.changes[1:]} == {("actual", "1875.50")}
    for source in ("standard", "actual"):
        assert cost_months().filter(source=source, month=datetime.date(2026, 9, 1)).exists()


def _a_morning_like_any_other() -> None:
    """Nobody has more than they can read, and most of the year goes as planned."""
    waiting = Counter(Alert.objects.filter(state="open").values_list("recipient__name", flat=True))
    assert waiting.pop(None) == 2  # of whoever may approve: a field of a report, a correction of costs
    assert len(waiting) == 5
    assert max(waiting.values()) <= 12
    rates = [
        abs(row.year_amount / row.year_budget_amount - 1)
        for row in ProductNews.objects.filter(year_budget_amount__gt=0)
    ]
    off = sum(rate > 0.05 for rate in rates)
    assert len(rates) > 50
    assert 5 <= off <= len(rates) / 3


def _every_kind_of_fact_of_the_mix() -> None:
    """Each can be looked at; what is left out of costs is a fault, and a split by fixed shares a choice of
    finance."""
    tables = [
        model for model in apps.get_app_config("pricing").get_models() if "pgh_id" not in _fields(model)
    ]
    empty = {model.__name__ for model in tables if not model._default_manager.exists()}
    assert empty == {"CostLeftOut", "CostShare"}
    assert set(Promotion.objects.values_list("mechanic", flat=True)) == set(Promotion.Mechanic.values)
    assert set(Promotion.objects.values_list("state", flat=True)) == set(Promotion.State.values)
    delivered = Promotion.objects.exclude(delivery_start=None)
    assert set(delivered.values_list("state", flat=True)) == {"approved", "cancelled"}
    abroad = Promotion.objects.get(currency="GBP")
    (paying,) = abroad.channels.all()
    assert PriceList.objects.filter(channel=paying, currency="GBP").exclude(prices=None).exists()
    assert abroad.state == "approved"
    measured = PromotionEffect.objects.filter(reason="", product__kind="service")
    assert set(measured.values_list("promotion__mechanic", flat=True)) == {"welcome", "campaign", "cashback"}
    for code in ("GAS-036", "INB-200"):  # of neither itself
        assert _welcome(Product.objects.get(code=code)).count >= LEAST_OTHERS
    assert Bound.objects.filter(least__isnull=False).exists()
    assert set(Bound.objects.values_list("beyond", flat=True)) == {"reason", "refuse"}
    lists = PriceList.objects.exclude(prices=None)
    assert set(lists.values_list("kind", flat=True)) == {"own", "advised", "observed"}
    assert lists.filter(segment__code="zakelijk", currency="EUR").exists()
    assert lists.filter(currency="GBP").exists()
    assert set(Positioning.objects.values_list("state", flat=True)) == {"approved", "proposed", "draft"}
    outcomes = DecisionOutcome.objects.exclude(row__expected=None)
    kinds = set(outcomes.values_list("row__decision__kind", flat=True))
    assert kinds == {"price", "promotion", "positioning"}
    insured = Product.objects.get(code="AUT-200")
    ground = what_if_ground(User.objects.get(name__startswith="Bram"), insured)
    assert isinstance(ground, Ground)
    assert ground.inflow is not None
    assert Finding.objects.filter(measure__kind="level", product__code="OPS-100", state="open").exists()
    assert Override.objects.exclude(channel=None).exists()


def _welcome(contract: Product) -> Belief:
    """What a welcome discount of it is believed to do."""
    user = User.objects.get(email="anna@demo.example")
    ground = what_if_ground(user, contract)
    assert isinstance(ground, Ground)
    asker = Asker(user, ground)
    answer = asker.answer(asker.read({"kind": "promotion", "mechanic": "welcome"}))
    assert isinstance(answer, PromotionAnswer)
    return answer.belief


def _fields(model: Any) -> set[str]:
    return {field.name for field in model._meta.get_fields()}


def _what_it_costs() -> None:
    """Every product on sale has a price; proposals wait, hold and were refused."""
    on_sale = set(Product.objects.filter(ended=None).values_list("pk", flat=True))
    assert on_sale <= prices_on(on_sale, today()).keys()
    assert set(Proposal.objects.values_list("state", flat=True)) == {"proposed", "approved", "rejected"}
    waits = bonuses(User.objects.get(name__startswith="Anna"), [2025])
    assert [bool(row.open) for row in waits] == [True, False, True]  # one half settled, one not at all


def _three_reports_and_five_links() -> None:
    """For each audience one that was published; a link in each state, one of them with a password."""
    assert sorted(Report.objects.values_list("audience", flat=True)) == ["external", "finance", "internal"]
    assert not Report.objects.filter(snapshots=None).exists()
    links = list(shares_visible(User.objects.get(email="sanne@demo.example")))
    assert Counter(link.state for link in links) == {"live": 2, "expired": 1, "paused": 1, "revoked": 1}
    assert [bool(link.password) for link in links if link.state == "live"] in ([True, False], [False, True])
    assert Share.objects.count() == len(links)


def _people_helped_and_hurt() -> None:
    """What two people changed, and what was agreed, has a known result."""
    added: dict[str, list[float]] = {}
    for row in AccuracyRow.objects.filter(lag=1).select_related("author"):
        for who, before, after in (
            (str(row.author), row.statistical, row.overridden),
            ("agreed", row.statistical if row.overridden is None else row.overridden, row.agreed),
        ):
            if after is not None:
                gain = abs(before - row.actual) - abs(after - row.actual)
                added.setdefault(who, []).append(gain)
    assert {who: len(gains) >= 12 for who, gains in added.items()} == dict.fromkeys(
        ("Fatima Amrani", "Sanne Vermeer", "agreed"), True
    )
    assert sum(added["Fatima Amrani"]) > 0
    assert sum(added["Sanne Vermeer"]) < 0


@pytest.mark.long
def test_two_decisions_went_wrong_and_say_so(demo_company: str, db: None, client: Client) -> None:
    client.force_login(User.objects.get(email="sanne@demo.example"))
    page = client.get("/decisions/?kind=price&show=missed")
    found = {item.row.product.code: item for item in page.context["rows"]}
    assert {"SAP-020", "APS-100"} <= found.keys()
    text = tight(page)
    for code in ("SAP-020", "APS-100"):
        item = found[code]
        assert item.verdict != "met"
        expected, measured = (f">{getattr(item, name)}<" for name in ("expected", "effect"))
        # Beside each other, in the product's row.
        assert text.index(measured, text.index(expected, text.index(code))) > 0
    # Nothing of what can be tried is empty.
    for address in ("/pricing/room/", "/pricing/listings/", "/pricing/positionings/?show=waiting"):
        assert client.get(address).context["page"].paginator.count > 0, address
