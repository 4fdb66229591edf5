"""Reports that are ended and brought back, what a copy and the history tell, and lists that say all."""

from __future__ import annotations

import datetime
from typing import Any

import pghistory
import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.errors import DomainError
from collaboration.models import Alert
from core.api import API_RIGHT
from core.history import Change, history_of
from core.organisation import today
from core.reports.blocks import Section, Text, sections_to_json
from reporting.models import Report, ReportSchedule, ShareAccess, ShareQuestion
from reporting.selectors.report_choices import Choice
from reporting.selectors.reports import reports_kept, reports_visible, snapshots_visible
from reporting.selectors.shares_managed import shares_visible
from reporting.services.grants import grant_ask
from reporting.services.report_ends import report_end, report_reopen
from reporting.services.reports import (
    Part,
    report_change,
    report_copy,
    report_create,
    report_parts_set,
    report_publish,
)
from reporting.services.schedules import schedule_set
from reporting.services.sendings import unsent_settle
from tests.factories import channel_factory, line_factory, product_factory, user_factory
from tests.html import tight
from tests.reporting.sharing import report_made, share_made, snapshot_made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
DAY = datetime.timedelta(days=1)
DRAFTS = (
    Part("words", "Said."),
    Part("sales", "A draft."),
    Part("margin", "Of costs."),
    Part("cost_report", choice=Choice(query="by=kind", name="Hidden name")),
)


@pytest.fixture
def report() -> Report:
    """Published with its first words, and drafted further."""
    author = user_factory("product-manager", name="Sanne")
    values = {"title": "Month", "language": "en", "audience": "internal", "products": [product_factory()]}
    made = report_create(user=author, values=values, parts=[Part("words", "Said."), Part("words", "Old.")])
    report_publish(user=author, report=made)
    report_parts_set(user=author, report=made, parts=DRAFTS)
    return made


def copied(user: Any, report: Report) -> list[tuple[str, str, str]]:
    return list(report_copy(user=user, report=report).parts.values_list("section", "comment", "name"))


def test_a_copy_has_what_its_maker_could_read(report: Report) -> None:
    """No words and no kept cost report that were not published, and of no room that they may not look
    into."""
    inside = [("words", "Said.", ""), ("sales", "", "")]
    assert copied(user_factory("marketing"), report) == inside
    assert copied(user_factory("product-manager"), report) == [*inside, ("margin", "", "")]
    assert copied(user_factory(rights=["reporting.view", "reporting.edit"]), report) == inside
    assert [part[1:] for part in copied(report.author, report)] == [
        *(("Said.", ""), ("A draft.", ""), ("Of costs.", "")),
        ("", "Hidden name"),
    ]
    told = Section("cost_report", "Hidden name", (Text("Table"),))
    snapshot_made(report, sections=sections_to_json([told]), product_ids=[], channel_ids=[])
    assert copied(user_factory("product-manager"), report)[-1] == ("cost_report", "", "Hidden name")


def test_who_reads_a_report_sees_the_newest_version_at_once(report: Report, client: Client) -> None:
    """What was published, that they may read, and no draft; its author sees what is being made."""
    client.force_login(user_factory("marketing", language="en"))
    page = tight(client.get(f"/reports/{report.pk}/"))
    assert "Said." in page
    assert "A draft." not in page
    assert f'href="/reports/{report.pk}/1/pdf/"' in page
    report_parts_set(user=report.author, report=report, parts=[Part("words", "Later.")])
    report_publish(user=report.author, report=report)
    costs = snapshot_made(report, text="A cost", fields=["costs"], product_ids=[], channel_ids=[])
    page = tight(client.get(f"/reports/{report.pk}/"))
    assert "Later." in page
    assert not [said for said in ("Said.", "A cost") if said in page]
    client.force_login(user_factory("finance", language="en"))
    assert f"version {costs.number}" in tight(client.get(f"/reports/{report.pk}/"))


@pytest.mark.parametrize(
    ("words", "title", "said"),
    [
        ("Two **facings**.", "Explanation", "Two **facings**."),
        ("## Our *plan*\n\nTwo facings.\n\n# More", "Our plan", "Two facings.\n\n# More"),
        ("# A heading alone", "Explanation", "# A heading alone"),
        ("#not one\nTwo", "Explanation", "#not one\nTwo"),
    ],
)
def test_own_words_stand_under_their_own_heading(report: Report, words: str, title: str, said: str) -> None:
    report_parts_set(user=report.author, report=report, parts=[Part("words", words)])
    [section] = report_publish(user=report.author, report=report).sections
    assert (section["title"], section["blocks"][0]["markdown"]) == (title, said)
    assert copied(user_factory("marketing"), report) == [("words", words, "")]
    report_parts_set(user=report.author, report=report, parts=[Part("words", f"{words} And a draft.")])
    assert copied(user_factory("marketing"), report) == [("words", "", "")]


