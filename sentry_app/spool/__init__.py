"""The spool: a directory where envelopes wait until Sentry has taken them.

Plain Python, without Django and without the SDK. ``directory`` keeps the files, ``memory`` is what
remains when there is no disk. ``drainer`` sends them, in the thread of ``worker``, in one process
at a time (``lock``), when ``pace`` and ``limits`` say so. ``wire`` knows how an envelope is
written, and ``state`` tells people what is wrong.
"""

from sentry_app.spool.directory import Directory, Entry
from sentry_app.spool.drainer import Answer, Drainer, Lost
from sentry_app.spool.memory import Memory

__all__ = ["Answer", "Directory", "Drainer", "Entry", "Lost", "Memory"]
