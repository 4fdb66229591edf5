from .cost import CostKind, CostLine, CostShare
from .cost_budget import CostBudget
from .cost_change import CostChange, CostChangeEffect
from .cost_month import CostLeftOut, CostMonth
from .cost_rate import CostCorrection, CostRate
from .cost_sign import CostSign
from .elasticity import Elasticity
from .ledger import LedgerEntry, LedgerMapping
from .levy import Levy
from .offer import Positioning, PositioningPoint
from .pass_through import PassThrough
from .place import DistributionMonth, Listing, SegmentChannel
from .price import Price, PriceList, Proposal, VatCode, VatRate
from .price_rule import Bound, NoticeDays, Perishable
from .promotion import ForbiddenPeriod, Promotion, PromotionChannel, PromotionProduct
from .promotion_cost import PromotionCost
from .promotion_effect import PromotionEffect
from .recommended import RecommendedPrice
from .reference_use import ReferenceUse
from .scenario import Scenario
from .term import BonusSettlement, Term, TermStep

__all__ = [
    "BonusSettlement",
    "Bound",
    "CostBudget",
    "CostChange",
    "CostChangeEffect",
    "CostCorrection",
    "CostKind",
    "CostLeftOut",
    "CostLine",
    "CostMonth",
    "CostRate",
    "CostShare",
    "CostSign",
    "DistributionMonth",
    "Elasticity",
    "ForbiddenPeriod",
    "LedgerEntry",
    "LedgerMapping",
    "Levy",
    "Listing",
    "NoticeDays",
    "PassThrough",
    "Perishable",
    "Positioning",
    "PositioningPoint",
    "Price",
    "PriceList",
    "Promotion",
    "PromotionChannel",
    "PromotionCost",
    "PromotionEffect",
    "PromotionProduct",
    "Proposal",
    "RecommendedPrice",
    "ReferenceUse",
    "Scenario",
    "SegmentChannel",
    "Term",
    "TermStep",
    "VatCode",
    "VatRate",
]
