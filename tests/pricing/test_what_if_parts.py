"""The what-if of a price in parts: a standing charge beside a tariff, by what customers pay in a year."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pricing.cards.what_if_promotion import promotion_words
from pricing.models import PriceList, ReferenceUse
from pricing.selectors.what_if import Asked
from pricing.selectors.what_if_promotion import PromotionAnswer, PromotionAsked
from pricing.selectors.what_if_reading import what_if_ground
from pricing.services.promotions import ProductPlan
from pricing.what_if_asked import Asker
from products.models import Measure, Product, SalesMonth
from tests.factories import (
    channel_factory,
    client_of,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
)
from tests.pricing.elasticities import elasticity_factory
from tests.pricing.promotions import measured
from tests.pricing.test_what_if import ask, decided, ground_of, marketer, next_month, sold_and_expected
from tests.pricing.test_what_if_promotion import said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
KWH, MONTH = ("unit", "kWh"), ("month", "")
PAST = datetime.date(2024, 1, 1)


def priced(product: Product, price_list: PriceList, **parts: str) -> None:
    """``kWh=0.30``, or ``month=5``."""
    for name, amount in parts.items():
        component = name if name in ("month", "once") else "unit"
        tier = "" if name == component else name
        row = {"component": component, "tier": tier, "amount": Decimal(amount), "start_date": PAST}
        price_factory(product=product, price_list=price_list, **row)


@pytest.fixture
def power() -> Product:
    """2,500 kWh at 0.30 and 12 × 5.00 is 810 a year; volume answers it by −2.5."""
    found = product_factory(line=line_factory(unit="contract"), code="A")
    ReferenceUse.objects.create(line=found.line, customer="Home", tier="kWh", amount=2500)
    priced(found, price_list_factory(code="sell"), kWh="0.30", month="5", once="25")
    sold_and_expected(found)
    elasticity_factory(found, lowest_price=780, highest_price=850)
    return found


@pytest.mark.parametrize(
    ("part", "price", "yearly"),
    [(KWH, "0.33", 885), (MONTH, "6", 822), (None, "891", 891)],
)
def test_one_part_moves_what_a_customer_pays_in_a_year(
    power: Product, part: Any, price: str, yearly: int
) -> None:
    ground = ground_of(power)
    assert ground.price.amount == 810
    outcome = ground.answer(Asked(Decimal(price), next_month(), part=part)).outcome
    ratio = yearly / 810
    assert outcome.median_volume == pytest.approx(1000 + 11_000 * ratio**-2.5, rel=0.002)
    assert outcome.revenues[1].mean == pytest.approx(10 * ratio * outcome.volumes[1].mean)
    assert outcome.break_even == pytest.approx(1 / ratio - 1)


def test_what_is_decided_of_another_part_stays(power: Product) -> None:
    """The standing charge rises to 10 in three months (60 more a year): the tariff asked comes on top."""
    own = PriceList.objects.get(code="sell")
    later = {"component": "month", "start_date": next_month(3), "amount": 10}
    decided(product=power, price_list=own, **later)
    asked, ground = Asked(Decimal("0.33"), next_month(), part=KWH), ground_of(power)
    outcome = ground.answer(asked).outcome
    assert ground.ahead(asked) == []
    assert ground.ahead(replace(asked, part=MONTH)) == [(next_month(3), 10)]
    assert ground.ahead(replace(asked, part=None)) == [(next_month(3), 870)]
    median = [round(1000 * (885 / 810) ** -2.5), round(1000 * (945 / 870) ** -2.5)]
    assert [round(outcome.volumes[n].mean) for n in (2, 3)] == pytest.approx(median, abs=5)


@pytest.mark.parametrize(
    ("parts", "customer", "amount"),
    [
        ({"month": "12"}, False, 12),
        ({"once": "80"}, False, 80),
        ({"night": "0.25"}, False, Decimal("0.25")),
        ({"kWh": "0.30", "night": "0.20"}, False, "parts"),
        ({"night": "0.20", "noon": "0.30"}, True, "parts"),  # what he uses is neither
    ],
)
def test_the_only_part_is_the_price_and_of_several_somebody_says_what_is_used(
    parts: dict[str, str], customer: bool, amount: Any
) -> None:
    product = product_factory(line=line_factory(unit="contract"))
    if customer:
        ReferenceUse.objects.create(line=product.line, customer="Home", tier="kWh", amount=2500)
    priced(product, price_list_factory(), **parts)
    sold_and_expected(product)
    found = what_if_ground(marketer(), product)
    assert (found if isinstance(found, str) else found.price.amount) == amount


def test_a_plain_price_beside_others_that_nobody_can_add_moves_volume_alone(power: Product) -> None:
    ReferenceUse.objects.all().delete()
    own = PriceList.objects.get(code="sell")
    price_factory(product=power, price_list=own, start_date=PAST, amount=10)
    ground = ground_of(power)
    assert (ground.price.amount, ground.revenue, ground.measures) == (10, None, ("volume",))
    assert "Its other prices are left out" in ask(client_of(marketer()), price="11")


class TestTheCard:
    def test_the_part_asked_for_and_what_each_customer_pays_then(self, power: Product) -> None:
        said = ask(
            client_of(marketer()), part="unit:kWh", was=":unit:kWh", price="0.33", start=str(next_month())
        )
        plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said))
        assert "Home (2,500 kWh) pays €885.00 a year instead of €810.00." in plain
        assert "Revenue is taken to move as what they pay." in plain
        assert "falls by no more than 8.5%" in plain
        assert "component=unit&amp;tier=kWh" in said
        whole = ask(client_of(marketer()), "div#what-if", part="unit:kWh", price="0.33", was=":unit:kWh")
        assert "kWh: €0.30" in whole
        assert ">kWh <span" in whole
        assert "Home (2,500 kWh) pays €810.00 a year." in ask(client_of(marketer()))
        assert 'name="was" value=":unit:kWh"' in whole
        assert "kind=promotion" in whole

    def test_another_part_begins_at_its_own_price(self, power: Product) -> None:
        asker = Asker(marketer(), ground_of(power))
        read = asker.read({"part": "month:", "was": ":unit:kWh", "price": "0.33"})
        assert read.values == {"price": "5.00", "start": str(next_month()), "part": "month:"}
        assert asker.read({"part": "unit:gas", "price": "900"}).values["price"] == "900.00"

    def test_proposing_opens_the_form_of_the_part(self, power: Product) -> None:
        client = client_of(marketer())
        said = ask(client, part="unit:kWh", was=":unit:kWh", price="0.33", start=str(next_month(2)))
        address = re.search(r'href="(/pricing/proposals/new/[^"]+)"', said)[1].replace("&amp;", "&")  # type: ignore[index]
        form = client.get(address).context["form"]
        found = [form[name].value() for name in ("component", "tier", "value")]
        assert found == ["unit", "kWh", Decimal("0.33")]

    def test_kept_and_read_again(self, power: Product) -> None:
        client = client_of(marketer())
        kept = {"name": "Dearer", "part": "unit:kWh", "was": ":unit:kWh", "price": "0.33"}
        assert client.post("/products/A/mix/what-if/keep/", kept).status_code == 302
        assert "kWh: €0.33 from" in ask(client, "div#what-if")

    def test_a_promotion_is_of_what_a_customer_pays_in_a_year(self, power: Product) -> None:
        measured(power, mechanic="welcome", rate=Decimal("0.25"), products=[ProductPlan(power, Decimal(810))])
        asked = said(mechanic="welcome", price="648", end=str(next_month(3) - datetime.timedelta(1)))
        asker = Asker(marketer(), ground_of(power))
        found = asker.answer(asker.read(asked))
        assert isinstance(found, PromotionAnswer)
        # A fifth off, where the last one was a quarter: 2.1 × (0.75 / 0.8)^2.5.
        assert 1 + found.found.uplift.mean == pytest.approx(2.1 * (0.75 / 0.8) ** 2.5, rel=0.06)
        assert found.outcome.revenues[2].mean == pytest.approx(8 * found.outcome.volumes[2].mean)
        page = ask(client_of(marketer()), "div#what-if", **asked)
        plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
        assert "What a reference customer pays in a year, in the promotion" in plain
        assert "now €810.00 · −20.0%" in plain
        assert "Revenue is taken to move as what they pay." in plain
        # A quarter of it is sold where a plain price is asked, by others or by us.
        web, other = channel_factory(), channel_factory()
        for channel, volume in ((web, 25), (other, 75)):
            SalesMonth.objects.create(
                product=power,
                measure=Measure.objects.get(code="units"),
                channel=channel,
                month=next_month(-1),
                volume=volume,
                days=30,
            )
        fields: dict[str, Any] = {"channel": web, "with_vat": True}
        priced(power, price_list_factory(kind="observed", **fields), month="9")
        there = re.sub(r"<[^>]+>", " ", ask(client_of(marketer()), "div#what-if", **asked))
        assert "Revenue is taken to move as what they pay, where the price is ours." in there
        assert "For 75% of what its channels sell the price is ours" in there
        priced(power, price_list_factory(**fields), month="9")
        asked |= {"channel": str(web.pk), "price": "8"}
        there = re.sub(r"<[^>]+>", " ", ask(client_of(marketer()), "div#what-if", **asked))
        assert "Price in the promotion" in there
        assert "What a reference customer pays in a year" not in there
        found = Asker(marketer(), ground_of(power))
        read = found.read(asked | {"channel": [str(web.pk)]})
        assert isinstance(read, PromotionAsked)
        assert re.search(r"\b8.00, ", promotion_words(found.promotions, read))  # not a year
        address = re.search(r'href="(/pricing/promotions/new/[^"]+)"', page)[1].replace("&amp;", "&")  # type: ignore[index]
        form = client_of(marketer()).get(address).context["form"]
        assert (form["rate"].value(), form["price_1"].value()) == (Decimal(20), None)
