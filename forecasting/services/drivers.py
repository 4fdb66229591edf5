"""Drivers written: by files, by other parts of pmtool, by people."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.http import Http404
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import row_lock, row_save
from core.locks import lock_until_commit
from core.months import month_add
from forecasting.calendars import MOVING
from forecasting.models import Driver, DriverValue, NightlyRun, SharedEffect
from products.models import Product, ProductLine
from products.services.scope import line_within, product_within, unlimited

# Shared effects of so many months back are kept.
KEPT_MONTHS = 3
Values = Mapping[datetime.date, Decimal | None]


def driver_code(text: str) -> str:
    """The code that a name stands for."""
    return slugify(text)[:40].strip("-")


@transaction.atomic
def driver_values_set(
    *,
    code: str,
    values: Values,
    name: str = "",
    unit: str = "",
    kind: str = Driver.Kind.SERIES,
    step: str = Driver.Step.DAY,
    product: Product | None = None,
    line: ProductLine | None = None,
    source: str = "",
) -> Driver:
    """Put values of a driver, past and known future ones, beside those there are; ``None`` takes one away.
    The driver is made where it is not there yet; one that is keeps its name, unit and kind.

    The way by which other parts of pmtool say what they know ahead (prices, promotions): ``source`` is the
    part's name. Dates are days, or first days of weeks or months by ``step``.
    """
    driver = driver_ensure(
        code=code, name=name, unit=unit, kind=kind, step=step, product=product, line=line, source=source
    )
    if driver.step != step:
        raise DomainError("step_differs", _("This driver has values of another step."), "step")
    gone = [date for date, value in values.items() if value is None]
    DriverValue.objects.filter(driver=driver, date__in=gone).delete()
    values_write(
        rows=[(driver.pk, date, value) for date, value in values.items() if value is not None],
        import_id=None,
    )
    return driver


def driver_ensure(
    *,
    code: str,
    name: str,
    unit: str,
    kind: str,
    step: str,
    product: Product | None,
    line: ProductLine | None,
    source: str = "",
    import_id: int | None = None,
) -> Driver:
    """The driver of this code and scope; made where it is not there."""
    driver, _made = Driver.objects.get_or_create(
        code=driver_code(code),
        product=product,
        line=line,
        defaults={
            "name": name or code,
            "unit": unit,
            "kind": kind,
            "step": step,
            "source": source,
            "source_import_id": import_id,
        },
    )
    return driver


def values_write(*, rows: list[tuple[int, datetime.date, Decimal]], import_id: int | None) -> None:
    """Write values that are new or differ, in sets; an import notes what it changes."""
    if not rows:
        return
    drivers, dates, values = (list(column) for column in zip(*rows, strict=True))
    said = "unnest(%s::bigint[], %s::date[], %s::numeric[]) AS said (driver_id, date, value)"
    with connection.cursor() as cursor:
        if import_id is not None:
            cursor.execute(
                f"""INSERT INTO forecasting_driverjournal
                        (source_import_id, driver_id, date, old_value, old_source_import_id)
                    SELECT %s, v.driver_id, v.date, v.value, v.source_import_id
                    FROM forecasting_drivervalue v JOIN {said} USING (driver_id, date)
                    WHERE v.value <> said.value""",  # noqa: S608
                [import_id, drivers, dates, values],
            )
        cursor.execute(
            f"""INSERT INTO forecasting_drivervalue (driver_id, date, value, source_import_id)
                SELECT driver_id, date, value, %s FROM {said}
                ON CONFLICT (driver_id, date) DO UPDATE
                SET value = excluded.value, source_import_id = excluded.source_import_id
                WHERE forecasting_drivervalue.value <> excluded.value""",  # noqa: S608
            [import_id, drivers, dates, values],
        )


@transaction.atomic
def driver_import_undo(*, import_id: int) -> tuple[int, int]:
    """Put back what an import did: how many values were taken away, how many restored. A driver it made goes
    when nothing else has been said of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE forecasting_drivervalue v
               SET value = j.old_value, source_import_id = j.old_source_import_id
               FROM forecasting_driverjournal j
               WHERE j.source_import_id = %s AND v.source_import_id = %s
                 AND (v.driver_id, v.date) = (j.driver_id, j.date)""",
            [import_id, import_id],
        )
        restored = cursor.rowcount
    taken, _by_model = DriverValue.objects.filter(source_import_id=import_id).delete()
    Driver.objects.filter(source_import_id=import_id, values=None, version=1).delete()
    return taken, restored


@transaction.atomic
def shared_effects_write(*, rows: Sequence[SharedEffect], run: NightlyRun, line_id: int) -> None:
    """What the line's moving holidays do, as known in the run's month; what was known long before goes."""
    lock_until_commit("shared_effects")
    of_line = SharedEffect.objects.filter(line=line_id)
    of_line.filter(as_of=run.as_of).delete()
    of_line.filter(as_of__lt=month_add(run.as_of, -KEPT_MONTHS)).delete()
    SharedEffect.objects.bulk_create(rows)


# -- by people ---------------------------------------------------------------------------------------------


def _within(user: Any, product: Product | None, line: ProductLine | None) -> None:
    if product is not None:
        product_within(user, product)
    elif line is not None:
        line_within(user, line)
    else:
        unlimited(user, _("This driver is shared by all lines; you are limited to some of them."))


@transaction.atomic
def driver_change(*, user: Any, driver: Driver, version: int | None, **values: Any) -> set[str]:
    """Name, unit, kind, whether the night tries it."""
    current = row_lock(driver)
    _within(user, current.product, current.line)
    return row_save(current, version=version, values=values)


@transaction.atomic
def driver_calendar_use(*, user: Any, calendar: str, line: ProductLine | None) -> Driver:
    """Let the night try a calendar, for one line or for everything; one that was switched off is used
    again."""
    if calendar not in Driver.Calendar.values:
        raise Http404(calendar)
    _within(user, None, line)
    driver, made = Driver.objects.get_or_create(
        code=calendar.replace("_", "-"),
        product=None,
        line=line,
        defaults={
            "name": str(Driver.Calendar(calendar).label),
            "kind": Driver.Kind.EVENT if calendar in MOVING else Driver.Kind.SERIES,
            "step": Driver.Step.MONTH,
            "calendar": calendar,
        },
    )
    if not made and not driver.is_active:
        driver_change(user=user, driver=driver, version=None, is_active=True)
        driver.refresh_from_db()
    return driver
