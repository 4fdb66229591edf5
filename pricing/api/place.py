"""REST API: listings and distribution."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, routers, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination, StrictSerializer
from pricing.models import DistributionMonth, Listing
from pricing.selectors.costs import RIGHT as COSTS
from pricing.selectors.place import distribution_visible, listings_visible
from pricing.services.place import listing_set
from products.api.shared import LineFilter
from products.selectors.access import channels_visible, products_visible


class ListingFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    channel = django_filters.CharFilter("channel__code", lookup_expr="iexact", label="code of a channel")
    line = LineFilter("product__line")
    since = django_filters.DateFilter("start_date", lookup_expr="gte", label="begins on this day or later")
    until = django_filters.DateFilter("start_date", lookup_expr="lte", label="begins on this day or earlier")

    class Meta:
        model = Listing
        fields = ("product", "channel", "line", "status", "since", "until")


class ListingSerializer(serializers.ModelSerializer):
    """Holds from ``start_date`` until the next of the same product and channel. ``fee``: what we pay for it,
    null for who may not see costs."""

    product = serializers.CharField(source="product.code", read_only=True)
    channel = serializers.CharField(source="channel.code", read_only=True)
    fee = serializers.SerializerMethodField()

    class Meta:
        model = Listing
        fields = ("id", "product", "channel", "start_date", "status", "terms", "fee", "version")
        read_only_fields = fields

    def get_fee(self, row: Listing) -> str | None:
        return row.fee if self.context["request"].user.has_perm(COSTS) else None


class ListingRequestSerializer(StrictSerializer):
    """``product`` and ``channel`` by code. ``version``: of the row of that date that was read, 0 for none.
    ``fee`` only of who may see costs; left out it stays as it is."""

    product = serializers.CharField(max_length=60)
    channel = serializers.CharField(max_length=80)
    start_date = serializers.DateField()
    status = serializers.ChoiceField(Listing.Status.choices)
    terms = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    fee = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    version = serializers.IntegerField(min_value=0, required=False)


class ListingViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Listings of the products and channels within one's sight. POST says one; *delisted* ends it."""

    rights = {"GET": "pricing.view", "POST": "pricing.edit"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = ListingFilters
    serializer_class = ListingSerializer
    queryset = Listing.objects.none()

    def get_queryset(self) -> QuerySet[Listing]:
        return listings_visible(self.request.user).order_by("-start_date", "-pk")

    @extend_schema(request=ListingRequestSerializer, responses={201: ListingSerializer})
    def create(self, request: Request) -> Response:
        """Say what a channel does with a product from a date on; the same again changes nothing."""
        asked = ListingRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(asked.validated_data)
        for name, rows in (
            ("product", products_visible(request.user)),
            ("channel", channels_visible(request.user)),
        ):
            found = rows.filter(code__iexact=said[name]).first()
            if found is None:
                raise serializers.ValidationError({name: [f"{said[name]}?"]})
            said[name] = found
        row = listing_set(user=request.user, **said)
        return Response(self.get_serializer(row).data, status=201)


class DistributionFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    channel = django_filters.CharFilter("channel__code", lookup_expr="iexact", label="code of a channel")
    line = LineFilter("product__line")
    since = django_filters.DateFilter("month", lookup_expr="gte", label="this month or later")
    until = django_filters.DateFilter("month", lookup_expr="lte", label="this month or earlier")

    class Meta:
        model = DistributionMonth
        fields = ("product", "channel", "line", "since", "until")


class DistributionSerializer(serializers.ModelSerializer):
    """Rates as shares (0.74); ``points``: of sale."""

    product = serializers.CharField(source="product.code", read_only=True)
    channel = serializers.CharField(source="channel.code", read_only=True)

    class Meta:
        model = DistributionMonth
        fields = ("product", "channel", "month", "numeric_rate", "weighted_rate", "points")
        read_only_fields = fields


class DistributionViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Distribution by month, of the products and channels within one's sight. It comes in by import."""

    rights = {"GET": "pricing.view"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = DistributionFilters
    serializer_class = DistributionSerializer
    queryset = DistributionMonth.objects.none()

    def get_queryset(self) -> QuerySet[DistributionMonth]:
        return distribution_visible(self.request.user).order_by("-month", "product__code", "channel__code")


router = routers.SimpleRouter()
router.register("listings", ListingViewSet, "listing")
router.register("distribution", DistributionViewSet, "distribution")
