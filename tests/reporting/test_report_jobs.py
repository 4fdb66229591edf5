"""Long reports: a worker publishes and previews them, each once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone, translation

from collaboration.models import Notification
from core.jobs import job_claim, job_run, sweep
from core.models import Heartbeat, Job
from core.organisation import today
from products.models import FamilyMember
from reporting.models import Report, Snapshot
from reporting.selectors import reports as selectors
from reporting.selectors.report_jobs import preview_fresh
from reporting.services.grants import grant_ask, grant_decide
from reporting.services.report_ends import report_end
from reporting.services.report_jobs import preview_start, report_publish_start
from reporting.services.reports import (
    Part,
    report_change,
    report_create,
    report_parts_set,
    report_publish,
)
from tests.factories import family_factory, product_factory, user_factory
from tests.html import tight

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def author() -> Any:
    return user_factory("product-manager", language="en")


@pytest.fixture
def report(author: Any, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Two products, where more than one is long."""
    monkeypatch.setattr(selectors, "AT_ONCE", 1)
    products = [product_factory(name=name) for name in ("Apple juice", "Oat drink")]
    values = {"title": "Month", "language": "en", "audience": "internal", "products": products}
    return report_create(user=author, values=values, parts=[Part("key_figures", "Our words.")])


def work() -> Job:
    job = job_claim("exports")
    while job is not None and job.kind == "reporting.snapshot_file":
        job = job_claim("exports")
    assert job is not None
    job_run(job)
    job.refresh_from_db()
    return job


def test_a_long_report_is_published_once_by_a_worker(author: Any, report: Report, client: Any) -> None:
    client.force_login(author)
    first, again = (
        client.post(f"/reports/{report.pk}/act/publish/", {"nonce": nonce}).url for nonce in ("one", "two")
    )
    assert first == again == f"/reports/{report.pk}/publishing/"
    assert "starts on it" in client.get(first).text
    job = work()
    assert (job.state, job.progress_done) == ("done", 2)
    assert Job.objects.filter(kind="reporting.publish").count() == 1
    assert Snapshot.objects.get().number == 1
    assert f"/reports/{report.pk}/1/" in client.get(first).text
    [told] = Notification.objects.filter(user=author)
    assert (told.url, told.key) == (f"/reports/{report.pk}/1/", f"publish:{job.pk}")
    assert "“Month” is published as version 1" in tight(client.get("/notifications/"))


def test_work_that_does_not_go_on_says_why(author: Any, report: Report, client: Any) -> None:
    """Behind a worker that died, without any worker, and after a try that went wrong."""
    now = timezone.now()
    client.force_login(author)
    address = client.post(f"/reports/{report.pk}/act/publish/", {"nonce": "one"}).url

    def said(**job: Any) -> str:
        Job.objects.filter(kind="reporting.publish").update(**job)
        page = tight(client.get(address))
        all_of_them = ("Nothing has been done in the background", "broke off", "tried again")
        return ", ".join(why for why in all_of_them if why in page)

    assert said() == "Nothing has been done in the background"
    beat = Heartbeat.objects.create(name="worker", beat_at=now)
    assert said() == ""
    job = job_claim("exports")
    assert job is not None
    assert said() == ""
    assert said(lease_until=now - datetime.timedelta(seconds=1)) == "broke off"
    Heartbeat.objects.update(beat_at=now - datetime.timedelta(minutes=3))
    assert said() == "Nothing has been done in the background"
    beat.save()
    sweep()
    assert said() == ""  # it waits for another worker
    assert said(error_code="crashed", attempts=1) == "tried again"
    assert work().state == "done"
    assert said() == ""


def test_a_report_that_somebody_waits_for_is_before_files(author: Any, report: Report) -> None:
    """Of the demo company alone nine files are waiting, each some seconds of work."""
    short = report_create(
        user=author,
        values={"title": "Short", "language": "en", "audience": "internal", "products": [product_factory()]},
        parts=[Part("words", "Ours.")],
    )
    report_publish(user=author, report=short)
    assert set(Job.objects.values_list("kind", flat=True)) == {"reporting.snapshot_file"}
    report_publish_start(user=author, report=report)
    job = job_claim("exports")
    assert job is not None
    assert job.kind == "reporting.publish"


