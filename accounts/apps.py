from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .rights import Right, register
        from .selectors.people import DEPUTIES_ABOUT_NOW
        from .with_person import ROLES, read_with_person

        read_with_person("roles", ROLES)
        read_with_person("deputies", DEPUTIES_ABOUT_NOW)
        register(
            Right(
                "accounts.manage",
                _("Manage people and roles"),
                _("Invite and deactivate people, give them roles, limit them to lines and channels."),
            ),
            Right(
                "accounts.api",
                _("Use the REST API"),
                _("Make API tokens and read or write through them with one's own rights."),
            ),
        )
