"""Terms of channels and pocket prices: which holds, who sees it, what stays."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from altair.vegalite.v6.schema import core as VegaLite
from django.db import Error, transaction
from django.http import Http404
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from pricing.engine.terms import Step
from pricing.models import PriceList, ReferenceUse, Term, TermStep
from pricing.selectors.bonuses import bonuses
from pricing.selectors.pocket import Pocket, product_pockets
from pricing.selectors.price_rows import price_history, price_rows
from pricing.selectors.terms import settlements_visible, terms_visible
from pricing.services.terms import bonus_settle, term_withdraw
from products.models import Channel, ChannelLimit, LineLimit, Product, ProductLine
from tests.factories import (
    channel_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.terms import JULY, PAID, SCALE, D, bonus_of, day, said, sell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def july(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifteenth of July 2026."""
    monkeypatch.setattr("core.organisation.local_now", lambda: JULY)


in_july = pytest.mark.usefixtures("july")


@pytest.fixture
def line() -> ProductLine:
    return line_factory(name="Juice", unit="carton")


@pytest.fixture
def product(line: ProductLine) -> Product:
    """At 100 on the list for everybody."""
    found = product_factory(code="A", line=line)
    price_factory(product=found, price_list=price_list_factory(), start_date=day(-300), amount=100)
    return found


def pockets(product: Product, user: Any = None) -> dict[str, Pocket]:
    user = user or user_factory()
    found = product_pockets(user, product, price_rows(product, price_history(user, product)))
    return {str(pocket.channel or ""): pocket for pocket in found}


def limited(channel: Channel | None = None, line: ProductLine | None = None) -> Any:
    user = user_factory()
    if channel:
        ChannelLimit.objects.create(user=user, channel=channel)
    if line:
        LineLimit.objects.create(user=user, line=line)
    return user


