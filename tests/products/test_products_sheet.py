"""The sheet of products."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone, translation

from collaboration.models import ActionItem, Alert
from collaboration.services.comments import comment_add
from exchange.models import Import
from products.models import (
    BundlePart,
    FamilyMember,
    Measure,
    Product,
    ProductCode,
    ProductLine,
    UnitFactor,
)
from products.sheets.products import ProductsSheet
from tests.factories import (
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    product_month_factory,
    user_factory,
)

from .sheet_help import run, undo

pytestmark = pytest.mark.django_db
SHEET = ProductsSheet()


def stand() -> list[Any]:
    return [
        sorted(
            Product.objects.values_list("code", "name", "kind", "line__code", "unit", "owner__email", "ended")
        ),
        sorted(ProductCode.objects.values_list("product__code", "source", "code")),
        sorted(ProductLine.objects.values_list("code", "name")),
    ]


def test_new_products_with_all_that_a_file_may_say() -> None:
    line_factory(code="juices", name="Juices")
    owner = user_factory()
    done = run(
        SHEET,
        [
            {
                "product": "A1",
                "name": "Apple",
                "product_line": "JUICES",
                "kind": "dienst",
                "unit": "cartons",
                "owner": owner.email.upper(),
                "launched": "2025-01-01",
                "gtin": "8712",
                "other_codes": "ledger=4000; shop = 77",
            },
            {"product": "A2", "product_line": "juices"},
        ],
    )
    assert (done.refused, done.counts.new) == ([], 2)
    apple = Product.objects.get(code="A1")
    assert (apple.name, apple.kind, apple.unit, apple.owner, apple.line.code) == (
        "Apple",
        "service",
        "cartons",
        owner,
        "juices",
    )
    assert apple.launched == datetime.date(2025, 1, 1)
    assert sorted(apple.codes.values_list("source", "code")) == [
        ("GTIN", "8712"),
        ("ledger", "4000"),
        ("shop", "77"),
    ]
    assert Product.objects.get(code="A2").name == "A2"


def test_empty_cells_say_nothing_and_the_same_file_changes_nothing() -> None:
    product = product_factory(code="A1", name="Apple", unit="cartons")
    done = run(SHEET, [{"product": "a1", "name": "Apple juice"}])
    product.refresh_from_db()
    assert (done.counts.changed, product.name, product.unit, product.version) == (
        1,
        "Apple juice",
        "cartons",
        2,
    )
    before = stand()
    assert run(SHEET, [{"product": "a1", "name": "Apple juice"}]).counts.unchanged == 1
    assert stand() == before
    product.refresh_from_db()
    assert product.version == 2


def test_the_preview_tells_all_that_would_change_in_the_words_of_the_file() -> None:
    juices, _waters = (line_factory(code=name.lower(), name=name) for name in ("Juices", "Waters"))
    owner, other = user_factory(name="Anna"), user_factory(name="Bo")
    product_factory(code="A1", name="Apple", line=juices, owner=owner)
    rows = [
        {"product": "A1", "product_line": "waters", "owner": other.email, "kind": "dienst", "gtin": "871"},
        {"product": "A2", "name": "Pear", "product_line": "juices", "other_codes": "Albert=1;Bol=2"},
    ]
    first, second = run(SHEET, rows, apply=False).sample
    told = {"product": "A1", "product_line": "Waters", "owner": "Bo", "kind": "service", "gtin": "871"}
    assert {name: first[name] for name in told} == told
    assert first["old"] == {"product_line": "Juices", "owner": "Anna", "kind": "good"}
    assert (second["product_line"], second["other_codes"]) == ("Juices", "Albert=1; Bol=2")
    assert "old" not in second
    kind = next(each for each in SHEET.fields if each.name == "kind")
    with translation.override("nl"):
        assert str((kind.words or {})[first["kind"]]) == "dienst"


def test_the_preview_says_what_texts_dates_and_words_were(client: Any) -> None:
    user = user_factory()
    client.force_login(user)
    old = {"name": "Pear", "launched": "2026-01-31", "kind": "good", "temporary": "False"}
    new = {"name": "Apple", "launched": "2026-02-28", "kind": "service", "temporary": "True", "unit": "pack"}
    changed = {"line": 2, "effect": "changed", "product": "A1", **new, "old": old}
    said = {"sheet": "products", "source": "page", "file_size": 1, "state": "ready", "created_by": user}
    counts = {"new": 0, "changed": 1, "unchanged": 0, "refused": 0}
    said["reading"] = {"lines": 1, "header_line": 1}
    row = Import.objects.create(**said, counts=counts, preview=[changed])
    page = " ".join(client.get(f"/data/{row.pk}/").content.decode().replace("\u00a0", " ").split())
    for words in ("Apple", "was Pear", "28 Feb 2026", "was 31 Jan 2026", "was good", "was no"):
        assert words in page
    assert "was </span>" not in page


def test_lines_are_made_when_asked() -> None:
    rows = [
        {"product": "A1", "product_line": "Fruit & veg"},
        {"product": "A2", "product_line": "fruit & veg"},
        {"product": "A3", "product_line": "Fruit veg"},
        {"product": "A4"},
    ]
    assert run(SHEET, rows).codes == ["line_unknown"] * 4
    assert Product.objects.count() == 0
    done = run(SHEET, rows, create_missing=True)
    assert done.counts.creates == {"lines": 3}
    assert Product.objects.get(code="A1").line == Product.objects.get(code="A2").line
    assert set(ProductLine.objects.values_list("code", flat=True)) == {"fruit-veg", "fruit-veg-2", "new"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "thing"}, "kind_unknown"),
        ({"owner": "nobody@example.com"}, "owner_unknown"),
        ({"launched": "2025-02-01", "ended": "2025-01-01"}, "ends_before_launch"),
        ({"product": "New"}, "product_code_reserved"),
        ({"product": "x" * 61}, "too_long"),
        ({"name": "x" * 161}, "too_long"),
        ({"gtin": "8712"}, "other_code_taken"),
    ],
)
def test_what_is_refused(values: dict[str, Any], code: str) -> None:
    ProductCode.objects.create(product=product_factory(), source="gtin", code="8712")
    line_factory(code="juices")
    before = stand()
    done = run(SHEET, [{"product": "A1", "product_line": "juices"} | values])
    assert done.codes == [code]
    assert stand() == before


def test_one_product_twice_is_refused() -> None:
    product = product_factory(code="A1")
    ProductCode.objects.create(product=product, source="GTIN", code="8712")
    assert run(SHEET, [{"product": "A1"}, {"product": "8712"}]).codes == ["duplicate_code"]


def test_products_and_lines_outside_ones_limits_do_not_exist() -> None:
    product, mine = product_factory(code="A1"), line_factory()
    user = user_factory(lines=[mine])
    rows = [
        {"product": "A1", "name": "Mine now"},
        {"product": "A2", "product_line": product.line.code},
        {"product": "A3", "product_line": mine.code},
        {"product": "A4", "product_line": "Brand new"},
    ]
    done = run(SHEET, rows, user=user, create_missing=True)
    assert [refused[3] for refused in done.refused] == ["product_unknown", "line_unknown", "line_unknown"]
    assert set(Product.objects.values_list("code", flat=True)) == {"A1", "A3"}


def test_undo_puts_back_and_takes_away() -> None:
    product_factory(code="A1", name="Apple", line=line_factory(code="juices"))
    before = stand()
    done = run(
        SHEET,
        [{"product": "A1", "name": "Pear", "gtin": "8"}, {"product": "A2", "product_line": "Wines"}],
        create_missing=True,
    )
    assert stand() != before
    counts = undo(SHEET, done.import_id)
    assert counts.changed == 1
    assert stand() == before


def _code(product: Product) -> None:
    ProductCode.objects.create(product=product, source="customer", code="123")


def _factor(product: Product) -> None:
    UnitFactor.objects.create(product=product, unit="litre", factor=2)


def _family(product: Product) -> None:
    family = family_factory(line=product.line)
    FamilyMember.objects.create(product=product, family=family, start_date=datetime.date(2026, 1, 1))


def _bundle(product: Product) -> None:
    part = product_factory(line=product.line)
    BundlePart.objects.create(
        bundle=product, part=part, start_date=datetime.date(2026, 1, 1), quantity=2, revenue_share=1
    )


def _comment(product: Product) -> None:
    comment_add(user=user_factory(), target=product, text="Keep this one.")


def _action(product: Product) -> None:
    user = user_factory()
    ActionItem.objects.create(title="Ask the price", owner=user, created_by=user, product=product)


def _action_as_target(product: Product) -> None:
    user = user_factory()
    ActionItem.objects.create(title="Ask the price", owner=user, created_by=user, target=product)


@pytest.mark.parametrize(
    "use",
    [_code, _factor, _family, _bundle, _comment, _action, _action_as_target],
    ids=lambda use: use.__name__,
)
def test_undo_keeps_a_product_that_somebody_added_something_to(use: Any) -> None:
    line_factory(code="juices")
    done = run(
        SHEET, [{"product": code, "product_line": "juices"} for code in ("A1", "A2")], create_missing=True
    )
    use(Product.objects.get(code="A1"))
    undo(SHEET, done.import_id)
    assert Product.objects.filter(code="A1").exists()
    assert not Product.objects.filter(code="A2").exists()


def test_undo_takes_away_a_product_that_only_pmtool_said_something_of() -> None:
    line_factory(code="juices")
    done = run(SHEET, [{"product": "A1", "product_line": "juices", "gtin": "8"}], create_missing=True)
    Alert.objects.create(
        product=Product.objects.get(code="A1"), kind="x", subject="s", fingerprint="f",
        raised_at=timezone.now(), raised_date=datetime.date(2026, 1, 1),
    )  # fmt: skip
    undo(SHEET, done.import_id)
    assert not Product.objects.exists()


def test_undo_leaves_what_somebody_wrote_since() -> None:
    product_factory(code="A1", name="Apple", unit="box")
    done = run(SHEET, [{"product": "A1", "name": "Pear", "unit": "carton"}])
    Product.objects.filter(code="A1").update(name="Peach")
    undo(SHEET, done.import_id)
    assert Product.objects.values_list("name", "unit").get() == ("Peach", "box")


def test_a_file_moves_no_product_to_a_line_that_does_not_count_its_figures() -> None:
    sold, unsold = product_factory(code="SOLD"), product_factory(code="UNSOLD")
    units = Measure.objects.get(code="units")
    product_month_factory(product=sold, measure=units)
    line_factory(code="juice", measures=[measure_factory()])
    line_factory(code="snacks", measures=[measure_factory(), units])
    done = run(SHEET, [{"product": code, "product_line": "juice"} for code in ("SOLD", "UNSOLD")])
    assert [row[1:4] for row in done.refused] == [("product_line", "juice", "line_lacks_measure")]
    sold.refresh_from_db(), unsold.refresh_from_db()
    assert (sold.line.code == "juice", unsold.line.code) == (False, "juice")
    assert run(SHEET, [{"product": "SOLD", "product_line": "snacks"}]).codes == []
    # A line that is only made counts units.
    assert run(SHEET, [{"product": "SOLD", "product_line": "Fresh"}], create_missing=True).codes == []


def test_new_products_without_a_line_go_where_it_is_said() -> None:
    line_factory(code="juice")
    run(
        SHEET,
        [{"product": "A1"}, {"product": "A2", "product_line": "Fresh"}],
        create_missing=True,
        created_in="juice",
    )
    assert dict(Product.objects.values_list("code", "line__code")) == {"A1": "juice", "A2": "fresh"}
