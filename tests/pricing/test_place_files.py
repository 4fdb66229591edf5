"""Listings and where segments buy, out to a file, edited and in again."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation

from accounts.errors import DomainError
from accounts.rights import registered
from core import jobs
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from exchange.services.imports import import_configure
from exchange.services.shell import import_run
from exchange.views.detail import _preview
from pricing.models import DistributionMonth, Listing, SegmentChannel
from pricing.sheets.listings import ListingsSheet
from pricing.sheets.segment_shares import SegmentSharesSheet
from products.models import Product, Segment
from tests.factories import channel_factory, client_of, line_factory, product_factory, user_factory
from tests.products.sheet_help import Done, run, undo

pytestmark = pytest.mark.django_db
LISTINGS, SHARES = ListingsSheet(), SegmentSharesSheet()
D = Decimal


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


@pytest.fixture
def channels() -> dict[str, Any]:
    retail = channel_factory(code="retail", name="Supermarkets")
    kroon = channel_factory(code="kroon", kind="account", parent=retail)
    return {"retail": retail, "kroon": kroon, "shop": channel_factory(code="shop")}


@pytest.fixture
def product(channels: Any) -> Product:
    return product_factory(code="A", line=line_factory())


@pytest.fixture
def home(channels: Any) -> Segment:
    segment = Segment.objects.create(code="home", name="Home baristas")
    for channel, share, since in (("retail", "0.7", -9), ("shop", "0.3", -9), ("shop", None, 5)):
        share_rate = share and D(share)
        SegmentChannel.objects.create(
            segment=segment, channel=channels[channel], share_rate=share_rate, start_date=day(since)
        )
    return segment


def listed(days: int, status: str = "listed", **more: Any) -> dict[str, Any]:
    return {"product": "A", "channel": "kroon", "start_date": day(days), "status": status} | more


def share(channel: str, percent: Any, days: int = 1, **more: Any) -> dict[str, Any]:
    share = None if percent is None else D(percent)
    return {"segment": "home", "channel": channel, "start_date": days, "share": share} | more


def shares(rows: list[dict[str, Any]], **how: Any) -> Done:
    return run(SHARES, [row | {"start_date": day(row["start_date"])} for row in rows], **how)


def counts(outcome: Any) -> tuple[int, int, int]:
    return outcome.counts.new, outcome.counts.changed, outcome.counts.unchanged


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.usefixtures("home")
def test_out_edited_in_again_and_undone(
    tmp_path: Path, product: Product, channels: Any, language: str
) -> None:
    for channel, fee in (("kroon", "€ 900 a year"), ("shop", "")):
        Listing.objects.create(
            product=product, channel=channels[channel], start_date=day(9), terms="640 shops", fee=fee
        )
    client = Client()
    client.force_login(user_factory(rights=[right.code for right in registered()], language=language))
    path = tmp_path / "file.csv"

    def brought(sheet: str, text: str) -> Any:
        path.write_text(text)
        return import_run(sheet=sheet, path=path, options={}, leave_out_refused=False, dry_run=False)

    for sheet, address, model, old, new in (
        ("listings", "/pricing/listings/export/csv/?product=A", Listing, "640", "700"),
        ("segment_shares", "/pricing/segments/export/csv/", SegmentChannel, "70", "60"),
    ):
        out = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
        before = list(model.objects.order_by("pk").values())
        assert counts(brought(sheet, out)) == (0, 0, len(before))
        if sheet == "listings":
            assert ("gelist" if language == "nl" else "listed") in out
        assert counts(brought(sheet, out.replace(old, new)))[1] > 0
        changed = list(model.objects.order_by("pk").values())
        assert changed != before
        call_command("undo_import", Import.objects.latest("pk").pk)
        after = list(model.objects.order_by("pk").values())
        assert [row | {"version": 1} for row in after] == before


class TestListings:
    def test_a_preview_says_the_status_in_words(self, product: Product) -> None:
        preview = run(LISTINGS, [listed(9, "in negotiation")]).sample
        with translation.override("nl"):
            rows = _preview(Import(preview=preview), {each.name: each for each in LISTINGS.fields})["rows"]
            assert "in onderhandeling" in [str(cell["value"]) for cell in rows[0]["cells"]]

    def test_what_ends_was_there_before_also_by_the_file(self, product: Product) -> None:
        done = run(LISTINGS, [listed(-5, "delisted"), listed(-300), listed(-300), listed(-400, "delisted")])
        assert [(line, code) for line, _column, _value, code, _params in done.refused] == [
            (4, "listing_duplicate"),
            (5, "not_listed"),
        ]
        assert done.counts.new == 2

    def test_what_is_past_stays_also_from_undo(self, product: Product) -> None:
        done = run(LISTINGS, [listed(-9), listed(9)])
        long_ago = timezone.now() - datetime.timedelta(days=2)
        Listing.objects.filter(start_date=day(9)).update(created_at=long_ago)
        undo(LISTINGS, run(LISTINGS, [listed(9, "announced")]).import_id)
        Listing.objects.filter(start_date=day(-9)).update(created_at=long_ago)
        assert run(LISTINGS, [listed(-9, "announced")]).codes == ["past_stays"]
        assert run(LISTINGS, [listed(-9)]).counts.unchanged == 1
        with pytest.raises(DomainError) as error:
            undo(LISTINGS, done.import_id)
        assert error.value.code == "past_stays"
        assert Listing.objects.filter(status="listed").count() == 2

    def test_what_we_pay_is_only_for_who_may_see_costs(self, product: Product, channels: Any) -> None:
        rights = [right.code for right in registered() if "costs" not in right.code]
        buyer = user_factory(rights=rights)
        Listing.objects.create(product=product, channel=channels["kroon"], start_date=day(9), fee="PAID")
        assert run(LISTINGS, [listed(9, fee="PAID")], user=buyer).codes == ["limited"]
        changed = run(LISTINGS, [listed(9, terms="640 shops")], user=buyer)
        assert changed.counts.changed == 1
        assert "PAID" not in str(changed.sample)
        assert Listing.objects.get().fee == "PAID"
        assert not LISTINGS.sees_all(buyer)
        client = Client()
        client.force_login(buyer)
        assert b"PAID" not in b"".join(client.get("/pricing/listings/export/csv/").streaming_content)
        buyer_of_one = user_factory(channels=[channels["shop"]])
        assert run(LISTINGS, [listed(10)], user=buyer_of_one).codes == ["channel_unknown"]

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"product": "B"}, "product_unknown"),
            ({"status": "sold"}, "status_unknown"),
            ({"terms": "for € 900"}, "terms_say_money"),
        ],
    )
    def test_refused(self, product: Product, said: Any, code: str) -> None:
        assert run(LISTINGS, [listed(9) | said]).codes == [code]
        assert not Listing.objects.exists()


@pytest.mark.usefixtures("home")
class TestShares:
    @pytest.mark.parametrize(
        ("rows", "codes"),
        [
            ([share("shop", "40"), share("retail", "60")], []),  # together 100 %
            ([share("shop", "40"), share("retail", "61")], ["share_sum"] * 2),
            ([share("kroon", "0", days=-20)], ["share_twice"]),  # retail has one from a later day
            ([share("shop", None)], ["share_missing"]),
            ([share("shop", "1", ends=True)], ["share_and_end"]),
            ([share("shop", "101")], ["not_a_share"]),
            ([share("shop", None, ends=True), share("retail", "100", days=2)], []),
        ],
    )
    def test_a_segments_rows_go_as_one(self, rows: Any, codes: list[str]) -> None:
        assert shares(rows).codes == codes
        assert SegmentChannel.objects.count() == 3 + (0 if codes else len(rows))

    def test_undo_never_makes_more_than_the_whole(self, home: Segment, channels: Any) -> None:
        done = shares([share("retail", "40", days=-9)])
        SegmentChannel.objects.filter(channel=channels["shop"], start_date=day(-9)).update(share_rate="0.6")
        with pytest.raises(DomainError) as error:
            undo(SHARES, done.import_id)
        assert error.value.code == "share_sum"

    def test_shared_by_all_lines(self, channels: Any) -> None:
        limited = user_factory(channels=[channels["shop"]])
        assert shares([share("shop", "1")], user=limited).codes == ["limited"]


def jobs_run() -> None:
    while (job := jobs.job_claim("short")) is not None:
        jobs.job_run(job)


def test_a_grid_of_months_pasted_from_a_spreadsheet(channels: Any, product: Product) -> None:
    """A column a month, of weighted distribution; it is shown first, and what is wrong by line and column."""
    client = client_of(user_factory("marketing"))
    months = [month_add(month_start(today()), -n) for n in (2, 1)]
    heads = "\t".join(f"{month:%Y-%m}" for month in months)
    cells = f"product\tkanaal\t{heads}\nA\tkroon\t41,5\t44\nA\tshop\t\t120\n"
    assert client.post("/pricing/distribution/paste/", {"cells": " \n"}).status_code == 422
    first, second = (
        client.post("/pricing/distribution/paste/", {"cells": cells, "nonce": "once"}) for _ in range(2)
    )
    assert first.status_code == 302
    assert first.url == second.url
    jobs_run()
    pasted = Import.objects.get()
    assert pasted.questions == []  # what is above 1 is no share of one
    assert (pasted.sheet, pasted.counts["new"], pasted.counts["refused"]) == ("distribution", 2, 1)
    assert not DistributionMonth.objects.exists()
    [problem] = pasted.refusals.all()
    assert (problem.line, problem.column, problem.value) == (3, f"{months[1]:%Y-%m}", "120")
    assert problem.code == "not_a_share"


def pasted(cells: str) -> Import:
    client = client_of(user_factory("marketing"))
    assert client.post("/pricing/distribution/paste/", {"cells": cells, "nonce": "x"}).status_code == 302
    jobs_run()
    return Import.objects.latest("pk")


def test_what_may_be_either_is_asked(channels: Any, product: Product) -> None:
    month = month_add(month_start(today()), -1)
    for figure in ("0,74", "1"):
        found = pasted(
            f"product\tkanaal\tmaand\tgewogen\tnumeriek\nA\tkroon\t{month:%Y-%m}\t74,5\t{figure}\n"
        )
        assert found.questions == [{"code": "option", "name": "distribution_written"}]


def test_percent_signs_say_how_distribution_is_written(channels: Any, product: Product) -> None:
    """74 % is 74, and nobody is asked; who said that it is a share of one is told of the sign."""
    month = month_add(month_start(today()), -1)
    cells = f"product\tkanaal\tmaand\tgewogen\tnumeriek\nA\tkroon\t{month:%Y-%m}\t74,5%\t61 %\n"
    found = pasted(cells)
    assert (found.questions, found.counts["new"], found.counts["refused"]) == ([], 1, 0)
    assert found.reading["options"]["distribution_written"] == "percent"
    import_configure(row=found, user=found.created_by, mapping={}, options={"distribution_written": "rate"})
    jobs_run()
    found.refresh_from_db()
    assert found.counts["refused"] == 1
    assert {refusal.code for refusal in found.refusals.all()} == {"number_unreadable"}


@pytest.mark.usefixtures("home")
def test_a_share_with_a_percent_sign(tmp_path: Path, channels: Any) -> None:
    path = tmp_path / "shares.csv"
    path.write_text(f"segment;kanaal;vanaf;aandeel\nhome;retail;{day(9)};60%\nhome;retail;{day(12)};60 pct\n")
    done = import_run(sheet="segment_shares", path=path, options={}, leave_out_refused=True, dry_run=False)
    assert [refusal.line for refusal in done.refusals] == [3]
    assert SegmentChannel.objects.get(start_date=day(9)).share_rate == D("0.6")


def test_a_grid_of_a_single_month(channels: Any, product: Product) -> None:
    month = month_add(month_start(today()), -1)
    found = pasted(f"product\tkanaal\t{month:%Y-%m}\nA\tkroon\t74%\nA\tshop\t38%\n")
    assert (found.questions, found.counts["new"]) == ([], 2)


def test_who_may_paste_finds_the_way_there(product: Product, channels: Any) -> None:
    for role, is_there in (("marketing", True), ("viewer", False)):
        client = client_of(user_factory(role))
        for address in ("/pricing/listings/", "/products/A/mix/place/"):
            assert ("/pricing/distribution/paste/" in client.get(address).content.decode()) is is_there
