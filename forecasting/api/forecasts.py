"""REST API: forecasts, stages and runs."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from core.api import HasRight, MonthField, Pagination, StrictSerializer
from core.idempotency import once
from core.organisation import today
from forecasting.models import (
    Forecast,
    ForecastMonth,
    ForecastWeek,
    NightlyFailure,
    NightlyRun,
    NightlyStep,
    StageEstimate,
)
from forecasting.selectors.forecasts import forecasts_visible, stages_visible
from forecasting.selectors.runs import failures_visible, runs_visible
from forecasting.selectors.stages import settings_in_force
from forecasting.selectors.weeks import forecast_weeks
from forecasting.services.night import night_start
from forecasting.words.forecasts import evidence_words, failure_words, method_words, reason_words
from products.api.shared import LineFilter, MonthFilter
from products.selectors.access import product_get

from .accuracy import AccuracyViewSet
from .channels import ChannelForecastViewSet
from .consensus import ConsensusInputViewSet, ConsensusMonthViewSet
from .drivers import DriverViewSet
from .findings import FindingViewSet
from .judgement import OverrideViewSet
from .totals import TotalViewSet


class _Filters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    family = django_filters.CharFilter("family__code", lookup_expr="iexact", label="code of a family")
    line = LineFilter("product__line", "family__line")
    measure = django_filters.CharFilter("measure__code", lookup_expr="iexact", label="code of a measure")
    as_of = MonthFilter("as_of", label="month the vintage is of, as YYYY-MM")
    current = django_filters.BooleanFilter("current", label="only (not) the ones in use")


class ForecastFilters(_Filters):
    stale = django_filters.BooleanFilter("stale", label="the last night could not renew it")

    class Meta:
        model = Forecast
        fields = ("product", "family", "measure", "as_of", "current", "stale")


class StageFilters(_Filters):
    stage = django_filters.CharFilter("stage", label="introduction, growth, maturity, decline or revival")

    class Meta:
        model = StageEstimate
        fields = ("product", "family", "measure", "as_of", "current", "stage")


class RunFilters(django_filters.FilterSet):
    as_of = MonthFilter("as_of", label="last month it may know, as YYYY-MM")

    class Meta:
        model = NightlyRun
        fields = ("kind", "state", "local_date", "as_of")


class _FinalSerializer(serializers.ModelSerializer):
    final = serializers.FloatField(read_only=True)
    final_lo80 = serializers.FloatField(source="final_band.lo80", read_only=True)
    final_hi80 = serializers.FloatField(source="final_band.hi80", read_only=True)
    final_lo95 = serializers.FloatField(source="final_band.lo95", read_only=True)
    final_hi95 = serializers.FloatField(source="final_band.hi95", read_only=True)


_FINAL = ("final", "final_lo80", "final_hi80", "final_lo95", "final_hi95")


class ForecastMonthSerializer(_FinalSerializer):
    """``mean`` with ``lo80`` to ``hi95`` are the statistics and their own bands. The layers around them:
    ``naive`` (a year ago), ``driven`` (with drivers), ``overridden``, ``agreed``; null says what the one
    before says. ``final``: planned with; ``final_lo80`` to ``final_hi95`` are its bands."""

    class Meta:
        model = ForecastMonth
        fields = (
            *("month", "mean", "median", "lo80", "hi80", "lo95", "hi95"),
            *("naive", "driven", "overridden", "agreed", *_FINAL),
        )


class ForecastWeekSerializer(_FinalSerializer):
    """A week, by its first day, with known drivers and decisions (``driven``; null: none moves it) and
    without; ``final`` is the one that holds, ``final_lo80`` to ``final_hi95`` are its bands. Overrides and
    agreed figures are of months."""

    class Meta:
        model = ForecastWeek
        fields = ("week", "mean", "median", "lo80", "hi80", "lo95", "hi95", "naive", "driven", *_FINAL)


class _SubjectSerializer(serializers.ModelSerializer):
    product = serializers.CharField(source="product.code", default=None, read_only=True)
    family = serializers.CharField(source="family.code", default=None, read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)


class ForecastSerializer(_SubjectSerializer):
    """Volumes in the measure's unit; ``method_text`` and ``reason_text`` in the caller's language."""

    method_text = serializers.SerializerMethodField()
    reason_text = serializers.SerializerMethodField()
    months = ForecastMonthSerializer(many=True, read_only=True)

    class Meta:
        model = Forecast
        fields = (
            *("id", "product", "family", "measure", "as_of", "current", "stale", "data_month"),
            *("method", "method_text", "reason_code", "reason_params", "reason_text"),
            *("wape", "bias", "mase", "rmsse", "driver_effects", "engine_version", "computed_at", "run"),
            *("by_week", "monthly_because", "months"),
        )
        read_only_fields = fields

    def get_method_text(self, forecast: Forecast) -> str:
        return method_words(forecast.method)

    def get_reason_text(self, forecast: Forecast) -> str:
        return reason_words(forecast.reason_code, forecast.reason_params)


class StageSerializer(_SubjectSerializer):
    """The night's estimate; ``set_by_hand`` is the stage a person set instead, while that holds."""

    evidence_text = serializers.SerializerMethodField()
    set_by_hand = serializers.SerializerMethodField()

    class Meta:
        model = StageEstimate
        fields = (
            *("id", "product", "family", "measure", "as_of", "current", "stage", "stage_start"),
            *("p_introduction", "p_growth", "p_maturity", "p_decline", "p_revival"),
            *("months_to_next", "months_to_next_lo", "months_to_next_hi", "second_opinion", "path"),
            *("evidence_code", "evidence_params", "evidence_text", "set_by_hand"),
            *("engine_version", "computed_at", "run"),
        )
        read_only_fields = fields

    def get_evidence_text(self, estimate: StageEstimate) -> str:
        return evidence_words(estimate.evidence_code, estimate.evidence_params)

    def get_set_by_hand(self, estimate: StageEstimate) -> str | None:
        by_hand: dict[tuple[int | None, int | None], str] = self.context["by_hand"]
        return by_hand.get((estimate.product_id, estimate.family_id)) if estimate.current else None


