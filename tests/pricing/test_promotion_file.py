"""Promotions out to a file, edited, in again as drafts or as history, and undone."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.errors import DomainError
from collaboration.models import Decision
from core import jobs
from core.organisation import today
from exchange.models import Import
from exchange.reading.matching import sheets_fitting
from exchange.services import progress
from exchange.services.imports import import_apply, import_start, import_undo
from exchange.services.shell import import_run
from exchange.sheets import sheets
from pricing.models import ForbiddenPeriod, Promotion, PromotionCost, PromotionEffect
from pricing.services.promotion_decisions import promotion_cancel, promotion_decide, promotion_propose
from pricing.services.promotions import ProductPlan, promotion_move
from pricing.sheets.promotions import PromotionsSheet
from products.models import FourEyesRule, Measure, Product
from tests.factories import (
    channel_factory,
    line_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.files import day
from tests.pricing.files import product as product
from tests.pricing.files import ruud as ruud
from tests.pricing.promotions import approved_factory, measured, promotion_factory
from tests.products.sheet_help import run, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
SHEET = PromotionsSheet()
D = Decimal
HEADS = "actie;actiemechaniek;percentage;bedrag;artikel;kanalen;in de winkel vanaf;in de winkel t/m;budget"


def row_of(**values: Any) -> dict[str, Any]:
    given = {"promotion": "Offer", "mechanic": "1+1 free", "product": "hvm"}
    return given | {"store_start": day(9), "store_end": day(22)} | values


def said() -> list[dict[str, Any]]:
    """All there is, but for the counting of changes."""
    return [
        {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        | {"version": 0, "channels": sorted(row.channel_rows.values_list("channel", flat=True))}
        | {"products": sorted(row.rows.values_list("product", "price", "effective_price"))}
        for row in Promotion.objects.order_by("pk")
    ]


@pytest.fixture
def planned(product: Product, ruud: Any) -> list[Promotion]:
    """Of every state, with all that one can say; the last is a draft of two products."""
    price_list_factory(currency="GBP")
    other, shops = product_factory(code="AMA"), [channel_factory(code=code) for code in ("kroon", "boer")]
    approved_factory(product, user=ruud, ahead=-40, channels=shops, name="=1+1", note="One\r\ntwo; three")
    over = approved_factory(product, ahead=20, mechanic="display")
    promotion_cancel(user=user_factory(), promotion=over, note="No")
    asked = promotion_factory(product, user=ruud, ahead=40, mechanic="bonus_pack", rate=D("0.125"))
    promotion_propose(user=ruud, promotion=asked)
    no = promotion_factory(product, user=ruud, ahead=60, mechanic="n_for", amount=D("4.5"), quantity=2)
    promotion_propose(user=ruud, promotion=no)
    promotion_decide(user=user_factory(), promotion=no, approve=False, note="Too deep")
    start = day(80)
    promotion_factory(
        user=ruud,
        name="Spring",
        mechanic="price_cut",
        amount=D("0.1255"),
        currency="GBP",
        store_start=start,
        delivery_start=start - datetime.timedelta(7),
        delivery_end=start,
        products=[ProductPlan(product, D("1.123456"), D("0.99")), ProductPlan(other)],
        channels=shops[:1],
        own_share_rate=D("0.625"),
        budget_amount=D("1234.5678"),
        planned_uplift_rate=D("0.335"),
        alternatives="Nothing",
        exception_note="Agreed",
        exception="For once",
    )
    return list(Promotion.objects.order_by("pk"))


def test_one_that_is_as_it_was_may_be_what_none_may_become(
    tmp_path: Path, product: Product, ruud: Any
) -> None:
    """Delivered after the offer was over, as it stands here."""
    row = promotion_factory(product, user=ruud)
    late = row.store_end + datetime.timedelta(1)
    Promotion.objects.filter(pk=row.pk).update(delivery_start=late, delivery_end=late)
    client, path = Client(), tmp_path / "file.csv"
    client.force_login(ruud)
    path.write_bytes(
        b"".join(client.get("/pricing/promotions/export/csv/?scale=year").streaming_content)  # type: ignore[attr-defined]
    )
    run = lambda: import_run(  # noqa: E731
        sheet="promotions", path=path, options={}, leave_out_refused=True, dry_run=True
    )
    assert (run().refusals, run().counts.unchanged) == ([], 1)
    path.write_text(path.read_text("utf-8-sig").replace(row.name, "Other"))
    assert [refusal.code for refusal in run().refusals] == ["delivery_late"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_out_edited_in_again_and_undone(
    tmp_path: Path, planned: list[Promotion], kind: str, language: str
) -> None:
    client = Client()
    client.force_login(user_factory(language=language))
    path = tmp_path / f"file.{kind}"
    where = f"/pricing/promotions/export/{kind}/?scale=year"
    path.write_bytes(b"".join(client.get(where).streaming_content))
    before = said()
    outcome = import_run(sheet="promotions", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert outcome.refusals == []
    assert (outcome.counts.new, outcome.counts.changed, outcome.counts.unchanged) == (0, 0, 5)
    assert said() == before
    if kind == "xlsx":
        return
    text = path.read_text("utf-8-sig")
    headers = next(csv.reader([text.splitlines()[0]], delimiter=";" if language == "nl" else ","))
    assert [each.key for each in sheets_fitting(list(sheets), headers)] == ["promotions"]
    path.write_text(text.replace("To be tried", "Because").replace("two; three", "four"))
    outcome = import_run(sheet="promotions", path=path, options={}, leave_out_refused=True, dry_run=False)
    assert sorted(refusal.code for refusal in outcome.refusals) == ["decided", "waits"]
    assert (outcome.counts.new, outcome.counts.changed, outcome.counts.unchanged) == (0, 3, 0)
    no, spring = Promotion.objects.order_by("-pk")[:2][::-1]
    assert [(row.state, row.note, row.decided_by) for row in (no, spring)] == [("draft", "Because", None)] * 2
    call_command("undo_import", Import.objects.latest("pk").pk)
    assert said() == before


def test_what_it_did_and_cost_stands_beside_what_was_planned_for_who_may_see_it(
    product: Product, ruud: Any, tmp_path: Path
) -> None:
    """200 normally and 420 sold; 95 of cost, which who sees costs reads and who entered it, and nobody brings
    in."""
    row = measured(product, user=ruud)
    cost = {"promotion": row, "known_date": today()}
    PromotionCost.objects.create(amount=90, created_by=ruud, **cost)
    PromotionCost.objects.create(amount=95, created_by=ruud, **cost)
    path = tmp_path / "file.csv"

    def file_of(user: Any) -> list[str]:
        client = Client()
        client.force_login(user)
        path.write_bytes(b"".join(client.get("/pricing/promotions/export/csv/").streaming_content))
        heads, line = csv.reader(path.read_text("utf-8-sig").splitlines())
        return line[heads.index("What it cost us (EUR)") :]

    did = ["110", "100", "120", "200", "420", "220", "units"]
    assert file_of(user_factory("product-manager")) == ["95", *did]
    assert file_of(ruud) == ["95", *did]
    assert file_of(user_factory("marketing")) == ["", *did]
    file_of(ruud)
    path.write_text(path.read_text("utf-8-sig").replace("95,110", "9,9"))
    outcome = import_run(sheet="promotions", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert (outcome.refusals, outcome.counts.unchanged) == ([], 1)
    assert PromotionCost.objects.count() == 2


def test_the_cost_of_a_promotion_of_several_products_is_in_its_first_row(product: Product, ruud: Any) -> None:
    """So that the column adds up."""
    row = measured(product, product_factory(line=product.line), user=ruud)
    PromotionCost.objects.create(promotion=row, amount=95, created_by=ruud, known_date=today())
    client = Client()
    client.force_login(ruud)
    text = b"".join(client.get("/pricing/promotions/export/csv/").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [each["What it cost us (EUR)"] for each in rows] == ["95", ""]


def test_what_is_called_off_comes_where_it_is_asked_for(planned: list[Promotion], tmp_path: Path) -> None:
    """And changes nothing."""
    client = Client()
    client.force_login(user_factory())
    path = tmp_path / "file.csv"
    where = "/pricing/promotions/export/csv/?scale=year&state=cancelled"
    path.write_bytes(b"".join(client.get(where).streaming_content))
    outcome = import_run(sheet="promotions", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert (outcome.refusals, outcome.counts.new, outcome.counts.unchanged) == ([], 0, 1)


def test_the_same_file_twice_and_after_it_went_on(product: Product, ruud: Any) -> None:
    other, shop = product_factory(code="AMA"), channel_factory(code="kroon", name="Kroon Markten")
    rows = [
        row_of(channels="Kroon Markten", price=D("2.99"), budget=D(900), own_share=D(60), note="To try"),
        row_of(channels="kroon", product="AMA"),
        row_of(mechanic="price_cut", rate=D(25), planned_uplift=D("12.5"), store_end=day(9)),
    ]
    done = run(SHEET, rows, user=ruud)
    assert (done.counts.new, done.refused) == (3, [])
    both, cut = Promotion.objects.order_by("pk")
    assert (both.state, both.author, both.note, both.own_share_rate) == ("draft", ruud, "To try", D("0.6"))
    assert [(row.product, row.price) for row in both.rows.all()] == [(product, D("2.99")), (other, None)]
    assert list(both.channels.all()) == [shop]
    assert (cut.rate, cut.planned_uplift_rate, cut.own_share_rate) == (D("0.25"), D("0.125"), 1)
    assert not cut.channels.exists()
    promotion_propose(user=ruud, promotion=both)
    assert run(SHEET, rows, user=ruud).counts.unchanged == 3
    promotion_decide(user=user_factory(), promotion=both, approve=True)
    assert run(SHEET, rows, user=ruud).counts.unchanged == 3
    promotion_cancel(user=ruud, promotion=both, note="No")
    assert run(SHEET, rows, user=ruud).counts.unchanged == 3
    assert Promotion.objects.count() == 2
    # Said otherwise, what was called off is no longer that one.
    assert run(SHEET, [row | {"note": "Again"} for row in rows[:2]], user=ruud).counts.new == 2


def test_a_draft_changes_and_undo_leaves_what_was_touched_since(product: Product, ruud: Any) -> None:
    other = product_factory(code="AMA")
    there = [
        promotion_factory(product, user=ruud, ahead=9, name=name, mechanic="price_cut", rate=D("0.1"))
        for name in ("One", "Two")
    ]
    file = [
        row_of(number=row.pk, promotion=row.name, mechanic="price_cut", amount=D("0.5"), price=D(3))
        for row in there
    ]
    file.append(file[1] | {"product": "AMA", "price": None, "amount": None})
    file += [row_of(promotion=name, note="Why") for name in ("Three", "Four", "Five")]
    done = run(SHEET, file)
    assert (done.counts.new, done.counts.changed) == (3, 3)
    assert done.sample[0]["old"] == {"rate": "10", "amount": None, "price": None}
    assert done.sample[2]["old"]["product"] is None
    assert {row.author for row in Promotion.objects.filter(name__in=["Three", "Four"])} == {None}
    for row in (there[0], Promotion.objects.get(name="Three")):
        row.refresh_from_db()
        days = {"store_start": day(30), "store_end": day(40)}
        promotion_move(user=ruud, promotion=row, version=row.version, **days)
    promotion_propose(user=ruud, promotion=Promotion.objects.get(name="Four"))
    assert other in [row.product for row in there[1].rows.all()]
    counts = undo(SHEET, done.import_id)
    assert (counts.new, counts.changed) == (1, 1)
    found = {row.name: (row.state, row.rate, row.amount, row.rows.count()) for row in Promotion.objects.all()}
    assert found == {
        "One": ("draft", None, D("0.5"), 1),
        "Two": ("draft", D("0.1"), None, 1),
        "Three": ("draft", None, None, 1),
        "Four": ("proposed", None, None, 1),
    }
    assert there[1].rows.get().price is None


@pytest.fixture
def file_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Import]:
    """A file of this person, checked by a worker."""
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 3600)

    def bring(user: Any, *rows: tuple[Any, ...], options: Any = None) -> Import:
        lines = "\n".join([HEADS, *(";".join(map(str, row)) for row in rows)])
        said = {"file_name": "acties.csv", "sheet": "promotions", "options": options or {}}
        row = import_start(user=user, source="page", file=ContentFile(lines.encode()), **said)
        worked(row)
        return row

    return bring


def worked(row: Import) -> None:
    while (job := jobs.job_claim("short")) is not None:
        jobs.job_run(job)
    row.refresh_from_db()


IMPORTS = ("products.view", "pricing.view", "exchange.import", "pricing.edit")


def ran_row() -> tuple[Any, ...]:
    return ("Ran", "coupon", 25, "", "HVM", "kroon", day(-30), day(-9), 900)


def ahead_row() -> tuple[Any, ...]:
    return ("Ahead", "1+1 gratis", "", "", "HVM", "kroon", day(9), day(20), "")


def test_what_ran_is_loaded_with_one_approval_by_a_second_person(
    product: Product, ruud: Any, file_in: Any
) -> None:
    channel_factory(code="kroon")
    anna, emma = user_factory(), user_factory()
    row = file_in(anna, ran_row(), ahead_row(), options={"apply_when_clean": True})
    assert [each["effect"] for each in row.preview] == ["loaded", "new"]
    assert row.state == "ready"  # it does not go on by itself
    for user, code in ((anna, "four_eyes"), (user_factory(rights=IMPORTS), "not_allowed")):
        with pytest.raises(DomainError) as refused:
            import_apply(row=row, user=user)
        assert (refused.value.code, refused.value.status) == (code, 403)
    page = Client()
    page.force_login(anna)
    assert "waits for somebody else" in tight(page.get(reverse("exchange:detail", args=[row.pk])))
    assert not Promotion.objects.exists()
    import_apply(row=row, user=emma)
    worked(row)
    ran, ahead = Promotion.objects.order_by("store_start")
    assert (ran.state, ran.proposed_by, ran.decided_by, ran.source_import) == ("approved", anna, emma, row)
    assert (ahead.state, ahead.author, ahead.decided_by, ahead.source_import) == ("draft", anna, None, None)
    assert not Decision.objects.exists()  # nothing was decided any more
    assert "acties.csv" in page.get(reverse("pricing:promotion", args=[ran.pk])).content.decode()
    with pytest.raises(DomainError) as refused:
        promotion_move(user=anna, promotion=ran, version=1, store_start=day(1), store_end=day(2))
    assert refused.value.code == "begun"
    assert file_in(anna, ran_row(), ahead_row()).counts["unchanged"] == 2
    assert [each.code for each in file_in(anna, (*ran_row()[:8], 800)).refusals.all()] == ["decided"]
    PromotionEffect.objects.create(
        promotion=ran,
        product=product,
        measure=Measure.objects.get(code="units"),
        reason="gap",
        engine_version="1",
        input_hash="x",
        computed_at=ran.decided_at,
    )
    import_undo(row=row, user=emma)
    worked(row)
    assert row.state == "undone"
    assert not Promotion.objects.filter(name__in=["Ran", "Ahead"]).exists()


def test_a_second_person_is_asked_for_what_it_cost(product: Product, file_in: Any) -> None:
    """As of any promotion: above the amount of the line's rule."""
    channel_factory(code="kroon")
    anna, other = user_factory(), user_factory()
    FourEyesRule.objects.create(
        line=product.line, decision_kind="promotion", mode="above", threshold_amount=D(1000)
    )
    dear = file_in(anna, (*ran_row()[:8], 1000))
    with pytest.raises(DomainError):
        import_apply(row=dear, user=anna)
    import_apply(row=dear, user=other)
    worked(dear)
    cheap = file_in(anna, ("Cheap", *ran_row()[1:]))
    import_apply(row=cheap, user=anna)
    worked(cheap)
    assert Promotion.objects.get(name="Cheap").decided_by == anna


