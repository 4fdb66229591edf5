"""Files of costs undone: nothing of them is left in open months, closed ones stay, and they come in again."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from collaboration.models import Alert
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from pricing.models import CostChange, CostLine, CostRate, CostShare
from pricing.services.cost_changes import cost_change_withdraw
from pricing.services.cost_corrections import cost_rate_correct
from pricing.services.cost_import import costs_import_undo
from pricing.services.costs import RateValues
from products.models import FourEyesRule
from tests.factories import (
    cost_line_factory,
    cost_rate_factory,
    organisation_factory,
    product_factory,
    user_factory,
)
from tests.pricing.test_cost_import import D, held, product, row, run

__all__ = ["product"]
pytestmark = pytest.mark.django_db


def begins() -> int:
    """The first day of this month, in days from today."""
    return (month_start(today()) - today()).days


def undo(done: Any) -> None:
    call_command("undo_import", done.import_id)


@pytest.fixture
def base(product: Any) -> CostLine:
    line = cost_line_factory(product=product)
    cost_rate_factory(cost_line=line, start_date=today() - datetime.timedelta(100), amount=8)
    return line


def test_two_files_undone_leave_what_was_there_before_them(
    product: Any, base: CostLine, tmp_path: Path
) -> None:
    first = run(tmp_path, row("A", "purchase", -20, 9))
    second = run(tmp_path, row("A", "purchase", -10, 10))
    undo(second)
    assert held(product, 0) == {"purchase": 9}
    undo(first)
    for days in (-15, 0, 1):
        assert held(product, days) == {"purchase": 8}


def test_of_closed_months_they_stay_and_the_first_open_day_is_as_before_them(
    product: Any, base: CostLine, tmp_path: Path
) -> None:
    first = run(tmp_path, row("A", "purchase", begins() - 20, 9), row("A", "energy", begins() - 9, 2))
    second = run(tmp_path, row("A", "purchase", begins() - 10, 10))
    organisation_factory(closed_until=month_add(month_start(today()), -1))
    undo(second)
    assert held(product, 0) == {"purchase": 9, "energy": 2}
    undo(first)
    assert held(product, begins() - 1) == {"purchase": 10, "energy": 2}
    for days in (begins(), 0, 1):
        assert held(product, days) == {"purchase": 8}


@pytest.mark.parametrize("amount", [9, 7])
def test_the_same_file_or_a_corrected_one_comes_in_again(
    product: Any, base: CostLine, tmp_path: Path, amount: int
) -> None:
    undo(run(tmp_path, row("A", "purchase", -1, 9), row("A", "purchase", 5, 11)))
    again = run(tmp_path, row("A", "purchase", -1, amount), row("A", "purchase", 5, 11))
    assert (again.refusals, again.counts.new) == ([], 2)
    assert held(product, 0) == {"purchase": amount}
    assert held(product, 5) == {"purchase": 11}


@pytest.mark.parametrize("by_file", [True, False])
def test_what_corrected_a_rate_goes_with_it(base: CostLine, tmp_path: Path, by_file: bool) -> None:
    """9 by a file or by a change of many, corrected twice, and 12 waits: back to the 8 of before."""
    finance, product = user_factory("finance"), base.product
    if by_file:
        done = run(tmp_path, row("A", "purchase", begins(), 9))
        rate = base.rates.get(amount=9)
    else:
        rate = cost_rate_factory(cost_line=base, start_date=month_start(today()), amount=9)
        said = {"state": "applied", "decided_at": timezone.now(), "how": "percentage", "value": D("0.125")}
        change = CostChange.objects.create(author=finance, reason="More", start_date=rate.start_date, **said)
        change.rates.set([rate])
    rule = FourEyesRule.objects.create(decision_kind="cost", mode="off")
    for amount in (10, 11):
        made = cost_rate_correct(user=finance, rate=rate, reason="Typed wrong", values=RateValues(D(amount)))
        assert made.replacement is not None
        rate = made.replacement
    rule.delete()
    waits = cost_rate_correct(user=finance, rate=rate, reason="Again", values=RateValues(D(12)))
    assert held(product, 0) == {"purchase": 11}
    assert Alert.objects.filter(kind="cost_correction", state="open").exists()
    if by_file:
        undo(done)
    else:
        cost_change_withdraw(user=finance, change=change)
    assert held(product, 0) == {"purchase": 8}
    waits.refresh_from_db()
    assert waits.state == "refused"
    assert not Alert.objects.filter(kind="cost_correction", state="open").exists()


def test_what_corrected_a_rate_that_was_put_back_stays(base: CostLine, tmp_path: Path) -> None:
    """8, then 9 by a file whose months are closed since; undone, 8 again, corrected to 8.50: another file
    that is undone leaves that."""
    finance, product = user_factory("finance"), base.product
    first = run(tmp_path, row("A", "purchase", begins() - 70, 9))
    organisation_factory(closed_until=month_add(month_start(today()), -2))
    undo(first)
    back = base.rates.get(start_date=month_add(month_start(today()), -1), withdrawn_at=None)
    FourEyesRule.objects.create(decision_kind="cost", mode="off")
    cost_rate_correct(user=finance, rate=back, reason="Typed wrong", values=RateValues(D("8.50")))
    undo(run(tmp_path, row("A", "purchase", begins() - 5, 10)))
    assert held(product, 0) == {"purchase": D("8.50")}


def test_a_line_whose_rates_are_all_withdrawn_is_split_otherwise(product: Any, tmp_path: Path) -> None:
    by_volume = row("alle", "overhead", begins(), 100, basis="month", verdeling="volume")
    by_revenue = by_volume | {"verdeling": "omzet"}
    done = run(tmp_path, by_volume)
    line, client = CostLine.objects.get(), Client()
    client.force_login(user_factory("finance"))
    address, form = f"/costs/lines/{line.pk}/", {"what": "note", "note": "", "tail_months": 0}

    def split_otherwise() -> str:
        assert client.post(address, form | {"version": line.version, "key": "revenue"}).status_code == 302
        line.refresh_from_db()
        return line.key

    assert split_otherwise() == "volume"
    with pytest.raises(IntegrityError, match="has rates"), transaction.atomic():
        CostLine.objects.update(key="revenue")
    undo(done)
    assert [refused.code for refused in run(tmp_path, by_revenue).refusals] == ["line_differs"]
    said = client.post(address, form | {"version": line.version, "key": "fixed"})
    assert said.status_code == 422
    assert "products and what each bears: make a new line" in said.content.decode()
    assert split_otherwise() == "revenue"
    again = run(tmp_path, by_revenue)
    assert (again.refusals, again.counts.new) == ([], 1)


def test_what_stays_in_closed_months_says_from_when_it_can_hold_again(
    product: Any, base: CostLine, tmp_path: Path
) -> None:
    said = row("A", "purchase", begins() - 9, 9)
    done = run(tmp_path, said)
    organisation_factory(closed_until=month_add(month_start(today()), -1))
    undo(done)
    [refused] = run(tmp_path, said).refusals
    assert (refused.code, refused.params) == ("rate_undone", {"day": f"{month_start(today())}"})
    again = run(tmp_path, row("A", "purchase", begins(), 9))
    assert (again.refusals, again.counts.new) == ([], 1)
    assert held(product, begins()) == {"purchase": 9}
    assert run(tmp_path, row("A", "purchase", begins(), 7)).refusals[0].code == "rate_taken"
    undo(again)
    assert held(product, begins()) == {"purchase": 8}


def test_what_was_put_back_in_a_month_closed_since_still_holds_instead(
    product: Any, base: CostLine, tmp_path: Path
) -> None:
    """9 of a file, 8 put back, and the month of that closed as well: the file says 9, which does not hold."""
    month = month_start(today())
    said = row("A", "purchase", (month_add(month, -1) - today()).days - 9, 9)
    once = row("A", "energy", (month_add(month, -1) - today()).days - 9, 50, basis="once")
    later = row("A", "energy", (month_add(month, -1) - today()).days - 5, 60, basis="once")
    done = run(tmp_path, said, once, later)
    organisation_factory(closed_until=month_add(month, -2))
    undo(done)
    organisation_factory(closed_until=month_add(month, -1))
    [refused] = run(tmp_path, said, once, later).refusals
    assert (refused.code, refused.params) == ("rate_undone", {"day": f"{month}"})
    assert held(product, 0)["purchase"] == 8
    again = run(tmp_path, row("A", "purchase", begins(), 9))
    assert (again.refusals, held(product, 0)["purchase"]) == ([], 9)
    assert run(tmp_path, said).counts.unchanged == 1


def test_a_rate_that_is_the_same_all_along_is_there_already(
    product: Any, base: CostLine, tmp_path: Path
) -> None:
    """A file that said what held anyway puts nothing back, and says nothing new."""
    done = run(tmp_path, row("A", "purchase", begins() - 9, 8))
    organisation_factory(closed_until=month_add(month_start(today()), -1))
    undo(done)
    assert CostRate.objects.filter(withdrawn_at=None).count() == 2
    again = run(tmp_path, row("A", "purchase", begins() - 9, 8))
    assert (again.refusals, again.counts.unchanged) == ([], 1)


def test_two_files_of_fixed_shares_undone_leave_those_before_them(product: Any) -> None:
    """60 : 40, 1 : 2 since last month, 1 : 1 since this one: what has begun stays, until next month."""
    other, month = product_factory(code="B"), month_start(today())
    line = cost_line_factory(kind="overhead", basis="month", key="fixed")
    files = {}
    for start, weights in ((None, (60, 40)), (month_add(month, -1), (1, 2)), (month, (1, 1))):
        if start is not None:
            files[start] = Import.objects.create(
                sheet="costs", source="shell", file_size=1, state="applied", applied_at=timezone.now()
            )
        for bearer, weight in zip((product, other), weights, strict=True):
            more = {"source_import": files.get(start), "start_date": start, "weight": D(weight)}
            CostShare.objects.create(cost_line=line, product=bearer, **more)
    for start, left in ((month, {"A": 1, "B": 2}), (month_add(month, -1), {"A": 60, "B": 40})):
        costs_import_undo(source_import=files[start])
        Import.objects.filter(pk=files[start].pk).update(state="undone", undone_at=timezone.now())
        next_month = line.shares.filter(start_date=month_add(month, 1))
        assert dict(next_month.values_list("product__code", "weight")) == left


def test_why_a_rate_was_withdrawn_is_said_in_the_readers_language(
    product: Any, base: CostLine, tmp_path: Path
) -> None:
    undo(run(tmp_path, row("A", "purchase", -1, 9)))
    for language, words in (("en", "The import was undone."), ("nl", "De import is teruggedraaid.")):
        client = Client()
        client.force_login(user_factory("finance", language=language))
        page = client.get(f"/costs/lines/{base.pk}/").content.decode()
        assert words in page
        assert "import_undone" not in page
        rates = client.get("/api/v1/cost-rates/").json()["results"]
        assert words in [rate["withdrawn_reason"] for rate in rates]
