"""Reports that send themselves: after a good night, once, and never stale without saying so."""

from __future__ import annotations

import datetime
import re
from smtplib import SMTPDataError
from typing import Any
from unittest.mock import Mock

import pytest
from django.core import mail as mailbox
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import Deputy, User
from collaboration.kinds import alert_kinds
from collaboration.models import Alert
from collaboration.selectors.alerts import alert_rows
from core import failpoints
from core.jobs import job_claim, job_run
from core.models import Job
from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import NightlyFailure, NightlyRun
from products.models import LineLimit, Product
from reporting.models import (
    Report,
    ReportSchedule,
    ReportSending,
    Share,
    ShareAddress,
    Snapshot,
    SnapshotFile,
)
from reporting.selectors.schedules import NotYet, next_due, not_yet, waits_until
from reporting.selectors.shares import share_find, token_hash
from reporting.selectors.snapshot_files import MAILED_BYTES
from reporting.services.reports import Part, report_create, report_publish
from reporting.services.schedules import schedule_set
from reporting.services.sendings import schedules_tick
from reporting.services.shares import share_create, shares_act
from reporting.words.schedules import sending_shown, when_words
from tests.factories import line_factory, organisation_factory, product_factory, user_factory
from tests.html import tight

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def product() -> Product:
    return product_factory(name="Apple juice")


@pytest.fixture
def report(product: Product) -> Report:
    author = user_factory("product-manager", name="Sanne", language="en")
    values = {"title": "Month", "language": "en", "audience": "internal", "products": [product]}
    return report_create(user=author, values=values, parts=[Part("words", "Our words.")])


@pytest.fixture
def schedule(report: Report, settings: Any) -> ReportSchedule:
    """Weekly to a Dutch and an English colleague, due today."""
    settings.EMAIL_BACKEND = "core.mail.JobBackend"
    settings.PUBLIC_ADDRESS = "https://pm.example.org"
    users = [user_factory("viewer", name=name, language=name[:2].lower()) for name in ("Nlle", "Enid")]
    found = schedule_set(
        user=report.author, report=report, values={"every": "week", "day": 1, "users": users}
    )
    ReportSchedule.objects.update(next_date=today())
    found.refresh_from_db()
    return found


def night(state: str = "done", **fields: Any) -> NightlyRun:
    over = None if state == "running" else timezone.now()
    return NightlyRun.objects.create(
        kind="scheduled",
        key="night",
        local_date=today(),
        as_of=month_add(month_start(today()), -1),
        state=state,
        started_at=timezone.now(),
        finished_at=over,
        **fields,
    )


def work() -> Job | None:
    job = job_claim("exports")
    while job is not None and job.kind == "reporting.snapshot_file":
        job = job_claim("exports")
    if job is not None:
        job_run(job)
        job.refresh_from_db()
    return job


def mails() -> list[Job]:
    return list(Job.objects.filter(kind="core.mail").order_by("pk"))


def reason() -> str:
    """What the author finds on Today."""
    alert = Alert.objects.get(kind="report_unsent", state="open")
    return alert_rows(alert.recipient, [alert])[0].words.plain


@pytest.mark.parametrize(
    ("every", "day", "after", "due"),
    [
        ("week", 1, "2026-11-29", "2026-11-30"),  # a Sunday
        ("week", 7, "2026-11-29", "2026-12-06"),
        ("month", 29, "2026-11-29", "2026-12-29"),
        ("month", 31, "2026-11-29", "2026-11-30"),
        ("month", 31, "2027-01-31", "2027-02-28"),
        ("month", 5, "2026-12-05", "2027-01-05"),
    ],
)
def test_the_next_date(every: str, day: int, after: str, due: str) -> None:
    assert next_due(every, day, datetime.date.fromisoformat(after)).isoformat() == due


@pytest.mark.parametrize(
    ("every", "day", "said"),
    [
        ("week", 1, "every Monday"),
        ("month", 28, "on day 28 of every month"),
        ("month", 31, "on the last day of every month"),
    ],
)
def test_it_says_when(every: str, day: int, said: str) -> None:
    assert when_words(ReportSchedule(every=every, day=day)) == said


