"""Which cost holds: a rate until its next, tiers apart, of whom; and what held stays."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import Role
from core.history import history_of
from core.models import Job
from core.months import month_add
from core.organisation import today
from pricing.models import CostKind, CostLine, CostMonth, CostRate
from pricing.selectors.costs import cost_lines_of, cost_lines_visible, costs_on, kinds_offered, rates_of
from pricing.services.costs import (
    RateValues,
    cost_kind_delete,
    cost_kind_save,
    cost_line_create,
    cost_line_update,
    cost_rate_add,
    cost_rate_withdraw,
)
from tests.factories import (
    channel_factory,
    client_of,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
FIRST = datetime.date(2026, 1, 1)
D = Decimal


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days)


def kind(code: str) -> CostKind:
    return CostKind.objects.get(code=code)


class TestWhichHolds:
    def test_a_rate_holds_until_the_next_of_its_tier_or_its_end(self) -> None:
        user, product = user_factory(), product_factory()
        mine = cost_line_factory(product=product)
        for days, begin, amount in ((0, 0, 10), (5, 100, 8), (10, 0, 12), (20, 100, None), (30, 0, None)):
            start = FIRST + datetime.timedelta(days)
            cost_rate_factory(cost_line=mine, start_date=start, from_quantity=begin, amount=amount)

        def on(days: int) -> dict[D, D]:
            rate = costs_on(user, product, FIRST + datetime.timedelta(days)).get(mine)
            return {begin: tier.amount for begin, tier in rate.tiers.items()} if rate else {}

        assert on(-1) == {}
        assert on(4) == {0: 10}
        assert on(9) == {0: 10, 100: 8}
        assert on(10) == {0: 12, 100: 8}
        assert on(20) == {0: 12}
        assert on(30) == {}

    def test_it_counts_how_often_and_in_our_currency(self) -> None:
        user, product = user_factory(), product_factory()
        mine = cost_line_factory(product=product, currency="USD")
        cost_rate_factory(
            cost_line=mine, start_date=FIRST, amount=D(40), times=D("0.5"), exchange_rate=D("0.92")
        )
        rate = costs_on(user, product, FIRST)[mine]
        assert rate.tiers == {0: (20, 0, D("0.92"), 0)}

    def test_once_is_of_its_day_only(self) -> None:
        user, product = user_factory(), product_factory()
        mine = cost_line_factory(product=product, kind="marketing", basis="once")
        cost_rate_factory(cost_line=mine, start_date=FIRST)
        assert mine in costs_on(user, product, FIRST)
        assert costs_on(user, product, FIRST + datetime.timedelta(1)) == {}

    def test_an_amount_a_month_goes_on_for_its_tail_after_the_end(self) -> None:
        user, product = user_factory(), product_factory(ended=datetime.date(2026, 3, 10))
        licence = cost_line_factory(product=product, kind="licences", basis="month", tail_months=2)
        unit = cost_line_factory(product=product)
        for each in (licence, unit):
            cost_rate_factory(cost_line=each, start_date=FIRST)
        on = lambda when: set(costs_on(user, product, when))  # noqa: E731
        assert on(datetime.date(2026, 5, 31)) == {licence, unit}
        assert on(datetime.date(2026, 6, 1)) == {unit}

    def test_of_a_product_its_lines_above_and_all(self) -> None:
        user, top = user_factory(), line_factory()
        line, other = line_factory(parent=top), line_factory()
        product = product_factory(line=line)
        rows = [
            cost_line_factory(product=product),
            cost_line_factory(line=line),
            cost_line_factory(line=top),
            cost_line_factory(),
            cost_line_factory(line=other),
            cost_line_factory(product=product_factory(line=line)),
        ]
        assert set(cost_lines_of(user, product)) == set(rows[:4])

    def test_a_thousand_random_rates_against_the_rule_written_out(self) -> None:
        chance, user = random.Random(7), user_factory()
        top = line_factory()
        products = [product_factory(line=line_factory(parent=top)) for _ in range(3)]
        places: list[dict[str, Any]] = [{"product": product} for product in products]
        places += [{"line": products[0].line}, {"line": top}, {}]
        lines = [cost_line_factory(**place, name=name) for place in places for name in "ab"]
        drawn = []
        for _ in range(1000):
            withdrawn = day(0) if chance.random() < 0.2 else None
            drawn.append(
                CostRate(
                    cost_line=chance.choice(lines),
                    start_date=FIRST + datetime.timedelta(chance.randrange(40)),
                    from_quantity=chance.choice((0, 100)),
                    amount=None if chance.random() < 0.15 else chance.randrange(1, 500),
                    withdrawn_at=withdrawn
                    and datetime.datetime.combine(withdrawn, datetime.time(), datetime.UTC),
                )
            )
        # Of two for the same day the database keeps one.
        CostRate.objects.bulk_create(drawn, ignore_conflicts=True)
        assert 500 < CostRate.objects.count() < 980
        rows = list(CostRate.objects.filter(withdrawn_at=None).select_related("cost_line"))
        compared = 0
        for days in range(-1, 42, 4):
            date = FIRST + datetime.timedelta(days)
            for product in products:
                expected: dict[int, dict[Decimal, Decimal]] = {}
                for each in lines:
                    ours = each.product_id in (None, product.pk) and each.line_id in (
                        None,
                        top.pk,
                        product.line_id,
                    )
                    for begin in (0, 100):
                        past = [
                            row
                            for row in rows
                            if row.cost_line_id == each.pk
                            and row.from_quantity == begin
                            and row.start_date <= date
                        ]
                        if ours and past:
                            newest = max(past, key=lambda row: row.start_date)
                            if newest.amount is not None:
                                expected.setdefault(each.pk, {})[D(begin)] = newest.amount
                got = {
                    each.pk: {begin: tier.amount for begin, tier in rate.tiers.items()}
                    for each, rate in costs_on(user, product, date).items()
                }
                assert got == expected
                compared += len(expected)
        assert compared > 150

    def test_many_lines_in_as_many_queries_as_one(self, django_assert_num_queries: Any) -> None:
        lines = [cost_line_factory(name=f"{n}") for n in range(30)]
        with django_assert_num_queries(1):
            assert len(rates_of(lines)) == 30


class TestWhoSees:
    def test_without_the_right_there_are_none(self) -> None:
        product = product_factory()
        cost_rate_factory(product=product, start_date=FIRST)
        for role in ("marketing", "sales", "logistics", "quality", "viewer"):
            assert costs_on(user_factory(role), product, FIRST) == {}
        for role in ("product-manager", "finance", "administrator"):
            assert len(costs_on(user_factory(role), product, FIRST)) == 1

    def test_within_limits_of_lines_and_channels(self) -> None:
        line, channel = line_factory(), channel_factory()
        product = product_factory(line=line)
        ours = [cost_line_factory(product=product), cost_line_factory(line=line), cost_line_factory()]
        ours.append(cost_line_factory(product=product, channel=channel))
        cost_line_factory(product=product_factory())
        cost_line_factory(line=line_factory())
        elsewhere = cost_line_factory(product=product, channel=channel_factory())
        assert set(cost_lines_visible(user_factory(lines=[line]))) == {*ours, elsewhere}
        assert set(cost_lines_visible(user_factory(lines=[line], channels=[channel]))) == set(ours)

    def test_finance_keeps_them_and_within_their_limits(self) -> None:
        product, line = product_factory(), line_factory()
        finance, limited = user_factory("finance"), user_factory("finance", lines=[line])
        said: dict[str, Any] = {"kind": kind("purchase"), "basis": "unit", "currency": "EUR"}
        with pytest.raises(Http404):
            cost_line_create(user=limited, product=product, **said)
        elsewhere = user_factory("finance", channels=[channel_factory()])
        for user, of, code in (
            (user_factory(), {"product": product}, "not_allowed"),
            (limited, {}, "limited"),
            (elsewhere, {"product": product}, "limited"),
        ):
            with pytest.raises(DomainError) as found:
                cost_line_create(user=user, **of, **said)
            assert found.value.code == code
        assert not CostLine.objects.exists()
        assert cost_line_create(user=finance, product=product, **said).pk
        assert cost_line_create(user=limited, line=line, **said).pk

    def test_the_right_is_finances_and_the_administrators(self) -> None:
        having = Role.objects.filter(rights__contains=["pricing.edit_costs"])
        assert {role.code for role in having} == {"finance", "administrator"}


class TestServices:
    def refusal(self, call: Any) -> tuple[str, str]:
        before = (CostLine.objects.count(), CostRate.objects.count())
        with pytest.raises(DomainError) as found, transaction.atomic():
            call()
        assert (CostLine.objects.count(), CostRate.objects.count()) == before
        return found.value.code, found.value.field

    def add(self, line: CostLine, days: int = 10, **values: Any) -> CostRate:
        values = {"amount": D(1)} | values
        return cost_rate_add(
            user=user_factory("finance"), cost_line=line, start_date=day(days), values=RateValues(**values)
        )

    def test_a_rate_means_something_for_its_line(self) -> None:
        product = product_factory()
        month = cost_line_factory(product=product, basis="month")
        once = cost_line_factory(product=product, basis="once")
        share = cost_line_factory(product=product, kind="duty", basis="share", base="purchase")
        dollars = cost_line_factory(product=product, currency="USD")
        for line, values, refusal in (
            (month, {"from_quantity": D(1)}, ("not_by_unit", "from_quantity")),
            (month, {"least_quantity": D(1)}, ("not_by_unit", "least_quantity")),
            (month, {"exchange_rate": D(2)}, ("no_exchange", "exchange_rate")),
            (once, {"amount": None}, ("once_ends", "amount")),
            (share, {"amount": D(45)}, ("share_too_large", "amount")),
            (dollars, {}, ("exchange_missing", "exchange_rate")),
            (month, {"times": D(0)}, ("invalid", "times")),
        ):
            assert self.refusal(lambda line=line, values=values: self.add(line, **values)) == refusal
        assert self.add(dollars, exchange_rate=D("0.92")).exchange_rate == D("0.92")

    def test_the_same_again_writes_nothing_and_another_is_refused(self) -> None:
        line = cost_line_factory(product=product_factory())
        for days in (-3, 10):
            made = self.add(line, days)
            assert self.add(line, days) == made
            assert self.refusal(lambda d=days: self.add(line, d, amount=D(2))) == ("date_taken", "start_date")
        assert self.add(line, 10, from_quantity=D(5), amount=D(2)).pk != made.pk

    def test_only_what_lies_ahead_is_withdrawn_and_then_makes_room(self) -> None:
        line, finance = cost_line_factory(product=product_factory()), user_factory("finance")
        holds, ahead = self.add(line, 0), self.add(line, 1)
        assert self.refusal(lambda: cost_rate_withdraw(user=finance, rate=holds)) == ("holds", "")
        cost_rate_withdraw(user=finance, rate=ahead)
        assert self.add(line, 1, amount=D(2)).pk != ahead.pk

    def test_with_rates_only_the_note_and_the_tail_change(self) -> None:
        line, finance = cost_line_factory(product=product_factory(), basis="month"), user_factory("finance")
        cost_line_update(user=finance, cost_line=line, version=1, name="Oats")
        self.add(line)
        change = lambda **values: cost_line_update(user=finance, cost_line=line, version=2, **values)  # noqa: E731
        assert self.refusal(lambda: change(cost_centre="X")) == ("has_rates", "cost_centre")
        before = Job.objects.count()
        assert change(note="See contract", tail_months=3).version == 3
        assert Job.objects.count() == before + 1  # which books what follows anew
        assert Job.objects.latest("pk").payload == {"cost_lines": [line.pk]}
        assert self.refusal(lambda: change(note="Mine")) == ("version_conflict", "")

    def test_kinds_can_be_added_and_keep_their_level_once_used(self) -> None:
        finance = user_factory("finance")
        said = {"code": "co2", "name_en": "Carbon", "name_nl": "Koolstof", "level": "cm1", "place": 5}
        made = cost_kind_save(user=finance, kind=None, **said)
        cost_kind_save(user=finance, kind=made, level="cm2")
        cost_line_factory(kind="co2")
        assert self.refusal(lambda: cost_kind_save(user=finance, kind=made, level="cm3")) == (
            "kind_used",
            "level",
        )
        assert cost_kind_save(user=finance, kind=made, name_nl="CO2").name_nl == "CO2"
        assert self.refusal(lambda: cost_kind_save(user=finance, kind=None, **said))[0] == "invalid"

    def test_a_kind_that_nothing_has_is_removed_and_a_used_one_retired(self) -> None:
        finance = user_factory("finance")
        said = {"name_en": "Carbon", "name_nl": "Koolstof", "level": "cm1", "place": 5}
        kinds = [cost_kind_save(user=finance, kind=None, code=code, **said) for code in ("a", "b", "c")]
        cost_line_factory(kind="a")
        CostMonth.objects.create(
            source="budget", month=FIRST, kind=kinds[1], amount=1, recorded_at=timezone.now()
        )
        for each in (*kinds[:2], kind("claims"), kind("purchase")):
            call = lambda each=each: cost_kind_delete(user=finance, kind=each)  # noqa: E731
            assert self.refusal(call) == ("kind_used", "")
        cost_kind_delete(user=finance, kind=kinds[2])
        assert not CostKind.objects.filter(code="c").exists()
        client = client_of(finance)
        form = said | {"code": "a", "version": 1, "is_retired": "on"}
        assert client.post(f"/costs/kinds/{kinds[0].pk}/", form).status_code == 302
        assert list(kinds_offered().filter(code__in=["a", "b"])) == [kinds[1]]
        page = client.get(f"/costs/kinds/{kinds[0].pk}/").content.decode()
        assert "pm-history" in page
        assert client.post(f"/costs/kinds/{kinds[0].pk}/", {"delete": "1"}).status_code == 409
        offered = client.get("/costs/lines/new/").content.decode()
        assert '<option value="b"' in offered
        assert '<option value="a"' not in offered

    def test_a_base_is_known_and_does_not_hold_itself_and_fixed_shares_need_products(self) -> None:
        finance, product = user_factory("finance"), product_factory()
        make = lambda **values: cost_line_create(user=finance, **values)  # noqa: E731
        for code, base in (("purchase", "purchase"), ("purchase", "cif"), ("inbound", "cif")):
            call = lambda c=code, b=base: make(product=product, kind=kind(c), basis="share", base=b)  # noqa: E731
            assert self.refusal(call) == ("base_in_circle", "base")
        share: dict[str, Any] = {"product": product, "kind": kind("duty"), "basis": "share"}
        for base in ("purchase", "freight", "cif"):
            call = lambda b=base: make(**share, base=b, channel=channel_factory())  # noqa: E731
            assert self.refusal(call) == ("base_by_channel", "base")
        assert make(**share, base="net", channel=channel_factory()).pk
        overhead: dict[str, Any] = {"kind": kind("overhead"), "basis": "month"}
        assert self.refusal(lambda: make(**overhead, key="fixed")) == ("shares", "shares")
        assert self.refusal(lambda: make(**overhead, key="volume", shares={product: D(1)})) == (
            "shares",
            "shares",
        )
        assert make(**overhead, key="fixed", shares={product: D(1)}).shares.count() == 1


class TestWhatTheDatabaseHolds:
    def refused(self, match: str, sql: str, *values: Any) -> None:
        with (
            pytest.raises(IntegrityError, match=match),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)

    @pytest.mark.parametrize("days", [-5, 0, 5])
    def test_a_rate_is_not_changed_or_deleted(self, days: int) -> None:
        row = cost_rate_factory(product=product_factory(), start_date=day(days))
        for change in ("amount = 1", "start_date = start_date + 1", "withdrawn_at = now(), amount = 1"):
            self.refused("stays", f"UPDATE pricing_costrate SET {change} WHERE id = %s", row.pk)
        self.refused("stays", "DELETE FROM pricing_costrate WHERE id = %s", row.pk)

    def test_only_one_ahead_is_withdrawn_and_that_stays_too(self) -> None:
        product = product_factory()
        now = cost_rate_factory(product=product, start_date=day(0))
        ahead = cost_rate_factory(cost_line=now.cost_line, start_date=day(1))
        sql = "UPDATE pricing_costrate SET withdrawn_at = {} WHERE id = %s"
        self.refused("stays", sql.format("now()"), now.pk)
        CostRate.objects.filter(pk=ahead.pk).update(withdrawn_at=datetime.datetime.now(datetime.UTC))
        self.refused("stays", sql.format("NULL"), ahead.pk)

    def test_a_line_with_rates_keeps_what_its_rates_mean(self) -> None:
        row = cost_rate_factory(product=product_factory(), start_date=day(5))
        sql = "UPDATE pricing_costline SET {} WHERE id = %s"
        self.refused("has rates", sql.format("basis = 'once'"), row.cost_line_id)
        with connection.cursor() as cursor:
            cursor.execute(sql.format("note = 'x'"), [row.cost_line_id])

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"basis": "year"}, "cost_line_basis_known"),
            ({"basis": "share"}, "cost_line_share_of_a_base"),
            ({"basis": "share", "base": "cm1"}, "cost_line_share_of_a_base"),
            ({"base": "net"}, "cost_line_share_of_a_base"),
            ({"basis": "month"}, "cost_line_split_where_shared"),
            ({"basis": "month", "key": "people"}, "cost_line_split_where_shared"),
            ({"key": "volume"}, "cost_line_split_where_shared"),
            ({"tail_months": 1}, "cost_line_tail_of_months"),
            ({"currency": "eur"}, "cost_line_currency"),
        ],
    )
    def test_a_line_it_refuses(self, fields: dict[str, Any], name: str) -> None:
        with pytest.raises(IntegrityError, match=name):
            cost_line_factory(**fields)

    def test_a_line_is_of_one_and_there_once(self) -> None:
        product = product_factory()
        cost_line_factory()
        for fields, name in (
            ({"product": product, "line": product.line}, "cost_line_of_one"),
            ({}, "cost_line_once"),
            ({"product": product, "basis": "month", "key": "volume"}, "cost_line_split_where_shared"),
        ):
            with pytest.raises(IntegrityError, match=name), transaction.atomic():
                cost_line_factory(**fields)

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"from_quantity": -1}, "cost_rate_quantities"),
            ({"least_quantity": -1}, "cost_rate_quantities"),
            ({"times": 0}, "cost_rate_quantities"),
            ({"exchange_rate": 0}, "cost_rate_exchange_rate"),
            ({"vat_rate": 1}, "cost_rate_vat"),
        ],
    )
    def test_a_rate_it_refuses(self, fields: dict[str, Any], name: str) -> None:
        with pytest.raises(IntegrityError, match=name):
            cost_rate_factory(product=product_factory(), start_date=FIRST, **fields)

    def test_kinds_and_shares(self) -> None:
        line, product = cost_line_factory(basis="month", key="fixed"), product_factory()
        line.shares.create(product=product, weight=1)
        for make, name in (
            (
                lambda: CostKind.objects.create(code="PURCHASE", name_en="x", name_nl="x", level="cm1"),
                "unique",
            ),
            (lambda: CostKind.objects.create(code="x", name_en="x", name_nl="x", level="cm4"), "level_known"),
            (lambda: CostKind.objects.create(code="x", name_en="", name_nl="x", level="cm1"), "names"),
            (lambda: line.shares.create(product=product_factory(), weight=0), "cost_share_over_nothing"),
            (lambda: line.shares.create(product=product, weight=1), "cost_share_once"),
        ):
            with pytest.raises(IntegrityError, match=name), transaction.atomic():
                make()

    def test_the_history_says_who_wrote_what(self) -> None:
        row = cost_rate_factory(product=product_factory(), start_date=month_add(FIRST, 1))
        [entry] = history_of(row)
        assert entry.kind == "created"
        assert "02-2026" in str(entry)
