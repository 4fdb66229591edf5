"""The wizard at /data/: from the file to the undo, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Q
from django.test import Client

from exchange.models import Import, Layout
from exchange.templatetags.exchange import import_link
from tests.factories import line_factory, user_factory

from .conftest import PLAIN
from .fake import facts

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(fake: Any) -> Any:
    return user_factory()


@pytest.fixture
def visitor(user: Any) -> Client:
    return signed_in(user)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, content: str | bytes = PLAIN, name: str = "figures.csv", **data: Any) -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    return client.post("/data/upload/", {"file": SimpleUploadedFile(name, raw), **data})


def form_of(client: Client, pk: int) -> dict[str, Any]:
    """What the page's reading form would send as it stands."""
    form = client.get(f"/data/{pk}/").context["form"]
    return {bound.html_name: bound.value() or "" for bound in form}


def test_a_file_goes_through_the_wizard(visitor: Client, user: Any, work: Any) -> None:
    assert "No file has been imported yet" in visitor.get("/data/").content.decode()
    answer = upload(visitor)
    row = Import.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/data/{row.pk}/")
    page = visitor.get(answer.url).content.decode()
    assert "Waiting for its turn" in page
    assert "Nothing has been done in the background" in page
    assert 'hx-trigger="every 2s"' in page
    assert "being checked" in visitor.get("/data/").content.decode()

    work()
    page = visitor.get(answer.url).content.decode()
    assert "One question first" in page
    assert "What does revenue mean?" in page
    assert facts() == []

    answer = visitor.post(f"/data/{row.pk}/reading/", form_of(visitor, row.pk) | {"option_meaning": "net"})
    assert answer.status_code == 302
    work()
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert "What would this file change?" in page
    assert "€220.50" in page
    assert facts() == []

    visitor.post(f"/data/{row.pk}/apply/")
    work()
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert "What did this file change?" in page
    assert len(facts()) == 2
    row.refresh_from_db()
    assert (row.state, row.applied_by, row.counts) == (
        "applied",
        user,
        {"new": 2, "changed": 0, "unchanged": 0, "refused": 0},
    )
    assert Layout.objects.get().options == {"meaning": "net"}

    visitor.post(f"/data/{row.pk}/undo/")
    work()
    assert "everything is as it was before this import" in visitor.get(f"/data/{row.pk}/").content.decode()
    assert facts() == []


def test_of_two_columns_that_could_be_the_same_the_person_says_which(visitor: Client, work: Any) -> None:
    content = (
        PLAIN.replace("units,revenue", "afzet,volume").replace(",100.50", ",77").replace(",120.00", ",88")
    )
    upload(visitor, content)
    work()
    row = Import.objects.get()
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert "Several columns could be Units: afzet, volume." in page
    fields = form_of(visitor, row.pk)
    assert (fields["column_3"], fields["column_4"]) == ("units", "")
    visitor.post(f"/data/{row.pk}/reading/", fields | {"column_3": "", "column_4": "units"})
    work()
    row.refresh_from_db()
    assert (row.state, row.totals) == ("ready", {"units": "165.0000"})
    upload(visitor, content)
    work()
    assert Import.objects.get(~Q(pk=row.pk)).state == "ready", "said once"


TITLED = (
    "month,sku,channel,units,revenue\nThis year,,,,\n"
    "maand,artikel,kanaal,afzet,omzet\n2026-01,A,North,10,100.50\n"
)


def test_the_line_that_names_the_columns_can_be_corrected(visitor: Client, work: Any) -> None:
    upload(visitor, TITLED)
    work()
    row = Import.objects.get()
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert "3: maand · artikel · kanaal · afzet · omzet" in page
    assert row.reading["header_line"] == 1
    fields = form_of(visitor, row.pk)
    visitor.post(f"/data/{row.pk}/reading/", fields | {"header_line": "3", "option_meaning": "net"})
    work()
    row.refresh_from_db()
    assert (row.state, row.counts["new"], row.reading["header_line"]) == ("ready", 1, 3)
    assert form_of(visitor, row.pk)["header_line"] == "3"
    visitor.post(f"/data/{row.pk}/reading/", form_of(visitor, row.pk) | {"header_line": ""})
    work()
    row.refresh_from_db()
    assert row.reading["header_line"] == 1


