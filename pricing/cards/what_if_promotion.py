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
from pricing.selectors.what_if import Ground
from pricing.selectors.what_if_promotion import LEAST_PRICE, PromotionAnswer, PromotionAsked, Promotions
from pricing.what_if_asked import machine
from pricing.words.prices import price_decimals, price_text
from pricing.words.promotions import span_words

Mechanic = Promotion.Mechanic
_OFF = (Mechanic.PRICE_CUT, Mechanic.COUPON, Mechanic.WELCOME, Mechanic.CASHBACK)


def promotion_fields(promotions: Promotions, asked: PromotionAsked) -> dict[str, Any]:
    ground, normal = promotions.ground, promotions.normal
    decimals = max(price_decimals(normal), 2)
    held = ground.consumer or ground.price
    return {
        "slider": {
            "name": "price",
            "label": _("Price in the promotion"),
            "sub": _("with VAT") if held.price_list.with_vat else _("without VAT"),
            "low": machine(normal * LEAST_PRICE, decimals),
            "high": machine(normal, decimals),
            "step": machine(Decimal(1).scaleb(-decimals), decimals),
            "value": machine(asked.price, decimals),
            "said": price_text(asked.price, ground.currency, decimals),
            "was": asked.mechanic,
        },
        "now": price_text(normal, ground.currency, decimals),
        "change": formats.delta(asked.price / normal - 1, good="none"),
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
    }


def promotion_refused(asked: PromotionAsked) -> str:
    return _(
        "Nobody can say: no promotion “%(mechanic)s” of this product was measured, and fewer than "
        "%(needed)s of other products. Choose another mechanic."
    ) % {"mechanic": Mechanic(asked.mechanic).label, "needed": formats.number(LEAST_OTHERS, 0)}


def promotion_words(ground: Ground, asked: PromotionAsked) -> str:
    return _("%(mechanic)s at %(price)s, %(dates)s") % {
        "mechanic": Mechanic(asked.mechanic).label,
        "price": price_text(asked.price, ground.currency),
        "dates": span_words(asked.start, asked.end),
    }


def promotion_propose_url(ground: Ground, answer: PromotionAnswer) -> str:
    asked = answer.asked
    assert isinstance(asked, PromotionAsked)
    normal = (ground.consumer or ground.price).amount
    said: dict[str, Any] = {
        "product": ground.product.code,
        "mechanic": asked.mechanic,
        "store_start": str(asked.start),
        "store_end": str(asked.end),
        "channels": [str(pk) for pk in asked.channels],
        "price_1": machine(normal, price_decimals(normal)),
        "effective_1": machine(asked.price, price_decimals(asked.price)),
        "planned_uplift_rate": f"{answer.found.uplift.mean:.2f}",
    }
    if asked.mechanic in _OFF:
        said["rate"] = f"{1 - asked.price / normal:.4f}"
    if asked.budget:
        said["budget_amount"] = machine(asked.budget, 2)
    return f"{reverse('pricing:promotion_new')}?{urlencode(said, doseq=True)}"


def promotion_asides(ground: Ground, answer: PromotionAnswer) -> list[str]:
    """What it rests on, break-even, chances, the weeks after and sister products."""
    said, found, belief = answer.outcome, answer.found, answer.belief
    rests = _("%(own)s of this product, %(line)s of its line, %(all)s in all") % {
        "own": formats.number(belief.own, 0),
        "line": formats.number(belief.line, 0),
        "all": formats.number(belief.count, 0),
    }
    lines = [
        _(
            "In its days %(rate)s more is sold than normally (80%%: %(low)s to %(high)s), from earlier "
            "promotions: %(rests)s."
        )
        % {
            "rate": formats.percent(found.uplift.mean, 0),
            "low": formats.percent(found.uplift.lo80, 0),
            "high": formats.percent(found.uplift.hi80, 0),
            "rests": rests,
        },
        _("In the four weeks after it: %(units)s.") % {"units": _units(ground, found.after)}
        if found.after
        else _("What is sold less in the weeks after it is not known of these: it counts as nothing."),
    ]
    if found.sisters:
        text = _("Sister products meanwhile: %(units)s; not in the revenue here.")
        lines.append(text % {"units": _units(ground, found.sisters)})
    if not answer.ours:
        lines.append(_("Our price stays as it is: what the seller is paid for it belongs in the budget."))
    if said.better is not None and ground.revenue is not None:
        lines += [
            _("Break-even: revenue stays the same if its days sell %(share)s more than normally.")
            % {"share": formats.percent(max(said.break_even, 0.0), 0)},
            _("Chance that revenue is higher than now: %(share)s.") % {"share": formats.share(said.better)},
        ]
    if said.margin is not None and said.margin.better is not None and ground.revenue is not None:
        lines += _margin(said.margin.break_even, said.margin.better)
    return lines


def _margin(even: float | None, better: float) -> list[str]:
    """For who may see costs."""
    text = _("The margin stays the same if its days sell %(share)s more than normally, the budget paid.")
    if even is None:
        text = _("At this price nothing is left of a unit: no volume makes up for it.")
    chance = _("Chance that the margin is higher than now, the budget paid: %(share)s.")
    return [
        text % {"share": formats.percent(max(even or 0, 0.0), 0)},
        chance % {"share": formats.share(better)},
    ]


def _units(ground: Ground, units: Range) -> str:
    """Less or more, with its range."""
    decimals = formats.volume_decimals([abs(units.lo80), abs(units.hi80)])
    return _("%(units)s %(unit)s (80%%: %(low)s to %(high)s)") % {
        "units": formats.number(units.mean, decimals),
        "unit": ground.unit,
        "low": formats.number(units.lo80, decimals),
        "high": formats.number(units.hi80, decimals),
    }
