"""The sheet *prices*: what products cost on a list from a date on, past and ahead.

Applying the file is the one approval of its rows that have begun; those that lie ahead become proposals,
which somebody else decides. What is approved already is never changed by it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from core.organisation import today
from exchange.models import Import
from exchange.sheets import Counts, Creation, Field, Option
from pricing.models import Bound, Price, PriceList
from pricing.models.price import State
from pricing.selectors.prices import lists_visible
from pricing.services.price_import import Ahead, Key, prices_import, prices_import_undo, prices_propose
from pricing.services.price_limits import bounds_passed, told_too_late
from products.models import Product
from products.sheets import sources
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "list_unknown": _("no price list has this code or name"),
    "currency_differs": _("this list is in %(currency)s"),
    "component_unknown": _("neither unit, month nor once"),
    "price_missing": _("no price; where it ends, say so in the column “ends”"),
    "price_and_end": _("a price and an end; give one of them"),
    "price_negative": _("below nothing"),
    "too_long": _("too long"),
    "price_decided": _(
        "%(amount)s is approved from that day: one ahead is withdrawn first, a past one stays"
    ),
    "price_duplicate": _("line %(other)s of the file is about the same price and day"),
    "past_not_allowed": _("a price that has begun is loaded by who may approve prices"),
    "ahead_by_nobody": _(
        "a price that lies ahead is proposed by a person: have the file checked again on its page"
    ),
    "below_least": _("%(source)s sets at least %(bound)s"),
    "above_most": _("%(source)s sets at most %(bound)s"),
    "below_least_why": _(
        "%(source)s sets at least %(bound)s: say why it may be less in the column “exception”"
    ),
    "above_most_why": _(
        "%(source)s sets at most %(bound)s: say why it may be more in the column “exception”"
    ),
    "told_late": ngettext_lazy(
        "here a price is told %(days)s day ahead, from %(day)s: say why it may be sooner in the column "
        "“exception”",
        "here a price is told %(days)s days ahead, from %(day)s: say why it may be sooner in the column "
        "“exception”",
        "days",
    ),
}
COMPONENTS = {
    "unit": ("", "unit", "per unit", "eenheid", "per eenheid", "stuk", "per stuk"),
    "month": ("month", "per month", "maand", "per maand", "vastrecht"),
    "once": ("once", "eenmalig"),
}
_COMPONENT = {word: key for key, words in COMPONENTS.items() for word in words}
MAY_LOAD, MAY_PROPOSE = "may_load", "may_propose"
"""Options that ``check`` adds: what the person may do with prices that have begun, and with those ahead."""


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
        return "unchanged" if self.is_there else "proposed" if self.is_ahead else "loaded"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the prices there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._lists: dict[str, PriceList] = {}
        for price_list in PriceList.objects.all() if user is None else lists_visible(user):
            for name in (price_list.name_nl, price_list.name_en, price_list.code):
                self._lists[name.lower()] = price_list
        self._may_load, self._may_propose = options.get(MAY_LOAD, True), options.get(MAY_PROPOSE, True)
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
        key: Key = (price_list.pk, product.pk, component, tier, row["start_date"])
        self.once(key, row, "start_date", "price_duplicate")
        if key in self._there and self._there[key] != amount:
            said = self._there[key]
            raise Refused("price", "price_decided", amount="—" if said is None else f"{said:f}")
        names = {
            "product": product.code,
            "price_list": price_list.code,
            "component": component,
            "tier": tier,
            "start_date": row["start_date"].isoformat(),
        }
        is_there = key in self._there or (key, amount) in self._waiting
        why = row["reason"] or "", row["exception"] or ""
        read = _Row(row["line"], key, amount, is_there, names, product, *why)
        if not is_there:
            self._allowed(read)
        return read

    def _allowed(self, row: _Row) -> None:
        if row.is_ahead and not self._may_propose:
            raise Refused("start_date", "ahead_by_nobody")
        if not row.is_ahead and not self._may_load:
            raise Refused("start_date", "past_not_allowed")

    def together(self) -> Iterable[tuple[int, Refused]]:
        """What lies ahead and passes a bound, or comes too soon for its channel. Only while it is checked:
        what is written is held against them once more when it is proposed."""
        if not self._is_check:
            return
        groups: dict[tuple[int, datetime.date], list[_Row]] = defaultdict(list)
        for row in self.rows:
            if row.effect == "proposed":
                groups[row.key[0], row.key[4]].append(row)
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
        return replace(found, new=new, created=self.proposals())

    def shown(self, row: _Row) -> dict[str, Any]:
        price = None if row.amount is None else str(row.amount)
        return {"price": price, "ends": row.amount is None, **row.names}

    def day(self, row: _Row) -> datetime.date:
        return row.key[4]


def _limits(
    price_list: PriceList, start: datetime.date, rows: Sequence[_Row]
) -> Iterator[tuple[int, Refused]]:
    prices = [row.price for row in rows]
    passed = {id(each.price): each for each in bounds_passed(price_list, start, prices)}
    late = told_too_late(price_list, start)
    for row, price in zip(rows, prices, strict=True):
        beyond = passed.get(id(price))
        if beyond and (beyond.bound.beyond == Bound.Beyond.REFUSE or not row.exception):
            code = {"least": "below_least", "most": "above_most"}[beyond.end]
            code += "" if beyond.bound.beyond == Bound.Beyond.REFUSE else "_why"
            limit = getattr(beyond.bound, beyond.end).normalize()
            yield row.line, Refused("price", code, source=beyond.bound.source, bound=f"{limit:f}")
        elif late and not row.exception:
            yield row.line, Refused("start_date", "told_late", days=late[0], day=late[1].isoformat())


class PricesSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "prices"
    label = _("Prices")
    help_text = _(
        "What products cost on a price list, from when. Past prices hold at once; those ahead are proposed."
    )
    order = 50
    permission = "pricing.edit"
    reasons = REASONS
    creates_labels = {"proposals": _("price proposals")}
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        replace(sources.PRODUCT, required=True),
        sources.FIELD,
        Field("price_list", "text", _("Price list"), required=True, aliases=("list", "prijslijst", "lijst")),
        Field(
            "start_date",
            "date",
            _("From"),
            required=True,
            aliases=("from", "date", "vanaf", "datum", "ingangsdatum", "van"),
        ),
        Field("price", "amount", _("Price"), aliases=("amount", "prijs", "tarief", "premie", "bedrag")),
        Field(
            "ends", "flag", _("Ends"), aliases=("eindigt", "vervalt"), help_text=_("No price from then on.")
        ),
        Field(
            "component",
            "text",
            _("Component"),
            aliases=("which_price", "onderdeel", "welke_prijs"),
            help_text=_("unit, month or once; empty: unit."),
        ),
        Field("tier", "text", _("Tier"), aliases=("trede", "staffel")),
        Field("currency", "code", _("Currency"), aliases=("valuta", "munt")),
        Field(
            "reason",
            "text",
            _("Reason"),
            aliases=("reden", "why", "waarom"),
            help_text=_("Of a price ahead; empty: the name of the file."),
        ),
        Field(
            "exception",
            "text",
            _("Why the exception"),
            aliases=("why_the_exception", "uitzondering", "waarom_de_uitzondering"),
            help_text=_("Only where a bound or the days of notice ask for it."),
        ),
    )

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> Mapping[str, str]:
        may = {
            MAY_LOAD: user is None or user.has_perm("pricing.approve"),
            MAY_PROPOSE: user is not None and user.has_perm("pricing.edit"),
        }
        return super().check(cursor, {**options, **may}, user)

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        counts = plan.counts()
        row = Import.objects.select_related("applied_by", "created_by").get(pk=import_id)
        new = [each for each in plan.rows if not each.is_there]
        prices_import(source_import=row, rows=[(each.key, each.amount) for each in new if not each.is_ahead])
        prices_propose(source_import=row, rows=[each.ahead(row.file_name) for each in new if each.is_ahead])
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        withdrawn, restored = prices_import_undo(source_import=Import.objects.get(pk=import_id))
        return Counts(new=withdrawn, changed=restored)
