"""sentry_app.conf: where each value comes from, and what is used instead of a bad one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from sentry_app import check_ids, conf
from sentry_app.conf import SETTINGS, Setting
from sentry_app.setting import Source, shown

KEY = "5ec" + "2e7"
ONE, OTHER = f"https://{KEY}@localhost/1", f"https://{KEY}@localhost/2"

#: For each kind of setting: a value for SENTRY, another for the environment, and that as text.
EXAMPLES: dict[str, tuple[Any, Any, str]] = {
    "True or False": (True, False, "off"),
    "a number from 0 to 1": (0.5, 0.25, "0.25"),
    "a number from 0 to 600": (0.5, 0.25, "0.25"),
    "a whole number": (7, 8, "8"),
    "one of never, small": ("small", "always", "always"),
    "one of never, first": ("first", "every", "every"),
    "text of at most": ("one", "other", "other"),
    "text": ("one", "other", "other"),
    "the path of a directory": ("one", "other", "other"),
    "a list of texts": (("one",), ("a", "b"), "a, b"),
    "a list of names": (("one",), ("a", "b.c"), "a, b.c"),
    "the name of an HTTP header": ("X-One", "X-Other", "X-Other"),
    "a list of regular expressions": (("one",), ("a", "b"), "a, b"),
    "a dict (in the environment: JSON), each value a crontab": (
        {"one": {"schedule": {"type": "crontab", "value": "@daily"}}},
        {"other": {"schedule": {"type": "interval", "value": 2, "unit": "day"}}},
        '{"other": "2 days"}',
    ),
    "a dict (in the environment: JSON), each": ({"one": 0.5}, {"other": 1.0}, '{"other": 1}'),
    "a dict": ({"one": 1}, {"other": [2]}, '{"other": [2]}'),
    "a dotted path": (("shop.one",), ("shop.other",), "shop.other"),
    "one of http": ("file", "console", "console"),
    "a DSN": (ONE, OTHER, OTHER),
}

every_setting = pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)


def examples(setting: Setting) -> tuple[Any, Any, str]:
    """The examples of the setting's kind: those with the longest beginning that fits."""
    kinds = [kind for kind in EXAMPLES if setting.kind.expected.startswith(kind)]
    one, other, text = EXAMPLES[max(kinds, key=len)]
    if one is setting.default:  # of True and False each is the other's opposite
        return other, one, str(one)
    return one, other, text


def load(given: Any = None, **environ: str) -> conf.Config:
    return conf.load({} if given is None else given, environ=environ)


@every_setting
def test_the_default(setting: Setting) -> None:
    config = load()
    assert getattr(config, setting.name) == setting.default
    assert config.sources[setting.name] == Source("default")


@every_setting
def test_the_dict_wins_over_the_default(setting: Setting) -> None:
    value, _, _ = examples(setting)
    config = load({setting.name: value})
    assert value != setting.default
    assert getattr(config, setting.name) == value
    assert str(config.sources[setting.name]) == f'SENTRY["{setting.name}"]'


@every_setting
def test_the_environment_wins_over_the_dict(setting: Setting) -> None:
    value, other, text = examples(setting)
    config = load({setting.name: value}, **{setting.variable: text})
    assert value != other
    assert getattr(config, setting.name) == other
    assert str(config.sources[setting.name]) == f"${setting.variable}"


@every_setting
def test_no_valid_value_is_a_problem(setting: Setting) -> None:
    value, _, text = examples(setting)
    problems = [*load({setting.name: value}).problems, *load(**{setting.variable: text}).problems]
    assert problems == []


@pytest.mark.parametrize(
    ("name", "fallback"), [("ENVIRONMENT", "ENVIRONMENT"), ("RELEASE", "GIT_SHA")]
)
def test_the_dict_wins_over_the_fallback_and_that_over_the_default(
    name: str, fallback: str
) -> None:
    config = load(**{fallback: "fallback"})
    assert (getattr(config, name), str(config.sources[name])) == ("fallback", f"${fallback}")
    assert getattr(load({name: "dict"}, **{fallback: "fallback"}), name) == "dict"
    assert getattr(load({}, **{f"SENTRY_{name}": "env", fallback: "fallback"}), name) == "env"


def test_test_mode_has_no_prefix() -> None:
    assert load(TEST_MODE="1").TEST_MODE
    assert not load(SENTRY_TEST_MODE="1").TEST_MODE


@every_setting
def test_an_empty_variable_counts_as_not_set(setting: Setting) -> None:
    value, _, _ = examples(setting)
    config = load({setting.name: value}, **{setting.variable: " "})
    expected = None if setting.name == "DSN" else value
    assert getattr(config, setting.name) == expected


