"""Taxes and levies besides VAT, against amounts worked out by hand."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.errors import DomainError
from core.history import history_of
from core.organisation import today
from exchange.models import Import
from exchange.services.shell import import_run
from pricing.models import Levy, PriceList, ReferenceUse, VatCode
from pricing.selectors.levies import levied, levies_on
from pricing.selectors.price_rows import price_history, price_rows
from pricing.selectors.yearly import list_yearly, product_yearly
from pricing.services.levies import levy_set
from products.models import Product, ProductLine
from tests.factories import (
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
D = Decimal
HOUSE = {"kWh": D(2500), "m³": D(1000)}


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


def levy(line: ProductLine, name: str, *steps: tuple[int, str], **values: Any) -> None:
    said = {"basis": "unit", "tier": "kWh", "start_date": day(-100), "user": user_factory()} | values
    levy_set(line=line, name=name, steps=[(D(begin), D(amount)) for begin, amount in steps], **said)


def comes_to(line: ProductLine, uses: dict[str, Decimal], on: datetime.date | None = None) -> Decimal:
    return levied(levies_on(Levy.objects.all(), on or today(), [line.pk]), uses)


@pytest.fixture
def line() -> ProductLine:
    found = line_factory(code="energy", unit="contract")
    for tier, amount in HOUSE.items():
        ReferenceUse.objects.create(line=found, customer="House", tier=tier, amount=amount)
    return found


@pytest.fixture
def energy(line: ProductLine) -> None:
    """Tax by scale on electricity and flat on gas, and a reduction a connection of electricity."""
    levy(line, "Energy tax", (0, "0.10154"), (2900, "0.1"), (10_000, "0.06937"))
    levy(line, "Energy tax", (0, "0.57816"), tier="m³")
    levy(line, "Reduction", (0, "-524.95"), basis="year")


@pytest.fixture
def product(line: ProductLine) -> Product:
    """6.95 a month with 0.28 a kWh, 0.30 from in 30 days; 21 % VAT."""
    found = product_factory(code="A", line=line)
    sales = price_list_factory(code="sales")
    for component, tier, days, amount in (
        ("month", "", -9, "6.95"),
        ("unit", "kWh", -9, "0.28"),
        ("unit", "kWh", 30, "0.30"),
    ):
        price_factory(
            product=found,
            price_list=sales,
            component=component,
            tier=tier,
            start_date=day(days),
            amount=amount,
        )
    return found


@pytest.mark.usefixtures("energy")
class TestWhatTheyComeTo:
    @pytest.mark.parametrize(
        ("uses", "amount"),
        [
            ({"kWh": 2500}, "-271.10"),  # 253.85 − 524.95
            ({"kWh": 12_000}, "618.256"),  # 294.466 + 710 + 138.74 − 524.95
            ({"kWh low": 1500, "kWh normal": 2000}, "-170.484"),  # together 3,500: 294.466 + 60 − 524.95
            ({"m³": 1000}, "578.16"),  # no electricity: no reduction
            ({"kWh": 2500, "m³": 1000}, "307.06"),
            ({"": 1}, "0"),
        ],
    )
    def test_by_scale_flat_and_a_connection(self, line: ProductLine, uses: Any, amount: str) -> None:
        assert comes_to(line, {tier: D(use) for tier, use in uses.items()}) == D(amount)

    def test_the_whole_levy_of_the_newest_date_holds_and_nothing_ends_it(self, line: ProductLine) -> None:
        levy(line, "Energy tax", (0, "0.05"), start_date=day(10))
        levy(line, "Energy tax", (0, "0"), start_date=day(20))
        levy(line, "Reduction", (0, "0"), basis="year", start_date=day(20))
        uses = {"kWh": D(12_000)}
        assert [comes_to(line, uses, day(on)) for on in (-101, 9, 10, 20)] == [0, D("618.256"), D("75.05"), 0]

    def test_the_nearest_lines_goes_first(self, line: ProductLine) -> None:
        below = line_factory(code="green", parent=line)
        levy(below, "energy TAX", (0, "0.01"), start_date=day(-5))
        rows, uses = Levy.objects.all(), {"kWh": D(1000), "m³": D(1000)}
        own = levied(levies_on(rows, today(), [below.pk, line.pk]), uses)
        assert own == D(10) + D("578.16") - D("524.95")
        assert levied(levies_on(rows, day(-6), [below.pk, line.pk]), uses) == comes_to(line, uses)


class TestSaying:
    def test_a_date_is_said_anew_or_taken_away(self, line: ProductLine) -> None:
        levy(line, "Tax", (0, "1"), (10, "2"))
        levy(line, "Tax", (0, "3"), (20, "4"))
        assert list(Levy.objects.values_list("from_quantity", "amount")) == [(0, 3), (20, 4)]
        assert any("Tax" in str(entry.changes) for entry in history_of(line, user=user_factory()))
        levy(line, "Tax")
        assert not Levy.objects.exists()

    def test_what_makes_no_sense_and_who_may_not(self, line: ProductLine) -> None:
        for steps, values, code in (
            ([(0, "1"), (0, "2")], {}, "step_twice"),
            ([(0, "1"), (9, "2")], {"basis": "year"}, "step_of_year"),
            ([(0, "1")], {"user": user_factory(lines=[line])}, "limited"),
            ([(0, "1")], {"user": user_factory("viewer")}, "not_allowed"),
        ):
            with pytest.raises(DomainError) as error:
                levy(line, "Tax", *steps, **values)
            assert error.value.code == code

    def test_on_the_page_in_the_language_of_the_person(self, line: ProductLine) -> None:
        client = Client()
        client.force_login(user_factory(language="nl"))
        form = {"line": "energy", "name": "Energiebelasting", "basis": "unit", "tier": "kWh"}
        form |= {"start_date": str(day(0)), "steps": "0,10154\n10.000 0,06937"}
        for steps in ("veel", ""):  # nothing to take away
            assert client.post("/pricing/rules/set/levy/", form | {"steps": steps}).status_code == 422
        assert client.post("/pricing/rules/set/levy/", form).status_code == 302
        said = list(Levy.objects.values_list("from_quantity", "amount"))
        assert said == [(0, D("0.10154")), (10_000, D("0.06937"))]
        page = client.get("/pricing/rules/").content.decode()
        assert all(text in page for text in ("0,10154", "10.000", "0,06937"))


@pytest.mark.usefixtures("energy")
class TestWhatACustomerPays:
    """783.40 and 833.40 without VAT; with −271.10 of levies and 21 % VAT 619.883 and 680.383."""

    def test_of_a_product_and_of_the_list_the_same(
        self, product: Product, django_assert_num_queries: Any
    ) -> None:
        [row] = product_yearly(product, price_rows(product, price_history(user_factory(), product)))
        assert (row.now_levied, row.then_levied) == (D("619.8830"), D("680.3830"))
        price_list = PriceList.objects.get()
        with django_assert_num_queries(7):  # two of them the lines
            assert list_yearly(price_list, [product]) == {product.pk: [row]}

    def test_of_a_list_with_vat(self, product: Product) -> None:
        PriceList.objects.update(with_vat=True)
        [[row]] = list_yearly(PriceList.objects.get(), [product]).values()
        assert row.now_levied == D("783.40") - D("271.10") * D("1.21")

    def test_none_of_another_currency_or_without_levies(self, product: Product) -> None:
        PriceList.objects.update(currency="USD")
        [[row]] = list_yearly(PriceList.objects.get(), [product]).values()
        assert row.now_levied is None
        PriceList.objects.update(currency="EUR")
        Levy.objects.all().delete()
        [[row]] = list_yearly(PriceList.objects.get(), [product]).values()
        assert row.now is not None
        assert row.now_levied is None

    def test_page_file_and_api_have_it(self, product: Product) -> None:
        client = Client()
        client.force_login(user_factory())
        page = client.get("/products/A/mix/prices/").content.decode().replace("\xa0", "")
        assert "€619.88" in page
        assert "€680.38" in page
        file = b"".join(client.get("/pricing/export/csv/?list=sales").streaming_content).decode()
        assert "619.88" in file
        [row] = client.get("/api/v1/yearly-amounts/?price_list=sales").json()["results"]
        assert (row["now_with_levies"], row["then_with_levies"]) == ("619.88", "680.38")
        found = client.get("/api/v1/levies/?line=energy").json()["results"]
        assert [each["amount"] for each in found if each["basis"] == "year"] == ["-524.95000000"]


class TestAShareOfThePrice:
    """An insurance tax of 21 % on a premium of 12.50 a month and a 10.00 fee, exempt of VAT: 150 + 10 with
    33.60 of tax is 193.60; of the tier's premium alone it is 31.50."""

    @pytest.fixture
    def policy(self) -> Product:
        line = line_factory(code="insurance", unit="policy")
        ReferenceUse.objects.create(line=line, customer="Driver", tier="car", amount=1)
        found = product_factory(code="P", line=line)
        sales = price_list_factory(code="sales")
        VatCode.objects.create(line=line, code="exempt", start_date=day(-900))
        for component, tier, amount in (("month", "car", "12.50"), ("unit", "car", "0"), ("once", "", "10")):
            price_factory(
                product=found,
                price_list=sales,
                component=component,
                tier=tier,
                start_date=day(-9),
                amount=amount,
            )
        return found

    @pytest.mark.parametrize(("tier", "amount"), [("", "193.60"), ("car", "191.50"), ("van", "160.00")])
    def test_of_all_or_of_a_tier(self, policy: Product, tier: str, amount: str) -> None:
        levy(policy.line, "Insurance tax", (0, "0.21"), basis="share", tier=tier)
        [[row]] = list_yearly(PriceList.objects.get(), [policy]).values()
        assert (row.now, row.now_levied) == ((160, 160), D(amount))

    def test_of_what_a_price_with_vat_is_without(self, product: Product) -> None:
        PriceList.objects.update(with_vat=True)
        levy(product.line, "Tax", (0, "0.1"), basis="share", tier="")
        [[row]] = list_yearly(PriceList.objects.get(), [product]).values()
        assert row.now_levied is not None
        assert round(row.now_levied, 8) == D("783.40") * D("1.1")  # a tenth without VAT, with VAT on it

    def test_page_file_and_api_have_it(self, policy: Product, tmp_path: Path) -> None:
        client = Client()
        client.force_login(user_factory(language="nl"))
        form = {"line": "insurance", "name": "Assurantiebelasting", "basis": "share", "start_date": day(0)}
        for steps in ("10 21", "121"):
            assert client.post("/pricing/rules/set/levy/", form | {"steps": steps}).status_code == 422
        assert client.post("/pricing/rules/set/levy/", form | {"steps": "21,5"}).status_code == 302
        assert Levy.objects.get().said == (None, D("0.215"))
        assert "21,5% van de prijs" in client.get("/pricing/rules/").content.decode()
        [found] = client.get("/api/v1/levies/").json()["results"]
        assert (found["basis"], found["amount"], found["rate"]) == ("share", None, "0.215000")
        path = tmp_path / "levies.csv"
        out = b"".join(client.get("/pricing/rules/levies/export/csv/").streaming_content).decode("utf-8-sig")
        path.write_text(out.replace("21,5", "20"))
        run: dict[str, Any] = {"sheet": "levies", "options": {}, "leave_out_refused": False, "dry_run": False}
        assert import_run(path=path, **run).counts.changed == 1
        assert Levy.objects.get().rate == D("0.2")
        call_command("undo_import", Import.objects.latest("pk").pk)
        assert Levy.objects.get().rate == D("0.215")

    @pytest.mark.parametrize(
        "said",
        [
            {"basis": "share", "rate": D("1.01")},
            {"basis": "share", "rate": D("0.21"), "amount": 1},
            {"basis": "share", "rate": D("0.21"), "from_quantity": 1},
            {"basis": "unit", "rate": D("0.21")},
            {"basis": "year"},
        ],
    )
    def test_the_database_refuses(self, line: ProductLine, said: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Levy.objects.create(line=line, name="Tax", start_date=day(0), **said)


class TestFile:
    def run(self, path: Path, text: str) -> Any:
        path.write_text(text)
        return import_run(sheet="levies", path=path, options={}, leave_out_refused=False, dry_run=False)

    @pytest.mark.usefixtures("energy")
    @pytest.mark.parametrize("language", ["nl", "en"])
    def test_out_edited_in_again_and_undone(self, tmp_path: Path, language: str) -> None:
        client = Client()
        client.force_login(user_factory(language=language))
        out = b"".join(client.get("/pricing/rules/levies/export/csv/").streaming_content).decode("utf-8-sig")
        path, before = tmp_path / "levies.csv", list(Levy.objects.order_by("pk").values())
        again = self.run(path, out)
        assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, 5)
        other = out.replace("0,57816", "0,6").replace("0.57816", "0.6")
        first = other.splitlines()[1]
        counts = self.run(path, f"{other}{first.replace(str(day(-100)), str(day(9)))}\r\n").counts
        assert (counts.new, counts.changed, counts.unchanged) == (1, 1, 4)
        assert Levy.objects.get(tier="m³").amount == D("0.6")
        call_command("undo_import", Import.objects.order_by("-pk")[0].pk)
        assert list(Levy.objects.order_by("pk").values()) == before

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("none;Tax;unit;kWh;2026-01-01;;1", "line_unknown"),
            ("energy;Tax;week;kWh;2026-01-01;;1", "basis_unknown"),
            ("energy;Tax;year;kWh;2026-01-01;10;1", "step_of_year"),
            ("energy;Tax;unit;kWh;2026-01-01;-10;1", "negative"),
            ("energy;Tax;year;kWh;2025-01-01;;1", "basis_differs"),
            ("energy;Tax;share;;2026-01-01;;1", "percentage_missing"),
            ("energy;Tax;unit;;2026-01-01;;;21", "amount_missing"),
            ("energy;Tax;unit;;2026-01-01;;1;21", "not_of_basis"),
            ("energy;Tax;share;;2026-01-01;1;;21", "step_of_year"),
            ("energy;Tax;share;;2026-01-01;;;121", "share_too_large"),
        ],
    )
    def test_refused(self, line: ProductLine, tmp_path: Path, row: str, code: str) -> None:
        levy(line, "Tax", (0, "1"), start_date=datetime.date(2025, 1, 1))
        head = "productlijn;heffing;grondslag;trede;vanaf;schijf;bedrag;percentage"
        outcome = self.run(tmp_path / "levies.csv", f"{head}\n{row}{';' * (7 - row.count(';'))}\n")
        assert [refusal.code for refusal in outcome.refusals] == [code]
        assert Levy.objects.count() == 1
