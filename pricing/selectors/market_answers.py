"""How what a market buys answers its price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pricing.models import PriceList
from products.models import Product
from products.selectors.channels import channel_chains

from .elasticities import channel_elasticities, elasticity_rows
from .markets import Market
from .price_answers import PriceAnswer, measured_at_ours, price_answers
from .resellers import consumers_by_product, passed_in, passed_through


class MarketAnswers:
    """Reads for many products at once: their elasticities, those of channels measured apart, and what
    resellers pass on. Two queries at most, of lists of a channel one more, where it was not read yet."""

    def __init__(self, markets: Mapping[int, Sequence[Market]], products: Mapping[int, Product]) -> None:
        rows = elasticity_rows(markets, products.values())
        self._products = price_answers({pk: products[pk] for pk in markets}, rows)
        self._channels, self._ours = channel_elasticities(rows), measured_at_ours(rows)
        self._consumers = consumers_by_product(markets)
        apart = any(market.own for own in markets.values() for market in own)
        self._chains = channel_chains() if apart else {}

    def of(self, product: int, market: Market) -> PriceAnswer | None:
        """The nearest channel's own where it was measured, else the product's; ``None``: not known."""
        answer = self._products.get(product)
        if answer is None or market.own is None:
            return answer
        for channel in self._above(market.own):
            if (product, channel) in self._channels:
                elasticity, sd, is_own = self._channels[product, channel]
                own = replace(answer, elasticity=elasticity, sd=sd)
                return replace(own, source="channel") if is_own else own
        return answer

    def passed_on(self, product: int, market: Market) -> float:
        """What part of a change of ours moves the price that volume answers to; all of it where that is the
        consumer's own, or the answer was measured at ours."""
        if product in self._ours or (market.own and market.own.with_vat):
            return 1.0
        consumers = self._consumers.get(product, ())
        return passed_in(consumers, self._above(market.own)) if market.own else passed_through(consumers)

    def _above(self, price_list: PriceList) -> Sequence[int]:
        return self._chains[price_list.channel_id or 0]
