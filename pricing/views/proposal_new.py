"""A new proposal: which products, how, from when and why."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from core import formats
from core.errors import form_refuse
from core.idempotency import once
from core.organisation import today
from core.pages import page_render, with_right
from pricing.forms.prices import ProposalForm
from pricing.models import Price, PriceList
from pricing.models.price import State
from pricing.selectors.price_targets import prices_recommended, prices_to_margin
from pricing.selectors.prices import Part, in_force, lists_visible, lists_within
from pricing.selectors.recommended import recommended_allowed
from pricing.services.price_rules import CENT, EVERY, WORKED_OUT
from pricing.services.proposals import proposal_draft
from pricing.words.prices import price_decimals
from products.models import Product
from products.selectors.access import is_limited, lines_visible, product_get, products_visible
from products.selectors.lines import line_tree

from .prices import Chosen, chosen_read
from .proposals import codes_unknown


@with_right("pricing.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def proposal_new(request: HttpRequest) -> HttpResponse:
    """New prices: which, how, from when and why. What it does to each product shows next, in the draft."""
    user = request.user
    code = request.POST.get("product") or request.GET.get("product", "")
    product = product_get(user, code) if code else None
    lists = lists_within(user)
    initial: dict[str, Any] = {"price_list": request.GET.get("list", ""), "line": request.GET.get("line", "")}
    initial |= {"kind": "target" if product else "percentage"}
    parts: dict[Part, Decimal] = {}
    if product:
        initial |= _usual_part(product)
        code, parts = _parts_now(product, lists, initial["price_list"])
        if parts:
            initial |= {
                f"part:{':'.join(part)}": round(amount, price_decimals(amount))
                for part, amount in parts.items()
            }
            initial |= {"kind": "parts", "price_list": code}
        initial |= _of_what_if(request.GET)
        if recommended_allowed(user):
            initial |= _to_margin(request.GET)
    chosen = chosen_read(user, request.POST or request.GET) if product is None else None
    if chosen is not None:
        initial |= {"kind": request.GET.get("kind") or "percentage"}
    form = ProposalForm(
        request.POST or None,
        lists=lists,
        others=lists_visible(user),
        lines=lines_visible(user),
        initial=initial,
        sees_costs=recommended_allowed(user),
        parts=list(parts),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = once(
                    user,
                    "proposal",
                    request.POST.get("nonce", ""),
                    lambda: _drafted(request, form, product, chosen),
                )
            except DomainError as error:
                form_refuse(form, error)
            else:
                return redirect("pricing:proposal", pk=made)
    context = {
        "form": form,
        "product": product,
        "chosen": chosen,
        "has_lists": lists.exists(),
        "is_limited": is_limited(user),
        "nonce": request.POST.get("nonce") or uuid.uuid4().hex,
    }
    return page_render(request, "pricing/proposal_form.html", context, status=status)


def _usual_part(product: Product) -> dict[str, Any]:
    """Which price of it is meant first: the plain one per unit where it has one, else what it has."""
    parts = set(product.prices.filter(state=State.APPROVED).values_list("component", "tier"))
    if not parts or (Price.Component.UNIT, "") in parts:
        return {}
    places = Price.Component.values
    component, tier = min(parts, key=lambda part: (part[1] != "", places.index(part[0]), part[1]))
    return {"component": component, "tier": tier}


def _parts_now(product: Product, lists: QuerySet[PriceList], code: str) -> tuple[str, dict[Part, Decimal]]:
    """The list with that code, else the one with most prices of the product, and these; nothing where it has
    one alone."""
    by_list: dict[str, dict[Part, Decimal]] = defaultdict(dict)
    names = dict(lists.values_list("pk", "code"))
    for row in in_force(names, [product.pk], today()):
        if row.amount is not None:
            by_list[names[row.price_list_id]][row.component, row.tier] = row.amount
    code = code or max(by_list, key=lambda one: len(by_list[one]), default="")
    parts = by_list[code]
    return code, dict(sorted(parts.items())) if len(parts) > 1 else {}


def _of_what_if(said: Mapping[str, str]) -> dict[str, Any]:
    """The price and day that a what-if was asked about, and which of several, or by how much all of them
    change (``share``, in per cent); nothing where they cannot be read."""
    share = said.get("share")
    try:
        start = datetime.date.fromisoformat(said.get("start", ""))
        found = {"value": Decimal(share or said.get("price", "")), "start_date": start}
    except (InvalidOperation, ValueError):
        return {}
    if share:
        return found | {"kind": "percentage", "component": EVERY, "tier": ""}
    return found | {"kind": "target"} | {name: said[name] for name in ("component", "tier") if name in said}


def _to_margin(said: Mapping[str, str]) -> dict[str, Any]:
    """The margin that a price is to keep to, in per cent, and from when; nothing where they cannot be read.
    The reason stays empty: beside a price, a word about its floor would tell what it costs."""
    try:
        start = datetime.date.fromisoformat(said.get("start", ""))
        rate = Decimal(said.get("value", ""))
    except (InvalidOperation, ValueError):
        return {}
    if said.get("kind") != "margin" or not rate.is_finite() or not 0 <= rate < 100:
        return {}
    return {"kind": "margin", "value": rate, "start_date": start}


def _drafted(request: HttpRequest, form: ProposalForm, product: Product | None, chosen: Chosen | None) -> int:
    user, said = request.user, form.cleaned_data
    price_list: PriceList = said["price_list"]
    ids, ended = _ids(user, said, product, chosen)
    if ended and not ids:
        raise DomainError("products_ended", _("All these products have ended by then."), "line")
    pasted: dict[int, Any] | None = None
    if said["kind"] == "paste":
        pasted = _pasted(user, said["rows"])
    elif said["kind"] == "parts":
        pasted = dict.fromkeys(ids, said["parts"])
    elif said["kind"] in dict(WORKED_OUT):
        pasted = _worked_out(user, form, ids)
    made = proposal_draft(
        user=user,
        price_list=price_list,
        start_date=said["start_date"],
        reason=said["reason"],
        alternatives=said["alternatives"],
        exception=said["exception"],
        rule=form.rule,
        product_ids=ids,
        pasted=pasted,
    )
    if ended:
        text = ngettext(
            "%(n)s product that has ended by then is left out.",
            "%(n)s products that have ended by then are left out.",
            ended,
        )
        messages.info(request, text % {"n": formats.number(ended)})
    return made.pk


def _ids(
    user: Any, said: dict[str, Any], product: Product | None, chosen: Chosen | None
) -> tuple[list[int], int]:
    """Of which products. Of a whole line, or of all that a page found, without those that have ended when the
    prices begin, and how many these are; to end prices all of them."""
    if product is not None:
        return [product.pk], 0
    if chosen is not None and chosen.codes:
        return chosen.ids, 0
    if said["kind"] == "paste" or (chosen is None and said["line"] is None):
        return [], 0
    rows = products_visible(user)
    if chosen is not None:
        rows = rows.filter(pk__in=chosen.ids)
    else:
        rows = rows.filter(line__in=line_tree().descendants(said["line"].pk))
    found = dict(rows.values_list("pk", "ended"))
    if said["kind"] == "end":
        return list(found), 0
    ids = [pk for pk, ended in found.items() if ended is None or ended >= said["start_date"]]
    return ids, len(found) - len(ids)


def _worked_out(user: Any, form: ProposalForm, ids: Sequence[int]) -> dict[int, Decimal]:
    """Prices from costs, rounded; refused where there is none."""
    said = form.cleaned_data
    asked = (user, said["price_list"], ids, said["start_date"])
    if said["kind"] == "margin":
        found = prices_to_margin(*asked, said["value"])
    else:
        found = prices_recommended(*asked)
    if not found:
        message = _("Of none of these products it can be told: their costs are not known.")
        raise DomainError("costs_unknown", message, "kind")
    return {pk: form.rule.rounded(amount, CENT) for pk, amount in found.items()}


def _pasted(user: Any, rows: dict[str, Any]) -> dict[int, Any]:
    """Prices by product id; codes that are not there are told."""
    known = {code.lower(): pk for code, pk in products_visible(user).values_list("code", "pk")}
    codes_unknown([code for code in rows if code not in known])
    return {known[code]: amount for code, amount in rows.items()}
