"""REST API: kinds of cost, cost lines and their rates. Only for who may see costs."""

from __future__ import annotations

import django_filters
from django.db.models import Prefetch, QuerySet
from rest_framework import mixins, routers, serializers, viewsets

from core.api import HasRight, Pagination
from pricing.models import CostKind, CostLine, CostRate, CostShare
from pricing.selectors.costs import RIGHT, cost_lines_visible
from pricing.words.withdrawn import withdrawn_words
from products.api.shared import LineFilter
from products.selectors.access import products_visible


class CostKindSerializer(serializers.ModelSerializer):
    """``level``: the margin it is taken off before (cm1, cm2, cm3), or below.
    ``is_retired``: no longer offered for new cost lines and mappings."""

    class Meta:
        model = CostKind
        fields = ("code", "name_en", "name_nl", "level", "place", "is_landed", "is_retired")
        read_only_fields = fields


class CostKindViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """The kinds of cost, in their order."""

    rights = {"GET": RIGHT}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = CostKindSerializer
    queryset = CostKind.objects.all()


class CostLineFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    kind = django_filters.CharFilter("kind__code", lookup_expr="iexact", label="code of a kind")
    level = django_filters.CharFilter("kind__level", label="cm1, cm2, cm3 or below")
    line = LineFilter("product__line")

    class Meta:
        model = CostLine
        fields = ("product", "kind", "level", "line", "basis")


def _code(of: str) -> serializers.Field:
    return serializers.CharField(source=f"{of}.code", default=None, read_only=True)


class CostShareSerializer(serializers.ModelSerializer):
    """``share``: in proportion to the others from the same day, the first of a month; null: from the line's
    first rate."""

    product = serializers.CharField(source="product.code", read_only=True)
    share = serializers.DecimalField(source="weight", max_digits=18, decimal_places=4, read_only=True)

    class Meta:
        model = CostShare
        fields = ("start_date", "product", "share")
        read_only_fields = fields


class CostLineSerializer(serializers.ModelSerializer):
    """Of ``product``, else of ``line`` and those below it, else of all products. ``base``: of what a *share*
    is. ``measure``: what a cost per unit counts instead of what is sold. ``key``: how an amount a month or
    once is split over products; ``shares``: the fixed ones, each from a day until the next. Everything by
    code."""

    product, line, measure, supplier, channel = map(
        _code, ("product", "line", "measure", "supplier", "channel")
    )
    kind = serializers.CharField(source="kind.code", read_only=True)
    level = serializers.CharField(source="kind.level", read_only=True)
    shares = CostShareSerializer(source="shares_seen", many=True, read_only=True)

    class Meta:
        model = CostLine
        fields = (
            *("id", "product", "line", "kind", "level", "name", "basis", "base", "measure"),
            *("supplier", "channel", "cost_centre", "currency", "key", "shares", "tail_months", "note"),
        )
        read_only_fields = fields


class CostLineViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """The cost lines within one's sight."""

    rights = {"GET": RIGHT}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = CostLineFilters
    serializer_class = CostLineSerializer
    queryset = CostLine.objects.none()

    def get_queryset(self) -> QuerySet[CostLine]:
        user = self.request.user
        seen = CostShare.objects.filter(product__in=products_visible(user)).select_related("product")
        shares = Prefetch("shares", seen, "shares_seen")
        return cost_lines_visible(user).prefetch_related(shares).order_by("pk")


class CostRateFilters(django_filters.FilterSet):
    product = django_filters.CharFilter(
        "cost_line__product__code", lookup_expr="iexact", label="code of a product"
    )
    kind = django_filters.CharFilter("cost_line__kind__code", lookup_expr="iexact", label="code of a kind")
    since = django_filters.DateFilter("start_date", lookup_expr="gte", label="begins on this day or later")
    until = django_filters.DateFilter("start_date", lookup_expr="lte", label="begins on this day or earlier")

    class Meta:
        model = CostRate
        fields = ("cost_line", "product", "kind", "since", "until")


class CostRateSerializer(serializers.ModelSerializer):
    """Holds from ``start_date`` until the next of the same line and ``from_quantity`` that was not withdrawn.
    ``amount`` in the line's currency, of a share a rate (0.05); null: nothing from then on."""

    product = serializers.CharField(source="cost_line.product.code", default=None, read_only=True)
    kind = serializers.CharField(source="cost_line.kind.code", read_only=True)
    currency = serializers.CharField(source="cost_line.currency", read_only=True)
    withdrawn_reason = serializers.SerializerMethodField()

    class Meta:
        model = CostRate
        fields = (
            *("id", "cost_line", "product", "kind", "start_date", "from_quantity", "amount", "currency"),
            *("times", "least_quantity", "exchange_rate", "vat_rate", "created_at", "withdrawn_at"),
            "withdrawn_reason",
        )
        read_only_fields = fields

    def get_withdrawn_reason(self, row: CostRate) -> str:
        return withdrawn_words(row.withdrawn_reason)


class CostRateViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """The rates of the cost lines within one's sight, past and ahead, withdrawn ones too; newest first."""

    rights = {"GET": RIGHT}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = CostRateFilters
    serializer_class = CostRateSerializer
    queryset = CostRate.objects.none()

    def get_queryset(self) -> QuerySet[CostRate]:
        rows = CostRate.objects.filter(cost_line__in=cost_lines_visible(self.request.user))
        return rows.select_related("cost_line__product", "cost_line__kind").order_by("-start_date", "-pk")


router = routers.SimpleRouter()
router.register("cost-kinds", CostKindViewSet, "cost-kind")
router.register("cost-lines", CostLineViewSet, "cost-line")
router.register("cost-rates", CostRateViewSet, "cost-rate")
