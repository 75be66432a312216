"""``manage.py sentry_spool``: what waits in SPOOL_DIR, and how to send or delete it."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sentry_app import conf, spooling
from sentry_app.conf import Config
from sentry_app.management import spool
from sentry_app.management.arguments import seconds
from sentry_app.management.configuration import obstacle
from sentry_app.management.display import dumped, progress, table
from sentry_app.spool import Directory
from sentry_app.transports.spooled import SpooledTransport

#: How often, in seconds, --flush looks at the directory.
_INTERVAL = 0.1


class Command(BaseCommand):
    """Looks at the spool, sends what waits, or deletes it."""

    help = (
        "Show what waits in SPOOL_DIR until Sentry has taken it, send it, or delete it. Exit "
        "codes: 0; 1 if something still waits after --flush; 2 if there is no spool."
    )
    # A site whose checks fail needs this command most.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the flags."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--flush",
            action="store_true",
            help="send what waits now, or watch another process send it",
        )
        what.add_argument(
            "--requeue",
            action="store_true",
            help="let what Sentry refused wait again, for example after the DSN was corrected",
        )
        what.add_argument("--drop", action="store_true", help="delete what waits and was refused")
        parser.add_argument(
            "--timeout",
            type=seconds,
            default=60.0,
            metavar="SECONDS",
            help="how long --flush may take (default: 60)",
        )
        parser.add_argument(
            "--no-input", action="store_false", dest="interactive", help="do not ask before --drop"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **flags: Any) -> None:
        """Do what is asked, and print what is there then."""
        config = conf.load()
        directory = _directory(config)
        try:
            self._run(config, directory, flags)
        except PermissionError as error:
            raise CommandError(
                f"{error.filename or directory.path} is not ours: {error.strerror}.", returncode=2
            ) from error

    def _run(self, config: Config, directory: Directory, flags: dict[str, Any]) -> None:
        done = {}
        if flags["drop"]:
            done = {"dropped": self._drop(directory, ask=flags["interactive"])}
        elif flags["requeue"]:
            done = {"requeued": sum(map(directory.requeue, directory.rejected()))}
        elif flags["flush"]:
            done = {"sent": self._flush(config, directory, flags)}
        found = {**done, **spool.status(directory)}
        rows = [(word, str(count)) for word, count in done.items()] + spool.rows(found)
        self.stdout.write(dumped(found) if flags["json"] else table(rows, indent=""))
        if flags["flush"] and found["waiting"]["count"]:
            sys.exit(1)

    def _flush(self, config: Config, directory: Directory, flags: dict[str, Any]) -> int:
        transport = _transport(config)
        total = left = len(directory.pending())
        refused = len(directory.rejected())
        shows = self.stderr.isatty() and not flags["json"]
        deadline = time.monotonic() + flags["timeout"]
        transport.retry_now()
        while left and time.monotonic() < deadline:
            if shows:
                self.stderr.write(progress(total - left, total), ending="\r")
            transport.drain(_INTERVAL)
            time.sleep(_INTERVAL)
            left = len(directory.pending())
            total = max(total, left)
        if shows:
            self.stderr.write(progress(total - left, total))
        return max(0, total - left - (len(directory.rejected()) - refused))

    def _drop(self, directory: Directory, *, ask: bool) -> int:
        waiting, rejected = directory.pending(), directory.rejected()
        count = len(waiting) + len(rejected)
        if ask and count and not self._is_sure(f"Delete {count} envelopes for good? [y/N] "):
            raise CommandError("Nothing was deleted.")
        return sum(map(directory.remove, waiting)) + sum(map(directory.drop_rejected, rejected))

    def _is_sure(self, question: str) -> bool:
        try:
            return input(question).strip().lower() in ("y", "yes")
        except EOFError:
            raise CommandError("Nothing was deleted: add --no-input.") from None


def _directory(config: Config) -> Directory:
    if config.SPOOL_DIR is None:
        raise CommandError('There is no spool: set SENTRY["SPOOL_DIR"].', returncode=2)
    directory = spooling.directory(config)
    if directory is None:
        raise CommandError(
            "There is no DSN, and each project's spool is named after it.", returncode=2
        )
    return directory


def _transport(config: Config) -> SpooledTransport:
    transport = spooling.running()
    if transport is None:
        reason = obstacle(config)
        told = reason.detail if reason else "TRANSPORT is not http, or the SDK did not start"
        raise CommandError(f"Nothing can be sent: {told}.", returncode=2)
    return transport
