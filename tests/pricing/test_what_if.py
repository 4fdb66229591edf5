"""The what-if of a product: the card and its slider, scenarios kept, and the page of all sensitivities."""

from __future__ import annotations

import datetime
import json
import re
from decimal import Decimal
from statistics import NormalDist
from typing import Any

import pytest
from altair.vegalite.v6.schema import core as VegaLite
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from core import formats
from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import Forecast, ForecastMonth
from pricing.models import Elasticity, PassThrough, Price, PriceList, Scenario, VatCode
from pricing.selectors.what_if import Asked, Ground
from pricing.selectors.what_if_reading import what_if_ground
from products.models import Channel, Measure, Product, ProductFigures, ProductMonth, SalesMonth
from tests.factories import (
    channel_factory,
    client_of,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.pricing.elasticities import elasticity_factory

LINES = ("Cheaper", "Dearer", "Dearest")
pytestmark = pytest.mark.django_db


def next_month(ahead: int = 1) -> datetime.date:
    return month_add(month_start(today()), ahead)


def sold_and_expected(product: Product, *, mean: float = 1000, revenue: float = 10_000) -> None:
    """A year of 1,000 a month at 10 each, and the same expected, give or take a tenth."""
    units = Measure.objects.get(code="units")
    last = next_month(-1)
    ProductMonth.objects.bulk_create(
        ProductMonth(
            product=product,
            measure=units,
            month=month_add(last, -n),
            volume=1000,
            revenue=revenue,
            days=30,
        )
        for n in range(12)
    )
    ProductFigures.objects.create(product=product, measure=units, data_month=last, revenue_12m=12 * revenue)
    forecast = Forecast.objects.create(
        product=product,
        measure=units,
        as_of=last,
        data_month=last,
        method="mean",
        computed_at=timezone.now(),
    )
    ForecastMonth.objects.bulk_create(
        ForecastMonth(
            forecast=forecast,
            month=next_month(n),
            mean=mean,
            median=mean,
            lo80=0.9 * mean,
            hi80=1.1 * mean,
            lo95=0.8 * mean,
            hi95=1.2 * mean,
        )
        for n in range(14)
    )


@pytest.fixture
def product() -> Product:
    """Sold to resellers at 10 without VAT; consumers pay 14.99 with 9 % in it."""
    line = line_factory(unit="carton")
    VatCode.objects.create(line=line, code="low", start_date=today() - datetime.timedelta(900))
    found = product_factory(line=line, code="A")
    past = today() - datetime.timedelta(400)
    price_factory(product=found, price_list=price_list_factory(code="sell"), start_date=past, amount=10)
    advised = price_list_factory(kind="advised", with_vat=True)
    price_factory(product=found, price_list=advised, start_date=past, amount=Decimal("14.99"))
    sold_and_expected(found)
    elasticity_factory(found)
    return found


def marketer(**fields: Any) -> Any:
    return user_factory("marketing", **fields)


def ask(client: Client, target: str = "div#what-if-result", code: str = "A", **said: Any) -> str:
    answer = client.get(
        f"/products/{code}/mix/what-if/", said, headers={"HX-Request": "true", "HX-Target": target}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def decided(**fields: Any) -> Price:
    """A price that was approved before the forecast was made."""
    return price_factory(approved_at=timezone.now() - datetime.timedelta(days=1), **fields)


def spec_of(said: str) -> Any:
    return json.loads(re.search(r'id="what-if-chart-spec"[^>]*>(.*?)</script>', said)[1])  # type: ignore[index]


def ground_of(product: Product, user: Any = None) -> Ground:
    found = what_if_ground(user or marketer(), product)
    assert isinstance(found, Ground)
    return found


class TestTheGround:
    def test_a_dearer_price_from_a_day_on(self, product: Product) -> None:
        ground = ground_of(product)
        answer = ground.answer(Asked(Decimal(11), next_month())).outcome
        assert answer.volume_now == pytest.approx(12_000)
        assert answer.revenue_now == pytest.approx(120_000)
        # The running month and eleven at 787.99 (median) or a little more (mean).
        assert answer.median_volume == pytest.approx(1000 + 11 * 787.99, rel=0.002)
        assert answer.volumes[0].mean == pytest.approx(1000)
        assert answer.volumes[1].mean == pytest.approx(788.6, rel=0.002)
        assert answer.revenues[1].mean == pytest.approx(11 * 788.6, rel=0.002)
        assert answer.better == pytest.approx(0, abs=0.001)
        assert answer.break_even == pytest.approx(-1 / 11)

    def test_the_reseller_keeps_his_margin(self, product: Product) -> None:
        ground = ground_of(product)
        assert ground.reseller_margin == pytest.approx(1 - 10 / (14.99 / 1.09))
        assert ground.consumer_price(Asked(Decimal(11), next_month())) == Decimal("16.489")

    def test_what_one_chain_asks_is_not_what_consumers_pay(self, product: Product) -> None:
        chain = price_list_factory(kind="observed", with_vat=True, channel=channel_factory())
        past = today() - datetime.timedelta(20)
        price_factory(product=product, price_list=chain, start_date=past, amount=Decimal("11.99"))
        consumer = ground_of(product).consumer
        assert consumer is not None
        assert consumer.amount == Decimal("14.99")
        PriceList.objects.filter(kind="advised").update(channel=channel_factory())
        assert ground_of(product).consumer is None

    def test_what_was_seen_is_judged_where_it_was_seen(self, product: Product) -> None:
        assert not ground_of(product).answer(Asked(Decimal("12.5"), next_month())).outside
        product.elasticities.all().delete()
        elasticity_factory(product, price_kind="advised", lowest_price=14, highest_price=15)
        assert not ground_of(product).answer(Asked(Decimal("11.9"), next_month())).outside
        assert ground_of(product).answer(Asked(Decimal("12.1"), next_month())).outside

    def test_without_a_night_the_published_mean(self, product: Product) -> None:
        product.elasticities.all().delete()
        ground = ground_of(product)
        assert ground.elasticity is None
        answer = ground.answer(Asked(Decimal(11), next_month())).outcome
        assert answer.median_volume == pytest.approx(1000 + 11_000 * 1.1**-2.62, rel=0.01)

    def test_an_approved_price_ahead_is_what_it_is_compared_with(self, product: Product) -> None:
        own = PriceList.objects.get(code="sell")
        decided(product=product, price_list=own, start_date=next_month(3), amount=11)
        answer = ground_of(product).answer(Asked(Decimal(11), next_month())).outcome
        assert [round(month.mean) for month in answer.volumes] == [1000, 789, 789, *[1000] * 9]
        assert answer.revenue_now == pytest.approx(3 * 10_000 + 9 * 11_000)

    def test_what_was_approved_since_the_forecast_was_made_is_in_neither(self, product: Product) -> None:
        """It moves the forecast from the next night on: until then an untouched slider changes nothing."""
        own = PriceList.objects.get(code="sell")
        price_factory(product=product, price_list=own, start_date=next_month(3), amount=11)
        answer = ground_of(product).answer(ground_of(product).usual()).outcome
        assert answer.volume.mean == pytest.approx(answer.volume_now) == pytest.approx(12_000)
        assert answer.revenue.mean == pytest.approx(answer.revenue_now) == pytest.approx(120_000)

    def test_what_a_night_has_seen_is_counted_though_it_changed_nothing(self, product: Product) -> None:
        """A price beyond the months ahead, and one that is paid once, which is never part of it."""
        Forecast.objects.all().delete()
        run_now(local_date=today(), kind="manual")
        made, day = Forecast.objects.get().computed_at, next_month(30)
        own = {"product": product, "price_list": PriceList.objects.get(code="sell")}
        price_factory(start_date=next_month(2), amount=5, component="once", **own)
        assert ground_of(product).price.made.uncounted is None
        price_factory(start_date=day, amount=11, **own)
        late = ground_of(product).price.made
        assert (late.uncounted, late.steps[-1][1]) == (day, 10)
        run_now(local_date=today(), kind="manual")
        assert Forecast.objects.get().computed_at == made
        seen = ground_of(product).price.made
        assert (seen.uncounted, seen.steps[-1]) == (None, (day, 11))
        Forecast.objects.update(stale=True)
        assert ground_of(product).price.made.uncounted == day

    @pytest.mark.parametrize(
        ("missing", "reason"),
        [
            ("prices", "no_price"),
            ("plain price", "parts"),
            ("our price", "currency"),
            ("our price in a shop", "currency"),
            ("forecast", "no_forecast"),
            ("level", "level"),
            ("channels", "hidden"),
        ],
    )
    def test_why_there_is_none(self, product: Product, missing: str, reason: str) -> None:
        user = marketer(channels=[channel_factory()]) if missing == "channels" else marketer()
        found = product
        if "price" in missing:
            found = product_factory(line=product.line)
            sold_and_expected(found)
            if "our price" in missing:
                where = channel_factory() if "shop" in missing else None
                abroad = price_list_factory(currency="GBP", channel=where)
                price_factory(product=found, price_list=abroad, start_date=datetime.date(2020, 1, 1))
            if missing == "plain price":
                for tier in ("day", "night"):
                    price_factory(
                        product=found,
                        price_list=PriceList.objects.get(code="sell"),
                        start_date=datetime.date(2020, 1, 1),
                        tier=tier,
                    )
        elif missing == "forecast":
            Forecast.objects.all().delete()
        elif missing == "level":
            level = Measure.objects.create(
                code="force", name_en="In force", name_nl="Lopend", unit_en="c", unit_nl="c", kind="level"
            )
            found = product_factory(line=line_factory(measures=[level]))
        assert what_if_ground(user, found) == reason


class TestTheMargin:
    """A unit costs 6, and 5 % of net sales go to the seller."""

    @pytest.fixture
    def costed(self, product: Product) -> Product:
        since = datetime.date(2020, 1, 1)
        cost_rate_factory(product=product, start_date=since, amount=6)
        seller = cost_line_factory(product=product, kind="commission", basis="share", base="net")
        cost_rate_factory(cost_line=seller, start_date=since, amount=Decimal("0.05"))
        return product

    def test_volume_times_what_costs_leave(self, costed: Product) -> None:
        ground = ground_of(costed, user_factory("product-manager"))
        margin = ground.answer(Asked(Decimal(11), next_month())).outcome.margin
        assert margin is not None
        assert margin.now == pytest.approx(12_000 * (10 * 0.95 - 6))
        volumes = ground.answer(Asked(Decimal(11), next_month())).outcome.volumes
        expected = 1000 * 3.5 + sum(one.mean for one in volumes[1:]) * (11 * 0.95 - 6)
        assert margin.total.mean == pytest.approx(expected, rel=1e-6)
        assert margin.break_even == pytest.approx(3.5 / 4.45 - 1)
        # 1.1^e · 4.45 > 3.5 where e > ln(3.5 / 4.45) / ln 1.1 = −2.52.
        assert margin.better == pytest.approx(1 - NormalDist(-2.5, 0.4).cdf(-2.52), abs=0.03)
        assert sum(one.mean for one in margin.months) == pytest.approx(margin.total.mean)
        assert margin.months[0].mean == pytest.approx(1000 * 3.5)
        assert ground_of(costed).answer(Asked(Decimal(11), next_month())).outcome.margin is None

    def test_who_may_see_costs_reads_it_and_nobody_else(self, costed: Product) -> None:
        manager, marketing = client_of(user_factory("product-manager")), client_of(marketer())
        asked = {"price": "11", "start": str(next_month())}
        said = ask(manager, **asked)
        assert "Margin after costs by volume" in said
        assert "Chance that the margin is higher than now" in said
        assert "argin is" not in ask(marketing, **asked)
        assert "after costs" not in ask(marketing, **asked)
        rows = spec_of(ask(manager, of="margin", **asked))["data"]["values"]
        assert (rows[0]["now"], rows[0]["then"]) == (pytest.approx(3500), pytest.approx(3500))
        assert rows[1]["then"] == pytest.approx(788.6 * 4.45, rel=0.002)
        assert "Margin: range, 80%" in said
        bare = [
            re.sub(r'(?<=middlewaretoken" value=")\w+', "", ask(marketing, **asked, **of))
            for of in ({}, {"of": "margin"})
        ]
        assert bare[0] == bare[1]
        assert ask(manager, price="6.5").count("no volume makes up for it") == 0  # bounded at 7
        kept = {"name": "Dearer", **asked}
        manager.post("/products/A/mix/what-if/keep/", kept)
        assert Scenario.objects.get().result["margin"] is None

    def test_it_takes_no_more_queries_than_a_page_may(self, costed: Product) -> None:
        client = client_of(user_factory("product-manager"))
        ask(client, price="11")
        with CaptureQueriesContext(connection) as queries:
            ask(client, price="11")
        assert len(queries) <= 12


class TestTheCard:
    def test_the_slider_answers_with_what_it_would_do(self, product: Product) -> None:
        said = ask(client_of(marketer()), price="11", start=str(next_month()))
        plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said))
        assert "9,674" in plain or "9,675" in plain
        assert "1% dearer ≈ 2.5% less volume (80%: 2.0 to 3.0), from 148 weeks" in plain
        assert "revenue stays the same as long as volume falls by no more than 9.1%" in plain
        assert "Chance that revenue is higher than now: " in plain
        assert "Consumer price €14.99 becomes €16.49: the reseller keeps his margin of 27.3%." in plain
        assert 'id="what-if-price-said" hx-swap-oob="true">€11.00</output>' in said
        assert "a fifth outside" not in plain

    def test_a_price_approved_ahead_is_said_where_the_slider_takes_its_place(self, product: Product) -> None:
        client, day = client_of(marketer()), next_month(3)
        assert "Approved" not in ask(client)
        with translation.override("en"):
            when = formats.day(day)
        holds = f"Proposed, it holds until {when}"
        own = {"product": product, "price_list": PriceList.objects.get(code="sell"), "start_date": day}
        price_factory(amount=11, **own)
        late = ask(client)
        assert f"Approved since the forecast was made, from {when}: it counts from the next night on." in late
        assert ("As it stands" in late, holds in late) == (False, True)
        Forecast.objects.update(computed_at=timezone.now())
        for start, until in ((1, True), (3, False)):
            page = ask(client, start=str(next_month(start)))
            assert "now €10.00" in page
            assert f"Approved: €11.00 from {when}. “As it stands” counts with that" in page
            assert "the price above takes its place from its own day on." in page
            assert ("since the forecast" in page, holds in page) == (False, until)

    def test_a_promotion_ahead_is_in_what_is_asked_as_in_what_stands(self, product: Product) -> None:
        """It moves the forecast, which both begin with: an untouched slider changes nothing."""
        ForecastMonth.objects.filter(month=next_month(2)).update(driven=1500, price_ratio=0.8)
        outcome = ground_of(product).answer(ground_of(product).usual()).outcome
        assert outcome.volume.mean == pytest.approx(outcome.volume_now)
        assert outcome.revenue.mean == pytest.approx(outcome.revenue_now)

    def test_a_price_that_nobody_saw_is_said(self, product: Product) -> None:
        assert "a fifth outside the prices seen" in ask(client_of(marketer()), price="7.1")

    def test_what_cannot_be_read_is_as_now_and_what_is_too_far_the_nearest(self, product: Product) -> None:
        client = client_of(marketer())
        assert "€10.00</output>" in ask(client, price="a lot", start="some day")
        assert "€10.00</output>" in ask(client, price="NaN", start="2020-01-01")
        assert "€13.00</output>" in ask(client, price="1000000")

    def test_four_scenarios_share_a_chart_at_the_cost_of_one_s_queries(self, product: Product) -> None:
        user = marketer()
        client = client_of(user)
        prices = {"Dearest": "11.5", "Dearer": "11", "Cheaper": "9"}
        for name, price in prices.items():
            said = {"name": name, "price": price, "start": str(next_month())}
            assert client.post("/products/A/mix/what-if/keep/", said).status_code == 302
        kept = [Scenario.objects.get(name=name).pk for name in ("Dearest", "Dearer", "Cheaper")]
        ask(client)
        with CaptureQueriesContext(connection) as alone:
            ask(client, price="12")
        with CaptureQueriesContext(connection) as together:
            said = ask(client, price="12", **{"with": kept})
        assert len(together) == len(alone) <= 12
        spec = spec_of(said)
        VegaLite.TopLevelSpec.from_dict(spec)
        rows = spec["data"]["values"]
        assert len(rows) == 12
        # Revenue at e = −2.5: the dearer, the less. The newest stands first.
        lines = [rows[3][each] for each in ("other0", "now", "other1", "other2", "then")]
        assert lines == sorted(lines, reverse=True)
        keys = [said.index(f'<path class="s{n}" d="M0 5H20"/></svg>{name}') for n, name in enumerate(LINES)]
        assert keys == sorted(keys)
        assert "Dearer" not in json.dumps(spec["layer"])
        volume = spec_of(ask(client, price="12", of="volume", **{"with": kept}))["data"]["values"]
        assert volume[3]["then"] == pytest.approx(1000 * 1.2**-2.5, rel=0.01)
        assert volume[3]["other0"] == pytest.approx(1000 * 0.9**-2.5, rel=0.01)
        assert (said.count("Volume: Cheaper"), said.count("Revenue: Cheaper")) == (1, 1)
        assert f"with={kept[0]}&amp;with={kept[1]}&amp;with={kept[2]}&amp;of=volume" in said

    def test_no_more_than_three_are_to_be_ticked(self, product: Product) -> None:
        client = client_of(marketer())
        for number in range(4):
            said = {"name": f"Number {number}", "price": 11 + number, "start": str(next_month())}
            assert client.post("/products/A/mix/what-if/keep/", said).status_code == 302
        rows = list(Scenario.objects.order_by("pk"))
        for ticked, off in ((rows[:2], 0), (rows[:3], 1), (rows, 1)):
            said = ask(client, "div#what-if", price="12", **{"with": [row.pk for row in ticked]})
            boxes = re.findall(r'<input[^>]*type="checkbox"[^>]*name="with"[^>]*>', said)
            assert (len(boxes), sum(" disabled" in box for box in boxes)) == (4, off)
            assert sum(" checked" in box for box in boxes) == min(len(ticked), 3)

    def test_it_costs_few_queries(self, product: Product) -> None:
        client = client_of(marketer())
        ask(client, price="11")
        with CaptureQueriesContext(connection) as queries:
            ask(client, price="10.5")
        assert len(queries) <= 16

    def test_the_page_holds_it_without_scripts_too(self, product: Product) -> None:
        client = client_of(marketer())
        assert 'hx-get="/products/A/mix/what-if/"' in client.get("/products/A/mix/").content.decode()
        said = client.get("/products/A/mix/what-if/", {"price": "11"}).content.decode()
        assert "9,67" in said
        assert 'value="11.00"' in said


