from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from core.backups import backup_write


class Command(BaseCommand):
    help = "Write the database and all files to a new folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        backup_write(folder)
        self.stdout.write(f"{folder} is whole. The secrets in the environment are not in it.")
