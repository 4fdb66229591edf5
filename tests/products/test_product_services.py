"""Writing products: rules, the lock against lost updates, bulk changes and relations."""

from __future__ import annotations

import contextlib
import datetime
import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import DomainError, VersionConflict
from core import formats
from products.models import BulkChange, BundlePart, FamilyMember, LineMeasure, Measure, Product
from products.services.bulk import products_bulk_preview, products_bulk_undo, products_bulk_update
from products.services.codes import product_code_add, unit_factor_set
from products.services.product import product_create, product_end, product_reopen, product_update
from products.services.relations import bundle_part_set, family_member_set, succession_set
from tests.factories import (
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    product_month_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 3, 1)


def writes(queries):
    return [q["sql"] for q in queries if q["sql"].split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE")]


def history(product):
    return Product.pgh_event_model.objects.filter(pgh_obj_id=product.pk).count()


def test_a_code_is_unique_in_whatever_case_and_no_page_name():
    line = line_factory()
    product_create(user=user_factory(), code=" Hvm-210 ", name="Havermelk", line=line)
    with pytest.raises(DomainError) as refused:
        product_create(user=user_factory(), code="HVM-210", name="Another", line=line)
    assert (refused.value.code, refused.value.field) == ("code_taken", "code")
    with pytest.raises(DomainError) as refused:
        product_create(user=user_factory(), code="Lines", name="Lines", line=line)
    assert refused.value.code == "code_reserved"
    assert list(Product.objects.values_list("code", flat=True)) == ["Hvm-210"]


def test_the_loser_of_a_race_sees_both_values_and_writes_nothing():
    product = product_factory(name="Old")
    user = user_factory()
    product_update(user=user, product=product, version=1, name="First")
    with pytest.raises(VersionConflict) as lost:
        product_update(user=user, product=product, version=1, name="Second", description="Mine")
    assert lost.value.details["fields"]["name"] == {"yours": "Second", "theirs": "First"}
    stored = Product.objects.get(pk=product.pk)
    assert (stored.name, stored.description, stored.version) == ("First", "", 2)


def test_saving_what_is_there_already_writes_nothing_whatever_the_version():
    product = product_factory(name="Same")
    before = history(product)
    with CaptureQueriesContext(connection) as queries:
        product_update(user=user_factory(), product=product, version=99, name="Same")
    assert history(product) == before
    assert Product.objects.get(pk=product.pk).version == 1
    assert not [sql for sql in writes(queries) if "products_" in sql]


def test_what_is_read_already_is_not_asked_for_again():
    line, user = line_factory(), user_factory()
    with CaptureQueriesContext(connection) as queries:
        product_create(user=user, code="NEW-1", name="New", line=line)
    assert not [q["sql"] for q in queries if 'FROM "products_productline"' in q["sql"]]
    with pytest.raises(DomainError) as refused:
        product_create(user=user, code="NEW-2", name="New", line_id=0)
    assert refused.value.field == "line"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins_and_one_sees_it():
    product, user = product_factory(name="Old"), user_factory()
    outcomes, gate = [], threading.Barrier(2)

    def save(name):
        gate.wait()
        try:
            product_update(user=user, product=product, version=1, name=name)
            outcomes.append("saved")
        except VersionConflict:
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost", "saved"]
    assert Product.objects.get(pk=product.pk).version == 2


def test_a_limited_person_writes_nowhere_else():
    mine, other = line_factory(), line_factory()
    user = user_factory(lines=[mine])
    own, foreign = product_factory(line=mine), product_factory(line=other, name="Foreign")
    with pytest.raises(Http404):
        product_update(user=user, product=foreign, version=None, name="Taken over")
    with pytest.raises(Http404):
        product_update(user=user, product=own, version=None, line=other)
    with pytest.raises(Http404):
        product_create(user=user, code="NEW", name="New", line=other)
    foreign.refresh_from_db()
    own.refresh_from_db()
    assert (foreign.name, own.line, Product.objects.count()) == ("Foreign", mine, 2)


def test_status_follows_from_the_dates():
    user, product = user_factory(), product_factory(launched=datetime.date(2026, 1, 1))
    assert product.status_on(datetime.date(2025, 12, 31)) == "planned"
    ended = product_end(user=user, product=product, version=1, ended=DAY)
    assert [ended.status_on(DAY), ended.status_on(DAY + datetime.timedelta(1))] == ["ending", "ended"]
    assert product_reopen(user=user, product=ended, version=2).status_on(DAY) == "active"
    with pytest.raises(DomainError) as refused:
        product_end(user=user, product=product, version=None, ended=datetime.date(2025, 1, 1))
    assert refused.value.field == "ended"


def test_a_code_in_a_source_means_one_product():
    user, first, second = user_factory(), product_factory(), product_factory()
    row = product_code_add(user=user, product=first, source="GTIN", code="8712345")
    assert product_code_add(user=user, product=first, source="gtin", code="8712345") == row
    with pytest.raises(DomainError) as refused:
        product_code_add(user=user, product=second, source="GTIN", code="8712345")
    assert first.name in str(refused.value)


def test_a_unit_factor_is_above_zero_and_replaced():
    user, product = user_factory(), product_factory()
    unit_factor_set(user=user, product=product, unit="litre", factor=Decimal(1))
    unit_factor_set(user=user, product=product, unit="Litre", factor=Decimal("1.5"))
    assert [(row.unit, row.factor) for row in product.unit_factors.all()] == [("litre", Decimal("1.5"))]
    with pytest.raises(DomainError):
        unit_factor_set(user=user, product=product, unit="kg", factor=Decimal(0))


def test_of_its_own_unit_a_product_is_one():
    user, product = user_factory(), product_factory(line=line_factory(unit="pack"))
    with pytest.raises(DomainError) as refused:
        unit_factor_set(user=user, product=product, unit="Pack", factor=Decimal(2))
    assert (refused.value.code, refused.value.field) == ("own_unit", "unit")
    assert unit_factor_set(user=user, product=product, unit="pack", factor=Decimal(1)).pk


def test_family_rows_are_dated_and_ending_is_a_row():
    user, product = user_factory(), product_factory()
    family = family_factory(line=product.line)
    family_member_set(user=user, product=product, family=family, start_date=DAY)
    family_member_set(user=user, product=product, family=family, start_date=DAY + datetime.timedelta(30))
    assert FamilyMember.objects.count() == 1
    family_member_set(user=user, product=product, family=None, start_date=DAY + datetime.timedelta(60))
    assert list(FamilyMember.objects.order_by("start_date").values_list("family", flat=True)) == [
        family.pk,
        None,
    ]


def test_bundle_shares_never_exceed_the_whole_and_no_bundle_holds_itself():
    user = user_factory()
    box, tea, mug, shelf = (product_factory() for _ in range(4))
    share = {"user": user, "start_date": DAY, "quantity": Decimal(2)}
    bundle_part_set(bundle=box, part=tea, revenue_share=Decimal("0.6"), **share)
    with pytest.raises(DomainError) as refused:
        bundle_part_set(bundle=box, part=mug, revenue_share=Decimal("0.5"), **share)
    assert refused.value.code == "share_sum"
    bundle_part_set(bundle=shelf, part=box, revenue_share=Decimal(1), **share)
    with pytest.raises(DomainError) as refused:
        bundle_part_set(bundle=tea, part=shelf, revenue_share=Decimal(1), **share)
    assert refused.value.code == "bundle_cycle"
    later = DAY + datetime.timedelta(31)
    bundle_part_set(
        user=user, bundle=box, part=tea, start_date=later, quantity=Decimal(0), revenue_share=Decimal("0.6")
    )
    rows = (
        BundlePart.objects.filter(bundle=box).order_by("start_date").values_list("quantity", "revenue_share")
    )
    assert list(rows) == [(Decimal(2), Decimal("0.6")), (Decimal(0), Decimal(0))]


def test_bundle_shares_hold_at_later_dates_too_when_something_is_said_about_the_past():
    user = user_factory()
    box, tea, mug = (product_factory() for _ in range(3))
    seven = {"user": user, "bundle": box, "quantity": Decimal(1), "revenue_share": Decimal("0.7")}
    july = datetime.date(2026, 7, 1)
    bundle_part_set(part=tea, start_date=july, **seven)
    with pytest.raises(DomainError, match=formats.day(july)) as refused:
        bundle_part_set(part=mug, start_date=datetime.date(2026, 1, 1), **seven)
    assert refused.value.code == "share_sum"
    # Where the mug has a next row before July, its share of January has ended by then.
    BundlePart.objects.create(
        bundle=box, part=mug, start_date=datetime.date(2026, 6, 1), quantity=0, revenue_share=0
    )
    bundle_part_set(part=mug, start_date=datetime.date(2026, 1, 1), **seven)
    assert BundlePart.objects.filter(part=mug).count() == 2


@given(
    said=st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 5), st.sampled_from(["0", "0.3", "0.4", "0.7", "1"])),
        min_size=2,
        max_size=7,
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bundle_shares_never_exceed_the_whole_on_any_day_in_whatever_order_they_are_said(said):
    BundlePart.objects.all().delete()
    user, box, *parts = user_factory(), *(product_factory() for _ in range(4))
    for number, month, share in said:
        with contextlib.suppress(DomainError):
            bundle_part_set(
                user=user,
                bundle=box,
                part=parts[number],
                start_date=datetime.date(2026, month, 1),
                quantity=Decimal(1),
                revenue_share=Decimal(share),
            )
    for month in range(1, 6):
        rows = BundlePart.objects.filter(bundle=box, start_date__lte=datetime.date(2026, month, 1))
        holds = dict(rows.order_by("start_date").values_list("part", "revenue_share"))
        assert sum(holds.values()) <= 1


