"""Costs from a file: lines made on the way, twice the same, refusals, the page's own file, undo."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from accounts.errors import DomainError
from core import jobs
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from exchange.services.shell import import_run
from exchange.sheets import sheets
from pricing.models import CostLine, CostRate, CostShare
from pricing.selectors.cost_months import cost_months
from pricing.selectors.costs import costs_on
from pricing.services.costs import RateValues, cost_rate_add
from pricing.words.costs import rate_notes
from products.models import Correction, Product, Supplier
from products.services.closing import month_close
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)
from tests.pricing.test_margins import sell
from tests.pricing.test_standard_costs import night

pytestmark = pytest.mark.django_db
D = Decimal
HEAD = (
    *("product", "productlijn", "kostensoort", "vanaf", "bedrag", "eindigt", "basis", "waarvan", "verdeling"),
    *(
        "valuta",
        "wisselkoers",
        "minimale_afname",
        "maanden_na_het_einde",
        "niet_verrekenbare_btw",
        "leverancier",
        "per_eenheid_van",
        "hoe_vaak",
        "vaste_aandelen",
        "aandelen_vanaf",
    ),
)


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


def run(tmp_path: Path, *rows: dict[str, Any]) -> Any:
    lines = [";".join(str(row.get(name, "")) for name in HEAD) for row in rows]
    path = tmp_path / "kosten.csv"
    path.write_text("\n".join([";".join(HEAD), *lines]))
    return import_run(sheet="costs", path=path, options={}, leave_out_refused=False, dry_run=False)


def row(of: str, kind: str, days: int, amount: Any, **more: Any) -> dict[str, Any]:
    whose = {"product": of} if of.isupper() else {"productlijn": of}
    return {**whose, "kostensoort": kind, "vanaf": day(days), "bedrag": amount, **more}


@pytest.fixture
def product() -> Any:
    return product_factory(code="A")


def held(product: Any, days: int) -> dict[str, Any]:
    found = costs_on(user_factory("finance"), product, day(days))
    return {line.kind.code: rate.lowest.amount for line, rate in found.items()}


def test_lines_are_made_on_the_way_and_the_same_file_changes_nothing(product: Any, tmp_path: Path) -> None:
    Supplier.objects.create(code="mill", name="De Molen")
    calls = measure_factory(code="calls", name_nl="Telefoontjes")
    rows = [
        row("A", "Inkoop", -400, "1,70", leverancier="de molen", minimale_afname=500),
        row("A", "purchase", -30, "1,85", leverancier="mill"),
        row("A", "purchase", 30, "", leverancier="mill", eindigt="ja"),
        row("A", "duty", -30, "4,5", basis="percentage", waarvan="inkoop"),
        row(product.line.code, "quality", -30, "400", basis="per maand", verdeling="omzet"),
        row("alles", "overhead", -30, "6000", basis="month", verdeling="volume", maanden_na_het_einde=2),
        row("A", "service", -30, "6,50", per_eenheid_van="Telefoontjes", hoe_vaak="0,8"),
        row("A", "inbound", -30, "0,5", basis="percentage", waarvan="inkoop en vracht"),
        row("A", "fulfilment", -30, "0,40", valuta="USD", wisselkoers="0,92", niet_verrekenbare_btw=21),
    ]
    outcome = run(tmp_path, *rows)
    assert (outcome.counts.new, outcome.counts.creates) == (9, {"cost_lines": 7})
    assert held(product, -31) == {"purchase": D("1.70")}
    assert held(product, 0) == {
        "purchase": D("1.85"),
        "duty": D("0.045"),
        "service": D("6.50") * D("0.8"),
        "inbound": D("0.005"),
        "fulfilment": D("0.40"),
        "quality": 400,
        "overhead": 6000,
    }
    assert "purchase" not in held(product, 30)
    assert CostLine.objects.get(kind__code="overhead").tail_months == 2
    assert CostLine.objects.get(kind__code="service").measure == calls
    dollars = CostRate.objects.get(cost_line__currency="USD")
    assert (dollars.exchange_rate, dollars.vat_rate) == (D("0.92"), D("0.21"))
    again = run(tmp_path, *rows)
    assert (again.counts.new, again.counts.unchanged, again.counts.creates) == (0, 9, {})


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"product": "B"}, "product_unknown"),
        ({"product": ""}, "whose"),
        ({"productlijn": "all"}, "whose"),
        ({"product": "", "productlijn": "nothing"}, "line_unknown"),
        ({"kostensoort": "magic"}, "kind_unknown"),
        ({"leverancier": "nobody"}, "supplier_unknown"),
        ({"per_eenheid_van": "nothing"}, "measure_unknown"),
        ({"basis": "month", "per_eenheid_van": "units"}, "measure_by_unit"),
        ({"basis": "share", "waarvan": "inkoop en vracht"}, "base_in_circle"),
        ({"bedrag": ""}, "amount_missing"),
        ({"eindigt": "ja"}, "amount_and_end"),
        ({"basis": "per jaar"}, "word_unknown"),
        ({"basis": "share"}, "base_of_share"),
        ({"basis": "share", "waarvan": "inkoop"}, "base_in_circle"),
        ({"basis": "month", "verdeling": "omzet"}, "split"),
        ({"product": "", "productlijn": "all", "basis": "month"}, "split"),
        ({"product": "", "productlijn": "all", "basis": "month", "verdeling": "vast"}, "shares"),
        ({"valuta": "USD"}, "exchange_missing"),
        ({"wisselkoers": "2"}, "no_exchange"),
        ({"basis": "month", "minimale_afname": "3"}, "not_by_unit"),
        ({"maanden_na_het_einde": "3"}, "tail"),
        ({"maanden_na_het_einde": "1,5"}, "not_whole"),
        ({"minimale_afname": "-1"}, "negative"),
        ({"hoe_vaak": "0"}, "not_over_nothing"),
        ({"valuta": "USD", "wisselkoers": "0"}, "not_over_nothing"),
        ({"bedrag": "2"}, "rate_taken"),
        ({"bedrag": "0,1234567"}, "amount_places"),
        ({"hoe_vaak": "0,1666667"}, "amount_places"),
        ({"kostensoort": "duty", "basis": "share", "waarvan": "net", "bedrag": "4,50005"}, "share_places"),
        ({"niet_verrekenbare_btw": "13,5455"}, "vat_places"),
    ],
)
def test_refused(product: Any, tmp_path: Path, said: dict[str, Any], code: str) -> None:
    cost_rate_factory(product=product, start_date=day(0), amount=1)
    before = CostRate.objects.count()
    outcome = run(tmp_path, row("A", "purchase", 0, "1") | said)
    assert [refusal.code for refusal in outcome.refusals] == [code]
    assert CostRate.objects.count() == before
    assert code in sheets.get("costs").reasons


def test_the_refused_figure_is_told_as_it_was_typed(product: Any, tmp_path: Path) -> None:
    outcome = run(tmp_path, row("A", "purchase", 0, "1", hoe_vaak="0,00"))
    assert [refusal.value for refusal in outcome.refusals] == ["0"]


def test_the_same_twice_in_a_file(product: Any, tmp_path: Path) -> None:
    outcome = run(tmp_path, row("A", "purchase", 0, "1"), row("A", "purchase", 0, "2"))
    assert [refusal.code for refusal in outcome.refusals] == ["rate_duplicate"]


def test_a_file_does_not_change_what_a_line_is(product: Any, tmp_path: Path) -> None:
    line = cost_line_factory(kind="overhead", basis="month", key="revenue", tail_months=2)
    rows = [
        row("all", "overhead", 1, 5, basis="month", verdeling="volume"),
        row("all", "overhead", 1, 5, basis="month", verdeling="revenue", maanden_na_het_einde=3),
    ]
    for each in rows:
        assert [refusal.code for refusal in run(tmp_path, each).refusals] == ["line_differs"]
    assert run(tmp_path, rows[1] | {"maanden_na_het_einde": ""}).counts.new == 1
    assert CostRate.objects.get().cost_line == line


def test_undo_withdraws_what_lies_in_open_months(product: Any, tmp_path: Path) -> None:
    goods = cost_line_factory(product=product)
    cost_rate_factory(cost_line=goods, start_date=day(-100), amount=8, times=2)
    run(
        tmp_path,
        row("A", "purchase", -50, 9),
        row("A", "purchase", -10, 10),
        row("A", "purchase", 20, 12),
        row("A", "energy", -10, 5),
        row("A", "marketing", -10, 500, basis="once"),
    )
    call_command("undo_import", Import.objects.get().pk)
    for days in (-20, 0, 1, 30):
        assert held(product, days) == {"purchase": 16}  # 8, twice a unit
    assert CostRate.objects.filter(withdrawn_reason="import_undone").count() == 5


def test_what_was_paid_once_in_a_closed_month_stays_when_the_file_is_undone(
    product: Any, tmp_path: Path
) -> None:
    sell(product, month_add(month_start(today()), -1), D(10), D(100))
    before = month_start(today()) - datetime.timedelta(1)
    run(tmp_path, row("A", "marketing", (before - today()).days, 500, basis="once"))
    night()
    assert cost_months().get(kind__code="marketing").amount == 500
    month_close(user=user_factory("finance"), month=month_add(month_start(today()), -2))
    call_command("undo_import", Import.objects.get().pk)
    night()
    assert not cost_months().filter(kind__code="marketing").exists()
    run(tmp_path, row("A", "licences", (before - today()).days, 500, basis="once"))
    month_close(user=user_factory("finance"), month=month_start(before))
    call_command("undo_import", Import.objects.order_by("-pk")[0].pk)
    night()
    assert cost_months().get(kind__code="licences").amount == 500
    assert CostRate.objects.get(cost_line__kind__code="licences").withdrawn_at is None


def test_every_tier_goes_out_and_comes_in_again(product: Any, tmp_path: Path) -> None:
    """Each with its own minimum, exchange rate and VAT, one that ended not; with ahead those to come."""
    line = cost_line_factory(product=product, kind="purchase", currency="USD")
    for begin, amount, start in ((0, 9, -90), (0, 8, -20), (100, 7, -20), (500, 6, -20), (900, None, -20)):
        of_tier = {"from_quantity": begin, "amount": amount, "exchange_rate": D("0.9") + D(begin) / 10_000}
        cost_rate_factory(cost_line=line, start_date=day(start), **of_tier)
    cost_rate_factory(cost_line=line, start_date=day(9), from_quantity=100, amount=None)
    client = Client()
    client.force_login(user_factory("finance", language="en"))
    path = tmp_path / "costs.csv"
    for show, count in (("now", 3), ("all", 4)):
        path.write_bytes(b"".join(client.get(f"/costs/export/csv/?show={show}").streaming_content))
        with translation.override("en"):
            outcome = import_run(sheet="costs", path=path, options={}, leave_out_refused=False, dry_run=False)
        assert (outcome.refusals, outcome.counts.new, outcome.counts.unchanged) == ([], 0, count)
    assert line.rates.filter(withdrawn_at=None).count() == 6


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_amounts_have_six_decimals_both_ways(product: Any, tmp_path: Path, kind: str) -> None:
    share = {"basis": "share", "waarvan": "net", "niet_verrekenbare_btw": "13,55"}
    outcome = run(tmp_path, row("A", "purchase", -5, "0,123456"), row("A", "duty", -5, "4,5678", **share))
    assert outcome.refusals == []
    assert held(product, 0) == {"purchase": D("0.123456"), "duty": D("0.045678")}
    assert CostRate.objects.get(cost_line__kind__code="duty").vat_rate == D("0.1355")
    client = Client()
    client.force_login(user_factory("finance", language="en"))
    path = tmp_path / f"costs.{kind}"
    path.write_bytes(b"".join(client.get(f"/costs/export/{kind}/").streaming_content))
    with translation.override("en"):
        outcome = import_run(sheet="costs", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert (outcome.refusals, outcome.counts.new, outcome.counts.unchanged) == ([], 0, 2)


def test_fixed_shares_begin_in_a_month_and_the_months_before_keep_theirs(
    product: Any, tmp_path: Path
) -> None:
    """300 a month at 60 : 40, from last month on at 1 : 2; undone, the first hold again from next month."""
    product_factory(code="B")
    last = month_add(month_start(today()), -1)
    for back in (1, 2):
        sell(product, month_add(month_start(today()), -back), D(10), D(100))
    all_of_them = {"basis": "month", "verdeling": "vast"}

    def said(shares: str, start: str = "") -> dict[str, Any]:
        more = {"vaste_aandelen": f'"{shares}"', "aandelen_vanaf": start}
        return row("all", "overhead", -200, "300", **all_of_them, **more)

    run(tmp_path, said("A=60; B=40"))
    second = run(tmp_path, said("A=1; B=2", f"{last}"))
    assert (second.counts.changed, second.counts.new) == (1, 0)
    assert run(tmp_path, said("A=1; B=2", f"{last}")).counts.unchanged == 1
    assert run(tmp_path, said("A=60; B=40")).counts.unchanged == 1
    for shares, start, code in (
        ("A=5; B=4", f"{last}", "shares_taken"),
        ("A=5; B=4", f"{last + datetime.timedelta(1)}", "not_a_month"),
        ("", f"{last}", "shares_missing"),
    ):
        assert [each.code for each in run(tmp_path, said(shares, start)).refusals] == [code]
    night()

    def parts(month: datetime.date) -> dict[str, Any]:
        rows = cost_months().filter(month=month, source="standard")
        codes = dict(Product.objects.values_list("pk", "code"))
        return {codes[pk]: amount for pk, amount in rows.values_list("product_id", "amount")}

    assert parts(month_add(last, -1)) == {"A": 180, "B": 120}
    assert parts(last) == {"A": 100, "B": 200}
    client = Client()
    client.force_login(user_factory("finance", language="en"))
    path = tmp_path / "costs.csv"
    path.write_bytes(b"".join(client.get("/costs/export/csv/").streaming_content))
    assert "A=1;B=2" in path.read_text()
    assert f"{last}" in path.read_text()
    with translation.override("en"):
        outcome = import_run(sheet="costs", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert (outcome.refusals, outcome.counts.unchanged) == ([], 1)
    call_command("undo_import", second.import_id)
    [line] = client.get("/api/v1/cost-lines/").json()["results"]
    following = month_add(last, 2)
    assert [(each["start_date"], each["product"], D(each["share"])) for each in line["shares"]] == [
        *((None, "A", 60), (None, "B", 40), (f"{last}", "A", 1), (f"{last}", "B", 2)),
        *((f"{following}", "A", 60), (f"{following}", "B", 40)),
    ]
    assert [each.code for each in run(tmp_path, said("A=1; B=2", f"{last}")).refusals] == ["shares_undone"]
    run(tmp_path, said("A=1; B=2", f"{following}"))
    call_command("undo_import", Import.objects.latest("pk").pk)
    month_close(user=user_factory("finance"), month=last)
    assert [each.code for each in run(tmp_path, said("A=5; B=4", f"{month_add(last, -3)}")).refusals] == [
        "month_closed"
    ]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_file_of_the_page_reads_back_in(product: Any, tmp_path: Path, language: str) -> None:
    shared = cost_line_factory(kind="overhead", basis="month", key="revenue", tail_months=2)
    duty = cost_line_factory(product=product, kind="duty", basis="share", base="purchase")
    calls = cost_line_factory(product=product, kind="service", measure=measure_factory(code="calls"))
    keyed = cost_line_factory(kind="personnel", basis="month", key="fixed")
    for code, weight in (("A", "60.5"), ("B;=x", "39.5")):
        bearer = product if code == "A" else product_factory(code=code)
        CostShare.objects.create(cost_line=keyed, product=bearer, weight=D(weight))
    dollars = cost_line_factory(product=product, kind="purchase", currency="USD")
    of_rate = {
        "exchange_rate": D("0.92345678"),
        "times": D("0.166667"),
        "least_quantity": 5,
        "vat_rate": D("0.21"),
    }
    cost_rate_factory(cost_line=dollars, start_date=day(-5), amount=4, **of_rate)
    for line, amount in ((shared, 6000), (duty, D("0.045")), (calls, 3), (keyed, 900)):
        cost_rate_factory(cost_line=line, start_date=day(-5), amount=amount)
    client = Client()
    client.force_login(user_factory("finance", language=language))
    path = tmp_path / "costs.csv"
    path.write_bytes(b"".join(client.get("/costs/export/csv/").streaming_content))
    with translation.override(language):
        outcome = import_run(sheet="costs", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert (outcome.refusals, outcome.counts.new, outcome.counts.unchanged) == ([], 0, 5)

    # Read elsewhere, where there is no such line yet, it makes the line with the same shares.
    path.write_bytes(path.read_bytes().replace(b"personnel", b"marketing"))
    with translation.override(language):
        outcome = import_run(sheet="costs", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert (outcome.refusals, outcome.counts.new, outcome.counts.unchanged) == ([], 1, 4)
    made = CostShare.objects.filter(cost_line__kind__code="marketing")
    assert dict(made.values_list("product__code", "weight")) == {"A": D("60.5"), "B;=x": D("39.5")}


@pytest.mark.parametrize(
    ("times", "dutch", "english"),
    [
        ("0.166667", "0,166667 keer", "0.166667 times"),
        ("0.1667", "0,1667 keer", "0.1667 times"),
        ("2", "2 keer", "2 times"),
        ("1000", "1.000 keer", "1,000 times"),
    ],
)
def test_how_often_is_kept_and_said_as_it_was(
    product: Any, tmp_path: Path, times: str, dutch: str, english: str
) -> None:
    assert run(tmp_path, row("A", "service", -5, "40", hoe_vaak=times.replace(".", ","))).counts.new == 1
    rate = CostRate.objects.get()
    assert rate.times == D(times)
    for language, said in (("nl", dutch), ("en", english)):
        with translation.override(language):
            assert rate_notes(rate.cost_line, rate) == [said]


def test_fixed_shares_come_in_a_cell(product: Any, tmp_path: Path) -> None:
    """As often as a file names them they are the same; undone, the line stays without its rate."""
    product_factory(code="B")
    all_of_them = {"basis": "month", "verdeling": "vast"}
    said = [
        row("all", "overhead", days, "100", **all_of_them, vaste_aandelen=f'"{shares}"')
        for days, shares in ((1, "A=60; b=40"), (20, "A=60; B=40,0"), (40, ""))
    ]
    outcome = run(tmp_path, *said)
    assert outcome.error is None
    line = CostLine.objects.get()
    assert dict(line.shares.values_list("product__code", "weight")) == {"A": 60, "B": 40}
    assert run(tmp_path, *said).counts.unchanged == 3
    for shares, code in (
        ("A=50; B=50", "shares_differ"),
        ("A=60", "shares_differ"),
        ("A=60; C=40", "product_unknown"),
        ("A=60; A=40", "shares_unread"),
        ("A 60", "shares_unread"),
        ("A=0", "shares_unread"),
    ):
        refused = run(
            tmp_path, row("all", "overhead", 60, "100", **all_of_them, vaste_aandelen=f'"{shares}"')
        )
        assert [refusal.code for refusal in refused.refusals] == [code], shares
    other = {"basis": "month", "verdeling": "omzet", "vaste_aandelen": "A=1"}
    refused = run(tmp_path, row("all", "quality", 1, "100", **other))
    assert [refusal.code for refusal in refused.refusals] == ["shares_of_other"]
    twice = [
        row("all", "quality", days, "100", **all_of_them, vaste_aandelen=f'"{shares}"')
        for days, shares in ((1, "A=1; B=2"), (2, "A=2; B=1"))
    ]
    assert [refusal.code for refusal in run(tmp_path, *twice).refusals] == ["shares_differ"]
    undo = sheets.get("costs").undo(None, outcome.import_id)
    assert (undo.new, line.rates.filter(withdrawn_at=None).count(), line.shares.count()) == (3, 0, 2)


def test_who_may_bring_and_see_such_files() -> None:
    sheet = sheets.get("costs")
    assert user_factory("finance").has_perm(sheet.permission)
    assert not user_factory("product-manager").has_perm(sheet.permission)
    assert sheet.sees_all(user_factory("product-manager"))
    assert not sheet.sees_all(user_factory("marketing"))
    assert not sheet.sees_all(user_factory("finance", channels=[channel_factory()]))


def test_a_rate_of_a_closed_month_comes_in_as_a_correction_only(product: Any, tmp_path: Path) -> None:
    organisation_factory(closed_until=month_add(month_start(today()), -1))
    with translation.override("en"):
        done = run(tmp_path, row("A", "purchase", -40, "2"))
    assert [each.code for each in done.refusals] == ["month_closed"]
    path = tmp_path / "kosten.csv"
    said = {"correction": "Invoice came late"}
    done = import_run(sheet="costs", path=path, options=said, leave_out_refused=False, dry_run=False)
    assert done.error is None
    (made,) = Correction.objects.all()
    assert (made.reason, made.source_import_id) == ("Invoice came late", done.import_id)
    about = {"products": [product.pk], "cost_lines": []}
    assert made.changes == [{"month": f"{day(-40):%Y-%m}", "what": "rates", "rows": 1, **about}]
    with pytest.raises(DomainError) as refused:
        cost_rate_add(
            user=user_factory("finance"),
            cost_line=CostLine.objects.get(),
            start_date=day(-39),
            values=RateValues(D(3)),
        )
    assert refused.value.code == "month_closed"


def test_pasted_from_a_spreadsheet_it_is_an_import_like_a_file(
    django_capture_on_commit_callbacks: Any,
) -> None:
    product_factory(code="A")
    client = Client()
    client.force_login(user_factory("finance"))
    for cells in ("", " \n"):
        empty = client.post("/costs/paste/", {"cells": cells})
        assert empty.status_code == 422
        assert empty.context["form"].errors
    cells = f"product\tkostensoort\tvanaf\tbedrag\nA\tpurchase\t{day(9).isoformat()}\t1,85\n"
    first, second = (client.post("/costs/paste/", {"cells": cells, "nonce": "once"}) for _ in range(2))
    assert first.status_code == 302
    assert first.url == second.url
    job = jobs.job_claim("short")
    while job is not None:
        jobs.job_run(job)
        job = jobs.job_claim("short")
    pasted = Import.objects.get()
    assert (pasted.sheet, pasted.state, pasted.counts["new"]) == ("costs", Import.State.READY, 1)
    assert not CostRate.objects.exists()


def test_cells_that_were_pasted_can_be_changed_and_sent_again() -> None:
    product_factory(code="A")
    client = Client()
    client.force_login(user_factory("finance", language="en"))
    for cells, state in (
        (f"A\tpurchase\t{day(9).isoformat()}\t1.85", Import.State.FAILED),
        (f"product\tkind\tfrom\tamount\nB\tpurchase\t{day(9).isoformat()}\t1.85", Import.State.READY),
    ):
        page = client.post("/costs/paste/", {"cells": cells}).url
        while (job := jobs.job_claim("short")) is not None:
            jobs.job_run(job)
        pasted = Import.objects.latest("pk")
        assert pasted.state == state
        again = f"/costs/paste/?again={pasted.pk}"
        assert f'href="{again}"' in client.get(page).content.decode()
        assert client.get(again).context["form"]["cells"].value() == cells
        other = client.get(f"/pricing/distribution/paste/?again={pasted.pk}")
        assert other.status_code in (403, 404)
    Import.objects.update(state="discarded")
    assert "again=" not in client.get(page).content.decode()
