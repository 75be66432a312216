"""``manage.py sentry_test``: send something, and prove that Sentry has accepted it."""

import argparse
import sys
from collections import Counter
from typing import Any

import sentry_sdk
from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

from sentry_app import conf, options, outcomes
from sentry_app.conf import Config
from sentry_app.management.arguments import seconds
from sentry_app.management.configuration import header, proxy_row, raw, with_dsn
from sentry_app.management.configuration import obstacle as obstacle_of
from sentry_app.management.display import dumped, table
from sentry_app.management.explain import exit_code, explain
from sentry_app.management.items import TEXT, chosen
from sentry_app.management.logs import collected_warnings
from sentry_app.management.masking import masker
from sentry_app.management.reasons import EXIT_CODES, Verdict, verdict
from sentry_app.management.report import Report
from sentry_app.management.sending import CannotStart, Result, sender
from sentry_app.setting import masked_dsn

LEVELS = ("debug", "info", "warning", "error", "fatal")

EPILOG = """\
examples:
  manage.py sentry_test                     an exception, with the project's real options
  manage.py sentry_test --all               one of everything
  manage.py sentry_test --message "Hello"   a message
  manage.py sentry_test --dry-run           print what would be sent, and send nothing
  manage.py sentry_test --raw               without filters, hooks and sampling
  manage.py sentry_test --checkin nightly   a check-in of the cron monitor "nightly"
  manage.py sentry_test --explain /health/  what would happen to its events, and why
  manage.py sentry_test --explain shop.errors.OutOfStock
  manage.py sentry_test --dsn https://<public key>@sentry.example.com/7
  manage.py sentry_test --json | jq '.results[].reason'

exit codes:
{codes}

Success means that the server answered 2xx with the id of this very event, and with no rate limit
for it. Logs and check-ins have no id of their own to compare: there, a 2xx with a JSON object.
Sentry ignores a check-in of a monitor that it does not know, and does not say so.

With TRANSPORT console, file or locmem, or one of your own that is not HTTP, nothing can be
verified: the command says where the event went, and exits with 1. With --dry-run, 0 means
that it would be sent; --explain sends nothing either, and exits with 3 if nothing of it would be.
With several items the first of 2, 1, 4, 3, 0 that occurs counts; an item of --all that is switched
off (logs), or that the sample rate kept out by chance (a transaction), is skipped and does not
count; --raw sends every transaction.

Secrets are scrubbed whatever the flags. The SDK's debug output is off while this command runs.
"""


class SentryTestError(Exception):
    """The exception that ``sentry_test`` raises and sends."""


