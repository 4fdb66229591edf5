"""Imports by API: upload with a remembered layout, look, answer, apply, undo; and the layouts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import django_filters
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.utils.encoders import JSONEncoder

from core.api import HasRight, Pagination, StrictModelSerializer, StrictSerializer
from core.errors import require
from core.idempotency import once
from core.texts import holds_nul

from .layout_words import layout_options
from .messages import in_words
from .models import Import, ImportCreation, ImportRefusal, Layout
from .selectors import import_get, imports_visible, layouts_visible
from .services import imports
from .services.layouts import layout_rename, layout_retire
from .sheets import sheets

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key twice does it once and gives the same answer.",
)


class RefusalSerializer(serializers.ModelSerializer):
    """One refused cell: line and column as in the file."""

    reason = serializers.SerializerMethodField()

    class Meta:
        model = ImportRefusal
        fields = ["line", "column", "value", "code", "params", "reason"]

    def get_reason(self, refusal: ImportRefusal) -> str:
        sheet = self.context.get("sheet")
        values = {"value": refusal.value, **refusal.params}
        return in_words(refusal.code, values, sheet.reasons if sheet else None)


class CreationSerializer(serializers.ModelSerializer):
    """Something the file names that is made on the way: its kind (``products``, ``lines``…), code and name,
    and of a product the line it comes in."""

    class Meta:
        model = ImportCreation
        fields = ["kind", "code", "name", "under"]
        read_only_fields = fields


class ImportSerializer(serializers.ModelSerializer):
    """An import with its counts; ``questions`` stand while a person must answer something."""

    created_by = serializers.EmailField(source="created_by.email", default=None)
    applied_by = serializers.EmailField(source="applied_by.email", default=None)
    layout = serializers.CharField(source="layout.name", default=None)
    error = serializers.SerializerMethodField()

    class Meta:
        model = Import
        fields = [
            "id",
            "sheet",
            "layout",
            "source",
            "file_name",
            "file_size",
            "sha256",
            "state",
            "counts",
            "totals",
            "months_from",
            "months_to",
            "questions",
            "error_code",
            "error",
            "created_at",
            "created_by",
            "applied_at",
            "applied_by",
            "undone_at",
        ]
        read_only_fields = fields

    def get_error(self, row: Import) -> str:
        if not row.error_code:
            return ""
        sheet = sheets.get(row.sheet) if row.sheet in sheets else None
        return in_words(row.error_code, row.error_params, sheet.reasons if sheet else None)


class ImportDetailSerializer(ImportSerializer):
    """With the first hundred refused cells."""

    refusals = serializers.SerializerMethodField()

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "refusals"]

    def get_refusals(self, row: Import) -> list[dict[str, Any]]:
        sheet = sheets.get(row.sheet) if row.sheet in sheets else None
        found = RefusalSerializer(row.refusals.all()[:100], many=True, context={"sheet": sheet})
        return list(found.data)


class UploadSerializer(StrictSerializer):
    """A file as multipart form data."""

    file = serializers.FileField()
    sheet = serializers.CharField(required=False, default="", help_text="products, sales, budget…")
    layout = serializers.CharField(required=False, default="", help_text="the name of a remembered layout")
    options = serializers.CharField(
        required=False,
        default="{}",
        help_text='JSON: {"decimal": ",", "create_missing": true, …} and the sheet\'s own',
    )
    apply = serializers.BooleanField(
        required=False, default=False, help_text="apply by itself when nothing is refused or asked"
    )

    def validate_options(self, value: str) -> dict[str, Any]:
        try:
            options = json.loads(value)
        except ValueError as error:
            raise serializers.ValidationError(_("This is not JSON.")) from error
        except RecursionError as error:
            raise serializers.ValidationError(_("This is nested too deeply.")) from error
        if not isinstance(options, dict) or holds_nul(options):
            raise serializers.ValidationError(_("This must be an object."))
        return options


class ApplySerializer(StrictSerializer):
    leave_out_refused = serializers.BooleanField(required=False, default=False)


class AnswerSerializer(StrictSerializer):
    """What is asked or to be changed; what is left out stays."""

    sheet = serializers.CharField(required=False, default="")
    options = serializers.DictField(required=False, default=dict)
    columns = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        help_text="the file's column → the sheet's field, empty to leave it out",
    )


class ImportFilters(django_filters.FilterSet):
    class Meta:
        model = Import
        fields = ("state", "sheet")


class ImportViewSet(viewsets.GenericViewSet):
    """Files on their way in. An upload is checked by a worker: ask again until the state is not
    ``checking``."""

    rights = {"GET": "exchange.import", "POST": "exchange.import"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = ImportSerializer
    filterset_class = ImportFilters
    queryset = Import.objects.none()
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> Any:
        return imports_visible(self.request.user)

    @extend_schema(responses=ImportSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The imports, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ImportSerializer(page, many=True).data)

    @extend_schema(responses=ImportDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(ImportDetailSerializer(import_get(request.user, int(pk))).data)

    @extend_schema(
        request={"multipart/form-data": UploadSerializer}, responses={202: ImportSerializer}, parameters=[KEY]
    )
    def create(self, request: Request) -> Response:
        """Upload a file and have it checked."""
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        return self._once(
            request,
            "imports.create",
            lambda: imports.import_start(
                user=request.user,
                source=Import.Source.API,
                file=data["file"],
                file_name=data["file"].name,
                sheet=data["sheet"],
                layout_name=data["layout"],
                options=data["options"] | ({"apply_when_clean": True} if data["apply"] else {}),
            ),
        )

    @extend_schema(request=AnswerSerializer, responses={202: ImportSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Answer what is asked, or change how the file is read; it is then checked again."""
        form = AnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row, data = import_get(request.user, int(pk)), form.validated_data
        mapping = {}
        if "columns" in data:
            mapping["columns"] = {**(row.mapping.get("columns") or {}), **data["columns"]}
        return self._once(
            request,
            f"imports.answer:{pk}",
            lambda: imports.import_configure(
                row=row, user=request.user, options=data["options"], mapping=mapping, sheet=data["sheet"]
            ),
        )

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """Give up what was not applied; its file goes."""
        row = import_get(request.user, int(pk))
        return Response(ImportSerializer(imports.import_discard(row=row, user=request.user)).data)

    @extend_schema(responses=CreationSerializer(many=True))
    @action(detail=True, methods=["get"])
    def creations(self, request: Request, pk: str) -> Response:
        """Everything that applying makes, or made, on the way; `counts.creates` says how many."""
        page = self.paginate_queryset(import_get(request.user, int(pk)).creations.all())
        return self.get_paginated_response(CreationSerializer(page, many=True).data)

    @extend_schema(request=ApplySerializer, responses={202: ImportSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        """Write it. Asked again it changes nothing more."""
        form = ApplySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = import_get(request.user, int(pk))
        leave_out = form.validated_data["leave_out_refused"]
        return self._once(
            request,
            f"imports.apply:{pk}",
            lambda: imports.import_apply(row=row, user=request.user, leave_out_refused=leave_out),
        )

    @extend_schema(request=None, responses={202: ImportSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"], rights={"POST": "exchange.undo"})
    def undo(self, request: Request, pk: str) -> Response:
        """Put back what was there; the newest import of its kind goes first."""
        row = import_get(request.user, int(pk))
        return self._once(
            request, f"imports.undo:{pk}", lambda: imports.import_undo(row=row, user=request.user)
        )

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Stop checking, applying or undoing it; nothing of that is written."""
        row = import_get(request.user, int(pk))
        if row.state == Import.State.UNDOING:
            require(request.user, "exchange.undo")
        return Response(ImportSerializer(imports.import_stop(row=row, user=request.user)).data)

    def _once(self, request: Request, scope: str, act: Callable[[], Import]) -> Response:
        """Under an ``Idempotency-Key`` the first answer is kept and given again."""
        key = request.headers.get("Idempotency-Key", "")
        answer = once(request.user, scope, key, lambda: _plain(ImportSerializer(act()).data))
        return Response(answer, status=status.HTTP_202_ACCEPTED)


def _plain(data: Any) -> Any:
    """As JSON knows it, so that the kept answer equals the first one."""
    return json.loads(json.dumps(data, cls=JSONEncoder))


class LayoutSerializer(StrictModelSerializer):
    """How files with these columns are read. ``columns``: the file's column → the sheet's field, empty where
    it is left out. A change of the name says which ``version`` it was made from."""

    columns = serializers.SerializerMethodField()
    options = serializers.SerializerMethodField()
    used_at = serializers.DateTimeField(read_only=True, help_text="when a file was last read by it")
    used = serializers.IntegerField(read_only=True, help_text="how many files were")
    updated_by = serializers.EmailField(source="updated_by.email", default=None, read_only=True)

    class Meta:
        model = Layout
        fields = (
            *("id", "sheet", "name", "columns", "options", "used", "used_at"),
            *("updated_at", "updated_by", "version"),
        )
        read_only_fields = ("sheet", "updated_at", "version")
        validators = ()

    def get_columns(self, row: Layout) -> dict[str, str]:
        return dict(row.mapping.get("columns") or {})

    def get_options(self, row: Layout) -> dict[str, Any]:
        return layout_options(row, self.context["request"].user)


class LayoutNameSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80)
    version = serializers.IntegerField(min_value=1)


class LayoutViewSet(viewsets.GenericViewSet):
    """File layouts, remembered from the last file that came in with these columns."""

    rights = {"GET": "exchange.import", "PATCH": "exchange.import", "DELETE": "exchange.import"}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = LayoutSerializer
    filterset_fields = ("sheet",)
    queryset = Layout.objects.none()
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> Any:
        return layouts_visible(self.request.user).filter(retired_at=None)

    def get_object(self) -> Layout:
        row: Layout | None = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise Http404(self.kwargs["pk"])
        return row

    @extend_schema(responses=LayoutSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The layouts, by name."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()).order_by("name", "pk"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses=LayoutSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=LayoutNameSerializer, responses=LayoutSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Another name. Made from an old version: 409, with your name and theirs."""
        form = LayoutNameSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        layout_rename(user=request.user, layout=self.get_object(), **form.validated_data)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """The next such file is asked about as a new one; what came in stays."""
        layout_retire(user=request.user, layout=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


router = SimpleRouter()
router.register("layouts", LayoutViewSet, "layout")
router.register("imports", ImportViewSet, "import")
