"""By what share volume moves when a price does: what the forecast, decisions and what-ifs count with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import log

from core.numbers import Z80
from pricing.models import Elasticity, PriceList
from pricing.selectors.elasticities import LITERATURE, elasticity_of
from products.models import Product

# A change beyond this, up or down, was never looked at: it counts as this.
MOST = 0.2


@dataclass(frozen=True)
class PriceAnswer:
    """The elasticity of one product with its standard deviation, and whose it is."""

    elasticity: float
    sd: float
    source: str

    def share(self, ratio: float) -> float:
        """The change of volume at a price of ``ratio`` times the old one, as a rate."""
        return float(ratio**self.elasticity - 1)

    def spread(self, ratio: float) -> float:
        """How unsure the logarithm of volume is then, as a standard deviation."""
        return self.sd * abs(log(ratio))

    def band(self, ratio: float) -> tuple[float, float]:
        """Its 80 % interval."""
        ends = (ratio ** (self.elasticity + side * Z80 * self.sd) - 1 for side in (-1, 1))
        low, high = sorted(ends)
        return low, high


def price_answers(product_ids: Collection[int]) -> dict[int, PriceAnswer]:
    """By product. What was published holds for consumer goods only: another kind of product is missing until
    its own sales, its line's or those of all products have said something."""
    found = elasticity_of(product_ids)
    published = [pk for pk, (_estimate, _sd, source) in found.items() if source == LITERATURE]
    goods = set(Product.objects.filter(pk__in=published, kind=Product.Kind.GOOD).values_list("pk", flat=True))
    return {pk: PriceAnswer(*said) for pk, said in found.items() if said[2] != LITERATURE or pk in goods}


def measured_at_ours(product_ids: Collection[int]) -> set[int]:
    """The products whose volume was measured against our own price: what a reseller does is in the answer."""
    rows = Elasticity.objects.filter(
        product__in=list(product_ids), channel=None, price_kind=PriceList.Kind.OWN
    )
    return set(rows.values_list("product_id", flat=True))


def bounded(ratio: float) -> float:
    """A ratio of prices, not further from 1 than was ever looked at."""
    return 1 + max(-MOST, min(MOST, ratio - 1))
