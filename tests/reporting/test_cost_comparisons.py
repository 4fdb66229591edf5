"""Price variance and cost trend over products: worked by hand, on the page and as files."""

from __future__ import annotations

import csv
import io
import random
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import translation
from python_calamine import CalamineWorkbook

from core.months import month_add
from pricing.cards.variance import variance_card
from pricing.engine.costs import variance
from pricing.models import CostLine
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from pricing.words.costs import basis_words
from products.models import BudgetRow, BudgetVersion, Measure, Product, SalesMonth, Supplier
from reporting.cost_reports.comparisons import figures_words
from reporting.selectors.cost_trend import CostTrend, cost_trend
from reporting.selectors.price_variance import price_variance
from reporting.services.report_files import report_bytes
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    organisation_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.test_costs import kind
from tests.pricing.test_margins import sell
from tests.pricing.test_variance import finance, juice, plan
from tests.pricing.test_variance import month as month_back
from tests.reporting.test_cost_reports import MONTH, ask

__all__ = ["finance", "juice"]
pytestmark = pytest.mark.django_db
D = Decimal
BEFORE = month_add(MONTH, -1)


def book(source: str, *rows: tuple[Any, ...]) -> None:
    """Of each row product, month, kind, amount, supplier."""
    booked = [
        BookedCost(of.pk if of else None, month, kind(code).pk, None, supplier, "", D(amount))
        for of, month, code, amount, supplier in rows
    ]
    cost_months_book(source=source, months=[BEFORE, MONTH], rows=booked)


