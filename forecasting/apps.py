from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ForecastingConfig(AppConfig):
    name = "forecasting"
    verbose_name = _("Forecasting")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import sheets
        from .registrations import register_all

        register_all()
        sheets.register()
