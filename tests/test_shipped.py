from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import Role
from core.models import Organisation
from products.models import Product
from tests.factories import product_factory
from tests.shipped import shipped_put_back


def rows() -> dict[str, list[object]]:
    return {
        "roles": list(Role.objects.order_by("pk").values()),
        "organisation": list(Organisation.objects.values()),
        "products": list(Product.objects.values_list("code")),
        "history": history("accounts_roleevent") + history("core_organisationevent"),
    }


def history(table: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY pgh_id")
        return list(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_what_a_test_commits_is_taken_back_whole() -> None:
    before = rows()
    assert len(before["roles"]) == 8
    Role.objects.filter(code="viewer").delete()
    Role.objects.update(name_en="Changed")
    Organisation.objects.update(name="Changed")
    product_factory()
    assert rows() != before
    shipped_put_back()
    assert rows() == before
