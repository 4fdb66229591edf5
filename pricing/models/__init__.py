from .offer import Positioning, PositioningPoint
from .place import DistributionMonth, Listing, SegmentChannel
from .price import Price, PriceList, Proposal, VatCode, VatRate
from .price_rule import Bound, NoticeDays
from .promotion import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from .promotion_effect import PromotionEffect

__all__ = [
    "Bound",
    "DistributionMonth",
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
    "SegmentChannel",
    "VatCode",
    "VatRate",
]
