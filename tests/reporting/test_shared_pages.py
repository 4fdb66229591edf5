"""What who has a link gets, and what nobody gets without one."""

from __future__ import annotations

import datetime
import io
import logging
import re
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import DomainError
from collaboration.kinds import alert_kinds
from collaboration.models import Alert
from collaboration.selectors.alerts import alerts_open
from core.jobs import job_claim, job_run
from core.models import Job
from core.organisation import organisation_forget, today
from core.reports.blocks import ReportChart, Section, Table, sections_to_json
from pmtool.logs import logging_config
from reporting.models import Share, ShareAccess, SnapshotFile
from reporting.reports import page
from reporting.selectors.share_versions import share_snapshot
from reporting.services import snapshot_files
from reporting.services.shares import share_change, shares_act
from tests.factories import user_factory
from tests.html import tight
from tests.policy.test_walk import written
from tests.reporting.sharing import MARK, report_made, share_made, snapshot_made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
PASSWORD = "long enough"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
SUB = ("", "open/", "password/", "question/", "nl/", "en/", "pdf/", "xlsx/")
READ = ("", "pdf/", "xlsx/")
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (Windows NT 10.0) SkypeUriPreview Preview/0.5",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
)


@pytest.fixture
def reader() -> Client:
    return Client(headers={"Accept-Language": "en", "User-Agent": "Mozilla/5.0 (iPhone) Mobile"})


def get(client: Client, address: str) -> Any:
    answer = client.get(address)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, address
    return answer


def opened(client: Client, address: str) -> Any:
    assert client.post(f"{address}open/").status_code == 302
    return get(client, address)


def test_the_way_in(reader: Client) -> None:
    share, address = share_made()
    door = get(reader, address)
    assert door.status_code == 200
    assert MARK not in door.content.decode()
    assert not reader.cookies
    assert not ShareAccess.objects.exists()
    page = opened(reader, address).content.decode()
    assert MARK in page
    assert share.author.name in page
    assert "90 days" in page
    share.refresh_from_db()
    assert share.opened_count == 1
    (access,) = share.accesses.all()
    assert (access.what, access.address, access.client) == ("opened", "127.0.0.0/24", "phone")
    cookie = reader.cookies["share"]
    assert (cookie["path"], cookie["max-age"], cookie["samesite"]) == (address, 3600, "Lax")
    assert cookie["httponly"]
    newer = snapshot_made(share.report, "SECOND", author_name="Somebody Else")
    page = get(reader, address).content.decode()
    assert "SECOND" in page
    assert f"shared by {share.author.name}" in page
    assert "Somebody Else" not in page
    assert share_snapshot(share) == newer


