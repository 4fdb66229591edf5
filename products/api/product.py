"""REST API: products."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.selectors.people import people_active
from core.api import StrictModelSerializer, StrictSerializer, conflict_shown
from products.models import Product, Segment, Supplier
from products.selectors.access import FLOOR_RIGHT, lines_visible, products_visible, visible_line_ids
from products.selectors.head import product_inherited
from products.selectors.lines import LineTree, line_tree
from products.selectors.list_query import STATUSES, ListQuery
from products.selectors.product_filter import ONE_OF, text_ids
from products.selectors.product_list import ListRow, list_rows
from products.services.product import product_create, product_end, product_reopen, product_update

from .shared import (
    CodeField,
    FloorField,
    FloorMixin,
    Ordering,
    PersonField,
    VersionedMixin,
    WritableViewSet,
)

INHERITING = ("owner", "unit", "floor_rate", "review_months")


class EffectiveSerializer(serializers.Serializer):
    """What holds for the product, be it its own or its line's; ``from_line`` names the line that says it."""

    owner = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    floor_rate = FloorField()
    review_months = serializers.IntegerField(allow_null=True)
    from_line = serializers.DictField(child=serializers.CharField(allow_null=True))


class FiguresSerializer(serializers.Serializer):
    """The last 12 months up to ``data_month`` in the leading measure, in the channels you may see. Of a level
    ``volume_12m`` is the state at the end. ``growth_rate`` is against the 12 months before."""

    data_month = serializers.DateField(allow_null=True)
    unit = serializers.CharField()
    volume_12m = serializers.DecimalField(18, 4, allow_null=True)
    revenue_12m = serializers.DecimalField(18, 4, allow_null=True)
    growth_rate = serializers.FloatField(source="growth", allow_null=True)


class ProductSerializer(FloorMixin, VersionedMixin, StrictModelSerializer):
    """Empty ``unit``, ``owner``, ``floor_rate`` and ``review_months`` are as the line says: see
    ``effective``. ``ended`` is the last day on sale; ``status`` follows from the dates."""

    line = CodeField(lines_visible)
    owner = PersonField(required=False, allow_null=True, help_text="e-mail address")
    supplier = CodeField(lambda user: Supplier.objects.all(), required=False, allow_null=True)
    segment = CodeField(lambda user: Segment.objects.all(), required=False, allow_null=True)
    status = serializers.SerializerMethodField()
    effective = serializers.SerializerMethodField()
    figures = serializers.SerializerMethodField()

    class Meta:
        model = Product
        fields = (
            *("code", "name", "kind", "line", "unit", "owner", "supplier", "segment", "description"),
            *("launched", "ended", "temporary", "floor_rate", "review_months"),
            "reviewed_on",
            *("status", "effective", "figures", "created_at", "version"),
        )
        read_only_fields = ("created_at",)
        validators = ()

    def _row(self, product: Product) -> ListRow:
        return self.context["rows"][product.pk]

    @extend_schema_field(serializers.ChoiceField(Product.Status.choices))
    def get_status(self, product: Product) -> str:
        return self._row(product).status

    @extend_schema_field(EffectiveSerializer)
    def get_effective(self, product: Product) -> dict[str, Any]:
        return self.context["effective"][product.pk]

    @extend_schema_field(FiguresSerializer)
    def get_figures(self, product: Product) -> dict[str, Any]:
        return FiguresSerializer(self._row(product).figures).data


class ProductCodeSerializer(serializers.Serializer):
    source = serializers.CharField()
    code = serializers.CharField()


class UnitFactorSerializer(serializers.Serializer):
    """One unit of the product is ``factor`` of ``unit``."""

    unit = serializers.CharField()
    factor = serializers.DecimalField(18, 6)


class ProductDetailSerializer(ProductSerializer):
    """With its other codes and units."""

    codes = ProductCodeSerializer(many=True, read_only=True)
    unit_factors = UnitFactorSerializer(many=True, read_only=True)

    class Meta(ProductSerializer.Meta):
        fields = (*ProductSerializer.Meta.fields, "codes", "unit_factors")


class EndSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1)
    ended = serializers.DateField(help_text="the last day on sale")


class ReopenSerializer(StrictSerializer):
    version = serializers.IntegerField(min_value=1)


def one_of(rows: QuerySet[Product], user: Any, key: str, value: Any) -> QuerySet[Product]:
    """As the list's filter of this name does it."""
    return rows.filter(ONE_OF[key](user, line_tree(), value))


