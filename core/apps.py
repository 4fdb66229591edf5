from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Organisation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.validators import validate_slug

        from accounts.rights import Right, register

        from . import lookups, registrations

        validate_slug.message = _(
            "A code is made of letters without accents, digits, hyphens and underscores; no spaces."
        )

        register(
            Right(
                "core.settings",
                _("Change the organisation's settings"),
                _("Currency, time zone, financial year, night, thresholds, four eyes."),
            )
        )
        lookups.register()
        registrations.register()
