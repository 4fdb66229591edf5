from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from accounts.errors import DomainError
from exchange.models import Import
from exchange.services.shell import undo_run


class Command(BaseCommand):
    """Put back what was there before an import."""

    help = "Undo an applied import; the newest of its kind goes first. Exit code 1 when it cannot be undone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("import_id", type=int)
        parser.add_argument("--json", action="store_true", help="answer as JSON on standard output")

    @no_translations  # the shell speaks one language, also where a page would answer in the reader's
    def handle(self, *args: Any, **options: Any) -> None:
        row = Import.objects.filter(pk=options["import_id"]).first()
        if row is None:
            raise CommandError(f"there is no import {options['import_id']}")
        try:
            undo_run(row=row)
        except DomainError as error:
            if options["json"]:
                self.stdout.write(
                    json.dumps({"import_id": row.pk, "error": {"code": error.code, "message": str(error)}})
                )
            else:
                self.stderr.write(str(error))
            raise SystemExit(1) from error
        answer = {"import_id": row.pk, "state": "undone"}
        self.stdout.write(json.dumps(answer) if options["json"] else f"import {row.pk} undone")