def test_nothing_succeeds_itself_not_by_a_detour():
    user = user_factory()
    first, second, third = (product_factory() for _ in range(3))
    succession_set(user=user, predecessor=first, successor=second, start_date=DAY)
    succession_set(user=user, predecessor=second, successor=third, start_date=DAY)
    with pytest.raises(DomainError) as refused:
        succession_set(user=user, predecessor=third, successor=first, start_date=DAY)
    assert refused.value.code == "succession_cycle"


def bulk(user, products, field, value, start_date=DAY):
    return {
        "user": user,
        "product_ids": [product.pk for product in products],
        "field": field,
        "value": value,
        "start_date": start_date,
    }


def test_a_bulk_change_is_shown_applied_once_and_taken_back():
    user, owner, line = user_factory(), user_factory(), line_factory()
    products = [product_factory(line=line, owner=owner if n == 0 else None) for n in range(3)]
    asked = bulk(user, products, "owner", owner)
    preview = products_bulk_preview(**asked)
    assert [row.changes for row in preview.rows] == [False, True, True]
    assert Product.objects.filter(owner=owner).count() == 1, "a preview writes nothing"

    change = products_bulk_update(**asked, fingerprint=preview.fingerprint, key="once")
    assert Product.objects.filter(owner=owner).count() == 3
    assert products_bulk_update(**asked, fingerprint=preview.fingerprint, key="once") == change
    assert [p.version for p in Product.objects.order_by("pk")] == [1, 2, 2]

    product_update(user=user, product=products[1], version=None, owner=user)
    assert products_bulk_undo(user=user, change_id=change.pk) == (1, 1)
    assert list(Product.objects.order_by("pk").values_list("owner", flat=True)) == [owner.pk, user.pk, None]
    assert products_bulk_undo(user=user, change_id=change.pk) == (0, 0)
    with pytest.raises(Http404):
        products_bulk_undo(user=owner, change_id=change.pk)


