"""REST API: which months are final, and closing one."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import routers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, StrictSerializer
from core.models import Job
from core.months import parse_month
from pricing.selectors.costs import RIGHT
from pricing.selectors.ledger import Reconciled, ledger_by_month
from pricing.selectors.month_closing import closing_waits_counted, month_close_jobs
from pricing.services.month_closing import month_close_begin
from products.selectors import closing
from products.selectors.access import is_limited
from products.services.closing import may_close_check

MONTHS = 24
MONTH = OpenApiParameter("month", OpenApiTypes.STR, OpenApiParameter.PATH, description="2026-10")


class MonthSerializer(serializers.Serializer):
    """``state``: open, closing (a worker does it: ``done`` of ``total`` are booked), failed (it is still
    open, and may be closed again) or closed. ``products`` have sales in it; of the ``provisional`` ones
    figures may still move; ``missing`` had sales in the three months before and none in this one.
    ``imported`` = ``mapped`` + ``unmapped`` of the ledger; null: nothing, or you see some lines or
    channels only. ``waiting_corrections`` of rates: what nobody decided until then, which closing refuses;
    ``open_accruals``: what nothing takes back until then, which closing leaves as it is; null: it is closed,
    or you see a part only.
    ``closed_with``: the month that was closed together with it."""

    month = serializers.CharField()
    state = serializers.ChoiceField(choices=["open", "closing", "failed", "closed"])
    products = serializers.IntegerField()
    provisional = serializers.IntegerField()
    missing = serializers.IntegerField()
    imported = serializers.CharField(allow_null=True)
    mapped = serializers.CharField(allow_null=True)
    unmapped = serializers.CharField(allow_null=True)
    waiting_corrections = serializers.IntegerField(allow_null=True)
    open_accruals = serializers.IntegerField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField(allow_null=True)
    closed_with = serializers.CharField(allow_null=True)
    note = serializers.CharField()
    done = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)


class CloseSerializer(StrictSerializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=400)


class MonthViewSet(viewsets.ViewSet):
    """The months that are over, and closing one."""

    rights = {"GET": RIGHT, "POST": closing.CLOSE}
    permission_classes = [HasRight]
    lookup_field = "month"
    lookup_value_regex = "[0-9]{4}-[0-9]{2}"

    @extend_schema(responses=MonthSerializer(many=True), filters=False)
    def list(self, request: Request) -> Response:
        """The last 24 months that are over, newest first."""
        if request.query_params:
            unknown = {name: [_("This filter does not exist.")] for name in request.query_params}
            raise serializers.ValidationError(unknown)
        return Response(_said(request.user, closing.months_over(MONTHS)))

    @extend_schema(responses=MonthSerializer, parameters=[MONTH])
    def retrieve(self, request: Request, month: str) -> Response:
        """One month; of one that a worker closes, how far that is."""
        return Response(_said(request.user, [_month(month)])[0])

    @extend_schema(
        request=CloseSerializer, responses={200: MonthSerializer, 202: MonthSerializer}, parameters=[MONTH]
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, month: str) -> Response:
        """Fix the figures of the month and of those before it, for good. Of many products a worker does it
        (202). Asked again it is the same: of a month that is closed the answer is how it was closed."""
        said = CloseSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        day, begun = _month(month), None
        if closing.is_closed(day):
            may_close_check(request.user)
        else:
            begun = month_close_begin(user=request.user, month=day, note=said.validated_data.get("note", ""))
        return Response(_said(request.user, [day])[0], status=202 if begun is not None else 200)


def _month(text: str) -> datetime.date:
    try:
        return parse_month(text)
    except ValueError:
        raise Http404(text) from None


def _said(user: Any, months: list[datetime.date]) -> list[dict[str, Any]]:
    sees_all = user.has_perm(RIGHT) and not is_limited(user)
    ledger = ledger_by_month(months) if not is_limited(user) else {}
    waits = closing_waits_counted(months) if sees_all else {}
    jobs = (
        month_close_jobs(months[0]) if len(months) == 1 else month_close_jobs().exclude(state__in=Job.FINAL)
    )
    by_month: dict[str, Job] = {}
    for job in jobs:
        by_month.setdefault(job.payload["month"], job)
    return [
        MonthSerializer(
            _one(row, ledger.get(row.month), by_month.get(row.month.isoformat()), waits.get(row.month))
        ).data
        for row in closing.months_sales(user, months)
    ]


def _one(
    row: closing.MonthSales, ledger: Reconciled | None, job: Job | None, waits: tuple[int, int] | None
) -> dict[str, Any]:
    corrections, accruals = (None, None) if row.is_closed or waits is None else waits
    made, state = row.closing, "closed" if row.is_closed else "open"
    if job is not None and not row.is_closed:
        state = {Job.State.FAILED: "failed", Job.State.CANCELLED: "open"}.get(job.state, "closing")
    working = job if state == "closing" else None
    amounts = ledger.as_json() if ledger else {}
    return {
        "month": f"{row.month:%Y-%m}",
        "state": state,
        "products": row.products,
        "provisional": len(row.provisional),
        "missing": len(row.missing),
        **{name: amounts.get(name) for name in ("imported", "mapped", "unmapped")},
        "waiting_corrections": corrections,
        "open_accruals": accruals,
        "closed_at": made.closed_at if made and row.is_closed else None,
        "closed_by": made.closed_by.name if made and row.is_closed and made.closed_by else None,
        "closed_with": f"{made.month:%Y-%m}" if made and row.is_closed else None,
        "note": made.note if made and row.is_closed else "",
        "done": working.progress_done if working else None,
        "total": working.progress_total if working else None,
    }


router = routers.SimpleRouter()
router.register("months", MonthViewSet, "month")
