"""The people of the demo company: one a role, and a product manager for each part of the range."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import Role, User

PASSWORD = "pmtool-demo-2026"  # noqa: S105  printed at the start; the demo company is nobody's

# code of the role, name, e-mail, language
PEOPLE = [
    ("product-manager", "Sanne Vermeer", "sanne@demo.example", "nl"),
    ("product-manager", "Thomas Bakker", "thomas@demo.example", "en"),
    ("product-manager", "Yara de Graaf", "yara@demo.example", "nl"),
    ("product-manager", "Bram Mulder", "bram@demo.example", "nl"),
    ("product-manager", "Noor Jansen", "noor@demo.example", "nl"),
    ("marketing", "Ruud de Wit", "ruud@demo.example", "nl"),
    ("sales", "Fatima Amrani", "fatima@demo.example", "nl"),
    ("logistics", "Joris Bakker", "joris@demo.example", "nl"),
    ("quality", "Leila Haddad", "leila@demo.example", "nl"),
    ("finance", "Emma Clarke", "emma@demo.example", "en"),
    ("viewer", "Pieter Smit", "pieter@demo.example", "nl"),
    ("administrator", "Anna Visser", "anna@demo.example", "nl"),
]


def people_create() -> dict[str, User]:
    """The demo's people by their first names; those who exist stay as they are."""
    found = {}
    password = make_password(PASSWORD)  # once: it is meant to be slow
    for role, name, email, language in PEOPLE:
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create(email=email, password=password, name=name, language=language)
            user.roles.set(Role.objects.filter(code=role))
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        found[name.split()[0]] = user
    return found


def sign_ins() -> list[tuple[str, str, str]]:
    """Role, e-mail and password, for the demo's people that are still there."""
    there = {user.email: user for user in User.objects.filter(is_active=True).prefetch_related("roles")}
    seen: set[str] = set()
    rows = []
    for role, _name, email, _language in PEOPLE:
        if email in there and role not in seen:
            seen.add(role)
            rows.append((", ".join(r.name_en for r in there[email].roles.all()), email, PASSWORD))
    return rows
