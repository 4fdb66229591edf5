"""The sheet *promotions*: promotions planned, and those that ran, as the calendar gives them.

What is ahead or runs becomes a draft, which is proposed and decided as any other. What was over before it
came is loaded as history: applying the file is the one approval of it, by somebody else than who brought it
where promotions need two people. What the calendar's file says beside that, such as what those that ran did
and cost, is not read in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from exchange.models import Import
from exchange.sheets import Counts, Field, Option
from pricing.models import Promotion
from pricing.services.kept_promotions import KIND
from pricing.services.promotion_import import number_kept, promotions_import, promotions_import_undo
from products.models import ProductLine
from products.selectors.four_eyes import four_eyes_needed
from products.sheets import sources
from products.sheets.planned import PlannedSheet

from .promotion_plan import PromotionsPlan

REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "number_unknown": _("no promotion has this number; leave it empty for a new one"),
    "too_long": _("too long"),
    "mechanic_unknown": _("no mechanic is called so"),
    "name_missing": _("give it a name"),
    "day_missing": _("which day?"),
    "too_small": _("at least %(least)s"),
    "too_big": _("at most %(most)s"),
    "not_whole": _("a whole number"),
    "price_negative": _("below nothing"),
    "price_places": _("more than six decimals: round it first"),
    "channel_unknown": _("no channel has the code or name “%(part)s”"),
    "channel_outside": _("you are limited to some channels: name those it is for"),
    "product_twice": _("line %(other)s of the file is about the same promotion and product"),
    "promotion_twice": _("line %(other)s of the file is about the same promotion"),
    "differs": _("line %(other)s of the file says something else of the same promotion"),
    "only_a_part": _("you see only a part of this promotion"),
    "waits": _("this promotion waits for a decision and says something else: change it on its page"),
    "decided": _("this promotion is approved or called off and says something else: change it on its page"),
    "forbidden": _(
        "no promotions there (%(where)s: %(reason)s); choose other days, or say why all the same in the "
        "column “why in a forbidden period”"
    ),
    "currency_unknown": _("no price list is in %(currency)s"),
    "ends_before_start": _("it ends before it starts"),
    "delivery_late": _("after the last day in store"),
    "both_delivery_dates": _("give both delivery dates, or neither"),
    "rate_or_amount": _("give a percentage or an amount, one of the two"),
    "more_than_price": _("more than a unit normally costs"),
    "above_normal_price": _("more than it normally costs"),
    "n_for": _("how many, and for what price together?"),
    "bonus_rate": _("how much more is in it, in per cent?"),
}


def _refused(row: Import, user: Any, approval: Mapping[str, Any]) -> DomainError | None:
    """Why this person does not approve what ran in the file. Nobody is known to have brought what the watched
    folder did: whoever applies it is one person, who approves history."""
    if not approval:
        return None
    if user is None or not user.has_perm("pricing.approve"):
        message = _("It has promotions that ran: who may approve promotions applies it.")
        return DomainError("not_allowed", message, status=403)
    costs = dict(approval["lines"]) if row.created_by_id == user.pk else {}
    lines = ProductLine.objects.filter(pk__in=costs)
    if any(four_eyes_needed(line, KIND, number_kept(costs[line.pk])) for line in lines):
        message = _(
            "It has promotions that ran, so somebody else than who brought the file approves and applies it."
        )
        return DomainError("four_eyes", message, status=403)
    return None


def _day(name: str, label: Any, *aliases: str, required: bool = False) -> Field:
    return Field(name, "date", label, required=required, aliases=aliases)


class PromotionsSheet(PlannedSheet[PromotionsPlan]):
    plan = PromotionsPlan
    key = "promotions"
    label = _("Promotions")
    help_text = _(
        "Promotions with their products, a row each. Rows become drafts: they are proposed and decided as "
        "others are. Those that are over are loaded as they ran once somebody else applies the file. An "
        "empty cell of a promotion that is there leaves what it says."
    )
    order = 58
    permission = "pricing.edit"
    reasons = REASONS
    undoes = _(
        "Its drafts go, and drafts that it changed get their old values back; what somebody changed or "
        "proposed since stays. Promotions that were loaded as they ran go with what was measured of them, "
        "but for those of which somebody has said what they cost."
    )
    undid = _(
        "its drafts and what it loaded are gone, and drafts that it changed are as they were, but for what "
        "somebody had changed, proposed or said the cost of since"
    )
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        Field(
            "number",
            "number",
            _("Number"),
            aliases=("nummer",),
            help_text=_("Of a promotion that is there; empty: by its name, first day and channels, or new."),
        ),
        Field("promotion", "text", _("Promotion"), required=True, aliases=("actie", "aanbieding", "offer")),
        Field(
            "mechanic",
            "text",
            _("Mechanic"),
            required=True,
            aliases=("actiemechaniek", "mechaniek", "how", "hoe"),
        ),
        Field(
            "rate",
            "number",
            _("Percentage"),
            aliases=("percentage", "procent", "korting"),
            in_percent=True,
        ),
        Field("amount", "amount", _("Amount"), aliases=("bedrag",)),
        Field("quantity", "number", _("How many"), aliases=("how_many", "hoeveel", "aantal")),
        Field("currency", "code", _("Currency"), aliases=("valuta", "munt")),
        replace(sources.PRODUCT, required=True),
        sources.FIELD,
        Field(
            "channels",
            "text",
            _("Channels"),
            aliases=("channel", "kanalen", "kanaal"),
            help_text=_("Codes or names between semicolons; empty: everywhere."),
        ),
        _day("store_start", _("In store from"), "in_store_from", "in_de_winkel_vanaf", required=True),
        _day("store_end", _("In store until"), "in_store_until", "in_de_winkel_t_m", required=True),
        _day("delivery_start", _("Delivery from"), "delivery_from", "levering_vanaf"),
        _day("delivery_end", _("Delivery until"), "delivery_until", "levering_t_m"),
        Field("price", "exact", _("Normal price"), aliases=("normal_price", "normale_prijs")),
        Field(
            "effective_price",
            "exact",
            _("Price in the promotion"),
            aliases=("price_in_the_promotion", "prijs_in_de_actie"),
        ),
        Field(
            "planned_uplift",
            "number",
            _("Planned extra volume (%)"),
            aliases=("planned_extra_volume", "geplande_extra_afzet"),
            in_percent=True,
        ),
        Field("budget", "amount", _("Budget")),
        Field(
            "own_share",
            "number",
            _("Our share of the cost (%)"),
            aliases=("our_share_of_the_cost", "ons_deel_van_de_kosten"),
            in_percent=True,
        ),
        Field(
            "note",
            "text",
            _("Why this promotion"),
            aliases=("why_this_promotion", "waarom_deze_actie", "why", "waarom"),
        ),
        Field(
            "alternatives",
            "text",
            _("Alternatives considered"),
            aliases=("alternatives_considered", "overwogen_alternatieven"),
        ),
        Field(
            "exception_note",
            "text",
            _("Why in a forbidden period"),
            aliases=("why_in_a_forbidden_period", "waarom_in_een_actievrije_periode"),
        ),
        Field(
            "exception",
            "text",
            _("Why the exception"),
            aliases=("why_the_exception", "waarom_de_uitzondering"),
        ),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        there = {each.there.pk for each in self.checked(cursor, options).promotions if each.there}
        list(Promotion.objects.select_for_update(of=("self",)).filter(pk__in=there).order_by("pk"))
        plan = self.checked(cursor, options)
        counts = plan.counts()
        row = Import.objects.select_related("applied_by", "created_by").get(pk=import_id)
        if row.source != Import.Source.SHELL and (why := _refused(row, row.applied_by, counts.approval)):
            raise why
        promotions_import(
            source_import=row,
            drafts=[each.plan for each in plan.promotions if each.effect == "new"],
            loaded=[each.plan for each in plan.promotions if each.effect == "loaded"],
            changed=[
                (each.there, each.plan) for each in plan.promotions if each.there and each.effect == "changed"
            ],
        )
        return counts

    def apply_refused(self, row: Import, user: Any) -> DomainError | None:
        """Promotions that ran are approved with the file, by a second person where they need one."""
        return _refused(row, user, row.counts["approval"])

    def undo(self, cursor: Any, import_id: int) -> Counts:
        taken, restored = promotions_import_undo(source_import=Import.objects.get(pk=import_id))
        return Counts(new=taken, changed=restored)
