"""What measured promotions say of the next one of their mechanic: for a what-if and for the night alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import log
from typing import Any

from django.db.models import F, Q, QuerySet

from core.numbers import Z80
from pricing.engine.pooling import Belief, Seen, pooled
from pricing.models import Promotion, PromotionProduct
from pricing.selectors.promotions import currency_of
from pricing.words.promotions import cut_of
from products.models import Measure, Product

# Without one of its own, so many of others are needed.
LEAST_OTHERS = 3
# The newest that are looked at, over all mechanics, and the nearest of them that say something of a product.
MOST_SEEN, MOST_USED = 3000, 100
# How far promotions of one mechanic are expected to lie apart: of ln(1 + uplift), and of shares of what
# their days normally sell.
_SPREAD, _SHARE_SPREAD = 0.3, 0.15
# Of what is sold in a promotion so little is left at the least, as a share.
_LEAST_SOLD = 0.02
_ANY = Decimal(1)

Figure = tuple[float, float]
"""A value with its standard deviation."""


@dataclass(frozen=True)
class Earlier:
    """A measured promotion of a product; ``depth`` is −ln(price in it / normal), None where not known."""

    product: int
    line: int
    depth: float | None
    uplift: Figure
    after: Figure | None
    sisters: Figure | None

    def carried(self, depth: float | None, elasticity: Figure | None) -> Figure:
        """ln(1 + its uplift) at another depth: as far as the prices differ, by the price sensitivity."""
        value, sd = self.uplift
        if self.depth is None or depth is None or elasticity is None:
            return value, sd
        apart = depth - self.depth
        return value - elasticity[0] * apart, (sd**2 + (elasticity[1] * apart) ** 2) ** 0.5


class Expected:
    """Of the next one of a product at a depth; each figure is made when it is asked for."""

    def __init__(
        self,
        rows: Sequence[Earlier],
        product: int,
        line: int,
        depth: float | None,
        elasticity: Figure | None,
    ) -> None:
        self._rows, self._of = rows, (product, line)
        uplift = self._belief(lambda row: row.carried(depth, elasticity), _SPREAD)
        assert uplift is not None
        self.uplift = uplift
        """Of ln(1 + uplift); the others are shares of what the promotion's days normally sell."""

    @property
    def after(self) -> Belief | None:
        return self._belief(lambda row: row.after, _SHARE_SPREAD)

    @property
    def sisters(self) -> Belief | None:
        return self._belief(lambda row: row.sisters, _SHARE_SPREAD)

    def _belief(self, of: Callable[[Earlier], Figure | None], spread: float) -> Belief | None:
        seen = [Seen(row.product, row.line, *value) for row in self._rows if (value := of(row)) is not None]
        return pooled(seen, *self._of, spread)


class EarlierPromotions:
    """The newest measured ones, and all of these products. One query, whose ``rows`` have what names them and
    become an :class:`Earlier` where they are used: a page that asks about one product needs few of them."""

    def __init__(
        self,
        products: Collection[int],
        visible: QuerySet[Product] | None = None,
        measure: Measure | None = None,
    ) -> None:
        """``measure``: only those measured on it, such as what comes into a state."""
        on = {"promotion__effects__measure": measure} if measure else {}
        rows = PromotionProduct.objects.filter(
            promotion__effects__product=F("product"), promotion__effects__reason="", **on
        )
        if visible is not None:
            rows = rows.filter(product__in=visible)
        newest = rows.order_by("-promotion__store_start", "-pk")
        found = newest.filter(Q(pk__in=newest.values("pk")[:MOST_SEEN]) | Q(product_id__any=list(products)))
        said = {f"of_{name}": F(f"promotion__effects__{name}") for name in _MEASURED}
        said |= {name: F(f"promotion__{name}") for name in _OFFERED}
        said |= {"of_product": F("product_id"), "of_line": F("product__line")}
        said |= {"of_start": F("promotion__store_start")}
        fields = ("pk", "price", "effective_price", *said)
        self.rows: list[Any] = list(found.annotate(**said).values_list(*fields, named=True))
        self._made: dict[int, Earlier] = {}
        # What is older than the newest says something of its own product only, whoever else is asked about.
        self._of: dict[str, list[Any]] = defaultdict(list)
        self._older: dict[tuple[str, int], list[Any]] = defaultdict(list)
        for row in self.rows[:MOST_SEEN]:
            self._of[row.mechanic].append(row)
        for row in self.rows[MOST_SEEN:]:
            self._older[row.mechanic, row.of_product].append(row)

    def expected(
        self, product: int, line: int, mechanic: str, depth: float | None, elasticity: Figure | None
    ) -> Expected | None:
        """``None``: too few of the mechanic were measured."""
        if not self.has_enough(product, mechanic):
            return None
        rows = self._rows(product, mechanic)
        if len(rows) > MOST_USED:  # the newest stay first
            rows = sorted(rows, key=lambda row: (row.of_product != product, row.of_line != line))[:MOST_USED]
        return Expected([self._earlier(row) for row in rows], product, line, depth, elasticity)

    def has_enough(self, product: int, mechanic: str) -> bool:
        """Whether one of the product was measured, or some of others."""
        rows = self._rows(product, mechanic)
        return len(rows) >= LEAST_OTHERS or any(row.of_product == product for row in rows)

    def _rows(self, product: int, mechanic: str) -> list[Any]:
        return self._of[mechanic] + self._older[mechanic, product]

    def _earlier(self, row: Any) -> Earlier:
        if row.pk not in self._made:
            self._made[row.pk] = _earlier(row)
        return self._made[row.pk]


def depth_of(row: PromotionProduct, listed: Decimal | None = None) -> float | None:
    """−ln(price in the promotion / normal price), as said of the promotion or else ``listed``; None where one
    is not known, or it costs nothing. A share that comes off any price needs neither."""
    if row.effective_price is None and row.promotion.amount is None:
        listed = listed or _ANY
    normal, price = cut_of(row, listed, currency_of(row.promotion))
    return -log(price / normal) if normal and price else None


_OFFERED = ("mechanic", "rate", "amount", "quantity")
_MEASURED = (
    *("uplift", "uplift_lo80", "uplift_hi80", "baseline", "after", "after_lo80", "after_hi80"),
    *("sisters", "sisters_lo80", "sisters_hi80", "normal_price"),
)


def _earlier(row: Any) -> Earlier:
    low, high = (log(max(1 + rate, _LEAST_SOLD)) for rate in (row.of_uplift_lo80, row.of_uplift_hi80))
    offer = Promotion(**{name: getattr(row, name) for name in _OFFERED})
    return Earlier(
        product=row.of_product,
        line=row.of_line,
        depth=depth_of(
            PromotionProduct(promotion=offer, price=row.price, effective_price=row.effective_price),
            row.of_normal_price,
        ),
        uplift=(log(max(1 + row.of_uplift, _LEAST_SOLD)), (high - low) / 2 / Z80),
        after=_share(row.of_baseline, row.of_after, row.of_after_lo80, row.of_after_hi80),
        sisters=_share(row.of_baseline, row.of_sisters, row.of_sisters_lo80, row.of_sisters_hi80),
    )


def _share(baseline: float, value: float | None, low: float | None, high: float | None) -> Figure | None:
    """Of what its days normally sell."""
    if value is None or low is None or high is None or baseline <= 0:
        return None
    return value / baseline, (high - low) / 2 / Z80 / baseline
