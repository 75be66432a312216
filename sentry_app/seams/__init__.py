"""Everything that reaches into the private parts of the SDK stands here, and only here.

One file for each place that is reached into. Each says at its head what it uses, and what that has
to be; ``tests/test_seams_*.py`` fail where an SDK differs, and then each file falls back to
something that works without it.
"""

from sentry_app.seams import errors, integrations, requests, tracing

__all__ = ["install", "prepare"]


def prepare() -> None:
    """To be called before each start of the SDK."""
    requests.remember()
    integrations.skip_missing()


def install() -> list[str]:
    """Put all seams in, once the SDK has started; returns the parts that this SDK does not have.

    The seams ask the client in force what to do: they do nothing for a client of another's making.
    """
    requests.install()
    return [*tracing.install(), *errors.install()]
