"""Imports by API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import include, path
from rest_framework.test import APIClient

from exchange.api import router
from exchange.forms import DATE_ORDERS, DECIMALS, ENCODINGS, SEPARATORS
from exchange.models import Import, Layout
from exchange.services import imports
from tests.factories import user_factory

from .conftest import PLAIN
from .fake import facts

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
urlpatterns = [path("api/v1/", include(router.urls))]


@pytest.fixture
def user(fake: Any) -> Any:
    return user_factory()


@pytest.fixture
def api(user: Any) -> APIClient:
    return client_of(user)


def client_of(user: Any) -> APIClient:
    client = APIClient(headers={"Accept-Language": "en"})
    client.force_authenticate(user)
    return client


def upload(client: APIClient, content: str = PLAIN, key: str = "", **data: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    file = SimpleUploadedFile("figures.csv", content.encode())
    return client.post("/api/v1/imports/", {"file": file, **data}, format="multipart", headers=headers)


def test_a_file_comes_in_and_goes_out(api: APIClient, work: Any) -> None:
    answer = upload(api, options='{"meaning": "net"}')
    assert (answer.status_code, answer.data["state"]) == (202, "checking")
    url = f"/api/v1/imports/{answer.data['id']}/"
    work()
    found = api.get(url).data
    assert (found["state"], found["counts"]["new"], found["totals"]["units"]) == ("ready", 2, "22.0000")
    assert api.post(f"{url}apply/").data["state"] == "applying"
    work()
    assert api.get(url).data["state"] == "applied"
    assert len(facts()) == 2
    assert api.post(f"{url}undo/").status_code == 202
    work()
    assert (api.get(url).data["state"], facts()) == ("undone", [])
    assert api.get("/api/v1/imports/?state=undone").data["count"] == 1
    assert api.get("/api/v1/imports/?state=applied").data["count"] == 0
    for wrong in ("imports/?stat=applied", "imports/?state=none", "layouts/?name=x"):
        assert api.get(f"/api/v1/{wrong}").status_code == 400, wrong
    assert api.get("/api/v1/layouts/?sheet=sales").status_code == 200


def test_a_remembered_layout_by_name_applies_by_itself(api: APIClient, work: Any) -> None:
    upload(api, options='{"meaning": "gross"}', apply=True)
    work()
    answer = upload(api, PLAIN.replace(",10,", ",11,"), layout="figures", apply=True)
    work()
    row = Import.objects.get(pk=answer.data["id"])
    assert (row.state, row.counts["changed"]) == ("applied", 1)
    assert row.reading["options"]["meaning"] == "gross"


TWO_WAYS = "month,sku,channel,units,revenue\n2026-03,A,North,1.234,5\n"


def test_what_a_file_told_of_itself_is_not_remembered_for_one_that_can_be_read_two_ways(
    api: APIClient, work: Any
) -> None:
    upload(api, PLAIN.replace("100.50", "1234.5"), options='{"meaning": "net"}', apply=True)
    work()
    answer = upload(api, TWO_WAYS, apply=True)
    work()
    row = Import.objects.get(pk=answer.data["id"])
    assert (row.state, [question["code"] for question in row.questions]) == ("asking", ["decimal"])


def test_what_a_person_said_is_remembered_until_a_file_contradicts_it(api: APIClient, work: Any) -> None:
    def questions(content: str, **options: str) -> list[str]:
        answer = upload(api, content, options=json.dumps({"meaning": "net", **options}), apply=True)
        work()
        return [question["code"] for question in Import.objects.get(pk=answer.data["id"]).questions]

    assert questions(TWO_WAYS, decimal=",") == []
    assert facts()[0][3] == 1234
    assert questions(TWO_WAYS) == []
    assert questions(PLAIN.replace("100.50", "1234.5")) == []
    assert questions(TWO_WAYS) == ["decimal"], "the last file wrote its figures another way"


def test_a_default_that_nobody_was_asked_about_is_no_answer_for_the_next_file(
    api: APIClient, work: Any, tmp_path: Any
) -> None:
    path = tmp_path / "figures.csv"
    path.write_text(PLAIN)
    call_command("import_data", "fake", str(path))  # nobody is asked in the shell: the default counts
    assert Layout.objects.get().options == {}
    answer = upload(api, PLAIN.replace(",10,", ",11,"), apply=True)
    work()
    row = Import.objects.get(pk=answer.data["id"])
    assert (row.state, row.questions) == ("asking", [{"code": "option", "name": "meaning"}])


def test_what_must_be_asked_waits(api: APIClient, work: Any) -> None:
    answer = upload(api, apply=True)
    work()
    found = api.get(f"/api/v1/imports/{answer.data['id']}/").data
    assert (found["state"], found["questions"]) == ("asking", [{"code": "option", "name": "meaning"}])
    assert facts() == []


def test_refused_rows_are_listed_and_stop_it(api: APIClient, work: Any) -> None:
    answer = upload(api, PLAIN + "2026-03,A,North,x,1\n", options='{"meaning": "net"}', apply=True)
    work()
    url = f"/api/v1/imports/{answer.data['id']}/"
    found = api.get(url).data
    assert found["state"] == "ready"
    assert dict(found["refusals"][0]) == {
        "line": 4,
        "column": "units",
        "value": "x",
        "code": "number_unreadable",
        "params": {},
        "reason": "not a number",
    }
    refused = api.post(f"{url}apply/")
    assert (refused.status_code, refused.data["code"]) == (409, "rows_refused")
    work()
    assert facts() == []
    assert api.post(f"{url}apply/", {"leave_out_refused": True}, format="json").status_code == 202
    work()
    assert len(facts()) == 2


def test_whatever_a_worker_is_asked_counts_among_two_at_once(api: APIClient, work: Any, user: Any) -> None:
    done = upload(api, options='{"meaning": "net"}', apply=True).data["id"]
    work()
    waiting = upload(api, options='{"meaning": "net"}').data["id"]
    work()
    for _ in range(2):
        assert upload(api).status_code == 202
    for pk, action in ((waiting, "answer"), (waiting, "apply"), (done, "undo")):
        refused = api.post(f"/api/v1/imports/{pk}/{action}/", {}, format="json")
        assert (refused.status_code, refused.data["code"]) == (429, "too_many_running"), action
    states = Import.objects.filter(pk__in=(done, waiting)).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["applied", "ready"]


def test_the_same_key_uploads_once(api: APIClient) -> None:
    first, second = upload(api, key="one"), upload(api, key="one")
    assert first.data == second.data
    assert Import.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"sheet": "nothing"}, 400),
        ({"layout": "nothing"}, 400),
        ({"options": "{"}, 400),
        ({"options": '{"surprise": 1}'}, 400),
        ({"options": '{"header_line": 0}'}, 400),
        ({"options": '{"header_line": "third"}'}, 400),
        ({"options": '{"header_line": 61}'}, 400),
        ({"options": f'{{"header_line": "{"1" * 5000}"}}'}, 400),
        ({"options": '{"encoding": "latin-9"}'}, 400),
        ({"options": '{"encoding": ["utf-8"]}'}, 400),
        ({"options": '{"separator": ";;"}'}, 400),
        ({"options": '{"separator": "\'"}'}, 400),
        ({"options": '{"decimal": 1}'}, 400),
        ({"options": '{"date_order": "ymd"}'}, 400),
        ({"options": '{"create_missing": "false"}'}, 400),
        ({"options": '{"leave_out_refused": 1}'}, 400),
        ({"options": '{"sheet_name": 1}'}, 400),
        ({"options": f'{{"correction": "{"x" * 401}"}}'}, 400),
        ({"surprise": "1"}, 400),
    ],
)
def test_what_is_not_known_is_refused(data: dict[str, str], status: int, api: APIClient) -> None:
    assert upload(api, **data).status_code == status
    assert not Import.objects.exists()


def test_what_a_page_offers_of_reading_is_what_can_be_said() -> None:
    offered = {"encoding": ENCODINGS, "separator": SEPARATORS, "decimal": DECIMALS, "date_order": DATE_ORDERS}
    for name, choices in imports.CHOICES.items():
        assert {key for key, _label in offered[name]} == {"", *choices}, name


def test_rights(api: APIClient, start: Any, user: Any, work: Any) -> None:
    row = start(user)
    work()
    url = f"/api/v1/imports/{row.pk}/"
    assert APIClient().get(url).status_code == 401
    assert client_of(user_factory("viewer")).get(url).status_code == 403
    assert upload(client_of(user_factory("viewer"))).status_code == 403
    marketing = client_of(user_factory("marketing"))
    assert marketing.get(url).status_code == 200
    assert marketing.post(f"{url}undo/").status_code == 403
    no_api = client_of(user_factory(rights=["exchange.import", "products.view"]))
    assert no_api.get(url).status_code == 403


@pytest.mark.parametrize("missing", [6, 20, 60])
def test_an_upload_that_broke_off_is_not_taken(missing: int, api: APIClient) -> None:
    body = (
        b"--xx\r\nContent-Disposition: form-data; name=file; filename=f.csv\r\n\r\n"
        + PLAIN.encode()
        + b"\r\n--xx--\r\n"
    )
    answer = api.generic(
        "POST", "/api/v1/imports/", body[:-missing], content_type="multipart/form-data; boundary=xx"
    )
    assert answer.status_code == 400
    assert not Import.objects.exists()
    whole = api.generic("POST", "/api/v1/imports/", body, content_type="multipart/form-data; boundary=xx")
    assert whole.status_code == 202


def test_what_is_asked_can_be_answered_and_what_is_not_wanted_given_up(api: APIClient, work: Any) -> None:
    first, other = (upload(api).data["id"] for _ in range(2))
    work()
    url = f"/api/v1/imports/{first}/"
    assert api.get(url).data["state"] == "asking"
    assert api.post(f"{url}answer/", {"options": {"nonsense": 1}}, format="json").status_code == 400
    assert api.post(f"{url}answer/", {"options": {"meaning": "net"}}, format="json").status_code == 202
    work()
    assert (api.get(url).data["state"], api.get(url).data["questions"]) == ("ready", [])
    assert api.post(f"{url}answer/", {"columns": {"channel": 3, "sku": []}}, format="json").status_code == 400
    assert api.post(f"{url}answer/", {"columns": {"channel": ""}}, format="json").status_code == 202
    work()
    assert Import.objects.get(pk=first).mapping == {"columns": {"channel": ""}}
    answer = api.post(f"/api/v1/imports/{other}/discard/")
    assert (answer.status_code, answer.data["state"]) == (200, "discarded")
    assert api.post(f"/api/v1/imports/{other}/answer/", {}, format="json").status_code == 409
    assert facts() == []
