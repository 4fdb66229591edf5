from .promotion import ForbiddenForm, PromotionForm

__all__ = ["ForbiddenForm", "PromotionForm"]
