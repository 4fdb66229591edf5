from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from core.backups import backup_restore


class Command(BaseCommand):
    help = "Fill an empty database and an empty folder of files from a backup."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        backup_restore(folder)
        self.stdout.write(f"{folder} is restored. Now: manage.py migrate, then manage.py doctor")
