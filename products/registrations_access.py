"""What this room adds to people and to the organisation."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.services.deputies import register_warning
from accounts.with_person import Reading, read_with_person
from core import registries
from core.history import Related, history_extend

from .models import ChannelLimit, LineLimit
from .models.product import Product
from .selectors.access import no_limits, products_visible
from .services.organisation import currency_stays


def _limited() -> Q:
    ones_own = {"user": OuterRef("pk")}
    return Exists(LineLimit.objects.filter(**ones_own)) | Exists(ChannelLimit.objects.filter(**ones_own))


def _take_limited(user: User, limited: bool) -> None:
    if not limited:
        no_limits(user)


def _unseen_by_deputy(owner: User, deputy: User) -> str:
    """How many of the owner's products the deputy may not see."""
    unseen = Product.objects.filter(Q(owner=owner) | Q(owner=None, line__owner=owner))
    count = unseen.exclude(pk__in=products_visible(deputy).values("pk")).count()
    said = ngettext(
        "%(name)s may not see %(count)s of the products; what is about it goes to nobody else.",
        "%(name)s may not see %(count)s of the products; what is about them goes to nobody else.",
        count,
    )
    return said % {"name": deputy.name, "count": count} if count else ""


def register() -> None:
    register_warning(_unseen_by_deputy)
    read_with_person("limited", Reading(_limited, _take_limited))
    history_extend(
        User,
        Related(LineLimit, "user", _("Only product line")),
        Related(ChannelLimit, "user", _("Only channel")),
    )
    registries.organisation_rules.register(registries.OrganisationRule("currency", currency_stays))
