from .settings import OrganisationForm

__all__ = ["OrganisationForm"]
