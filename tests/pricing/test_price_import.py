"""Prices from a file: past ones loaded, those ahead proposed, the same twice, what is refused, and undo."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import DomainError
from collaboration.models import Alert, Decision
from core import jobs
from core.organisation import today
from exchange.models import Import
from exchange.services import progress
from exchange.services.imports import (
    import_apply,
    import_configure,
    import_discard,
    import_start,
    import_undo,
)
from exchange.services.shell import import_run
from pricing.models import NoticeDays, Price, PriceList, Proposal
from pricing.selectors.prices import price_on
from pricing.services.price_decisions import price_decision_record
from pricing.services.proposals import proposal_approve, proposal_withdraw
from products.models import FourEyesRule
from tests.factories import (
    bound_become,
    bound_factory,
    channel_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
UNIT, DAY = ("unit", ""), datetime.timedelta(days=1)
D = Decimal
HEADS = "product;prijslijst;vanaf;prijs;eindigt;onderdeel;reden;uitzondering"


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


def text(rows: tuple[tuple[Any, ...], ...]) -> str:
    width = HEADS.count(";") + 1
    return "\n".join([HEADS] + [";".join(map(str, [*row, *[""] * (width - len(row))])) for row in rows])


def run(tmp_path: Path, *rows: tuple[Any, ...], **options: Any) -> Any:
    """From the shell, where nobody proposes."""
    path = tmp_path / "prijzen.csv"
    path.write_text(text(rows))
    asked = {"options": {}, "leave_out_refused": False, "dry_run": False} | options
    return import_run(sheet="prices", path=path, **asked)


@pytest.fixture
def file_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Import]:
    """`file_in(user, *rows, apply=True, by=None)`: a file of this person, checked by a worker and applied by
    the other, or whoever may."""
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 3600)

    def bring(
        user: Any, *rows: tuple[Any, ...], apply: bool = True, by: Any = None, options: Any = None
    ) -> Import:
        file = ContentFile(text(rows).encode())
        said = {"file_name": "prijzen.csv", "sheet": "prices", "options": options or {}}
        row = import_start(user=user, source="page", file=file, **said)
        worked()
        row.refresh_from_db()
        if apply and not row.counts.get("refused"):
            other = user_factory() if row.counts.get("approval") else user
            import_apply(row=row, user=by or other)
            worked()
            row.refresh_from_db()
        return row

    return bring


def worked() -> None:
    while (job := jobs.job_claim("short")) is not None:
        jobs.job_run(job)


def undone(row: Import, user: Any) -> None:
    import_undo(row=row, user=user)
    worked()


@pytest.fixture
def product() -> Any:
    price_list_factory(code="base")
    return product_factory(code="A")


def test_past_prices_hold_with_one_approval_those_ahead_wait_for_somebody_else(
    product: Any, file_in: Any
) -> None:
    anna, emma = user_factory(), user_factory()
    rows = [
        ("A", "base", day(-400), "9,50"),
        ("A", "base", day(-30), "10"),
        ("A", "base", today(), "10,50"),
        ("A", "base", day(-30), "4,75", "", "per maand"),
        ("A", "base", day(30), "11", "", "", "Milk is dearer"),
        ("A", "base", day(30), "5", "", "per maand", "Milk is dearer"),
        ("A", "base", day(60), "", "ja"),
    ]
    shown = file_in(anna, *rows, apply=False)
    assert [(row["line"], row["effect"]) for row in shown.preview] == [
        *((line, "loaded") for line in (2, 3, 4, 5)),
        *((line, "proposed") for line in (6, 7, 8)),
    ]
    assert [(made.code, made.name, made.under) for made in shown.creations.all()] == [
        (str(day(30)), "base", "Milk is dearer"),
        (str(day(60)), "base", ""),
    ]
    assert not Proposal.objects.exists()
    done = file_in(anna, *rows, by=emma)
    assert (done.counts["new"], done.counts["creates"]) == (7, {"proposals": 2})
    assert price_on(product, day(-40))[UNIT].amount == 9.5
    held = price_on(product, day(60))
    assert (held[UNIT].amount, held["month", ""].amount) == (10.5, 4.75)
    assert held[UNIT].approved_by == emma
    dearer, ends = Proposal.objects.order_by("start_date")
    assert {(made.state, made.author) for made in (dearer, ends)} == {("proposed", anna)}
    assert (dearer.reason, ends.reason) == ("Milk is dearer", "prijzen.csv")
    with pytest.raises(DomainError, match="Somebody else must decide"):
        proposal_approve(user=anna, proposal=dearer)
    for made in (dearer, ends):
        proposal_approve(user=emma, proposal=made)
    assert Decision.objects.filter(kind="price", reference=dearer.pk, why="Milk is dearer").count() == 1
    assert price_on(product, day(30))[UNIT].amount == 11
    assert UNIT not in price_on(product, day(60))


def test_the_same_file_changes_nothing_while_it_waits_nor_after(product: Any, file_in: Any) -> None:
    anna = user_factory()
    rows = [("A", "base", day(-3), 9), ("A", "base", day(30), 11)]
    for approved in (False, True):
        file_in(anna, *rows)
        if approved:
            proposal_approve(user=user_factory(), proposal=Proposal.objects.get())
        again = file_in(anna, *rows)
        assert (again.counts["new"], again.counts["unchanged"]) == (0, 2)
        assert Proposal.objects.count() == 1


IMPORTS = ("products.view", "pricing.view", "exchange.import", "pricing.edit")


def test_prices_that_have_begun_are_approved_by_a_second_person(product: Any, file_in: Any) -> None:
    """Whoever brings the file; one alone only where the line asks for no second person."""
    author, helper = user_factory(), user_factory(rights=IMPORTS)
    past = [("A", "base", day(-30), 9)]
    row = file_in(author, *past, apply=False)
    for user, code in ((author, "four_eyes"), (helper, "not_allowed")):
        with pytest.raises(DomainError) as refused:
            import_apply(row=row, user=user)
        assert (refused.value.code, refused.value.status) == (code, 403)
    page = Client()
    page.force_login(author)
    assert "waits for somebody else" in tight(page.get(reverse("exchange:detail", args=[row.pk])))
    waiting = Alert.objects.get(kind="import_waiting")
    assert (waiting.subject, waiting.recipient) == (f"import:{row.pk}", None)
    assert not Price.objects.exists()
    import_discard(row=row, user=author)
    FourEyesRule.objects.create(line=product.line, decision_kind="price", mode="off")
    with pytest.raises(DomainError):
        file_in(helper, *past, by=helper)
    assert file_in(author, *past, by=author).counts["new"] == 1


def test_a_file_that_goes_on_by_itself_waits_where_its_prices_have_begun(product: Any, file_in: Any) -> None:
    anna, emma = user_factory(), user_factory()
    by_itself = {"apply_when_clean": True}
    row = file_in(anna, ("A", "base", day(-9), 9), apply=False, options=by_itself)
    unknown = file_in(None, ("A", "base", day(-8), 9), apply=False, options=by_itself)
    assert {row.state, unknown.state} == {"ready"}
    import_apply(row=unknown, user=anna)  # history: one approval
    worked()
    assert Price.objects.get().approved_by == anna
    now = file_in(None, ("A", "base", day(-7), 8), apply=False, options=by_itself)
    assert [refusal.code for refusal in now.refusals.all()] == ["now_by_nobody"]
    import_configure(row=now, user=anna, options={}, mapping={})
    worked()
    now.refresh_from_db()
    with pytest.raises(DomainError) as refused:  # who put it there is not known
        import_apply(row=now, user=emma)
    assert refused.value.code == "four_eyes"
    ahead = file_in(anna, ("A", "base", day(9), 11), apply=False, options=by_itself)
    assert ahead.state == "applied"


def test_what_changes_today_is_a_decision_within_bounds_and_history_is_neither(
    product: Any, file_in: Any
) -> None:
    anna, emma = user_factory(), user_factory()
    mine = PriceList.objects.get()
    price_factory(product=product, price_list=mine, start_date=day(-100), amount=8)
    bound = bound_factory(product=product, start_date=day(-999), least=5, source="The floor")
    rows = [
        ("A", "base", day(-300), 3),  # before what holds: what was, was
        ("A", "base", day(-50), 4),  # after it, but not what holds today
        ("A", "base", day(-10), "4,50", "", "", "A mistake put right"),
        ("A", "base", today(), 2, "", "per maand"),  # the first there
    ]
    row = file_in(anna, *rows, apply=False)
    assert [(refusal.line, refusal.code) for refusal in row.refusals.all()] == [(4, "below_least")]
    bound_become(bound, beyond="reason")
    rows[2] = (*rows[2], "As agreed")
    done = file_in(anna, *rows, by=emma)
    assert [each["effect"] for each in done.preview] == ["loaded", "loaded", "decided", "loaded"]
    decision = Decision.objects.get(kind="price")
    assert (decision.why, decision.effective_date) == ("A mistake put right", day(-10))
    assert (decision.proposed_by, decision.decided_by) == (anna, emma)
    assert decision.products.get().what == {
        "old": "4.000000",
        "new": "4.500000",
        "component": "unit",
        "tier": "",
        "currency": "EUR",
    }
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.exception, proposal.prices.count()) == ("approved", "As agreed", 1)
    assert price_on(product, today())[UNIT].amount == D("4.5")
    undone(done, emma)
    assert price_on(product, today())[UNIT].amount == D("4.5")
    assert price_on(product, day(1))[UNIT].amount == 8
    decision.refresh_from_db()
    assert decision.withdrawn_at is not None


def test_what_was_observed_is_loaded_and_decided_by_nobody(
    product: Any, file_in: Any, tmp_path: Path
) -> None:
    """Past, now and ahead, by one who may approve nothing, from the shell and from the watched folder."""
    seen = price_list_factory(code="shelf", kind="observed")
    price_factory(product=product, price_list=seen, start_date=day(-100), amount=8)
    bound_factory(product=product, start_date=day(-999), least=5, source="The floor")
    NoticeDays.objects.create(days=20)
    rows = [("A", "shelf", day(ago), amount) for ago, amount in ((-30, 4), (-10, 3), (10, 2))]
    checked = file_in(None, *rows, apply=False, options={"apply_when_clean": True})
    assert checked.state == "applied"
    assert [each["effect"] for each in checked.preview] == ["loaded"] * 3
    helper = user_factory(rights=IMPORTS)
    assert file_in(helper, ("A", "shelf", day(-5), 2), by=helper).counts["new"] == 1
    assert run(tmp_path, ("A", "shelf", day(-4), 1), ("A", "shelf", day(4), 2)).counts.new == 2
    assert price_on(product, today(), kind="observed")[UNIT].amount == 1
    assert (Price.objects.count(), Proposal.objects.count(), Decision.objects.count()) == (7, 0, 0)
    undone(Import.objects.latest("pk"), helper)
    assert list(Price.objects.filter(state="withdrawn").values_list("start_date", flat=True)) == [day(4)]
    mixed = file_in(helper, ("A", "shelf", day(-3), 1), ("A", "base", day(-3), 9), apply=False)
    with pytest.raises(DomainError) as refused:  # our own beside it asks for who may approve
        import_apply(row=mixed, user=helper)
    assert refused.value.code == "not_allowed"


def test_limits_hold_for_what_lies_ahead(product: Any, file_in: Any) -> None:
    anna, said = user_factory(), {"start_date": day(-9), "source": "The floor"}
    soft = bound_factory(product=product, least=5, beyond="reason", **said)
    NoticeDays.objects.create(days=20)
    rows = [
        ("A", "base", day(-5), 5),  # has begun, within the bound
        ("A", "base", day(10), 6),
        ("A", "base", day(40), 4),
    ]
    row = file_in(anna, *rows)
    assert [(refusal.line, refusal.code) for refusal in row.refusals.all()] == [
        (3, "told_late"),
        (4, "below_least_why"),
    ]
    why = [rows[0], *((*each, "", "", "Why", "As agreed") for each in rows[1:])]
    assert file_in(anna, *why).counts["new"] == 3
    assert {made.exception for made in Proposal.objects.all()} == {"As agreed"}
    bound_become(soft, beyond="refuse")
    row = file_in(anna, ("A", "base", day(41), 4, "", "", "Why", "As agreed"))
    assert [refusal.code for refusal in row.refusals.all()] == ["below_least"]


def test_nobody_proposes_from_the_shell(product: Any, tmp_path: Path) -> None:
    outcome = run(tmp_path, ("A", "base", day(1), 9))
    assert [refusal.code for refusal in outcome.refusals] == ["ahead_by_nobody"]
    assert run(tmp_path, ("A", "base", today(), 9)).counts.new == 1
    assert Price.objects.get().amount == 9


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("B", "base", "2026-01-01", 9), "product_unknown"),
        (("A", "other", "2026-01-01", 9), "list_unknown"),
        (("A", "base", "2026-01-01", ""), "price_missing"),
        (("A", "base", "2026-01-01", 9, "ja"), "price_and_end"),
        (("A", "base", "2026-01-01", -9), "price_negative"),
        (("A", "base", "2026-01-01", 9, "", "per jaar"), "component_unknown"),
        (("A", "base", "2025-01-01", 9), "price_decided"),
    ],
)
def test_refused(product: Any, tmp_path: Path, row: Any, code: str) -> None:
    price_factory(
        product=product, price_list=PriceList.objects.get(), start_date=datetime.date(2025, 1, 1), amount=8
    )
    outcome = run(tmp_path, row)
    assert [refusal.code for refusal in outcome.refusals] == [code]
    assert Price.objects.count() == 1


def test_what_was_refused_and_what_comes_in_are_said_as_in_the_file_and_in_words(
    product: Any, file_in: Any
) -> None:
    row = file_in(user_factory(), ("A", "base", "2026-01-01", "-9,5"), ("A", "base", day(-3), 9), apply=False)
    assert [refusal.value for refusal in row.refusals.all()] == ["-9,5"]
    client = Client()
    client.force_login(row.created_by)
    page = client.get(reverse("exchange:detail", args=[row.pk])).content.decode()
    assert "per unit" in page


def test_undo_withdraws_what_never_held_and_puts_back_what_was_loaded(product: Any, file_in: Any) -> None:
    price_factory(product=product, price_list=PriceList.objects.get(), start_date=day(-100), amount=8)
    other, anna = product_factory(code="B"), user_factory()
    row = file_in(
        anna,
        ("A", "base", day(-50), 9),
        ("A", "base", day(-10), 10),
        ("A", "base", day(20), 12),
        ("A", "base", day(40), 14),
        ("B", "base", day(-10), 5),
    )
    soon, late = Proposal.objects.filter(state="proposed").order_by("start_date")
    proposal_approve(user=user_factory(), proposal=soon)
    emma = user_factory("administrator")
    undone(row, emma)
    assert price_on(product, today())[UNIT].amount == 10  # what held today held
    assert price_on(product, day(1))[UNIT].approved_by == emma  # who put it back
    assert price_on(product, day(-20))[UNIT].amount == 9
    assert price_on(product, day(1))[UNIT].amount == 8
    assert price_on(product, day(50))[UNIT].amount == 8
    assert price_on(other, today())[UNIT].amount == 5
    assert price_on(other, day(1)) == {}
    for made in (soon, late):
        made.refresh_from_db()
        assert (made.state, made.decided_by, made.note) == ("withdrawn", emma, "prijzen.csv")
    assert Price.objects.filter(state="withdrawn").count() == 2
    assert Decision.objects.get(reference=soon.pk).withdrawn_at is not None


def test_undo_leaves_what_somebody_decided_by_hand(product: Any, file_in: Any, tmp_path: Path) -> None:
    anna = user_factory()
    row = file_in(anna, ("A", "base", day(20), 12))
    proposal_withdraw(user=anna, proposal=Proposal.objects.get(), note="Not now")
    undone(row, anna)
    assert Proposal.objects.get().note == "Not now"
    run(tmp_path, ("A", "base", day(-9), 5))
    call_command("undo_import", Import.objects.latest("pk").pk)
    assert price_on(product, day(1)) == {}


def test_undo_puts_back_what_the_file_changed_since_it_was_approved_ahead(product: Any, file_in: Any) -> None:
    """Rows that lay ahead, were approved by somebody else and have begun by now; their decision goes too."""
    mine, anna, emma = PriceList.objects.get(), user_factory(), user_factory()
    price_factory(product=product, price_list=mine, start_date=day(-100), amount=8)
    row = file_in(anna, ("A", "base", day(20), 12))
    said = {"price_list": mine, "start_date": day(-5), "reason": "Dearer", "author": anna}
    decided = {"state": "approved", "decided_by": emma, "decided_at": timezone.now() - DAY * 9}
    begun = Proposal.objects.create(**said, **decided)
    price_factory(
        product=product,
        price_list=mine,
        start_date=day(-5),
        amount=11,
        proposal=begun,
        source_import=row,
        approved_at=decided["decided_at"],
    )
    price_decision_record(proposal=begun)
    undone(row, emma)
    assert [price_on(product, day(ahead))[UNIT].amount for ahead in (-6, 0, 1, 20)] == [8, 11, 8, 8]
    begun.refresh_from_db()
    assert begun.state == "approved"  # it held
    assert Decision.objects.get(reference=begun.pk).withdrawn_at is not None


def test_two_files_undone_one_after_the_other_put_back_what_held_before_both(
    product: Any, file_in: Any
) -> None:
    price_factory(product=product, price_list=PriceList.objects.get(), start_date=day(-100), amount=8)
    anna, emma = user_factory(), user_factory()
    first, second = (file_in(anna, ("A", "base", day(-ago), price)) for ago, price in ((50, 9), (10, 10)))
    undone(second, emma)
    assert price_on(product, day(1))[UNIT].amount == 9
    undone(first, emma)
    assert price_on(product, day(1))[UNIT].amount == 8


def test_undo_puts_back_nothing_beyond_a_bound(product: Any, file_in: Any) -> None:
    mine, anna, emma = PriceList.objects.get(), user_factory(), user_factory()
    price_factory(product=product, price_list=mine, start_date=day(-100), amount=4)
    row = file_in(anna, ("A", "base", day(-10), 9), ("A", "base", day(10), 12))
    bound_factory(product=product, start_date=today(), least=5, source="The floor", beyond="reason")
    client = Client()
    client.force_login(emma)
    address = reverse("exchange:detail", args=[row.pk])
    assert "Prices that have been in force stay as history" in client.get(address).content.decode()
    undone(row, emma)
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("applied", "undo_least")
    page = client.get(address).content.decode()
    assert f"{product.name} would be 4 EUR again from tomorrow, and The floor sets at least 5:" in page
    assert price_on(product, day(1))[UNIT].amount == 9
    assert Proposal.objects.get(start_date=day(10)).state == "proposed"
    price_factory(product=product, price_list=mine, start_date=day(1), amount=6)
    undone(row, emma)
    assert [price_on(product, day(ahead))[UNIT].amount for ahead in (0, 1, 10)] == [9, 6, 6]
    page = client.get(address).content.decode()
    assert "everything is as it was" not in page
    assert "what lay ahead is withdrawn; prices that were in force stay as history" in page


def test_lists_that_others_pay_by_too_are_not_filled_by_who_is_limited(product: Any, file_in: Any) -> None:
    shops = channel_factory()
    price_list_factory(code="shops", channel=shops)
    person = user_factory(channels=[shops])
    rows = [("A", code, when, 9) for code in ("base", "shops") for when in (day(-3), day(9))]
    found = file_in(person, *rows, apply=False)
    assert [(refusal.line, refusal.code) for refusal in found.refusals.all()] == [
        (2, "limited"),
        (3, "limited"),
    ]
