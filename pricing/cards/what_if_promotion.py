"""A promotion on the card What if: its fields, what is said of the answer, and the form that proposes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from core import formats
from pricing.engine.what_if import Range
from pricing.models import Promotion
from pricing.selectors.earlier_promotions import LEAST_OTHERS
from pricing.selectors.what_if import Ground, PriceNow
from pricing.selectors.what_if_promotion import (
    LEAST_PRICE,
    MOST_ASSUMED,
    PromotionAnswer,
    PromotionAsked,
    Promotions,
)
from pricing.what_if_asked import machine
from pricing.words.prices import list_words, price_decimals, price_text
from pricing.words.promotions import span_words

Mechanic = Promotion.Mechanic
_OFF = (Mechanic.PRICE_CUT, Mechanic.COUPON, Mechanic.WELCOME, Mechanic.CASHBACK)


def promotion_fields(promotions: Promotions, asked: PromotionAsked) -> dict[str, Any]:
    ground, held = promotions.ground, promotions.normal(asked.channels)
    normal = held.amount
    decimals = max(price_decimals(normal), 2)
    return {
        "slider": {
            "name": "price",
            "label": _label(ground, held),
            "sub": _("with VAT") if held.price_list.with_vat else _("without VAT"),
            "low": machine(normal * LEAST_PRICE, decimals),
            "high": machine(normal, decimals),
            "step": machine(Decimal(1).scaleb(-decimals), decimals),
            "value": machine(asked.price, decimals),
            "said": price_text(asked.price, ground.currency, decimals),
            "was": promotions.slides(asked.mechanic, asked.channels),
        },
        "now": price_text(normal, ground.currency, decimals),
        "change": formats.delta(asked.price / normal - 1, good="none"),
        "consumer": _("It starts from %(list)s (%(about)s).")
        % {"list": held.price_list, "about": list_words(held.price_list)},
        "choices": [
            {
                "name": "mechanic",
                "label": _("Mechanic"),
                "rows": [
                    {"value": value, "name": Mechanic(value).label, "on": value == asked.mechanic}
                    for value in promotions.mechanics
                ],
            }
        ],
        "is_promotion": True,
        # Read by the card only, not by an answer to its slider.
        "channels": lambda: [
            {"pk": channel.pk, "name": channel.name, "share": share, "on": channel.pk in asked.channels}
            for channel, share in ground.volumes.largest
        ],
        "paid": {
            "name": "budget",
            "label": _("Our part of the budget"),
            "value": machine(asked.budget, 2) if asked.budget else "",
        },
        "assumed": _assumption(ground, asked) if promotions.is_assumed(asked.mechanic) else None,
    }


def _assumption(ground: Ground, asked: PromotionAsked) -> dict[str, Any]:
    """What is assumed of who comes in."""
    return {
        "value": machine(asked.assumed, 0),
        "most": MOST_ASSUMED,
        "label": _("More that come in in its days")
        if ground.is_assumed
        else _("More that come in beside what the price does"),
        "about": _(
            "Your own assumption: too few promotions of this mechanic were measured, and no price was."
        )
        if ground.is_assumed
        else _("Your own assumption: too few promotions of this mechanic were measured."),
    }


def _label(ground: Ground, normal: PriceNow) -> str:
    """What the price is of: of a price in parts what is paid in a year."""
    is_yearly = bool(normal.several)
    if ground.inflow is not None:
        return (
            _("What a reference customer who comes in pays in the first year")
            if is_yearly
            else _("Price of who comes in, in the first year")
        )
    return (
        _("What a reference customer pays in a year, in the promotion")
        if is_yearly
        else _("Price in the promotion")
    )


def promotion_refused(asked: PromotionAsked) -> str:
    return _(
        "Nobody can say: no promotion “%(mechanic)s” of this product was measured, and fewer than "
        "%(needed)s of other products. Choose another mechanic."
    ) % {"mechanic": Mechanic(asked.mechanic).label, "needed": formats.number(LEAST_OTHERS, 0)}


def promotion_words(promotions: Promotions, asked: PromotionAsked) -> str:
    ground = promotions.ground
    price = price_text(asked.price, ground.currency)
    if promotions.normal(asked.channels).several:
        price = _("%(price)s a year") % {"price": price}
    said = _("%(mechanic)s at %(price)s, %(dates)s") % {
        "mechanic": Mechanic(asked.mechanic).label,
        "price": price,
        "dates": span_words(asked.start, asked.end),
    }
    if asked.assumed:
        text = (
            _("assumed: %(rate)s more come in")
            if ground.is_assumed
            else _("assumed: %(rate)s more come in beside it")
        )
        said += " · " + text % {"rate": _assumed(asked)}
    return said


def _assumed(asked: PromotionAsked) -> str:
    return formats.percent(float(asked.assumed) / 100, 0)


def promotion_propose_url(ground: Ground, answer: PromotionAnswer) -> str:
    asked, price = answer.asked, answer.normal
    normal = price.amount
    said: dict[str, Any] = {
        "product": ground.product.code,
        "mechanic": asked.mechanic,
        "store_start": str(asked.start),
        "store_end": str(asked.end),
        "channels": [str(pk) for pk in asked.channels],
        "planned_uplift_rate": f"{answer.found.uplift.mean:.2f}",
    }
    if not price.several:  # what is paid in a year is no price that a promotion has
        said["price_1"] = machine(normal, price_decimals(normal))
        said["effective_1"] = machine(asked.price, price_decimals(asked.price))
    if asked.mechanic in _OFF:
        said["rate"] = f"{1 - asked.price / normal:.4f}"
    if asked.budget:
        said["budget_amount"] = machine(asked.budget, 2)
    return f"{reverse('pricing:promotion_new')}?{urlencode(said, doseq=True)}"


def promotion_asides(ground: Ground, answer: PromotionAnswer) -> list[str]:
    """What it rests on, break-even, chances, the weeks after and sister products."""
    return _level_asides(ground, answer) if ground.inflow is not None else _flow_asides(ground, answer)


def _flow_asides(ground: Ground, answer: PromotionAnswer) -> list[str]:
    said, found = answer.outcome, answer.found
    lines = [
        _(
            "In its days %(rate)s more is sold than normally (80%%: %(low)s to %(high)s), from earlier "
            "promotions: %(rests)s."
        )
        % _rests(answer),
        _("In the four weeks after it: %(units)s.") % {"units": _units(ground, found.after)}
        if found.after
        else _("What is sold less in the weeks after it is not known of these: it counts as nothing."),
        *_beside(ground, answer),
    ]
    if ground.price.several and answer.ours and ground.revenue is not None:
        lines.append(
            _("Revenue is taken to move as what they pay, where the price is ours.")
            if answer.ours < 1
            else _("Revenue is taken to move as what they pay.")
        )
    if said.better is not None and ground.revenue is not None:
        text = _("Break-even: revenue stays the same if its days sell %(share)s more than normally.")
        lines.append(text % {"share": formats.percent(max(said.break_even, 0.0), 0)})
    text = _("The margin stays the same if its days sell %(share)s more than normally, the budget paid.")
    return [*lines, *_chances(ground, answer, text)]


def _level_asides(ground: Ground, answer: PromotionAnswer) -> list[str]:
    """Of a state: of what comes in, and who pays what."""
    asked, said, found = answer.asked, answer.outcome, answer.found
    measure = {"measure": str(ground.moved)}
    if answer.belief.count:
        lines = [
            _(
                "In its days %(rate)s more come in (%(measure)s) than normally (80%%: %(low)s to %(high)s), "
                "from earlier promotions: %(rests)s."
            )
            % (_rests(answer) | measure),
            _("In the four weeks after it: %(units)s.") % {"units": _units(ground, found.after)}
            if found.after
            else _("What comes in less in the weeks after it is not known of these: it counts as nothing."),
        ]
    elif answer.is_assumed:
        text = _(
            "Neither this mechanic nor a price was measured on what comes in (%(measure)s). That %(assumed)s "
            "more come in in its days, and nothing less afterwards, is an assumption of your own, without a "
            "range."
        )
        lines = [text % (measure | {"assumed": _assumed(asked)})]
    else:
        text = _(
            "Too few promotions of this mechanic were measured on what comes in (%(measure)s). It is taken "
            "to answer this price as it answers one that stays: %(rate)s more in its days (80%%: %(low)s to "
            "%(high)s), and nothing less afterwards."
        )
        lines = [text % (_rests(answer) | measure)]
        if asked.assumed:
            text = _("In that, %(assumed)s more beside the price is an assumption of your own.")
            lines.append(text % {"assumed": _assumed(asked)})
    lines += _beside(ground, answer)
    if answer.ours and asked.price < answer.normal.amount:
        lines.append(
            _(
                "Where the price is ours, who comes in in its days pays that price in all months looked at, "
                "who is there his own. Both leave as in the last year: whether more leave when the first "
                "year is over is not known."
            )
            if answer.ours < 1
            else _(
                "Who comes in in its days pays that price in all months looked at, who is there his own. "
                "Both leave as in the last year: whether more leave when the first year is over is not known."
            )
        )
    if said.better is not None and ground.revenue is not None:
        text = _("Break-even: revenue of these months stays the same if %(share)s more come in in its days.")
        lines.append(text % {"share": formats.percent(max(said.break_even, 0.0), 0)})
    text = _("The margin stays the same if %(share)s more come in in its days, the budget paid.")
    return [*lines, *_chances(ground, answer, text)]


def _rests(answer: PromotionAnswer) -> dict[str, str]:
    """The uplift, and from which promotions."""
    found, belief = answer.found, answer.belief
    return {
        "rate": formats.percent(found.uplift.mean, 0),
        "low": formats.percent(found.uplift.lo80, 0),
        "high": formats.percent(found.uplift.hi80, 0),
        "rests": _("%(own)s of this product, %(line)s of its line, %(all)s in all")
        % {
            "own": formats.number(belief.own, 0),
            "line": formats.number(belief.line, 0),
            "all": formats.number(belief.count, 0),
        },
    }


def _beside(ground: Ground, answer: PromotionAnswer) -> list[str]:
    lines = []
    if answer.found.sisters:
        text = _("Sister products meanwhile: %(units)s; not in the revenue here.")
        lines.append(text % {"units": _units(ground, answer.found.sisters)})
    if not answer.ours:
        lines.append(_("Our price stays as it is: what the seller is paid for it belongs in the budget."))
    elif answer.ours < 1:
        text = _(
            "For %(share)s of what its channels sell the price is ours; for the rest our price stays as it "
            "is: what the seller is paid for it belongs in the budget."
        )
        lines.append(text % {"share": formats.percent(answer.ours, 0)})
    return lines


def _chances(ground: Ground, answer: PromotionAnswer, even: str) -> list[str]:
    """That revenue is higher and, for who may see costs, margin, where it is no assumption alone; ``even``:
    what the margin's break-even is called."""
    said = answer.outcome
    if said.better is None or ground.revenue is None:
        return []
    lines = []
    if not answer.is_assumed:  # that comes out one way or the other
        text = _("Chance that revenue is higher than now: %(share)s.")
        lines = [text % {"share": formats.share(said.better)}]
    if said.margin is None or said.margin.better is None:
        return lines
    if said.margin.break_even is None:
        even = _("At this price nothing is left of a unit: no volume makes up for it.")
    lines.append(even % {"share": formats.percent(max(said.margin.break_even or 0, 0.0), 0)})
    if not answer.is_assumed:
        chance = _("Chance that the margin is higher than now, the budget paid: %(share)s.")
        lines.append(chance % {"share": formats.share(said.margin.better)})
    return lines


def _units(ground: Ground, units: Range) -> str:
    """Less or more, with its range."""
    decimals = formats.volume_decimals([abs(units.lo80), abs(units.hi80)])
    return _("%(units)s %(unit)s (80%%: %(low)s to %(high)s)") % {
        "units": formats.number(units.mean, decimals),
        "unit": ground.unit,
        "low": formats.number(units.lo80, decimals),
        "high": formats.number(units.hi80, decimals),
    }