class TestKeeping:
    def test_it_is_kept_shown_and_taken_away(self, product: Product) -> None:
        user = marketer()
        client = client_of(user)
        said = {"price": "11.00", "start": str(next_month()), "name": "Dearer"}
        answer = client.post("/products/A/mix/what-if/keep/", said)
        row = Scenario.objects.get()
        assert answer.status_code == 302
        assert f"with={row.pk}" in answer["Location"]
        assert (row.author, row.name, row.values["price"]) == (user, "Dearer", "11.00")
        assert row.result["volume"]["mean"] == pytest.approx(1000 + 11 * 788.6, rel=0.002)
        assert "Dearer" in client.get(answer["Location"]).content.decode()
        again = client.post("/products/A/mix/what-if/keep/", said, headers={"HX-Request": "true"})
        assert again.status_code == 422
        assert "There is a scenario of that name." in again.content.decode()
        assert client.post("/products/A/mix/what-if/keep/", {**said, "name": " "}).status_code == 422
        client.post(f"/products/A/mix/what-if/{row.pk}/remove/")
        assert not Scenario.objects.exists()

    def test_what_was_kept_stands_beside_today_s_answer(self, product: Product) -> None:
        """The forecast rises by a tenth: what was kept says what it said."""
        client = client_of(marketer())
        said = {"price": "11.00", "start": str(next_month()), "name": "Dearer"}
        client.post("/products/A/mix/what-if/keep/", said)
        row = Scenario.objects.get()
        before = dict(row.result)
        names = ("mean", "median", "lo80", "hi80", "lo95", "hi95")
        ForecastMonth.objects.update(**{name: F(name) * 1.1 for name in names})
        shown = client.get("/products/A/mix/what-if/", {"price": "12", "with": row.pk})
        [kept] = shown.context["beside"]
        [volume, revenue] = kept["rows"]
        assert (volume.value, volume.change) == ("9,675", pytest.approx(-0.194, abs=0.001))
        assert (volume.since, revenue.since) == (pytest.approx(0.1), pytest.approx(0.1))
        assert kept["day"] == today()
        rows = spec_of(shown.content.decode())["data"]["values"]
        assert rows[0]["now"] == pytest.approx(11_000)
        assert rows[3]["other0"] == pytest.approx(before["revenues"][3]["mean"])
        again = client.get(f"/products/A/mix/what-if/?{kept['again']}")
        assert again.context["asked"].price == Decimal("11.00")
        assert again.context["rows"][0].value == "10,643"
        assert [one["row"] for one in again.context["beside"]] == [row]

    def test_months_that_are_over_leave_the_chart_and_the_question_keeps_its_dates(
        self, product: Product
    ) -> None:
        client = client_of(marketer())
        said = {"price": "11.00", "start": str(next_month()), "name": "Dearer"}
        client.post("/products/A/mix/what-if/keep/", said)
        row = Scenario.objects.get()
        row.values["start"] = "2024-01-01"
        row.result["months"] = [str(next_month(n - 1)) for n in range(12)]
        row.save()
        shown = client.get("/products/A/mix/what-if/", {"price": "12", "with": row.pk})
        assert "€11.00 from 1\xa0Jan\xa02024" in shown.context["beside"][0]["about"]
        rows = spec_of(shown.content.decode())["data"]["values"]
        assert [one["other0"] is None for one in rows] == [False] * 11 + [True]

    def test_another_product_s_is_not_found(self, product: Product) -> None:
        user = marketer()
        other = product_factory()
        row = Scenario.objects.create(product=other, name="X", author=user, values={}, result={})
        assert client_of(user).post(f"/products/A/mix/what-if/{row.pk}/remove/").status_code == 404

    def test_who_only_looks_keeps_nothing(self, product: Product) -> None:
        looker = user_factory(rights=["pricing.view", "forecasting.view", "products.view"])
        client = client_of(looker)
        said = ask(client, "div#what-if", price="11")
        assert "Name of the scenario" not in said
        assert client.post("/products/A/mix/what-if/keep/", {"name": "A", "price": "11"}).status_code == 403
        assert not Scenario.objects.exists()

    def test_proposing_opens_the_form_filled_in(self, product: Product) -> None:
        client = client_of(marketer())
        said = ask(client, price="11", start=str(next_month(2)))
        address = re.search(r'href="(/pricing/proposals/new/[^"]+)"', said)[1].replace("&amp;", "&")  # type: ignore[index]
        form = client.get(address).context["form"]
        assert (form["value"].value(), form["start_date"].value()) == (Decimal("11.00"), next_month(2))
        assert form["price_list"].value() == "sell"
        assert client.get("/pricing/proposals/new/?product=A&price=x&start=y").status_code == 200

    def test_the_database_keeps_names(self, product: Product) -> None:
        user = marketer()
        given: dict[str, Any] = {"product": product, "author": user, "values": {}, "result": {}}
        Scenario.objects.create(name="A", **given)
        for name in ("A", ""):
            with pytest.raises(IntegrityError), transaction.atomic():
                Scenario.objects.create(name=name, **given)


