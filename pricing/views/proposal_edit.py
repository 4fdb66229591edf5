"""The file of a draft, edited and brought back: other prices, one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.errors import DomainError
from core import formats
from core.errors import form_refuse
from core.pages import with_right
from pricing.forms.proposal_rows import ProposalRowsForm, Row
from pricing.models import Price, Proposal
from pricing.selectors.proposals import proposal_get
from pricing.services.price_rules import EVERY, Rule
from pricing.services.proposal_edits import Edited, Part
from pricing.services.proposal_edits import proposal_edit as edit
from pricing.words.prices import part_words
from products.selectors.access import products_visible

from .proposals import codes_unknown, proposal_page


@with_right("pricing.edit")
@require_POST
def proposal_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = proposal_get(request.user, pk)
    form = ProposalRowsForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            amounts = _amounts(request.user, found, form.cleaned_data["rows"])
            done = edit(user=request.user, proposal=found, amounts=amounts)
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _done_words(done))
            return redirect("pricing:proposal", pk=pk)
    return proposal_page(request, found, edit_form=form)


def _amounts(user: Any, found: Proposal, rows: Sequence[Row]) -> dict[Part, Decimal]:
    """By the prices the draft has of each code; a code it does not have is a price more."""
    there: dict[str, list[Price]] = defaultdict(list)
    for price in found.prices.select_related("product"):
        there[price.product.code.lower()].append(price)
    rule = Rule.from_json(found.rule)
    new = [row.code for row in rows if row.code.lower() not in there]
    known = {}
    if new:
        known = {code.lower(): pk for code, pk in products_visible(user).values_list("code", "pk")}
        codes_unknown([code for code in new if code.lower() not in known])
    amounts: dict[Part, Decimal] = {}
    for row in rows:
        own = there.get(row.code.lower())
        price = _meant(own, row) if own else None
        if price is not None:
            key = (price.product_id, price.component, price.tier)
        else:
            component = Price.Component.UNIT if rule.component == EVERY else rule.component
            key = (known[row.code.lower()], component, rule.tier or "")
        amounts[key] = row.amount
    return amounts


def _meant(own: Sequence[Price], row: Row) -> Price:
    """Which of a product's prices a row is about."""
    said = [price for price in own if part_words(price.component, price.tier).lower() == row.part.lower()]
    if len(said or own) != 1:
        message = _("line %(number)s: which price of %(code)s?") % {"number": row.line, "code": row.code}
        raise DomainError("part_unclear", message, "pasted")
    return (said or own)[0]


def _done_words(done: Edited) -> str:
    counts = (
        (done.changed, ngettext("%(count)s price changed", "%(count)s prices changed", done.changed)),
        (done.added, ngettext("%(count)s added", "%(count)s added", done.added)),
        (
            done.removed,
            ngettext(
                "%(count)s left out, as it holds already",
                "%(count)s left out, as they hold already",
                done.removed,
            ),
        ),
    )
    said = [text % {"count": formats.number(count)} for count, text in counts if count]
    return f"{', '.join(said)}." if said else _("Nothing changed.")
