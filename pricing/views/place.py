"""Where a product is sold, and where segments buy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError, VersionConflict
from core.errors import form_refuse
from core.organisation import today
from core.pages import page_render, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.cards.place import distribution_chart, place_table
from pricing.forms.place import ListingForm, SegmentShareForm
from pricing.models import Listing
from pricing.selectors import place as places
from pricing.selectors.costs import RIGHT as COSTS
from pricing.selectors.offer_overview import listings_listed
from pricing.services.place import listing_set, segment_share_set
from products.selectors.access import is_limited, product_get
from products.selectors.head import product_head
from products.selectors.units import unit_of
from products.views.conflict import conflict_words

from .offer_overview import listings_asked

Outcome = tuple[int, VersionConflict | None]


def _saved(request: HttpRequest, form: Form, save: Callable[..., Any]) -> Outcome | None:
    """``None`` when it is; else the answer's status and, after a lost race, both values."""
    if not request.user.has_perm("pricing.edit"):
        raise PermissionDenied("pricing.edit")
    if form.is_valid():
        try:
            save(user=request.user, **form.cleaned_data)
        except VersionConflict as error:
            return 409, conflict_words(form, error)
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return None
    return 422, None


@with_right("pricing.view")
@require_http_methods(["GET", "HEAD", "POST"])
def product_place(request: HttpRequest, code: str) -> HttpResponse:
    """Every channel of a product, its listings and its distribution over time; POST says a listing.
    ``?edit=7`` opens the form with that listing, ``?end=7`` to end it."""
    user = request.user
    product = product_get(user, code)
    listings = places.product_listings(user, product)
    form, outcome = _listing_form(request, listings), (200, None)
    if request.method == "POST":
        found = _saved(request, form, lambda **values: listing_set(product=product, **values))
        if found is None:
            return redirect("pricing:product_place", code=product.code)
        outcome = found
    place = places.product_place(user, product)
    rows = list(places.distribution_visible(user).filter(product=product).order_by("month"))
    head = product_head(user, product, "mix")
    context = {
        "head": head,
        "product": product,
        "panel": place_table(place, place.rows, unit_of(head.tree, product, place.measure)),
        "chart": distribution_chart(
            rows, [row.channel.code for row in place.rows], request.GET.get("of", ""), request.path
        ),
        "listings": [(row, holds, row.start_date > today()) for row, holds in listings],
        "form": form,
        "opened": request.method == "POST" or "edit" in request.GET or "end" in request.GET,
        "conflict": outcome[1],
        "can_edit": user.has_perm("pricing.edit"),
        "can_export": user.has_perm("exchange.export"),
        "sees_costs": user.has_perm(COSTS),
        "can_import": user.has_perm("exchange.import") and user.has_perm("pricing.edit"),
    }
    return page_render(request, "pricing/product_place.html", context, status=outcome[0])


def _listing_form(request: HttpRequest, listings: list[tuple[Listing, bool]]) -> ListingForm:
    by_id = {str(row.pk): row for row, _holds in listings}
    edited, ended = (by_id.get(request.GET.get(name, "")) for name in ("edit", "end"))
    initial = {"start_date": today()}
    if ended is not None:
        initial |= {"channel": ended.channel.code, "status": Listing.Status.DELISTED}
    return ListingForm(request.POST or None, user=request.user, row=edited, initial=initial)


@with_right("pricing.view")
@require_safe
def listings_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Listings of all products, of ``?product=``, or (with ``?show=``) as the page Listings has them, as a
    file that can be edited and read in again."""
    export_asked(request.user, kind)
    listings = places.listings_visible(request.user).order_by("product__code", "channel__code", "-start_date")
    if "show" in request.GET:
        asked = listings_asked(request)
        listings = listings_listed(request.user, channel=asked.where, **asked.filters)
    if code := request.GET.get("product"):
        listings = listings.filter(product=product_get(request.user, code))
    columns = [
        ExportColumn(_("Product")),
        ExportColumn(_("Channel")),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("Listing")),
        ExportColumn(_("Terms"), width=36),
    ]
    sees_costs = request.user.has_perm(COSTS)
    if sees_costs:
        columns.append(ExportColumn(_("What we pay for it"), width=36))
    rows = (
        [
            *(row.product.code, row.channel.code, row.start_date, row.get_status_display(), row.terms),
            *((row.fee,) if sees_costs else ()),
        ]
        for row in listings
    )
    return export_response(request, name=_("listings"), columns=columns, rows=rows, kind=kind)


@with_right("pricing.view")
@require_safe
def segment_shares_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Where segments buy, also before and ahead, as a file that can be edited and read in again."""
    export_asked(request.user, kind)
    columns = [
        ExportColumn(_("Segment")),
        ExportColumn(_("Channel")),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("Share (%)"), "number"),
        ExportColumn(_("Ends")),
    ]
    rows = (
        [
            *(row.segment.code, row.channel.code, row.start_date),
            *(None if row.share_rate is None else row.share_rate * 100, row.share_rate is None),
        ]
        for row in places.shares_visible(request.user)
    )
    return export_response(request, name=_("where segments buy"), columns=columns, rows=rows, kind=kind)


@with_right("pricing.view")
@require_http_methods(["GET", "HEAD", "POST"])
def segments(request: HttpRequest) -> HttpResponse:
    """Where each segment buys; POST says a share from a date on."""
    user = request.user
    form = SegmentShareForm(request.POST or None, user=user, initial={"start_date": today()})
    outcome: Outcome = (200, None)
    if request.method == "POST":
        found = _saved(request, form, segment_share_set)
        if found is None:
            return redirect("pricing:segments")
        outcome = found
    whole = not is_limited(user)
    context = {
        "segments": [
            (segment, rows, sum(row.share_rate or 0 for row in rows) if whole else None)
            for segment, rows in places.segments_bought(user)
        ],
        "form": form,
        "conflict": outcome[1],
        "can_edit": whole and user.has_perm("pricing.edit"),
        "can_export": user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/segments.html", context, status=outcome[0])
