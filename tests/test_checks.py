"""``manage.py check``: each mistake is reported once, all at once, and with its remedy."""

from __future__ import annotations

import re
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.core.checks import CheckMessage, Error
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from sentry_sdk.transport import Transport

from sentry_app import check_ids, checks, conf, releases, sdk
from sentry_app.checks import configuration
from sentry_app.middleware import SentryContextMiddleware
from tests.support.project import Project
from tests.support.sentry_server import refused_dsn
from tests.test_sdk import Refusing

KEY = "5ec" + "2e7"
DSN = f"https://{KEY}@localhost/1"
OURS = "sentry_app.middleware.SentryContextMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"

#: Nothing to object to, not even in deployment.
GOOD = {"DSN": DSN, "RELEASE": "1.0", "WITH_LOCALS": False}

NOT_CALLABLE = "text"


class Own(SentryContextMiddleware):
    """A project's own middleware."""


class MyTransport(Transport):
    """A project's own transport."""

    def capture_envelope(self, envelope: Any) -> None: ...


def hook(event: Any, hint: Any) -> Any:
    return event


def decorated(get_response: Any) -> Any:
    return Own(get_response)


@pytest.fixture(autouse=True)
def nothing_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test does to the SDK is no second start for the next."""
    monkeypatch.setattr(sdk, "_replaced_another", False)
    monkeypatch.setattr(sdk, "_missing_parts", [])


@pytest.fixture
def found(settings: Any) -> Any:
    """``found(KEY=...)``: what is reported about these keys of SENTRY."""

    def found(**sentry: Any) -> list[CheckMessage]:
        settings.SENTRY = sentry
        return checks.check_sentry(None)

    return found


@pytest.fixture
def deployed(settings: Any) -> Any:
    """The same for ``check --deploy``, where nothing else is wrong."""

    def deployed(**sentry: Any) -> list[CheckMessage]:
        settings.SENTRY = {**GOOD, **sentry}
        return checks.check_deployment(None)

    return deployed


def the_one(messages: list[CheckMessage], check_id: str, *words: str) -> None:
    """Assert that there is one message, with this id, and that it tells each of ``words``."""
    (message,) = messages
    assert message.id == check_id
    assert [word for word in words if word not in f"{message.msg} {message.hint}"] == []


def ids(messages: list[CheckMessage]) -> list[Any]:
    return [message.id for message in messages]


def test_a_good_configuration_gives_none(found: Any, deployed: Any) -> None:
    assert found(**GOOD) == []
    assert deployed() == []


def test_the_ids_are_unique_and_each_has_a_title() -> None:
    constants = [value for name, value in vars(check_ids).items() if name.isupper()]
    found = [value for value in constants if isinstance(value, str)]
    assert len(found) == len(set(found))
    assert found == list(check_ids.TITLES)
    assert all(re.fullmatch(r"sentry_app\.[EW]\d{3}", check_id) for check_id in found)


def test_every_id_is_reported_in_a_test_of_this_file() -> None:
    constants = {name for name, value in vars(check_ids).items() if isinstance(value, str)}
    used = set(re.findall(r"check_ids\.([A-Z_]+)", Path(__file__).read_text()))
    assert {name for name in constants if name.isupper()} - used == set()


# The SENTRY dict


def test_not_a_dict(settings: Any) -> None:
    settings.SENTRY = ["DSN"]
    the_one(checks.check_sentry(None), check_ids.NOT_A_DICT, "settings.SENTRY", "list", "dict")


def test_unknown_key(found: Any) -> None:
    the_one(found(ENVIROMENT="a"), check_ids.UNKNOWN_KEY, "'ENVIROMENT'", "'ENVIRONMENT'")


@pytest.mark.parametrize("key", conf.SETTINGS)
def test_bad_value(key: str, found: Any) -> None:
    expected = conf.SETTINGS[key].check_id
    the_one(found(**{key: object()}), expected, f'SENTRY["{key}"]', "<object", "must be", "Change")


def test_bad_value_of_a_variable(found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_TRACES_SAMPLE_RATE", "7")
    messages = found(TRACES_SAMPLE_RATE=0.5)
    the_one(messages, check_ids.BAD_VALUE, "$SENTRY_TRACES_SAMPLE_RATE", "'7'", "from 0 to 1")


def test_bad_dsn(found: Any) -> None:
    the_one(found(DSN=f"https://{KEY}@localhost"), check_ids.BAD_DSN, "https://***@", "project id")


@pytest.mark.parametrize("release", ["feature/login", "1.0\n2", "v" * 201, "None", "latest"])
def test_bad_release(release: str, found: Any) -> None:
    the_one(found(RELEASE=release), check_ids.BAD_RELEASE, 'SENTRY["RELEASE"]', release[:3])


@pytest.mark.parametrize("environment", ["a/b", "a\nb", "e" * 65, "None"])
def test_bad_environment(environment: str, found: Any) -> None:
    the_one(found(ENVIRONMENT=environment), check_ids.BAD_ENVIRONMENT, 'SENTRY["ENVIRONMENT"]')


def test_bad_pattern(found: Any) -> None:
    the_one(found(SCRUB_PATTERNS=["a("]), check_ids.BAD_VALUE, "SCRUB_PATTERNS", "'a('")


def test_unknown_option(found: Any) -> None:
    the_one(found(OPTIONS={"no_such": 1}), check_ids.UNKNOWN_OPTION, "'no_such'", "OPTIONS")


def test_option_that_has_a_setting(found: Any) -> None:
    the_one(found(OPTIONS={"dsn": DSN}), check_ids.OPTION_HAS_KEY, "'dsn'", 'SENTRY["DSN"]')


def test_options_that_the_sdk_refuses(found: Any) -> None:
    messages = found(TRANSPORT="locmem", OPTIONS={"integrations": [Refusing()]})
    the_one(messages, check_ids.START_FAILED, "OPTIONS", "TypeError", "without any")


def test_option_of_a_wrong_type(found: Any) -> None:
    the_one(found(OPTIONS={"integrations": 5}), check_ids.BAD_OPTION, "'integrations'", "Sequence")


def test_an_sdk_that_does_not_start_at_all(found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentry_sdk, "init", lambda **kwargs: 1 / 0)
    messages = found(TRANSPORT="locmem")
    the_one(messages, check_ids.START_FAILED, "ZeroDivisionError", "nothing is sent")


def test_a_start_that_works_again_is_no_problem(found: Any) -> None:
    assert found(TRANSPORT="locmem", OPTIONS={"integrations": [Refusing()]})
    assert found(TRANSPORT="locmem") == []


@pytest.mark.parametrize("key", ["BEFORE_SEND", "BEFORE_SEND_TRANSACTION", "BEFORE_BREADCRUMB"])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("no_such_package.hook", "No module named 'no_such_package'"),
        ("tests.test_checks.no_such_hook", "no_such_hook"),
        ("tests.test_checks.NOT_CALLABLE", "is not callable"),
    ],
)
def test_hook_that_cannot_be_used(key: str, path: str, reason: str, found: Any) -> None:
    messages = found(**{key: ["tests.test_checks.hook", path]})
    the_one(messages, check_ids.BAD_DOTTED_PATH, f'SENTRY["{key}"]', repr(path), reason)


def test_hook_whose_module_fails(
    found: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing_hooks.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    messages = found(BEFORE_SEND="failing_hooks.hook")
    the_one(messages, check_ids.BAD_DOTTED_PATH, "failing_hooks.hook", "ZeroDivisionError")


@pytest.mark.parametrize("hooks", ["tests.test_checks.hook", hook, [hook]])
def test_hook_that_can_be_used(hooks: Any, found: Any) -> None:
    assert found(BEFORE_SEND=hooks) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("no_such_package.Transport", "No module named 'no_such_package'"),
        ("tests.test_checks.hook", "is not a subclass of sentry_sdk.Transport"),
        ("tests.test_checks.Own", "is not a subclass of sentry_sdk.Transport"),
    ],
)
def test_transport_that_cannot_be_used(path: str, reason: str, found: Any) -> None:
    messages = found(TRANSPORT=path)
    the_one(messages, check_ids.BAD_DOTTED_PATH, 'SENTRY["TRANSPORT"]', repr(path), reason)


def test_transport_that_can_be_used(found: Any) -> None:
    assert found(TRANSPORT="tests.test_checks.MyTransport") == []


@pytest.mark.parametrize(
    ("key", "value", "shown", "package"),
    [
        ("CELERY_MONITOR_BEAT", True, "True", "celery"),
        ("REDIS_CACHE_PREFIXES", ["views."], "('views.',)", "redis"),
    ],
)
def test_missing_extra(
    key: str, value: Any, shown: str, package: str, found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    messages = found(**{key: value})
    told = (f'SENTRY["{key}"] is {shown},', f"django-sentry-app[{package}]")
    the_one(messages, check_ids.EXTRA_MISSING, *told)
    assert found() == []
    monkeypatch.setattr(configuration, "is_installed", lambda name: name == package)
    assert found(**{key: value}) == []


def test_allowed_field_of_the_built_in_set(found: Any) -> None:
    messages = found(SCRUB_ALLOW=["csrf_token_count", "Api-Key"])
    the_one(messages, check_ids.SCRUB_ALLOW_OPENS, 'SENTRY["SCRUB_ALLOW"]', "'Api-Key'")


@pytest.mark.parametrize(("pii", "count"), [(False, 1), (True, 0)])
def test_allowed_address_while_pii_is_off(pii: bool, count: int, found: Any) -> None:
    messages = found(SCRUB_ALLOW=["REMOTE_ADDR"], SEND_DEFAULT_PII=pii)
    assert ids(messages) == [check_ids.SCRUB_ALLOW_OPENS] * count


def test_field_that_matches_nothing(found: Any) -> None:
    messages = found(SCRUB_FIELDS=["shoe_size", "--"])
    the_one(messages, check_ids.SCRUB_FIELD_USELESS, 'SENTRY["SCRUB_FIELDS"]', "'--'")


# The project


def test_init_in_the_settings(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        "settings.py",
        f"""
        import sentry_sdk
        sentry_sdk.init(dsn={refused_dsn()!r})
        SENTRY = {{"TRANSPORT": "locmem"}}
        """,
    )
    ran = project.run(
        """
        from django.core.management import execute_from_command_line
        execute_from_command_line(["manage.py", "check"])
        """
    )
    assert re.findall(r"sentry_app\.[EW]\d+", ran.stderr) == [check_ids.SECOND_INIT], ran.stderr


@pytest.mark.parametrize("sentry", [{}, {"TRANSPORT": "locmem"}, {"FORCE_DISABLE": True}])
def test_init_after_the_start(sentry: dict[str, Any], found: Any) -> None:
    found(**sentry)
    with sentry_sdk.isolation_scope():
        sentry_sdk.init(dsn="", default_integrations=False)
        messages = checks.check_sentry(None)
        sentry_sdk.get_global_scope().set_client(None)
    the_one(messages, check_ids.SECOND_INIT, "sentry_sdk.init", "Remove that call")


def test_starting_again_is_no_second_init(found: Any) -> None:
    assert found(TRANSPORT="locmem") == []
    assert found(TRANSPORT="locmem", RELEASE="1.0") == []
    assert found() == []


def test_middleware_missing(found: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [AUTH]
    the_one(found(), check_ids.MIDDLEWARE_MISSING, OURS, "AuthenticationMiddleware")


@pytest.mark.parametrize("ours", [OURS, "tests.test_checks.Own"])
def test_middleware_before_authentication(ours: str, found: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [ours, AUTH]
    the_one(found(), check_ids.MIDDLEWARE_ORDER, ours, "AuthenticationMiddleware", "Move")


@pytest.mark.parametrize(
    "middleware",
    [
        [AUTH, OURS],
        [OURS],
        [AUTH, "tests.test_checks.Own"],
        [AUTH, "no_such_package.SentryContextMiddleware"],
        ["tests.test_checks.decorated", AUTH, OURS],
    ],
)
def test_middleware_that_is_right(middleware: list[str], found: Any, settings: Any) -> None:
    settings.MIDDLEWARE = middleware
    assert found() == []


def test_storm_cache_that_is_none(found: Any) -> None:
    said = ('SENTRY["STORM_CACHE"]', "'rediss'", "CACHES")
    the_one(found(STORM_CACHE="rediss"), check_ids.STORM_CACHE_UNKNOWN, *said)


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        ("dummy.DummyCache", "keeps nothing"),
        ("locmem.LocMemCache", "not shared by processes"),
        ("filebased.FileBasedCache", "nor atomic"),
        ("db.DatabaseCache", "transactions"),
    ],
)
def test_storm_cache_that_counts_for_one_process(
    backend: str, why: str, found: Any, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
    the_one(found(STORM_CACHE="default"), check_ids.STORM_CACHE_UNFIT, backend, why, "Redis")


def test_storm_cache_that_is_shared(found: Any, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    assert found(STORM_CACHE="default") == []


def test_not_the_first_app(found: Any, settings: Any) -> None:
    settings.INSTALLED_APPS = ["django.contrib.sessions", "sentry_app"]
    settings.MIDDLEWARE = [OURS]
    the_one(found(), check_ids.NOT_FIRST, "'django.contrib.sessions'", "INSTALLED_APPS")


def test_the_first_app_by_its_config(found: Any, settings: Any) -> None:
    settings.INSTALLED_APPS = ["sentry_app.apps.SentryAppConfig", "django.contrib.sessions"]
    assert found() == []


# Deployment


def test_no_dsn(deployed: Any) -> None:
    the_one(deployed(DSN=None), check_ids.DEPLOY_NO_DSN, "DSN", "$SENTRY_DSN", "default")


@pytest.mark.parametrize("sentry", [{"DSN": "malformed"}, {"DSN": None, "TRANSPORT": "file"}])
def test_no_dsn_is_not_said_twice_or_without_need(sentry: dict[str, Any], deployed: Any) -> None:
    assert deployed(**sentry) == []


def test_debug_on(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DEBUG", "1")
    the_one(deployed(), check_ids.DEPLOY_DEBUG, "DEBUG is True ($SENTRY_DEBUG)")


def test_locals_without_pii(deployed: Any) -> None:
    messages = deployed(WITH_LOCALS=True)
    the_one(messages, check_ids.DEPLOY_LOCALS, 'WITH_LOCALS is True (SENTRY["WITH_LOCALS"])')


def test_locals_with_pii(deployed: Any) -> None:
    assert deployed(WITH_LOCALS=True, SEND_DEFAULT_PII=True) == []


def test_every_transaction(deployed: Any) -> None:
    messages = deployed(TRACES_SAMPLE_RATE=1)
    the_one(messages, check_ids.DEPLOY_SAMPLE_RATE, "TRACES_SAMPLE_RATE is 1.0", "0.1")


def test_plain_http(deployed: Any) -> None:
    messages = deployed(DSN=f"http://{KEY}@sentry.example/1")
    the_one(messages, check_ids.DEPLOY_PLAIN_HTTP, "http://***@sentry.example/1", "https://")


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_plain_http_within_the_machine(host: str, deployed: Any) -> None:
    assert deployed(DSN=f"http://{KEY}@{host}:8000/1") == []


def test_unknown_release(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "get_default_release", lambda: None)
    the_one(deployed(RELEASE=None), check_ids.DEPLOY_RELEASE, "$SENTRY_RELEASE", "$GIT_SHA")
    assert deployed(RELEASE="a/b") == []  # said by the other checks


def test_a_release_that_the_sdk_finds(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "get_default_release", lambda: "c0ffee")
    assert deployed(RELEASE=None) == []


@pytest.mark.parametrize("key", ["FORCE_DISABLE", "TEST_MODE"])
def test_switched_off(key: str, deployed: Any) -> None:
    messages = deployed(**{key: True})
    the_one(messages, check_ids.DEPLOY_SWITCHED_OFF, f'{key} is True (SENTRY["{key}"])')


@pytest.mark.parametrize("transport", ["console", "locmem"])
def test_transport_for_development(transport: str, deployed: Any) -> None:
    the_one(deployed(TRANSPORT=transport), check_ids.DEPLOY_TRANSPORT, repr(transport))


# All at once


EVERY_KEY_WRONG = {name: [f"https://{KEY}@localhost/x", 5] for name in conf.SETTINGS}


@pytest.mark.parametrize("off", [{}, {"SENTRY_FORCE_DISABLE": "1"}, {"TEST_MODE": "1"}])
def test_every_mistake_is_listed_at_once(
    off: dict[str, str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, text in off.items():
        monkeypatch.setenv(variable, text)
    settings.SENTRY = {**EVERY_KEY_WRONG, "ENVIROMENT": "a"}
    settings.MIDDLEWARE = []
    with pytest.raises(SystemCheckError) as caught:
        call_command("check")
    listed = str(caught.value)
    wrong = [name for name, setting in conf.SETTINGS.items() if setting.variable not in off]
    assert sorted(re.findall(r'SENTRY\["(\w+)"\] is ', listed)) == sorted(wrong)
    assert check_ids.UNKNOWN_KEY in listed
    assert check_ids.MIDDLEWARE_MISSING in listed
    assert KEY not in listed


def test_check_succeeds_when_nothing_is_wrong() -> None:
    output = StringIO()
    call_command("check", stdout=output)
    assert "no issues" in output.getvalue()


def test_deployment_is_not_checked_without_deploy(settings: Any) -> None:
    settings.SENTRY = {"TRACES_SAMPLE_RATE": 1.0, "DEBUG": True}
    call_command("check", fail_level="WARNING")


def test_check_deploy_reports_it(settings: Any) -> None:
    settings.SENTRY = {"DSN": f"http://{KEY}@sentry.example/1", "TRACES_SAMPLE_RATE": 1.0}
    with pytest.raises(SystemCheckError) as caught:
        call_command("check", deploy=True, fail_level="WARNING")
    assert check_ids.DEPLOY_PLAIN_HTTP in str(caught.value)
    assert check_ids.DEPLOY_SAMPLE_RATE in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["RELEASE_FILE", "RELEASE_PACKAGE"])
def test_release_that_cannot_be_read(key: str, found: Any) -> None:
    the_one(found(**{key: "no-such"}), check_ids.RELEASE_UNREADABLE, key, "no-such")
    assert found(RELEASE_PACKAGE="pytest") == []


def test_ids_of_errors_and_warnings(found: Any, settings: Any) -> None:
    settings.MIDDLEWARE = []
    kinds = {message.id: isinstance(message, Error) for message in found(DSN="malformed")}
    assert kinds == {check_ids.BAD_DSN: True, check_ids.MIDDLEWARE_MISSING: False}


def test_without_a_destination_neither_the_sdk_nor_the_scrubber_is_imported(tmp_path: Path) -> None:
    ran = Project(tmp_path).run(
        """
        import sys, django
        django.setup()
        print("sentry_app.scrubbing" in sys.modules)
        from sentry_app import checks
        print(checks.check_sentry(None), "sentry_sdk" in sys.modules)
        """
    )
    assert ran.stdout == "False\n[] False\n", ran.stderr


def test_sampler_that_cannot_be_used(found: Any) -> None:
    messages = found(OPTIONS={"traces_sampler": "tests.no_such.sampler"})
    the_one(messages, check_ids.BAD_DOTTED_PATH, "tests.no_such.sampler", "cannot be imported")


def test_what_options_hold_is_not_shown(found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_OPTIONS", '{"proxy_headers": {"Proxy-Authorization": "abc"}')
    (message,) = found()
    assert "$SENTRY_OPTIONS is <str>" in message.msg
    assert "abc" not in f"{message.msg} {message.hint}"


@pytest.mark.parametrize(
    "options", [{"trace_lifecycle": "stream"}, {"_experiments": {"trace_lifecycle": "stream"}}]
)
def test_tail_sampling_without_transactions(options: Any, found: Any) -> None:
    messages = [
        message for message in found(OPTIONS=options) if message.id != check_ids.UNKNOWN_OPTION
    ]
    the_one(messages, check_ids.TAIL_SAMPLING_OFF, 'SENTRY["OPTIONS"]', "stream", "Remove")
    assert found(OPTIONS={}, TAIL_SAMPLING=False) == []


def test_an_sdk_that_is_built_differently(
    found: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sentry_app.seams.tracing._PARTS", ("_no_such_part",))
    sdk.start(conf.load({"TRANSPORT": "locmem"}))
    assert "W009: this SDK is built differently: Transaction._no_such_part" in caplog.text
    the_one(found(TRANSPORT="locmem"), check_ids.SEAM_MISSING, "_no_such_part", "Install")


# The spool


def test_a_spool_of_our_own(found: Any, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(mode=0o700)
    assert found(SPOOL_DIR=str(tmp_path / "spool")) == []
    assert found(SPOOL_DIR=tmp_path / "not" / "yet") == []


@pytest.mark.parametrize("name", ["file", "file/spool"])
def test_a_spool_that_is_no_directory(name: str, found: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    the_one(found(SPOOL_DIR=tmp_path / name), check_ids.SPOOL_UNUSABLE, "is no directory")


def test_a_spool_that_is_not_writable(
    found: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    the_one(found(SPOOL_DIR=tmp_path / "spool"), check_ids.SPOOL_UNUSABLE, "cannot be written to")


def test_a_spool_that_visitors_could_download(found: Any, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    the_one(found(SPOOL_DIR=tmp_path / "spool"), check_ids.SPOOL_EXPOSED, "MEDIA_ROOT")


def test_a_spool_that_others_can_read(found: Any, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool").chmod(0o755)
    the_one(found(SPOOL_DIR=tmp_path / "spool"), check_ids.SPOOL_EXPOSED, "chmod 700")


def test_a_spool_that_is_not_used(found: Any, tmp_path: Path) -> None:
    told = ("'console'", "no effect")
    the_one(found(SPOOL_DIR=tmp_path, TRANSPORT="console"), check_ids.SPOOL_UNUSED, *told)
