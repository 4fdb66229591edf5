"""The story that must always work, played in a browser; scenes are added, none is taken out.

Real web pages, a real worker and beat. Figures are computed from the data, never copied.
"""

from __future__ import annotations

import datetime
import os
import re
import signal
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import QuerySet
from django.utils import translation
from playwright.sync_api import expect

from collaboration.models import Alert
from core import formats
from core.models import Job
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from forecasting.models import Forecast, ForecastMonth, LaunchPlan, NightlyRun, StageEstimate
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from forecasting.words.forecasts import evidence_words
from pricing.models import Price
from pricing.selectors.price_answers import answers_read
from products.models import Product, SalesFact
from products.selectors.figures import spans
from tests.factories import cost_rate_factory, price_factory, price_list_factory, user_factory

from .company import AHEAD, PRICES, Company, dutch, found_company, spreadsheet, upload
from .story_costs import wednesday_costs
from .story_money import budget_laid_down, money_ahead
from .story_report import friday_report, sales_of_another

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(420)]
OLD_PRICE = PRICES["SAP-100"]


def test_the_story(
    page: Any,
    sign_in: Any,
    axe: Any,
    processes: Any,
    settings: Any,
    transactional_db: Any,
) -> None:
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    company = found_company()
    two_months_ago, month_ago = month_add(company.last, -2), month_add(company.last, -1)
    company.book(month for month in company.volumes["SAP-150"] if month <= two_months_ago)
    _night_as_of(two_months_ago)
    company.book([month_ago])
    _night_as_of(month_ago)
    _night_as_of(company.last)  # Sunday's: the month is over, its sales are not in but for one product's
    sign_in(page, company.sanne)

    worker = processes.worker()
    _monday_data(page, axe, company)
    _monday_night(page, processes, worker, company)
    _tuesday_today(page, axe, processes, company)
    start = _tuesday_price(page, sign_in, axe, company)
    _tuesday_night(page, axe, processes, company, start)
    sales_of_another(company)
    wednesday_costs(page, sign_in, axe, processes, company)
    sign_in(page, company.sanne)
    friday_report(page, axe, processes, company)


def _night_as_of(month: Any) -> None:
    run_work(run=night_start(kind=NightlyRun.Kind.MANUAL, as_of=month))


def _monday_data(page: Any, axe: Any, company: Company) -> None:
    """Scene 1: last month's sales with Dutch decimals; two refused rows, mended, applied."""
    rows = company.rows(company.last)
    upload(page, "sales", spreadsheet(company, spoiled=True))
    # Asked once per layout: what the revenue is.
    page.locator("form[action$='/reading/'] input[type=radio]").first.check(timeout=40_000)
    page.locator("form[action$='/reading/'] button").click()
    expect(page.locator("[data-count=refused] .kpi-value")).to_have_text("2", timeout=40_000)
    refused = page.locator("#refused tbody tr")
    expect(refused).to_have_count(2)
    lines = [f"{len(rows) + 2}", f"{len(rows) + 3}"]
    assert [refused.nth(place).locator("th").inner_text() for place in (0, 1)] == lines
    expect(refused.nth(0)).to_contain_text("SAP-999")
    expect(refused.nth(1)).to_contain_text("veel")
    axe(page)
    new = SalesFact.objects.filter(start_date=company.last).exclude(product__code=AHEAD)
    assert not new.exists()

    upload(page, "sales", spreadsheet(company, spoiled=False))
    expect(page.locator("[data-count=new] .kpi-value")).to_have_text(str(len(rows)), timeout=40_000)
    expect(page.locator("[data-count=refused] .kpi-value")).to_have_text("0")
    page.locator("form[action$='/apply/'] button").click()
    expect(page.locator("form[action$='/undo/']")).to_have_count(1, timeout=40_000)
    volume, revenue = sum(row[1] for row in rows), sum((row[2] for row in rows), Decimal(0))
    expect(page.locator("[data-total='0']")).to_have_text(re.compile(re.escape(_whole(dutch(volume)))))
    expect(page.locator("[data-total='1']")).to_have_text(re.compile(re.escape(_whole(dutch(revenue)))))
    assert new.count() == len(rows)


def _whole(number: str) -> str:
    return number.removesuffix(",00")


