"""Distribution on the card What if: its fields and what is said of the answer."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.numbers import Z80
from pricing.engine.what_if import Margin
from pricing.selectors.what_if import Ground, Question
from pricing.selectors.what_if_distribution import (
    LEAST,
    MOST,
    DistributionAnswer,
    DistributionAsked,
    Distributions,
)
from pricing.what_if_asked import machine


def distribution_fields(distributions: Distributions, asked: DistributionAsked) -> dict[str, Any]:
    """Without any, nothing can be asked."""
    spread = distributions.spreads.get(asked.channel)
    if spread is None:
        return {}
    return {
        "slider": {
            "name": "rate",
            "label": capfirst(_("weighted distribution")),
            "sub": spread.channel.name,
            "low": str(LEAST),
            "high": str(MOST),
            "step": str(LEAST),
            "value": f"{asked.rate:.2f}",
            "said": formats.percent(asked.rate, 0),
            "was": str(asked.channel),
        },
        "now": f"{formats.percent(spread.rate, 0)} ({formats.month(spread.month)})",
        "change": formats.delta(asked.rate - spread.rate, kind="points", good="none"),
        "choices": [
            {
                "name": "channel",
                "label": capfirst(_("channel")),
                "rows": [
                    {"value": pk, "name": one.channel.name, "on": pk == asked.channel}
                    for pk, one in distributions.spreads.items()
                ],
            }
        ],
        **({"paid": _paid(asked)} if "margin" in distributions.ground.measures else {}),
    }


def _paid(asked: DistributionAsked) -> dict[str, Any]:
    """For who may see costs."""
    return {
        "name": "cost",
        "label": _("What it costs us, once"),
        "value": machine(asked.cost, 2) if asked.cost else "",
        "about": _("A listing fee, shelves, support. It is not kept with the scenario."),
    }


def distribution_refused() -> str:
    return _(
        "Nobody can say: no channel has three months with its sales and its weighted distribution. "
        "Import the distribution first."
    )


def distribution_words(rate: Decimal, channel: str, start: datetime.date) -> str:
    return _("%(rate)s distribution in %(channel)s from %(day)s") % {
        "rate": formats.percent(rate, 0),
        "channel": channel,
        "day": formats.day(start),
    }


def distribution_asides(ground: Ground, answer: DistributionAnswer) -> list[str]:
    """The rate of sale it rests on, and how sure that is."""
    belief = answer.belief
    tenth = [1.1 ** (belief.mean + side * Z80 * belief.sd) - 1 for side in (0, -1, 1)]
    said = {
        "units": formats.volume(answer.per_point, ground.unit),
        "measure": str(answer.measure),
        "moved": str(ground.moved),
        "months": formats.number(belief.count, 0),
        "share": formats.share(answer.share),
        "rate": formats.percent(tenth[0]),
        "low": formats.percent(max(tenth[1], 0.0)),
        "high": formats.percent(tenth[2]),
    }
    lines = [
        _(
            "A percentage point of distribution sold %(units)s there in a month, over %(months)s months "
            "(%(measure)s)."
        )
        % said,
        _("A tenth more distribution is %(rate)s more volume there (80%%: %(low)s to %(high)s).") % said,
        _("The channel sells %(share)s of all volume.") % said,
    ]
    if ground.inflow is not None:
        said["left"] = formats.percent(1 - ground.inflow.stays)
        text = _(
            "That is of what comes in (%(moved)s); who is there is taken to leave as in the last year, "
            "%(left)s a month."
        )
        lines.append(text % said)
    found = answer.outcome
    if found.better is not None and ground.revenue is not None:
        lines += [
            _("Break-even: prices stay, so revenue is what it was as long as volume is."),
            _("Chance that revenue is higher than now: %(share)s.") % {"share": formats.share(found.better)},
        ]
        lines += _margin(ground, found.margin, answer.asked) if found.margin is not None else []
        lines.append(
            _(
                "The chance knows only how volume there follows distribution; more of it is taken never to "
                "sell less, and other channels, prices and competitors are taken to stay as they are."
            )
        )
    return lines


def _margin(ground: Ground, margin: Margin, asked: Question) -> list[str]:
    """For who may see costs."""
    lines = []
    chance = _("Chance that the margin is higher than now: %(share)s.")
    if margin.break_even is None:
        lines.append(_("At this price nothing is left of a unit: no volume makes up for it."))
    elif isinstance(asked, DistributionAsked) and asked.cost:
        text = _(
            "The margin stays the same if the channel sells %(share)s more from then on, what it costs paid."
        )
        if ground.inflow is not None:
            text = _(
                "The margin stays the same if %(share)s more come in there from then on, what it costs paid."
            )
        lines.append(text % {"share": formats.percent(margin.break_even)})
        chance = _("Chance that the margin is higher than now, what it costs paid: %(share)s.")
    return [*lines, chance % {"share": formats.share(margin.better)}]
