"""The card What if of a product's marketing mix: sliders, what they would do, and scenarios beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from pricing.charts.what_if import measure_names, scaled, what_if_chart
from pricing.engine.what_if import Margin, Range
from pricing.models import Scenario
from pricing.selectors.elasticities import elasticities_allowed
from pricing.selectors.what_if import (
    LEAST,
    MOST,
    Answer,
    Asked,
    Ground,
    Question,
)
from pricing.selectors.what_if_distribution import DistributionAnswer, DistributionAsked
from pricing.selectors.what_if_promotion import PromotionAnswer, PromotionAsked
from pricing.selectors.what_if_reading import scenarios_kept, what_if_ground
from pricing.services.scenarios import MOST as MOST_BESIDE
from pricing.what_if_asked import Asker, machine
from pricing.words.elasticities import sensitivity_words
from pricing.words.prices import price_decimals, price_text
from products.models import Product

from .recommended import recommended_words
from .what_if_distribution import (
    distribution_asides,
    distribution_fields,
    distribution_refused,
    distribution_words,
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
        "This product counts a state. A price moves what comes in and what leaves, not the state."
    ),
    "no_price": lambda: _("There is no price yet. A what-if begins with what it costs now."),
    "parts": lambda: _(
        "Its price is per month, once or by tier. A what-if begins with a plain price per unit."
    ),
    "no_forecast": lambda: _("There is no forecast yet. A what-if moves the forecast of the night."),
}


@dataclass(frozen=True)
class Row:
    """A line of the outcome: its name, what it is counted in, the scenario, its range, and the change."""

    name: str
    scale: str
    value: str
    range: str
    change: float | None


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
    kept = [(row, asker.read(row.values)) for row in scenarios_kept(user, product)]
    wanted = set(said.getlist("with"))
    beside = [(row, of) for row, of in kept if str(row.pk) in wanted][:MOST_BESIDE]
    lines = [(row.name, asker.answer(one)) for row, one in beside]
    on = {row.pk for row, _one in beside}
    of = said.get("of", "")
    address = [*_hidden(asked), *(("with", pk) for pk in sorted(on))]
    context = {
        "product": product,
        "ground": ground,
        "asked": asked,
        "hidden": [*address, *([("of", of)] if of in ground.measures else [])],
        "kinds": kinds(asked),
        "kept": [
            {"row": row, "about": scenario_words(asker, row, one), "on": row.pk in on} for row, one in kept
        ],
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
        "chart": what_if_chart(ground, answer, [(name, one) for name, one in lines if one is not None], of),
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
    ground = asker.ground
    price = ground.price_in(asked.channel)
    decimals = max(price_decimals(price.amount), 2)
    return {
        "slider": {
            "name": "price",
            "label": _("Our price") if price.price_list.kind == "own" else _("Consumer price"),
            "sub": _("with VAT") if price.price_list.with_vat else _("without VAT"),
            "low": machine(price.amount * LEAST, decimals),
            "high": machine(price.amount * MOST, decimals),
            "step": machine(Decimal(1).scaleb(-decimals), decimals),
            "value": machine(asked.price, decimals),
            "said": price_text(asked.price, ground.currency, decimals),
        },
        "choice": _lists(ground, asked),
        "now": price_text(price.amount, ground.currency, decimals),
        "change": formats.delta(asked.price / price.amount - 1, good="none"),
        "consumer": _consumer(ground, asked),
        "sensitivity": sensitivity_words(ground.elasticity_in(asked.channel)),
    }


def _lists(ground: Ground, asked: Asked) -> dict[str, Any] | None:
    """Whose price changes; nothing to choose where no channel has one of its own."""
    if not ground.channels:
        return None
    rows = [{"value": "", "name": _("everybody"), "on": asked.channel is None}]
    rows += [
        {
            "value": pk,
            "name": f"{own.channel.name} ({formats.share(ground.volumes.share([pk]))})",
            "on": pk == asked.channel,
        }
        for pk, own in ground.channels.items()
    ]
    return {"name": "channel", "label": _("Whose price"), "rows": rows}


def refused(asked: Question) -> str:
    """Why it is not answered."""
    return promotion_refused(asked) if isinstance(asked, PromotionAsked) else distribution_refused()


def _consumer(ground: Ground, asked: Asked) -> str:
    price = ground.consumer_price(asked.price, asked.channel)
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


def margin_asides(margin: Margin) -> list[str]:
    """For who may see costs."""
    even = margin.break_even
    if even is None:
        text = _("At this price nothing is left of a unit: no volume makes up for it.")
    elif even < 0:
        text = _("The margin stays the same as long as volume falls by no more than %(share)s.")
    else:
        text = _("The margin stays the same if volume grows by %(share)s.")
    chance = _("Chance that the margin is higher than now: %(share)s.")
    return [
        text % {"share": formats.percent(abs(even or 0))},
        chance % {"share": formats.share(margin.better)},
    ]


def scenario_words(asker: Asker, row: Scenario, asked: Question) -> str:
    if isinstance(asked, PromotionAsked):
        said = promotion_words(asker.ground, asked)
    elif isinstance(asked, DistributionAsked):
        said = distribution_words(asker.distributions, asked)
    else:
        assert isinstance(asked, Asked)
        said = _("%(price)s from %(day)s") % {
            "price": price_text(Decimal(row.values["price"]), asker.ground.currency),
            "day": formats.day(asked.start),
        }
        if asked.channel:
            said = f"{asker.ground.channels[asked.channel].channel.name}: {said}"
    return f"{said} · {row.author}"


def propose_url(ground: Ground, answer: Answer) -> str:
    """To the form that proposes it, filled in; distribution is not ours to propose."""
    asked = answer.asked
    if isinstance(answer, DistributionAnswer):
        return ""
    if isinstance(answer, PromotionAnswer):
        return promotion_propose_url(ground, answer)
    assert isinstance(asked, Asked)
    said = {
        "product": ground.product.code,
        "list": ground.price_in(asked.channel).price_list.code,
        "price": machine(asked.price, max(price_decimals(ground.price_in(asked.channel).amount), 2)),
        "start": str(asked.start),
    }
    return f"{reverse('pricing:proposal_new')}?{urlencode(said)}"


def outcome_rows(ground: Ground, answer: Answer) -> list[Row]:
    """Volume, and revenue where it is known what a unit brings in."""
    said = answer.outcome
    rows = [_row(_("Volume"), said.volume, said.volume_now, ground.unit)]
    if answer.there is not None and isinstance(answer.asked, Asked) and answer.asked.channel:
        where = ground.channels[answer.asked.channel].channel.name
        there = _row(
            _("Volume in %(channel)s") % {"channel": where},
            answer.there.volume,
            answer.there.volume_now,
            ground.unit,
        )
        rows.insert(0, there)
    if ground.revenue is not None:
        rows.append(_row(_("Revenue"), said.revenue, said.revenue_now, ground.currency, money=True))
        if said.margin is not None:
            name = pgettext("what if", "Margin after costs by volume")
            if isinstance(answer, PromotionAnswer):
                name = pgettext("what if", "Margin after costs by volume, budget and sister products")
            rows.append(_row(name, said.margin.total, said.margin.now, ground.currency, money=True))
    return rows


def _row(name: str, range_: Range, now: float, unit: str, *, money: bool = False) -> Row:
    divisor, scale = scaled([range_.hi80], unit, money=money)
    value, low, high = (number / divisor for number in (range_.mean, range_.lo80, range_.hi80))
    decimals = formats.volume_decimals([high])
    return Row(
        name,
        scale,
        formats.number(value, decimals),
        f"{formats.number(low, decimals)} – {formats.number(high, decimals)}",
        range_.mean / now - 1 if now > 0 else None,
    )


def asides(ground: Ground, answer: Answer) -> list[str]:
    """What is to be said of it: break-even, how probable more revenue is, and how far it may be believed."""
    if isinstance(answer, PromotionAnswer):
        return promotion_asides(ground, answer)
    if isinstance(answer, DistributionAnswer):
        return distribution_asides(ground, answer)
    said, found = answer.outcome, []
    if said.better is not None and ground.revenue is not None:
        share = formats.percent(abs(said.break_even))
        found.append(
            _("Break-even: revenue stays the same as long as volume falls by no more than %(share)s.")
            % {"share": share}
            if said.break_even < 0
            else _("Break-even: revenue stays the same if volume grows by %(share)s.") % {"share": share}
        )
        found.append(
            _("Chance that revenue is higher than now: %(share)s.") % {"share": formats.share(said.better)}
        )
    if said.margin is not None and said.margin.better is not None and ground.revenue is not None:
        found += margin_asides(said.margin)
    if answer.outside:
        found.append(
            _("This price lies a fifth outside the prices seen or more: nobody knows, so the range is wider.")
        )
    return found