def test_a_question_about_what_is_not_in_the_file_is_not_shown(visitor: Client, work: Any) -> None:
    upload(visitor, "month,sku,units\n2026-01,A,10\n")
    work()
    row = Import.objects.get()
    assert row.state == "ready"
    assert "option_meaning" not in form_of(visitor, row.pk)


def test_the_next_file_like_it_asks_nothing(visitor: Client, work: Any, start: Any, user: Any) -> None:
    visitor.post(f"/data/{_ready(start, user, work).pk}/apply/")
    work()
    upload(visitor, PLAIN.replace("10,", "11,"))
    work()
    row = Import.objects.first()
    assert row is not None
    assert (row.state, row.counts["changed"], row.counts["unchanged"]) == ("ready", 1, 1)
    assert row.layout is not None


def _ready(start: Any, user: Any, work: Any, content: str = PLAIN) -> Import:
    row = start(user, content)
    work()
    row.refresh_from_db()
    assert row.state == "ready"
    return row


def test_a_value_that_reads_two_ways_is_asked_about(visitor: Client, work: Any) -> None:
    upload(visitor, "maand;artikel;afzet\njan 2026;A;1.234\n")
    work()
    row = Import.objects.get()
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert "Values such as 1.234 can be read two ways" in page
    visitor.post(f"/data/{row.pk}/reading/", form_of(visitor, row.pk) | {"decimal": ","})
    work()
    row.refresh_from_db()
    assert (row.state, row.totals["units"]) == ("ready", "1234.0000")


def test_everything_is_asked_at_once(visitor: Client, work: Any) -> None:
    rows = "".join(f"2026-01-31;A{number};5;1\n" for number in range(21_000))
    upload(visitor, f"datum;artikel;afzet;omzet\n{rows}03-04-2026;A;1.234;1\n")
    work()
    row = Import.objects.get()
    assert [question["code"] for question in row.questions] == ["decimal", "date_order", "option"]


def test_columns_can_be_matched_by_hand(visitor: Client, work: Any) -> None:
    upload(visitor, "periode,sku,aantal\n2026-01,A,5\n", sheet="fake")
    work()
    row = Import.objects.get()
    assert row.questions == [{"code": "missing_column", "fields": [["month", "day"], ["units", "revenue"]]}]
    assert (
        "The file has no column for Month / Day, Units / Revenue"
        in visitor.get(f"/data/{row.pk}/").content.decode()
    )
    data = form_of(visitor, row.pk)
    wrong = visitor.post(f"/data/{row.pk}/reading/", data | {"column_0": "month", "column_2": "month"})
    assert wrong.status_code == 422
    assert "is already the column" in wrong.content.decode()
    visitor.post(f"/data/{row.pk}/reading/", data | {"column_0": "month", "column_2": "units"})
    work()
    row.refresh_from_db()
    assert (row.state, row.counts["new"]) == ("ready", 1)


