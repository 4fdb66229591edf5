"""REST API: budgets and their rows. Rows come in through imports of the sheet ``budget``."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import StrictModelSerializer
from products.models import BudgetRow, BudgetVersion
from products.selectors.budget import budget_rows, budget_versions
from products.services.budget import budget_create, budget_delete, budget_freeze

from .shared import ChannelFilter, CodedViewSet, DeletableMixin, MeasureFilter, MonthFilter, ProductFilter


class BudgetFilters(django_filters.FilterSet):
    frozen = django_filters.BooleanFilter(
        "frozen_at", lookup_expr="isnull", exclude=True, label="only (not) the frozen ones"
    )

    class Meta:
        model = BudgetVersion
        fields = ("year",)


class BudgetRowFilters(django_filters.FilterSet):
    product = ProductFilter()
    line = django_filters.CharFilter("line__code", lookup_expr="iexact", label="code of a line")
    channel = ChannelFilter()
    measure = MeasureFilter()
    month_from = MonthFilter("month", lookup_expr="gte", label="first month, as YYYY-MM")
    month_to = MonthFilter("month", lookup_expr="lt", label="last month, as YYYY-MM")


class BudgetSerializer(StrictModelSerializer):
    """A budget of a financial year. The newest frozen one of a year is what figures are compared with."""

    frozen_by = serializers.CharField(source="frozen_by.email", default=None, read_only=True)

    class Meta:
        model = BudgetVersion
        fields = ("code", "name", "year", "frozen_at", "frozen_by", "created_at")
        read_only_fields = ("frozen_at", "created_at")
        validators = ()
        extra_kwargs = {"code": {"validators": []}}


class BudgetRowSerializer(serializers.ModelSerializer):
    """The plan of a product, or of a line as a whole, in one month; without ``channel``: all together."""

    product = serializers.CharField(source="product.code", default=None)
    line = serializers.CharField(source="line.code", default=None)
    channel = serializers.CharField(source="channel.code", default=None)
    measure = serializers.CharField(source="measure.code")

    class Meta:
        model = BudgetRow
        fields = ("product", "line", "channel", "measure", "month", "volume", "revenue")
        read_only_fields = fields


class BudgetViewSet(DeletableMixin, CodedViewSet):
    """Budgets."""

    rights = {
        "GET": "products.view",
        "POST": "products.edit_budget",
        "DELETE": "products.edit_budget",
    }
    serializer_class = BudgetSerializer
    filterset_class = BudgetFilters
    queryset = BudgetVersion.objects.none()

    def get_queryset(self) -> QuerySet[BudgetVersion]:
        return budget_versions(self.request.user)

    def create(self, request: Request) -> Response:
        """A new, empty budget; fill it with an import."""
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = budget_create(user=request.user, **form.validated_data)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    def row_delete(self, row: BudgetVersion) -> None:
        budget_delete(user=self.request.user, version=row)

    @extend_schema(request=None, responses=BudgetSerializer)
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, code: str) -> Response:
        """From now on figures are compared with it, and it never changes again. Twice is once."""
        row = budget_freeze(user=request.user, version=self.get_object())
        return Response(self.get_serializer(row).data)

    @extend_schema(responses=BudgetRowSerializer(many=True))
    @action(
        detail=True,
        queryset=BudgetRow.objects.none(),
        serializer_class=BudgetRowSerializer,
        filterset_class=BudgetRowFilters,
    )
    def rows(self, request: Request, code: str) -> Response:
        """Its rows, by month."""
        found: Any = self.filter_queryset(budget_rows(request.user, self.get_object()))
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
