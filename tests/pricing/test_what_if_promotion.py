"""A promotion as a what-if: from what earlier ones did, beside a price, kept and proposed."""

from __future__ import annotations

import datetime
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.months import month_add
from core.organisation import today
from pricing.models import PriceList, Scenario
from pricing.selectors.what_if_promotion import PromotionAnswer
from pricing.services.promotions import ProductPlan
from pricing.what_if_asked import Asker
from products.models import Channel, Product
from tests.factories import (
    channel_factory,
    client_of,
    cost_rate_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.promotions import measured, sold_in
from tests.pricing.test_what_if import ask, ground_of, marketer, next_month, sold_and_expected
from tests.pricing.test_what_if import product as product

pytestmark = pytest.mark.django_db


def said(**fields: Any) -> dict[str, Any]:
    """1+1 in the whole of the month after next."""
    start = next_month(2)
    end = month_add(start, 1) - datetime.timedelta(1)
    return {"kind": "promotion", "mechanic": "one_plus_one", "start": str(start), "end": str(end)} | fields


def answer_of(product: Product, user: Any = None, **fields: Any) -> PromotionAnswer | None:
    user = user or marketer()
    asker = Asker(user, ground_of(product, user))
    found = asker.answer(asker.read(said(**fields)))
    assert found is None or isinstance(found, PromotionAnswer)
    return found


def answered(product: Product, user: Any = None, **fields: Any) -> PromotionAnswer:
    found = answer_of(product, user, **fields)
    assert found is not None
    return found


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


class TestWhatItWouldDo:
    def test_as_the_last_one_did(self, product: Product) -> None:
        other = product_factory(line=product.line)
        for ahead in (-60, -160, -260):
            measured(product, other, ahead=ahead)
        found = answered(product)
        assert (found.belief.own, found.belief.line, found.belief.count) == (3, 6, 6)
        assert found.found.baseline == pytest.approx(1000, rel=0.01)
        assert found.found.uplift.mean == pytest.approx(1.1, abs=0.06)
        volumes = [month.mean for month in found.outcome.volumes]
        assert volumes[2] == pytest.approx(1000 * (1 + found.found.uplift.mean), rel=0.02)
        assert volumes[3] == pytest.approx(750, rel=0.02)
        assert [round(volume) for volume in (*volumes[:2], *volumes[4:])] == [1000] * 10
        # The reseller lowers his price, not we ours.
        assert found.outcome.revenues[2].mean == pytest.approx(10 * volumes[2])
        assert found.outcome.better == pytest.approx(1, abs=0.01)

    def test_a_deeper_one_sells_more_by_the_price_sensitivity(self, product: Product) -> None:
        measured(product)
        usual, deeper = (answered(product, price=price) for price in ("7.495", "5.99"))
        ratio = (1 + deeper.found.uplift.mean) / (1 + usual.found.uplift.mean)
        assert ratio == pytest.approx((7.495 / 5.99) ** 2.5, rel=0.05)
        assert deeper.belief.sd > usual.belief.sd

    def test_our_own_price_is_given_away_where_nobody_stands_between(self, product: Product) -> None:
        direct = product_factory(line=product.line)
        past = today() - datetime.timedelta(400)
        price_factory(
            product=direct, price_list=PriceList.objects.get(code="sell"), start_date=past, amount=10
        )
        sold_and_expected(direct)
        measured(direct, products=[ProductPlan(direct, Decimal(10))])
        found = answered(direct)
        assert found.ours
        assert found.outcome.revenues[2].mean == pytest.approx(5 * found.outcome.volumes[2].mean, rel=0.001)
        assert found.outcome.break_even == pytest.approx(1.25 / 0.5 - 1)

    def test_in_our_own_shop_the_lower_price_is_ours_whatever_is_advised(self, product: Product) -> None:
        """Consumers pay 15.49 in the web shop, which sells three tenths, and are advised 14.99 elsewhere."""
        web, shops = channel_factory(name="Web"), channel_factory(name="Shops")
        own = price_list_factory(channel=web, with_vat=True)
        past = today() - datetime.timedelta(400)
        price_factory(product=product, price_list=own, start_date=past, amount=Decimal("15.49"))
        sold_in(product, {web: 300, shops: 700})
        measured(product)
        found = answered(product, channel=[str(web.pk)])
        assert (found.ours, found.normal.amount, found.asked.price) == (1, Decimal("15.49"), Decimal("7.745"))
        volume = found.outcome.volumes[2].mean
        assert found.outcome.revenues[2].mean == pytest.approx(10 * (volume - 300 * 2.1 / 2), rel=0.02)
        assert answered(product, channel=[str(shops.pk)]).ours == 0
        assert answered(product).ours == pytest.approx(0.3)
        page = ask(client_of(marketer()), "div#what-if", **said(channel=web.pk))
        card, fields = "div#what-if", said(price="7.50", was="one_plus_one")
        assert "€7.50" in ask(client_of(marketer()), card, **fields, channel=shops.pk)
        there = ask(client_of(marketer()), card, **fields, channel=web.pk)
        assert 'value="7.75"' in there or 'value="7.74"' in there
        assert f'name="was" value="one_plus_one:{web.pk}"' in there
        assert "€15.49" in plain(page)
        assert "price_1=15.49" in page

    def test_where_a_chains_price_is_known_the_lower_price_is_his(self, product: Product) -> None:
        """Ours for everybody, and only what one chain, which sells three tenths, asks."""
        direct = product_factory(line=product.line, code="B")
        chain, other = channel_factory(name="Chain"), channel_factory(name="Other")
        observed = price_list_factory(kind="observed", channel=chain, with_vat=True)
        for price_list, amount in ((PriceList.objects.get(code="sell"), 10), (observed, 15)):
            past = today() - datetime.timedelta(400)
            price_factory(product=direct, price_list=price_list, start_date=past, amount=amount)
        sold_and_expected(direct)
        sold_in(direct, {chain: 300, other: 700})
        measured(direct, products=[ProductPlan(direct, Decimal(10))])
        for asked, ours, normal in (
            ([chain], 0, 15),
            ([other], 1, 10),
            ([], 0.7, 10),
            ([chain, other], 0.7, 10),
        ):
            found = answered(direct, channel=[str(each.pk) for each in asked])
            assert (found.ours, found.normal.amount) == (pytest.approx(ours), normal)
        page = plain(ask(client_of(marketer()), "div#what-if", code="B", **said()))
        assert "For 70% of what its channels sell the price is ours; for the rest" in page
        page = plain(ask(client_of(marketer()), "div#what-if", code="B", **said(channel=other.pk)))
        assert "belongs in the budget" not in page
        assert "(everybody · own price · without VAT)." in page
        page = ask(client_of(marketer()), "div#what-if", code="B", **said(channel=chain.pk))
        about = "Chain · consumer price, observed · with VAT"
        assert f"It starts from {observed.name_en} ({about})." in plain(page)
        assert "price_1=15.00&amp;effective_1=7.50" in page

    def test_what_consumers_pay_in_two_chains_is_that_of_the_larger(self, product: Product) -> None:
        """Ours is without VAT and says nothing of it: 1.20 to all, who ask 1.99 and 2.09."""
        sold, sell = product_factory(line=product.line, code="B"), PriceList.objects.get(code="sell")
        past = today() - datetime.timedelta(400)
        price_factory(product=sold, price_list=sell, start_date=past, amount=Decimal("1.20"))
        sold_and_expected(sold)
        chains = [channel_factory(), channel_factory()]
        for channel, amount in zip(chains, (Decimal("1.99"), Decimal("2.09")), strict=True):
            seen = price_list_factory(kind="observed", channel=channel, with_vat=True)
            price_factory(product=sold, price_list=seen, start_date=past, amount=amount)
        sold_in(sold, dict(zip(chains, (300, 700), strict=True)))
        measured(sold)
        asked = [[str(pk) for pk in ids] for ids in ([chains[0].pk], [each.pk for each in chains], [])]
        normals = [answered(sold, channel=channel).normal.amount for channel in asked]
        assert normals == [Decimal("1.99"), Decimal("2.09"), Decimal("2.09")]

    def test_of_a_channel_it_is_what_consumers_pay_below_it(self, product: Product) -> None:
        """Two shops of one chain sell more together than the only one of the other."""
        sold, sell = product_factory(line=product.line, code="B"), PriceList.objects.get(code="sell")
        past = today() - datetime.timedelta(400)
        price_factory(product=sold, price_list=sell, start_date=past, amount=Decimal("1.20"))
        sold_and_expected(sold)
        retail, web = channel_factory(), channel_factory()
        chain, other = channel_factory(parent=retail), channel_factory(parent=retail)
        for channel, amount in ((chain, Decimal("1.99")), (other, Decimal("2.09"))):
            seen = price_list_factory(kind="observed", channel=channel, with_vat=True)
            price_factory(product=sold, price_list=seen, start_date=past, amount=amount)
        shops = [channel_factory(parent=chain) for _ in range(2)]
        sold_in(sold, {shops[0]: 200, shops[1]: 200, other: 300, web: 100})
        measured(sold)
        for asked, normal in (([retail], "1.99"), ([other], "2.09"), ([web], "1.20"), ([], "1.99")):
            found = answered(sold, channel=[str(each.pk) for each in asked])
            assert found.normal.amount == Decimal(normal)
        usual = PriceList.objects.get(kind="advised")
        price_factory(product=sold, price_list=usual, start_date=past, amount=Decimal("2.49"))
        for asked, normal in (([retail], "2.49"), ([chain], "1.99"), ([], "2.49")):
            found = answered(sold, channel=[str(each.pk) for each in asked])
            assert found.normal.amount == Decimal(normal)

    def test_only_what_its_channels_sell(self, product: Product) -> None:
        shops, web = channel_factory(name="Shops"), channel_factory(name="Web")
        store = Channel.objects.create(code="s1", name="Store", kind="store", parent=shops)
        sold_in(product, {store: 300, web: 700})
        measured(product)
        page = ask(client_of(marketer()), "div#what-if", **said(channel=shops.pk))
        assert "Shops 30%" in plain(page)
        found = answered(product, channel=[str(shops.pk), str(store.pk)])
        assert found.share == pytest.approx(0.3)
        assert found.found.baseline == pytest.approx(300)

    def test_refused_where_too_few_were_measured(self, product: Product) -> None:
        others = [product_factory(line=line_factory()) for _ in range(2)]
        measured(*others)
        assert answer_of(product) is None
        page = plain(ask(client_of(marketer()), **said()))
        assert "no promotion “1+1 free” of this product was measured, and fewer than 3 of other" in page
        assert "Propose" not in page
        measured(product_factory(line=line_factory()))
        found = answered(product)
        assert found.belief.source == "portfolio"

    def test_who_sees_one_line_learns_from_it_alone(self, product: Product) -> None:
        for _ in range(4):
            measured(product_factory(line=line_factory()))
        assert answer_of(product)
        assert answer_of(product, marketer(lines=[product.line])) is None

    def test_what_cannot_be_is_the_nearest_that_can(self, product: Product) -> None:
        measured(product)
        asker = Asker(marketer(), ground_of(product))
        found = asker.read(
            said(price="99", start="2020-01-01", end="2019-01-01", budget="-4", channel=["7", "x"])
        )
        assert found.values == {
            "kind": "promotion",
            "mechanic": "one_plus_one",
            "price": "14.990000",
            "start": str(asker.ground.first_start),
            "end": str(asker.ground.first_start),
            "channel": [],
            "budget": "0",
        }
        assert asker.read({"kind": "promotion", "mechanic": "magic"}).values["mechanic"] == "one_plus_one"


class TestTheMargin:
    def test_after_the_budget_for_who_may_see_costs(self, product: Product) -> None:
        measured(product)
        since = datetime.date(2020, 1, 1)
        cost_rate_factory(product=product, start_date=since, amount=6)
        manager = user_factory("product-manager")
        found, dear = (answered(product, manager, budget=budget) for budget in ("0", "1000"))
        assert found.outcome.margin
        assert dear.outcome.margin
        left, volume = found.outcome.margin.total.mean, found.outcome.volume.mean
        # Sister products lose 15 % of 1,000 at what this one leaves.
        assert left == pytest.approx(4 * volume - 4 * 150, rel=0.001)
        assert left - dear.outcome.margin.total.mean == pytest.approx(1000)
        assert dear.outcome.margin.break_even == pytest.approx(1.25 + 0.15 + 1000 / 4000 - 1)
        page = plain(ask(client_of(manager), **said(budget="1000")))
        assert "Margin after costs by volume, budget and sister products" in page
        assert "Chance that the margin is higher than now, the budget paid" in page
        other = plain(ask(client_of(marketer()), **said(budget="1000")))
        assert "argin" not in other
        assert "after costs" not in other

    def test_costs_change_no_byte_for_who_may_not_see_them(self, product: Product) -> None:
        measured(product)
        client = client_of(marketer())
        before = ask(client, **said(budget="50"))
        cost_rate_factory(product=product, start_date=datetime.date(2020, 1, 1), amount=6)
        token = re.compile(r"csrf[^>]*>|[A-Za-z0-9]{64}")
        assert token.sub("", ask(client, **said(budget="50"))) == token.sub("", before)


class TestTheCard:
    def test_it_says_what_it_rests_on(self, product: Product) -> None:
        measured(product)
        page = plain(ask(client_of(marketer()), "div#what-if", **said()))
        assert "1 of this product, 1 of its line, 1 in all" in page
        assert "In the four weeks after it: −250 carton (80%: " in page
        assert "Sister products meanwhile: −150" in page
        assert "Our price stays as it is" in page
        assert "Chance that revenue is higher than now" in page

    def test_another_mechanic_opens_at_its_own_price(self, product: Product) -> None:
        measured(product)
        client = client_of(marketer())
        fields = said()
        assert 'value="7.50"' in ask(client, "div#what-if", **fields) or "7.49" in ask(client, **fields)
        other = fields | {"mechanic": "second_half", "price": "7.5"}
        assert "€11.24" in ask(client, "div#what-if", **other, was="one_plus_one")
        assert "€7.50" in ask(client, "div#what-if", **other, was="second_half")

    def test_beside_a_price_in_one_chart_and_proposed(self, product: Product) -> None:
        measured(product)
        shop = channel_factory(name="Shop")
        sold_in(product, {shop: 10})
        user = marketer()
        client = client_of(user)
        fields = said(channel=str(shop.pk), budget="250")
        answer = client.post("/products/A/mix/what-if/keep/", {"name": "Two for one", **fields})
        row = Scenario.objects.get()
        assert row.values == {**fields, "channel": [str(shop.pk)], "price": "7.495", "budget": "250"}
        assert "Two for one" in client.get(answer["Location"]).content.decode()
        page = ask(client, price="11", **{"with": row.pk})
        spec = json.loads(re.search(r'id="what-if-chart-spec"[^>]*>(.*?)</script>', page)[1])  # type: ignore[index]
        values = spec["data"]["values"]
        assert values[2]["other0"] > values[2]["now"] > values[2]["then"]
        assert "1+1 free at €7.495, " in plain(ask(client, "div#what-if", price="11"))
        page = ask(client, **fields)
        address = re.search(r'href="(/pricing/promotions/new/[^"]+)"', page)[1].replace("&amp;", "&")  # type: ignore[index]
        form = client.get(address).context["form"]
        assert (form["mechanic"].value(), form["product_1"].value()) == ("one_plus_one", "A")
        assert (form["store_start"].value(), form["budget_amount"].value()) == (
            next_month(2),
            Decimal("250.00"),
        )
        assert form["channels"].value() == [str(shop.pk)]
        assert form["planned_uplift_rate"].value() > 1
        assert (
            client.get("/pricing/promotions/new/?product=A&rate=x&store_start=y&channels=z").status_code
            == 200
        )

    def test_it_costs_few_queries_however_many_were_measured(self, product: Product) -> None:
        client = client_of(user_factory("product-manager"))
        counts = []
        for _ in range(2):
            for ahead in (-60, -160, -260):
                measured(product, product_factory(line=product.line), ahead=ahead)
            ask(client, **said())
            with CaptureQueriesContext(connection) as queries:
                ask(client, **said())
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert counts[0] <= 12
