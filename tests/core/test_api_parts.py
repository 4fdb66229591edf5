"""What every endpoint of the REST API is built from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from core.api import CursorPagination, HasRight, Pagination, PersonThrottle, StrictSerializer
from tests.factories import user_factory


class Body(StrictSerializer):
    number = serializers.IntegerField(read_only=True)
    name = serializers.CharField(required=False)
    count = serializers.IntegerField(required=False)
    rate = serializers.FloatField(required=False)
    amount = serializers.DecimalField(max_digits=18, decimal_places=2, required=False)
    done = serializers.BooleanField(required=False)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def errors(posted: str) -> dict[str, Any]:
    body = Body(data=json.loads(posted))
    body.is_valid()
    return {field: [str(said) for said in found] for field, found in body.errors.items()}


@pytest.mark.parametrize(
    "posted",
    [
        '{"name": "x", "count": 3, "rate": 0.5, "amount": "12.50", "done": true}',
        '{"rate": 1, "amount": 12}',
        "{}",
    ],
)
def test_values_of_the_right_type_pass(posted):
    assert errors(posted) == {}


@pytest.mark.parametrize(
    ("posted", "field", "said"),
    [
        ('{"nmae": "x"}', "nmae", "This field does not exist."),
        ('{"name": 3}', "name", "This must be text."),
        ('{"name": true}', "name", "This must be text."),
        ('{"count": "3"}', "count", "This must be a whole number."),
        ('{"count": true}', "count", "This must be a whole number."),
        ('{"count": 3.0}', "count", "This must be a whole number."),
        ('{"rate": "0.5"}', "rate", "This must be a number."),
        ('{"rate": 1e400}', "rate", "This is not a finite number."),
        ('{"amount": 1e400}', "amount", "This is not a finite number."),
        ('{"amount": NaN}', "amount", "This is not a finite number."),
        ('{"done": "true"}', "done", "This must be true or false."),
        ('{"done": 1}', "done", "This must be true or false."),
    ],
)
def test_anything_else_is_refused_at_its_field(posted, field, said):
    assert errors(posted) == {field: [said]}


def test_a_read_only_field_stays_as_it_is():
    body = Body(data={"number": 9, "name": "x"})
    assert body.is_valid()
    assert body.validated_data == {"name": "x"}


class Things(APIView):
    permission_classes = [HasRight]
    throttle_classes = [PersonThrottle]
    rights: Any = {"GET": "products.view", "POST": "products.edit"}

    def get(self, request):
        return Response([])

    def post(self, request):
        return Response([])

    delete = post


def ask(user: Any, method: str = "get", **view: Any) -> int:
    request = getattr(APIRequestFactory(), method)("/api/v1/things/")
    if user is not None:
        force_authenticate(request, user)
    return Things.as_view(**view)(request).status_code


@pytest.mark.django_db
class TestRights:
    def test_the_right_of_the_method_and_the_use_of_the_api(self):
        reader = user_factory(rights=["products.view", "accounts.api"])
        assert ask(reader) == 200
        assert ask(reader, "post") == 403
        assert ask(user_factory(rights=["products.view"])) == 403
        assert ask(user_factory("administrator"), "delete") == 405
        assert ask(None) == 401

    def test_a_view_without_rights_is_a_mistake(self, monkeypatch):
        monkeypatch.setattr(Things, "rights", None)
        with pytest.raises(ImproperlyConfigured, match="Things names no rights"):
            ask(user_factory())

    def test_a_person_is_held_to_so_many_requests(self, monkeypatch):
        monkeypatch.setattr(PersonThrottle, "rate", "2/min")
        anna, bo = user_factory(), user_factory()
        assert [ask(anna), ask(anna), ask(anna), ask(bo)] == [200, 200, 429, 200]

    def test_also_while_valkey_is_away(self, valkey_away, monkeypatch):
        self.test_a_person_is_held_to_so_many_requests(monkeypatch)


@pytest.mark.parametrize("pages", [Pagination, CursorPagination])
def test_a_page_has_at_most_200_rows(pages):
    asked = APIRequestFactory().get("/", {"page_size": "5000"})
    asked.query_params = asked.GET
    assert pages().get_page_size(asked) == 200