def test_an_empty_dsn_is_in_force() -> None:
    config = load({"DSN": ONE}, SENTRY_DSN="")
    assert (config.DSN, config.sources["DSN"]) == (None, Source("environment", "SENTRY_DSN"))


@pytest.mark.parametrize("name", ["DSN", "RELEASE", "SPOOL_DIR", "BEFORE_SEND", "OPTIONS"])
def test_none_counts_as_not_set_where_nothing_is_the_default(name: str) -> None:
    config = load({name: None})
    assert config.problems == ()
    assert config.sources[name] == Source("default")


def test_without_arguments_the_projects_dict_and_environment_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENTRY_RELEASE", "1.0")
    with override_settings(SENTRY={"ENVIRONMENT": "staging"}):
        config = conf.load()
    assert (config.ENVIRONMENT, config.RELEASE) == ("staging", "1.0")


def test_a_project_without_the_dict_gets_the_defaults(settings: Any) -> None:
    del settings.SENTRY
    assert conf.load() == load()


def test_overrides_are_final() -> None:
    assert conf.load({"RELEASE": "1"}, {"SENTRY_RELEASE": "2"}, RELEASE="3").RELEASE == "3"


@pytest.mark.parametrize(
    ("given", "enabled"),
    [
        ({}, False),
        ({"DSN": ONE}, True),
        ({"DSN": ONE, "FORCE_DISABLE": True}, False),
        ({"DSN": ONE, "TEST_MODE": True}, False),
        ({"TRANSPORT": "locmem"}, True),
        ({"TRANSPORT": "locmem", "FORCE_DISABLE": True}, False),
    ],
)
def test_enabled_with_a_destination_and_nothing_against_it(
    given: dict[str, Any], enabled: bool
) -> None:
    assert load(given).is_enabled is enabled


# What is used instead of a bad value

STRICTEST = {
    "SEND_DEFAULT_PII": False,
    "SCRUB_IP_ADDRESS": True,
    "REQUEST_BODIES": "never",
    "WITH_LOCALS": False,
    "SCRUB_FIELDS": (),
    "SCRUB_PATTERNS": (),
    "USER_FIELDS": (),
}


@every_setting
def test_a_bad_value_is_replaced_and_reported_once(setting: Setting) -> None:
    config = load({setting.name: object()})
    expected = STRICTEST.get(setting.name, setting.default)
    assert getattr(config, setting.name) == expected
    assert [(problem.key, problem.id) for problem in config.problems] == [
        (setting.name, setting.check_id)
    ]


def test_a_bad_variable_is_not_replaced_by_a_laxer_value_of_the_dict() -> None:
    config = load({"WITH_LOCALS": True, "MAX_BREADCRUMBS": 7}, SENTRY_WITH_LOCALS="maybe")
    assert (config.WITH_LOCALS, config.MAX_BREADCRUMBS) == (False, 7)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("SCRUB_FIELDS", ["hat", 5], ("hat",)),
        ("SCRUB_FIELDS", "hat", ("hat",)),
        ("SCRUB_PATTERNS", ["a(", "b"], ("b",)),
    ],
)
def test_the_good_entries_of_a_bad_scrubbing_list_are_kept(
    name: str, value: Any, kept: tuple[str, ...]
) -> None:
    assert getattr(load({name: value}), name) == kept


def test_every_key_wrong_is_every_key_reported_once() -> None:
    wrong = {name: object() for name in SETTINGS}
    config = load({**wrong, "NO_SUCH_KEY": 1})
    keys = [problem.key for problem in config.problems]
    assert sorted(keys) == sorted([*SETTINGS, "NO_SUCH_KEY"])


def test_a_sentry_that_is_no_dict_counts_as_empty() -> None:
    config = load([("DSN", ONE)])
    assert config == load()
    assert [problem.id for problem in config.problems] == [check_ids.NOT_A_DICT]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("ENVIROMENT", "Did you mean 'ENVIRONMENT'?"),
        ("SENTRY_DSN", "Did you mean 'DSN'?"),
        ("traces_sample_rate", "Did you mean 'TRACES_SAMPLE_RATE'?"),
        ("QWXZ", "Remove it."),
        (5, "Remove it."),
        (
            "qwxz",
            'Remove it. If it is an argument of sentry_sdk.init, put it into SENTRY["OPTIONS"].',
        ),
    ],
)
def test_an_unknown_key_is_told_what_was_meant(key: Any, hint: str) -> None:
    (problem,) = load({key: 1}).problems
    assert (problem.id, problem.hint) == (check_ids.UNKNOWN_KEY, hint)
    assert repr(key) in problem.message


def test_an_unknown_variable_is_left_alone() -> None:
    assert load(SENTRY_ORG="acme", SENTRY_AUTH_TOKEN="a").problems == ()