def test_what_is_frozen_is_drawn_once(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each version, language and kind of link; who may read it is asked at each opening."""
    drawn, real = [], page.sections_shown
    monkeypatch.setattr(page, "sections_shown", lambda rows: drawn.append(1) or real(rows))
    share, address = share_made()
    first = tight(opened(reader, address))
    assert MARK in first
    assert tight(get(reader, address)) == first
    assert len(drawn) == 1
    assert reader.get(f"{address}nl/").status_code == 302
    assert MARK in get(reader, address).content.decode()
    assert reader.get(f"{address}en/").status_code == 302
    assert tight(get(reader, address)) == first
    assert len(drawn) == 2
    snapshot_made(share.report, "SECOND")
    second = get(reader, address).content.decode()
    assert "SECOND" in second
    assert f"Words {MARK}" not in second
    assert len(drawn) == 3
    Share.objects.update(downloads=True)
    get(reader, address)
    assert len(drawn) == 4
    shares_act(user=share.author, ids=[share.pk], act="pause")
    assert get(reader, address).status_code == 404


def test_few_queries_and_no_session(reader: Client) -> None:
    share, address = share_made(downloads=True, password=PASSWORD)
    SnapshotFile.objects.create(snapshot=share.report.snapshots.get(), kind="xlsx", content=b"PK", bytes=2)
    reader.force_login(user_factory("viewer"))
    filled = {"password/": {"password": PASSWORD}, "question/": {"question": "Why?"}}
    asks = (
        ("post", "open/", 302),
        ("post", "password/", 302),
        ("post", "question/", 200),
        ("get", "", 200),
        ("get", "nl/", 302),
        ("get", "en/", 302),
        ("get", "xlsx/", 200),
        ("get", "pdf/", 503),
    )
    for method, place, status in asks:
        organisation_forget()
        with CaptureQueriesContext(connection) as asked:
            assert getattr(reader, method)(f"{address}{place}", filled.get(place)).status_code == status
        said = [query["sql"] for query in asked if " SAVEPOINT " not in f" {query['sql']}"]
        assert len(said) <= (6 if place == "question/" else 4), (place, said)
        assert not [sql for sql in said if "session" in sql or "accounts_userrole" in sql]
    file = reader.get(f"{address}xlsx/")
    assert file.content == b"PK"
    assert share.accesses.filter(what="xlsx").count() == 2


def test_a_file_that_failed_comes_back(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its author is told; the reader asks for it anew, once an hour at most, by looking for it."""
    share, address = share_made(downloads=True)
    opened(reader, address)

    def asked(says: str, after: str) -> int:
        answer = get(reader, f"{address}pdf/")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, after)
        assert says in tight(answer)
        return Job.objects.filter(payload__kind="pdf").count()

    def failing(*args: Any) -> bytes:
        raise DomainError("broken", "no file")

    assert [asked("It is being made.", "60") for _time in range(2)] == [1, 1]
    with monkeypatch.context() as broken:
        broken.setattr(snapshot_files, "file_bytes", failing)
        job_run(job_claim("exports"))
    assert [asked("It could not be made.", "3600") for _time in range(2)] == [1, 1]
    [alert] = alerts_of(share.author)
    assert alert_kinds.get(alert.kind).url(alert) == f"{share.report.snapshots.get().get_absolute_url()}pdf/"
    Job.objects.update(finished_at=timezone.now() - datetime.timedelta(minutes=61))
    assert [asked("It is being made.", "60") for _time in range(2)] == [2, 2]
    monkeypatch.setattr(snapshot_files, "file_bytes", lambda *args: b"%PDF")
    job_run(job_claim("exports"))
    assert reader.get(f"{address}pdf/").content == b"%PDF"
    assert not alerts_of(share.author)


def alerts_of(user: Any) -> list[Alert]:
    return list(Alert.objects.filter(kind="report_file_failed", recipient=user, state="open"))


@pytest.mark.parametrize("downloads", [False, True])
def test_without_downloads_there_is_no_file_of_anything(reader: Client, downloads: bool) -> None:
    chart = ReportChart(
        title="How it sells",
        subtitle="",
        description="a line",
        spec={},
        legend=(),
        table=Table("How it sells", ("Month", "Volume"), ("month", "volume"), (False, True), []),
    )
    report = report_made()
    snapshot_made(report, sections=sections_to_json([Section("sales", "Sales", (chart,))]))
    _share, address = share_made(report, downloads=downloads)
    page = opened(reader, address).content.decode()
    assert 'data-chart-do="table"' in page
    marks = ('data-chart-do="png"', 'data-chart-do="svg"', 'data-chart-do="copy"', "data-copy-table")
    assert [mark in page for mark in (*marks, f"{address}pdf/", f"{address}xlsx/")] == [downloads] * 6
    assert ("nothing of it can be downloaded" in page) is not downloads
    answers = [reader.get(f"{address}{kind}/").status_code for kind in ("pdf", "xlsx", "pptx")]
    assert answers == ([503, 503, 404] if downloads else [404] * 3)


def test_a_password_and_its_limits(reader: Client) -> None:
    share, address = share_made(password=PASSWORD)
    assert MARK not in opened(reader, address).content.decode()
    wrong = reader.post(f"{address}password/", {"password": "guess"})
    assert wrong.status_code == 422
    pasted = {"password": f" {PASSWORD}\n"}  # a form takes none of what is around it
    assert reader.post(f"{address}password/", pasted).status_code == 302
    assert MARK in get(reader, address).content.decode()
    assert [access.what for access in share.accesses.order_by("pk")] == ["opened", "refused", "admitted"]


