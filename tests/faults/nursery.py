"""A process with everything loaded that becomes workers and beats when asked: each would otherwise load
Python, Django and the models anew, for some seconds of processor.

Reads a line of JSON for each: what Celery is told, variables of its environment, the names of its database
and of the folder of files, and where it logs. Writes that it began and its id, and how it ended once it did.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, NoReturn


def main() -> None:
    import celery.apps.beat
    import celery.apps.worker
    import celery.concurrency.prefork  # noqa: F401
    import django

    django.setup()
    from forecasting import engine
    from pmtool.celery import app

    app.loader.import_default_modules()
    engine.warm_up()
    signal.signal(signal.SIGCHLD, _say_who_ended)
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            _become(app, **json.loads(line))
        _say("began", pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _become(
    app: Any, arguments: list[str], environment: dict[str, str], database: str, files: str, log: str
) -> NoReturn:
    """In a process group of its own."""
    from django.conf import settings

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.setsid()
    for target, flags in ((log, os.O_WRONLY | os.O_CREAT), (os.devnull, os.O_RDONLY)):
        found = os.open(target, flags)
        for number in (1, 2) if target == log else (0,):
            os.dup2(found, number)
    os.environ |= environment
    settings.DATABASES["default"]["NAME"] = database
    settings.MEDIA_ROOT = files
    code = 1
    try:
        code = app.start(arguments) or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say_who_ended(*_: object) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say("ended", pid, os.waitstatus_to_exitcode(status))


def _say(*what: object) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())


if __name__ == "__main__":
    main()
