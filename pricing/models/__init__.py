from .cost import CostKind, CostLine, CostRate, CostShare
from .offer import Positioning, PositioningPoint
from .price import Price, PriceList, Proposal, VatCode, VatRate
from .price_rule import Bound, NoticeDays
from .promotion import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from .promotion_effect import PromotionEffect

__all__ = [
    "Bound",
    "CostKind",
    "CostLine",
    "CostRate",
    "CostShare",
    "ForbiddenPeriod",
    "NoticeDays",
    "Positioning",
    "PositioningPoint",
    "Price",
    "PriceList",
    "Promotion",
    "PromotionChannel",
    "PromotionEffect",
    "PromotionProduct",
    "Proposal",
    "VatCode",
    "VatRate",
]
