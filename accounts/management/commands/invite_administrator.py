from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from accounts.addresses import public_url
from accounts.errors import DomainError
from accounts.models.user import LANGUAGES
from accounts.services import administrator_invite


class Command(BaseCommand):
    help = (
        "Invite an administrator from the shell: the way in for the first person. Prints the link to choose a"
        " password, which works once and for seven days; nothing is mailed. Again for the same address: a new"
        " link, as long as no password was chosen."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name", help='"First Last"')
        parser.add_argument("--language", choices=[code for code, _name in LANGUAGES], default="nl")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            invited = administrator_invite(
                email=options["email"],
                name=options["name"],
                language=options["language"],
                link=lambda token: public_url(reverse("accounts:invitation", args=[token])),
            )
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(invited.link)
