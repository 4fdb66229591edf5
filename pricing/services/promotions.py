"""Planning promotions: make, change, move, and take a move back."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_lock, row_save, version_check
from core.errors import require
from core.organisation import organisation_get
from pricing.models import ForbiddenPeriod, PriceList, Promotion, PromotionChannel, PromotionProduct
from pricing.selectors.promotion_prices import normal_prices
from pricing.selectors.promotions import (
    Flags,
    Place,
    begun,
    flags_of,
    place_of,
    promotion_get,
    sees_whole,
)
from pricing.selectors.reasons import set_since
from products.models import Channel, Product, ProductLine
from products.selectors.access import visible_channel_ids
from products.services.scope import line_within, product_within

from .kept_promotions import promotion_follow
from .price_limits import later_words
from .promotion_limits import promotion_limits_check

State, Mechanic = Promotion.State, Promotion.Mechanic
ONE_OF = (Mechanic.PRICE_CUT, Mechanic.COUPON, Mechanic.WELCOME, Mechanic.CASHBACK)
DATES = ("delivery_start", "delivery_end", "store_start", "store_end")
# What a move may have changed; taking it back restores all of it.
_MOVED = (*DATES, "state", "proposed_by_id", "decided_by_id", "decided_at", "decision_note")


@dataclass(frozen=True)
class ProductPlan:
    product: Product
    price: Decimal | None = None
    effective_price: Decimal | None = None


@dataclass(frozen=True)
class PromotionPlan:
    """All that a person says of a promotion; as the fields of :class:`Promotion`."""

    name: str
    mechanic: str
    store_start: datetime.date
    store_end: datetime.date
    products: Sequence[ProductPlan]
    channels: Sequence[Channel] = ()
    delivery_start: datetime.date | None = None
    delivery_end: datetime.date | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    quantity: int | None = None
    currency: str = ""
    own_share_rate: Decimal = Decimal(1)
    budget_amount: Decimal | None = None
    planned_uplift_rate: Decimal | None = None
    note: str = ""
    alternatives: str = ""
    exception_note: str = ""
    exception: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """The row's values; what the mechanic does not use is not kept."""
        uses_amount = self.mechanic in ONE_OF or self.mechanic == Mechanic.N_FOR
        return {
            "name": self.name.strip(),
            "mechanic": self.mechanic,
            **{name: getattr(self, name) for name in DATES},
            "rate": self.rate if self.mechanic in (*ONE_OF, Mechanic.BONUS_PACK) else None,
            "amount": self.amount if uses_amount else None,
            "quantity": self.quantity if self.mechanic == Mechanic.N_FOR else None,
            "currency": "" if self.currency == organisation_get().currency else self.currency,
            "own_share_rate": self.own_share_rate,
            "budget_amount": self.budget_amount,
            "planned_uplift_rate": self.planned_uplift_rate,
            "note": self.note.strip(),
            "alternatives": self.alternatives.strip(),
            "exception_note": self.exception_note.strip(),
            **({"exception": said} if (said := self.exception.strip()) else {}),
        }

    @property
    def place(self) -> Place:
        return Place(
            None,
            self.store_start,
            self.store_end,
            frozenset(row.product.pk for row in self.products),
            frozenset(row.product.line_id for row in self.products),
            frozenset(channel.pk for channel in self.channels),
        )


@transaction.atomic
def promotion_create(*, user: Any, plan: PromotionPlan) -> Promotion:
    """A draft. Refused outside the person's limits, and in a forbidden period without a reason."""
    require(user, "pricing.edit")
    _within(user, plan)
    plausible(plan)
    row = Promotion(author=user, **plan.fields)
    forbidden_refuse(flags_of(user, [plan.place])[0], row)
    check(row)
    row.save()
    parts_write(row, plan)
    cut_check(row)
    return row


