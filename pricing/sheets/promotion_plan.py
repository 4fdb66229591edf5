"""What the rows of a file with promotions mean beside the promotions there are.

Rows with the same number are one promotion; without a number those with the same name, first day in the store
and channels, which is also how one of them that shares a product is known that is there already.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation

from accounts.errors import DomainError
from core.organisation import today
from exchange.sheets import Counts
from pricing.models import Promotion
from pricing.selectors.promotions import (
    currency_of,
    forbidden_of,
    own_cost_here,
    promotions_visible,
    sees_whole,
    with_parts,
)
from pricing.services.price_rules import SMALLEST
from pricing.services.promotions import ProductPlan, PromotionPlan, plausible
from products.models import Channel, Product
from products.selectors.access import visible_channel_ids
from products.selectors.channels import channel_chains
from products.sheets.known import channels_known
from products.sheets.planned import Plan, Refused, Row

State = Promotion.State
DATES = ("store_start", "store_end", "delivery_start", "delivery_end")
_LENGTHS = {"promotion": 120, "note": 2000, "alternatives": 400, "exception_note": 300, "exception": 400}
# Field of the sheet: field of the plan, least, most; shares in per cent.
_PERCENT = {
    "rate": ("rate", Decimal(1), 100),
    "planned_uplift": ("planned_uplift_rate", Decimal(-99), 10_000),
    "own_share": ("own_share_rate", Decimal(0), 100),
}
_PLAIN = {
    "amount": ("amount", Decimal("0.0001"), None),
    "quantity": ("quantity", Decimal(2), 100),
    "budget": ("budget_amount", Decimal(0), None),
}
_PRICES = {"price": SMALLEST, "effective_price": Decimal(0)}
_OFFER, _DELIVERY = ("rate", "amount", "quantity"), ("delivery_start", "delivery_end")
_FIELDS = {"name": "promotion", "product_1": "product"}
"""What the service calls a field that the sheet calls otherwise."""


@dataclass(frozen=True)
class _Line:
    """A row of the file; ``values`` as :class:`PromotionPlan` names them, ``None`` where it says nothing."""

    line: int
    row: Row
    product: Product
    values: dict[str, Any]
    price: Decimal | None
    effective_price: Decimal | None
    effect = ""


@dataclass(frozen=True)
class _Row:
    line: int
    effect: str
    shown: dict[str, Any]
    start: datetime.date


@dataclass(frozen=True)
class Found:
    """What a promotion of the file comes to: a draft that is ``new``, one that is over and is ``loaded`` as
    it ran, or one that is ``there`` and is ``changed`` or ``unchanged``."""

    effect: str
    plan: PromotionPlan
    there: Promotion | None


class PromotionsPlan(Plan):
    """What the rows of ``staging`` mean beside the promotions there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._user, self._today = user, today()
        self.promotions: list[Found] = []
        self._channels = channels_known(user)
        self._only = None if user is None else visible_channel_ids(user)
        self._mechanics = mechanics_known()
        near = Promotion.objects.all() if user is None else promotions_visible(user)
        numbers = {int(row["number"]) for row in rows if row["number"] is not None}
        days = {row["store_start"] for row in rows}
        self._by_number = {each.pk: each for each in with_parts(near.filter(pk__in=numbers))}
        self._by_name: dict[Hashable, list[Promotion]] = defaultdict(list)
        for each in with_parts(near.filter(store_start__in=days)).order_by("pk"):
            channels = frozenset(row.channel_id for row in each.channel_rows.all())
            self._by_name[each.name.lower(), each.store_start, channels].append(each)

    def read(self, row: Row) -> _Line:
        product = self.product(row)
        number = row["number"]
        if number is not None and number not in self._by_number:
            raise Refused("number", "number_unknown")
        for name, length in _LENGTHS.items():
            if len(row[name] or "") > length:
                raise Refused(name, "too_long")
        mechanic = self._mechanics.get(row["mechanic"].lower()) if row["mechanic"] else None
        if mechanic is None:
            raise Refused("mechanic", "mechanic_unknown")
        if row["promotion"] is None:
            raise Refused("promotion", "name_missing")
        for name in ("store_start", "store_end"):
            if row[name] is None:
                raise Refused(name, "day_missing")
        values: dict[str, Any] = {"name": row["promotion"], "mechanic": mechanic}
        values |= {name: row[name] for name in (*DATES, "note", "alternatives")}
        values |= {name: row[name] for name in ("exception_note", "exception")}
        values["currency"] = row["currency"] and row["currency"].upper()
        for kinds in (_PERCENT, _PLAIN):
            for name, (of_plan, least, most) in kinds.items():
                value = row[name]
                if value is not None and value < least:
                    raise Refused(name, "too_small", least=_text(least))
                if value is not None and most is not None and value > most:
                    raise Refused(name, "too_big", most=_text(most))
                if value is not None and kinds is _PERCENT:
                    value = round(value / 100, 4)
                values[of_plan] = value
        if row["quantity"] is not None:
            if row["quantity"] != int(row["quantity"]):
                raise Refused("quantity", "not_whole")
            values["quantity"] = int(row["quantity"])
        for name, lowest in _PRICES.items():
            if row[name] is not None and row[name] < lowest:
                raise Refused(name, "price_negative")
            if row[name] is not None and row[name] != row[name].quantize(SMALLEST):
                raise Refused(name, "price_places")
        values["channels"] = self._channels_read(row["channels"])
        key = self._key(number, values)
        self.once((key, product.pk), row, "product", "product_twice")
        prices = (row[name] and row[name].quantize(SMALLEST) for name in _PRICES)
        return _Line(row["line"], row, product, values, *prices)

    def _channels_read(self, text: str | None) -> tuple[Channel, ...] | None:
        """Codes or names, between semicolons or one a line; with commas where none has one."""
        if text is None:
            return None
        found: dict[int, Channel] = {}
        for part in filter(None, map(str.strip, re.split(r"[;\n]", text))):
            whole = self._channels.find(part)
            for each in [whole] if whole else map(self._channels.find, map(str.strip, part.split(","))):
                if each is None:
                    raise Refused("channels", "channel_unknown", part=part)
                found[each.pk] = each
        return tuple(found[pk] for pk in sorted(found))

    @staticmethod
    def _key(number: Any, values: Mapping[str, Any]) -> Hashable:
        if number is not None:
            return int(number)
        channels = frozenset(channel.pk for channel in values["channels"] or ())
        return values["name"].lower(), values["store_start"], channels

    def together(self) -> Iterable[tuple[int, Refused]]:
        groups: dict[Hashable, list[_Line]] = defaultdict(list)
        for line in self.rows:
            groups[self._key(line.row["number"], line.values)].append(line)
        read: list[tuple[Found, list[_Line]]] = []
        taken: dict[int, int] = {}
        for key, lines in groups.items():
            values, agreed = dict(lines[0].values), lines[:1]
            for line in lines[1:]:
                if differs := next((name for name in values if _apart(values, line.values, name)), None):
                    yield line.line, Refused(_field(differs), "differs", other=lines[0].line)
                    continue
                agreed.append(line)
                values |= {name: said for name, said in line.values.items() if said is not None}
            try:
                found = self._found(key, values, agreed)
                if found.there is not None:
                    if found.there.pk in taken:
                        raise Refused("promotion", "promotion_twice", other=taken[found.there.pk])
                    taken[found.there.pk] = agreed[0].line
            except Refused as why:
                yield from ((line.line, why) for line in agreed)
            else:
                read.append((found, agreed))
        yield from self._forbidden(read)
        self.rows = [row for found, lines in read for row in _rows(found, lines)]
        self.promotions = [found for found, _lines in read]

    def _found(self, key: Hashable, values: dict[str, Any], lines: Sequence[_Line]) -> Found:
        there = self._by_number[key] if isinstance(key, int) else self._known(key, values, lines)
        if there is not None and self._user is not None and not sees_whole(self._user, there):
            raise Refused("promotion", "only_a_part")
        plan = _plan(there, values, lines)
        if self._only is not None and not plan.channels:
            raise Refused("channels", "channel_outside")
        if there and not (_differences(there, plan) or any(_part_differs(there, line) for line in lines)):
            return Found("unchanged", plan, there)
        try:
            plausible(plan)
        except DomainError as error:
            raise Refused(_FIELDS.get(error.field, error.field), error.code, **error.details) from None
        if there is None:
            return Found("loaded" if plan.store_end < self._today else "new", plan, None)
        if there.state not in (State.DRAFT, State.REJECTED):
            raise Refused("promotion", "waits" if there.state == State.PROPOSED else "decided")
        return Found("changed", plan, there)

    def _known(self, key: Hashable, values: dict[str, Any], lines: Sequence[_Line]) -> Promotion | None:
        """One of the same name, day and channels that shares a product: nobody finds one in a product that
        is out of their sight. Called off, only where nothing differs."""
        own = {line.product.pk for line in lines}
        same, standing = [], []
        for each in self._by_name.get(key, ()):
            if not own.intersection(row.product_id for row in each.rows.all()):
                continue
            differs = _differences(each, _plan(each, values, lines))
            if not differs and not any(_part_differs(each, line) for line in lines):
                same.append(each)
            elif each.state != State.CANCELLED:
                standing.append(each)
        first = [each for each in same if each.state != State.CANCELLED]
        return next(iter([*first, *standing, *same]), None)

    def _forbidden(self, read: list[tuple[Found, list[_Line]]]) -> Iterable[tuple[int, Refused]]:
        """What is planned where no promotion should be and gives no reason; taken out of ``read``."""
        asked = [
            each
            for each in read
            if each[0].effect in ("new", "changed") and not each[0].plan.exception_note.strip()
        ]
        periods = forbidden_of([found.plan.place for found, _lines in asked], channel_chains())
        for each, own in zip(asked, periods, strict=True):
            if own:
                read.remove(each)
                where = own[0].line or own[0].channel
                why = Refused("store_start", "forbidden", where=str(where), reason=own[0].reason)
                yield from ((line.line, why) for line in each[1])

    def counts(self) -> Counts:
        found = super().counts()
        loaded = sum(row.effect == "loaded" for row in self.rows)
        return replace(found, new=found.new + loaded, approval=self._approval())

    def _approval(self) -> dict[str, Any]:
        """Of which lines promotions are loaded as they ran, each with the most that one of them cost us in
        our currency (``None``: not known)."""
        lines: dict[int, Decimal | None] = {}
        for found in self.promotions:
            if found.effect == "loaded":
                cost = own_cost_here(Promotion(**found.plan.fields))
                for pk in found.plan.place.lines:
                    so_far = lines.get(pk, cost)
                    lines[pk] = None if cost is None or so_far is None else max(cost, so_far)
        costs = [[pk, None if cost is None else _text(cost)] for pk, cost in sorted(lines.items())]
        return {"lines": costs} if costs else {}

    def shown(self, row: _Row) -> dict[str, Any]:
        return row.shown

    def day(self, row: _Row) -> datetime.date:
        return row.start


