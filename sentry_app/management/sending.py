"""Send one item after the other with a client of its own, and see what becomes of each."""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from sentry_app import options, outcomes
from sentry_app.conf import Config
from sentry_app.management import drops, verdicts
from sentry_app.management.reasons import Verdict, verdict
from sentry_app.seams.transport import Watch, proxy_of
from sentry_app.transports import Gate


class Item(NamedTuple):
    """Something to send: its name for the user, its type in an envelope, Sentry's category.

    ``capture`` gives it to the SDK and returns its event id. ``has_id`` says whether Sentry's
    answer names that id.
    """

    name: str
    type: str
    category: str
    has_id: bool
    capture: Callable[[], str | None]


class Result(NamedTuple):
    """What became of an item: the envelope is None if none was made."""

    type: str
    verdict: Verdict
    event_id: str | None = None
    envelope: Envelope | None = None


class CannotStart(Exception):
    """The client cannot be made; ``verdict`` says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class Nowhere(Transport):
    """Takes everything and sends nothing."""

    def capture_envelope(self, envelope: Envelope) -> None:
        """Do nothing: the watch has seen it."""


class Sender:
    """Sends items with one client until ``timeout`` seconds have passed since it was made."""

    def __init__(
        self, config: Config, client: Any, hooks_that_dropped: list[str], timeout: float
    ) -> None:
        self._config = config
        self._client = client
        self._dropped = hooks_that_dropped
        self._deadline = time.monotonic() + timeout
        self._watch = Watch(client.transport)
        self.proxy = proxy_of(client.transport)

    def send(self, item: Item) -> Result:
        """Send ``item`` and wait for the answer."""
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            return Result(item.name, verdict("timeout", "no time was left to try it"))
        before = outcomes.snapshot()
        self._dropped.clear()
        event_id = item.capture()
        self._flush(remaining)
        # Asked before the answer is looked for: it may come in between.
        is_waiting = self._watch.busy
        loss = self._loss(item, before)
        envelope = self._envelope(item, event_id)
        found = self._failure() or self._limited(loss) or self._lost(envelope, loss)
        found = found or self._answered(item, envelope, is_waiting)
        return Result(item.name, found, _event_id(envelope) or event_id, envelope)

    def _flush(self, timeout: float) -> None:
        try:
            self._client.flush(timeout=timeout)
        except Exception as error:  # a transport of the project's own
            self._watch.failure = error

    def _loss(self, item: Item, before: Mapping[tuple[str, str], int]) -> drops.Loss:
        grown = [key for key, count in outcomes.snapshot().items() if count > before.get(key, 0)]
        reasons = frozenset(reason for reason, category in grown if category == item.category)
        return drops.Loss(item.category, reasons, ", ".join(self._dropped))

    def _envelope(self, item: Item, event_id: str | None) -> Envelope | None:
        if item.has_id and event_id is None:
            return None
        return self._watch.envelope(item.type, event_id if item.has_id else None)

    def _failure(self) -> Verdict | None:
        if self._watch.failure is None:
            return None
        name = drops.name_of(type(self._watch.target))
        error = type(self._watch.failure).__name__
        source = self._config.sources["TRANSPORT"]
        return verdict("transport_failed", f"{name} raised {error}", source=source)

    def _limited(self, loss: drops.Loss) -> Verdict | None:
        if outcomes.RATE_LIMITED not in loss.outcomes:
            return None
        limits = [verdicts.limited_for(each, loss.category) for each in self._watch.exchanges]
        seconds = max((limit for limit in limits if limit is not None), default=None)
        span = f" for {seconds} s" if seconds is not None else ""
        detail = f"an earlier answer keeps {loss.category} away{span}: not tried"
        return verdict("rate_limited", detail, seconds=seconds)

    def _lost(self, envelope: Envelope | None, loss: drops.Loss) -> Verdict | None:
        if envelope is not None:
            return None
        logs_are_on = bool(self._client.options.get("enable_logs"))
        found = drops.of_loss(loss, self._config)
        return found or drops.of_silence(loss.category, logs_are_on=logs_are_on)

    def _answered(self, item: Item, envelope: Envelope | None, is_waiting: bool) -> Verdict:
        watch, source = self._watch, self._config.sources["DSN"]
        if isinstance(watch.target, Nowhere):
            return verdict("would_send", "this would be sent")
        if not watch.is_http:
            return self._local()
        if not watch.sees_answers:
            return verdict("unverified", "answers cannot be seen with this version of the SDK")
        exchange = watch.exchange(item.type, _event_id(envelope))
        if exchange is not None:
            expected = verdicts.Expected(item.category, item.has_id, source)
            return verdicts.of_exchange(exchange, expected)
        if is_waiting:
            return verdict("timeout", "the server did not answer in time")
        return verdict("not_sent", "the SDK took it, but made no request")

    def _local(self) -> Verdict:
        name = self._config.TRANSPORT
        places = {
            "console": "printed to standard error",
            "file": f"written to the directory {self._config.TRANSPORT_DIR}",
            "locmem": "kept in sentry_app.outbox of this process",
        }
        place = places.get(name, f"given to {drops.name_of(type(self._watch.target))}")
        source = self._config.sources["TRANSPORT"]
        return verdict("not_http", f"handed to {name}, not verified: {place}", source=source)


@contextmanager
def sender(
    config: Config, *, timeout: float, tags: Mapping[str, str], dry_run: bool = False
) -> Iterator[Sender]:
    """A sender with a client of its own; the running client and its scopes stay untouched.

    Raises :class:`CannotStart`.
    """
    dropped: list[str] = []
    client = _client(_with_watched_hooks(config, dropped), dry_run)
    with sentry_sdk.isolation_scope() as scope:
        sentry_sdk.get_current_scope().set_client(client)
        # A trace of its own: one that runs here names the running client's key and sample rate.
        scope.set_new_propagation_context()
        scope.clear_breadcrumbs()
        for key, value in tags.items():
            scope.set_tag(key, value)
        try:
            yield Sender(config, client, dropped, timeout)
        finally:
            _close(client)


def _client(config: Config, dry_run: bool) -> Any:
    # Without the spool, which another process may be draining: here the answer is wanted.
    config = config.replace(SPOOL_DIR=None, TRANSPORT="http" if dry_run else config.TRANSPORT)
    try:
        arguments = options.build(config)
        if dry_run:
            gate = Gate(Nowhere(arguments), options.scrubber(config), outcomes.record_sdk)
            arguments |= {"transport": gate, "spotlight": False}
        with warnings.catch_warnings():
            # As in sdk.py: what the SDK deprecates there are settings of this project.
            warnings.simplefilter("ignore", DeprecationWarning)
            client = sentry_sdk.Client(**arguments)
    except Exception as error:
        raise CannotStart(
            verdict("bad_options", f"the SDK does not start: {type(error).__name__}: {error}")
        ) from error
    if client.transport is None:
        source = config.sources["TRANSPORT"]
        raise CannotStart(
            verdict("bad_transport", f"{config.TRANSPORT} cannot be used", source=source)
        )
    return client


def _close(client: Any) -> None:
    # A transport of the project's own may raise; that was reported when it was flushed.
    with suppress(Exception):
        # At once: a server that is silent now would make the command wait once more.
        client.close(timeout=0)


def _with_watched_hooks(config: Config, dropped: list[str]) -> Config:
    def watched(hooks: Iterable[Any]) -> tuple[drops.WatchedHook, ...]:
        return tuple(drops.WatchedHook(hook, dropped) for hook in hooks)

    return config.replace(
        BEFORE_SEND=watched(config.BEFORE_SEND),
        BEFORE_SEND_TRANSACTION=watched(config.BEFORE_SEND_TRANSACTION),
    )


def _event_id(envelope: Envelope | None) -> str | None:
    return None if envelope is None else envelope.headers.get("event_id")
