"""REST API: promotions, their decisions and what they did."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from core.api import HasRight, Pagination, StrictSerializer
from core.idempotency import once
from pricing.models import ForbiddenPeriod, Promotion, PromotionEffect
from pricing.models.price import PLACES
from pricing.selectors.promotion_costs import actual_cost
from pricing.selectors.promotions import (
    Flags,
    channels_seen,
    currency_of,
    flags_ahead,
    promotions_visible,
    rows_seen,
    sees_whole,
    with_bounds,
)
from pricing.services.promotion_costs import promotion_cost_say
from pricing.services.promotion_decisions import promotion_cancel, promotion_decide, promotion_propose
from pricing.services.promotions import ProductPlan, PromotionPlan, promotion_change, promotion_create
from pricing.words.promotions import effective_of
from products.models import Channel
from products.selectors.access import channels_visible, product_get

RATE: dict[str, Any] = {"max_digits": 7, "decimal_places": 4}
MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 4}
PRICE: dict[str, Any] = {"max_digits": 20, "decimal_places": PLACES, "min_value": 0}
_OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}


class PromotionFilters(django_filters.FilterSet):
    product = django_filters.CharFilter(
        "rows__product__code", lookup_expr="iexact", label="code of a product"
    )
    channel = django_filters.CharFilter("channels__code", lookup_expr="iexact", label="code of a channel")
    ends_after = django_filters.DateFilter("store_end", lookup_expr="gte", label="in store on or after")
    starts_before = django_filters.DateFilter("store_start", lookup_expr="lte", label="in store on or before")

    class Meta:
        model = Promotion
        fields = ("state", "mechanic")


class PromotionProductSerializer(StrictSerializer):
    """``price``: what a unit normally costs the customer; ``effective_price``: in the promotion, where the
    mechanic does not say it (in answers: also where it does)."""

    product = serializers.CharField(max_length=60)
    price = serializers.DecimalField(**PRICE, **_OPTIONAL)
    effective_price = serializers.DecimalField(**PRICE, **_OPTIONAL)


class PromotionEffectSerializer(serializers.ModelSerializer):
    """Measured by the night, in the measure's unit; ``reason`` says why nothing could be. ``after``: sold
    more or less in the weeks after; ``sisters``: by products beside it."""

    product = serializers.CharField(source="product.code", read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)

    class Meta:
        model = PromotionEffect
        fields = (
            *("product", "measure", "method", "reason", "baseline", "sold", "uplift", "uplift_lo80"),
            *("uplift_hi80", "after", "after_lo80", "after_hi80", "sisters", "sisters_lo80", "sisters_hi80"),
            *("data_until", "computed_at"),
        )
        read_only_fields = fields


class ForbiddenSerializer(serializers.ModelSerializer):
    class Meta:
        model = ForbiddenPeriod
        fields = ("start_date", "end_date", "reason")
        read_only_fields = fields


class BoundPassedSerializer(serializers.Serializer):
    """``source`` says what a unit may cost from ``start_date`` on; ``amount``: what it costs in the
    promotion, in ``currency``; ``null`` where you see a part of it, as it may be another channel's price."""

    product = serializers.CharField()
    amount = serializers.DecimalField(**PRICE, allow_null=True)
    currency = serializers.CharField()
    source = serializers.CharField()
    start_date = serializers.DateField()


class FlagsSerializer(serializers.Serializer):
    """``overlaps``: other promotions (ids) of the same product and channel on the same days. ``forbidden``:
    periods without promotions that it runs in; where you see a part of it, those of your lines and channels.
    ``bounds``: set since it was approved, and passed."""

    overlaps = serializers.ListField(child=serializers.IntegerField())
    forbidden = ForbiddenSerializer(many=True)
    bounds = BoundPassedSerializer(many=True)


