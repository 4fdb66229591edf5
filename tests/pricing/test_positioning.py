"""Positionings: drafted, proposed, decided by somebody else; what held stays."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import DomainError, VersionConflict
from collaboration.models import DecisionProduct
from core.history import history_of
from core.organisation import today
from pricing.models import Positioning
from pricing.registrations.offer import events
from pricing.selectors.offer import in_force, positionings_visible, versions
from pricing.services.offer import (
    Point,
    positioning_change,
    positioning_decide,
    positioning_discard,
    positioning_draft,
    positioning_let_go,
    positioning_propose,
    positioning_take_back,
)
from products.models import FourEyesRule, Product, Segment
from products.selectors.access import product_get
from tests.factories import client_of, line_factory, product_factory, user_factory
from tests.pricing.files import product as product
from tests.pricing.files import ruud as ruud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
DAY = datetime.timedelta(days=1)
SENTENCE = {
    "target_group": "home baristas",
    "category": "the oat milk",
    "benefit": "that foams",
    "why": "Baristas ask for it",
}


@pytest.fixture
def sanne() -> Any:
    return user_factory(name="Sanne")


def a_draft(user: Any, product: Product, **values: Any) -> Positioning:
    return positioning_draft(user=user, product=product, **{"start_date": today()} | SENTENCE | values)


def proposed(user: Any, product: Product, **values: Any) -> Positioning:
    row = a_draft(user, product, **values)
    return positioning_propose(user=user, positioning=row, version=row.version)


def approved(author: Any, decider: Any, product: Product, **values: Any) -> Positioning:
    row = proposed(author, product, **values)
    return positioning_decide(user=decider, positioning=row, version=row.version, approve=True)


def holding(user: Any, product: Product) -> list[Positioning]:
    found = versions(positionings_visible(user).filter(product=product))
    return [each.row for each in in_force(found)]


def test_it_holds_from_its_date_until_the_next_approved_one_of_its_segment(
    product: Product, ruud: Any, sanne: Any
) -> None:
    families = Segment.objects.create(code="fam", name="Families")
    first = approved(ruud, sanne, product, start_date=today() - 100 * DAY)
    second = approved(ruud, sanne, product)
    approved(ruud, sanne, product, start_date=today() + DAY)
    own = approved(ruud, sanne, product, segment=families)
    rejected = proposed(ruud, product, start_date=today() + 2 * DAY)
    positioning_decide(user=sanne, positioning=rejected, version=2, approve=False, note="Too long")
    assert holding(sanne, product) == [second, own]
    found = {each.row: each for each in versions(positionings_visible(sanne))}
    assert found[first].until == today() - DAY
    assert not found[first].holds
    assert found[second].until == today()
    assert [first.number, second.number, own.number] == [1, 2, 1]


def test_a_date_that_passed_becomes_today_except_for_the_first_version(
    product: Product, ruud: Any, sanne: Any
) -> None:
    first = approved(ruud, sanne, product, start_date=today() - 100 * DAY)
    second = approved(ruud, sanne, product, start_date=today() - 10 * DAY)
    assert (first.start_date, second.start_date) == (today() - 100 * DAY, today())


def test_an_approved_date_is_taken(product: Product, ruud: Any, sanne: Any) -> None:
    two = [proposed(ruud, product, start_date=today() + 5 * DAY) for _ in range(2)]
    positioning_decide(user=sanne, positioning=two[0], version=2, approve=True)
    with pytest.raises(DomainError, match="Version 1 is approved") as error:
        positioning_decide(user=sanne, positioning=two[1], version=2, approve=True)
    assert error.value.code == "date_taken"
    with pytest.raises(IntegrityError), transaction.atomic():
        Positioning.objects.filter(pk=two[1].pk).update(
            state="approved", decided_by=sanne, decided_at=timezone.now()
        )


def test_nobody_decides_what_they_proposed_unless_one_person_may(product: Product, sanne: Any) -> None:
    row = proposed(sanne, product)
    with pytest.raises(DomainError) as error:
        positioning_decide(user=sanne, positioning=row, version=2, approve=True)
    assert error.value.code == "four_eyes"
    row.refresh_from_db()
    assert row.state == "proposed"
    FourEyesRule.objects.create(line=product.line, decision_kind="positioning", mode="off")
    positioning_decide(user=sanne, positioning=row, version=2, approve=True)
    assert holding(sanne, product) == [row]


def test_the_second_decider_is_told_what_the_first_decided(product: Product, ruud: Any, sanne: Any) -> None:
    row = proposed(ruud, product)
    theirs = Positioning.objects.get(pk=row.pk)
    positioning_decide(user=sanne, positioning=theirs, version=2, approve=True)
    for approve in (True, False):
        with pytest.raises(DomainError, match="Sanne approved it already") as error:
            positioning_decide(user=user_factory(), positioning=row, version=2, approve=approve, note="No")
        assert error.value.status == 409
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("approved", sanne)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(
    product: Product, ruud: Any, sanne: Any
) -> None:
    row = proposed(ruud, product)
    gate, answers = threading.Barrier(2), []

    def decide(person: Any, approve: bool) -> None:
        try:
            seen = Positioning.objects.get(pk=row.pk)
            gate.wait()
            positioning_decide(user=person, positioning=seen, version=2, approve=approve, note="No")
            answers.append("won")
        except DomainError as error:
            answers.append(f"{error.code} {error.status}")
        finally:
            connection.close()

    people = [(sanne, True), (user_factory(), False)]
    threads = [threading.Thread(target=decide, args=args) for args in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["state_changed 409", "won"]


def test_a_decider_decides_what_they_read(product: Product, ruud: Any, sanne: Any) -> None:
    row = proposed(ruud, product)
    positioning_take_back(user=ruud, positioning=row)
    positioning_change(user=ruud, positioning=row, version=3, benefit="that is cheap")
    positioning_propose(user=ruud, positioning=row, version=4)
    with pytest.raises(VersionConflict):
        positioning_decide(user=sanne, positioning=row, version=2, approve=True)


def test_a_rejection_says_why_and_what_waits_is_not_edited(product: Product, ruud: Any, sanne: Any) -> None:
    row = proposed(ruud, product)
    with pytest.raises(DomainError, match="Say why"):
        positioning_decide(user=sanne, positioning=row, version=2, approve=False, note=" ")
    with pytest.raises(DomainError, match="It is proposed by now"):
        positioning_change(user=ruud, positioning=row, version=2, benefit="x")
    with pytest.raises(DomainError):
        positioning_discard(user=ruud, positioning=row)


def test_without_its_sentence_it_cannot_be_proposed(product: Product, ruud: Any) -> None:
    row = a_draft(ruud, product, benefit="")
    with pytest.raises(DomainError, match="main benefit") as error:
        positioning_propose(user=ruud, positioning=row, version=1)
    assert error.value.field == "benefit"


def test_rights(product: Product, ruud: Any, sanne: Any) -> None:
    row = proposed(ruud, product)
    for user, act in (
        (ruud, lambda user: positioning_decide(user=user, positioning=row, version=2, approve=True)),
        (user_factory("viewer"), lambda user: a_draft(user, product)),
        (user_factory("viewer"), lambda user: positioning_take_back(user=user, positioning=row)),
    ):
        with pytest.raises(DomainError) as error:
            act(user)
        assert error.value.code == "not_allowed"
    assert Positioning.objects.count() == 1


def test_a_lost_update_shows_both_values(product: Product, ruud: Any, sanne: Any) -> None:
    row = a_draft(ruud, product, points=[Point("claim", "foams", "8.1 of 10")])
    positioning_change(user=sanne, positioning=row, version=1, benefit="that froths")
    with pytest.raises(VersionConflict) as error:
        positioning_change(
            user=ruud,
            positioning=row,
            version=1,
            benefit="that foams well",
            points=[Point("claim", "foams well")],
        )
    assert error.value.details["fields"] == {
        "benefit": {"yours": "that foams well", "theirs": "that froths"},
        "points": {"yours": "foams well", "theirs": "foams (8.1 of 10)"},
    }
    row.refresh_from_db()
    assert (row.benefit, row.version, row.points.get().text) == ("that froths", 2, "foams")


def test_saving_the_same_writes_nothing(product: Product, ruud: Any) -> None:
    row = a_draft(ruud, product, points=[Point("claim", "foams")])
    positioning_change(user=ruud, positioning=row, version=None, points=[Point("claim", "foams")], **SENTENCE)
    row.refresh_from_db()
    assert row.version == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE pricing_positioning SET benefit = 'x' WHERE id = %s",
        "DELETE FROM pricing_positioning WHERE id = %s",
        "UPDATE pricing_positioning SET state = 'rejected', note = 'x' WHERE id = %s",
        "UPDATE pricing_positioningpoint SET text = 'x' WHERE positioning_id = %s",
        "DELETE FROM pricing_positioningpoint WHERE positioning_id = %s",
        "INSERT INTO pricing_positioningpoint (positioning_id, kind, text, evidence)"
        " VALUES (%s, 'claim', 'x', '')",
    ],
)
def test_what_was_approved_stays_in_the_database(
    product: Product, ruud: Any, sanne: Any, change: str
) -> None:
    row = approved(ruud, sanne, product, points=[Point("claim", "foams")])
    with pytest.raises(IntegrityError, match="was decided"), transaction.atomic():
        connection.cursor().execute(change, [row.pk])


def test_an_approval_is_let_go_only_before_it_holds(product: Product, ruud: Any, sanne: Any) -> None:
    held, ahead = (approved(ruud, sanne, product, start_date=today() + days * DAY) for days in (0, 9))
    with pytest.raises(DomainError, match="holds already"):
        positioning_let_go(user=sanne, positioning=held, note="No")
    positioning_let_go(user=sanne, positioning=ahead, note="The launch moved")
    ahead.refresh_from_db()
    assert (ahead.state, ahead.note) == ("rejected", "The launch moved")
    approved(ruud, sanne, product, start_date=ahead.start_date)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"state": "gone"}, "state_known|decided_by"),
        ({"state": "approved"}, "decided_by_somebody"),
        ({"state": "proposed", "benefit": ""}, "says_something"),
    ],
)
def test_the_database_holds_the_rules(
    product: Product, ruud: Any, columns: dict[str, Any], constraint: str
) -> None:
    row = a_draft(ruud, product)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Positioning.objects.filter(pk=row.pk).update(**columns)


def test_it_is_part_of_the_products_history(product: Product, ruud: Any, sanne: Any) -> None:
    approved(ruud, sanne, product, points=[Point("claim", "foams")], expected_rate=Decimal("0.1"))
    told = [
        (change.label, change.after)
        for entry in history_of(product, user=user_factory())
        for change in entry.changes
    ]
    assert ("Positioning · State", "approved") in told
    assert any("+10.0%" in said for _label, said in told)
    row = Positioning.objects.get()
    assert any("foams" in change.after for entry in history_of(row) for change in entry.changes)


def test_a_person_limited_to_another_line_sees_none(product: Product, ruud: Any) -> None:
    a_draft(ruud, product)
    limited = user_factory("product-manager", lines=[line_factory()])
    assert not positionings_visible(limited).exists()
    with pytest.raises(Http404):
        a_draft(limited, product)
    assert not positionings_visible(user_factory(rights=["products.view"])).exists()


# -- pages -------------------------------------------------------------------------------------------------


def url(*parts: Any) -> str:
    return "/products/HVM/mix/positioning/" + "".join(f"{part}/" for part in parts)


def form_data(rows: list[tuple[str, str, str]] = (), **values: Any) -> dict[str, Any]:  # type: ignore[assignment]
    data = {"start_date": today().isoformat(), **SENTENCE, **values}
    data |= {"points-TOTAL_FORMS": len(rows), "points-INITIAL_FORMS": 0}
    for place, (kind, text, evidence) in enumerate(rows):
        data |= {f"points-{place}-kind": kind, f"points-{place}-text": text}
        data |= {f"points-{place}-evidence": evidence}
    return data


def test_a_version_from_draft_to_approval_by_page(product: Product, ruud: Any, sanne: Any) -> None:
    marketing, manager = client_of(ruud), client_of(sanne)
    assert b"No positioning yet" in marketing.get("/products/HVM/mix/").content
    answer = marketing.post(url("new"), form_data([("claim", "foams", "8.1 of 10"), ("claim", "", "")]))
    row = Positioning.objects.get()
    assert answer.headers["Location"] == url(row.pk)
    assert [point.evidence for point in row.points.all()] == ["8.1 of 10"]
    marketing.post(url(row.pk, "propose"), {"version": 1, "action": "propose"})
    assert marketing.post(url(row.pk, "decide"), {"version": 2, "action": "approve"}).status_code == 403
    assert b"waits for a decision" in manager.get("/products/HVM/mix/").content
    refused = manager.post(url(row.pk, "decide"), {"version": 2, "action": "reject", "note": ""})
    assert refused.status_code == 400
    assert b"Say why" in refused.content
    manager.post(url(row.pk, "decide"), {"version": 2, "action": "approve"})
    shown = manager.get("/products/HVM/mix/").content.decode()
    assert "For <b>home baristas</b>, Oat milk is the oat milk <b>that foams</b>." in shown
    assert "by Sanne" in shown
    late = manager.post(url(row.pk, "decide"), {"version": 2, "action": "reject", "note": "x"})
    assert late.status_code == 409
    assert b"Sanne approved it already" in late.content


def test_a_new_version_starts_from_the_one_in_force_and_two_stand_side_by_side(
    product: Product, ruud: Any, sanne: Any
) -> None:
    first = approved(ruud, sanne, product, points=[Point("claim", "foams", "test")])
    client = client_of(ruud)
    shown = client.get(url("new")).content.decode()
    assert 'value="home baristas"' in shown
    assert 'value="foams"' in shown
    client.post(url("new"), form_data(benefit="that foams well"))
    second = Positioning.objects.get(number=2)
    shown = client.get(url("compare"), {"old": second.pk, "new": first.pk}).content.decode()
    assert "<ins> well</ins>" in shown
    assert "<del>foams: test</del>" in shown
    assert client.get(url("compare")).content.decode().count("<ins> well</ins>") == 1
    assert client.get(url("compare"), {"old": "x"}).status_code == 200


def test_a_double_click_makes_one_draft(product: Product, ruud: Any) -> None:
    """What is said anew on the page one went back to is another."""
    client = client_of(ruud)
    nonce = client.get(url("new")).context["nonce"]
    answers = [client.post(url("new"), form_data(nonce=nonce)).headers["Location"] for _ in range(2)]
    assert answers[0] == answers[1] == url(Positioning.objects.get().pk)
    client.post(url("new"), form_data(nonce=nonce, benefit="that foams well"))
    assert Positioning.objects.count() == 2


def test_a_lost_race_on_the_page_shows_both_and_saves_nothing(product: Product, ruud: Any) -> None:
    row = a_draft(ruud, product)
    positioning_change(user=ruud, positioning=row, version=1, benefit="that froths", tone="dry")
    answer = client_of(ruud).post(url(row.pk, "edit"), form_data(version=1, benefit="that shines"))
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "that froths" in shown
    assert "that shines" in shown
    assert 'value="dry"' in shown  # what only the other changed is taken over
    row.refresh_from_db()
    assert row.benefit == "that froths"


def test_evidence_needs_a_claim_and_what_was_typed_stays(product: Product, ruud: Any) -> None:
    answer = client_of(ruud).post(url("new"), form_data([("claim", "", "8.1 of 10")]))
    assert answer.status_code == 422
    assert b"Evidence of what?" in answer.content
    assert b"8.1 of 10" in answer.content


def test_what_its_author_expects_goes_with_the_decision(product: Product, ruud: Any, sanne: Any) -> None:
    marketing, manager = client_of(ruud), client_of(sanne)
    refused = marketing.post(url("new"), form_data(expected_rate="-100"))
    assert (refused.status_code, Positioning.objects.count()) == (422, 0)
    marketing.post(url("new"), form_data(expected_rate="4"))
    row = Positioning.objects.get()
    assert row.expected_rate == Decimal("0.04")
    assert 'value="4"' in marketing.get(url(row.pk, "edit")).content.decode()
    marketing.post(url(row.pk, "propose"), {"version": 1, "action": "propose"})
    assert "+4.0%" in manager.get(url(row.pk)).content.decode()
    manager.post(url(row.pk, "decide"), {"version": 2, "action": "approve"})
    said = DecisionProduct.objects.get()
    assert (said.expected, said.expected_lo80) == (pytest.approx(0.04), None)
    shown = " ".join(manager.get("/decisions/?kind=positioning").content.decode().split())
    assert "+4%" in shown
    # The next begins without an expectation, and the two differ in it.
    assert 'value="4"' not in marketing.get(url("new")).content.decode()
    marketing.post(url("new"), form_data())
    second = Positioning.objects.get(number=2)
    assert second.expected_rate is None
    shown = marketing.get(url(second.pk)).content.decode()
    assert "not set" in shown
    # Its need was never said.
    assert "—" in shown.split(">Need</span>")[1][:100]
    shown = marketing.get(url("compare"), {"old": row.pk, "new": second.pk}).content.decode()
    assert "<del>+4.0%</del>" in shown
    positioning_change(user=ruud, positioning=second, version=1, expected_rate=Decimal("0.05"))
    shown = marketing.get(url("compare"), {"old": row.pk, "new": second.pk}).content.decode()
    assert ("<del>+4.0%</del>" in shown, "<ins>+5.0%</ins>" in shown) == (True, True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Positioning.objects.filter(pk=second.pk).update(expected_rate=-1)


# -- API ---------------------------------------------------------------------------------------------------


def api(user: Any, method: str, address: str = "", **data: Any) -> Any:
    client = client_of(user)
    options = {"content_type": "application/json"} if method != "get" else {}
    return getattr(client, method)(f"/api/v1/positionings/{address}", data, **options)


def test_the_api_drafts_changes_and_decides(product: Product, sanne: Any) -> None:
    other = user_factory(name="Bram")
    points = [{"kind": "claim", "text": "foams", "evidence": "test"}]
    said = {"start_date": str(today()), "expected_rate": "0.05", "points": points}
    made = api(sanne, "post", product="HVM", **said, **SENTENCE)
    assert made.json()["expected_rate"] == "0.0500"
    assert (made.status_code, made.json()["points"], made.json()["state"]) == (201, points, "draft")
    pk = made.json()["id"]
    assert api(sanne, "patch", f"{pk}/", benefit="x").status_code == 400
    assert api(sanne, "patch", f"{pk}/", version=1, expected_rate="-1").status_code == 400
    assert api(sanne, "patch", f"{pk}/", version=1, benefit="that shines").json()["version"] == 2
    lost = api(sanne, "patch", f"{pk}/", version=1, benefit="y", points=[]).json()["details"]["fields"]
    assert lost["benefit"] == {"yours": "y", "theirs": "that shines"}
    assert lost["points"] == {"yours": "", "theirs": "foams (test)"}
    assert api(sanne, "post", f"{pk}/propose/", version=2).json()["state"] == "proposed"
    assert api(sanne, "post", f"{pk}/approve/", version=3).status_code == 403
    assert api(other, "post", f"{pk}/reject/", version=3).json()["code"] == "note_missing"
    assert api(other, "post", f"{pk}/approve/", version=3).json()["decided_by"] == "Bram"
    listed = api(sanne, "get", product="hvm", state="approved").json()["results"]
    assert [row["id"] for row in listed] == [pk]


def test_each_stands_on_one_page_when_all_begin_the_same_day(product: Product, sanne: Any) -> None:
    drafts = [a_draft(sanne, product_factory(line=product.line)) for _each in range(9)]
    pages = [api(sanne, "get", page=number, page_size=3).json()["results"] for number in (1, 2, 3)]
    assert [row["id"] for page in pages for row in page] == [draft.pk for draft in drafts]


def test_where_one_begins_to_hold_is_a_mark_on_the_charts(product: Product, ruud: Any, sanne: Any) -> None:
    row = approved(ruud, sanne, product)
    a_draft(ruud, product, start_date=today())
    first, last = row.start_date - datetime.timedelta(1), row.start_date + datetime.timedelta(1)

    def marks(user: Any, found: Product) -> list[tuple[str, datetime.date, str]]:
        return [(each.kind, each.date, each.label) for each in events(user, found, first, last)]

    one = [("decision", row.start_date, "Positioning 1")]
    stranger = user_factory(rights=["products.view"])
    assert marks(sanne, product) == marks(sanne, product_get(sanne, product.code)) == one
    assert marks(stranger, product) == marks(stranger, product_get(stranger, product.code)) == []
    assert not list(events(sanne, product, last, last))


def test_what_is_proposed_says_why_in_the_database_too(product: Product, ruud: Any) -> None:
    row = a_draft(ruud, product, why=" ")
    with pytest.raises(DomainError, match="Say why this version") as told:
        positioning_propose(user=ruud, positioning=row, version=row.version)
    assert (told.value.code, told.value.field) == ("why_missing", "why")
    with pytest.raises(IntegrityError, match="says no why"), transaction.atomic():
        Positioning.objects.filter(pk=row.pk).update(state="proposed", why="", proposed_by=ruud)
    row.refresh_from_db()
    assert row.state == "draft"
