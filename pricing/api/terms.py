"""REST API: terms of channels, and what was settled of bonuses."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins, routers, serializers, viewsets

from core.api import HasRight, Pagination
from pricing.models import BonusSettlement, Term, TermStep
from pricing.selectors.terms import settlements_visible, terms_visible


class _Listing(mixins.ListModelMixin, viewsets.GenericViewSet):
    rights = {"GET": "pricing.view"}
    permission_classes = [HasRight]
    pagination_class = Pagination


class TermFilters(django_filters.FilterSet):
    channel = django_filters.CharFilter("channel__code", lookup_expr="iexact", label="code of a channel")
    line = django_filters.CharFilter("line__code", lookup_expr="iexact", label="code of a line")

    class Meta:
        model = Term
        fields = ("kind", "channel", "line")


class TermStepSerializer(serializers.ModelSerializer):
    """From ``from_amount`` in a year on the rate holds for all of it."""

    class Meta:
        model = TermStep
        fields = ("from_amount", "rate")
        read_only_fields = fields


class TermSerializer(serializers.ModelSerializer):
    """Holds from ``start_date`` until the next of the same kind, channel and line; null: for all of them.
    ``rate`` is a share, ``amount`` in our currency a unit; a bonus has ``steps``. None of these: ended."""

    channel = serializers.CharField(source="channel.code", default=None, read_only=True)
    line = serializers.CharField(source="line.code", default=None, read_only=True)
    created_by = serializers.CharField(source="created_by.name", default=None, read_only=True)
    steps = TermStepSerializer(many=True, read_only=True)

    class Meta:
        model = Term
        fields = (
            *("id", "kind", "channel", "line", "start_date", "rate", "amount", "days", "basis", "steps"),
            *("created_by", "created_at"),
        )
        read_only_fields = fields


class TermViewSet(_Listing):
    """Terms that hold in the channels and for the lines within one's sight."""

    filterset_class = TermFilters
    serializer_class = TermSerializer
    queryset = Term.objects.none()

    def get_queryset(self) -> QuerySet[Term]:
        return terms_visible(self.request.user).order_by("-start_date", "-pk")


class SettlementFilters(TermFilters):
    class Meta:
        model = BonusSettlement
        fields = ("channel", "line", "year")


class SettlementSerializer(serializers.ModelSerializer):
    """Paid or credited of a year's bonus; ``line`` null: of all lines."""

    channel = serializers.CharField(source="channel.code", read_only=True)
    line = serializers.CharField(source="line.code", default=None, read_only=True)
    created_by = serializers.CharField(source="created_by.name", read_only=True)

    class Meta:
        model = BonusSettlement
        fields = (
            *("id", "channel", "line", "year", "amount", "settled_date", "reference"),
            *("created_by", "created_at"),
        )
        read_only_fields = fields


class BonusSettlementViewSet(_Listing):
    """What was settled in the channels and lines within one's sight."""

    filterset_class = SettlementFilters
    serializer_class = SettlementSerializer
    queryset = BonusSettlement.objects.none()

    def get_queryset(self) -> QuerySet[BonusSettlement]:
        return settlements_visible(self.request.user).order_by("-settled_date", "-pk")


router = routers.SimpleRouter()
router.register("terms", TermViewSet, "term")
router.register("bonus-settlements", BonusSettlementViewSet, "bonus-settlement")
