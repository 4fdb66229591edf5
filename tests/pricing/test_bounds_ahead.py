"""Bounds that begin over prices: told in a draft and while it waits, and to the product's owner once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import User
from collaboration.kinds import alert_kinds
from collaboration.models import Alert
from collaboration.services.alerts import alert_close
from core import formats
from core.organisation import today
from pricing.models import Bound, ForbiddenPeriod, PriceList, Proposal
from pricing.selectors.promotions import flags_shown, promotion_get
from pricing.services.bound_alerts import bound_alerts_settle
from pricing.services.price_rules import Rule
from pricing.services.promotion_decisions import promotion_decide
from pricing.services.promotions import promotion_change
from pricing.services.proposals import proposal_approve, proposal_draft, proposal_submit
from pricing.words.promotions import flag_lines
from products.models import Product
from tests.factories import (
    bound_become,
    bound_factory,
    channel_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.html import tight
from tests.pricing.promotions import approved_factory, plan_of, stopped

from .test_proposals import soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
HTMX = {"HX-Request": "true"}


@pytest.fixture
def owner() -> User:
    return user_factory(name="Olga")


@pytest.fixture
def product(owner: User) -> Product:
    """At 10.00 since long."""
    made = product_factory(code="A", owner=owner)
    price_factory(product=made, price_list=price_list_factory(code="base"), start_date=soon(-99))
    return made


class TestADraft:
    """Of +10 %, to 11.00, from the tenth day on."""

    def drafted(self, *products: Product) -> Proposal:
        return proposal_draft(
            user=user_factory(),
            price_list=PriceList.objects.get(code="base"),
            start_date=soon(10),
            reason="Dearer",
            rule=Rule("percentage", D("0.1")),
            product_ids=[product.pk for product in products],
        )

    def told(self, proposal: Proposal) -> list[tuple[str, str]]:
        client = Client()
        client.force_login(proposal.author)
        client.get(proposal.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            page = client.get(proposal.get_absolute_url())
        assert len(queries) <= 12, "\n".join(
            q["sql"][:40] + q["sql"][q["sql"].find("FROM") :][:60] for q in queries
        )
        words = "1 price passes a bound that begins while it holds" in tight(page)
        [row] = page.context["rows"]
        assert words == any(said.startswith("from") for said, _bound in row["beyond"])
        found: list[tuple[str, str]] = row["beyond"]
        return found

    def test_it_says_from_when_its_price_is_beyond_a_bound_and_so_while_it_waits(
        self, product: Product
    ) -> None:
        day = soon(40)
        bound_factory(line=product.line, start_date=day, most=D("10.50"))
        bound_factory(line=product.line, start_date=soon(60), most=D("10.40"))  # the first one is enough
        proposal = self.drafted(product)
        said = [(f"from {formats.day(day)} on", "The law: at most €10.50 without VAT")]
        assert self.told(proposal) == said
        proposal_submit(user=proposal.author, proposal=proposal)
        assert self.told(proposal) == said
        proposal_approve(user=user_factory(), proposal=proposal)
        assert self.told(proposal) == []

    @pytest.mark.parametrize("case", ["next", "own", "wide", "currency", "tier"])
    def test_one_that_holds_nothing_of_it_is_not_told(self, product: Product, case: str) -> None:
        said: dict[str, Any] = {"start_date": soon(40), "most": D("10.50"), "line": product.line}
        more: dict[str, Any] = {
            "wide": {"most": 11},
            "currency": {"currency": "GBP"},
            "tier": {"tier": "kWh"},
        }
        bound_factory(**said | more.get(case, {}))
        if case == "next":  # the price after it begins with the bound
            mine = PriceList.objects.get(code="base")
            price_factory(product=product, price_list=mine, start_date=soon(40), amount=10)
        if case == "own":
            bound_factory(product=product, start_date=soon(-9), most=20)
        assert self.told(self.drafted(product)) == []

    def test_what_it_passes_already_is_said_beside_it(self, product: Product) -> None:
        bound_factory(product=product, start_date=soon(-9), most=D("10.80"), beyond="reason")
        bound_factory(product=product, start_date=soon(40), most=D("10.50"))
        [now, later] = self.told(self.drafted(product))
        assert (now[0], later[1]) == ("only with a reason", "The law: at most €10.50 without VAT")

    def test_its_reason_is_not_for_a_bound_that_was_set_after_it(self, product: Product) -> None:
        first = bound_factory(product=product, start_date=soon(-9), most=D("10.80"), beyond="reason")
        proposal = self.drafted(product)
        proposal_submit(user=proposal.author, proposal=proposal, exception="Agreed")
        assert self.told(proposal)[0][0] == "by the reason given"
        first.delete()
        bound_factory(product=product, start_date=soon(-9), most=D("10.50"), beyond="reason")
        Bound.objects.get().events.update(pgh_created_at=timezone.now())
        proposal.refresh_from_db()
        assert self.told(proposal)[0][0] == "only with a reason"
        with pytest.raises(DomainError) as refused:
            proposal_approve(user=user_factory(), proposal=proposal)
        assert refused.value.code == "exception_needed"
        done = proposal_approve(user=user_factory(), proposal=proposal, exception="That too")
        assert done.exception == "Agreed; That too"


class TestTheAlert:
    def found(self) -> list[Alert]:
        bound_alerts_settle(today())
        return list(Alert.objects.filter(kind="price_bound", state="open").order_by("pk"))

    def test_its_owner_is_told_once_and_no_more_when_it_is_over(self, product: Product, owner: User) -> None:
        assert self.found() == []
        bound = bound_factory(product=product, start_date=soon(20), most=9, source="The cap")
        run_now(local_date=today(), only=["price_bounds"], kind="manual")
        [alert] = self.found()
        assert (alert.recipient, alert.product) == (owner, product)
        words = alert_kinds.get("price_bound").words(alert)
        assert words.plain == (
            f"It costs €10.00. From {formats.day(soon(20))} on The cap sets at most €9.00 without VAT."
        )
        alert_close(alert_id=alert.pk, version=alert.version, reason="The price follows", user=owner)
        assert self.found() == []
        bound_become(bound, start_date=today())  # it has begun: known already
        assert self.found() == []
        mine = PriceList.objects.get(code="base")
        price_factory(product=product, price_list=mine, start_date=today(), amount=9)
        assert self.found() == []

    def test_prices_approved_ahead_and_advised_ones_are_held_and_observed_ones_not(
        self, product: Product
    ) -> None:
        mine = PriceList.objects.get(code="base")
        ahead = product_factory(code="B", line=product.line)
        price_factory(product=ahead, price_list=mine, start_date=soon(9), amount=12)
        price_factory(product=ahead, price_list=mine, start_date=soon(30), amount=10)
        seen = product_factory(code="C", line=product.line)
        for kind, amount in (("observed", 13), ("advised", 11)):
            where = price_list_factory(channel=channel_factory(), kind=kind)
            price_factory(product=seen, price_list=where, start_date=soon(-9), amount=amount)
        price_factory(
            product=product_factory(line=line_factory()), price_list=mine, start_date=soon(-9), amount=99
        )
        bound_factory(line=product.line, start_date=soon(15), most=D("10.5"))
        said = {alert.product.code: alert.evidence for alert in self.found() if alert.product}
        assert {code: D(each["amount"]) for code, each in said.items()} == {"B": 12, "C": 11}
        assert alert_kinds.get("price_bound").tally(len(said)) == "two prices are beyond a bound"
        assert said["B"]["day"] == soon(15).isoformat()

    @pytest.mark.parametrize(
        ("begins", "beyond", "before", "told"),
        [
            pytest.param(5, "reason", True, 0, id="let pass with its reason"),
            pytest.param(5, "reason", False, 1, id="set after the approval"),
            pytest.param(5, "refuse", False, 1, id="lets nothing pass"),
            pytest.param(12, "reason", False, 1, id="begins after the price"),
        ],
    )
    def test_what_was_approved_beyond_it_with_a_reason_is_known(
        self, product: Product, begins: int, beyond: str, before: bool, told: int
    ) -> None:
        def bound() -> None:
            bound_factory(product=product, start_date=soon(begins), most=D("10.50"), beyond=beyond)

        if before:
            bound()
        proposal = proposal_draft(
            user=user_factory(),
            price_list=PriceList.objects.get(code="base"),
            start_date=soon(10),
            reason="Dearer",
            rule=Rule("percentage", D("0.1")),
            product_ids=[product.pk],
            exception="Agreed",
        )
        proposal_submit(user=proposal.author, proposal=proposal)
        proposal_approve(user=user_factory(), proposal=proposal)
        if not before:
            bound()
            Bound.objects.get().events.update(pgh_created_at=timezone.now())
        assert len(self.found()) == told

    def test_a_promotion_approved_before_is_told_and_flagged_until_it_no_longer_is(
        self, product: Product, owner: User
    ) -> None:
        """A quarter off 10.00 is 7.50, in the store from the 30th day on."""
        row = approved_factory(product, mechanic="price_cut", rate=D("0.25"), name="Spring")
        assert self.found() == []
        bound_factory(product=product, start_date=soon(-9), least=9, source="The floor")
        run_now(local_date=today(), only=["price_bounds"], kind="manual")
        [alert] = self.found()
        assert (alert.recipient, alert.product) == (owner, product)
        kind = alert_kinds.get("price_bound")
        day = formats.day(row.store_start)
        assert kind.words(alert).plain == (
            f"In Spring it costs €7.50. From {day} on The floor sets at least €9.00 without VAT."
        )
        page = reverse("pricing:promotion", args=[row.pk])
        assert kind.url(alert) == page
        flag = f"{product.name} passes a bound: from {day} on The floor sets at least €9.00 without VAT."
        client = Client()
        client.force_login(user_factory())
        pages = page, "/pricing/promotions/", "/products/A/mix/promotions/"
        flagged = lambda: {flag in tight(client.get(url, headers=HTMX)) for url in pages}  # noqa: E731
        by_api = lambda: client.get("/api/v1/promotions/").json()["results"][0]["flags"]  # noqa: E731
        told = {"product": "A", "amount": "7.500000", "currency": "EUR", "source": "The floor"}
        told["start_date"] = str(row.store_start)
        assert flagged() == {True}
        assert by_api() == {"overlaps": [], "forbidden": [], "bounds": [told]}
        alert_close(alert_id=alert.pk, version=alert.version, reason="It may", user=owner)
        assert self.found() == []
        assert flagged() == {True}
        Bound.objects.all().delete()
        assert self.found() == []
        assert flagged() == {False}
        assert by_api() == {"overlaps": [], "forbidden": [], "bounds": []}

    def test_a_price_that_moved_takes_a_promotion_beyond_a_bound_that_was_there(
        self, product: Product
    ) -> None:
        """A quarter off 12.50 is 9.375, of 11.00 it is 8.25."""
        mine = PriceList.objects.get(code="base")
        bound_factory(product=product, start_date=soon(-50), least=9, source="The floor")
        price_factory(product=product, price_list=mine, start_date=soon(-9), amount=D("12.50"))
        row = approved_factory(product, mechanic="price_cut", rate=D("0.25"))
        assert self.found() == []
        price_factory(product=product, price_list=mine, start_date=soon(1), amount=D(11))
        assert len(self.found()) == 1
        day = formats.day(row.store_start)
        flags = flags_shown(row.author, [promotion_get(row.author, row.pk)])[0]
        assert flag_lines(flags) == [
            f"{product.name} passes a bound: from {day} on The floor sets at least €9.00 without VAT."
        ]

    @pytest.mark.parametrize(
        ("beyond", "before", "told"),
        [("reason", True, 0), ("reason", False, 1), ("refuse", False, 1)],
    )
    def test_what_a_promotion_was_approved_beyond_with_a_reason_is_known(
        self, product: Product, beyond: str, before: bool, told: int
    ) -> None:
        """Also of a bound that begins while it runs."""

        def bound() -> None:
            bound_factory(product=product, start_date=soon(33), least=9, beyond=beyond)

        if before:
            bound()
        row = approved_factory(product, mechanic="price_cut", rate=D("0.25"), exception="Agreed")
        if not before:
            bound()
            Bound.objects.get().events.update(pgh_created_at=timezone.now())
        assert len(self.found()) == told
        stopped(row, today())
        assert self.found() == []

    def test_approved_anew_with_a_reason_it_is_flagged_no_more(self, product: Product) -> None:
        row = approved_factory(product, mechanic="price_cut", rate=D("0.25"))
        bound_factory(product=product, start_date=soon(-9), least=9, beyond="reason")
        assert len(self.found()) == 1
        fields = {"mechanic": "price_cut", "rate": D("0.25"), "exception": "They asked"}
        row = promotion_change(user=row.author, promotion=row, plan=plan_of(product, **fields), version=None)
        reader = user_factory()
        assert not flags_shown(reader, [promotion_get(reader, row.pk)])[0].bounds
        promotion_decide(user=user_factory(), promotion=row, approve=True)
        assert not flags_shown(reader, [promotion_get(reader, row.pk)])[0].bounds
        assert self.found() == []

    def test_who_sees_other_lines_is_not_told_of_it(self, product: Product) -> None:
        other = product_factory(line=line_factory())
        row = approved_factory(product, other, mechanic="price_cut", rate=D("0.25"))
        bound_factory(product=product, start_date=soon(-9), least=9)
        assert len(self.found()) == 1
        for lines, flags in ([other.line], 0), ([product.line], 1):
            reader = user_factory(lines=lines)
            assert len(flags_shown(reader, [promotion_get(reader, row.pk)])[0].bounds) == flags

    def test_who_sees_a_part_of_it_is_not_told_what_it_costs_elsewhere(self, product: Product) -> None:
        """A chain's own price is no business of who sells in another channel; nor is when it wants none."""
        chain, web = channel_factory(), channel_factory()
        start = soon(-99)
        price_factory(product=product, price_list=price_list_factory(channel=chain), start_date=start)
        row = approved_factory(product, mechanic="price_cut", rate=D("0.25"), store_start=soon(5))
        for channel in (chain, web):
            ForbiddenPeriod.objects.create(
                channel=channel, start_date=soon(6), end_date=soon(6), reason=f"Stock count {channel}"
            )
        bound_factory(product=product, start_date=soon(-9), least=9)
        assert self.found()
        for channels, amounts, periods in ([], {"7.500000"}, [chain, web]), ([web], {None}, [web]):
            client = Client()
            client.force_login(user_factory(channels=channels, language="en"))
            flags = client.get(f"/api/v1/promotions/{row.pk}/").json()["flags"]
            assert {bound["amount"] for bound in flags["bounds"]} == amounts
            reasons = [f"Stock count {channel}" for channel in periods]
            assert [period["reason"] for period in flags["forbidden"]] == reasons
            page = client.get(reverse("pricing:promotion", args=[row.pk])).content.decode()
            assert [str(channel) in page for channel in (chain, web)] == [chain in periods, True]

    def test_more_promotions_ask_no_more_queries(self, product: Product) -> None:
        bound_factory(product=product, start_date=soon(-9), least=2)
        counts = []
        for number in range(2):
            for each in range(3):
                approved_factory(
                    product,
                    product_factory(),
                    ahead=9 + 20 * (3 * number + each),
                    mechanic="price_cut",
                    rate=D("0.25"),
                )
            with CaptureQueriesContext(connection) as queries:
                bound_alerts_settle(today())
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_more_products_ask_no_more_queries(self, product: Product) -> None:
        mine, counts = PriceList.objects.get(code="base"), []
        bound_factory(line=product.line, start_date=soon(5), most=9)
        for _number in range(2):
            for _each in range(3):
                more = product_factory(line=product.line)
                price_factory(product=more, price_list=mine, start_date=soon(-9))
            with CaptureQueriesContext(connection) as queries:
                bound_alerts_settle(today())
            counts.append(len(queries))
        assert counts[0] == counts[1]
