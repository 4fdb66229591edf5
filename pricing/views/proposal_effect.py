"""What a proposal would do, and whom it tells too late: what comes after its page, as it asks as much."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core.pages import paginate, with_right
from pricing.models.price import State
from pricing.selectors.costs import RIGHT
from pricing.selectors.elasticities import elasticities_allowed
from pricing.selectors.proposal_effect import (
    effect_allowed,
    proposal_effects,
    together,
    volume_together,
)
from pricing.selectors.proposals import proposal_get
from pricing.services.price_limits import notice_given, notice_words
from pricing.words.prices import unknown_words


@with_right("pricing.view")
@require_safe
def proposal_effect(request: HttpRequest, pk: int) -> HttpResponse:
    """The card with the volume, revenue and, for who may see costs, margin that are expected, together and of
    a page of products."""
    if not elasticities_allowed(request.user):
        raise PermissionDenied("pricing.view")
    found = proposal_get(request.user, pk)
    if not getattr(request, "htmx", None) or not effect_allowed(request.user, found):
        return redirect("pricing:proposal", pk)
    effects = proposal_effects(request.user, found)
    costed = request.user.has_perm(RIGHT)
    context = {
        "proposal": found,
        "page": paginate(request, effects),
        "volume": volume_together(effects),
        "revenue": together(row.revenue for row in effects),
        "costed": costed,
        "margin": together(row.margin for row in effects),
        "unit": effects[0].unit[1] if effects else "",
        "unknown": sum(row.revenue is None and row.volume is None for row in effects),
        "why": [(why, unknown_words(why)) for why in sorted({row.why for row in effects if row.why})],
        "has_state": any(row.coming is not None for row in effects),
        "uncosted": sum(row.revenue is not None and row.margin is None for row in effects) if costed else 0,
    }
    return render(request, "pricing/_proposal_effect.html", context)


@with_right("pricing.view")
@require_safe
def proposal_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Who should have been told earlier than today, while it is not decided and nobody said why; nothing:
    nobody. With ``?field`` the field for that, of the form of its page."""
    found = proposal_get(request.user, pk)
    if not getattr(request, "htmx", None) or found.state not in (State.DRAFT, State.PROPOSED):
        return redirect("pricing:proposal", pk)
    prices = list(found.prices.only("product_id"))
    given = notice_given(found, prices, decides=found.state == State.PROPOSED)
    late = [] if given else notice_words(found, prices, request.user)
    context = {"late": " ".join(late), "shows_field": "field" in request.GET}
    return render(request, "pricing/_proposal_notice.html", context)