def tries(address: str, addresses: list[str], *, header: str) -> list[int]:
    """Each address in turn, with a cookie of its own."""
    answers = []
    for number, place in enumerate(addresses):
        client = Client()
        client.cookies = SimpleCookie({"share": _opened_cookie(address)})
        answer = client.post(f"{address}password/", {"password": f"guess {number}"}, **{header: place})
        if answer.status_code == 429:
            assert 0 < int(answer.headers["Retry-After"]) <= 3600
        answers.append(answer.status_code)
    return answers


def _opened_cookie(address: str) -> str:
    client = Client()
    client.post(f"{address}open/")
    return client.cookies["share"].value


def test_tries_from_one_and_from_many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.rate_limit.time.time", lambda: 1_000_000.0)
    share, address = share_made(password=PASSWORD)
    forged = [f"10.1.{number}.1" for number in range(200)]
    one = tries(address, forged, header="HTTP_X_FORWARDED_FOR")
    assert one == [422] * 5 + [429] * 195
    share, address = share_made(share.report, password=PASSWORD)
    many = tries(address, [f"10.2.{number % 50}.1" for number in range(200)], header="REMOTE_ADDR")
    assert many == [422] * 20 + [429] * 180
    assert share.accesses.filter(what="refused").count() == 20
    for _link in range(7):  # thirty from one address, over all links; what was refused before counts for none
        share, address = share_made(share.report, password=PASSWORD)
        answers = tries(address, ["10.3.1.1"] * 6, header="REMOTE_ADDR")
        assert answers == ([422] * 5 + [429] if _link < 6 else [429] * 6)
    assert tries(address, ["10.3.1.2"], header="REMOTE_ADDR") == [422]


