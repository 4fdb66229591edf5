from .cost import CostKind, CostLine, CostRate, CostShare
from .elasticity import Elasticity
from .offer import Positioning, PositioningPoint
from .place import DistributionMonth, Listing, SegmentChannel
from .price import Price, PriceList, Proposal, VatCode, VatRate
from .price_rule import Bound, NoticeDays
from .promotion import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from .promotion_effect import PromotionEffect
from .scenario import Scenario

__all__ = [
    "Bound",
    "CostKind",
    "CostLine",
    "CostRate",
    "CostShare",
    "DistributionMonth",
    "Elasticity",
    "ForbiddenPeriod",
    "Listing",
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
    "Scenario",
    "SegmentChannel",
    "VatCode",
    "VatRate",
]
