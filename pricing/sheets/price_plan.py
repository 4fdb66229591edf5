"""What the rows of a file with prices mean beside the prices there are."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from core.organisation import today
from exchange.sheets import Counts, Creation
from pricing.models import Price, PriceList
from pricing.models.price import State
from pricing.selectors.notices import told_too_late
from pricing.selectors.prices import in_force, list_is_within, lists_visible
from pricing.services.price_import import Ahead, Key
from pricing.services.price_limits import bounds_passed
from pricing.services.price_rules import SMALLEST, price_step
from products.models import Product
from products.sheets.planned import Plan, Refused, Row

COMPONENTS = {
    "unit": ("", "unit", "per unit", "eenheid", "per eenheid", "stuk", "per stuk"),
    "month": ("month", "per month", "maand", "per maand", "vastrecht"),
    "once": ("once", "eenmalig"),
}
_COMPONENT = {word: key for key, words in COMPONENTS.items() for word in words}
MAY_PROPOSE = "may_propose"
"""An option that ``check`` adds: whether there is a person to propose and decide in the name of."""


@dataclass(frozen=True)
class _Row:
    line: int
    key: Key
    amount: Decimal | None
    is_there: bool
    names: dict[str, str]
    product: Product
    reason: str
    exception: str
    is_observed: bool
    """What others ask is seen, not decided: it is only loaded."""
    now: str = ""
    """What it does to what holds today: it is the *first* price there, it is *changed*, or ("") neither."""

    @property
    def is_ahead(self) -> bool:
        """It has not begun: what begins today has."""
        return self.key[4] > today()

    @property
    def price(self) -> Price:
        """Unsaved, to hold against bounds."""
        _list, _product, component, tier, _start = self.key
        return Price(product=self.product, component=component, tier=tier, amount=self.amount)

    def ahead(self, reason: str) -> Ahead:
        """As it is proposed; ``reason`` where the row says none."""
        return Ahead(self.key, self.amount, self.reason or reason, self.exception)

    @property
    def effect(self) -> str:
        if self.is_there:
            return "unchanged"
        if self.is_observed:
            return "loaded"
        loaded = "decided" if self.now == "changed" else "loaded"
        return "proposed" if self.is_ahead else loaded


class PricePlan(Plan):
    """What the rows of ``staging`` mean beside the prices there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._lists: dict[str, PriceList] = {}
        self._user = user
        for price_list in PriceList.objects.all() if user is None else lists_visible(user):
            for name in (price_list.name_nl, price_list.name_en, price_list.code):
                self._lists[name.lower()] = price_list
        self._may_propose = options.get(MAY_PROPOSE, True)
        self._is_check = MAY_PROPOSE in options
        days = [row["start_date"] for row in rows if row["start_date"]]
        there = Price.objects.filter(
            state__in=[State.APPROVED, State.PROPOSED],
            start_date__in=set(days),
            price_list__in=set(self._lists.values()),
        )
        self._there: dict[Key, Decimal | None] = {}
        self._waiting: set[tuple[Key, Decimal | None]] = set()
        for price in there:
            key = (
                *(price.price_list_id, price.product_id, price.component, price.tier),
                price.start_date,
            )
            if price.state == State.APPROVED:
                self._there[key] = price.amount
            else:
                self._waiting.add((key, price.amount))

    def read(self, row: Row) -> _Row:
        product = self.product(row)
        price_list = self._lists.get(row["price_list"].lower())
        if price_list is None:
            raise Refused("price_list", "list_unknown")
        if self._user is not None and not list_is_within(self._user, price_list):
            raise Refused("price_list", "limited")
        if row["currency"] and row["currency"].upper() != price_list.currency:
            raise Refused("currency", "currency_differs", currency=price_list.currency)
        component = _COMPONENT.get((row["component"] or "").lower())
        if component is None:
            raise Refused("component", "component_unknown")
        tier, amount = row["tier"] or "", row["price"]
        for name, most in (("tier", 40), ("reason", 400), ("exception", 400)):
            if len(row[name] or "") > most:
                raise Refused(name, "too_long")
        if (amount is None) != bool(row["ends"]):
            raise Refused("price", "price_missing" if amount is None else "price_and_end")
        if amount is not None and amount < 0:
            raise Refused("price", "price_negative")
        if amount is not None and amount != amount.quantize(SMALLEST):
            raise Refused("price", "price_places")
        key: Key = (price_list.pk, product.pk, component, tier, row["start_date"])
        self.once(key, row, "start_date", "price_duplicate")
        if key in self._there and self._there[key] != amount:
            said = self._there[key]
            raise Refused("price", "price_decided", amount="—" if said is None else f"{said.normalize():f}")
        names = {
            "product": product.code,
            "price_list": price_list.code,
            "component": component,
            "tier": tier,
            "start_date": row["start_date"].isoformat(),
        }
        is_there = key in self._there or (key, amount) in self._waiting
        why = row["reason"] or "", row["exception"] or ""
        observed = price_list.is_observed
        read = _Row(row["line"], key, amount, is_there, names, product, *why, observed)
        self._allowed(read)
        return read

    def _allowed(self, row: _Row) -> None:
        if row.effect == "proposed" and not self._may_propose:
            raise Refused("start_date", "ahead_by_nobody")

    def together(self) -> Iterable[tuple[int, Refused]]:
        """What lies ahead or holds from now on and passes a bound, what comes too soon for its channel, and
        what nobody decides. Only while it is checked: what is written was checked in the same transaction,
        and what is proposed is held against bounds once more."""
        self.rows = _beside_today(self.rows)
        if not self._is_check:
            return
        groups: dict[tuple[int, datetime.date], list[_Row]] = defaultdict(list)
        for row in self.rows:
            if row.effect == "decided" and not self._may_propose:
                yield row.line, Refused("start_date", "now_by_nobody")
            elif row.effect == "proposed" or row.now:
                groups[row.key[0], max(row.key[4], today())].append(row)
        lists = {price_list.pk: price_list for price_list in self._lists.values()}
        for (price_list, start), rows in groups.items():
            yield from _limits(lists[price_list], start, rows)

    def proposals(self) -> list[Creation]:
        """What the rows ahead come together in."""
        groups: dict[Any, list[_Row]] = defaultdict(list)
        for row in self.rows:
            if row.effect == "proposed":
                groups[row.ahead("").together].append(row)
        found = []
        for rows in groups.values():
            names = rows[0].names
            found.append(Creation("proposals", names["start_date"], names["price_list"], rows[0].reason))
        return found

    def counts(self) -> Counts:
        found = super().counts()
        new = sum(not row.is_there for row in self.rows)
        return replace(found, new=new, created=self.proposals(), approval=self.approval())

    def approval(self) -> dict[str, Any]:
        """Of which lines prices have begun that are ours to decide, and whether what holds today changes."""
        begun = [row for row in self.rows if row.effect in ("loaded", "decided") and not row.is_observed]
        lines = sorted({row.product.line_id for row in begun})
        return {"lines": lines, "decides": any(row.now == "changed" for row in begun)} if lines else {}

    def shown(self, row: _Row) -> dict[str, Any]:
        price = None if row.amount is None else str(row.amount.quantize(price_step(row.amount)))
        return {"price": price, "ends": row.amount is None, **row.names}

    def day(self, row: _Row) -> datetime.date:
        return row.key[4]


