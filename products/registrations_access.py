"""What this room adds to people and to the organisation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import registries
from core.history import Related, history_extend

from .models import ChannelLimit, LineLimit
from .services.organisation import currency_stays


def register() -> None:
    history_extend(
        User,
        Related(LineLimit, "user", _("Only product line")),
        Related(ChannelLimit, "user", _("Only channel")),
    )
    registries.organisation_rules.register(registries.OrganisationRule("currency", currency_stays))
