"""Threads beside this one, for code of the project's own that may never return.

A thread that is stuck cannot be ended: it is left alone, and used again once it returns. There are
never more than ``MOST_STUCK`` of them: then nothing is asked any more.
"""

import _thread
import queue
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

from sentry_app import children

#: Seconds after which a thread that nobody needs ends.
IDLE = 60.0
MOST_STUCK = 8

Job = Callable[[], str]

_idle: deque["Helper"] = deque()
#: Those that are waited for no longer, and what each is stuck in.
_stuck: dict["Helper", Any] = {}


class Batch:
    """Jobs for one helper; ``results`` has what each returned, as far as they came."""

    def __init__(self, jobs: Sequence[Job], context: Context) -> None:
        self.jobs, self.context = jobs, context
        self.results: list[str] = []
        self.is_abandoned = False
        self._running = _thread.allocate_lock()
        self._running.acquire()

    def work(self) -> None:
        """Do the jobs, until nobody waits for them any longer; they do not raise."""
        try:
            for job in self.jobs:
                if self.is_abandoned:
                    break
                self.results.append(self.context.run(job))
        finally:
            self._running.release()

    def wait(self, timeout: float) -> None:
        """Wait until they are done, at most so many seconds."""
        self.is_abandoned = not self._running.acquire(timeout=max(timeout, 0))


class Helper:
    """A thread that does one batch after another."""

    def __init__(self) -> None:
        # By its module, as all that waits here: gunicorn's --preload has gevent replace it later.
        self._batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        # Not threading.Thread: the SDK's integration would keep the request's scope with it.
        _thread.start_new_thread(self._work, ())

    def give(self, batch: Batch) -> None:
        """Have it do ``batch``."""
        self._batches.put(batch)

    def _work(self) -> None:
        while True:
            try:
                batch = self._batches.get(timeout=IDLE)
            except queue.Empty:
                if _took(self):
                    return
                continue
            batch.work()
            del batch  # not to keep the application's objects
            _stuck.pop(self, None)
            _idle.append(self)


def run(jobs: Sequence[Job], context: Context, timeout: float, names: Sequence[Any]) -> list[str]:
    """What each of ``jobs`` returned in another thread, as far as they came in ``timeout`` seconds.

    ``names`` say what each job is stuck in, if it is. Raises RuntimeError if there is no thread.
    """
    if len(_stuck) >= MOST_STUCK:
        return []
    batch = Batch(jobs, context)
    helper = _helper()
    helper.give(batch)
    batch.wait(timeout)
    if batch.is_abandoned:
        done = len(batch.results)
        if done < len(jobs):
            _stuck[helper] = names[done]
            if helper in _idle:  # it has returned meanwhile
                _stuck.pop(helper, None)
    return batch.results[:]


def is_stuck(name: Any) -> bool:
    """Whether a thread is still busy with a job of this name."""
    return bool(_stuck) and any(each is name for each in list(_stuck.values()))


def _helper() -> Helper:
    try:
        return _idle.pop()
    except IndexError:
        return Helper()


def _took(helper: Helper) -> bool:
    """Whether ``helper`` was idle and is so no longer."""
    try:
        _idle.remove(helper)
    except ValueError:  # somebody has just taken it, and will give it something
        return False
    return True


@children.renewed
def _forget() -> None:
    """A child has none of these threads."""
    _idle.clear()
    _stuck.clear()
