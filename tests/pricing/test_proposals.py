"""Proposals: what the rules make of prices, two people, races, bounds, notice, and five thousand at once."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import translation

from accounts.errors import DomainError
from benchmarks.tools import clock
from collaboration.models import Alert, Decision, Notification
from core import jobs
from core.models import Job
from core.months import month_add, month_start
from core.organisation import today
from pricing.forms.prices import cells_read
from pricing.models import Bound, NoticeDays, Price, PriceList, Proposal
from pricing.selectors.notices import told_too_late
from pricing.selectors.prices import price_on
from pricing.selectors.proposals import proposals_waiting
from pricing.services.price_limits import notice_words
from pricing.services.price_rules import Rule
from pricing.services.proposals import (
    proposal_approve,
    proposal_draft,
    proposal_reject,
    proposal_submit,
    proposal_withdraw,
)
from pricing.words.prices import rule_words
from products.models import FourEyesRule, Product, ProductFigures, SalesMonth
from tests.factories import (
    bound_become,
    bound_factory,
    channel_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def soon(days: int = 10) -> datetime.date:
    return today() + datetime.timedelta(days=days)


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        (Rule("percentage", D("0.03")), "2.00", "2.06"),
        (Rule("percentage", D("0.03")), "0.2345", "0.2415"),
        (Rule("percentage", D("0.05")), "1.99", "2.09"),  # 2.0895
        (Rule("percentage", D("-1")), "5", "0.00"),
        (Rule("amount", D("0.25")), "1.99", "2.24"),
        (Rule("amount", D("-1.98")), "1.99", "0.01"),
        (Rule("target", D("0")), "1.99", "0"),
        (Rule("target", D("1.79")), "1.99", "1.79"),
        (Rule("percentage", D("0.1"), "99"), "3.00", "2.99"),  # 3.30
        (Rule("percentage", D("0.2"), "99"), "3.00", "3.99"),  # 3.60
        (Rule("target", D("3.49"), "99"), "3", "3.99"),  # as near to both: the upper
        (Rule("percentage", D("0.1"), "95"), "3.00", "2.95"),
        (Rule("percentage", D("0.1"), "whole"), "15.00", "17"),  # 16.5
        (Rule("target", D("0.2"), "99"), "3", "0.99"),
    ],
)
def test_rules(rule: Rule, old: str, new: str) -> None:
    assert rule.new_amount(D(old)) == D(new)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("amount", D("-3")),
        Rule("amount", D("-1.99")),
        Rule("percentage", D("-0.9"), "whole"),
        Rule("list", D("0.1"), "whole", of="other"),
    ],
)
def test_nothing_is_left_of_a_price_where_that_is_said_alone(rule: Rule) -> None:
    with pytest.raises(DomainError, match=r"Nothing would be left of a price of 1\.99") as refused:
        rule.new_amount(D("1.99"), D("1.99"))
    assert (refused.value.code, refused.value.field) == ("below_nothing", "value")


def drafted(author: Any = None, **more: Any) -> Proposal:
    """A draft of +10 % on one product at 10.00."""
    if "product_ids" not in more:
        mine = more.get("price_list") or PriceList.objects.first() or price_list_factory()
        product = product_factory()
        price_factory(product=product, price_list=mine, start_date=soon(-100))
        more |= {"price_list": mine, "product_ids": [product.pk]}
    values = {"start_date": soon(), "reason": "Costs went up", "rule": Rule("percentage", D("0.1"))}
    return proposal_draft(user=author or user_factory(), **values | more)


def proposed(author: Any = None, **more: Any) -> Proposal:
    proposal = drafted(author, **more)
    return proposal_submit(user=proposal.author, proposal=proposal)


class TestItsLife:
    def test_it_holds_from_its_date_once_a_second_person_approved_it(self) -> None:
        proposal = proposed()
        [price] = proposal.prices.all()
        assert price_on(price.product, soon())[("unit", "")].amount == 10
        approver = user_factory()
        proposal_approve(user=approver, proposal=proposal)
        assert price_on(price.product, soon(9))[("unit", "")].amount == 10
        held = price_on(price.product, soon())[("unit", "")]
        assert (held.amount, held.approved_by) == (11, approver)

    def test_its_author_does_not_approve_it_unless_the_line_says_so(self) -> None:
        author = user_factory()
        proposal = proposed(author)
        with pytest.raises(DomainError) as refused:
            proposal_approve(user=author, proposal=proposal)
        assert refused.value.code == "four_eyes"
        assert set(Price.objects.filter(proposal=proposal).values_list("state", flat=True)) == {"proposed"}
        FourEyesRule.objects.create(decision_kind="price", mode="off")
        assert proposal_approve(user=author, proposal=proposal).state == "approved"

    def test_one_line_that_asks_for_two_is_enough(self) -> None:
        author, mine = user_factory(), price_list_factory()
        products = [product_factory(), product_factory()]
        for product in products:
            price_factory(product=product, price_list=mine, start_date=soon(-9))
        FourEyesRule.objects.create(line=products[0].line, decision_kind="price", mode="off")
        proposal = proposed(author, price_list=mine, product_ids=[p.pk for p in products])
        with pytest.raises(DomainError, match="Somebody else"):
            proposal_approve(user=author, proposal=proposal)

    @pytest.mark.parametrize(("currency", "alone"), [("EUR", True), ("GBP", False)])
    def test_an_amount_in_pounds_is_held_against_none_in_euro(self, currency: str, alone: bool) -> None:
        """100 units at 1 more."""
        author = user_factory()
        proposal = proposed(author, price_list=price_list_factory(currency=currency))
        product = proposal.prices.get().product
        ProductFigures.objects.create(product=product, measure=measure_factory(), volume_12m=100)
        FourEyesRule.objects.create(decision_kind="price", mode="above", threshold_amount=101)
        if alone:
            assert proposal_approve(user=author, proposal=proposal).state == "approved"
            return
        with pytest.raises(DomainError, match="Somebody else"):
            proposal_approve(user=author, proposal=proposal)

    def test_who_may_only_propose_approves_nothing(self) -> None:
        with pytest.raises(DomainError) as refused:
            proposal_approve(user=user_factory("marketing"), proposal=proposed())
        assert refused.value.status == 403

    def test_a_rejection_has_a_reason_and_its_author_hears_it(self) -> None:
        proposal, approver = proposed(), user_factory()
        with pytest.raises(DomainError) as refused:
            proposal_reject(user=approver, proposal=proposal, note=" ")
        assert refused.value.field == "note"
        proposal_reject(user=approver, proposal=proposal, note="Too much")
        told = Notification.objects.get(user=proposal.author)
        assert (told.kind, told.params["note"]) == ("price_decided", "Too much")
        assert proposal.prices.get().state == "rejected"

    def test_approved_prices_ahead_can_be_withdrawn_and_those_in_force_not(self) -> None:
        proposal = proposed()
        proposal_approve(user=(approver := user_factory()), proposal=proposal)
        with pytest.raises(DomainError, match="Say why"):
            proposal_withdraw(user=approver, proposal=proposal)
        proposal_withdraw(user=approver, proposal=proposal, note="The supplier took it back")
        [price] = proposal.prices.all()
        assert price.state == "withdrawn"
        assert price_on(price.product, soon())[("unit", "")].amount == 10

    def test_only_its_author_takes_it_back(self) -> None:
        proposal = proposed()
        with pytest.raises(DomainError) as refused:
            proposal_withdraw(user=user_factory(), proposal=proposal)
        assert refused.value.code == "not_yours"
        assert proposal_withdraw(user=proposal.author, proposal=proposal).state == "withdrawn"

    def test_only_its_author_proposes_a_draft(self) -> None:
        draft = drafted()
        with pytest.raises(DomainError) as refused:
            proposal_submit(user=user_factory(), proposal=draft)
        assert (refused.value.code, refused.value.status) == ("not_yours", 403)
        draft.refresh_from_db()
        assert draft.state == "draft"
        assert draft.prices.get().state == "draft"
        assert proposal_submit(user=draft.author, proposal=draft).state == "proposed"

    def test_it_waits_on_todays_page_until_it_is_decided(self) -> None:
        owner = user_factory()
        line = line_factory(owner=owner)
        mine, product = price_list_factory(), product_factory(line=line)
        price_factory(product=product, price_list=mine, start_date=soon(-9))
        proposal = proposed(price_list=mine, product_ids=[product.pk])
        alert = Alert.objects.get(kind="price_proposal")
        assert (alert.recipient, alert.product, alert.state) == (owner, product, "open")
        client = Client()
        client.force_login(owner)
        assert "price proposal waits for approval" in client.get("/").content.decode()
        proposal_approve(user=owner, proposal=proposal)
        alert.refresh_from_db()
        assert alert.state == "gone"

    def test_it_waits_for_the_nearest_owner_whom_it_reaches(self) -> None:
        head, mine = user_factory(), price_list_factory()
        product = product_factory(
            line=line_factory(owner=head), owner=user_factory(channels=[channel_factory()])
        )
        price_factory(product=product, price_list=mine, start_date=soon(-9))
        proposed(price_list=mine, product_ids=[product.pk])
        assert Alert.objects.get(kind="price_proposal").recipient == head

    def test_the_number_in_the_menu_is_of_what_one_sees(self) -> None:
        own, other = channel_factory(), channel_factory()
        product = product_factory()
        mine, foreign = (price_list_factory(channel=channel) for channel in (own, other))
        for each in (mine, foreign):
            price_factory(product=product, price_list=each, start_date=soon(-9))
        seen, _ = (proposed(price_list=each, product_ids=[product.pk]) for each in (mine, foreign))
        drafted(price_list=mine, product_ids=[product.pk])
        assert list(proposals_waiting(user_factory(channels=[own]))) == [seen]
        assert proposals_waiting(user_factory(lines=[product.line])).count() == 2
        assert list(proposals_waiting(user_factory(lines=[line_factory()]))) == []
        assert list(proposals_waiting(user_factory("viewer"))) == []
        assert seen not in proposals_waiting(seen.author)

    def test_what_does_not_change_is_left_out_and_nothing_at_all_is_refused(self) -> None:
        mine, same, other, bare = (
            price_list_factory(),
            product_factory(),
            product_factory(),
            product_factory(),
        )
        for product, amount in ((same, 12), (other, 13)):
            price_factory(product=product, price_list=mine, start_date=soon(-9), amount=amount)
        ids = [same.pk, other.pk]
        found = drafted(price_list=mine, product_ids=ids, rule=Rule("target", D(12)))
        assert [price.product for price in found.prices.all()] == [other]
        with pytest.raises(DomainError, match="No price would change"):
            drafted(price_list=mine, product_ids=[bare.pk])
        assert Proposal.objects.count() == 1

    def test_two_for_one_day_the_second_is_refused(self) -> None:
        first = proposed()
        price = first.prices.get()
        second = proposed(
            price_list=first.price_list, product_ids=[price.product_id], rule=Rule("target", D(9))
        )
        approver = user_factory()
        proposal_approve(user=approver, proposal=first)
        with pytest.raises(DomainError) as refused:
            proposal_approve(user=approver, proposal=second)
        assert refused.value.code == "price_there"

    @pytest.mark.parametrize(
        "changed",
        [{"reason": "Other"}, {"author": 1}, {"decided_by": 1}, {"note": "Other"}, {"state": "rejected"}],
    )
    def test_what_was_decided_stays_in_the_database_too(self, changed: dict[str, Any]) -> None:
        """Approved, withdrawn and rejected; withdrawing what is approved ahead is a decision of its own."""
        other = user_factory()
        values = {name: other.pk if value == 1 else value for name, value in changed.items()}
        approved, withdrawn, rejected = (proposed() for _ in range(3))
        proposal_approve(user=user_factory(), proposal=approved)
        proposal_withdraw(user=withdrawn.author, proposal=withdrawn)
        proposal_reject(user=user_factory(), proposal=rejected, note="No")
        for proposal in (approved, withdrawn, rejected):
            if Proposal.objects.filter(pk=proposal.pk, **changed).exists():
                continue  # it is so
            with pytest.raises(IntegrityError, match="is decided"), transaction.atomic():
                Proposal.objects.filter(pk=proposal.pk).update(**values)
        approved.refresh_from_db()
        proposal_withdraw(user=other, proposal=approved, note="Not now")
        assert Proposal.objects.get(pk=approved.pk).decided_by == other

    def test_today_has_begun(self) -> None:
        with pytest.raises(DomainError) as refused:
            drafted(start_date=today())
        assert refused.value.field == "start_date"
        proposal = proposed()
        Proposal.objects.filter(pk=proposal.pk).update(start_date=today())
        with pytest.raises(DomainError, match="midnight"):
            proposal_approve(user=user_factory(), proposal=proposal)

    def test_an_ended_price_is_a_row_too(self) -> None:
        proposal = proposed(rule=Rule("end"))
        proposal_approve(user=user_factory(), proposal=proposal)
        assert price_on(proposal.prices.get().product, soon()) == {}


class TestLimits:
    @pytest.mark.parametrize(
        ("model", "fields", "name"),
        [
            (Bound, {"least": 2, "most": 1}, "bound_order"),
            (Bound, {"source": ""}, "bound_has_source"),
            (Bound, {"currency": "eur"}, "bound_currency"),
            (Bound, {"line": None}, "bound_of_product_or_line"),
            (NoticeDays, {"days": 400}, "notice_within_a_year"),
        ],
    )
    def test_what_the_database_refuses(self, model: Any, fields: dict[str, Any], name: str) -> None:
        valid: dict[str, Any] = {"line": line_factory(), "start_date": soon(), "currency": "EUR"} | {
            "source": "law"
        }
        with pytest.raises(IntegrityError, match=name):
            model.objects.create(**(valid | fields if model is Bound else fields))

    def test_a_legal_cap_refuses_and_a_floor_asks_for_a_reason(self) -> None:
        proposal = drafted()
        price = proposal.prices.get()
        bound = bound_factory(
            line=price.product.line, start_date=soon(-99), most=D("10.50"), source="Cap of the regulator"
        )
        with pytest.raises(DomainError, match=r"Cap of the regulator sets at most €10\.50 without VAT"):
            proposal_submit(user=proposal.author, proposal=proposal, exception="please")
        bound_become(bound, beyond="reason")
        with pytest.raises(DomainError) as refused:
            proposal_submit(user=proposal.author, proposal=proposal)
        assert (refused.value.code, refused.value.field) == ("exception_needed", "exception")
        kept = proposal_submit(user=proposal.author, proposal=proposal, exception="Agreed with them")
        assert (kept.state, kept.exception) == ("proposed", "Agreed with them")

    def test_a_bound_set_since_holds_at_approval(self) -> None:
        proposal = proposed()
        line = proposal.prices.get().product.line
        bound = bound_factory(line=line, start_date=soon(-9), most=D(5), source="The law")
        with pytest.raises(DomainError, match="The law sets at most"):
            proposal_approve(user=user_factory(), proposal=proposal)
        bound_become(bound, most=D(50))
        assert proposal_approve(user=user_factory(), proposal=proposal).state == "approved"

    def test_a_products_own_bound_and_the_newest_go_first_and_vat_counts(self) -> None:
        proposal = drafted()
        price = proposal.prices.get()
        own = {"product": price.product, "source": "contract"}
        bound_factory(line=price.product.line, start_date=soon(-99), most=D(1), source="line's")
        bound_factory(**own, start_date=soon(-99), most=D(2))
        # 11.00 without VAT is 13.31 with it
        bound_factory(**own, start_date=soon(-9), most=D("13.31"), with_vat=True)
        bound_factory(**own, start_date=soon(11), most=D(1))
        assert proposal_submit(user=proposal.author, proposal=proposal).state == "proposed"

    @pytest.mark.parametrize(
        ("bounds", "part", "refused"),
        [
            ([("month", "", 5)], ("month", ""), True),
            ([("month", "", 5)], ("once", ""), False),
            ([("unit", "", 5)], ("unit", "night"), True),  # of every tier
            ([("unit", "day", 5)], ("unit", "night"), False),
            ([("unit", "", 5), ("unit", "night", 50)], ("unit", "night"), False),  # the tier's own first
            ([("once", "", 5)], ("once", ""), True),
        ],
    )
    @pytest.mark.parametrize("beyond", ["refuse", "reason"])
    def test_bounds_of_every_part(self, bounds: Any, part: Any, refused: bool, beyond: str) -> None:
        """A price that goes from 10 to 11 beside the most it may be."""
        product, mine, author = product_factory(), price_list_factory(), user_factory()
        component, tier = part
        price_factory(
            product=product, price_list=mine, start_date=soon(-9), component=component, tier=tier, amount=10
        )
        for of, its_tier, most in bounds:
            bound_factory(
                line=product.line,
                component=of,
                tier=its_tier,
                start_date=soon(-9),
                most=most,
                source="The law",
                beyond=beyond,
            )
        proposal = proposal_draft(
            user=author,
            price_list=mine,
            start_date=soon(),
            reason="Dearer",
            rule=Rule("percentage", D("0.1"), component=component, tier=tier),
            product_ids=[product.pk],
        )
        if refused:
            with pytest.raises(DomainError, match="The law sets at most") as told:
                proposal_submit(user=author, proposal=proposal)
            assert told.value.code == ("beyond_bound" if beyond == "refuse" else "exception_needed")
        if not refused or beyond == "reason":
            said = proposal_submit(user=author, proposal=proposal, exception="As agreed")
            assert said.state == "proposed"

    @pytest.mark.parametrize(
        ("bounds", "refused", "unchecked"),
        [
            ({"EUR": 5}, False, 1),
            ({"EUR": 5, "USD": 5}, True, 0),
            ({"EUR": 5, "USD": 50}, False, 0),
            ({"EUR": 5, "USD": None}, False, 1),  # taken away there
            ({"USD": 5}, True, 0),
            ({}, False, 0),
        ],
    )
    def test_a_list_in_another_currency_has_bounds_of_its_own_or_says_so(
        self, bounds: dict[str, Any], refused: bool, unchecked: int
    ) -> None:
        proposal = drafted(price_list=price_list_factory(currency="USD"))
        line = proposal.prices.get().product.line
        for currency, most in bounds.items():
            bound_factory(line=line, start_date=soon(-9), most=most and D(most), currency=currency)
        client = Client()
        client.force_login(proposal.author)

        def said() -> bool:
            return "there is one, but not in USD" in client.get(proposal.get_absolute_url()).content.decode()

        assert said() is bool(unchecked)
        if refused:
            with translation.override("en"), pytest.raises(DomainError, match=r"at most (US)?\$5\.00"):
                proposal_submit(user=proposal.author, proposal=proposal)
            return
        proposal_submit(user=proposal.author, proposal=proposal)
        assert said() is bool(unchecked)
        proposal_approve(user=user_factory(), proposal=proposal)
        assert said() is False

    def test_notice_of_the_nearest_channel(self) -> None:
        top = channel_factory()
        account = channel_factory(parent=top, kind="account")
        NoticeDays.objects.create(channel=None, days=200)
        NoticeDays.objects.create(channel=top, days=11)
        proposal = drafted(price_list=price_list_factory(channel=account))
        with pytest.raises(DomainError, match="told 11 days ahead"):
            proposal_submit(user=proposal.author, proposal=proposal)
        NoticeDays.objects.filter(channel=top).update(days=10)
        assert proposal_submit(user=proposal.author, proposal=proposal).state == "proposed"

    @pytest.mark.parametrize(
        ("sold", "own", "told"),
        [
            ("account", "", "Shops is told 40 days ahead"),
            ("account", "account in GBP", "Shops is told 40 days ahead"),
            ("", "", ""),  # who buys nothing of it is not told
            ("web", "", ""),  # has no rule
            ("account", "account", ""),  # pays a price of its own
            ("account", "shops", ""),
            ("account", "web", "Shops is told 40 days ahead"),
        ],
    )
    def test_a_price_for_everybody_is_told_to_who_pays_it(self, sold: str, own: str, told: str) -> None:
        shops, web = channel_factory(name="Shops"), channel_factory()
        channels = {"shops": shops, "web": web, "account": channel_factory(parent=shops, kind="account")}
        NoticeDays.objects.create(channel=shops, days=40)
        proposal = drafted(price_list=price_list_factory())
        product = proposal.prices.get().product
        if sold:
            SalesMonth.objects.create(
                product=product,
                channel=channels[sold],
                measure=measure_factory(),
                month=month_add(month_start(today()), -2),
                volume=5,
                days=30,
            )
        if own:
            channel, _, currency = own.partition(" in ")
            mine = price_list_factory(channel=channels[channel], currency=currency or "EUR")
            price_factory(product=product, price_list=mine, start_date=soon(-9))
        if told:
            with translation.override("en"), pytest.raises(DomainError, match=told):
                proposal_submit(user=proposal.author, proposal=proposal)
        kept = proposal_submit(user=proposal.author, proposal=proposal, exception="Agreed" if told else "")
        assert kept.state == "proposed"

    @pytest.mark.parametrize(
        ("of", "ours", "told"),
        [
            ("", None, True),
            ("", "", False),  # pays in euro
            ("", "shops", False),
            ("shops", "", True),  # the price in pounds is nearer
            ("shops", "account", False),
        ],
    )
    def test_a_price_in_pounds_is_told_to_who_has_none_in_euro_as_near(
        self, of: str, ours: str | None, told: bool
    ) -> None:
        shops = channel_factory()
        account = channel_factory(parent=shops, kind="account")
        channels = {"": None, "shops": shops, "account": account}
        NoticeDays.objects.create(channel=account, days=40)
        pounds = price_list_factory(channel=channels[of], currency="GBP")
        proposal = drafted(price_list=pounds)
        product = proposal.prices.get().product
        month = month_add(month_start(today()), -2)
        SalesMonth.objects.create(
            product=product, channel=account, measure=measure_factory(), month=month, volume=5, days=30
        )
        if ours is not None:
            mine = price_list_factory(channel=channels[ours])
            price_factory(product=product, price_list=mine, start_date=soon(-9))
        late = told_too_late(pounds, proposal.start_date, [product.pk])
        assert (late is not None) is told

    def test_who_is_limited_to_other_channels_reads_no_name(self) -> None:
        shops, web = channel_factory(name="Shops"), channel_factory()
        NoticeDays.objects.create(channel=shops, days=40)
        proposal = drafted(price_list=price_list_factory())
        SalesMonth.objects.create(
            product=proposal.prices.get().product,
            channel=shops,
            measure=measure_factory(),
            month=month_add(month_start(today()), -2),
            volume=5,
            days=30,
        )
        prices = list(proposal.prices.prefetch_related("product"))
        [said] = notice_words(proposal, prices, user_factory(channels=[web]))
        assert said.startswith("Here a price is told 40 days")


def test_of_cells_from_a_spreadsheet_codes_may_have_any_signs() -> None:
    with translation.override("en"):
        assert cells_read("A; B  2\t1.30\nC;2.50") == ({"a; b  2": D("1.30"), "c": D("2.50")}, [])


@pytest.mark.parametrize(("value", "said"), [("1.3", "set to 1.30"), ("0.2345", "set to 0.2345")])
def test_one_price_is_said_as_prices_are(value: str, said: str) -> None:
    with translation.override("en"):
        assert rule_words(Rule("target", D(value)).as_json(), "EUR") == said


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told() -> None:
    """Two who approve, and one who approves while the other rejects."""
    for rejects in (False, True):
        decided_at_once(proposed(), rejects=rejects)


def decided_at_once(proposal: Proposal, *, rejects: bool) -> None:
    people = [user_factory(), user_factory()]
    gate = threading.Barrier(2)
    answers: list[str] = []

    def decide(person: Any, approve: bool) -> None:
        try:
            gate.wait()
            if approve or not rejects:
                proposal_approve(user=person, proposal=proposal)
            else:
                proposal_reject(user=person, proposal=proposal, note="No")
            answers.append("won")
        except DomainError as error:
            answers.append(f"{error.code} {error.status}")
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(p, n == 0)) for n, p in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["already_decided 409", "won"]
    proposal.refresh_from_db()
    assert proposal.prices.get().state == proposal.state in ("approved", *(["rejected"] if rejects else []))
    assert Decision.objects.filter(reference=proposal.pk).count() == (proposal.state == "approved")


@pytest.mark.django_db(transaction=True)
def test_of_two_for_one_day_approved_at_once_the_second_is_refused() -> None:
    first = proposed()
    of = {"price_list": first.price_list, "product_ids": [first.prices.get().product_id]}
    both = [(user_factory(), first), (user_factory(), proposed(**of, rule=Rule("target", D(9))))]
    gate = threading.Barrier(2)
    answers: list[str] = []

    def approve(person: Any, proposal: Proposal) -> None:
        try:
            gate.wait()
            proposal_approve(user=person, proposal=proposal)
            answers.append("won")
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=each) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["price_there", "won"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_five_thousand_products_in_a_few_seconds_of_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draft (by its job, with progress), look, propose and approve: processor time of Python and of the
    database's session together, a bound on all of them. The clock would also see who else is at work."""
    line, mine = line_factory(), price_list_factory()
    Product.objects.bulk_create(Product(code=f"B{n}", name=f"B{n}", line=line) for n in range(5000))
    ids = list(Product.objects.filter(code__startswith="B").values_list("pk", flat=True))
    price_factory_many(mine, ids)
    author, told = user_factory(), []
    bound_factory(line=line, start_date=soon(-99), most=10, beyond="reason")
    proposal = drafted(author, price_list=mine, product_ids=ids, exception="Agreed")
    job = Job.objects.get(key=f"pricing.proposal:{proposal.pk}")
    progress = jobs.JobContext.progress

    def tell(self: jobs.JobContext, done: int, total: int) -> None:
        told.append(done)
        progress(self, done, total)

    monkeypatch.setattr(jobs.JobContext, "progress", tell)
    with clock() as draft:
        claimed = jobs.job_claim("short")
        assert claimed == job
        jobs.job_run(claimed)
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"prices": 5000, "unchanged": 0})
    assert told == list(range(0, 5001, 500))
    assert Notification.objects.get(user=author).params["ready"]
    client = Client()
    client.force_login(author)
    with clock() as look:
        page = client.get(f"/pricing/proposals/{proposal.pk}/")
    assert (page.status_code, page.context["passed"]) == (200, 5000)
    with clock() as propose:
        proposal_submit(user=author, proposal=proposal)
    with clock() as approve:
        proposal_approve(user=user_factory(), proposal=proposal)
    times = {"draft": draft.cpu, "look": look.cpu, "propose": propose.cpu, "approve": approve.cpu}
    assert sum(times.values()) < 8, times
    assert Price.objects.filter(proposal=proposal, state="approved", amount=11).count() == 5000