@pytest.mark.parametrize(
    ("section", "right"),
    [
        ("prices", "pricing.view"),
        ("lifecycle", "forecasting.view"),
        ("decisions", "collaboration.view"),
        ("margin", "pricing.view_costs"),
        ("sales", ""),
        ("of a room that is gone", ""),
    ],
)
def test_a_snapshot_is_for_who_may_look_into_the_rooms_it_tells_of(
    section: str, right: str, client: Client
) -> None:
    report = report_made()
    told = [Section("words", "Words", (Text("Said"),)), Section(section, "Told", (Text("Words"),))]
    found = snapshot_made(report, sections=sections_to_json(told))
    blind = user_factory(rights=["reporting.view", API_RIGHT])
    seeing = user_factory(rights=["reporting.view", *filter(None, [right])])
    assert (found in snapshots_visible(blind)) == (not right)
    assert found in snapshots_visible(seeing)
    client.force_login(blind)
    for address in (found.get_absolute_url(), f"/api/v1/reports/{report.pk}/snapshots/2/"):
        assert client.get(address).status_code == (404 if right else 200)


def test_an_ended_report_rests_and_comes_back(client: Any) -> None:
    share, _address = share_made(label="Noord")
    report, author, reader = share.report, share.author, user_factory("viewer")
    values = {"every": "week", "day": today().isoweekday(), "users": [reader]}
    schedule = schedule_set(user=author, report=report, values=values)
    unsent_settle(schedule=schedule, date=today(), reason="no_night")
    client.force_login(author)
    page, address = tight(client.get(report.get_absolute_url())), f"/reports/{report.pk}/act/"
    assert "1 link opens nothing until then: Noord" in page
    assert "It is no longer sent every " in page
    assert client.post(f"{address}end/").url == report.get_absolute_url()
    assert [row.state for row in shares_visible(author)] == ["resting"]  # type: ignore[attr-defined]
    for place in (share.get_absolute_url(), "/reports/links/?state=resting"):
        assert "Its report was ended" in tight(client.get(place))
    assert Alert.objects.get(kind="report_unsent").state == "gone"
    assert not reports_visible(author).exists()
    for shown, rows in (("", []), ("?state=ended", [report])):
        assert list(client.get(f"/reports/{shown}").context["page"]) == rows
    page = tight(client.get(report.get_absolute_url()))
    assert "Bring back" in page
    assert "/act/publish/" not in page
    for act in ("publish", "end"):
        assert client.post(f"{address}{act}/").status_code == 404
    client.force_login(reader)
    assert client.get(f"/reports/{report.pk}/1/").status_code == 200
    assert "Bring back" not in tight(client.get(report.get_absolute_url()))
    client.force_login(user_factory("product-manager"))
    assert client.post(f"{address}reopen/").status_code == 404
    ReportSchedule.objects.update(next_date=today() - 21 * DAY)
    client.force_login(author)
    assert client.post(f"{address}reopen/").url == report.get_absolute_url()
    assert reports_visible(author).get() == report
    assert [row.state for row in shares_visible(author)] == ["live"]  # type: ignore[attr-defined]
    assert ReportSchedule.objects.get().next_date == today()


def test_an_ended_report_is_copied_by_who_may_read_it(report: Report, client: Client) -> None:
    report_end(user=report.author, report=report)
    for user, status in (
        (report.author, 302),
        (user_factory("product-manager"), 302),
        (user_factory("product-manager", lines=[line_factory()]), 404),
    ):
        client.force_login(user)
        answer = client.post(f"/reports/{report.pk}/act/copy/", {"nonce": str(user.pk)})
        assert answer.status_code == status
        if status == 302:
            assert Report.objects.get(pk=answer.url.strip("/").rpartition("/")[2]).author == user


