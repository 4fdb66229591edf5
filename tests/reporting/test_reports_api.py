"""The API of reports: a version as data, and publishing once."""

from __future__ import annotations

from typing import Any

import pytest

from core.jobs import job_claim, job_run
from core.reports.blocks import sections_from_json
from reporting.models import Report, Snapshot
from reporting.selectors import reports as selectors
from reporting.services.reports import Part, report_create
from tests.factories import product_factory, user_factory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def report() -> Report:
    author = user_factory("product-manager", name="Sanne")
    values = {"title": "Month", "language": "en", "audience": "internal", "products": [product_factory()]}
    return report_create(user=author, values=values, parts=[Part("words", "Our words.")])


def test_a_report_is_published_once_a_key_and_read_as_data(report: Report, client: Any) -> None:
    client.force_login(report.author)
    root = f"/api/v1/reports/{report.pk}/"
    answers = [client.post(f"{root}publish/", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [(answer.status_code, answer.json()["number"]) for answer in answers] == [(201, 1)] * 2
    assert Snapshot.objects.count() == 1
    [listed] = client.get("/api/v1/reports/?audience=internal").json()["results"]
    assert (listed["author"], listed["mine"], listed["snapshots"]) == ("Sanne", True, 1)
    [version] = client.get(f"{root}snapshots/").json()["results"]
    assert "sections" not in version
    sections = client.get(f"{root}snapshots/1/").json()["sections"]
    assert sections_from_json(sections)[0].blocks[0].markdown == "Our words."
    assert client.get("/api/v1/reports/?title=Month").status_code == 400


def test_who_goes_back_to_the_page_and_writes_on_publishes_the_next_version(
    report: Report, client: Any
) -> None:
    client.force_login(report.author)
    address, said = f"/reports/{report.pk}/act/publish/", {"nonce": "of the page"}
    first, again = (client.post(address, said).url for _twice in range(2))
    report.parts.update(comment="Better words.")
    assert first == again != client.post(address, said).url
    assert Snapshot.objects.count() == 2


def test_a_long_one_says_how_far_it_is(report: Report, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "AT_ONCE", 0)
    client.force_login(report.author)

    def ask() -> Any:
        return client.post(f"/api/v1/reports/{report.pk}/publish/", headers={"Idempotency-Key": "k"})

    assert (ask().status_code, ask().json()["state"]) == (202, "waiting")
    job = job_claim("exports")
    assert job is not None
    job_run(job)
    assert (ask().status_code, ask().json()["number"]) == (201, 1)


def test_only_its_author_publishes(report: Report, client: Any) -> None:
    report_publish = f"/api/v1/reports/{report.pk}/publish/"
    client.force_login(report.author)
    client.post(report_publish)
    client.force_login(user_factory("product-manager"))
    refused = client.post(report_publish)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_author")
    assert Snapshot.objects.count() == 1
