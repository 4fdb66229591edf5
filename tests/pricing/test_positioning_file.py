"""Positionings out to a file, edited, in again as drafts, and undone."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from core.organisation import today
from exchange.models import Import
from exchange.reading.matching import sheets_fitting
from exchange.services.shell import import_run
from exchange.sheets import sheets
from pricing.models import Positioning
from pricing.services.offer import (
    Point,
    positioning_change,
    positioning_decide,
    positioning_draft,
    positioning_propose,
)
from pricing.sheets.positioning import PositioningSheet
from products.models import Product, Segment
from tests.factories import line_factory, user_factory
from tests.pricing.files import day
from tests.pricing.files import product as product
from tests.pricing.files import ruud as ruud
from tests.products.sheet_help import run, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
SHEET = PositioningSheet()
SENTENCE = {
    "target_group": "home baristas",
    "category": "the oat milk",
    "benefit": "that foams, also when hot",
    "why": "Baristas ask for it",
}
POINTS = (
    Point("attribute", "no added sugar", "recipe"),
    Point("claim", "foams like milk"),
    Point("claim", "no lumps | no skin", "4|5 of a panel"),
)


def a_draft(user: Any, product: Product, **values: Any) -> Positioning:
    return positioning_draft(user=user, product=product, **{"start_date": day(9)} | SENTENCE | values)


def proposed(user: Any, product: Product, **values: Any) -> Positioning:
    return positioning_propose(user=user, positioning=a_draft(user, product, **values), version=1)


def approved(user: Any, product: Product, **values: Any) -> Positioning:
    row = proposed(user, product, **values)
    return positioning_decide(user=user_factory(), positioning=row, version=row.version, approve=True)


def said() -> list[dict[str, Any]]:
    """All there is, but for the counting of changes."""
    rows = Positioning.objects.order_by("pk").prefetch_related("points")
    return [
        {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        | {"version": 0, "points": [(point.kind, point.text, point.evidence) for point in row.points.all()]}
        for row in rows
    ]


@pytest.fixture
def written(product: Product, ruud: Any) -> Positioning:
    """An approved version with all it can say, one that waits, one rejected, and the draft that is given."""
    home = Segment.objects.create(code="home", name="Home baristas")
    approved(ruud, product, start_date=day(-9), need="coffee", points=POINTS, expected_rate=Decimal("0.055"))
    proposed(ruud, product, segment=home)
    row = proposed(ruud, product, start_date=day(20), benefit="=1+1")
    positioning_decide(user=user_factory(), positioning=row, version=2, approve=False, note="No.")
    return a_draft(ruud, product, segment=home, start_date=day(30), why="", points=POINTS[:1])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_out_edited_in_again_and_undone(
    tmp_path: Path, written: Positioning, kind: str, language: str
) -> None:
    client = Client()
    client.force_login(user_factory(language=language))
    path = tmp_path / f"file.{kind}"
    path.write_bytes(b"".join(client.get(f"/pricing/positionings/export/{kind}/?show=all").streaming_content))
    before = said()
    outcome = import_run(sheet="positioning", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert outcome.refusals == []
    assert (outcome.counts.new, outcome.counts.changed, outcome.counts.unchanged) == (0, 0, 4)
    assert said() == before
    if kind == "xlsx":
        return
    text = path.read_text("utf-8-sig")
    headers = next(csv.reader([text.splitlines()[0]], delimiter=";" if language == "nl" else ","))
    assert [each.key for each in sheets_fitting(list(sheets), headers)] == ["positioning"]
    path.write_text(text.replace("that foams, also when hot", "that stays smooth"))
    outcome = import_run(sheet="positioning", path=path, options={}, leave_out_refused=True, dry_run=False)
    assert [refusal.code for refusal in outcome.refusals] == ["waits"]
    assert (outcome.counts.new, outcome.counts.changed, outcome.counts.unchanged) == (1, 1, 1)
    call_command("undo_import", Import.objects.latest("pk").pk)
    assert said() == before


class TestAVersionThatIsDecided:
    def test_begins_the_next_as_a_draft_of_who_brought_it(self, product: Product, ruud: Any) -> None:
        first = approved(ruud, product, start_date=day(-9), points=POINTS, expected_rate=Decimal("0.05"))
        row = {"product": "hvm", "version": 1, "start_date": day(-9), "benefit": "that stays smooth"}
        file = [row | {"why": SENTENCE["why"], "expected": Decimal(5), "claims": "keeps | panel of 40"}]
        assert run(SHEET, file, user=ruud).counts.new == 1
        draft = Positioning.objects.get(number=2)
        assert (draft.state, draft.author, draft.benefit) == ("draft", ruud, "that stays smooth")
        assert draft.target_group == first.target_group  # an empty cell leaves it
        # What was said of the version before is not said of this one.
        assert (draft.why, draft.expected_rate) == ("", None)
        assert [(point.text, point.evidence) for point in draft.points.all()] == [
            ("no added sugar", "recipe"),
            ("keeps", "panel of 40"),
        ]
        first.refresh_from_db()
        assert first.benefit == SENTENCE["benefit"]
        assert run(SHEET, file, user=ruud).counts.unchanged == 1
        # Nor again once it was filled in, proposed and approved, which moves its day to today.
        positioning_change(user=ruud, positioning=draft, version=1, why="Tested")
        positioning_propose(user=ruud, positioning=draft, version=2)
        assert run(SHEET, file, user=ruud).counts.unchanged == 1
        positioning_decide(user=user_factory(), positioning=draft, version=3, approve=True)
        assert Positioning.objects.get(number=2).start_date == today()
        assert run(SHEET, file, user=ruud).counts.unchanged == 1
        assert Positioning.objects.count() == 2

    def test_keeps_why_it_came(self, product: Product, ruud: Any) -> None:
        approved(ruud, product)
        row = {"product": "HVM", "version": 1, "start_date": day(9)}
        assert run(SHEET, [row | {"why": "Another"}]).codes == ["why_stays"]
        assert run(SHEET, [row | {"expected": Decimal(9)}]).codes == ["why_stays"]
        assert run(SHEET, [row]).counts.unchanged == 1


def test_a_draft_changes_and_undo_leaves_what_was_touched_since(product: Product, ruud: Any) -> None:
    drafts = [a_draft(ruud, product, start_date=day(days), points=POINTS) for days in (9, 19)]
    file = [
        {"product": "HVM", "version": number, "start_date": day(9), "tone": "sober", "claims": "keeps"}
        for number in (1, 2)
    ] + [{"product": "HVM", "start_date": day(days), "benefit": "cheap"} for days in (40, 50)]
    done = run(SHEET, file)
    assert (done.counts.new, done.counts.changed) == (2, 2)
    assert done.sample[0]["old"] == {
        "tone": "",
        "claims": "foams like milk\nno lumps || no skin | 4||5 of a panel",
    }
    assert [row.author for row in Positioning.objects.filter(benefit="cheap")] == [None, None]
    for row in (drafts[0], Positioning.objects.get(start_date=day(40))):
        row.refresh_from_db()
        positioning_change(user=ruud, positioning=row, version=row.version, need="coffee")
    counts = undo(SHEET, done.import_id)
    assert (counts.new, counts.changed) == (1, 1)
    assert [(row.number, row.tone, row.need) for row in Positioning.objects.order_by("number")] == [
        (1, "sober", "coffee"),
        (2, "", ""),
        (3, "", "coffee"),
    ]
    assert [point.text for point in drafts[1].points.all()] == [
        "no added sugar",
        "foams like milk",
        "no lumps | no skin",
    ]


def test_what_nobody_wrote_by_name_is_proposed_and_decided_as_others(product: Product, ruud: Any) -> None:
    run(SHEET, [{"product": "HVM", "start_date": day(9)} | SENTENCE])
    row = Positioning.objects.get()
    client = Client()
    client.force_login(ruud)
    for address in ("/pricing/positionings/?show=all", f"/products/HVM/mix/positioning/{row.pk}/"):
        assert "a file" in client.get(address).content.decode()
    assert client.get(f"/api/v1/positionings/{row.pk}/").json()["author"] is None
    row = positioning_propose(user=ruud, positioning=row, version=1)
    assert positioning_decide(user=user_factory(), positioning=row, version=2, approve=True).author is None


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"product": "B"}, "product_unknown"),
        ({"segment": "nobody"}, "segment_unknown"),
        ({"version": 9}, "version_unknown"),
        ({"version": Decimal("1.5")}, "version_unknown"),
        ({"version": 1, "need": "coffee"}, "waits"),
        ({"need": "x" * 201}, "too_long"),
        ({"claims": "x" * 201}, "too_long"),
        ({"claims": "foams\nfoams | cup"}, "point_twice"),
        ({"claims": "| cup"}, "evidence_alone"),
        ({"expected": Decimal(501)}, "expected_unreadable"),
    ],
)
def test_what_is_refused(product: Product, ruud: Any, row: dict[str, Any], code: str) -> None:
    proposed(ruud, product)
    done = run(SHEET, [{"product": "HVM", "start_date": day(9), **row}])
    assert done.codes == [code]
    assert Positioning.objects.count() == 1


def test_twice_in_a_file_and_beyond_ones_lines(product: Product, ruud: Any) -> None:
    row = {"product": "HVM", "start_date": day(9), "benefit": "cheap"}
    assert run(SHEET, [row, row | {"benefit": "dear"}], apply=False).codes == ["positioning_duplicate"]
    limited = user_factory("marketing", lines=[line_factory()])
    assert run(SHEET, [row], user=limited).codes == ["product_unknown"]
    assert not SHEET.sees_all(limited)
