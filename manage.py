#!/usr/bin/env python
import gc
import os
import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - said before anything fails in a less readable way
        sys.exit("pmtool needs Python 3.11 or newer.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmtool.settings.dev")
    # To look for garbage all the time took a twelfth of the processor of long commands, which make little.
    gc.set_threshold(50_000, 20, 20)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
