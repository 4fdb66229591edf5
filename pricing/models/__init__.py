from .price import Price, PriceList, Proposal, VatCode, VatRate
from .price_rule import Bound, NoticeDays

__all__ = ["Bound", "NoticeDays", "Price", "PriceList", "Proposal", "VatCode", "VatRate"]