class _HelpFormatter(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Leaves the examples as they stand."""


class Command(BaseCommand):
    """Chooses what to send, has it sent, prints the results, exits with the worst."""

    help = "Send something to Sentry, and prove that it was accepted, or say why not."
    # A site whose checks fail needs this command most.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's parser, with examples and exit codes."""
        codes = "\n".join(f"  {code}  {meaning}" for code, meaning in sorted(EXIT_CODES.items()))
        epilog = EPILOG.format(codes=codes)
        return super().create_parser(
            prog_name, subcommand, epilog=epilog, formatter_class=_HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the flags."""
        what = parser.add_argument_group("what to send (several may be given)")
        what.add_argument("--exception", action="store_true", help="an exception (the default)")
        what.add_argument("--message", nargs="?", const=TEXT, metavar="TEXT", help="a message")
        what.add_argument("--transaction", action="store_true", help="a transaction with a span")
        what.add_argument("--log", action="store_true", help="an entry for Sentry Logs")
        what.add_argument(
            "--checkin", type=_slug, metavar="SLUG", help="an ok check-in of this cron monitor"
        )
        what.add_argument(
            "--all", action="store_true", help="all of these; the check-in only with its SLUG"
        )
        what.add_argument(
            "--explain",
            metavar="WHAT",
            help="send nothing; say what would happen to the events of a path (/shop/), an "
            "exception (shop.errors.OutOfStock), a logger, a task or a transaction, and which "
            "setting decides",
        )
        how = parser.add_argument_group("how")
        how.add_argument("--dsn", help="send there instead of to the project's DSN")
        how.add_argument("--level", choices=LEVELS, help="the level of exception, message and log")
        how.add_argument(
            "--tag",
            type=_tag,
            action="append",
            default=[],
            metavar="KEY=VALUE",
            dest="tags",
            help="a tag of the event; may be repeated",
        )
        how.add_argument(
            "--timeout",
            type=seconds,
            default=10.0,
            metavar="SECONDS",
            help="for everything together (default: 10)",
        )
        how.add_argument("--json", action="store_true", help="print one JSON document")
        how.add_argument(
            "--dry-run", action="store_true", help="print exactly what would be sent; send nothing"
        )
        how.add_argument(
            "--raw", action="store_true", help="without the project's filters, hooks and sampling"
        )

    def handle(self, *args: Any, **flags: Any) -> None:
        """Send, print, and exit with the worst code."""
        config, obstacle = _configured(flags)
        if flags["explain"] is not None:
            return self._explain(config, flags["explain"], as_json=flags["json"])
        write = (lambda text: None) if flags["json"] else self.stdout.write
        report = Report(write, self.style, masker(config))
        # Before anything is sent: looking for the release leaves breadcrumbs.
        head = header(config)
        with collected_warnings() as notes:
            if obstacle is None:
                obstacle = _send(config, flags, head, report)
            if obstacle is not None:
                report.start(head)
                report.add(Result("setup", obstacle), {}, with_envelope=False)
            report.finish([*_mistakes(config), *notes])
        if flags["json"]:
            self.stdout.write(report.as_json())
        return _exit(report.exit_code)

    def _explain(self, config: Config, what: str, *, as_json: bool) -> None:
        found = explain(config, what)
        if as_json:
            self.stdout.write(dumped({"what": what, "findings": [one._asdict() for one in found]}))
        else:
            self.stdout.write(f"{what}\n{table(found)}")
        _exit(exit_code(config, found))


def _exit(code: int) -> None:
    if code:
        sys.exit(code)


def raise_and_capture(level: Any) -> str | None:
    """Raise an exception and send it; this is the frame that Sentry shows."""
    try:
        raise SentryTestError("Test exception from manage.py sentry_test")
    except SentryTestError as error:
        return sentry_sdk.capture_exception(error, level=level)


def _configured(flags: dict[str, Any]) -> tuple[Config, Verdict | None]:
    """The configuration that the flags ask for, and why it cannot send, or None."""
    config = conf.load()
    if flags["raw"]:
        config = raw(config)
    if flags["dsn"] is not None:
        try:
            config = with_dsn(config, flags["dsn"])
        except ValueError as error:
            detail = f"--dsn is {masked_dsn(flags['dsn'])}: {error}"
            return config.replace(DSN=None), verdict("bad_dsn", detail)
    return config, obstacle_of(config)


def _send(
    config: Config, flags: dict[str, Any], head: dict[str, Any], report: Report
) -> Verdict | None:
    """Send what the flags ask for, into ``report``; returns why nothing can be sent, or None."""
    items = chosen(flags, lambda: raise_and_capture(flags["level"]))
    dry_run, tags = flags["dry_run"], dict(flags["tags"])
    try:
        with sender(config, timeout=flags["timeout"], tags=tags, dry_run=dry_run) as sending:
            report.start({**head, **proxy_row(config, sending.proxy)})
            for item in items:
                before = Counter(outcomes.scrubbed())
                result = _skipped(sending.send(item), flags, config)
                report.add(result, Counter(outcomes.scrubbed()) - before, with_envelope=dry_run)
    except CannotStart as error:
        return error.verdict
    return None


def _skipped(result: Result, flags: dict[str, Any], config: Config) -> Result:
    """``result``, or a skip where --all meets logs that are off, or a transaction without luck."""
    by_chance = config.TRACES_SAMPLE_RATE > 0
    may_skip = {
        "logs_off": not flags["log"],
        "not_sampled": by_chance and not flags["transaction"],
    }
    if not (flags["all"] and may_skip.get(result.verdict.reason)):
        return result
    return result._replace(verdict=result.verdict._replace(reason="skipped"))


def _mistakes(config: Config) -> list[str]:
    count = len(config.problems) + len(options.problems(config))
    if not count:
        return []
    return [f"{count} problem(s) in the configuration: `manage.py check` lists them"]


def _slug(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the monitor's slug is empty")
    return text


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value