def test_taking_back_leaves_what_an_update_would_refuse():
    """Figures came in a measure that the line before does not count, or the line is gone; and an end before
    the launch that was set since."""
    user, to, gone = user_factory(), line_factory(), line_factory()
    first, second, third = (product_factory(line=line) for line in (line_factory(), line_factory(), gone))
    calls = measure_factory(code="calls")
    for measure in (Measure.objects.get(code="units"), calls):
        LineMeasure.objects.create(line=to, measure=measure, leads=measure != calls)
    asked = bulk(user, [first, second, third], "line", to)
    preview = products_bulk_preview(**asked)
    change = products_bulk_update(**asked, fingerprint=preview.fingerprint, key="line")
    product_month_factory(product=first, measure=calls)
    gone.delete()
    with CaptureQueriesContext(connection) as queries:
        assert products_bulk_undo(user=user, change_id=change.pk) == (1, 2)
    assert sum('SELECT DISTINCT "products_productmonth"' in query["sql"] for query in queries) == 1
    lines = dict(Product.objects.values_list("pk", "line"))
    assert lines == {first.pk: to.pk, second.pk: second.line_id, third.pk: to.pk}

    ended = product_factory(ended=datetime.date(2025, 1, 31))
    asked = bulk(user, [ended], "ended", None)
    preview = products_bulk_preview(**asked)
    change = products_bulk_update(**asked, fingerprint=preview.fingerprint, key="ended")
    Product.objects.filter(pk=ended.pk).update(launched=datetime.date(2025, 6, 1))
    assert products_bulk_undo(user=user, change_id=change.pk) == (0, 1)
    Product.objects.filter(pk=ended.pk).update(launched=None)
    BulkChange.objects.update(undone_at=None)
    assert products_bulk_undo(user=user, change_id=change.pk) == (1, 0)
    assert Product.objects.get(pk=ended.pk).ended == datetime.date(2025, 1, 31)