class TestVariance:
    @pytest.fixture
    def bought(self) -> list[Product]:
        """Juice sold 100: purchase should cost 200 from the mill and cost 230, energy 50 with nothing booked
        yet. Milk sold 10, should cost 40 and cost 35, in freight 6 and 9 of which 2 still to come. In April
        juice has no actual cost at all. On no product: 70 agreed, 77 booked."""
        line = line_factory(code="L")
        juice, milk = (product_factory(line=line, code=code, name=code.title()) for code in ("JUICE", "MILK"))
        channel, mill = channel_factory(), Supplier.objects.create(code="MILL", name="Mill").pk
        for product, month, units in ((juice, MONTH, 100), (juice, BEFORE, 60), (milk, MONTH, 10)):
            sell(product, month, units, D(1000), channel=channel)
        book(
            "standard",
            (juice, MONTH, "purchase", 200, mill),
            (juice, MONTH, "energy", 50, None),
            (juice, BEFORE, "purchase", 120, mill),
            (milk, MONTH, "purchase", 40, mill),
            (milk, MONTH, "inbound", 6, None),
            (None, MONTH, "overhead", 70, None),
        )
        book(
            "actual",
            (juice, MONTH, "purchase", 230, None),  # the ledger does not say of whom it was bought
            (milk, MONTH, "purchase", 35, mill),
            (milk, MONTH, "inbound", 7, None),
            (None, MONTH, "overhead", 77, None),
        )
        book("accrual", (milk, MONTH, "inbound", 2, None))
        return [juice, milk]

    @pytest.mark.parametrize(
        ("by", "rows"),
        [
            ("product", {"JUICE": (200, 230), "MILK": (46, 44), "": (70, 77)}),
            ("kind", {"purchase": (240, 265), "inbound": (6, 9), "overhead": (70, 77)}),
            ("supplier", {"MILL": (240, 265), "": (76, 86)}),
            ("line", {"L": (246, 274), "": (70, 77)}),
        ],
    )
    def test_the_worked_case(self, bought: list[Product], by: str, rows: dict[str, Any]) -> None:
        found = price_variance(user_factory("finance"), ask(layout="variance", period="ytd", by=by))
        assert {row.name.code: (row.standard, row.actual) for row in found.rows} == rows
        assert found.total is not None
        assert (found.total.standard, found.total.actual, found.total.variance) == (316, 351, 35)
        assert found.unbooked == 50

    def test_what_a_row_opens_adds_up_to_it(self, bought: list[Product]) -> None:
        """Of a second supplier of juice's energy nothing is booked; without a supplier, and on no product."""
        farm = Supplier.objects.create(code="FARM", name="Farm").pk
        mill = Supplier.objects.get(code="MILL").pk
        juice, milk = bought
        book(
            "standard",
            *((juice, MONTH, "purchase", 200, mill), (juice, MONTH, "energy", 20, farm)),
            *((juice, MONTH, "energy", 30, mill), (juice, BEFORE, "purchase", 120, mill)),
            *((milk, MONTH, "purchase", 40, mill), (None, MONTH, "overhead", 70, None)),
        )
        book(
            "actual",
            *((juice, MONTH, "purchase", 230, None), (juice, MONTH, "energy", 44, mill)),
            *((milk, MONTH, "purchase", 35, mill), (None, MONTH, "overhead", 77, None)),
        )
        client, seen = Client(), set()
        client.force_login(user_factory("finance", language="en"))

        def walk(address: str, cells: list[str] | None) -> None:
            page = client.get(f"/costs/reports/?{address}").context
            total = page["total"]
            if page["query"].layout == "costs":
                assert cells is not None
                assert [total.cells[1].replace("—", "0.00"), total.cells[0]] == cells, address
                seen.add("costs")
                return
            own = [text for text, _change in total.cells[:2]]
            assert cells in (None, own), address
            for row in [*page["rows"], total]:
                said = [text for text, _change in row.cells[:2]]
                if row.opened and row.opened not in seen:
                    seen.add(row.opened)
                    walk(row.opened, said)

        for by in ("product", "kind", "supplier", "line", "month"):
            walk(f"month=2026-05&of=actual&layout=variance&period=ytd&by={by}", ["360.00", "388.00"])
        assert "costs" in seen
        assert len(seen) > 20

    def test_months_stand_one_after_the_other(self, juice: Product) -> None:
        months = [month_back(back) for back in (5, 4, 3)]
        amounts = zip(months, (D(10), D(5000), D(20)), strict=True)
        rows = [
            BookedCost(juice.pk, month, kind("purchase").pk, None, None, "", own) for month, own in amounts
        ]
        cost_months_book(source="actual", months=months, rows=rows)
        said = {"layout": "variance", "period": "range", "first": f"{months[0]:%Y-%m}", "by": "month"}
        found = price_variance(user_factory("finance"), ask(**said, month=f"{months[-1]:%Y-%m}")).rows
        assert [row.name.code for row in found] == [f"{month:%Y-%m}" for month in months]

    def test_of_a_product_it_is_what_its_own_page_says(self, juice: Product) -> None:
        finance, now = user_factory("finance"), f"{month_back(1):%Y-%m}"
        card = variance_card(finance, juice)
        assert card is not None
        said = {"layout": "variance", "period": "range", "first": f"{month_back(12):%Y-%m}", "month": now}
        [row] = price_variance(finance, ask(**said, by="product")).rows
        whole = card.total
        assert (row.standard, row.variance, row.actual) == (whole.standard, whole.price, whole.actual)
        assert row.units == 2100  # not the month without actual costs
        assert row.standard_unit == row.standard / 2100

    def test_beside_the_budget_volume_is_what_its_own_page_says(self, juice: Product) -> None:
        plan(juice, 2, 3)
        finance, now = user_factory("finance"), f"{month_back(1):%Y-%m}"
        card = variance_card(finance, juice)
        assert card is not None
        assert card.has_plan
        said = {"layout": "variance", "period": "range", "first": f"{month_back(12):%Y-%m}", "month": now}
        for by in ("product", "line"):
            [row] = price_variance(finance, ask(**said, by=by, against="budget")).rows
            assert (row.planned, row.volume, row.variance) == (
                *(card.total.planned, card.total.volume, card.total.price),
            )
        kinds = {
            row.name.code: row
            for row in price_variance(finance, ask(**said, by="kind", against="budget")).rows
        }
        assert (kinds["purchase"].volume, kinds["quality"].volume) == (200, None)
        # A kind of which a part goes by month is not told apart here, nor is its product then.
        line = cost_line_factory(product=juice, kind="purchase", basis="month", name="least")
        cost_rate_factory(cost_line=line, start_date=month_back(5), amount=D(10))
        [row] = price_variance(finance, ask(**said, by="product", against="budget")).rows
        assert (row.volume, row.planned) == (None, row.standard)

    @pytest.fixture
    def planned(self) -> None:
        """A 100 planned at 10 and 110 sold at 10.50, B 50 planned at 20 and 40 sold at 21; C not planned,
        nothing of D moves."""
        line, channel = line_factory(code="L"), channel_factory()
        a, b, c, d = (product_factory(line=line, code=code, name=f"Product {code}") for code in "ABCD")
        for product, units, basis in ((a, 110, "unit"), (b, 40, "unit"), (c, 5, "unit"), (d, 3, "month")):
            sell(product, MONTH, D(units), D(1000), channel=channel)
            cost_line = cost_line_factory(product=product, basis=basis)
            cost_rate_factory(cost_line=cost_line, start_date=BEFORE, amount=D(10))
        standard = ((a, 1100), (b, 800), (c, 50), (d, 9))
        actual = ((a, 1155), (b, 840), (c, 51), (d, 10))
        for source, amounts in (("standard", standard), ("actual", actual)):
            book(source, *((product, MONTH, "purchase", amount, None) for product, amount in amounts))
        version = BudgetVersion.objects.create(code="B26", name="B26", year=2026)
        for product, units in ((a, 100), (b, 50), (d, 4)):
            measure = Measure.objects.get(code="units")
            BudgetRow.objects.create(
                version=version, product=product, measure=measure, month=MONTH, volume=units
            )

    @pytest.mark.usefixtures("planned")
    @pytest.mark.parametrize("by", ["product", "line", "kind"])
    def test_volume_mix_and_price_add_up(self, by: str) -> None:
        """The worked case of formulas.md, and beside it 59 of standard that no volume explains."""
        said = {"layout": "variance", "by": by, "period": "month"}
        found = price_variance(user_factory("finance"), ask(**said, against="budget"))
        assert found.plan is not None
        assert found.total is not None
        assert (found.plan.volume, found.plan.mix, found.plan.products) == (0, -100, 3)
        total = found.total
        assert (total.planned, total.standard, total.variance, total.actual) == (2059, 1959, 97, 2056)
        rows = {row.name.code: (row.planned, row.volume) for row in found.rows}
        if by == "product":
            assert rows == {"A": (1000, 100), "B": (1000, -200), "C": (50, None), "D": (9, 0)}
        else:
            assert [*rows.values()] == [(2059, -100)]
        alone = price_variance(user_factory("finance"), ask(**said))
        assert (alone.plan, alone.rows[0].volume) == (None, None)
        one = price_variance(user_factory("finance"), ask(**said, against="budget", product="A"))
        assert one.plan is not None
        assert (one.plan.volume, one.plan.mix) == (100, 0)

    def test_what_was_sold_without_an_amount_is_volume_too(self, planned: Any) -> None:
        """Of A 90 of the 110 without one."""
        SalesMonth.objects.filter(product__code="A").update(volume=20)
        sell(Product.objects.get(code="A"), MONTH, D(90), None)
        finance, said = user_factory("finance"), {"layout": "variance", "by": "product", "period": "month"}
        for against in ("budget", "standard"):
            found = price_variance(finance, ask(**said, against=against, product="A"))
            assert found.rows[0].units == 110
            assert found.plan is None or (found.plan.volume, found.rows[0].volume) == (100, 100)

    @pytest.mark.parametrize("seed", range(4))
    def test_of_many_it_is_what_each_booked_row_says(self, seed: int) -> None:
        """Against the formula of a product's own page, row by row: products in part planned or sold, kinds
        that move or do not."""
        chance = random.Random(seed)
        line, channel = line_factory(code="L"), channel_factory()
        version = BudgetVersion.objects.create(code="B26", name="B26", year=2026)
        measure, kinds = Measure.objects.get(code="units"), ("purchase", "energy", "quality")
        moves, booked, volumes = set(), [], {}
        for number in range(6):
            product = product_factory(line=line, code=f"R{number}")
            for code in kinds:
                basis = chance.choice(("unit", "unit", "month"))
                moves |= {(product.pk, code)} if basis == "unit" else set()
                cost_line = cost_line_factory(product=product, kind=code, basis=basis)
                cost_rate_factory(cost_line=cost_line, start_date=BEFORE, amount=D(1))
            for month in (BEFORE, MONTH):
                sold = D(chance.randint(1, 900)) / 7 if chance.random() < 0.9 else None
                planned = D(chance.randint(0, 900)) / 4 if chance.random() < 0.9 else None
                if sold is not None:
                    sold = round(sold, 3)
                    sell(product, month, sold, D(1000), channel=channel)
                if planned is not None:
                    BudgetRow.objects.create(
                        version=version, product=product, measure=measure, month=month, volume=planned
                    )
                volumes[product.pk, month] = sold, planned
                for code in kinds:
                    booked.append((product, month, code, D(chance.randint(1, 99999)) / 100, None))
        book("standard", *booked)
        book("actual", *booked)
        expected: dict[int, Decimal | None] = {}
        for product, month, code, amount, _supplier in booked:
            if (product.pk, code) in moves:
                found = variance(amount, amount, amount, *volumes[product.pk, month])
                before = expected.get(product.pk, D(0))
                expected[product.pk] = None if found is None or before is None else before + found.volume
        said = {"layout": "variance", "period": "range", "first": f"{BEFORE:%Y-%m}", "by": "product"}
        report = price_variance(user_factory("finance"), ask(**said, against="budget"))
        codes = {product.code: product.pk for product, *_rest in booked}
        seen = {codes[row.name.code]: row.volume for row in report.rows}
        assert {pk: seen[pk] for pk in expected} == expected

    @pytest.mark.usefixtures("planned")
    def test_volume_and_mix_on_the_page_and_as_files(self) -> None:
        finance, client = user_factory("finance", language="en"), Client()
        client.force_login(finance)
        said = "layout=variance&month=2026-05&period=month&by=product"
        assert "By volume and mix" not in tight(client.get(f"/costs/reports/?{said}"))
        said += "&against=budget"
        answer = client.get(f"/costs/reports/?{said}")
        page = tight(answer)
        for text in ("By volume and mix", "variance-chart", "known of 3 products"):
            assert text in page
        assert "against=budget" in answer.context["address"]
        assert "price alone" in tight(
            client.get(f"/costs/reports/?{said}&by=supplier".replace("by=product&", ""))
        )
        with translation.override("en"):
            content = report_bytes(user=finance, kind="xlsx", query=QueryDict(said))
            rows = _sheet(content)
            assert rows[0][2:7] == [
                "Standard at planned volume",
                "By volume and mix",
                "Standard",
                "Actual",
                "By price",
            ]
            assert rows[1][:8] == ["A", "Product A", 1000, 100, 1100, 1155, 55, 0.05]
            assert rows[-1][1:7] == ["Total", 2059, -100, 1959, 2056, 97]
            about = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(1).to_python()
            assert ["Mix", "−100.00"] in about
            text = report_bytes(user=finance, kind="csv", query=QueryDict(said)).decode("utf-8-sig")
            assert text.startswith("product,product_name,planned,volume,standard,actual,variance,rate")
            assert report_bytes(user=finance, kind="pdf", query=QueryDict(said)).startswith(b"%PDF-")

    def test_filters_and_sight(self, bought: list[Product]) -> None:
        finance = user_factory("finance", lines=[bought[0].line])
        purchase = price_variance(finance, ask(layout="variance", by="supplier", kind="purchase"))
        assert [(row.name.code, row.variance) for row in purchase.rows] == [("MILL", 25)]
        assert not price_variance(user_factory("marketing"), ask(layout="variance")).rows
        other = user_factory("finance", lines=[line_factory()])
        assert not price_variance(other, ask(layout="variance")).rows

    @pytest.mark.usefixtures("bought")
    def test_on_the_page_and_as_files(self) -> None:
        finance, client = user_factory("finance", language="en"), Client()
        client.force_login(finance)
        said = "layout=variance&month=2026-05&period=ytd&by=product"
        page = tight(client.get(f"/costs/reports/?{said}"))
        for text in ("+€30.00", "+15.0%", "€2.3000", "Left out", "€50.00 of standard"):
            assert text in page
        opened = client.get(f"/costs/reports/?{said}").context["rows"][0].opened
        inside = client.get(f"/costs/reports/?{opened}")
        assert inside.context["query"].filters == {"product": "JUICE"}
        assert [text for text, _change in inside.context["total"].cells[:2]] == ["200.00", "230.00"]
        thousands = client.get(f"/costs/reports/?{said}&scale=k").context["total"]
        assert [change.text if change else text for text, change in thousands.cells[:3]] == [
            "0.3",
            "0.4",
            "0.0",
        ]
        with translation.override("en"):
            rows = _sheet(report_bytes(user=finance, kind="xlsx", query=QueryDict(said)))
            assert rows[1][:6] == ["JUICE", "Juice", 200, 230, 30, 0.15]
            assert rows[-1][1:5] == ["Total", 316, 351, 35]
            text = report_bytes(user=finance, kind="csv", query=QueryDict(said)).decode("utf-8-sig")
            text, _hash, _reconciled = text.partition("# ")
            assert sum(D(row["variance"]) for row in csv.DictReader(io.StringIO(text))) == 35
            assert report_bytes(user=finance, kind="pdf", query=QueryDict(said)).startswith(b"%PDF-")