class ListFilter(django_filters.CharFilter):
    """A filter of the product list."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label)

    def filter(self, rows: QuerySet[Product], value: str) -> QuerySet[Product]:
        return one_of(rows, self.parent.request.user, self.field_name, value) if value else rows


class ProductFilters(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="find", label="words in code, name or description; another code"
    )
    code = django_filters.CharFilter("code", lookup_expr="iexact", label="the code, in whatever case")
    line = ListFilter("code of a line, with those below it")
    owner = django_filters.CharFilter(
        method="of_owner", label="who answers for it: an e-mail address, me or none"
    )
    status = django_filters.ChoiceFilter(
        choices=[(value, value) for value in STATUSES], method="in_status", label="current: not ended"
    )
    family = ListFilter("code of a family it belongs to today")
    channel = ListFilter("code of a channel it sold in during the last 12 months of the data")
    supplier = ListFilter("code of a supplier, or none")
    segment = ListFilter("code of a customer segment, or none")
    stage = ListFilter("introduction, growth, maturity, decline, revival or none")
    launched_from = django_filters.DateFilter("launched", lookup_expr="gte", label="launched on or after")
    launched_to = django_filters.DateFilter("launched", lookup_expr="lte", label="launched on or before")
    ended_from = django_filters.DateFilter("ended", lookup_expr="gte", label="ended on or after")
    ended_to = django_filters.DateFilter("ended", lookup_expr="lte", label="ended on or before")
    ordering = Ordering(fields=("name", "code", "launched", "ended"))

    class Meta:
        model = Product
        fields = ("kind", "temporary")

    def find(self, rows: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return rows.filter(pk__in=text_ids(value.strip()))

    def in_status(self, rows: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return one_of(rows, self.request.user, "status", value)

    def of_owner(self, rows: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        if value not in ("me", "none"):
            person = people_active().filter(email=value.lower()).first()
            value = str(person.pk) if person else ""
        return one_of(rows, self.request.user, "owner", value)


class ProductViewSet(WritableViewSet):
    """Products."""

    rights = {"GET": "products.view", "POST": "products.edit", "PATCH": "products.edit"}
    serializer_class = ProductSerializer
    filterset_class = ProductFilters
    queryset = Product.objects.none()

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return ProductSerializer if self.action == "list" else ProductDetailSerializer

    def get_queryset(self) -> QuerySet[Product]:
        rows = products_visible(self.request.user)
        related = ("line", "owner", "supplier", "segment", "figures__measure")
        rows = rows.select_related(*related)
        return rows if self.action == "list" else rows.prefetch_related("codes", "unit_factors")

    def list(self, request: Request) -> Response:
        """The ones you may see, page by page."""
        # Which ones are on the page is found without the wide rows: a late page would read all before it.
        found = self.filter_queryset(products_visible(request.user)).values_list("pk", flat=True)
        ids = self.paginate_queryset(found)
        rows = self.get_queryset().in_bulk(ids)
        return self.get_paginated_response(self.shown([rows[pk] for pk in ids]))

    def context_of(self, rows: Sequence[Product]) -> dict[str, Any]:
        tree, user = line_tree(), self.request.user
        listed = list_rows(user, rows, tree, ListQuery())
        return {"rows": {row.product.pk: row for row in listed}, "effective": _effective(user, listed, tree)}

    def row_create(self, **values: Any) -> Product:
        return product_create(user=self.request.user, **values)

    def row_update(self, row: Product, version: int, **values: Any) -> Product:
        return product_update(user=self.request.user, product=row, version=version, **values)

    @extend_schema(request=EndSerializer, responses=ProductDetailSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, code: str) -> Response:
        """Take it off sale after a day."""
        form = EndSerializer(data=request.data)
        product = self.get_object()
        form.is_valid(raise_exception=True)
        with conflict_shown(form):
            row = product_end(user=request.user, product=product, **form.validated_data)
        return Response(self._afresh(row))

    @extend_schema(request=ReopenSerializer, responses=ProductDetailSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, code: str) -> Response:
        """On sale again: no end date."""
        form = ReopenSerializer(data=request.data)
        product = self.get_object()
        form.is_valid(raise_exception=True)
        with conflict_shown(EndSerializer()):
            row = product_reopen(user=request.user, product=product, **form.validated_data)
        return Response(self._afresh(row))


def _effective(user: Any, rows: Sequence[ListRow], tree: LineTree) -> dict[int, dict[str, Any]]:
    """What holds for each product, by id; one query for the owners of lines."""
    found = {row.product.pk: product_inherited(row.product, tree) for row in rows}
    people = User.objects.in_bulk({own["owner_id"].value for own in found.values() if own["owner_id"].value})
    seen = visible_line_ids(user)
    closed = set() if user.has_perm(FLOOR_RIGHT) else {"floor_rate"}

    def of(row: ListRow) -> dict[str, Any]:
        values = found[row.product.pk]
        owner, rate = people.get(values["owner_id"].value), values["floor_rate"].value
        lines = {name.removesuffix("_id"): value.line for name, value in values.items() if name not in closed}
        shown = {
            "owner": owner.email if owner else None,
            "unit": row.unit,
            "floor_rate": None if rate is None else str(Decimal(rate).quantize(Decimal("0.0001"))),
            "review_months": values["review_months"].value,
            "from_line": {
                name: line.code if seen is None or line.pk in seen else None
                for name, line in lines.items()
                if name in INHERITING and line is not None
            },
        }
        return {name: value for name, value in shown.items() if name not in closed}

    return {row.product.pk: of(row) for row in rows}
