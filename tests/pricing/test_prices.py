"""Which price holds: never two of one key, by the nearest list, and what is decided stays."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.organisation import today
from pricing.models import Levy, Price, PriceList, Proposal, ReferenceUse, VatCode
from pricing.selectors.markets import markets_of
from pricing.selectors.own_prices import price_on_day
from pricing.selectors.prices import price_on, prices_on, vat_rates, vat_rates_on
from pricing.selectors.yearly import list_yearly
from products.models import Channel, Measure, Product, SalesMonth, Segment
from tests.factories import (
    channel_factory,
    line_factory,
    organisation_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
FIRST = datetime.date(2026, 1, 1)
UNIT = ("unit", "")


def write(product: Product, price_list: PriceList, start: datetime.date, amount: Any, **more: Any) -> Price:
    return price_factory(product=product, price_list=price_list, start_date=start, amount=amount, **more)


def proposal_of(price_list: PriceList) -> Proposal:
    return Proposal.objects.create(
        price_list=price_list, start_date=today(), reason="dearer", author=user_factory()
    )


class TestWhichHolds:
    def test_a_price_holds_until_the_next(self) -> None:
        product, mine = product_factory(), price_list_factory()
        for days, amount in ((0, 10), (10, 12), (20, None)):
            write(product, mine, FIRST + datetime.timedelta(days), amount)
        on = lambda days: price_on(product, FIRST + datetime.timedelta(days))  # noqa: E731
        assert on(-1) == {}
        assert on(0)[UNIT].amount == 10
        assert on(9)[UNIT].amount == 10
        assert on(10)[UNIT].amount == 12
        assert on(20) == {}

    def test_what_is_not_approved_does_not_hold(self) -> None:
        product, mine = product_factory(), price_list_factory()
        write(product, mine, FIRST, 10)
        write(product, mine, FIRST, 11, state="proposed", proposal=proposal_of(mine))
        assert price_on(product, FIRST)[UNIT].amount == 10

    def test_the_accounts_list_then_above_it_then_everybodys_and_the_segments_first(self) -> None:
        product, segment = product_factory(), Segment.objects.create(code="S", name="S")
        top = channel_factory()
        account = channel_factory(parent=top, kind="account")
        lists = [
            price_list_factory(),
            price_list_factory(segment=segment),
            price_list_factory(channel=top),
            price_list_factory(channel=account),
            price_list_factory(channel=account, segment=segment),
        ]
        other = product_factory()
        for amount, each in enumerate(lists):
            write(product, each, FIRST, amount)
            write(other, each, FIRST, 10 * amount)
        for channel, of, amount in (
            (None, None, 0),
            (None, segment, 1),
            (top, None, 2),
            (top, segment, 2),
            (account, None, 3),
            (account, segment, 4),
            (channel_factory(), segment, 1),
        ):
            assert price_on(product, FIRST, channel, of)[UNIT].amount == amount
            assert (
                prices_on([other.pk], FIRST, channel=channel, segment=of)[other.pk][UNIT].amount
                == 10 * amount
            )

    def test_a_list_on_which_it_ended_leaves_it_to_the_next(self) -> None:
        product, channel = product_factory(), channel_factory()
        write(product, price_list_factory(), FIRST, 10)
        write(product, price_list_factory(channel=channel), FIRST, None)
        assert price_on(product, FIRST, channel)[UNIT].amount == 10

    def test_kinds_and_currencies_stay_apart(self) -> None:
        product = product_factory()
        write(product, price_list_factory(kind="advised"), FIRST, 3)
        write(product, price_list_factory(currency="USD"), FIRST, 4)
        assert price_on(product, FIRST) == {}
        assert price_on(product, FIRST, kind="advised")[UNIT].amount == 3
        dollars = prices_on([product.pk], FIRST, currency="USD")
        assert dollars[product.pk][UNIT].amount == 4

    def test_a_channel_pays_in_the_currency_of_its_nearest_list(self) -> None:
        """Of each product: what has no price in pounds costs what everybody pays; of two lists ours counts;
        and what others in pounds pay is told to nobody."""
        product, other, fee = product_factory(), product_factory(), ("once", "")
        top = channel_factory()
        account = channel_factory(parent=top, kind="account")
        everybody, pounds = price_list_factory(), price_list_factory(channel=top, currency="GBP")
        for each in (product, other):
            write(each, everybody, FIRST, 10)
        write(other, price_list_factory(currency="GBP"), FIRST, 7)
        write(product, everybody, FIRST, 99, component="once")
        write(product, pounds, FIRST, 8)
        held = prices_on([product.pk, other.pk], FIRST, channel=account)
        assert {pk: {part: row.amount for part, row in own.items()} for pk, own in held.items()} == {
            product.pk: {UNIT: 8},
            other.pk: {UNIT: 10},
        }
        euros = prices_on([product.pk], FIRST, channel=account, currency="EUR")[product.pk]
        assert (euros[UNIT].amount, euros[fee].amount) == (10, 99)
        write(product, price_list_factory(channel=top), FIRST, 9)
        assert price_on(product, FIRST, account)[UNIT].amount == 9

    def test_many_products_in_as_many_queries_as_one(self, django_assert_num_queries: Any) -> None:
        mine = price_list_factory()
        products = [product_factory() for _ in range(20)]
        for product in products:
            write(product, mine, FIRST, 5)
        organisation_factory()
        with django_assert_num_queries(3):  # the organisation, the lists, the prices
            assert len(prices_on([p.pk for p in products], FIRST)) == 20

    def test_the_day_begins_at_midnight_of_the_organisation(self, time_machine_like: Any) -> None:
        """Also in the night the clock goes back: 25 October 2026, from +2 to +1 hours."""
        product, mine = product_factory(), price_list_factory()
        write(product, mine, datetime.date(2026, 1, 1), 10)
        write(product, mine, datetime.date(2026, 10, 25), 12)
        write(product, mine, datetime.date(2026, 10, 26), 13)
        for moment, amount in (
            ("2026-10-24T21:59:59+00:00", 10),
            ("2026-10-24T22:00:00+00:00", 12),  # 00:00 +02:00
            ("2026-10-25T01:30:00+00:00", 12),  # 02:30 for the second time
            ("2026-10-25T22:59:59+00:00", 12),  # a day of 25 hours
            ("2026-10-25T23:00:00+00:00", 13),  # 00:00 +01:00
        ):
            time_machine_like(datetime.datetime.fromisoformat(moment))
            assert price_on(product, today())[UNIT].amount == amount


@pytest.fixture
def time_machine_like(monkeypatch: pytest.MonkeyPatch) -> Any:
    def at(moment: datetime.datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    return at


def oracle(
    rows: Iterable[Price],
    product: Product,
    date: datetime.date,
    channel: Channel | None,
    segment: Segment | None,
) -> dict[tuple[str, str], Decimal]:
    """The rule written out: walk the places from near to far, in each take the newest row of each part."""
    places: list[tuple[int | None, int | None]] = []
    node = channel
    while True:
        for of in [segment.pk, None] if segment else [None]:
            places.append((node.pk if node else None, of))
        if node is None:
            break
        node = node.parent
    held = [
        row
        for row in rows
        if row.product_id == product.pk and row.state == "approved" and row.start_date <= date
    ]
    found: dict[tuple[str, str], Decimal] = {}
    for place in places:
        newest: dict[tuple[str, str], Price] = {}
        for row in held:
            if (row.price_list.channel_id, row.price_list.segment_id) != place:
                continue
            part = (row.component, row.tier)
            if part not in newest or row.start_date > newest[part].start_date:
                newest[part] = row
        for part, row in newest.items():
            if row.amount is not None and part not in found:
                found[part] = row.amount
    return found


def test_a_thousand_random_rows_against_the_rule_written_out() -> None:
    chance = random.Random(7)
    segment = Segment.objects.create(code="S", name="S")
    top = channel_factory()
    account = channel_factory(parent=top, kind="account")
    other = channel_factory()
    channels, segments = [None, top, account, other], [None, segment]
    lists = [price_list_factory(channel=channel, segment=of) for channel in channels for of in segments]
    products = [product_factory() for _ in range(4)]
    parts = [("unit", ""), ("month", ""), ("unit", "night")]
    drawn = []
    for _ in range(1000):
        component, tier = chance.choice(parts)
        price_list = chance.choice(lists)
        approved = chance.random() < 0.8
        drawn.append(
            Price(
                product=chance.choice(products),
                price_list=price_list,
                start_date=FIRST + datetime.timedelta(chance.randrange(40)),
                amount=None if chance.random() < 0.15 else chance.randrange(1, 500),
                component=component,
                tier=tier,
                state="approved" if approved else "withdrawn",
                approved_at=timezone.now() if approved else None,
            )
        )
    Price.objects.bulk_create(drawn, ignore_conflicts=True)  # of two for the same day the database keeps one
    assert 500 < Price.objects.count() < 980
    rows = list(Price.objects.select_related("price_list"))
    held = [
        (r.price_list_id, r.product_id, r.component, r.tier, r.start_date)
        for r in rows
        if r.state == "approved"
    ]
    assert len(held) == len(set(held)) > 500
    compared = 0
    for days in range(-1, 42, 3):
        date = FIRST + datetime.timedelta(days)
        for channel in channels:
            for of in segments:
                found = prices_on([p.pk for p in products], date, channel=channel, segment=of)
                for product in products:
                    expected = oracle(rows, product, date, channel, of)
                    got = {part: row.amount for part, row in found.get(product.pk, {}).items()}
                    assert got == expected
                    compared += len(expected)
                alone = price_on(products[0], date, channel=channel, segment=of)
                got = {part: row.amount for part, row in alone.items()}
                assert got == oracle(rows, products[0], date, channel, of)
    assert compared > 500
    assert markets_agree(rows, products, channels) > 300


def markets_agree(rows: Iterable[Price], products: Sequence[Product], channels: Sequence[Any]) -> int:
    """What each channel pays by the markets of the forecast is what the rule says; how many were compared."""
    for product in products:
        for channel in filter(None, channels):
            SalesMonth.objects.create(
                product=product,
                channel=channel,
                measure=Measure.objects.get(code="units"),
                month=datetime.date(2025, 12, 1),
                volume=channel.pk,  # tells one market from another
                days=31,
            )
    last = FIRST + datetime.timedelta(45)
    markets = markets_of({product.pk: product for product in products}, FIRST, last)
    compared = 0
    for product in products:
        by_volume = {market.volume: market for market in markets[product.pk]}
        for channel in filter(None, channels):
            parts = by_volume[channel.pk].parts
            for days in range(-1, 46, 4):
                date = FIRST + datetime.timedelta(days)
                got = {part: price_on_day(steps, date) for part, steps in parts.items()}
                expected = oracle(rows, product, date, channel, None)
                assert {part: amount for part, amount in got.items() if amount} == expected
                compared += len(expected)
    return compared


class TestWhatIsDecidedStays:
    def refused(self, sql: str, *values: Any) -> None:
        with (
            pytest.raises(IntegrityError, match="decided"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)

    def test_an_approved_row_is_not_edited_or_deleted(self) -> None:
        for days in (-5, 0, 5):
            day = today() + datetime.timedelta(days)
            price = price_factory(product=product_factory(), start_date=day)
            self.refused("UPDATE pricing_price SET amount = 1 WHERE id = %s", price.pk)
            self.refused("UPDATE pricing_price SET start_date = start_date + 1 WHERE id = %s", price.pk)
            self.refused("DELETE FROM pricing_price WHERE id = %s", price.pk)

    def test_only_one_that_lies_ahead_can_be_withdrawn_and_nothing_else_with_it(self) -> None:
        ahead = price_factory(product=product_factory(), start_date=today() + datetime.timedelta(1))
        now = price_factory(product=product_factory(), start_date=today())
        self.refused("UPDATE pricing_price SET state = 'withdrawn' WHERE id = %s", now.pk)
        self.refused("UPDATE pricing_price SET state = 'draft' WHERE id = %s", ahead.pk)
        self.refused("UPDATE pricing_price SET state = 'withdrawn', amount = 1 WHERE id = %s", ahead.pk)
        Price.objects.filter(pk=ahead.pk).update(state="withdrawn")
        self.refused("UPDATE pricing_price SET state = 'approved' WHERE id = %s", ahead.pk)
        self.refused("DELETE FROM pricing_price WHERE id = %s", ahead.pk)

    def test_a_rejected_row_stays_and_a_proposed_one_may_change(self) -> None:
        mine = price_list_factory()
        price = price_factory(
            product=product_factory(),
            price_list=mine,
            start_date=today(),
            state="proposed",
            proposal=proposal_of(mine),
        )
        Price.objects.filter(pk=price.pk).update(amount=3)
        Price.objects.filter(pk=price.pk).update(state="rejected")
        self.refused("UPDATE pricing_price SET amount = 4 WHERE id = %s", price.pk)

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"amount": -1}, "price_not_negative"),
            ({"component": "year"}, "price_component_known"),
            ({"approved_at": None}, "price_approved_when"),
            ({"state": "proposed", "proposal": None}, "price_waits_in_a_proposal"),
            ({"state": "lost"}, "price_state_known"),
        ],
    )
    def test_what_the_database_refuses(self, fields: dict[str, Any], name: str) -> None:
        with pytest.raises(IntegrityError, match=name):
            price_factory(product=product_factory(), start_date=today(), **fields)

    def test_one_list_a_place(self) -> None:
        price_list_factory()
        with pytest.raises(IntegrityError, match="price_list_one_a_place"):
            price_list_factory()


class TestVat:
    def test_the_products_own_then_its_lines_then_high_by_date(self) -> None:
        top = line_factory()
        line = line_factory(parent=top)
        plain, own, care = product_factory(), product_factory(line=line), product_factory(line=line)
        products = [plain, own, care]
        VatCode.objects.create(line=top, code="low", start_date=FIRST)
        VatCode.objects.create(product=care, code="exempt", start_date=FIRST)
        rates = lambda day: [vat_rates(products, day)[p.pk] for p in products]  # noqa: E731
        assert rates(FIRST) == [Decimal("0.21"), Decimal("0.09"), None]
        assert rates(FIRST - datetime.timedelta(1)) == [Decimal("0.21")] * 3
        assert vat_rates([plain], datetime.date(2012, 9, 30))[plain.pk] == Decimal("0.19")
        assert vat_rates([plain], datetime.date(2012, 10, 1))[plain.pk] == Decimal("0.21")

    def test_a_product_that_moves_to_another_line_leaves_the_past_as_it_was(self) -> None:
        """Low where it was, high where it is, with a levy there alone; a year of 100 at 1.00 with VAT."""
        food, drinks = line_factory(), line_factory()
        VatCode.objects.create(line=food, code="low", start_date=FIRST)
        product, price_list = product_factory(line=food), price_list_factory(with_vat=True)
        for component, tier in (("unit", ""), ("month", "")):
            price_factory(
                product=product,
                price_list=price_list,
                component=component,
                tier=tier,
                start_date=FIRST,
                amount=Decimal(1) if component == "unit" else 0,
            )
        for line in (food, drinks):
            ReferenceUse.objects.create(line=line, customer="Home", amount=100)
        Levy.objects.create(line=drinks, name="Sugar", basis="unit", start_date=FIRST, amount=1)
        yesterday = today() - datetime.timedelta(1)
        product.line = drinks
        product.save()
        with CaptureQueriesContext(connection) as queries:
            rates = vat_rates_on([product], {yesterday, today()})
        assert len(queries) <= 3
        found = [rates[day][product.pk] for day in (yesterday, today())]
        assert found == [Decimal("0.09"), Decimal("0.21")]
        (before,), (now,) = (
            list_yearly(price_list, [product], day)[product.pk] for day in (yesterday, today())
        )
        assert (before.now[1].quantize(Decimal("0.01")), before.now_levied) == (Decimal("91.74"), None)
        assert (now.now[1].quantize(Decimal("0.01")), now.now_levied) == (Decimal("82.64"), 221)
