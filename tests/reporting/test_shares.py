"""Links: who makes them, what they show, and how they end."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, InternalError, connection, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts.errors import DomainError
from accounts.models import Deputy, Role, User
from accounts.services import deputy_warnings
from collaboration.kinds import alert_kinds
from collaboration.selectors.alerts import alerts_open, alerts_visible
from collaboration.services.alerts import Candidate, alert_raise
from core import formats
from core.organisation import today
from reporting.models import Report, Share, ShareAccess
from reporting.selectors.share_versions import More, share_snapshot, shares_behind, snapshot_showing
from reporting.selectors.shares import share_find, shares_live, token_hash
from reporting.selectors.shares_managed import shares_visible
from reporting.services.share_opening import share_ask
from reporting.services.shares import (
    accesses_purge,
    share_change,
    share_create,
    share_mail,
    share_renew,
    shares_act,
    shares_renew,
    token_new,
    token_of,
)
from reporting.words.exposure import more_words
from tests.factories import channel_factory, line_factory, organisation_factory, product_factory, user_factory
from tests.html import tight
from tests.reporting.sharing import report_made, share_made, snapshot_made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
VALUES = {"label": "Noord", "email": "noord@example.com"}
DAY = datetime.timedelta(days=1)


def state_of(share: Share) -> str:
    return shares_visible(share.author).get(pk=share.pk).state  # type: ignore[attr-defined]


def test_only_the_hash_is_kept_and_a_second_sending_makes_no_second_link() -> None:
    report = report_made()
    share, token = share_create(user=report.author, report=report, values=VALUES)
    again, same = share_create(user=report.author, report=report, values=VALUES, token=token)
    assert (again.pk, same) == (share.pk, token)
    assert len(token) == 43
    assert share.token_hash == token_hash(token)
    assert share.expires_on == today() + 30 * DAY
    assert share_find(token) == share
    other, another = share_create(user=report.author, report=report, values=VALUES)
    assert other.pk != share.pk
    assert another != token


def test_a_question_is_answered_by_e_mail(client: Client) -> None:
    share, _address = share_made(email="noord+inkoop@example.com")
    client.force_login(share.author)
    assert "mailto:" not in tight(client.get(f"/reports/links/{share.pk}/"))
    share_ask(share=share, text="Why?\nAnd & when?")
    page = tight(client.get(f"/reports/links/{share.pk}/"))
    said = "subject=Your%20question&amp;body=%0D%0A%0D%0A%3E%20Why%3F%0D%0A%3E%20And%20%26%20when%3F"
    assert f'href="mailto:noord%2Binkoop@example.com?{said}"' in page
    assert f'<a href="{share.report.get_absolute_url()}">{share.report.title}</a>' in page


def test_answered_takes_a_question_off_today(client: Client) -> None:
    share, _address = share_made()
    for text in ("Why?", "And when?"):
        share_ask(share=share, text=text)
    client.force_login(share.author)
    page = f"/reports/links/{share.pk}/"
    forms = re.findall(r"<form[^>]*alerts.*?</form>", client.get(page).text, re.S)
    assert len(forms) == 2
    address = re.findall(r'action="([^"]+)"', forms[0])[0]  # the newest stands first
    answer = client.post(address, dict(re.findall(r'name="([^"]+)" value="([^"]+)"', forms[0])))
    assert answer.headers["Location"] == page
    assert [alert.evidence["text"] for alert in alerts_open(share.author)] == ["Why?"]
    shown = tight(client.get(page))
    assert re.search(f"Closed by {share.author.name} on [^:]+: Answered<", shown)
    share.author.language = "nl"
    share.author.save()
    assert ": Geantwoord<" in tight(client.get(page))
    assert shown.count("/close/") == 1


def test_before_it_is_published_nobody_fills_in_a_form_in_vain(client: Client) -> None:
    organisation_factory(sharing=True)
    author = user_factory("product-manager", language="en")
    report = Report.objects.create(author=author, title="Draft", language="en", audience="external")
    client.force_login(author)
    page = tight(client.get(f"/reports/{report.pk}/share/"))
    assert "only that can be shared" in page
    assert 'name="label"' not in page

    def offered() -> bool:
        return f"/reports/{report.pk}/share/" in client.get(f"/reports/{report.pk}/").text

    assert not offered()
    snapshot_made(report)
    assert 'name="label"' in tight(client.get(f"/reports/{report.pk}/share/"))
    assert offered()
    organisation_factory(sharing=False)
    assert not offered()
    assert "To the settings" not in client.get(f"/reports/{report.pk}/share/").text
    report.author.roles.set(user_factory(["product-manager", "administrator"]).roles.all())
    assert "To the settings" in client.get(f"/reports/{report.pk}/share/").text


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"expires_on": datetime.date(2020, 1, 1)}, "within a year"),
        ({"expires_on": datetime.date(2099, 1, 1)}, "within a year"),
        ({"email": "nobody"}, "valid email"),
        ({"label": ""}, "blank"),
    ],
)
def test_what_a_link_needs(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DomainError, match=message):
        share_made(**values)


def test_the_database_keeps_a_link_from_lasting_longer() -> None:
    share, _address = share_made()
    with pytest.raises(IntegrityError, match="share_a_year_at_most"), transaction.atomic():
        Share.objects.filter(pk=share.pk).update(expires_on=today() + 400 * DAY)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ((2026, 11, 30), (2027, 11, 30)),  # 365 days
        ((2027, 3, 1), (2028, 3, 1)),  # 366
        ((2028, 2, 29), (2029, 2, 28)),
    ],
)
def test_a_year_is_until_the_same_day_of_the_next(
    day: tuple[int, int, int], last: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, until = datetime.date(*day), datetime.date(*last)
    for room in ("services", "selectors"):
        monkeypatch.setattr(f"reporting.{room}.shares.today", lambda: made)
    with pytest.raises(DomainError, match="within a year"):
        share_made(expires_on=until + DAY)
    share, _address = share_made(Report.objects.get(), expires_on=until)
    with pytest.raises(IntegrityError, match="share_a_year_at_most"), transaction.atomic():
        Share.objects.filter(pk=share.pk).update(expires_on=until + DAY)


def test_who_may_share_what() -> None:
    report = report_made()
    for user, message in (
        (user_factory("viewer"), "Your role"),
        (user_factory("product-manager"), "Only its author"),
    ):
        with pytest.raises(DomainError, match=message):
            share_create(user=user, report=report, values=VALUES)
    inside = report_made(report.author, audience="internal")
    with pytest.raises(DomainError, match="for the outside"):
        share_create(user=report.author, report=inside, values=VALUES)
    organisation_factory(sharing=False)
    with pytest.raises(DomainError, match="Sharing is off"):
        share_create(user=report.author, report=report, values=VALUES)


def test_one_s_own_links_and_all_for_the_administrator() -> None:
    share, _address = share_made()
    other, admin = user_factory("product-manager"), user_factory("administrator")
    assert not shares_visible(other).exists()
    assert shares_act(user=other, ids=[share.pk], act="revoke") == 0
    assert state_of(share) == "live"
    assert shares_act(user=admin, ids=[share.pk], act="revoke") == 1
    assert state_of(share) == "revoked"


def test_a_deputy_answers_pauses_and_revokes_and_makes_none(client: Client) -> None:
    share, _address = share_made()
    share_ask(share=share, text="Why?")
    deputy, colleague = (user_factory("product-manager", language="en") for _each in range(2))
    Deputy.objects.create(owner=share.author, deputy=deputy, start_date=today(), end_date=today())
    page = f"/reports/links/{share.pk}/"
    client.force_login(colleague)
    assert client.get(page).status_code == 404
    client.post("/reports/links/", {"share": share.pk, "act": "revoke"})
    assert state_of(share) == "live"
    client.force_login(deputy)
    alert = alerts_open(User.objects.get(pk=deputy.pk)).get()
    assert alert_kinds.get(alert.kind).url(alert) == page
    assert "Answer by e-mail" in client.get(page).text
    listed = tight(client.get("/reports/links/"))
    assert "of people you are deputy for" in listed
    assert f"always the newest version · {share.author.name}" in listed
    for act, state in (("pause", "paused"), ("resume", "live"), ("revoke", "revoked")):
        said = client.post("/reports/links/", {"share": share.pk, "act": act}, follow=True).text
        assert f"1 link {state if act != 'resume' else 'resumed'}." in said
        assert state_of(share) == state
    assert client.get(f"/reports/{share.report_id}/share/").status_code == 404


@pytest.mark.parametrize("of", ["lines", "channels"])
def test_a_limited_deputy_finds_the_questions_of_whom_they_stand_in_for(client: Client, of: str) -> None:
    """And nothing else that is theirs and about no line."""
    limits: Any = {of: [line_factory() if of == "lines" else channel_factory()]}
    author, deputy, colleague = (user_factory("product-manager", language="en", **limits) for _each in "123")
    report = report_made(author)
    product = product_factory(line=limits["lines"][0]) if of == "lines" else product_factory()
    sees = {"product_ids": [product.pk], "channel_ids": [each.pk for each in limits.get("channels", [])]}
    unseen, _address = share_made(report, label="Rival")
    snapshot_made(report, **sees)
    share, _address = share_made(report, snapshot=report.snapshots.get(number=2))
    share_ask(share=unseen, text="Secret?")
    share_ask(share=share, text="Why?")
    viewer = user_factory("viewer")
    with translation.override("en"):
        assert any("what 1 shared link shows" in said for said in deputy_warnings(author, deputy))
        assert any("what 2 shared links show" in said for said in deputy_warnings(author, viewer))
    Deputy.objects.create(owner=author, deputy=deputy, start_date=today(), end_date=today())
    for kind in alert_kinds:
        if kind.key != "report_question":
            alert_raise(kind=kind.key, candidate=Candidate("of all", "so", None, {}, recipient_id=author.pk))
    owner, found, other = (
        set(alerts_visible(User.objects.get(pk=each.pk)).values_list("kind", flat=True))
        for each in (author, deputy, colleague)
    )
    assert found == {"report_question", "report_unsent"}
    asked = alerts_visible(User.objects.get(pk=deputy.pk)).filter(kind="report_question")
    assert [each.evidence["text"] for each in asked] == ["Why?"]
    assert owner > found
    assert not other
    alert = alerts_open(User.objects.get(pk=deputy.pk)).get(kind="report_question")
    client.force_login(deputy)
    page = client.get(alert_kinds.get(alert.kind).url(alert))
    assert "Answer by e-mail" in page.text
    assert client.post(f"/alerts/{alert.pk}/close/", {"version": 1, "reason": "Done"}).status_code == 302
    assert client.get(f"/reports/links/{unseen.pk}/").status_code == 404
    assert "Rival" not in client.get("/reports/links/").text
    client.post("/reports/links/", {"share": unseen.pk, "act": "revoke"})
    assert state_of(unseen) == "live"


def test_a_deputy_without_costs_is_not_told_what_was_asked_about_them() -> None:
    """Limited to nothing, but without that right."""
    author = user_factory("product-manager")
    together, reports = ["collaboration.view", "collaboration.alerts"], ["reporting.view", "reporting.share"]
    deputy = user_factory(rights=["products.view", *together, *reports])
    Deputy.objects.create(owner=author, deputy=deputy, start_date=today(), end_date=today())
    shared = report_made(author)
    plain, _address = share_made(shared, snapshot=shared.snapshots.get())
    share_ask(share=plain, text="Why?")
    snapshot_made(shared, fields=["volume", "margin"])
    secret, _address = share_made(shared, snapshot=shared.snapshots.get(number=2), label="Finance")
    share_ask(share=secret, text="Why 40 %?")

    def told(person: User) -> list[str]:
        fresh = User.objects.get(pk=person.pk)
        return sorted(each.evidence["text"] for each in alerts_visible(fresh).filter(kind="report_question"))

    assert told(deputy) == ["Why?"]
    assert told(author) == ["Why 40 %?", "Why?"]
    role = deputy.roles.get()
    role.rights += ["pricing.view_costs"]
    role.save()
    assert told(deputy) == ["Why 40 %?", "Why?"]


def test_a_deputy_widens_a_link_by_no_more_than_they_may_see(client: Client) -> None:
    """Of a version about products beyond their lines they read no names either."""
    product, report = product_factory(), report_made()
    snapshot_made(report, about=ABOUT | {"suppliers": ["Fruit BV"]}, product_ids=[product.pk])
    share, _address = share_made(report)
    author = share.author
    deputy = user_factory("product-manager", language="en", lines=[product.line])
    Deputy.objects.create(owner=author, deputy=deputy, start_date=today(), end_date=today())
    about = ABOUT | {"suppliers": ["Other BV"]}
    wider = snapshot_made(share.report, about=about, product_ids=[product.pk + 1])
    one = {"share": share.pk, "act": "renew", "one": 1}
    page = f"/reports/links/{share.pk}/"
    said = "Only who may see all of this version lets the link tell it."
    client.force_login(deputy)
    shown = tight(client.get(page))
    assert said in shown
    assert "Renew for 30 days, as it is" in shown
    for hidden in ("Renew, and tell this too", 'name="seen"', "Other BV"):
        assert hidden not in shown
    assert said in client.post("/reports/links/", {**one, "seen": wider.number}, follow=True).text
    assert Share.objects.get(pk=share.pk).granted == share.granted
    within = snapshot_made(share.report, about=about, product_ids=[product.pk])
    shown = tight(client.get(page))
    assert "Renew, and tell this too" in shown
    assert "Other BV" in shown
    client.post("/reports/links/", {**one, "seen": within.number})
    assert Share.objects.get(pk=share.pk).granted == within


def test_a_deputy_who_may_read_no_version_is_told_that_there_are_some(client: Client) -> None:
    report = report_made()
    for limits, may in (({}, True), ({"lines": [line_factory()]}, False)):
        deputy = user_factory("product-manager", language="en", **limits)
        Deputy.objects.all().delete()
        Deputy.objects.create(owner=report.author, deputy=deputy, start_date=today(), end_date=today())
        client.force_login(deputy)
        page = client.get(report.get_absolute_url()).text
        assert ("No version that you may read." in page) is not may
        assert "Nothing yet." not in page


def test_a_deputy_reads_of_which_report_the_links_are(client: Client) -> None:
    share, _address = share_made(report_made(audience="external", title="Category review"))
    for limits, names in (({}, True), ({"lines": [line_factory()]}, False)):
        deputy = user_factory("product-manager", language="en", **limits)
        Deputy.objects.all().delete()
        Deputy.objects.create(owner=share.author, deputy=deputy, start_date=today(), end_date=today())
        client.force_login(deputy)
        page = tight(client.get(f"/reports/links/?report={share.report_id}"))
        assert bool(re.search(r'class="chip" href="\?">Category review', page)) is names


def live() -> int:
    return Report.objects.annotate(live=shares_live()).get().live


def test_how_a_link_rests_and_ends() -> None:
    (share, _address), admin = share_made(), user_factory("administrator")
    author, ids = share.author, [share.pk]
    shares_act(user=author, ids=ids, act="pause")
    assert state_of(share) == "paused"
    assert live() == 0
    shares_act(user=author, ids=ids, act="resume")
    assert live() == 1
    author.is_active = False
    author.save()
    assert Share.objects.filter(pk=share.pk, paused_at=None).exists()
    assert (state_of(share), live()) == ("resting", 0)
    shares_act(user=admin, ids=ids, act="pause")
    assert state_of(share) == "paused"  # also when they are back
    shares_act(user=admin, ids=ids, act="resume")
    author.is_active = True
    author.save()
    Share.objects.filter(pk=share.pk).update(expires_on=today() - DAY)
    assert state_of(share) == "expired"
    assert shares_renew(user=author, ids=ids).count == 1
    assert state_of(share) == "live"
    shares_act(user=author, ids=ids, act="revoke")
    assert shares_renew(user=author, ids=ids).count == 0
    with pytest.raises(DomainError, match="no such link"):
        share_renew(user=author, share=share)
    with pytest.raises(DomainError, match="for good"):
        share_change(user=author, share=share, values=VALUES, version=1)


def test_links_of_who_may_not_share_any_more_rest(client: Client) -> None:
    """Until a role of theirs lets them again: it opens nothing, and its page says why."""
    (share, address), admin = share_made(), user_factory("administrator", language="en")
    token, roles = address.split("/")[2], list(share.author.roles.all())

    def known() -> tuple[str, int, bool]:
        state = shares_visible(admin).get(pk=share.pk).state  # type: ignore[attr-defined]
        return state, live(), share_find(token) == share

    share.author.roles.set([Role.objects.get(code="marketing")])
    assert known() == ("resting", 0, False)
    client.force_login(admin)
    page = tight(client.get(f"/reports/links/{share.pk}/"))
    assert f"{share.author.name} may no longer share reports" in page
    share.author.roles.set([*roles, Role.objects.get(code="marketing")])
    assert known() == ("live", 1, True)


def test_a_link_says_why_it_rests_and_offers_no_pause(client: Client) -> None:
    share, _address = share_made()
    share.author.is_active = False
    share.author.save()
    client.force_login(user_factory("administrator", language="en"))
    page = tight(client.get(f"/reports/links/{share.pk}/"))
    assert f"{share.author.name} is deactivated" in page
    assert 'value="pause"' not in page


def test_turning_sharing_off_revokes_for_good(client: Client) -> None:
    share, address = share_made()
    client.force_login(user_factory("administrator"))
    form = client.get("/settings/").context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    data["nightly_at"] = f"{data['nightly_at']:%H:%M}"
    del data["sharing"]
    assert client.post("/settings/", data).status_code == 302
    assert state_of(share) == "revoked"
    assert client.post("/settings/", {**data, "version": 2, "sharing": "on"}).status_code == 302
    assert state_of(share) == "revoked"
    assert client.get(address).status_code == 404


ABOUT = {"products": ["Juice (SAP)"], "channels": ["Noord"], "accounts": [], "suppliers": []}
NO_MORE: list[dict[str, Any]] = [
    {},
    {"fields": [], "product_ids": [], "about": {}},
    {"about": ABOUT | {"accounts": ["Noord"]}},  # named by the channels it is about
    {"about": ABOUT | {"suppliers": ["Fruit BV"]}},
]
MORE: list[tuple[dict[str, Any], More, str]] = [
    ({"fields": ["volume", "revenue"]}, More(["revenue"], [], [], [], [], [], False), "Fields Revenue"),
    (
        {"product_ids": [3, 4], "about": ABOUT | {"products": ["Juice (SAP)", "New (N-1)"]}},
        More([], ["New (N-1)"], [], [], [], [], False),
        "Products New (N-1)",
    ),
    ({"product_ids": [3, 4, 5]}, More([], ["…", "…"], [], [], [], [], False), "Products 2 products"),
    (
        {"channel_ids": [7, 8], "about": ABOUT | {"channels": ["Noord", "Zuid"]}},
        More([], [], ["Zuid"], [], [], [], False),
        "Channels Zuid",
    ),
    ({"channel_ids": []}, More([], [], [], [], [], [], True), "Channels all"),
    (
        {"about": ABOUT | {"accounts": ["Rival"]}},
        More([], [], [], ["Rival"], [], [], False),
        "Accounts whose figures are in it Rival",
    ),
    (
        {"about": ABOUT | {"suppliers": ["Fruit BV", "Other BV"]}},
        More([], [], [], [], ["Other BV"], [], False),
        "Suppliers whose figures are in it Other BV",
    ),
    (
        {"about": ABOUT | {"groups": ["Night drinks"]}},
        More([], [], [], [], [], ["Night drinks"], False),
        "Told as a whole Night drinks",
    ),
    (
        {"about": ABOUT | {"all_products": True}},
        More([], [], [], [], [], [], everywhere=False, everything=True),
        "Products all, also those that come later",
    ),
]


def test_a_link_to_all_products_on_purpose_shows_those_that_come_later(client: Client) -> None:
    """Its question says so; a newer supplier is still held back."""
    report = report_made()
    of_all = ABOUT | {"all_products": True, "suppliers": ["Fruit BV"]}
    snapshot_made(report, about=of_all)
    client.force_login(report.author)
    assert "also those that come later: the link shows these as well" in tight(
        client.get(f"/reports/{report.pk}/share/")
    )
    share = share_made(report)[0]
    more = of_all | {"products": ["Juice (SAP)", "New (N-1)"]}
    newer = snapshot_made(report, about=more, product_ids=[3, 4])
    assert share_snapshot(share) == newer
    assert snapshot_showing(newer).shown == [share.pk]
    page = tight(client.get(f"/reports/{report.pk}/{newer.number}/"))
    assert "1 field of all products (2) in 1 channel" in page
    assert "all, also those that come later: Juice (SAP), New (N-1)" in page
    snapshot_made(report, about=more | {"suppliers": ["Other BV"]}, product_ids=[3, 4, 5])
    assert share_snapshot(share) == newer


def test_a_link_to_all_products_of_lines_shows_those_that_come_later_in_them() -> None:
    """Of an author who sees some lines only: of more lines, or of all, is more."""
    report = report_made()
    juices = ABOUT | {"all_products": True, "within": ["Juices"]}
    snapshot_made(report, about=juices)
    share = share_made(report)[0]
    newer = snapshot_made(
        report, about=juices | {"products": ["Juice (SAP)", "New (N-1)"]}, product_ids=[3, 4]
    )
    assert share_snapshot(share) == newer
    assert snapshot_showing(newer).shown == [share.pk]
    for lines, said in (["Juices", "Lamps"], "all of Juices, Lamps, also"), ([], "all, also"):
        wider = snapshot_made(report, about=juices | {"within": lines}, product_ids=[3, 4, 5])
        assert share_snapshot(share) == newer
        [(kind, names)] = more_words(shares_behind([share])[share.pk][1])
        assert (kind, names) == ("Products", f"{said} those that come later")
        assert snapshot_showing(wider).behind == [share.pk]
    chosen = snapshot_made(report, about=ABOUT, product_ids=[3])
    assert share_snapshot(share) == chosen


def following() -> Share:
    """A link that follows a report of one product, channel and supplier."""
    report = report_made()
    snapshot_made(report, about=ABOUT | {"suppliers": ["Fruit BV"]})
    return share_made(report)[0]


@pytest.mark.parametrize("values", NO_MORE)
def test_a_newer_version_that_tells_no_more_is_shown(values: dict[str, Any]) -> None:
    share = following()
    newer = snapshot_made(share.report, **values)
    assert share_snapshot(share) == newer
    assert not shares_behind([share])
    assert snapshot_showing(newer).shown == [share.pk]


@pytest.mark.parametrize(("values", "more", "words"), MORE)
def test_a_version_that_tells_more_is_not_shown_and_the_owner_is_told_why(
    client: Client, values: dict[str, Any], more: More, words: str
) -> None:
    share = following()
    last = share.granted
    newer = snapshot_made(share.report, **{"about": last.about} | values)
    assert share_snapshot(share) == last
    assert shares_behind([share]) == {share.pk: (newer, more)}
    assert [" ".join(pair) for pair in more_words(more)] == [words]
    assert (snapshot_showing(last).shown, snapshot_showing(newer).behind) == ([share.pk], [share.pk])
    client.force_login(share.author)
    page = tight(client.get(f"/reports/links/{share.pk}/"))
    assert f"Version {newer.number} is not shown" in page
    assert words.rpartition(" ")[2] in page
    mark = "does not show the newest version"
    assert mark in client.get("/reports/links/").text
    shares_act(user=share.author, ids=[share.pk], act="revoke")
    assert mark not in client.get("/reports/links/").text


def test_products_of_a_version_are_looked_up_and_not_compared_each_with_each() -> None:
    """A billion comparisons take far longer; what is beyond the limits of a reader likewise."""
    ids = list(range(1, 30_001))
    report = report_made()
    snapshot_made(report, product_ids=ids)
    share = share_made(report)[0]
    newest = snapshot_made(report, product_ids=ids[::-1])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '2s'")
    assert share_snapshot(share) == newest
    wider = snapshot_made(report, product_ids=[*ids, 30_001])
    assert share_snapshot(share) == newest
    assert shares_behind([share])[share.pk][0] == wider


def test_a_version_inside_is_never_shown() -> None:
    share = following()
    snapshot_made(share.report, audience="internal")
    assert share_snapshot(share) == share.granted
    assert not shares_behind([share])


def test_renewing_lengthens_and_tells_no_more_without_a_yes(client: Client) -> None:
    share = following()
    report, author = share.report, share.author
    fixed, _address = share_made(report, label="Fixed", snapshot=share.granted)
    tomorrow = today() + DAY
    other, _address = share_made(report, label="Zuid")
    Share.objects.update(expires_on=tomorrow)
    Share.objects.filter(pk=share.pk).update(label="Noord, BV")
    wider = snapshot_made(report, fields=["volume", "revenue"])
    client.force_login(author)
    many = {"share": [share.pk, other.pk, fixed.pk], "act": "renew"}
    answer = client.post("/reports/links/", many, follow=True).text
    assert "Not renewed, as a newer version tells more than they were made for: Zuid; Noord, BV." in answer
    assert "1 link renewed." in answer
    ends = dict(Share.objects.values_list("label", "expires_on"))
    assert ends == {"Noord, BV": tomorrow, "Zuid": tomorrow, "Fixed": today() + 30 * DAY}
    one = {"share": share.pk, "act": "renew", "one": 1}
    assert client.post("/reports/links/", one)["Location"] == f"/reports/links/{share.pk}/"
    share.refresh_from_db()
    assert share.expires_on == today() + 30 * DAY
    assert share_snapshot(share) == share.granted != wider
    widest = snapshot_made(report, fields=["volume", "revenue", "price"])
    answer = client.post("/reports/links/", {**one, "seen": wider.number}, follow=True).text
    assert "look at what that tells" in answer
    assert share_snapshot(Share.objects.get(pk=share.pk)) == share.granted
    client.post("/reports/links/", {**one, "seen": widest.number})
    share = Share.objects.get(pk=share.pk)
    assert share_snapshot(share) == share.granted == widest
    assert "tells no more than" in client.get(f"/reports/links/{share.pk}/").text.lower()


def test_whose_a_link_is_stays(client: Client) -> None:
    share, _address = share_made()
    with pytest.raises(DomainError, match="One recipient, one link"):
        share_change(user=share.author, share=share, values={"email": "other@example.com"}, version=1)
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        Share.objects.filter(pk=share.pk).update(email="other@example.com")
    client.force_login(share.author)
    data = {"label": "Zuid", "email": "other@example.com", "expires_on": f"{share.expires_on:%Y-%m-%d}"}
    client.post(f"/reports/links/{share.pk}/", {**data, "version": 1})
    share.refresh_from_db()
    assert (share.label, share.email) == ("Zuid", "noord@example.com")
    assert "<del>Noord</del>" in client.get(f"/reports/links/{share.pk}/").text


def test_the_form_says_what_is_told_until_when(client: Client) -> None:
    report = report_made()
    first = report.snapshots.get()
    snapshot_made(report, fields=["volume", "revenue"])
    client.force_login(report.author)
    page = f"/reports/{report.pk}/share/"

    def told(**asked: Any) -> str:
        return tight(client.get(page, asked, headers={"HX-Request": "true"})).replace("\xa0", " ")

    day = today() + 9 * DAY
    usual, chosen = (formats.day(each).replace("\xa0", " ") for each in (today() + 30 * DAY, day))
    assert f"2 fields of 1 product in 1 channel, until {usual}" in told()
    assert "Version 2, and each newer one that tells no more." in told()
    said = told(expires_on=f"{day:%Y-%m-%d}", snapshot=first.pk)
    assert f"1 field of 1 product in 1 channel, until {chosen}" in said
    assert "Always version 1." in said
    assert "<form" not in said
    assert "2 fields" in told(expires_on="soon", snapshot="other")
    far = {"expires_on": f"{today() + 800 * DAY:%Y-%m-%d}"}
    assert f"until {usual}" in told(**far)
    refused = client.post(page, {**far, "email": "nobody"})
    assert set(refused.context["form"].errors) == {"label", "email", "expires_on"}
    whole = client.get(page, {"snapshot": first.pk}).text
    assert f'value="{first.pk}" selected' in whole


def test_a_version_says_in_red_by_how_many_links_it_is_shared(client: Client) -> None:
    report = report_made()
    first = report.snapshots.get()
    share_made(report, label="Fixed", snapshot=first)
    share_made(report)
    shares_act(user=report.author, ids=[share_made(report)[0].pk], act="pause")
    second = snapshot_made(report)
    wider = snapshot_made(report, fields=["volume", "revenue"])
    client.force_login(report.author)
    for version, label in ((first, "Fixed"), (second, "Noord")):
        answer = client.get(version.get_absolute_url())
        assert "Shared by 1 link" in tight(answer)
        links = f"/reports/links/?report={report.pk}&version={version.number}"
        assert links.replace("&", "&amp;") in answer.text
        assert [row.label for row in client.get(links).context["page"]] == [label]
    page = tight(client.get(wider.get_absolute_url()))
    assert "Shared by" not in page
    assert "1 link does not show it" in page


def test_a_fixed_link_shows_the_same_for_ever() -> None:
    report = report_made()
    first = report.snapshots.get()
    share, _address = share_made(report, snapshot=first)
    snapshot_made(report)
    assert share_snapshot(share) == first


def test_the_mail_holds_the_link_once_and_no_figure(settings: Any) -> None:
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    share, address = share_made(password="a password")
    for _twice in range(2):
        assert share_mail(share=share, url=f"https://pm.example{address}")
    (sent,) = mail.outbox
    assert sent.to == ["noord@example.com"]
    assert f"https://pm.example{address}" in sent.body
    assert "password" in sent.body
    assert "MARK" not in sent.subject + sent.body
    assert "a password" not in sent.body.replace("a password,", "")


def test_a_mail_that_did_not_go_can_go_again(settings: Any) -> None:
    settings.EMAIL_PORT = 1
    share, _address = share_made()
    assert not share_mail(share=share, url="https://pm.example/r/x/")
    assert Share.objects.get(pk=share.pk).mailed_at is None


def test_who_opened_what_is_forgotten_after_90_days() -> None:
    share, _address = share_made()
    for days in (89, 91):
        ShareAccess.objects.create(share=share, what="opened", at=timezone.now() - days * DAY)
    assert accesses_purge() == 1
    assert share.accesses.count() == 1


def test_a_token_made_of_a_key_is_as_long_and_as_rare() -> None:
    tokens = {token_of(token_new()) for _each in range(1000)}
    assert (len(tokens), {len(token) for token in tokens}) == (1000, {43})


def test_the_form_sent_twice_makes_one_link_and_shows_it_both_times(client: Client, settings: Any) -> None:
    settings.MAIL_BACKEND, settings.PUBLIC_ADDRESS = settings.EMAIL_BACKEND, "https://pm.example.org"
    report = report_made()
    client.force_login(report.author)
    page = f"/reports/{report.pk}/share/"
    nonce = client.get(page).context["nonce"]
    snapshot_made(report, fields=["volume", "revenue"])  # meanwhile, and not seen
    data = {
        **VALUES,
        "expires_on": f"{today() + 9 * DAY:%Y-%m-%d}",
        "nonce": nonce,
        "password": "long enough",
    }
    answers = [client.post(page, data) for _twice in range(2)]
    urls = {answer.context["url"] for answer in answers}
    assert len(urls) == Share.objects.count() == len(mail.outbox) == 1
    assert all("password is not in the mail" in answer.text for answer in answers)
    token = re.fullmatch(r"https://pm\.example\.org/r/([\w-]{43})/", urls.pop())
    assert token
    assert f"https://pm.example.org/r/{token[1]}/" in mail.outbox[0].body
    share = share_find(token[1])
    assert share
    assert share.granted.number == 1
    assert not any(share_find(part) for part in nonce.split(":"))  # what the form holds opens nothing
    told = client.get(
        page, {"expires_on": ""}, headers={"HX-Request": "true"}
    )  # a choice tells of the newest
    later = {**data, "nonce": re.findall(r'name="nonce" form="share" value="([^"]+)"', tight(told))[0]}
    assert client.post(page, later).context["share"].granted.number == 2
    Share.objects.filter(granted__number=2).delete()
    forged = client.post(page, {**data, "nonce": f"{report.author.pk}:{report.pk}:guessable"})
    assert forged.status_code == 422
    assert Share.objects.count() == 1


def test_the_list_and_one_link(client: Client) -> None:
    share, _address = share_made(note="for Piet")
    other, _other = share_made(share.report, label="Zuid")
    client.force_login(share.author)
    assert b"Zuid" in client.get("/reports/links/").content
    found = client.get(f"/reports/links/?q=piet&state=live&report={share.report_id}&sort=-until")
    assert [row.label for row in found.context["page"]] == ["Noord"]
    client.post("/reports/links/", {"share": [share.pk, other.pk], "act": "pause"})
    assert [row.label for row in client.get("/reports/links/?state=live").context["page"]] == []
    client.post("/reports/links/", {"share": [share.pk, other.pk], "act": "resume"})
    page = client.get(f"/reports/{share.report_id}/")
    assert b"Shared by 2 links" in page.content
    assert b"shared by 2 links" in client.get("/reports/").content
    data = {**VALUES, "label": "West", "expires_on": f"{share.expires_on:%Y-%m-%d}", "version": 1}
    assert client.post(f"/reports/links/{share.pk}/", data).status_code == 302
    assert Share.objects.get(pk=share.pk).label == "West"
    assert client.post(f"/reports/links/{share.pk}/", {**data, "label": "Oost"}).status_code == 409


def test_the_list_names_no_report_that_one_may_not_read(client: Client) -> None:
    secret = report_made(title="Plans for Rival", audience="internal")
    stranger = user_factory("product-manager", lines=[line_factory()])
    for user, named in ((stranger, False), (secret.author, True)):
        client.force_login(user)
        page = client.get(f"/reports/links/?report={secret.pk}").content.decode()
        assert ("Plans for Rival" in page) is named