def test_the_right_to_costs_changes_no_byte_and_no_margin_shows(product: Product) -> None:
    """No cost is known yet, so there is nothing to see with it; without it there never is."""
    rights = ["pricing.view", "pricing.edit", "forecasting.view", "products.view"]
    said = []
    for own in (rights, [*rights, "pricing.view_costs"]):
        client = client_of(user_factory(rights=own))
        pages = ask(client, price="11"), client.get("/pricing/sensitivity/").content.decode()
        said.append([re.sub(r"csrf[^>]*>|Person \d+|person\d+|[A-Za-z0-9]{64}", "", page) for page in pages])
    assert said[0][0] == said[1][0]
    for page in said[0]:
        assert "margin" not in page.replace("the reseller keeps his margin", "").lower()
        assert "cost" not in page.lower()


class TestThePageOfAll:
    @pytest.fixture
    def three(self, product: Product) -> list[Product]:
        """One that loses by being dearer, one that gains, one whose measure counts a state."""
        gains = product_factory(line=product.line, code="B", name="Gains")
        sold_and_expected(gains)
        elasticity_factory(
            gains,
            estimate=-0.5,
            sd=0.1,
            method="category",
            reason_code="few_weeks",
            observations=9,
            reason_params={"weeks": 9, "needed": 26, "spread_pct": 1.0},
        )
        nothing: dict[str, Any] = dict.fromkeys(["estimate", "sd", "lo80", "hi80", "lo95", "hi95"])
        state = elasticity_factory(product_factory(line=line_factory(), code="C"))
        Elasticity.objects.filter(pk=state.pk).update(**nothing, method="", reason_code="level")
        return [product, gains]

    def codes(self, client: Client, **said: Any) -> list[str]:
        rows = client.get("/pricing/sensitivity/", said).context["rows"]
        return [item["row"].product.code for item in rows]

    def test_sorted_filtered_and_said(self, three: list[Product]) -> None:
        client = client_of(marketer())
        assert self.codes(client) == ["B", "A", "C"]
        assert self.codes(client, sort="effect") == ["A", "B", "C"]
        assert self.codes(client, sort="elasticity") == ["A", "B", "C"]
        assert self.codes(client, show="level") == ["C"]
        assert self.codes(client, show="own") == ["A"]
        assert self.codes(client, show="borrowed") == ["B"]
        assert self.codes(client, q="gain") == ["B"]
        assert self.codes(client, line=three[0].line.code) == ["B", "A"]
        page = client.get("/pricing/sensitivity/").content.decode()
        assert "the value of its line: 9 weeks seen, 26 needed" in page
        assert "−2.5" in page
        # 120,000 a year: a half of one per cent more, or one and a half less.
        assert "+€600" in page
        assert "−€1,800" in page

    def test_as_a_file(self, three: list[Product]) -> None:
        client = client_of(user_factory(language="en"))
        answer = client.get("/pricing/sensitivity/export/csv/?show=own")
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        assert len(lines) == 2
        assert lines[1].startswith("A,")
        assert "-2.5" in lines[1]
        assert client.get("/pricing/sensitivity/export/pdf/").status_code == 404

    def test_channels_with_prices_of_their_own(self, three: list[Product]) -> None:
        shop = channel_factory(code="shop", name="Shop")
        elasticity_factory(three[0], channel=shop, estimate=-3.5)
        elasticity_factory(three[0], channel=channel_factory(), method="product", reason_code="price_still")
        client = client_of(user_factory(language="en"))
        assert self.codes(client) == ["B", "A", "C"]
        page = client.get("/pricing/sensitivity/?show=channels&sort=elasticity").content.decode()
        assert "A · Shop" in page
        assert "the value of its product: its price moved too little" in page
        answer = client.get("/pricing/sensitivity/export/csv/?show=channels&sort=elasticity")
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        assert "Shop,-3.5" in lines[1]
        for said, expected in ({"channel": "SHOP"}, ["shop"]), ({"by_channel": "false"}, [""] * 3):
            rows = client.get("/api/v1/elasticities/", said).json()["results"]
            assert [row["channel"] for row in rows] == expected

    def test_for_machines(self, three: list[Product]) -> None:
        client = client_of(user_factory())
        found = client.get("/api/v1/elasticities/", {"product": "a"}).json()["results"]
        assert [(row["product"], row["estimate"], row["rests_on"]) for row in found] == [("A", -2.5, "own")]
        assert "quantiles" not in found[0]

    def test_only_of_ones_own_lines_and_not_for_some_channels(self, three: list[Product]) -> None:
        other = line_factory()
        elasticity_factory(product_factory(line=other, code="D"))
        assert self.codes(client_of(marketer(lines=[other]))) == ["D"]
        shop = channel_factory()
        elasticity_factory(three[0], channel=shop)
        some = client_of(marketer(channels=[shop]))
        assert some.get("/pricing/sensitivity/").status_code == 403
        assert some.get("/pricing/sensitivity/?show=channels").status_code == 403
        assert some.get("/api/v1/elasticities/").json()["results"] == []
        assert some.get("/products/A/mix/what-if/").status_code == 403

    def test_empty(self) -> None:
        assert "Not measured yet" in client_of(marketer()).get("/pricing/sensitivity/").content.decode()


