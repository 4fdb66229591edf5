"""A price on the card What if: its fields, of a price in parts too, and what is said of the question."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from pricing.engine.what_if import Outcome, StateEven
from pricing.models import Price
from pricing.selectors.what_if import LEAST, MOST, MOST_CHURN, MOST_FEWER, Asked, Ground
from pricing.selectors.yearly import Customer, yearly_amount
from pricing.what_if_asked import machine, slides
from pricing.words.elasticities import sensitivity_words
from pricing.words.prices import part_amount_text, part_words, price_decimals, price_text
from pricing.words.yearly import use_words


def price_fields(ground: Ground, asked: Asked) -> dict[str, Any]:
    price, now = ground.price_in(asked.channel), ground.asked_now(asked)
    decimals = max(price_decimals(now), 2)
    return {
        "slider": {
            "name": "price",
            "label": _label(ground, asked),
            "sub": _("with VAT") if price.price_list.with_vat else _("without VAT"),
            "low": machine(now * LEAST, decimals),
            "high": machine(now * MOST, decimals),
            "step": machine(Decimal(1).scaleb(-decimals), decimals),
            "value": machine(asked.price, decimals),
            "said": price_text(asked.price, price.price_list.currency, decimals),
            "was": slides(asked),
        },
        "choices": [choice for choice in (_lists(ground, asked), _parts(ground, asked)) if choice],
        "now": price_text(now, price.price_list.currency, decimals),
        "change": formats.delta(asked.price / now - 1, good="none"),
        "consumer": _consumer(ground, asked),
        "ahead": _ahead(ground, asked, price.price_list.currency),
        "fewer": _fewer(asked) if ground.is_assumed else None,
        "churn": _churn(asked) if ground.inflow else None,
        "sensitivity": "" if ground.is_assumed else sensitivity_words(ground.elasticity_in(asked.channel)),
    }


def _ahead(ground: Ground, asked: Asked, currency: str) -> str:
    """What is approved ahead of the price that is asked about: why an untouched slider changes something."""
    said, rows = [], ground.ahead(asked)
    if rows:
        prices = [
            _("%(price)s from %(day)s") % {"price": price_text(amount, currency), "day": formats.day(day)}
            for day, amount in rows
        ]
        text = _(
            "Approved: %(prices)s. “As it stands” counts with that; in the scenario the price above takes "
            "its place from its own day on."
        )
        said.append(text % {"prices": ", ".join(prices)})
    late = ground.price_in(asked.channel).made.uncounted
    if late is not None:
        text = _("Approved since the forecast was made, from %(day)s: it counts from the next night on.")
        said.append(text % {"day": formats.day(late)})
    days = [day for day in (*(day for day, _amount in rows), late) if day and day > asked.start]
    if days:
        text = _("Proposed, it holds until %(day)s, unless what is approved is withdrawn.")
        said.append(text % {"day": formats.day(min(days))})
    return " ".join(said)


def _fewer(asked: Asked) -> dict[str, Any]:
    """What is assumed of those who would come in."""
    return {"value": "" if asked.fewer is None else machine(asked.fewer, 1), "most": MOST_FEWER}


def _churn(asked: Asked) -> dict[str, Any]:
    """What is assumed of those who are there."""
    return {"value": machine(asked.churn, 1), "most": MOST_CHURN}


def price_refused() -> str:
    return _(
        "How what comes in answers the price is not measured yet, neither of this product nor of its line. "
        "Say above what you assume of it."
    )


def _label(ground: Ground, asked: Asked) -> str:
    price = ground.price_in(asked.channel)
    if price.several:
        if asked.part is None:
            return _("What a reference customer pays in a year")
        component, tier = asked.part
        return tier or capfirst(part_words(component, tier)) or _("Price per unit")
    return _("Our price") if price.price_list.kind == "own" else _("Consumer price")


def _lists(ground: Ground, asked: Asked) -> dict[str, Any] | None:
    """Whose price changes; nothing to choose where no channel has one of its own."""
    if not ground.channels:
        return None
    rows = [{"value": "", "name": _("everybody"), "on": asked.channel is None}]
    rows += [
        {
            "value": pk,
            "name": f"{own.channel.name} ({formats.share(ground.paying[pk].part)})",
            "on": pk == asked.channel,
        }
        for pk, own in ground.channels.items()
    ]
    return {"name": "channel", "label": _("Whose price"), "rows": rows}


def _parts(ground: Ground, asked: Asked) -> dict[str, Any] | None:
    """Which part of the price changes; nothing to choose where it has one."""
    price = ground.price_in(asked.channel)
    if not price.several:
        return None
    rows = [{"value": "", "name": _("all parts by the same share"), "on": asked.part is None}]
    for part in price.several:
        now = part_amount_text(part, price.part_on(part, ground.day), price.price_list.currency)
        rows.append({"value": ":".join(part), "name": now, "on": part == asked.part})
    return {"name": "part", "label": _("Which part"), "rows": rows}


def _consumer(ground: Ground, asked: Asked) -> str:
    price = ground.consumer_price(asked)
    if price is None or ground.consumer is None or ground.reseller_margin is None:
        return ""
    said = {
        "now": price_text(ground.consumer.amount, ground.currency, 2),
        "then": price_text(price, ground.currency, 2),
        "margin": formats.percent(ground.reseller_margin),
        "passed": formats.percent(ground.pass_through, 0),
    }
    if ground.pass_through == 1:
        text = _("Consumer price %(now)s becomes %(then)s: the reseller keeps his margin of %(margin)s.")
    else:
        text = _("Consumer price %(now)s becomes %(then)s: the reseller passes on %(passed)s of the change.")
    return text % said


def price_asked_words(
    ground: Ground, values: Mapping[str, Any], start: datetime.date, channel: int | None, name: str
) -> str:
    """A kept question with its own figures, whatever can be asked today; ``name`` of its channel."""
    price = Decimal(values["price"])
    asked = ground.own_prices.get(channel) if channel else ground.price
    said = price_text(price, asked.price_list.currency) if asked else _bare(price)
    if "part" in values:
        component, tier = values["part"].split(":", 1)
        words = part_words(component, tier) or str(Price.Component.UNIT.label)
        text = part_amount_text((component, tier), price, asked.price_list.currency) if asked else ""
        said = text or f"{said} {words}"
    elif asked and asked.several:
        said = _("%(price)s a year") % {"price": said}
    said = _("%(price)s from %(day)s") % {"price": said, "day": formats.day(start)}
    if channel:
        said = f"{name}: {said}"
    if "fewer" in values:
        rate = {"rate": _rate(Decimal(values["fewer"]))}
        said += " · " + _("assumed: %(rate)s fewer come in per 1%% of price") % rate
    if "churn" in values:
        rate = {"rate": _rate(Decimal(values["churn"]))}
        said += " · " + _("assumed: %(rate)s more churn per 1%% of price") % rate
    return said


def _bare(price: Decimal) -> str:
    """Of a list that is gone, nobody knows its currency."""
    return formats.number(price, price_decimals(price))


def _rate(assumed: Decimal) -> str:
    return formats.percent(float(assumed) / 100)


def price_asides(ground: Ground, asked: Asked) -> list[str]:
    """How much pays it, and of a price in parts what each reference customer pays then and what revenue is
    taken to do."""
    price, part = ground.price_in(asked.channel), ground.paying[asked.channel].part
    found = []
    if asked.channel is None and part < 1:
        text = _("%(share)s of the volume pays this price; the rest is taken to stay as it is.")
        found.append(text % {"share": formats.share(part)})
    if price.made.has_more:
        return [*found, _("Its other prices are left out: nobody says what a customer uses of each.")]
    if not price.several:
        return found
    found += [_customer(ground, asked, customer) for customer in price.made.customers]
    if ground.revenue is not None:
        found.append(_("Revenue is taken to move as what they pay."))
    return [said for said in found if said]


def volume_paying(ground: Ground, asked: Asked) -> str:
    """What a break-even is of."""
    is_all = ground.paying[asked.channel].part == 1
    return _("volume") if is_all else _("the volume that pays this price")


def _customer(ground: Ground, asked: Asked, customer: Customer) -> str:
    price = ground.price_in(asked.channel)
    now = {part: price.part_on(part, ground.day) for part in price.several}
    change = asked.price / price.amount
    then = {part: amount * change for part, amount in now.items()} if asked.part is None else {**now}
    if asked.part is not None:
        then[asked.part] = asked.price
    amounts = [yearly_amount(parts, customer.uses) for parts in (now, then)]
    if amounts[0] is None or amounts[1] is None:
        return ""
    said = [price_text(amount, price.price_list.currency, 2) for amount in amounts if amount is not None]
    if said[0] == said[1]:
        return _("%(customer)s (%(uses)s) pays %(now)s a year.") % {
            "customer": customer.name,
            "uses": use_words(customer),
            "now": said[0],
        }
    return _("%(customer)s (%(uses)s) pays %(then)s a year instead of %(now)s.") % {
        "customer": customer.name,
        "uses": use_words(customer),
        "now": said[0],
        "then": said[1],
    }


def inflow_asides(ground: Ground, asked: Asked, said: Outcome) -> list[str]:
    """Of a state: what a price moves, what it is taken to do to who is there, and what comes of that."""
    assert ground.inflow is not None
    words = {"measure": str(ground.moved), "rate": formats.percent(1 - ground.inflow.stays)}
    found = [
        _(
            "The price moves what comes in (%(measure)s). Who is there is taken to leave as in the last "
            "year, %(rate)s a month: what a price does to that is not measured."
        )
        % words
    ]
    if asked.churn:
        without = ground.answer(replace(asked, churn=Decimal(0))).outcome.volumes[-1].mean
        fewer = without - said.volumes[-1].mean
        words |= {
            "assumed": _rate(asked.churn),
            "month": formats.month(ground.months[-1].month),
            "volume": formats.number(abs(fewer), formats.volume_decimals([abs(fewer)])),
            "unit": ground.unit,
        }
        text = (
            _(
                "The price moves what comes in (%(measure)s). In the last year %(rate)s a month left; that "
                "%(assumed)s more leave per 1%% of price is an assumption of your own, not measured and "
                "without a range. By it %(volume)s %(unit)s fewer are there at the end of %(month)s."
            )
            if fewer >= 0
            else _(
                "The price moves what comes in (%(measure)s). In the last year %(rate)s a month left; that "
                "%(assumed)s fewer leave per 1%% less of price is an assumption of your own, not measured "
                "and without a range. By it %(volume)s %(unit)s more are there at the end of %(month)s."
            )
        )
        found = [text % words]
    if asked.fewer is not None:
        text = _(
            "That %(fewer)s fewer come in per 1%% of price is an assumption of your own, not measured and "
            "without a range."
        )
        found.append(text % {"fewer": _rate(asked.fewer)})
    if said.better is None or ground.revenue is None:
        return found
    found += _state_even(said.state, ground.inflow.stays, _REVENUE)
    margin = said.margin if said.margin is not None and said.margin.better is not None else None
    if margin is not None:
        found += _state_even(margin.state, ground.inflow.stays, _MARGIN)
    if asked.fewer is not None:
        return found
    if not asked.churn:
        return [*found, _("No chance is given: how many leave because of the price is not measured.")]
    by_it = _("By your assumption, the chance that revenue is higher than now: %(share)s.")
    found.append(by_it % {"share": formats.share(said.better)})
    if margin is not None:
        by_it = _("By your assumption, the chance that the margin is higher than now: %(share)s.")
        found.append(by_it % {"share": formats.share(margin.better)})
    return found


def _state_even(even: StateEven | None, stays: float, words: dict[str, Callable[[], str]]) -> list[str]:
    """Of what comes in; and of what leaves, with what comes in as it was measured."""
    if even is None:
        return []
    found = []
    if even.coming is not None:
        side = "any" if even.coming <= -1 else "falls" if even.coming < 0 else "grows"
        found.append(words[side]() % {"share": formats.percent(abs(even.coming))})
    if even.leaving is None:
        return found
    rates = [formats.percent(rate, 2) for rate in ((1 - stays) * (1 + even.leaving), 1 - stays)]
    return [*found, words["leaves"]() % {"rate": rates[0], "now": rates[1]}]


_REVENUE: dict[str, Callable[[], str]] = {
    "any": lambda: _("Break-even: revenue is higher even if nobody comes in."),
    "falls": lambda: _(
        "Break-even: revenue stays the same as long as what comes in falls by no more than %(share)s."
    ),
    "grows": lambda: _("Break-even: revenue stays the same if what comes in grows by %(share)s."),
    "leaves": lambda: _(
        "With what comes in as it answers the price, revenue stays the same if %(rate)s leave a month "
        "instead of %(now)s."
    ),
}
_MARGIN: dict[str, Callable[[], str]] = {
    "any": lambda: _("The margin is higher even if nobody comes in."),
    "falls": lambda: _("The margin stays the same as long as what comes in falls by no more than %(share)s."),
    "grows": lambda: _("The margin stays the same if what comes in grows by %(share)s."),
    "leaves": lambda: _(
        "With what comes in as it answers the price, the margin stays the same if %(rate)s leave a month "
        "instead of %(now)s."
    ),
}
