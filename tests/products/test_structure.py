"""What products hang on: lines, channels, suppliers, segments, families, measures."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import translation

from accounts.errors import DomainError, VersionConflict
from core.organisation import today
from products.models import (
    BudgetRow,
    BudgetVersion,
    Channel,
    Family,
    LineMeasure,
    Measure,
    ProductFigures,
    ProductLine,
    Supplier,
)
from products.selectors.lines import LineTree
from products.selectors.structure import memberships
from products.selectors.thresholds import LineThreshold, line_thresholds
from products.services.figures import figures_refresh
from products.services.line import line_create, line_delete, line_update
from products.services.product import product_update
from products.services.relations import family_member_set
from products.services.structure import (
    channel_create,
    channel_update,
    family_create,
    measure_delete,
    measure_update,
    named_create,
    named_delete,
)
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    product_month_factory,
    user_factory,
)
from tests.html import tight

pytestmark = pytest.mark.django_db


def test_a_line_gets_its_measures_with_one_leading():
    user, first, second = user_factory(), measure_factory(), measure_factory()
    line = line_create(user=user, code="food", name="Food", measures=[second, first])
    assert LineTree().measures(line.pk) == [second, first]
    line_update(user=user, line=line, version=1, measures=[first, second])
    assert LineTree().lead_measure(line.pk) == first
    line_update(user=user, line=line, version=1, measures=[])
    assert not LineMeasure.objects.exists()
    assert LineTree().lead_measure(line.pk).code == "units"


def test_a_line_is_never_below_itself():
    user = user_factory()
    top = line_factory()
    middle = line_factory(parent=top)
    bottom = line_factory(parent=middle)
    for parent in (top, bottom):
        with pytest.raises(DomainError) as refused:
            line_update(user=user, line=top, version=1, parent=parent)
        assert refused.value.code == "line_cycle"
    assert line_update(user=user, line=bottom, version=1, parent=top).parent == top
    assert ProductLine.objects.get(pk=top.pk).parent is None


def test_a_limited_person_changes_own_lines_only():
    mine, other = line_factory(name="Mine"), line_factory(name="Other")
    user = user_factory(lines=[mine])
    with pytest.raises(Http404):
        line_update(user=user, line=other, version=None, name="Taken")
    with pytest.raises(Http404):
        line_create(user=user, code="x", name="X", parent=other)
    with pytest.raises(DomainError):
        line_create(user=user, code="x", name="X")
    with pytest.raises(Http404):
        line_update(user=user, line=mine, version=None, parent=other)
    with pytest.raises(DomainError) as refused:
        named_create(user=user, model=Supplier, code="s", name="S")
    assert refused.value.status == 403
    assert sorted(ProductLine.objects.values_list("name", flat=True)) == ["Mine", "Other"]
    assert not Supplier.objects.exists()
    assert line_create(user=user, code="x", name="X", parent=mine).parent == mine


def test_a_line_in_use_stays():
    user, line = user_factory(), line_factory()
    product_factory(line=line)
    with pytest.raises(DomainError) as refused:
        line_delete(user=user, line=line)
    assert refused.value.code == "line_in_use"


def test_channels_make_no_circle():
    user = user_factory()
    top = channel_factory()
    below = channel_factory(parent=top, kind="account")
    with pytest.raises(DomainError) as refused:
        channel_update(user=user, channel=top, version=1, parent=below)
    assert refused.value.code == "channel_cycle"
    assert Channel.objects.get(pk=top.pk).parent is None


@pytest.mark.parametrize(
    ("above", "below", "fits"),
    [
        *(("type", kind, True) for kind in ("account", "region", "store")),
        *(("account", kind, True) for kind in ("region", "store")),
        ("region", "store", True),
        *((kind, kind, False) for kind in ("type", "account", "region", "store")),
        *(("store", kind, False) for kind in ("type", "account", "region")),
        ("region", "account", False),
        ("account", "type", False),
    ],
)
def test_a_channel_hangs_below_one_of_a_higher_kind(above: str, below: str, fits: bool) -> None:
    user, top = user_factory(), channel_factory(kind=above)
    loose = channel_factory(kind=below)
    if fits:
        assert channel_create(user=user, code="x", name="x", kind=below, parent=top).parent == top
        assert channel_update(user=user, channel=loose, version=1, parent=top).parent == top
        return
    for change in (
        lambda: channel_create(user=user, code="x", name="x", kind=below, parent=top),
        lambda: channel_update(user=user, channel=loose, version=1, parent=top),
    ):
        with pytest.raises(DomainError) as refused:
            change()
        assert (refused.value.code, refused.value.field) == ("channel_order", "parent")
    assert set(Channel.objects.values_list("parent", flat=True)) == {None}


def test_a_channels_kind_stays_between_what_is_above_and_below_it() -> None:
    user, top = user_factory(), channel_factory()
    middle = channel_factory(kind="account", parent=top)
    channel_factory(kind="store", parent=middle)
    for kind, field in (("type", "parent"), ("store", "kind")):
        with pytest.raises(DomainError) as refused:
            channel_update(user=user, channel=middle, version=1, kind=kind)
        assert (refused.value.code, refused.value.field) == ("channel_order", field)
    assert channel_update(user=user, channel=middle, version=1, kind="region").kind == "region"


def test_a_channel_that_hangs_wrong_from_before_can_still_be_renamed() -> None:
    user, top = user_factory(), channel_factory(kind="store")
    below = channel_factory(kind="type", parent=top)
    values = {"code": below.code, "name": "New name", "kind": "type", "parent": top}
    assert channel_update(user=user, channel=below, version=1, **values).name == "New name"


def test_a_measures_kind_is_fixed_once_there_are_figures():
    user, measure = user_factory(), measure_factory()
    assert measure_update(user=user, measure=measure, version=1, kind="level").kind == "level"
    product_month_factory(measure=measure)
    with pytest.raises(DomainError) as refused:
        measure_update(user=user, measure=measure, version=2, kind="flow")
    assert refused.value.code == "measure_kind_fixed"
    assert measure_update(user=user, measure=measure, version=2, name_en="Policies").name_en == "Policies"
    with pytest.raises(DomainError):
        measure_delete(user=user, measure=measure)
    assert Measure.objects.get(pk=measure.pk).kind == "level"


def test_codes_are_unique_in_whatever_case_and_what_is_used_stays():
    user = user_factory()
    row = named_create(user=user, model=Supplier, code="acme", name="Acme")
    with pytest.raises(DomainError):
        named_create(user=user, model=Supplier, code="ACME", name="Other")
    product_factory(supplier=row)
    with pytest.raises(DomainError) as refused:
        named_delete(user=user, row=row)
    assert refused.value.status == 409
    assert Supplier.objects.get() == row


def test_a_family_keeps_who_was_in_it_when():
    user, day = user_factory(), today()
    stays, left = product_factory(name="Stays"), product_factory(name="Left")
    family = family_create(user=user, code="fam", name="Family", line=stays.line)
    start = day - datetime.timedelta(90)
    for product in (stays, left):
        family_member_set(user=user, product=product, family=family, start_date=start)
    family_member_set(user=user, product=left, family=None, start_date=day - datetime.timedelta(10))
    found = [(stay.product.name, stay.start_date, stay.until, stay.now) for stay in memberships(user, family)]
    assert found == [
        ("Stays", start, None, True),
        ("Left", start, day - datetime.timedelta(11), False),
    ]


ROW = {"code": "new-row", "name": "New one"}
PAGES = [
    ("/products/lines/", "+/", ProductLine, {}),
    ("/products/channels/", "new/", Channel, {"kind": "type"}),
    ("/products/suppliers/", "new/", Supplier, {}),
]


@pytest.mark.parametrize(("listing", "new", "model", "more"), PAGES)
def test_a_page_offers_its_one_action_and_makes_the_row(client, listing, new, model, more):
    new, values = f"{listing}{new}", ROW | more
    client.force_login(user_factory("viewer"))
    assert new not in client.get(listing).content.decode()
    assert client.post(new, values).status_code == 403
    assert not model.objects.exists()
    client.force_login(user_factory())
    assert new in client.get(listing).content.decode()
    assert client.post(new, values).headers["Location"] == listing
    assert "New one" in client.get(listing).content.decode()
    assert client.post(new, values).status_code == 422, "the code is taken: the form comes back"
    assert model.objects.count() == 1


def test_the_lines_page_shows_what_is_inherited_and_the_form_where_from(client):
    client.force_login(user_factory())
    top = line_factory(name="Food", unit="pack", floor_rate=Decimal("0.26"))
    below = line_factory(name="Oat", parent=top)
    page = client.get("/products/lines/").content.decode()
    assert 'title="from line Food">pack' in page
    form = client.get(f"/products/lines/{below.code}/").content.decode()
    assert 'placeholder="from line Food: pack"' in form
    assert 'placeholder="from line Food: 26"' in form


def test_a_line_sets_thresholds_and_keeps_those_it_does_not_know(client):
    entry = LineThreshold("test_rate", "Moved more than", 0.1, kind="rate")
    line_thresholds.register(entry)
    try:
        client.force_login(user_factory())
        line = line_factory(code="food", alert_settings={"of_another_room": 3})
        form = client.get("/products/lines/food/").content.decode()
        assert 'placeholder="10 %"' in form
        values = {"code": "food", "name": line.name, "version": 1, "threshold_test_rate": "7.5"}
        assert client.post("/products/lines/food/", values).status_code == 302
        line.refresh_from_db()
        assert line.alert_settings == {"of_another_room": 3, "test_rate": 0.075}
        assert LineTree().alert_setting(line.pk, "test_rate", 0.1) == 0.075
    finally:
        line_thresholds._entries.pop("test_rate")


def test_the_loser_of_a_race_over_a_line_sees_both_values(client):
    client.force_login(user_factory())
    line = line_factory(code="food", name="Old")
    line_update(user=user_factory(), line=line, version=1, name="Theirs")
    with pytest.raises(VersionConflict):
        line_update(user=user_factory(), line=line, version=1, name="Mine")
    lost = client.post("/products/lines/food/", {"code": "food", "name": "Mine", "version": 1})
    assert lost.status_code == 409
    assert "<td>Theirs</td><td>Mine</td>" in tight(lost)
    assert ProductLine.objects.get().name == "Theirs"


def test_a_saved_family_leads_to_its_page(client):
    client.force_login(user_factory())
    line = line_factory()
    made = client.post("/products/families/new/", {"code": "a/b", "name": "Oats", "line": line.pk})
    assert made.headers["Location"] == "/products/families/a%252Fb/"
    family = Family.objects.get()
    changed = {"code": "OAT", "name": "Oats", "line": line.pk, "version": family.version}
    assert client.post("/products/families/a%252Fb/edit/", changed).headers["Location"] == (
        "/products/families/OAT/"
    )


def test_foreign_lines_and_families_are_not_there(client):
    mine = line_factory()
    line, family = line_factory(code="other"), family_factory(code="fam")
    client.force_login(user_factory(lines=[mine]))
    for address in (
        f"/products/lines/{line.code}/",
        "/products/families/fam/",
        "/products/families/fam/edit/",
    ):
        assert client.get(address).status_code == 404
        assert client.post(address, {"name": "Taken", "delete": "1"}).status_code in (404, 405)
    assert Family.objects.get().name == family.name
    assert "other" not in client.get("/products/lines/").content.decode()


def test_a_budget_is_made_frozen_and_then_stays(client):
    user = user_factory()
    client.force_login(user)
    client.post("/products/budgets/new/", {"code": "B2027", "name": "Budget 2027", "year": 2027})
    version = BudgetVersion.objects.get()
    product = product_factory()
    fields = {"version": version, "month": datetime.date(2027, 1, 1), "measure": measure_factory()}
    BudgetRow.objects.create(product=product, revenue=1200, **fields)
    BudgetRow.objects.create(line=product.line, revenue=5000, **fields)
    page = client.get("/products/budgets/").content.decode()
    assert ">1,200<" in page
    assert ">5,000<" in page
    client.force_login(user_factory("viewer"))
    assert client.post(f"/products/budgets/{version.pk}/state/", {"action": "freeze"}).status_code == 403
    client.force_login(user_factory(lines=[line_factory()]))
    assert ">1,200<" not in client.get("/products/budgets/").content.decode()
    assert client.post(f"/products/budgets/{version.pk}/state/", {"action": "freeze"}).status_code == 403
    version.refresh_from_db()
    assert version.frozen_at is None
    client.force_login(user)
    client.post(f"/products/budgets/{version.pk}/state/", {"action": "freeze"})
    assert client.post(f"/products/budgets/{version.pk}/state/", {"action": "delete"}).status_code == 409
    version.refresh_from_db()
    assert version.frozen_by == user


def test_a_flow_may_count_what_leaves_a_state(client):
    user = user_factory()
    unit = {"unit_en": "contracts", "unit_nl": "contracten"}
    force, new = measure_factory(kind="level", **unit), measure_factory(**unit)
    line = line_create(user=user, code="power", name="Power", measures=[force, new])
    assert (LineTree().inflow(line.pk), LineTree().outflow(line.pk)) == (new, None)
    client.force_login(user)
    said = {"code": "gone", "name_en": "Gone", "name_nl": "Weg", **unit, "leaves": "on"}
    refused = client.post("/products/measures/new/", said | {"kind": "level"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["leaves"])
    assert client.post("/products/measures/new/", said | {"kind": "flow"}).status_code == 302
    assert "counts what leaves" in client.get("/products/measures/").content.decode()
    gone = Measure.objects.get(code="gone")
    line_update(user=user, line=line, version=None, measures=[force, new, gone])
    assert (LineTree().inflow(line.pk), LineTree().outflow(line.pk)) == (new, gone)
    another = measure_factory(**unit)
    line_update(user=user, line=line, version=None, measures=[force, new, gone, another])
    assert LineTree().inflow(line.pk) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Measure.objects.filter(pk=force.pk).update(leaves=True)


def test_a_measure_that_products_have_figures_in_stays_with_their_line(client):
    user, policies, claims = user_factory(), measure_factory(name_en="Policies"), measure_factory()
    top = line_create(user=user, code="top", name="Top", measures=[policies, claims])
    below = line_create(user=user, code="below", name="Below", parent=top)
    elsewhere = line_create(user=user, code="elsewhere", name="Elsewhere", measures=[claims])
    for line in (below, below, top):
        product_month_factory(product=product_factory(line=line), measure=policies)
    line_update(user=user, line=top, version=None, measures=[claims, policies])
    for line, measures, field, count in (
        (top, {"measures": [claims]}, "measures", 3),
        (top, {"measures": []}, "measures", 3),
        (below, {"measures": [claims]}, "measures", 2),
        (below, {"parent": elsewhere}, "parent", 2),
    ):
        words = f"“Policies” has to stay: {count} products"
        with translation.override("en"), pytest.raises(DomainError, match=words) as refused:
            line_update(user=user, line=line, version=None, **measures)
        assert (refused.value.code, refused.value.field) == ("measure_has_figures", field)
        assert LineTree().measures(below.pk) == [claims, policies]
    line_update(user=user, line=top, version=None, measures=[policies])  # nothing was counted in claims
    client.force_login(user)
    answer = client.post(
        "/products/lines/top/",
        {
            "name": "Top",
            "code": "top",
            "measures": [claims.pk],
            "lead": claims.pk,
            "version": ProductLine.objects.get(code="top").version,
        },
    )
    assert "has to stay: 3 products" in answer.content.decode()


def test_products_show_the_figures_of_the_measure_that_leads_now():
    user, cartons, litres = user_factory(), measure_factory(), measure_factory()
    line = line_create(user=user, code="food", name="Food", measures=[cartons, litres])
    product = product_factory(line=line)
    month = datetime.date(2026, 1, 1)
    for measure, volume in ((cartons, 10), (litres, 70)):
        for at in (month, datetime.date(2026, 2, 1)):
            product_month_factory(product=product, measure=measure, month=at, volume=volume)
    figures_refresh()
    assert ProductFigures.objects.get().measure == cartons
    line_update(user=user, line=line, version=None, measures=[litres, cartons])
    assert ProductFigures.objects.get().measure == litres
    other = line_create(user=user, code="other", name="Other", measures=[cartons, litres])
    product_update(user=user, product=product, version=None, line=other)
    assert ProductFigures.objects.get().measure == cartons
