"""Actual costs from the ledger: imported = mapped + unmapped, to the cent, through every change."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import DomainError
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from pricing.cards.ledger import reconciled_panel
from pricing.doctor import ledger_is_booked
from pricing.models import CostKind, CostMonth, LedgerEntry, LedgerMapping
from pricing.selectors.accruals import accruals_open
from pricing.selectors.cost_months import cost_months
from pricing.selectors.ledger import Mappings, amounts_of, reconcile, unmapped
from pricing.services.ledger import Part, ledger_map
from pricing.sheets.ledger import LedgerSheet
from products.models import Correction, Product, Supplier
from products.services.closing import month_close
from tests.factories import channel_factory, line_factory, product_factory, user_factory
from tests.forecasting.conftest import run_now
from tests.html import tight
from tests.pricing.test_margins import sell
from tests.products.sheet_help import run, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
SHEET = LedgerSheet()


def month(back: int) -> datetime.date:
    return month_add(month_start(today()), -back)


def kind(code: str) -> CostKind:
    return CostKind.objects.get(code=code)


@pytest.fixture
def finance() -> Any:
    return user_factory("finance", name="Fien", language="en")


@pytest.fixture
def products() -> list[Product]:
    line = line_factory(code="juices")
    found = [product_factory(code=code, line=line) for code in ("A", "B", "C")]
    for product, revenue in zip(found, (100, 200, 400), strict=True):
        sell(product, month(2), D(10), D(revenue))
    return found


_number = iter(range(1, 10**9))


def entry(amount: Any, account: str = "7000", back: int = 2, **values: Any) -> dict[str, Any]:
    number = f"E{next(_number)}"
    return {"number": number, "date": month(back), "account": account, "amount": D(str(amount))} | values


def booked(source: str = "actual", **wanted: Any) -> dict[tuple[str, str | None], Decimal]:
    """By kind and product."""
    codes = dict(CostKind.objects.values_list("pk", "code"))
    products = dict(Product.objects.values_list("pk", "code")) | {None: None}
    rows = cost_months().filter(source=source, **wanted).order_by().values_list("kind_id", "product_id")
    return {
        (codes[of], products[product]): amount for of, product, amount in rows.annotate(amount=Sum("amount"))
    }


def test_what_nobody_mapped_stays_visible_until_it_is_mapped(finance: Any, products: Any) -> None:
    done = run(SHEET, [entry("1240"), entry("100.01", "7100")])
    assert done.counts.reconciled == [
        {
            "month": f"{month(2):%Y-%m}",
            "imported": "1340.01",
            "mapped": "0.00",
            "unmapped": "1340.01",
            "unmapped_over": "1340.01",
            "unmapped_under": "0.00",
        }
    ]
    assert booked() == {("unmapped", None): D("1340.01")}
    ledger_map(
        user=finance, account="7100", start_month=month(3), parts=[Part(kind=kind("quality"), key="revenue")]
    )
    # 100.01 by 1 : 2 : 4, the rest of a cent where it is nearest.
    parts = {("quality", "A"): D("14.29"), ("quality", "B"): D("28.57"), ("quality", "C"): D("57.15")}
    assert booked() == {("unmapped", None): D(1240), **parts}
    ledger_map(
        user=finance,
        account="7000",
        start_month=month(3),
        parts=[Part(kind=kind("energy"), product=products[1])],
    )
    assert booked() == {("energy", "B"): D(1240), **parts}


def test_an_accrual_that_nothing_takes_back_is_told_and_listed(finance: Any, products: Any) -> None:
    """By a reversal date, or by an accrual of the opposite amount; of two alike one is taken back."""
    rows = [
        entry(100, accrual=True, reversal_date=month(1)),
        *(entry(70, number=number, accrual=True) for number in ("TWO", "ALIKE")),
        entry(40, number="OPEN", accrual=True, cost_centre="sales"),
        entry(-40, accrual=True),  # of another cost centre
        entry(5),
    ]
    counts = run(SHEET, rows).counts
    assert counts.noted == {"open_accruals": "3", "open_amount": "180.00"}
    assert run(SHEET, [entry(-70, back=1, accrual=True)]).counts.noted == {}
    done = Import(sheet=SHEET.key, counts=counts.as_json())
    told = reconciled_panel(finance, done)
    assert told is not None
    assert (told["accruals"].number, told["accruals"].amount) == (3, 180)
    found = accruals_open(LedgerEntry.objects.filter(booked__gt=0))
    assert sorted(found.values_list("number", flat=True)) == ["ALIKE", "OPEN"]
    client = Client()
    client.force_login(finance)
    page = client.get("/costs/ledger/?state=open")
    assert [row.number for row, _kinds in page.context["rows"] if row.booked > 0] == ["ALIKE", "OPEN"]
    export = reverse("pricing:ledger_entries_export", args=["xlsx"])
    assert f'href="{export}?state=open"' in page.content.decode()


def test_what_is_not_mapped_stays_visible_where_it_cancels(finance: Any, products: Any) -> None:
    """+100 and −100 of one account: before it is applied, then, and among what is to be mapped."""
    run(SHEET, [entry(40, "7100"), entry(5, "7200")])
    done = run(SHEET, [entry(100), entry(-100)])
    checked = Import(sheet=SHEET.key, counts=done.counts.as_json())
    for row in (checked, Import.objects.get(pk=done.import_id)):
        told = reconciled_panel(finance, row)
        assert told is not None
        assert told["left"] is True
        [found] = told["rows"]
        assert (found.unmapped, found.unmapped_over, found.unmapped_under) == (0, 100, 100)
    amounts = unmapped(amounts_of(LedgerEntry.objects.all()), Mappings())
    assert [(row.account, row.amount) for row in amounts] == [("7000", 0), ("7100", 40), ("7200", 5)]
    client = Client()
    client.force_login(finance)
    page = tight(client.get("/costs/mapping/"))
    assert "€100.00 − €100.00" in page.replace("\xa0", "")


def test_who_is_limited_reads_nothing_of_what_a_file_brought(finance: Any, products: Any) -> None:
    """To lines, or to channels: amounts of the ledger are of all of them."""
    done = Import(sheet=SHEET.key, counts=run(SHEET, [entry(100)]).counts.as_json())
    limits = ({"channels": [channel_factory()]}, {"lines": [line_factory()]})
    limited = [user_factory("finance", **each) for each in limits]
    told = [reconciled_panel(user, done) for user in (finance, *limited)]
    assert [each is None for each in told] == [False, True, True]


def test_what_is_split_alike_is_split_together_and_what_cannot_be_is_on_no_product(
    finance: Any, products: Any
) -> None:
    for account in ("7000", "7100"):
        parts = [Part(kind("quality"), key="revenue")]
        ledger_map(user=finance, account=account, start_month=month(3), parts=parts)
    run(SHEET, [entry("33.34"), entry("66.67", "7100"), entry("5", "7100", back=1)])
    shared = {("quality", "A"): D("14.29"), ("quality", "B"): D("28.57"), ("quality", "C"): D("57.15")}
    assert booked(month=month(2)) == shared
    assert booked(month=month(1)) == {("quality", None): D(5)}  # nothing was sold then


def test_the_row_that_says_most_holds_from_its_month(finance: Any, products: Any) -> None:
    say = lambda start, of, **more: ledger_map(  # noqa: E731
        user=finance,
        account="7000",
        start_month=month(start),
        **more,
        parts=[Part(product=products[0], kind=of)],
    )
    say(4, kind("purchase"))
    say(4, kind("energy"), dimension="D1")
    say(4, kind("quality"), cost_centre="100")
    say(4, kind("licences"), cost_centre="100", dimension="D1")
    say(2, kind("overhead"), cost_centre="100")
    found = Mappings()

    def of(*key: str, back: int = 3) -> str:
        parts = found.find("7000", *key, month(back))
        return "+".join(part.kind.code for part in parts if part.kind) or "-"

    assert of("", "") == of("200", "D2") == "purchase"
    assert of("", "D1") == of("200", "D1") == "energy"
    assert of("100", "") == of("100", "D2") == "quality"
    assert of("100", "D1") == "licences"
    assert of("100", "", back=2) == of("100", "", back=1) == "overhead"
    assert of("", "", back=5) == "-"
    # An end: what is less specific holds again.
    ledger_map(user=finance, account="7000", cost_centre="100", start_month=month(1), parts=())
    found = Mappings()
    assert (of("100", "", back=2), of("100", "", back=1)) == ("overhead", "purchase")


def test_a_mapping_is_replaced_never_changed(finance: Any, products: Any) -> None:
    (first,) = ledger_map(
        user=finance,
        account="7000",
        start_month=month(3),
        parts=[Part(kind=kind("energy"), product=products[0])],
    )
    (again,) = ledger_map(
        user=finance,
        account="7000",
        start_month=month(3),
        parts=[Part(kind=kind("energy"), product=products[0])],
    )
    assert again.pk == first.pk
    ledger_map(
        user=finance,
        account="7000",
        start_month=month(3),
        parts=[Part(kind=kind("duty"), product=products[0])],
    )
    first.refresh_from_db()
    assert first.replaced_at is not None
    for change in (
        lambda: LedgerMapping.objects.filter(replaced_at=None).update(account="1"),
        lambda: LedgerMapping.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
            change()


def test_an_accrual_is_a_row_of_its_own_and_reverses(finance: Any, products: Any) -> None:
    ledger_map(
        user=finance,
        account="7000",
        start_month=month(3),
        parts=[Part(kind=kind("energy"), product=products[0])],
    )
    accrual = entry(300, accrual=True, reversal_date=month(1))
    done = run(SHEET, [accrual, entry(50)])
    assert (done.counts.new, done.counts.totals) == (2, {"amount": "50.00"})
    assert booked(month=month(2)) == {("energy", "A"): D(50)}
    assert booked("accrual", month=month(2)) == {("energy", "A"): D(300)}
    assert booked("accrual", month=month(1)) == {("energy", "A"): D(-300)}
    assert run(SHEET, [accrual]).counts.unchanged == 1
    later = entry(20, accrual=True)
    run(SHEET, [later])
    done = run(SHEET, [later | {"reversal_date": month(1)}])  # the day it is taken back came later
    assert (done.counts.new, done.counts.changed, done.counts.unchanged) == (0, 1, 0)
    assert booked("accrual", month=month(1)) == {("energy", "A"): D(-320)}
    assert run(SHEET, [later | {"reversal_date": month(1)}]).counts.unchanged == 1
    undo(SHEET, done.import_id or 0)
    assert booked("accrual", month=month(1)) == {("energy", "A"): D(-300)}
    bad = [
        entry(1, reversal_date=month(1)),
        entry(1, accrual=True, reversal_date=month(2)),
    ]
    assert run(SHEET, bad).codes == ["not_accrual", "reversal_before"]


def test_sent_twice_changes_nothing_and_an_entry_never_says_otherwise(products: Any) -> None:
    rows = [entry("12.34", text="Paper"), entry("-2.34")]
    run(SHEET, rows)
    before = list(CostMonth.objects.values())
    done = run(SHEET, rows)
    assert (done.counts.new, done.counts.unchanged) == (0, 2)
    assert list(CostMonth.objects.values()) == before
    assert run(SHEET, [rows[0] | {"amount": D("12.35")}]).codes == ["entry_taken"]
    assert run(SHEET, [rows[0], rows[0]]).codes == ["entry_duplicate"]
    other = run(SHEET, [rows[0] | {"source": "DE"}])  # another administration
    assert other.counts.new == 1
    undo(SHEET, other.import_id or 0)
    assert booked() == {("unmapped", None): D(10)}


def test_the_exchange_rate_is_kept_and_the_product_of_an_entry_goes_first(
    finance: Any, products: Any
) -> None:
    Supplier.objects.create(code="mill", name="De Molen")
    channel = channel_factory(code="web")
    ledger_map(
        user=finance, account="7000", start_month=month(3), parts=[Part(kind=kind("purchase"), key="revenue")]
    )
    done = run(
        SHEET,
        [
            entry("100.5", currency="USD", exchange_rate=D("0.9215"), product="B", channel="web"),
            entry(9, supplier="de molen", product="c"),
        ],
    )
    assert done.codes == []
    assert booked() == {("purchase", "B"): D("92.61"), ("purchase", "C"): D(9)}
    assert cost_months().get(amount=D("92.61")).channel_id == channel.pk
    assert cost_months().get(amount=9).supplier.code == "mill"
    bad = [
        entry(1, currency="USD"),
        entry(1, exchange_rate=D(2)),
        entry(1, currency="EURO"),
        entry(1, product="Z"),
        entry(1, channel="nowhere"),
        entry(1, supplier="nobody"),
        entry(1, date=today() + datetime.timedelta(days=1)),
    ]
    assert run(SHEET, bad).codes == [
        *("exchange_missing", "no_exchange", "not_currency", "product_unknown", "channel_unknown"),
        *("supplier_unknown", "in_future"),
    ]


@pytest.mark.parametrize("closed", [False, True])
def test_undo_is_offered_where_it_would_do(finance: Any, products: Any, client: Client, closed: bool) -> None:
    row = Import.objects.get(pk=run(SHEET, [entry(100, back=1)]).import_id)
    row.state, row.sheet, row.applied_at = Import.State.APPLIED, SHEET.key, row.created_at
    row.save()
    if closed:
        month_close(user=finance, month=month(1))
    client.force_login(user_factory(["finance", "administrator"]))
    page = client.get(reverse("exchange:detail", args=[row.pk])).content.decode()
    assert ("Undo this import" in page) is not closed
    assert ("Book a counter-entry and import it as a correction" in page) is closed


def test_a_closed_month_takes_late_entries_as_a_correction_only(finance: Any, products: Any) -> None:
    first = run(SHEET, [entry(100)])
    month_close(user=finance, month=month(2))
    late = [entry("12.50"), entry(7, back=1)]
    assert run(SHEET, late, apply=False).codes == ["month_closed"]
    with pytest.raises(IntegrityError, match="is closed"), transaction.atomic():
        LedgerEntry.objects.all().delete()
    with pytest.raises(DomainError) as refused:
        undo(SHEET, first.import_id or 0)
    assert refused.value.code == "undo_closed_ledger"
    with pytest.raises(DomainError):
        ledger_map(
            user=finance,
            account="7000",
            start_month=month(2),
            parts=[Part(kind=kind("energy"), product=products[0])],
        )
    done = run(SHEET, late, user=finance, correction="Invoice came late")
    (made,) = Correction.objects.all()
    assert made.source_import_id == done.import_id
    assert made.changes == [
        {"month": f"{month(2):%Y-%m}", "what": "ledger", "rows": 1, "amount": "12.50"},
        {
            "month": f"{month(2):%Y-%m}",
            "what": "actual",
            "rows": 2,
            "amount": "12.50",
            "moved": {"": "12.50"},
        },
    ]
    assert booked(month=month(2)) == {("unmapped", None): D("112.50")}
    # Before the correction it was 100: any moment can be read again.
    before = cost_months(as_of=made.at - datetime.timedelta(microseconds=1))
    assert [row.amount for row in before.filter(month=month(2))] == [D(100)]
    # A mapping from the first open month on leaves the closed one as it was.
    ledger_map(
        user=finance,
        account="7000",
        start_month=month(1),
        parts=[Part(kind=kind("energy"), product=products[0])],
    )
    assert booked(month=month(2)) == {("unmapped", None): D("112.50")}
    assert booked(month=month(1)) == {("energy", "A"): D(7)}


def test_a_late_entry_leaves_what_others_of_its_month_cost_as_it_was_split(
    finance: Any, products: list[Product]
) -> None:
    """The others were split by what was known at closing; all cents that move stand in the correction."""
    split = Part(kind=kind("energy"), line=products[0].line, key="revenue")
    ledger_map(user=finance, account="7000", start_month=month(3), parts=[split])
    run(SHEET, [entry(700)])
    month_close(user=finance, month=month(2))
    before = booked(month=month(2))
    assert before == {("energy", "A"): D(100), ("energy", "B"): D(200), ("energy", "C"): D(400)}
    Product.objects.filter(pk=products[2].pk).update(line=line_factory())
    done = run(
        SHEET, [entry("0.10"), entry(30, account="7999"), entry(7, back=1)], user=finance, correction="x"
    )
    after = booked(month=month(2))
    (made,) = Correction.objects.all()
    moved = {key: amount - before.get(key, 0) for key, amount in after.items() if amount != before.get(key)}
    assert moved == {("energy", "A"): D("0.03"), ("energy", "B"): D("0.07"), ("unmapped", None): D(30)}
    assert [(each["what"], each["amount"]) for each in made.changes] == [
        ("ledger", "30.10"),
        ("actual", "30.10"),
    ]
    a, b, _c = (str(product.pk) for product in products)
    assert made.changes[1]["moved"] == {"": "30.00", a: "0.03", b: "0.07"}
    assert list(ledger_is_booked()) == []
    # Nothing of it is due again: a mapping of another account writes nothing of the month.
    ledger_map(
        user=finance,
        account="7555",
        start_month=month(2),
        parts=[Part(kind=kind("energy"), product=products[0])],
    )
    assert (booked(month=month(2)), Correction.objects.count()) == (after, 1)
    assert done.codes == []


def test_an_entry_of_a_closed_month_is_refused_whatever_its_date(finance: Any, products: Any) -> None:
    month_close(user=finance, month=month(2))
    said = {"number": "1", "account": "7000", "amount": 1, "booked": 1, "currency": "EUR"}
    with pytest.raises(IntegrityError, match="is closed"), transaction.atomic():
        LedgerEntry.objects.create(**said, month=month(2), date=today())
    LedgerEntry.objects.create(**said, month=month(1), date=month(1))


def test_the_shell_answers_with_the_reconciliation(
    finance: Any, products: Any, tmp_path: Path, capsys: Any
) -> None:
    ledger_map(
        user=finance,
        account="7000",
        start_month=month(3),
        parts=[Part(kind=kind("energy"), product=products[0])],
    )
    path = tmp_path / "grootboek.csv"
    path.write_text(
        "boekingsnummer;datum;grootboekrekening;kostenplaats;bedrag\n"
        f"1;{month(2)};7000;100;1.000,25\n2;{month(2)};7999;;250,00\n3;{month(2)};7998;;-10,00\n"
    )
    call_command("import_data", "cost_actuals", str(path), "--option", "decimal=,")
    said = capsys.readouterr().out
    assert f"{month(2):%Y-%m}: imported 1240.25 = mapped 1000.25 + unmapped 240.00 (250.00 - 10.00)" in said
    call_command("import_data", "cost_actuals", str(path), "--json", "--option", "decimal=,")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["unchanged"] == 3
    assert answer["reconciled"][0]["unmapped"] == "240.00"


class TestLines:
    """2026-0012: 800 on 7000 and 200 on 7610."""

    def lines(self, *numbers: str, **values: Any) -> list[dict[str, Any]]:
        amounts = (("7000", 800), ("7610", 200), ("7610", 50))
        found = [
            entry(amount, account, number="2026-0012", cost_centre="" if place < 2 else "9", **values)
            for place, (account, amount) in enumerate(amounts)
        ]
        return (
            [row | {"entry_line": line} for row, line in zip(found, numbers, strict=True)]
            if numbers
            else found
        )

    def there(self) -> dict[tuple[str, bool], Decimal]:
        return {(row.line, row.is_reversal): row.booked for row in LedgerEntry.objects.all()}

    def test_rows_of_one_number_are_lines_of_one_entry(self, products: Any) -> None:
        rows = self.lines()
        done = run(SHEET, rows)
        assert (done.refused, done.counts.new) == ([], 3)
        assert self.there() == {("", False): 800, ("#2", False): 200, ("#3", False): 50}
        for again in (rows, rows[::-1]):
            counts = run(SHEET, again).counts
            assert (counts.new, counts.changed, counts.unchanged) == (0, 0, 3)
        undo(SHEET, done.import_id or 0)
        assert booked() == self.there() == {}

    def test_numbered_by_the_file(self, products: Any) -> None:
        rows = self.lines("10", "20", "30")
        alike = rows[0] | {"entry_line": "40"}
        assert run(SHEET, [*rows, alike]).counts.new == 4
        assert self.there() == {
            (line, False): D(n) for line, n in (("10", 800), ("20", 200), ("30", 50), ("40", 800))
        }
        assert run(SHEET, [alike, *rows]).counts.unchanged == 4
        assert run(SHEET, [rows[0] | {"entry_line": "50"}]).counts.new == 1  # a line may come later
        assert run(SHEET, [rows[0] | {"amount": D(1)}]).codes == ["entry_taken"]
        assert run(SHEET, [rows[0], rows[0]]).codes == ["entry_duplicate"]

    def test_numbered_later_or_no_more_they_are_the_same(self, products: Any) -> None:
        run(SHEET, self.lines())
        assert run(SHEET, self.lines("1", "2", "3")).counts.unchanged == 3
        more = entry(7, "7999", number="2026-0012", entry_line="4")
        assert run(SHEET, [*self.lines("1", "2", "3"), more]).counts.new == 1
        assert run(SHEET, [*self.lines(), more | {"entry_line": None}]).counts.unchanged == 4
        assert sum(self.there().values()) == 1057

    def test_one_that_says_otherwise_is_refused(self, products: Any) -> None:
        rows = self.lines()
        run(SHEET, rows)
        assert run(SHEET, [rows[0] | {"amount": D(1)}]).codes == ["entry_taken"]
        moved = run(SHEET, [rows[0] | {"account": "7999"}, *rows[1:]])
        assert (moved.codes, moved.counts.new) == (["entry_lines"], 0)
        both = run(SHEET, [rows[0] | {"amount": D(1)}, *rows[1:], entry(5, "7999", number="2026-0012")])
        assert (both.codes, both.counts.new) == (["entry_taken", "entry_left_out"], 0)
        assert (both.refused[1][0], json.loads(both.refused[1][4])) == (
            5,
            {"other": 2},
        )  # line 2 of the file is why
        assert run(SHEET, [rows[1], rows[1] | {"amount": D(9)}]).codes == ["entry_duplicate"]
        assert sum(self.there().values()) == 1050

    def test_what_was_left_out_can_be_sent_again(self, products: Any) -> None:
        rows = self.lines()
        unknown = rows[1] | {"product": "NEW"}
        assert run(SHEET, [rows[0], unknown, rows[2]]).codes == ["product_unknown"]
        product_factory(code="NEW")
        counts = run(SHEET, [rows[0], unknown, rows[2]]).counts
        assert (counts.new, counts.unchanged) == (1, 2)
        assert sum(self.there().values()) == 1050

    def test_each_is_taken_back_by_itself(self, products: Any) -> None:
        rows = self.lines(accrual=True)
        rows[0]["reversal_date"] = month(1)
        done = run(SHEET, rows)
        assert done.counts.noted == {"open_accruals": "2", "open_amount": "250.00"}
        assert self.there()["", True] == -800
        left = accruals_open(LedgerEntry.objects.all())
        assert sorted(left.values_list("line", flat=True)) == ["#2", "#3"]
        assert run(SHEET, rows).counts.unchanged == 3

    def test_a_plain_export_comes_in(self, products: Any, tmp_path: Path) -> None:
        path = tmp_path / "grootboek.csv"
        for head, ends in (("", ("", "", "")), (";regelnummer", (";1", ";2", ";3"))):
            path.write_text(
                f"boekingsnummer;datum;grootboekrekening;bedrag{head}\n"
                f"2026-0012;{month(2)};7000;800,00{ends[0]}\n2026-0012;{month(2)};7610;200,00{ends[1]}\n"
                f"2026-0013;{month(2)};7000;1,00{ends[2]}\n"
            )
            call_command("import_data", "cost_actuals", str(path), "--option", "decimal=,")
        assert LedgerEntry.objects.count() == 3


@pytest.mark.parametrize("rate", ["0.92345", "0.00612", "0.000055"])
def test_an_exchange_rate_arrives_whole(products: Any, rate: str) -> None:
    said = entry(1_000_000, currency="USD", exchange_rate=D(rate))
    assert run(SHEET, [said]).refused == []
    there = LedgerEntry.objects.get()
    assert (there.exchange_rate, there.booked) == (D(rate), D(rate) * 1_000_000)
    assert run(SHEET, [said]).counts.unchanged == 1


ACCOUNTS, CENTRES = ("7000", "7100", "7200"), ("", "100", "200")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amounts=st.lists(
        st.tuples(
            st.sampled_from(ACCOUNTS),
            st.sampled_from(CENTRES),
            st.integers(1, 3),
            st.decimals("-9999", "9999", places=4),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    ),
    maps=st.lists(
        st.tuples(
            st.sampled_from(ACCOUNTS),
            st.sampled_from(CENTRES),
            st.integers(1, 4),
            st.sampled_from(["energy", "quality", None]),
            st.sampled_from(["revenue", "product", "line"]),
            st.sampled_from([D(1), D("0.6"), D("0.333333"), D("0.000001")]),
        ),
        max_size=4,
    ),
    weights=st.lists(st.integers(0, 999), min_size=9, max_size=9),
)
def test_imported_is_mapped_and_unmapped_and_no_cent_is_lost(
    finance: Any, amounts: Any, maps: Any, weights: Any
) -> None:
    with transaction.atomic():
        line, channel = line_factory(), channel_factory()
        products = [product_factory(line=line) for _each in range(3)]
        for n, weight in enumerate(weights):
            if weight:
                sell(products[n % 3], month(1 + n // 3), D(weight), D(weight) * D("1.37"))
        half = len(maps) // 2
        for some in (maps[:half], maps[half:]):
            rows = [
                entry(amount, account, back, cost_centre=centre, accrual=accrual)
                for account, centre, back, amount, accrual in amounts[:: 1 if some is maps else 2]
            ]
            run(SHEET, rows)
            for account, centre, start, of, whose, share in some:
                one = Part(kind(of or "duty"), key="" if whose == "product" else "revenue")
                one = one._replace(product=products[0] if whose == "product" else None)
                one = one._replace(line=line if whose == "line" else None, channel=channel)
                other = Part(kind("marketing"), key="volume", share=1 - share)
                said = [one._replace(share=share), other] if share < 1 else [one]
                ledger_map(
                    user=finance,
                    account=account,
                    cost_centre=centre,
                    start_month=month(start),
                    parts=said if of else (),
                )
        for row in reconcile(amounts_of(LedgerEntry.objects.all()), Mappings()):
            assert row.imported == row.mapped + row.unmapped
            own = cost_months().filter(month=row.month, source__in=["actual", "accrual"])
            total = own.aggregate(found=Sum("amount"))["found"] or 0
            lost = own.filter(kind__code="unmapped").aggregate(found=Sum("amount"))["found"] or 0
            assert (total, lost) == (row.imported, row.unmapped)
        transaction.set_rollback(True)


PARTS = {"parts-TOTAL_FORMS": "5", "parts-INITIAL_FORMS": "0"}


@pytest.fixture
def client(finance: Any) -> Client:
    found = Client()
    found.force_login(finance)
    return found


def test_the_page_shows_what_is_not_mapped_and_maps_it(client: Client, products: Any, finance: Any) -> None:
    done = run(SHEET, [entry(1240, cost_centre="310"), entry("60.5")])
    page = tight(client.get("/costs/mapping/"))
    assert "1,240.00" in page
    assert "account=7000&amp;cost_centre=310" in page
    assert f'value="{today().year}-01"' in client.get("/costs/mapping/?account=7000").content.decode()
    said = {"account": "7000", "cost_centre": "310", "start_month": f"{month(2):%Y-%m}", **PARTS}
    said |= {"parts-0-kind": "quality"}
    answer = client.post("/costs/mapping/", said)
    assert answer.status_code == 422
    assert answer.context["parts"].errors[0].keys() == {"key"}
    assert client.post("/costs/mapping/", said | {"parts-0-key": "revenue"}).status_code == 302
    assert sum(amount for (of, _), amount in booked().items() if of == "quality") == 1240
    page = client.get("/costs/months/").content.decode()
    assert "1,300.50" in page
    assert "60.50" in page
    page = client.get(f"/data/{done.import_id}/").content.decode()
    assert "Does it reconcile?" in page
    assert "1,240.00" in page


def test_who_sees_no_costs_sees_nothing_of_the_ledger(products: Any) -> None:
    done = run(SHEET, [entry("9876543.21")])
    assert "9,876,543" in _page(user_factory("finance"), "/costs/mapping/")
    for person in (user_factory("product-manager", lines=[products[0].line]), user_factory("viewer")):
        for url in ("/costs/mapping/", "/costs/months/", f"/data/{done.import_id}/"):
            said = _page(person, url)
            assert not [text for text in ("9876543", "9,876,543", "9.876.543") if text in said]


def _page(person: Any, url: str) -> str:
    client = Client()
    client.force_login(person)
    return client.get(url).content.decode()


def test_the_doctor_and_the_night_keep_the_books_true(finance: Any, products: Any) -> None:
    ledger_map(
        user=finance, account="7000", start_month=month(3), parts=[Part(kind=kind("quality"), key="revenue")]
    )
    run(SHEET, [entry(70)])
    assert list(ledger_is_booked()) == []
    assert booked() == {("quality", "A"): D(10), ("quality", "B"): D(20), ("quality", "C"): D(40)}
    sell(products[0], month(2), D(10), D(800), channel=channel_factory())  # more came in
    run_now(local_date=today(), only=["actual_costs"], kind="manual")
    assert booked() == {("quality", "A"): D(42), ("quality", "B"): D("9.33"), ("quality", "C"): D("18.67")}
    LedgerEntry.objects.all().delete()
    assert len(list(ledger_is_booked())) == 1


def test_a_mapping_ends_only_where_that_is_said(client: Client, finance: Any, products: Any) -> None:
    run(SHEET, [entry(70)])
    ledger_map(
        user=finance, account="7000", start_month=month(3), parts=[Part(kind=kind("quality"), key="revenue")]
    )
    said = {"account": "7000", "start_month": f"{month(2):%Y-%m}", **PARTS}
    answer = client.post("/costs/mapping/", said)
    assert answer.status_code == 422
    assert answer.context["parts"].errors[0].keys() == {"kind"}
    assert client.post("/costs/mapping/", said | {"act": "end"}).status_code == 302
    assert booked() == {("unmapped", None): D(70)}
