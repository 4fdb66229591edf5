"""A budget's page: the grid with its totals, filling it in, history, undo, copy, compare, file, API."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import pghistory
import pytest
from django.http import Http404
from django.utils import translation
from rest_framework.test import APIClient

from accounts.errors import DomainError, VersionConflict
from products.models import BudgetRow, BudgetVersion, Measure, Product
from products.selectors.budget_grid import (
    BudgetQuery,
    budget_filtered,
    budget_months_of,
    grid_keys,
    grid_rows,
    grid_totals,
)
from products.selectors.budget_history import (
    budget_cell_changes,
    budget_changes,
    budgets_deleted,
    cell_change,
)
from products.selectors.lines import LineTree
from products.services.budget import (
    budget_create,
    budget_delete,
    budget_freeze,
    budget_rename,
    budget_restore,
)
from products.services.budget_cells import Cell, budget_cells_set, budget_change_undo
from products.sheets.budget import BudgetSheet
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

from .sheet_help import run, undo

pytestmark = pytest.mark.django_db
JAN, FEB = datetime.date(2027, 1, 1), datetime.date(2027, 2, 1)


@pytest.fixture
def version() -> BudgetVersion:
    return budget_create(user=user_factory(), code="B2027", name="Budget 2027", year=2027)


@pytest.fixture
def units() -> Measure:
    return Measure.objects.get(code="units")


@pytest.fixture
def product() -> Product:
    return product_factory(code="A1", name="Apple", unit="box", line=line_factory(code="juices"))


def plan(version: BudgetVersion, product: Any, figure: str = "revenue", **more: Any) -> dict[Cell, Decimal]:
    """Set January and February: 100 and 200."""
    measure = more.pop("measure", None) or Measure.objects.get(code="units")
    values = {
        Cell(product, more.get("channel"), measure, month, figure): Decimal(value)
        for month, value in ((JAN, 100), (FEB, 200))
    }
    budget_cells_set(user=more.get("user") or user_factory(), version=version, values=values)
    return values


def rows() -> set[Any]:
    return set(BudgetRow.objects.values_list("product__code", "channel__code", "month", "volume", "revenue"))


def grid(version: BudgetVersion, user: Any = None, **asked: str) -> tuple[list[Any], Any]:
    user, query, tree = user or user_factory(), BudgetQuery.read(asked), LineTree()
    found = budget_filtered(user, version, query, tree)
    months = budget_months_of(version.year)
    keys = list(grid_keys(found, query.kind))
    return grid_rows(found, keys, query, months, tree), grid_totals(found, query, months, tree)


def test_cells_are_made_changed_emptied_and_only_what_differs_is_written(version, product, units) -> None:
    plan(version, product)
    assert rows() == {("A1", None, JAN, None, 100), ("A1", None, FEB, None, 200)}
    user, january = user_factory(), Cell(product, None, units, JAN, "revenue")
    assert budget_cells_set(user=user, version=version, values={january: Decimal(100)}) == 0
    assert BudgetRow.pgh_event_model.objects.count() == 2
    volume = Cell(product, None, units, JAN, "volume")
    assert budget_cells_set(user=user, version=version, values={january: None, volume: Decimal(5)}) == 2
    assert ("A1", None, JAN, 5, None) in rows()
    assert budget_cells_set(user=user, version=version, values={volume: None}) == 1
    assert rows() == {("A1", None, FEB, None, 200)}


def test_the_later_editor_sees_both_figures_and_writes_nothing(version, product, units) -> None:
    user, january = user_factory(), Cell(product, None, units, JAN, "revenue")
    february = Cell(product, None, units, FEB, "revenue")
    plan(version, product)
    old: dict[Cell, Decimal | None] = {january: None, february: Decimal(200)}
    both = {january: Decimal(7), february: Decimal(8)}
    with pytest.raises(VersionConflict) as lost:
        budget_cells_set(user=user, version=version, values=both, seen=old)
    assert lost.value.details["fields"] == {"Apple, jan\xa02027": {"theirs": "100", "yours": "7"}}
    assert ("A1", None, FEB, None, 200) in rows()
    # what the editor did not touch is not theirs to lose
    assert budget_cells_set(user=user, version=version, values={january: None}, seen=old) == 0
    assert ("A1", None, JAN, None, 100) in rows()


def test_what_is_refused(version, product, units) -> None:
    user = user_factory()
    other = Cell(product, None, units, datetime.date(2028, 1, 1), "revenue")
    with pytest.raises(DomainError, match="2028"):
        budget_cells_set(user=user, version=version, values={other: Decimal(1)})
    uncounted = Cell(product, None, measure_factory(code="claims"), JAN, "revenue")
    with pytest.raises(DomainError):
        budget_cells_set(user=user, version=version, values={uncounted: Decimal(1)})
    assert rows() == set()
    values = plan(version, product)
    budget_freeze(user=user, version=version)
    with pytest.raises(DomainError) as frozen:
        budget_cells_set(user=user, version=version, values=dict.fromkeys(values, Decimal(1)))
    assert frozen.value.code == "budget_frozen"
    with pytest.raises(DomainError):
        budget_rename(user=user, version=version, name="Other")


def test_who_comes_second_with_a_name_sees_both_and_may_then_overwrite(client, version) -> None:
    user = user_factory()
    client.force_login(user)
    address = f"/products/budgets/{version.pk}/name/"
    said = {"name": "Mine", "seen": client.get(address).context["form"]["seen"].value()}
    budget_rename(user=user, version=version, name="Theirs")
    lost = client.post(address, said)
    assert lost.status_code == 409
    assert "<td>Theirs</td><td>Mine</td>" in tight(lost)
    api = APIClient()
    api.force_authenticate(user)
    refused = api.patch(f"/api/v1/budgets/{version.code}/", said, format="json")
    assert (refused.status_code, BudgetVersion.objects.get().name) == (409, "Theirs")
    said["seen"] = lost.context["form"]["seen"].value()
    assert client.post(address, said).status_code == 302
    assert BudgetVersion.objects.get().name == "Mine"


def test_nobody_plans_outside_their_limits(version, product, units) -> None:
    web, shop = channel_factory(code="web"), channel_factory(code="shop")
    elsewhere = user_factory(lines=[line_factory()])
    web_only = user_factory(channels=[web])
    for user, channel in ((elsewhere, None), (web_only, None), (web_only, shop)):
        values: dict[Cell, Decimal | None] = {Cell(product, channel, units, JAN, "revenue"): Decimal(1)}
        with pytest.raises(Http404):
            budget_cells_set(user=user, version=version, values=values)
    assert rows() == set()
    plan(version, product, channel=web, user=web_only)
    assert len(rows()) == 2


def test_the_grid_adds_money_and_never_unlike_volumes(version, product, units) -> None:
    crate = product_factory(code="B1", name="Beer", unit="crate", line=product.line)
    for each in (product, crate):
        plan(version, each)
        plan(version, each, "volume")
    found, totals = grid(version)
    assert [(row.subject.code, row.total) for row in found] == [("A1", 300), ("B1", 300)]
    assert (totals.months[:3], totals.total) == ([200, 400, None], 600)
    found, totals = grid(version, show="volume")
    assert [(row.unit, row.total) for row in found] == [("box", 300), ("crate", 300)]
    assert (totals.months[0], totals.total) == (None, None)
    found, totals = grid(version, show="volume", q="appl")
    assert (totals.unit, totals.months[0], totals.total) == ("box", 100, 300)


def test_a_level_does_not_add_over_months(version) -> None:
    policies = measure_factory(code="policies", kind="level")
    car = product_factory(code="C1", line=line_factory(measures=[policies]))
    plan(version, car, "volume", measure=policies)
    (row,), totals = grid(version, show="volume")
    assert (row.months[:2], row.total) == ([100, 200], None)
    assert (totals.months[:2], totals.total) == ([100, 200], None)


def test_filters_and_whole_lines(version, product) -> None:
    web = channel_factory(code="web")
    plan(version, product, channel=web)
    plan(version, product_factory(code="B1", name="Beer"))
    plan(version, product.line)
    assert [row.subject.code for row in grid(version)[0]] == ["A1", "B1"]
    assert [row.subject.code for row in grid(version, line="JUICES")[0]] == ["A1"]
    assert [row.subject.code for row in grid(version, channel="web")[0]] == ["A1"]
    assert [row.subject.code for row in grid(version, channel="-")[0]] == ["B1"]
    assert [row.subject.code for row in grid(version, kind="line")[0]] == ["juices"]
    limited = user_factory(lines=[product.line])
    assert [row.subject.code for row in grid(version, limited)[0]] == ["A1"]


def test_months_of_a_broken_financial_year() -> None:
    organisation_factory(financial_year_first_month=7)
    months = budget_months_of(2027)
    assert (months[0], months[-1], len(months)) == (datetime.date(2026, 7, 1), datetime.date(2027, 6, 1), 12)


def test_history_and_putting_back_what_nobody_changed_again(version, product, units) -> None:
    anna, bert = user_factory(name="Anna"), user_factory(name="Bert")
    with pghistory.context(user=anna.pk):
        plan(version, product, user=anna)
    january, february = (Cell(product, None, units, month, "revenue") for month in (JAN, FEB))
    with pghistory.context(user=bert.pk):
        budget_cells_set(user=bert, version=version, values={january: Decimal(1), february: None})
    newest, oldest = budget_changes(bert, version)
    assert (newest.who, newest.made, newest.changed, newest.deleted) == ("Bert", 0, 1, 1)
    assert (oldest.who, oldest.made, oldest.by_hand) == ("Anna", 2, True)
    cells = [cell_change(event).revenue for event in budget_cell_changes(bert, version, newest.context)]
    assert set(cells) == {(Decimal(100), Decimal(1)), (Decimal(200), None)}
    with pghistory.context(user=anna.pk):
        budget_cells_set(user=anna, version=version, values={january: Decimal(5)})
    done = budget_change_undo(user=bert, version=version, context_id=newest.context)
    assert (done.restored, done.left) == (1, 1)
    assert rows() == {("A1", None, JAN, None, 5), ("A1", None, FEB, None, 200)}
    stranger = user_factory(lines=[line_factory()])
    assert budget_changes(stranger, version) == []
    with pytest.raises(Http404):
        budget_change_undo(user=stranger, version=version, context_id=oldest.context)


def test_undoing_an_import_leaves_what_somebody_filled_in_since(version, product, units) -> None:
    done = run(
        BudgetSheet(),
        [{"product": "A1", "month": month, "version": "B2027", "revenue": 10} for month in (JAN, FEB)],
    )
    assert done.refused == []
    budget_cells_set(
        user=user_factory(),
        version=version,
        values={Cell(product, None, units, JAN, "revenue"): Decimal(11)},
    )
    assert BudgetRow.objects.get(month=JAN).source_import is None
    undo(BudgetSheet(), done.import_id)
    assert rows() == {("A1", None, JAN, None, 11)}


def test_a_deleted_draft_comes_back_with_its_rows(version, product) -> None:
    user = user_factory()
    plan(version, product)
    before, pk = rows(), version.pk
    budget_delete(user=user, version=version)
    assert (rows(), [gone.code for gone in budgets_deleted()]) == (set(), ["B2027"])
    back = budget_restore(user=user, pk=pk)
    assert (rows(), back.name, budgets_deleted()) == (before, "Budget 2027", [])
    with pytest.raises(Http404):
        budget_restore(user=user, pk=pk)
    budget_delete(user=user, version=back)
    budget_create(user=user, code="b2027", name="New", year=2027)
    with pytest.raises(DomainError) as taken:
        budget_restore(user=user, pk=pk)
    assert taken.value.code == "code_taken"


def test_a_copy_starts_in_the_new_year_and_leaves_the_first_alone(version, product) -> None:
    user = user_factory()
    plan(version, product, channel=channel_factory(code="web"))
    before = rows()
    copy = budget_create(user=user, code="B2028", name="Budget 2028", year=2028, copy_of=version)
    assert set(copy.rows.values_list("month", "revenue", "channel__code")) == {
        (datetime.date(2028, 1, 1), 100, "web"),
        (datetime.date(2028, 2, 1), 200, "web"),
    }
    assert before < rows()


def form(version: BudgetVersion, product: Product, seen: dict[str, str], **typed: str) -> dict[str, str]:
    cells = {f"c-{product.pk}-2027-{month[1:]}": value for month, value in typed.items()}
    return {"seen": json.dumps({f"c-{product.pk}-2027-{k}": v for k, v in seen.items()})} | cells


def test_the_pages(client, version, product) -> None:
    user = user_factory()
    client.force_login(user)
    base = f"/products/budgets/{version.pk}/"
    assert "Nothing planned yet" in client.get(base).content.decode()
    edit = client.get(f"{base}edit/")
    assert f'name="c-{product.pk}-2027-01"' in edit.content.decode()
    bad = client.post(f"{base}edit/", form(version, product, {}, m01="12x", m02="5"))
    assert bad.status_code == 422
    assert 'value="12x"' in bad.content.decode()
    assert rows() == set()
    done = client.post(f"{base}edit/", form(version, product, {}, m01="1,200.50", m02=""))
    assert (done.status_code, rows()) == (302, {("A1", None, JAN, None, Decimal("1200.5"))})
    lost = client.post(f"{base}edit/", form(version, product, {}, m01="9"))
    assert lost.status_code == 409
    assert "1,200.5" in lost.content.decode()
    again = form(version, product, {"01": "1200.5000"}, m01="9")
    assert client.post(f"{base}edit/", again).status_code == 302
    assert ">9<" in client.get(base).content.decode()
    history = client.get(f"{base}history/").content.decode()
    assert history.count("Put back") == 2
    change = budget_changes(user, version)[0].context
    assert "1,200.5" in client.get(f"{base}history/", {"change": change}).content.decode()
    assert client.get(f"{base}history/", {"change": "nonsense"}).status_code == 404
    client.post(f"{base}undo/", {"change": change})
    assert rows() == {("A1", None, JAN, None, Decimal("1200.5"))}
    client.post(f"{base}name/", {"name": "Plan A"})
    client.post(f"{base}state/", {"action": "delete"})
    assert "Plan A" in client.get("/products/budgets/").content.decode()
    assert client.post(f"{base}put-back/").status_code == 302
    assert len(rows()) == 1


def test_the_file_comes_in_again(client, version, product) -> None:
    plan(version, product, channel=channel_factory(code="web", name="Web shop"))
    client.force_login(user_factory())
    answer = client.get(f"/products/budgets/{version.pk}/export/csv/", {"q": "apple"})
    text = b"".join(answer).decode("utf-8-sig").splitlines()
    assert text == [
        "Product,Product line,Channel,Month,Measure,Budget,Volume,Revenue",
        "A1,,web,2027-01,units,B2027,,100",
        "A1,,web,2027-02,units,B2027,,200",
    ]
    assert client.get(f"/products/budgets/{version.pk}/export/pdf/").status_code == 404


def test_two_budgets_beside_each_other(client, version, product) -> None:
    user = user_factory()
    plan(version, product)
    budget_create(user=user, code="B2", name="Second", year=2027, copy_of=version)
    other = product_factory(code="B1", name="Beer")
    plan(BudgetVersion.objects.get(code="B2"), other)
    plan(version, product, channel=channel_factory())
    client.force_login(user)
    page = client.get("/products/budgets/compare/", {"a": "b2027", "b": "B2"})
    found = [(row.subject.code, row.a, row.b, row.difference) for row in page.context["rows"]]
    assert sorted(found) == [("A1", 600, 300, -300), ("B1", None, 300, 300)]
    total = page.context["total"]
    assert (total.a, total.b, total.rate) == (600, 600, 0)
    assert "Choose two budgets" in client.get("/products/budgets/compare/").content.decode()


def test_the_api_plans_figures_and_says_both_of_a_lost_race(version, product) -> None:
    channel_factory(code="web")
    client = APIClient()
    client.force_authenticate(user_factory("administrator"))
    address = "/api/v1/budgets/B2027/rows/"
    row = {"product": "a1", "month": "2027-01", "channel": "WEB", "revenue": "5.5"}
    answer = client.post(address, {"rows": [row, row | {"month": "2027-02", "volume": "3"}]}, format="json")
    assert (answer.status_code, answer.data) == (200, {"changed": 3})
    assert rows() == {("A1", "web", JAN, None, Decimal("5.5")), ("A1", "web", FEB, 3, Decimal("5.5"))}
    seen = row | {"revenue": "6", "seen": {"revenue": "1"}}
    lost = client.post(address, {"rows": [seen]}, format="json")
    assert (lost.status_code, lost.json()["code"]) == (409, "version_conflict")
    gone = client.post(
        address, {"rows": [row | {"revenue": None, "seen": {"revenue": "5.5"}}]}, format="json"
    )
    assert gone.data == {"changed": 1}
    for wrong in (
        {"rows": [row | {"line": "juices"}]},
        {"rows": [row | {"product": "nope"}]},
        {"rows": [row | {"measure": "nope"}]},
        {"rows": [row | {"month": "2028-01"}]},
        {"rows": [{"product": "A1", "month": "2027-01"}]},
    ):
        assert client.post(address, wrong, format="json").status_code == 400
    named = client.patch("/api/v1/budgets/B2027/", {"name": "Plan"}, format="json")
    copied = {"code": "B2", "name": "Second", "year": 2028, "copy_of": "b2027"}
    made = client.post("/api/v1/budgets/", copied, format="json")
    assert (named.data["name"], made.status_code) == ("Plan", 201)
    assert BudgetRow.objects.filter(version__code="B2", month=datetime.date(2028, 2, 1)).count() == 1
    client.post("/api/v1/budgets/B2027/freeze/")
    assert client.post(address, {"rows": [row]}, format="json").json()["code"] == "budget_frozen"
    viewer = APIClient()
    viewer.force_authenticate(user_factory("viewer"))
    assert viewer.post(address, {"rows": [row]}, format="json").status_code == 403


def test_the_history_says_that_an_import_brought_figures_and_whose_it_was(version, product) -> None:
    anna = user_factory(name="Anna")
    run(BudgetSheet(), [{"product": "A1", "month": JAN, "version": "B2027", "revenue": 10}], user=anna)
    with translation.override("en"):
        (change,) = budget_changes(anna, version)
    assert (change.who, change.source, change.made, change.by_hand) == ("Anna", "by an import", 1, False)
    with pytest.raises(Http404):
        budget_change_undo(user=anna, version=version, context_id=change.context)