class TestTrend:
    @pytest.fixture
    def sold(self) -> list[Product]:
        """Of A 100 in April for 200, 50 in May for 150 of which 30 freight; of B, in MWh, 10 and 10 for 100
        and 90. C cost 5 and sold nothing; 40 are on no product."""
        a, b, c = (product_factory(code=code, name=f"Product {code}") for code in "ABC")
        channel = channel_factory()
        for product, month, units in ((a, BEFORE, 100), (a, MONTH, 50), (b, BEFORE, 10), (b, MONTH, 10)):
            sell(product, month, units, D(1000), channel=channel)
        Product.objects.filter(pk=b.pk).update(unit="MWh")
        rows = [
            *((a, BEFORE, "purchase", 200, None), (a, MONTH, "purchase", 120, None)),
            *((a, MONTH, "inbound", 30, None), (b, BEFORE, "purchase", 100, None)),
            *((b, MONTH, "purchase", 90, None), (c, MONTH, "purchase", 5, None)),
        ]
        book("standard", *rows, (None, MONTH, "overhead", 40, None))
        return [a, b, c]

    def test_of_unlike_units_it_is_an_index(self, sold: list[Product]) -> None:
        """A cost 350 / 150 on average, B 9.50: April 300 / (233.33 + 95), May 240 / (116.67 + 95)."""
        said = {"layout": "trend", "of": "standard"}
        finance = user_factory("finance")
        for by in ("kind", "line", "product"):
            found = cost_trend(finance, ask(**said, by=by))
            assert found.months == (BEFORE, MONTH)
            assert found.whole is not None
            assert [round(cell, 2) for cell in found.whole.cells if cell] == [D("91.37"), D("113.39")]
            assert found.is_index == (by != "product")
        assert [(row.name.code, row.cells, row.change) for row in found.rows] == [
            ("A", (2, 3), D("0.5")), ("B", (10, 9), D("-0.1")),
        ]  # fmt: skip
        assert found.total is None  # an index under amounts a unit would be read as one
        kinds = cost_trend(finance, ask(**said, by="kind")).rows
        assert [row.name.code for row in kinds] == ["purchase", "inbound"]
        # purchase: A 320 / 150 on average; April 300 / (213.33 + 95), May 210 / (106.67 + 95)
        assert [round(cell, 2) for cell in kinds[0].cells if cell] == [D("97.30"), D("104.13")]
        assert kinds[1].cells == (None, 300)

    def test_what_was_sold_without_an_amount_is_a_unit_too(self, sold: list[Product]) -> None:
        """25 more of A in May: 150 / 75."""
        sell(sold[0], MONTH, D(25), None)
        found = cost_trend(user_factory("finance"), ask(layout="trend", of="standard", by="product"))
        assert found.rows[0].cells == (2, 2)

    def test_of_one_unit_kinds_add_up_to_what_a_unit_costs(self, sold: list[Product]) -> None:
        Product.objects.filter(pk=sold[1].pk).update(unit="")
        found = cost_trend(user_factory("finance"), ask(layout="trend", of="standard", by="kind"))
        assert found.total is not None
        assert [row.cells for row in found.rows] == [(D(300) / 110, D(210) / 60), (None, D("0.5"))]
        assert found.total.cells == (D(300) / 110, 4)
        limited = user_factory("finance", channels=[channel_factory()])
        assert cost_trend(limited, ask(layout="trend")).limited

    @pytest.mark.usefixtures("sold")
    def test_on_the_page_and_as_files(self) -> None:
        finance, client = user_factory("finance", language="en"), Client()
        client.force_login(finance)
        said = "layout=trend&month=2026-05&of=standard&by=product"
        answer = client.get(f"/costs/reports/?{said}")
        page = tight(answer)
        for text in ("€3.0000", "+50.0%", "trend-chart", "What is on no product is left out."):
            assert text in page
        assert answer.context["query"].first == month_add(MONTH, -12)
        opened = client.get(f"/costs/reports/?{answer.context['rows'][0].opened}")
        whole = answer.context["rows"][0]
        assert opened.context["query"].by == ("kind",)
        assert opened.context["total"].cells == whole.cells
        kinds = [client.get(f"/costs/reports/?{row.opened}") for row in opened.context["rows"]]
        assert sorted(page.context["total"].cells[0] for page in kinds) == ["30.00", "320.00"]
        with translation.override("en"):
            rows = _sheet(report_bytes(user=finance, kind="xlsx", query=QueryDict(said)))
            assert rows[0][2].replace("\u00a0", " ") == "Apr 2026"
            assert rows[1][2:] == [2, 3, 0.5]
            text = report_bytes(user=finance, kind="csv", query=QueryDict(said)).decode("utf-8-sig")
            assert text.splitlines()[:2] == [
                "product,product_name,2026-04,2026-05,change",
                "A,Product A,2.0000,3.0000,0.5000",
            ]
            assert report_bytes(user=finance, kind="pdf", query=QueryDict(said)).startswith(b"%PDF-")
        assert client.get("/costs/reports/?layout=trend&month=2001-05").status_code == 200
        assert client.get("/costs/reports/csv/?layout=trend&month=2001-05").status_code == 200


def _sheet(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Costs in EUR per unit (cartons)."), ("nl", "Kosten in EUR per eenheid (cartons).")],
)
def test_a_unit_in_the_plural_is_said_rightly(language: str, words: str) -> None:
    organisation_factory(currency="EUR")
    with translation.override(language):
        assert figures_words(CostTrend(unit="cartons")) == words
        calls = Measure(code="calls", unit_en="calls", unit_nl="calls")
        assert basis_words(CostLine(basis="unit", measure=calls)).endswith(" (calls)")
        assert "(" not in basis_words(CostLine(basis="unit"), "carton")
