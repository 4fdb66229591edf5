"""A product that somebody saves while a file about it is being written, or taken back: both stand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from products.models import Product
from products.services.product import product_update
from products.sheets.products import ProductsSheet
from tests.factories import product_factory, user_factory

from .sheet_help import run, undo

pytestmark = pytest.mark.django_db(transaction=True)
SHEET = ProductsSheet()


def waited_for() -> bool:
    """Whether another transaction waits for this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.rowcount > 0


def while_saving(product: Product, act: Callable[[], Any], **values: Any) -> None:
    """Save the values; before the save is through, ``act`` has come as far as it gets."""
    user = user_factory()

    def run_act() -> None:
        try:
            act()
        finally:
            connection.close()

    other = threading.Thread(target=run_act)
    with transaction.atomic():
        product_update(user=user, product=product, version=None, **values)
        other.start()
        until = time.monotonic() + 20
        while not waited_for() and time.monotonic() < until:
            assert other.is_alive()
    other.join(20)
    assert not other.is_alive()


def test_a_file_and_a_person_both_have_their_word() -> None:
    product = product_factory(code="A", name="Apple", description="")
    product_factory(code="B", name="Beet")
    rows = [{"product": "A", "description": "Theirs"}, {"product": "B", "name": "Beetroot"}]
    done = []
    while_saving(product, lambda: done.append(run(SHEET, rows)), name="Mine")
    product.refresh_from_db()
    assert (product.name, product.description, product.version) == ("Mine", "Theirs", 3)

    while_saving(product, lambda: undo(SHEET, done[0].import_id), description="Mine too")
    product.refresh_from_db()
    assert (product.name, product.description) == ("Mine", "Mine too")
