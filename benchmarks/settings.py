"""As `make run` has it: durable servers, templates kept, no debugging."""

from pmtool.settings.dev import *  # noqa: F403

DEBUG = False
