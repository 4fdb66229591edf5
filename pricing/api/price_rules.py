"""REST API: the rules prices keep to: bounds, VAT codes and rates, goods that soon spoil."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, routers, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination, StrictSerializer
from pricing.models import Bound, Perishable, Price, VatCode, VatRate
from pricing.models.price import PLACES, Vat
from pricing.selectors.price_rules import (
    bounds_visible,
    perishables_visible,
    vat_codes_visible,
    vat_rates_listed,
)
from pricing.services.price_bounds import RIGHT as BOUNDS
from pricing.services.price_bounds import bound_set, vat_set
from pricing.services.price_lists import perishable_set, vat_rate_remove, vat_rate_set
from products.selectors.access import lines_visible, products_visible
from products.selectors.closing import CLOSE

PRICE: dict[str, Any] = {"max_digits": 20, "decimal_places": PLACES, "min_value": Decimal(0)}


class _Rows(mixins.ListModelMixin, viewsets.GenericViewSet):
    permission_classes = [HasRight]
    pagination_class = Pagination


class AboutFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    line = django_filters.CharFilter("line__code", lookup_expr="iexact", label="code of a line")


class AboutSerializer(serializers.ModelSerializer):
    """Of a ``product`` or a ``line``, by code; the other is null."""

    product = serializers.CharField(source="product.code", default=None, read_only=True)
    line = serializers.CharField(source="line.code", default=None, read_only=True)


class AboutRequestSerializer(StrictSerializer):
    """Of a ``product`` or a ``line``, by code, one of the two."""

    product = serializers.CharField(max_length=60, required=False, allow_null=True, default=None)
    line = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)

    def values(self, user: Any) -> dict[str, Any]:
        """What a service takes, with the rows in place of their codes."""
        said = dict(self.validated_data)
        if (said["product"] is None) == (said["line"] is None):
            raise serializers.ValidationError(_("Choose a product or a line."))
        for name, rows in (("product", products_visible(user)), ("line", lines_visible(user))):
            if said[name] is not None:
                found = rows.filter(code__iexact=said[name]).first()
                if found is None:
                    raise serializers.ValidationError({name: [f"{said[name]}?"]})
                said[name] = found
        return said


def _values(request: Request, asked: type[AboutRequestSerializer]) -> dict[str, Any]:
    serializer = asked(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.values(request.user)


class BoundSerializer(AboutSerializer):
    """In force from ``start_date`` until the next of the same product or line, component, tier and currency.
    ``tier`` empty: of all. Neither ``least`` nor ``most``: none from then on."""

    class Meta:
        model = Bound
        fields = (
            *("id", "product", "line", "component", "tier", "currency", "start_date", "least", "most"),
            *("with_vat", "source", "beyond"),
        )
        read_only_fields = fields


class BoundRequestSerializer(AboutRequestSerializer):
    """Of a ``product`` or a ``line``, by code, one of the two. ``currency`` left out: the organisation's."""

    component = serializers.ChoiceField(Price.Component.choices, default="unit")
    tier = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True, default="")
    start_date = serializers.DateField()
    least = serializers.DecimalField(**PRICE, required=False, allow_null=True, default=None)
    most = serializers.DecimalField(**PRICE, required=False, allow_null=True, default=None)
    with_vat = serializers.BooleanField(default=False)
    source = serializers.CharField(max_length=200)
    beyond = serializers.ChoiceField(Bound.Beyond.choices, default="refuse")


class BoundViewSet(_Rows):
    """Bounds of prices within one's sight. POST sets one, or says one of the same date anew; not by who
    proposes prices, where these need a second person."""

    rights = {"GET": "pricing.view", "POST": BOUNDS}
    filterset_class = AboutFilters
    serializer_class = BoundSerializer
    queryset = Bound.objects.none()

    def get_queryset(self) -> QuerySet[Bound]:
        return bounds_visible(self.request.user)

    @extend_schema(request=BoundRequestSerializer, responses={201: BoundSerializer})
    def create(self, request: Request) -> Response:
        """Set a least or a most."""
        row = bound_set(user=request.user, **_values(request, BoundRequestSerializer))
        return Response(self.get_serializer(row).data, status=201)


