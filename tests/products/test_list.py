"""The product list: what it finds, in which order, what it adds up, and what leaves as a file."""

from __future__ import annotations

import csv
import datetime
import io
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models.functions import Length
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from collaboration.models import Follow
from core.months import month_add
from core.organisation import today
from products.models import Measure, Product, ProductCode, ProductFigures, SalesMonth, SavedView, UnitFactor
from products.selectors.columns import ListColumn, list_columns
from products.selectors.limited_figures import limited_figures
from products.selectors.lines import LineTree
from products.selectors.product_filter import alike, text_ids
from products.selectors.product_list import list_queryset, list_totals, query_read
from products.selectors.search import products_search
from products.services.relations import family_member_set
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
MONTH = datetime.date(2026, 10, 1)


def figures_factory(product, revenue=None, before=None, **fields):
    growth = float(revenue) / before - 1 if revenue and before else None
    defaults = {
        "measure": LineTree().lead_measure(product.line_id),
        "data_month": MONTH,
        "revenue_12m": revenue,
        "revenue_12m_before": before,
        "growth_rate": growth,
    }
    return ProductFigures.objects.create(product=product, **defaults | fields)


def found(user, query):
    asked = query_read(user, QueryDict(query))
    return [product.code for product in list_queryset(user, asked, LineTree())]


def totals(user, query=""):
    return list_totals(user, query_read(user, QueryDict(query)), LineTree())


@pytest.mark.parametrize(
    "text", ["creme", "CRÈME", "crème brûlée", "brulee crEme", "p-9", "8712 34", "honing", "honey"]
)
def test_search_folds_case_and_accents_over_names_codes_and_descriptions(text):
    wanted = product_factory(code="P-9", name="Crème Brûlée", description="Met honing, with honey and cream")
    ProductCode.objects.create(product=wanted, source="GTIN", code="GT8712 34x")
    product_factory(code="Z-1", name="Roggebrood", description="Met zout")
    assert found(user_factory(), QueryDict(mutable=True).urlencode() or f"q={text}") == ["P-9"]


