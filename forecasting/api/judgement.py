"""REST API: what people changed of forecasts."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, MonthField, Pagination, StrictSerializer
from forecasting.models import Override
from forecasting.models.judgement import Reason
from forecasting.selectors.judgement import last_month_of, overrides_visible
from forecasting.services.overrides import override_renew, override_set, override_withdraw
from products.api.shared import LineFilter, MonthFilter
from products.models import Channel, Measure
from products.selectors.access import channels_visible, forecasts_allowed, product_get
from products.selectors.lines import line_tree
from products.selectors.structure import line_get


def measure_of(line_id: int, code: str | None) -> Measure:
    """The line's measure with this code; without one the leading one."""
    measures = line_tree().measures(line_id)
    found = [m for m in measures if code is None or m.code == code]
    if not found:
        raise serializers.ValidationError({"measure": [f"{code}?"]})
    return found[0]


def _measure_asked(code: str | None) -> Measure:
    """Of no line, so it has to be said."""
    found = Measure.objects.filter(code=code).first()
    if found is None:
        raise serializers.ValidationError(
            {"measure": [_("Say which measure.") if code is None else f"{code}?"]}
        )
    return found


class OverrideFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    line = LineFilter("product__line", "line")
    channel = django_filters.CharFilter("channel__code", lookup_expr="iexact", label="code of a channel")
    holds = django_filters.BooleanFilter(
        "withdrawn_at", lookup_expr="isnull", label="only those not withdrawn (or only those that are)"
    )
    month = MonthFilter("last_month", lookup_expr="gte", label="ends in this month or later, as YYYY-MM")

    class Meta:
        model = Override
        fields = ("product", "line", "channel", "holds", "month", "reason")


class OverrideSerializer(serializers.ModelSerializer):
    """``value`` in the measure's unit a month, or a rate for *percent* (0.05 is 5 % more)."""

    product = serializers.CharField(source="product.code", default=None, read_only=True)
    line = serializers.CharField(source="line.code", default=None, read_only=True)
    channel = serializers.CharField(source="channel.code", default=None, read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)
    author = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = Override
        fields = (
            *("id", "product", "line", "channel", "measure", "operation", "value", "first_month"),
            *("last_month", "reason", "note", "evidence", "author", "set_at", "until", "withdrawn_at"),
        )
        read_only_fields = fields


class OverrideRequestSerializer(StrictSerializer):
    """Of one product, of all products of a line, or of all products in a channel; an amount is split by what
    is expected of each. With a channel it is about that part of the product or line. ``evidence`` is needed
    for an upward change. ``seen``: the largest id of an override you know of; where somebody changed the same
    months since, the answer is 409 with both."""

    product = serializers.CharField(max_length=60, required=False)
    line = serializers.CharField(max_length=60, required=False)
    channel = serializers.CharField(max_length=60, required=False)
    measure = serializers.CharField(
        max_length=60, required=False, help_text="default: the leading one of the product or line"
    )
    operation = serializers.ChoiceField(Override.Operation.choices)
    value = serializers.DecimalField(18, 4)
    first_month = MonthField()
    last_month = MonthField()
    reason = serializers.ChoiceField(Reason.choices)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)
    evidence = serializers.CharField(max_length=400, required=False, allow_blank=True)
    seen = serializers.IntegerField(min_value=0, required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("product" in data and "line" in data) or not {"product", "line", "channel"}.intersection(data):
            raise serializers.ValidationError(_("Choose a product, a line or a channel."))
        return data


class OverrideViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """Changes of forecasts by hand, newest first. POST makes one; ``withdraw`` ends one, ``renew`` lets it
    hold on, or again."""

    rights = {"GET": "forecasting.view", "POST": "forecasting.override"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = OverrideFilters
    queryset = Override.objects.none()

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return OverrideRequestSerializer if self.action == "create" else OverrideSerializer

    def get_queryset(self) -> QuerySet[Override]:
        return overrides_visible(self.request.user)

    @extend_schema(request=OverrideRequestSerializer, responses={201: OverrideSerializer})
    def create(self, request: Request) -> Response:
        """Change a forecast."""
        asked = OverrideRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if not forecasts_allowed(request.user):
            raise PermissionDenied("forecasting.view")
        values = dict(asked.validated_data)
        of: dict[str, Any] = {}
        if "line" in values:
            of["line"] = line_get(request.user, values.pop("line"))
            measure = measure_of(of["line"].pk, values.pop("measure", None))
        elif "product" in values:
            of["product"] = product_get(request.user, values.pop("product"))
            measure = measure_of(of["product"].line_id, values.pop("measure", None))
        else:
            measure = _measure_asked(values.pop("measure", None))
        channel = self._channel(values.pop("channel", None))
        if "seen" in values:
            values["seen"] = last_month_of(values["seen"])
        made = override_set(
            user=request.user,
            **of,
            measure=measure,
            channel=channel,
            **values,
        )
        return Response(OverrideSerializer(made).data, status=201)

    def _channel(self, code: str | None) -> Channel | None:
        if code is None:
            return None
        found = channels_visible(self.request.user).filter(code__iexact=code).first()
        if found is None:
            raise serializers.ValidationError({"channel": [f"{code}?"]})
        return found

    @extend_schema(request=None, responses={200: OverrideSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_kwargs: Any) -> Response:
        """End an override now."""
        if not forecasts_allowed(request.user):
            raise PermissionDenied("forecasting.view")
        ended = override_withdraw(user=request.user, override=self.get_object())
        return Response(OverrideSerializer(self.get_queryset().get(pk=ended.pk)).data)

    @extend_schema(request=None, responses={200: OverrideSerializer})
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, **_kwargs: Any) -> Response:
        """Let an override hold on, or again."""
        if not forecasts_allowed(request.user):
            raise PermissionDenied("forecasting.view")
        kept = override_renew(user=request.user, override=self.get_object())
        return Response(OverrideSerializer(self.get_queryset().get(pk=kept.pk)).data)
