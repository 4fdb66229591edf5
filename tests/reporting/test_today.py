"""Today: the sentence, what needs the person, and figures that equal their rows."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from altair.vegalite.v6.schema import core as VegaLite
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.text import capfirst

from accounts.models import Deputy
from collaboration.models import Alert
from collaboration.services.actions import action_create
from collaboration.services.alerts import Candidate, alert_raise, alerts_settle
from core.charts.marks import STAGE_KEYS
from core.charts.model import stage_word
from core.organisation import today
from forecasting.models import NightlyRun, NightlyStep, ProductNews
from products.models import BudgetRow, BudgetVersion, Measure, Product, ProductFigures, ProductMonth
from reporting.charts import stages_chart
from reporting.selectors.today import (
    AlertCounts,
    Grown,
    StageCount,
    course,
    movers,
    portfolio,
    scope_read,
)
from reporting.selectors.today_budget import planned
from reporting.words.today import alerts_sentence, night_sentence, why_words
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
MONTH = datetime.date(2026, 10, 1)


def text(answer: Any) -> str:
    return answer.content.decode()


@pytest.fixture
def night(db: Any) -> NightlyRun:
    organisation_factory(alert_min_amount=0)
    run = NightlyRun.objects.create(
        kind="scheduled",
        key="night",
        local_date=today(),
        as_of=MONTH,
        state="done",
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    NightlyStep.objects.create(
        run=run, name="forecast", position=0, state="done", computed=85, skipped=0, failed=1
    )
    return run


def known(night: NightlyRun, *, stage: str = "growth", before: str = "growth", **fields: Any) -> Product:
    """Figures of a year: sold 1,200, the year before 1,000, expected 1,500, a month ago 1,400."""
    product = product_factory(**fields)
    ProductFigures.objects.create(
        product=product,
        measure=Measure.objects.get(code="units"),
        data_month=MONTH,
        revenue_12m=Decimal(1200),
        revenue_12m_before=Decimal(1000),
        growth_rate=0.2,
        spark_volumes=[10.0] * 36,
        forecast_as_of=MONTH,
        forecast_12m=150,
        forecast_12m_amount=1500,
        spark_forecast=[12.0] * 18,
        spark_lo80=[10.0] * 18,
        spark_hi80=[14.0] * 18,
        stage=stage,
    )
    ProductNews.objects.create(
        product=product,
        run=night,
        as_of=MONTH,
        amount=1500,
        amount_before=1400,
        why_code="month",
        why_params={"month": "2026-10-01", "rate": 0.12},
        stage_before=before,
        error_amount=30,
        sold_amount=300,
        error_amount_before=60,
        sold_amount_before=300,
        year=2026,
        year_amount=1100,
        year_budget_amount=1000,
    )
    return product


def raise_alerts(night: NightlyRun, products: list[Product], owner: Any = None, kind: str = "moved") -> None:
    moved = {"rate": 0.2, "now": 120, "before": 100, "before_as_of": "2026-09-01", "is_level": False}
    stage = {
        "from": "maturity",
        "to": "decline",
        "chance": 0.8,
        "code": "falling",
        "params": {},
        "by_hand": 0,
    }
    evidence = moved | stage
    alerts_settle(
        kind=kind,
        subjects=[],
        local_date=night.local_date,
        candidates=[
            Candidate(
                subject=f"product:{product.pk}",
                fingerprint="now",
                stake_amount=Decimal(1000 + place),
                evidence=evidence,
                product_id=product.pk,
                recipient_id=owner.pk if owner else None,
            )
            for place, product in enumerate(products)
        ],
    )


def test_the_first_day_leads_to_the_import(client):
    client.force_login(user_factory())
    page = text(client.get("/"))
    assert "/data/upload/" in page
    client.force_login(user_factory("viewer"))
    assert "/data/upload/" not in text(client.get("/"))


def test_before_the_first_night_one_can_start_it(client):
    product_factory()
    client.force_login(user_factory())
    page = text(client.get("/"))
    assert "No night has run yet" in page
    assert "/forecasting/" in page


def test_the_page_says_what_happened_and_what_needs_me(client, night):
    owner = user_factory()
    product = known(night, name="Appelsap 1 L", owner=owner)
    raise_alerts(night, [product], owner)
    action_create(user=owner, title="Call Polderveld", owner=owner, due_date=None)
    client.force_login(owner)
    page = text(client.get("/"))
    assert "<b>85</b> of <b>86</b> forecasts were recomputed" in page
    assert "There is <b>one</b> new alert: one forecast moved." in page
    for part in ("Appelsap 1 L", "+20.0%", "Call Polderveld", "My 1 product", "Oct\u00a02026 was 12% higher"):
        assert part in page
    assert "<html" not in text(client.get("/", headers={"HX-Request": "true"}))


def test_at_most_twenty_and_the_number_of_the_others(client, night):
    owner = user_factory()
    line = line_factory(owner=owner)
    products = [known(night, line=line, name=f"Product {n:02}") for n in range(54)]
    raise_alerts(night, products, owner)
    client.force_login(owner)
    page = text(client.get("/"))
    assert page.count('class="alert-row') == 20
    assert "and 34 more" in page
    shown = Alert.objects.order_by("-stake_amount")[:20]
    assert all(f'id="alert-{alert.pk}"' in page for alert in shown)


@pytest.mark.parametrize("role", ["finance", "product-manager"])
def test_what_somebody_asks_comes_before_what_has_money_at_stake(client, night, role):
    """An approval for who may give it, owner of products or not; a question for who it is asked."""
    user, other = user_factory(role), user_factory()
    products = [known(night, owner=user if role == "product-manager" else other) for _n in range(21)]
    raise_alerts(night, products, products[0].owner)
    asked = {"report": "Juices", "author": "Sanne", "reason": "Talks", "by": "Karin", "text": "Why?"}
    made = {}
    for kind, recipient in (("report_grant", None), ("report_question", other), ("report_question", user)):
        evidence = {**asked, "grant": 1, "share": 1, "field": "margin"}
        candidate = Candidate(f"{recipient}", "asked", stake_amount=None, evidence=evidence)
        candidate = replace(candidate, recipient_id=recipient.pk if recipient else None)
        made[kind, recipient] = alert_raise(kind=kind, candidate=candidate).pk
    client.force_login(user)
    first = made["report_grant", None] if role == "finance" else made["report_question", user]
    for address in ("/", "/alerts/?whose=all"):
        page = text(client.get(address))
        found = [int(pk) for pk in re.findall(r'id="alert-(\d+)"', page)]
        assert found[0] == first, address
        assert made["report_question", other] not in found[:20]


def test_what_the_reader_asks_of_others_is_not_new_to_them(client, night):
    user = user_factory("finance")
    known(night, owner=user_factory())
    asked = {"report": "Juices", "author": "Sanne", "reason": "Talks", "grant": 1, "field": "margin"}
    for number, author in enumerate((user.pk, user_factory().pk)):
        evidence = asked | {"author_id": author}
        candidate = Candidate(f"{number}", "asked", stake_amount=None, evidence=evidence)
        alert_raise(kind="report_grant", candidate=candidate)
    client.force_login(user)
    page = text(client.get("/"))
    assert "<b>one</b> new alert" in page
    assert page.count('class="alert-row') == 2


@pytest.mark.parametrize(("asked", "others"), [(25, 15), (25, 3), (2, 30)])
def test_what_is_asked_takes_half_of_the_places_at_most(client, night, asked, others):
    """In sight and unfolded; of few alerts with money at stake, or few questions, the others fill up."""
    user = user_factory("product-manager")
    raise_alerts(night, [known(night, owner=user) for _n in range(others)], user)
    evidence = {"report": "Juices", "author": "Sanne", "by": "Karin", "text": "Why?", "share": 1}
    for number in range(asked):
        candidate = Candidate(f"{number}", "asked", stake_amount=None, evidence=evidence)
        alert_raise(kind="report_question", candidate=replace(candidate, recipient_id=user.pk))
    client.force_login(user)
    page = text(client.get("/"))
    kinds = dict(Alert.objects.values_list("pk", "kind"))
    found = [kinds[int(pk)] == "report_question" for pk in re.findall(r'id="alert-(\d+)"', page)]
    assert len(found) == 20
    assert f"and {asked + others - 20} more" in page
    for places in (8, 20):
        assert sum(found[:places]) == min(asked, max(places // 2, places - others)), places
    assert found[: min(asked, 4)] == [True] * min(asked, 4)


def test_figures_equal_the_sum_of_their_products(night):
    user = user_factory()
    for stage, before in (("growth", "growth"), ("maturity", "growth"), ("maturity", "maturity")):
        known(night, stage=stage, before=before)
    found = portfolio(user, scope_read(user, {"show": "all"}))
    assert (found.products, found.on_sale, found.revenue, found.forecast) == (3, 3, 3600, 4500)
    assert found.revenue_rate == pytest.approx(0.2)
    assert found.forecast_rate == pytest.approx(1500 / 1400 - 1)
    assert (found.wape, found.wape_before) == (pytest.approx(0.1), pytest.approx(0.2))
    assert (found.year, found.budget_rate) == (2026, pytest.approx(0.1))
    stages = {row.stage: (row.count, row.change) for row in found.stages}
    assert (stages["growth"], stages["maturity"], stages["decline"]) == ((1, -1), (2, 1), (0, 0))
    assert sum(row.revenue_share or 0 for row in found.stages) == pytest.approx(1)


def told(night: NightlyRun, **fields: Any) -> Product:
    """Ten months of 2026 at 100, of 2025 at 80, with 220 to come; the plan of the line is below."""
    product = known(night, **fields)
    ProductFigures.objects.filter(product=product).update(
        revenue_month=Decimal(100),
        revenue_month_before=Decimal(80),
        revenue_ytd=Decimal(1000),
        revenue_ytd_before=Decimal(800),
        revenue_year_before=Decimal(960),
        months_ytd=10,
        months_ytd_before=10,
        months_year_before=12,
        year_rest_amount=220,
    )
    sold(product, *range(1, 11))
    return product


def sold(product: Product, *months: int, year: int = 2026) -> None:
    units = Measure.objects.get(code="units").pk
    ProductMonth.objects.bulk_create(
        ProductMonth(
            product_id=product.pk,
            measure_id=units,
            month=datetime.date(year, month, 1),
            volume=1,
            revenue=100,
            days=30,
        )
        for month in months
    )


def line_budget(amount: int, year: int = 2026, **of: Any) -> None:
    version, _new = BudgetVersion.objects.get_or_create(code=f"b{year}", defaults={"name": "B", "year": year})
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            measure=Measure.objects.get(code="units"),
            month=datetime.date(year, month, 1),
            revenue=amount,
            **of,
        )
        for month in range(1, 13)
    )


def test_month_year_to_date_and_full_year_against_last_year_and_the_budget_of_the_line(night, client):
    owner = user_factory()
    line = line_factory(owner=owner)
    products = [told(night, line=line) for _number in range(2)]
    scope = scope_read(owner, {})
    found = portfolio(owner, scope)
    assert (found.month, found.ytd) == (Grown(200, pytest.approx(0.25)), Grown(2000, pytest.approx(0.25)))
    assert found.full_year == Grown(2440, pytest.approx(2440 / 1920 - 1))
    line_budget(160, line=line)
    line_budget(50, product=products[0])
    budget = planned(owner, scope, MONTH)
    assert (budget.month, budget.ytd, budget.full_year, budget.of_lines) == (160, 1600, 1920, True)
    assert budget.last_year is None  # of 2025 there is none
    client.force_login(owner)
    page = text(client.get("/")).replace("\u00a0", " ")
    for part in ("Revenue, Oct 2026", "+27.1%", "on last year, index 125", "on budget, index 127"):
        assert part in page
    # Somebody else's product in the line: its budget is not the person's.
    told(night, line=line, owner=user_factory())
    budget = planned(owner, scope_read(owner, {}), MONTH)
    assert (budget.month, budget.of_lines) == (50, False)
    assert planned(owner, scope_read(owner, {"line": line.code}), MONTH).month == 160


def test_the_full_year_is_of_all_products_and_of_the_year_of_the_data(night, client):
    """1,220 each; one of two has a budget, at 1,100 against 1,000. In January the night speaks of the next
    year already."""
    owner = user_factory()
    line = line_factory(owner=owner)
    _first, second = (told(night, line=line) for _number in range(2))
    client.force_login(owner)

    def year() -> str:
        page = text(client.get("/")).replace("\u00a0", " ")
        return page.partition("Expected full year 2026")[2][:900]

    assert "€2,440" in year()
    assert "on budget, index 110" in year()
    ProductNews.objects.filter(product=second).update(year_amount=None, year_budget_amount=None)
    assert "on budget of the 1 product that has one, index 110" in year()
    ProductNews.objects.update(year=2027)
    assert "on budget" not in year()
    assert "on last year" in year()


def test_lines_that_end_at_different_months_are_held_against_their_own_budgets(night, client):
    """Food has October, energy September: 10 months of 120 and 9 of 70 are planned of what is sold."""
    owner = user_factory()
    food, energy = (line_factory(owner=owner, name=name) for name in ("Food", "Energy"))
    for line in (food, energy):
        told(night, line=line)
    ProductFigures.objects.filter(product__line=energy).update(data_month=datetime.date(2026, 9, 1))
    line_budget(120, line=food)
    line_budget(70, line=energy)
    budget = planned(owner, scope_read(owner, {}), MONTH)
    assert (budget.month, budget.ytd, budget.full_year) == (120, 1200 + 630, 2280)
    assert budget.closed == [food]
    client.force_login(owner)
    assert "of Food alone" in text(client.get("/"))
    ProductFigures.objects.update(data_month=MONTH)
    budget = planned(owner, scope_read(owner, {}), MONTH)
    assert (budget.month, budget.ytd, budget.closed) == (190, 1900, [])
    assert "of Food alone" not in text(client.get("/"))


def test_a_line_that_ended_holds_back_no_budget(night, client):
    """Drinks are planned as a whole; cola goes on, all that was light ended in June. So does a line without
    products yet, also while another is late."""
    owner = user_factory()
    drinks = line_factory(owner=owner)
    cola, light = (line_factory(owner=owner, parent=drinks) for _number in range(2))
    told(night, line=cola)
    ended = told(night, line=light)
    ended.ended = datetime.date(2026, 6, 30)
    ended.save()
    ProductFigures.objects.filter(product=ended).update(data_month=datetime.date(2026, 6, 1))
    line_budget(100, line=drinks)
    line_budget(50, line=line_factory(owner=owner))
    found = planned(owner, scope_read(owner, {"show": "all"}), MONTH)
    assert (found.month, found.ytd, found.closed) == (150, 1500, [])
    for last_day, closed in (datetime.date(2026, 7, 15), []), (today(), [cola]):
        Product.objects.filter(pk=ended.pk).update(ended=last_day)  # in a month that is not whole
        assert planned(owner, scope_read(owner, {"show": "all"}), MONTH).closed == closed
    Product.objects.filter(pk=ended.pk).update(ended=datetime.date(2026, 6, 30))
    late = told(night, line=line_factory(owner=owner))
    ProductFigures.objects.filter(product=late).update(data_month=datetime.date(2026, 9, 1))
    assert planned(owner, scope_read(owner, {"show": "all"}), MONTH).month == 150


def test_a_budget_of_some_lines_and_of_a_measure_that_does_not_lead_is_said(night, client):
    """Nothing is compared with what only one of two lines planned."""
    owner = user_factory()
    first, second = line_factory(owner=owner), line_factory(owner=owner)
    told(night, line=first)
    told(night, line=second)
    idle = known(night, line=line_factory(owner=owner))  # brought in nothing this year
    ProductFigures.objects.filter(product=idle).update(year_rest_amount=0)
    line_budget(160, line=first)
    client.force_login(owner)
    page = text(client.get("/")).replace("\u00a0", " ")
    assert page.count("budget of 1 of 2 lines") == 3  # month, year to date, full year
    assert "on budget" not in page
    calls = measure_factory(code="calls", name_nl="gesprekken", name_en="calls")
    line_budget(40, line=second)
    january = BudgetRow.objects.filter(line=second, month__gt=datetime.date(2026, 1, 1))
    january.update(measure=calls)
    page = text(client.get("/")).replace("\u00a0", " ")
    # Planned for January alone it is not, in October or over the year.
    assert page.count("budget of 1 of 2 lines") == 3
    assert "on budget" not in page
    assert page.count("without what is budgeted in calls, which does not lead") == 3
    january.update(measure=Measure.objects.get(code="units"))
    page = text(client.get("/")).replace("\u00a0", " ")
    assert "budget of" not in page
    assert page.count("on budget, index 100") == 2  # 200 of 160 + 40


def test_the_budget_of_some_products_of_a_line_is_said(night, client):
    """Three of five have one, so that 500 is not held against 300; with a row of the line it is, to 250."""
    owner = user_factory()
    line = line_factory(owner=owner)
    products = [told(night, line=line) for _number in range(5)]
    for product in products[:3]:
        line_budget(100, product=product)
    client.force_login(owner)
    page = text(client.get("/")).replace("\u00a0", " ")
    assert page.count("budget of 3 of 5 products") == 2  # month, year to date
    line_budget(250, line=line)
    page = text(client.get("/")).replace("\u00a0", " ")
    assert "budget of" not in page
    assert page.count("on budget, index 200") == 2


def test_the_months_of_a_year_ago_need_a_budget_too(night, client):
    """Planned last year are only the products of one of two lines."""
    owner = user_factory()
    lines = [line_factory(owner=owner) for _number in range(2)]
    for line in lines:
        sold(told(night, line=line), 11, 12, year=2025)
        line_budget(50, line=line)
    line_budget(50, year=2025, line=lines[0])
    client.force_login(owner)
    page = text(client.get("/")).replace("\u00a0", " ")
    assert page.count("budget of 1 of 2 lines") == 1
    assert page.count("on budget, index 200") == 2


def test_a_line_without_a_budget_that_ends_earlier_is_said(night, client):
    """The month is of food alone, which has one; the year is of energy too, which has none."""
    owner = user_factory()
    food, energy = (line_factory(owner=owner, name=name) for name in ("Food", "Energy"))
    for line in (food, energy):
        told(night, line=line)
    september = datetime.date(2026, 9, 1)
    ProductFigures.objects.filter(product__line=energy).update(data_month=september, forecast_as_of=september)
    ProductMonth.objects.filter(product__line=energy, month=MONTH).delete()
    line_budget(100, line=food)
    budget = planned(owner, scope_read(owner, {}), MONTH)
    assert (budget.month, budget.ytd) == (100, None)
    client.force_login(owner)
    page = text(client.get("/")).replace("\u00a0", " ")
    assert "on budget, index 100" in page
    assert page.count("budget of 1 of 2 lines") == 2  # year to date, full year


def test_twelve_months_are_compared_with_the_budget_of_two_years(night, client):
    """2,400 sold; planned 2 × 80 in 2025 and 10 × 160 in 2026 for the line."""
    owner = user_factory()
    line = line_factory(owner=owner)
    for _number in range(2):
        told(night, line=line)
    line_budget(160, line=line)
    line_budget(80, year=2025, line=line)
    assert planned(owner, scope_read(owner, {}), MONTH).last_year == 1760
    client.force_login(owner)
    page = text(client.get("/")).replace("\u00a0", " ")
    assert "on the year before, index 120" in page
    assert "on budget, index 136" in page


def test_a_product_too_new_for_the_budget_leaves_it_compared_and_is_said(night, client):
    """Of five the budget is of four; of four of three, which is too little."""
    owner = user_factory()
    sold = [told(night, line=line_factory(owner=owner)) for _number in range(5)]
    for product in sold[1:]:
        line_budget(100, product=product)
    client.force_login(owner)
    page = text(client.get("/"))
    assert page.count("budget of 4 of 5 lines") == 2  # month and year to date
    assert page.count("on budget, index") == 3  # the full year by what the night knows
    ProductFigures.objects.filter(product=sold[-1]).delete()
    ProductMonth.objects.filter(product=sold[-1]).delete()
    page = text(client.get("/"))
    assert page.count("budget of 3 of 4 lines") == 2
    assert page.count("on budget, index") == 1


def test_twelve_months_of_a_line_that_ended_are_those_up_to_its_end(night):
    """And not counted once they are a year behind: 1,200 sold of each."""
    owner = user_factory()
    cola, light = (line_factory(owner=owner) for _number in range(2))
    told(night, line=cola)
    ended = told(night, line=light)
    Product.objects.filter(pk=ended.pk).update(ended=datetime.date(2026, 6, 30))
    ProductFigures.objects.filter(product=ended).update(data_month=datetime.date(2026, 6, 1))
    for line, amount in ((cola, 100), (light, 10)):
        for year in (2025, 2026):
            line_budget(amount, year=year, line=line)
    BudgetRow.objects.filter(line=light, month__gt=datetime.date(2026, 6, 1)).delete()
    scope = scope_read(owner, {})
    assert planned(owner, scope, MONTH).last_year == 12 * 110
    sold = portfolio(owner, scope).revenue
    ProductFigures.objects.filter(product=ended).update(data_month=datetime.date(2025, 6, 1))
    assert (sold, portfolio(owner, scope).revenue) == (2400, 1200)


@pytest.mark.parametrize(("rights", "said"), [(["forecasting.view"], True), ([], False)])
def test_that_no_night_has_run_is_told_to_who_sees_nights(client, rights, said):
    ProductFigures.objects.create(
        product=product_factory(), measure=Measure.objects.get(code="units"), data_month=MONTH
    )
    client.force_login(user_factory(rights=["products.view", *rights]))
    assert ("No night has run yet" in text(client.get("/"))) is said


def test_a_forecast_of_years_ago_is_not_in_the_next_12_months(night):
    user = user_factory()
    known(night)
    old = known(night)
    ProductFigures.objects.filter(product=old).update(
        data_month=datetime.date(2008, 6, 1), forecast_as_of=datetime.date(2008, 6, 1)
    )
    ProductNews.objects.filter(product=old).update(as_of=datetime.date(2008, 6, 1), amount_before=1000)
    found = portfolio(user, scope_read(user, {}))
    assert (found.forecast, found.forecast_rate) == (1500, pytest.approx(1500 / 1400 - 1))


def test_the_forecast_is_compared_as_it_stands_now(night):
    """Changed by hand since the night: the figures show it, and the change goes by them."""
    user = user_factory()
    known(night)
    ProductFigures.objects.update(forecast_12m_amount=2100)
    found = portfolio(user, scope_read(user, {}))
    assert (found.forecast, found.forecast_rate) == (2100, pytest.approx(0.5))
    # Not with what was known of another month.
    ProductNews.objects.update(as_of=datetime.date(2026, 9, 1))
    assert portfolio(user, scope_read(user, {})).forecast_rate is None


@pytest.mark.parametrize("code", ["driven", "overridden", "agreed", "price"])
def test_a_decision_is_a_reason(code):
    assert why_words(code, {})


def test_no_full_year_while_forecasts_are_of_other_data(night):
    user = user_factory()
    told(night)
    ProductFigures.objects.update(forecast_as_of=datetime.date(2026, 9, 1))
    assert portfolio(user, scope_read(user, {})).full_year == Grown()


def test_no_full_year_before_the_first_forecast(night):
    """After the first import, say: what came in so far is no year. What is no longer sold expects nothing."""
    user = user_factory()
    product = told(night)
    ProductFigures.objects.update(forecast_as_of=None, forecast_12m_amount=None, year_rest_amount=None)
    assert portfolio(user, scope_read(user, {"show": "all"})).full_year == Grown()
    Product.objects.filter(pk=product.pk).update(ended=datetime.date(2026, 10, 31))
    assert portfolio(user, scope_read(user, {"show": "all"})).full_year != Grown()


def test_the_band_of_the_portfolio_is_not_the_sum_of_bands(night):
    """Two products of 1,500, each ±300 (20 % of its volume): ±√(0.7·2·300² + 0.3·600²) = 484."""
    for _number in range(2):
        known(night)
    ProductFigures.objects.update(forecast_12m_lo80=120, forecast_12m_hi80=180)
    user = user_factory()
    found = portfolio(user, scope_read(user, {}))
    assert found.forecast == 3000
    assert found.forecast_band == pytest.approx((3000 - 483.74, 3000 + 483.74), abs=0.01)


def test_the_tiles_show_their_course_and_band(night, client):
    owner = user_factory(language="nl")
    client.force_login(owner)
    mine = known(night, owner=owner)
    other = known(night)
    ProductFigures.objects.update(forecast_12m_lo80=120, forecast_12m_hi80=180)
    for product, amount in ((mine, 100), (other, 900)):
        for month in (9, 10):
            ProductMonth.objects.create(
                product_id=product.pk,
                measure_id=Measure.objects.get(code="units").pk,
                month=datetime.date(2026, month, 1),
                volume=1,
                revenue=amount * month,
                days=30,
            )
    scope = scope_read(owner, {})
    assert scope.show == "mine"
    months = course(owner, scope)
    assert (months.past[-2:], months.past[0]) == ([900.0, 1000.0], None)
    found = text(client.get("/")).replace("\u00a0", " ")
    assert "80% kans: € 1.200 – € 1.800" in found
    assert found.count('class="spark') >= 1
    limited = user_factory(channels=[channel_factory()])
    assert course(limited, scope_read(limited, {})) is None


def test_before_a_month_is_known_no_stage_has_grown(night, client):
    for number in range(3):
        known(night, stage="growth" if number else "decline", before="")
    assert {row.change for row in portfolio(user_factory(), scope_read(user_factory(), {})).stages} == {None}
    ProductFigures.objects.filter(stage="decline").update(revenue_12m=Decimal(4))
    client.force_login(user_factory(language="nl"))
    found = text(client.get("/")).replace("\u00a0", " ")
    assert "&lt; 1% omzet" in found
    assert "+2</td>" not in found


def test_the_bar_of_stages_is_taken_along(client, night):
    stages = [StageCount("growth", 2, None, None), StageCount("decline", 1, None, None)]
    spec = stages_chart(stages).spec
    valid = json.dumps(spec).replace('"range": "stages"', '"range": "category"')  # a range of our own theme
    VegaLite.TopLevelSpec.from_dict(json.loads(valid))
    assert [(row["stage"], row["count"]) for row in spec["data"]["values"]] == [
        (f"{capfirst(stage_word('growth'))}: 2", 2),
        (f"{capfirst(stage_word('decline'))}: 1", 1),
    ]
    domain = spec["encoding"]["color"]["scale"]["domain"]
    assert [word.partition(":")[0] for word in domain] == [capfirst(stage_word(key)) for key in STAGE_KEYS]
    known(night)
    client.force_login(user_factory())
    page = client.get("/").content.decode()
    assert 'data-chart-own="#stages-spec"' in page
    assert 'data-copy-table="#stages-table table"' in page


def test_what_ended_counts_in_revenue_and_not_in_stages(night):
    user = user_factory()
    known(night)
    known(night, ended=datetime.date(2026, 1, 31))
    found = portfolio(user, scope_read(user, {}))
    assert (found.products, found.on_sale, found.revenue, found.forecast) == (2, 1, 2400, 1500)
    assert sum(row.count for row in found.stages) == 1


def test_growth_is_not_said_where_data_only_begin(night):
    user = user_factory()
    known(night)
    ProductFigures.objects.update(growth_rate=None, revenue_12m_before=Decimal(100))
    assert portfolio(user, scope_read(user, {})).revenue_rate is None


def test_mine_are_the_owned_and_inherited_ones_and_a_line_has_those_below(night):
    owner = user_factory()
    above = line_factory(owner=owner, code="above")
    below = line_factory(parent=above)
    inherited = known(night, line=below)
    known(night, line=below, owner=user_factory())
    own = known(night, owner=owner)
    assert set(scope_read(owner, {}).products) == {inherited, own}
    assert scope_read(owner, {}).show == "mine"
    assert scope_read(owner, {"show": "all"}).products.count() == 3
    assert scope_read(owner, {"line": "above"}).products.count() == 2
    assert scope_read(owner, {"line": "nothing"}).show == "mine"
    assert scope_read(user_factory(), {}).show == "all"


def test_people_limited_to_channels_see_no_figures_over_all_channels(client, night):
    product = known(night, name="Appelsap 1 L")
    raise_alerts(night, [product])
    limited = user_factory(channels=[channel_factory()])
    found = portfolio(limited, scope_read(limited, {}))
    assert (found.revenue, found.forecast, found.wape, found.stages) == (None,) * 3 + ([],)
    assert movers(limited, scope_read(limited, {})) == []
    client.force_login(limited)
    page = text(client.get("/"))
    assert "Appelsap" not in page
    assert "1,200" not in page


def test_people_limited_to_lines_see_those_only(client, night):
    inside, outside = known(night, name="Inside"), known(night, name="Outside")
    raise_alerts(night, [inside, outside])
    client.force_login(user_factory(lines=[inside.line]))
    page = text(client.get("/"))
    assert "Inside" in page
    assert "Outside" not in page
    assert "<b>86</b>" not in page


@pytest.mark.parametrize("role", ["viewer", "finance"])
def test_who_owns_no_products_reads_the_news_of_the_portfolio(client, night, role):
    product = known(night, name="Appelsap 1 L")
    raise_alerts(night, [product], user_factory(name="Anna"))
    client.force_login(user_factory(role))
    page = text(client.get("/"))
    assert "What is going on" in page
    assert "for Anna" in page
    assert ("/close/" in page) == (role == "finance")
    assert "/alerts/?whose=all" in page


@pytest.mark.parametrize("role", ["marketing", "sales", "logistics", "quality", "finance", "administrator"])
def test_every_role_has_a_today(client, night, role):
    known(night)
    client.force_login(user_factory(role))
    assert client.get("/").status_code == 200


def test_movers_are_the_largest_amounts_first(night):
    user = user_factory()
    small, large, still = known(night), known(night), known(night)
    ProductNews.objects.filter(product=large).update(amount=900)
    ProductNews.objects.filter(product=still).update(amount=1400)
    assert movers(user, scope_read(user, {})) == [large, small]


def test_queries_do_not_grow_with_products_and_alerts(client, night):
    owner = user_factory()
    line = line_factory(owner=owner)
    client.force_login(owner)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get("/")
        return len(found)

    raise_alerts(night, [known(night, line=line) for _ in range(2)], owner)
    queries()
    few = queries()
    raise_alerts(night, [known(night, line=line) for _ in range(30)], owner)
    assert queries() == few
    assert few <= 22


def everything(client: Any, user: Any) -> str:
    client.force_login(user)
    return text(client.get("/?show=all"))


def test_stages_wait_only_for_who_owns_or_deputises_and_may_judge(client, night):
    owner, deputy, colleague = user_factory(), user_factory(), user_factory()
    Deputy.objects.create(owner=owner, deputy=deputy, start_date=today(), end_date=today())
    may = ("products.view", "forecasting.view", "collaboration.view", "collaboration.alerts")
    cannot = user_factory(rights=may)
    raise_alerts(night, [known(night, owner=owner)], owner, kind="stage")
    waits, told = "<b>one</b> new alert: one stage waits for your", "one product seems to be in another stage"
    for user in (owner, deputy):
        page = everything(client, user)
        assert waits in page
        assert told not in page
        assert ">Judge<" in page
    page = everything(client, colleague)
    assert waits not in page
    assert told in page
    Product.objects.update(owner=cannot)
    Alert.objects.update(recipient=cannot)
    page = everything(client, cannot)
    assert waits not in page
    assert told in page
    assert ">Judge<" not in page
    Product.objects.update(owner=owner)
    Alert.objects.update(recipient=None)
    assert waits not in everything(client, owner)


def test_sentences(night):
    step = night.steps.get()
    with translation.override("en"):
        said = night_sentence(night, step, sees_all=True)
        assert said == "Last night <b>85</b> of <b>86</b> forecasts were recomputed."
        step.computed, step.skipped, step.failed = 0, 86, 0
        assert night_sentence(night, step, sees_all=True) == (
            "Last night nothing had changed: all <b>86</b> forecasts still hold."
        )
        assert (
            night_sentence(night, step, sees_all=False) == "Last night the forecasts were brought up to date."
        )
        night.local_date = datetime.date(2026, 11, 1)
        assert night_sentence(night, None, sees_all=True).startswith("In the night of 1\u00a0Nov\u00a02026")
        counts = AlertCounts(3, 3, 0, {"moved": 1, "stage": 2}, {"stage": 2})
        assert alerts_sentence(counts, deals=True) == (
            "There are <b>three</b> new alerts: two stages wait for your judgement and one forecast moved."
        )
        counts = AlertCounts(3, 3, 0, {"stage": 3}, {"stage": 1})
        assert alerts_sentence(counts, deals=True) == (
            "There are <b>three</b> new alerts: one stage waits for your judgement and two products seem to "
            "be in another stage."
        )
        assert alerts_sentence(AlertCounts(2, 0, 0, {}, {}), deals=True) == (
            "Nothing new needs you; two alerts are still open."
        )
        assert why_words("month", {"month": "2026-10-01", "rate": -0.08}) == (
            "Oct\u00a02026 was 8% lower than expected"
        )