class PromotionSerializer(serializers.ModelSerializer):
    """Products and channels within your limits; ``whole`` says whether that is all of it. If not, budget and
    effects are left out. No channels: everywhere. ``flags``: what stands in its way, until it is over."""

    products = serializers.SerializerMethodField()
    channels = serializers.SerializerMethodField()
    effects = serializers.SerializerMethodField()
    whole = serializers.SerializerMethodField()
    flags = serializers.SerializerMethodField()
    budget_amount = serializers.SerializerMethodField()
    currency = serializers.SerializerMethodField()
    author = serializers.EmailField(source="author.email", read_only=True, default=None)
    proposed_by = serializers.EmailField(source="proposed_by.email", read_only=True, default=None)
    decided_by = serializers.EmailField(source="decided_by.email", read_only=True, default=None)

    class Meta:
        model = Promotion
        fields = (
            *("id", "name", "mechanic", "rate", "amount", "quantity", "currency", "state", "store_start"),
            *("store_end", "delivery_start", "delivery_end", "own_share_rate", "budget_amount"),
            *(
                "planned_uplift_rate",
                "note",
                "alternatives",
                "exception_note",
                "exception",
                "products",
                "channels",
                "whole",
                "flags",
            ),
            *("effects", "author"),
            *(
                "proposed_by",
                "decided_by",
                "decided_at",
                "decision_note",
                "cancelled_at",
                "cancel_note",
                "version",
            ),
        )
        read_only_fields = fields

    def _user(self) -> Any:
        return self.context["request"].user

    @extend_schema_field(PromotionProductSerializer(many=True))
    def get_products(self, row: Promotion) -> list[dict[str, Any]]:
        return [
            {
                "product": part.product.code,
                "price": None if part.price is None else f"{part.price:.6f}",
                "effective_price": None if (found := effective_of(row, part)) is None else f"{found:.6f}",
            }
            for part in rows_seen(self._user(), row)
        ]

    def get_channels(self, row: Promotion) -> list[str]:
        return [channel.code for channel in channels_seen(self._user(), row)]

    def get_whole(self, row: Promotion) -> bool:
        return sees_whole(self._user(), row)

    @cached_property
    def _flags(self) -> dict[int, Flags]:
        """Of all rows of the answer together."""
        return flags_ahead(self._user(), self.parent.instance if self.parent else [self.instance])

    @extend_schema_field(FlagsSerializer)
    def get_flags(self, row: Promotion) -> Any:
        found, whole = self._flags.get(row.pk, Flags()), self.get_whole(row)
        said = {
            "overlaps": [other.pk for other in found.overlaps],
            "forbidden": found.forbidden,
            "bounds": [
                {
                    **told,
                    "product": product.code,
                    "start_date": told["day"],
                    "amount": told["amount"] if whole else None,
                }
                for product, told in found.bounds
            ],
        }
        return FlagsSerializer(said).data

    @extend_schema_field(PromotionEffectSerializer(many=True))
    def get_effects(self, row: Promotion) -> Any:
        found = row.effects.all() if sees_whole(self._user(), row) else []
        return PromotionEffectSerializer(found, many=True).data

    @extend_schema_field(serializers.DecimalField(**MONEY, allow_null=True))
    def get_budget_amount(self, row: Promotion) -> str | None:
        hidden = row.budget_amount is None or not sees_whole(self._user(), row)
        return None if hidden else f"{row.budget_amount:.4f}"

    def get_currency(self, row: Promotion) -> str:
        return currency_of(row)


