"""REST API: alerts and action items."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.selectors.people import people_active
from collaboration.kinds import alert_kinds
from collaboration.models import ActionItem, Alert
from collaboration.selectors.actions import action_get, actions_visible
from collaboration.selectors.alerts import DEAL, alert_get, alerts_mine, alerts_visible
from collaboration.services.actions import action_create, action_delete, action_set_done, action_update
from collaboration.services.alerts import REASON_LENGTH, alert_close, alert_reopen, alert_snooze
from core.api import HasRight, Pagination, StrictSerializer, conflict_shown
from products.selectors.access import product_get


class AlertFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    state = django_filters.ChoiceFilter(choices=Alert.State.choices, label="state")
    kind = django_filters.CharFilter("kind", label="kind of alert")
    mine = django_filters.BooleanFilter(method="only_mine", label="only what is mine to deal with")

    class Meta:
        model = Alert
        fields = ("product", "state", "kind", "mine", "raised_date")

    def only_mine(self, rows: QuerySet[Alert], _name: str, value: bool) -> QuerySet[Alert]:
        return rows.filter(pk__in=alerts_mine(self.request.user).values("pk")) if value else rows


class AlertSerializer(serializers.ModelSerializer):
    """``text`` is the sentence in the caller's language; ``stake_amount`` in the organisation's currency."""

    product = serializers.CharField(source="product.code", default=None, read_only=True)
    line = serializers.CharField(source="line.code", default=None, read_only=True)
    recipient = serializers.EmailField(source="recipient.email", default=None, read_only=True)
    closed_by = serializers.EmailField(source="closed_by.email", default=None, read_only=True)
    headline = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = (
            *("id", "kind", "product", "line", "recipient", "headline", "text", "stake_amount"),
            *("state", "raised_at", "raised_date", "snoozed_until", "closed_at", "closed_by", "reason"),
            "version",
        )
        read_only_fields = fields

    def get_headline(self, alert: Alert) -> str:
        return alert_kinds.get(alert.kind).words(alert).headline

    def get_text(self, alert: Alert) -> str:
        return alert_kinds.get(alert.kind).words(alert).plain


class AlertSnoozeSerializer(StrictSerializer):
    version = serializers.IntegerField()
    until = serializers.DateField()


class AlertCloseSerializer(StrictSerializer):
    version = serializers.IntegerField()
    reason = serializers.CharField(max_length=REASON_LENGTH)


class AlertReopenSerializer(StrictSerializer):
    version = serializers.IntegerField()


class AlertViewSet(viewsets.ReadOnlyModelViewSet):
    """Alerts one may see, the most money at stake first. ``?mine=true&state=open``: what waits for the
    caller, without what was put off, also where its day has come since the last night."""

    rights = {"GET": "collaboration.view", "POST": DEAL}
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = AlertSerializer
    filterset_class = AlertFilters
    queryset = Alert.objects.none()

    def get_queryset(self) -> QuerySet[Alert]:
        rows = alerts_visible(self.request.user).order_by("-stake_amount", "-pk")
        return rows.select_related("product", "line", "recipient", "closed_by")

    @extend_schema(request=AlertSnoozeSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str | None = None) -> Response:
        """Out of sight until a day."""
        alert, data = self._asked(request, AlertSnoozeSerializer)
        alert_snooze(alert_id=alert.pk, **data)
        return self._answer(request, alert)

    @extend_schema(request=AlertCloseSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str | None = None) -> Response:
        """Dealt with, and why."""
        alert, data = self._asked(request, AlertCloseSerializer)
        alert_close(alert_id=alert.pk, user=request.user, **data)
        return self._answer(request, alert)

    @extend_schema(request=AlertReopenSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str | None = None) -> Response:
        """Undo of snoozing and closing."""
        alert, data = self._asked(request, AlertReopenSerializer)
        alert_reopen(alert_id=alert.pk, **data)
        return self._answer(request, alert)

    def _asked(self, request: Request, serializer: type[StrictSerializer]) -> tuple[Alert, dict[str, Any]]:
        alert = self.get_object()
        asked = serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return alert, dict(asked.validated_data)

    def _answer(self, request: Request, alert: Alert) -> Response:
        return Response(AlertSerializer(alert_get(request.user, alert.pk)).data)


class ActionFilters(django_filters.FilterSet):
    product = django_filters.CharFilter("product__code", lookup_expr="iexact", label="code of a product")
    owner = django_filters.CharFilter("owner__email", label="e-mail of who has it")
    done = django_filters.BooleanFilter(
        "done_at", lookup_expr="isnull", exclude=True, label="only (not) done"
    )

    class Meta:
        model = ActionItem
        fields = ("product", "owner", "done", "due_date")


class ActionSerializer(serializers.ModelSerializer):
    product = serializers.CharField(source="product.code", default=None, read_only=True)
    owner = serializers.EmailField(source="owner.email", read_only=True)
    created_by = serializers.EmailField(source="created_by.email", read_only=True)

    class Meta:
        model = ActionItem
        fields = (
            *("id", "title", "owner", "due_date", "product", "created_by", "created_at", "done_at"),
            "version",
        )
        read_only_fields = fields


@extend_schema_field(OpenApiTypes.EMAIL)
class _OwnerField(serializers.SlugRelatedField):
    def get_queryset(self) -> Any:
        return people_active()


class ActionNewSerializer(StrictSerializer):
    """``owner`` by e-mail, oneself unless told; ``product`` by code."""

    title = serializers.CharField(max_length=200)
    owner = _OwnerField("email", required=False)
    due_date = serializers.DateField(required=False, allow_null=True)
    product = serializers.CharField(max_length=60, required=False)


class ActionChangeSerializer(StrictSerializer):
    """Only what is given changes. ``done`` ticks off, and needs no version."""

    version = serializers.IntegerField(required=False)
    title = serializers.CharField(max_length=200, required=False)
    owner = _OwnerField("email", required=False)
    due_date = serializers.DateField(required=False, allow_null=True)
    done = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.keys() - {"done", "version"} and "version" not in attrs:
            raise serializers.ValidationError({"version": [self.fields["title"].error_messages["required"]]})
        return attrs


class ActionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Action items one may see, the most urgent first."""

    rights = {
        "GET": "collaboration.view",
        "POST": "collaboration.act",
        "PATCH": "collaboration.act",
        "DELETE": "collaboration.act",
    }
    permission_classes = [HasRight]
    pagination_class = Pagination
    serializer_class = ActionSerializer
    filterset_class = ActionFilters
    queryset = ActionItem.objects.none()

    def get_queryset(self) -> QuerySet[ActionItem]:
        return actions_visible(self.request.user)

    @extend_schema(request=ActionNewSerializer, responses={201: ActionSerializer})
    def create(self, request: Request) -> Response:
        """Give somebody, or oneself, something to do."""
        asked = ActionNewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        product = product_get(request.user, data["product"]) if data.get("product") else None
        item = action_create(
            user=request.user,
            title=data["title"],
            owner=data.get("owner", request.user),
            due_date=data.get("due_date"),
            target=product,
        )
        return Response(ActionSerializer(item).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ActionChangeSerializer, responses=ActionSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Change it, or tick it off."""
        item = self.get_object()
        asked = ActionChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        done, version = data.pop("done", None), data.pop("version", 0)
        if data:
            with conflict_shown(asked):
                action_update(user=request.user, action_id=item.pk, version=version, **data)
        if done is not None:
            action_set_done(user=request.user, action_id=item.pk, done=done)
        return Response(ActionSerializer(action_get(request.user, item.pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Take away what one gave."""
        action_delete(user=request.user, action_id=self.get_object().pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


router = SimpleRouter()
router.register("alerts", AlertViewSet, "alert")
router.register("action-items", ActionViewSet, "action-item")
