from __future__ import annotations

import json
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from accounts.errors import DomainError
from exchange.services.shell import Outcome, import_run, refusal_words
from exchange.sheets import sheets

_SHOWN = 20


class Command(BaseCommand):
    """Import a file without the web application: in this process, all or nothing."""

    help = "Import a CSV or XLSX file. Exit code 1 when nothing was written, with the reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sheet", help=f"what the file holds: {', '.join(each.key for each in sheets)}")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--create-missing", action="store_true", help="make unknown products and channels"
        )
        parser.add_argument("--leave-out-refused", action="store_true", help="import the other rows")
        parser.add_argument(
            "--correction", default="", metavar="REASON", help="why the file may change closed months"
        )
        parser.add_argument("--dry-run", action="store_true", help="count only, keep nothing")
        parser.add_argument("--json", action="store_true", help="answer as JSON on standard output")
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="decimal=, date_order=, encoding=, separator=, sheet_name=, header_line=, or one of the "
            "sheet's own",
        )

    @no_translations  # the shell speaks one language, also where a page would answer in the reader's
    def handle(self, *args: Any, **options: Any) -> None:
        said = dict(pair.partition("=")[::2] for pair in options["option"])
        if not options["file"].is_file():
            raise CommandError(f"{options['file']} is not a file")
        try:
            outcome = import_run(
                sheet=options["sheet"],
                path=options["file"],
                options={
                    **said,
                    "create_missing": options["create_missing"],
                    **({"correction": options["correction"]} if options["correction"] else {}),
                },
                leave_out_refused=options["leave_out_refused"],
                dry_run=options["dry_run"],
            )
        except DomainError as error:
            outcome = Outcome(None, error=error)
        if options["json"]:
            self.stdout.write(json.dumps(self._as_json(outcome)))
        else:
            self._tell(outcome, options["sheet"])
        if outcome.error:
            raise SystemExit(1)

    def _as_json(self, outcome: Outcome) -> dict[str, Any]:
        counts = {"creates": {}, **outcome.counts.as_json()}
        answer = {"import_id": outcome.import_id, **counts, "totals": outcome.counts.totals}
        if outcome.error:
            answer["error"] = {
                "code": outcome.error.code,
                "message": str(outcome.error),
                "details": outcome.error.details,
            }
        return answer

    def _tell(self, outcome: Outcome, sheet: str) -> None:
        counts = outcome.counts
        if outcome.import_id:
            self.stdout.write(f"import {outcome.import_id}")
        self.stdout.write(
            f"new {counts.new}, changed {counts.changed}, unchanged {counts.unchanged}, "
            f"refused {counts.refused}"
        )
        for row in counts.reconciled:
            said = "{month}: imported {imported} = mapped {mapped} + unmapped {unmapped}"
            if Decimal(row["unmapped_over"]) and Decimal(row["unmapped_under"]):
                said += " ({unmapped_over} - {unmapped_under})"
            self.stdout.write(said.format(**row))
        for refusal in outcome.refusals[:_SHOWN]:
            words = refusal_words(refusal, sheets.get(sheet))
            self.stderr.write(f"line {refusal.line}, {refusal.column} “{refusal.value}”: {words}")
        if len(outcome.refusals) > _SHOWN:
            self.stderr.write("…")
        if outcome.error:
            self.stderr.write(str(outcome.error))
