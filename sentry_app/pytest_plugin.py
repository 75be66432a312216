"""The pytest fixture; loaded by pytest when the package is installed."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sentry_app.testing import Events


@pytest.fixture(autouse=True)
def _empty_sentry_outbox() -> None:
    """Begin each test with an empty ``sentry_app.outbox``."""
    sentry_app = sys.modules.get("sentry_app")
    if sentry_app is not None:
        sentry_app.outbox.clear()


@pytest.fixture
def sentry_events(request: pytest.FixtureRequest) -> Iterator["Events"]:
    """The events that the test caused; see ``sentry_app.testing.Events``.

    Keys of SENTRY are changed with a marker: ``@pytest.mark.sentry(TRACES_SAMPLE_RATE=1.0)``.
    """
    from sentry_app.testing import capture_events

    marker = request.node.get_closest_marker("sentry")
    with capture_events(**(marker.kwargs if marker else {})) as events:
        yield events


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", "sentry(**settings): keys of SENTRY for sentry_events")