def test_of_an_ended_report_nothing_is_published_and_nothing_waits_for_approval() -> None:
    report = report_made()
    grant = grant_ask(user=report.author, report=report, field="budget", reason="Talks")
    for _twice in range(2):
        report_end(user=report.author, report=report)
    with pytest.raises(DomainError, match="was ended"):
        report_publish(user=report.author, report=report)
    grant.refresh_from_db()
    assert grant.ended_at
    report_reopen(user=report.author, report=report)
    assert reports_visible(report.author).exists()
    grant.refresh_from_db()
    assert grant.ended_at


def test_the_list_is_found_by_words_audience_and_author(client: Client) -> None:
    author = user_factory("product-manager", name="Sanne")
    talks = report_made(author, title="Annual talks")
    inside = report_made(author, title="Month", audience="internal")
    theirs = report_made(title="Another")
    snapshot_made(inside)
    client.force_login(author)
    for asked, rows in (
        ("", [theirs, inside, talks]),
        ("?q=talks ANNUAL", [talks]),
        ("?q=sanne", [inside, talks]),
        ("?audience=internal", [inside]),
        ("?audience=nobody&sort=nothing", [theirs, inside, talks]),
        ("?mine=1&sort=title", [talks, inside]),
        ("?sort=-count", [inside, theirs, talks]),
        ("?sort=-last", [inside, theirs, talks]),
    ):
        assert list(client.get(f"/reports/{asked}").context["page"]) == rows, asked
    assert "No report found" in tight(client.get("/reports/?q=nothing"))
    assert reports_kept(author).count() == 3


def test_its_author_reads_what_was_changed(report: Report, client: Client) -> None:
    address = f"/reports/{report.pk}/history/"
    client.force_login(report.author)
    assert address in tight(client.get(report.get_absolute_url()))
    page = tight(client.get(address))
    for said in ("In the report · Section", "Sales and forecast", "A draft.", "Hidden name", "created"):
        assert said in page
    assert "<html" not in tight(client.get(address, headers={"hx-request": "true"}))
    client.force_login(user_factory("product-manager"))
    assert address not in tight(client.get(report.get_absolute_url()))
    assert client.get(address).status_code == 404


def test_its_author_reads_what_it_was_about() -> None:
    author, juice = user_factory("product-manager"), product_factory(name="Orange juice")
    north, south = channel_factory(name="Noord"), channel_factory(name="Zuid")
    values = {"title": "Month", "language": "en", "audience": "internal", "products": [juice]}
    with pghistory.context(user=author.pk):
        report = report_create(user=author, values={**values, "channels": [north]})
    [created] = history_of(report)
    assert (created.kind, created.changes[-2:]) == (
        "created",
        (Change("Products", "", "Orange juice"), Change("Channels", "", "Noord")),
    )
    more = [juice, *(product_factory(line=juice.line, name=f"Jam {n:02}") for n in range(22))]
    for values in ({"products": more, "channels": [south]}, {"title": "Year", "products": more}):
        with pghistory.context(user=author.pk):
            report_change(user=author, report=report, values=values, version=None)
    with translation.override("nl"):
        said = [entry.changes for entry in history_of(report)]  # in no order: one transaction, one time
    assert (Change("Titel", "Month", "Year"),) in said
    names = ", ".join(f"Jam {n:02}" for n in range(20))
    about = (Change("Producten", "", f"{names} en nog 2 andere"), Change("Kanalen", "Noord", "Zuid"))
    assert about in said
    assert len(said) == 3


def test_long_lists_are_turned(client: Client) -> None:
    share, _address = share_made()
    report, now = share.report, timezone.now()
    ShareAccess.objects.bulk_create([ShareAccess(share=share, what="opened", at=now) for _each in range(51)])
    asked = [ShareQuestion(share=share, text=f"Question {number}?", asked_at=now) for number in range(51)]
    ShareQuestion.objects.bulk_create(asked)
    first = report.snapshots.get()
    for number in range(2, 52):
        snapshot_made(report, number=number)
    client.force_login(share.author)
    page = client.get(share.get_absolute_url())
    assert [len(page.context[name]) for name in ("accesses", "questions")] == [50, 50]
    assert "?turned=questions&amp;page=2" in tight(page)
    page = client.get(f"{share.get_absolute_url()}?turned=questions&page=2")
    assert [row.text for row in page.context["questions"]] == ["Question 0?"]
    assert [len(page.context["accesses"]), 'href="?page=2"' in tight(page)] == [50, True]
    assert len(client.get(f"{share.get_absolute_url()}?page=2").context["accesses"]) == 1
    assert list(client.get(f"{report.get_absolute_url()}?page=2").context["snapshots"]) == [first]
