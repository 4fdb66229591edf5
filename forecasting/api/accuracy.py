"""REST API: how good frozen forecasts turned out."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination, StrictSerializer
from forecasting.models import AccuracyRow
from forecasting.models.accuracy import LAGS, PERIODS
from forecasting.selectors.accuracy import (
    Judged,
    Months,
    accuracy_held,
    accuracy_judged,
    accuracy_visible,
    judged_by,
    money_allowed,
    sums_added,
    sums_by_lag,
)
from forecasting.selectors.accuracy_sums import STEPS
from forecasting.value_added import Pairs, ValueAdded, value_added
from products.api.shared import LineFilter, MonthFilter
from products.selectors.access import lines_visible
from products.selectors.lines import line_tree


class AccuracyFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    line = LineFilter("product__line")
    measure = django_filters.CharFilter("measure__code", lookup_expr="iexact", label="code of a measure")
    lag = django_filters.NumberFilter("lag", label="months ahead: 1, 2, 3, 6 or 12")
    month = MonthFilter("month", label="the month that was forecast, as YYYY-MM")
    since = MonthFilter("month", lookup_expr="gte", label="months from this one on, as YYYY-MM")

    class Meta:
        model = AccuracyRow
        fields = ("product", "line", "measure", "lag", "month", "since")


class AccuracySerializer(serializers.ModelSerializer):
    """Volumes in the measure's unit. A layer that is null says what the one before it says. ``reason_code``
    and ``author`` of a change by hand are null for changes of others, unless the organisation shows them."""

    product = serializers.CharField(source="product.code", read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)
    reason_code = serializers.SerializerMethodField()
    author = serializers.SerializerMethodField()

    class Meta:
        model = AccuracyRow
        fields = (
            *("id", "product", "measure", "month", "lag", "vintage", "actual", "naive", "statistical"),
            *("driven", "overridden", "agreed", "lo80", "hi80", "lo95", "hi95", "scale"),
            *("reason_code", "author", "afterwards"),
        )
        read_only_fields = fields

    def _shown(self, row: AccuracyRow) -> bool:
        own: int | None = self.context["judged_by"]
        return row.overridden is not None and (own is None or own == row.author_id)

    def get_reason_code(self, row: AccuracyRow) -> str | None:
        return row.reason_code if self._shown(row) else None

    def get_author(self, row: AccuracyRow) -> str | None:
        return row.author.email if row.author is not None and self._shown(row) else None


class ErrorsSerializer(serializers.Serializer):
    """Rates; null where the divisor is zero. ``months``: how many forecasts of a month are in it."""

    months = serializers.IntegerField(source="n")
    wape = serializers.FloatField(allow_null=True)
    bias = serializers.FloatField(allow_null=True)
    mase = serializers.FloatField(allow_null=True)
    coverage80 = serializers.FloatField(allow_null=True)
    coverage95 = serializers.FloatField(allow_null=True)


class LayersSerializer(serializers.Serializer):
    """``agreed`` is the final forecast."""

    naive = ErrorsSerializer()
    statistical = ErrorsSerializer()
    driven = ErrorsSerializer()
    overridden = ErrorsSerializer()
    agreed = ErrorsSerializer()


class ValueAddedSerializer(serializers.Serializer):
    """``points``: WAPE before the step less after it; ``low`` and ``high``: its 95 % interval, null under 12
    months. ``amount``: in money, for who may see costs."""

    months = serializers.IntegerField(source="observations")
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    points = serializers.FloatField(allow_null=True)
    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField(["few", "helps", "hurts", "unclear"])
    amount = serializers.SerializerMethodField()

    def get_amount(self, added: ValueAdded) -> float | None:
        return added.amount if self.context["money"] else None


class StepsSerializer(serializers.Serializer):
    statistical = ValueAddedSerializer()
    driven = ValueAddedSerializer()
    overridden = ValueAddedSerializer()
    agreed = ValueAddedSerializer()


class LagSerializer(serializers.Serializer):
    lag = serializers.IntegerField()
    layers = LayersSerializer()
    value_added = StepsSerializer()


class ChangesSerializer(serializers.Serializer):
    """What people changed by hand for one reason in one line, at the lag asked for."""

    reason_code = serializers.CharField()
    line = serializers.CharField()
    value_added = ValueAddedSerializer()


class AccuracySummarySerializer(serializers.Serializer):
    """``in_money``: products count in unlike units, so errors are weighed by revenue per unit, and
    ``unpriced`` forecasts are left out. ``first`` and ``last`` are null while there is nothing."""

    first = serializers.DateField(allow_null=True)
    last = serializers.DateField(allow_null=True)
    in_money = serializers.BooleanField()
    unpriced = serializers.IntegerField()
    lags = LagSerializer(many=True)
    changes = ChangesSerializer(many=True)


class SummaryQuerySerializer(StrictSerializer):
    line = serializers.CharField(required=False, max_length=60)
    lag = serializers.ChoiceField(LAGS, default=1)
    months = serializers.ChoiceField(PERIODS, default=12)


class AccuracyViewSet(viewsets.ReadOnlyModelViewSet):
    """What frozen forecasts said of a month beside what it became: one row a product, measure, month and
    lag."""

    rights = "forecasting.view"
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = AccuracySerializer
    filterset_class = AccuracyFilters
    queryset = AccuracyRow.objects.none()

    def get_queryset(self) -> QuerySet[AccuracyRow]:
        found = accuracy_visible(self.request.user).order_by("pk")
        return found.select_related("product", "measure", "author")

    def get_serializer_context(self) -> dict[str, object]:
        return {**super().get_serializer_context(), "judged_by": judged_by(self.request.user)}

    @extend_schema(
        parameters=[
            OpenApiParameter("line", str, description="code of a line; without it everything you see"),
            OpenApiParameter("lag", int, enum=LAGS, description="lag of the changes by hand"),
            OpenApiParameter("months", int, enum=PERIODS),
        ],
        responses=AccuracySummarySerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def summary(self, request: Request) -> Response:
        """Errors by lag and layer, what each step added, and what people changed by reason and line."""
        asked = SummaryQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted: dict[str, Any] = asked.validated_data
        user, tree = request.user, line_tree()
        line_id = None
        if code := wanted.get("line"):
            line_id = lines_visible(user).filter(code__iexact=code).values_list("pk", flat=True).first()
            if line_id is None:
                raise Http404(code)
        held = accuracy_held(user, tree, line_id=line_id, lag=wanted["lag"], months=wanted["months"])
        judged = [] if held is None else accuracy_judged(user, tree, held, line_id=line_id, lag=wanted["lag"])
        by_lag: dict[int, Months] = {} if held is None else sums_by_lag(held)
        said = {
            "first": held.first if held else None,
            "last": held.last if held else None,
            "in_money": bool(held and held.in_money),
            "unpriced": held.unpriced if held else 0,
            "lags": [
                {
                    "lag": lag,
                    "layers": sums_added(months).layers,
                    "value_added": {
                        step: value_added([sums.steps[step] for sums in months.values()]) for step in STEPS
                    },
                }
                for lag, months in by_lag.items()
            ],
            "changes": [
                {"reason_code": reason, "line": tree.lines[line].code, "value_added": value_added(parts)}
                for (reason, line), parts in _changes(judged).items()
            ],
        }
        money = {"money": money_allowed(user)}
        return Response(AccuracySummarySerializer(said, context=money).data)


def _changes(judged: list[Judged]) -> dict[tuple[str, int], list[Pairs]]:
    """By reason and line, the sums of each product."""
    found: dict[tuple[str, int], dict[int, Pairs]] = {}
    for row in judged:
        products = found.setdefault((row.reason_code, row.line_id), {})
        products[row.product_id] = products.get(row.product_id, Pairs()) + row.pairs
    return {key: list(products.values()) for key, products in found.items()}