def _beside_today(rows: Sequence[_Row]) -> list[_Row]:
    """With what each does to what holds today; only the newest that has begun of a price does anything, and
    what is observed nothing."""
    newest: dict[Any, _Row] = {}
    for row in rows:
        if not row.is_there and not row.is_ahead and not row.is_observed:
            newest[row.key[:4]] = max(newest.get(row.key[:4], row), row, key=lambda each: each.key[4])
    held = {
        (price.price_list_id, price.product_id, price.component, price.tier): price
        for price in in_force({key[0] for key in newest}, {key[1] for key in newest}, today())
    }

    def said(row: _Row) -> str:
        there = held.get(row.key[:4])
        if newest.get(row.key[:4]) is not row or (there and there.start_date > row.key[4]):
            return ""
        return "first" if there is None else "changed" if there.amount != row.amount else ""

    return [replace(row, now=said(row)) for row in rows]


def _limits(
    price_list: PriceList, start: datetime.date, rows: Sequence[_Row]
) -> Iterator[tuple[int, Refused]]:
    prices = [row.price for row in rows]
    passed = {id(each.price): each for each in bounds_passed(price_list, start, prices)}
    late = told_too_late(price_list, start, {price.product_id for price in prices})
    for row, price in zip(rows, prices, strict=True):
        beyond = passed.get(id(price))
        if beyond and (beyond.is_refused or not row.exception):
            code = {"least": "below_least", "most": "above_most"}[beyond.end]
            code += "" if beyond.is_refused else "_why"
            limit = getattr(beyond.bound, beyond.end).normalize()
            yield row.line, Refused("price", code, source=beyond.bound.source, bound=f"{limit:f}")
        elif late and row.is_ahead and not row.exception:
            yield row.line, Refused("start_date", "told_late", days=late.days, day=late.earliest.isoformat())