@pytest.fixture
def shop(product: Product) -> Channel:
    """Asks 12 where everybody else pays 10, sells three tenths, and answers more."""
    found, elsewhere = channel_factory(name="Shop"), channel_factory()
    price_list = price_list_factory(code="shop", channel=found)
    past = today() - datetime.timedelta(400)
    price_factory(product=product, price_list=price_list, start_date=past, amount=12)
    units = Measure.objects.get(code="units")
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product=product, measure=units, channel=where, month=next_month(-1), volume=volume, days=30
        )
        for where, volume in ((found, 300), (elsewhere, 700))
    )
    elasticity_factory(product, channel=found, estimate=-3.5, sd=0.1, lowest_price=11, highest_price=13)
    return found


def test_the_price_of_a_channel_moves_what_it_sells(product: Product, shop: Channel) -> None:
    ground = ground_of(product)
    answer = ground.answer(Asked(Decimal("13.2"), next_month(), shop.pk))
    there = 1.1**-3.5
    assert answer.outcome.median_volume == pytest.approx(1000 + 11 * (700 + 300 * there), rel=0.001)
    assert answer.there is not None
    assert answer.there.volume_now == pytest.approx(3600)
    assert answer.there.median_volume == pytest.approx(300 + 11 * 300 * there, rel=0.001)
    # What the rest brings in stays; a unit there brings 1.2 times as much as at the price for everybody.
    lost = 300 * (12 - 13.2 * there)
    assert answer.outcome.revenues[1].mean == pytest.approx(10_000 - lost, rel=0.001)
    assert answer.outcome.break_even == pytest.approx(-1 / 11)
    # Everybody's leaves the shop as it is.
    everybody = ground.answer(Asked(Decimal(11), next_month()))
    assert everybody.outcome.median_volume == pytest.approx(1000 + 11 * (300 + 0.7 * 787.99), rel=0.002)
    assert everybody.there is None


