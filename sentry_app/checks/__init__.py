"""What ``manage.py check`` reports: every mistake, all at once, and how to put it right.

Each check is a function that takes the configuration and yields problems.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from sentry_app import conf
from sentry_app.checks import configuration, deployment, project, spool
from sentry_app.conf import Config
from sentry_app.setting import Problem

Check = Callable[[Config], Iterable[Problem]]

CHECKS: tuple[Check, ...] = (
    configuration.wrong_settings,
    configuration.wrong_options,
    configuration.refused_options,
    configuration.wrong_hooks,
    configuration.wrong_transport,
    configuration.missing_extras,
    configuration.no_tail_sampling,
    configuration.missing_parts,
    configuration.unreadable_release,
    configuration.opened_fields,
    configuration.useless_fields,
    spool.spool,
    project.second_init,
    project.storm_cache,
    project.middleware,
    project.first_app,
)
DEPLOYMENT_CHECKS: tuple[Check, ...] = (
    deployment.no_dsn,
    deployment.switched_off,
    deployment.debug,
    deployment.local_variables,
    deployment.sample_rate,
    deployment.plain_http,
    deployment.unknown_release,
    deployment.local_transport,
)


def check_sentry(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Everything that is wrong wherever the site runs."""
    return _run(CHECKS)


def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What is wrong only where the site is deployed: ``manage.py check --deploy``."""
    return _run(DEPLOYMENT_CHECKS)


def _run(checks: Iterable[Check]) -> list[CheckMessage]:
    config = conf.load()
    return [_message(problem) for check in checks for problem in check(config)]


def _message(problem: Problem) -> CheckMessage:
    kind = Warning if ".W" in problem.id else Error
    return kind(problem.message, hint=problem.hint, id=problem.id)
