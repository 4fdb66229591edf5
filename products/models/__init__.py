from .budget import BudgetRow, BudgetVersion
from .bulk import BulkChange
from .channel import Channel, Segment, Supplier
from .closing import ClosedName, ClosedProduct, Correction, MonthClosing
from .facts import SALES_WRITTEN, ImportedObject, ProductMonth, SalesFact, SalesJournal, SalesMonth
from .figures import ProductFigures
from .line import FourEyesRule, LineMeasure, Measure, ProductLine
from .product import Product, ProductCode, UnitFactor
from .relations import BundlePart, Family, FamilyMember, Succession
from .scope import ChannelLimit, LineLimit
from .view import SavedView

__all__ = [
    "SALES_WRITTEN",
    "BudgetRow",
    "BudgetVersion",
    "BulkChange",
    "BundlePart",
    "Channel",
    "ChannelLimit",
    "ClosedName",
    "ClosedProduct",
    "Correction",
    "Family",
    "FamilyMember",
    "FourEyesRule",
    "ImportedObject",
    "LineLimit",
    "LineMeasure",
    "Measure",
    "MonthClosing",
    "Product",
    "ProductCode",
    "ProductFigures",
    "ProductLine",
    "ProductMonth",
    "SalesFact",
    "SalesJournal",
    "SalesMonth",
    "SavedView",
    "Segment",
    "Succession",
    "Supplier",
    "UnitFactor",
]
