"""Proposals: all parts of a price at once, notice held again, once more, six decimals, and as many by API."""

from __future__ import annotations

import datetime
import json
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts.errors import DomainError
from collaboration.kinds import notification_kinds
from collaboration.models import Notification
from core import jobs
from core.models import Job
from core.organisation import today
from pricing.models import Bound, NoticeDays, Perishable, PriceList, Proposal
from pricing.services.price_bounds import bound_set
from pricing.services.price_lists import perishable_set
from pricing.services.price_rules import EVERY, Rule
from pricing.services.proposals import (
    AT_ONCE,
    proposal_approve,
    proposal_fill,
    proposal_reject,
    proposal_repeat,
    proposal_submit,
)
from products.models import Product
from tests.factories import (
    channel_factory,
    client_of,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

from .test_proposals import drafted, proposed, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
HTMX = {"HX-Request": "true"}
MONTH, KWH = ("month", ""), ("unit", "kWh")


def posted(client: Client, path: str, **said: Any) -> Any:
    return client.post(
        f"/api/v1/price-proposals/{path}", json.dumps(said, default=str), content_type="application/json"
    )


@pytest.fixture
def power() -> Product:
    """6.50 a month and 0.24793 a kWh."""
    found = product_factory(code="EL")
    mine = price_list_factory(code="home")
    for (component, tier), amount in ((MONTH, "6.50"), (KWH, "0.24793")):
        said = {"component": component, "tier": tier, "amount": D(amount)}
        price_factory(product=found, price_list=mine, start_date=soon(-99), **said)
    return found


def amounts_of(proposal: Proposal) -> dict[tuple[str, str], Decimal | None]:
    return {(row.component, row.tier): row.amount for row in proposal.prices.all()}


class TestAllPartsOfAPrice:
    def test_by_per_cent_and_as_they_end(self, power: Product) -> None:
        mine = PriceList.objects.get()
        more = {"price_list": mine, "product_ids": [power.pk]}
        made = drafted(rule=Rule("percentage", D("0.1"), component=EVERY), **more)
        assert amounts_of(made) == {MONTH: D("7.15"), KWH: D("0.272723")}
        ended = drafted(rule=Rule("end", component=EVERY), **more)
        assert amounts_of(ended) == {MONTH: None, KWH: None}
        with pytest.raises(DomainError) as refused:
            drafted(rule=Rule("target", D(5), component=EVERY), **more)
        assert refused.value.field == "component"

    def test_as_another_list_has_them(self, power: Product) -> None:
        shop = price_list_factory(code="shop", channel=channel_factory())
        rule = Rule("list", D("0.9"), component=EVERY, of="home")
        made = drafted(price_list=shop, product_ids=[power.pk], rule=rule)
        assert amounts_of(made) == {MONTH: D("5.85"), KWH: D("0.223137")}

    def test_each_its_own_on_the_form(self, power: Product) -> None:
        client = client_of(user_factory(language="en"))
        form = client.get("/pricing/proposals/new/?product=EL").context["form"]
        assert form["kind"].value() == "parts"
        assert [str(field.value()) for field in form.part_fields] == ["6.50", "0.24793"]
        said = {
            "product": "EL",
            "price_list": "home",
            "kind": "parts",
            "start_date": soon().isoformat(),
            "rounding": "none",
            "component": "unit",
            "reason": "Grid",
        }
        same = {"part:month:": "6.50", "part:unit:kWh": "0.24793"}
        none = client.post("/pricing/proposals/new/", said | same)
        assert "Change at least one of its prices." in tight(none)
        prices = {"part:month:": "6.95", "part:unit:kWh": "0.25123"}
        answer = client.post("/pricing/proposals/new/", said | prices)
        assert answer.status_code == 302, tight(answer)
        assert amounts_of(Proposal.objects.get()) == {MONTH: D("6.95"), KWH: D("0.25123")}
        assert "€0.25123" in tight(client.get(answer["Location"]))

    def test_of_a_what_if_about_all_of_them(self, power: Product) -> None:
        url = f"/pricing/proposals/new/?product=EL&list=home&start={soon()}&share=-3.50"
        form = client_of(user_factory()).get(url).context["form"]
        values = [form[name].value() for name in ("kind", "component", "value")]
        assert values == ["percentage", EVERY, D("-3.50")]

    def test_by_api(self, power: Product) -> None:
        client = client_of(user_factory(language="en"))
        said = {"price_list": "home", "start_date": soon(), "reason": "Grid"}
        month = {"product": "EL", "component": "month", "amount": "6.95"}
        kwh = {"product": "EL", "tier": "kWh", "amount": "0.251234"}
        assert posted(client, "", **said, prices=[month, month]).status_code == 400
        assert posted(client, "", **said, prices=[{**kwh, "amount": "0.2512345"}]).status_code == 400
        answer = posted(client, "", **said, prices=[month, kwh])
        assert answer.status_code == 201, answer.content
        assert amounts_of(Proposal.objects.get()) == {MONTH: D("6.95"), KWH: D("0.251234")}


class TestNotice:
    def test_a_draft_says_it_before_it_is_proposed(self) -> None:
        proposal = drafted()
        client = client_of(proposal.author)
        url = proposal.get_absolute_url()
        notice = {"path": f"{url}notice/", "headers": HTMX}
        assert f'hx-get="{url}notice/?field=1"' in client.get(url).content.decode()
        assert "days ahead" not in tight(client.get(**notice))
        NoticeDays.objects.create(days=40)
        page = tight(client.get(**notice))
        assert "Here a price is told 40 days ahead" in page
        assert "It asks why it may begin sooner." in page
        assert 'name="exception"' not in page
        assert '<input class="form-control" form="act" id="exception"' in tight(
            client.get(f"{url}notice/?field=1", headers=HTMX)
        )
        refused = client.post(f"{url}act/", {"act": "submit"}).content.decode()
        assert (refused.count('id="exception"'), f'hx-get="{url}notice/"' in refused) == (1, True)
        said = {"act": "submit", "exception": "The shops agreed"}
        assert client.post(f"{url}act/", said).status_code == 302
        assert "days ahead" not in tight(client.get(**notice))

    def test_what_waited_until_it_is_too_late_asks_the_approver_why(self) -> None:
        proposal = proposed()
        NoticeDays.objects.create(days=40)
        approver = user_factory(language="en")
        client, url = client_of(approver), proposal.get_absolute_url()
        assert "told 40 days ahead" in tight(client.get(f"{url}notice/", headers=HTMX))
        refused = client.post(f"{url}act/", {"act": "approve"})
        assert refused.status_code == 400
        assert 'name="exception"' in refused.content.decode()
        answer = posted(client, f"{proposal.pk}/approve/")
        assert (answer.status_code, answer.json()["field"]) == (400, "exception")
        answer = posted(client, f"{proposal.pk}/approve/", exception="The shops agreed")
        assert (answer.json()["state"], answer.json()["exception"]) == ("approved", "The shops agreed")
        assert "/notice/" not in client.get(url).content.decode()
        assert client.get(f"{url}notice/", headers=HTMX).status_code == 302

    def test_a_reason_of_the_author_for_it_is_enough_one_for_a_bound_is_not(self) -> None:
        NoticeDays.objects.create(days=15)
        short, long_ago = (drafted(exception="Agreed") for _one in range(2))
        for proposal in (short, long_ago):
            proposal_submit(user=proposal.author, proposal=proposal)
        # drafted when there were thirty days left: it is the approval that comes too late
        drafted_at = timezone.now() - datetime.timedelta(days=20)
        Proposal.objects.filter(pk=long_ago.pk).update(created_at=drafted_at)
        assert proposal_approve(user=user_factory(), proposal=short).state == "approved"
        with pytest.raises(DomainError, match="told 15 days ahead"):
            proposal_approve(user=user_factory(), proposal=long_ago)
        done = proposal_approve(user=user_factory(), proposal=long_ago, exception="By phone")
        assert done.exception == "Agreed; By phone"


class TestOnceMore:
    def test_what_was_rejected_is_a_draft_again(self) -> None:
        proposal = proposed()
        with pytest.raises(DomainError):
            proposal_repeat(user=proposal.author, proposal=proposal, start_date=soon(), reason="x")
        proposal = proposal_reject(user=user_factory(), proposal=proposal, note="Too early")
        client, url = client_of(proposal.author), proposal.get_absolute_url()
        assert "Propose it again" in client.get(url).content.decode() or "opnieuw" in tight(client.get(url))
        late = client.post(f"{url}again/", {"start_date": today().isoformat(), "reason": "x"})
        assert late.status_code == 422
        answer = client.post(f"{url}again/", {"start_date": soon(60).isoformat(), "reason": "In spring"})
        again = Proposal.objects.exclude(pk=proposal.pk).get()
        assert answer["Location"] == again.get_absolute_url()
        assert (again.state, again.reason, again.start_date) == ("draft", "In spring", soon(60))
        assert amounts_of(again) == amounts_of(proposal)
        assert proposal_submit(user=again.author, proposal=again).state == "proposed"

    def test_by_api_and_by_who_proposes_only(self) -> None:
        proposal = proposal_reject(user=user_factory(), proposal=proposed(), note="No")
        said = {"start_date": soon(60)}
        assert posted(client_of(user_factory("viewer")), f"{proposal.pk}/again/", **said).status_code == 403
        author = client_of(proposal.author)
        made = posted(author, f"{proposal.pk}/again/", **said)
        answer = made.json()
        assert (made.status_code, answer["state"], answer["reason"]) == (201, "draft", "Costs went up")
        assert posted(author, f"{made.json()['id']}/propose/").json()["state"] == "proposed"

    def test_what_holds_by_then_is_left_out(self) -> None:
        proposal = proposal_reject(user=user_factory(), proposal=proposed(), note="No")
        [price] = proposal.prices.all()
        price_factory(
            product=price.product, price_list=price.price_list, start_date=soon(20), amount=price.amount
        )
        with pytest.raises(DomainError) as refused:
            proposal_repeat(user=proposal.author, proposal=proposal, start_date=soon(30), reason="x")
        assert refused.value.code == "nothing_changes"
        assert Proposal.objects.count() == 1


def test_more_than_five_hundred_by_api_are_a_draft_that_a_job_works_out() -> None:
    mine, line = price_list_factory(code="all"), line_factory()
    products = [product_factory(line=line) for _number in range(AT_ONCE + 1)]
    for product in products:
        price_factory(product=product, price_list=mine, start_date=soon(-9))
    client = client_of(user_factory(language="en"))
    said = {"price_list": "all", "start_date": soon(), "reason": "Dearer", "rule": "percentage"}
    codes = [product.code for product in products]
    made = posted(client, "", **said, value="0.1", products=codes)
    assert (made.status_code, made.json()["state"]) == (202, "draft")
    pk = made.json()["id"]
    assert posted(client, f"{pk}/propose/").json()["code"] == "nothing_changes"
    proposal_fill(Context(Job.objects.get()))
    done = posted(client, f"{pk}/propose/").json()
    assert (done["state"], done["prices"]) == ("proposed", AT_ONCE + 1)
    assert posted(client, "", **said, value="0.1", products=["x"] * 5001).status_code == 400


@pytest.mark.parametrize("more", [0, AT_ONCE])
def test_a_draft_that_would_leave_nothing_of_a_price_says_of_which(more: int) -> None:
    """At once, or by the job that works out what is too much for that."""
    mine, line = price_list_factory(code="all"), line_factory()
    cheap = product_factory(line=line, code="CHEAP")
    price_factory(product=cheap, price_list=mine, start_date=soon(-9), amount=D("0.004"))
    ids = [cheap.pk, *(product_factory(line=line).pk for _number in range(more))]
    rule = Rule("amount", D("-0.50"))
    author = user_factory("product-manager", language="en")
    said = {"author": author, "price_list": mine, "product_ids": ids, "rule": rule}
    words = "Nothing would be left of the price of CHEAP, 0.004. What is for nothing is set to one price."
    if not more:
        with pytest.raises(DomainError) as refused:
            drafted(**said)
        assert (str(refused.value), refused.value.field) == (words, "value")
        return
    made = drafted(**said)
    job = jobs.job_claim("short")
    assert job is not None
    jobs.job_run(job)
    assert f"{words} Withdraw this draft and try again." in tight(
        client_of(author).get(f"/pricing/proposals/{made.pk}/")
    )
    told = Notification.objects.get(user=author)
    dutch = "Van de prijs van CHEAP, 0,004, bleef niets over."
    for language, said_so in (("en", words), ("nl", dutch)):
        with translation.override(language):
            assert said_so in notification_kinds.get(told.kind).words(told.params)


class Context:
    """What a job is given."""

    def __init__(self, job: Job) -> None:
        self.payload = job.payload

    def progress(self, *_counts: int) -> None:
        pass

    def effect(self, _result: Any) -> Any:
        return nullcontext()


class TestSixDecimals:
    def test_a_price_is_kept_as_it_is_given(self, power: Product) -> None:
        rule = Rule("paste", component="unit", tier="kWh")
        more = {"price_list": PriceList.objects.get(), "product_ids": [], "rule": rule}
        made = drafted(pasted={power.pk: D("0.247931")}, **more)
        assert amounts_of(made) == {KWH: D("0.247931")}
        with pytest.raises(DomainError) as refused:
            drafted(pasted={power.pk: D("0.2479314")}, **more)
        assert refused.value.code == "price_places"

    @pytest.mark.parametrize(("old", "new"), [("2", "2.06"), ("0.2345", "0.2415"), ("0.24793", "0.255368")])
    def test_a_rule_is_as_fine_as_the_price_was(self, old: str, new: str) -> None:
        assert Rule("percentage", D("0.03")).new_amount(D(old)) == D(new)


class TestWhatHasBegunStays:
    def test_a_bound(self) -> None:
        emma, line = user_factory("finance"), line_factory()
        said = {"line": line, "product": None, "source": "Cap", "most": D(5)}
        begun = bound_set(user=emma, **said, start_date=soon(-9))
        assert bound_set(user=emma, **said, start_date=soon(-9)) == begun  # says the same
        for start in (soon(-9), soon(-3), today()):
            with pytest.raises(DomainError) as refused:
                bound_set(user=emma, **said | {"most": D(6)}, start_date=start)
            assert (refused.value.code, refused.value.field) == ("date_past", "start_date")
        bound_set(user=emma, **said | {"most": D(6)}, start_date=soon(1))
        bound_set(user=emma, **said | {"most": D(7)}, start_date=soon(1))
        assert list(Bound.objects.values_list("most", flat=True)) == [5, 7]
        bound_set(user=emma, **said, component="month", start_date=soon(-3))  # the first word about that

    def test_what_soon_spoils(self) -> None:
        maker, product = user_factory(), product_factory()
        said = {"user": maker, "product": product, "line": None}
        perishable_set(**said, start_date=soon(-9), perishable=True)
        with pytest.raises(DomainError):
            perishable_set(**said, start_date=soon(-9), perishable=False)
        perishable_set(**said, start_date=soon(1), perishable=False)
        assert list(Perishable.objects.values_list("perishable", flat=True)) == [True, False]

    @pytest.mark.parametrize("model", [Bound, Perishable])
    def test_in_the_database_too(self, model: Any) -> None:
        fields: dict[str, Any] = {"perishable": True}
        if model is Bound:
            fields = {"source": "Law", "currency": "EUR", "most": 5}
        row = model.objects.create(line=line_factory(), start_date=today(), **fields)
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.filter(pk=row.pk).update(start_date=soon())
        ahead = model.objects.create(line=line_factory(), start_date=soon(), **fields)
        assert model.objects.filter(pk=ahead.pk).update(start_date=soon(3)) == 1


def test_a_reason_for_an_exception_has_one_length_everywhere(power: Product) -> None:
    """400 letters of the author and as many of who decides."""
    author, other = user_factory(language="en"), user_factory(language="en")
    said = {"price_list": "home", "start_date": soon(), "reason": "Dearer"}
    said["prices"] = [{"product": "EL", "amount": "7", "component": "month"}]
    assert posted(client_of(author), "", **said, exception="a" * 401).status_code == 400
    made = Proposal.objects.get(pk=posted(client_of(author), "", **said, exception="a" * 400).json()["id"])
    waiting = proposed()
    NoticeDays.objects.create(days=20)
    at = f"{made.pk}/approve/"
    assert posted(client_of(other), at, exception="b" * 401).status_code == 400
    assert posted(client_of(other), at, exception="b" * 400).status_code == 200
    made.refresh_from_db()
    assert made.exception == "a" * 400 + "; " + "b" * 400
    answer = client_of(other).post(f"{waiting.get_absolute_url()}act/", {"act": "approve"})
    assert 'name="exception" maxlength="400"' in answer.content.decode()