def test_from_the_shell_history_is_nobodys_and_stays_where_its_cost_was_said(
    product: Product, ruud: Any
) -> None:
    row = row_of(store_start=day(-30), store_end=day(-9))
    done = run(SHEET, [row, row | {"promotion": "Second"}])
    assert [each["effect"] for each in done.sample] == ["loaded", "loaded"]
    first = Promotion.objects.get(name="Offer")
    assert (first.state, first.author, first.decided_by) == ("approved", None, None)
    client = Client()
    client.force_login(ruud)
    assert "a file" in client.get(f"/pricing/promotions/{first.pk}/").content.decode()
    answer = client.get(f"/api/v1/promotions/{first.pk}/").json()
    assert (answer["author"], answer["decided_by"]) == (None, None)
    PromotionCost.objects.create(promotion=first, amount=9, known_date=today(), created_by=ruud)
    assert undo(SHEET, done.import_id).new == 1
    assert [each.name for each in Promotion.objects.all()] == ["Offer"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"product": "B"}, "product_unknown"),
        ({"number": 0}, "number_unknown"),
        ({"mechanic": "gratis"}, "mechanic_unknown"),
        ({"promotion": None}, "name_missing"),
        ({"promotion": "x" * 121}, "too_long"),
        ({"store_end": None}, "day_missing"),
        ({"store_end": 8}, "ends_before_start"),
        ({"delivery_start": 1}, "both_delivery_dates"),
        ({"mechanic": "coupon"}, "rate_or_amount"),
        ({"mechanic": "coupon", "rate": D(10), "amount": D(1)}, "rate_or_amount"),
        ({"mechanic": "coupon", "rate": D(101)}, "too_big"),
        ({"mechanic": "coupon", "amount": D(0)}, "too_small"),
        ({"mechanic": "n_for", "amount": D(5)}, "n_for"),
        ({"mechanic": "n_for", "amount": D(5), "quantity": D("2.5")}, "not_whole"),
        ({"mechanic": "bonus_pack"}, "bonus_rate"),
        ({"currency": "USD"}, "currency_unknown"),
        ({"channels": "nowhere"}, "channel_unknown"),
        ({"price": D("1.1234567")}, "price_places"),
        ({"price": D(0)}, "price_negative"),
        ({"own_share": D(101)}, "too_big"),
        ({"planned_uplift": D(-100)}, "too_small"),
        ({"budget": D(-1)}, "too_small"),
    ],
)
def test_what_is_refused(product: Product, row: dict[str, Any], code: str) -> None:
    said = {
        name: day(value) if isinstance(value, int) and name != "number" else value
        for name, value in row.items()
    }
    assert run(SHEET, [row_of(**said)]).codes == [code]
    assert not Promotion.objects.exists()


