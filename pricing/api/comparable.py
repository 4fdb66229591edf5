"""REST API: reference customers, what they pay in a year, and what resellers pass on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import mixins, routers, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination
from pricing.models import Levy, PassThrough, ReferenceUse
from pricing.selectors.levies import levies_visible
from pricing.selectors.prices import lists_visible
from pricing.selectors.resellers import pass_throughs_visible
from pricing.selectors.yearly import Yearly, list_yearly, uses_visible
from products.api.shared import LineFilter
from products.models import Product
from products.selectors.access import products_visible

CENT = Decimal("0.01")


class _Listing(mixins.ListModelMixin, viewsets.GenericViewSet):
    rights = {"GET": "pricing.view"}
    permission_classes = [HasRight]
    pagination_class = Pagination


class ReferenceUseFilters(django_filters.FilterSet):
    line = LineFilter("line")

    class Meta:
        model = ReferenceUse
        fields = ("line",)


class ReferenceUseSerializer(serializers.ModelSerializer):
    """``amount`` a year of a tier; an empty tier: of the price per unit without one. Rows of one ``customer``
    are one customer; a line without any has those of the nearest line above."""

    line = serializers.CharField(source="line.code", read_only=True)

    class Meta:
        model = ReferenceUse
        fields = ("line", "customer", "tier", "amount")
        read_only_fields = fields


class ReferenceUseViewSet(_Listing):
    """What the reference customers of the lines within one's sight use."""

    filterset_class = ReferenceUseFilters
    serializer_class = ReferenceUseSerializer
    queryset = ReferenceUse.objects.none()

    def get_queryset(self) -> QuerySet[ReferenceUse]:
        return uses_visible(self.request.user).select_related("line").order_by("line__code", "customer", "pk")


class PassThroughSerializer(serializers.ModelSerializer):
    """``rate``: by what part of a change of ours a reseller's price moves from ``start_date`` on; ``channel``
    null: where no other says."""

    channel = serializers.CharField(source="channel.code", default=None, read_only=True)

    class Meta:
        model = PassThrough
        fields = ("channel", "start_date", "rate")
        read_only_fields = fields


class PassThroughViewSet(_Listing):
    """What resellers in the channels within one's sight pass on of a change of price."""

    serializer_class = PassThroughSerializer
    queryset = PassThrough.objects.none()

    def get_queryset(self) -> QuerySet[PassThrough]:
        return pass_throughs_visible(self.request.user)


class YearlySerializer(serializers.Serializer):
    """What a reference customer pays in a year, in the list's currency: at today's prices, and at the next
    ones from ``then_on``. ``once``: it holds what is paid once. Null: he buys nothing of it.
    ``…_with_levies``: with VAT and the levies of that day; null where there are none."""

    product = serializers.CharField()
    customer = serializers.CharField()
    once = serializers.BooleanField()
    now_with_vat = serializers.DecimalField(18, 2, allow_null=True)
    now_without_vat = serializers.DecimalField(18, 2, allow_null=True)
    now_with_levies = serializers.DecimalField(18, 2, allow_null=True)
    then_on = serializers.DateField(allow_null=True)
    then_with_vat = serializers.DecimalField(18, 2, allow_null=True)
    then_without_vat = serializers.DecimalField(18, 2, allow_null=True)
    then_with_levies = serializers.DecimalField(18, 2, allow_null=True)


class YearlyFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("code", lookup_expr="iexact", label="code of a product")
    line = LineFilter("line")
    price_list = django_filters.CharFilter(method="leave", label="code of a list", required=True)

    def leave(self, rows: QuerySet[Product], _name: str, _value: str) -> QuerySet[Product]:
        """Says which prices, not which products."""
        return rows

    class Meta:
        model = Product
        fields = ("product", "line")


class YearlyViewSet(_Listing):
    """Comparable yearly amounts of one price list; a page is of so many products, each with its customers."""

    filterset_class = YearlyFilters
    serializer_class = YearlySerializer
    queryset = Product.objects.none()

    def get_queryset(self) -> QuerySet[Product]:
        return products_visible(self.request.user).order_by("code", "pk")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Amounts by product and reference customer."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        code = request.query_params["price_list"]
        price_list = get_object_or_404(lists_visible(request.user), code__iexact=code)
        found = list_yearly(price_list, page)
        rows = [_said(product, row) for product in page for row in found[product.pk]]
        return self.get_paginated_response(YearlySerializer(rows, many=True).data)


def _said(product: Product, row: Yearly) -> dict[str, Any]:
    now, then = row.now or (None, None), row.then or (None, None)
    said = (*now, row.now_levied, *then, row.then_levied)
    amounts = [None if amount is None else amount.quantize(CENT) for amount in said]
    kinds = ("with_vat", "without_vat", "with_levies")
    names = [f"{when}_{kind}" for when in ("now", "then") for kind in kinds]
    return {
        "product": product.code,
        "customer": row.customer.name,
        "once": row.once,
        "then_on": row.then_on,
        **dict(zip(names, amounts, strict=True)),
    }


class LevySerializer(serializers.ModelSerializer):
    """Without VAT: ``amount`` a unit of what is used in a year from ``from_quantity`` on, or, of the
    ``basis`` year, a connection and year; null of the basis share, whose ``rate`` (0.21) is of the price
    without VAT. Rows of one line, name, tier and date are one levy, until the next
    date."""

    line = serializers.CharField(source="line.code", read_only=True)

    class Meta:
        model = Levy
        fields = ("line", "name", "basis", "tier", "start_date", "from_quantity", "amount", "rate")
        read_only_fields = fields


class LevyFilters(django_filters.FilterSet):
    line = LineFilter("line")

    class Meta:
        model = Levy
        fields = ("line",)


class LevyViewSet(_Listing):
    """What the state takes besides VAT of the lines within one's sight."""

    filterset_class = LevyFilters
    serializer_class = LevySerializer
    queryset = Levy.objects.none()

    def get_queryset(self) -> QuerySet[Levy]:
        return levies_visible(self.request.user)


router = routers.SimpleRouter()
router.register("reference-customers", ReferenceUseViewSet, "reference-customer")
router.register("levies", LevyViewSet, "levy")
router.register("pass-throughs", PassThroughViewSet, "pass-through")
router.register("yearly-amounts", YearlyViewSet, "yearly-amount")
