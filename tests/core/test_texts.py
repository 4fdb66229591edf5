"""What no text of the database can hold is found wherever it is; what is too deep to be read is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.serializers import ValidationError

from core.texts import holds_nul
from exchange.api import UploadSerializer
from tests.factories import client_of, user_factory


def nested(said: Any, depth: int) -> Any:
    for _ in range(depth):
        said = [said]
    return said


def test_it_is_found_however_deep_it_is() -> None:
    assert holds_nul(nested("\0", 2000))
    assert holds_nul({"a": [1, {"\0": None}]})
    assert not holds_nul({"a": [1, None, ("b", 0.5)], "c": nested("0", 2000)})


@pytest.mark.django_db
@pytest.mark.parametrize("depth", [500, 200_000])
def test_what_is_nested_deeply_is_no_error_of_ours(depth: int) -> None:
    body = '{"note": ' + "[" * depth + "]" * depth + "}"
    said = {"data": body, "content_type": "application/json"}
    answer = client_of(user_factory("finance")).post("/api/v1/months/2026-10/close/", **said)
    assert answer.status_code == 400
    with pytest.raises(ValidationError):
        UploadSerializer().validate_options("[" * depth + "]" * depth)


@pytest.mark.django_db
def test_a_form_is_read_once_it_comes_from_our_own_page() -> None:
    """Of who has no page of ours open nothing is read."""
    said = {"login": "somebody\0", "password": "x"}
    assert Client(enforce_csrf_checks=True).post("/account/login/", said).status_code == 403
    assert Client().post("/account/login/", said).status_code == 400
