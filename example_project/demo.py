"""Run the shop, visit it, and show what it sends to Sentry. Needs no account and no network.

Redis, the site under gunicorn and a Celery worker run for real; a receiver on this machine takes
the place of Sentry. On a terminal the shop then stays open until Ctrl-C.

Exit codes: 0 if everything arrived that should, 1 if not, 130 or 143 if it was interrupted.
"""

import argparse
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from demo_parts.checklist import expectations
from demo_parts.inbox import Arrived, Inbox
from demo_parts.processes import ENDING_SIGNALS, DemoError
from demo_parts.receiver import receive
from demo_parts.report import drops, errors, report
from demo_parts.shop import Shop
from demo_parts.terminal import Terminal, has_user
from demo_parts.tree import Tree
from demo_parts.visits import visit_everything

LOG_TAIL = 15
VISITS = "every page answered as it should, and the command failed"

#: What was expected, and whether it came true.
Results = dict[str, bool]


def main() -> int:
    """Run the demo; returns its exit code."""
    options = _options()
    terminal = Terminal()
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGHUP, _terminated)
    try:
        return _run(options, terminal)
    except DemoError as error:
        terminal.say(terminal.paint("red", str(error)))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(options: argparse.Namespace, terminal: Terminal) -> int:
    inbox = Inbox()
    password = secrets.token_urlsafe(9)
    with ExitStack() as stack:
        directory = stack.enter_context(_directory(options.keep, terminal))
        dsn = stack.enter_context(receive(inbox))
        shop = stack.enter_context(Shop(directory, dsn, password, inbox, terminal.say))
        stack.callback(_keep_logs, shop, directory)
        stack.callback(_ignore_interrupts)
        with _logs_on_error(shop, terminal):
            results = _show(shop, inbox, password, options.timeout, terminal)
        if has_user():
            _serve(shop, inbox, dsn, password, terminal)
    return 0 if all(results.values()) else 1


def _show(shop: Shop, inbox: Inbox, password: str, timeout: float, terminal: Terminal) -> Results:
    """Open the shop, visit it, and print what arrived."""
    start = time.monotonic()
    terminal.heading("The shop opens")
    shop.open()
    terminal.heading("Visits")
    are_right = visit_everything(shop.url, password, terminal.say)
    exit_code = shop.run_command("test_error")
    terminal.say(f"manage.py test_error       exit code {exit_code}")
    expected = expectations(secrets=[password])
    inbox.wait_for(lambda arrived: all(one.is_met(arrived) for one in expected), timeout)
    arrived = inbox.arrived
    report(arrived, terminal)
    results = {VISITS: are_right and exit_code == 1}
    results.update((one.label, one.is_met(arrived)) for one in expected)
    _show_results(results, time.monotonic() - start, terminal)
    _show_logs_if(not all(results.values()), shop, terminal)
    return results


def _show_results(results: Results, seconds: float, terminal: Terminal) -> None:
    terminal.heading("Expected")
    for label, is_met in results.items():
        mark = terminal.paint("green", "✓") if is_met else terminal.paint("red", "✗")
        terminal.say(f"  {mark} {label}")
    terminal.say()
    missing = list(results.values()).count(False)
    outcome = f"{missing} of {len(results)} missing" if missing else f"All {len(results)} met"
    terminal.say(terminal.paint("bold", f"{outcome}, after {seconds:.1f} s."))


def _serve(shop: Shop, inbox: Inbox, dsn: str, password: str, terminal: Terminal) -> None:
    """Keep the shop open until Ctrl-C, and print what arrives."""
    terminal.heading("The shop stays open")
    terminal.show(
        [
            f"  Open      {shop.url}/",
            f"  Log in    as ada, or as tester, who is a test user; the password is {password}",
            f"  Send      anything else here: SENTRY_DSN={dsn}",
            "  Leave     with Ctrl-C",
        ]
    )
    seen = inbox.arrived
    try:
        while True:
            arrived = inbox.wait_for_more(than=seen)
            _show_news(arrived.after(seen), terminal)
            seen = arrived
    except KeyboardInterrupt:
        terminal.say("\nThe shop closes.")


def _show_news(news: Arrived, terminal: Terminal) -> None:
    terminal.show(errors(news.events, terminal))
    terminal.show(Tree(news.transactions, terminal).lines())
    terminal.show(f"\nDropped:{line}" for line in drops(news.drops, terminal))


@contextmanager
def _directory(keep: bool, terminal: Terminal) -> Iterator[Path]:
    """A directory for the database; removed at the end unless it is to be kept."""
    if keep:
        kept = tempfile.mkdtemp(prefix="sentry-demo-")
        yield Path(kept)
        terminal.say(f"Kept: {kept}")
        return
    with tempfile.TemporaryDirectory(prefix="sentry-demo-") as directory:
        yield Path(directory)


def _keep_logs(shop: Shop, directory: Path) -> None:
    """Write what the processes printed to files, which last as long as the directory."""
    for process in shop.processes:
        name = process.name.replace(" ", "-")
        (directory / f"{name}.log").write_text("\n".join(process.lines) + "\n")


@contextmanager
def _logs_on_error(shop: Shop, terminal: Terminal) -> Iterator[None]:
    try:
        yield
    except DemoError:
        _show_logs_if(True, shop, terminal)
        raise


def _show_logs_if(wanted: bool, shop: Shop, terminal: Terminal) -> None:
    for process in shop.processes if wanted else ():
        terminal.heading(f"The last lines of {process.name}")
        terminal.show(f"  {line}" for line in list(process.lines)[-LOG_TAIL:])


def _terminated(number: int, frame: object) -> NoReturn:
    """End as after an exception, so that everything is stopped and removed."""
    sys.exit(128 + number)


def _ignore_interrupts() -> None:
    """Let nothing interrupt the stopping; it takes some seconds at most."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the directory with the database and the logs"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=20,
        metavar="SECONDS",
        help="how long to wait for what should arrive after the visits (default: %(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
