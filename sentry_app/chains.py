"""The errors that came before an error."""

from collections.abc import Iterator

#: So far back is looked; a chain may be a circle.
_MOST = 20


def handled_before(error: BaseException) -> Iterator[BaseException]:
    """The errors that were being handled when ``error`` was raised, the latest first."""
    earlier = error.__context__
    for _ in range(_MOST):
        if earlier is None or earlier is error:
            return
        yield earlier
        earlier = earlier.__context__
