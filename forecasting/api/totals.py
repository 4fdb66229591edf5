"""REST API: what lines and everything together are expected to sell."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers, viewsets

from core.api import HasRight, Pagination
from core.organisation import organisation_get
from forecasting.models import TotalForecast
from forecasting.selectors.totals import totals_visible
from products.api.shared import MonthFilter

NAMES = ("month", "mean", "lo80", "hi80", "lo95", "hi95")


class TotalMonthSerializer(serializers.Serializer):
    month = serializers.DateField()
    mean = serializers.FloatField()
    lo80 = serializers.FloatField()
    hi80 = serializers.FloatField()
    lo95 = serializers.FloatField()
    hi95 = serializers.FloatField()


class TotalFilters(django_filters.FilterSet):
    line = django_filters.CharFilter("line__code", lookup_expr="iexact", label="code of a line")
    measure = django_filters.CharFilter("measure__code", lookup_expr="iexact", label="code of a measure")
    everything = django_filters.BooleanFilter("line", lookup_expr="isnull", label="(not) all lines together")
    in_money = django_filters.BooleanFilter("measure", lookup_expr="isnull", label="(not) in money")
    as_of = MonthFilter("as_of", label="month the vintage is of, as YYYY-MM")
    current = django_filters.BooleanFilter("current", label="only (not) the ones in use")

    class Meta:
        model = TotalForecast
        fields = ("line", "measure", "everything", "in_money", "as_of", "current")


class TotalSerializer(serializers.ModelSerializer):
    """``line`` null: everything. ``measure`` null: money, in the organisation's currency. ``left_out``:
    products without a price, or whose data end long before the others'."""

    line = serializers.CharField(source="line.code", default=None, read_only=True)
    measure = serializers.CharField(source="measure.code", default=None, read_only=True)
    unit = serializers.SerializerMethodField()
    months = serializers.SerializerMethodField()

    class Meta:
        model = TotalForecast
        fields = (
            *("id", "line", "measure", "unit", "as_of", "current", "products", "left_out"),
            *("year", "year_lo80", "year_hi80", "computed_at", "run", "months"),
        )
        read_only_fields = fields

    def get_unit(self, total: TotalForecast) -> str:
        return total.unit if total.measure_id else organisation_get().currency

    @extend_schema_field(TotalMonthSerializer(many=True))
    def get_months(self, total: TotalForecast) -> list[dict[str, object]]:
        return [dict(zip(NAMES, row, strict=True)) for row in total.months]


class TotalViewSet(viewsets.ReadOnlyModelViewSet):
    """Totals of lines and of everything, every vintage; ``?current=true`` for the ones in use."""

    rights = "forecasting.view"
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = TotalSerializer
    filterset_class = TotalFilters
    queryset = TotalForecast.objects.none()

    def get_queryset(self) -> QuerySet[TotalForecast]:
        return totals_visible(self.request.user).order_by("pk")