def test_refusals_say_the_line_and_the_column(product: Product, tmp_path: Path) -> None:
    path = tmp_path / "acties.csv"
    path.write_text(f"{HEADS}\n{';'.join(map(str, (*ahead_row()[:5], 'kroon', *ahead_row()[6:])))}\n")
    outcome = import_run(sheet="promotions", path=path, options={}, leave_out_refused=False, dry_run=False)
    (refusal,) = outcome.refusals
    assert (refusal.line, refusal.column, refusal.value) == (2, "kanalen", "kroon")
    assert not Promotion.objects.exists()


def test_rows_of_one_promotion_agree(product: Product) -> None:
    product_factory(code="AMA")
    rows = [row_of(budget=D(5)), row_of(), row_of(product="AMA", budget=D(6)), row_of(product="AMA")]
    done = run(SHEET, rows)
    assert [(row[0], row[3]) for row in done.refused] == [
        (3, "product_twice"),
        (4, "differs"),
        (5, "product_twice"),
    ]
    there = Promotion.objects.get()
    assert there.budget_amount == 5
    again = row_of(number=there.pk, promotion="Renamed", product="AMA")
    assert run(SHEET, [row_of(), again]).codes == ["promotion_twice"]


def test_a_forbidden_period_asks_for_its_reason(product: Product) -> None:
    said = {"start_date": day(0), "end_date": day(10), "reason": "Stock count"}
    ForbiddenPeriod.objects.create(line=product.line, **said)
    done = run(SHEET, [row_of()])
    assert [(row[1], row[3], "Stock count" in row[4]) for row in done.refused] == [
        ("store_start", "forbidden", True)
    ]
    assert run(SHEET, [row_of(exception_note="Agreed")]).counts.new == 1
    # What ran, ran.
    ForbiddenPeriod.objects.update(start_date=day(-99))
    assert run(SHEET, [row_of(store_start=day(-20), store_end=day(-9))]).counts.new == 1