def test_a_problem_names_the_source_the_value_the_rule_and_the_remedy() -> None:
    (problem,) = load(SENTRY_MAX_BREADCRUMBS="-5").problems
    assert problem.message == (
        "$SENTRY_MAX_BREADCRUMBS is '-5', but must be a whole number of at least 0."
    )
    assert problem.hint == "Change $SENTRY_MAX_BREADCRUMBS or remove it; until then 100 is used."


@pytest.mark.parametrize(
    ("variable", "value", "instead"),
    [
        ("SENTRY_RELEASE", "a/b", "it counts as not set"),
        ("SENTRY_DSN", "x", "nothing is sent"),
        ("SENTRY_ENVIRONMENT", "a/b", "'production' is used"),
    ],
)
def test_a_problem_says_what_is_used_instead(variable: str, value: str, instead: str) -> None:
    (problem,) = load(**{variable: value}).problems
    assert problem.hint == f"Change ${variable} or remove it; until then {instead}."


# What is shown

MALFORMED = [
    f"{KEY}",
    f"{KEY}@localhost/1",
    f"https://localhost/{KEY}",
    f"https://{KEY}:{KEY}@localhost",
    f"https://{KEY}@{KEY}@localhost",
    f"https://{KEY}\n@localhost",
    f"ftp://{KEY}@localhost/1",
    f"https://{KEY}@localhost:99999/1",
    f"//{KEY}@localhost/1",
    [f"https://{KEY}@localhost/1"],
    f"https://{KEY}@localhost/1".encode(),
]


@pytest.mark.parametrize("dsn", MALFORMED)
def test_the_key_of_a_malformed_dsn_is_not_shown(dsn: Any) -> None:
    (problem,) = load({"DSN": dsn}).problems
    assert problem.id == check_ids.BAD_DSN
    assert KEY not in problem.message + problem.hint


@every_setting
def test_a_dsn_that_stands_in_another_setting_is_not_shown_either(setting: Setting) -> None:
    problems = load({setting.name: f"https://{KEY}@localhost/x"}).problems
    assert KEY not in str(problems)


def test_a_dsn_that_stands_in_the_place_of_a_key_is_not_shown_either() -> None:
    (problem,) = load({ONE: "DSN"}).problems
    assert KEY not in problem.message + problem.hint


@given(secret=st.from_regex(r"[a-z0-9]{8}", fullmatch=True), tail=st.text(max_size=100))
def test_the_key_of_any_dsn_is_masked(secret: str, tail: str) -> None:
    dsn = f"https://{secret}@localhost/{tail}"
    text = shown(SETTINGS["DSN"], dsn)
    assert secret not in text or secret in tail
    assert len(text) <= 80
    assert len(text.splitlines()) == 1


def test_no_dsn_is_shown_as_such() -> None:
    assert shown(SETTINGS["DSN"], None) == "None"


class Hostile:
    """A value, or key, that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("as asked")


def test_a_value_that_cannot_be_shown_is_told_by_its_type() -> None:
    hostile = Hostile()
    messages = [problem.message for problem in load({"DEBUG": hostile, hostile: 1}).problems]
    assert "SENTRY[<Hostile>] is not a setting." in messages
    assert any(message.startswith('SENTRY["DEBUG"] is <Hostile>, but') for message in messages)


# Nothing whatever keeps a site from starting


def failing() -> Any:
    raise RuntimeError("as asked")


LAZY = SimpleLazyObject(failing)


@every_setting
def test_a_lazy_value_that_fails_is_a_bad_value(setting: Setting) -> None:
    (problem,) = load({setting.name: LAZY}).problems
    assert (problem.id, problem.key) == (setting.check_id, setting.name)


def test_a_lazy_sentry_is_a_dict_like_any_other() -> None:
    assert load(SimpleLazyObject(lambda: {"ENVIRONMENT": "qa"})).ENVIRONMENT == "qa"


def test_a_lazy_sentry_that_fails_counts_as_empty() -> None:
    config = load(LAZY)
    assert config == load()
    (problem,) = config.problems
    assert (problem.id, "RuntimeError" in problem.message) == (check_ids.NOT_A_DICT, True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
keys = st.sampled_from(list(SETTINGS)) | st.text() | st.integers() | st.none()
variables = st.sampled_from(
    [*(setting.variable for setting in SETTINGS.values()), "ENVIRONMENT", "GIT_SHA"]
)


@given(
    given=st.dictionaries(keys, json_values) | json_values,
    environ=st.dictionaries(variables, st.text(st.characters(exclude_characters="\0"))),
)
def test_anything_at_all_gives_a_configuration(given: Any, environ: dict[str, str]) -> None:
    config = conf.load(given, environ)
    values = {name: getattr(config, name) for name in SETTINGS}
    again = conf.load(values, {})
    assert again.problems == ()
    assert again == config