@transaction.atomic
def promotion_change(
    *, user: Any, promotion: Promotion, plan: PromotionPlan, version: int | None
) -> Promotion:
    """Change it. What was approved and has not begun is proposed anew, by who changed it, and held against
    bounds as when it was proposed first; what was rejected is a draft again."""
    current = promotion_lock(user, promotion)
    _within(user, plan)
    plausible(plan)
    place = plan.place
    planned = Promotion(pk=current.pk, exception_note=plan.exception_note.strip())
    forbidden_refuse(_flags(user, current, place.start, place.end, place), planned)
    version_check(current.version, version, {})
    if parts_differ(current, plan):
        parts_write(current, plan)
        # Products and channels are part of what was proposed: the row says so too.
        Promotion.objects.filter(pk=current.pk).update(version=current.version + 1)
        current.version += 1
    elif all(getattr(current, name) == value for name, value in plan.fields.items()):
        return current
    if current.state in (State.PROPOSED, State.APPROVED):
        why_ask(plan.note)
    row_save(current, version=None, values=plan.fields | proposed_anew(user, current))
    cut_check(current)
    _held(user, current)
    promotion_follow(promotion=current)
    return current


def why_ask(note: str) -> None:
    """``DomainError`` where nobody says why: who approves reads it, and its decision keeps it."""
    if not note.strip():
        message = _("Say why: whoever approves reads it, and the decision keeps it.")
        raise DomainError("note_missing", message, "note")


def _held(user: Any, current: Promotion) -> None:
    """``DomainError`` where what is not a draft passes a bound as it stands now."""
    if current.state in (State.PROPOSED, State.APPROVED):
        promotion_limits_check(promotion_get(user, current.pk))


@transaction.atomic
def promotion_move(
    *,
    user: Any,
    promotion: Promotion,
    store_start: datetime.date,
    store_end: datetime.date,
    version: int | None,
) -> tuple[Promotion, Flags]:
    """Other dates in the store; delivery moves along with the start, and bounds of the new days hold. Returns
    what stands in its way there."""
    current = promotion_lock(user, promotion)
    if store_end < store_start:
        raise DomainError("ends_before_start", _("It ends before it starts."), "store_end")
    flags = _flags(user, current, store_start, store_end)
    forbidden_refuse(flags, current)
    by = store_start - current.store_start
    values: dict[str, Any] = {"store_start": store_start, "store_end": store_end}
    if current.delivery_start and current.delivery_end:
        values |= {
            "delivery_start": current.delivery_start + by,
            "delivery_end": current.delivery_end + by,
        }
        _delivered_in_time(values["delivery_start"], store_end)
    if any(getattr(current, name) != value for name, value in values.items()):
        row_save(current, version=version, values=values | proposed_anew(user, current))
        _held(user, current)
        promotion_follow(promotion=current)
    return current, flags


@transaction.atomic
def promotion_move_undo(*, user: Any, promotion: Promotion, version: int) -> Promotion:
    """Take the move that led to ``version`` back, with the approval it had before. Refused when something
    else was changed with it or since, or where it passes a bound that was set since."""
    current = promotion_lock(user, promotion)
    events = Promotion.pgh_event_model.objects.filter(pgh_obj=current.pk)  # type: ignore[attr-defined]
    before = events.filter(version=version - 1).order_by("-pgh_id").first()
    after = events.filter(version=version).order_by("-pgh_id").first()
    names = [field.attname for field in Promotion._meta.concrete_fields if field.name != "version"]
    if (
        current.version != version
        or before is None
        or after is None
        or any(getattr(before, name) != getattr(after, name) for name in names if name not in _MOVED)
    ):
        raise DomainError(
            "nothing_to_undo", _("It was changed since, so the move stays. Look at its page."), status=409
        )
    for name in _MOVED:
        setattr(current, name, getattr(before, name))
    current.version = version + 1
    check(current)
    current.save(update_fields=[*_MOVED, "version"])
    current = promotion_get(user, current.pk)  # with who had approved it
    _held(user, current)
    promotion_follow(promotion=current)
    return current


def promotion_lock(user: Any, promotion: Promotion, *, may_have_begun: bool = False) -> Promotion:
    """The row as it stands, locked, for who may change it. Refused what has begun or was cancelled."""
    require(user, "pricing.edit")
    row_lock(promotion)
    current = promotion_get(user, promotion.pk)
    if not sees_whole(user, current):
        raise DomainError("only_a_part", _("You see only a part of this promotion."), status=403)
    if current.state == State.CANCELLED:
        raise DomainError("cancelled", _("It was cancelled. Copy it to plan it again."), status=409)
    if begun(current) and not may_have_begun:
        message = _("It was approved and has begun: it can only be cancelled.")
        raise DomainError("begun", message, status=409)
    return current


