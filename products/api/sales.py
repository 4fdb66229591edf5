"""REST API: sales, read only; they come in through imports."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets

from core.api import CursorPagination, HasRight
from products.models import SalesFact, SalesMonth
from products.selectors.sales_rows import facts_visible, months_visible

from .shared import ChannelFilter, LineFilter, MeasureFilter, MonthFilter, ProductFilter


class _Filters(django_filters.FilterSet):
    product = ProductFilter()
    line = LineFilter()
    channel = ChannelFilter()
    measure = MeasureFilter()


class SalesMonthFilters(_Filters):
    month_from = MonthFilter("month", lookup_expr="gte", label="first month, as YYYY-MM")
    month_to = MonthFilter("month", lookup_expr="lt", label="last month, as YYYY-MM")


class SalesFactFilters(_Filters):
    month_from = MonthFilter("start_date", lookup_expr="gte", label="first month it starts in, as YYYY-MM")
    month_to = MonthFilter("start_date", lookup_expr="lt", label="last month it starts in, as YYYY-MM")

    class Meta:
        model = SalesFact
        fields = ("period",)


class _SalesSerializer(serializers.ModelSerializer):
    product = serializers.CharField(source="product.code")
    channel = serializers.CharField(source="channel.code")
    measure = serializers.CharField(source="measure.code")


class SalesMonthSerializer(_SalesSerializer):
    """A month made of the facts: a flow's volume added, a level's at the end of the month and on average.
    ``days`` are those that facts cover. Missing is null, not 0."""

    class Meta:
        model = SalesMonth
        fields = (
            *("product", "channel", "measure", "month", "volume", "average_volume", "revenue"),
            *("gross_revenue", "discounts", "days"),
        )
        read_only_fields = fields


class SalesFactSerializer(_SalesSerializer):
    """What a source said of one period: day (D), week (W) or month (M). Negative are returns."""

    class Meta:
        model = SalesFact
        fields = (
            *("id", "product", "channel", "measure", "start_date", "period", "volume", "revenue"),
            *("gross_revenue", "discounts", "source_import"),
        )
        read_only_fields = fields


class _SalesViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    rights = "products.view"
    permission_classes = [HasRight]
    pagination_class = CursorPagination
    visible: Any

    def get_queryset(self) -> QuerySet[Any]:
        return type(self).visible(self.request.user)


class SalesMonthViewSet(_SalesViewSet):
    """Sales by product, channel, measure and month. Page with ``next``; there is no count."""

    visible = months_visible
    serializer_class = SalesMonthSerializer
    filterset_class = SalesMonthFilters
    queryset = SalesMonth.objects.none()


class SalesFactViewSet(_SalesViewSet):
    """Sales as their sources said them. Page with ``next``; there is no count."""

    visible = facts_visible
    serializer_class = SalesFactSerializer
    filterset_class = SalesFactFilters
    queryset = SalesFact.objects.none()