class PromotionRequestSerializer(StrictSerializer):
    """``rate``, ``amount``, ``quantity`` as the mechanic needs them. ``currency`` of all its amounts: ours,
    or that of a price list; none is ours. ``channels``: codes, empty is
    everywhere. ``exception``: why a price in it may pass a bound that asks for a reason. ``version``: what
    you had before you, to change one."""

    name = serializers.CharField(max_length=120)
    mechanic = serializers.ChoiceField(Promotion.Mechanic.choices)
    rate = serializers.DecimalField(**RATE, max_value=1, **_OPTIONAL)
    amount = serializers.DecimalField(**MONEY, **_OPTIONAL)
    quantity = serializers.IntegerField(min_value=2, max_value=100, **_OPTIONAL)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True)
    store_start = serializers.DateField()
    store_end = serializers.DateField()
    delivery_start = serializers.DateField(**_OPTIONAL)
    delivery_end = serializers.DateField(**_OPTIONAL)
    own_share_rate = serializers.DecimalField(**RATE, min_value=0, max_value=1, required=False)
    budget_amount = serializers.DecimalField(**MONEY, min_value=0, **_OPTIONAL)
    planned_uplift_rate = serializers.DecimalField(**RATE, **_OPTIONAL)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    alternatives = serializers.CharField(max_length=400, required=False, allow_blank=True)
    exception_note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    exception = serializers.CharField(max_length=400, required=False, allow_blank=True)
    products = PromotionProductSerializer(many=True)
    channels = serializers.ListField(child=serializers.CharField(max_length=80), required=False)
    version = serializers.IntegerField(required=False)

    def plan(self, user: Any) -> PromotionPlan:
        data = {key: value for key, value in self.validated_data.items() if key != "version"}
        products = [
            ProductPlan(product_get(user, row["product"]), row.get("price"), row.get("effective_price"))
            for row in data.pop("products")
        ]
        return PromotionPlan(**data | {"products": products, "channels": _channels(user, data)})


def _channels(user: Any, data: dict[str, Any]) -> list[Channel]:
    codes = data.get("channels", [])
    found = list(channels_visible(user).filter(code__in=codes))
    missing = sorted(set(codes) - {channel.code for channel in found})
    if missing:
        raise serializers.ValidationError({"channels": [f"No channel {code}." for code in missing]})
    return found


class DecisionSerializer(StrictSerializer):
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    version = serializers.IntegerField(required=False)


class ExceptionsSerializer(DecisionSerializer):
    """Why a price in it may pass a bound, and why it may run in a forbidden period, where that is asked."""

    exception = serializers.CharField(max_length=400, required=False, allow_blank=True)
    exception_note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ProposeSerializer(ExceptionsSerializer):
    why = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class PromotionCostSerializer(serializers.Serializer):
    """What it cost us in all, as it was said last: an ``amount`` in our currency, or what the ledger has
    booked under a ``dimension`` (null: nothing yet, or not for you: it is for who sees costs, an amount for
    who entered it too)."""

    amount = serializers.DecimalField(18, 2, allow_null=True)
    dimension = serializers.CharField(source="row.dimension")
    known_date = serializers.DateField(source="row.known_date")
    source = serializers.CharField(source="row.source")
    created_by = serializers.CharField(source="row.created_by.name")
    created_at = serializers.DateTimeField(source="row.created_at")


