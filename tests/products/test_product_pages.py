"""A product's own pages: who may, what they show, and what a lost race looks like."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

import pghistory
import pytest
from django.utils import translation

from accounts.models import User
from core import formats
from core.organisation import today
from core.registries import Panel, panels
from products.models import FamilyMember, Product, ProductCode, Succession, Supplier
from products.selectors.head import product_head, product_inherited
from products.selectors.lines import LineTree
from products.selectors.relations import product_events
from products.services.product import product_update
from tests.factories import family_factory, line_factory, product_factory, user_factory
from tests.html import tight

pytestmark = pytest.mark.django_db


def form_of(page: str) -> dict[str, str]:
    """The values a browser would send back unchanged."""
    form = re.search(r'<form class="pm-form".*?</form>', page, re.S).group()
    values = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            values[name.group(1)] = value.group(1) if value else ""
        elif name and " checked" in tag:
            values[name.group(1)] = "on"
    for name, body in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        values[name] = chosen.group(1) if chosen else ""
    for name, body in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.S):
        values[name] = body.strip()
    return values


def test_a_product_is_created_with_what_the_line_says_shown(client):
    user = user_factory()
    line = line_factory(name="Food", owner=user, unit="pack")
    client.force_login(user)
    values = form_of(client.get(f"/products/new/?line={line.code}").content.decode())
    answer = client.post("/products/new/", values | {"code": "HVM-210", "name": "Havermelk"})
    assert answer.headers["Location"] == "/products/HVM-210/"
    product = Product.objects.get()
    assert (product.line, product.owner, product.unit) == (line, None, "")
    page = client.get("/products/HVM-210/edit/").content.decode()
    assert 'placeholder="from line Food: pack"' in page
    assert f"from line Food: {user.name}" in page


def test_a_wrong_form_comes_back_filled_in_and_writes_nothing(client):
    client.force_login(user_factory())
    line = line_factory()
    values = {
        "code": "A",
        "name": "Name",
        "kind": "good",
        "line": line.pk,
        "launched": "2026-02-01",
        "ended": "2026-01-01",
    }
    page = client.post("/products/new/", values)
    assert "before it is launched" in page.content.decode()
    assert 'value="Name"' in page.content.decode()
    assert not Product.objects.exists()


def test_saving_the_form_as_it_stands_changes_nothing(client):
    user = user_factory()
    client.force_login(user)
    product = product_factory(
        floor_rate="0.265",
        review_months=12,
        description="Words",
        launched=datetime.date(2026, 1, 2),
        owner=user,
    )
    values = form_of(client.get(f"/products/{product.code}/edit/").content.decode())
    assert client.post(f"/products/{product.code}/edit/", values).status_code == 302
    product.refresh_from_db()
    assert (product.version, str(product.floor_rate)) == (1, "0.2650")


def test_the_loser_sees_both_values_and_may_then_overwrite(client):
    user = user_factory()
    client.force_login(user)
    product = product_factory(name="Old")
    address = f"/products/{product.code}/edit/"
    values = form_of(client.get(address).content.decode()) | {"name": "Mine"}
    product_update(user=user_factory(), product=product, version=1, name="Theirs")
    lost = client.post(address, values)
    page = tight(lost)
    assert lost.status_code == 409
    assert "<td>Theirs</td><td>Mine</td>" in page
    assert Product.objects.get().name == "Theirs"
    assert client.post(address, form_of(page)).status_code == 302
    assert Product.objects.get().name == "Mine"


def test_what_only_the_other_changed_is_taken_over_and_not_undone(client):
    client.force_login(user_factory())
    owner, line, supplier = user_factory(), line_factory(), Supplier.objects.create(code="S", name="Mill")
    product = product_factory(name="Old", unit="pack", description="Gone")
    address = f"/products/{product.code}/edit/"
    values = form_of(client.get(address).content.decode()) | {"name": "Mine"}
    theirs = {
        "description": "",
        "temporary": True,
        "launched": datetime.date(2026, 2, 1),
        "floor_rate": Decimal("0.125"),
        "review_months": 6,
        "owner": owner,
        "line": line,
        "supplier": supplier,
    }
    with pghistory.context(user=owner.pk):
        product_update(user=user_factory(), product=product, version=1, **theirs)
    lost = client.post(address, values)
    page = lost.content.decode()
    assert lost.status_code == 409
    assert f"{owner.name} saved this in the meantime" in page
    assert lost.context["conflict"].rows == []
    assert len(lost.context["conflict"].taken) == len(theirs)
    assert "Overwrite with mine" not in page
    assert client.post(address, form_of(page)).status_code == 302
    product.refresh_from_db()
    assert product.name == "Mine"
    assert {name: getattr(product, name) for name in theirs} == theirs


def test_only_fields_that_both_changed_are_shown_with_both_values(client):
    client.force_login(user_factory())
    product = product_factory(name="Old", description="Before")
    address = f"/products/{product.code}/edit/"
    values = form_of(client.get(address).content.decode()) | {"name": "Mine", "kind": "service"}
    product_update(user=user_factory(), product=product, version=1, name="Theirs", description="After")
    lost = client.post(address, values)
    conflict = lost.context["conflict"]
    assert [(row.label, row.theirs, row.yours) for row in conflict.rows] == [("Name", "Theirs", "Mine")]
    assert conflict.taken == ["Description"]
    assert client.post(address, form_of(lost.content.decode())).status_code == 302
    product.refresh_from_db()
    assert (product.name, product.kind, product.description) == ("Mine", "service", "After")


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "edit/"), ("post", "edit/"), ("post", "end/"), ("post", "reopen/"),
        ("post", "details/codes/"), ("post", "details/codes/1/"),
    ],
)  # fmt: skip
def test_a_viewer_may_not_and_a_foreign_line_is_not_there(client, method, address):
    mine = line_factory()
    product = product_factory(name="Old", ended=datetime.date(2026, 1, 1))
    before = Product.pgh_event_model.objects.count()
    data = {"name": "New", "code": "X", "source": "GTIN", "ended": "2026-02-02", "version": 1}
    for user, expected in ((user_factory("viewer"), 403), (user_factory(lines=[mine]), 404)):
        client.force_login(user)
        assert getattr(client, method)(f"/products/{product.code}/{address}", data).status_code == expected
    assert Product.pgh_event_model.objects.count() == before
    assert not ProductCode.objects.exists()


def test_a_viewer_reads_details_and_activity_without_buttons(client):
    client.force_login(user_factory("viewer"))
    product = product_factory()
    for tab in ("details", "activity"):
        page = client.get(f"/products/{product.code}/{tab}/")
        assert page.status_code == 200
        assert "/edit/" not in page.content.decode()


def test_values_come_from_the_nearest_line_that_says_them():
    owner = user_factory()
    top = line_factory(name="Food", owner=owner, unit="pack", review_months=12)
    below = line_factory(name="Oat", parent=top, unit="carton")
    product = product_factory(line=below, review_months=3)
    found = product_inherited(product, LineTree())
    assert (found["unit"].value, found["unit"].line) == ("carton", below)
    assert (found["owner_id"].value, found["owner_id"].line) == (owner.pk, top)
    assert (found["review_months"].value, found["review_months"].line) == (3, None)
    assert (found["floor_rate"].value, found["floor_rate"].line) == (None, None)
    head = product_head(user_factory(), product)
    assert (head.owner.value, head.unit, head.path) == (owner, "carton", [top, below])


def test_ending_with_a_successor_writes_both_or_neither(client):
    client.force_login(user_factory())
    old, new = product_factory(code="OLD"), product_factory(code="NEW")
    address = "/products/OLD/end/"
    client.post(address, {"version": 1, "ended": "2026-05-31", "successor": "old"})
    old.refresh_from_db()
    assert old.ended is None, "a product cannot come after itself, so it does not end either"
    client.post(address, {"version": 1, "ended": "2026-05-31", "successor": "new"})
    old.refresh_from_db()
    row = Succession.objects.get()
    assert (old.ended, row.successor, row.start_date) == (
        datetime.date(2026, 5, 31),
        new,
        datetime.date(2026, 6, 1),
    )
    client.post("/products/OLD/reopen/")
    old.refresh_from_db()
    assert old.ended is None


def test_who_comes_second_with_an_end_sees_both_days_and_may_then_overwrite(client):
    client.force_login(user_factory(language="en"))
    product = product_factory(code="OLD")
    address, mine, theirs = "/products/OLD/end/", datetime.date(2026, 5, 31), datetime.date(2026, 6, 30)
    values = form_of(client.get(address).content.decode()) | {"ended": mine.isoformat()}
    product_update(user=user_factory(), product=product, version=1, ended=theirs)
    lost = client.post(address, values)
    product.refresh_from_db()
    assert (lost.status_code, product.ended) == (409, theirs)
    page = lost.content.decode()
    with translation.override("en"):
        assert f"<td>{formats.day(theirs)}</td><td>{formats.day(mine)}</td>" in tight(lost)
    assert "Overwrite with mine" in page
    assert client.post(address, form_of(page)).status_code == 302
    product.refresh_from_db()
    assert product.ended == mine


def test_details_add_and_remove_with_refusals_in_place(client):
    client.force_login(user_factory())
    product, other = product_factory(code="A"), product_factory(code="B", name="Other")
    family = family_factory(line=product.line)
    client.post("/products/A/details/codes/", {"codes-source": "GTIN", "codes-code": "871"})
    client.post("/products/A/details/units/", {"units-factor": "1.5", "units-unit": "litre"})
    day = today().isoformat()
    client.post("/products/A/details/families/", {"families-family": family.pk, "families-start_date": day})
    client.post(
        "/products/A/details/successions/",
        {"successions-direction": "from", "successions-other": "b", "successions-start_date": day},
    )
    refused = client.post(
        "/products/A/details/parts/",
        {"parts-part": "A", "parts-quantity": "2", "parts-revenue_share": "50", "parts-start_date": day},
    )
    assert refused.status_code == 422
    assert "cannot contain itself" in refused.content.decode()
    page = client.get("/products/A/details/").content.decode()
    for shown in ("871", "1.5 litre", family.name, "Other"):
        assert shown in page
    code = ProductCode.objects.get()
    client.post(f"/products/A/details/codes/{code.pk}/")
    assert not ProductCode.objects.exists()
    assert FamilyMember.objects.get().family == family
    assert other.predecessions.count() == 0
    assert client.post("/products/A/details/nonsense/").status_code == 404


def test_activity_tells_who_changed_what_and_shows_other_rooms_panels(client):
    user = user_factory(name="Sanne Vermeer")
    client.force_login(user)
    product = product_factory(code="A", name="Old")
    values = form_of(client.get("/products/A/edit/").content.decode())
    client.post("/products/A/edit/", values | {"name": "New name"})
    page = client.get("/products/A/activity/").content.decode()
    for shown in ("Sanne Vermeer", "Old", "New name"):
        assert shown in page
    entry = Panel(
        "test_panel",
        "talk",
        "core/_too_little.html",
        lambda user, p: {"text": p.code},
        1,
        "collaboration.view",
    )
    panels.register(entry)
    try:
        head = product_head(user, product, "activity")
        assert [tab.key for tab in head.tabs if tab.active] == ["activity"]
        panels_shown = {
            item.key: item.context for item in client.get("/products/A/activity/").context["panels"]
        }
        assert panels_shown["test_panel"] == {"text": "A"}
    finally:
        panels._entries.pop("test_panel")


def test_a_limited_persons_activity_names_no_foreign_product(client):
    mine = line_factory()
    product, foreign = product_factory(code="A", line=mine), product_factory(name="Secret successor")
    Succession.objects.create(predecessor=product, successor=foreign, start_date=today())
    client.force_login(user_factory(lines=[mine]))
    for tab in ("details", "activity"):
        assert "Secret successor" not in client.get(f"/products/A/{tab}/").content.decode()
    client.force_login(user_factory())
    assert "Secret successor" in client.get("/products/A/activity/").content.decode()


def test_the_head_of_a_planned_product_says_when_it_begins(client):
    client.force_login(user_factory("viewer"))
    begins, ends = today() + datetime.timedelta(days=60), today() + datetime.timedelta(days=90)
    product = product_factory(launched=begins, ended=ends)
    with translation.override("en"):
        said = f"Planned ({formats.day(begins)})"
    assert said.lower() in tight(client.get(product.get_absolute_url())).lower()


@pytest.mark.parametrize("code", ["AB/12", "50% off", "Ünïcode 1", "a%2Fb", "x.y"])
def test_any_code_has_a_page(client, code):
    client.force_login(user_factory())
    product_factory(code=code, name="Odd one")
    page = client.get("/products/?view=all").content.decode()
    address = re.search(r'class="name" href="([^"]+)"', page).group(1)
    assert client.get(f"{address}details/").status_code == 200


def test_launch_end_and_succession_are_events():
    user = user_factory()
    product = product_factory(launched=datetime.date(2026, 1, 5), ended=datetime.date(2026, 8, 1))
    Succession.objects.create(
        predecessor=product, successor=product_factory(name="Next"), start_date=datetime.date(2026, 8, 2)
    )
    year = (datetime.date(2026, 1, 1), datetime.date(2026, 12, 31))
    with translation.override("en"):
        found = [(event.kind, event.date.month, event.text) for event in product_events(user, product, *year)]
    assert found == [("launch", 1, ""), ("end", 8, ""), ("launch", 8, "Next takes its place")]
    assert not list(product_events(user, product, datetime.date(2027, 1, 1), datetime.date(2027, 12, 31)))


def test_bulk_in_three_steps_and_back(client):
    client.force_login(user_factory())
    owner = user_factory(name="New owner")
    for number in range(3):
        product_factory(code=f"B{number}", kind="service")
    product_factory(code="OTHER")
    chosen = {"field": "owner", "all": "1", "query": "view=all&kind=service"}
    assert "3 products chosen" in client.post("/products/bulk/", chosen).content.decode()
    page = tight(client.post("/products/bulk/", chosen | {"step": "preview", "value": owner.pk}))
    assert page.count("New owner</td>") == 3
    assert not Product.objects.filter(owner=owner).exists()
    sent = dict(re.findall(r'name="(fingerprint|key)" value="([^"]+)"', page))
    applied = chosen | sent | {"step": "apply", "value": owner.pk}
    answer = client.post("/products/bulk/", applied, follow=True)
    assert "3 products changed." in answer.content.decode()
    assert Product.objects.filter(owner=owner).count() == 3
    undo = re.search(r"/products/bulk/\d+/", answer.content.decode()).group()
    client.post("/products/bulk/", applied)
    assert Product.objects.get(code="B0").version == 2
    client.post(undo)
    assert not Product.objects.filter(owner=owner).exists()


def test_bulk_says_who_owns_by_the_line_where_the_product_names_nobody(client):
    client.force_login(user_factory())
    product_factory(code="HEIR", line=line_factory(owner=user_factory(name="Line owner")))
    own = product_factory(code="OWN", line=Product.objects.get(code="HEIR").line, owner=user_factory())
    chosen = {"field": "owner", "code": ["HEIR", "OWN"], "step": "preview"}
    page = tight(client.post("/products/bulk/", chosen | {"value": own.owner.pk}))
    assert "as the line (Line owner)</td>" in page
    emptied = tight(client.post("/products/bulk/", chosen | {"value": ""}))
    assert emptied.count("as the line (Line owner)") == 2


def test_bulk_is_not_for_viewers_nor_for_foreign_lines(client):
    mine = line_factory()
    foreign = product_factory(code="F")
    data = {"field": "temporary", "code": ["F"], "step": "preview", "value": "yes", "query": ""}
    client.force_login(user_factory("viewer"))
    assert client.post("/products/bulk/", data).status_code == 403
    client.force_login(user_factory(lines=[mine]))
    answer = client.post("/products/bulk/", data)
    assert answer.status_code == 302, "nothing of it is there to choose"
    foreign.refresh_from_db()
    assert foreign.temporary is False


def test_dutch_and_english(client):
    user = user_factory(language="nl")
    client.force_login(user)
    product_factory(code="A")
    assert 'lang="nl"' in client.get("/products/A/details/").content.decode()
    User.objects.filter(pk=user.pk).update(language="en")
    assert "Details" in client.get("/products/A/details/").content.decode()
