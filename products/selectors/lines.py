"""The tree of product lines and what it lets its products inherit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, QuerySet, Subquery, When

from accounts.rows import from_row, row_of, sql_of
from core.kept import kept_while_reading
from products.models import LineMeasure, Measure, ProductLine

from .access import visible_line_ids
from .line_words import measure_in_words

INHERITED = (
    "owner_id",
    "unit",
    "reporting_unit",
    "floor_rate",
    "review_months",
    "price_word",
    "customer_word",
    "volume_word",
    "final_after_months",
    "forecast_step",
)


@dataclass(frozen=True)
class Inherited:
    """A value and the line that says it; ``line`` is ``None`` when nobody says it."""

    value: Any
    line: ProductLine | None


@cache
def _lines() -> QuerySet[Any]:
    """Said once, since every page asks."""
    own = LineMeasure.objects.filter(line=OuterRef("pk")).order_by("-leads", "pk")
    usual = Measure.objects.filter(code="units")
    return ProductLine.objects.select_related("owner").annotate(
        measure_rows=sql_of(ProductLine, ArraySubquery(own.values_list(row_of(Measure, "measure__")))),
        # What counts where no line says so, read with the lines at the top.
        usual_row=sql_of(
            ProductLine, Case(When(parent=None, then=Subquery(usual.values_list(row_of(Measure)))))
        ),
    )


class LineTree:
    """All lines, their owners and their measures, in one query; they are few, so the tree is walked in
    memory."""

    def __init__(self) -> None:
        lines = _lines().all()
        self.lines: dict[int, ProductLine] = {line.pk: line for line in lines}
        self._usual: list[Measure] = []
        self._own: dict[int, list[Measure]] = {}
        self._leads: dict[int, Measure] = {}
        for found in lines:
            self._own[found.pk] = [from_row(Measure, row) for row in found.measure_rows]
            if found.usual_row:
                self._usual = [from_row(Measure, found.usual_row)]
        self._children: dict[int | None, list[int]] = {}
        for line in self.lines.values():
            self._children.setdefault(line.parent_id, []).append(line.pk)

    def ancestors(self, line_id: int | None) -> Iterator[ProductLine]:
        """The line itself, then the line above it, up to the top."""
        current = line_id
        while current is not None:
            line = self.lines[current]
            yield line
            current = line.parent_id

    def descendants(self, line_id: int) -> set[int]:
        """The line itself and every line below it."""
        found, todo = set(), [line_id]
        while todo:
            current = todo.pop()
            found.add(current)
            todo.extend(self._children.get(current, ()))
        return found

    def below(self, line_id: int) -> Sequence[int]:
        """The lines right below the line."""
        return self._children.get(line_id, ())

    def path(self, line_id: int) -> list[ProductLine]:
        """From the top down to the line."""
        return list(self.ancestors(line_id))[::-1]

    def inherited(self, line_id: int | None, field: str) -> Inherited:
        """The first filled value on the way up."""
        for line in self.ancestors(line_id):
            value = getattr(line, field)
            if value not in (None, ""):
                return Inherited(value, line)
        return Inherited(None, None)

    def alert_setting(self, line_id: int, name: str, default: Any) -> Any:
        """A threshold of the line or the nearest line above that sets it."""
        for line in self.ancestors(line_id):
            if name in line.alert_settings:
                return line.alert_settings[name]
        return default

    def own_measures(self, line_id: int) -> list[Measure]:
        """What the line itself says its products count, the leading one first; none: as the line above."""
        return self._own[line_id]

    def measures(self, line_id: int | None) -> list[Measure]:
        """What the line's products count, the leading one first, in the line's words; without a line, what
        one counts that says nothing."""
        own = (self.own_measures(line.pk) for line in self.ancestors(line_id))
        word = self.inherited(line_id, "volume_word").value
        return [measure_in_words(measure, word) for measure in next(filter(None, own), self._usual)]

    def lead_measure(self, line_id: int) -> Measure:
        if line_id not in self._leads:
            self._leads[line_id] = self.measures(line_id)[0]
        return self._leads[line_id]

    def inflow(self, line_id: int) -> Measure | None:
        """What comes into the state that leads the line: the only flow that it counts in the same unit and
        that does not count what leaves."""
        lead, *others = self.measures(line_id)
        return _flow(lead, others, leaves=False) if lead.kind == Measure.Kind.LEVEL else None

    def outflow(self, line_id: int) -> Measure | None:
        """What the line counts of what leaves in the unit that leads it; ``None`` too where it counts more
        than one such flow."""
        lead, *others = self.measures(line_id)
        return _flow(lead, others, leaves=True)

    def moved(self, line_id: int) -> Measure | None:
        """What a price or a promotion moves: what leads, of a state what comes into it; ``None`` where
        nothing says that."""
        lead = self.lead_measure(line_id)
        return self.inflow(line_id) if lead.kind == Measure.Kind.LEVEL else lead


def _flow(lead: Measure, others: Sequence[Measure], *, leaves: bool) -> Measure | None:
    """The only one that is counted in the unit of the lead, of what leaves or of what comes."""
    found = [
        one
        for one in others
        if one.kind == Measure.Kind.FLOW
        and one.leaves == leaves
        and one.unit_en.casefold() == lead.unit_en.casefold()
    ]
    return found[0] if len(found) == 1 else None


@kept_while_reading
def line_tree() -> LineTree:
    """The tree, read once for all that a page shows of it."""
    return LineTree()


def lines_offered(user: Any) -> list[ProductLine]:
    """Those the person may see, by name; of the tree that is there already."""
    visible = visible_line_ids(user)
    rows = line_tree().lines.values()
    return sorted(
        (row for row in rows if visible is None or row.pk in visible), key=lambda row: row.name.lower()
    )
