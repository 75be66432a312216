"""``manage.py sentry_config``: the effective configuration, and where each value came from."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sentry_app import conf
from sentry_app.conf import SETTINGS
from sentry_app.management import inspection
from sentry_app.management.display import dumped, table
from sentry_app.management.masking import masked_tree, masker


class Command(BaseCommand):
    """Prints the settings as a table, or as JSON."""

    help = (
        "Show every effective setting, where it came from, and what is wrong with it. Secrets "
        "are masked. Exit codes: 0, also with problems (`manage.py check` judges them); 2 for "
        "a KEY that is none."
    )
    # A site whose checks fail needs this command most.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("keys", nargs="*", metavar="KEY", help="show only these settings")
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON document: {KEY: {value, source, ...}, problems: [], sdk: {}}",
        )

    def handle(self, *args: Any, **flags: Any) -> None:
        """Print the configuration."""
        config = conf.load()
        names = [_known(key) for key in flags["keys"]] or list(SETTINGS)
        document = inspection.document(config, names)
        document = masked_tree(document, masker(config))
        if flags["json"]:
            self.stdout.write(dumped(document))
            return
        self.stdout.write(_settings(document, names))
        for problem in document["problems"]:
            self.stdout.write(self.style.WARNING(problem["id"]) + f"  {problem['message']}")
            self.stdout.write(f"      {problem['hint']}")
        if not flags["keys"]:
            self.stdout.write(_sdk(document["sdk"]))


def _known(key: str) -> str:
    """The name of the setting that ``key`` means; raises ``CommandError`` if there is none."""
    name = key.upper()
    if name not in SETTINGS:
        name = name.removeprefix("SENTRY_")
    if name in SETTINGS:
        return name
    close = get_close_matches(name, SETTINGS, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise CommandError(f"{key!r} is not a setting.{hint}", returncode=2)


def _settings(document: Mapping[str, Any], names: Sequence[str]) -> str:
    rows = [
        (name, document[name]["source"], _on_one_line(document[name]["value"])) for name in names
    ]
    return table([("SETTING", "SOURCE", "VALUE"), *rows], indent="") + "\n\n"


def _sdk(sdk: Mapping[str, Any]) -> str:
    return table([(name.replace("_", " "), _on_one_line(value)) for name, value in sdk.items()], "")


def _on_one_line(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)
