"""Where a product is sold: listings, distribution from files, rate of sale, shares beside the segment's."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from altair.vegalite.v6.schema import core as VegaLite
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError, VersionConflict
from accounts.rights import registered
from core.history import history_of
from core.months import month_add, month_end, month_start
from core.organisation import today
from exchange.models import Import
from exchange.services.shell import import_run
from pricing.cards.place import distribution_chart
from pricing.models import DistributionMonth, Listing, SegmentChannel
from pricing.selectors.place import Place, product_listings, product_place
from pricing.services.place import listing_set, segment_share_set
from products.models import LineMeasure, Measure, Product, ProductMonth, SalesMonth, Segment
from tests.factories import (
    channel_factory,
    client_of,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

pytestmark = pytest.mark.django_db
MONTH = month_add(month_start(timezone.localdate()), -1)
WEEKS = Decimal(month_end(MONTH).day) / 7


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


@pytest.fixture
def measure() -> Measure:
    return measure_factory()


@pytest.fixture
def channels() -> dict[str, Any]:
    """Supermarkets with two accounts, and a shop of one's own."""
    retail = channel_factory(code="retail", name="Supermarkets")
    made = {name: channel_factory(code=name, kind="account", parent=retail) for name in ("kroon", "boer")}
    return made | {"retail": retail, "shop": channel_factory(code="shop", name="Web shop")}


@pytest.fixture
def product(measure: Measure) -> Product:
    line = line_factory(unit="carton", measures=[measure])
    segment = Segment.objects.create(code="home", name="Home baristas")
    return product_factory(code="A", line=line, segment=segment)


def sell(product: Product, measure: Measure, volumes: dict[Any, int], month: datetime.date = MONTH) -> None:
    said = {"product": product, "measure": measure, "month": month, "days": month_end(month).day}
    for channel, volume in volumes.items():
        SalesMonth.objects.create(channel=channel, volume=volume, **said)
    ProductMonth.objects.create(volume=sum(volumes.values()), **said)


def spread(product: Product, channel: Any, month: datetime.date = MONTH, **said: Any) -> DistributionMonth:
    return DistributionMonth.objects.create(product=product, channel=channel, month=month, **said)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(DomainError) as error:
        yield
    assert error.value.code == code


def by_code(place: Place) -> dict[str, Any]:
    return {row.channel.code: row for row in place.rows}


