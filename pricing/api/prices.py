"""REST API: prices, price lists and proposals."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, routers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination, StrictSerializer
from core.idempotency import once
from pricing.models import Price, PriceList, Proposal
from pricing.models.price import State
from pricing.selectors.prices import held_on, lists_visible
from pricing.selectors.proposals import proposals_visible
from pricing.services.price_rules import KINDS, ROUNDINGS, Rule
from pricing.services.proposals import (
    proposal_approve,
    proposal_draft,
    proposal_reject,
    proposal_submit,
    proposal_withdraw,
)
from products.api.shared import LineFilter
from products.selectors.access import products_visible


class PriceFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    price_list = django_filters.CharFilter("price_list__code", lookup_expr="iexact", label="code of a list")
    line = LineFilter("product__line")
    on = django_filters.DateFilter(method="holding", label="what holds on this day, approved")
    since = django_filters.DateFilter("start_date", lookup_expr="gte", label="begins on this day or later")
    until = django_filters.DateFilter("start_date", lookup_expr="lte", label="begins on this day or earlier")

    class Meta:
        model = Price
        fields = ("product", "price_list", "line", "component", "state", "on", "since", "until", "proposal")

    def holding(self, rows: QuerySet[Price], _name: str, day: datetime.date) -> QuerySet[Price]:
        return held_on(rows, day)


class PriceSerializer(serializers.ModelSerializer):
    """Holds from ``start_date`` until the next approved one of the same list, product, component and tier.
    ``amount`` in the list's currency; null: no price from then on."""

    product = serializers.CharField(source="product.code", read_only=True)
    price_list = serializers.CharField(source="price_list.code", read_only=True)
    currency = serializers.CharField(source="price_list.currency", read_only=True)
    approved_by = serializers.CharField(source="approved_by.name", default=None, read_only=True)

    class Meta:
        model = Price
        fields = (
            *("id", "product", "price_list", "component", "tier", "start_date", "amount", "currency"),
            *("state", "proposal", "approved_by", "approved_at"),
        )
        read_only_fields = fields


class PriceViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Prices of the products and lists within one's sight, past and ahead; drafts are left out."""

    rights = {"GET": "pricing.view"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = PriceFilters
    serializer_class = PriceSerializer
    queryset = Price.objects.none()

    def get_queryset(self) -> QuerySet[Price]:
        user = self.request.user
        rows = Price.objects.filter(product__in=products_visible(user), price_list__in=lists_visible(user))
        related = ("product", "price_list", "approved_by")
        return rows.exclude(state=State.DRAFT).select_related(*related).order_by("-start_date", "-pk")


class PriceListSerializer(serializers.ModelSerializer):
    """``channel`` and ``segment`` by code; null: for all. ``with_vat``: its amounts include VAT."""

    channel = serializers.CharField(source="channel.code", default=None, read_only=True)
    segment = serializers.CharField(source="segment.code", default=None, read_only=True)

    class Meta:
        model = PriceList
        fields = ("code", "name_en", "name_nl", "kind", "currency", "channel", "segment", "with_vat")
        read_only_fields = fields


class PriceListViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """The price lists within one's sight."""

    rights = {"GET": "pricing.view"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = PriceListSerializer
    queryset = PriceList.objects.none()

    def get_queryset(self) -> QuerySet[PriceList]:
        return lists_visible(self.request.user)


class ProposalSerializer(serializers.ModelSerializer):
    """``prices``: how many; they are in ``/prices/?proposal=…``."""

    price_list = serializers.CharField(source="price_list.code", read_only=True)
    author = serializers.CharField(source="author.name", read_only=True)
    decided_by = serializers.CharField(source="decided_by.name", default=None, read_only=True)
    prices = serializers.IntegerField(source="price_count", read_only=True)

    class Meta:
        model = Proposal
        fields = (
            *(
                "id",
                "price_list",
                "start_date",
                "reason",
                "alternatives",
                "exception",
                "rule",
                "state",
                "author",
            ),
            *("created_at", "decided_by", "decided_at", "note", "prices"),
        )
        read_only_fields = fields


class ProposedPriceSerializer(StrictSerializer):
    product = serializers.CharField(max_length=60, help_text="its code")
    amount = serializers.DecimalField(18, 4, min_value=Decimal(0))


class ProposalRequestSerializer(StrictSerializer):
    """New prices of ``products`` by a rule (``percentage``: a rate, 0.03 is 3 % more; ``list``: ``value``
    times what holds on the list whose code is ``of``), or each its own price in ``prices``. ``exception``:
    where a bound or the days of notice ask why."""

    price_list = serializers.CharField(max_length=40)
    start_date = serializers.DateField()
    reason = serializers.CharField(max_length=400)
    alternatives = serializers.CharField(max_length=400, required=False, allow_blank=True)
    exception = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")
    products = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=500
    )
    rule = serializers.ChoiceField([key for key, _label in KINDS if key != "paste"], required=False)
    value = serializers.DecimalField(18, 4, required=False)
    of = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    rounding = serializers.ChoiceField([key for key, _label in ROUNDINGS], default="none")
    prices = ProposedPriceSerializer(many=True, required=False, max_length=500)  # type: ignore[call-arg]
    component = serializers.ChoiceField(Price.Component.choices, default="unit")
    tier = serializers.CharField(max_length=40, required=False, allow_blank=True)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("prices" in data) == ("rule" in data) or ("rule" in data) != ("products" in data):
            raise serializers.ValidationError(_("Give products and a rule, or prices."))
        if data["of"] and data.get("rule") != "list":
            raise serializers.ValidationError({"of": [_("Only with the rule list.")]})
        return data


class NoteSerializer(StrictSerializer):
    note = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class ProposalViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """Proposals within one's sight, those that wait first. POST proposes; ``approve``, ``reject`` and
    ``withdraw`` decide. ``Idempotency-Key``: the same again proposes once."""

    rights = {"GET": "pricing.view", "POST": "pricing.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_fields = ("state",)
    queryset = Proposal.objects.none()

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return ProposalRequestSerializer if self.action == "create" else ProposalSerializer

    def get_queryset(self) -> QuerySet[Proposal]:
        return proposals_visible(self.request.user)

    @extend_schema(request=ProposalRequestSerializer, responses={201: ProposalSerializer})
    def create(self, request: Request) -> Response:
        """Propose new prices."""
        asked = ProposalRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        price_list = lists_visible(request.user).filter(code__iexact=said["price_list"]).first()
        if price_list is None:
            raise serializers.ValidationError({"price_list": [f"{said['price_list']}?"]})
        key = request.headers.get("Idempotency-Key", "")
        made = once(request.user, "api proposal", key, lambda: self._proposed(request.user, price_list, said))
        return self._answer(made, 201)

    def _proposed(self, user: Any, price_list: PriceList, said: dict[str, Any]) -> int:
        amounts = {row["product"].lower(): row["amount"] for row in said.get("prices", ())}
        codes = list(amounts) or [code.lower() for code in said["products"]]
        known = {code.lower(): pk for code, pk in products_visible(user).values_list("code", "pk")}
        if unknown := [code for code in codes if code not in known]:
            raise serializers.ValidationError({"products": [f"{code}?" for code in unknown[:5]]})
        kind = said.get("rule", "paste")
        tier = said.get("tier", "" if kind == "paste" else None)
        with transaction.atomic():  # no draft is left of what cannot be proposed
            draft = proposal_draft(
                user=user,
                price_list=price_list,
                start_date=said["start_date"],
                reason=said["reason"],
                alternatives=said.get("alternatives", ""),
                exception=said["exception"],
                rule=Rule(
                    kind,
                    said.get("value"),
                    said["rounding"],
                    said["component"],
                    tier,
                    said["of"] if kind == "list" else "",
                ),
                product_ids=[known[code] for code in codes],
                pasted={known[code]: amount for code, amount in amounts.items()} if amounts else None,
            )
            return proposal_submit(user=user, proposal=draft).pk

    def _answer(self, pk: int, status: int = 200) -> Response:
        return Response(ProposalSerializer(self.get_queryset().get(pk=pk)).data, status=status)

    @extend_schema(request=None, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def approve(self, request: Request, **_kwargs: Any) -> Response:
        """Its prices hold from their date. Not by who proposed it, where two are needed."""
        return self._answer(proposal_approve(user=request.user, proposal=self.get_object()).pk)

    @extend_schema(request=NoteSerializer, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def reject(self, request: Request, **_kwargs: Any) -> Response:
        """None of its prices will hold; ``note`` says why."""
        note = self._note(request)
        return self._answer(proposal_reject(user=request.user, proposal=self.get_object(), note=note).pk)

    @extend_schema(request=NoteSerializer, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_kwargs: Any) -> Response:
        """Take back one's own; approved prices ahead with a ``note`` and the right to approve."""
        note = self._note(request)
        return self._answer(proposal_withdraw(user=request.user, proposal=self.get_object(), note=note).pk)

    def _note(self, request: Request) -> str:
        asked = NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return str(asked.validated_data["note"])


router = routers.SimpleRouter()
router.register("prices", PriceViewSet, "price")
router.register("price-lists", PriceListViewSet, "price-list")
router.register("price-proposals", ProposalViewSet, "price-proposal")
