from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from accounts.errors import DomainError
from core.months import parse_month
from forecasting.models import NightlyRun
from forecasting.services.night import night_start
from forecasting.services.night_work import run_wait
from products.models import Product


class Command(BaseCommand):
    help = "Recompute forecasts and stages now: everything, or one product."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", metavar="YYYY-MM", help="the last month it may know")
        parser.add_argument("--product", metavar="CODE", help="this product alone")
        parser.add_argument(
            "--wait", action="store_true", help="until it is done; without a worker the work is done here"
        )

    @no_translations  # the shell speaks one language, also where a page would answer in the reader's
    def handle(self, *args: Any, **options: Any) -> None:
        scope = None
        if options["product"]:
            scope = list(Product.objects.filter(code__iexact=options["product"]).values_list("pk", flat=True))
            if not scope:
                raise CommandError(f"no product has the code {options['product']}")
        try:
            as_of = parse_month(options["as_of"]) if options["as_of"] else None
        except ValueError:
            raise CommandError("--as-of takes a month, as in 2026-10") from None
        kind = NightlyRun.Kind.MANUAL if scope is None else NightlyRun.Kind.SINGLE
        try:
            run = night_start(kind=kind, as_of=as_of, scope=scope)
        except DomainError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"run {run.pk}: {run.as_of:%Y-%m}")
        if not options["wait"]:
            return
        self._said = ""
        run_wait(run=run, tell=self._progress)
        for step in run.steps.all():
            self.stdout.write(
                f"{step.name}: {step.computed} computed, {step.skipped} skipped, {step.failed} failed"
            )
        failures = run.failures.select_related("product", "family")
        for failure in failures:
            self.stderr.write(
                f"{failure.step} {failure.product or failure.family or ''}: {failure.code} {failure.params}"
            )
        if failures or run.state == NightlyRun.State.FAILED:
            raise CommandError(run.error_code or f"{len(failures)} could not be computed")

    def _progress(self, run: NightlyRun) -> None:
        said = ", ".join(f"{step.name} {step.state}" for step in run.steps.all())
        if said != self._said:
            self.stdout.write(said)
            self._said = said