def price_factory_many(price_list: Any, ids: list[int]) -> None:
    now = datetime.datetime.now(datetime.UTC)
    Price.objects.bulk_create(
        Price(
            price_list=price_list,
            product_id=pk,
            start_date=soon(-99),
            amount=10,
            state="approved",
            approved_at=now,
        )
        for pk in ids
    )


def test_what_was_observed_is_recorded_and_decided_by_nobody() -> None:
    """Of any day, beyond bounds, by one who may approve nothing."""
    product, seen = product_factory(), price_list_factory(kind="observed")
    bound_factory(product=product, start_date=soon(-900), least=5, source="The floor")
    maker = user_factory("marketing")
    for start, amount in ((soon(-30), "4"), (soon(), "3")):
        draft = proposal_draft(
            user=maker,
            price_list=seen,
            start_date=start,
            reason="Seen in the shop",
            rule=Rule("target", Decimal(amount)),
            product_ids=[product.pk],
        )
        found = proposal_submit(user=maker, proposal=draft)
        assert (found.state, found.decided_by) == ("approved", maker)
    kept = Price.objects.filter(price_list=seen).values_list("start_date", "amount", "state")
    assert list(kept) == [(soon(-30), 4, "approved"), (soon(), 3, "approved")]
    assert not Decision.objects.exists()
    assert not Alert.objects.exists()
    client = Client()
    client.force_login(maker)
    draft = proposal_draft(
        user=maker,
        price_list=seen,
        start_date=soon(20),
        reason="Seen in the shop",
        rule=Rule("target", D(6)),
        product_ids=[product.pk],
    )
    assert "Record</button>" in client.get(draft.get_absolute_url()).content.decode()
    page = client.post(f"{draft.get_absolute_url()}act/", {"act": "submit"}, follow=True)
    assert "what was observed is decided by nobody" in page.content.decode()
