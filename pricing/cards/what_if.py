"""The card What if of a product's marketing mix: sliders, what they would do, and scenarios beside it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from pricing.charts.what_if import measure_names, what_if_chart
from pricing.engine.what_if import Margin
from pricing.models import Scenario
from pricing.selectors.elasticities import elasticities_allowed
from pricing.selectors.own_prices import UNIT
from pricing.selectors.scenarios import Kept, scenarios_kept
from pricing.selectors.what_if import Answer, Asked, Ground, Question
from pricing.selectors.what_if_distribution import DistributionAnswer, DistributionAsked
from pricing.selectors.what_if_promotion import PromotionAnswer, PromotionAsked
from pricing.selectors.what_if_reading import what_if_ground
from pricing.services.scenarios import MOST as MOST_BESIDE
from pricing.what_if_asked import Asker, machine
from pricing.words.prices import price_decimals
from products.models import Product

from .recommended import recommended_words
from .what_if_distribution import (
    distribution_asides,
    distribution_fields,
    distribution_refused,
    distribution_words,
)
from .what_if_kept import Row, kept_context, outcome_row
from .what_if_price import (
    inflow_asides,
    price_asides,
    price_asked_words,
    price_fields,
    price_refused,
    volume_paying,
)
from .what_if_promotion import (
    promotion_asides,
    promotion_fields,
    promotion_propose_url,
    promotion_refused,
    promotion_words,
)

REASONS = {
    "level": lambda: _(
        "This product counts a state. A price moves what comes in and what leaves, not the state, and "
        "nothing says what comes in. Give its product line one measure that is a flow in the same unit, such "
        "as new contracts; where it counts cancelled ones too, say of that measure that it counts what "
        "leaves."
    ),
    "inflow": lambda: _(
        "This product counts a state. A price moves what comes in and what leaves; of that too little is "
        "known, or more is there than came in. Six months with the state and what comes in, each after a "
        "month with the state, are enough: import those sales."
    ),
    "no_price": lambda: _("There is no price yet. A what-if begins with what it costs now."),
    "currency": lambda: _("It has prices in another currency alone. A what-if begins with a price in ours."),
    "parts": lambda: _(
        "Its price has several parts, and nobody says what a customer uses of each. "
        "Give its product line reference customers on the page Rules."
    ),
    "no_forecast": lambda: _("There is no forecast yet. A what-if moves the forecast of the night."),
}


def what_if_panel(user: Any, product: Product) -> Mapping[str, Any] | None:
    """Only where it will be read from: it comes in after the page."""
    return {} if elasticities_allowed(user) else None


def what_if_context(user: Any, product: Product, said: Any, *, whole: bool = True) -> dict[str, Any]:
    """``said``: the address, as a QueryDict. Not ``whole``: only what a slider moves."""
    ground = what_if_ground(user, product)
    if isinstance(ground, str):
        return {"product": product, "why_not": REASONS[ground]() if ground in REASONS else ground}
    asker = Asker(user, ground)
    asked = asker.read(said)
    answer = asker.answer(asked)
    kept = {row: scenario_words(asker, row) for row in scenarios_kept(user, product)}
    wanted = set(said.getlist("with"))
    beside = [Kept.of(row) for row in kept if str(row.pk) in wanted][:MOST_BESIDE]
    on = {one.row.pk for one in beside}
    is_full = len(on) == MOST_BESIDE
    of = said.get("of", "")
    address = [*_hidden(asked), *(("with", pk) for pk in sorted(on))]
    context = {
        "product": product,
        "ground": ground,
        "asked": asked,
        "hidden": [*address, *([("of", of)] if of in ground.measures else [])],
        "kinds": kinds(asked),
        "kept": [
            {"row": row, "about": about, "on": row.pk in on, "off": is_full and row.pk not in on}
            for row, about in kept.items()
        ],
        "beside": [kept_context(asker, one, kept[one.row], sorted(on)) for one in beside],
        "can_edit": user.has_perm("pricing.edit"),
        "recommended": recommended_words(ground) if whole and isinstance(asked, Asked) else None,
        **fields(asker, asked),
    }
    if answer is None:
        return {**context, "refused": refused(asked)}
    return {
        **context,
        "rows": outcome_rows(ground, answer),
        "asides": asides(ground, answer),
        "of": of if of in ground.measures else "",
        "measures": _measures(ground, of, address),
        "chart": what_if_chart(ground, answer, beside, of),
        "propose_url": propose_url(ground, answer),
    }


def kinds(asked: Question) -> list[dict[str, Any]]:
    """What may change, and which of it is asked now."""
    names = {"price": _("Price"), "promotion": _("Promotion"), "distribution": _("Distribution")}
    on = asked.values.get("kind", "price")
    return [{"kind": kind, "name": name, "on": kind == on} for kind, name in names.items()]


def _measures(ground: Ground, of: str, address: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """What the chart may show of the same question, each at its address; nothing where there is no choice."""
    on = of if of in ground.measures else ground.measures[0]
    return [
        {"of": each, "name": name, "said": urlencode([*address, ("of", each)]), "on": each == on}
        for each, name in measure_names().items()
        if each in ground.measures and len(ground.measures) > 1
    ]


def _hidden(asked: Question) -> list[tuple[str, str]]:
    """What is asked, as fields that keep it."""
    return [
        (name, one)
        for name, value in asked.values.items()
        for one in (value if isinstance(value, list) else [value])
    ]


def fields(asker: Asker, asked: Question) -> dict[str, Any]:
    if isinstance(asked, PromotionAsked):
        return promotion_fields(asker.promotions, asked)
    if isinstance(asked, DistributionAsked):
        return distribution_fields(asker.distributions, asked)
    assert isinstance(asked, Asked)
    return price_fields(asker.ground, asked)


def refused(asked: Question) -> str:
    """Why it is not answered."""
    if isinstance(asked, PromotionAsked):
        return promotion_refused(asked)
    return distribution_refused() if isinstance(asked, DistributionAsked) else price_refused()


def margin_asides(margin: Margin, volume: str) -> list[str]:
    """For who may see costs; ``volume``: what the break-even is of."""
    even = margin.break_even
    if even is None:
        text = _("At this price nothing is left of a unit: no volume makes up for it.")
    elif even < 0:
        text = _("The margin stays the same as long as %(volume)s falls by no more than %(share)s.")
    else:
        text = _("The margin stays the same if %(volume)s grows by %(share)s.")
    said = {"share": formats.percent(abs(even or 0)), "volume": volume}
    chance = _("Chance that the margin is higher than now: %(share)s.")
    return [text % said, chance % {"share": formats.share(margin.better)}]


def scenario_words(asker: Asker, row: Scenario) -> str:
    """What it asked, with the dates and amounts of its day, whatever could be asked today."""
    values, kind = row.values, row.values.get("kind")
    start = datetime.date.fromisoformat(values["start"])
    if kind == "promotion":
        asked = asker.read(values)
        assert isinstance(asked, PromotionAsked)
        end, price = datetime.date.fromisoformat(values["end"]), Decimal(values["price"])
        assumed = Decimal(values.get("assumed", 0))
        said = promotion_words(
            asker.promotions, replace(asked, start=start, end=end, price=price, assumed=assumed)
        )
        return f"{said} · {row.author}"
    channel = int(values["channel"][0]) if "channel" in values else None
    name = asker.channel_name(channel) if channel else ""
    if kind == "distribution":
        said = distribution_words(Decimal(values["rate"]), name, start)
    else:
        said = price_asked_words(asker.ground, values, start, channel, name)
    return f"{said} · {row.author}"


def propose_url(ground: Ground, answer: Answer) -> str:
    """To the form that proposes it, filled in; distribution is not ours to propose. Of a price in parts that
    all change it is by how many per cent."""
    asked = answer.asked
    if isinstance(answer, DistributionAnswer):
        return ""
    if isinstance(answer, PromotionAnswer):
        return promotion_propose_url(ground, answer)
    assert isinstance(asked, Asked)
    said = {
        "product": ground.product.code,
        "list": ground.price_in(asked.channel).price_list.code,
        "price": machine(asked.price, max(price_decimals(ground.asked_now(asked)), 2)),
        "start": str(asked.start),
    }
    if ground.price_in(asked.channel).several and asked.part is None:
        del said["price"]
        said["share"] = machine(100 * (asked.price / ground.asked_now(asked) - 1), 2)
        return f"{reverse('pricing:proposal_new')}?{urlencode(said)}"
    part = asked.part or next(iter(ground.price_in(asked.channel).made.weights))
    if part != UNIT:
        said |= {"component": part[0], "tier": part[1]}
    return f"{reverse('pricing:proposal_new')}?{urlencode(said)}"


def outcome_rows(ground: Ground, answer: Answer) -> list[Row]:
    """Volume, and revenue where it is known what a unit brings in."""
    said = answer.outcome
    rows, last = [outcome_row(_("Volume"), said.volume, said.volume_now, ground.unit)], ground.months[-1]
    if ground.inflow is not None:
        name = _("At the end of %(month)s") % {"month": formats.month(last.month)}
        rows = [outcome_row(name, said.volumes[-1], last.final, ground.unit)]
    if answer.there is not None and isinstance(answer.asked, Asked) and answer.asked.channel:
        said_of = {"channel": ground.channels[answer.asked.channel].channel.name}
        there = answer.there
        row = outcome_row(_("Volume in %(channel)s") % said_of, there.volume, there.volume_now, ground.unit)
        if ground.inflow is not None:
            now = ground.paying[answer.asked.channel].part * last.final
            name = _("In %(channel)s at the end of %(month)s") % (
                said_of | {"month": formats.month(last.month)}
            )
            row = outcome_row(name, there.volumes[-1], now, ground.unit)
        rows.insert(0, row)
    if ground.revenue is not None:
        rows.append(outcome_row(_("Revenue"), said.revenue, said.revenue_now, ground.currency, money=True))
        if said.margin is not None:
            name = pgettext("what if", "Margin after costs by volume")
            if isinstance(answer, PromotionAnswer):
                name = pgettext("what if", "Margin after costs by volume, budget and sister products")
            if isinstance(answer.asked, DistributionAsked) and answer.asked.cost:
                name = pgettext("what if", "Margin after costs by volume, and what distribution costs")
            rows.append(outcome_row(name, said.margin.total, said.margin.now, ground.currency, money=True))
    return rows


def asides(ground: Ground, answer: Answer) -> list[str]:
    """What is to be said of it: break-even, how probable more revenue is, and how far it may be believed."""
    if isinstance(answer, PromotionAnswer):
        return promotion_asides(ground, answer)
    if isinstance(answer, DistributionAnswer):
        return distribution_asides(ground, answer)
    assert isinstance(answer.asked, Asked)
    said, found = answer.outcome, price_asides(ground, answer.asked)
    volume = volume_paying(ground, answer.asked)
    if ground.inflow is not None:
        found += inflow_asides(ground, answer.asked, said)
    elif said.better is not None and ground.revenue is not None:
        text = (
            _("Break-even: revenue stays the same as long as %(volume)s falls by no more than %(share)s.")
            if said.break_even < 0
            else _("Break-even: revenue stays the same if %(volume)s grows by %(share)s.")
        )
        found.append(text % {"share": formats.percent(abs(said.break_even)), "volume": volume})
        found.append(
            _("Chance that revenue is higher than now: %(share)s.") % {"share": formats.share(said.better)}
        )
        if said.margin is not None and said.margin.better is not None:
            found += margin_asides(said.margin, volume)
    if answer.outside:
        found.append(
            _("This price lies a fifth outside the prices seen or more: nobody knows, so the range is wider.")
        )
    return found