class StepSerializer(serializers.ModelSerializer):
    class Meta:
        model = NightlyStep
        fields = ("name", "state", "computed", "skipped", "failed", "started_at", "finished_at")


class FailureSerializer(serializers.ModelSerializer):
    product = serializers.CharField(source="product.code", default=None, read_only=True)
    family = serializers.CharField(source="family.code", default=None, read_only=True)
    text = serializers.SerializerMethodField()

    class Meta:
        model = NightlyFailure
        fields = ("step", "product", "family", "attempts", "code", "params", "text")

    def get_text(self, failure: NightlyFailure) -> str:
        return failure_words(failure.code, failure.params)


class RunSerializer(serializers.ModelSerializer):
    steps = StepSerializer(many=True, read_only=True)
    failed = serializers.IntegerField(read_only=True)

    class Meta:
        model = NightlyRun
        fields = (
            *("id", "kind", "local_date", "as_of", "state", "error_code", "failed"),
            *("started_at", "finished_at", "steps"),
        )
        read_only_fields = fields


class RunDetailSerializer(RunSerializer):
    failures = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "failures")
        read_only_fields = fields

    @extend_schema_field(FailureSerializer(many=True))
    def get_failures(self, run: NightlyRun) -> list[dict[str, object]]:
        found = failures_visible(self.context["request"].user, run)[:1000]
        return list(FailureSerializer(found, many=True).data)


class RunRequestSerializer(StrictSerializer):
    """``product``: only this one. ``as_of``: the last month it may know, as ``YYYY-MM``."""

    product = serializers.CharField(required=False, max_length=60)
    as_of = MonthField(required=False)


class ForecastViewSet(viewsets.ReadOnlyModelViewSet):
    """Forecasts, every vintage; ``?current=true`` for the ones in use."""

    rights = "forecasting.view"
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = ForecastSerializer
    filterset_class = ForecastFilters
    queryset = Forecast.objects.none()

    def get_queryset(self) -> QuerySet[Forecast]:
        found = forecasts_visible(self.request.user).order_by("pk")
        return found.select_related("product", "family", "measure").prefetch_related("months")

    @extend_schema(responses=ForecastWeekSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def weeks(self, request: Request, pk: str | None = None) -> Response:
        """The 26 weeks of a forecast that was made ``by_week``; of others an empty list."""
        return Response(
            ForecastWeekSerializer(forecast_weeks(request.user, self.get_object()), many=True).data
        )


class StageViewSet(viewsets.ReadOnlyModelViewSet):
    """Stages as the night estimates them, every vintage; ``?current=true`` for the ones in use."""

    rights = "forecasting.view"
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = StageSerializer
    filterset_class = StageFilters
    queryset = StageEstimate.objects.none()

    def get_queryset(self) -> QuerySet[StageEstimate]:
        found = stages_visible(self.request.user).order_by("pk")
        return found.select_related("product", "family", "measure")

    def get_serializer_context(self) -> dict[str, object]:
        in_force = settings_in_force(today()).values_list("product_id", "family_id", "stage")
        by_hand = {(product, family): stage for product, family, stage in in_force}
        return super().get_serializer_context() | {"by_hand": by_hand}


class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Runs. POST starts one, of everything or of one product; the same ``Idempotency-Key`` starts one."""

    rights = {"GET": "forecasting.view", "POST": "forecasting.run"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = RunFilters
    queryset = NightlyRun.objects.none()

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return {"retrieve": RunDetailSerializer, "create": RunRequestSerializer}.get(
            self.action, RunSerializer
        )

    def get_queryset(self) -> QuerySet[NightlyRun]:
        return runs_visible(self.request.user).prefetch_related("steps")

    @extend_schema(
        request=RunRequestSerializer,
        responses={202: RunSerializer},
        parameters=[
            OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, required=False)
        ],
    )
    def create(self, request: Request) -> Response:
        """Start a run."""
        asked = RunRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        code = asked.validated_data.get("product")
        scope = None if code is None else [product_get(request.user, code).pk]

        def act() -> int:
            return night_start(
                kind=NightlyRun.Kind.MANUAL if scope is None else NightlyRun.Kind.SINGLE,
                scope=scope,
                as_of=asked.validated_data.get("as_of"),
                requested_by=request.user,
            ).pk

        pk = once(request.user, "run", request.headers.get("Idempotency-Key", ""), act)
        run = self.get_queryset().get(pk=pk)
        return Response(RunSerializer(run).data, status=202)


router = SimpleRouter()
router.register("forecasts", ForecastViewSet, "forecast")
router.register("channel-forecasts", ChannelForecastViewSet, "channel-forecast")
router.register("accuracy", AccuracyViewSet, "accuracy")
router.register("overrides", OverrideViewSet, "override")
router.register("findings", FindingViewSet, "finding")
router.register("drivers", DriverViewSet, "driver")
router.register("agreed-months", ConsensusMonthViewSet, "agreed-month")
router.register("consensus-inputs", ConsensusInputViewSet, "consensus-input")
router.register("totals", TotalViewSet, "total")
router.register("stages", StageViewSet, "stage")
router.register("runs", RunViewSet, "run")
