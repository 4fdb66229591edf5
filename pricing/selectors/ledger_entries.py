"""The ledger's entries by what is asked of them: months, account, and what the mapping says of each."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.http import QueryDict

from core.months import month_add, month_said, month_start
from core.organisation import today
from pricing.models import LedgerEntry, LedgerMapping
from products.models import Product
from products.selectors.lines import line_tree

from .accruals import accruals_open
from .ledger import GROUP, Mappings

NONE = "-"
"""The value of a filter: without a cost centre, product, channel or supplier."""
STATES = ("mapped", "unmapped", "open")
OWN = ("account", "cost_centre", "dimension", "supplier")
BY_MAPPING = ("kind", "product", "channel")
MONTHS = 12
# The mapping is the same for what is alike in these.
_ALIKE = """
    SELECT e.id FROM pricing_ledgerentry e
    JOIN unnest(%s::date[], %s::text[], %s::text[], %s::text[]) AS g (month, account, cost_centre, dimension)
      USING (month, account, cost_centre, dimension)
"""


@dataclass(frozen=True)
class EntriesAsked:
    """Entries of months, both included; ``filters``: by code, of the entry itself or of what it is mapped to.
    ``state``: only what is mapped, is not, or is an accrual that nothing takes back."""

    first: datetime.date
    last: datetime.date
    filters: Mapping[str, str]
    state: str = ""
    text: str = ""

    @property
    def encoded(self) -> str:
        query = QueryDict(mutable=True)
        query.update({"first": f"{self.first:%Y-%m}", "last": f"{self.last:%Y-%m}", **self.filters})
        query.update({"state": self.state} if self.state else {})
        query.update({"q": self.text} if self.text else {})
        return query.urlencode()

    def rows(self) -> LedgerEntries:
        return LedgerEntries(self)


def entries_asked(query: QueryDict) -> EntriesAsked:
    """Read the address; what is unknown is left out. Without a month: the last twelve."""
    running = month_start(today())
    last = month_said(query.get("last", ""), running)
    state = query.get("state", "")
    return EntriesAsked(
        min(month_said(query.get("first", ""), month_add(last, 1 - MONTHS)), last),
        last,
        {name: _text(query.get(name, "")) for name in (*OWN, *BY_MAPPING) if query.get(name)},
        state if state in STATES else "",
        _text(query.get("q", "")),
    )


class LedgerEntries:
    """The entries, oldest first. Who may see them is asked by who calls: they are of all lines."""

    def __init__(self, asked: EntriesAsked) -> None:
        self._asked = asked

    @cached_property
    def mappings(self) -> Mappings:
        return Mappings()

    @cached_property
    def found(self) -> QuerySet[LedgerEntry]:
        asked = self._asked
        rows = LedgerEntry.objects.filter(month__range=(asked.first, asked.last))
        for name in OWN:
            if value := asked.filters.get(name):
                rows = rows.filter(_own(name, value))
        for word in asked.text.split():
            rows = rows.filter(
                Q(text__icontains=word) | Q(number__icontains=word) | Q(account__istartswith=word)
            )
        if asked.state == "open":
            rows = accruals_open(rows)
        if self._by_mapping or any(name in asked.filters for name in BY_MAPPING):
            rows = rows.filter(self._mapped(rows))
        return rows.select_related("supplier", "product", "channel").order_by("date", "pk")

    @property
    def _by_mapping(self) -> str:
        return self._asked.state if self._asked.state != "open" else ""

    def mapped_to(self, row: LedgerEntry) -> tuple[LedgerMapping, ...]:
        """The parts of the mapping that holds for an entry; empty: nobody mapped it."""
        return tuple(self.mappings.find(row.account, row.cost_centre, row.dimension, row.month))

    def _mapped(self, rows: QuerySet[LedgerEntry]) -> Q:
        """What is asked of the mapping, by what is alike. An entry's own product and channel go first."""
        said, wanted = self._asked.filters, Q()
        alike = list(rows.order_by().values_list(*GROUP[:4]).distinct())
        parts = {key: self.mappings.find(key[1], key[2], key[3], key[0]) for key in alike}
        state = self._by_mapping
        if state or "kind" in said:
            kind = said.get("kind", "").lower()
            wanted &= _of(
                key
                for key, found in parts.items()
                if (not state or bool(found) == (state == "mapped"))
                and (
                    not kind
                    or (kind == "unmapped" and not found)
                    or any(part.kind.code.lower() == kind for part in found if part.kind)
                )
            )
        for name in ("product", "channel"):
            if value := said.get(name):
                wanted &= _through(name, value, parts)
        return wanted


def with_reversals(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """With ``reversed_on``: when the entry is taken back, by what came with it."""
    of = {name: OuterRef(name) for name in ("source", "number", "line")}
    back = LedgerEntry.objects.filter(**of, is_reversal=True)
    return rows.annotate(reversed_on=Subquery(back.values("date")[:1]))


def _through(name: str, value: str, parts: Mapping[Any, Iterable[LedgerMapping]]) -> Q:
    """By the entry's own product or channel, else by what it is mapped to, or split over."""
    if value == NONE:
        keys = (key for key, found in parts.items() if all(getattr(each, name) is None for each in found))
        return Q(**{name: None}) & _of(keys)
    code = value.lstrip("=").lower()
    above = _lines_above(code) if name == "product" else frozenset()

    def is_of(part: LedgerMapping) -> bool:
        own = getattr(part, name)
        if own is not None:
            return bool(own.code.lower() == code)
        return name == "product" and bool(part.key) and (part.line_id is None or part.line_id in above)

    keys = (key for key, found in parts.items() if any(map(is_of, found)))
    return Q(**{f"{name}__code__iexact": code}) | (Q(**{name: None}) & _of(keys))


def _lines_above(code: str) -> frozenset[int]:
    """The lines that a product is in: what is split over one of them is split over it as well."""
    tree, lines = line_tree(), Product.objects.filter(code__iexact=code).values_list("line", flat=True)
    return frozenset(above.pk for line in lines for above in tree.ancestors(line))


def _of(keys: Iterable[tuple[Any, ...]]) -> Q:
    """The entries that are alike."""
    columns = [list(column) for column in zip(*keys, strict=True)] or [[], [], [], []]
    return Q(pk__in=RawSQL(_ALIKE, columns))  # noqa: S611  values are parameters


def _own(name: str, value: str) -> Q:
    path = "supplier__code" if name == "supplier" else name
    if value == NONE:
        return Q(supplier=None) if name == "supplier" else Q(**{name: ""})
    return Q(**{f"{path}__iexact": value})


def _text(value: str) -> str:
    return value.strip()[:200]
