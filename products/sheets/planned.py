"""What sheets have in common whose rows are checked one by one: a plan of what the file would do."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from exchange.sheets import Counts, Option
from products.models import Product
from products.selectors.access import is_limited

from .known import ProductsKnown, Refusals, staged
from .sources import CODE_SOURCE

Row = dict[str, Any]
"""A row of ``staging``."""


class Refused(Exception):
    """Why a row of the file is not taken: a field, a code of the sheet's ``reasons`` and its ``params``."""

    def __init__(self, field: str, code: str, **params: Any) -> None:
        super().__init__(code)
        self.field, self.code, self.params = field, code, params


class Plan:
    """What the rows of ``staging`` mean beside what there is; a sheet's own says how. Its rows have ``line``
    and ``effect`` (new, changed, unchanged).

    Only ``check`` knows the person; afterwards what they may not do stands in ``refused``.
    """

    def __init__(
        self, staged_rows: Sequence[Row], options: Mapping[str, Any], user: Any, refusals: Refusals
    ) -> None:
        self.products = ProductsKnown(staged_rows, user, options.get(CODE_SOURCE))
        self.unclear = self.products.asked()
        self._seen: dict[Hashable, int] = {}
        self.rows: list[Any] = []
        self.prepare(staged_rows, options, user)
        for row in staged_rows:
            try:
                self.rows.append(self.read(row))
            except Refused as error:
                refusals.add(row, error.field, error.code, **error.params)
        alone = dict(self.together())
        for row in staged_rows:
            if why := alone.get(row["line"]):
                refusals.add(row, why.field, why.code, **why.params)
        self.rows = [row for row in self.rows if row.line not in alone]

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        """Look up what is needed to read the rows."""

    def read(self, row: Row) -> Any:
        """The row as it would be written, or :class:`Refused`."""
        raise NotImplementedError

    def together(self) -> Iterable[tuple[int, Refused]]:
        """The lines among ``rows`` that do not go with the others, and why."""
        return ()

    def shown(self, row: Any) -> dict[str, Any]:
        """A row of the plan for :meth:`exchange.sheets.Sheet.sample`, without ``line`` and ``effect``."""
        raise NotImplementedError

    def day(self, row: Any) -> datetime.date | None:
        """When the row begins, or its month; ``None``: it has no time."""
        return None

    def product(self, row: Row) -> Product:
        found = self.products.find(row)
        if found is None:
            raise Refused("product", self.products.problem(row), source=self.products.source(row))
        return found

    def once(self, key: Hashable, row: Row, field: str, code: str) -> None:
        """Refuse a second row about the same."""
        if key in self._seen:
            raise Refused(field, code, other=self._seen[key])
        self._seen[key] = row["line"]

    def counts(self) -> Counts:
        effects = Counter(row.effect for row in self.rows)
        days = [day for row in self.rows if (day := self.day(row)) is not None]
        return Counts(
            new=effects["new"],
            changed=effects["changed"],
            unchanged=effects["unchanged"],
            months_from=min(days, default=None),
            months_to=max(days, default=None),
        )


P = TypeVar("P", bound=Plan)


class PlannedSheet(Generic[P]):
    """The part of :class:`exchange.sheets.Sheet` that does not differ; ``plan`` is the sheet's own."""

    plan: type[P]
    wide_field = ""
    can_create = False
    creates_labels: Mapping[str, Any] = {}
    one_of: Sequence[tuple[str, ...]] = ()
    options: Sequence[Option] = ()

    def sees_all(self, user: Any) -> bool:
        return not is_limited(user)

    def rows(self, cursor: Any) -> list[Row]:
        """The rows of ``staging`` that are the plan's."""
        return staged(cursor)

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> Mapping[str, str]:
        refusals = Refusals()
        plan = self.plan(self.rows(cursor), options, user, refusals)
        refusals.write(cursor)
        return plan.unclear

    def checked(self, cursor: Any, options: Mapping[str, Any]) -> P:
        """The plan of the rows that ``check`` has let pass; unknown names among them are made."""
        return self.plan(self.rows(cursor), {**options, "create_missing": True}, None, Refusals())

    def preview(self, cursor: Any, options: Mapping[str, Any]) -> Counts:
        return self.checked(cursor, options).counts()

    def sample(self, cursor: Any, limit: int, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        plan = self.checked(cursor, options)
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in plan.rows:
            if len(found[row.effect]) < limit:
                found[row.effect].append({"line": row.line, "effect": row.effect, **plan.shown(row)})
        return sorted((each for rows in found.values() for each in rows), key=lambda each: each["line"])