def test_beyond_ones_lines_and_channels(product: Product, ruud: Any) -> None:
    mine, theirs = channel_factory(code="mine"), channel_factory(code="theirs")
    product_factory(code="AMA", line=product.line)
    limited = user_factory("marketing", lines=[line_factory()])
    assert run(SHEET, [row_of()], user=limited).codes == ["product_unknown"]
    assert not SHEET.sees_all(limited)
    narrow = user_factory("marketing", channels=[mine])
    assert run(SHEET, [row_of(channels="theirs")], user=narrow).codes == ["channel_unknown"]
    assert run(SHEET, [row_of()], user=narrow).codes == ["channel_outside"]
    assert run(SHEET, [row_of(channels="mine")], user=narrow).counts.new == 1
    both = promotion_factory(product, user=user_factory(), ahead=9, channels=[mine, theirs])
    hidden = promotion_factory(product, user=user_factory(), ahead=9, channels=[theirs])
    assert run(SHEET, [row_of(number=both.pk)], user=narrow).codes == ["only_a_part"]
    assert run(SHEET, [row_of(number=hidden.pk)], user=narrow).codes == ["number_unknown"]
    client = Client()
    client.force_login(narrow)
    file = b"".join(client.get("/pricing/promotions/export/csv/").streaming_content).decode("utf-8-sig")
    assert [row[9] for row in csv.reader(file.splitlines())][1:] == ["mine"]


def test_what_somebody_does_not_see_is_no_other_draft_of_theirs(product: Product) -> None:
    """Of the same name, days and channels, with a product of another line alone."""
    line = line_factory()
    mine = product_factory(code="MINE", line=line)
    hidden = promotion_factory(product, user=user_factory(), ahead=9, days=14)
    limited = user_factory("marketing", lines=[line])
    assert run(SHEET, [row_of(product="MINE")], user=limited).counts.new == 1
    assert [row.product for row in hidden.rows.all()] == [product]
    assert [row.product for row in Promotion.objects.latest("pk").rows.all()] == [mine]
