"""When a command is due, as Sentry's cron monitors want to be told.

The form is that of Sentry's check-ins: https://docs.sentry.io/product/crons/getting-started/http/.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sentry_app.env import Kind

Schedule = dict[str, Any]

_EXPECTED = (
    'a crontab ("0 3 * * *"), an interval ("10 minutes"; in Python also a timedelta), or a dict'
    ' with one of them as "schedule", beside "timezone", "max_runtime" and the like'
)

_MACROS = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
# Compiled when they are needed: most sites have no schedules.
_CRONTAB_FIELD = r"(?a:[\w*,/?#-]+)"
_INTERVAL = r"(?:every )?([0-9]+) (minute|hour|day|week|month|year)s?"

#: What Sentry knows beside the schedule, and of which type it is.
_DETAILS = {
    "timezone": str,
    "owner": str,
    "checkin_margin": int,
    "max_runtime": int,
    "failure_issue_threshold": int,
    "recovery_threshold": int,
}


def monitor() -> Kind:
    """A schedule, alone or with more about the monitor; read as a ``monitor_config`` of Sentry."""

    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            return {"schedule": _schedule(value)}
        details = {key: entry for key, entry in value.items() if key != "schedule"}
        for key, entry in details.items():
            if type(entry) is not _DETAILS.get(key):
                raise ValueError(f"{key!r} is not known, or of the wrong type")
        return {"schedule": _schedule(value.get("schedule")), **details}

    return Kind(_EXPECTED, convert, str)


def _schedule(value: Any) -> Schedule:
    if isinstance(value, timedelta):
        return _interval(value)
    if isinstance(value, Mapping):  # as Sentry has it
        unit = value.get("unit")
        value = value.get("value") if unit is None else f"{value.get('value')} {unit}"
    if not isinstance(value, str):
        raise ValueError("a schedule is text or a timedelta")
    text = value.strip()
    if found := re.fullmatch(_INTERVAL, text):
        return _every(int(found[1]), found[2])
    fields = text.split()
    are_fields = len(fields) == 5 and all(re.fullmatch(_CRONTAB_FIELD, one) for one in fields)
    if text in _MACROS or are_fields:
        return {"type": "crontab", "value": text}
    raise ValueError(f"{text!r} is neither a crontab of five fields nor an interval")


def _interval(value: timedelta) -> Schedule:
    minutes, rest = divmod(value, timedelta(minutes=1))
    if rest:
        raise ValueError("Sentry knows whole minutes only")
    return _every(minutes, "minute")


def _every(value: int, unit: str) -> Schedule:
    if value < 1:
        raise ValueError("an interval is a minute at least")
    return {"type": "interval", "value": value, "unit": unit}
