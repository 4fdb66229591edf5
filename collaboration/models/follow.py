from django.conf import settings
from django.db import models


class Follow(models.Model):
    """The person follows the product: it stands in the side menu, and its news reaches them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    product = models.ForeignKey("products.Product", models.CASCADE, related_name="followers")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "product"], name="follow_once")]

    def __str__(self) -> str:
        return f"{self.user} → {self.product}"