class VatCodeSerializer(AboutSerializer):
    """Which VAT it has from ``start_date`` on; a product's own goes before its line's."""

    class Meta:
        model = VatCode
        fields = ("product", "line", "code", "start_date")
        read_only_fields = fields


class VatCodeRequestSerializer(AboutRequestSerializer):
    """Of a ``product`` or a ``line``, by code, one of the two."""

    code = serializers.ChoiceField(Vat.choices)
    start_date = serializers.DateField()


class VatCodeViewSet(_Rows):
    """Which VAT products and lines within one's sight have. POST says one, as for bounds."""

    rights = {"GET": "pricing.view", "POST": BOUNDS}
    filterset_class = AboutFilters
    serializer_class = VatCodeSerializer
    queryset = VatCode.objects.none()

    def get_queryset(self) -> QuerySet[VatCode]:
        return vat_codes_visible(self.request.user)

    @extend_schema(request=VatCodeRequestSerializer, responses={201: VatCodeSerializer})
    def create(self, request: Request) -> Response:
        """Say which VAT it has; once one holds, from tomorrow at the earliest."""
        row = vat_set(user=request.user, **_values(request, VatCodeRequestSerializer))
        return Response(self.get_serializer(row).data, status=201)


class VatRateSerializer(serializers.ModelSerializer):
    """What the code comes to from ``start_date`` on, as a share; null: exempt."""

    class Meta:
        model = VatRate
        fields = ("id", "code", "start_date", "rate")
        read_only_fields = fields


class VatRateRequestSerializer(StrictSerializer):
    """``rate`` as a share (0.21); left out of ``exempt``."""

    code = serializers.ChoiceField(Vat.choices)
    start_date = serializers.DateField()
    rate = serializers.DecimalField(5, 4, min_value=Decimal(0), max_value=Decimal("0.9999"), allow_null=True)


class VatRateViewSet(_Rows):
    """VAT rates. POST adds one ahead or says it anew, DELETE takes one ahead back; what has begun stays."""

    rights = {"GET": "pricing.view", "POST": CLOSE, "DELETE": CLOSE}
    filterset_fields = ("code",)
    serializer_class = VatRateSerializer
    queryset = VatRate.objects.none()

    def get_queryset(self) -> QuerySet[VatRate]:
        return vat_rates_listed()

    @extend_schema(request=VatRateRequestSerializer, responses={201: VatRateSerializer})
    def create(self, request: Request) -> Response:
        """Add a rate from tomorrow or later."""
        asked = VatRateRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = vat_rate_set(user=request.user, **asked.validated_data)
        return Response(self.get_serializer(row).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Take back a rate that has not begun."""
        vat_rate_remove(user=request.user, vat_rate=self.get_object())
        return Response(status=204)


class PerishableSerializer(AboutSerializer):
    """Whether it soon spoils from ``start_date`` on; a product's own goes before its line's."""

    class Meta:
        model = Perishable
        fields = ("id", "product", "line", "start_date", "perishable")
        read_only_fields = fields


class PerishableRequestSerializer(AboutRequestSerializer):
    """Of a ``product`` or a ``line``, by code, one of the two."""

    start_date = serializers.DateField()
    perishable = serializers.BooleanField()


class PerishableViewSet(_Rows):
    """What products and lines within one's sight say of soon spoiling. POST says it."""

    rights = {"GET": "pricing.view", "POST": "pricing.edit"}
    filterset_class = AboutFilters
    serializer_class = PerishableSerializer
    queryset = Perishable.objects.none()

    def get_queryset(self) -> QuerySet[Perishable]:
        return perishables_visible(self.request.user)

    @extend_schema(request=PerishableRequestSerializer, responses={201: PerishableSerializer})
    def create(self, request: Request) -> Response:
        """Say whether it soon spoils; once that is said, from tomorrow at the earliest."""
        row = perishable_set(user=request.user, **_values(request, PerishableRequestSerializer))
        return Response(self.get_serializer(row).data, status=201)


router = routers.SimpleRouter()
router.register("price-bounds", BoundViewSet, "price-bound")
router.register("vat-codes", VatCodeViewSet, "vat-code")
router.register("vat-rates", VatRateViewSet, "vat-rate")
router.register("perishables", PerishableViewSet, "perishable")
