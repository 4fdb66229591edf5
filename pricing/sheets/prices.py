"""The sheet *prices*: what products cost on a list from a date on, past and ahead.

Applying the file is the one approval of its rows that have begun, by somebody else than who brought it where
prices need two people; what changes what holds today is a decision, held against bounds. Those that lie ahead
become proposals, which somebody else decides. Of a list with observed prices nothing is decided: its rows are
loaded as they are. What is approved already is never changed by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.errors import DomainError
from exchange.models import Import
from exchange.sheets import Counts, Field, Option
from pricing.models import Price
from pricing.services.price_decisions import KIND
from pricing.services.price_import import (
    UNDO_REASONS,
    prices_decide,
    prices_import,
    prices_import_undo,
    prices_propose,
)
from products.models import ProductLine
from products.selectors.four_eyes import four_eyes_needed
from products.sheets import sources
from products.sheets.planned import PlannedSheet

from .price_plan import MAY_PROPOSE, PricePlan

REASONS: dict[str, Any] = {
    **UNDO_REASONS,
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "list_unknown": _("no price list has this code or name"),
    "limited": _("others pay by this list too; you are limited to some channels"),
    "currency_differs": _("this list is in %(currency)s"),
    "component_unknown": _("neither unit, month nor once"),
    "price_missing": _("no price; where it ends, say so in the column “ends”"),
    "price_and_end": _("a price and an end; give one of them"),
    "price_negative": _("below nothing"),
    "price_places": _("more than six decimals: round it first"),
    "too_long": _("too long"),
    "price_decided": _(
        "%(amount)s is approved from that day: one ahead is withdrawn first, a past one stays"
    ),
    "price_duplicate": _("line %(other)s of the file is about the same price and day"),
    "now_by_nobody": _(
        "a price that changes what holds today is decided by persons: bring the file in by its page"
    ),
    "ahead_by_nobody": _(
        "a price that lies ahead is proposed by a person: have the file checked again on its page"
    ),
    "below_least": _("%(source)s sets at least %(bound)s"),
    "above_most": _("%(source)s sets at most %(bound)s"),
    "below_least_why": _(
        "%(source)s sets at least %(bound)s: say why it may be less in the column “exception”"
    ),
    "above_most_why": _(
        "%(source)s sets at most %(bound)s: say why it may be more in the column “exception”"
    ),
    "told_late": ngettext_lazy(
        "here a price is told %(days)s day ahead, from %(day)s: say why it may be sooner in the column "
        "“exception”",
        "here a price is told %(days)s days ahead, from %(day)s: say why it may be sooner in the column "
        "“exception”",
        "days",
    ),
}


def _refused(row: Import, user: Any, approval: Mapping[str, Any]) -> DomainError | None:
    """Why this person does not approve what has begun in the file. Who put a file in the watched folder is
    not known, so what it changes today is decided when somebody brings it in by name."""
    if not approval:
        return None
    if user is None or not user.has_perm("pricing.approve"):
        message = _("Its prices have begun: who may approve prices applies it.")
        return DomainError("not_allowed", message, status=403)
    own = row.created_by_id == user.pk or (row.created_by_id is None and approval["decides"])
    lines = ProductLine.objects.filter(pk__in=approval["lines"]) if own else []
    if any(four_eyes_needed(line, KIND, None) for line in lines):
        message = _(
            "Its prices have begun, so somebody else than who brought the file approves and applies it."
        )
        return DomainError("four_eyes", message, status=403)
    return None


class PricesSheet(PlannedSheet[PricePlan]):
    plan = PricePlan
    key = "prices"
    label = _("Prices")
    help_text = _(
        "What products cost on a price list, from when. Prices that have begun hold once somebody else "
        "applies the file; those ahead are proposed."
    )
    order = 50
    permission = "pricing.edit"
    reasons = REASONS
    undoes = _(
        "What lies ahead is withdrawn, with its proposals. Prices that have been in force stay as history: "
        "where one still holds, what would have held without the file holds from tomorrow."
    )
    undid = _(
        "what lay ahead is withdrawn; prices that were in force stay as history, and from the next day on "
        "what would have held without them holds"
    )
    creates_labels = {"proposals": _("price proposals")}
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        replace(sources.PRODUCT, required=True),
        sources.FIELD,
        Field("price_list", "text", _("Price list"), required=True, aliases=("list", "prijslijst", "lijst")),
        Field(
            "start_date",
            "date",
            _("From"),
            required=True,
            aliases=("from", "date", "vanaf", "datum", "ingangsdatum", "van"),
        ),
        Field("price", "exact", _("Price"), aliases=("amount", "prijs", "tarief", "premie", "bedrag")),
        Field(
            "ends", "flag", _("Ends"), aliases=("eindigt", "vervalt"), help_text=_("No price from then on.")
        ),
        Field(
            "component",
            "text",
            _("Component"),
            aliases=("which_price", "onderdeel", "welke_prijs"),
            help_text=_("unit, month or once; empty: unit."),
            words=dict(Price.Component.choices),
        ),
        Field("tier", "text", _("Tier"), aliases=("trede", "staffel")),
        Field("currency", "code", _("Currency"), aliases=("valuta", "munt")),
        Field(
            "reason",
            "text",
            _("Reason"),
            aliases=("reden", "why", "waarom"),
            help_text=_("Of a price that changes what holds, or will; empty: the name of the file."),
        ),
        Field(
            "exception",
            "text",
            _("Why the exception"),
            aliases=("why_the_exception", "uitzondering", "waarom_de_uitzondering"),
            help_text=_("Only where a bound or the days of notice ask for it."),
        ),
    )

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> Mapping[str, str]:
        may = {MAY_PROPOSE: user is not None and user.has_perm("pricing.edit")}
        return super().check(cursor, {**options, **may}, user)

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        counts = plan.counts()
        row = Import.objects.select_related("applied_by", "created_by").get(pk=import_id)
        new = [each for each in plan.rows if not each.is_there]
        if row.source != Import.Source.SHELL and (why := _refused(row, row.applied_by, counts.approval)):
            raise why
        loaded = [(each.key, each.amount) for each in new if each.effect == "loaded"]
        prices_import(source_import=row, rows=loaded)
        decided = [each.ahead(row.file_name) for each in new if each.effect == "decided"]
        prices_decide(source_import=row, rows=decided)
        proposed = [each.ahead(row.file_name) for each in new if each.effect == "proposed"]
        prices_propose(source_import=row, rows=proposed)
        return counts

    def apply_refused(self, row: Import, user: Any) -> DomainError | None:
        """Prices that have begun are approved with the file, by a second person where prices need one."""
        return _refused(row, user, row.counts["approval"])

    def undo(self, cursor: Any, import_id: int) -> Counts:
        withdrawn, restored = prices_import_undo(source_import=Import.objects.get(pk=import_id))
        return Counts(new=withdrawn, changed=restored)
