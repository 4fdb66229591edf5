"""The recommended price on the card What if: for who may see costs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from core import formats
from pricing.selectors.bounds import bounds_read, refusing
from pricing.selectors.recommended import Recommended, recommended
from pricing.selectors.what_if import Ground
from pricing.what_if_asked import machine
from pricing.words.prices import price_decimals, price_text


def recommended_words(ground: Ground) -> dict[str, Any] | None:
    """The price, what it would leave, and the address that tries it; ``None`` where it cannot be told, or not
    to this person."""
    if "margin" not in ground.measures:
        return None
    start, row = ground.usual().start, ground.elasticity
    bounds = bounds_read(getattr(row, "bound_rows", ()))
    limit = refusing([ground.product], start, rows=bounds).get(ground.product.pk)
    found = recommended(ground, start, limit)
    margin = found.answer.outcome.margin if found else None
    if found is None or margin is None:
        return None
    now, then = ground.price.amount, found.asked.price
    decimals = max(price_decimals(now), 2)
    money = [
        formats.money(value, ground.currency, 0)
        for value in (margin.total.mean, margin.total.lo80, margin.total.hi80, margin.now)
    ]
    said = dict(zip(("margin", "low", "high", "now"), money, strict=True))
    text = _(
        "Margin after costs by volume: %(margin)s in 12 months (80%%: %(low)s to %(high)s); now %(now)s."
    )
    return {
        "price": price_text(then, ground.currency, decimals),
        "change": formats.delta(then / now - 1, good="none"),
        "from": formats.day(found.asked.start),
        "about": [text % said, *_asides(found)],
        "try": urlencode({"price": machine(then, decimals), "start": str(found.asked.start)}),
    }


def _asides(found: Recommended) -> list[str]:
    margin = found.answer.outcome.margin
    said = []
    if margin is not None and margin.better is not None:
        said.append(
            _("Chance that it is more than now: %(share)s.") % {"share": formats.share(margin.better)}
        )
    if found.at_edge:
        said.append(_("It is the last price that may be told from those seen; the best may lie beyond."))
    return said
