"""REST API: drivers, their values, and which forecasts they move. Values come in as a file (``/imports/``,
sheet ``drivers``)."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination, StrictSerializer
from forecasting.models import Driver, DriverValue
from forecasting.selectors.drivers import driver_forecasts, drivers_visible, with_span
from forecasting.services.drivers import driver_calendar_use, driver_change
from products.api.shared import CodeField
from products.selectors.access import lines_visible


class DriverFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    line = django_filters.CharFilter("line__code", lookup_expr="iexact", label="code of a line")
    code = django_filters.CharFilter("code", lookup_expr="iexact", label="code of the driver")

    class Meta:
        model = Driver
        fields = ("code", "product", "line", "kind", "calendar", "is_active")


class DriverSerializer(serializers.ModelSerializer):
    """Without product and line it holds for everything. ``step``: a value is of a day, or of the week or
    month that starts on its date. A ``calendar`` has no values, pmtool computes it."""

    product = serializers.CharField(source="product.code", default=None, read_only=True)
    line = serializers.CharField(source="line.code", default=None, read_only=True)
    first_date = serializers.DateField(read_only=True)
    last_date = serializers.DateField(read_only=True)
    values = serializers.IntegerField(source="value_count", read_only=True, help_text="how many")

    class Meta:
        model = Driver
        fields = (
            *("id", "code", "name", "unit", "kind", "step", "calendar", "product", "line", "is_active"),
            *("values", "first_date", "last_date", "version"),
        )
        read_only_fields = fields


class DriverValueSerializer(serializers.ModelSerializer):
    class Meta:
        model = DriverValue
        fields = ("date", "value")
        read_only_fields = fields


class DriverForecastSerializer(serializers.Serializer):
    """``year``: what it does to the next 12 months (a level: to their end), ``months`` to each month ahead,
    rates; ``gain``: by how much the squared error on the past fell. Of one that does not work ``reason``."""

    product = serializers.CharField(allow_null=True)
    family = serializers.CharField(allow_null=True)
    measure = serializers.CharField()
    used = serializers.BooleanField()
    year = serializers.FloatField(allow_null=True)
    months = serializers.ListField(child=serializers.FloatField())
    gain = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    params = serializers.DictField(child=serializers.FloatField())


class DriverDetailSerializer(DriverSerializer):
    series = DriverValueSerializer(source="values", many=True, read_only=True)
    forecasts = serializers.SerializerMethodField()

    class Meta(DriverSerializer.Meta):
        fields = (*DriverSerializer.Meta.fields, "series", "forecasts")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    @extend_schema(responses=DriverForecastSerializer(many=True))
    def get_forecasts(self, driver: Driver) -> list[dict[str, Any]]:
        return [
            {
                "product": forecast.product.code if forecast.product else None,
                "family": forecast.family.code if forecast.family else None,
                "measure": forecast.measure.code,
                "used": used,
                "year": said.get("year"),
                "months": said.get("months", []),
                "gain": said.get("gain"),
                "reason": said.get("reason"),
                "params": said.get("params", {}),
            }
            for forecast, said, used in driver_forecasts(self.context["request"].user, driver)
        ]


class DriverChangeSerializer(StrictSerializer):
    name = serializers.CharField(required=False, max_length=120)
    unit = serializers.CharField(required=False, allow_blank=True, max_length=20)
    kind = serializers.ChoiceField(required=False, choices=Driver.Kind.values)
    is_active = serializers.BooleanField(required=False, help_text="whether the night tries it")
    version = serializers.IntegerField(required=False, help_text="as read, against lost changes")


class CalendarSerializer(StrictSerializer):
    """Without a line it holds for everything."""

    calendar = serializers.ChoiceField(choices=Driver.Calendar.values)
    line = CodeField(lines_visible, required=False)


class DriverViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Drivers. POST lets the night try a calendar, PATCH changes a driver or switches it off."""

    rights = {"GET": "forecasting.view", "POST": "forecasting.edit", "PATCH": "forecasting.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = DriverFilters
    queryset = Driver.objects.none()

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return DriverDetailSerializer if self.action == "retrieve" else DriverSerializer

    def get_queryset(self) -> QuerySet[Driver]:
        return with_span(drivers_visible(self.request.user)).select_related("product", "line").order_by("pk")

    def _answer(self, pk: int, status: int = 200) -> Response:
        row = self.get_queryset().get(pk=pk)
        return Response(DriverSerializer(row, context=self.get_serializer_context()).data, status=status)

    @extend_schema(request=CalendarSerializer, responses={201: DriverSerializer})
    def create(self, request: Request) -> Response:
        """Let the night try a calendar; one that was switched off is used again."""
        asked = CalendarSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        made = driver_calendar_use(user=request.user, calendar=said["calendar"], line=said.get("line"))
        return self._answer(made.pk, 201)

    @extend_schema(request=DriverChangeSerializer, responses={200: DriverSerializer})
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Change name, unit or kind, or whether the night tries it."""
        driver = self.get_object()
        asked = DriverChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        driver_change(user=request.user, driver=driver, version=values.pop("version", None), **values)
        return self._answer(driver.pk)