class TestWhereItIsSold:
    def test_parts_are_added_and_rates_are_by_the_week(
        self, product: Product, measure: Measure, channels: Any
    ) -> None:
        sell(product, measure, {channels["kroon"]: 600, channels["boer"]: 200, channels["shop"]: 200})
        spread(product, channels["retail"], weighted_rate=Decimal("0.74"), points=100)
        spread(product, channels["shop"], weighted_rate=Decimal("0.5"))
        rows = by_code(product_place(user_factory(), product))
        assert (rows["retail"].volume, rows["retail"].depth, rows["kroon"].depth) == (800, 0, 1)
        assert rows["retail"].per_point == 800 / WEEKS / 100
        assert (rows["shop"].per_point, rows["shop"].per_weighted) == (None, 200 / WEEKS / 50)
        assert rows["kroon"].per_point is None
        assert sum(row.share for row in rows.values() if row.depth == 0) == 1
        assert rows["retail"].share == Decimal("0.8")

    def test_rates_are_of_sell_out_where_the_line_has_it_and_say_which(
        self, product: Product, measure: Measure, channels: Any
    ) -> None:
        """Retail bought 800 in and sold 500 on; of the shop no sell-out is known."""
        sell(product, measure, {channels["kroon"]: 800, channels["shop"]: 200})
        for name, points in (("retail", 100), ("shop", 50)):
            spread(product, channels[name], points=points)
        page = tight(client_of(user_factory()).get("/products/A/mix/place/"))
        assert f"{measure.name_en}, pieces, per point a week" in page
        out = measure_factory(code="sell-out", name_en="Sell-out", unit_en="packs")
        LineMeasure.objects.create(line=product.line, measure=out)
        sell(product, out, {channels["kroon"]: 500})
        rows = by_code(product_place(user_factory(), product))
        assert (rows["retail"].per_point, rows["retail"].rated) == (500 / WEEKS / 100, out)
        assert (rows["shop"].per_point, rows["shop"].rated) == (200 / WEEKS / 50, measure)
        assert rows["retail"].volume == 800
        page = tight(client_of(user_factory()).get("/products/A/mix/place/"))
        assert "Sell-out, packs" in page
        # Of a month that is not whole yet it tells nothing.
        ProductMonth.objects.filter(measure=out).update(month=month_add(MONTH, -1))
        assert by_code(product_place(user_factory(), product))["retail"].rated == measure

    def test_sell_out_of_a_part_is_no_rate_of_the_whole(
        self, product: Product, measure: Measure, channels: Any
    ) -> None:
        """Of two accounts one says what it sold on: 500 of it against the points of both is no rate."""
        sell(product, measure, {channels["kroon"]: 800, channels["boer"]: 200})
        out = measure_factory(code="sell-out", name_en="Sell-out")
        LineMeasure.objects.create(line=product.line, measure=out)
        sell(product, out, {channels["kroon"]: 500})
        for name in ("retail", "kroon", "boer"):
            spread(product, channels[name], points=100)

        def rated() -> dict[str, Any]:
            rows = by_code(product_place(user_factory(), product))
            return {
                name: (row.rated, row.per_point and round(row.per_point * WEEKS * 100))
                for name, row in rows.items()
            }

        assert rated() == {"retail": (measure, 1000), "kroon": (out, 500), "boer": (measure, 200)}
        fields = {"product": product, "measure": out, "month": MONTH, "days": month_end(MONTH).day}
        other = SalesMonth.objects.create(channel=channels["boer"], volume=150, **fields)
        assert rated()["retail"] == (out, 650)
        # Nor where what was sold to it directly is not known sold on.
        own = {**fields, "measure": measure}
        direct = SalesMonth.objects.create(channel=channels["retail"], volume=7, **own)
        assert rated()["retail"] == (measure, 1007)
        direct.delete()
        # What is said of them together is of all.
        SalesMonth.objects.filter(measure=out).exclude(pk=other.pk).delete()
        SalesMonth.objects.filter(pk=other.pk).update(channel=channels["retail"])
        assert rated()["retail"] == (out, 150)

    def test_what_only_sells_on_counts_above_it_and_has_no_row(
        self, product: Product, measure: Measure, channels: Any
    ) -> None:
        stores = [
            channel_factory(code=code, kind="store", parent=channels["kroon"]) for code in ("s1", "s2", "s3")
        ]
        branch = channel_factory(code="s4", kind="store", parent=channels["boer"])
        sell(product, measure, {channels["kroon"]: 800})
        out = measure_factory(code="sell-out")
        LineMeasure.objects.create(line=product.line, measure=out)
        sell(product, out, dict.fromkeys([*stores, branch, channels["shop"]], 100))
        spread(product, channels["kroon"], points=10)
        spread(product, stores[1], month_add(MONTH, -2), points=1)
        rows = product_place(user_factory(), product).rows
        assert [(row.channel.code, row.depth) for row in rows] == [("retail", 0), ("kroon", 1), ("s2", 2)]
        assert (rows[1].rated, rows[1].per_point) == (out, 300 / WEEKS / 10)
        spread(product, branch, points=1)
        assert {"boer", "s4"} <= by_code(product_place(user_factory(), product)).keys()

    def test_older_distribution_is_shown_but_tells_no_rate_of_sale(
        self, product: Product, measure: Measure, channels: Any
    ) -> None:
        sell(product, measure, {channels["shop"]: 200})
        old = month_add(MONTH, -2)
        spread(product, channels["shop"], old, points=10, weighted_rate=Decimal("0.6"))
        row = by_code(product_place(user_factory(), product))["shop"]
        assert (row.spread_month, row.weighted, row.per_point) == (old, Decimal("0.6"), None)

    def test_a_state_has_no_rate_of_sale(self, product: Product, channels: Any) -> None:
        level = measure_factory(kind="level")
        other = product_factory(line=line_factory(measures=[level]))
        sell(other, level, {channels["shop"]: 200})
        spread(other, channels["shop"], points=10)
        assert by_code(product_place(user_factory(), other))["shop"].per_point is None

    def test_beside_where_its_segment_buys(self, product: Product, measure: Measure, channels: Any) -> None:
        user = user_factory()
        sell(product, measure, {channels["kroon"]: 780, channels["shop"]: 220})
        segment: Any = product.segment
        for code, share, since in (("kroon", "0.5", -9), ("boer", "0.16", -9), ("shop", "0.9", -900)):
            SegmentChannel.objects.create(
                segment=segment, channel=channels[code], share_rate=Decimal(share), start_date=day(since - 60)
            )
        segment_share_set(
            user=user, segment=segment, channel=channels["shop"], start_date=MONTH, share_rate=Decimal("0.3")
        )
        rows = by_code(product_place(user, product))
        assert rows["retail"].segment_share == Decimal("0.66")
        assert rows["retail"].gap == Decimal("0.12")
        assert rows["shop"].gap == Decimal("-0.08")

    def test_limited_to_a_channel_one_sees_that_alone_and_no_share_of_the_whole(
        self, product: Product, measure: Measure, channels: Any
    ) -> None:
        sell(product, measure, {channels["kroon"]: 600, channels["shop"]: 400})
        spread(product, channels["shop"], points=10)
        listing_set(
            user=user_factory(),
            product=product,
            channel=channels["shop"],
            start_date=today(),
            status="listed",
            terms="SECRET",
        )
        user = user_factory(channels=[channels["kroon"]])
        place = product_place(user, product)
        assert [(row.channel.code, row.depth, row.share) for row in place.rows] == [("kroon", 0, None)]
        assert place.volume == 600
        assert product_listings(user, product) == []
        client = Client()
        client.force_login(user)
        for address in ("mix/", "mix/place/", "activity/"):
            answer = client.get(f"/products/A/{address}")
            assert answer.status_code == 200
            assert b"Web shop" not in answer.content
            assert b"SECRET" not in answer.content
        client.force_login(user_factory())
        assert b"SECRET" in client.get("/products/A/activity/").content
        assert b"SECRET" in client.get("/products/A/mix/place/").content


