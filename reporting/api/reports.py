"""REST API: reports, what was published of them as data, and publishing."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, routers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination, StrictSerializer
from core.idempotency import once
from reporting.models import Report, Snapshot
from reporting.selectors.report_jobs import publish_job
from reporting.selectors.reports import EDIT, VIEW, reports_visible, snapshots_visible
from reporting.services.report_jobs import report_publish_start


class ReportFilters(django_filters.FilterSet):
    class Meta:
        model = Report
        fields = ("audience", "language")


class ReportSerializer(serializers.ModelSerializer):
    """``months`` count where ``period`` is ``months``, the first and the last where it is ``range``;
    ``snapshots``: how many were published; ``mine``: you are its author, who alone publishes it."""

    author = serializers.CharField(source="author.name", read_only=True)
    mine = serializers.SerializerMethodField()
    snapshots = serializers.IntegerField(source="snapshot_count", read_only=True)
    published_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Report
        fields = (
            "id",
            "title",
            "language",
            "audience",
            "author",
            "mine",
            "period",
            "months",
            "first_month",
            "last_month",
            "snapshots",
            "published_at",
        )
        read_only_fields = fields

    def get_mine(self, row: Report) -> bool:
        return row.author_id == self.context["request"].user.pk


class SnapshotSerializer(serializers.ModelSerializer):
    """``run_date``: of the last night that went through before. ``fields_told``: the keys of the fields that
    it tells; ``sha256`` is of its sections."""

    author = serializers.CharField(source="author_name", read_only=True)
    run_date = serializers.DateField(read_only=True, allow_null=True)
    fields_told = serializers.ListField(child=serializers.CharField(), source="fields", read_only=True)

    class Meta:
        model = Snapshot
        fields: tuple[str, ...] = (
            *("number", "title", "language", "audience", "author", "published_at", "data_month"),
            *("run_date", "fields_told", "sha256"),
        )
        read_only_fields = fields


class SnapshotDetailSerializer(SnapshotSerializer):
    """With ``sections``, each of blocks: text, key figures, tables and charts, figures with the text that
    people read."""

    sections = serializers.SerializerMethodField()

    class Meta(SnapshotSerializer.Meta):
        fields = (*SnapshotSerializer.Meta.fields, "sections")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_sections(self, row: Snapshot) -> Any:
        return row.sections


class PublishingSerializer(serializers.Serializer):
    """``number`` of the version, or none while a worker makes it: ``done`` of ``total`` products are read, or
    ``failed`` with the reason."""

    number = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=["done", "waiting", "failed"])
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    message = serializers.CharField()


class ReportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Your reports, and those of others of which you may read something that was published."""

    rights = {"GET": VIEW, "POST": EDIT}
    permission_classes = [HasRight]
    pagination_class = Pagination
    filterset_class = ReportFilters
    serializer_class = ReportSerializer
    lookup_value_regex = "[0-9]+"
    queryset = Report.objects.none()

    def get_queryset(self) -> QuerySet[Report]:
        return reports_visible(self.request.user)

    @extend_schema(responses=SnapshotSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def snapshots(self, request: Request, pk: str) -> Response:
        """What was published of it and you may read, newest first."""
        found = snapshots_visible(request.user).filter(report=self.get_object()).defer("sections")
        page = self.paginate_queryset(found)
        return self.get_paginated_response(SnapshotSerializer(page, many=True).data)

    @extend_schema(
        responses=SnapshotDetailSerializer,
        parameters=[OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)],
    )
    @action(detail=True, url_path="snapshots/(?P<number>[0-9]+)", filterset_class=None, pagination_class=None)
    def snapshot(self, request: Request, pk: str, number: str) -> Response:
        """A version with its figures, as they were frozen."""
        found = get_object_or_404(snapshots_visible(request.user), report=pk, number=number)
        return Response(SnapshotDetailSerializer(found).data)

    @extend_schema(
        request=None,
        responses={201: PublishingSerializer, 202: PublishingSerializer},
        parameters=[
            OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, required=False)
        ],
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def publish(self, request: Request, pk: str) -> Response:
        """Freeze your report as its next version. Of a long one a worker makes it (202): ask again with the
        same ``Idempotency-Key`` how far it is."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)
        report = self.get_object()

        def act() -> dict[str, int]:
            made = report_publish_start(user=request.user, report=report)
            return {"number": made.number} if isinstance(made, Snapshot) else {"job": made.pk}

        answer = once(request.user, "report_api", request.headers.get("Idempotency-Key", ""), act)
        said = {"number": answer.get("number"), "state": "done", "done": 0, "total": 0, "message": ""}
        job = publish_job(report) if "job" in answer else None
        if job is not None and job.pk == answer["job"]:
            said |= {"done": job.progress_done, "total": job.progress_total}
            said |= {
                "number": (job.result or {}).get("number"),
                "message": job.error_params.get("message", ""),
            }
            said["state"] = {"done": "done", "failed": "failed"}.get(job.state, "waiting")
        return Response(PublishingSerializer(said).data, status=201 if said["number"] else 202)


router = routers.SimpleRouter()
router.register("reports", ReportViewSet, "report")
