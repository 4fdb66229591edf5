from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from .price import PLACES


class RecommendedPrice(models.Model):
    """The price of one product that leaves most after costs by volume in the next 12 months, beside the one
    of now, both on ``price_list``; margins are of those months, in our currency. What the night last found,
    and as it follows from costs, for who may see costs alone. ``at_edge``: it is the lowest or highest that
    may be told, so the best may lie beyond. ``better``: how probably it leaves more than the price of now;
    ``None``: it is that price."""

    product = models.OneToOneField("products.Product", models.CASCADE, related_name="recommended_price")
    price_list = models.ForeignKey("pricing.PriceList", models.CASCADE, related_name="+", db_index=False)
    price_now = models.DecimalField(max_digits=20, decimal_places=PLACES)
    price = models.DecimalField(max_digits=20, decimal_places=PLACES)
    margin_now = models.FloatField()
    margin = models.FloatField()
    margin_lo80 = models.FloatField()
    margin_hi80 = models.FloatField()
    better = models.FloatField(null=True)
    at_edge = models.BooleanField(default=False)
    start_date = models.DateField(help_text="from when it would hold")
    computed_at = models.DateTimeField()
    input_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price__gt=0, price_now__gt=0), name="recommended_price_above_nothing"
            ),
            models.CheckConstraint(
                condition=Q(margin_lo80__lte=F("margin_hi80")), name="recommended_price_range"
            ),
            models.CheckConstraint(
                condition=Q(better=None) | Q(better__gte=0, better__lte=1), name="recommended_price_chance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.price}"