class TestListings:
    def test_it_holds_until_the_next_and_ends_with_a_row(self, product: Product, channels: Any) -> None:
        user = user_factory()
        said: dict[str, Any] = {"user": user, "product": product, "channel": channels["kroon"]}
        with refused("not_listed"):
            listing_set(**said, start_date=day(0), status="delisted")
        listing_set(**said, start_date=day(-300), status="listed", terms="640 shops")
        listing_set(**said, start_date=day(-10), status="delisted")
        listing_set(**said, start_date=day(30), status="announced")
        rows = [(row.status, holds) for row, holds in product_listings(user, product)]
        assert rows == [("announced", False), ("delisted", True), ("listed", False)]
        assert by_code(product_place(user, product))["kroon"].status == "delisted"
        changes = [change.after for entry in history_of(product, user=user) for change in entry.changes]
        assert "640 shops" in " ".join(changes)
        assert not any("640" in str(entry.changes) for entry in history_of(product))

    def test_what_is_past_stays_in_the_database_too(self, product: Product, channels: Any) -> None:
        user = user_factory()
        said: dict[str, Any] = {"user": user, "product": product, "channel": channels["kroon"]}
        row = listing_set(**said, start_date=day(-9), status="listed")
        listing_set(**said, start_date=day(-9), status="announced", version=1)  # a slip of today is mended
        other = channels["shop"]
        long_ago = timezone.now() - datetime.timedelta(days=2)
        old = Listing.objects.create(product=product, channel=other, start_date=day(-9))
        Listing.objects.filter(pk=old.pk).update(created_at=long_ago)
        with refused("past_stays"):
            listing_set(user=user, product=product, channel=other, start_date=day(-9), status="announced")
        for change in (
            lambda: Listing.objects.filter(pk=old.pk).update(terms="x"),
            lambda: Listing.objects.filter(pk=old.pk).delete(),
        ):
            with pytest.raises(IntegrityError, match="is past"), transaction.atomic():
                change()
        Listing.objects.filter(pk=row.pk).delete()

    def test_the_second_of_two_sees_both_values(self, product: Product, channels: Any) -> None:
        said: dict[str, Any] = {"product": product, "channel": channels["kroon"], "start_date": day(9)}
        listing_set(user=user_factory(), **said, status="listed", version=0)
        with pytest.raises(VersionConflict):
            listing_set(user=user_factory(), **said, status="announced", version=0)
        client = Client()
        client.force_login(user_factory())
        form = {
            "channel": "kroon",
            "start_date": day(9),
            "status": "announced",
            "terms": "Mine",
            "version": 0,
        }
        lost = client.post("/products/A/mix/place/", form | {"version": 0})
        assert lost.status_code == 409
        assert b"Mine" in lost.content
        assert b"There is one already." in lost.content
        assert b"Somebody else" not in lost.content
        assert Listing.objects.get().status == "listed"
        assert client.post("/products/A/mix/place/", form | {"version": 1}).status_code == 302
        assert Listing.objects.get().status == "announced"

    def test_what_we_pay_for_it_is_only_for_who_may_see_costs(self, product: Product, channels: Any) -> None:
        rights = [right.code for right in registered()]
        finance = user_factory(rights=rights)
        buyer = user_factory(rights=[right for right in rights if "costs" not in right])
        said: dict[str, Any] = {"product": product, "channel": channels["kroon"], "start_date": day(9)}
        listing_set(user=finance, **said, status="announced", terms="640 shops", fee="PAID")
        with refused("not_allowed"):
            listing_set(user=buyer, **said, status="announced", fee="")
        with refused("terms_say_money"):
            listing_set(user=finance, **said, status="announced", terms="for € 900 a year")
        client = Client()
        addresses = [f"/products/A/{page}" for page in ("mix/", "mix/place/", "activity/")]
        row = Listing.objects.get()
        addresses += [f"/products/A/mix/place/?edit={row.pk}", "/search/?q=paid", "/api/v1/listings/"]
        seen = {}
        for user in (buyer, finance):
            client.force_login(user)
            answers = {address: client.get(address) for address in addresses}
            assert {answer.status_code for answer in answers.values()} == {200}
            seen[user] = [address for address in addresses if b"PAID" in answers[address].content]
        assert seen == {buyer: [], finance: [addresses[1], addresses[3], addresses[5]]}
        client.force_login(buyer)
        form = {"channel": "kroon", "start_date": day(9), "status": "listed", "fee": "", "version": 1}
        assert client.post("/products/A/mix/place/", form).status_code == 302
        row.refresh_from_db()
        assert (row.status, row.fee) == ("listed", "PAID")

    def test_refused_keeps_what_was_typed(self, product: Product, channels: Any) -> None:
        client = Client()
        client.force_login(user_factory())
        form = {"channel": "kroon", "start_date": "", "status": "listed", "terms": "Ten shops"}
        answer = client.post("/products/A/mix/place/", form)
        assert answer.status_code == 422
        assert b"Ten shops" in answer.content


