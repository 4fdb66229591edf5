"""REST API: what one product has around it: other codes, units, families, parts of a bundle, successors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import HasRight, Pagination, StrictModelSerializer, conflict_shown
from core.numbers import int_read
from products.models import BundlePart, FamilyMember, Product, ProductCode, Succession, UnitFactor
from products.selectors.access import families_visible, product_find, products_visible
from products.selectors.relations import Dated, Relations, relations_of
from products.services.codes import (
    product_code_add,
    product_code_remove,
    unit_factor_remove,
    unit_factor_set,
)
from products.services.relations import (
    bundle_part_set,
    family_member_set,
    succession_remove,
    succession_set,
)

from .shared import CodeField

VERSION: dict[str, Any] = {
    "version": {
        "required": False,
        "default": 0,
        "min_value": 0,
        "help_text": "Of the row you change; without: there is none yet. Else 409 with both values.",
    }
}


class OtherCodeSerializer(StrictModelSerializer):
    """Another code of the product in some source; every import may match on it."""

    class Meta:
        model = ProductCode
        fields = ("id", "source", "code")
        validators = ()


class UnitSerializer(StrictModelSerializer):
    """One unit of the product is ``factor`` of ``unit``."""

    class Meta:
        model = UnitFactor
        fields = ("id", "unit", "factor", "version")
        extra_kwargs = VERSION
        validators = ()


class DatedSerializer(StrictModelSerializer):
    """A row holds from its date until the next one of the same key; ``holds``: it does today."""

    holds = serializers.BooleanField(read_only=True)


class ProductFamilySerializer(DatedSerializer):
    """From the date the product belongs to the family; ``null``: to none."""

    family = CodeField(families_visible, allow_null=True)

    class Meta:
        model = FamilyMember
        fields = ("id", "family", "start_date", "holds", "version")
        extra_kwargs = VERSION
        validators = ()


class BundlePartSerializer(DatedSerializer):
    """From the date the bundle holds ``quantity`` of the part, which gets ``revenue_share`` (0 to 1) of its
    revenue; quantity 0 ends it."""

    part = CodeField(products_visible)

    class Meta:
        model = BundlePart
        fields = ("id", "part", "quantity", "revenue_share", "start_date", "holds", "version")
        extra_kwargs = VERSION
        validators = ()


class SuccessionSerializer(StrictModelSerializer):
    """From the date ``successor`` takes the place of ``predecessor``, with its history: ``factor`` units of
    it for one of the predecessor, which falls to zero over ``phase_out_months``. One of the two is the
    product itself and is left out when writing."""

    predecessor = CodeField(products_visible, required=False)
    successor = CodeField(products_visible, required=False)

    class Meta:
        model = Succession
        fields = ("id", "predecessor", "successor", "start_date", "factor", "phase_out_months", "version")
        extra_kwargs = VERSION
        validators = ()

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("predecessor" in data) == ("successor" in data):
            message = _("Give the predecessor or the successor, not both.")
            raise serializers.ValidationError({"successor": [message]})
        return data


def _marked(found: Iterable[Dated]) -> list[Any]:
    """The rows themselves, with whether they hold."""
    rows = []
    for dated in found:
        dated.row.holds = dated.holds
        rows.append(dated.row)
    return rows


class AroundViewSet(viewsets.GenericViewSet):
    """Rows of the product whose code is in the address: ``rows`` are the ones the person may see."""

    permission_classes = [HasRight]
    pagination_class = Pagination
    queryset = Product.objects.none()
    rights = {"GET": "products.view", "POST": "products.edit"}
    lookup_value_converter = "int"

    def rows(self, product: Product, relations: Relations) -> Sequence[Any]:
        raise NotImplementedError

    def row_add(self, product: Product, **values: Any) -> Any:
        """The row that says it now; ``None`` where there was nothing to end."""
        raise NotImplementedError

    def list(self, request: Request, code: str) -> Response:
        """All of the product that you may see."""
        self.filter_queryset(self.queryset)  # refuses a filter that does not exist
        page = self.paginate_queryset(self._rows(product_find(request.user, code)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(description="Says it already: nothing is written. 204: there was nothing to end.")
    def create(self, request: Request, code: str) -> Response:
        product = product_find(request.user, code)
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        with conflict_shown(form):
            made = self.row_add(product, **form.validated_data)
        if made is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        row = next(row for row in self._rows(product) if row.pk == made.pk)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    def _rows(self, product: Product) -> Sequence[Any]:
        return self.rows(product, relations_of(self.request.user, product))


class RemovableViewSet(AroundViewSet):
    """Rows without a date, and what was said by mistake, can go; the history keeps them."""

    rights = {**AroundViewSet.rights, "DELETE": "products.edit"}

    def row_remove(self, product: Product, pk: int, version: int | None) -> None:
        raise NotImplementedError

    @extend_schema(
        parameters=[OpenApiParameter("version", int, description="the one you saw; 409 when it was changed")]
    )
    def destroy(self, request: Request, code: str, pk: int) -> Response:
        """Take it away."""
        product = product_find(request.user, code)
        seen = request.query_params.get("version", "")
        if pk not in {row.pk for row in self._rows(product)}:
            raise Http404(pk)
        with conflict_shown(self.get_serializer()):
            self.row_remove(product, pk, int_read(seen))
        return Response(status=status.HTTP_204_NO_CONTENT)


class OtherCodeViewSet(RemovableViewSet):
    """Other codes of a product."""

    serializer_class = OtherCodeSerializer

    def rows(self, product: Product, relations: Relations) -> Sequence[ProductCode]:
        return relations.codes

    def row_add(self, product: Product, **values: Any) -> ProductCode:
        return product_code_add(user=self.request.user, product=product, **values)

    def row_remove(self, product: Product, pk: int, version: int | None) -> None:
        product_code_remove(user=self.request.user, product=product, code_id=pk)


class UnitViewSet(RemovableViewSet):
    """What one unit of a product is in other units; a factor that was there is replaced."""

    serializer_class = UnitSerializer

    def rows(self, product: Product, relations: Relations) -> Sequence[UnitFactor]:
        return relations.unit_factors

    def row_add(self, product: Product, **values: Any) -> UnitFactor:
        return unit_factor_set(user=self.request.user, product=product, **values)

    def row_remove(self, product: Product, pk: int, version: int | None) -> None:
        unit_factor_remove(user=self.request.user, product=product, factor_id=pk, version=version)


class ProductFamilyViewSet(AroundViewSet):
    """The families a product was and is in."""

    serializer_class = ProductFamilySerializer

    def rows(self, product: Product, relations: Relations) -> Sequence[FamilyMember]:
        return _marked(relations.memberships)

    def row_add(self, product: Product, **values: Any) -> FamilyMember | None:
        return family_member_set(user=self.request.user, product=product, **values)


class BundlePartViewSet(AroundViewSet):
    """The parts of a bundle."""

    serializer_class = BundlePartSerializer

    def rows(self, product: Product, relations: Relations) -> Sequence[BundlePart]:
        return _marked(relations.parts)

    def row_add(self, product: Product, **values: Any) -> BundlePart | None:
        return bundle_part_set(user=self.request.user, bundle=product, **values)


class SuccessionViewSet(RemovableViewSet):
    """What came before a product and what comes after it."""

    serializer_class = SuccessionSerializer

    def rows(self, product: Product, relations: Relations) -> Sequence[Succession]:
        for row in relations.predecessors:
            row.successor = product
        for row in relations.successors:
            row.predecessor = product
        return [*relations.predecessors, *relations.successors]

    def row_add(self, product: Product, **values: Any) -> Succession:
        both = {"predecessor": product, "successor": product} | values
        return succession_set(user=self.request.user, **both)

    def row_remove(self, product: Product, pk: int, version: int | None) -> None:
        succession_remove(user=self.request.user, product=product, succession_id=pk, version=version)
