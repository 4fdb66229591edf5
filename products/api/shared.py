"""What the endpoints of this room share: rows by their code, versions, filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Lower
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.selectors.people import people_active
from core.api import HasRight, Pagination, conflict_shown
from core.months import month_add, parse_month_start
from core.search import folded, with_words
from products.models import Measure, Product
from products.selectors.access import FLOOR_RIGHT, visible_channel_ids, visible_line_ids
from products.selectors.lines import line_tree
from products.selectors.product_filter import channels_below


class CodeField(serializers.CharField):
    """A row by its code, in whatever case; ``find(user)`` are the rows there are for the person."""

    def __init__(self, find: Callable[[Any], QuerySet[Any]], **options: Any) -> None:
        self.find = find
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        code = super().to_internal_value(data)
        row = self.find(self.context["request"].user).filter(code__iexact=code).first()
        if row is None:
            raise serializers.ValidationError(_("There is no “%(code)s”.") % {"code": code})
        return row

    def to_representation(self, value: Any) -> Any:
        return value.code


class LineAboveField(CodeField):
    """The line above, for those who may see it."""

    def to_representation(self, value: Any) -> Any:
        seen = visible_line_ids(self.context["request"].user)
        return value.code if seen is None or value.pk in seen else None


class ChannelAboveField(CodeField):
    """The channel above, for those who may see it."""

    def to_representation(self, value: Any) -> Any:
        seen = visible_channel_ids(self.context["request"].user)
        return value.code if seen is None or value.pk in seen else None


class PersonField(serializers.CharField):
    """A person by e-mail address."""

    def to_internal_value(self, data: Any) -> Any:
        email = super().to_internal_value(data)
        person = people_active().filter(email=email.lower()).first()
        if person is None:
            raise serializers.ValidationError(_("There is nobody “%(email)s”.") % {"email": email})
        return person

    def to_representation(self, value: Any) -> Any:
        return value.email


class VersionedMixin(serializers.Serializer):
    """A change says with ``version`` what it was made from, so that nobody's work vanishes."""

    version = serializers.IntegerField(
        required=False, min_value=1, help_text="Needed for a change: the version it was made from."
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            data.pop("version", None)
        elif "version" not in data:
            raise serializers.ValidationError(
                {"version": [_("Say which version your change was made from.")]}
            )
        return data


class FloorField(serializers.DecimalField):
    """The margin floor that holds."""

    def __init__(self) -> None:
        super().__init__(6, 4, allow_null=True, required=False, help_text="only with the right to see costs")


class FloorMixin(serializers.Serializer):
    """``floor_rate`` is there only for who may see costs, to read and to write."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        if user is not None and not user.has_perm(FLOOR_RIGHT):
            del fields["floor_rate"]
        return fields


class CodedViewSet(viewsets.GenericViewSet):
    """Rows that go by their code: list, one. ``get_queryset`` is what the person may see."""

    permission_classes = [HasRight]
    pagination_class = Pagination
    lookup_field = "code"
    lookup_value_converter = "product_code"

    def get_object(self) -> Any:
        """By its code in whatever case, or 404; filters are for lists."""
        row = self.get_queryset().filter(code__iexact=self.kwargs["code"]).first()
        if row is None:
            raise Http404(self.kwargs["code"])
        return row

    def context_of(self, rows: Sequence[Any]) -> dict[str, Any]:
        """What the serializer needs to know about these rows together, in few queries."""
        return {}

    def shown(self, rows: Sequence[Any]) -> list[Any]:
        """The rows as the API writes them."""
        context = self.get_serializer_context() | self.context_of(rows)
        return self.get_serializer_class()(rows, many=True, context=context).data

    def list(self, request: Request) -> Response:
        """The ones you may see, page by page."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.shown(page))

    def retrieve(self, request: Request, code: str) -> Response:
        """One, by its code."""
        return Response(self.shown([self.get_object()])[0])


class WritableViewSet(CodedViewSet):
    """With create and change; ``row_create`` and ``row_update`` call the room's services."""

    def row_create(self, **values: Any) -> Any:
        raise NotImplementedError

    def row_update(self, row: Any, version: int, **values: Any) -> Any:
        raise NotImplementedError

    def create(self, request: Request) -> Response:
        """A new one."""
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = self.row_create(**form.validated_data)
        return Response(self._afresh(row), status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, code: str) -> Response:
        """Change what is given. Made from an old version: 409, with your values and theirs."""
        row = self.get_object()
        form = self.get_serializer(row, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        with conflict_shown(form):
            row = self.row_update(row, **form.validated_data)
        return Response(self._afresh(row))

    def _afresh(self, row: Any) -> Any:
        return self.shown([self.get_queryset().get(pk=row.pk)])[0]


class DeletableMixin:
    """With delete, of what nothing hangs on."""

    def row_delete(self, row: Any) -> None:
        raise NotImplementedError

    def destroy(self, request: Request, code: str) -> Response:
        """Only what nothing hangs on can go; otherwise 409."""
        self.row_delete(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SearchFilter(django_filters.CharFilter):
    """Code or name holds every word, without capitals and accents."""

    def __init__(self) -> None:
        super().__init__(label="words in code or name")

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return with_words(rows, folded("code", "name"), value or "")


class Ordering(django_filters.OrderingFilter):
    """By these fields, ``-`` in front for the other way; text without capitals, missing last."""

    texts = ("code", "name")

    def filter(self, rows: QuerySet[Any], value: Sequence[str]) -> QuerySet[Any]:
        if not value:
            return rows
        return rows.order_by(*(self._expression(name) for name in value), "pk")

    def _expression(self, name: str) -> OrderBy:
        field = name.removeprefix("-")
        expression = Lower(field) if field in self.texts else F(field)
        return OrderBy(expression, descending=name.startswith("-"), nulls_last=True)


class MonthField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        try:
            return parse_month_start(text) if text else None
        except ValueError:
            raise forms.ValidationError(_("A month is written as YYYY-MM.")) from None


@extend_schema_field(OpenApiTypes.STR)
class MonthFilter(django_filters.Filter):
    """A month as ``YYYY-MM``: this one, or from its first day on (``gte``), or until its last (``lt``)."""

    field_class = MonthField

    def filter(self, rows: QuerySet[Any], month: Any) -> QuerySet[Any]:
        if not month:
            return rows
        day = month_add(month, 1) if self.lookup_expr == "lt" else month
        return rows.filter(**{f"{self.field_name}__{self.lookup_expr}": day})


class ProductFilter(django_filters.CharFilter):
    """Rows of one product, by its code."""

    def __init__(self) -> None:
        super().__init__("product", label="code of a product")

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        # Looked up beforehand: with the key itself the database knows how few rows it will find.
        return rows.filter(product__in=_keys(Product, value)) if value else rows


class LineFilter(django_filters.CharFilter):
    """Rows of one line and those below it, by its code; ``paths`` lead from a row to its line."""

    def __init__(self, *paths: str) -> None:
        super().__init__(label="code of a line, with those below it")
        self.paths = paths or ("product__line",)

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        tree = line_tree()
        found = [pk for pk, line in tree.lines.items() if line.code.casefold() == value.casefold()]
        below = tree.descendants(found[0]) if found else set()
        return rows.filter(reduce(or_, (Q(**{f"{path}__in": below}) for path in self.paths)))


class MeasureFilter(django_filters.CharFilter):
    """Rows in one measure, by its code."""

    def __init__(self) -> None:
        super().__init__("measure", label="code of a measure")

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(measure__in=_keys(Measure, value)) if value else rows


class ChannelFilter(django_filters.CharFilter):
    """Rows of one channel and those below it, by its code."""

    def __init__(self) -> None:
        super().__init__("channel", label="code of a channel, with those below it")

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(channel__in=channels_below(value)) if value else rows


def _keys(model: Any, code: str) -> list[int]:
    return list(model.objects.order_by().filter(code__iexact=code).values_list("pk", flat=True))