def test_shares_of_a_segment_are_at_most_the_whole_and_said_once(product: Product, channels: Any) -> None:
    said: dict[str, Any] = {"user": user_factory(), "segment": product.segment, "start_date": day(0)}
    segment_share_set(**said, channel=channels["retail"], share_rate=Decimal("0.7"))
    for channel, share, code in (
        ("shop", "0.31", "share_sum"),
        ("kroon", "0.1", "share_twice"),
    ):
        with refused(code):
            segment_share_set(**said, channel=channels[channel], share_rate=Decimal(share))
    segment_share_set(**said, channel=channels["shop"], share_rate=Decimal("0.3"))
    assert SegmentChannel.objects.count() == 2
    with refused("limited"):
        segment_share_set(
            **said | {"user": user_factory(channels=[channels["shop"]])},
            channel=channels["shop"],
            share_rate=None,
        )


def run(tmp_path: Path, *rows: tuple[Any, ...], **options: Any) -> Any:
    lines = ["product;kanaal;maand;numeriek;gewogen;winkels"]
    lines += [";".join(map(str, [*row, *[""] * (6 - len(row))])) for row in rows]
    path = tmp_path / "distributie.csv"
    path.write_text("\n".join(lines))
    asked = {"options": {}, "leave_out_refused": False, "dry_run": False} | options
    return import_run(sheet="distribution", path=path, **asked)


