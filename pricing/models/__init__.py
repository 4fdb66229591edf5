from .elasticity import Elasticity
from .price import Price, PriceList, Proposal, VatCode, VatRate
from .price_rule import Bound, NoticeDays
from .promotion import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from .promotion_effect import PromotionEffect
from .scenario import Scenario

__all__ = [
    "Bound",
    "Elasticity",
    "ForbiddenPeriod",
    "NoticeDays",
    "Price",
    "PriceList",
    "Promotion",
    "PromotionChannel",
    "PromotionEffect",
    "PromotionProduct",
    "Proposal",
    "Scenario",
    "VatCode",
    "VatRate",
]
