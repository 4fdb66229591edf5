from .promotion import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from .promotion_effect import PromotionEffect

__all__ = ["ForbiddenPeriod", "Promotion", "PromotionChannel", "PromotionEffect", "PromotionProduct"]