def forbidden_refuse(flags: Flags, promotion: Promotion, said: str = "") -> None:
    """Refuse a forbidden period that nobody gives a reason for: what is ``said`` now is for all, its
    ``exception_note`` for those that were there when it was written."""
    periods = [] if said.strip() else list(flags.forbidden)
    if promotion.exception_note:
        since = set_since(ForbiddenPeriod, {row.pk for row in periods}, promotion, "exception_note")
        periods = [row for row in periods if row.pk in since]
    if periods:
        period = periods[0]
        where = period.line or period.channel
        message = _(
            "No promotions there (%(where)s): %(reason)s. Choose other days, or say why all the same."
        )
        message %= {"where": where, "reason": period.reason}
        if promotion.exception_note:
            message += " " + later_words()
        raise DomainError("forbidden", message, "exception_note")


@transaction.atomic
def forbidden_add(
    *,
    user: Any,
    line: ProductLine | None,
    channel: Channel | None,
    start_date: datetime.date,
    end_date: datetime.date,
    reason: str,
) -> ForbiddenPeriod:
    """Days on which a line, or a channel, should have no promotion."""
    require(user, "pricing.approve")
    if (line is None) == (channel is None):
        raise DomainError("line_or_channel", _("Choose a line or a channel, one of the two."), "line")
    if end_date < start_date:
        raise DomainError("ends_before_start", _("It ends before it starts."), "end_date")
    _scope_within(user, line, channel)
    row = ForbiddenPeriod(
        line=line, channel=channel, start_date=start_date, end_date=end_date, reason=reason.strip()
    )
    check(row)
    row.save()
    return row


@transaction.atomic
def forbidden_remove(*, user: Any, period: ForbiddenPeriod) -> None:
    require(user, "pricing.approve")
    _scope_within(user, period.line, period.channel)
    period.delete()


def _scope_within(user: Any, line: ProductLine | None, channel: Channel | None) -> None:
    if line is not None:
        line_within(user, line)
    channels = visible_channel_ids(user)
    if channels is not None and (channel is None or channel.pk not in channels):
        raise DomainError("channel_outside", _("That is not one of your channels."), "channel", status=403)


def _flags(
    user: Any,
    current: Promotion,
    start: datetime.date,
    end: datetime.date,
    place: Place | None = None,
) -> Flags:
    return flags_of(user, [replace(place or place_of(current), pk=current.pk, start=start, end=end)])[0]


def proposed_anew(user: Any, current: Promotion) -> dict[str, Any]:
    """What else changes with the plan: nobody has decided about it as it is now."""
    if current.state not in (State.PROPOSED, State.APPROVED):
        return {"state": State.DRAFT, "decided_by": None, "decided_at": None, "decision_note": ""}
    return {
        "state": State.PROPOSED,
        "proposed_by": user,
        "decided_by": None,
        "decided_at": None,
        "decision_note": "",
    }


def _within(user: Any, plan: PromotionPlan) -> None:
    for row in plan.products:
        product_within(user, row.product)
    channels = visible_channel_ids(user)
    if channels is not None:
        outside = not plan.channels or any(channel.pk not in channels for channel in plan.channels)
        if outside:
            raise DomainError("channel_outside", _("Choose among your own channels."), "channels")


def plausible(plan: PromotionPlan) -> None:
    """``DomainError`` where it does not say what its mechanic needs, or days that cannot be."""
    if not plan.name.strip():
        raise DomainError("name_missing", _("Give it a name."), "name")
    if plan.mechanic not in Mechanic.values:
        raise DomainError("mechanic_unknown", _("Choose how the offer works."), "mechanic")
    if not plan.products:
        raise DomainError("no_product", _("Name at least one product."), "product_1")
    if len({row.product.pk for row in plan.products}) < len(plan.products):
        raise DomainError("product_twice", _("A product is there twice."), "product_1")
    currency = plan.fields["currency"]
    if currency and not PriceList.objects.filter(currency=currency).exists():
        message = _("No price list is in %(currency)s.") % {"currency": currency}
        raise DomainError("currency_unknown", message, "currency", details={"currency": currency})
    if plan.store_end < plan.store_start:
        raise DomainError("ends_before_start", _("It ends before it starts."), "store_end")
    if (plan.delivery_start is None) != (plan.delivery_end is None):
        raise DomainError("both_delivery_dates", _("Give both delivery dates, or neither."), "delivery_start")
    if plan.delivery_start and plan.delivery_end and plan.delivery_end < plan.delivery_start:
        raise DomainError("ends_before_start", _("It ends before it starts."), "delivery_end")
    _delivered_in_time(plan.delivery_start, plan.store_end)
    if plan.mechanic in ONE_OF and (plan.rate is None) == (plan.amount is None):
        raise DomainError("rate_or_amount", _("Give a percentage or an amount, one of the two."), "rate")
    if plan.mechanic in (*ONE_OF, Mechanic.N_FOR) and plan.amount is not None and plan.amount <= 0:
        raise DomainError("amount_zero", _("An amount is more than 0."), "amount")
    if plan.mechanic == Mechanic.N_FOR and (plan.amount is None or plan.quantity is None):
        raise DomainError("n_for", _("How many, and for what price together?"), "quantity")
    if plan.mechanic == Mechanic.BONUS_PACK and plan.rate is None:
        raise DomainError("bonus_rate", _("How much more is in it, in percent?"), "rate")
    _is_cut(plan)