def mechanics_known() -> dict[str, str]:
    """Mechanics by key and by word, in every language."""
    found = {key: key for key in Promotion.Mechanic.values}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {str(label).lower(): key for key, label in Promotion.Mechanic.choices}
    return found


def _field(name: str) -> str:
    """Of the plan, as the sheet calls it."""
    named = {of_plan: name for kinds in (_PERCENT, _PLAIN) for name, (of_plan, *_ends) in kinds.items()}
    return _FIELDS.get(name) or named.get(name, name)


def _apart(these: Mapping[str, Any], those: Mapping[str, Any], name: str) -> bool:
    return these[name] is not None and those[name] is not None and these[name] != those[name]


def _plan(there: Promotion | None, values: Mapping[str, Any], lines: Sequence[_Line]) -> PromotionPlan:
    """As the file says it; what it leaves empty is as it is there. What the offer takes and its days of
    delivery are each said together."""
    given = {name: value for name, value in values.items() if value is not None}
    parts = {}
    if there is not None:
        held = {name: getattr(there, name) for name in values if name not in ("channels", "currency")}
        held |= {
            "currency": currency_of(there),
            "channels": [row.channel for row in there.channel_rows.all()],
        }
        for group in (_OFFER, _DELIVERY):
            if given.keys() & set(group):
                held |= dict.fromkeys(group)
        given = held | given
        parts = {
            row.product_id: ProductPlan(row.product, row.price, row.effective_price)
            for row in there.rows.all()
        }
    for line in lines:
        own = parts.get(line.product.pk, ProductPlan(line.product))
        price = own.price if line.price is None else line.price
        effective = own.effective_price if line.effective_price is None else line.effective_price
        parts[line.product.pk] = ProductPlan(line.product, price, effective)
    return PromotionPlan(**given, products=list(parts.values()))