class TestWhichHolds:
    def test_the_case_of_the_plan(self, product: Product) -> None:
        shop = channel_factory(name="Shop")
        for kind, rate in (("invoice", "0.1"), ("promotion", "0.03"), ("payment", "0.01")):
            said(kind, rate)
        bonus_of(shop, [Step(D(0), D("0.02"))])
        found = pockets(product)
        assert found["Shop"].amount("pocket_price") == D("84.68")
        assert found[""].amount("pocket_price") == D("86.43")  # without a bonus

    def test_the_nearest_term_alone_holds(self, product: Product, line: ProductLine) -> None:
        above = channel_factory(name="Trade")
        shop, other = channel_factory(name="Shop", parent=above), channel_factory(name="Other", parent=above)
        said("invoice", "0.05", line=line)
        said("invoice", "0.10", above)
        said("invoice", "0.15", shop, line=line)
        said("invoice", "0.20", shop)
        said("invoice", "0.99", shop, line=line_factory())
        said("payment", "0.01", other)
        found = pockets(product)
        shares = {name: pocket.share("invoice_price") for name, pocket in found.items()}
        assert shares == {"": D("0.95"), "Trade": D("0.9"), "Shop": D("0.85"), "Other": D("0.9")}

    def test_until_the_next_and_what_ended_leaves_it_to_the_one_above(self, product: Product) -> None:
        shop = channel_factory(name="Shop")
        said("invoice", "0.05")
        said("invoice", "0.1", shop)
        said("invoice", "0", shop, start_date=day(-9))
        said("invoice", "0.3", shop, start_date=day(1))
        assert pockets(product)["Shop"].share("invoice_price") == 1  # nothing there
        said("invoice", None, shop, start_date=day(-1))
        assert pockets(product)["Shop"].share("invoice_price") == D("0.95")

    def test_our_price_in_the_channel_goes_first_and_without_vat(self, product: Product) -> None:
        shop = channel_factory(name="Shop")
        mine = price_list_factory(channel=shop, with_vat=True)
        price_factory(product=product, price_list=mine, start_date=day(-5), amount=D("60.50"))
        said("unit", None, shop, amount=D("1.5"))
        found = pockets(product)["Shop"]
        assert (found.amount("list_price"), found.amount("pocket_price")) == (50, D("48.5"))

    def test_a_small_price_keeps_its_decimals_and_adds_up(self, product: Product) -> None:
        price_factory(
            product=product, price_list=PriceList.objects.get(), start_date=day(-1), amount=D("1.36")
        )
        said("invoice", "0.1")
        said("promotion", "0.03")
        amounts = [row.amount for row in pockets(product)[""].rows if row.amount]
        assert list(map(str, amounts[:5])) == ["1.3600", "-0.1360", "1.2240", "-0.0367", "1.1873"]

    @pytest.mark.parametrize(
        ("parts", "customer", "expected"),
        [
            ([("unit", "kWh", "0.30"), ("month", "", "5")], True, D("810")),  # 2,500 × 0.30 + 12 × 5
            ([("unit", "kWh", "0.30")], False, D("0.30")),
            ([("once", "", "80")], False, D("80")),
            ([("month", "", "5"), ("unit", "kWh", "0.30")], False, D("5")),
            ([("month", "385", "120"), ("month", "885", "100")], False, None),
        ],
    )
    def test_of_a_price_in_parts_it_is_what_a_reference_customer_pays_in_a_year(
        self, line: ProductLine, client: Client, parts: Any, customer: bool, expected: Any
    ) -> None:
        found, mine = product_factory(line=line, code="POWER"), price_list_factory()
        for component, tier, amount in parts:
            row = {"component": component, "tier": tier, "amount": D(amount)}
            price_factory(product=found, price_list=mine, start_date=day(-9), **row)
        if customer:
            ReferenceUse.objects.create(line=line, customer="Home", tier="kWh", amount=2500)
        said("invoice", "0.1")
        said("unit", None, amount=D("0.01"))
        held = pockets(found)
        client.force_login(user_factory(language="en"))
        page = client.get("/products/POWER/mix/pocket/").content.decode()
        if expected is None:
            assert held == {}
            assert "No reference customers" in page
            return
        assert held[""].amount("list_price") == expected
        taken = D("0.01") if parts[0][0] == "unit" and not customer else 0
        assert held[""].amount("pocket_price") == expected * D("0.9") - taken
        assert ("what Home (2,500 kWh) pays" in page) == customer

    def test_without_a_price_there_is_nothing(self) -> None:
        said("invoice", "0.05")
        assert pockets(product_factory()) == {}


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"steps": SCALE, "channel": None}, "bonus_of_nobody"),
            ({"steps": [Step(D(0), D("0.02")), Step(D(9), D("0.01"))]}, "step_down"),
            ({"steps": [Step(D(9), D("0.02")), Step(D(9), D("0.02"))]}, "step_twice"),
            ({"steps": SCALE, "basis": "volume"}, "volume_of_all"),
        ],
    )
    def test_a_scale_that_cannot_be(self, values: dict[str, Any], code: str) -> None:
        with pytest.raises(DomainError) as error:
            said("bonus", **{"channel": channel_factory(), "basis": "revenue"} | values)
        assert (error.value.code, Term.objects.count()) == (code, 0)

    def test_the_same_again_is_nothing_and_something_else_is_refused(self) -> None:
        shop = channel_factory()
        assert bonus_of(shop) == bonus_of(shop, SCALE[::-1])
        with pytest.raises(DomainError, match="already"):
            bonus_of(shop, SCALE[:2])
        assert TermStep.objects.count() == 3

    def test_what_has_held_stays(self) -> None:
        slip = said("invoice", "0.1")
        held = bonus_of(channel_factory(), start_date=day(-1))
        ahead = said("payment", "0.1", start_date=day(30))
        old = timezone.now() - datetime.timedelta(days=2)
        Term.objects.exclude(pk=slip.pk).update(created_at=old)
        term_withdraw(user=user_factory(), term=slip)
        term_withdraw(user=user_factory(), term=ahead)
        with pytest.raises(DomainError, match="held"):
            term_withdraw(user=user_factory(), term=held)
        assert list(Term.objects.all()) == [held]

    def test_what_has_held_stays_in_the_database(self) -> None:
        held = bonus_of(channel_factory())
        old = timezone.now() - datetime.timedelta(days=400)
        Term.objects.filter(pk=held.pk).update(created_at=old)
        step = held.steps.first()
        for write in (
            lambda: Term.objects.filter(pk=held.pk).update(start_date=day(0)),
            lambda: TermStep.objects.filter(pk=step.pk).update(rate=0),
            lambda: TermStep.objects.filter(pk=step.pk).delete(),
            lambda: TermStep.objects.create(term=held, from_amount=9, rate=0),
        ):
            with pytest.raises(Error, match="past"), transaction.atomic():
                write()

    @pytest.mark.parametrize(
        "values",
        [
            {"kind": "invoice", "amount": 1},
            {"kind": "invoice", "rate": 1},
            {"kind": "invoice", "days": 8},
            {"kind": "unit", "rate": "0.1"},
            {"kind": "unit", "amount": -1},
            {"kind": "bonus", "basis": "revenue"},
            {"kind": "other"},
        ],
    )
    def test_the_database_knows_what_each_kind_says(self, values: dict[str, Any]) -> None:
        with pytest.raises(Error), transaction.atomic():
            Term.objects.create(start_date=day(0), created_by=user_factory(), **values)


