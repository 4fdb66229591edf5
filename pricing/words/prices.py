"""Prices in words."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from pricing.engine.van_prijs import VanPrijs
from pricing.models import Bound, Price, PriceList
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.units import own_unit


def price_decimals(amount: Decimal | None) -> int:
    """Two, or as many more as the price has: a tariff of 0.2345."""
    return 2 if amount is None else max(2, -int(amount.normalize().as_tuple().exponent))


def price_text(amount: Decimal | None, currency: str, decimals: int | None = None) -> str:
    return formats.money(amount, currency, price_decimals(amount) if decimals is None else decimals)


def price_number(amount: Decimal | None) -> str:
    """Beside a head that says the currency."""
    return formats.number(amount, price_decimals(amount))


def part_words(component: str, tier: str) -> str:
    """ "per month, night"; nothing for the plain price per unit."""
    if component == Price.Component.UNIT:
        return tier
    return ", ".join(filter(None, [str(Price.Component(component).label), tier]))


def per_words(product: Product, component: str, tier: str) -> str:
    """What an amount is for: "per month", "kWh", else a unit of the product ("per pack")."""
    own = own_unit(line_tree(), product) or _("unit")
    return part_words(component, tier) or _("per %(unit)s") % {"unit": own}


def part_text(price: Price, currency: str) -> str:
    """A part of a price with its amount: "€4.75 per month", "kWh: €0.248"."""
    return part_amount_text((price.component, price.tier), price.amount, currency)


def part_amount_text(part: tuple[str, str], amount: Decimal | None, currency: str) -> str:
    component, tier = part
    said = _("no price") if amount is None else price_text(amount, currency)
    words = part_words(component, tier) or str(Price.Component.UNIT.label)
    return f"{tier}: {said}" if component == Price.Component.UNIT and tier else f"{said} {words}"


def bound_words(bound: Bound) -> str:
    """ "at most €5.00 per month with VAT"."""
    vat = _("with VAT") if bound.with_vat else _("without VAT")
    if bound.least is None:
        said = _("at most %(most)s")
    elif bound.most is None:
        said = _("at least %(least)s")
    else:
        said = _("%(least)s to %(most)s")
    ends = {name: price_text(getattr(bound, name), bound.currency) for name in ("least", "most")}
    return " ".join(filter(None, [said % ends, part_words(bound.component, bound.tier), vat]))


def told_bound(said: Mapping[str, Any]) -> str:
    """The same of a bound as an alert keeps it."""
    ends = {end: None if said[end] is None else Decimal(said[end]) for end in ("least", "most")}
    names = ("currency", "component", "tier", "with_vat")
    return bound_words(Bound(**ends, **{name: said[name] for name in names}))


def list_part_words(price_list: PriceList, component: str, tier: str) -> str:
    """ "Shop · per month"."""
    return " · ".join(filter(None, [str(price_list), part_words(component, tier)]))


def list_words(price_list: PriceList) -> str:
    """Whom the list is for and what it says."""
    whom = [str(part) for part in (price_list.channel, price_list.segment) if part] or [_("everybody")]
    vat = _("with VAT") if price_list.with_vat else _("without VAT")
    return " · ".join([*whom, str(price_list.get_kind_display()), vat])


def volume_words(price_list: PriceList) -> str:
    """Whose volume stands beside the list's prices; nobody says what a segment buys of it."""
    if price_list.channel is None:
        return _("volume of all channels")
    return _("volume of %(channel)s, with what is below it") % {"channel": price_list.channel}


def van_words(van: VanPrijs, price_list: PriceList) -> tuple[str, str]:
    """The van-prijs, and what is to be said of it."""
    note = "" if price_list.is_to_consumers else _("information only")
    if van.amount is None:
        said = {
            "no_price": _("no price directly before"),
            "new": _("under 30 days on the market; lowest so far %(price)s"),
            "gap": _("without a price for a part of the 30 days; lowest %(price)s"),
            "promotion": _("a promotion ran whose price is not clear; lowest otherwise %(price)s"),
            "service": _("the rule is of goods, not of services"),
            "part": _("the rule does not say how a price per month or once is compared"),
            "mechanic": _("the rule does not say how a coupon or money back is compared"),
        }[van.reason]
        said %= {"price": price_text(van.seen, price_list.currency)}
        return _("not judged"), "; ".join(filter(None, [said, note]))
    if van.may_stay is not None:
        steps = _("if the steps are one reduction announced without a break: %(price)s until %(day)s") % {
            "price": price_text(van.may_stay, price_list.currency),
            "day": formats.day(van.stays_until),
        }
        note = "; ".join(filter(None, [steps, note]))
    return price_text(van.amount, price_list.currency), note


def rule_words(rule: dict[str, Any], currency: str) -> str:
    """How a proposal's prices came about: "+3%, rounded to .99"."""
    said = _rule_words(rule, currency)
    return _("%(rule)s, then edited price by price") % {"rule": said} if rule.get("edited") else said


