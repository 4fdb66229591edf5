"""How decisions of the marketing mix are shown where decisions are read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from core.registries import DecisionReading
from pricing.words.prices import part_words, price_text, unknown_words

from .models import Promotion, Proposal
from .selectors.offer import positionings_visible
from .selectors.prices import lists_visible
from .selectors.promotions import promotions_partly, promotions_visible
from .selectors.proposals import proposals_visible


def _proposals_on_lists(user: Any) -> QuerySet[Proposal]:
    """Also those that are about products of others too: a decision is shown product by product."""
    return Proposal.objects.filter(price_list__in=lists_visible(user).order_by())


def price_words(what: Mapping[str, Any]) -> str:
    """ "Price 2.00 to 2.08", of several parts each, and what a reference customer pays in a year."""
    said = [_part_words(part, what["currency"]) for part in what.get("parts", [what])]
    if "yearly" in what:
        old, new = (price_text(Decimal(amount), what["currency"], 2) for amount in what["yearly"])
        said.append(_("a year %(old)s to %(new)s") % {"old": old, "new": new})
    if what.get("of") == "inflow":
        said.append(_("expected and measured of what comes in"))
    if "unknown" in what:
        said.append(_("nothing expected: %(why)s") % {"why": unknown_words(what["unknown"])})
    return "; ".join(said)


def _part_words(part: Mapping[str, Any], currency: str) -> str:
    old, new = (
        price_text(Decimal(part[key]), currency) if part[key] is not None else None for key in ("old", "new")
    )
    said = {"old": old, "new": new}
    if new is None:
        text = _("Price %(old)s ended") % said
    elif old is None:
        text = _("Price set to %(new)s") % said
    else:
        text = _("Price %(old)s to %(new)s") % said
    return ", ".join(filter(None, [text, part_words(part["component"], part["tier"])]))


def promotion_words(what: Mapping[str, Any]) -> str:
    return f"{what['name']} ({dict(Promotion.Mechanic.choices)[what['mechanic']]})"


def positioning_words(what: Mapping[str, Any]) -> str:
    return _("Positioned on: %(benefit)s") % what


def _proposal_url(row: Any) -> str:
    return reverse("pricing:proposal", args=[row.decision.reference])


def _promotion_url(row: Any) -> str:
    return reverse("pricing:promotion", args=[row.decision.reference])


def _positioning_url(row: Any) -> str:
    return reverse("pricing:positioning", args=[row.product.code, row.decision.reference])


PRICE = DecisionReading(_proposals_on_lists, proposals_visible, _proposal_url, price_words)
PROMOTION = DecisionReading(
    promotions_visible, promotions_visible, _promotion_url, promotion_words, promotions_partly
)
POSITIONING = DecisionReading(positionings_visible, positionings_visible, _positioning_url, positioning_words)