def test_which_price_is_asked_on_the_card(product: Product, shop: Channel) -> None:
    client = client_of(marketer(language="en"))
    card = ask(client, target="div#what-if")
    assert ">Shop (30%)<" in card
    said = ask(client, price="13.2", channel=str(shop.pk))
    assert "€13.20</output>" in said
    assert "Volume in Shop" in said
    assert "1% dearer ≈ 3.5% less volume" in said
    assert "list=shop" in said
    # A slider that stood at another's price begins at this one's.
    assert "€12.00</output>" in ask(client, price="11", was="", channel=str(shop.pk))
    assert "€10.00</output>" in ask(client, channel="0")


def test_a_channel_that_pays_in_another_currency(product: Product, shop: Channel) -> None:
    """A unit brought in 18 there and 10 elsewhere, 12.40 on average: what it is in pounds does not matter."""
    PriceList.objects.filter(code="shop").update(currency="GBP")
    for row in SalesMonth.objects.all():
        each = 18 if row.channel_id == shop.pk else 10
        SalesMonth.objects.filter(pk=row.pk).update(revenue=each * row.volume)
    answer = ground_of(product).answer(Asked(Decimal("13.2"), next_month(), shop.pk))
    there = 1.1**-3.5
    assert answer.outcome.median_volume == pytest.approx(1000 + 11 * (700 + 300 * there), rel=0.001)
    assert not answer.outside
    lost = 300 * 10 * 18 / 12.4 * (1 - 1.1 * there)
    assert answer.outcome.revenues[1].mean == pytest.approx(10_000 - lost, rel=0.001)
    said = ask(client_of(marketer(language="en")), price="13.2", channel=str(shop.pk))
    assert "£13.20</output>" in said
    assert "now £12.00" in said
    # A list in our own currency of the same channel counts before it.
    both = price_list_factory(code="ours", channel=shop)
    price_factory(product=product, price_list=both, start_date=datetime.date(2024, 1, 1), amount=14)
    assert ground_of(product).channels[shop.pk].amount == 14


@pytest.mark.parametrize("row", ["advised", "own", "none"])
def test_a_reseller_who_passes_on_half(product: Product, row: str) -> None:
    """Ours +10 % is his +5 %: consumers answer to that, unless it was measured what they do on our price."""
    PassThrough.objects.create(start_date=datetime.date(2020, 1, 1), rate="0.5")
    product.elasticities.all().delete()
    if row != "none":
        elasticity_factory(product, price_kind=row, lowest_price=9, highest_price=20)
    ground = ground_of(product)
    assert ground.consumer_price(Asked(Decimal(11), next_month())) == Decimal("15.7395")
    answer = ground.answer(Asked(Decimal(11), next_month())).outcome
    ratio = {"advised": 1.05**-2.5, "own": 1.1**-2.5, "none": 1.05**-2.62}[row]
    assert answer.median_volume == pytest.approx(1000 + 11_000 * ratio, rel=0.01)
    assert answer.revenues[1].mean == pytest.approx(11 * 1000 * ratio, rel=0.02)