def _monday_night(page: Any, processes: Any, worker: Any, company: Company) -> None:
    """Scene 2: the night recomputes what the file touched and nothing else; a worker dies in the middle of
    it; in the morning everything is there once."""
    before = _untouched(company)
    processes.beat()
    processes.wait_until(lambda: _caught_at_work(worker.pid), "a chunk of the night is at work", 90)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    processes.worker()
    processes.wait_until(
        lambda: NightlyRun.objects.filter(kind="scheduled", state=NightlyRun.State.DONE).exists(),
        "the night is done",
        150,
    )
    night = NightlyRun.objects.get(kind="scheduled")
    assert Job.objects.filter(kind="night.chunk", attempts__gte=2).exists()
    assert night.as_of == company.last
    assert not night.failures.exists()
    forecasts = Forecast.objects.filter(as_of=company.last)
    assert Counter(forecasts.values_list("product__code", flat=True)) == Counter(list(company.products))
    assert Forecast.objects.filter(current=True).count() == len(company.products)
    stages = StageEstimate.objects.filter(as_of=company.last)
    assert Counter(stages.values_list("product__code", flat=True)) == Counter(list(company.products))
    assert Import.objects.filter(state=Import.State.APPLIED).count() == 1
    steps = night.steps.filter(name__in=["backtest", "forecast", "lifecycle"])
    changed, same = len(company.touched), len(company.products) - len(company.touched)
    assert same > 0
    assert {step.name: (step.computed, step.skipped, step.failed) for step in steps} == dict.fromkeys(
        ("backtest", "forecast", "lifecycle"), (changed, same, 0)
    )
    assert set(forecasts.filter(run=night).values_list("product__code", flat=True)) == set(company.touched)
    assert _untouched(company) == before
    call_command("doctor")
    page.goto("/forecasting/")
    expect(page.get_by_text("geslaagd").first).to_be_visible()


def _untouched(company: Company) -> list[Any]:
    """What is known of the products that last month's file is not about, and when it was computed."""
    return [
        list(model.objects.exclude(product__code__in=company.touched).order_by("pk").values())
        for model in (Forecast, StageEstimate)
    ]


def _caught_at_work(group: int) -> bool:
    """Whether a chunk is at work; the worker then stands still, so that it is not done before it dies."""
    if not _chunk_at_work():
        return False
    os.killpg(group, signal.SIGSTOP)
    if _chunk_at_work():
        return True
    os.killpg(group, signal.SIGCONT)
    return False


def _chunk_at_work() -> bool:
    return Job.objects.filter(kind="night.chunk", state=Job.State.RUNNING).exists()


