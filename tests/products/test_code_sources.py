"""The same number may be one product at one customer and another elsewhere: a file says whose it has."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from rest_framework.test import APIClient

from accounts.errors import DomainError
from exchange.models import Import, Layout
from exchange.services import imports
from products.models import BudgetRow, Product, ProductCode, ProductLine, SalesFact
from products.services.codes import product_code_add
from products.services.product import product_create, product_update
from products.sheets.budget import BudgetSheet
from products.sheets.products import ProductsSheet
from products.sheets.sales import SalesSheet
from tests.factories import line_factory, product_factory, user_factory

from .sheet_help import run

pytestmark = pytest.mark.django_db
JAN = datetime.date(2026, 1, 1)
SALES = {"month": JAN, "volume": 1}
CSV = "artikel;maand;afzet\n1001;2026-01;5\n2002;2026-01;7\n"


@pytest.fixture
def two() -> tuple[Product, Product]:
    """1001 is tea at Jumbo and coffee at AH; 2002 is coffee at both, 7 the own code of a third product."""
    tea, coffee = product_factory(code="TEA"), product_factory(code="COFFEE")
    for source, code, product in (
        ("Jumbo", "1001", tea),
        ("AH", "1001", coffee),
        ("Jumbo", "2002", coffee),
        ("AH", "2002", coffee),
        ("AH", "7", tea),
    ):
        ProductCode.objects.create(source=source, code=code, product=product)
    product_factory(code="7")
    return tea, coffee


def sold() -> dict[str, Any]:
    codes = dict(Product.objects.values_list("pk", "code"))
    return {codes[fact.product_id]: fact.volume for fact in SalesFact.objects.all()}


def budgeted() -> set[Any]:
    return set(BudgetRow.objects.values_list("product__code", "volume"))


@pytest.mark.parametrize("sheet", [SalesSheet(), BudgetSheet(), ProductsSheet()], ids=lambda sheet: sheet.key)
@pytest.mark.parametrize(
    ("code", "source", "answer", "means"),
    [
        ("1001", "Jumbo", "", "TEA"),
        ("1001", "ah", "", "COFFEE"),
        ("1001", "AH", "Jumbo", "COFFEE"),  # the row is nearer than the file
        ("1001", None, "jumbo", "TEA"),
        ("2002", None, "", "COFFEE"),  # the same everywhere
        ("7", None, "", "7"),  # one's own code goes first
        ("7", None, "any", "7"),
        ("7", "AH", "", "TEA"),
        ("7", "eigen", "AH", "7"),
        ("7", None, "own", "7"),
        ("1001", None, "", "product_ambiguous"),
        ("1001", None, "any", "product_ambiguous"),
        ("1001", "Plus", "", "product_not_in_source"),
        ("TEA", "Jumbo", "", "product_not_in_source"),
    ],
)
def test_what_a_code_means(
    two: Any, sheet: Any, code: str, source: str | None, answer: str, means: str
) -> None:
    values = {"name": "Named"} if sheet.key == "products" else SALES
    rows = [{"product": code, "code_source": source, **values}]
    done = run(sheet, rows, create_missing=True, code_source=answer)
    found = {
        "sales": lambda: list(sold()),
        "budget": lambda: [code for code, _volume in budgeted()],
        "products": lambda: list(Product.objects.filter(name="Named").values_list("code", flat=True)),
    }[sheet.key]()
    assert (done.codes or found) == [means]
    assert done.asked == ({"code_source": code} if means == "product_ambiguous" and not answer else {})


@pytest.mark.parametrize("sheet", [SalesSheet(), BudgetSheet()], ids=lambda sheet: sheet.key)
def test_one_code_in_two_sources_in_one_file(two: Any, sheet: Any) -> None:
    rows = [
        {"product": "1001", "code_source": "Jumbo", "month": JAN, "volume": 1},
        {"product": "1001", "code_source": "AH", "month": JAN, "volume": 2},
        {"product": "7", "code_source": None, "month": JAN, "volume": 3},
        {"product": "1001", "code_source": "Plus", "month": JAN, "volume": 4},
    ]
    done = run(sheet, rows)
    assert [(row[0], row[3], json.loads(row[4])) for row in done.refused] == [
        (5, "product_not_in_source", {"source": "plus"})
    ]
    figures = {"TEA": 1, "COFFEE": 2, "7": 3}
    assert (sold() if sheet.key == "sales" else dict(budgeted())) == figures


def test_a_code_of_a_source_is_not_made_a_product_and_one_own_code_is() -> None:
    product_factory(code="TEA")
    ProductCode.objects.create(source="AH", code="9", product=Product.objects.get())
    rows = [
        {"product": "5", "code_source": "Jumbo", **SALES},
        {"product": "5", "code_source": "own", **SALES},
        {"product": "9", "code_source": "own", **SALES},
    ]
    for sheet in (SalesSheet(), ProductsSheet()):
        shown = rows if sheet.key == "sales" else [{**each, "month": None, "volume": None} for each in rows]
        if sheet.key == "products":
            shown = [{"product": each["product"], "code_source": each["code_source"]} for each in rows]
        done = run(sheet, shown, create_missing=True, apply=False)
        assert [(row[0], row[3]) for row in done.refused] == [
            (2, "product_not_in_source"),
            (4, "code_means_another"),
        ]
        assert done.counts.new == 1


def test_it_is_asked_once_and_the_layout_remembers(two: Any, work: Callable[[], None]) -> None:
    user = user_factory()
    client = Client()
    client.force_login(user)

    def upload(content: str = CSV) -> Import:
        file = ContentFile(content.encode())
        given = {"sheet": "sales", "options": {"revenue_is": "net"}, "source": "page"}
        row = imports.import_start(user=user, file=file, file_name="sales.csv", **given)
        work()
        row.refresh_from_db()
        return row

    row = upload()
    asked = {"code": "option", "name": "code_source", "example": "1001"}
    assert (row.state, row.questions) == ("asking", [asked | {"choices": ["any", "own", "AH", "Jumbo"]}])
    page = client.get(f"/data/{row.pk}/")
    with translation.override(user.language):
        assert "1001" in page.content.decode()
    form = page.context["form"]
    data = {bound.html_name: bound.value() or "" for bound in form}
    client.post(f"/data/{row.pk}/reading/", data)  # nothing chosen: it is asked again
    work()
    row.refresh_from_db()
    assert row.state == "asking"
    client.post(f"/data/{row.pk}/reading/", data | {"option_code_source": "Jumbo"})
    work()
    row.refresh_from_db()
    assert row.state == "ready"
    assert Layout.objects.get().options["code_source"] == "Jumbo"
    imports.import_apply(row=row, user=user)
    work()
    assert sold() == {"TEA": 5, "COFFEE": 7}

    with CaptureQueriesContext(connection) as queries:
        again = upload(CSV.replace(";5", ";6"))
    assert sum('DISTINCT "products_productcode"' in query["sql"] for query in queries) == 2
    assert (again.state, again.counts["changed"]) == ("ready", 1)
    data = {
        bound.html_name: bound.value() or "" for bound in client.get(f"/data/{again.pk}/").context["form"]
    }
    assert data["option_code_source"] == "Jumbo"
    client.post(f"/data/{again.pk}/reading/", data | {"option_code_source": ""})
    work()
    again.refresh_from_db()
    assert again.state == "asking", "an answer can be taken back"


def test_the_page_asks_in_which_line_products_are_created(work: Callable[[], None]) -> None:
    """Of the lines that the person sees; the preview says where each product goes, the layout keeps it."""
    line, _other = line_factory(code="tea", name="Teas"), line_factory()
    user = user_factory(lines=[line])
    client = Client()
    client.force_login(user)
    given = {"sheet": "sales", "options": {"revenue_is": "net"}, "source": "page", "user": user}
    row = imports.import_start(file=ContentFile(CSV.encode()), file_name="sales.csv", **given)
    work()
    form = client.get(f"/data/{row.pk}/").context["form"]
    assert [key for key, _name in form.fields["option_created_in"].choices] == ["", "tea"]
    data = {bound.html_name: bound.value() or "" for bound in form}
    said = {"create_missing": "on", "option_created_in": "tea"}
    client.post(f"/data/{row.pk}/reading/", data | said)
    work()
    made = row.creations.filter(kind="products").values_list("code", "under")
    assert set(made) == {("1001", "Teas"), ("2002", "Teas")}
    assert Layout.objects.get().options["created_in"] == "tea"


def test_whether_a_line_beyond_ones_own_exists_is_not_told(work: Callable[[], None]) -> None:
    """By API its code is refused as one that does not exist; a layout that remembers it leaves it out."""
    line_factory(code="tea", name="Teas")
    own = line_factory(code="juice", name="Juices")
    limited = user_factory(lines=[own], language="en")
    client = APIClient()
    client.force_authenticate(limited)
    page = Client()
    page.force_login(limited)
    given = {"sheet": "sales", "file_name": "sales.csv", "user": limited, "source": "api"}

    def outcome(code: str) -> tuple[str, str]:
        options = {"revenue_is": "net", "created_in": code}
        row = imports.import_start(file=ContentFile(CSV.encode()), options=options, **given)
        work()
        row.refresh_from_db()
        return row.state, row.error_code

    assert outcome("tea") == outcome("no-such-line") == ("failed", "option_unknown")
    assert outcome("JUICE") == ("ready", "")
    layout = Layout.objects.get()
    for code, told in (("JUICE", True), ("tea", False)):
        layout.options["created_in"] = code
        layout.save()
        (found,) = client.get("/api/v1/layouts/").data["results"]
        assert found["options"] == {"revenue_is": "net"} | ({"created_in": code} if told else {})
        shown = page.get("/data/layouts/").content.decode()
        assert "What is the revenue in this file?" in shown
        assert ("In which product line are products created?" in shown) == told
        assert ("<b>Juices</b>" in shown, "<b>tea</b>" in shown) == (told, False)


def test_the_list_of_layouts_reads_the_answers_of_what_was_asked_once(two: Any) -> None:
    client = Client()
    client.force_login(user_factory(language="en"))

    def queries(name: str, **options: str) -> list[str]:
        Layout.objects.create(sheet="sales", signature=name, name=name, options=options)
        with CaptureQueriesContext(connection) as found:
            page = client.get("/data/layouts/").content.decode()
        assert page.count("Whose product codes are these?") == max(Layout.objects.count() - 2, 0)
        return [query["sql"] for query in found if 'DISTINCT "products_productcode"' in query["sql"]]

    queries("warm")
    assert len(queries("plain", revenue_is="net")) == 0
    assert len(queries("first", code_source="jumbo")) == 1
    assert len(queries("second", code_source="AH")) == 1


def test_a_remembered_line_that_has_another_code_now_is_none(work: Callable[[], None]) -> None:
    """Products are created where those are of which nothing was said; no line of its code comes back."""
    line = line_factory(code="tea", name="Teas")
    given = {"sheet": "sales", "source": "page", "user": user_factory()}
    said = {"revenue_is": "net", "created_in": "tea", "create_missing": True}
    for options in (said, {"create_missing": True}):
        row = imports.import_start(
            file=ContentFile(CSV.encode()), file_name="sales.csv", options=options, **given
        )
        work()
        assert Layout.objects.get().options["created_in"] == "tea"
        assert set(row.creations.filter(kind="products").values_list("under", flat=True)) == (
            {"Teas"} if "created_in" in options else {"Nieuwe producten"}
        )
        ProductLine.objects.filter(pk=line.pk).update(code="thee", name="Thee")


def test_nothing_is_asked_or_remembered_where_it_is_clear(two: Any, work: Callable[[], None]) -> None:
    file = ContentFile(CSV.replace("1001;", "TEA;").encode())
    given = {"sheet": "sales", "options": {"revenue_is": "net"}, "source": "page", "user": user_factory()}
    row = imports.import_start(file=file, file_name="sales.csv", **given)
    work()
    row.refresh_from_db()
    assert row.state == "ready"
    assert "code_source" not in Layout.objects.get().options


def test_by_api(two: Any, work: Callable[[], None]) -> None:
    client = APIClient(headers={"Accept-Language": "en"})
    client.force_authenticate(user_factory())

    def upload(**options: str) -> dict[str, Any]:
        file = ContentFile(CSV.encode(), name="sales.csv")
        data = {"file": file, "sheet": "sales", "options": json.dumps(options), "apply": True}
        answer = client.post("/api/v1/imports/", data, format="multipart")
        work()
        found: dict[str, Any] = client.get(f"/api/v1/imports/{answer.data['id']}/").data
        return found

    found = upload()
    assert (found["state"], found["questions"][0]["choices"]) == ("asking", ["any", "own", "AH", "Jumbo"])
    wrong = client.post(
        f"/api/v1/imports/{found['id']}/answer/", {"options": {"code_source": "Plus"}}, format="json"
    )
    assert wrong.status_code == 202
    work()
    found = client.get(f"/api/v1/imports/{found['id']}/").data
    assert (found["state"], found["error_code"]) == ("failed", "option_unknown")
    client.post(
        f"/api/v1/imports/{found['id']}/answer/", {"options": {"code_source": "jumbo"}}, format="json"
    )
    work()
    assert client.get(f"/api/v1/imports/{found['id']}/").data["state"] == "applied"
    assert sold() == {"TEA": 5, "COFFEE": 7}
    assert Layout.objects.get().options["code_source"] == "jumbo"


def test_in_the_shell(two: Any, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(CSV)

    def command(*arguments: str) -> dict[str, Any]:
        out = io.StringIO()
        with contextlib.suppress(SystemExit):
            call_command("import_data", "sales", str(path), "--json", *arguments, stdout=out)
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    assert (command()["refused"], sold()) == (1, {})
    assert "code_source" in str(SalesSheet.reasons["product_ambiguous"])
    assert command("--option", "code_source=Jumbo")["new"] == 2
    assert sold() == {"TEA": 5, "COFFEE": 7}


# -- one code, one meaning ---------------------------------------------------------------------------------


def test_a_new_code_cannot_be_another_products_code_elsewhere_nor_the_reverse(two: Any) -> None:
    user, (tea, coffee) = user_factory(), two
    for refusing in (
        lambda: product_create(user=user, code="1001", name="x", line=tea.line),
        lambda: product_update(user=user, product=tea, version=None, code="2002"),
        lambda: product_code_add(user=user, product=tea, source="Plus", code="coffee"),
    ):
        with pytest.raises(DomainError) as refused:
            refusing()
        assert (refused.value.code, refused.value.field) == ("code_taken", "code")
    with pytest.raises(DomainError) as refused:
        product_code_add(user=user, product=tea, source="Own", code="12")
    assert refused.value.code == "source_reserved"
    # Its own code in some source too, or its own other code as its own, is no other product's.
    assert product_code_add(user=user, product=tea, source="Plus", code="TEA").product == tea
    ProductCode.objects.filter(product=coffee, code="1001").delete()
    assert product_update(user=user, product=tea, version=None, code="1001").code == "1001"


def test_neither_does_a_file_of_products() -> None:
    line = line_factory(code="drinks")
    tea = product_factory(code="TEA", line=line)
    product_code_add(user=user_factory(), product=tea, source="AH", code="55")
    rows = [
        {"product": "A", "product_line": "drinks", "other_codes": "AH=TEA"},
        {"product": "B", "product_line": "drinks", "gtin": "77"},
        {"product": "77", "product_line": "drinks"},
        {"product": "C", "product_line": "drinks", "other_codes": "AH=d"},
        {"product": "88", "product_line": "drinks"},
        {"product": "TEA", "other_codes": "AH=88"},
        {"product": "55", "code_source": "own", "product_line": "drinks"},
        {"product": "E", "product_line": "drinks", "other_codes": "own=99"},
    ]
    done = run(ProductsSheet(), rows)
    assert [(row[0], row[1], row[3]) for row in done.refused] == [
        (2, "other_codes", "other_code_is_own"),
        (4, "product", "code_means_another"),
        (7, "other_codes", "other_code_is_own"),
        (8, "product", "code_means_another"),
        (9, "other_codes", "source_reserved"),
    ]
    assert done.counts.new == 3
    assert run(ProductsSheet(), rows[1:2]).counts.unchanged == 1


def test_the_page_says_what_the_code_means(two: Any) -> None:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user_factory(language="en"))
    answer = client.post("/products/TEA/details/codes/", {"codes-source": "Plus", "codes-code": "COFFEE"})
    assert answer.status_code == 422
    assert "COFFEE is the own code of" in answer.content.decode()
    data = {"code": "1001", "name": "New", "line": two[0].line_id, "kind": "good"}
    answer = client.post("/products/new/", data)
    assert "already means" in answer.content.decode()


def test_a_remembered_answer_is_told_with_the_layout(client: Client) -> None:
    ProductCode.objects.create(product=product_factory(), source="shop", code="1001")
    Layout.objects.create(sheet="sales", name="Shop", signature="s", options={"code_source": "own"})
    client.force_login(user_factory())
    assert "our own codes" in client.get("/data/layouts/").content.decode()