def test_refused_rows_are_shown_downloaded_and_left_out_on_purpose(
    visitor: Client, user: Any, start: Any, work: Any
) -> None:
    row = _ready(start, user, work, PLAIN + "2026-03,unknown-x,North,1,2\n2026-04,A,North,NaN,=1+1\n")
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert "there is no product unknown-x" in page
    assert "not a finite number" in page
    listed = b"".join(visitor.get(f"/data/{row.pk}/refused/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert listed.splitlines() == [
        "line,column,value,reason",
        "4,sku,unknown-x,there is no product unknown-x",
        "5,revenue,'=1+1,not a number",
        "5,units,NaN,not a finite number",
    ]
    assert visitor.post(f"/data/{row.pk}/apply/").status_code == 409
    work()
    assert facts() == []
    visitor.post(f"/data/{row.pk}/apply/", {"leave_out_refused": "1"})
    work()
    assert len(facts()) == 2


def test_a_bad_file_comes_back_with_its_reason(visitor: Client) -> None:
    answer = upload(visitor, b"%PDF-1.7 not a table", "sales.csv")
    assert answer.status_code == 422
    assert "This is not a CSV or XLSX file but PDF" in answer.content.decode()
    assert not Import.objects.exists()


def test_pressing_twice_uploads_once(visitor: Client) -> None:
    first, second = upload(visitor, nonce="abc"), upload(visitor, nonce="abc")
    assert first.url == second.url
    assert Import.objects.count() == 1


def test_two_at_once_and_no_third(visitor: Client, work: Any) -> None:
    upload(visitor)
    upload(visitor)
    third = upload(visitor)
    assert third.status_code == 422
    assert "You have 2 imports under way" in third.content.decode()
    work()
    assert upload(visitor).status_code == 302


def test_nobody_without_the_right(start: Any, user: Any, work: Any) -> None:
    row = _ready(start, user, work)
    viewer = signed_in(user_factory("viewer"))
    for url in ("/data/", "/data/upload/", f"/data/{row.pk}/", f"/data/{row.pk}/file/"):
        assert viewer.get(url).status_code == 403
    for action in ("reading", "apply", "undo", "discard"):
        assert viewer.post(f"/data/{row.pk}/{action}/").status_code == 403
    assert Client().get("/data/").status_code == 302
    row.refresh_from_db()
    assert row.state == "ready"


def test_undo_needs_its_own_right(start: Any, user: Any, work: Any) -> None:
    row = _ready(start, user, work)
    signed_in(user).post(f"/data/{row.pk}/apply/")
    work()
    marketing = signed_in(user_factory("marketing"))
    assert marketing.get(f"/data/{row.pk}/").status_code == 200
    assert marketing.post(f"/data/{row.pk}/undo/").status_code == 403
    work()
    assert len(facts()) == 2


def test_who_is_limited_sees_only_their_own(start: Any, user: Any, work: Any) -> None:
    row = _ready(start, user, work)
    limited_user = user_factory(lines=[line_factory()])
    limited = signed_in(limited_user)
    assert limited.get(f"/data/{row.pk}/").status_code == 404
    assert limited.get(f"/data/{row.pk}/refused/").status_code == 404
    assert limited.post(f"/data/{row.pk}/apply/").status_code == 404
    assert "figures.csv" not in limited.get("/data/").content.decode()
    own = _ready(start, limited_user, work)
    assert limited.get(f"/data/{own.pk}/").status_code == 200


def test_a_file_is_linked_to_for_who_may_open_its_import(start: Any, user: Any, work: Any) -> None:
    row = _ready(start, user, work)
    address, limited = f"/data/{row.pk}/", user_factory(lines=[line_factory()])
    for person, may in ((user, True), (user_factory("marketing"), True), (limited, False)):
        said = import_link({"user": person}, row)
        assert said == (f'<a href="{address}">{row.file_name}</a>' if may else row.file_name)
        assert signed_in(person).get(address).status_code == (200 if may else 404)


def test_the_list_filters_by_its_address(visitor: Client, start: Any, user: Any, work: Any) -> None:
    _ready(start, user, work)
    start(user_factory(), file_name="other.csv")
    work()
    Import.objects.filter(file_name="other.csv").update(state="checking")
    for query, names in {
        "": {"figures.csv", "other.csv"},
        "?mine=1": {"figures.csv"},
        "?q=OTHER": {"other.csv"},
        "?state=waiting": {"figures.csv"},
        "?state=applied": set(),
        "?sheet=fake&q=fig": {"figures.csv"},
    }.items():
        page = visitor.get(f"/data/{query}").content.decode()
        assert {name for name in ("figures.csv", "other.csv") if name in page} == names, query


def test_the_file_is_given_back_as_it_came(visitor: Client, start: Any, user: Any) -> None:
    answer: Any = visitor.get(f"/data/{start(user).pk}/file/")
    assert b"".join(answer.streaming_content) == PLAIN.encode()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="figures.csv"'
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_running_import_can_be_stopped(visitor: Client, user: Any, work: Any) -> None:
    upload(visitor)
    row = Import.objects.get()
    assert f'action="/data/{row.pk}/stop/"' in visitor.get(f"/data/{row.pk}/").content.decode()
    answer = visitor.post(f"/data/{row.pk}/stop/")
    assert (answer.status_code, answer.url) == (302, f"/data/{row.pk}/")
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert f"Stopped by {user}." in page
    assert "Nothing was written." in page
    assert "/stop/" not in page


def test_the_list_of_refused_rows_says_what_it_lacks(
    visitor: Client, start: Any, user: Any, work: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("exchange.services.steps.REFUSALS_KEPT", 2)
    bad = "".join(f"2026-0{month},A,North,x,1\n" for month in (3, 4, 5, 6))
    row = start(user, PLAIN + bad)
    work()
    answer = visitor.get(f"/data/{row.pk}/refused/")
    lines = b"".join(answer.streaming_content).decode().strip().splitlines()
    assert len(lines) == 1 + 2 + 1
    assert "2 more rows are refused and not listed here" in lines[-1]
