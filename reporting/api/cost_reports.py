"""REST API: the booked costs that reports add up, for a spreadsheet, Power BI or another system."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django.db.models import Max, Q, QuerySet
from django.http import QueryDict
from rest_framework import mixins, routers, serializers, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.utils.urls import replace_query_param

from core.api import BasicTokenAuthentication, CursorPagination, HasRight, TokenAuthentication
from core.organisation import organisation_get, today
from pricing.models import CostKind, CostMonth
from pricing.selectors.cost_months import booked_until, cost_months_replaced
from pricing.selectors.costs import RIGHT
from pricing.selectors.reconciliation import reconciled
from products.selectors.closed_names import CalledByMonth
from reporting.selectors.cost_report import booked_visible, sight, within
from reporting.selectors.report_query import FILTERS, SOURCES, report_query


class CostReportPages(CursorPagination):
    """1,000 rows a page, at most 5,000; ``next`` keeps to the moment of the first page."""

    page_size = 1000
    max_page_size = 5000

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        rows = super().paginate_queryset(queryset, request, view)
        self.as_of = request.as_of
        self.reconciliation = _reconciled(request) if self.cursor is None else None
        return rows

    def get_next_link(self) -> str | None:
        link = super().get_next_link()
        return replace_query_param(link, "as_of", self.as_of.isoformat()) if link else None

    def get_paginated_response(self, data: Any) -> Any:
        response = super().get_paginated_response(data)
        response.data = {
            "as_of": self.as_of.isoformat(),
            "currency": organisation_get().currency,
            "reconciliation": self.reconciliation,
        } | response.data
        return response

    def get_paginated_response_schema(self, schema: Any) -> Any:
        found = super().get_paginated_response_schema(schema)
        amount = {"type": "string", "nullable": True, "example": "1240.25"}
        names = ("imported", "mapped", "unmapped", "booked", "on_products", "on_none")
        found["properties"] = {
            "as_of": {"type": "string", "format": "date-time"},
            "currency": {"type": "string", "example": "EUR"},
            "reconciliation": {
                "type": "object",
                "nullable": True,
                "description": "On the first page, of the actual costs of the months asked for without other"
                " filters, with changed_since of all that holds: imported (null: limited to some lines or"
                " channels, or as_of) = mapped + unmapped = booked = on_products + on_none.",
                "properties": dict.fromkeys(names, amount),
            },
        } | found["properties"]
        return found


def _reconciled(request: Any) -> dict[str, str | None]:
    """Of actual costs in the months asked for, as they held then."""
    first, last, is_now = request.reconciled
    bounds = {"month__gte": first, "month__lte": last, "source__in": SOURCES["actual"]}
    rows = booked_visible(request.user, request.as_of).filter(
        **{key: each for key, each in bounds.items() if each}
    )
    with_ledger = is_now and not sight(request.user)
    return reconciled(rows, first, last, shown=Q(), with_ledger=with_ledger).as_json()


def _page_filter(label: str) -> django_filters.CharFilter:
    return django_filters.CharFilter(method="_kept", label=label)


class CostReportFilters(django_filters.FilterSet):
    """``as_of``: as it was booked at that moment. ``changed_since``: only what was booked after that moment,
    and what ended to hold; ended versions have ``replaced_at``. All others but the months and the source are
    the page's, by the codes of now."""

    first = django_filters.DateFilter("month", lookup_expr="gte", label="from this month on")
    last = django_filters.DateFilter("month", lookup_expr="lte", label="until this month")
    source = django_filters.ChoiceFilter(choices=CostMonth.Source.choices)
    product = _page_filter("code of a product; -: on no product")
    line = _page_filter("code of a line, with those below it; =CODE: that one alone; -: on no product")
    family = _page_filter("code of a family, by who is in it now; -: in none")
    kind = _page_filter("code of a kind")
    level = django_filters.ChoiceFilter(
        choices=CostKind.Level.choices, method="_kept", label="the margin it is taken off before"
    )
    channel = _page_filter("code of a channel, with those below it; =CODE: that one alone; -: in none")
    supplier = _page_filter("code of a supplier; -: of none")
    cost_centre = _page_filter("a cost centre; -: of none")
    q = _page_filter("words in the code or name of a product")
    as_of = django_filters.IsoDateTimeFilter(method="_kept", label="as booked at this moment")
    changed_since = django_filters.IsoDateTimeFilter(method="_kept", label="booked or ended after it")

    class Meta:
        model = CostMonth
        fields = ()

    def _kept(self, queryset: Any, _name: str, _value: Any) -> Any:
        return queryset  # both together, below

    def filter_queryset(self, queryset: Any) -> Any:
        said = self.form.cleaned_data
        until, then = booked_until(), said.get("as_of")
        as_of = self._newest(until) if then is None else min(then, until)
        self.request.as_of = as_of
        since = said.get("changed_since")
        self.request.reconciled = said.get("first"), said.get("last"), then is None
        if since is None:
            held = Q(recorded_at__lte=as_of) & (Q(replaced_at=None) | Q(replaced_at__gt=as_of))
        else:
            held = Q(recorded_at__gt=since, recorded_at__lte=as_of) | Q(
                replaced_at__gt=since, replaced_at__lte=as_of
            )
        return super().filter_queryset(queryset).filter(held, self._as_the_page())

    def _newest(self, until: datetime.datetime) -> datetime.datetime:
        """When what the answer is of last changed, so asked again it is the same until that does: costs of
        the months and the source, and the actual ones that are reconciled. Where there are none, now."""
        said = self.form.cleaned_data
        rows = CostMonth.objects.filter(sight(self.request.user))
        bounds = {"month__gte": said.get("first"), "month__lte": said.get("last")}
        rows = rows.filter(**{name: month for name, month in bounds.items() if month})
        if said.get("source"):
            rows = rows.filter(source__in={said["source"], *SOURCES["actual"]})
        moments = rows.aggregate(booked=Max("recorded_at"), ended=Max("replaced_at")).values()
        return min(max(filter(None, moments), default=until), until)

    def _as_the_page(self) -> Q:
        asked = QueryDict(mutable=True)
        asked.update({name: self.form.cleaned_data.get(name) or "" for name in (*FILTERS, "q")})
        asked.update({"month": f"{today():%Y-%m}", "of": "actual"})
        return within(report_query(asked))


