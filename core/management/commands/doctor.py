from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.doctor import examine, registered


class Command(BaseCommand):
    help = "Check that everything is as it must be; exit code 1 when it is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="findings and what is registered, as JSON")
        parser.add_argument("--only", metavar="CHECK", default="", help="this check alone")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(only=options["only"])
        if options["only"] and not findings:
            raise CommandError(f"no check is called {options['only']}")
        count = sum(len(finding.problems) for finding in findings)
        if options["json"]:
            body = {
                "problems": count,
                "checks": [asdict(finding) for finding in findings],
                "registered": registered(),
            }
            self.stdout.write(json.dumps(body, indent=1))
        else:
            for finding in findings:
                self.stdout.write(f"{'ok     ' if not finding.problems else 'PROBLEM'} {finding.label}")
                for problem in finding.problems:
                    self.stdout.write(f"        {problem}")
            if options["verbosity"] > 1:
                for name, keys in registered().items():
                    self.stdout.write(f"{name}: {', '.join(keys)}")
        if count:
            raise CommandError(f"{count} problem{'' if count == 1 else 's'}", returncode=1)
