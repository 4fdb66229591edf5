"""Listings and positionings across products: what is shown, sorted, and taken along."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from core.organisation import today
from pricing.models import Listing, Positioning
from products.models import Product, Segment
from tests.factories import channel_factory, client_of, line_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days)


@pytest.fixture
def products() -> tuple[Product, Product]:
    return (
        product_factory(code="A", name="Apple", line=line_factory(name="Juice")),
        product_factory(code="B", name="Beer", line=line_factory(name="Drinks")),
    )


class TestListings:
    @pytest.fixture
    def listed(self, products: tuple[Product, Product]) -> None:
        apple, beer = products
        chain = channel_factory(code="chain", name="Chain", kind="account")
        store = channel_factory(code="store", name="Store", parent=chain, kind="store")
        web = channel_factory(code="web", name="Web")
        for product, channel, days, status, words in (
            (apple, chain, -300, "negotiating", ""),
            (apple, chain, -200, "listed", "two shelves"),
            (apple, web, -50, "listed", ""),
            (apple, web, -5, "delisted", ""),
            (beer, store, -10, "announced", ""),
            (beer, store, 20, "listed", ""),
        ):
            Listing.objects.create(
                product=product,
                channel=channel,
                start_date=day(days),
                status=status,
                terms=words,
                fee="9 a m",
            )

    def rows(self, client: Client, query: str = "") -> list[tuple[str, str, str]]:
        page = client.get(f"/pricing/listings/{query}").context["page"]
        return [(row.product.code, row.channel.code, row.status) for row in page]

    def test_what_stands_comes_and_ended(self, listed: None) -> None:
        client = client_of(user_factory("product-manager"))
        assert self.rows(client) == [("A", "chain", "listed"), ("B", "store", "announced")]
        assert self.rows(client, "?show=ahead") == [("B", "store", "listed")]
        assert self.rows(client, "?show=ended") == [("A", "web", "delisted")]
        assert len(self.rows(client, "?show=all")) == 6
        assert self.rows(client, "?sort=-channel") == [("B", "store", "announced"), ("A", "chain", "listed")]
        assert self.rows(client, "?sort=until")[0][0] == "B"
        # A channel with those below it.
        assert [row[1] for row in self.rows(client, "?channel=chain")] == ["chain", "store"]
        assert self.rows(client, "?q=beer") == [("B", "store", "announced")]
        line = Product.objects.get(code="A").line.code
        assert self.rows(client, f"?line={line}") == [("A", "chain", "listed")]
        assert "Nothing found" in client.get("/pricing/listings/?q=zz").content.decode()
        files = [
            b"".join(client.get(f"/pricing/listings/export/csv/{query}").streaming_content).decode()
            for query in ("?show=now&channel=chain&sort=-name", "")
        ]
        assert [line.split(",")[0] for line in files[0].splitlines()[1:]] == ["B", "A"]
        assert len(files[1].splitlines()) == 7

    def test_what_it_costs_is_for_who_may_see_costs_and_channels_for_their_own(self, listed: None) -> None:
        assert (
            "9 a m" in client_of(user_factory("product-manager")).get("/pricing/listings/").content.decode()
        )
        marketing = client_of(user_factory("marketing"))
        said = marketing.get("/pricing/listings/").content.decode()
        assert "two shelves" in said
        assert "9 a m" not in said
        assert "What we pay" not in said
        Listing.objects.filter(start_date__gt=today()).update(fee="other")
        limited = user_factory("marketing", channels=[Listing.objects.get(status="announced").channel])
        assert self.rows(client_of(limited)) == [("B", "store", "announced")]

    def test_nothing_yet(self) -> None:
        said = client_of(user_factory("product-manager")).get("/pricing/listings/").content.decode()
        assert "No listings yet" in said
        assert 'href="/data/upload/"' in said.split("No listings yet")[1]
        assert "download" not in said.split("<main")[1].split("<form")[0]


class TestPositionings:
    @pytest.fixture
    def written(self, products: tuple[Product, Product]) -> None:
        apple, beer = products
        person, moment = user_factory("marketing"), f"{day(-100)}T10:00Z"
        seniors = Segment.objects.create(code="old", name="Seniors")
        for product, segment, number, days, state, benefit in (
            (apple, None, 1, -90, "approved", "fresh"),
            (apple, None, 2, -30, "approved", "fresher"),
            (apple, None, 3, 30, "approved", "freshest"),
            (apple, seniors, 1, -80, "approved", "easy"),
            (beer, seniors, 1, 10, "proposed", "light"),
            (beer, None, 1, -10, "draft", "bitter"),
        ):
            decided = {"decided_by": person, "decided_at": moment} if state == "approved" else {}
            Positioning.objects.create(
                product=product,
                segment=segment,
                number=number,
                start_date=day(days),
                state=state,
                benefit=benefit,
                target_group="all",
                category="drink",
                author=person,
                why="Tasted better",
                alternatives="Nothing",
                **decided,
            )

    def test_what_holds_waits_and_comes(self, written: None) -> None:
        client = client_of(user_factory("product-manager"))
        said = lambda query="": [  # noqa: E731
            row.benefit for row in client.get(f"/pricing/positionings/{query}").context["page"]
        ]
        assert sorted(said()) == ["easy", "fresher"]
        assert said("?show=waiting") == ["light"]
        assert said("?show=ahead") == ["freshest"]
        assert len(said("?show=all")) == 6
        assert said("?segment=old") == ["easy"]
        assert said("?q=beer&show=all&sort=-since") == ["light", "bitter"]
        assert "holds now" in client.get("/pricing/positionings/").content.decode()
        line = Product.objects.get(code="B").line.code
        assert "Nothing found" in client.get(f"/pricing/positionings/?line={line}").content.decode()
        file = b"".join(
            client.get("/pricing/positionings/export/csv/?show=waiting").streaming_content
        ).decode()
        head, row = file.splitlines()
        assert ("Alternatives considered" in head, row.startswith("B,Beer,old,1,")) == (True, True)
        assert client.get("/pricing/positionings/export/pdf/").status_code == 404
