"""By what share volume moves when a price does: what the forecast, decisions and what-ifs count with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import exp, log

from core.numbers import Z80
from pricing.models import Elasticity, PriceList
from pricing.selectors.elasticities import LITERATURE, elasticity_of, elasticity_rows
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

    def factor(self, ratio: float, z: float = 0.0) -> float:
        """Volume at that price / volume now; ``z`` standard deviations of its logarithm off the middle."""
        return float(ratio**self.elasticity * exp(z * self.spread(ratio)))

    def band(self, ratio: float) -> tuple[float, float]:
        """Its 80 % interval."""
        return self.factor(ratio, -Z80) - 1, self.factor(ratio, Z80) - 1


def price_answers(products: Mapping[int, Product], rows: Iterable[Elasticity]) -> dict[int, PriceAnswer]:
    """By product. What was published holds for consumer goods only: another kind of product is missing until
    its own sales, its line's or those of all products have said something."""
    return {
        pk: PriceAnswer(*said)
        for pk, said in elasticity_of(products, rows).items()
        if said[2] != LITERATURE or products[pk].kind == Product.Kind.GOOD
    }


def answers_read(product_ids: Collection[int]) -> dict[int, PriceAnswer]:
    """The same, read by id: two queries."""
    products = Product.objects.only("line_id", "kind").in_bulk(list(product_ids))
    return price_answers(products, elasticity_rows(products))


def measured_at_ours(rows: Iterable[Elasticity]) -> set[int]:
    """The products whose volume was measured against our own price: what a reseller does is in the answer."""
    return {row.product_id for row in rows if row.channel_id is None and row.price_kind == PriceList.Kind.OWN}


def bounded(ratio: float) -> float:
    """A ratio of prices, not further from 1 than was ever looked at."""
    return 1 + max(-MOST, min(MOST, ratio - 1))
