from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.months import parse_month
from reporting.demo.files import DemoError
from reporting.demo.load import demo_load
from reporting.demo.people import sign_ins


class Command(BaseCommand):
    help = "Load the seeded demo company into an empty database, or print its sign-ins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sign-ins", action="store_true", help="only print one sign-in per role")
        parser.add_argument(
            "--until", metavar="YYYY-MM", help="the last month with sales (default: last month)"
        )
        parser.add_argument(
            "--nights", type=int, default=3, help="how many months' nights to run (default 3)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["sign_ins"]:
            try:
                until = parse_month(options["until"]) if options["until"] else None
                demo_load(until=until, nights=options["nights"], tell=self._tell)
            except ValueError:
                raise CommandError("--until takes a month, as in 2026-10") from None
            except DemoError as error:
                raise CommandError(str(error)) from None
        for role, email, password in sign_ins():
            self.stdout.write(f"  {role:24} {email:24} {password}")

    def _tell(self, what: str) -> None:
        self.stdout.write(f"  {what} …")
        self.stdout.flush()
