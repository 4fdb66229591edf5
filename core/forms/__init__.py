from .month import MonthField
from .settings import OrganisationForm

__all__ = ["MonthField", "OrganisationForm"]