def _delivered_in_time(delivery_start: datetime.date | None, store_end: datetime.date) -> None:
    if delivery_start and delivery_start > store_end:
        message = _("By then the offer is over: delivery begins on its last day in store at the latest.")
        raise DomainError("delivery_late", message, "delivery_start")


def _is_cut(plan: PromotionPlan) -> None:
    """``DomainError`` where a unit would cost less than nothing, or more than normally."""
    for row in plan.products:
        if row.price is None:
            continue
        off = plan.amount if plan.mechanic in ONE_OF and row.effective_price is None else None
        if off is not None and off > row.price:
            raise _more_than_price(row.product)
        if row.effective_price is not None and row.effective_price > row.price:
            message = _("%(product)s would cost more in the promotion than it normally does.")
            raise DomainError(
                "above_normal_price", message % {"product": row.product.name}, "effective_price"
            )


def cut_check(promotion: Promotion) -> None:
    """``DomainError`` where more comes off at the till than the lists say of a product whose normal price it
    leaves to them; money back and a welcome may be more than a price per month."""
    if promotion.mechanic not in (Mechanic.PRICE_CUT, Mechanic.COUPON) or promotion.amount is None:
        return
    rows = PromotionProduct.objects.filter(promotion=promotion, price=None, effective_price=None)
    asked = list(
        rows.select_related("product", "promotion").prefetch_related("promotion__channel_rows__channel")
    )
    normal = normal_prices(asked)
    for row in asked:
        if row.pk in normal and promotion.amount > normal[row.pk]:
            raise _more_than_price(row.product)


def _more_than_price(product: Product) -> DomainError:
    message = _("%(product)s costs less than that: the amount is off the price of a unit.")
    return DomainError("more_than_price", message % {"product": product.name}, "amount")


def parts_differ(row: Promotion, plan: PromotionPlan) -> bool:
    """Whether its products, their prices or its channels are not as planned."""
    stored = {(r.product_id, r.price, r.effective_price) for r in row.rows.all()}
    asked = {(r.product.pk, r.price, r.effective_price) for r in plan.products}
    channels = {r.channel_id for r in row.channel_rows.all()}
    return stored != asked or channels != {channel.pk for channel in plan.channels}


def parts_write(row: Promotion, plan: PromotionPlan) -> None:
    """The products and channels as planned; what stays the same is not touched."""
    wanted = {r.product.pk: r for r in plan.products}
    for stored in PromotionProduct.objects.filter(promotion=row):
        asked = wanted.pop(stored.product_id, None)
        if asked is None:
            stored.delete()
        elif (stored.price, stored.effective_price) != (asked.price, asked.effective_price):
            stored.price, stored.effective_price = asked.price, asked.effective_price
            check(stored)
            stored.save(update_fields=["price", "effective_price"])
    for asked in wanted.values():
        made = PromotionProduct(
            promotion=row, product=asked.product, price=asked.price, effective_price=asked.effective_price
        )
        check(made)
        made.save()
    channels = {channel.pk for channel in plan.channels}
    PromotionChannel.objects.filter(promotion=row).exclude(channel_id__in=channels).delete()
    there = set(PromotionChannel.objects.filter(promotion=row).values_list("channel_id", flat=True))
    for channel in plan.channels:
        if channel.pk not in there:
            PromotionChannel.objects.create(promotion=row, channel=channel)
