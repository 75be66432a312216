"""Everything that reaches into the private parts of the SDK stands here, and only here.

One file for each place that is reached into. Each says at its head what it uses, and what that has
to be; ``tests/test_seams_*.py`` fail where an SDK differs, and then each file falls back to
something that works without it.
"""

import logging
from functools import partial

from sentry_app.conf import Config
from sentry_app.seams import (
    building,
    errors,
    integrations,
    interrupts,
    lookups,
    middleware,
    requests,
    spans,
    templates,
    threads,
    tracing,
)

__all__ = ["adjust", "install", "prepare"]

logger = logging.getLogger("sentry_app")


def prepare() -> None:
    """To be called before each start of the SDK."""
    requests.remember()
    integrations.skip_missing()


def install() -> list[str]:
    """Put all seams in, once the SDK has started; returns the parts that this SDK does not have.

    The seams ask the client in force what to do: they do nothing for a client of another's making.
    """
    requests.install()
    seams = (tracing, errors, building, interrupts, threads)
    return [part for seam in seams for part in seam.install()]


def adjust(config: Config) -> None:
    """Put in what works on its own; calling it again changes only what ``config`` says.

    Never raises: an SDK that is made differently works as it is.
    """
    for step in (
        lookups.install,
        middleware.install,
        spans.install,
        partial(templates.install, spans=config.TEMPLATE_SPANS),
    ):
        try:
            step()
        except Exception:
            logger.warning("this SDK is made differently: %r", step, exc_info=True)
