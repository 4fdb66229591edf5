"""REST API: budgets and their rows, which come in by POST or through imports of the sheet ``budget``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import DomainError
from core.api import MonthField, StrictModelSerializer, StrictSerializer
from products.models import BudgetRow, BudgetVersion, Measure, Product, ProductLine
from products.selectors.access import channels_visible, lines_visible, products_visible
from products.selectors.budget import budget_rows, budget_versions
from products.selectors.lines import line_tree
from products.services.budget import budget_create, budget_delete, budget_freeze, budget_rename
from products.services.budget_cells import Cell, budget_cells_set

from .shared import (
    ChannelFilter,
    CodedViewSet,
    CodeField,
    DeletableMixin,
    MeasureFilter,
    MonthFilter,
    ProductFilter,
)


class BudgetFilters(django_filters.FilterSet):
    frozen = django_filters.BooleanFilter(
        "frozen_at", lookup_expr="isnull", exclude=True, label="only (not) the frozen ones"
    )

    class Meta:
        model = BudgetVersion
        fields = ("year",)


class BudgetRowFilters(django_filters.FilterSet):
    product = ProductFilter()
    line = django_filters.CharFilter("line__code", lookup_expr="iexact", label="code of a line")
    channel = ChannelFilter()
    measure = MeasureFilter()
    month_from = MonthFilter("month", lookup_expr="gte", label="first month, as YYYY-MM")
    month_to = MonthFilter("month", lookup_expr="lt", label="last month, as YYYY-MM")


class BudgetSerializer(StrictModelSerializer):
    """A budget of a financial year. The newest frozen one of a year is what figures are compared with."""

    frozen_by = serializers.CharField(source="frozen_by.email", default=None, read_only=True)

    class Meta:
        model = BudgetVersion
        fields = ("code", "name", "year", "frozen_at", "frozen_by", "created_at")
        read_only_fields = ("frozen_at", "created_at")
        validators = ()
        extra_kwargs = {"code": {"validators": []}}


class BudgetNewSerializer(BudgetSerializer):
    copy_of = CodeField(budget_versions, required=False, help_text="code of the budget to start from")

    class Meta(BudgetSerializer.Meta):
        fields = (*BudgetSerializer.Meta.fields, "copy_of")


class BudgetNameSerializer(StrictSerializer):
    name = serializers.CharField(max_length=120)
    seen = serializers.CharField(
        required=False, help_text="the name that stood there before; another by now is 409 with both"
    )


class BudgetRowSerializer(serializers.ModelSerializer):
    """The plan of a product, or of a line as a whole, in one month; without ``channel``: all together."""

    product = serializers.CharField(source="product.code", default=None)
    line = serializers.CharField(source="line.code", default=None)
    channel = serializers.CharField(source="channel.code", default=None)
    measure = serializers.CharField(source="measure.code")

    class Meta:
        model = BudgetRow
        fields = ("product", "line", "channel", "measure", "month", "volume", "revenue")
        read_only_fields = fields


class KnownCodeField(CodeField):
    """The same code in many rows is looked up once."""

    def to_internal_value(self, data: Any) -> Any:
        known = self.context.setdefault("known_codes", {})
        key = (self.field_name, str(data).casefold())
        if key not in known:
            known[key] = super().to_internal_value(data)
        return known[key]


class SeenSerializer(StrictSerializer):
    volume = serializers.DecimalField(18, 4, allow_null=True, required=False)
    revenue = serializers.DecimalField(18, 4, allow_null=True, required=False)


class BudgetCellSerializer(StrictSerializer):
    """A month of one product, or line as a whole: what is given is planned, null empties it. ``seen``: what
    stood there before; where somebody changed it since, the answer is 409 with both."""

    product = KnownCodeField(products_visible, required=False)
    line = KnownCodeField(lines_visible, required=False)
    channel = KnownCodeField(
        channels_visible, required=False, allow_null=True, help_text="without: all together"
    )
    measure = serializers.CharField(max_length=60, required=False, help_text="default: the leading one")
    month = MonthField()
    volume = serializers.DecimalField(18, 4, allow_null=True, required=False)
    revenue = serializers.DecimalField(18, 4, allow_null=True, required=False)
    seen = SeenSerializer(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("product" in data) == ("line" in data):
            raise serializers.ValidationError({"product": [_("Name a product or a line.")]})
        if "volume" not in data and "revenue" not in data:
            raise serializers.ValidationError({"volume": [_("Give a volume, a revenue or both.")]})
        return data


class BudgetCellsSerializer(StrictSerializer):
    rows = BudgetCellSerializer(many=True, max_length=1000)


class CellsChangedSerializer(serializers.Serializer):
    changed = serializers.IntegerField(help_text="how many figures say something else now")


class BudgetViewSet(DeletableMixin, CodedViewSet):
    """Budgets."""

    rights = {
        "GET": "products.view",
        "POST": "products.edit_budget",
        "PATCH": "products.edit_budget",
        "DELETE": "products.edit_budget",
    }
    serializer_class = BudgetSerializer
    filterset_class = BudgetFilters
    queryset = BudgetVersion.objects.none()

    def get_queryset(self) -> QuerySet[BudgetVersion]:
        return budget_versions(self.request.user)

    @extend_schema(request=BudgetNewSerializer, responses={201: BudgetSerializer})
    def create(self, request: Request) -> Response:
        """A new budget: empty, or with the rows of ``copy_of``, moved to the new year."""
        form = BudgetNewSerializer(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        row = budget_create(user=request.user, **form.validated_data)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=BudgetNameSerializer, responses=BudgetSerializer)
    def partial_update(self, request: Request, code: str) -> Response:
        """Another name for a draft."""
        form = BudgetNameSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = budget_rename(user=request.user, version=self.get_object(), **form.validated_data)
        return Response(self.get_serializer(row).data)

    def row_delete(self, row: BudgetVersion) -> None:
        budget_delete(user=self.request.user, version=row)

    @extend_schema(request=None, responses=BudgetSerializer)
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, code: str) -> Response:
        """From now on figures are compared with it, and it never changes again. Twice is once."""
        row = budget_freeze(user=request.user, version=self.get_object())
        return Response(self.get_serializer(row).data)

    @extend_schema(responses=BudgetRowSerializer(many=True))
    @action(
        detail=True,
        queryset=BudgetRow.objects.none(),
        serializer_class=BudgetRowSerializer,
        filterset_class=BudgetRowFilters,
    )
    def rows(self, request: Request, code: str) -> Response:
        """Its rows, by month."""
        found: Any = self.filter_queryset(budget_rows(request.user, self.get_object()))
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(filters=False, request=BudgetCellsSerializer, responses={200: CellsChangedSerializer})
    @rows.mapping.post
    def plan(self, request: Request, code: str) -> Response:
        """Plan figures of a draft; all of them or, when one is refused, none."""
        form = BudgetCellsSerializer(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        values: dict[Cell, Decimal | None] = {}
        seen: dict[Cell, Decimal | None] = {}
        for row in form.validated_data["rows"]:
            subject = row.get("product") or row["line"]
            measure = _measure(subject, row.get("measure"))
            for figure in ("volume", "revenue"):
                cell = Cell(subject, row.get("channel"), measure, row["month"], figure)
                if figure in row:
                    values[cell] = row[figure]
                    if figure in row.get("seen", {}):
                        seen[cell] = row["seen"][figure]
        changed = budget_cells_set(user=request.user, version=self.get_object(), values=values, seen=seen)
        return Response({"changed": changed})


def _measure(subject: Product | ProductLine, code: str | None) -> Measure:
    measures = line_tree().measures(subject.line_id if isinstance(subject, Product) else subject.pk)
    if code is None:
        return measures[0]
    found = next((measure for measure in measures if measure.code.casefold() == code.casefold()), None)
    if found is None:
        details = {"subject": subject, "measure": code}
        raise DomainError(
            "measure_not_of_line", _("%(subject)s does not count %(measure)s.") % details, "measure"
        )
    return found
