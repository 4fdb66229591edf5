"""What this room adds to people and to the organisation."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.with_person import Reading, read_with_person
from core import registries
from core.history import Related, history_extend

from .models import ChannelLimit, LineLimit
from .selectors.access import no_limits
from .services.organisation import currency_stays


def _limited() -> Q:
    ones_own = {"user": OuterRef("pk")}
    return Exists(LineLimit.objects.filter(**ones_own)) | Exists(ChannelLimit.objects.filter(**ones_own))


def _take_limited(user: User, limited: bool) -> None:
    if not limited:
        no_limits(user)


def register() -> None:
    read_with_person("limited", Reading(_limited, _take_limited))
    history_extend(
        User,
        Related(LineLimit, "user", _("Only product line")),
        Related(ChannelLimit, "user", _("Only channel")),
    )
    registries.organisation_rules.register(registries.OrganisationRule("currency", currency_stays))
