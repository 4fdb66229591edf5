"""What core adds to its own registries, for itself and for ``accounts``, which knows no room above it."""

from __future__ import annotations

from typing import Any

from django.db.models import Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Deputy, Role, User, UserRole
from accounts.models.user import LANGUAGES
from accounts.rights import right_label
from accounts.rows import from_row, row_of
from accounts.with_person import Reading, read_with_person

from . import doctor, health, mail, registries, selectors
from .forms.settings import month_choices
from .history import Related, history_extend, history_words
from .models import Organisation
from .organisation import money_text, organisation_take


def _organisation() -> Subquery:
    return Subquery(Organisation.objects.filter(pk=1).values_list(row_of(Organisation)))


def _take_organisation(_user: User, row: dict[str, Any] | None) -> None:
    if row is not None:
        organisation_take(from_row(Organisation, row))


def register() -> None:
    read_with_person("organisation", Reading(_organisation, _take_organisation))
    registries.menu.register(
        registries.MenuEntry("people", _("People"), "accounts:people", "users", 90, "accounts.manage"),
        registries.MenuEntry("settings", _("Settings"), "core:settings", "settings", 95, "core.settings"),
    )
    registries.account_pages.register(
        registries.AccountPage("profile", _("My account"), "accounts:profile", 1),
        registries.AccountPage("password", _("Password"), "account_change_password", 2),
        registries.AccountPage("second-step", _("Two-step sign-in"), "mfa_index", 3),
    )
    registries.search_sources.register(
        registries.SearchSource("pages", _("Pages"), selectors.pages_search, 100)
    )
    registries.job_kinds.register(
        registries.JobKind(mail.KIND, mail.mail_run, _("Send a mail"), failed=mail.mail_failed)
    )
    registries.health_checks.register(*health.CHECKS)
    registries.gauges.register(
        registries.Gauge("jobs", "Jobs that wait or run.", selectors.jobs_open, ("queue", "state"), 10),
        registries.Gauge("job_waits", "Seconds the oldest job waits.", selectors.job_waits, ("queue",), 20),
    )
    registries.doctor_checks.register(
        registries.DoctorCheck("jobs", "Every job is final or leased", doctor.jobs_final_or_leased, 10)
    )
    history_extend(
        User,
        Related(UserRole, "user", _("Role")),
        Related(Deputy, "owner", _("Deputy")),
        Related(ApiToken, "user", _("API token"), skip=frozenset({"created"})),
    )
    history_words(Role, "rights", right_label)
    history_words(Organisation, "alert_min_amount", money_text)
    history_words(Organisation, "language", lambda code: str(dict(LANGUAGES)[code]))
    history_words(Organisation, "financial_year_first_month", lambda month: dict(month_choices())[month])