def test_it_waits_until_the_next_working_morning() -> None:
    friday = datetime.date(2026, 11, 27)
    assert waits_until(friday).isoformat() == "2026-11-30T09:00:00+01:00"
    assert waits_until(datetime.date(2026, 11, 30)).date() == datetime.date(2026, 12, 1)


def test_after_a_good_night_each_gets_a_link_once(schedule: ReportSchedule) -> None:
    schedules_tick()
    assert work() is None  # no night yet
    night()
    schedules_tick()
    schedules_tick()
    assert work().state == "done"
    schedules_tick()
    assert work() is None
    sending = ReportSending.objects.get()
    assert (sending.state, sending.snapshot.number) == ("sent", 1)
    assert [each["name"] for each in sending.told] == ["Enid", "Nlle"]
    english, dutch = mails()
    assert english.payload["to"] == [schedule.users.get(name="Enid").email]
    assert f"https://pm.example.org{sending.snapshot.get_absolute_url()}" in english.payload["body"]
    assert "Our words" not in english.payload["body"]
    assert english.payload["body"] != dutch.payload["body"]
    schedule.refresh_from_db()
    assert schedule.next_date > today()
    # The night is repeated, and the date set back by hand.
    NightlyRun.objects.create(
        kind="manual",
        key="again",
        local_date=today(),
        as_of=month_add(month_start(today()), -1),
        state="done",
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    ReportSchedule.objects.update(next_date=today())
    schedules_tick()
    assert work() is None
    assert (len(mails()), Snapshot.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("failed", "The night's run broke off."),
        ("running", "was not over by the next working morning"),
        ("", "The night's run did not come."),
        ("partial", "could not recompute Apple juice."),
    ],
)
def test_after_a_bad_night_nothing_goes_and_the_author_is_told(
    schedule: ReportSchedule, product: Product, state: str, said: str
) -> None:
    if state:
        run = night("done" if state == "partial" else state)
        if state == "partial":
            NightlyFailure.objects.create(run=run, step="forecast", product=product, attempts=3, code="x")
    late = waits_until(today())
    schedules_tick(now=late - datetime.timedelta(minutes=1))
    assert not ReportSending.objects.exists()
    schedules_tick(now=late)
    assert (work(), mails(), Snapshot.objects.count()) == (None, [], 0)
    assert ReportSending.objects.get().state == "unsent"
    assert said in reason()
    schedule.refresh_from_db()
    assert schedule.next_date > today()