def _rule_words(rule: dict[str, Any], currency: str) -> str:
    kind, value = rule.get("kind", ""), rule.get("value")
    amount = Decimal(value) if value is not None else None
    said = {
        "percentage": formats.delta(amount, "percent", decimals=None).text if kind == "percentage" else "",
        "amount": formats.delta(amount, "money", unit=currency).text if kind == "amount" else "",
        "target": _("set to %(price)s") % {"price": price_number(amount)} if kind == "target" else "",
        "list": _("%(share)s of %(list)s")
        % {"share": formats.percent(amount, 0 if amount * 100 % 1 == 0 else 1), "list": rule.get("of")}
        if kind == "list" and amount is not None
        else "",
        "paste": _("price by price"),
        "end": _("no price from then on"),
        "file": _("from a file"),
    }.get(kind, "")
    rounding = rule.get("rounding", "")
    if not rounding or rounding == "none":
        return said
    return _("%(rule)s, rounded to %(to)s") % {"rule": said, "to": ROUNDED[rounding]()}


ROUNDED = {
    "99": lambda: formats.number(Decimal("0.99"), 2)[1:],
    "95": lambda: formats.number(Decimal("0.95"), 2)[1:],
    "whole": lambda: pgettext("rounding", "whole amounts"),
}


def nothing_left_words(params: Mapping[str, Any]) -> str:
    """Why a rule makes no price: of a ``price``, where known that of a ``product``."""
    text = _("Nothing would be left of a price of %(price)s. What is for nothing is set to one price.")
    if "product" in params:
        text = _(
            "Nothing would be left of the price of %(product)s, %(price)s. What is for nothing is set to one "
            "price."
        )
    return text % {**params, "price": price_number(Decimal(params["price"]))}


def _whose(source: str) -> str:
    """Whose elasticity it is (``pricing.selectors.elasticities``)."""
    return {
        "own": _("measured of this product"),
        "channel": _("measured of this product in that channel"),
        "line": _("that of its product line, as this product's own is not measured yet"),
        "portfolio": _("that of all products, as this product's own is not measured yet"),
        "literature": _("that of consumer goods in general, as this product's own is not measured yet"),
    }[source]


def unknown_words(reason: str) -> str:
    """Why nothing is expected of a price."""
    return {
        "advised": _(
            "the reseller decides what he asks, so an advised price counts in no forecast; what he does "
            "shows in the prices that are observed"
        ),
        "segment": _("nobody says what a segment buys of all that is sold"),
        "currency": _("nobody says who pays in another currency; forecasts count with those of a channel"),
        "level": _(
            "this product counts what is in force, and its line has no single measure in the same unit of "
            "what is new"
        ),
        "inflow": _(
            "this product counts what is in force, and of what comes in and leaves too little is known"
        ),
        "unmeasured": _(
            "this product counts what is in force, and how what comes in answers a price is not measured of "
            "it or its line"
        ),
    }.get(reason, "")


def unmoving_words(params: Mapping[str, Any]) -> tuple[str, str]:
    """That the forecast does not count with a price ahead, and why."""
    why = params.get("why", "advised")
    said = {
        "change": formats.delta(params["share"], "percent").text,
        "where": ", ".join(params.get("where", ())),
        "day": formats.day(datetime.date.fromisoformat(params["start"])),
        "why": unknown_words(why),
    }
    name = _("Advised price in %(where)s %(change)s") if said["where"] else _("Advised price %(change)s")
    if why != "advised":
        name = _("Price for %(where)s %(change)s") if why == "segment" else _("Price in %(where)s %(change)s")
    return name % said, _("From %(day)s. The forecast does not move: %(why)s.") % said


def planned_words(params: Mapping[str, Any]) -> tuple[str, str]:
    """What an approved price ahead does to the forecast."""
    change = formats.delta(params["share"], "percent").text
    name = _("Own price %(change)s") % {"change": change}
    if where := params.get("where"):
        said = {"where": ", ".join(where), "change": change}
        name = _("Own price in %(where)s %(change)s") % said
    day = formats.day(datetime.date.fromisoformat(params["start"]))
    if params.get("still") or "volumes" not in params:
        text = _(
            "From %(day)s. What it does to volume is not known; revenue ahead counts with the new price."
        )
        if "why" in params:
            text = _(
                "From %(day)s. The forecast does not move: %(why)s. Revenue ahead counts with the new price."
            )
        return name, text % {"day": day, "why": unknown_words(params.get("why", ""))}
    low, high = (formats.delta(value, "percent").text for value in params["volumes"])
    text = _(
        "From %(day)s. Volume changes by elasticity %(elasticity)s, %(whose)s: %(low)s to %(high)s (80%%). "
        "Revenue ahead counts with the new price."
    )
    if "part" in params:
        text = _(
            "From %(day)s, where %(part)s of the volume is sold. The volume there changes by elasticity "
            "%(elasticity)s, %(whose)s: of all that is sold %(low)s to %(high)s (80%%). Revenue ahead counts "
            "with the new price there."
        )
    if "state" in params:
        text = _(
            "From %(day)s. What comes in changes by elasticity %(elasticity)s, %(whose)s: %(low)s to "
            "%(high)s (80%%); what is there follows as that adds up. Who is there is taken to leave as "
            "before: what a price does to that is not measured. Revenue ahead counts with the new price."
        )
        if "part" in params:
            text = _(
                "From %(day)s, where %(part)s of what there is pays it. What comes in there changes by "
                "elasticity %(elasticity)s, %(whose)s: of all that comes in %(low)s to %(high)s (80%%); what "
                "is there follows as that adds up. Who is there is taken to leave as before: what a price "
                "does to that is not measured. Revenue ahead counts with the new price there."
            )
    return name, text % {
        "day": day,
        "part": formats.percent(params.get("part"), 0),
        "elasticity": formats.number(params["elasticity"], 2),
        "whose": _whose(params.get("source", "literature")),
        "low": low,
        "high": high,
    }
