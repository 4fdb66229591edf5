"""REST API: how volumes answer prices."""

from __future__ import annotations

import django_filters
from django.db.models import F, QuerySet
from rest_framework import mixins, routers, serializers, viewsets

from core.api import HasRight, Pagination
from pricing.models import Elasticity
from pricing.selectors.elasticities import elasticities_visible, source_of
from products.api.shared import LineFilter


class ElasticityFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    channel = django_filters.CharFilter("channel__code", lookup_expr="iexact", label="code of a channel")
    by_channel = django_filters.BooleanFilter(
        "channel", lookup_expr="isnull", exclude=True, label="channels only, or products only"
    )
    line = LineFilter("product__line")

    class Meta:
        model = Elasticity
        fields = ("product", "channel", "by_channel", "line", "method", "reason_code")


class ElasticitySerializer(serializers.ModelSerializer):
    """By how many per cent the volume changes when the price changes by one, with 80 % and 95 % intervals.
    ``channel``: of what is sold there, at a price of its own; empty: of the product. ``rests_on``: *own*
    periods, of a channel its *product*'s, its *line*'s or the *portfolio*'s value; ``reason_code`` and
    ``reason_params`` say why. Null where the leading measure counts a state (reason *level*). ``measure`` and
    ``price_kind`` (own, advised, observed) are what it was measured on; ``reason_params`` have
    ``distribution_pct``, for which share of the volume the distribution is known, where it was corrected for
    that."""

    product = serializers.CharField(source="product.code", read_only=True)
    channel = serializers.CharField(source="channel.code", read_only=True, default="")
    measure = serializers.CharField(source="measure.code", read_only=True)
    rests_on = serializers.SerializerMethodField()

    class Meta:
        model = Elasticity
        fields = (
            *("product", "channel", "measure", "estimate", "sd", "lo80", "hi80", "lo95", "hi95", "rests_on"),
            "method",
            *("frequency", "observations", "price_kind", "lowest_price", "highest_price", "reason_code"),
            *("reason_params", "as_of", "computed_at"),
        )
        read_only_fields = fields

    def get_rests_on(self, row: Elasticity) -> str:
        return source_of(row) if row.estimate is not None else ""


class ElasticityViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Of the products in one's sight, as the last night found it. For who sees all channels."""

    rights = {"GET": "pricing.view"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = ElasticityFilters
    serializer_class = ElasticitySerializer
    queryset = Elasticity.objects.none()

    def get_queryset(self) -> QuerySet[Elasticity]:
        rows = elasticities_visible(self.request.user).select_related("product", "channel", "measure")
        return rows.order_by("product__code", F("channel__code").asc(nulls_first=True), "pk")


router = routers.SimpleRouter()
router.register("elasticities", ElasticityViewSet, "elasticity")
