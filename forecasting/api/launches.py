"""REST API: how new products start."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from core.api import HasRight, MonthField, Pagination, StrictSerializer
from core.idempotency import once
from forecasting.models import LaunchPlan
from forecasting.selectors.launches import launch_plans_visible, plan_seen, with_references
from forecasting.services.launches import launch_plan_set, launch_plan_withdraw
from products.selectors.access import forecasts_allowed, product_get
from products.selectors.lines import LineTree


class LaunchPlanFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    measure = django_filters.CharFilter("measure__code", label="code of a measure")
    in_force = django_filters.BooleanFilter(
        "withdrawn_at", lookup_expr="isnull", label="only (not) the ones in force"
    )

    class Meta:
        model = LaunchPlan
        fields = ("product", "measure", "method", "in_force")


class LaunchReferenceSerializer(StrictSerializer):
    """A like-item and how much it counts; ``product`` is null where it is out of your sight."""

    product = serializers.CharField(max_length=60, allow_null=True)
    weight = serializers.DecimalField(max_digits=7, decimal_places=2, min_value=0)


class LaunchPlanSerializer(serializers.ModelSerializer):
    """``scale``: how much is expected of what the like-items sold, 1 is as much. Empty ``p``, ``q``,
    ``market``: from the like-items."""

    product = serializers.CharField(source="product.code", read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)
    set_by = serializers.EmailField(source="set_by.email", read_only=True)
    references = serializers.SerializerMethodField()

    class Meta:
        model = LaunchPlan
        fields = (
            *("id", "product", "measure", "method", "launch_month", "scale", "phase_in_months"),
            *("p", "q", "market", "references", "note", "set_by", "set_at", "withdrawn_at"),
        )
        read_only_fields = fields

    @extend_schema_field(LaunchReferenceSerializer(many=True))
    def get_references(self, plan: LaunchPlan) -> list[dict[str, Any]]:
        seen = plan_seen(self.context["request"].user, plan)
        return [{"product": row.code or None, "weight": f"{row.weight:.2f}"} for row in seen.references]


class LaunchPlanRequestSerializer(StrictSerializer):
    """``measure``: empty is the leading one of the product's line. ``launch_month`` as ``YYYY-MM``."""

    product = serializers.CharField(max_length=60)
    measure = serializers.CharField(max_length=40, required=False)
    method = serializers.ChoiceField(LaunchPlan.Method.choices)
    launch_month = MonthField()
    references = LaunchReferenceSerializer(many=True, required=False)
    scale = serializers.DecimalField(max_digits=9, decimal_places=4, required=False)
    phase_in_months = serializers.IntegerField(min_value=0, max_value=36, required=False)
    p = serializers.FloatField(required=False, allow_null=True)
    q = serializers.FloatField(required=False, allow_null=True)
    market = serializers.FloatField(required=False, allow_null=True)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class LaunchPlanViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Launch plans, withdrawn ones too; ``?in_force=true`` for those that count. POST says one (the one
    before is withdrawn), DELETE takes it back. The next night, or a run, forecasts by it."""

    rights = {"GET": "forecasting.view", "POST": "forecasting.edit", "DELETE": "forecasting.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = LaunchPlanFilters
    serializer_class = LaunchPlanSerializer
    queryset = LaunchPlan.objects.none()

    def get_queryset(self) -> QuerySet[LaunchPlan]:
        rows = with_references(launch_plans_visible(self.request.user))
        return rows.select_related("product", "measure", "set_by").order_by("-pk")

    @extend_schema(
        request=LaunchPlanRequestSerializer,
        responses={201: LaunchPlanSerializer},
        parameters=[
            OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, required=False)
        ],
    )
    def create(self, request: Request) -> Response:
        """Say how a product starts."""
        asked = LaunchPlanRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        product = product_get(request.user, data.pop("product"))
        if not forecasts_allowed(request.user):
            raise Http404(product.code)  # a forecast over all channels does not exist for them
        references = [
            (product_get(request.user, row["product"] or ""), row["weight"])
            for row in data.pop("references", ())
        ]
        values = data | {"references": references}
        code = values.pop("measure", None)
        measures = LineTree().measures(product.line_id)
        measure = next((m for m in measures if code in (None, m.code)), None)
        if measure is None:
            raise serializers.ValidationError({"measure": ["Not a measure of the product's line."]})

        def act() -> int:
            return launch_plan_set(user=request.user, product=product, measure=measure, **values).pk

        pk = once(request.user, "launch", request.headers.get("Idempotency-Key", ""), act)
        plan = self.get_queryset().get(pk=pk)
        return Response(self.get_serializer(plan).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Back to what the product's own months say."""
        plan = self.get_object()
        if plan.withdrawn_at is not None:
            raise Http404(pk)
        launch_plan_withdraw(user=request.user, product=plan.product, measure=plan.measure)
        return Response(status=204)


router = SimpleRouter()
router.register("launch-plans", LaunchPlanViewSet, "launch-plan")