def test_what_was_built_keeps_its_audience(
    author: Any, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a worker builds it for inside, its author turns it into one for outside."""
    from reporting.services import report_jobs

    def slowly(found: Report, progress: Any) -> Any:
        built = selectors.report_build(found, progress)
        values = {"audience": "external", "all_channels": True}
        report_change(user=author, report=report, values=values, version=1)
        return built

    monkeypatch.setattr(report_jobs, "report_build", slowly)
    report_publish_start(user=author, report=report)
    assert work().state == "done"
    assert Snapshot.objects.get().audience == "internal"


def test_a_worker_that_fails_says_so_and_leaves_nothing(author: Any, report: Report, client: Any) -> None:
    client.force_login(author)
    page = client.get(f"/reports/{report.pk}/")
    address = client.post(f"/reports/{report.pk}/act/publish/", {"nonce": page.context["nonce"]}).url
    report_parts_set(user=author, report=report, parts=[])
    assert (work().state, Snapshot.objects.count()) == ("failed", 0)
    assert "It says nothing yet" in client.get(address).text
    assert Notification.objects.get(user=author).url == address
    said = "“Month” could not be published: It says nothing yet: add a section"
    assert said in tight(client.get("/notifications/"))
    report_parts_set(user=author, report=report, parts=[Part("words", "Now it does.")])
    nonce = client.get(f"/reports/{report.pk}/").context["nonce"]
    client.post(f"/reports/{report.pk}/act/publish/", {"nonce": nonce})
    assert (work().state, Snapshot.objects.count()) == ("done", 1)


def test_of_a_report_that_was_ended_meanwhile_its_author_reads_why_there_is_no_version(
    author: Any, report: Report, client: Any
) -> None:
    report_publish_start(user=author, report=report)
    report_end(user=author, report=report)
    assert work().state == "failed"
    client.force_login(author)
    page = client.get(Notification.objects.get(user=author).url)
    assert page.status_code == 200
    assert "The report was ended; bring it back first." in tight(page)


def test_what_a_field_would_add_to_a_long_report_is_shown_by_a_worker(
    author: Any, report: Report, client: Any
) -> None:
    """Beside its author's own preview, which does not have the field."""
    finance = user_factory("finance", language="en")
    report_change(
        user=author, report=report, values={"audience": "external", "all_channels": True}, version=1
    )
    grant = grant_ask(user=author, report=report, field="author", reason="They call.")
    client.force_login(finance)
    address = f"/reports/grants/{grant.pk}/preview/"
    waiting = client.get(address).text
    assert f'hx-get="{address}"' in waiting
    assert "a worker makes the preview" in waiting
    assert f'href="/reports/grants/{grant.pk}/"' in waiting  # a page by itself
    assert f'href="/reports/{report.pk}/"' not in waiting
    client.force_login(author)
    client.get(f"/reports/{report.pk}/preview/")
    assert {work().state, work().state} == {"done"}
    assert "Name of the author" not in client.get(f"/reports/{report.pk}/preview/").text
    client.force_login(finance)
    assert "Name of the author" in client.get(address).text
    grant_decide(user=finance, grant=grant, approve=True)
    assert "a worker makes the preview" not in client.get(address).text  # what it tells is the same
    assert preview_fresh(report) is None


def test_a_preview_is_made_by_a_worker_and_dropped_when_the_report_changes(
    author: Any, report: Report, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(author)
    address = f"/reports/{report.pk}/preview/"
    assert "a worker makes the preview" in client.get(address).text
    assert preview_start(report=report).pk == preview_start(report=report).pk
    with translation.override("nl"):  # as a worker has it
        assert work().state == "done"
    shown = client.get(address).text
    assert "Our words." in shown
    assert "Words of the author" in shown
    assert "Apple juice" in shown
    assert "As it would have been published at" in shown
    assert f"{address}?again=1" in shown
    part = client.get(address, headers={"HX-Request": "true"}).text
    assert ("<html" in shown, "<html" in part, "Our words." in part) == (True, False, True)
    assert "a worker makes the preview" in client.get(f"{address}?again=1").text
    assert preview_fresh(report) is None
    with translation.override("nl"):
        assert work().state == "done"
    assert "a worker makes the preview" not in client.get(address).text
    with monkeypatch.context() as newer:  # a release that builds it otherwise
        newer.setattr(selectors, "FORMAT", selectors.FORMAT + 1)
        assert preview_fresh(report) is None
    assert preview_fresh(report) is not None
    family, products = family_factory(), list(report.products.all())
    for product in products:
        FamilyMember.objects.create(family=family, product=product, start_date=today())
    report_change(user=author, report=report, values={"products": [], "families": [family]}, version=1)
    assert preview_fresh(report) is None  # the same products, and told as a whole now
    report_change(user=author, report=report, values={"families": [], "products": products}, version=2)
    assert preview_fresh(report) is not None
    report_parts_set(user=author, report=report, parts=[Part("words", "Other words.")])
    assert preview_fresh(report) is None
    first, second = preview_start(report=report), None
    report_parts_set(user=author, report=report, parts=[Part("words", "Last words.")])
    second = preview_start(report=report)
    first.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "queued")
