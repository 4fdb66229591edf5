"""REST API: the agreed forecast, and what sales, marketing and finance expect."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, MonthField, Pagination, StrictSerializer
from forecasting.models import ConsensusInput, ConsensusMonth
from forecasting.models.judgement import Party
from forecasting.selectors.judgement import consensus_inputs_visible, consensus_months_visible
from forecasting.services.consensus import consensus_agree, consensus_contribute
from products.api.shared import LineFilter, MonthFilter
from products.selectors.access import forecasts_allowed, product_get

from .judgement import measure_of


class _Filters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    line = LineFilter("product__line")
    measure = django_filters.CharFilter("measure__code", lookup_expr="iexact", label="code of a measure")
    first = MonthFilter("month", lookup_expr="gte", label="from this month on, as YYYY-MM")
    last = MonthFilter("month", lookup_expr="lt", label="until and including this month, as YYYY-MM")


class ConsensusMonthFilters(_Filters):
    class Meta:
        model = ConsensusMonth
        fields = ("product", "line", "measure", "first", "last")


class ConsensusInputFilters(_Filters):
    class Meta:
        model = ConsensusInput
        fields = ("product", "line", "measure", "first", "last", "party")


class ConsensusMonthSerializer(serializers.ModelSerializer):
    """``baseline``: what statistics and overrides said when it was agreed."""

    product = serializers.CharField(source="product.code", read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)
    agreed_by = serializers.CharField(source="agreed_by.name", read_only=True)

    class Meta:
        model = ConsensusMonth
        fields = ("product", "measure", "month", "value", "baseline", "note", "agreed_by", "agreed_at")


class ConsensusInputSerializer(serializers.ModelSerializer):
    product = serializers.CharField(source="product.code", read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)
    author = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = ConsensusInput
        fields = ("product", "measure", "party", "month", "value", "author", "said_at")


class MonthValueSerializer(StrictSerializer):
    """``value`` null takes the month back. ``seen``: what stood there before; where somebody changed it
    since, the answer is 409 with both."""

    month = MonthField()
    value = serializers.DecimalField(18, 4, allow_null=True)
    seen = serializers.DecimalField(18, 4, allow_null=True, required=False)


class AgreeSerializer(StrictSerializer):
    product = serializers.CharField(max_length=60)
    measure = serializers.CharField(max_length=60, required=False, help_text="default: the leading one")
    months = MonthValueSerializer(many=True)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class ContributeSerializer(StrictSerializer):
    product = serializers.CharField(max_length=60)
    measure = serializers.CharField(max_length=60, required=False, help_text="default: the leading one")
    party = serializers.ChoiceField(Party.choices)
    months = MonthValueSerializer(many=True)


class ChangedSerializer(serializers.Serializer):
    changed = serializers.IntegerField(help_text="how many months say something else now")


class _ViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    permission_classes = [HasRight]
    pagination_class = Pagination

    def _asked(self, serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
        """What came in as the services take it; who sees some channels only finds nothing to agree on."""
        if not forecasts_allowed(request.user):
            raise Http404
        asked = serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        product = product_get(request.user, data.pop("product"))
        months = data.pop("months")
        values: dict[datetime.date, Decimal | None] = {m["month"]: m["value"] for m in months}
        seen = {m["month"]: m["seen"] for m in months if "seen" in m}
        measure = measure_of(product.line_id, data.pop("measure", None))
        return data | {
            "user": request.user,
            "product": product,
            "measure": measure,
            "values": values,
            "seen": seen if len(seen) == len(values) else None,
        }


class ConsensusMonthViewSet(_ViewSet):
    """Agreed months: what is planned with, whatever the statistics say later. POST agrees them, or lets
    them go with null."""

    rights = {"GET": "forecasting.view", "POST": "forecasting.agree"}
    filterset_class = ConsensusMonthFilters
    serializer_class = ConsensusMonthSerializer
    queryset = ConsensusMonth.objects.none()

    def get_queryset(self) -> QuerySet[ConsensusMonth]:
        return consensus_months_visible(self.request.user)

    @extend_schema(request=AgreeSerializer, responses={200: ChangedSerializer})
    def create(self, request: Request) -> Response:
        """Agree months."""
        return Response({"changed": consensus_agree(**self._asked(AgreeSerializer, request))})


class ConsensusInputViewSet(_ViewSet):
    """What sales, marketing and finance expect. POST says it for one of them."""

    rights = {"GET": "forecasting.view", "POST": "forecasting.contribute"}
    filterset_class = ConsensusInputFilters
    serializer_class = ConsensusInputSerializer
    queryset = ConsensusInput.objects.none()

    def get_queryset(self) -> QuerySet[ConsensusInput]:
        return consensus_inputs_visible(self.request.user)

    @extend_schema(request=ContributeSerializer, responses={200: ChangedSerializer})
    def create(self, request: Request) -> Response:
        """Say what a party expects."""
        return Response({"changed": consensus_contribute(**self._asked(ContributeSerializer, request))})