def test_a_bulk_change_of_what_moved_since_the_preview_writes_nothing():
    user, product = user_factory(), product_factory()
    asked = bulk(user, [product], "temporary", True)
    preview = products_bulk_preview(**asked)
    product_update(user=user, product=product, version=None, name="Moved")
    with pytest.raises(DomainError) as refused:
        products_bulk_update(**asked, fingerprint=preview.fingerprint, key="k")
    assert (refused.value.status, Product.objects.get().temporary) == (409, False)


def test_bulk_says_which_products_cannot_and_leaves_foreign_ones_out():
    mine = line_factory()
    user = user_factory(lines=[mine])
    late = product_factory(line=mine, launched=DAY + datetime.timedelta(9))
    fine, foreign = product_factory(line=mine), product_factory()
    asked = bulk(user, [late, fine, foreign], "ended", DAY)
    preview = products_bulk_preview(**asked)
    assert [(row.product, bool(row.refused)) for row in preview.rows] == [(late, True), (fine, False)]
    products_bulk_update(**asked, fingerprint=preview.fingerprint, key="k")
    assert list(Product.objects.order_by("pk").values_list("ended", flat=True)) == [None, DAY, None]
    with pytest.raises(Http404):
        products_bulk_preview(**bulk(user, [fine], "line", foreign.line))


def test_a_product_keeps_to_lines_that_count_what_it_has_figures_in():
    """Page, API and many at once; the line may learn to count it."""
    user, cartons, units = user_factory(), measure_factory(), Measure.objects.get(code="units")
    sold, unsold = product_factory(), product_factory()
    product_month_factory(product=sold)
    juice = line_factory(name="Juice", measures=[cartons])
    with translation.override("en"), pytest.raises(DomainError) as refused:
        product_update(user=user, product=sold, version=None, line=juice)
    assert (refused.value.code, refused.value.field) == ("measure_not_of_line", "line")
    assert "“Juice” does not count “Sales volume”" in str(refused.value)
    product_update(user=user, product=sold, version=None, line=sold.line, name="Stays")
    asked = bulk(user, [sold, unsold], "line", juice)
    preview = products_bulk_preview(**asked)
    assert [bool(row.refused) for row in preview.rows] == [True, False]
    products_bulk_update(**asked, fingerprint=preview.fingerprint, key="k")
    sold.refresh_from_db(), unsold.refresh_from_db()
    assert (sold.line == juice, unsold.line == juice) == (False, True)
    LineMeasure.objects.create(line=juice, measure=units, leads=False)
    assert product_update(user=user, product=sold, version=None, line=juice).line == juice
    LineMeasure.objects.filter(measure=units).delete()
    assert product_update(user=user, product=sold, version=None, line=juice, name="Sold").name == "Sold"


def test_figures_that_show_nowhere_bar_no_move():
    """A product that came into a line that does not count all of them can leave it."""
    user, cartons = user_factory(), measure_factory()
    juice = line_factory(measures=[cartons])
    product = product_factory(line=juice)
    product_month_factory(product=product)
    snacks = line_factory(measures=[cartons, measure_factory()])
    assert product_update(user=user, product=product, version=None, line=snacks).line == snacks
    asked = bulk(user, [product], "line", juice)
    assert [row.refused for row in products_bulk_preview(**asked).rows] == [""]
    product_month_factory(product=product, measure=cartons)
    with pytest.raises(DomainError) as refused:
        product_update(user=user, product=product, version=None, line=line_factory())
    assert str(cartons) in str(refused.value)


def test_bulk_family_is_a_dated_row_and_goes_back():
    user, product = user_factory(), product_factory()
    family = family_factory(line=product.line)
    asked = bulk(user, [product], "family", family)
    change = products_bulk_update(**asked, fingerprint=products_bulk_preview(**asked).fingerprint, key="k")
    assert FamilyMember.objects.get().family == family
    assert products_bulk_undo(user=user, change_id=change.pk) == (1, 0)
    assert FamilyMember.objects.get().family is None