def test_a_word_of_nearly_every_description_is_looked_up_in_the_index():
    line = line_factory()
    text = "In karton, van granen uit de streek. " * 8
    breads = Product.objects.bulk_create(
        Product(code=f"C-{n}", name=f"Brood {n}", line=line, description=text) for n in range(400)
    )
    # What the database knows of their other codes must not depend on the tests before.
    ProductCode.objects.bulk_create(
        ProductCode(product=bread, source="GTIN", code=f"87123{n:08}") for n, bread in enumerate(breads)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE products_product, products_productcode")
        # Nor must what their indexes have not sorted in yet.
        cursor.execute("""
            SELECT gin_clean_pending_list(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
            JOIN pg_am ON pg_am.oid = relam
            WHERE amname = 'gin'
              AND indrelid IN ('products_product'::regclass, 'products_productcode'::regclass)
        """)
        # The planner leaves the index for a word of all rows, here as it does in a table of 20,000.
        cursor.execute("SET LOCAL cpu_index_tuple_cost = 10")
    plan = text_ids("karton").explain()
    assert "product_search_words" in plan
    assert "Seq Scan" not in plan
    assert text_ids("karton").count() == 400


def test_where_nothing_holds_the_text_the_list_shows_what_is_alike(client):
    user = user_factory(language="en")
    home = product_factory(code="THZ-300", name="Thuiszorg, verzorging")
    figures_factory(home, 10)
    figures_factory(product_factory(code="JUICE", name="Sinaasappelsap"), 5)
    client.force_login(user)
    said = "Nothing is exactly “thuizorg”. Alike:"
    page = client.get("/products/?view=all&q=thuizorg")
    assert [row.product.code for row in page.context["rows"]] == ["THZ-300"]
    assert said in page.content.decode()
    assert page.context["totals"].values["revenue_12m"] == 10
    # The file and the bulk change have the same rows, by the page's own address.
    assert "alike=1" in page.context["address"]
    answer = client.get(f"/products/export/csv/?{page.context['address']}")
    assert [line.split(",")[0] for line in b"".join(answer.streaming_content).decode().splitlines()[1:]] == [
        "THZ-300"
    ]
    # Every word counts, and filters hold.
    for asked in ("thuizorg+verzorgin", "tuiszorg"):
        page = client.get(f"/products/?view=all&q={asked}")
        assert [row.product.code for row in page.context["rows"]] == ["THZ-300"], asked
    for asked in ("thuizorg+sap", "thuizorg&kind=service", "xyzzy"):
        page = client.get(f"/products/?view=all&q={asked}")
        assert (page.context["rows"], page.context["query"].alike) == ([], False), asked
    # What holds the text goes first, also at an address that says otherwise.
    product_factory(code="X", name="Thuizorg met een tikfout")
    page = client.get("/products/?view=all&q=thuizorg&alike=1")
    assert [row.product.code for row in page.context["rows"]] == ["X"]
    assert said not in page.content.decode()


def test_what_is_alike_costs_one_query_more_and_only_where_nothing_is_found(client):
    client.force_login(user_factory())
    figures_factory(product_factory(code="A", name="Thuiszorg"), 1)
    counts = {}
    for text in ("thuiszorg", "thuizorg", "xyzzy"):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/products/?view=all&q={text}")
        counts[text] = sum("%> " in query["sql"] for query in queries), len(queries)
    assert counts["thuiszorg"][0] == 0
    assert counts["thuizorg"][1] <= counts["thuiszorg"][1] + 1
    assert counts["xyzzy"][0] == 1


def test_what_is_alike_is_looked_up_in_the_index():
    line = line_factory()
    Product.objects.bulk_create(Product(code=f"C-{n}", name=f"Brood {n}", line=line) for n in range(2000))
    product_factory(name="Thuiszorg", line=line)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE products_product")
    rows = alike(Product.objects.order_by(), "thuizorg")
    assert rows.count() == 1
    assert "product_search_trigram" in rows.explain()


@pytest.mark.parametrize("text", ["%", "_", "\\", "' or 1=1", "🙂", "a" * 300])
def test_search_takes_wildcards_literally(text):
    product_factory(code="A", name="Plain")
    assert (
        found(user_factory(), QueryDict("", mutable=True).urlencode() + "q=" + text.replace("%", "%25")) == []
    )


def test_filters_of_one_kind_widen_and_of_different_kinds_narrow():
    user = user_factory()
    food = line_factory(code="food")
    oat = line_factory(code="oat", parent=food)
    a = product_factory(code="A", line=oat)
    b = product_factory(code="B", line=food, kind="service")
    c = product_factory(code="C")
    for product, stage in ((a, "growth"), (b, "decline"), (c, "growth")):
        figures_factory(product, 1, stage=stage)
    product_factory(code="D", line=oat)
    assert sorted(found(user, "line=food")) == ["A", "B", "D"]
    assert sorted(found(user, "line=oat&line=nothing")) == ["A", "D"]
    assert sorted(found(user, "stage=growth&stage=decline")) == ["A", "B", "C"]
    assert found(user, "stage=growth&line=food") == ["A"]
    assert sorted(found(user, "stage=none")) == ["D"]
    assert found(user, "kind=service") == ["B"]
    assert len(found(user, "kind=nonsense&stage=x")) == 4, "what is unknown filters nothing"


def test_mine_is_what_one_owns_directly_or_through_the_line():
    user = user_factory()
    line = line_factory(owner=user)
    product_factory(code="INHERITED", line=line_factory(parent=line))
    product_factory(code="OWN", owner=user)
    product_factory(code="OTHERS", line=line, owner=user_factory())
    product_factory(code="NOBODYS")
    assert sorted(found(user, "owner=me")) == ["INHERITED", "OWN"]
    assert found(user, "owner=none") == ["NOBODYS"]


def test_status_filters_agree_with_the_status_of_each_product():
    user, day = user_factory(), today()
    ago, ahead = day - datetime.timedelta(400), day + datetime.timedelta(30)
    for number, (launched, ended) in enumerate(
        [(None, None), (ago, None), (ahead, None), (ago, ahead), (ago, ago), (ago, day), (ahead, ahead)]
    ):
        product_factory(code=f"P{number}", launched=launched, ended=ended)
    for status in Product.Status.values:
        expected = sorted(p.code for p in Product.objects.all() if p.status_on(day) == status)
        assert sorted(found(user, f"status={status}")) == expected, status
    assert "P4" not in found(user, "status=current")
    assert len(found(user, "status=current")) == 6


def test_family_filter_looks_at_today():
    user, day = user_factory(), today()
    stays, left = product_factory(code="STAYS"), product_factory(code="LEFT")
    family = family_factory(code="fam", line=stays.line)
    for product in (stays, left):
        family_member_set(user=user, product=product, family=family, start_date=day - datetime.timedelta(90))
    family_member_set(user=user, product=left, family=None, start_date=day - datetime.timedelta(9))
    assert found(user, "family=FAM") == ["STAYS"]


def test_channel_filter_includes_channels_below_and_hides_foreign_ones():
    top = channel_factory(code="retail")
    shop, other = channel_factory(code="shop", parent=top), channel_factory(code="web")
    product = product_factory(code="A")
    row = figures_factory(product, 5)
    SalesMonth.objects.create(
        product=product, measure=row.measure, channel=shop, month=MONTH, volume=1, revenue=5, days=31
    )
    assert found(user_factory(), "channel=retail") == ["A"]
    assert found(user_factory(), "channel=web") == []
    assert found(user_factory(channels=[other]), "channel=retail") == []


def test_sort_puts_what_is_missing_last_both_ways():
    user = user_factory()
    for code, revenue in (("LOW", 10), ("HIGH", 90), ("NONE", None)):
        figures_factory(product_factory(code=code, name=code), revenue)
    assert found(user, "") == ["HIGH", "LOW", "NONE"]
    assert found(user, "sort=revenue_12m") == ["LOW", "HIGH", "NONE"]
    assert found(user, "sort=name") == ["HIGH", "LOW", "NONE"]
    assert found(user, "sort=-name") == ["NONE", "LOW", "HIGH"]
    assert found(user, "sort=password") == ["HIGH", "LOW", "NONE"]


def test_totals_equal_the_rows_of_all_pages():
    user, line = user_factory(), line_factory()
    for number in range(60):
        product = product_factory(line=line)
        figures_factory(product, Decimal(number), number * 2 or None, forecast_12m_amount=number * 1.5)
    sums = totals(user)
    assert (sums.count, sums.values["revenue_12m"]) == (60, Decimal(sum(range(60))))
    assert sums.values["forecast_12m"] == pytest.approx(1.5 * sum(range(60)))
    assert sums.values["growth"] == pytest.approx(-0.5)


def test_volumes_add_only_in_the_lines_reporting_unit():
    user = user_factory()
    food = line_factory(code="food", reporting_unit="litre", unit="pack")
    one, two = product_factory(line=food), product_factory(line=food, unit="Litre")
    figures_factory(one, 1, volume_12m=Decimal(10), forecast_12m=20.0)
    figures_factory(two, 1, volume_12m=Decimal(5), forecast_12m=6.0)
    shown = "cols=volume_12m"
    assert "volume_12m" not in totals(user, shown).values, "a pack is not said in litres yet"
    UnitFactor.objects.create(product=one, unit="litre", factor=Decimal("1.5"))
    sums = totals(user, shown)
    assert (sums.values["volume_12m"], sums.volume_unit) == (Decimal(20), "litre")
    assert sums.values["forecast_volume"] == pytest.approx(36)
    power = line_factory(code="power", reporting_unit="MWh", unit="MWh")
    three = product_factory(line=power)
    figures_factory(three, 1, volume_12m=Decimal(1))
    for product, unit in ((one, "MWh"), (two, "MWh"), (three, "litre")):
        UnitFactor.objects.create(product=product, unit=unit, factor=Decimal(1))
    assert "volume_12m" not in totals(user, shown).values, "another line, another unit"
    assert totals(user, f"{shown}&line=power").values["volume_12m"] == Decimal(1)


def test_unlike_measures_are_never_added():
    user, food = user_factory(), line_factory(reporting_unit="unit", unit="unit")
    figures_factory(product_factory(line=food), 1, volume_12m=1)
    level = Measure.objects.create(
        code="inforce", name_en="a", name_nl="a", unit_en="b", unit_nl="b", kind="level"
    )
    figures_factory(product_factory(line=food), 1, volume_12m=1, measure=level)
    assert "volume_12m" not in totals(user, "cols=volume_12m").values


def test_a_person_limited_to_channels_sees_the_figures_of_those():
    mine, other = channel_factory(), channel_factory()
    user = user_factory(channels=[mine])
    product = product_factory(code="A")
    row = figures_factory(
        product,
        Decimal(999),
        500,
        volume_12m=999,
        forecast_12m=9,
        forecast_12m_amount=777,
        spark_volumes=[999.0],
    )
    for back in range(24):
        for channel, revenue in ((mine, 10 if back < 12 else 5), (other, 100)):
            SalesMonth.objects.create(
                product=product,
                measure=row.measure,
                channel=channel,
                month=month_add(MONTH, -back),
                volume=1,
                revenue=revenue,
                days=30,
            )
    sums = totals(user)
    assert sums.values["revenue_12m"] == Decimal(120)
    assert "forecast_12m" not in sums.values


@pytest.mark.parametrize("kind", ["flow", "level"])
def test_a_person_limited_to_channels_sees_growth_of_what_brings_in_no_money(kind):
    """Volumes, or of a level its state: 30 against 20, ten more a year."""
    mine = channel_factory()
    product = product_factory()
    row = figures_factory(product, volume_12m=999, measure=measure_factory(kind=kind))
    for back in range(24):
        SalesMonth.objects.create(
            product=product,
            measure=row.measure,
            channel=mine,
            month=month_add(MONTH, -back),
            volume=30 if back < 12 else 20,
            days=30,
        )
    found = limited_figures([product], [mine.pk])[product.pk]
    assert (found.growth, found.volume_12m) == (pytest.approx(0.5), 360 if kind == "flow" else 30)


def test_a_limited_persons_page_shows_nothing_of_other_channels(client):
    mine, other = channel_factory(), channel_factory()
    user = user_factory(channels=[mine])
    product = product_factory(code="A", name="Apple")
    row = figures_factory(product, Decimal(999_000), 444_000, forecast_12m=9.0, forecast_12m_amount=777_000.0)
    for channel, revenue in ((mine, 12_000), (other, 987_000)):
        SalesMonth.objects.create(
            product=product,
            measure=row.measure,
            channel=channel,
            month=MONTH,
            volume=1,
            revenue=revenue,
            days=31,
        )
    client.force_login(user)
    page = client.get("/products/?view=all").content.decode()
    assert ">12<" in page
    assert not {"999", "777", "987"} & set(re.findall(r"\d{3}", re.sub(r"<svg.*?</svg>", "", page)))
    listed = client.get("/products/export/csv/?view=all")
    exported = b"".join(listed.streaming_content).decode()
    assert "12000" in exported
    assert "999000" not in exported
    assert "777000" not in exported
    assert found(user, "sort=-revenue_12m") == ["A"]


@pytest.mark.parametrize("why", ["limited", "no right"])
def test_who_may_see_no_forecasts_is_told_no_stage_either(client, why):
    """Both are made over all channels: nowhere shown, filtered by or sorted on."""
    mine, rights = (
        channel_factory(),
        ["products.view", "exchange.export", "collaboration.view", "accounts.api"],
    )
    limited = user_factory(channels=[mine]) if why == "limited" else user_factory(rights=rights)
    other = user_factory()
    ahead = {"forecast_12m": 4321, "forecast_12m_amount": 98765, "forecast_as_of": MONTH}
    for code, stage in (("A", "revival"), ("B", "decline")):
        product = product_factory(code=code, name=code)
        row = figures_factory(product, 5, stage=stage, stage_since=MONTH, **ahead)
        SalesMonth.objects.create(
            product=product, measure=row.measure, channel=mine, month=MONTH, volume=1, revenue=5, days=31
        )
        for person in (limited, other):
            Follow.objects.create(user=person, product=product)
    assert found(limited, "stage=revival") == []
    assert found(limited, "stage=none") == ["A", "B"]
    assert found(limited, "sort=stage") == ["A", "B"]
    assert (found(other, "stage=revival"), found(other, "sort=stage")) == (["A"], ["B", "A"])
    addresses = ("/products/?view=all", "/products/A/", "/products/export/csv/?view=all&cols=stage")
    for person, is_told in ((limited, False), (other, True)):
        client.force_login(person)
        for address in addresses:
            page = b"".join(client.get(address)).decode()
            assert ("s-revival" in page or ",revival," in page) == is_told, address
        file = b"".join(client.get("/products/export/csv/?view=all&cols=name,forecast_12m,forecast_volume"))
        assert (b"98765" in file, b"4321" in file) == (is_told, is_told)
        assert ("filters/stage/" in client.get(addresses[0]).content.decode()) == is_told
        listed = client.get("/api/v1/products/?stage=revival").json()["results"]
        assert [row["code"] for row in listed] == (["A"] if is_told else [])


def test_a_limited_person_sees_own_lines_only():
    mine = line_factory(code="mine")
    product_factory(code="IN", line=line_factory(parent=mine))
    product_factory(code="OUT", name="Outsider")
    user = user_factory(lines=[mine])
    assert found(user, "") == ["IN"]
    assert totals(user).count == 1
    assert products_search(user, "outsider", 5) == []


def test_the_file_is_exactly_the_list(client):
    user = user_factory()
    for number in range(55):
        product = product_factory(code=f"P{number:02}", name=f"Name {number}")
        figures_factory(product, Decimal(number) + Decimal("0.25"), stage="growth")
    product_factory(code="SKIP", name="Zzz", kind="service")
    client.force_login(user)
    address = "view=all&kind=good&sort=revenue_12m&cols=revenue_12m,stage"
    answer = client.get(f"/products/export/csv/?{address}")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    asked = query_read(user, QueryDict(address))
    listed = [p.code for p in list_queryset(user, asked, LineTree())]
    assert [row[0] for row in rows[1:]] == listed
    assert len(listed) == 55
    assert rows[0] == [
        "Code",
        "Name",
        "Line",
        "Revenue 12 months (EUR)",
        "Stage",
        "Stage since",
        "Data up to",
    ]
    assert rows[1][3:] == ["0.25", "growth", "", f"{MONTH:%Y-%m}"]
    total = totals(user, address).values["revenue_12m"]
    assert sum(Decimal(row[3]) for row in rows[1:]) == total
    assert client.get(f"/products/export/pdf/?{address}").status_code == 404


def test_an_export_needs_its_right(client):
    client.force_login(user_factory(rights=["products.view"]))
    assert client.get("/products/?view=all").status_code == 200
    assert client.get("/products/export/csv/?view=all").status_code == 403


def test_queries_do_not_grow_with_the_rows(client):
    user, owner = user_factory(), user_factory()
    client.force_login(user)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            cols = "stage,trend,revenue_12m,volume_12m,line,owner,supplier,segment,status"
            assert client.get(f"/products/?view=all&size=200&cols={cols}").status_code == 200
        return len(queries)

    line = line_factory(owner=owner)
    for _ in range(10):
        figures_factory(product_factory(line=line), 5)
    cost()  # what is read once a process
    few = cost()
    for _ in range(90):
        figures_factory(product_factory(line=line), 5)
    assert cost() == few


@pytest.fixture
def signals():
    """A column as another room adds it."""
    entry = ListColumn(
        key="test_signals",
        label="Signals",
        annotation=lambda user: Length("code") + 2,
        permission="collaboration.view",
        filter_label="Has signals",
        as_signal=True,
        url=lambda product: f"/x/{product.code}/",
    )
    list_columns.register(entry)
    yield entry
    list_columns._entries.pop(entry.key)


def test_another_rooms_column_is_shown_sorted_filtered_and_added(client, signals):
    user = user_factory()
    product_factory(code="A")
    product_factory(code="B")
    client.force_login(user)
    page = client.get("/products/?view=all&sort=-test_signals&test_signals=yes").content.decode()
    assert page.count('class="sig"') == 2
    assert 'href="/x/A/"' in page
    assert totals(user).values["test_signals"] == 6
    blind = user_factory(rights=["products.view"])
    assert "test_signals" not in [column.key for column in query_read(blind, QueryDict("")).columns]


def test_the_bare_address_shows_ones_own_products_or_all(client):
    user = user_factory()
    product_factory(code="A", name="Somebody elses")
    client.force_login(user)
    assert "Somebody elses" in client.get("/products/").content.decode()
    product_factory(code="B", name="My own", owner=user)
    page = client.get("/products/").content.decode()
    assert "My own" in page
    assert "Somebody elses" not in page


def test_htmx_gets_the_part_and_everybody_else_the_page(client):
    client.force_login(user_factory())
    product_factory(name="Apple")
    part = client.get("/products/?view=all", headers={"HX-Request": "true"}).content.decode()
    whole = client.get("/products/?view=all").content.decode()
    assert "<html" not in part
    assert "<html" in whole
    assert "Apple" in part


def test_views_are_kept_shared_renamed_and_deleted_by_their_owner(client):
    user, colleague = user_factory(), user_factory()
    client.force_login(user)
    product_factory(code="S", kind="service")
    client.post(
        "/products/views/", {"name": "Services", "query": "kind=service&sort=name&hack=1", "shared": "on"}
    )
    view = SavedView.objects.get()
    assert (view.query, view.shared, view.user) == ("kind=service&sort=name", True, user)
    client.force_login(colleague)
    assert "Services" in client.get("/products/?view=all").content.decode()
    assert client.post(f"/products/views/{view.pk}/", {"action": "delete"}).status_code == 404
    client.force_login(user)
    client.post(f"/products/views/{view.pk}/", {"action": "rename", "name": "Contracts"})
    view.refresh_from_db()
    assert (view.name, view.shared) == ("Contracts", False)
    client.post(f"/products/views/{view.pk}/", {"action": "delete"})
    assert not SavedView.objects.exists()


def test_a_name_that_is_taken_is_told_on_the_list_as_it_stood(client):
    client.force_login(user_factory())
    for name in ("Mine", "Other"):
        client.post("/products/views/", {"name": name, "query": "kind=service"})
    other = SavedView.objects.get(name="Other")
    asked = {"name": "mine", "query": "kind=good"}
    for address in ("/products/views/", f"/products/views/{other.pk}/"):
        answer = client.post(address, {"action": "rename", **asked}, follow=True)
        assert answer.redirect_chain == [("/products/?kind=good", 302)]
        assert "You have a view of that name already." in answer.content.decode()
    assert SavedView.objects.count() == 2
    other.refresh_from_db()
    assert other.name == "Other"


def test_sharing_a_view_needs_its_right(client):
    client.force_login(user_factory("viewer"))
    answer = client.post("/products/views/", {"name": "Mine", "query": "", "shared": "on"})
    assert answer.status_code == 403
    assert not SavedView.objects.exists()