def test_tries_are_counted_also_while_valkey_is_away(
    valkey_away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.rate_limit.time.time", lambda: 1_000_000.0)
    address = share_made(password=PASSWORD)[1]
    assert tries(address, ["10.1.1.1"] * 6, header="REMOTE_ADDR") == [422] * 5 + [429]


def test_who_knows_the_password_is_never_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole office behind one address, and readers who come back: only wrong ones count."""
    monkeypatch.setattr("core.rate_limit.time.time", lambda: 1_000_000.0)
    share, address = share_made(password=PASSWORD)
    links = [address, *(share_made(share.report, password=PASSWORD)[1] for _n in range(5))]

    def give(address: str, password: str) -> int:
        client = Client()
        client.cookies = SimpleCookie({"share": _opened_cookie(address)})
        return client.post(f"{address}password/", {"password": password}).status_code

    for _round in range(8):
        assert [give(link, PASSWORD) for link in links] == [302] * 6
    assert [give(links[0], "guess") for _n in range(6)] == [422] * 5 + [429]
    assert give(links[0], PASSWORD) == 429
    assert [give(link, PASSWORD) for link in links[1:]] == [302] * 5  # not in a colleague's way


def test_robots_count_nothing(reader: Client) -> None:
    share, address = share_made()
    for robot in ROBOTS:
        for _time in range(100):
            answer = reader.get(address, headers={"User-Agent": robot})
            assert MARK not in answer.content.decode()
    share.refresh_from_db()
    assert share.opened_count == 0
    assert not share.accesses.exists()
    reader.post(f"{address}open/", headers={"User-Agent": ROBOTS[0]})
    assert share.accesses.get().client == "robot"


def test_all_that_cannot_be_read_answers_alike(reader: Client) -> None:
    report = report_made()
    links = {state: share_made(report) for state in ("revoked", "paused", "expired", "resting", "ended")}
    author = report.author
    shares_act(user=author, ids=[links["revoked"][0].pk], act="revoke")
    shares_act(user=author, ids=[links["paused"][0].pk], act="pause")
    Share.objects.filter(pk=links["expired"][0].pk).update(expires_on=today().replace(year=2020))
    other = report_made(user_factory("product-manager"))
    resting = share_made(other)
    other.author.is_active = False
    other.author.save()
    ended = report_made()
    over = share_made(ended)
    ended.ended_at = ended.created_at
    ended.save()
    addresses = ["/r/" + "x" * 43 + "/", *(links[name][1] for name in ("revoked", "paused", "expired"))]
    addresses += [resting[1], over[1], "/r/", f"{links['ended'][1]}pdf/", "/r/a/b/c/"]
    answers = []
    for address in addresses:
        answer = get(reader, address)
        headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
        answers.append((answer.status_code, answer.content, headers))
    assert answers[0][0] == 404
    for address, answer in zip(addresses, answers, strict=True):
        assert answer == answers[0], address


@pytest.mark.parametrize("act", ["revoke", "pause", "password"])
def test_every_address_dies_at_once(reader: Client, act: str) -> None:
    share, address = share_made(downloads=True)
    for kind in ("pdf", "xlsx"):
        SnapshotFile.objects.create(
            snapshot=share.report.snapshots.get(), kind=kind, content=b"file", bytes=4
        )
    assert MARK in opened(reader, address).content.decode()
    assert [reader.get(f"{address}{place}").status_code for place in READ] == [200] * 3
    if act == "password":
        share_change(user=share.author, share=share, values={"password": PASSWORD}, version=1)
        assert [reader.get(f"{address}{place}").status_code for place in READ] == [200, 302, 302]
        assert MARK not in reader.get(address).content.decode()
        return
    shares_act(user=share.author, ids=[share.pk], act=act)
    before = written()
    for place in SUB:
        for method in ("get", "post"):
            assert getattr(reader, method)(f"{address}{place}").status_code in (404, 405)
    assert written() == before
    if act == "pause":
        shares_act(user=share.author, ids=[share.pk], act="resume")
        assert MARK not in get(reader, address).content.decode()


def test_links_of_a_deactivated_author_rest_until_they_are_back(reader: Client) -> None:
    share, address = share_made()
    own, paused = share_made(share.report)
    shares_act(user=share.author, ids=[own.pk], act="pause")
    for active, status in ((True, 200), (False, 404), (True, 200)):
        share.author.is_active = active
        share.author.save()
        assert get(reader, address).status_code == status
        assert get(reader, paused).status_code == 404
    assert MARK in opened(reader, address).content.decode()
    share.author.is_active = False
    share.author.save()
    assert [reader.get(f"{address}{place}").status_code for place in ("", "nl/", "pdf/")] == [404] * 3


def test_no_other_verb_does_anything(reader: Client) -> None:
    _share, address = share_made(downloads=True)
    opened(reader, address)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = reader.cookies
    before = written()
    for place in (*SUB, "other/", "a/b/"):
        for method in ("post", "put", "patch", "delete", "options", "trace"):
            if method == "post" and place in ("open/", "password/", "question/"):
                continue
            answer = getattr(strict, method)(f"{address}{place}")
            assert answer.status_code in (404, 405), (method, place, answer.status_code)
    assert written() == before


def test_a_cookie_opens_its_own_link_only(reader: Client) -> None:
    share, address = share_made()
    _other, elsewhere = share_made(share.report)
    opened(reader, address)
    reader.cookies["share"]["path"] = "/"
    assert MARK not in get(reader, elsewhere).content.decode()


def test_the_cookie_lasts_an_hour(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    _share, address = share_made()
    assert MARK in opened(reader, address).content.decode()
    import time

    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 3601)
    assert MARK not in get(reader, address).content.decode()


def test_a_question_stands_on_the_author_s_today(reader: Client) -> None:
    share, address = share_made()
    assert reader.post(f"{address}question/", {"question": ""}).status_code == 302
    assert not Alert.objects.exists()
    opened(reader, address)
    answer = reader.post(f"{address}question/", {"question": "Why <b>so</b>?"})
    assert b"was sent" in answer.content
    (alert,) = alerts_open(share.author)
    reader.force_login(share.author)
    today_page = reader.get("/alerts/").content.decode()
    assert "Why &lt;b&gt;so&lt;/b&gt;?" in today_page
    assert alert.recipient == share.author
    assert reader.post(f"{address}question/", {"question": " "}).status_code == 422
    codes = [reader.post(f"{address}question/", {"question": f"More {n}"}).status_code for n in range(5)]
    assert codes == [200, 200, 200, 200, 429]
    assert not alerts_open(user_factory("product-manager")).exists()


def test_a_question_is_asked_once_however_often_its_page_is_loaded(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, address = share_made()
    opened(reader, address)
    for _time in range(7):
        assert b"was sent" in reader.post(f"{address}question/", {"question": "Why so?"}).content
    assert share.questions.count() == len(alerts_open(share.author)) == 1
    share.questions.update(asked_at=timezone.now() - datetime.timedelta(minutes=61))
    reader.post(f"{address}question/", {"question": "Why so?"})
    assert share.questions.count() == len(alerts_open(share.author)) == 2


def test_a_question_is_kept_as_the_browser_counted_it(reader: Client) -> None:
    """A line break is one character."""
    share, address = share_made()
    opened(reader, address)
    long = "\r\n".join(["x" * 49] * 20)  # 999 characters in the browser
    for said, status in (("Why so?\r\n", 200), (long, 200), (f"{long}ab", 422), ("\r\n", 422)):
        assert reader.post(f"{address}question/", {"question": said}).status_code == status
    asked = share.questions.order_by("pk")
    assert [question.text for question in asked] == ["Why so?", long.replace("\r", "")]


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_a_question_goes_along_through_the_door(reader: Client, password: str) -> None:
    """Written while the hour ran out: it is asked once the reader is in again, and stands in no address."""
    share, address = share_made(password=password)
    said = {"question": 'Why "so"?'}
    kept = 'name="question" value="Why &quot;so&quot;?"'
    door = reader.post(f"{address}question/", said)
    assert (door.status_code, kept in tight(door)) == (200, True)
    assert MARK not in tight(door)
    answer = reader.post(f"{address}open/", said)
    if password:
        for guess in ({"password": "guess"}, {}):
            assert kept in tight(answer)
            answer = reader.post(f"{address}password/", said | guess)
        assert kept in tight(answer)
        assert not Alert.objects.exists()
        answer = reader.post(f"{address}password/", said | {"password": password})
    assert b"was sent" in answer.content
    assert [question.text for question in share.questions.all()] == ['Why "so"?']
    assert MARK in get(reader, address).content.decode()


@pytest.mark.parametrize("place", ["door", "password", "too many"])
def test_a_question_that_waits_goes_along_into_another_language(reader: Client, place: str) -> None:
    """At the door, at the password, and where it could not be sent; nothing is sent, and it is in no
    address."""
    share, address = share_made(password=PASSWORD if place == "password" else "")
    said = {"question": 'Why "so"?'}
    if place != "door":
        reader.post(f"{address}open/")
    if place == "too many":
        for n in range(5):
            reader.post(f"{address}question/", {"question": f"Earlier {n}?"})
    asked = share.questions.count()
    answer = reader.post(f"{address}question/", said)
    kept = re.search(
        r'name="question"[^>]*(value="Why &quot;so&quot;\?"|>Why &quot;so&quot;\?)', tight(answer)
    )
    assert kept
    assert 'name="language" value="nl"' in tight(answer)
    other = reader.post(f"{address}question/", {**said, "language": "nl"})
    assert (other.status_code, other.headers["Content-Language"]) == (200, "nl")
    page = tight(other)
    assert 'lang="nl"' in page[:60]
    assert kept[0] in page
    assert 'name="language" value="en"' in page
    assert ("Wachtwoord" in page) is (place == "password")
    assert share.questions.count() == asked
    assert 'lang="nl"' in get(reader, address).content.decode()[:60]
    assert reader.post(f"{address}question/", {**said, "language": "de"}).status_code in (200, 429)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_a_reader_may_meet_is_in_their_language(language: str) -> None:
    """404, wrong password, too many tries, a file that is not there, a question too long: of links that are
    not there the browser's language decides."""
    _share, address = share_made(password=PASSWORD, downloads=True)
    reader = Client(headers={"Accept-Language": language})
    reader.post(f"{address}open/")
    met = {"none": reader.get("/r/none/")}
    met["wrong"] = reader.post(f"{address}password/", {"password": "guess"})
    for _n in range(5):
        met["many"] = reader.post(f"{address}password/", {"password": "guess"})
    Share.objects.update(access=F("access") + 1)
    cache.clear()
    reader.post(f"{address}open/")
    assert reader.post(f"{address}password/", {"password": PASSWORD}).status_code == 302
    met["file"] = reader.get(f"{address}pdf/")
    met["long"] = reader.post(f"{address}question/", {"question": "x" * 1001})
    met["sent"] = reader.post(f"{address}question/", {"question": "Why?"})
    Share.objects.update(
        granted_on=today() - datetime.timedelta(2), expires_on=today() - datetime.timedelta(1)
    )
    met["expired"] = reader.get(address)
    wait = int(met["many"].headers["Retry-After"])
    assert f" {-(-wait // 60)} minu" in tight(met["many"])
    codes = {"none": 404, "wrong": 422, "many": 429, "file": 503, "long": 422, "sent": 200, "expired": 404}
    assert {name: answer.status_code for name, answer in met.items()} == codes
    words = {
        "none": ("Hier is niets te lezen", "Nothing to read here"),
        "wrong": ("Dat is niet het wachtwoord", "That is not the password"),
        "many": ("Te veel pogingen. Probeer het over", "Too many tries. Try again in"),
        "file": ("Het bestand is nog niet klaar", "The file is not ready yet"),
        "long": ("hooguit 1.000 tekens", "at most 1,000 characters"),
        "sent": ("is verstuurd aan", "was sent"),
        "expired": ("Hier is niets te lezen", "Nothing to read here"),
    }
    for name, answer in met.items():
        assert f'lang="{language}"' in tight(answer)[:60], name
        assert words[name][language == "en"] in tight(answer), name


def test_the_frame_speaks_the_reader_s_language(reader: Client) -> None:
    _share, address = share_made()
    assert 'lang="en"' in get(reader, f"{address}?language=nl").content.decode()[:60]
    before = written()
    answer = get(reader, f"{address}nl/?next=https://elsewhere.example/")
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert set(reader.cookies) == {"share_language"}
    assert reader.cookies["share_language"]["path"] == address
    assert written() == before
    assert 'lang="nl"' in get(reader, address).content.decode()[:60]
    get(reader, f"{address}en/")
    assert 'lang="en"' in get(reader, address).content.decode()[:60]
    assert get(reader, f"{address}de/").status_code == 404


def test_the_token_is_in_no_log_and_in_no_row(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    share, address = share_made()
    token = address.split("/")[2]
    opened(reader, address)
    reader.post(f"{address}question/", {"question": "Why?"})
    stream = io.StringIO()
    for as_json in (True, False):
        config = logging_config(as_json=as_json, level="DEBUG")
        made = config["formatters"]["json" if as_json else "lines"]
        handler = logging.StreamHandler(stream)
        handler.setFormatter(made["()"](*([] if as_json else [made["fmt"], None, "{"])))
        handler.addFilter(config["filters"]["context"]["()"]())
        monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
        shares_act(user=share.author, ids=[share.pk], act="pause")
        reader.get(address)
        reader.put(address)
        try:
            raise ValueError(f"at {address}")
        except ValueError:
            logging.getLogger("x").exception("failed at %s", address)
    said = stream.getvalue()
    assert "Not Found: /r/…/" in said
    assert "Method Not Allowed" in said
    assert token not in said
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" row WHERE row::text LIKE %s', [f"%{token}%"])
            assert cursor.fetchone() == (0,), table


def test_the_page_asks_nothing_of_others(reader: Client) -> None:
    share, address = share_made(downloads=True)
    page = opened(reader, address).content.decode()
    found = re.findall(r'(?:href|src|action)="([^"]+)"', page)
    assert len(found) > 8
    static = f"/{django_settings.STATIC_URL.strip('/')}/"
    own = [each.removeprefix(address) for each in found if each.startswith(address)]
    assert len(own) + sum(each.startswith(static) for each in found) == len(found), found
    assert str(share.report_id) not in re.findall(r"\d+", " ".join(own))
    assert re.fullmatch(r"/r/[\w-]{43}/", address), "the link holds its token and nothing else"