class PromotionCostRequestSerializer(StrictSerializer):
    """An ``amount``, or the ``dimension`` it is booked under in the ledger; one of the two."""

    amount = serializers.DecimalField(18, 2, min_value=0, required=False, allow_null=True, default=None)
    dimension = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    known_date = serializers.DateField()
    source = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class PromotionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Promotions in your sight, by their first day in the store. POST plans one (a draft), PUT changes it;
    ``propose``, ``approve``, ``reject`` and ``cancel`` decide. Who proposed cannot approve."""

    rights: Any = {"GET": "pricing.view", "POST": "pricing.edit", "PUT": "pricing.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = PromotionFilters
    serializer_class = PromotionSerializer
    queryset = Promotion.objects.none()

    def get_queryset(self) -> QuerySet[Promotion]:
        rows = with_bounds(promotions_visible(self.request.user))
        effects = PromotionEffect.objects.select_related("product", "measure")
        return rows.prefetch_related(Prefetch("effects", effects)).order_by("store_start", "pk")

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        # A filter on another's product or channel must not tell that it is in there.
        hidden = self.request.query_params
        if "product" in hidden:
            product_get(self.request.user, hidden["product"])
        if "channel" in hidden and not channels_visible(self.request.user).filter(
            code__iexact=hidden["channel"]
        ):
            raise Http404(hidden["channel"])
        return found.distinct()

    def _answer(self, pk: int, status: int = 200) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status)

    @extend_schema(
        request=PromotionRequestSerializer,
        responses={201: PromotionSerializer},
        parameters=[
            OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, required=False)
        ],
    )
    def create(self, request: Request) -> Response:
        """Plan one."""
        asked = PromotionRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        plan = asked.plan(request.user)
        key = request.headers.get("Idempotency-Key", "")
        pk = once(request.user, "promotion", key, lambda: promotion_create(user=request.user, plan=plan).pk)
        return self._answer(pk, 201)

    @extend_schema(request=PromotionRequestSerializer, responses=PromotionSerializer)
    def update(self, request: Request, pk: str | None = None) -> Response:
        """Say all of it anew; what was approved has to be approved again."""
        row = self.get_object()
        asked = PromotionRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = asked.validated_data.get("version")
        plan = asked.plan(request.user)
        promotion_change(user=request.user, promotion=row, plan=plan, version=version)
        return self._answer(row.pk)

    def _decide(self, request: Request, serializer: type[DecisionSerializer], act: Any) -> Response:
        row = self.get_object()
        asked = serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        act(user=request.user, promotion=row, **{"note": ""} | asked.validated_data)
        return self._answer(row.pk)

    @extend_schema(request=ProposeSerializer, responses=PromotionSerializer)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: str | None = None) -> Response:
        """Ask for approval; ``why`` becomes the promotion's ``note`` and is needed where it has none.
        ``exception`` (or ``note``) says why a price in it may pass a bound that asks for a reason,
        ``exception_note`` why it may run in a forbidden period."""
        asked, row = ProposeSerializer(data=request.data), self.get_object()
        asked.is_valid(raise_exception=True)
        said = {**asked.validated_data}
        said["exception"] = said.get("exception") or said.pop("note", "")
        said.pop("note", None)
        promotion_propose(user=request.user, promotion=row, **said)
        return self._answer(row.pk)

    @extend_schema(request=ExceptionsSerializer, responses=PromotionSerializer)
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def approve(self, request: Request, pk: str | None = None) -> Response:
        """Approve what somebody else proposed. ``exception``: why it may pass a bound set since, or that asks
        for a reason nobody gave; ``exception_note``: why it may run in a period forbidden since."""
        return self._decide(request, ExceptionsSerializer, partial(promotion_decide, approve=True))

    @extend_schema(request=DecisionSerializer, responses=PromotionSerializer)
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def reject(self, request: Request, pk: str | None = None) -> Response:
        """Reject it; ``note`` says why."""
        return self._decide(request, DecisionSerializer, partial(promotion_decide, approve=False))

    @extend_schema(request=DecisionSerializer, responses=PromotionSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """It does not happen, or stops; ``note`` says why."""
        return self._decide(request, DecisionSerializer, promotion_cancel)

    @extend_schema(methods=["GET"], request=None, responses=PromotionCostSerializer)
    @extend_schema(
        methods=["POST"], request=PromotionCostRequestSerializer, responses=PromotionCostSerializer
    )
    @action(detail=True, methods=["get", "post"])
    def cost(self, request: Request, pk: str | None = None) -> Response:
        """What it turned out to cost; POST says it, once it has begun. 204: nobody has said anything, or you
        see a part of it."""
        row = self.get_object()
        if request.method == "POST":
            asked = PromotionCostRequestSerializer(data=request.data)
            asked.is_valid(raise_exception=True)
            promotion_cost_say(user=request.user, promotion=row, **asked.validated_data)
        found = actual_cost(request.user, row)
        if found is None:
            return Response(status=204)
        return Response(PromotionCostSerializer(found).data)


router = SimpleRouter()
router.register("promotions", PromotionViewSet, "promotion")
