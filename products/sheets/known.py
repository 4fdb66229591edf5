"""What the codes in a small file mean: products, lines, channels and measures by text, in whatever case.

For sheets of at most some ten thousand rows, which are checked row by row; sales go the way of ``resolve``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models.functions import Upper

from products.models import Channel, Measure, Product, ProductCode, ProductLine
from products.selectors.access import visible_channel_ids, visible_line_ids


def staged(cursor: Any) -> list[dict[str, Any]]:
    """The rows of ``staging`` that are not refused, in the order of the file."""
    cursor.execute(
        "SELECT * FROM staging s WHERE NOT EXISTS (SELECT FROM refused r WHERE r.line = s.line) ORDER BY line"
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class Refusals:
    """What a check will not take; ``write`` puts it into ``refused``."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, str, str, str, str]] = []

    def add(self, row: Mapping[str, Any], field: str, code: str, **params: Any) -> None:
        value = row.get(field)
        shown = "" if value is None else str(value)
        self._rows.append((row["line"], field, shown, code, json.dumps(params)))

    def write(self, cursor: Any) -> None:
        cursor.executemany(
            'INSERT INTO refused (line, "column", value, code, params) VALUES (%s, %s, %s, %s, %s::jsonb)',
            self._rows,
        )


def products_known(codes: Iterable[str], user: Any) -> tuple[dict[str, Product], set[str], set[str]]:
    """The products these texts mean, by text in capitals; then texts that mean several, and texts that mean a
    product outside the person's lines."""
    wanted = {code.upper() for code in codes}
    found: dict[str, Product] = {
        product.code.upper(): product
        for product in Product.objects.annotate(upper=Upper("code")).filter(upper__in=wanted)
    }
    by_other: dict[str, dict[int, Product]] = {}
    others = ProductCode.objects.annotate(upper=Upper("code")).filter(upper__in=wanted - set(found))
    for other in others.select_related("product"):
        by_other.setdefault(other.code.upper(), {})[other.product_id] = other.product
    several = {code for code, products in by_other.items() if len(products) > 1}
    found |= {code: next(iter(products.values())) for code, products in by_other.items()}
    visible = None if user is None else visible_line_ids(user)
    hidden = {
        code for code, product in found.items() if visible is not None and product.line_id not in visible
    }
    return {code: row for code, row in found.items() if code not in several | hidden}, several, hidden


class Named:
    """Rows by code, else by name where only one has it; only those a person may see."""

    def __init__(self, rows: Iterable[Any], visible: frozenset[int] | None = None) -> None:
        self._by_code: dict[str, Any] = {}
        self._by_name: dict[str, list[Any]] = {}
        for row in rows:
            if visible is None or row.pk in visible:
                self._by_code[row.code.lower()] = row
                for name in self._names(row):
                    self._by_name.setdefault(name.lower(), []).append(row)

    @staticmethod
    def _names(row: Any) -> set[str]:
        return {row.name_en, row.name_nl} if isinstance(row, Measure) else {row.name}

    def find(self, text: str) -> Any:
        """The row, or ``None`` where none or several match."""
        named = self._by_name.get(text.lower(), [])
        return self._by_code.get(text.lower()) or (named[0] if len(named) == 1 else None)


def lines_known(user: Any) -> Named:
    return Named(ProductLine.objects.all(), None if user is None else visible_line_ids(user))


def channels_known(user: Any) -> Named:
    return Named(Channel.objects.all(), None if user is None else visible_channel_ids(user))


def measures_known() -> Named:
    return Named(Measure.objects.all())
