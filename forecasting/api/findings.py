"""REST API: unusual months, what people say of them, and months marked by hand."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, MonthField, Pagination, StrictSerializer
from core.idempotency import once
from forecasting.models import Finding
from forecasting.selectors.findings import findings_visible
from forecasting.selectors.subjects import subject_allowed
from forecasting.services.findings import findings_decide, month_flag
from forecasting.words.findings import finding_rows
from products.api.shared import CodeField, LineFilter
from products.models import Measure
from products.selectors.access import families_visible, products_visible


class FindingFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    family = django_filters.CharFilter("family__code", lookup_expr="iexact", label="code of a family")
    line = LineFilter("product__line", "family__line")
    measure = django_filters.CharFilter("measure__code", lookup_expr="iexact", label="code of a measure")
    gone = django_filters.BooleanFilter(
        "gone_at", lookup_expr="isnull", exclude=True, label="(not) seen no more"
    )

    class Meta:
        model = Finding
        fields = ("product", "family", "measure", "kind", "state", "sure")


class FindingSerializer(serializers.ModelSerializer):
    """``seen`` and ``expected`` in the measure's unit, sums over the months (of a level means); of a step the
    levels after and before it. ``amount`` is what lies between them, in the organisation's currency.
    ``sure``: left out of the forecast while it is open. ``gone_at``: the last night saw it no more."""

    product = serializers.CharField(source="product.code", default=None, read_only=True)
    family = serializers.CharField(source="family.code", default=None, read_only=True)
    measure = serializers.CharField(source="measure.code", read_only=True)
    decided_by = serializers.CharField(source="decided_by.name", default=None, read_only=True)
    text = serializers.SerializerMethodField()

    class Meta:
        model = Finding
        fields = (
            *("id", "product", "family", "measure", "kind", "first", "last", "seen", "expected", "amount"),
            *("sure", "text", "state", "note", "decided_by", "decided_at", "found_at", "gone_at"),
        )
        read_only_fields = fields

    def get_text(self, finding: Finding) -> str:
        return finding_rows([finding])[0].sentence


class JudgeSerializer(StrictSerializer):
    """``confirmed``: exceptional (a step: for good); ``refused``: right; ``open`` takes back what was said,
    and with it a month that was marked by hand."""

    state = serializers.ChoiceField(choices=Finding.State.values)
    note = serializers.CharField(required=False, allow_blank=True, max_length=400)


class FlagSerializer(StrictSerializer):
    """Months of a product or a family, one of them, that were exceptional; ``last`` is ``first`` unless said.
    Months as ``YYYY-MM``."""

    product = CodeField(products_visible, required=False)
    family = CodeField(families_visible, required=False)
    measure = CodeField(lambda user: Measure.objects.all())
    first = MonthField()
    last = MonthField(required=False)
    note = serializers.CharField(max_length=400)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if ("product" in attrs) == ("family" in attrs):
            raise serializers.ValidationError("Give a product or a family, one of them.")
        return attrs


class FindingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Unusual months; ``?state=open&gone=false`` for those that wait to be judged. POST marks months by
    hand."""

    rights = {"GET": "forecasting.view", "POST": "forecasting.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = FindingSerializer
    filterset_class = FindingFilters
    queryset = Finding.objects.none()

    def get_queryset(self) -> QuerySet[Finding]:
        found = findings_visible(self.request.user).order_by("pk")
        return found.select_related("product__line", "family__line", "measure", "decided_by")

    @extend_schema(
        request=FlagSerializer,
        responses={201: FindingSerializer},
        parameters=[
            OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, required=False)
        ],
    )
    def create(self, request: Request) -> Response:
        """Mark months as exceptional."""
        asked = FlagSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        subject = said.get("product") or said["family"]
        if not subject_allowed(request.user, subject):
            raise Http404

        def act() -> int:
            return month_flag(
                user=request.user,
                product=said.get("product"),
                family=said.get("family"),
                measure=said["measure"],
                first=said["first"],
                last=said.get("last") or said["first"],
                note=said["note"],
            ).pk

        pk = once(request.user, "finding", request.headers.get("Idempotency-Key", ""), act)
        return Response(FindingSerializer(self.get_queryset().get(pk=pk)).data, status=201)

    @extend_schema(request=JudgeSerializer, responses={200: FindingSerializer, 204: None})
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def judge(self, request: Request, pk: str | None = None) -> Response:
        """Say what it is. 204 where a month marked by hand was taken back."""
        finding = self.get_object()
        asked = JudgeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        findings_decide(
            user=request.user,
            findings=findings_visible(request.user).filter(pk=finding.pk),
            state=asked.validated_data["state"],
            note=asked.validated_data.get("note", ""),
        )
        left = self.get_queryset().filter(pk=finding.pk).first()
        return Response(status=204) if left is None else Response(FindingSerializer(left).data)
