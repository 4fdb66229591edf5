"""Two at once about one product: both have their word, or the second is told of the first."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from accounts.errors import VersionConflict
from products.models import FamilyMember, Succession, UnitFactor
from products.services.codes import unit_factor_set
from products.services.product import product_update
from products.services.relations import family_member_set, succession_set
from products.sheets.products import ProductsSheet
from tests.factories import family_factory, product_factory, user_factory
from tests.races import second_answer

from .sheet_help import run, undo

pytestmark = pytest.mark.django_db(transaction=True)
SHEET = ProductsSheet()
DAY = datetime.date(2026, 3, 1)


def test_a_file_and_a_person_both_have_their_word() -> None:
    user, product = user_factory(), product_factory(code="A", name="Apple", description="")
    product_factory(code="B", name="Beet")
    rows = [{"product": "A", "description": "Theirs"}, {"product": "B", "name": "Beetroot"}]
    done = second_answer(
        lambda: product_update(user=user, product=product, version=1, name="Mine"), lambda: run(SHEET, rows)
    )
    product.refresh_from_db()
    assert (product.name, product.description, product.version) == ("Mine", "Theirs", 3)

    second_answer(
        lambda: product_update(user=user, product=product, version=3, description="Mine too"),
        lambda: undo(SHEET, done.import_id),
    )
    product.refresh_from_db()
    assert (product.name, product.description) == ("Mine", "Mine too")


def test_the_second_to_say_the_same_of_a_product_first_is_told() -> None:
    user, product, other = user_factory(), product_factory(), product_factory()
    families = family_factory(), family_factory()
    told = second_answer(
        *(
            lambda family=family: family_member_set(  # type: ignore[misc]
                user=user, product=product, family=family, start_date=DAY, version=0
            )
            for family in families
        )
    )
    assert isinstance(told, VersionConflict)
    assert FamilyMember.objects.get().family == families[0]

    told = second_answer(
        *(
            lambda factor=factor: unit_factor_set(  # type: ignore[misc]
                user=user, product=product, unit="litre", factor=Decimal(factor), version=0
            )
            for factor in (1, 2)
        )
    )
    assert isinstance(told, VersionConflict)
    assert UnitFactor.objects.get().factor == 1

    told = second_answer(
        *(
            lambda day=day: succession_set(  # type: ignore[misc]
                user=user,
                predecessor=product,
                successor=other,
                start_date=DAY + datetime.timedelta(day),
                version=0,
            )
            for day in (0, 1)
        )
    )
    assert isinstance(told, VersionConflict)
    assert Succession.objects.get().start_date == DAY
