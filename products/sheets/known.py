"""What the codes in a small file mean: products, lines, channels and measures by text, in whatever case.

For sheets of at most some ten thousand rows, which are checked row by row; sales go the way of ``resolve``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models.functions import Upper

from products.models import Channel, Measure, Product, ProductCode, ProductLine
from products.selectors.access import visible_channel_ids, visible_line_ids

from .sources import CODE_SOURCE, OWN, source_wanted


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
        shown = "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
        self._rows.append((row["line"], field, shown, code, json.dumps(params)))

    def write(self, cursor: Any) -> None:
        cursor.executemany(
            'INSERT INTO refused (line, "column", value, code, params) VALUES (%s, %s, %s, %s, %s::jsonb)',
            self._rows,
        )


class ProductsKnown:
    """The products that the codes in these rows mean: by their own code, else by any other code they have;
    where the row, or else the ``answer`` for the file, says whose code it is, by that alone."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], user: Any, answer: Any) -> None:
        self._answer = answer
        rows = [row for row in rows if row.get("product")]
        wanted = {row["product"].upper() for row in rows}
        self._visible = None if user is None else visible_line_ids(user)
        self._own = {
            product.code.upper(): product
            for product in Product.objects.annotate(upper=Upper("code")).filter(upper__in=wanted)
        }
        self._others: dict[str, list[tuple[str, Product]]] = {}
        others = ProductCode.objects.annotate(upper=Upper("code")).filter(upper__in=wanted)
        for other in others.select_related("product"):
            self._others.setdefault(other.code.upper(), []).append((other.source.lower(), other.product))
        self.unclear = list(
            dict.fromkeys(
                row["product"]
                for row in rows
                if not answer and not row[CODE_SOURCE] and self.problem(row) == "product_ambiguous"
            )
        )

    def _meant(self, row: Mapping[str, Any]) -> list[Product]:
        code, source = (row["product"] or "").upper(), self.source(row)
        if source in ("", OWN) and (code in self._own or source):
            return [self._own[code]] if code in self._own else []
        named = [product for own, product in self._others.get(code, ()) if source in ("", own)]
        return list({product.pk: product for product in named}.values())

    def source(self, row: Mapping[str, Any]) -> str:
        """Whose code the row has: ``own``, a source in small letters, or '' for all of them."""
        return source_wanted(row[CODE_SOURCE], self._answer)

    def find(self, row: Mapping[str, Any]) -> Product | None:
        """The product the row is about; ``None`` where none or several are, or one the person may not see."""
        found = self._meant(row)
        if len(found) != 1 or (self._visible is not None and found[0].line_id not in self._visible):
            return None
        return found[0]

    def is_free(self, row: Mapping[str, Any]) -> bool:
        """Whether a new product could have the row's code: nobody has it, and it is said to be nobody's."""
        return not self._meant(row) and self.source(row) in ("", OWN)

    def problem(self, row: Mapping[str, Any]) -> str:
        """Why ``find`` finds nothing."""
        if len(self._meant(row)) > 1:
            return "product_ambiguous"
        is_other = self.source(row) not in ("", OWN) and not self._meant(row)
        return "product_not_in_source" if is_other else "product_unknown"

    def asked(self) -> dict[str, str]:
        """What must be answered first (see ``Sheet.check``)."""
        return {CODE_SOURCE: ", ".join(self.unclear[:3])} if self.unclear else {}


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
        return {row.name_en, row.name_nl} if hasattr(row, "name_en") else {row.name}

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
