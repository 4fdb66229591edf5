"""A rate that has begun is corrected with a reason while its month is open, by two people where asked."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation
from django.utils.html import escape

from accounts.errors import DomainError
from collaboration.models import Alert, Notification
from collaboration.selectors.alerts import alert_rows, alerts_open, alerts_ranked, alerts_worded
from core import formats
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostCorrection, CostRate, LedgerEntry
from pricing.selectors.cost_months import cost_months
from pricing.services.cost_corrections import cost_correction_decide, cost_rate_correct
from pricing.services.costs import RateValues
from pricing.services.month_closing import month_close_begin
from pricing.words.cost_corrections import DECIDED
from products.models import FourEyesRule, Product
from products.services.closing import month_close
from tests.factories import (
    channel_factory,
    client_of,
    cost_line_factory,
    cost_rate_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.test_margins import sell
from tests.pricing.test_standard_costs import last, night

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


@pytest.fixture
def product() -> Product:
    made = product_factory(code="A")
    for back in range(3):
        sell(made, last(back), D(10), D(100))
    return made


@pytest.fixture
def rate(product: Product) -> CostRate:
    """7 a unit for a long time; from last month but one 8, which was typed wrong."""
    line = cost_line_factory(product=product, kind="purchase")
    cost_rate_factory(cost_line=line, start_date=last(9), amount=7)
    wrong: CostRate = cost_rate_factory(cost_line=line, start_date=last(1), amount=8)
    night()
    return wrong


@pytest.fixture
def alone() -> None:
    FourEyesRule.objects.create(decision_kind="cost", mode="off")


def booked() -> list[Decimal]:
    """Of the last three months, oldest first."""
    rows = cost_months().filter(source="standard", month__gte=last(2))
    return list(rows.order_by("month").values_list("amount", flat=True))


@pytest.mark.usefixtures("alone")
def test_months_are_booked_anew_and_both_rates_stay_to_be_read(rate: CostRate) -> None:
    finance = user_factory("finance")
    assert booked() == [70, 80, 80]
    made = cost_rate_correct(user=finance, rate=rate, reason="Typed wrong", values=RateValues(D("6.5")))
    night()
    assert booked() == [70, 65, 65]
    rate.refresh_from_db()
    assert (rate.withdrawn_reason, made.state, made.decided_by) == ("Typed wrong", "approved", finance)
    assert made.replacement is not None
    assert (made.replacement.start_date, made.replacement.amount) == (rate.start_date, D("6.5"))
    void = cost_rate_correct(user=finance, rate=made.replacement, reason="It never rose", values=None)
    night()
    assert booked() == [70, 70, 70]
    assert (void.is_void, void.replacement) == (True, None)
    client = Client()
    client.force_login(finance)
    page = client.get(f"/costs/lines/{rate.cost_line_id}/").content.decode()
    assert "Typed wrong" in page
    assert "It never rose" in page


def test_somebody_else_approves_where_two_are_needed(rate: CostRate) -> None:
    finance, other = user_factory("finance"), user_factory("finance")
    of = {"user": finance, "rate": rate, "reason": "Typed wrong"}
    made = cost_rate_correct(values=RateValues(D(6)), **of)
    assert (made.state, Alert.objects.get(kind="cost_correction").evidence["reason"]) == (
        "proposed",
        "Typed wrong",
    )
    with pytest.raises(DomainError) as waits:
        cost_rate_correct(values=RateValues(D(5)), **of)
    assert waits.value.code == "waits"
    with pytest.raises(DomainError) as refused:
        cost_correction_decide(user=finance, correction=made, approve=True)
    assert refused.value.code == "four_eyes"
    assert not CostRate.objects.exclude(withdrawn_at=None).exists()
    cost_correction_decide(user=other, correction=made, approve=False)
    assert Notification.objects.get(user=finance).params["state"] == "refused"
    again = cost_rate_correct(values=RateValues(D(5)), **of)
    client = Client()
    client.force_login(other)
    address = f"/costs/lines/{rate.cost_line_id}/"
    assert "€5.00: Typed wrong" in client.get(address).content.decode()
    assert client.post(f"/costs/corrections/{again.pk}/decide/", {"act": "approve"}).status_code == 302
    night()
    assert booked() == [70, 50, 50]
    assert not Alert.objects.filter(kind="cost_correction", state="open").exists()
    with pytest.raises(DomainError) as decided:
        cost_correction_decide(user=other, correction=made, approve=True)
    assert decided.value.code == "decided"


def test_who_proposed_it_is_not_offered_to_decide(rate: CostRate) -> None:
    finance, other = user_factory("finance"), user_factory("finance")
    cost_rate_correct(user=finance, rate=rate, reason="Typed wrong", values=RateValues(D(6)))
    alert = Alert.objects.get(kind="cost_correction")
    now = {"raised_at": timezone.now(), "raised_date": today()}
    Alert.objects.create(kind="margin_floor", subject="x", fingerprint="x", stake_amount=5, **now)
    address = f"/costs/lines/{rate.cost_line_id}/"
    for user, action, place, offered in ((finance, "Look", 1, False), (other, "Decide", 0, True)):
        (row,) = alert_rows(user, alerts_worded(alerts_open(user).filter(pk=alert.pk)))
        assert row.action == action
        ranked = alerts_ranked(user, alerts_open(user))
        assert list(ranked.values_list("pk", flat=True)).index(alert.pk) == place
        client = Client()
        client.force_login(user)
        with translation.override("en"):
            assert ('value="approve"' in client.get(address).content.decode()) is offered


def test_closing_a_month_says_what_still_waits_in_it(rate: CostRate) -> None:
    """A correction of a rate of that month or before; accruals until then that nothing takes back."""
    finance = user_factory("finance", name="Fien")
    made = cost_rate_correct(user=finance, rate=rate, reason="Typed wrong", values=RateValues(D(6)))
    for number, back, amount, is_reversal in (
        ("1", 1, "250.25", False),
        ("2", 1, "70", False),
        ("2", 1, "-70", True),
        ("3", 0, "9", False),
    ):
        LedgerEntry.objects.create(
            number=number, date=last(back), month=last(back), account="4000", amount=D(amount),
            currency="EUR", booked=D(amount), is_accrual=True, is_reversal=is_reversal,
        )  # fmt: skip
    client = Client()
    client.force_login(finance)

    def asked(back: int) -> tuple[str, list[int | None]]:
        page = tight(client.get(f"/costs/months/{last(back):%Y-%m}/close/"))
        said = client.get(f"/api/v1/months/{last(back):%Y-%m}/").json()
        return page, [said["waiting_corrections"], said["open_accruals"]]

    page, counted = asked(1)
    assert f'<a href="/costs/lines/{rate.cost_line_id}/">' in page
    assert "Typed wrong (Fien)" in page
    assert "1 accrual is open, €250.25" in page
    assert f"/costs/ledger/?state=open&amp;first={last(1):%Y-%m}&amp;last={last(1):%Y-%m}" in page
    assert counted == [1, 1]
    page, counted = asked(2)
    assert "waiting-corrections" not in page
    assert "Open accruals" not in page
    assert counted == [0, 0]
    assert asked(0)[1] == [1, 2]
    cost_correction_decide(user=user_factory("finance"), correction=made, approve=False)
    assert asked(1)[1] == [0, 1]
    month_close(user=finance, month=last(1), note="")
    assert client.get(f"/api/v1/months/{last(1):%Y-%m}/").json()["open_accruals"] is None


def test_closing_a_month_refuses_what_waits_in_it(rate: CostRate) -> None:
    """Nothing could be done with it any more; who proposed it is told, one of a later month goes on."""
    finance, other = user_factory("finance"), user_factory("finance", name="Olga")
    later = cost_rate_factory(cost_line=rate.cost_line, start_date=last(), amount=9)
    made, goes_on = (
        cost_rate_correct(user=finance, rate=each, reason="Typed wrong", values=RateValues(D(6)))
        for each in (rate, later)
    )
    month_close_begin(user=other, month=last(1))
    made.refresh_from_db()
    goes_on.refresh_from_db()
    assert (made.state, made.decided_by, goes_on.state) == ("refused", other, "proposed")
    waits = Alert.objects.filter(kind="cost_correction", state="open").values_list("subject", flat=True)
    assert list(waits) == [f"correction:{goes_on.pk}"]
    told = Notification.objects.get(user=finance, kind="cost_correction_decided")
    with translation.override("en"):
        words = DECIDED.words(told.params)
        closed, day = formats.month(last(1)), formats.day(last())
    assert f"Olga closed {closed}, and with it your correction of a cost was refused: Typed wrong." in words
    assert f"Write a rate from {day} on" in words


def test_a_rule_with_a_threshold_asks_how_much_of_the_booked_costs_moves(rate: CostRate) -> None:
    """160 is booked since: 8 to 6.5 moves 30, to 6 moves 40."""
    finance = user_factory("finance")
    FourEyesRule.objects.create(decision_kind="cost", mode="above", threshold_amount=D(35))
    made = cost_rate_correct(user=finance, rate=rate, reason="Typed", values=RateValues(D("6.5")))
    night()
    assert made.state == "approved"
    assert made.replacement is not None
    values = RateValues(D("3.9"))
    assert (
        cost_rate_correct(user=finance, rate=made.replacement, reason="x", values=values).state == "proposed"
    )


@pytest.mark.usefixtures("alone")
def test_a_closed_month_refuses_and_says_the_way_out(rate: CostRate, product: Product) -> None:
    finance = user_factory("finance")
    month_close(user=finance, month=last(1))
    with pytest.raises(DomainError) as closed:
        cost_rate_correct(user=finance, rate=rate, reason="Typed wrong", values=RateValues(D(6)))
    assert closed.value.code == "month_closed"
    assert "as a correction" in closed.value.message
    page = tight(client_of(user_factory("finance", language="en")).get(f"/costs/lines/{rate.cost_line_id}/"))
    assert f'<span class="sub why">{escape(closed.value.message)}</span>' in page
    assert f"/costs/rates/{rate.pk}/correct/" not in page
    said = {"withdrawn_at": timezone.now(), "withdrawn_reason": "by hand"}
    with pytest.raises(IntegrityError), transaction.atomic():
        CostRate.objects.filter(pk=rate.pk).update(**said)
    assert booked() == [70, 80, 80]
    begun = cost_rate_factory(cost_line=rate.cost_line, start_date=last(), amount=9)
    with pytest.raises(IntegrityError), transaction.atomic():  # without a reason
        CostRate.objects.filter(pk=begun.pk).update(withdrawn_at=timezone.now())
    cost_rate_correct(user=finance, rate=begun, reason="Typed wrong", values=RateValues(D(6)))
    night()
    assert booked() == [70, 80, 60]


@pytest.mark.usefixtures("alone")
def test_what_cannot_be_corrected_is_refused(rate: CostRate) -> None:
    finance = user_factory("finance")
    ahead = cost_rate_factory(cost_line=rate.cost_line, start_date=today() + datetime.timedelta(9), amount=9)
    for wrong, values, code in (
        (ahead, RateValues(D(6)), "ahead"),
        (rate, RateValues(D(8)), "unchanged"),
        (rate, RateValues(D(6), exchange_rate=D("0.9")), "no_exchange"),
    ):
        with pytest.raises(DomainError) as refused:
            cost_rate_correct(user=finance, rate=wrong, reason="Typed wrong", values=values)
        assert refused.value.code == code
    for user in (user_factory("product-manager"), user_factory("finance", channels=[channel_factory()])):
        with pytest.raises(DomainError) as refused:
            cost_rate_correct(user=user, rate=rate, reason="x", values=None)
        assert refused.value.status == 403
    assert not CostCorrection.objects.exists()


def test_the_page_takes_it_and_says_what_is_wrong(rate: CostRate) -> None:
    client = Client()
    client.force_login(user_factory("finance", language="en"))
    address = f"/costs/rates/{rate.pk}/correct/"
    assert client.get(address).context["form"]["amount"].value() == 8
    often = cost_rate_factory(cost_line=rate.cost_line, start_date=today(), amount=9, times=D("0.166667"))
    for row, times in ((rate, None), (often, D("0.166667"))):
        filled = client.get(f"/costs/rates/{row.pk}/correct/").context["form"]
        assert str(filled["times"].value()) == str(times)
    wrong = client.post(address, {"amount": "6"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["reason"])
    assert client.post(address, {"is_void": "on", "reason": "Never agreed"}).status_code == 302
    made = CostCorrection.objects.get()
    assert (made.is_void, made.state) == (True, "proposed")


def test_shares_begin_by_the_page(product: Product) -> None:
    line = cost_line_factory(kind="overhead", basis="month", key="fixed")
    line.shares.create(product=product, weight=1)
    other = product_factory(code="B")
    client = Client()
    client.force_login(user_factory("finance", language="en"))
    address, following = f"/costs/lines/{line.pk}/shares/", month_add(month_start(today()), 1)
    wrong = client.post(
        address, {"key-start_date": f"{following + datetime.timedelta(1)}", "key-shares": "A\t1"}
    )
    assert (wrong.status_code, list(wrong.context["shares_form"].errors)) == (422, ["start_date"])
    for shares in ("A\t1\nB\t3", "A\t1\nB\t2"):  # of a month ahead the last word holds
        said = {"key-start_date": f"{following}", "key-shares": shares}
        assert client.post(address, said).status_code == 302
    found = line.shares.filter(start_date=following).values_list("product", "weight")
    assert dict(found) == {product.pk: 1, other.pk: 2}
    with pytest.raises(IntegrityError), transaction.atomic():
        line.shares.filter(start_date=None).delete()