class TestFromAFile:
    def test_new_changed_the_same_again_and_undone(
        self, product: Product, channels: Any, tmp_path: Path
    ) -> None:
        first = [("A", "retail", "2026-03", "61,5", "74", "1240"), ("A", "shop", "2026-03", "", "38,25")]
        assert run(tmp_path, *first, dry_run=True).counts.new == 2
        assert not DistributionMonth.objects.exists()
        assert run(tmp_path, *first).counts.new == 2
        again = run(tmp_path, *first)
        assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, 2)
        retail = DistributionMonth.objects.get(channel=channels["retail"])
        assert (retail.numeric_rate, retail.weighted_rate, retail.points) == (
            Decimal("0.615"),
            Decimal("0.74"),
            1240,
        )
        changed = run(tmp_path, ("A", "retail", "2026-03", "", "75"), ("A", "retail", "2026-04", "", "76"))
        assert (changed.counts.new, changed.counts.changed) == (1, 1)
        retail.refresh_from_db()
        assert (retail.weighted_rate, retail.points) == (Decimal("0.75"), 1240)
        call_command("undo_import", Import.objects.latest("pk").pk)
        retail.refresh_from_db()
        assert (retail.weighted_rate, DistributionMonth.objects.count()) == (Decimal("0.74"), 2)

    def test_as_a_share_of_one(self, product: Product, channels: Any, tmp_path: Path) -> None:
        run(tmp_path, ("A", "retail", "2026-03", "", "0,74"), options={"distribution_written": "rate"})
        assert DistributionMonth.objects.get().weighted_rate == Decimal("0.74")

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            (("B", "retail", "2026-03", 9), "product_unknown"),
            (("A", "other", "2026-03", 9), "channel_unknown"),
            (("A", "retail", "2126-03", 9), "month_ahead"),
            (("A", "retail", "2026-03"), "distribution_missing"),
            (("A", "retail", "2026-03", 101), "not_a_share"),
            (("A", "retail", "2026-03", "", "-1"), "not_a_share"),
            (("A", "retail", "2026-03", "", "", "3,5"), "not_whole"),
        ],
    )
    def test_refused(self, product: Product, channels: Any, tmp_path: Path, row: Any, code: str) -> None:
        outcome = run(tmp_path, row)
        assert [refusal.code for refusal in outcome.refusals] == [code]
        assert not DistributionMonth.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {"month": datetime.date(2026, 3, 2), "points": 1},
        {"month": MONTH},
        {"month": MONTH, "weighted_rate": Decimal("1.01")},
        {"month": MONTH, "numeric_rate": Decimal("-0.1")},
    ],
)
def test_the_database_refuses(product: Product, channels: Any, said: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DistributionMonth.objects.create(product=product, channel=channels["shop"], **said)


def test_the_chart_says_gaps_and_can_be_drawn(product: Product, channels: Any) -> None:
    for ago, rate in ((4, "0.5"), (2, "0.6"), (1, "0.7")):
        spread(product, channels["shop"], month_add(MONTH, -ago), weighted_rate=Decimal(rate))
    spread(product, channels["retail"], points=4)
    rows = list(DistributionMonth.objects.select_related("channel"))
    chart = distribution_chart(rows, ["retail", "shop"], "shop", "/x/")
    assert chart is not None
    VegaLite.TopLevelSpec.from_dict(chart.spec)
    assert [row[1] for row in chart.table.rows] == ["50,0%", None, "60,0%", "70,0%"]
    assert [switch.label for switch in chart.switches] == ["Supermarkets", "Web shop"]
    assert distribution_chart([], [], "", "/x/") is None


class TestTheApi:
    def test_a_listing_is_said_once_and_found(self, product: Product, channels: Any) -> None:
        client = Client()
        client.force_login(user_factory())
        said = {"product": "a", "channel": "KROON", "start_date": str(day(9)), "status": "announced"}
        for _time in range(2):
            made = client.post("/api/v1/listings/", said | {"version": 0}, "application/json")
            assert (made.status_code, made.json()["version"]) == (201, 1)
        lost = client.post("/api/v1/listings/", said | {"status": "listed", "version": 0}, "application/json")
        assert (lost.status_code, lost.json()["details"]["fields"]["status"]["theirs"]) == (409, "announced")
        found = client.get("/api/v1/listings/?product=A&status=announced").json()
        assert [row["channel"] for row in found["results"]] == ["kroon"]

    def test_distribution_by_month(self, product: Product, channels: Any) -> None:
        client = Client()
        client.force_login(user_factory())
        spread(product, channels["shop"], weighted_rate=Decimal("0.5"))
        spread(product, channels["shop"], month_add(MONTH, -1), points=4)
        found = client.get(f"/api/v1/distribution/?channel=shop&since={MONTH}").json()["results"]
        assert found == [
            {
                "product": "A",
                "channel": "shop",
                "month": str(MONTH),
                "numeric_rate": None,
                "weighted_rate": "0.5000",
                "points": None,
            }
        ]
