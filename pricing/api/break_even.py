"""REST API: how much of each product has to be sold. Only for who may see costs, of all channels."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from rest_framework import mixins, routers, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination
from core.organisation import today
from forecasting.services.night import last_closed_month
from pricing.selectors.break_even import BreakEven, Ranked, break_evens, ranked
from pricing.selectors.costs import RIGHT
from products.api.shared import LineFilter
from products.models import Product
from products.selectors.access import products_visible, visible_channel_ids

NAMES = ("fixed", "unit_margin", "sold", "units", "safety", "leverage")
PLACES = {"fixed": Decimal("0.01")}
PLACE = Decimal("0.0001")


class BreakEvenSerializer(serializers.Serializer):
    """Of the 12 months up to ``until``, the last one that the sales of the product's line are whole of:
    standard costs before overhead. ``fixed``: amounts a month and once.
    ``unit_margin``: what a unit leaves, of a level (``of_level``) a contract in force for a month.
    ``sold`` and ``break_even``: units, of a level contracts on average. ``reached_on``: when the sales and
    forecast of this financial year come to that many. ``safety``: 0.25 is 25 %. ``abc``: by CM3 among the
    products you see. ``xyz``: by how evenly it sells, X up to a ``variation`` (standard deviation / mean of
    the volume without its season) of 0.5, Y up to 1, else Z. Null or empty: it cannot be told, or there is
    none."""

    product = serializers.CharField()
    until = serializers.DateField()
    net_sales = serializers.DecimalField(18, 2)
    cm3 = serializers.DecimalField(18, 2)
    abc = serializers.CharField(allow_blank=True)
    xyz = serializers.CharField(allow_blank=True)
    variation = serializers.DecimalField(18, 4, allow_null=True)
    of_level = serializers.BooleanField(allow_null=True)
    fixed = serializers.DecimalField(18, 2, allow_null=True)
    unit_margin = serializers.DecimalField(18, 4, allow_null=True)
    sold = serializers.DecimalField(18, 4, allow_null=True)
    break_even = serializers.DecimalField(18, 4, allow_null=True, source="units")
    reached_on = serializers.DateField(allow_null=True, source="day")
    safety = serializers.DecimalField(18, 4, allow_null=True)
    leverage = serializers.DecimalField(18, 4, allow_null=True)


class BreakEvenFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("code", lookup_expr="iexact", label="code of a product")
    line = LineFilter("line")

    class Meta:
        model = Product
        fields = ("product", "line")


class BreakEvenViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Break-even of the products within one's sight that have sales or costs in the year, by code."""

    rights = {"GET": RIGHT}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = BreakEvenFilters
    serializer_class = BreakEvenSerializer
    queryset = Product.objects.none()

    def get_queryset(self) -> QuerySet[Product]:
        return products_visible(self.request.user)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Products with what they leave and how much of each pays for what is fixed."""
        if visible_channel_ids(request.user) is not None:
            raise PermissionDenied(RIGHT)  # margins are over all channels
        last = last_closed_month(today())
        asked = set(self.filter_queryset(self.get_queryset()).values_list("pk", flat=True))
        found = ranked(request.user, last)
        known = (row for row in found.rows if row.product.pk in asked)
        page = self.paginate_queryset(sorted(known, key=lambda row: row.product.code)) or []
        evens = break_evens([row.product for row in page], last, found.behind)
        rows = [_said(row, evens.get(row.product.pk)) for row in page]
        return self.get_paginated_response(BreakEvenSerializer(rows, many=True).data)


def _said(row: Ranked, found: BreakEven | None) -> dict[str, Any]:
    own = {"product": row.product.code, "until": row.last}
    own |= {"net_sales": round(row.net, 2), "cm3": round(row.cm3, 2)}
    said: dict[str, Any] = {"of_level": None, "day": None, **dict.fromkeys(NAMES)}
    if found is not None:
        said |= {"of_level": found.of_level, "day": found.day}
        for name in NAMES:
            amount: Decimal | None = getattr(found, name)
            said[name] = None if amount is None else amount.quantize(PLACES.get(name, PLACE))
    return own | {"abc": row.abc, "xyz": row.xyz, "variation": row.variation_said} | said


router = routers.SimpleRouter()
router.register("break-even", BreakEvenViewSet, "break-even")