def _of(place: str) -> serializers.Field:
    return serializers.CharField(source=place, default=None, read_only=True)


class _Rows(serializers.ListSerializer):
    """Finds what the rows of a page replace at once, and what closed months called things."""

    def to_representation(self, data: Any) -> list[Any]:
        rows = list(data)
        self.child.replaced = cost_months_replaced(rows)
        called = CalledByMonth({row.month for row in rows}, {row.product_id for row in rows})
        found = super().to_representation(rows)
        for row, said in zip(rows, found, strict=True):
            product = called.product(row.month, row.product_id)
            if product is not None:
                line = called.code(row.month, "line", product.line_id)
                said |= {"product": product.code, "product_name": product.name, "line": line or said["line"]}
            for kind in ("channel", "supplier"):
                said[kind] = called.code(row.month, kind, getattr(row, f"{kind}_id")) or said[kind]
        return found


class CostReportSerializer(serializers.ModelSerializer):
    """What one kind of cost came to in a month; what a closed one names is called as it was when it closed.
    ``product``: null where it is on none; ``channel``: null where it is not by channel. ``amount`` in
    ``currency``, a number in cents; ``booked_currency`` and ``booked_amount``: what it was in another one, at
    the exchange rate of then. ``version`` tells rows apart; ``replaces`` is the version that this one took
    the place of, with its amount; ``replaced_at``: from then on it no longer holds."""

    version = serializers.IntegerField(source="pk", read_only=True)
    product, product_name = _of("product.code"), _of("product.name")
    line, kind, kind_level = _of("product.line.code"), _of("kind.code"), _of("kind.level")
    channel, supplier = _of("channel.code"), _of("supplier.code")
    source = serializers.CharField(read_only=True)
    amount = serializers.FloatField(read_only=True)
    booked_currency = serializers.CharField(source="currency", read_only=True)
    booked_amount = serializers.FloatField(source="currency_amount", read_only=True)
    replaced_at = serializers.SerializerMethodField()
    replaces = serializers.SerializerMethodField()
    replaces_amount = serializers.SerializerMethodField()
    replaced: dict[int, CostMonth] = {}

    class Meta:
        model = CostMonth
        list_serializer_class = _Rows
        fields = (
            *("version", "month", "source", "product", "product_name", "line", "kind", "kind_level"),
            *("channel", "supplier", "cost_centre", "amount", "recorded_at", "replaced_at"),
            *("replaces", "replaces_amount", "booked_currency", "booked_amount"),
        )
        read_only_fields = fields

    def get_replaced_at(self, row: CostMonth) -> str | None:
        ended = row.replaced_at
        return ended.isoformat() if ended and ended <= self.context["request"].as_of else None

    def get_replaces(self, row: CostMonth) -> int | None:
        before = self.replaced.get(row.pk)
        return before.pk if before else None

    def get_replaces_amount(self, row: CostMonth) -> float | None:
        before = self.replaced.get(row.pk)
        return float(before.amount) if before else None


class CostReportViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Booked costs within one's sight, oldest version first. A token may also be the password of HTTP Basic
    here."""

    rights = {"GET": RIGHT}
    permission_classes = [HasRight]
    authentication_classes = [BasicTokenAuthentication, TokenAuthentication, SessionAuthentication]
    pagination_class = CostReportPages
    filterset_class = CostReportFilters
    serializer_class = CostReportSerializer
    queryset = CostMonth.objects.none()

    def get_queryset(self) -> QuerySet[CostMonth]:
        rows = CostMonth.objects.filter(sight(self.request.user))
        return rows.select_related("product__line", "kind", "channel", "supplier")


router = routers.SimpleRouter()
router.register("cost-reports", CostReportViewSet, "cost-report")