def _tuesday_today(page: Any, axe: Any, processes: Any, company: Company) -> None:
    """Scene 3: three alerts with their evidence; a like-item is set from one, one is closed with a reason,
    the juice is opened."""
    page.goto("/")
    axe(page)
    juice, energy, care = (company.products[code] for code in ("SAP-100", "GSV-012", "NAZ-100"))
    alerts = {
        kind: Alert.objects.get(kind=kind, product=product, state=Alert.State.OPEN)
        for kind, product in (("stage", juice), ("band", energy), ("little_history", care))
    }
    assert (alerts["stage"].evidence["from"], alerts["stage"].evidence["to"]) == ("growth", "maturity")
    rows = {kind: page.locator(f"#alert-{alert.pk}") for kind, alert in alerts.items()}
    expect(rows["stage"]).to_contain_text(juice.name)
    expect(rows["stage"]).to_contain_text("volwassen")
    evidence = alerts["stage"].evidence
    with translation.override("nl"):
        expect(rows["stage"]).to_contain_text(evidence_words(evidence["code"], evidence["params"]))
    actual = company.volumes["GSV-012"][company.last]
    expect(rows["band"]).to_contain_text(formats_number(actual))
    expect(rows["band"]).to_contain_text("Het is de tweede maand op rij onder de verwachting.")
    expect(rows["little_history"]).to_contain_text(care.name)
    _like_item(page, axe, processes, company, rows["little_history"])
    alerts["little_history"].refresh_from_db()
    assert alerts["little_history"].state == "gone"
    page.goto("/")
    expect(rows["little_history"]).to_have_count(0)

    rows["band"].get_by_role("button").click()
    rows["band"].locator("a[href*='/close/']").click()
    page.fill(f"#alert-{alerts['band'].pk} [name=reason]", "Concurrent verlaagde zijn tarief")
    page.locator(f"#alert-{alerts['band'].pk} form[action$='/close/'] button").click()
    expect(rows["band"]).to_contain_text("Concurrent verlaagde zijn tarief")
    closed = Alert.objects.get(pk=alerts["band"].pk)
    assert (closed.state, closed.closed_by) == (Alert.State.CLOSED, company.sanne)

    rows["stage"].get_by_role("link", name=juice.name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(juice.name)
    expect(page.locator(".stage").first).to_have_text(re.compile("volwassen"))
    expect(page.locator(".chart svg").first).to_be_visible()
    axe(page)


def _like_item(page: Any, axe: Any, processes: Any, company: Company, row: Any) -> None:
    """She says what the new care product borrows: half of the first months of the other programme."""
    care, other = company.products["NAZ-100"], company.products[AHEAD]
    row.get_by_role("link", name="Kies een vergelijkbaar product").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(care.name)
    page.fill("[name=reference_1]", "revali")
    option = page.locator(f"#like-items option[value='{other.code}']")
    expect(option).to_have_count(1)
    page.fill("[name=reference_1]", other.code)
    page.fill("[name=scale]", "50")
    expect(page.locator("#launch-preview")).to_contain_text(other.name)
    expect(page.locator("#launch-preview .chart svg")).to_be_visible()
    axe(page)
    assert not LaunchPlan.objects.exists()
    page.get_by_role("button", name="Opslaan en voorspellen").click()
    page.wait_for_url(re.compile(rf"/products/{care.code}/forecast/"))
    expect(page.locator("#launch-card")).to_contain_text(other.name)

    processes.wait_until(
        lambda: Forecast.objects.filter(product=care, current=True, method="blend").exists(),
        "the forecast that borrows is made",
        90,
    )
    processes.wait_until(
        lambda: not NightlyRun.objects.filter(state=NightlyRun.State.RUNNING).exists(), "the run is done", 90
    )
    own, theirs = list(company.volumes[care.code].values()), list(company.volumes[other.code].values())
    level, share = (own[-1] + sum(own) / len(own)) / 2, len(own) / 6
    expected = [share * level + (1 - share) * 0.5 * theirs[len(own) + step] for step in range(18)]
    made = Forecast.objects.get(product=care, current=True)
    means = made.months.order_by("month").values_list("mean", flat=True)
    assert list(means) == pytest.approx(expected, rel=1e-5)
    page.reload()
    with translation.override("nl"):
        expect(page.get_by_role("group", name="Maanden", exact=True)).to_contain_text(
            formats.volume(expected[0], decimals=0)
        )
    axe(page)


def _tuesday_price(page: Any, sign_in: Any, axe: Any, company: Company) -> datetime.date:
    """Scene 4: marketing tries 4 % more for the juice from the first of next month and proposes it, without a
    margin in sight; she cannot approve it. The product manager sees margin and chances, and does. From when
    it holds."""
    juice, prices = company.products["SAP-100"], price_list_factory(name_nl="Verkoopprijzen")
    price_factory(product=juice, price_list=prices, start_date=month_add(company.last, -24), amount=OLD_PRICE)
    cost_rate_factory(product=juice, start_date=month_add(company.last, -24), amount=OLD_PRICE / 2)
    advised = price_list_factory(name_nl="Adviesprijzen", kind="advised", with_vat=True)
    price_factory(
        product=juice, price_list=advised, start_date=month_add(company.last, -24), amount=OLD_PRICE * 2
    )
    start = month_add(month_start(today()), 1)
    new = (OLD_PRICE * Decimal("1.04")).quantize(Decimal("0.01"))
    sign_in(page, user_factory("marketing", name="Ruud de Wit", language="nl"))
    page.goto(f"/products/{juice.code}/mix/")
    _slide(page, new)
    expect(page.locator("#what-if-price-now")).to_contain_text("de wederverkoper houdt zijn marge")
    expect(page.locator("#what-if-result")).to_contain_text("Omzet")
    expect(page.get_by_text("Marge na kosten")).to_have_count(0)
    axe(page)
    page.get_by_role("link", name="Stel een prijs voor").click()
    page.fill("[name=start_date]", start.isoformat())
    page.select_option("[name=kind]", "percentage")
    page.fill("[name=value]", "4")
    page.fill("[name=reason]", "Fruit is duurder")
    page.get_by_role("button", name="Bekijk wat het doet").click()
    page.wait_for_url("**/pricing/proposals/*/")
    expect(page.get_by_role("cell", name=dutch(new)).first).to_be_visible()
    expect(page.get_by_text("kost", exact=False)).to_have_count(0)
    axe(page)
    page.get_by_role("button", name="Stel voor", exact=True).click()
    expect(page.get_by_text("voorgesteld").first).to_be_visible()
    expect(page.get_by_role("button", name="Keur goed")).to_have_count(0)
    assert not Price.objects.filter(product=juice, start_date=start, state="approved").exists()
    address = page.url

    sign_in(page, company.sanne)
    page.goto("/")
    expect(page.get_by_text("Ruud de Wit").first).to_be_visible()
    page.goto(f"/products/{juice.code}/mix/")
    _slide(page, new)
    expect(page.locator("#what-if-result")).to_contain_text("Marge na kosten die met de afzet meegaan")
    expect(page.locator("#what-if-result")).to_contain_text("Kans dat de marge hoger is dan nu")
    axe(page)
    page.goto(address)
    page.get_by_role("button", name="Keur goed").click()
    expect(page.get_by_text("Goedgekeurd: deze prijzen gelden vanaf hun datum.")).to_be_visible()
    approved = Price.objects.get(product=juice, start_date=start)
    assert (approved.state, approved.amount, approved.approved_by) == ("approved", new, company.sanne)
    return start


def _slide(page: Any, price: Decimal) -> None:
    """The slider of the what-if, to a price."""
    slider = page.locator("#what-if-price")
    expect(slider).to_be_visible()
    slider.evaluate(
        "(slider, to) => { slider.value = to; slider.dispatchEvent(new Event('input', {bubbles: true})); }",
        str(price),
    )
    expect(page.locator("#what-if-price-said")).to_contain_text(dutch(price))


def _tuesday_night(page: Any, axe: Any, processes: Any, company: Company, start: datetime.date) -> None:
    """Scene 5: the forecast of the juice moves from that month on, alone, and its page says by how much and
    why. The margin ahead and the full year expected against budget move with it."""
    juice = company.products["SAP-100"]
    others = Forecast.objects.filter(current=True).exclude(product=juice).order_by("pk")
    before = list(others.values_list("pk", "content_hash"))
    statistics = list(
        Forecast.objects.get(product=juice, current=True)
        .months.order_by("month")
        .values_list("month", "mean")
    )
    answer = answers_read([juice.pk])[juice.pk]
    budget_laid_down(company, juice)
    money = (page, axe, company, juice)
    year, margin = money_ahead(*money, list(_months(juice)), OLD_PRICE, start)
    run = night_start(kind=NightlyRun.Kind.MANUAL, as_of=company.last)
    processes.wait_until(
        lambda: NightlyRun.objects.get(pk=run.pk).state == NightlyRun.State.DONE, "the night is done", 120
    )
    assert list(others.values_list("pk", "content_hash")) == before
    price = Price.objects.get(product=juice, start_date=start).amount
    factor = float(price / OLD_PRICE) ** answer.elasticity
    for row, (month, mean) in zip(_months(juice), statistics, strict=True):
        assert (row.month, row.mean) == (month, mean)
        assert row.driven == pytest.approx(mean * (factor if month >= start else 1), rel=1e-5)
    new_year, new_margin = money_ahead(*money, list(_months(juice)), price, start)
    assert new_margin != pytest.approx(margin, rel=1e-3)
    ahead = [row.month for row in _months(juice) if row.month <= spans(company.last)["full_year"][1]]
    if start in ahead:  # not in the last month of the year
        assert new_year < year  # consumers answer by more than the price brings in
    page.goto(f"/products/{juice.code}/forecast/")
    with translation.override("nl"):
        share = formats.delta(float(price / OLD_PRICE) - 1, "percent").text
        decided = page.get_by_role("group", name="Besloten")
        expect(decided).to_contain_text(f"Eigen prijs {share}")
        expect(decided).to_contain_text(formats.day(start))
    axe(page)


def _months(product: Product) -> QuerySet[ForecastMonth]:
    return ForecastMonth.objects.filter(forecast__product=product, forecast__current=True).order_by("month")


def formats_number(value: int) -> str:
    """1234 as people in the Netherlands read it."""
    return f"{value:,}".replace(",", ".")
