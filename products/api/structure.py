"""REST API: lines, channels, families and measures: what products hang on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.core.validators import validate_slug
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api import StrictModelSerializer
from products.models import Channel, Family, Measure, ProductLine, Segment, Supplier
from products.selectors.access import channels_visible, lines_visible
from products.selectors.lines import LineTree, line_tree
from products.selectors.structure import Membership, family_rows, memberships
from products.services.line import line_create, line_delete, line_update
from products.services.structure import (
    channel_create,
    channel_delete,
    channel_update,
    family_create,
    family_delete,
    family_update,
    named_create,
    named_delete,
    named_update,
)

from .shared import (
    ChannelAboveField,
    CodedViewSet,
    CodeField,
    DeletableMixin,
    FloorField,
    FloorMixin,
    LineAboveField,
    Ordering,
    PersonField,
    SearchFilter,
    VersionedMixin,
    WritableViewSet,
)

EDIT = "products.edit_structure"
RIGHTS = {"GET": "products.view", "POST": EDIT, "PATCH": EDIT, "DELETE": EDIT}


class LineEffectiveSerializer(FloorMixin, serializers.Serializer):
    """What holds in the line, be it its own or of a line above; of measures the leading one first."""

    measures = serializers.ListField(child=serializers.CharField())
    unit = serializers.CharField()
    reporting_unit = serializers.CharField()
    floor_rate = FloorField()
    review_months = serializers.IntegerField(allow_null=True)
    final_after_months = serializers.IntegerField(allow_null=True)
    forecast_step = serializers.ChoiceField(["month", "week"])


class LineSerializer(FloorMixin, VersionedMixin, StrictModelSerializer):
    """A line gives its products, and the lines below, what they do not say themselves."""

    parent = LineAboveField(lines_visible, required=False, allow_null=True)
    owner = PersonField(required=False, allow_null=True, help_text="e-mail address")
    measures = serializers.ListField(
        child=CodeField(lambda user: Measure.objects.all()),
        required=False,
        source="measures_own",
        help_text="the leading one first; none: those of the line above",
    )
    effective = serializers.SerializerMethodField()

    class Meta:
        model = ProductLine
        fields = (
            *("code", "name", "parent", "owner", "unit", "reporting_unit", "floor_rate", "review_months"),
            *("final_after_months", "forecast_step", "price_word", "customer_word", "volume_word"),
            *("alert_settings", "measures", "effective", "version"),
        )
        read_only_fields = ("alert_settings",)
        validators = ()
        extra_kwargs = {"code": {"validators": [validate_slug]}}

    @extend_schema_field(LineEffectiveSerializer)
    def get_effective(self, line: ProductLine) -> dict[str, Any]:
        tree: LineTree = self.context["tree"]
        names = ("unit", "reporting_unit", "floor_rate", "review_months", "final_after_months")
        values: dict[str, Any] = {name: tree.inherited(line.pk, name).value for name in names}
        texts = {name: values[name] or "" for name in ("unit", "reporting_unit")}
        texts["forecast_step"] = tree.inherited(line.pk, "forecast_step").value or "month"
        found = {**values, **texts, "measures": [measure.code for measure in tree.measures(line.pk)]}
        return LineEffectiveSerializer(found, context=self.context).data


class ChannelSerializer(VersionedMixin, StrictModelSerializer):
    """Where it is sold: a tree of type → account → region or store."""

    parent = ChannelAboveField(channels_visible, required=False, allow_null=True)

    class Meta:
        model = Channel
        fields = ("code", "name", "kind", "parent", "version")
        validators = ()


class SupplierSerializer(VersionedMixin, StrictModelSerializer):
    """Who makes or delivers it."""

    class Meta:
        model = Supplier
        fields = ("code", "name", "version")
        validators = ()


class SegmentSerializer(VersionedMixin, StrictModelSerializer):
    """A group of customers a product serves."""

    class Meta:
        model = Segment
        fields = ("code", "name", "version")
        validators = ()


class FamilySerializer(VersionedMixin, StrictModelSerializer):
    """Products that are steered together; ``members_now`` of today."""

    line = CodeField(lines_visible)
    members_now = serializers.SerializerMethodField()

    class Meta:
        model = Family
        fields = ("code", "name", "line", "members_now", "version")
        validators = ()

    def get_members_now(self, family: Family) -> int:
        return family.members_now or 0


class MembershipSerializer(serializers.Serializer):
    """``until`` is the last day; null while it goes on."""

    product = serializers.CharField(source="product.code")
    start_date = serializers.DateField()
    until = serializers.DateField(allow_null=True)


class FamilyDetailSerializer(FamilySerializer):
    """With who was in it when."""

    members = serializers.SerializerMethodField()

    class Meta(FamilySerializer.Meta):
        fields = (*FamilySerializer.Meta.fields, "members")

    @extend_schema_field(MembershipSerializer(many=True))
    def get_members(self, family: Family) -> list[dict[str, Any]]:
        found: list[Membership] = memberships(self.context["request"].user, family)
        return MembershipSerializer(found, many=True).data


class MeasureSerializer(serializers.ModelSerializer):
    """A flow adds over time, a level (in force at the end) does not. A flow that ``leaves`` goes out of a
    level in the same unit."""

    class Meta:
        model = Measure
        fields = ("code", "name_en", "name_nl", "unit_en", "unit_nl", "kind", "leaves")


class LineFilters(django_filters.FilterSet):
    search = SearchFilter()
    parent = django_filters.CharFilter("parent__code", lookup_expr="iexact", label="code of the line above")
    ordering = Ordering(fields=("name", "code"))


class ChannelFilters(django_filters.FilterSet):
    search = SearchFilter()
    parent = django_filters.CharFilter(
        "parent__code", lookup_expr="iexact", label="code of the channel above"
    )
    ordering = Ordering(fields=("name", "code"))

    class Meta:
        model = Channel
        fields = ("kind",)


class FamilyFilters(django_filters.FilterSet):
    search = SearchFilter()
    line = django_filters.CharFilter("line__code", lookup_expr="iexact", label="code of a line")
    ordering = Ordering(fields=("name", "code"))


class NamedFilters(django_filters.FilterSet):
    search = SearchFilter()
    ordering = Ordering(fields=("name", "code"))


class LineViewSet(DeletableMixin, WritableViewSet):
    """Product lines."""

    rights = RIGHTS
    serializer_class = LineSerializer
    filterset_class = LineFilters
    queryset = ProductLine.objects.none()

    def get_queryset(self) -> QuerySet[ProductLine]:
        return lines_visible(self.request.user).select_related("parent", "owner")

    def context_of(self, rows: Sequence[ProductLine]) -> dict[str, Any]:
        tree = line_tree()
        for line in rows:
            line.measures_own = tree.own_measures(line.pk)
        return {"tree": tree}

    def row_create(self, **values: Any) -> ProductLine:
        return line_create(user=self.request.user, measures=values.pop("measures_own", ()), **values)

    def row_update(self, row: ProductLine, version: int, **values: Any) -> ProductLine:
        measures = values.pop("measures_own", None)
        return line_update(user=self.request.user, line=row, version=version, measures=measures, **values)

    def row_delete(self, row: ProductLine) -> None:
        line_delete(user=self.request.user, line=row)


class ChannelViewSet(DeletableMixin, WritableViewSet):
    """Channels."""

    rights = RIGHTS
    serializer_class = ChannelSerializer
    filterset_class = ChannelFilters
    queryset = Channel.objects.none()

    def get_queryset(self) -> QuerySet[Channel]:
        return channels_visible(self.request.user).select_related("parent")

    def row_create(self, **values: Any) -> Channel:
        return channel_create(user=self.request.user, **values)

    def row_update(self, row: Channel, version: int, **values: Any) -> Channel:
        return channel_update(user=self.request.user, channel=row, version=version, **values)

    def row_delete(self, row: Channel) -> None:
        channel_delete(user=self.request.user, channel=row)


class SupplierViewSet(DeletableMixin, WritableViewSet):
    """Suppliers, which all lines share."""

    rights = RIGHTS
    serializer_class = SupplierSerializer
    filterset_class = NamedFilters
    queryset = Supplier.objects.all()

    def row_create(self, **values: Any) -> Supplier:
        return named_create(user=self.request.user, model=Supplier, **values)

    def row_update(self, row: Supplier, version: int, **values: Any) -> Supplier:
        return named_update(user=self.request.user, row=row, version=version, **values)

    def row_delete(self, row: Supplier) -> None:
        named_delete(user=self.request.user, row=row)


class SegmentViewSet(DeletableMixin, WritableViewSet):
    """Customer segments, which all lines share."""

    rights = RIGHTS
    serializer_class = SegmentSerializer
    filterset_class = NamedFilters
    queryset = Segment.objects.all()

    def row_create(self, **values: Any) -> Segment:
        return named_create(user=self.request.user, model=Segment, **values)

    def row_update(self, row: Segment, version: int, **values: Any) -> Segment:
        return named_update(user=self.request.user, row=row, version=version, **values)

    def row_delete(self, row: Segment) -> None:
        named_delete(user=self.request.user, row=row)


class FamilyViewSet(DeletableMixin, WritableViewSet):
    """Families."""

    rights = RIGHTS
    filterset_class = FamilyFilters
    queryset = Family.objects.none()

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return FamilySerializer if self.action == "list" else FamilyDetailSerializer

    def get_queryset(self) -> QuerySet[Family]:
        return family_rows(self.request.user)

    def row_create(self, **values: Any) -> Family:
        return family_create(user=self.request.user, **values)

    def row_update(self, row: Family, version: int, **values: Any) -> Family:
        return family_update(user=self.request.user, family=row, version=version, **values)

    def row_delete(self, row: Family) -> None:
        family_delete(user=self.request.user, family=row)


class MeasureViewSet(CodedViewSet):
    """What is counted."""

    rights = "products.view"
    serializer_class = MeasureSerializer
    queryset = Measure.objects.order_by("code")