class TestWhoSees:
    def test_nobody_sees_or_sets_terms_of_another_customer(self) -> None:
        above = channel_factory()
        mine, other = channel_factory(parent=above), channel_factory(parent=above)
        own = said("invoice", "0.1", mine)
        shared = [said("invoice", "0.1"), said("invoice", "0.1", above)]
        foreign = said("invoice", "0.2", other)
        user = limited(channel=mine)
        assert set(terms_visible(user)) == {own, *shared}
        for channel in (None, above, other):
            with pytest.raises(DomainError) as error:
                said("payment", "0.1", channel, user=user)
            assert error.value.status == 403
        for term in (*shared, foreign):
            with pytest.raises(DomainError):
                term_withdraw(user=user, term=term)
        assert said("payment", "0.1", mine, user=user) in terms_visible(user)

    def test_nor_of_another_line(self, line: ProductLine) -> None:
        own, foreign = said("invoice", "0.1", line=line), said("invoice", "0.1", line=line_factory())
        shared = said("invoice", "0.1")
        user = limited(line=line)
        assert set(terms_visible(user)) == {own, shared}
        with pytest.raises(Http404):
            said("payment", "0.1", line=foreign.line, user=user)
        with pytest.raises(DomainError):
            said("payment", "0.1", user=user)

    @in_july
    def test_pocket_prices_only_of_ones_own_channels(self, product: Product, line: ProductLine) -> None:
        mine, other = channel_factory(name="Mine"), channel_factory(name="Other")
        said("invoice", "0.2", other)
        bonus_of(mine)
        sell(product, mine, 2026, range(1, 7), 10_000)
        assert pockets(product, limited(channel=mine)).keys() == {"", "Mine"}
        assert pockets(product)["Mine"].rates["bonus"] == D("0.03")
        # Who sees a part of what counts for the bonus does not learn which step it reaches.
        part = pockets(product, limited(line=line))["Mine"]
        assert (part.rates["bonus"], part.bonus_is_least) == (D("0.01"), True)

    @in_july
    def test_bonuses_only_where_all_that_counts_is_seen(self, product: Product, line: ProductLine) -> None:
        above = channel_factory()
        mine = channel_factory(parent=above)
        bonus_of(above), bonus_of(mine, line=line)
        sell(product, mine, 2026, [1], 500)
        sell(product, above, 2026, [1], 500)
        for user, count in ((user_factory(), 2), (limited(channel=mine), 1), (limited(line=line), 1)):
            assert len(bonuses(user, [2026])) == count
        assert bonuses(limited(channel=channel_factory()), [2026]) == []
        bonus_settle(user=user_factory(), channel=above, line=None, **PAID)
        assert not settlements_visible(limited(channel=mine)).exists()
        assert not settlements_visible(limited(line=line)).exists()


