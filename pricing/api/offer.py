"""REST API: positionings. The texts of a version, its points, and who decided."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from core.api import HasRight, Pagination, StrictSerializer, conflict_shown
from pricing.models import Positioning, PositioningPoint
from pricing.selectors.offer import TEXTS, points_of, positionings_visible
from pricing.services import offer
from products.api.shared import CodeField, LineFilter, ProductFilter
from products.models import Segment
from products.selectors.access import product_get


class PositioningFilters(django_filters.FilterSet):
    product = ProductFilter()
    line = LineFilter()
    segment = django_filters.CharFilter("segment__code", lookup_expr="iexact", label="code of a segment")

    class Meta:
        model = Positioning
        fields = ("product", "line", "segment", "state")


class PositioningPointSerializer(StrictSerializer):
    kind = serializers.ChoiceField(PositioningPoint.Kind.choices)
    text = serializers.CharField(max_length=200)
    evidence = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")

    def validate(self, data: dict[str, str]) -> Any:
        return offer.Point(**data)


class PositioningSerializer(serializers.ModelSerializer):
    """A version. ``segment`` null: for everybody. An approved one holds from ``start_date`` until the next
    approved one of the same product and segment."""

    product = serializers.CharField(source="product.code", read_only=True)
    segment = serializers.CharField(source="segment.code", default=None, read_only=True)
    author = serializers.CharField(source="author.name", default=None, read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.name", default=None, read_only=True)
    decided_by = serializers.CharField(source="decided_by.name", default=None, read_only=True)
    points = serializers.SerializerMethodField()

    class Meta:
        model = Positioning
        fields = (
            *("id", "product", "segment", "number", "start_date", "state", *TEXTS, "why"),
            *("alternatives", "expected_rate", "points"),
            *("author", "created_at", "proposed_by", "decided_by", "decided_at", "note", "version"),
        )
        read_only_fields = fields

    @extend_schema_field(PositioningPointSerializer(many=True))
    def get_points(self, row: Any) -> Any:
        return PositioningPointSerializer(points_of(row), many=True).data


class PositioningTextsSerializer(StrictSerializer):
    """``expected_rate``: by which share its author expects the volume of the product to change."""

    start_date = serializers.DateField(required=False)
    expected_rate = serializers.DecimalField(
        max_digits=5,
        decimal_places=4,
        min_value=Decimal("-0.99"),
        max_value=5,
        required=False,
        allow_null=True,
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        limits = {field.name: getattr(field, "max_length", None) for field in Positioning._meta.get_fields()}
        texts = {
            name: serializers.CharField(max_length=limits[name], required=False, allow_blank=True)
            for name in (*TEXTS, "why", "alternatives")
        }
        return super().get_fields() | texts


class PositioningChangeSerializer(PositioningTextsSerializer):
    """``version``: the one your change is made from; 409 with both values when somebody saved since.
    ``points`` are all there are to be."""

    version = serializers.IntegerField(min_value=1)
    points = PositioningPointSerializer(many=True, required=False)


class PositioningDraftSerializer(PositioningTextsSerializer):
    product = serializers.CharField(max_length=60)
    segment = CodeField(lambda _user: Segment.objects.all(), required=False, allow_null=True)
    start_date = serializers.DateField()
    points = PositioningPointSerializer(many=True, required=False)


class PositioningShownSerializer(PositioningTextsSerializer):
    """Both values of a lost race; of points the words."""

    points = serializers.CharField()


class PositioningVersionSerializer(StrictSerializer):
    """``version``: the one you read."""

    version = serializers.IntegerField(min_value=1)


class PositioningDecisionSerializer(PositioningVersionSerializer):
    """``note`` is needed to reject."""

    note = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class PositioningViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Versions of what products stand for, the latest date first. POST begins a draft; ``propose`` asks for a
    decision, ``take-back`` makes it a draft again, ``approve`` and ``reject`` decide (by somebody else)."""

    rights = {"GET": "pricing.view", "POST": "pricing.edit", "PATCH": "pricing.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = PositioningSerializer
    filterset_class = PositioningFilters
    queryset = Positioning.objects.none()

    def get_queryset(self) -> QuerySet[Positioning]:
        return positionings_visible(self.request.user)

    def _asked(self, serializer: type[StrictSerializer]) -> dict[str, Any]:
        asked = serializer(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return {"user": self.request.user, **asked.validated_data}

    def _answer(self, row: Positioning, status: int = 200) -> Response:
        fresh = self.get_queryset().get(pk=row.pk)
        return Response(PositioningSerializer(fresh).data, status=status)

    @extend_schema(request=PositioningDraftSerializer, responses={201: PositioningSerializer})
    def create(self, request: Request) -> Response:
        """Begin a version, as a draft."""
        asked = self._asked(PositioningDraftSerializer)
        product = product_get(request.user, asked.pop("product"))
        return self._answer(offer.positioning_draft(product=product, **asked), 201)

    @extend_schema(request=PositioningChangeSerializer, responses={200: PositioningSerializer})
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        """Change a draft."""
        asked = self._asked(PositioningChangeSerializer)
        with conflict_shown(PositioningShownSerializer()):
            return self._answer(offer.positioning_change(positioning=self.get_object(), **asked))

    @extend_schema(request=PositioningVersionSerializer, responses={200: PositioningSerializer})
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, **_kwargs: Any) -> Response:
        """Ask for a decision."""
        asked = self._asked(PositioningVersionSerializer)
        return self._answer(offer.positioning_propose(positioning=self.get_object(), **asked))

    @extend_schema(request=None, responses={200: PositioningSerializer})
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, **_kwargs: Any) -> Response:
        """Make a proposal a draft again."""
        return self._answer(offer.positioning_take_back(user=request.user, positioning=self.get_object()))

    @extend_schema(request=PositioningDecisionSerializer, responses={200: PositioningSerializer})
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def approve(self, request: Request, **_kwargs: Any) -> Response:
        """Let it hold."""
        return self._decide(approve=True)

    @extend_schema(request=PositioningDecisionSerializer, responses={200: PositioningSerializer})
    @action(detail=True, methods=["post"], rights={"POST": "pricing.approve"})
    def reject(self, request: Request, **_kwargs: Any) -> Response:
        """Refuse it, with a reason."""
        return self._decide(approve=False)

    def _decide(self, *, approve: bool) -> Response:
        asked = self._asked(PositioningDecisionSerializer)
        return self._answer(offer.positioning_decide(positioning=self.get_object(), approve=approve, **asked))


router = SimpleRouter()
router.register("positionings", PositioningViewSet, "positioning")
