#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - said before anything fails in a less readable way
        sys.exit("pmtool needs Python 3.11 or newer.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmtool.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