class TestThePages:
    @pytest.fixture
    def client(self) -> Client:
        client = Client()
        client.force_login(user_factory(language="en"))
        return client

    def test_a_bonus_is_typed_and_shown(self, client: Client) -> None:
        shop = channel_factory(name="Shop")
        typed = {"kind": "bonus", "channel": shop.code, "start_date": "2026-01-01", "nonce": "n"}
        answer = client.post("/pricing/terms/", typed | {"steps": "0 1\n250,000 2.5%"})
        assert answer.status_code == 302
        client.post("/pricing/terms/", typed | {"steps": "0 1\n250,000 2.5%"})  # twice is once
        steps = [(step.from_amount, step.rate) for step in Term.objects.get().steps.all()]
        assert steps == [(0, D("0.01")), (250_000, D("0.025"))]
        [row] = client.get("/pricing/terms/").context["rows"]
        assert row["words"] == "1% from €0; 2.5% from €250,000"

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"kind": "invoice"}, "rate"),
            ({"kind": "invoice", "rate": "5", "ends": "on"}, "rate"),
            ({"kind": "invoice", "rate": "5", "amount": "1"}, "amount"),
            ({"kind": "invoice", "rate": "5", "days": "8"}, "days"),
            ({"kind": "unit", "rate": "5"}, "rate"),
            ({"kind": "bonus", "steps": "much 5"}, "steps"),
            ({"kind": "bonus", "steps": "5 100"}, "steps"),
            ({"kind": "bonus", "steps": "0 1"}, "channel"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(self, client: Client, typed: Any, field: str) -> None:
        answer = client.post("/pricing/terms/", typed | {"start_date": "2026-01-01"})
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert not Term.objects.exists()

    def test_a_payment_discount_says_within_how_many_days(self) -> None:
        with pytest.raises(DomainError) as error:
            said("payment", "0.01", days=None)
        assert (error.value.code, error.value.field) == ("days_missing", "days")

    def test_past_terms_are_a_click_away(self, client: Client) -> None:
        said("payment", "0.01", days=14, start_date=day(-90))
        said("payment", "0.02", days=8, start_date=day(-9))
        said("payment", None, start_date=day(9))
        rows = lambda query: [  # noqa: E731
            (row["state"], row["words"]) for row in client.get(f"/pricing/terms/{query}").context["rows"]
        ]
        assert rows("") == [("now", "2%, paid within 8 days"), ("ahead", "ended")]
        assert rows("?show=past") == [("past", "1%, paid within 14 days")]

    def test_the_waterfall_of_the_channel_asked_for(self, client: Client, product: Product) -> None:
        shop = channel_factory(name="Shop", code="shop")
        said("invoice", "0.05")
        said("invoice", "0.1", shop)
        context = client.get("/products/A/mix/pocket/?channel=shop").context
        assert [(line.label, line.amount) for line in context["lines"]] == [
            ("list price", "€100.00"),
            ("discount on the invoice", "−€10.00"),
            ("invoice price", "€90.00"),
            ("net price", "€90.00"),
            ("pocket price", "€90.00"),
        ]
        assert [(row.name, row.active, row.share) for row in context["summaries"]] == [
            ("everybody", False, "95.0%"),
            ("Shop", True, "90.0%"),
        ]
        assert client.get("/products/A/mix/pocket/?channel=none").context["summaries"][0].active

    @in_july
    def test_what_is_open_of_last_year_is_said_first(self, client: Client, product: Product) -> None:
        shop = channel_factory(name="Shop", code="shop")
        bonus_of(shop, start_date=datetime.date(2025, 1, 1))
        sell(product, shop, 2025, range(1, 13), 100)
        assert client.get("/pricing/terms/bonuses/").context["open"] == [("2025", "€24.00")]
        paid = {"channel": "shop", "year": "2025", "amount": "24", "settled_date": "2026-07-01"}
        for _again in range(2):
            client.post("/pricing/terms/bonuses/", paid | {"reference": "CN", "nonce": "n"})
        context = client.get("/pricing/terms/bonuses/?year=2025").context
        assert [(row.settled, row.open, row.state) for row in context["rows"]] == [("€24.00", "€0.00", "ok")]
        assert context["open"] == []
        answer = client.post("/pricing/terms/bonuses/", paid | {"reference": "cn", "nonce": "m"})
        assert "reference" in answer.context["form"].errors

    def test_machines_read_terms_and_settlements(self, client: Client) -> None:
        shop, line = channel_factory(code="shop"), line_factory(code="juice")
        bonus_of(shop, SCALE[1:2], line=line)
        said("unit", None, amount=D("1.5"))
        bonus_settle(user=user_factory(), channel=shop, line=line, **PAID | {"settled_date": day(-1)})
        rows = client.get("/api/v1/terms/?channel=shop").json()["results"]
        assert [(row["kind"], row["line"], row["rate"]) for row in rows] == [("bonus", "juice", None)]
        assert rows[0]["steps"] == [{"from_amount": "1000.0000", "rate": "0.0200"}]
        [everybody] = client.get("/api/v1/terms/?kind=unit").json()["results"]
        assert (everybody["channel"], everybody["amount"]) == (None, "1.5000")
        [paid] = client.get("/api/v1/bonus-settlements/?year=2026").json()["results"]
        assert (paid["channel"], paid["amount"], paid["reference"]) == ("shop", "90.00", "CN-1")

    def test_it_opens_with_a_channel_that_gets_something_off(self, client: Client, product: Product) -> None:
        def active() -> list[bool]:
            return [row.active for row in client.get("/products/A/mix/pocket/").context["summaries"]]

        said("invoice", "0.1", channel_factory(name="Shop", code="shop"))
        assert active() == [False, True]
        everybody = client.get("/products/A/mix/pocket/?channel=").context["summaries"]
        assert [row.active for row in everybody] == [True, False]
        said("invoice", "0.05")
        assert active() == [True, False]

    def test_the_chart_is_valid(self, client: Client, product: Product) -> None:
        said("invoice", "0.05")
        chart = client.get("/products/A/mix/pocket/").context["chart"]
        VegaLite.TopLevelSpec.from_dict(chart.spec)
        assert [point["post"] for point in chart.spec["data"]["values"]] == [
            row[0] for row in chart.table.rows
        ]
