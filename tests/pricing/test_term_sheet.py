"""Terms out to a file, edited, in again, and undone."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from exchange.models import Import
from exchange.services.shell import import_run
from pricing.models import Term, TermStep
from pricing.sheets.terms import TermsSheet
from tests.factories import channel_factory, line_factory, user_factory
from tests.pricing.terms import SCALE, D, bonus_of, day, said
from tests.products import sheet_help

pytestmark = pytest.mark.django_db
HEAD = "soort;kanaal;productlijn;vanaf;percentage;bedrag;dagen;grondslag;treden;eindigt"


def run(path: Path, text: str) -> Any:
    path.write_text(text)
    return import_run(sheet="price_terms", path=path, options={}, leave_out_refused=False, dry_run=False)


@pytest.fixture
def terms() -> None:
    """One of each kind, of which one for everybody and all, and one that ends."""
    kroon, juice = channel_factory(code="kroon"), line_factory(code="juice")
    said("invoice", "0.085", channel=kroon, line=juice)
    said("payment", "0.01", channel=kroon, days=14)
    said("unit", channel=kroon, line=juice, amount=D("0.05"))
    said("logistics", "0.02")
    said("logistics", channel=kroon, start_date=day(20))
    bonus_of(kroon, SCALE, line=juice)


@pytest.mark.usefixtures("terms")
@pytest.mark.parametrize("language", ["nl", "en"])
def test_out_edited_in_again_and_undone(tmp_path: Path, language: str) -> None:
    client = Client()
    client.force_login(user_factory(language=language))
    out = b"".join(client.get("/pricing/terms/export/csv/").streaming_content).decode("utf-8-sig")
    again = run(tmp_path / "terms.csv", out)
    assert [refusal.code for refusal in again.refusals] == []
    assert (again.counts.new, again.counts.unchanged) == (0, 6)
    edited = out.replace("8,5", "9,25").replace("8.5", "9.25").replace("5000 3", "5000 3.5")
    assert edited.count(str(day(-200))) == 5
    edited = edited.replace(str(day(-200)), str(day(9)))
    counts = run(tmp_path / "terms.csv", edited).counts
    assert (counts.new, counts.unchanged, counts.changed) == (5, 1, 0)
    assert Term.objects.get(kind="invoice", start_date=day(9)).rate == D("0.0925")
    steps = TermStep.objects.filter(term__start_date=day(9)).values_list("from_amount", "rate")
    assert list(steps) == [(0, D("0.01")), (1000, D("0.02")), (5000, D("0.035"))]
    assert client.get("/pricing/terms/").status_code == 200  # nobody entered it
    call_command("undo_import", Import.objects.order_by("-pk")[0].pk)
    assert Term.objects.count() == 6
    assert not Term.objects.filter(start_date=day(9)).exists()


@pytest.mark.usefixtures("terms")
def test_what_a_file_said_that_has_held_stays(tmp_path: Path) -> None:
    row = f"invoice;kroon;all;{day(-50)};2;;;;;"
    assert run(tmp_path / "terms.csv", f"{HEAD}\n{row}\n").counts.new == 1
    made = Term.objects.filter(source_import__isnull=False)
    made.update(created_at=timezone.now() - datetime.timedelta(days=2))
    with pytest.raises(SystemExit):
        call_command("undo_import", Import.objects.get().pk)
    assert made.count() == 1


@pytest.mark.usefixtures("terms")
@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("gift;kroon;all;2026-01-01;2;;;;;", "kind_unknown"),
        ("invoice;other;all;2026-01-01;2;;;;;", "channel_unknown"),
        ("invoice;kroon;other;2026-01-01;2;;;;;", "line_unknown"),
        ("invoice;kroon;;2026-01-01;2;;;;;", "required_empty"),
        ("invoice;kroon;all;2026-01-01;;;;;;", "nothing_said"),
        ("invoice;kroon;all;2026-01-01;2;;;;;ja", "ends_and_more"),
        ("invoice;kroon;all;2026-01-01;2;3;;;;", "not_of_kind"),
        ("invoice;kroon;all;2026-01-01;100;;;;;", "share_wrong"),
        ("invoice;kroon;all;2026-01-01;2;;14;;;", "not_of_kind"),
        ("payment;kroon;all;2026-01-01;2;;1,5;;;", "not_whole"),
        ("payment;kroon;all;2026-01-01;2;;;;;", "days_missing"),
        ("unit;kroon;all;2026-01-01;;-1;;;;", "negative"),
        ("bonus;kroon;juice;2026-01-01;;;;omzet;veel;", "steps_unreadable"),
        ("bonus;kroon;juice;2026-01-01;;;;winst;0 1;", "basis_unknown"),
        ("bonus;all;juice;2026-01-01;;;;omzet;0 1;", "bonus_of_nobody"),
        ("bonus;kroon;juice;2026-01-01;;;;omzet;0 2\t1000 1;", "steps_unreadable"),
        ("bonus;kroon;all;2026-01-01;;;;volume;0 1;", "volume_of_all"),
        ("invoice;kroon;juice;HELD;9;;;;;", "term_taken"),
    ],
)
def test_refused(tmp_path: Path, row: str, code: str) -> None:
    outcome = run(tmp_path / "terms.csv", f"{HEAD}\n{row}\n".replace("HELD", str(day(-200))))
    assert [refusal.code for refusal in outcome.refusals] == [code]
    assert Term.objects.count() == 6


@pytest.mark.usefixtures("terms")
def test_who_is_limited_says_no_more_than_their_own() -> None:
    own = channel_factory(code="own")
    rows = [
        {"kind": "invoice", "channel": name, "product_line": "all", "start_date": day(5), "rate": D(2)}
        for name in ("own", "kroon", "all")
    ]
    done = sheet_help.run(TermsSheet(), rows, user=user_factory(channels=[own]))
    assert done.codes == ["channel_unknown", "limited"]
    assert Term.objects.get(start_date=day(5)).channel == own
    done = sheet_help.run(TermsSheet(), rows[2:], user=user_factory(lines=[line_factory()]), apply=False)
    assert done.codes == ["limited"]
