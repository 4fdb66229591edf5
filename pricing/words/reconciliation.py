"""Whether all of it is there, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import formats
from pricing.selectors.reconciliation import ZERO, Reconciliation

from .left_out import left_out_words


def reconciliation_words(found: Reconciliation, currency: str) -> str:
    """What the ledger has, mapped and not; what is booked, on products and on none; what the report shows."""
    money = {
        name: formats.money(getattr(found, name) or ZERO, currency)
        for name in ("whole", "on_products", "on_none", "shown", "mapped", "unmapped", "ledger")
    }
    said = []
    if found.ledger is not None:
        said.append(
            _(
                "The ledger has %(ledger)s of the months = %(mapped)s mapped + %(unmapped)s not mapped, all"
                " of it is booked."
            )
            if found.agrees
            else _("The ledger has %(ledger)s of the months, but %(whole)s is booked: it does not reconcile.")
        )
    said.append(
        _("Booked on the products of this report in the longest period shown: %(whole)s.")
        if found.of_some
        else _(
            "Booked in the longest period shown: %(whole)s = %(on_products)s on products + %(on_none)s on no"
            " product."
        )
    )
    if found.unmapped and (found.ledger is None or not found.agrees):
        said.append(_("Not mapped of it: %(unmapped)s."))
    said.append(_("This report shows %(shown)s."))
    if found.has_budget:
        said.append(
            _(
                "What is budgeted for a product line is split over its products: by their budget of the"
                " month, else by what they sold in the twelve months before."
            )
        )
    words = " ".join(str(each) for each in said) % money
    return " ".join(filter(None, [words, left_out_words(found.left_out)]))


def reconciliation_line(found: Reconciliation) -> str:
    """The same for another system: names that no language changes, amounts with a point."""
    said = found.as_json() | {"shown": f"{found.shown:.2f}"}
    if found.left_out is not None:
        said["left_out"] = found.left_out.said
    return "# " + " ".join(f"{name}={amount}" for name, amount in said.items() if amount is not None)
