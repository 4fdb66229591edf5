from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .price import PLACES

_TODAY = "(now() AT TIME ZONE (SELECT time_zone FROM core_organisation LIMIT 1))::date"
_BEGUN = "{row}.state = 'approved' AND LEAST({row}.store_start, {row}.delivery_start) <= " + _TODAY
# What cancelling writes; nothing else of an approved promotion that has begun may change.
_CANCELS = "ARRAY['state', 'cancelled_by_id', 'cancelled_at', 'cancel_note', 'version']"


class _PartOfBegun(pgtrigger.Trigger):
    """What belongs to an approved promotion that has begun, or to a cancelled one, stays as it is."""

    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    declare = [("held", "boolean"), ("of_id", "bigint")]
    func = f"""
        IF TG_OP = 'DELETE' THEN of_id := OLD.promotion_id; ELSE of_id := NEW.promotion_id; END IF;
        SELECT p.state = 'cancelled' OR ({_BEGUN.format(row="p")}) INTO held
            FROM pricing_promotion p WHERE p.id = of_id;
        IF held THEN
            RAISE EXCEPTION 'promotion % has begun', of_id USING ERRCODE = 'check_violation';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """  # noqa: S608  made of constants


@pghistory.track()
class Promotion(models.Model):
    """An offer for a while: how it works, for which products, in which channels (none: everywhere), when it
    is delivered to the trade and when it runs in the store (both dates included).

    ``rate``, ``amount`` and ``quantity`` say what the mechanic needs (`mechanic_price`). ``budget_amount`` is
    what it costs in all, ``own_share_rate`` of it is ours. Its amounts and prices are in ``currency``, empty:
    the organisation's.
    ``planned_uplift_rate`` is the extra volume expected on top of the baseline. ``proposed_by`` is who last
    changed what is proposed: somebody else approves. ``exception`` is why a price in it may pass a bound.
    Approved and begun it is only stopped; over, it stays.
    """

    class Mechanic(models.TextChoices):
        PRICE_CUT = "price_cut", _("price cut")
        COUPON = "coupon", _("coupon")
        ONE_PLUS_ONE = "one_plus_one", _("1+1 free")
        SECOND_HALF = "second_half", _("second at half price")
        N_FOR = "n_for", _("so many for one price")
        BONUS_PACK = "bonus_pack", _("bonus pack")
        DISPLAY = "display", _("display")
        FEATURE = "feature", _("feature in the leaflet")
        LOYALTY = "loyalty", _("loyalty points")
        WELCOME = "welcome", _("welcome discount")
        CASHBACK = "cashback", _("cashback")
        CAMPAIGN = "campaign", _("campaign")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        CANCELLED = "cancelled", _("called off")

    name = models.CharField(_("name"), max_length=120)
    mechanic = models.CharField(_("mechanic"), max_length=12, choices=Mechanic.choices)
    rate = models.DecimalField(_("share"), max_digits=5, decimal_places=4, null=True, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4, null=True, blank=True)
    quantity = models.PositiveSmallIntegerField(_("how many"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT)
    delivery_start = models.DateField(_("delivery from"), null=True, blank=True)
    delivery_end = models.DateField(_("delivery until"), null=True, blank=True)
    store_start = models.DateField(_("in store from"))
    store_end = models.DateField(_("in store until"))
    own_share_rate = models.DecimalField(
        _("our share of the cost"), max_digits=5, decimal_places=4, default=1
    )
    budget_amount = models.DecimalField(_("budget"), max_digits=18, decimal_places=4, null=True, blank=True)
    planned_uplift_rate = models.DecimalField(
        _("planned extra volume"), max_digits=7, decimal_places=4, null=True, blank=True
    )
    note = models.TextField(_("note"), blank=True)
    alternatives = models.CharField(_("alternatives considered"), max_length=400, blank=True)
    exception_note = models.CharField(_("why in a forbidden period"), max_length=300, blank=True)
    exception = models.CharField(_("why the exception"), max_length=400, blank=True)
    channels = models.ManyToManyField(
        "products.Channel", through="PromotionChannel", related_name="+", verbose_name=_("channels")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    source_import = models.ForeignKey(
        "exchange.Import", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_note = models.CharField(_("reason of the decision"), max_length=300, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cancelled by"),
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancel_note = models.CharField(_("why cancelled"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["store_start", "pk"]
        indexes = [models.Index(fields=["store_end", "store_start"], name="promotion_by_date")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="promotion_has_a_name"),
            models.CheckConstraint(
                condition=Q(
                    mechanic__in=[
                        *("price_cut", "coupon", "one_plus_one", "second_half", "n_for", "bonus_pack"),
                        *("display", "feature", "loyalty", "welcome", "cashback", "campaign"),
                    ]
                ),
                name="promotion_mechanic_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "proposed", "approved", "rejected", "cancelled"]),
                name="promotion_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"])
                | Q(decided_by__isnull=False, decided_at__isnull=False, proposed_by__isnull=False)
                | Q(source_import__isnull=False, decided_at__isnull=False),
                name="promotion_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(store_end__gte=F("store_start")), name="promotion_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(delivery_start=None, delivery_end=None)
                | Q(
                    delivery_start__isnull=False,
                    delivery_end__isnull=False,
                    delivery_end__gte=F("delivery_start"),
                ),
                name="promotion_both_delivery_dates",
            ),
            models.CheckConstraint(
                condition=Q(own_share_rate__gte=0, own_share_rate__lte=1),
                name="promotion_own_share_is_a_rate",
            ),
            models.CheckConstraint(
                condition=Q(rate=None) | Q(rate__gt=0, rate__lte=1), name="promotion_rate_in_range"
            ),
            models.CheckConstraint(
                condition=Q(currency="") | Q(currency__regex="^[A-Z]{3}$"), name="promotion_currency"
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0), name="promotion_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(quantity=None) | Q(quantity__gte=2), name="promotion_quantity_two_or_more"
            ),
            models.CheckConstraint(
                condition=~Q(mechanic="n_for") | Q(quantity__isnull=False, amount__isnull=False),
                name="promotion_n_for_an_amount",
            ),
            models.CheckConstraint(
                condition=~Q(mechanic="bonus_pack") | Q(rate__isnull=False), name="promotion_bonus_of_a_rate"
            ),
            models.CheckConstraint(
                condition=Q(budget_amount=None) | Q(budget_amount__gte=0),
                name="promotion_budget_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(planned_uplift_rate=None) | Q(planned_uplift_rate__gt=-1),
                name="promotion_uplift_above_minus_one",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="begun_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF OLD.state = 'cancelled' OR ({_BEGUN.format(row="OLD")}) THEN
                        IF TG_OP = 'UPDATE' AND OLD.state = 'approved' AND NEW.state = 'cancelled'
                            AND OLD.store_end >= {_TODAY}
                            AND to_jsonb(NEW) - {_CANCELS} = to_jsonb(OLD) - {_CANCELS} THEN
                            RETURN NEW;
                        END IF;
                        RAISE EXCEPTION 'promotion % has begun', OLD.id USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def written_by(self) -> str:
        return str(self.author or _("a file"))


@pghistory.track()
class PromotionProduct(models.Model):
    """A product of a promotion. ``price`` is what a unit normally costs the customer (with VAT where prices
    are shown with it); ``effective_price`` what it costs in the promotion where the mechanic does not say."""

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="rows")
    product = models.ForeignKey("products.Product", models.PROTECT, related_name="promotion_rows")
    price = models.DecimalField(
        _("normal price"), max_digits=20, decimal_places=PLACES, null=True, blank=True
    )
    effective_price = models.DecimalField(
        _("price in the promotion"), max_digits=20, decimal_places=PLACES, null=True, blank=True
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["promotion", "product"], name="promotion_product_once"),
            models.CheckConstraint(condition=Q(price=None) | Q(price__gt=0), name="promotion_price_positive"),
            models.CheckConstraint(
                condition=Q(effective_price=None) | Q(effective_price__gte=0),
                name="promotion_effective_price_not_negative",
            ),
        ]
        triggers = [_PartOfBegun(name="begun_products_stay")]

    def __str__(self) -> str:
        return str(self.product)


@pghistory.track()
class PromotionChannel(models.Model):
    """A channel of a promotion, with those below it."""

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="channel_rows")
    channel = models.ForeignKey("products.Channel", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["promotion", "channel"], name="promotion_channel_once")
        ]
        triggers = [_PartOfBegun(name="begun_channels_stay")]

    def __str__(self) -> str:
        return str(self.channel)


@pghistory.track()
class ForbiddenPeriod(models.Model):
    """Days (both included) on which a line with those below it, or a channel with those below it, should have
    no promotion. One that runs there all the same says why."""

    line = models.ForeignKey(
        "products.ProductLine",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product line"),
    )
    channel = models.ForeignKey(
        "products.Channel", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        ordering = ["start_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(line__isnull=True) ^ Q(channel__isnull=True), name="forbidden_line_or_channel"
            ),
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")), name="forbidden_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="forbidden_has_a_reason"),
        ]

    def __str__(self) -> str:
        return self.reason
