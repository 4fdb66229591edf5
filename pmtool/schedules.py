"""Every schedule, with who needs it by when. Beat only ticks; what is due the code reads in the database."""

from __future__ import annotations

SCHEDULES: dict[str, dict[str, object]] = {
    # The product manager needs last night's forecasts at the start of the working day: the run of a local
    # date starts within a minute of its time (02:00 unless set otherwise), a missed one once it is seen.
    "nightly-tick": {
        "task": "forecasting.nightly_tick",
        "schedule": 60.0,
        "options": {"queue": "night", "expires": 55},
    },
    # Whoever waits for a job whose worker died: it is waiting again within a minute of its lease's end.
    "sweep": {"task": "core.sweep", "schedule": 30.0, "options": {"queue": "short", "expires": 25}},
    # Nobody waits for it: jobs that were over and answers that were given 90 days ago go, and sessions that
    # have ended. Often, as a beat that restarts counts afresh.
    "purge": {"task": "core.purge", "schedule": 3600.0, "options": {"queue": "short", "expires": 3500}},
    # Readers of shared links were told that who opened what is forgotten after 90 days.
    "share-purge": {
        "task": "reporting.share_purge",
        "schedule": 3600.0,
        "options": {"queue": "short", "expires": 3500},
    },
    # Nobody waits for it: months of forecasts whose product was deleted while a night wrote them go.
    "forecast-purge": {
        "task": "forecasting.purge",
        "schedule": 3600.0,
        "options": {"queue": "short", "expires": 3500},
    },
    # The operator sees a silent worker within 3 minutes (/readyz).
    "heartbeat": {"task": "core.heartbeat", "schedule": 30.0, "options": {"queue": "short", "expires": 25}},
    # Who drops a file into the watched folder sees it on its way within a minute or so.
    "watched-folder": {
        "task": "exchange.folder_tick",
        "schedule": 60.0,
        "options": {"queue": "short", "expires": 55},
    },
    # Who gets a report by mail has it within minutes of the night's end.
    "report-schedules": {
        "task": "reporting.schedules_tick",
        "schedule": 60.0,
        "options": {"queue": "short", "expires": 55},
    },
}
