"""Unusual months: found by the night, judged by people, remembered."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts.errors import DomainError
from core.models import Job
from core.months import month_add
from forecasting.models import Backtest, Finding, Forecast, ForecastMonth, NightlyRun
from forecasting.services.findings import findings_decide, month_flag
from forecasting.services.night import step_group
from forecasting.steps import findings
from products.models import Measure, Product, ProductMonth
from tests.factories import family_factory, line_factory, product_factory, user_factory

from .conftest import LAST, months_give, run_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

ODD = month_add(LAST, -9)


def units() -> Measure:
    return Measure.objects.get(code="units")


def steady(step: int, *, wave: int = 13) -> float:
    return 400 + (step * 7919 % wave)


def product_with(months: dict[int, float], *, count: int = 48) -> Product:
    """A steady product; ``months`` are other volumes by how many months ago."""
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, count, volume=steady)
    for ago, volume in months.items():
        put(product, month_add(LAST, -ago), volume)
    return product


def put(product: Product, month: datetime.date, volume: float) -> None:
    ProductMonth.objects.filter(product_id=product.pk, month=month).update(
        volume=Decimal(str(volume)), revenue=Decimal(str(2 * volume))
    )


def only(product: Product, **where: Any) -> Finding:
    return Finding.objects.get(product=product, **where)


def decide(finding: Finding, state: str, note: str = "", user: Any = None) -> None:
    findings_decide(
        user=user or user_factory("product-manager"),
        findings=Finding.objects.filter(pk=finding.pk),
        state=state,
        note=note,
    )


def expected_of(product: Product) -> list[float]:
    rows = ForecastMonth.objects.filter(forecast__product=product, forecast__current=True).order_by("month")
    return [row.mean for row in rows]


# -- the night finds ---------------------------------------------------------------------------------------


def test_one_that_cannot_be_written_down_does_not_take_the_others_along(monkeypatch: Any) -> None:
    broken, other = (product_with({9: 1300.0}) for _ in range(2))
    rows = findings._rows

    def failing(series: Any, *more: Any) -> Any:
        if series.product_id == broken.pk:
            raise ArithmeticError("no rows")
        return rows(series, *more)

    monkeypatch.setattr(findings, "_rows", failing)
    run = run_now(only=("changes", "findings"))
    assert only(other).kind == "spike"
    assert not Finding.objects.filter(product=broken).exists()
    assert run.failures.get(step="findings").product == broken
    assert Job.objects.filter(group=step_group(run.pk, "findings")).count() == 1  # not cut into single ones


def test_the_night_writes_what_it_finds_with_the_money_at_stake() -> None:
    product = product_with({9: 1400})
    run_now()
    found = only(product)
    assert (found.kind, found.first, found.last, found.sure) == ("spike", ODD, ODD, True)
    assert (found.seen, found.state, found.gone_at) == (1400, "open", None)
    assert found.expected == pytest.approx(405, rel=0.03)
    assert found.amount == pytest.approx(2 * (1400 - found.expected), rel=0.01)
    assert dict(found.months)[ODD] == 1400
    assert len(found.course) == 19


def test_a_step_is_worth_a_year_of_the_difference() -> None:
    product = product_with({ago: 600 + ago % 5 for ago in range(20)})
    run_now()
    found = only(product, kind="step")
    assert found.first == month_add(LAST, -19)
    assert found.amount == pytest.approx(2 * 12 * (found.seen - found.expected), rel=0.01)


def test_a_half_loaded_last_month_is_found_and_left_out() -> None:
    product, clean = product_with({0: 170}), product_with({})
    run_now()
    assert only(product).kind == "half_month"
    assert expected_of(product)[0] == pytest.approx(expected_of(clean)[0], rel=0.02)


def test_a_clean_product_has_none_and_an_unchanged_one_is_not_searched_again() -> None:
    clean, odd = product_with({}), product_with({9: 1400})
    first = run_now()
    assert not Finding.objects.filter(product=clean).exists()
    again = run_now()
    steps = {run.pk: run.steps.get(name="findings") for run in (first, again)}
    assert (steps[first.pk].computed, steps[again.pk].computed, steps[again.pk].skipped) == (2, 0, 2)
    put(odd, ODD, 1410)
    third = run_now()
    assert third.steps.get(name="findings").computed == 1
    assert only(odd).seen == 1410


def test_what_is_seen_no_more_is_gone_and_may_come_back() -> None:
    product = product_with({9: 1400})
    run_now()
    put(product, ODD, 405)
    run_now()
    assert only(product).gone_at is not None
    put(product, ODD, 1500)
    run_now()
    found = only(product)
    assert (found.gone_at, found.seen) == (None, 1500)


def test_data_that_were_taken_back_leave_nothing_to_judge() -> None:
    product = product_with({9: 1400})
    run_now()
    ProductMonth.objects.filter(product_id=product.pk).delete()
    run_now()
    assert only(product).gone_at is not None


def test_a_run_that_looks_back_changes_nothing() -> None:
    product = product_with({9: 1400, 0: 150})
    run_now()
    before = sorted(Finding.objects.values_list("kind", "first", "gone_at"))
    run_now(as_of=month_add(LAST, -3))
    assert sorted(Finding.objects.values_list("kind", "first", "gone_at")) == before
    assert Forecast.objects.filter(product=product).count() == 2


def test_an_older_run_does_not_overwrite_a_newer_ones_findings() -> None:
    from forecasting.services.findings import findings_write

    product = product_with({9: 1400})
    old = NightlyRun.objects.create(
        kind="manual", key="old", local_date=LAST, as_of=LAST, started_at=timezone.now()
    )
    run_now()
    findings_write(found={(product.pk, None, units().pk): []}, run=old)
    assert only(product).gone_at is None


def test_a_family_has_its_own() -> None:
    product = product_with({9: 1400})
    family = family_factory(line=product.line)
    from products.models import FamilyMember

    FamilyMember.objects.create(family=family, product=product, start_date=datetime.date(2020, 1, 1))
    run_now()
    assert Finding.objects.get(family=family).kind == "spike"


# -- people judge, and it is remembered ----------------------------------------------------------------------


def test_what_is_confirmed_is_missing_in_fit_and_backtest_from_the_next_night_on() -> None:
    quiet = {9: 620.0}  # odd, but not surely wrong
    product, clean = product_with(quiet), product_with({})
    run_now()
    found = only(product)
    assert (found.kind, found.sure) == ("spike", False)
    before = Forecast.objects.get(product=product)
    errors = Backtest.objects.get(product=product).payload["errors"]
    assert None not in errors
    decide(found, "confirmed", "bought ahead")
    run_now()
    after = Forecast.objects.get(product=product)
    assert after.input_hash != before.input_hash
    assert after.reason_params["filled"] == 1
    assert Backtest.objects.get(product=product).payload["errors"].count(None) == 1
    assert expected_of(product) == pytest.approx(expected_of(clean), rel=0.02)
    assert only(product).state == "confirmed"
    # Nothing changed since: nothing is computed.
    assert run_now().steps.get(name="forecast").computed == 0


def test_what_is_refused_counts_however_odd_it_looks() -> None:
    product = product_with({1: 1400})
    run_now()
    without = expected_of(product)
    decide(only(product), "refused", "a new customer")
    run_now()
    assert max(abs(a - b) for a, b in zip(expected_of(product), without, strict=True)) > 5
    decide(only(product), "open")
    run_now()
    assert expected_of(product) == without


def test_a_step_that_is_confirmed_brings_the_months_before_it_to_the_new_level() -> None:
    stepped = product_with({ago: 600 + ago % 5 for ago in range(10)})
    run_now()
    found = only(stepped, kind="step")
    decide(found, "confirmed")
    run_now()
    assert expected_of(stepped) == pytest.approx([602] * 18, rel=0.03)
    assert only(stepped, kind="step").state == "confirmed"


def test_the_same_months_are_not_asked_again_under_another_name() -> None:
    """Half a month becomes a gap in sales when the next month is in."""
    product = product_with({0: 150})
    ProductMonth.objects.filter(product_id=product.pk, month=LAST).delete()
    put(product, month_add(LAST, -1), 150)
    run_now(as_of=month_add(LAST, -1))
    found = only(product)
    assert found.kind == "half_month"
    decide(found, "refused", "the customer was closed")
    months_give(product, 1, volume=lambda step: 405)
    run_now()
    assert only(product).state == "refused"
    assert Finding.objects.count() == 1


def test_a_figure_that_was_corrected_is_asked_anew() -> None:
    product = product_with({9: 1400})
    run_now()
    decide(only(product), "refused")
    put(product, ODD, 1450)  # within a tenth: the same figure
    run_now()
    assert only(product).state == "refused"
    put(product, ODD, 2400)
    run_now()
    found = only(product)
    assert (found.state, found.seen, found.decided_by, found.note) == ("open", 2400, None, "")


def test_a_confirmed_month_whose_figure_was_mended_counts_again() -> None:
    product = product_with({9: 1400})
    run_now()
    decide(only(product), "confirmed")
    put(product, ODD, 405)
    run_now()
    assert Forecast.objects.get(product=product).reason_params["filled"] == 0
    assert only(product).state == "confirmed"


def test_a_month_marked_by_hand_counts_as_confirmed_until_it_is_taken_back() -> None:
    product, person = product_with({}), user_factory("product-manager")
    run_now()
    found = month_flag(user=person, product=product, measure=units(), first=ODD, last=ODD, note=" A strike ")
    assert (found.kind, found.state, found.note) == ("flagged", "confirmed", "A strike")
    assert found.seen == float(ProductMonth.objects.get(product_id=product.pk, month=ODD).volume)
    run_now()
    assert Forecast.objects.get(product=product).reason_params["filled"] == 1
    decide(found, "open")
    assert not Finding.objects.exists()
    run_now()
    assert Forecast.objects.get(product=product).reason_params["filled"] == 0


def test_marking_what_the_night_found_confirms_it() -> None:
    product, person = product_with({9: 1400}), user_factory("product-manager")
    run_now()
    month_flag(user=person, product=product, measure=units(), first=ODD, last=ODD, note="Recall")
    found = only(product)
    assert (found.kind, found.state, found.note, found.decided_by) == (
        "spike",
        "confirmed",
        "Recall",
        person,
    )
    with pytest.raises(DomainError, match="take that back"):
        month_flag(user=person, product=product, measure=units(), first=ODD, last=ODD, note="Again")


@pytest.mark.parametrize(
    ("first", "last", "note", "code"),
    [
        (ODD, ODD, " ", "note_missing"),
        (ODD, month_add(ODD, -1), "x", "months_reversed"),
        (ODD, month_add(ODD, 12), "x", "months_too_many"),
        (datetime.date(2099, 1, 1), datetime.date(2099, 1, 1), "x", "month_not_over"),
        (datetime.date(2001, 1, 1), datetime.date(2001, 1, 1), "x", "months_empty"),
    ],
)
def test_what_cannot_be_marked(first: Any, last: Any, note: str, code: str) -> None:
    product = product_with({})
    with pytest.raises(DomainError) as refusal:
        month_flag(user=user_factory(), product=product, measure=units(), first=first, last=last, note=note)
    assert refusal.value.code == code
    assert not Finding.objects.exists()


def test_a_month_marked_by_hand_cannot_be_called_right() -> None:
    product = product_with({})
    found = month_flag(user=user_factory(), product=product, measure=units(), first=ODD, last=ODD, note="x")
    for state, code in (("refused", "flagged_not_refused"), ("perhaps", "state_unknown")):
        with pytest.raises(DomainError) as refusal:
            decide(found, state)
        assert refusal.value.code == code
    assert only(product).state == "confirmed"


# -- what the database holds ----------------------------------------------------------------------------


def test_the_database_refuses_what_no_finding_is() -> None:
    product, person = product_with({}), user_factory()
    run = NightlyRun.objects.create(
        kind="manual", key="raw", local_date=LAST, as_of=LAST, started_at=timezone.now()
    )
    good: dict[str, Any] = {
        "product": product, "measure": units(), "kind": "spike", "first": ODD, "last": ODD, "seen": 9,
        "expected": 3, "found_by": run,
    }  # fmt: skip
    judged = {"state": "confirmed", "decided_by": person, "decided_at": timezone.now()}
    bad = {
        "finding_one_subject": {"product": None},
        "finding_months": {"last": month_add(ODD, -1)},
        "finding_decided_by_somebody": {"state": "confirmed"},
        "finding_gone_is_open": {**judged, "gone_at": timezone.now()},
        "finding_flagged_says_why": {"kind": "flagged", **judged, "note": "x"},
    }
    for name, change in bad.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Finding.objects.create(**{**good, **change})
    with pytest.raises(IntegrityError, match="finding_flagged_says_why"), transaction.atomic():
        Finding.objects.create(**{**good, **judged, "kind": "flagged", "found_by": None})
    Finding.objects.create(**good)
    with pytest.raises(IntegrityError, match="finding_unique"), transaction.atomic():
        Finding.objects.create(**good)


def test_the_history_tells_who_judged_and_not_what_the_night_found() -> None:
    from core.history import history_of

    product = product_with({9: 1400})
    run_now()
    with translation.override("en"):
        assert "Unusual month" not in str(history_of(product, user=user_factory()))
        decide(only(product), "confirmed", "Recall")
        changes = [change for entry in history_of(product, user=user_factory()) for change in entry.changes]
    told = {change.label: change.after for change in changes}
    assert (told["Unusual month · Judged"], told["Unusual month · Note"]) == ("exceptional", "Recall")
