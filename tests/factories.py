"""Objects with valid defaults; every keyword is a field and may be given instead.

Each room adds its own at the end. A test names only what it is about.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from core.models import Organisation
from core.months import month_add, month_end
from core.organisation import organisation_forget
from forecasting.models import Forecast, ForecastMonth
from pricing.models import Bound, CostKind, CostLine, CostRate, Price, PriceList
from products.models import (
    Channel,
    ChannelLimit,
    Family,
    LineLimit,
    LineMeasure,
    Measure,
    Product,
    ProductLine,
    ProductMonth,
)

PASSWORD = "a long password nobody guesses"
_numbers = count(1)


def organisation_factory(**fields: Any) -> Organisation:
    """The one organisation, with these fields."""
    organisation = Organisation.objects.get(pk=1)
    for name, value in fields.items():
        setattr(organisation, name, value)
    organisation.save()
    organisation_forget()
    return organisation


def user_factory(
    role: str | Iterable[str] = "product-manager",
    *,
    lines: Iterable[ProductLine] = (),
    channels: Iterable[Channel] = (),
    rights: Iterable[str] | None = None,
    **fields: Any,
) -> User:
    """A person who can sign in with :data:`PASSWORD`; ``role`` names shipped roles by code.

    With ``rights`` the person has a role of their own with just these. ``lines`` and ``channels`` limit them.
    """
    number = next(_numbers)
    fields.setdefault("email", f"person{number}@example.com")
    fields.setdefault("name", f"Person {number}")
    fields.setdefault("language", "en")
    user = User.objects.create_user(password=fields.pop("password", PASSWORD), **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    codes = [role] if isinstance(role, str) else list(role)
    user.roles.set(
        Role.objects.filter(code__in=codes) if rights is None else [role_factory(rights=list(rights))]
    )
    LineLimit.objects.bulk_create(LineLimit(user=user, line=line) for line in lines)
    ChannelLimit.objects.bulk_create(ChannelLimit(user=user, channel=channel) for channel in channels)
    return user


def client_of(user: User) -> Client:
    """A browser in which the person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def role_factory(**fields: Any) -> Role:
    number = next(_numbers)
    defaults = {"code": f"role-{number}", "name_en": f"Role {number}", "name_nl": f"Rol {number}"}
    return Role.objects.create(**defaults | fields)


def measure_factory(**fields: Any) -> Measure:
    number = next(_numbers)
    defaults = {
        "code": f"measure-{number}",
        "name_en": f"Measure {number}",
        "name_nl": f"Maat {number}",
        "unit_en": "pieces",
        "unit_nl": "stuks",
    }
    return Measure.objects.create(**defaults | fields)


def line_factory(*, measures: Iterable[Measure] = (), **fields: Any) -> ProductLine:
    """A product line; the first of ``measures`` leads, none: as the line above."""
    number = next(_numbers)
    line = ProductLine.objects.create(**{"code": f"line-{number}", "name": f"Line {number}"} | fields)
    for position, measure in enumerate(measures):
        LineMeasure.objects.create(line=line, measure=measure, leads=position == 0)
    return line


def product_factory(**fields: Any) -> Product:
    """A product, in a line of its own unless told."""
    number = next(_numbers)
    if "line" not in fields and "line_id" not in fields:
        fields["line"] = line_factory()
    return Product.objects.create(**{"code": f"P-{number}", "name": f"Product {number}"} | fields)


def product_month_factory(**fields: Any) -> ProductMonth:
    """One unit of a product sold in a whole month, January 2026 unless told."""
    month = fields.setdefault("month", datetime.date(2026, 1, 1))
    if "product" not in fields:
        fields["product"] = product_factory()
    if "measure" not in fields:
        fields["measure"] = Measure.objects.get(code="units")
    return ProductMonth.objects.create(**{"volume": 1, "days": month_end(month).day} | fields)


def channel_factory(**fields: Any) -> Channel:
    number = next(_numbers)
    return Channel.objects.create(**{"code": f"C-{number}", "name": f"Channel {number}"} | fields)


def family_factory(**fields: Any) -> Family:
    number = next(_numbers)
    if "line" not in fields and "line_id" not in fields:
        fields["line"] = line_factory()
    return Family.objects.create(**{"code": f"F-{number}", "name": f"Family {number}"} | fields)


def price_list_factory(**fields: Any) -> PriceList:
    """A list of own prices for everybody, without VAT."""
    number = next(_numbers)
    defaults = {
        "code": f"list-{number}",
        "name_en": f"List {number}",
        "name_nl": f"Lijst {number}",
        "currency": "EUR",
    }
    return PriceList.objects.create(**defaults | fields)


def bound_factory(**fields: Any) -> Bound:
    """A bound of a price per unit in euro, laid down by the law unless told."""
    return Bound.objects.create(**{"currency": "EUR", "source": "The law"} | fields)


def bound_become(bound: Bound, **fields: Any) -> Bound:
    """Another in its place, under its id: one that has begun is not changed."""
    Bound.objects.filter(pk=bound.pk).delete()
    names = [field.attname for field in Bound._meta.fields]
    return Bound.objects.create(**{name: getattr(bound, name) for name in names} | fields)


def price_factory(**fields: Any) -> Price:
    """An approved price per unit; the list is a new channel's unless told."""
    defaults: dict[str, Any] = {"state": "approved", "amount": 10, "approved_at": timezone.now()}
    if "price_list" not in fields:
        fields["price_list"] = price_list_factory(channel=channel_factory())
    if fields.get("state", "approved") != "approved":
        defaults.pop("approved_at")
    return Price.objects.create(**defaults | fields)


def cost_line_factory(**fields: Any) -> CostLine:
    """A cost per unit of purchase, of all products unless told; ``kind`` by its code."""
    fields["kind"] = CostKind.objects.get(code=fields.get("kind", "purchase"))
    return CostLine.objects.create(**{"basis": "unit", "currency": "EUR"} | fields)


def cost_rate_factory(**fields: Any) -> CostRate:
    """An amount from a date on; the line is a new one of ``product`` unless told."""
    if "cost_line" not in fields:
        fields["cost_line"] = cost_line_factory(product=fields.pop("product"))
    return CostRate.objects.create(**{"amount": 10} | fields)


def forecast_factory(
    as_of: datetime.date,
    mean: float,
    *,
    half80: float = 0,
    half95: float = 0,
    months: int = 18,
    **fields: Any,
) -> Forecast:
    """Of ``product`` or ``family``: so many equal months after ``as_of``, the bands so far on either side."""
    measure = fields.pop("measure", None) or Measure.objects.get(code="units")
    made = {"method": "mean", "as_of": as_of, "measure": measure, "computed_at": timezone.now()}
    forecast = Forecast.objects.create(**made | fields)
    bands = {"lo80": mean - half80, "hi80": mean + half80, "lo95": mean - half95, "hi95": mean + half95}
    ForecastMonth.objects.bulk_create(
        ForecastMonth(forecast=forecast, month=month_add(as_of, step), mean=mean, median=mean, **bands)
        for step in range(1, months + 1)
    )
    return forecast
