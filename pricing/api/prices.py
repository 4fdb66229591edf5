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
from pricing.models.price import PLACES, State
from pricing.selectors.prices import held_on, lists_visible
from pricing.selectors.proposals import proposals_visible
from pricing.services.price_rules import EVERY, KINDS, ROUNDINGS, Rule
from pricing.services.proposal_edits import proposal_leave_out
from pricing.services.proposals import (
    AT_ONCE,
    proposal_approve,
    proposal_draft,
    proposal_reject,
    proposal_repeat,
    proposal_submit,
    proposal_withdraw,
)
from products.api.shared import LineFilter
from products.selectors.access import products_visible

MOST_PRODUCTS = 5000


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
    amount = serializers.DecimalField(20, PLACES, min_value=Decimal(0))
    component = serializers.ChoiceField(Price.Component.choices, required=False)
    tier = serializers.CharField(max_length=40, required=False, allow_blank=True)


class ProposalRequestSerializer(StrictSerializer):
    """New prices of ``products`` by a rule (``percentage``: a rate, 0.03 is 3 % more; ``list``: ``value``
    times what holds on the list whose code is ``of``), or each its own price in ``prices``, which may name
    their ``component`` and ``tier`` where a price has several parts. ``component`` *all*: a rule for all of
    them (``percentage``, ``list``, ``end``). ``exception``: where a bound or the days of notice ask why."""

    price_list = serializers.CharField(max_length=40)
    start_date = serializers.DateField()
    reason = serializers.CharField(max_length=400)
    alternatives = serializers.CharField(max_length=400, required=False, allow_blank=True)
    exception = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")
    products = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=MOST_PRODUCTS
    )
    rule = serializers.ChoiceField([key for key, _label in KINDS if key != "paste"], required=False)
    value = serializers.DecimalField(20, PLACES, required=False)
    of = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    rounding = serializers.ChoiceField([key for key, _label in ROUNDINGS], default="none")
    prices = ProposedPriceSerializer(many=True, required=False, max_length=MOST_PRODUCTS)  # type: ignore[call-arg]
    component = serializers.ChoiceField([*Price.Component.choices, EVERY], default="unit")
    tier = serializers.CharField(max_length=40, required=False, allow_blank=True)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("prices" in data) == ("rule" in data) or ("rule" in data) != ("products" in data):
            raise serializers.ValidationError(_("Give products and a rule, or prices."))
        rows = data.get("prices", ())
        if len({self._part(row) for row in rows}) < len(rows):
            raise serializers.ValidationError({"prices": [_("A price stands there twice.")]})
        if data["of"] and data.get("rule") != "list":
            raise serializers.ValidationError({"of": [_("Only with the rule list.")]})
        return data

    @staticmethod
    def _part(row: dict[str, Any]) -> tuple[str, str, str]:
        return row["product"].lower(), row.get("component", ""), row.get("tier", "")


class ExceptionSerializer(StrictSerializer):
    exception = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class NoteSerializer(StrictSerializer):
    note = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class AgainSerializer(StrictSerializer):
    start_date = serializers.DateField()
    reason = serializers.CharField(max_length=400, required=False, help_text="left out: as it was")


def prices_given(said: dict[str, Any]) -> dict[str, Any]:
    """By code the price of each product; of all its parts where one of them is named."""
    rows = said.get("prices", ())
    if not any("component" in row or "tier" in row for row in rows):
        return {row["product"].lower(): row["amount"] for row in rows}
    found: dict[str, dict[tuple[str, str], Decimal]] = {}
    for row in rows:
        part = (row.get("component", said["component"]), row.get("tier", said.get("tier", "")))
        found.setdefault(row["product"].lower(), {})[part] = row["amount"]
    return found


class ProposalViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """Proposals within one's sight, those that wait first. POST proposes; ``approve``, ``reject`` and
    ``withdraw`` decide. ``Idempotency-Key``: the same again proposes once. Of more than 500 products POST
    answers with a draft whose prices a job works out; ``propose`` it once it has them."""

    rights = {"GET": "pricing.view", "POST": "pricing.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_fields = ("state",)
    queryset = Proposal.objects.none()

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return ProposalRequestSerializer if self.action == "create" else ProposalSerializer

    def get_queryset(self) -> QuerySet[Proposal]:
        return proposals_visible(self.request.user)

    @extend_schema(
        request=ProposalRequestSerializer, responses={201: ProposalSerializer, 202: ProposalSerializer}
    )
    def create(self, request: Request) -> Response:
        """Propose new prices; 202: a draft whose prices are still being worked out."""
        asked = ProposalRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        price_list = lists_visible(request.user).filter(code__iexact=said["price_list"]).first()
        if price_list is None:
            raise serializers.ValidationError({"price_list": [f"{said['price_list']}?"]})
        key = request.headers.get("Idempotency-Key", "")
        made = once(request.user, "api proposal", key, lambda: self._proposed(request.user, price_list, said))
        answer = self._answer(made, 201)
        if answer.data["state"] == State.DRAFT:
            answer.status_code = 202
        return answer

    def _proposed(self, user: Any, price_list: PriceList, said: dict[str, Any]) -> int:
        amounts = prices_given(said)
        codes = list(amounts) or [code.lower() for code in said["products"]]
        known = {code.lower(): pk for code, pk in products_visible(user).values_list("code", "pk")}
        if unknown := [code for code in codes if code not in known]:
            raise serializers.ValidationError({"products": [f"{code}?" for code in unknown[:5]]})
        kind = said.get("rule", "paste")
        component, tier = said["component"], said.get("tier", "" if kind == "paste" else None)
        if any(not isinstance(amount, Decimal) for amount in amounts.values()):
            component, tier = EVERY, None
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
                    component,
                    tier,
                    said["of"] if kind == "list" else "",
                ),
                product_ids=[known[code] for code in codes],
                pasted={known[code]: amount for code, amount in amounts.items()} if amounts else None,
            )
            if len(codes) > AT_ONCE:
                return draft.pk
            return proposal_submit(user=user, proposal=draft).pk

    def _answer(self, pk: int, status: int = 200) -> Response:
        return Response(ProposalSerializer(self.get_queryset().get(pk=pk)).data, status=status)

    @extend_schema(request=ExceptionSerializer, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, **_kwargs: Any) -> Response:
        """Ask for a decision on one's own draft, once its prices are worked out."""
        said = self._exception(request)
        made = proposal_submit(user=request.user, proposal=self.get_object(), exception=said)
        return self._answer(made.pk)

    @extend_schema(request=None, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"])
    def leave_out(self, request: Request, **_kwargs: Any) -> Response:
        """Take out of one's own draft what was decided already for its day."""
        row = self.get_object()
        proposal_leave_out(user=request.user, proposal=row)
        return self._answer(row.pk)

    @extend_schema(request=ExceptionSerializer, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def approve(self, request: Request, **_kwargs: Any) -> Response:
        """Its prices hold from their date. Not by who proposed it, where two are needed. ``exception``: why,
        where it has become too late to tell who pays them, or a bound set since asks."""
        said = self._exception(request)
        made = proposal_approve(user=request.user, proposal=self.get_object(), exception=said)
        return self._answer(made.pk)

    @extend_schema(request=NoteSerializer, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def reject(self, request: Request, **_kwargs: Any) -> Response:
        """None of its prices will hold; ``note`` says why."""
        note = self._note(request)
        return self._answer(proposal_reject(user=request.user, proposal=self.get_object(), note=note).pk)

    @extend_schema(request=AgainSerializer, responses={201: ProposalSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, **_kwargs: Any) -> Response:
        """A draft of one's own with the prices of one that was rejected or withdrawn, to ``propose``."""
        asked, row = AgainSerializer(data=request.data), self.get_object()
        asked.is_valid(raise_exception=True)
        said = {"reason": row.reason, **asked.validated_data}
        return self._answer(proposal_repeat(user=request.user, proposal=row, **said).pk, 201)

    @extend_schema(request=NoteSerializer, responses={200: ProposalSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_kwargs: Any) -> Response:
        """Take back one's own; approved prices ahead with a ``note`` and the right to approve."""
        note = self._note(request)
        return self._answer(proposal_withdraw(user=request.user, proposal=self.get_object(), note=note).pk)

    def _exception(self, request: Request) -> str:
        asked = ExceptionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return str(asked.validated_data["exception"])

    def _note(self, request: Request) -> str:
        asked = NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return str(asked.validated_data["note"])


router = routers.SimpleRouter()
router.register("prices", PriceViewSet, "price")
router.register("price-lists", PriceListViewSet, "price-list")
router.register("price-proposals", ProposalViewSet, "price-proposal")