def test_while_it_waits_only_products_that_failed_are_read(
    schedule: ReportSchedule, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every minute, of a report of thousands."""
    Report.objects.update(all_products=True)
    for number in range(3):
        product_factory(name=f"Juice {number}", line=product.line)
    beyond = product_factory(name="Lamp", line=line_factory())
    LineLimit.objects.create(user=schedule.report.author, line=product.line)
    read: list[str] = []
    from_db = Product.from_db.__func__  # type: ignore[attr-defined]

    def seen(cls: Any, *args: Any) -> Any:
        found = from_db(cls, *args)
        read.append(found.name)
        return found

    run = night()
    monkeypatch.setattr(Product, "from_db", classmethod(seen))
    NightlyFailure.objects.create(run=run, step="forecast", product=beyond, attempts=3, code="x")
    assert not_yet(ReportSchedule.objects.get()) is None
    NightlyFailure.objects.create(run=run, step="forecast", product=product, attempts=3, code="x")
    found = not_yet(ReportSchedule.objects.get())
    assert found == NotYet("products_failed", {"count": 1, "names": ["Apple juice"]})
    assert read == ["Apple juice"]


def test_a_worker_that_dies_at_the_end_leaves_one_mail_each(
    schedule: ReportSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    night()
    schedules_tick()
    failpoints._passed.clear()
    monkeypatch.setenv("PMTOOL_FAILPOINT", "job.before_finish:raise")
    assert work().state == "queued"
    assert (mails(), Snapshot.objects.count(), ReportSending.objects.get().state) == ([], 0, "waiting")
    Job.objects.update(run_after=None)
    assert work().state == "done"
    assert (len(mails()), Snapshot.objects.count()) == (2, 1)


def test_who_may_not_see_it_gets_nothing_and_the_author_knows(schedule: ReportSchedule) -> None:
    LineLimit.objects.create(user=schedule.users.get(name="Enid"), line=line_factory())
    night()
    schedules_tick()
    work()
    assert [job.payload["to"] for job in mails()] == [[schedule.users.get(name="Nlle").email]]
    assert "did not go to Enid" in reason()


def test_what_cannot_be_published_is_said(schedule: ReportSchedule) -> None:
    schedule.report.parts.all().delete()
    night()
    schedules_tick()
    assert work().state == "failed"
    assert "It says nothing yet" in reason()
    assert ReportSending.objects.get().state == "unsent"


def test_a_deputy_reads_why_it_was_not_sent(schedule: ReportSchedule, client: Any) -> None:
    """Of a report that was never published too; no colleague does."""
    report = schedule.report
    report.parts.all().delete()
    night()
    schedules_tick()
    work()
    deputy, colleague = (user_factory("product-manager", language="en") for _each in range(2))
    Deputy.objects.create(owner=report.author, deputy=deputy, start_date=today(), end_date=today())
    alert = Alert.objects.get(kind="report_unsent")
    address = alert_kinds.get(alert.kind).url(alert)
    client.force_login(deputy)
    page = client.get(address)
    assert page.status_code == 200
    assert "It says nothing yet" in page.text
    authors = ("act/copy", "schedule", "schedule/pause", "schedule/resume", "share", "edit")
    for act in authors:
        assert f"{address}{act}/" not in page.text
        assert client.post(f"{address}{act}/").status_code == 404
    client.force_login(colleague)
    assert client.get(address).status_code == 404
    client.force_login(report.author)
    assert f"{address}schedule/pause/" in client.get(address).text


@pytest.mark.parametrize(("active", "paused"), [(False, "author_gone"), (True, "author_rights")])
def test_without_its_author_it_pauses_and_a_colleague_reads_why(
    schedule: ReportSchedule, client: Any, active: bool, paused: str
) -> None:
    author = schedule.report.author
    author.is_active = active
    author.save()
    author.roles.clear()
    night()
    schedules_tick()
    schedule.refresh_from_db()
    assert (schedule.active, schedule.paused, work()) == (False, paused, None)
    alert = Alert.objects.get(kind="report_unsent")
    assert alert.recipient is None
    client.force_login(user_factory("product-manager", language="en"))
    page = tight(client.get(alert_kinds.get(alert.kind).url(alert)))  # its report was never published
    assert "the schedule is paused" in page
    assert ">Look</a>" not in page  # it is there


def test_a_report_that_left_the_list_is_not_sent(schedule: ReportSchedule) -> None:
    Report.objects.update(ended_at=timezone.now())
    night()
    schedules_tick()
    assert (work(), ReportSending.objects.count()) == (None, 0)


def test_its_page_sets_changes_and_pauses_it(schedule: ReportSchedule, client: Any) -> None:
    report, emma = schedule.report, user_factory("finance", name="Emma")
    client.force_login(report.author)
    address = f"/reports/{report.pk}/schedule/"
    data = {"when": "month:31", "users": [emma.pk], "version": schedule.version}
    assert client.post(address, data).status_code == 302
    assert client.post(address, data | {"when": "week:2"}).status_code == 409
    schedule.refresh_from_db()
    assert (schedule.every, schedule.day, list(schedule.users.all())) == ("month", 31, [emma])
    client.post(f"{address}pause/")
    schedule.refresh_from_db()
    assert not schedule.active
    page = client.get(f"/reports/{report.pk}/").text
    assert "Paused" in page
    assert f"{address}resume/" in page
    assert "It is paused" in client.get(address).text
    ReportSchedule.objects.update(next_date=today() - datetime.timedelta(days=40))
    client.post(f"{address}resume/")
    schedule.refresh_from_db()
    assert (schedule.active, schedule.next_date) == (True, next_due("month", 31, today()))
    assert (schedule.day, list(schedule.users.all())) == (31, [emma])
    assert "It is paused" not in client.get(address).text
    assert client.post(f"{address}other/").status_code == 404


def test_who_has_a_live_link_hears_of_it_and_no_title_or_figure_is_mailed(
    schedule: ReportSchedule,
) -> None:
    """And no link that opens is kept with what waits to be sent."""
    organisation_factory(sharing=True)
    report, author = schedule.report, schedule.report.author
    Report.objects.update(audience="external", all_channels=True, all_suppliers=True)
    report.refresh_from_db()
    report_publish(user=author, report=report)
    shares = {}
    nothing = report.snapshots.get()
    nothing.pk, nothing.number, nothing.fields = None, 2, []
    nothing.save()
    for label in ("live", "narrow", "revoked"):
        values = {"label": label, "email": f"{label}@a.example"}
        shares[label] = share_create(user=author, report=report, values=values)[0]
    shares_act(user=author, ids=[shares["revoked"].pk], act="revoke")
    Share.objects.exclude(label="narrow").update(granted=report.snapshots.get(number=1))
    said = {"every": "week", "day": 1, "users": []}
    with pytest.raises(DomainError, match="whom"):
        schedule_set(user=author, report=report, values=said)
    schedule_set(user=author, report=report, values={**said, "links": True})
    ReportSchedule.objects.update(next_date=today())
    night()
    schedules_tick()
    assert work().state == "done"
    [mail] = mails()
    assert mail.payload["to"] == ["live@a.example"]
    assert "Month" not in mail.payload["subject"] + mail.payload["body"]
    assert "http" not in mail.payload["body"]
    assert "did not go to narrow" in reason()


@pytest.fixture
def link_mail(schedule: ReportSchedule, settings: Any) -> tuple[Job, Share, str]:
    """A mail about the second version to who has a link, which waits; the link and its first token."""
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    organisation_factory(sharing=True)
    report, author = schedule.report, schedule.report.author
    Report.objects.update(audience="external", all_channels=True, all_suppliers=True)
    report.refresh_from_db()
    report_publish(user=author, report=report)
    values = {"label": "Karin", "email": "k@a.example", "password": "open sesame"}
    share, token = share_create(user=author, report=report, values=values)
    schedule_set(user=author, report=report, values={"every": "week", "day": 1, "users": [], "links": True})
    ReportSchedule.objects.update(next_date=today())
    night()
    schedules_tick()
    work()
    return Job.objects.get(kind="core.mail"), share, token


def test_the_mail_to_who_has_a_link_leads_to_it(link_mail: tuple[Job, Share, str], client: Any) -> None:
    """By an address made as the mail goes, that no row holds; revoking ends it with the one before."""
    job, share, first = link_mail
    body = post(job).body
    [token] = re.findall(r"https://pm.example.org/r/([\w-]{43})/", body)
    assert token != first
    assert "The password is the same." in body
    assert ShareAddress.objects.get().token_hash == token_hash(token)
    assert [share_find(each) for each in (first, token)] == [share, share]
    assert client.post(f"/r/{token}/open/").status_code == 302
    share.refresh_from_db()
    assert share.opened_count == 1
    kept = str([list(model.objects.values()) for model in (Job, Share, ShareAddress, ReportSending)])
    assert token not in kept
    shares_act(user=share.author, ids=[share.pk], act="revoke")
    assert [share_find(each) for each in (first, token)] == [None, None]
    assert client.get(f"/r/{token}/").status_code == 404


def test_a_mail_that_has_to_be_sent_again_leaves_one_address(
    link_mail: tuple[Job, Share, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _share, _token = link_mail
    with monkeypatch.context() as away:
        away.setattr(EmailMessage, "send", Mock(side_effect=SMTPDataError(451, b"busy")))
        assert post(job) is None
    before = ShareAddress.objects.get().token_hash
    [token] = re.findall(r"/r/([\w-]{43})/", post(job).body)
    assert ShareAddress.objects.get().token_hash == token_hash(token) != before


@pytest.mark.parametrize("act", ["pause", "revoke"])
def test_a_link_that_rests_when_its_mail_goes_gets_no_address(
    link_mail: tuple[Job, Share, str], act: str
) -> None:
    job, share, _token = link_mail
    shares_act(user=share.author, ids=[share.pk], act=act)
    body = post(job).body
    assert "ask Sanne" in body
    assert "/r/" not in body
    assert not ShareAddress.objects.exists()


@pytest.mark.parametrize(
    ("audience", "said"), [("external", "may no longer share"), ("internal", "not for the")]
)
def test_nobody_outside_hears_of_what_is_not_for_them(
    schedule: ReportSchedule, audience: str, said: str
) -> None:
    organisation_factory(sharing=True)
    report, author = schedule.report, schedule.report.author
    Report.objects.update(audience="external", all_channels=True, all_suppliers=True)
    report.refresh_from_db()
    report_publish(user=author, report=report)
    share_create(user=author, report=report, values={"label": "Karin", "email": "k@a.example"})
    ReportSchedule.objects.update(links=True)
    Report.objects.update(audience=audience)
    if audience == "external":
        author.roles.set(
            user_factory(rights=["reporting.view", "reporting.edit", "products.view"]).roles.all()
        )
    night()
    schedules_tick()
    work()
    assert "k@a.example" not in str([job.payload["to"] for job in mails()])
    why = sending_shown(ReportSending.objects.get())[1]
    assert any(each.startswith("Karin") and said in each for each in why), why


@pytest.fixture
def pdf_mail(schedule: ReportSchedule, settings: Any) -> Job:
    """A mail that is to have the PDF, which nobody has made yet."""
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    schedule.users.set(schedule.users.filter(name="Enid"))
    ReportSchedule.objects.update(attach_pdf=True)
    night()
    schedules_tick()
    work()
    return Job.objects.get(kind="core.mail")


def post(mail: Job) -> Any:
    """A worker's try to send it: the mail that went, if any."""
    Job.objects.filter(pk=mail.pk).update(run_after=None)
    job_run(job_claim("short"))
    mail.refresh_from_db()
    return mailbox.outbox[-1] if mail.state == "done" else None


def test_a_mail_waits_for_the_pdf_of_its_version(pdf_mail: Job) -> None:
    assert post(pdf_mail) is None
    snapshot = Snapshot.objects.get()
    SnapshotFile.objects.create(snapshot=snapshot, kind="pdf", content=b"%PDF", bytes=4, sha256="0" * 64)
    sent = post(pdf_mail)
    assert [tuple(each) for each in sent.attachments] == [("Month 1.pdf", b"%PDF", "application/pdf")]
    assert "PDF" not in sent.body


@pytest.mark.parametrize("case", ["failed", "big", "newer", "rights"])
def test_a_mail_without_its_pdf_says_so(pdf_mail: Job, case: str) -> None:
    snapshot = Snapshot.objects.get()
    if case == "failed":
        Job.objects.filter(kind="reporting.snapshot_file").update(
            state="failed", error_code="crashed", finished_at=timezone.now()
        )
    else:
        size = MAILED_BYTES + 1 if case == "big" else 4
        SnapshotFile.objects.create(
            snapshot=snapshot, kind="pdf", content=b"%PDF", bytes=size, sha256="0" * 64
        )
    if case == "newer":
        report_publish(user=snapshot.author, report=snapshot.report)
    if case == "rights":
        User.objects.get(name="Enid").roles.clear()
    sent = post(pdf_mail)
    assert sent.attachments == []
    assert "The PDF is not with this mail" in sent.body


def test_it_is_for_people_who_read_reports(report: Report) -> None:
    stranger = user_factory(rights=["products.view"], name="Stranger")
    with pytest.raises(DomainError, match="Stranger"):
        schedule_set(
            user=report.author, report=report, values={"every": "week", "day": 1, "users": [stranger]}
        )
    assert not ReportSchedule.objects.exists()
