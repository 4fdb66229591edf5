"""REST API: forecasts by channel."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination
from forecasting.models import Forecast
from forecasting.selectors.channels import ChannelSplit, channel_splits
from forecasting.selectors.forecasts import ForecastNow, error_correlation_now, forecasts_visible
from products.api.shared import LineFilter


class ChannelMonthSerializer(serializers.Serializer):
    month = serializers.DateField()
    final = serializers.FloatField()
    final_lo80 = serializers.FloatField()
    final_hi80 = serializers.FloatField()
    final_lo95 = serializers.FloatField()
    final_hi95 = serializers.FloatField()


class ChannelPartSerializer(serializers.Serializer):
    """``share`` is that of the last 12 months; ``year`` with its 80 % band the next 12, of a level the state
    at their end."""

    channel = serializers.CharField(source="channel.code")
    share = serializers.FloatField()
    year = serializers.FloatField(source="mean")
    year_lo80 = serializers.FloatField(source="lo80")
    year_hi80 = serializers.FloatField(source="hi80")
    months = serializers.SerializerMethodField()

    @extend_schema_field(ChannelMonthSerializer(many=True))
    def get_months(self, part: ChannelSplit) -> list[dict[str, object]]:
        return [
            {"month": month, "final": band.final}
            | {f"final_{edge}": getattr(band, edge) for edge in ("lo80", "hi80", "lo95", "hi95")}
            for month, band in zip(self.context["months"], part.months, strict=True)
        ]


class ChannelForecastSerializer(serializers.Serializer):
    """One product and measure: its final forecast over the channels that sold in the last 12 months, month by
    month with bands. The parts of a month add up to the product's."""

    id = serializers.IntegerField(source="forecast.pk")
    product = serializers.CharField(source="forecast.product.code")
    measure = serializers.CharField(source="forecast.measure.code")
    as_of = serializers.DateField(source="forecast.as_of")
    channels = serializers.SerializerMethodField()

    @extend_schema_field(ChannelPartSerializer(many=True))
    def get_channels(self, now: ForecastNow) -> Any:
        months = [month.month for month in now.months]
        parts = self.context["splits"][now.forecast.pk]
        return ChannelPartSerializer(parts, many=True, context={"months": months}).data


class ChannelForecastFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    line = LineFilter("product__line")
    measure = django_filters.CharFilter("measure__code", lookup_expr="iexact", label="code of a measure")

    class Meta:
        model = Forecast
        fields = ("product", "line", "measure")


class ChannelForecastViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """The forecasts in use by channel, a row a product and measure; none for people limited to channels."""

    rights = "forecasting.view"
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = ChannelForecastSerializer
    filterset_class = ChannelForecastFilters
    queryset = Forecast.objects.none()

    def get_queryset(self) -> QuerySet[Forecast]:
        found = forecasts_visible(self.request.user).filter(current=True, product__isnull=False)
        return found.select_related("product", "measure").prefetch_related("months").order_by("pk")

    def list(self, request: Request, *args: Any, **options: Any) -> Response:
        page: list[Forecast] = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        correlation = error_correlation_now()
        nows = [
            ForecastNow(row, sorted(row.months.all(), key=lambda month: month.month), correlation)
            for row in page
        ]
        splits = channel_splits(nows, {row.measure_id: row.measure for row in page})
        context = self.get_serializer_context() | {"splits": splits}
        return self.get_paginated_response(ChannelForecastSerializer(nows, many=True, context=context).data)
