"""REST API: decisions and what they did."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers, viewsets
from rest_framework.routers import SimpleRouter

from collaboration.decision_words import verdict, what_words
from collaboration.models import DecisionProduct
from collaboration.selectors.decisions import decisions_visible, effects_seen
from core.api import HasRight, Pagination


class DecisionFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    kind = django_filters.CharFilter("decision__kind", label="kind of decision")
    since = django_filters.DateFilter(
        "decision__effective_date", lookup_expr="gte", label="begins on this day or later"
    )

    class Meta:
        model = DecisionProduct
        fields = ("product", "kind", "since")


class DecisionSerializer(serializers.ModelSerializer):
    """A row for each product of a decision. Rates of change of volume: ``expected`` and ``effect`` with their
    80 % intervals, the last measured over so many ``months`` (0: while it ran), ``together``: with what else
    was decided about the product for that month. Null for who is limited to channels."""

    product = serializers.CharField(source="product.code", read_only=True)
    kind = serializers.CharField(source="decision.kind", read_only=True)
    decision = serializers.IntegerField(source="decision_id", read_only=True)
    what = serializers.SerializerMethodField()
    why = serializers.CharField(source="decision.why", read_only=True)
    alternatives = serializers.CharField(source="decision.alternatives", read_only=True)
    effective_date = serializers.DateField(source="decision.effective_date", read_only=True)
    proposed_by = serializers.EmailField(source="decision.proposed_by.email", read_only=True)
    decided_by = serializers.EmailField(source="decision.decided_by.email", read_only=True)
    decided_at = serializers.DateTimeField(source="decision.decided_at", read_only=True)
    withdrawn_at = serializers.DateTimeField(source="decision.withdrawn_at", read_only=True, allow_null=True)
    expected = serializers.SerializerMethodField()
    expected_lo80 = serializers.SerializerMethodField()
    expected_hi80 = serializers.SerializerMethodField()
    months = serializers.IntegerField(read_only=True, allow_null=True)
    effect = serializers.FloatField(read_only=True, allow_null=True)
    lo80 = serializers.FloatField(read_only=True, allow_null=True)
    hi80 = serializers.FloatField(read_only=True, allow_null=True)
    together = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField()
    unmeasured = serializers.SerializerMethodField()

    class Meta:
        model = DecisionProduct
        fields = (
            *("id", "decision", "kind", "product", "what", "why", "alternatives", "effective_date"),
            *("proposed_by", "decided_by", "decided_at", "withdrawn_at", "expected", "expected_lo80"),
            *("expected_hi80", "months", "effect", "lo80", "hi80", "together", "outcome", "unmeasured"),
        )
        read_only_fields = fields

    def get_what(self, row: DecisionProduct) -> str:
        return what_words(row)

    def _seen(self) -> bool:
        return effects_seen(self.context["request"].user)

    def get_expected(self, row: DecisionProduct) -> float | None:
        return row.expected if self._seen() else None

    def get_expected_lo80(self, row: DecisionProduct) -> float | None:
        return row.expected_lo80 if self._seen() else None

    def get_expected_hi80(self, row: DecisionProduct) -> float | None:
        return row.expected_hi80 if self._seen() else None

    def get_together(self, row: Any) -> bool | None:
        return row.together if row.effect is not None else None

    def get_outcome(self, row: Any) -> str:
        """met, less or more than expected; empty where that is not known."""
        return verdict(row)

    def get_unmeasured(self, row: DecisionProduct) -> str:
        """Why nothing is measured, now and later: level, no_forecast, gap, overtaken, too_little or observed,
        and of a promotion also no_sales, short_history or few_normal. Empty: it is measured, or will be."""
        return row.unmeasured if self._seen() else ""


class DecisionViewSet(viewsets.ReadOnlyModelViewSet):
    """Decisions on prices, promotions and positioning within one's sight, the newest first."""

    rights = {"GET": "collaboration.view"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilters
    queryset = DecisionProduct.objects.none()

    def get_queryset(self) -> QuerySet[DecisionProduct]:
        return decisions_visible(self.request.user).order_by("-decision__effective_date", "-pk")


router = SimpleRouter()
router.register("decisions", DecisionViewSet, "decision")