def _differences(there: Promotion, plan: PromotionPlan) -> dict[str, Any]:
    """What of it, but for its products, is not as the file says."""
    before = said(there, [row.channel for row in there.channel_rows.all()])
    after = said(Promotion(**{"exception": there.exception} | plan.fields), plan.channels)
    return {name: value for name, value in before.items() if value != after[name]}


def _part_differs(there: Promotion, line: _Line) -> dict[str, Any]:
    """What of the row's product is not so in the promotion, as it is there."""
    own = next((row for row in there.rows.all() if row.product_id == line.product.pk), None)
    if own is None:
        return {"product": None}
    return {
        name: _text(getattr(own, name))
        for name in _PRICES
        if (asked := getattr(line, name)) is not None and asked != getattr(own, name)
    }


def _rows(found: Found, lines: Sequence[_Line]) -> list[_Row]:
    """With what each row of the file shows of it."""
    plan, there = found.plan, found.there
    of_all = said(Promotion(**plan.fields), plan.channels)
    old = _differences(there, plan) if there else {}
    rows = []
    for line in lines:
        shown: dict[str, Any] = {"number": there and there.pk, "product": line.product.code}
        own = {name: _text(getattr(line, name)) for name in _PRICES}
        was = old | (_part_differs(there, line) if there else {})
        if found.effect == "changed":
            shown |= {"promotion": plan.name} | {
                name: value for name, value in (of_all | own).items() if name in was
            }
            shown["old"] = was
        else:
            shown |= {name: value for name, value in (of_all | own).items() if value not in (None, "")}
        rows.append(_Row(line.line, found.effect, shown, plan.store_start))
    return rows


def said(row: Promotion, channels: Iterable[Channel]) -> dict[str, Any]:
    """A promotion in the file's own terms, but for its products."""
    found: dict[str, Any] = {"promotion": row.name, "mechanic": str(row.get_mechanic_display())}
    for name, (of_plan, *_ends) in _PERCENT.items():
        value = getattr(row, of_plan)
        found[name] = None if value is None else _text(value * 100)
    found |= {name: _text(getattr(row, of_plan)) for name, (of_plan, *_ends) in _PLAIN.items()}
    found["currency"] = currency_of(row)
    found["channels"] = channels_text(channels)
    found |= {name: day and day.isoformat() for name in DATES for day in [getattr(row, name)]}
    texts = ("note", "alternatives", "exception_note", "exception")
    return found | {name: getattr(row, name).replace("\r\n", "\n") for name in texts}


def channels_text(channels: Iterable[Channel]) -> str:
    """Their codes as the file has them; none: everywhere."""
    return "; ".join(channel.code for channel in sorted(channels, key=lambda each: each.pk))


def _text(value: Decimal | int | None) -> str | None:
    return None if value is None else f"{Decimal(value).normalize():f}"
