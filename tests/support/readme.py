"""The tables of the README and the docs, derived from the code.

``python -m tests.support.readme`` writes them; ``test_readme.py`` compares.
"""

from pathlib import Path

from sentry_app import check_ids, outcomes
from sentry_app.conf import SETTINGS
from sentry_app.setting import Setting

README = Path(__file__).parents[2] / "README.rst"
DOCUMENTS = [README, README.parent / "docs" / "where-is-my-event.rst"]


def settings_table() -> list[str]:
    """One row for each setting: name, default, meaning."""
    rows = [
        [
            f"``{setting.name}``",
            _default(setting),
            setting.help,
        ]
        for setting in SETTINGS.values()
    ]
    return _table(["Setting", "Default", "Meaning"], rows)


def checks_table() -> list[str]:
    """One row for each id that ``manage.py check`` can report."""
    rows = [[f"``{check_id}``", title] for check_id, title in check_ids.TITLES.items()]
    return _table(["Id", "What is wrong"], rows)


def reasons_table() -> list[str]:
    """One row for each reason why something is dropped."""
    rows = [
        [f"``{reason}``", meaning, setting or "none"]
        for reason, (meaning, setting) in outcomes.REASONS.items()
    ]
    return _table(["Reason", "What it means", "Setting"], rows)


TABLES = {"settings": settings_table, "checks": checks_table, "reasons": reasons_table}


def updated(text: str) -> str:
    """``text`` of a document with its tables as they should be."""
    for name, table in TABLES.items():
        begin, end = f".. {name}-table-begin\n", f".. {name}-table-end\n"
        if begin in text:
            head, _, rest = text.partition(begin)
            _, _, tail = rest.partition(end)
            text = head + begin + "\n" + "\n".join(table()) + "\n\n" + end + tail
    return text


def _default(setting: Setting) -> str:
    is_list = isinstance(setting.default, tuple) and setting.default
    default = f"defaults.{setting.name}" if is_list else repr(setting.default)
    fallbacks = "".join(f"``${variable}``, else " for variable in setting.fallbacks)
    return f"{fallbacks}``{default}``"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'*' if column == 0 else ' '} - {cell}" for column, cell in enumerate(row)]
    return lines


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(updated(document.read_text()))
