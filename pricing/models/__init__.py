from .cost import CostKind, CostLine, CostRate, CostShare
from .elasticity import Elasticity
from .offer import Positioning, PositioningPoint
from .pass_through import PassThrough
from .place import DistributionMonth, Listing, SegmentChannel
from .price import Price, PriceList, Proposal, VatCode, VatRate
from .price_rule import Bound, NoticeDays
from .promotion import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from .promotion_effect import PromotionEffect
from .reference_use import ReferenceUse
from .scenario import Scenario
from .term import BonusSettlement, Term, TermStep

__all__ = [
    "BonusSettlement",
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
    "PassThrough",
    "Positioning",
    "PositioningPoint",
    "Price",
    "PriceList",
    "Promotion",
    "PromotionChannel",
    "PromotionEffect",
    "PromotionProduct",
    "Proposal",
    "ReferenceUse",
    "Scenario",
    "SegmentChannel",
    "Term",
    "TermStep",
    "VatCode",
    "VatRate",
]
