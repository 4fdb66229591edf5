from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "exchange"
    verbose_name = _("Data")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import rights
        from core import registries

        from .doctor import import_problems
        from .models import Import
        from .selectors import imports_visible
        from .services import work

        rights.register(
            rights.Right(
                "exchange.import", _("Import files"), _("Also needs the right to change what is in them.")
            ),
            rights.Right("exchange.undo", _("Undo imports")),
            rights.Right("exchange.export", _("Export lists")),
        )
        registries.menu.register(
            registries.MenuEntry(
                "exchange", _("Data"), "exchange:list", "database", order=90, permission="exchange.import"
            )
        )
        registries.job_kinds.register(
            registries.JobKind("exchange.check", work.check_run, _("Check a file"), failed=work.failed),
            registries.JobKind("exchange.apply", work.apply_run, _("Apply an import"), failed=work.failed),
            registries.JobKind("exchange.undo", work.undo_run, _("Undo an import"), failed=work.failed),
        )
        registries.subjects.register(
            registries.Subject(
                "import",
                Import,
                imports_visible,
                lambda row: reverse("exchange:detail", args=[row.pk]),
                lambda row: row.file_name,
                lambda row: [row.created_by],
            )
        )
        registries.doctor_checks.register(
            registries.DoctorCheck(
                "exchange.imports", "Imports have their job and their file", import_problems
            )
        )
