"""An approved price is a decision, and the night measures what it did."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from collaboration.kinds import alert_kinds, notification_kinds
from collaboration.models import Alert, Decision, DecisionOutcome, DecisionProduct, Notification
from collaboration.services.decisions import decision_record
from core.months import month_add
from core.organisation import today
from core.registries import ChunkOutcome
from forecasting.models import Forecast, ForecastMonth, NightlyRun
from pricing.decision_readings import price_words
from pricing.models import Positioning, PriceList, PromotionEffect, Proposal, ReferenceUse
from pricing.services.kept_promotions import promotion_decision_keep, promotion_outcomes_write
from pricing.services.offer import (
    positioning_decide,
    positioning_draft,
    positioning_let_go,
    positioning_propose,
)
from pricing.services.price_decisions import price_decision_record
from pricing.services.price_rules import Rule
from pricing.services.promotion_decisions import promotion_cancel, promotion_decide, promotion_propose
from pricing.services.promotions import (
    ProductPlan,
    PromotionPlan,
    promotion_change,
    promotion_move,
    promotion_move_undo,
)
from pricing.services.proposals import (
    proposal_approve,
    proposal_draft,
    proposal_reject,
    proposal_submit,
    proposal_withdraw,
)
from pricing.steps.decisions import chunks, compute, decision_spans
from products.models import Measure, Product, ProductMonth, SalesMonth
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import LAST, TODAY, months_give, run_now
from tests.forecasting.test_night import totals
from tests.html import tight
from tests.pricing.promotions import approved_factory, promotion_factory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def list_of(kind: str = "own", currency: str = "EUR") -> PriceList:
    """The list for everybody: there is one of a kind and currency."""
    of = {"kind": kind, "currency": currency}
    return PriceList.objects.filter(**of).first() or price_list_factory(**of)


def proposed(author: Any, product: Product | None = None, **lists: Any) -> Proposal:
    """+4 % from the 10th day from now."""
    product, mine = product or product_factory(), list_of(**lists)
    price_factory(product=product, price_list=mine, start_date=datetime.date(2024, 1, 1), amount=10)
    proposal = proposal_draft(
        user=author,
        price_list=mine,
        start_date=today() + datetime.timedelta(days=10),
        reason="Fruit is dearer",
        rule=Rule("percentage", Decimal("0.04")),
        product_ids=[product.pk],
    )
    return proposal_submit(user=author, proposal=proposal)


def test_an_approved_proposal_is_a_decision_with_what_is_expected() -> None:
    author, approver = user_factory("marketing"), user_factory()
    proposal = proposed(author)
    assert not Decision.objects.exists()
    proposal_approve(user=approver, proposal=proposal)
    decision = Decision.objects.get()
    assert (decision.kind, decision.reference, decision.why) == ("price", proposal.pk, "Fruit is dearer")
    assert (decision.proposed_by, decision.decided_by) == (author, approver)
    client = Client()
    client.force_login(approver)
    page = client.get(proposal.get_absolute_url()).content.decode()
    assert f'href="/decisions/?decision={decision.pk}"' in page
    row = decision.products.get()
    assert [Decimal(row.what[key]) for key in ("old", "new")] == [10, Decimal("10.40")]
    assert row.expected == pytest.approx(1.04**-2.62 - 1, abs=1e-5)
    assert row.expected_lo80 == pytest.approx(1.04 ** -(2.62 + 1.2816 * 1.18) - 1, abs=1e-5)
    assert row.expected_hi80 == pytest.approx(1.04 ** -(2.62 - 1.2816 * 1.18) - 1, abs=1e-5)


def test_of_a_price_in_parts_every_part_and_what_a_customer_pays_in_a_year() -> None:
    """2,500 kWh at 0.30 and 12 × 5.00 is 810 a year; 10 % on all of it is one change of 10 %."""
    product = product_factory()
    ReferenceUse.objects.create(line=product.line, customer="Home", tier="kWh", amount=2500)
    mine, day, author = list_of(), today() + datetime.timedelta(days=10), user_factory("marketing")
    parts = (("unit", "kWh", "0.30", "0.33"), ("month", "", "5.00", "5.50"))
    proposal = Proposal.objects.create(
        price_list=mine, start_date=day, reason="Network is dearer", author=author, rule={"kind": "paste"}
    )
    for component, tier, old, new in parts:
        given: dict[str, Any] = {"product": product, "price_list": mine, "component": component, "tier": tier}
        price_factory(**given, start_date=datetime.date(2024, 1, 1), amount=Decimal(old))
        price_factory(**given, start_date=day, amount=Decimal(new), state="draft", proposal=proposal)
    proposal_approve(user=user_factory(), proposal=proposal_submit(user=author, proposal=proposal))
    row = DecisionProduct.objects.get()
    said = [(part["component"], part["tier"], part["old"], part["new"]) for part in row.what["parts"]]
    assert said == [
        ("month", "", "5.000000", "5.500000"),
        ("unit", "kWh", "0.300000", "0.330000"),
    ]
    assert [Decimal(amount) for amount in row.what["yearly"]] == [810, 891]
    assert price_words(row.what) == (
        "Price €5.00 to €5.50, per month; Price €0.30 to €0.33, kWh; a year €810.00 to €891.00"
    )
    assert row.expected == pytest.approx(1.1**-2.62 - 1, abs=1e-5)


def test_of_a_channels_price_its_share_is_expected() -> None:
    """+4 % for the channel that sells a fifth of it."""
    product, channel = product_factory(), channel_factory()
    price_factory(product=product, price_list=list_of(), start_date=datetime.date(2024, 1, 1), amount=12)
    for place, units in ((channel, 20), (channel_factory(), 80)):
        SalesMonth.objects.create(
            product=product,
            channel=place,
            measure=Measure.objects.get(code="units"),
            month=LAST,
            volume=units,
            revenue=units * 10,
            days=30,
        )
    own = price_list_factory(channel=channel)
    price_factory(product=product, price_list=own, start_date=datetime.date(2024, 1, 1), amount=10)
    proposal = proposal_draft(
        user=user_factory("marketing"),
        price_list=own,
        start_date=today() + datetime.timedelta(days=10),
        reason="Agreed",
        rule=Rule("percentage", Decimal("0.04")),
        product_ids=[product.pk],
    )
    proposal_submit(user=proposal.author, proposal=proposal)
    proposal_approve(user=user_factory(), proposal=proposal)
    row = DecisionProduct.objects.get()
    assert row.expected == pytest.approx(0.2 * (1.04**-2.62 - 1), abs=1e-5)
    assert row.expected_lo80 == pytest.approx(0.2 * (1.04 ** -(2.62 + 1.2816 * 1.18) - 1), abs=1e-5)


def test_a_rejected_one_is_none_and_a_withdrawn_one_is_marked() -> None:
    proposal_reject(user=user_factory(), proposal=proposed(user_factory("marketing")), note="too much")
    assert not Decision.objects.exists()
    proposal = proposal_approve(user=user_factory(), proposal=proposed(user_factory("marketing")))
    proposal_withdraw(user=user_factory(), proposal=proposal, note="not now")
    assert Decision.objects.get().withdrawn_at is not None


def test_of_an_advised_price_and_of_a_service_nothing_is_expected() -> None:
    proposal_approve(user=user_factory(), proposal=proposed(user_factory("marketing"), kind="advised"))
    service = product_factory(kind="service")
    proposal_approve(user=user_factory(), proposal=proposed(user_factory("marketing"), service))
    abroad = proposed(user_factory("marketing"), currency="GBP")
    proposal_approve(user=user_factory(), proposal=abroad)
    rows = DecisionProduct.objects.order_by("pk")
    assert [row.expected for row in rows] == [None] * 3
    assert "nothing expected: the reseller decides what he asks" in price_words(rows[0].what)
    assert "nothing expected: nobody says who pays in another currency" in price_words(rows[2].what)
    assert "nothing expected" not in price_words(rows[1].what)


# -- what it did --------------------------------------------------------------------------------------------


def ago(months: int) -> datetime.date:
    return month_add(LAST, -months)


def begun(
    product: Product,
    start: datetime.date,
    expected: float | None = -0.1,
    price_list: PriceList | None = None,
) -> DecisionProduct:
    """A price decision in the past, as one that was approved in time."""
    author = user_factory()
    mine = price_list or list_of()
    proposal = Proposal.objects.create(
        price_list=mine,
        start_date=start,
        reason="dearer",
        author=author,
        state="approved",
        decided_by=user_factory(),
        decided_at=timezone.now(),
    )
    price_factory(
        product=product, price_list=mine, start_date=start, amount=11, state="approved", proposal=proposal
    )
    row = price_decision_record(proposal=proposal).products.get()
    row.expected, row.expected_lo80, row.expected_hi80 = expected, None, None
    row.save()
    return row


def vintage(product: Product, as_of: datetime.date) -> None:
    """A forecast of 100 a month, 80 to 120."""
    forecast = Forecast.objects.create(
        product=product,
        measure=Measure.objects.get(code="units"),
        as_of=as_of,
        current=False,
        engine_version="0",
        input_hash="",
        content_hash="",
        computed_at=timezone.now(),
        method="ets",
    )
    ForecastMonth.objects.bulk_create(
        ForecastMonth(
            forecast=forecast,
            month=month_add(as_of, step),
            mean=100,
            median=100,
            lo80=80,
            hi80=120,
            lo95=70,
            hi95=130,
            driven=50,  # what was known ahead is no part of the baseline
        )
        for step in range(1, 19)
    )


def step_now() -> list[ChunkOutcome]:
    """What the night does with decisions, without the rest of it."""
    run = NightlyRun(local_date=TODAY, as_of=LAST)
    return [compute(run, payload)() for payload in chunks(run)]


@pytest.fixture
def juice() -> Product:
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, 36, volume=lambda step: 90)
    return product


def test_the_night_measures_each_span_once_it_is_over(juice: Product) -> None:
    start = month_add(LAST, -6)  # seven whole months are known
    vintage(juice, month_add(start, -1))
    row = begun(juice, start)
    run_now(only=["decisions"])
    three, six = row.outcomes.all()
    assert (three.months, six.months) == (3, 6)
    assert (three.baseline, three.actual) == (300, 270)
    assert three.effect == pytest.approx(-0.1)
    assert three.lo80 < -0.1 < three.hi80
    assert six.hi80 - six.lo80 < three.hi80 - three.lo80  # months err partly apart
    before = list(DecisionOutcome.objects.values())
    again = run_now(only=["decisions"])
    assert totals(again)["decisions"][0] == 0
    assert list(DecisionOutcome.objects.values()) == before


def test_one_in_the_middle_of_a_month_counts_from_the_next(juice: Product) -> None:
    start = month_add(LAST, -2)
    vintage(juice, month_add(start, -1))
    row = begun(juice, start.replace(day=2))
    step_now()
    assert not row.outcomes.exists()


def placed(product: Product, start: datetime.date) -> DecisionProduct:
    """A positioning for everybody, decided in time."""
    author = user_factory()
    said = {"target_group": "families", "category": "juice", "benefit": "fresh", "state": "approved"}
    people = {"author": author, "proposed_by": author, "decided_by": author, "decided_at": timezone.now()}
    number = Positioning.objects.filter(product=product).count() + 1
    row = Positioning.objects.create(
        product=product, number=number, start_date=start, why="A new taste", **said, **people
    )
    decision = decision_record(
        kind="positioning",
        reference=row.pk,
        why="A new taste",
        effective_date=start,
        proposed_by=author,
        decided_by=author,
        decided_at=timezone.now(),
        products=[DecisionProduct(product=product, what={"benefit": "fresh"})],
    )
    return decision.products.get()


def decided(what: str, product: Product, start: datetime.date) -> DecisionProduct:
    if what == "positioning":
        return placed(product, start)
    kind, _, code = what.partition(" ")
    name, _, currency = code.partition(" in ")
    there = PriceList.objects.filter(code=f"{kind}-{code}").first() or price_list_factory(
        kind=kind,
        code=f"{kind}-{code}",
        channel=channel_factory(code=name) if name else None,
        currency=currency or "EUR",
    )
    return begun(product, start, price_list=there)


@pytest.mark.parametrize(
    ("earlier", "later", "ends"),
    [
        ("own", "own", True),
        ("own kroon", "own kroon", True),
        ("own kroon", "own", True),  # a price for everybody may be theirs too
        ("own", "own kroon", False),
        ("own kroon", "own jumbo", False),
        ("own", "own  in GBP", False),
        ("own  in GBP", "own", False),
        ("own  in GBP", "own  in GBP", True),
        ("own kroon", "own  in GBP", False),
        ("own", "advised", False),
        ("own", "observed", False),
        ("own", "positioning", False),
        ("advised", "own", False),
        ("advised", "advised", True),
        ("positioning", "own", False),
        ("positioning", "positioning", True),
    ],
)
def test_it_ends_where_a_later_one_moves_the_same_thing(earlier: str, later: str, ends: bool) -> None:
    product = product_factory()
    rows = [decided(what, product, ago(back)) for what, back in ((earlier, 6), (later, 3))]
    first, last = decision_spans(rows)
    assert (first.first, first.last) == (ago(6), ago(4) if ends else None)
    assert (last.first, last.last) == (ago(3), None)
    assert not first.together


def test_the_next_one_ends_it_and_a_forecast_from_before_is_needed(juice: Product) -> None:
    first, second = (begun(juice, ago(back)) for back in (5, 2))
    step_now()
    assert not DecisionOutcome.objects.exists()
    vintage(juice, ago(6))
    step_now()
    assert [one.months for one in first.outcomes.all()] == [3]
    assert not second.outcomes.exists()


def test_those_of_one_month_are_measured_together(juice: Product, client: Client) -> None:
    """From the first month that all of them hold; what others ask is none of them."""
    start = month_add(LAST, -4)
    vintage(juice, month_add(start, -1))
    ProductMonth.objects.filter(product=juice, month=start).update(volume=900)
    days = (start, start.replace(day=15), start)
    rows = [decided(what, juice, day) for what, day in zip(("own", "own", "positioning"), days, strict=True)]
    seen = decided("observed", juice, start)
    step_now()
    each = [(one.months, one.actual, one.effect) for row in rows for one in row.outcomes.all()]
    assert each == [(3, 270, each[0][2])] * 3
    for row in (*rows, seen):
        row.refresh_from_db()
    assert [(row.together, row.unmeasured) for row in rows] == [(True, "")] * 3
    assert (seen.together, seen.unmeasured, seen.outcomes.count()) == (False, "observed", 0)
    client.force_login(user_factory("marketing", language="en"))
    words = "first 3 months, together with what else was decided for that month"
    assert tight(client.get("/decisions/")).count(words) == 3
    assert tight(client.get(f"/products/{juice.code}/mix/")).count(words) == 3
    answer = client.get("/api/v1/decisions/").json()["results"]
    assert sorted((one["together"], one["unmeasured"]) for one in answer if one["months"]) == [(True, "")] * 3


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("level", "a state is counted here, not sales"),
        ("no_forecast", "there is no forecast from before it"),
        ("gap", "sales of some of its time are missing"),
        ("overtaken", "the next decision followed within three months"),
        ("too_little", "too little sells to say it in per cent"),
        ("", "not measured yet"),
    ],
)
def test_what_never_will_be_measured_says_why(client: Client, why: str, words: str) -> None:
    """It waits no longer, in the page, card, file and API; the night says so once."""
    level = [measure_factory(kind="level")] if why == "level" else []
    juice = product_factory(line=line_factory(measures=level), launched=datetime.date(2022, 1, 1))
    months_give(juice, 36, volume=lambda step: 90)
    start = ago(1 if why in ("", "overtaken") else 4)
    if why != "no_forecast":
        vintage(juice, month_add(start, -1))
    if why == "gap":
        ProductMonth.objects.filter(product=juice, month=ago(3)).delete()
    if why == "too_little":
        ForecastMonth.objects.update(lo80=-500, lo95=-600)
    row = begun(juice, start)
    if why == "overtaken":
        begun(juice, ago(0))
    step_now()
    row.refresh_from_db()
    assert (row.unmeasured, row.outcomes.count()) == (why, 0)
    words = f"not measured: {words}" if why else words
    client.force_login(user_factory("marketing", language="en"))
    query = f"decision={row.decision_id}"
    for show, there in (("waiting", why == ""), ("unmeasured", why != "")):
        assert listed(client, f"?show={show}&{query}") == ([juice.code] if there else [])
    assert f">{words}<" in tight(client.get(f"/decisions/?{query}"))
    assert f"· {words}<" in tight(client.get(f"/products/{juice.code}/mix/"))
    file = client.get(f"/decisions/export/csv/?{query}").streaming_content
    assert words in b"".join(file).decode()
    answer = client.get("/api/v1/decisions/").json()["results"]
    assert next(one for one in answer if one["decision"] == row.decision_id)["unmeasured"] == why
    client.force_login(user_factory("marketing", channels=[channel_factory()], language="en"))
    assert words not in tight(client.get("/decisions/"))
    assert {one["unmeasured"] for one in client.get("/api/v1/decisions/").json()["results"]} == {""}


def test_an_old_one_without_a_word_is_looked_at_once_and_a_settled_outcome_stays(juice: Product) -> None:
    old, kept = begun(juice, ago(30)), begun(juice, ago(24))
    outcome(kept, -0.2)
    step_now()
    old.refresh_from_db()
    assert (old.unmeasured, kept.outcomes.count()) == ("no_forecast", 1)
    assert step_now() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE collaboration_decisionoutcome SET months = 4",
        "UPDATE collaboration_decisionoutcome SET lo80 = effect + 1",
        "UPDATE collaboration_decisionproduct SET expected_lo80 = 0.1, expected_hi80 = 0.2",
        "UPDATE collaboration_decision SET why = ''",
        "INSERT INTO collaboration_decision (kind, reference, why, alternatives, effective_date, "
        "proposed_by_id, decided_by_id, decided_at) SELECT kind, reference, why, '', effective_date, "
        "proposed_by_id, decided_by_id, decided_at FROM collaboration_decision",
    ],
)
def test_the_database_refuses_nonsense(juice: Product, change: str) -> None:
    start = month_add(LAST, -4)
    vintage(juice, month_add(start, -1))
    begun(juice, start)
    step_now()
    assert DecisionOutcome.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_card_shows_it_to_who_may_see_the_mix(juice: Product, client: Client) -> None:
    start = month_add(LAST, -4)
    vintage(juice, month_add(start, -1))
    begun(juice, start, expected=-0.12)
    step_now()
    client.force_login(user_factory("marketing", language="en"))
    page = client.get(f"/products/{juice.code}/mix/").content.decode()
    assert "What did earlier decisions do?" in page
    assert "−10%" in page
    assert "expected −12%" in page
    assert "For 1 of 1 the expectation lay within" in page


# -- all of them --------------------------------------------------------------------------------------------


def outcome(row: DecisionProduct, effect: float, half: float = 0.05) -> None:
    DecisionOutcome.objects.create(
        row=row,
        months=3,
        vintage=month_add(row.decision.effective_date.replace(day=1), -1),
        baseline=100,
        actual=100 * (1 + effect),
        effect=effect,
        lo80=effect - half,
        hi80=effect + half,
        computed_at=timezone.now(),
    )


def listed(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/decisions/{query}")
    assert page.status_code == 200
    return [item.row.product.code for item in page.context["rows"]]


def test_the_page_tells_what_missed_from_what_was_met(client: Client) -> None:
    met, missed, waiting = (product_factory(code=code) for code in ("MET", "MISS", "WAIT"))
    start = month_add(LAST, -4)
    rows = [begun(product, start, expected=-0.1) for product in (met, missed, waiting)]
    outcome(rows[0], -0.12)
    outcome(rows[1], -0.3)
    DecisionProduct.objects.filter(pk=rows[1].pk).update(expected_lo80=-0.21, expected_hi80=-0.04)
    client.force_login(user_factory("marketing", language="en"))
    assert set(listed(client)) == {"MET", "MISS", "WAIT"}
    assert listed(client, "?show=met") == ["MET"]
    assert listed(client, "?show=missed") == ["MISS"]
    assert listed(client, "?show=waiting") == ["WAIT"]
    assert listed(client, "?q=mis") == ["MISS"]
    assert listed(client, f"?decision={rows[2].decision_id}") == ["WAIT"]
    assert listed(client, "?kind=promotion") == []
    assert listed(client, "?sort=effect")[:2] == ["MISS", "MET"]
    assert "less than expected" in client.get("/decisions/?show=missed").content.decode()
    sheet = b"".join(client.get("/decisions/export/csv/?show=missed").streaming_content).decode("utf-8-sig")
    assert "less than expected" in sheet
    assert sheet.count("MISS") == 1
    assert ";-0.1;-0.21;-0.04;" in sheet.replace(",", ";")
    assert "−21% to −4%" in tight(client.get("/decisions/?show=missed"))
    assert "expected −10% (−21% to −4%)" in tight(client.get("/products/MISS/mix/"))
    answer = client.get("/api/v1/decisions/?product=MISS").json()["results"]
    assert [(one["effect"], one["expected"], one["outcome"]) for one in answer] == [(-0.3, -0.1, "less")]
    assert [(one["expected_lo80"], one["expected_hi80"]) for one in answer] == [(-0.21, -0.04)]


def test_limits_hide_products_and_what_was_sold_elsewhere(client: Client) -> None:
    product, other, channel = product_factory(), product_factory(), channel_factory()
    for one in (product, other):
        outcome(begun(one, month_add(LAST, -4)), -0.3)
    client.force_login(user_factory("marketing", lines=[product.line], language="en"))
    assert listed(client) == [product.code]
    client.force_login(user_factory("marketing", channels=[channel], language="en"))
    page = client.get("/decisions/").content.decode()
    assert product.code in page
    assert "30%" not in page
    assert "−10%" not in page
    answer = client.get("/api/v1/decisions/").json()["results"]
    assert [(one["effect"], one["expected"], one["outcome"]) for one in answer] == [(None, None, "")] * 2
    assert "30%" not in client.get(f"/products/{product.code}/mix/").content.decode()
    client.force_login(user_factory(rights=[]))
    assert client.get("/decisions/").status_code == 403


def test_no_order_and_no_filter_tells_of_what_is_hidden(client: Client) -> None:
    rows = [
        begun(product_factory(code=code), ago(back), rate)
        for code, back, rate in (("A", 2, -0.1), ("B", 3, -0.3), ("C", 4, -0.2))
    ]
    DecisionProduct.objects.update(expected_lo80=-0.97, expected_hi80=0.98)
    DecisionProduct.objects.filter(pk=rows[0].pk).update(unmeasured="gap")
    client.force_login(user_factory("marketing", channels=[channel_factory()], language="en"))
    for query in ("sort=-expected", "sort=-effect", "show=waiting", "show=unmeasured", "show=met"):
        assert listed(client, f"?{query}") == (["A", "B", "C"])
        file = b"".join(client.get(f"/decisions/export/csv/?{query}").streaming_content).decode()
        assert file.index("A,") < file.index("B,") < file.index("C,")
        assert "97" not in re.sub(r"(Product|Person) \d+", "", file)
    page = tight(client.get("/decisions/"))
    assert "sort=expected" not in page
    assert "97%" not in page
    assert [one["expected_lo80"] for one in client.get("/api/v1/decisions/").json()["results"]] == [None] * 3


def test_what_else_was_considered_is_kept() -> None:
    product, mine = product_factory(), list_of()
    price_factory(product=product, price_list=mine, start_date=datetime.date(2024, 1, 1), amount=10)
    draft = proposal_draft(
        user=user_factory("marketing"),
        price_list=mine,
        start_date=today() + datetime.timedelta(days=10),
        reason="Fruit is dearer",
        alternatives="A smaller pack",
        rule=Rule("percentage", Decimal("0.04")),
        product_ids=[product.pk],
    )
    proposal_approve(user=user_factory(), proposal=proposal_submit(user=draft.author, proposal=draft))
    assert Decision.objects.get().alternatives == "A smaller pack"


# -- promotions and positionings ----------------------------------------------------------------------------


def test_an_approved_promotion_is_one_until_it_waits_again() -> None:
    product = product_factory()
    row = approved_factory(
        product, ahead=30, planned_uplift_rate=Decimal("0.4"), alternatives="A second place"
    )
    promotion_decision_keep(promotion=row)
    decision = Decision.objects.get()
    assert decision.alternatives == "A second place"
    assert (decision.kind, decision.reference, decision.effective_date) == (
        "promotion",
        row.pk,
        row.store_start,
    )
    assert decision.products.get().expected == pytest.approx(0.4)
    day = row.store_start + datetime.timedelta(days=7)
    moved, _flags = promotion_move(
        user=user_factory(), promotion=row, store_start=day, store_end=day, version=row.version
    )
    assert Decision.objects.get().withdrawn_at is not None
    promotion_move_undo(user=user_factory(), promotion=moved, version=moved.version)
    decision.refresh_from_db()
    assert (decision.withdrawn_at, decision.effective_date) == (None, row.store_start)
    promotion_cancel(user=user_factory(), promotion=row, note="No fruit")
    decision.refresh_from_db()
    assert decision.withdrawn_at is not None


def test_what_a_promotion_did_stands_beside_what_was_planned() -> None:
    product = product_factory()
    row = approved_factory(product, ahead=-40, planned_uplift_rate=Decimal("0.4"))
    promotion_decision_keep(promotion=row)
    figures = {"baseline": 100, "sold": 120, "uplift": 0.2, "uplift_lo80": 0.1, "uplift_hi80": 0.3}
    effect = PromotionEffect.objects.create(
        promotion=row,
        product=product,
        measure=Measure.objects.get(code="units"),
        engine_version="1",
        input_hash="x",
        computed_at=timezone.now(),
        **figures,
    )
    promotion_outcomes_write(products=[product.pk])
    kept = DecisionOutcome.objects.get()
    assert (kept.months, kept.effect, kept.lo80, kept.hi80) == (0, 0.2, 0.1, 0.3)
    effect.delete()
    promotion_outcomes_write(products=[product.pk])
    assert not DecisionOutcome.objects.exists()
    effect.reason, effect.baseline, effect.sold, effect.uplift = "few_normal", None, None, None
    effect.uplift_lo80 = effect.uplift_hi80 = None
    effect.save()
    promotion_outcomes_write(products=[product.pk])
    assert DecisionProduct.objects.get().unmeasured == "few_normal"


def test_an_approved_positioning_is_one(juice: Product) -> None:
    texts = {"target_group": "families", "category": "juice", "benefit": "fresh", "why": "A new taste"}
    texts["alternatives"] = "A lower price"
    author, approver = user_factory("marketing"), user_factory()
    start = today() + datetime.timedelta(days=5)
    row = positioning_draft(user=author, product=juice, start_date=start, **texts)
    row = positioning_propose(user=author, positioning=row, version=None)
    row = positioning_decide(user=approver, positioning=row, version=None, approve=True)
    decision = Decision.objects.get()
    assert (decision.kind, decision.why, decision.effective_date) == ("positioning", "A new taste", start)
    assert decision.alternatives == "A lower price"
    positioning_let_go(user=approver, positioning=row, note="Not now")
    decision.refresh_from_db()
    assert decision.withdrawn_at is not None


# -- who is asked, and told ---------------------------------------------------------------------------------


def test_a_promotion_that_waits_asks_its_owner_and_tells_who_proposed_it() -> None:
    owner, author = user_factory(), user_factory("marketing")
    product = product_factory(owner=owner)
    row = promotion_propose(user=author, promotion=promotion_factory(product, user=author, name="2 for 4"))
    alert = Alert.objects.get(kind="promotion_proposal")
    assert (alert.recipient, alert.product, alert.state) == (owner, product, "open")
    words = alert_kinds.get(alert.kind).words(alert)
    assert words.headline == "promotion waits for approval"
    other = product_factory(owner=owner)
    names = ("name", "mechanic", "store_start", "store_end", "rate", "amount", "quantity", "note")
    plan = PromotionPlan(products=[ProductPlan(other)], **{name: getattr(row, name) for name in names})
    row = promotion_change(user=author, promotion=row, plan=plan, version=row.version)
    alert = Alert.objects.get(kind="promotion_proposal", state="open")
    assert alert.product == other  # not those it was of before
    words, product = alert_kinds.get(alert.kind).words(alert), other
    assert f"{author.name} proposes the promotion 2 for 4 for {product.name}" in words.plain
    promotion_decide(user=owner, promotion=row, approve=False, note="Too dear")
    alert.refresh_from_db()
    assert alert.state == "gone"
    told = Notification.objects.get(user=author)
    assert (
        notification_kinds.get(told.kind).words(told.params)
        == f"{owner.name} rejected your promotion 2 for 4: Too dear"
    )


def test_a_positioning_that_waits_asks_its_owner(juice: Product) -> None:
    owner, author = user_factory(), user_factory("marketing")
    Product.objects.filter(pk=juice.pk).update(owner=owner)
    texts = {"target_group": "families", "category": "juice", "benefit": "fresh", "why": "A new taste"}
    start = today() + datetime.timedelta(days=5)
    row = positioning_draft(user=author, product=juice, start_date=start, **texts)
    assert not Alert.objects.exists()
    row = positioning_propose(user=author, positioning=row, version=None)
    alert = Alert.objects.get(kind="positioning_proposal")
    assert alert.recipient == owner
    kind = alert_kinds.get(alert.kind)
    assert "to position" in kind.words(alert).plain
    assert kind.url(alert) == f"/products/{juice.code}/mix/positioning/{row.pk}/"
    positioning_decide(user=owner, positioning=row, version=None, approve=True)
    assert not Alert.objects.exclude(state="gone").exists()
    told = Notification.objects.get(user=author)
    assert "approved your positioning “fresh”" in notification_kinds.get(told.kind).words(told.params)
